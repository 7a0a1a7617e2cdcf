"""Statuses and reasons of ledger entries, from made-up readings."""

from __future__ import annotations

import json

import pytest

from tests.capture.ledger_rig import eni
from tests.capture.test_window import flow
from weir.capture.books import Books, Seen
from weir.capture.counters import Counted
from weir.capture.flows import DIRECTION_IN, DIRECTION_OUT, Flows, empty, fold
from weir.capture.ledger import Entry, Held, Ledger, Reading
from weir.capture.window import Closed, Slice, Uncounted
from weir.model.ledger import NAMES
from weir.model.resources import Side

SECOND = 1_000_000_000
BEGIN = 1_700_000_040
ENI = eni("a", "veth7", Side.BEHIND)
DEVICE = {11: Counted()}


def closed(start_s: int, rows: Flows, uncounted: Uncounted | None = None) -> Closed:
    part = Slice(start_s * SECOND, (start_s + 60) * SECOND, fold(rows), {1: uncounted} if uncounted else {})
    return Closed(1, start_s, start_s + 60, (part,))


def held(ifindex: int = 11, error: str = "") -> list[Held]:
    return [Held(ENI, 1, ifindex, error)]


def begun(since_s: int = BEGIN, ifindex: int = 11, error: str = "") -> Ledger:
    ledger = Ledger()
    ledger.hold(held(ifindex, error), since_s * SECOND, (DEVICE, DEVICE))
    return ledger


def received(count: int) -> Reading:
    """So many frames of one IP packet each, of 100 bytes, that the hook saw as the device did."""
    device = {11: Counted(rx_packets=count, rx_bytes=count * 114)}
    return Reading(device, device, {11: Books(rx=Seen(count, count * 114, count, count * 100))})


def entry(ledger: Ledger, rows: Flows, uncounted: Uncounted | None = None, start_s: int = BEGIN) -> Entry:
    ledger.end(start_s + 60)
    (found,) = ledger.close(closed(start_s, rows, uncounted))
    assert set(found) == set(NAMES) - {"node"}
    return found


def test_a_whole_window_is_full_or_nodata() -> None:
    ledger = begun()
    ledger.read(received(5))
    found = entry(ledger, flow(packets=5, ifindex=1))
    assert (found["status"], found["covered-seconds"], found["reason"]) == ("full", 60, "")
    assert (found["device-rx-packets"], found["recorded-packets"], found["framing-bytes"]) == (5, 5, 70)
    assert (found["unexplained-rx-packets"], found["in-flight-packets"]) == (0, 0)
    assert entry(ledger, empty(), start_s=BEGIN + 60)["status"] == "nodata"


@pytest.mark.parametrize("level", [1, 2, 3])
def test_folded_rows_make_it_skipdata(level: int) -> None:
    ledger = begun()
    ledger.read(received(5))
    found = entry(ledger, flow(packets=5, ifindex=1, fold=level))
    assert (found["status"], found["folded-packets"], found["folded-bytes"]) == ("skipdata", 5, 500)


def test_uncounted_packets_make_it_skipdata_and_are_no_riddle() -> None:
    ledger = begun()
    ledger.read(received(5))
    found = entry(ledger, flow(packets=3, ifindex=1), Uncounted(packets=2, bytes=200))
    assert (found["status"], found["uncounted-packets"], found["unexplained-rx-packets"]) == ("skipdata", 2, 0)


def test_a_device_that_came_late_makes_it_partial() -> None:
    found = entry(begun(BEGIN + 25), empty())
    assert (found["status"], found["covered-seconds"]) == ("partial", 35)
    assert found["reason"] == "captured for a part of the window"


def test_without_a_device_it_is_uncovered_and_says_why() -> None:
    found = entry(begun(ifindex=0, error="no device veth7 on this host"), empty())
    assert (found["status"], found["covered-seconds"], found["source"]) == ("uncovered", 0, "")
    assert found["reason"] == "no device veth7 on this host"


def test_records_that_were_lost_make_it_partial() -> None:
    ledger = begun()
    ledger.lost("eni-a", 4)
    found = entry(ledger, empty())
    assert (found["status"], found["lost-rows"]) == ("partial", 4)
    assert entry(ledger, empty(), start_s=BEGIN + 60)["lost-rows"] == 0


def test_an_eni_that_left_has_one_more_row() -> None:
    ledger = begun()
    ledger.hold([], (BEGIN + 15) * SECOND, (DEVICE, DEVICE))
    assert entry(ledger, empty())["covered-seconds"] == 15
    ledger.end(BEGIN + 120)
    assert ledger.close(closed(BEGIN + 60, empty())) == []


def test_drops_that_are_no_verdict_are_named() -> None:
    ledger = Ledger(reason_name={5: "NO_SOCKET", 6: "QUEUE"}.__getitem__)
    ledger.hold(held(), BEGIN * SECOND, (DEVICE, DEVICE))
    dropped = {(11, DIRECTION_IN, 5): (2, 80), (11, DIRECTION_OUT, 6): (1, 40), (99, DIRECTION_IN, 5): (7, 7)}
    ledger.read(Reading(DEVICE, DEVICE, dropped=dropped))
    ledger.read(Reading(DEVICE, DEVICE, dropped={(11, DIRECTION_IN, 5): (1, 40)}))
    said = json.loads(str(entry(ledger, empty())["dropped"]))
    assert said == {"in": {"NO_SOCKET": [3, 120]}, "out": {"QUEUE": [1, 40]}}


def test_records_that_lack_packets_for_long_are_unexplained() -> None:
    """A late drop may move packets to the next window; what never comes is named."""
    ledger = begun()
    ledger.read(received(5))
    found = [entry(ledger, flow(packets=3, ifindex=1))]
    found += [entry(ledger, empty(), start_s=BEGIN + 60 * minute) for minute in (1, 2)]
    assert [one["in-flight-packets"] for one in found] == [2, 0, -2]
    assert [one["unexplained-rx-packets"] for one in found] == [0, 0, 2]
