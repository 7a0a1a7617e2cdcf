"""What nftables' trace says: of which packet, and of nothing that it does not say."""

from __future__ import annotations

import ipaddress
import struct
from typing import Any

import pytest

from weir.capture import trace
from weir.capture.nft import Chain, Rule, Ruleset
from weir.capture.trace import Flow, TracedDrop, Traces, flow_of, messages
from weir.capture.tracing import DROPS_MAX, Memory, Seen
from weir.capture.verdict import Cause, Possible
from weir.capture.witness import Case, Outcome, cause_of, judged

SECOND_NS = 10**9
SOURCE, DESTINATION = ipaddress.ip_address("10.0.0.1"), ipaddress.ip_address("10.0.0.2")
PREFIX = bytes(10) + b"\xff\xff"
UDP = Flow(4, 17, PREFIX + SOURCE.packed, PREFIX + DESTINATION.packed, 1000, 53)
INET = 1


def ipv4(protocol: int = 17, fragment: int = 0) -> bytes:
    return struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, fragment, 64, protocol, 0) + SOURCE.packed + DESTINATION.packed


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def message(said: dict[int, bytes], kind: int = trace.NFT_MSG_TRACE) -> bytes:
    body = bytes([INET, 0, 0, 0]) + b"".join(attribute(*one) for one in said.items())
    return struct.pack("=IHHII", 16 + len(body), trace.NFNL_SUBSYS_NFTABLES << 8 | kind, 0, 0, 0) + body


def number(value: int) -> bytes:
    return value.to_bytes(4, "big")


NAMES = {trace.TABLE: b"t\0", trace.CHAIN: b"c\0"}
HEADERS = {trace.NETWORK: ipv4(), trace.TRANSPORT: struct.pack("!HHHH", 1000, 53, 8, 0), trace.IIF: number(7)}


def rule(trace_id: int, handle: int, verdict: int, **more: dict[int, bytes]) -> bytes:
    said = {
        **NAMES,
        trace.ID: number(trace_id),
        trace.TYPE: number(trace.TYPE_RULE),
        trace.HANDLE: handle.to_bytes(8, "big"),
        trace.VERDICT: attribute(trace.VERDICT_CODE, number(verdict & 0xFFFFFFFF)),
    }
    return message({**said, **more.get("headers", {})})


def told(*data: bytes) -> list[TracedDrop]:
    traces = Traces()
    found = (traces.drop(*one) for datagram in data for one in messages(datagram))
    return [one for one in found if one is not None]


def test_a_drop_belongs_to_the_headers_before_it() -> None:
    place = ("inet", "t", "c")
    policy = {**NAMES, trace.ID: number(2), trace.TYPE: number(trace.TYPE_POLICY), trace.POLICY: number(0)}
    assert told(rule(1, 5, 0, headers=HEADERS)) == [TracedDrop(UDP, place, 5, 7, 0)]
    assert told(rule(1, 4, -1, headers=HEADERS) + rule(1, 6, 0)) == [TracedDrop(UDP, place, 6, 7, 0)]
    assert told(message({**policy, **HEADERS})) == [TracedDrop(UDP, place, 0, 7, 0)]
    assert told(rule(1, 4, 1, headers=HEADERS)) == []
    assert told(rule(1, 5, 0)) == []
    assert told(rule(1, 4, -1, headers=HEADERS), rule(2, 5, 0)) == []
    # An id comes again with headers that cannot be read: the packet before it has nothing to do with it.
    odd = {**HEADERS, trace.NETWORK: ipv4(fragment=0x2000)}
    assert told(rule(1, 4, -1, headers=HEADERS), rule(1, 5, 0, headers=odd), rule(1, 6, 0)) == []


@pytest.mark.parametrize("data", [b"", b"\x05", message(HEADERS)[:-30], rule(1, 5, 0, headers=HEADERS)[:18]])
def test_what_is_cut_short_tells_nothing(data: bytes) -> None:
    assert told(data) == []


