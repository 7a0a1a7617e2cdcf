"""A capture file in place of the kernel: the same records for the same packets.

What enters: batches of frames with their times, and whose they are. What leaves: tables of records, window after
window. Rule: only counting differs from the live path; windows, roster and labels are the very same code. A packet
belongs to the window of its time, or to the open one where the file has it too late; the clock is the file's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from weir.capture.attribution import Attribution
from weir.capture.flows import DIRECTION_IN, DIRECTION_OUT, Flows, empty, fold
from weir.capture.headers import MALFORMED, NOT_IP, PARSED, Frames, Link, Walk
from weir.capture.pcap import UNKNOWN, Batch, DamagedCapture, way_out
from weir.capture.roster import Eni, Roster
from weir.capture.window import Drained, Uncounted, Windows
from weir.model.resources import Side

GAP_MINUTES_MAX = 24 * 60
"""Minutes between two packets. A longer gap is taken for a damaged time: each of its windows would be a NODATA row."""
MINUTE_NS = 60_000_000_000

IFINDEX = 1
"""Stands for the ENI's device; a file has none."""
FOREIGN, UNTOLD = 2, 3
"""Beside ``DIRECTION_IN`` and ``DIRECTION_OUT``: a frame of others, and one of which nothing says which way it went."""

Directions = NDArray[np.int64]


class DirectionUnknown(Exception):
    """Nothing says whether a packet went into the ENI or out of it (trouble); the text says what would."""


@dataclass(frozen=True, slots=True)
class Told:
    """What tells a frame's direction, in this order; the first that is given decides alone.

    ``macs``: of the ENI, as 48-bit numbers: from it is out; to it, or to a group, is in; the rest is of others.
    ``addresses``: of the ENI, packed to 16 bytes: likewise. Else what the file says, seen from the ENI's ``side``.
    """

    side: Side
    macs: frozenset[int] = frozenset()
    addresses: frozenset[bytes] = frozenset()

    def __str__(self) -> str:
        if self.macs:
            return "by the ENI's MAC address"
        if self.addresses:
            return "by the ENI's IP address"
        return f"as the file says it, the device being the ENI's side {self.side}"


@dataclass(slots=True)
class Replayed:
    """What became of the frames of the file."""

    frames: int = 0
    packets: int = 0
    not_ip: int = 0
    malformed: int = 0
    foreign: int = 0
    windows: int = 0


