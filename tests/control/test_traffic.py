"""Rankings and metrics against plain Python over the same records."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.control.conftest import Office
from tests.control.traffic_asking import ROWS, analyzer, asked, rank, sums
from tests.control.traffic_rows import BEGIN, PUBLIC, Record, ranked, selected, shown
from weir.contract.nis_shapes import KEYS, Dimension
from weir.contract.render import render


@pytest.fixture
def catalog_url(tmp_path: Path) -> str:
    """SQLite alone: what is told here lies in the records, not in the catalog."""
    return f"sqlite:///{tmp_path / 'catalog.db'}"


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


def test_nothing_stored_is_an_empty_ranking_and_a_line_of_zeros(office: Office) -> None:
    made = analyzer(office, rows=[])
    assert rank(office, made) == []
    points = office.call("GetNisTrafficMetrics", **asked(made, MetricName="bps", StepMinutes="60")).metric_statics
    assert [point.value for point in points] == [0.0]
