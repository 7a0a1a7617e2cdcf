"""The roster: each flow log gets exactly the packets of its ENIs between joining and leaving."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.capture.test_window import NOON, SECOND, flow, rows
from weir.capture.flows import ACTION_REJECT, Flows, empty
from weir.capture.roster import Eni, FlowLog, Roster
from weir.capture.share import Keep, Labels
from weir.capture.window import Drained, Uncounted, Windows
from weir.model.resources import Side, TrafficType

ALL = Keep(TrafficType.ALL, dual_stack=False)


def wants(name: str, keep: Keep = ALL, minutes: int = 1) -> FlowLog:
    return FlowLog(name, minutes, keep, "project", f"store-{name}")


def eni(name: str, *flow_logs: FlowLog) -> Eni:
    return Eni(Labels("100", name, "-", "vsw-1", "vpc-1"), "g1", f"dev-{name}", Side.BEHIND, (), flow_logs)


class Minute:
    """Drives a roster through one minute as the agent does."""

    def __init__(self) -> None:
        self.roster = Roster()
        self.windows = Windows(NOON * SECOND)
        self.start = NOON

    def drain(self, at_s: float, found: Flows) -> None:
        booked, _ = self.roster.book(found)
        self.closed = self.windows.add(Drained(booked, {}, int(at_s * SECOND)))

    def targets(self, at_s: float, *enis: Eni) -> None:
        self.windows.cut()
        self.roster.subscribe(enis, int(at_s * SECOND))

    def finish(self) -> dict[str, list[tuple[str, object, object]]]:
        self.drain(self.start + 60, empty())
        self.windows.end(self.start + 60)
        self.drain(self.start + 60.2, empty())
        self.start += 60
        return {
            delivery.logstore: [(r["eni-id"], r["log-status"], r["packets"]) for r in delivery.table.to_pylist()]
            for window in self.closed
            for delivery in self.roster.deliveries(window)
        }


def test_rows_go_to_the_flow_logs_of_their_eni() -> None:
    minute = Minute()
    minute.roster.attached("eni-a", 11)
    minute.roster.attached("eni-b", 12)
    minute.targets(NOON, eni("eni-a", wants("one"), wants("both")), eni("eni-b", wants("both")))
    minute.drain(NOON + 5, rows(flow(1, 3, ifindex=11), flow(1, 4, ifindex=12)))
    assert minute.finish() == {
        "store-one": [("eni-a", "OK", 3)],
        "store-both": [("eni-a", "OK", 3), ("eni-b", "OK", 4)],
    }


def test_a_flow_log_with_two_places_gives_both_the_same() -> None:
    minute = Minute()
    minute.roster.attached("eni-a", 11)
    analyzed = replace(wants("x"), project="nta-1", logstore="flow_log")
    minute.targets(NOON, eni("eni-a", wants("x"), analyzed))
    minute.drain(NOON + 5, flow(1, 3, ifindex=11))
    minute.targets(NOON + 10, eni("eni-a", wants("x")))
    minute.drain(NOON + 15, flow(1, 4, ifindex=11))
    assert minute.finish() == {"store-x": [("eni-a", "OK", 7)], "flow_log": [("eni-a", "OK", 3)]}


def test_joining_and_leaving_inside_a_window_is_exact() -> None:
    minute = Minute()
    minute.roster.attached("eni-a", 11)
    minute.targets(NOON, eni("eni-a", wants("early")))
    minute.drain(NOON + 10, flow(1, 3, ifindex=11))
    minute.targets(NOON + 10, eni("eni-a", wants("late")))
    minute.drain(NOON + 20, flow(1, 4, ifindex=11))
    assert minute.finish() == {"store-early": [("eni-a", "OK", 3)], "store-late": [("eni-a", "OK", 4)]}
    assert minute.finish() == {"store-late": [("eni-a", "NODATA", None)]}


def test_a_changed_flow_log_leaves_and_joins_anew() -> None:
    minute = Minute()
    minute.roster.attached("eni-a", 11)
    minute.targets(NOON, eni("eni-a", wants("x")))
    minute.drain(NOON + 10, rows(flow(1, 3, ifindex=11), flow(1, 2, ifindex=11, action=ACTION_REJECT)))
    drop_only = replace(wants("x", Keep(TrafficType.DROP, dual_stack=False)), logstore="store-drop")
    minute.targets(NOON + 10, eni("eni-a", drop_only))
    minute.drain(NOON + 20, rows(flow(1, 5, ifindex=11), flow(1, 7, ifindex=11, action=ACTION_REJECT)))
    delivered = minute.finish()
    assert sorted(delivered["store-x"]) == [("eni-a", "OK", 2), ("eni-a", "OK", 3)]
    assert delivered["store-drop"] == [("eni-a", "OK", 7)]


def test_a_device_index_that_is_used_again_does_not_mix_enis() -> None:
    minute = Minute()
    minute.roster.attached("eni-a", 11)
    minute.targets(NOON, eni("eni-a", wants("one")), eni("eni-b", wants("one")))
    minute.drain(NOON + 5, flow(1, 3, ifindex=11))
    minute.roster.detached(11)
    minute.roster.attached("eni-b", 11)
    minute.drain(NOON + 6, flow(1, 4, ifindex=11))
    assert minute.finish() == {"store-one": [("eni-a", "OK", 3), ("eni-b", "OK", 4)]}


def test_rows_of_a_device_that_is_nobodys_are_counted_as_stray() -> None:
    booked, stray = Roster().book(flow(1, 3, ifindex=99))
    assert (len(booked), stray) == (0, 3)


def test_uncounted_packets_reach_the_flow_log() -> None:
    roster, windows = Roster(), Windows(NOON * SECOND)
    roster.attached("eni-a", 11)
    roster.subscribe([eni("eni-a", wants("one"))], NOON * SECOND)
    ordinal = roster.ordinal_of(11)
    assert ordinal is not None
    windows.add(Drained(empty(), {ordinal: Uncounted(packets=5, bytes=500)}, (NOON + 60) * SECOND))
    windows.end(NOON + 60)
    (window,) = windows.add(Drained(empty(), {}, (NOON + 61) * SECOND))
    (delivery,) = roster.deliveries(window)
    (record,) = delivery.table.to_pylist()
    assert (record["log-status"], record["packets"], record["bytes"]) == ("SKIPDATA", 5, 500)


def test_a_large_window_is_delivered_in_batches() -> None:
    minute = Minute()
    minute.roster.attached("eni-a", 11)
    minute.targets(NOON, eni("eni-a", wants("one")))
    found = np.repeat(flow(1, 1, ifindex=11), 45_000)
    found["sport"], found["dport"] = np.arange(45_000) % 60_000, np.arange(45_000) // 60_000
    booked, _ = minute.roster.book(found)
    minute.windows.add(Drained(booked, {}, (NOON + 60) * SECOND))
    minute.windows.end(NOON + 60)
    (window,) = minute.windows.add(Drained(empty(), {}, (NOON + 61) * SECOND))
    assert [d.table.num_rows for d in minute.roster.deliveries(window)] == [20_000, 20_000, 5_000]
