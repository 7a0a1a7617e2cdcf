"""The comparison finds every difference, and nothing else; records and truth are written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from weir.lab.compare import Comparison, compare, summary

GUEST_OF = {"eni-1": "a", "eni-2": "b", "eni-3": "c"}
ENI_OF = {guest: eni for eni, guest in GUEST_OF.items()}


def sent(protocol: int, ends: tuple[Any, Any, Any, Any], amount: tuple[int, int | None], **more: Any) -> dict[str, Any]:
    src, sport, dst, dport = ends
    rule = more.get("rule")
    return {
        "guest": more["rows"][0][0],
        "protocol": protocol,
        "src": src,
        "sport": sport,
        "dst": dst,
        "dport": dport,
        "packets": amount[0],
        "bytes": amount[1],
        "rows": [dict(zip(("guest", "direction", "action"), row, strict=True)) for row in more["rows"]],
        "counted_by": more.get("counted_by", "sender"),
        "rule": rule,
        "verdict": "REJECT" if rule else "ACCEPT",
    }


def record(row: tuple[str, str, str], flow: tuple[Any, ...], packets: int, nbytes: int) -> dict[str, Any]:
    guest, direction, action = row
    protocol, src, sport, dst, dport = flow
    return {
        "eni-id": ENI_OF[guest],
        "direction": direction,
        "action": action,
        "protocol": protocol,
        "srcaddr": src,
        "srcport": sport,
        "dstaddr": dst,
        "dstport": dport,
        "packets": packets,
        "bytes": nbytes,
        "log-status": "OK",
    }


UDP = (17, "10.77.1.11", 40000, "10.77.1.12", 6001)
TCP = (6, "fd77:0:0:1::11", 40001, "fd77:0:0:2::13", 6002)
TCP_BACK = (6, "fd77:0:0:2::13", 6002, "fd77:0:0:1::11", 40001)
IPERF = (6, "10.77.1.11", 40002, "10.77.1.12", 5201)
DROP_IN = (17, "10.77.1.11", 40003, "10.77.1.12", 7110)
DROP_OUT = (1, "10.77.1.11", 0, "10.77.1.253", 2048)
OUT, INTO_B, INTO_C = ("a", "out", "ACCEPT"), ("b", "in", "ACCEPT"), ("c", "in", "ACCEPT")
CLIENT = {"segs_out": 20, "segs_in": 12}
SERVER = {"segs_out": 11, "segs_in": 20}


def the_truth() -> dict[str, Any]:
    return {
        "senders": [
            sent(17, UDP[1:], (10, 1000), rows=[OUT, INTO_B]),
            sent(6, TCP[1:], (20, 9000), rows=[OUT, INTO_C], counted_by="TCP_INFO"),
            sent(6, TCP_BACK[1:], (12, 900), rows=[("c", "out", "ACCEPT"), ("a", "in", "ACCEPT")]),
            sent(6, ("10.77.1.11", None, "10.77.1.12", 5201), (50, None), rows=[OUT, INTO_B], counted_by="stack"),
            sent(17, DROP_IN[1:], (7, 896), rows=[OUT, ("b", "in", "REJECT")], rule="forward"),
            sent(1, DROP_OUT[1:], (3, 252), rows=[("a", "out", "REJECT")], rule="input"),
        ],
        "tcp": [
            {
                "client": "a",
                "server": "c",
                "src": TCP[1],
                "sport": TCP[2],
                "dst": TCP[3],
                "dport": TCP[4],
                "client_end": CLIENT,
                "server_end": SERVER,
                "rule": None,
            },
            {
                "client": "a",
                "server": "c",
                "src": TCP[1],
                "sport": 1,
                "dst": TCP[3],
                "dport": 2,
                "client_end": CLIENT,
                "server_end": None,
                "rule": "x",
            },
        ],
        "rules": [
            {"table": "bridge t", "chain": "forward", "comment": "forward", "packets": 7, "bytes": 896},
            {"table": "inet t", "chain": "input", "comment": "input", "packets": 3, "bytes": 252},
        ],
    }


def the_records() -> list[dict[str, Any]]:
    return [
        record(OUT, UDP, 4, 400),
        record(OUT, UDP, 6, 600),  # the next window
        record(INTO_B, UDP, 10, 1000),
        record(OUT, TCP, 20, 9000),
        record(INTO_C, TCP, 20, 9000),
        record(("c", "out", "ACCEPT"), TCP_BACK, 12, 900),
        record(("a", "in", "ACCEPT"), TCP_BACK, 12, 900),
        record(OUT, IPERF, 30, 3000),
        record(INTO_B, IPERF, 30, 3000),
        record(OUT, (*IPERF[:2], 40009, *IPERF[3:]), 20, 2000),
        record(INTO_B, (*IPERF[:2], 40009, *IPERF[3:]), 20, 2000),
        record(OUT, DROP_IN, 7, 896),
        record(("b", "in", "REJECT"), DROP_IN, 7, 896),
        record(("a", "out", "REJECT"), DROP_OUT, 3, 252),
    ]


def unequal(records: list[dict[str, Any]]) -> list[tuple[str, str, int, int]]:
    compared = compare(the_truth(), records, GUEST_OF)
    return [(each.topic, each.unit, each.expected, each.recorded) for each in compared if not each.equal]


def test_equal_records_are_equal_throughout() -> None:
    compared = compare(the_truth(), the_records(), GUEST_OF)
    assert [each for each in compared if not each.equal] == []
    assert len(compared) > 30


def test_numbers_may_be_text_and_addresses_written_out() -> None:
    records = [
        {name: str(value) if isinstance(value, int) else value for name, value in each.items()}
        for each in the_records()
    ]
    for each in records:
        each["srcaddr"] = each["srcaddr"].replace("fd77:0:0:1::11", "FD77:0:0:1:0:0:0:11")
    assert unequal(records) == []


def test_other_enis_and_empty_windows_are_left_out() -> None:
    other = record(OUT, UDP, 5, 5) | {"eni-id": "eni-9"}
    nodata = record(OUT, UDP, 0, 0) | {"log-status": "NODATA", "srcaddr": "-", "packets": "-", "bytes": "-"}
    assert unequal([*the_records(), other, nodata]) == []


def test_one_packet_too_many_is_found_where_it_is() -> None:
    records = the_records()
    records[2] = record(INTO_B, UDP, 11, 1000)
    assert unequal(records) == [
        ("UDP over IPv4 ACCEPT, counted by sender", "packets", 10, 11),
        ("out = in", "packets", 10, 11),
    ]


def test_one_byte_too_few_of_tcp_without_a_byte_count_is_found() -> None:
    records = the_records()
    records[8] = record(INTO_B, IPERF, 30, 2999)
    assert unequal(records) == [("out = in", "bytes", 5000, 4999)]


def test_a_segment_the_server_did_not_see_is_found_by_both_ends() -> None:
    records = the_records()
    records[4] = record(INTO_C, TCP, 21, 9000)
    assert ("TCP_INFO of the server", "packets", 20, 21) in unequal(records)
    assert ("TCP over IPv6 ACCEPT, counted by TCP_INFO", "packets", 20, 21) in unequal(records)


def test_a_drop_that_stays_in_accept_is_found() -> None:
    records = the_records()
    records.append(record(("b", "in", "ACCEPT"), DROP_IN, 7, 896))
    assert unequal(records) == [
        ("rows that must not be", "packets", 0, 7),
        ("nftables drops in ACCEPT", "packets", 0, 7),
    ]


def test_a_drop_charged_to_the_wrong_eni_is_found() -> None:
    records = the_records()
    records[-1] = record(("a", "in", "REJECT"), DROP_OUT, 3, 252)
    assert unequal(records) == [
        ("ICMP over IPv4 REJECT, counted by sender", "packets", 3, 0),
        ("ICMP over IPv4 REJECT, counted by sender", "bytes", 252, 0),
        ("rows that must not be", "packets", 0, 3),
    ]


def test_a_reject_of_nobodys_flow_is_found_in_the_total() -> None:
    stranger = record(("a", "out", "REJECT"), (17, "10.77.1.11", 1, "10.77.9.9", 1), 1, 60)
    assert unequal([*the_records(), stranger]) == [
        ("nftables drops in total", "packets", 10, 11),
        ("nftables drops in total", "bytes", 1148, 1208),
    ]


def test_no_records_are_equal_to_nothing_sent() -> None:
    empty = {"senders": [], "tcp": [], "rules": []}
    assert all(each.equal for each in compare(empty, [], GUEST_OF))
    assert any(not each.equal for each in compare(the_truth(), [], GUEST_OF))


@pytest.mark.parametrize(("recorded", "equal"), [((3, 4), True), ((4, 3), False)])
def test_a_summary_is_equal_only_if_each_count_is(recorded: tuple[int, int], equal: bool) -> None:
    counts = [Comparison("t", str(n), "packets", n, got) for n, got in zip((3, 4), recorded, strict=True)]
    (line,) = summary(counts)
    assert (line.topic, line.unit, line.count, line.expected, line.recorded) == ("t", "packets", 2, 7, 7)
    assert line.equal is equal
