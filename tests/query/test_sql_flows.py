"""The published and derived queries of the VPC flow log, their values computed again in Python over the same rows."""

from __future__ import annotations

import ipaddress
import statistics
from collections import Counter, defaultdict
from zoneinfo import ZoneInfo

import pytest

from tests.query.asking import ask, rows, stamp
from weir.query.render import double


def total(flows, keys, value="bytes"):
    """The sum of ``value`` per tuple of ``keys``: texts, as they are answered."""
    sums = Counter()
    for row in flows:
        sums[tuple(key(row) if callable(key) else row.content[key] for key in keys)] += row.long(value)
    return sums


def test_v1_bytes_per_minute_of_start(flows, flow_snapshot):
    text = (
        "* | select from_unixtime(start - start % 60) as dt, sum(bytes) as total_bytes group by dt order by dt asc"
        " limit 1000"
    )
    sums = total(flows, [lambda row: stamp(row.long("start") // 60 * 60)])
    assert rows(flow_snapshot, text) == [(dt, str(n)) for (dt,), n in sorted(sums.items())]
    answer = ask(flow_snapshot, text)
    assert (answer.keys, answer.column_types) == (["dt", "total_bytes"], ["timestamp", "bigint"])


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_times_are_shown_in_the_zone_of_the_server(flows, flow_snapshot, zone):
    text = "* | select date_trunc('hour', __time__) as t, count(*) as c group by t order by t"
    there = Counter(stamp(row.time, "%Y-%m-%d %H:00:00.000", ZoneInfo(zone)) for row in flows)
    found = [tuple(row.values()) for row in ask(flow_snapshot, text, zone=zone).rows]
    assert found == [(t, str(c)) for t, c in sorted(there.items())]


def bandwidth(flows, keep, key):
    sums = Counter()
    for row in flows:
        if keep(row.content):
            hour = stamp(row.time // 3600 * 3600, "%H:%M:%S")
            sums[(hour, row.content[key])] += row.long("bytes") * 8 // (row.long("end") - row.long("start"))
    return sorted((hour, address, str(n)) for (hour, address), n in sums.items())


def test_v2_bandwidth_with_back_ticks(flows, flow_snapshot):
    text = (
        'srcaddr:"192.168.1.2" and dstaddr: "192.168.1.4" | SELECT DATE_FORMAT(t, \'%H:%i:%S\') AS time, dstaddr,'
        " SUM((bytes * 8) / (`end` - start)) AS bandwidth FROM (SELECT `end`, start, dstaddr, bytes,"
        " (__time__ - (__time__ % 3600)) AS t limit 1000) GROUP BY time, dstaddr ORDER BY time ASC limit 1000"
    )
    expected = bandwidth(flows, lambda c: c["srcaddr"] == "192.168.1.2" and c["dstaddr"] == "192.168.1.4", "dstaddr")
    assert len(expected) > 0
    assert sorted(rows(flow_snapshot, text)) == expected


def test_v3_bandwidth_of_accepted(flows, flow_snapshot):
    text = (
        "dstaddr: \"192.168.2.1\" and action: ACCEPT | select DATE_FORMAT(t, '%H:%i:%S') AS time,srcaddr,"
        "SUM((bytes * 8) / (`end` - start)) AS bandwidth FROM (SELECT `end`, start, srcaddr, bytes,"
        " (__time__ - (__time__ % 3600)) AS t limit 1000) GROUP BY time, srcaddr ORDER BY time ASC limit 1000"
    )
    expected = bandwidth(flows, lambda c: c["dstaddr"] == "192.168.2.1" and c["action"] == "ACCEPT", "srcaddr")
    assert len(expected) > 3
    assert sorted(rows(flow_snapshot, text)) == expected


def test_v4_where_without_from(flows, flow_snapshot):
    text = "dstport:80 | SELECT COUNT(*) as PV,dstaddr WHERE dstaddr LIKE '192.168.%' GROUP BY dstaddr"
    there = Counter(
        row.content["dstaddr"]
        for row in flows
        if row.content["dstport"] == "80" and row.content["dstaddr"].startswith("192.168.")
    )
    assert sorted(rows(flow_snapshot, text)) == sorted((str(n), address) for address, n in there.items())


def test_n1_top_talkers(flows, flow_snapshot):
    text = (
        "* | SELECT srcaddr, dstaddr, sum(bytes) AS total_bytes, sum(packets) AS total_packets"
        " GROUP BY srcaddr, dstaddr ORDER BY total_bytes DESC LIMIT 10"
    )
    packets = total(flows, ["srcaddr", "dstaddr"], "packets")
    top = total(flows, ["srcaddr", "dstaddr"]).most_common(10)
    assert rows(flow_snapshot, text) == [(*pair, str(n), str(packets[pair])) for pair, n in top]


def test_n2_five_tuple(flows, flow_snapshot):
    keys = ["srcaddr", "srcport", "dstaddr", "dstport", "protocol"]
    text = (
        f"direction: out | SELECT {', '.join(keys)}, sum(bytes) AS bytes_sum FROM log GROUP BY {', '.join(keys)}"
        " ORDER BY bytes_sum DESC LIMIT 100"
    )
    sums = total([row for row in flows if row.content["direction"] == "out"], keys)
    assert rows(flow_snapshot, text) == [(*key, str(n)) for key, n in sums.most_common(100)]


def test_n3_rejects_per_minute(flows, flow_snapshot):
    text = (
        "action: REJECT | SELECT date_format(from_unixtime(__time__ - __time__ % 60), '%H:%i:%S') AS time,"
        " count(*) AS rejects GROUP BY time ORDER BY time LIMIT 10000"
    )
    there = Counter(stamp(row.time // 60 * 60, "%H:%M:%S") for row in flows if row.content["action"] == "REJECT")
    assert rows(flow_snapshot, text) == [(t, str(n)) for t, n in sorted(there.items())]


N4 = (
    "* | SELECT sum(if(action='REJECT',bytes,0)) AS rejected_bytes, sum(if(action='ACCEPT',bytes,0)) AS accepted_bytes,"
    " round(100.0*count_if(action='REJECT')/count(*),2) AS reject_pct"
)


def test_n4_share_of_rejects(flows, flow_snapshot):
    sums = total(flows, ["action"])
    rejected = sum(row.content["action"] == "REJECT" for row in flows)
    expected = (str(sums["REJECT",]), str(sums["ACCEPT",]), double(round(100.0 * rejected / len(flows), 2)))
    assert rows(flow_snapshot, N4) == [expected]


def test_n4_over_nothing_is_not_a_number(flow_snapshot):
    assert rows(flow_snapshot, "action:nothing" + N4[1:]) == [("null", "null", "NaN")]


def test_n5_ports(flows, flow_snapshot):
    text = "action: ACCEPT | SELECT dstport, sum(bytes) AS b GROUP BY dstport ORDER BY b DESC LIMIT 10"
    sums = total([row for row in flows if row.content["action"] == "ACCEPT"], ["dstport"])
    assert rows(flow_snapshot, text) == [(port, str(n)) for (port,), n in sums.most_common(10)]


def test_n6_protocols_per_minute(flows, flow_snapshot):
    text = (
        "* | SELECT date_trunc('minute', __time__) AS t, CASE protocol WHEN 6 THEN 'TCP' WHEN 17 THEN 'UDP'"
        " WHEN 1 THEN 'ICMP' ELSE cast(protocol AS varchar) END AS proto, sum(bytes) AS b GROUP BY t, proto"
        " ORDER BY t, proto LIMIT 1000"
    )
    names = {"6": "TCP", "17": "UDP", "1": "ICMP", "58": "58"}
    sums = total(flows, [lambda row: stamp(row.time // 60 * 60), lambda row: names[row.content["protocol"]]])
    assert rows(flow_snapshot, text) == [(t, p, str(n)) for (t, p), n in sorted(sums.items())]


def test_n7_interfaces(flows, flow_snapshot):
    text = (
        '* | SELECT "eni-id", direction, sum(bytes) AS b, sum(packets) AS p GROUP BY "eni-id", direction'
        " ORDER BY b DESC"
    )
    packets = total(flows, ["eni-id", "direction"], "packets")
    top = total(flows, ["eni-id", "direction"]).most_common()
    assert rows(flow_snapshot, text) == [(*key, str(n), str(packets[key])) for key, n in top]


def test_n8_self_join(flows, flow_snapshot):
    text = (
        '* | SELECT a."vm-id" AS src_vm, b."vm-id" AS dst_vm, sum(a.bytes) AS b FROM log a JOIN (SELECT DISTINCT'
        " \"vm-id\", srcaddr AS ip FROM log WHERE direction = 'out') b ON a.dstaddr = b.ip WHERE a.direction = 'out'"
        ' GROUP BY a."vm-id", b."vm-id" ORDER BY b DESC'
    )
    out = [row for row in flows if row.content["direction"] == "out"]
    owners = {(row.content["vm-id"], row.content["srcaddr"]) for row in out}
    sums = Counter()
    for row in out:
        for vm, ip in owners:
            if row.content["dstaddr"] == ip:
                sums[(row.content["vm-id"], vm)] += row.long("bytes")
    assert rows(flow_snapshot, text) == [(*pair, str(n)) for pair, n in sums.most_common()]


def test_n9_domains(flows, flow_snapshot):
    text = (
        "* | SELECT CASE WHEN is_subnet_of('10.0.0.0/16', srcaddr) THEN 'prod' WHEN is_subnet_of('192.168.0.0/16',"
        " srcaddr) THEN 'office' ELSE 'other' END AS src_domain, sum(bytes) AS b GROUP BY src_domain"
    )

    def domain(row):
        address = row.content["srcaddr"]
        return "prod" if address.startswith("10.0.") else "office" if address.startswith("192.168.") else "other"

    assert sorted(rows(flow_snapshot, text)) == sorted((d, str(n)) for (d,), n in total(flows, [domain]).items())


def test_n11_window_split(flows, flow_snapshot):
    text = (
        "* | SELECT cast(ta - ta % 60 AS bigint) AS minute, sum(bytes_per_s) AS b FROM (SELECT ta, bytes * 1.0 /"
        ' ("end" - start + 1) AS bytes_per_s FROM (SELECT start, "end", bytes, sequence(start, "end", 1) AS tas'
        " FROM log), unnest(tas) AS t(ta)) GROUP BY minute ORDER BY minute LIMIT 10000"
    )
    minutes = defaultdict(list)
    for row in flows:
        begin, end = row.long("start"), row.long("end")
        for second in range(begin, end + 1):
            minutes[second // 60 * 60].append(row.long("bytes") * 1.0 / (end - begin + 1))
    found = [(int(minute), float(b)) for minute, b in rows(flow_snapshot, text)]
    assert [minute for minute, _ in found] == sorted(minutes)
    assert [b for _, b in found] == pytest.approx([sum(minutes[m]) for m in sorted(minutes)], rel=1e-12)


def test_n13_port_scan(flows, flow_snapshot):
    text = (
        "action: REJECT | SELECT srcaddr, approx_distinct(dstport) AS ports, count(*) AS c GROUP BY srcaddr"
        " HAVING ports > 3 ORDER BY ports DESC, srcaddr"
    )
    ports, count = defaultdict(set), Counter()
    for row in flows:
        if row.content["action"] == "REJECT":
            ports[row.content["srcaddr"]].add(row.content["dstport"])
            count[row.content["srcaddr"]] += 1
    expected = sorted((-len(p), a) for a, p in ports.items() if len(p) > 3)
    assert expected
    assert rows(flow_snapshot, text) == [(a, str(-n), str(count[a])) for n, a in expected]


def test_n14_cross_vswitch(flows, flow_snapshot):
    text = (
        "* | SELECT \"vswitch-id\", CASE WHEN is_subnet_of('192.168.1.0/24', dstaddr) THEN 'vsw-b' ELSE 'other' END"
        ' AS dst_vsw, sum(bytes) AS b GROUP BY "vswitch-id", dst_vsw ORDER BY b DESC'
    )
    net = ipaddress.ip_network("192.168.1.0/24")
    sums = total(
        flows,
        ["vswitch-id", lambda r: "vsw-b" if ipaddress.ip_address(r.content["dstaddr"]) in net else "other"],
    )
    assert rows(flow_snapshot, text) == [(*key, str(n)) for key, n in sums.most_common()]


def test_n16_syn_without_ack(flows, flow_snapshot):
    text = (
        '* | SELECT count_if(bitwise_and(cast("tcp-flags" AS bigint), 2) > 0 AND'
        ' bitwise_and(cast("tcp-flags" AS bigint), 16) = 0) AS syn_only'
    )
    expected = sum(bool(row.long("tcp-flags") & 2) and not row.long("tcp-flags") & 16 for row in flows)
    assert rows(flow_snapshot, text) == [(str(expected),)]


def test_n17_percentiles(flows, flow_snapshot):
    text = "* | SELECT approx_percentile(bytes, 0.95) AS p95, max(bytes) AS mx, stddev(bytes) AS sd"
    values = sorted(row.long("bytes") for row in flows)
    [(p95, top, deviation)] = rows(flow_snapshot, text)
    assert int(p95) == values[-(-len(values) * 95 // 100) - 1]
    assert int(top) == values[-1]
    assert float(deviation) == pytest.approx(statistics.stdev(values), rel=1e-12)


def test_n18_rank_inside_each_interface(flows, flow_snapshot):
    text = (
        '* | SELECT * FROM (SELECT "eni-id", srcaddr, sum(bytes) AS b, row_number() OVER (PARTITION BY "eni-id"'
        ' ORDER BY sum(bytes) DESC) AS rn FROM log GROUP BY "eni-id", srcaddr) WHERE rn <= 3'
    )
    sums = total(flows, ["eni-id", "srcaddr"])
    expected = []
    for eni in {eni for eni, _ in sums}:
        mine = Counter({key: n for key, n in sums.items() if key[0] == eni}).most_common(3)
        expected += [(*key, str(n), str(place + 1)) for place, (key, n) in enumerate(mine)]
    assert sorted(rows(flow_snapshot, text)) == sorted(expected)


def test_n19_with(flows, flow_snapshot):
    text = (
        "* | WITH x AS (SELECT srcaddr, sum(bytes) AS b FROM log GROUP BY srcaddr) SELECT * FROM x ORDER BY b DESC"
        " LIMIT 5"
    )
    assert rows(flow_snapshot, text) == [(a, str(n)) for (a,), n in total(flows, ["srcaddr"]).most_common(5)]


def test_n20_regular_expressions(flows, flow_snapshot):
    text = (
        r"* | SELECT regexp_extract(srcaddr, '^(\d+\.\d+)', 1) AS net16, count(*) AS c WHERE"
        r" regexp_like(dstaddr, '^192\.168\.') GROUP BY net16"
    )
    expected = sum(row.content["dstaddr"].startswith("192.168.") for row in flows)
    assert rows(flow_snapshot, text) == [("192.168", str(expected))]


def test_n21_case_inside_division(flows, flow_snapshot):
    text = (
        '* | SELECT sum(bytes*8.0/(CASE WHEN "end"-start=0 THEN 1 ELSE "end"-start END)) AS bw, srcaddr'
        " GROUP BY srcaddr ORDER BY bw DESC LIMIT 20"
    )
    sums = defaultdict(float)
    for row in flows:
        sums[row.content["srcaddr"]] += row.long("bytes") * 8.0 / (row.long("end") - row.long("start"))
    found = rows(flow_snapshot, text)
    ranked = sorted(sums.items(), key=lambda item: -item[1])[:20]
    assert [a for _, a in found] == [a for a, _ in ranked]
    assert [float(bw) for bw, _ in found] == pytest.approx([bw for _, bw in ranked], rel=1e-12)


def test_n22_date_format_of_seconds(flows, flow_snapshot):
    text = "* | SELECT date_format(__time__, '%Y-%m-%d %H:%i:%s') AS t, count(*) AS c GROUP BY t ORDER BY t LIMIT 5"
    there = Counter(stamp(row.time, "%Y-%m-%d %H:%M:%S") for row in flows)
    assert rows(flow_snapshot, text) == [(t, str(n)) for t, n in sorted(there.items())[:5]]


def test_n23_histogram(flows, flow_snapshot):
    there = Counter(row.content["action"] for row in flows)
    expected = "{" + ",".join(f'"{action}":{there[action]}' for action in sorted(there)) + "}"
    assert rows(flow_snapshot, "* | SELECT histogram(action) AS h") == [(expected,)]


def test_n24_whole_numbers(flows, flow_snapshot):
    expected = ("3", str(sum(row.long("bytes") for row in flows) // 1024))
    assert rows(flow_snapshot, "* | SELECT 7/2 AS x, sum(bytes)/1024 AS kb") == [expected]
