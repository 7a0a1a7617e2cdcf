"""Rankings and metrics against plain Python over the same records."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from tests.control.conftest import Office
from tests.control.traffic_rows import BEGIN, PUBLIC, Record, put, ranked, records, selected, shown
from weir.contract.nis_shapes import KEYS, Dimension
from weir.contract.render import render
from weir.control.schema import traffic_rankings
from weir.control.traffic import RANKING_SECONDS, RANKINGS_MAX
from weir.logstore.engine import Engine, Limits
from weir.model.failures import Refusal
from weir.query.run import Querier

ROWS = records(1200)
ACCEPT = ({"Key": "FlowAction", "Operator": "in", "Value": ["ACCEPT"]},)


@pytest.fixture
def catalog_url(tmp_path: Path) -> str:
    """SQLite alone: what is told here lies in the records, not in the catalog."""
    return f"sqlite:///{tmp_path / 'catalog.db'}"


def analyzer(office: Office, rows: list[Record] = ROWS, **pairs: str) -> str:
    given = {"RegionId": "cn-hangzhou", "AggregationInterval": "1"}
    made: str = office.call("CreateTrafficAnalyzer", **given | pairs).traffic_analyzer_id
    put(office, made, rows)
    return made


def also(*filters: Record) -> dict[str, str]:
    """Filters beside the one that must be there."""
    return {"Filter": json.dumps([*ACCEPT, *filters])}


def asked(analyzer_id: str, *filters: Record, **pairs: str) -> dict[str, str]:
    """The parameters of a ranking or a metric over the hour of the records."""
    return {
        "RegionNo": "cn-hangzhou",
        "TrafficAnalyzerId": analyzer_id,
        "TrafficScenario": "VpcFlowLogAll",
        "Direction": "In",
        "BeginTime": str(BEGIN * 1000),
        "EndTime": str((BEGIN + 3600) * 1000),
        **also(*filters),
        **pairs,
    }


def entries(office: Office, ranking_id: str) -> list[Record]:
    """The whole ranking as it goes over the wire, read in pages of 100."""
    listed: list[Record] = []
    token = ""
    while True:
        page = office.call(
            "DescribeNisTrafficRanking", NisTrafficRankingId=ranking_id, MaxResults="100", NextToken=token
        )
        document = render(page, "id")
        assert (document["Status"], document["MaxResults"]) == ("Complete", 100)
        listed += document["FlowRankingList"]
        token = document["NextToken"]
        if not token:
            assert len(listed) == document["TotalCount"]
            return listed


def rank(office: Office, analyzer_id: str, *filters: Record, **pairs: str) -> list[Record]:
    said = asked(analyzer_id, *filters, OrderBy="Bytes") | pairs
    return entries(office, office.call("StartNisTrafficRanking", **said).nis_traffic_ranking_id)


def sums(listed: list[Record], keys: list[str]) -> list[Record]:
    return [{name: entry[name] for name in (*keys, "Bytes", "Packets")} for entry in listed]


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.failure.code


@pytest.mark.parametrize("dimension", list(Dimension))
@pytest.mark.parametrize("order_by", ["Bytes", "Packets"])
@pytest.mark.parametrize("direction", ["In", "Out"])
def test_every_key_of_every_dimension(office: Office, dimension: Dimension, order_by: str, direction: str) -> None:
    made = analyzer(office)
    keys = [str(key) for key in KEYS[dimension]]
    counted = selected(ROWS, direction.lower(), "ACCEPT", lambda row: True)
    singly = [[key] for key in keys] if (order_by, direction) == ("Bytes", "In") else []
    for group_by in [keys, *singly]:
        said = {"TupleDimension": dimension, "OrderBy": order_by, "Direction": direction}
        listed = rank(office, made, GroupBy=json.dumps(group_by), **said)
        assert sums(listed, group_by) == [shown(entry) for entry in ranked(counted, group_by, order_by)[:1000]]
        assert {(entry["RegionId"], entry["Direction"]) for entry in listed} == {("cn-hangzhou", direction.lower())}
        total = sum(row["bytes"] for row in counted)
        assert [entry["BytesRate"] for entry in listed] == [entry["Bytes"] / total for entry in listed]


@pytest.mark.parametrize(
    ("dimension", "keys"),
    [
        ("Tuple1", ["CloudIp"]),
        ("Tuple2", ["SourceIp", "DestinationIp"]),
        ("Tuple5", ["SourceIp", "SourcePort", "DestinationIp", "DestinationPort", "Protocol"]),
    ],
)
def test_without_group_by_the_tuple_itself(office: Office, dimension: str, keys: list[str]) -> None:
    counted = selected(ROWS, "out", "ACCEPT", lambda row: True)
    listed = rank(office, analyzer(office), TupleDimension=dimension, Direction="out")
    assert sums(listed, keys) == [shown(entry) for entry in ranked(counted, keys, "Bytes")]
    if dimension == "Tuple1":
        assert all(entry["SourceIp"] == entry["CloudIp"] and "DestinationIp" not in entry for entry in listed)


def test_order_and_top_n(office: Office) -> None:
    made = analyzer(office)
    keys = ["SourceIp", "Protocol"]
    counted = selected(ROWS, "in", "ACCEPT", lambda row: True)
    said = {"GroupBy": json.dumps(keys), "OrderBy": "Packets", "TopN": "3"}
    first = rank(office, made, Sort="Desc", **said)
    last = rank(office, made, Sort="asc", **said)
    assert sums(first, keys) == [shown(entry) for entry in ranked(counted, keys, "Packets")[:3]]
    assert sums(last, keys) == [shown(entry) for entry in ranked(counted, keys, "Packets", ascending=True)[:3]]


OFFICES = ["10.0.9.9", "192.168.0.1"]
FILTERS: list[tuple[str, str, list[str], Callable[[Record], bool]]] = [
    ("SourceIp", "in", OFFICES, lambda row: row["srcaddr"] in OFFICES),
    ("SourceIp", "not in", OFFICES, lambda row: row["srcaddr"] not in OFFICES),
    ("DestinationIp", "like", ["0.1.", ".3"], lambda row: "0.1." in row["dstaddr"] or ".3" in row["dstaddr"]),
    ("SourceIp", "like", ["%"], lambda row: False),
    ("SourceIp", "in", ["' OR 1=1 --"], lambda row: False),
    ("SourcePort", "in", ["22", "443"], lambda row: row["srcport"] in (22, 443)),
    ("DestinationPort", "not in", ["22"], lambda row: row["dstport"] != 22),
    ("Protocol", "in", ["tcp", "47"], lambda row: row["protocol"] in (6, 47)),
    ("TrafficPath", "in", ["4"], lambda row: row["traffic_path"] == 4),
    ("EcsId", "in", ["-"], lambda row: row["vm-id"] == "-"),
    ("NetworkInterfaceId", "not in", ["eni-a", "eni-b"], lambda row: row["eni-id"] == "eni-c"),
    ("VSwitchId", "in", ["vsw-2"], lambda row: row["vswitch-id"] == "vsw-2"),
    ("VpcId", "in", ["vpc-2"], lambda row: False),
]


@pytest.mark.parametrize(("key", "operator", "values", "keep"), FILTERS)
def test_filters(office: Office, key: str, operator: str, values: list[str], keep: Callable[[Record], bool]) -> None:
    made = analyzer(office)
    condition = {"Key": key, "Operator": operator, "Value": values}
    keys = ["NetworkInterfaceId", "DestinationIp"]
    counted = selected(ROWS, "in", "ACCEPT", keep)
    listed = rank(office, made, condition, GroupBy=json.dumps(keys))
    assert sums(listed, keys) == [shown(entry) for entry in ranked(counted, keys, "Bytes")]
    points = office.call("GetNisTrafficMetrics", **asked(made, condition, MetricName="bps")).metric_statics
    assert sum(point.value for point in points) * 60 / 8 == pytest.approx(sum(row["bytes"] for row in counted))


def test_filters_must_all_hold_and_rejects_are_asked_for(office: Office) -> None:
    made = analyzer(office)
    counted = selected(ROWS, "in", "REJECT", lambda row: row["protocol"] == 6 and row["vm-id"] == "i-1")
    three = [
        {"Key": "FlowAction", "Value": ["Reject"]},
        {"Key": "Protocol", "Value": ["TCP"]},
        {"Key": "EcsId", "Value": ["i-1"]},
    ]
    listed = rank(office, made, Filter=json.dumps(three), GroupBy='["SourceIp"]')
    assert sums(listed, ["SourceIp"]) == [shown(entry) for entry in ranked(counted, ["SourceIp"], "Bytes")]
    assert listed


@pytest.mark.parametrize(
    ("key", "name", "at_least"),
    [("MinBytes", "Bytes", True), ("MaxBytes", "Bytes", False), ("MinPackages", "Packets", True)],
)
def test_bounds_on_sums(office: Office, key: str, name: str, at_least: bool) -> None:
    counted = ranked(selected(ROWS, "in", "ACCEPT", lambda row: True), ["SourceIp", "SourcePort"], "Bytes")
    bound = sorted(entry[name] for entry in counted)[len(counted) // 2]
    kept = [entry for entry in counted if (entry[name] >= bound if at_least else entry[name] <= bound)]
    assert 0 < len(kept) < len(counted)
    condition = {"Key": key, "Value": [str(bound)]}
    listed = rank(office, analyzer(office), condition, GroupBy='["SourceIp", "SourcePort"]')
    assert sums(listed, ["SourceIp", "SourcePort"]) == [shown(entry) for entry in kept]


@pytest.mark.parametrize("direction", ["In", "Out"])
def test_internet_traffic_is_with_public_addresses(office: Office, direction: str) -> None:
    peer = "srcaddr" if direction == "In" else "dstaddr"
    counted = selected(ROWS, direction.lower(), "ACCEPT", lambda row: row[peer] in PUBLIC)
    assert all(ip_address(row[peer]).is_global for row in counted)
    said = {"TrafficScenario": "VpcFlowLogInternet", "Direction": direction, "GroupBy": '["SourceIp"]'}
    assert sums(rank(office, analyzer(office), **said), ["SourceIp"]) == [
        shown(entry) for entry in ranked(counted, ["SourceIp"], "Bytes")
    ]


@pytest.mark.parametrize("interval", [1, 10, 60, 1440])
def test_the_time_range_is_widened_to_steps_of_the_storage(office: Office, interval: int) -> None:
    begin, end = BEGIN + 725, BEGIN + 1801
    step = interval * 60
    low, high = begin // step * step, -(-end // step) * step
    counted = selected(ROWS, "in", "ACCEPT", lambda row: low <= row["__time__"] < high)
    said = {"BeginTime": str(begin * 1000), "EndTime": str(end * 1000 - 1), "GroupBy": '["EcsId"]'}
    listed = rank(office, analyzer(office), StorageInterval=str(interval), **said)
    assert sums(listed, ["EcsId"]) == [shown(entry) for entry in ranked(counted, ["EcsId"], "Bytes")]


@pytest.mark.parametrize(("metric", "name", "factor"), [("bps", "bytes", 8), ("pps", "packets", 1)])
@pytest.mark.parametrize(("step", "storage"), [("1", "1"), ("7", "1"), ("5", "10"), ("60", "10")])
def test_a_metric_is_the_mean_of_every_step(
    office: Office, metric: str, name: str, factor: int, step: str, storage: str
) -> None:
    width = max(int(step), int(storage)) * 60
    counted = selected(ROWS, "in", "ACCEPT", lambda row: True)
    totals: dict[int, int] = defaultdict(int)
    for row in counted:
        totals[(row["__time__"] - BEGIN) // width] += row[name]
    expected = [
        {"TimeStamp": (BEGIN + place * width) * 1000, "Value": totals[place] * factor / width}
        for place in range(-(-3600 // width))
    ]
    said = asked(analyzer(office), MetricName=metric, StepMinutes=step, StorageInterval=storage)
    document = render(office.call("GetNisTrafficMetrics", **said), "id")
    assert document["MetricStatics"] == expected
    assert (document["TotalCount"], document["NextToken"]) == (len(expected), "")
    assert document["Unit"] == {"bps": "Bits/Second", "pps": "Packets/Second"}[metric]
    backwards: list[Record] = []
    token = ""
    while len(backwards) < len(expected):
        pages = {"ScanBy": "TimestampDescending", "MaxResults": "7", "NextToken": token}
        page = render(office.call("GetNisTrafficMetrics", **said | pages), "id")
        backwards += page["MetricStatics"]
        token = page["NextToken"]
    assert backwards == expected[::-1]
    assert token == ""


def test_the_metric_of_a_ranking_has_its_bytes(office: Office) -> None:
    made = analyzer(office)
    total = sum(entry["Bytes"] for entry in rank(office, made, GroupBy='["EcsId"]'))
    points = office.call("GetNisTrafficMetrics", **asked(made, MetricName="bps", StepMinutes="60")).metric_statics
    assert [point.value for point in points] == [total * 8 / 3600]


def test_times_of_a_metric_may_be_left_out(office: Office) -> None:
    made = analyzer(office)
    assert office.clock() == BEGIN + 3600
    whole = asked(made, MetricName="pps", StepMinutes="10")
    line = office.call("GetNisTrafficMetrics", **whole).metric_statics
    for left_out in (("BeginTime",), ("EndTime",), ("BeginTime", "EndTime")):
        said = {name: text for name, text in whole.items() if name not in left_out}
        assert office.call("GetNisTrafficMetrics", **said).metric_statics == line


def test_too_many_points(office: Office) -> None:
    made = analyzer(office, rows=[])
    said = asked(made, MetricName="bps", StepMinutes="1", BeginTime=str((BEGIN - 82_800) * 1000))
    assert len(office.call("GetNisTrafficMetrics", **said).metric_statics) == 1440
    more = said | {"BeginTime": str((BEGIN - 82_801) * 1000)}
    assert refused(lambda: office.call("GetNisTrafficMetrics", **more)) == "ParameterInvalid"


def test_nothing_stored_is_an_empty_ranking_and_a_line_of_zeros(office: Office) -> None:
    made = analyzer(office, rows=[])
    assert rank(office, made) == []
    points = office.call("GetNisTrafficMetrics", **asked(made, MetricName="bps", StepMinutes="60")).metric_statics
    assert [point.value for point in points] == [0.0]


def test_the_analyzer_bounds_the_view(office: Office) -> None:
    made = analyzer(office, TupleDimension="Tuple2", AggregationInterval="10")
    start = asked(made, OrderBy="Bytes")
    finer_tuple, finer_step = {"TupleDimension": "Tuple5"}, {"StorageInterval": "1"}
    for action, said in (("StartNisTrafficRanking", start), ("GetNisTrafficMetrics", start | {"MetricName": "bps"})):
        assert refused(lambda a=action, s=said: office.call(a, **s | finer_tuple)) == "IllegalParam.TupleDimension"
        assert refused(lambda a=action, s=said: office.call(a, **s | finer_step)) == "IllegalParam.StorageInterval"
    assert sums(rank(office, made), ["SourceIp", "DestinationIp"])
    assert sums(rank(office, made, TupleDimension="Tuple1"), ["CloudIp"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"TrafficAnalyzerId": "nta-nope"}, "InvalidTrafficAnalyzerId.NotFound"),
        ({"RegionNo": "cn-beijing"}, "InvalidTrafficAnalyzerId.NotFound"),
        ({"RegionNo": "cn-nowhere"}, "InvalidRegionId.NotFound"),
        ({"TrafficScenario": "TRFlowlog"}, "OperationUnsupported.TrafficScenario"),
        ({"TrafficScenario": "CbwpMetric"}, "OperationUnsupported.TrafficScenario"),
        ({"Filter": "[]"}, "MissingParameter"),
        ({"Filter": "["}, "INVALID_PARAMETER"),
        (also({"Key": "MinRoundTripTime", "Value": ["1"]}), "OperationUnsupported.TrafficData"),
        (also({"Key": "ClientCountry", "Value": ["x"]}), "OperationUnsupported.TrafficData"),
        (also({"Key": "CloudIp", "Value": ["10.0.0.1"]}), "ParameterInvalid"),
        ({"EndTime": str(BEGIN * 1000)}, "ParameterInvalid"),
    ],
)
def test_refusals_of_both(office: Office, changes: dict[str, str], code: str) -> None:
    said = asked(analyzer(office, rows=[])) | changes
    assert refused(lambda: office.call("StartNisTrafficRanking", **{"OrderBy": "Bytes"} | said)) == code
    assert refused(lambda: office.call("GetNisTrafficMetrics", **{"MetricName": "bps"} | said)) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"OrderBy": "RoundTripTime"}, "OperationUnsupported.TrafficData"),
        ({"GroupBy": '["Country"]'}, "OperationUnsupported.TrafficData"),
        ({"GroupBy": '["CloudIp"]'}, "ParameterInvalid"),
        ({"GroupBy": '["SourcePort"]', "TupleDimension": "Tuple2"}, "ParameterInvalid"),
        ({"GroupBy": '["SourceIp", "SourceIp"]'}, "ParameterInvalid"),
    ],
)
def test_refusals_of_a_ranking(office: Office, changes: dict[str, str], code: str) -> None:
    said = asked(analyzer(office, rows=[]), OrderBy="Bytes") | changes
    assert refused(lambda: office.call("StartNisTrafficRanking", **said)) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"MetricName": "rtt"}, "OperationUnsupported.TrafficData"),
        ({"MetricName": "RetransmitRate"}, "OperationUnsupported.TrafficData"),
        (also({"Key": "MinBytes", "Value": ["1"]}), "ParameterInvalid"),
    ],
)
def test_refusals_of_a_metric(office: Office, changes: dict[str, str], code: str) -> None:
    said = asked(analyzer(office, rows=[]), MetricName="bps") | changes
    assert refused(lambda: office.call("GetNisTrafficMetrics", **said)) == code


def test_the_engines_limits_are_a_refusal(office: Office) -> None:
    made = analyzer(office)
    busy = Querier(Engine(Limits(seconds_max=0.01, running_max=0)))
    hurried = replace(office, desk=replace(office.desk, querier=busy))
    said = asked(made, OrderBy="Bytes", MetricName="bps")
    assert refused(lambda: hurried.call("StartNisTrafficRanking", **said)) == "OperationFailed.AnalysisLimit"
    assert refused(lambda: hurried.call("GetNisTrafficMetrics", **said)) == "OperationFailed.AnalysisLimit"


def test_rankings_expire_are_bounded_and_belong_to_their_account(office: Office) -> None:
    made = analyzer(office, rows=[])
    said = asked(made, OrderBy="Bytes")

    def start() -> str:
        office.clock.now += 1
        found: str = office.call("StartNisTrafficRanking", **said).nis_traffic_ranking_id
        return found

    def read(by: Office, ranking_id: str) -> Any:
        return by.call("DescribeNisTrafficRanking", NisTrafficRankingId=ranking_id)

    missing = "InvalidNisTrafficRankingId.NotFound"
    first = start()
    other = office.other_account()
    assert refused(lambda: read(other, first)) == missing
    others = analyzer(other, rows=[])
    kept = other.call("StartNisTrafficRanking", **asked(others, OrderBy="Bytes")).nis_traffic_ranking_id
    with office.desk.catalog.writing() as connection:
        row = {"account_id": office.caller.account_id, "entries": [], "created": office.clock() + 1}
        full = [{"nis_traffic_ranking_id": f"task-{number}", **row} for number in range(RANKINGS_MAX - 1)]
        connection.execute(insert(traffic_rankings), full)
    assert read(office, first).total_count == 0
    office.clock.now += 1
    later = [start(), start()]
    assert refused(lambda: read(office, first)) == missing
    assert [read(office, one).total_count for one in later] == [0, 0]
    with office.desk.catalog.reading() as connection:
        mine = traffic_rankings.c.account_id == office.caller.account_id
        assert connection.scalar(select(func.count()).where(mine)) == RANKINGS_MAX
    assert read(other, kept).status == "Complete"
    office.clock.now += RANKING_SECONDS
    assert refused(lambda: read(office, later[-1])) == missing
    last = start()
    with office.desk.catalog.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(traffic_rankings)) == 1
    assert read(office, last).nis_traffic_ranking_id == last


def test_a_page_behind_the_end_is_empty(office: Office) -> None:
    made = analyzer(office)
    started = office.call("StartNisTrafficRanking", **asked(made, OrderBy="Bytes", GroupBy='["EcsId"]'))
    said = {"NisTrafficRankingId": started.nis_traffic_ranking_id}
    page = office.call("DescribeNisTrafficRanking", **said, NextToken="999999999")
    assert (page.flow_ranking_list, page.next_token, page.total_count) == ((), "", 2)


@pytest.mark.parametrize(
    "times",
    [
        {"BeginTime": "0", "EndTime": "1"},
        {"EndTime": "0"},
        {"BeginTime": "253402300799999"},
        {"BeginTime": "253402300799998", "EndTime": "253402300799999"},
        {"BeginTime": "0", "EndTime": "253402300799999"},
    ],
)
@pytest.mark.parametrize("interval", ["1", "1440"])
def test_the_ends_of_time(office: Office, times: dict[str, str], interval: str) -> None:
    made = analyzer(office, rows=ROWS[:50])
    said = asked(made, StorageInterval=interval, OrderBy="Bytes", MetricName="bps")
    either = {name: text for name, text in said.items() if not name.endswith("Time")} | times
    if len(times) == 2:
        ranking = office.call("StartNisTrafficRanking", **either).nis_traffic_ranking_id
        everything = times == {"BeginTime": "0", "EndTime": "253402300799999"}
        assert bool(entries(office, ranking)) == everything
        if everything:
            assert refused(lambda: office.call("GetNisTrafficMetrics", **either)) == "ParameterInvalid"
            return
    points = office.call("GetNisTrafficMetrics", **either).metric_statics
    assert {point.value for point in points} == {0.0}
