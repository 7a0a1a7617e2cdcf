"""Windows, folding and labels: pure functions against naive sums over the same rows."""

from __future__ import annotations

import ipaddress
from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from weir.capture.flows import ACTION_ACCEPT, ACTION_REJECT, FLOW, Flows, empty, fold, settle
from weir.capture.label import records
from weir.capture.share import Bounds, Keep, Labels, Share
from weir.capture.window import Drained, Uncounted, Windows, next_boundary_s
from weir.model.fields import NAMES
from weir.model.resources import TrafficType

SECOND = 1_000_000_000
NOON = 1_700_000_040 - 1_700_000_040 % 600  # a boundary of all three intervals
LABELS = Labels("100", "eni-1", "-", "vsw-1", "vpc-1")
ALL = Keep(TrafficType.ALL, dual_stack=True)


def packed(text: str) -> bytes:
    address = ipaddress.ip_address(text)
    return address.packed if address.version == 6 else b"\0" * 10 + b"\xff\xff" + address.packed


def flow(port: int = 80, packets: int = 1, **other: object) -> Flows:
    row = np.zeros(1, FLOW)
    values = {
        "ifindex": 1, "family": 4, "proto": 17, "direction": 1, "action": ACTION_ACCEPT, "sport": 9, "dport": port,
        "src": packed("10.0.0.1"), "dst": packed("10.0.0.2"), "packets": packets, "bytes": packets * 100,
        "first_ns": NOON * SECOND, "last_ns": NOON * SECOND + 5 * SECOND,
    }  # fmt: skip
    for name, value in (values | other).items():
        row[name] = value
    return row


def rows(*parts: Flows) -> Flows:
    return np.concatenate(parts)


def sums(found: Flows) -> Counter[tuple[int, int]]:
    out: Counter[tuple[int, int]] = Counter()
    for row in found:
        out[(int(row["dport"]), int(row["action"]))] += int(row["packets"])
    return out


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 2), st.integers(-3, 9)), max_size=60))
def test_fold_is_the_naive_sum(drawn: list[tuple[int, int, int]]) -> None:
    wanted: Counter[tuple[int, int]] = Counter()
    for port, action, packets in drawn:
        wanted[(port, action)] += packets
    folded = fold(rows(empty(), *(flow(port, packets, action=action) for port, action, packets in drawn)))
    assert sums(folded) == {key: value for key, value in wanted.items() if value}
    assert len(folded) == len(sums(folded))


def test_settle_takes_late_drops_out_of_the_closed_window() -> None:
    closed = fold(rows(flow(80, 10), flow(81, 5)))
    late = rows(flow(80, -3), flow(80, 3, action=ACTION_REJECT), flow(99, -1))
    closed, rest = settle(closed, late)
    assert sums(closed) == {(80, 1): 7, (81, 1): 5}
    assert sums(rest) == {(80, 2): 3, (99, 1): -1}


def drained(found: Flows, at_s: float, **uncounted: Uncounted) -> Drained:
    return Drained(found, {int(k[1:]): v for k, v in uncounted.items()}, int(at_s * SECOND))


def test_two_windows_in_a_row_lose_and_double_nothing() -> None:
    windows = Windows(NOON * SECOND)
    assert windows.add(drained(flow(80, 4), NOON + 30)) == ()
    windows.add(drained(flow(80, 6), NOON + 60))
    windows.end(NOON + 60)
    (first,) = windows.add(drained(rows(flow(80, -2), flow(81, 2)), NOON + 60.2))
    assert (first.interval_minutes, first.start_s, first.end_s) == (1, NOON, NOON + 60)
    assert sums(first.between(0, None, 1)[0]) == {(80, 1): 8}
    windows.end(NOON + 120)
    (second,) = windows.add(drained(empty(), NOON + 120.2))
    assert second.start_s == NOON + 60
    assert sums(second.between(0, None, 1)[0]) == {(81, 1): 2}


def test_a_longer_window_holds_the_sum_of_the_short_ones() -> None:
    windows = Windows(NOON * SECOND)
    closed = []
    for minute in range(1, 12):
        closed += windows.add(drained(flow(80, minute), NOON + minute * 60))
        windows.end(NOON + minute * 60)
    by_interval = Counter()
    for window in closed:
        by_interval[window.interval_minutes, window.start_s] += sums(window.between(0, None, 1)[0])[80, 1]
    assert by_interval[5, NOON] == 1 + 2 + 3 + 4 + 5
    assert by_interval[5, NOON + 300] == 6 + 7 + 8 + 9 + 10
    assert by_interval[10, NOON] == sum(range(1, 11))
    assert sum(value for (minutes, _), value in by_interval.items() if minutes == 1) == sum(range(1, 11))