def test_flows_as_rows_have_them() -> None:
    ipv6 = struct.pack("!IHBB", 6 << 28, 8, 58, 64) + bytes(15) + b"\1" + bytes(15) + b"\2"
    echo = Flow(6, 58, bytes(15) + b"\1", bytes(15) + b"\2", 0, 128 << 8)
    assert flow_of(ipv6, bytes([128, 0, 0, 0])) == echo
    assert flow_of(ipv6[:6] + bytes([44]) + ipv6[7:], bytes(8)) is None
    assert flow_of(ipv4(47), b"") == Flow(4, 47, UDP.source, UDP.destination, 0, 0)
    assert flow_of(ipv4(), b"\0") is None
    assert flow_of(ipv4(fragment=1), bytes(8)) is None


def test_memory_is_bounded() -> None:
    memory = Memory()
    first = Seen(TracedDrop(UDP, ("inet", "t", "c"), 1, 0, 0), 10, 20)
    memory.add(first)
    assert memory.between(UDP, 20, 30) == [first]
    assert memory.between(UDP, 21, 30) == memory.between(UDP, 5, 9) == []
    other = Seen(TracedDrop(Flow(4, 17, UDP.source, UDP.destination, 1, 1), ("inet", "t", "c"), 1, 0, 0), 10, 20)
    for _ in range(DROPS_MAX):
        memory.add(other)
    assert memory.between(UDP, 0, 100) == []
    assert list(memory.by_flow) == [other.drop.flow]


CHAIN_PLACE = ("inet", "t", "c")
ONE, TWO = (Rule(CHAIN_PLACE, handle, f"r{handle}", ({"drop": None},)) for handle in (1, 2))
CHAIN = Chain(CHAIN_PLACE, "filter", "forward", 0, "drop", None, (ONE, TWO))
RULES = Ruleset("r", {CHAIN_PLACE: CHAIN}, {})
BY_ONE, BY_TWO, BY_POLICY = Cause(CHAIN, ONE), Cause(CHAIN, TWO), Cause(CHAIN)


def verdict(causes: set[Cause], *seen: Cause, packets: int = 1, **said: Any) -> tuple[Outcome, str]:
    """Over a window of a minute. ``at``: the second in which the drops were seen."""
    at_ns = said.pop("at", 30) * SECOND_NS
    found = Possible(frozenset(causes), certain=True, varies=said.pop("varies", True))
    case = Case(found, len(causes) == 1, packets, True, (0, 60 * SECOND_NS))
    drops = [
        (Seen(TracedDrop(UDP, CHAIN_PLACE, one.rule.handle if one.rule else 0, 7, 0), at_ns, at_ns), one)
        for one in seen
    ]
    return judged(case, drops)


def test_what_trace_and_evaluation_say_together() -> None:
    assert verdict({BY_ONE}) == (Outcome.UNCHANGED, "")
    assert verdict({BY_ONE}, BY_ONE) == (Outcome.CONFIRMED, "")
    assert verdict({BY_ONE}, BY_TWO) == (Outcome.CONTRADICTED, "")
    assert verdict({BY_ONE, BY_TWO}, BY_POLICY) == (Outcome.CONTRADICTED, "")
    assert verdict({BY_ONE, BY_POLICY}, BY_POLICY) == (Outcome.TRACED, "inet t c policy drop")
    assert verdict({BY_ONE, BY_TWO}, BY_TWO, BY_TWO, packets=2) == (Outcome.TRACED, 'inet t c handle 2 "r2"')
    assert verdict({BY_ONE, BY_TWO}, BY_ONE, BY_TWO, packets=2) == (Outcome.UNCHANGED, "")
    assert verdict({BY_ONE, BY_TWO}, BY_TWO, packets=9) == (Outcome.UNCHANGED, "")
    assert verdict({BY_ONE, BY_TWO}, BY_TWO, packets=9, varies=False) == (Outcome.TRACED, 'inet t c handle 2 "r2"')
    assert verdict({BY_ONE, BY_TWO}, BY_TWO, at=0) == (Outcome.UNCHANGED, "")


def test_causes_are_those_of_the_rule_set() -> None:
    assert cause_of(TracedDrop(UDP, CHAIN_PLACE, 2, 7, 0), RULES) == BY_TWO
    assert cause_of(TracedDrop(UDP, CHAIN_PLACE, 0, 7, 0), RULES) == BY_POLICY
    assert cause_of(TracedDrop(UDP, CHAIN_PLACE, 3, 7, 0), RULES) is None
    assert cause_of(TracedDrop(UDP, ("inet", "t", "d"), 1, 7, 0), RULES) is None