class Replay:
    """One file, one ENI with its flow logs; all of them must have the same interval, which decides where it ends."""

    def __init__(self, eni: Eni, told: Told, attributions: tuple[Attribution, ...] = ()) -> None:
        self.counted = Replayed()
        self._eni, self._told = eni, told
        self._interval_minutes = eni.flow_logs[0].interval_minutes
        self._walk = Walk()
        self._roster = Roster(attributions)
        self._roster.attached(eni.labels.eni_id, IFINDEX)
        self._windows: Windows | None = None
        self._minute = 0

    def tables(self, batches: Iterable[Batch]) -> Iterator[pa.Table]:
        """Records, window by window. What ``batches`` or a packet makes impossible is raised after all before it.

        Raises ``DamagedCapture``, ``DirectionUnknown``.
        """
        trouble: DamagedCapture | DirectionUnknown | None = None
        try:
            for batch in batches:
                yield from self._add(batch)
        except (DamagedCapture, DirectionUnknown) as error:
            trouble = error
        if self._windows is not None:
            last = self._minute - self._minute % self._interval_minutes + self._interval_minutes
            yield from self._advance(self._windows, last)
        if trouble is not None:
            raise trouble

    def _add(self, batch: Batch) -> Iterator[pa.Table]:
        walked = self._walk.over(batch.frames)
        parsed = walked.verdict == PARSED
        direction = directions(self._told, batch, walked.rows, parsed)
        rows = walked.rows
        rows["ifindex"] = IFINDEX
        rows["first_ns"] = rows["last_ns"] = batch.time_ns[parsed]
        rows["direction"] = np.minimum(direction[parsed], FOREIGN)
        if self._windows is None:
            self._windows = self._begun(int(batch.time_ns[0]))
        minutes = np.maximum.accumulate(np.maximum(batch.time_ns // MINUTE_NS, self._minute))
        which = np.cumsum(parsed) - 1
        for minute in np.unique(minutes):
            here = np.flatnonzero(minutes == minute)
            sure = self._sure(direction[here], int(minute))
            ours = here[:sure][direction[here[:sure]] != FOREIGN]
            if sure:
                yield from self._advance(self._windows, int(minute))
                self._book(self._windows, rows[which[ours[parsed[ours]]]], walked.verdict[ours], sure)
            if sure < len(here):
                self._refuse(int(minute))

    def _sure(self, direction: Directions, minute: int) -> int:
        """How many frames of one minute can be counted, from its first on."""
        if minute - self._minute > GAP_MINUTES_MAX:
            return 0
        untold = direction == UNTOLD
        return int(untold.argmax()) if untold.any() else len(direction)

    def _refuse(self, minute: int) -> None:
        number = self.counted.frames + 1
        if minute - self._minute > GAP_MINUTES_MAX:
            raise DamagedCapture(
                f"packet {number} cannot be right: it comes {(minute - self._minute) // 60} hours after the one before"
            )
        raise DirectionUnknown(
            f"nothing says which way packet {number} went: name the ENI by --mac, or by --address"
            + (", the frames are not Ethernet" if self._told.macs else "")
        )

    def _begun(self, begin_ns: int) -> Windows:
        self._minute = begin_ns // MINUTE_NS
        self._roster.subscribe((self._eni,), begin_ns)
        return Windows(begin_ns)

    def _book(self, windows: Windows, rows: Flows, verdict: NDArray[np.uint8], frames: int) -> None:
        booked, _stray = self._roster.book(fold(rows))
        not_ip, malformed = int((verdict == NOT_IP).sum()), int((verdict == MALFORMED).sum())
        ordinal = self._roster.ordinal_of(IFINDEX)
        assert ordinal is not None, "attached at the start"
        seen = {ordinal: Uncounted(not_ip=not_ip, malformed=malformed)} if not_ip or malformed else {}
        windows.add(Drained(booked, seen, (self._minute + 1) * MINUTE_NS))
        counted = self.counted
        counted.frames += frames
        counted.packets += len(rows)
        counted.not_ip += not_ip
        counted.malformed += malformed
        counted.foreign += frames - len(verdict)

    def _advance(self, windows: Windows, minute: int) -> Iterator[pa.Table]:
        """Ends the windows of every minute before this one."""
        while self._minute < minute:
            self._minute += 1
            windows.end(self._minute * 60)
            for window in windows.add(Drained(empty(), {}, self._minute * MINUTE_NS)):
                self.counted.windows += window.interval_minutes == self._interval_minutes
                for delivery in self._roster.deliveries(window):
                    yield delivery.table


def directions(told: Told, batch: Batch, rows: Flows, parsed: NDArray[np.bool_]) -> Directions:
    """Of every frame, shape (n,). ``rows``: of those that are ``parsed``.

    Frames that are not IP have no address: with ``told.addresses`` they count as the ENI's.
    """
    if told.macs:
        return _by_mac(told.macs, batch.frames)
    if told.addresses:
        found = np.full(len(parsed), DIRECTION_IN)
        found[parsed] = _by_address(told.addresses, rows)
        return found
    by_file = np.where(batch.way == way_out(told.side), DIRECTION_OUT, DIRECTION_IN)
    return np.where(batch.way == UNKNOWN, UNTOLD, by_file)


def _by_mac(macs: frozenset[int], frames: Frames) -> Directions:
    every = np.arange(len(frames))
    to, sender = (frames.word(every, at) << 32 | frames.word(every, at + 2) << 16 | frames.word(every, at + 4)
                  for at in (0, 6))  # fmt: skip
    known = list(macs)
    incoming = np.isin(to, known) | (to >> 40 & 1 == 1)
    found = np.where(np.isin(sender, known), DIRECTION_OUT, np.where(incoming, DIRECTION_IN, FOREIGN))
    return np.where(frames.link == Link.ETHERNET, found, UNTOLD)


def _by_address(addresses: frozenset[bytes], rows: Flows) -> Directions:
    sent, received = (
        np.logical_or.reduce([rows[column] == np.void(address) for address in addresses]) for column in ("src", "dst")
    )
    to = np.ascontiguousarray(rows["dst"]).view(np.uint8).reshape(-1, 16)
    group = np.where(rows["family"] == 4, (to[:, 12] >> 4 == 14) | (to[:, 12:] == 255).all(axis=1), to[:, 0] == 255)
    return np.where(sent, DIRECTION_OUT, np.where(received | group, DIRECTION_IN, FOREIGN))
