"""Earlier windows and padded time series: published queries and their corners, computed again over the same rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from zoneinfo import ZoneInfo

import pytest

from tests.query.asking import FLOWS, rows, stamp
from tests.query.corpus import START, Row, build, flow_rows
from weir.query.answer import Page, Range
from weir.query.failures import QueryError
from weir.query.render import double
from weir.query.run import Querier

DAY = 86400
BEGIN = START // 3600 * 3600
HOURS = Range(BEGIN, BEGIN + 6 * 3600)


@pytest.fixture(scope="module")
def days():
    """Six hours of flows on three days, thinner each day back, none of them around some hours of the present day."""
    found = []
    for back, count in ((2, 60), (1, 90), (0, 130)):
        for row in flow_rows(count, seed=10 + back, span=6 * 3600):
            row.time += BEGIN - START - back * DAY
            if back or row.content["action"] == "ACCEPT":
                found.append(row)
    return sorted(found, key=lambda row: row.time)


@pytest.fixture(scope="module")
def days_snapshot(days, tmp_path_factory):
    return build(days, tmp_path_factory.mktemp("days"))


def answered(snapshot, text, window=HOURS, zone="UTC"):
    answer = Querier(time_zone=zone, clock=lambda: BEGIN + 0.5).run(snapshot, text, window, Page(), FLOWS)
    return [tuple(row.values()) for row in answer.rows]


def inside(rows, back=0, window=HOURS):
    return [row for row in rows if window.from_s <= row.time + back < window.to_s]


def array(*values):
    return "[" + ",".join("null" if value is None else double(float(value)) for value in values) + "]"


def compared(now, *before):
    return array(now, *before, *(now / b if now is not None and b else None for b in before))


def test_d10_d11_n15_the_window_a_day_before(days, days_snapshot):
    now, before = len(inside(days)), len(inside(days, DAY))
    text = "* | SELECT compare(PV, 86400) FROM (SELECT count(*) AS PV FROM log)"
    assert answered(days_snapshot, text) == [(compared(now, before),)]
    text = (
        "* | SELECT diff[1] AS today, diff[2] AS yesterday, diff[3] AS ratio FROM (SELECT compare(PV,86400) AS diff"
        " FROM (SELECT count(*) AS PV FROM log))"
    )
    assert answered(days_snapshot, text) == [(double(float(now)), double(float(before)), double(now / before))]
    text = (
        "* | SELECT diff[1] AS today, diff[2] AS yesterday FROM (SELECT compare(b, 86400) AS diff FROM"
        " (SELECT sum(bytes) AS b FROM log))"
    )
    sums = [float(sum(row.long("bytes") for row in inside(days, back))) for back in (0, DAY)]
    assert answered(days_snapshot, text) == [tuple(map(double, sums))]


def test_d12_two_earlier_windows_per_hour(days, days_snapshot):
    text = (
        "* | SELECT time, compare(PV, 86400,172800) as diff from (SELECT count(*) as PV,"
        " date_format(from_unixtime(__time__), '%H:00') as time from log GROUP BY time) GROUP BY time ORDER BY time"
    )
    counts = [Counter(stamp(row.time, "%H:00") for row in inside(days, back)) for back in (0, DAY, 2 * DAY)]
    expected = [(h, compared(counts[0][h], *(c.get(h) for c in counts[1:]))) for h in sorted(counts[0])]
    assert len(expected) == 6
    assert answered(days_snapshot, text) == expected


def test_d13_the_hour_before_and_its_second(days, days_snapshot):
    text = (
        "* | SELECT time, ts_compare(PV, 3600) AS data FROM(SELECT date_trunc('hour',__time__ ) AS time, count(*) AS"
        " PV from log GROUP BY time ORDER BY time ) GROUP BY time ORDER BY time"
    )
    counts = Counter(row.time // 3600 * 3600 for row in days)
    expected = []
    for hour in sorted(h for h in counts if HOURS.from_s <= h < HOURS.to_s):
        before = counts.get(hour - 3600)
        ratio = counts[hour] / before if before else None
        expected.append((stamp(hour), array(counts[hour], before, ratio, hour - 3600)))
    assert len(expected) == 6
    assert answered(days_snapshot, text) == expected
    two = answered(days_snapshot, text.replace("3600", "86400, 172800"))
    for (_, found), hour in zip(two, sorted(h for h in counts if h >= HOURS.from_s), strict=True):
        now, *before = (counts.get(hour - back) for back in (0, DAY, 2 * DAY))
        ratios = [now / b if b else None for b in before]
        assert found == array(now, *before, *ratios, hour - DAY, hour - 2 * DAY)


def test_comparisons_by_several_keys_filtered_and_side_by_side(days, days_snapshot):
    text = (
        "action:ACCEPT or direction:out | SELECT s.eni AS e, direction, compare(s.b, 86400) AS x,"
        ' compare(c * 2, 172800, 86400) AS y, sum(c) AS n FROM (SELECT "eni-id" AS eni, direction, sum(bytes) AS b,'
        " count(*) AS c FROM log WHERE log.packets > 100 GROUP BY \"eni-id\", direction) AS s WHERE direction <> 'x'"
        " GROUP BY 1, direction ORDER BY e, direction"
    )
    sums, counts = defaultdict(Counter), defaultdict(Counter)
    for back in (0, DAY, 2 * DAY):
        for row in inside(days, back):
            c = row.content
            if (c["action"] == "ACCEPT" or c["direction"] == "out") and row.long("packets") > 100:
                sums[back][c["eni-id"], c["direction"]] += row.long("bytes")
                counts[back][c["eni-id"], c["direction"]] += 1

    def twice(key, back):
        return counts[back][key] * 2 if key in counts[back] else None

    expected = [
        (
            *key,
            compared(sums[0][key], sums[DAY].get(key)),
            compared(twice(key, 0), twice(key, 2 * DAY), twice(key, DAY)),
            str(counts[0][key]),
        )
        for key in sorted(sums[0])
    ]
    assert len(expected) == 8
    assert answered(days_snapshot, text) == expected


def test_a_comparison_of_padded_series(days, days_snapshot):
    text = (
        "* | SELECT t, compare(n, 86400) AS d FROM (SELECT time_series(__time__, '1h', '%H', '0') AS t, count(*) AS n"
        " FROM log WHERE action = 'REJECT' GROUP BY t ORDER BY t) AS s GROUP BY t ORDER BY t"
    )
    before = Counter(stamp(r.time, "%H") for r in inside(days, DAY) if r.content["action"] == "REJECT")
    hours = [stamp(HOURS.from_s + 3600 * n, "%H") for n in range(6)]
    assert answered(days_snapshot, text) == [(h, compared(0, before[h])) for h in sorted(hours)]


def test_how_far_back_a_query_reads():
    back = Querier().lookback_seconds
    assert back("compare | select count(*)") == 0
    assert back("* | select compare(b, 86400, 3600) from (select sum(bytes) as b from log)") == 86400
    assert back("*") == 0


SERIES = "select time_series(__time__, '10m', '%H:%i', '{}') as t, {} from log group by t order by t"
NARROW = Range(BEGIN + 300, BEGIN + 6000)


@pytest.fixture(scope="module")
def gaps(tmp_path_factory):
    """Bytes 10, 20 ... in the buckets 1, 2, 5 and 8 of ten minutes each, out of 0 to 9."""
    times = [(1, 10), (1, 20), (2, 40), (5, 100), (8, 7)]
    made = [Row(BEGIN + place * 600 + 30 * n, {"bytes": str(b)}) for n, (place, b) in enumerate(times)]
    return build(made, tmp_path_factory.mktemp("gaps"))


@pytest.mark.parametrize(
    ("padding", "expected"),
    [
        ("0", [0, 30, 40, 0, 0, 100, 0, 0, 7, 0]),
        ("null", [None, 30, 40, None, None, 100, None, None, 7, None]),
        ("last", [None, 30, 40, 40, 40, 100, 100, 100, 7, 7]),
        ("next", [30, 30, 40, 100, 100, 100, 7, 7, 7, None]),
        ("avg", [None, 30.0, 40.0, 70.0, 70.0, 100.0, 53.5, 53.5, 7.0, None]),
    ],
)
def test_paddings(gaps, padding, expected):
    values = ["null" if v is None else double(v) if isinstance(v, float) else str(v) for v in expected]
    times = [stamp(BEGIN + 600 * n, "%H:%M") for n in range(10)]
    text = "* | " + SERIES.format(padding, "sum(bytes) as b")
    assert answered(gaps, text, NARROW) == list(zip(times, values, strict=True))
    downwards = answered(gaps, text + " desc limit 2, 3", NARROW)
    assert downwards == list(zip(times, values, strict=True))[::-1][2:5]


def test_d9_two_hours(days, days_snapshot):
    text = (
        "* | select time_series(__time__, '2h', '%Y-%m-%d %H:%i:%s', '0')  as time, count(*) as num from log"
        " group by time order by time"
    )
    window = Range(BEGIN - 2 * DAY, BEGIN + 3600)
    counts = Counter(row.time // 7200 * 7200 for row in inside(days, window=window))
    starts = range(window.from_s // 7200 * 7200, window.to_s, 7200)
    expected = [(stamp(t, "%Y-%m-%d %H:%M:%S"), str(counts[t])) for t in starts]
    assert "0" in {num for _, num in expected}
    assert answered(days_snapshot, text, window) == expected


def test_n12_bandwidth(days, days_snapshot):
    text = (
        "* | SELECT time_series(__time__, '1m', '%H:%i', '0') AS time, sum(bytes) * 8 / 60.0 AS bps FROM log"
        " GROUP BY time ORDER BY time LIMIT 10000"
    )
    sums = Counter()
    for row in inside(days):
        sums[row.time // 60 * 60] += row.long("bytes")
    minutes = range(HOURS.from_s, HOURS.to_s, 60)
    expected = sorted((stamp(m, "%H:%M"), double(sums[m] * 8 / 60.0)) for m in minutes)
    assert answered(days_snapshot, text) == expected


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kolkata", "America/New_York"])
def test_days_begin_at_midnight_of_the_zone(days, days_snapshot, zone):
    text = (
        "* | select count(*) as n, time_series(__time__, '1d', '%Y-%m-%d %H:%i', 'null') as t from log group by 2"
        " order by 2"
    )
    window = Range(BEGIN - 3 * DAY, BEGIN + DAY)
    counts = Counter(stamp(row.time, "%Y-%m-%d 00:00", ZoneInfo(zone)) for row in days)
    spanned = sorted({stamp(t, "%Y-%m-%d 00:00", ZoneInfo(zone)) for t in range(window.from_s, window.to_s, 1800)})
    expected = [(str(counts[day]) if day in counts else "null", day) for day in spanned]
    assert answered(days_snapshot, text, window, zone) == expected


def test_every_series_has_every_bucket(days, days_snapshot):
    text = (
        "* | select \"eni-id\", time_series(from_unixtime(start), '30m', '%d %H:%i', 'last') as t, max(action) as a,"
        " approx_distinct(srcaddr) as n from log where direction = 'in' group by t, \"eni-id\" having n > 0"
        " order by 1, t desc limit 1000"
    )
    groups = defaultdict(list)
    for row in inside(days):
        if row.content["direction"] == "in":
            groups[row.content["eni-id"], row.long("start") // 1800 * 1800].append(row.content)
    enis = {eni for eni, _ in groups}
    buckets = {*range(HOURS.from_s, HOURS.to_s, 1800)}
    found = {}
    for eni in enis:
        last = ("null", "null")
        for bucket in sorted(buckets | {b for e, b in groups if e == eni}):
            if here := groups.get((eni, bucket)):
                last = (max(c["action"] for c in here), str(len({c["srcaddr"] for c in here})))
            found[eni, stamp(bucket, "%d %H:%M")] = last
    times = sorted({t for _, t in found}, reverse=True)
    expected = [(eni, t, *found[eni, t]) for eni in sorted(enis) for t in times if (eni, t) in found]
    assert len(expected) > 4 * 12 - 1
    assert answered(days_snapshot, text) == expected


def test_a_series_inside_a_sub_query_and_over_nothing(gaps, flow_snapshot):
    inner = SERIES.format("0", "sum(bytes) as b")
    assert answered(gaps, f"* | select count(*), sum(b), avg(b) from ({inner})", NARROW) == [("10", "177", "17.7")]
    both = f"* | with s as ({inner}) select a.t, b.b from s a join s b on a.t = b.t where b.b > 40"
    assert answered(gaps, both, NARROW) == [(stamp(BEGIN + 3000, "%H:%M"), "100")]
    deep = (
        "select time_series(s, '50m', '%H:%i', '0') as u, sum(b) as b, count(*) as n from (select"
        " time_series(__time__, '10m', '%Y-%m-%d %H:%i:%s', '0') as t, t as s, sum(bytes) as b from log"
        " group by t order by t) group by u order by u"
    )
    deep = deep.replace("t as s, ", "").replace("(s,", "(t,")
    halves = [(stamp(BEGIN - BEGIN % 3000 + 3000 * n, "%H:%M"), n) for n in range(3)]
    assert [t for t, *_ in answered(gaps, f"* | {deep}", NARROW)] == [t for t, _ in halves]
    one = f"* | (({inner}) union all (select t, b from (with s as (select 1 as one) {inner}))) order by t, b"
    assert len(answered(gaps, one, NARROW)) == 20
    nothing = rows(flow_snapshot, "action:nothing | " + SERIES.format("0", "count(*), 'x' as x, sum(bytes) as b"))
    assert nothing == []
    empty = rows(flow_snapshot, "action:nothing | " + SERIES.format("0", "count(*), sum(bytes) as b"))
    assert [row[1:] for row in empty] == [("0", "0")] * len(empty)
    assert len(empty) == 7


LOG_B = "from (select sum(bytes) as b, action, __time__ - __time__ % 60 as t from log group by action, t)"


@pytest.mark.parametrize(
    ("sql", "column", "part"),
    [
        ("select time_series(__time__, '1m', '%H', '0') as t, count(*) from log", 12, "GROUP BY and ORDER BY"),
        ("select time_series(__time__, '1m', '%H', '0') as t, count(*) group by t", 12, "GROUP BY and ORDER BY"),
        ("select time_series(__time__, '1m', '%H', '0'), count(*) group by 1 order by 1", 12, "needs a name"),
        ("select upper(time_series(__time__, '1m', '%H', '0')) as t group by t order by t", 18, "needs a name"),
        ("select count(*) where time_series(__time__, '1m', '%H', '0') = '1'", 27, "needs a name"),
        (SERIES.format("zero", "count(*)"), 12, "padding"),
        (SERIES.replace("10m", "10w").format("0", "count(*)"), 12, "window"),
        (SERIES.replace("10m", "0s").format("0", "count(*)"), 12, "window"),
        (SERIES.replace("%H", "%U").format("0", "count(*)"), 12, "%U is not supported"),
        (SERIES.replace("'%H:%i'", "action").format("0", "count(*)"), 12, "format"),
        (SERIES.format("0", "count(*)") + ", sum(bytes)", None, "names of the select list"),
        (SERIES.format("0", "*"), None, "cannot have *"),
        ("select time_series(__time__, '1m', '%H') as t group by t order by t", 12, "takes 4 arguments"),
        ("select compare(sum(bytes), 60) from log", 12, "needs one sub-query"),
        ("select compare(b, 60) from (select sum(bytes) as b from log) a, log", 12, "needs one sub-query"),
        ("select compare(b, b) " + LOG_B, 23, "between 1 and"),
        ("select compare(b, 0) " + LOG_B, None, "between 1 and"),
        ("select compare(b, -60) " + LOG_B, None, "between 1 and"),
        ("select compare(b, 999999999999) " + LOG_B, None, "between 1 and"),
        (
            "select compare(b, 1, 2, 3, 4, 5, 6), compare(b, 7, 8, 9, 10, 11) from (select sum(bytes) as b from log)",
            42,
            "at most 10 earlier",
        ),
        ("select bytes union all select bytes order by compare(1, 2)", None, "select list"),
        ("select bytes union all select bytes order by time_series(1, '1m', '%H', '0')", None, "select list"),
        ("select compare(b) " + LOG_B, 12, "takes 2 to 11"),
        ("select compare(b, 60) " + LOG_B, None, "more than one row of a group"),
        ("select upper(action), compare(b, 60) " + LOG_B + " group by 1", None, "columns of the sub-query"),
        ("select action, compare(b, 60) " + LOG_B, None, "action"),
        ("select compare(d, 60) from (select compare(b, 60) as d " + LOG_B + ")", 12, "nested"),
        ("with x as (select 5 as b) select compare(b, 60) from (select sum(b) as b from x)", None, "log only"),
        ("select ts_compare(b, 60) " + LOG_B + " group by action", 12, "one time column"),
    ],
)  # fmt: skip
def test_refused_with_its_place(flow_snapshot, sql, column, part):
    with pytest.raises(QueryError) as caught:
        rows(flow_snapshot, f"* | {sql}")
    assert part in caught.value.message
    if column is not None:
        assert (caught.value.line, caught.value.column) == (1, column)


def test_a_series_has_a_largest_number_of_buckets(gaps):
    text = "* | " + SERIES.replace("10m", "1s").format("0", "count(*) as n")
    assert len(answered(gaps, text + " limit 20000", Range(BEGIN, BEGIN + 10_000))) == 167
    with pytest.raises(QueryError, match="at most 10000 buckets"):
        answered(gaps, text, Range(BEGIN, BEGIN + 10_001))
