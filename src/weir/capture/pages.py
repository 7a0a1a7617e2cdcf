"""One ENI's page of the ledger: the terms of one minute, and what its finished rows add up to.

What enters: differences of a tally between two readings, a minute's rows. What leaves: the columns of ``model.ledger``
with their amounts. No clock, no I/O. Rule: only rows that become records are counted, as they become records: folded,
over all slices of the window, with packets above 0.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from weir.capture.books import Books
from weir.capture.flows import ACTION_ACCEPT, DIRECTION_IN, DIRECTION_OUT, Flows, fold
from weir.capture.tally import RX, TX, Amounts, Tally, hook_amounts, nothing
from weir.capture.window import Closed, Uncounted
from weir.model.resources import Side

REFUSED = 2
"""Beside RX and TX: rejected before it reached the device, which never saw it."""
UNITS = ("packets", "bytes")
SUMMED = ("ifindex", "direction", "action", "fold", *UNITS)
DIRECTION_NAMES = {DIRECTION_IN: "in", DIRECTION_OUT: "out"}

Sums = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an ENI's rows of a window add up to. ``ways``: shape (3, 2), ``[rx, tx, refused][packets, bytes]``; of
    these, ``folded``: shape (2,), in rows that stand for several flows."""

    ways: Sums
    folded: Sums

    def __add__(self, other: Recorded) -> Recorded:
        return Recorded(self.ways + other.ways, self.folded + other.folded)


def nothing_recorded() -> Recorded:
    """Zeros."""
    return Recorded(np.zeros((3, 2), np.int64), np.zeros(2, np.int64))


def recorded(window: Closed, sides: Mapping[int, Side]) -> dict[int, Recorded]:
    """Ordinal -> sums over the rows of the window that become records; ENIs without any are left out."""
    parts = [part.rows for part in window.slices]
    if any((rows["packets"] < 0).any() for rows in parts):
        parts = [fold(np.concatenate(parts))]  # a record is what its rows of all slices come to
    found: dict[int, Recorded] = {}
    for rows in parts:
        for ordinal, sums in _sums(rows, sides).items():
            found[ordinal] = found[ordinal] + sums if ordinal in found else sums
    return found


def outstanding(page: Page, rows: Recorded, uncounted: Uncounted) -> Amounts:
    """What the hooks saw of IP in this minute and its records do not hold: a drop that was decided later moves its
    packets from one window's records to the next one's. Below 0: the records hold more."""
    wire = [[one.packets, one.l3_bytes] for one in (page.books.rx, page.books.tx)]
    rest = np.array(wire, np.int64) - rows.ways[:REFUSED]
    return _without(rest, np.array([uncounted.packets, uncounted.bytes], np.int64))


def _sums(rows: Flows, sides: Mapping[int, Side]) -> dict[int, Recorded]:
    """Of the rows with packets above 0. Column by column: numpy copies whole rows several times slower."""
    counted = rows["packets"] > 0
    ordinals, direction, action, fold, *amounts = (rows[name][counted] for name in SUMMED)
    count, kinds = int(ordinals.max(initial=0)) + 1, REFUSED + 1
    is_self = np.zeros(count, bool)
    is_self[[ordinal for ordinal, side in sides.items() if side is Side.SELF and ordinal < count]] = True
    received = (direction == DIRECTION_OUT) != is_self[ordinals]
    ways = np.where(received, RX, np.where(action == ACTION_ACCEPT, TX, REFUSED))
    place, shared = ordinals.astype(np.intp) * kinds + ways, fold > 0
    # As floating-point numbers, several times faster than integers; exact up to 2^53.
    by_way = [np.bincount(place, amount, count * kinds).reshape(count, kinds) for amount in amounts]
    folded = [np.bincount(ordinals[shared], amount[shared], count) for amount in amounts]
    ways_sums, folded_sums = (np.stack(parts, axis=-1).astype(np.int64) for parts in (by_way, folded))
    present = np.flatnonzero(np.bincount(ordinals, minlength=count))
    return {int(at): Recorded(ways_sums[at], folded_sums[at]) for at in present}