def test_a_cut_separates_a_flow_log_that_begins_inside_a_window() -> None:
    windows = Windows(NOON * SECOND)
    windows.add(drained(flow(80, 4), NOON + 20))
    windows.cut()
    windows.add(drained(flow(80, 7), NOON + 60, e1=Uncounted(packets=2, bytes=90)))
    windows.end(NOON + 60)
    (window,) = windows.add(drained(empty(), NOON + 61))
    joined_ns = (NOON + 20) * SECOND
    assert sums(window.between(joined_ns, None, 1)[0]) == {(80, 1): 7}
    assert sums(window.between(0, joined_ns, 1)[0]) == {(80, 1): 4}
    assert window.between(0, joined_ns, 1)[1] == Uncounted()
    assert window.between(joined_ns, None, 1)[1] == Uncounted(packets=2, bytes=90)
    assert sums(window.between(0, None, 2)[0]) == {}


def test_only_wanted_windows_hold_rows() -> None:
    windows = Windows(NOON * SECOND)
    windows.want([5])
    closed = []
    for minute in range(1, 12):
        closed += windows.add(drained(flow(80, minute), NOON + minute * 60))
        windows.end(NOON + minute * 60)
    held = {(window.interval_minutes, bool(len(window.between(0, None, 1)[0]))) for window in closed}
    assert held == {(1, True), (5, True), (10, False)}


def test_next_boundary() -> None:
    assert next_boundary_s(NOON * SECOND) == NOON + 60
    assert next_boundary_s(NOON * SECOND - 1) == NOON
    assert next_boundary_s(NOON * SECOND + 1, (5, 10)) == NOON + 300


def table_rows(found: Flows, keep: Keep = ALL, uncounted: Uncounted = Uncounted()) -> list[dict[str, object]]:  # noqa: B008
    table = records(found, uncounted, Share(LABELS, keep, Bounds(NOON, NOON + 60)))
    assert tuple(table.column_names) == ("__time__", "__source__", "__topic__", *NAMES)
    return table.to_pylist()


def test_a_record_carries_every_field() -> None:
    (record,) = table_rows(flow(443, 3, proto=6, tcp_flags=0x12))
    assert record == {
        "__time__": NOON + 59, "__source__": "log_service", "__topic__": "flow_log", "version": "1",
        "account-id": "100", "eni-id": "eni-1", "vm-id": "-", "vswitch-id": "vsw-1", "vpc-id": "vpc-1",
        "type": "IPv4", "protocol": 6, "srcaddr": "10.0.0.1", "srcport": 9, "dstaddr": "10.0.0.2", "dstport": 443,
        "direction": "out", "action": "ACCEPT", "packets": 3, "bytes": 300, "start": NOON, "end": NOON + 60,
        "tcp-flags": 18, "traffic_path": 0, "log-status": "OK",
    }  # fmt: skip


def test_a_closed_connection_ends_with_its_last_packet() -> None:
    (record,) = table_rows(flow(443, 3, proto=6, tcp_flags=0x11))
    assert record["end"] == NOON + 5


def test_traffic_type_and_family_filter_after_counting() -> None:
    both = rows(flow(1, 1), flow(2, 1, action=ACTION_REJECT), flow(3, 1, family=6, src=packed("fd00::1")))
    ports = lambda keep: [r["dstport"] for r in table_rows(both, keep)]  # noqa: E731
    assert ports(ALL) == [1, 2, 3]
    assert ports(Keep(TrafficType.ALL, dual_stack=False)) == [1, 2]
    assert ports(Keep(TrafficType.ALLOW, dual_stack=True)) == [1, 3]
    assert ports(Keep(TrafficType.DROP, dual_stack=True)) == [2]


def test_a_log_format_keeps_its_fields_alone() -> None:
    keep = Keep(TrafficType.ALL, dual_stack=True, fields=frozenset({"srcaddr", "packets", "log-status"}))
    (record,) = table_rows(flow(443, 3), keep)
    assert {name: value for name, value in record.items() if value is not None} == {
        "__time__": NOON + 59, "__source__": "log_service", "__topic__": "flow_log",
        "srcaddr": "10.0.0.1", "packets": 3, "log-status": "OK",
    }  # fmt: skip


def test_no_traffic_is_one_nodata_row_and_filtered_traffic_is_none() -> None:
    (record,) = table_rows(empty())
    assert (record["log-status"], record["eni-id"]) == ("NODATA", "eni-1")
    assert (record["packets"], record["srcaddr"]) == (None, None)
    assert table_rows(flow(1, 1), Keep(TrafficType.DROP, dual_stack=True)) == []


def test_packets_without_a_row_are_reported_exactly() -> None:
    first, second = table_rows(flow(1, 1), uncounted=Uncounted(packets=7, bytes=900))
    assert (first["log-status"], second["log-status"]) == ("OK", "SKIPDATA")
    assert (second["packets"], second["bytes"]) == (7, 900)
