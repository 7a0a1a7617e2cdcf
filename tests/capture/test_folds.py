"""Folded flows and their drops: whatever found no row of its own, sums are exact and no row is negative or wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from weir.capture.flows import (
    ACTION_ACCEPT,
    ACTION_REJECT,
    DIRECTION_IN,
    DIRECTION_OUT,
    FLOW,
    Flows,
    absorb,
    empty,
    fold,
    settle,
)
from weir.capture.layout import ACTION_MOVED, unmoved
from weir.capture.totals import distinct

LEVELS = 4


@dataclass(frozen=True)
class Flow:
    """One of few flows, so that coarser keys meet."""

    v6: bool
    direction: int
    host: int
    port: int


FLOWS = [
    Flow(v6, direction, host, port)
    for v6 in (False, True)
    for direction in (DIRECTION_IN, DIRECTION_OUT)
    for host in (1, 2, 260)  # 1 and 2 share their prefix
    for port in (7, 8)
]


def row(flow: Flow, level: int, action: int, packets: int) -> Flows:
    """As the kernel writes it at that fold."""
    near = bytes([253] + [0] * 14 + [9]) if flow.v6 else bytes(10) + b"\xff\xff\x0a\x00\x00\x09"
    host = flow.host.to_bytes(2, "big")
    far = bytes([253, 0, 0, 0, 0, 0, 0, host[0]] + [0] * 7 + [host[1]]) if flow.v6 else near[:13] + b"\x01" + host
    if level == 2:
        far = far[:8] + bytes(8) if flow.v6 else far[:15] + b"\0"
    ends = (near, far) if flow.direction == DIRECTION_OUT else (far, near)
    made = np.zeros(1, FLOW)
    values = {"ifindex": 3, "family": 6 if flow.v6 else 4, "direction": flow.direction, "action": action, "fold": level}
    values |= {"packets": packets, "bytes": 100 * packets}
    if level < 3:
        values |= {"proto": 17, "src": np.void(ends[0]), "dst": np.void(ends[1])}
    if level == 0:
        values |= {"sport": 9, "dport": flow.port}
    for name, value in values.items():
        made[name] = value
    return made


def sums(rows: Flows) -> Counter[tuple[int, int, int]]:
    found: Counter[tuple[int, int, int]] = Counter()
    for one in rows:
        found[int(one["family"]), int(one["direction"]), int(one["action"])] += int(one["packets"])
        assert one["bytes"] == 100 * one["packets"]
    return +found


packets_counted = st.tuples(
    st.sampled_from(FLOWS),
    st.integers(0, LEVELS - 1),  # where it was counted
    st.booleans(),  # dropped later
    st.integers(0, LEVELS - 1),  # where the drop was booked
)


@settings(max_examples=80, deadline=None)
@given(st.lists(packets_counted, max_size=40))
def test_every_drop_finds_its_packet_at_whatever_fold(drawn: list[tuple[Flow, int, bool, int]]) -> None:
    kernel = [row(flow, counted, ACTION_ACCEPT, 1) for flow, counted, _, _ in drawn]
    kernel += [row(flow, booked, ACTION_MOVED, 1) for flow, _, dropped, booked in drawn if dropped]
    rows = absorb(fold(unmoved(np.concatenate([empty(), *kernel]))))
    truth: Counter[tuple[int, int, int]] = Counter()
    accepted: Counter[Flow] = Counter()
    for flow, _, dropped, _ in drawn:
        action = ACTION_REJECT if dropped else ACTION_ACCEPT
        truth[6 if flow.v6 else 4, flow.direction, action] += 1
        accepted[flow] += not dropped
    assert sums(rows) == truth
    assert not (rows["packets"] < 0).any()
    for flow in FLOWS:
        key = row(flow, 0, ACTION_ACCEPT, 0)[0]
        own = [one for one in rows if all(one[n] == key[n] for n in ("family", "direction", "action", "fold", "dport"))]
        own = [one for one in own if one["src"] == key["src"] and one["dst"] == key["dst"]]
        assert sum(int(one["packets"]) for one in own) <= accepted[flow]


@settings(max_examples=50, deadline=None)
@given(st.lists(packets_counted, max_size=40))
def test_a_drop_after_the_windows_end_finds_its_packet(drawn: list[tuple[Flow, int, bool, int]]) -> None:
    before = [row(flow, counted, ACTION_ACCEPT, 1) for flow, counted, _, _ in drawn]
    after = [row(flow, booked, ACTION_MOVED, 1) for flow, _, dropped, booked in drawn if dropped]
    closed, late = settle(fold(np.concatenate([empty(), *before])), unmoved(np.concatenate([empty(), *after])))
    assert not (closed["packets"] < 0).any()
    assert not (late["packets"] < 0).any()
    dropped = sum(1 for _, _, was, _ in drawn if was)
    assert sum(int(one["packets"]) for one in closed) == len(drawn) - dropped
    assert sum(int(one["packets"]) for one in late) == dropped


def test_what_was_counted_nowhere_stays_negative_for_the_next_window() -> None:
    closed, late = settle(empty(), unmoved(row(FLOWS[0], 0, ACTION_MOVED, 2)))
    assert len(closed) == 0
    assert sorted((int(one["action"]), int(one["packets"])) for one in late) == [
        (ACTION_ACCEPT, -2),
        (ACTION_REJECT, 2),
    ]


def test_a_sketch_knows_how_many_different_it_saw() -> None:
    """Within four standard errors, for few and for many."""
    random = np.random.default_rng(7)
    for count in (1, 10, 100, 1000, 50_000):
        ranks = np.zeros(256, np.uint8)
        hashes = random.integers(0, 1 << 63, count, dtype=np.uint64)
        places = (hashes & np.uint64(255)).astype(np.intp)
        rest = hashes >> np.uint64(8)
        rank = np.log2((rest & -rest.astype(np.int64).astype(np.uint64)).astype(float)).astype(np.uint8) + 1
        np.maximum.at(ranks, places, rank)
        assert abs(distinct(ranks) - count) <= max(1, count * 4 * 0.065)