@dataclass(slots=True)
class Page:
    """The terms of one ENI and minute; amounts of shape (2, 2) as in ``tally``."""

    device: Amounts = field(default_factory=nothing)
    offload: Amounts = field(default_factory=nothing)
    unsent: Amounts = field(default_factory=nothing)
    in_flight: Amounts = field(default_factory=nothing)
    books: Books = field(default_factory=Books)
    dropped: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    folded_flows: int = 0
    covered_ns: int = 0
    reason: str = ""
    source: str = ""

    def add(self, tally: Tally, before: Stand) -> Stand:
        """Books what a tally has moved since ``before``; returns where it stands now."""
        now = Stand.of(tally)
        self.device += now.device - before.device
        self.offload += now.offload - before.offload
        self.unsent += now.unsent - before.unsent
        self.in_flight += now.in_flight - before.in_flight
        return now

    def drop(self, direction: int, reason: int, amounts: tuple[int, int]) -> None:
        """Counts a drop that is no verdict."""
        packets, size = self.dropped.get((direction, reason), (0, 0))
        self.dropped[direction, reason] = (packets + amounts[0], size + amounts[1])


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a tally stood at one moment."""

    device: Amounts = field(default_factory=nothing)
    offload: Amounts = field(default_factory=nothing)
    unsent: Amounts = field(default_factory=nothing)
    in_flight: Amounts = field(default_factory=nothing)

    @classmethod
    def of(cls, tally: Tally) -> Stand:
        return cls(tally.device, tally.offload.copy(), tally.unsent.copy(), tally.in_flight.copy())


def columns(
    page: Page, rows: Recorded, uncounted: Uncounted, reason_name: Callable[[int], str]
) -> dict[str, int | str]:
    """The amounts of one ledger row by column. What no term explains is unexplained, by way."""
    framed, not_ip, malformed = _framed(page), _not_ip(page), _malformed(page)
    unknown = np.array([uncounted.packets, uncounted.bytes], np.int64)
    rest = page.device + page.unsent - rows.ways[:REFUSED] - framed - not_ip - malformed - page.in_flight
    rest = _without(rest, unknown)
    terms = {
        "device-rx": page.device[RX],
        "device-tx": page.device[TX],
        "recorded": rows.ways.sum(axis=0),
        "refused": rows.ways[REFUSED],
        "folded": rows.folded,
        "uncounted": unknown,
        "unsent": page.unsent.sum(axis=0),
        "not-ip": not_ip.sum(axis=0),
        "malformed": malformed.sum(axis=0),
        "in-flight": page.in_flight.sum(axis=0),
        "unexplained-rx": rest[RX],
        "unexplained-tx": rest[TX],
    }
    found: dict[str, int | str] = {
        f"{term}-{unit}": int(amounts[at]) for term, amounts in terms.items() for at, unit in enumerate(UNITS)
    }
    found |= {"segments-packets": int(framed[:, 0].sum()), "framing-bytes": int(framed[:, 1].sum())}
    return found | {"folded-flows": page.folded_flows, "dropped": _dropped(page, reason_name)}


def _framed(page: Page) -> Amounts:
    """Device units minus wire units, of what is IP."""
    wire = [[one.packets, one.l3_bytes] for one in (page.books.rx, page.books.tx)]
    hooks = hook_amounts(page.books) - _not_ip(page) - _malformed(page)
    framed: Amounts = hooks - np.array(wire, np.int64) + page.offload
    return framed


def _not_ip(page: Page) -> Amounts:
    return np.array([[one.not_ip, one.not_ip_bytes] for one in (page.books.rx, page.books.tx)], np.int64)


def _malformed(page: Page) -> Amounts:
    return np.array([[one.malformed, one.malformed_bytes] for one in (page.books.rx, page.books.tx)], np.int64)


def _without(rest: Amounts, uncounted: Sums) -> Amounts:
    """Takes out what no row holds; it is known per ENI only, so it goes to whichever way lacks it."""
    for unit in range(len(UNITS)):
        left = int(uncounted[unit])
        for way in (RX, TX):
            part = min(left, max(0, int(rest[way, unit])))
            rest[way, unit] -= part
            left -= part
        rest[RX, unit] -= left
    return rest


def _dropped(page: Page, reason_name: Callable[[int], str]) -> str:
    said: dict[str, dict[str, tuple[int, int]]] = {}
    for (direction, reason), amounts in sorted(page.dropped.items()):
        said.setdefault(DIRECTION_NAMES[direction], {})[reason_name(reason)] = amounts
    return json.dumps(said) if said else ""
