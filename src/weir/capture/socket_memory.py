"""Sockets that flows may belong to: those open now and those of the last minutes.

What enters: records of the socket programs, drain after drain. What leaves: for flow rows, the record each belongs to
as far as only one can be meant. Rule: a row belongs to the socket of its own 5-tuple, else to the only one bound to its
local end; where sockets that fit differ in a value, that value is not known. No clock, no I/O, whole columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weir.capture.flows import DIRECTION_OUT, FLOW, Flows
from weir.capture.lifetimes import TUPLE, Lifetimes, Pairs
from weir.capture.socket_programs import RECORD, Records

SOCKETS_MAX = 1 << 18
"""Sockets remembered, closed ones included; some 30 MB when it is reached. Above it the oldest closed ones give way,
and flows of theirs that are still to be labelled have no socket."""
HISTORY_NS = 660 * 10**9
"""How long a closed socket is remembered: the longest window and a minute."""
UDP = 17
ANYWHERE = (b"\0" * 16, b"\0" * 10 + b"\xff\xff" + b"\0" * 4)
"""Local addresses of a socket that is bound to none."""
VALUES = ("pid", "comm", "cgroup", "srtt_us", "retransmits", "opener")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one drain found. ``now_ns``: CLOCK_MONOTONIC."""

    live: Records
    closed: Records
    now_ns: int


class SocketMemory:
    """Every socket once, however often it is seen."""

    def __init__(self, limit: int = SOCKETS_MAX) -> None:
        self._limit = limit
        self._records = np.zeros(0, RECORD)
        self._live = np.zeros(0, bool)
        self.forgotten = 0

    def add(self, seen: Seen) -> None:
        """Books one drain: what was open and is seen no more has ended by now."""
        live = _one_per_socket(seen.live)
        live["ended_ns"] = seen.now_ns
        before = self._records
        before["ended_ns"][self._live] = seen.now_ns
        records = np.concatenate([before, live, seen.closed])
        is_live = np.concatenate(
            [np.zeros(len(before), bool), np.ones(len(live), bool), np.zeros(len(seen.closed), bool)]
        )
        _, newest, which = _distinct(records, last=True)
        _, oldest, _ = _distinct(records, last=False)
        merged = records[newest]
        merged["begun_ns"] = np.minimum(merged["begun_ns"], records["begun_ns"][oldest])
        _fill_process(merged, records, which)
        self._records, self._live = merged, is_live[newest]
        self._forget(seen.now_ns)

    def _forget(self, now_ns: int) -> None:
        kept = self._live | (self._records["ended_ns"].astype("i8") >= now_ns - HISTORY_NS)
        surplus = int(kept.sum()) - self._limit
        if surplus > 0:
            closed = np.flatnonzero(kept & ~self._live)
            oldest = closed[np.argsort(self._records["ended_ns"][closed], kind="stable")][:surplus]
            kept[oldest] = False
            self.forgotten += len(oldest)
        self._records, self._live = self._records[kept], self._live[kept]

    def known(self, to_wall_ns: int) -> KnownSockets:
        """All of it now. ``to_wall_ns``: what has to be added to CLOCK_MONOTONIC for Unix time."""
        return KnownSockets(self._records, to_wall_ns)


class KnownSockets:
    """What ``SocketMemory`` held at one moment, ready to be asked."""

    def __init__(self, records: Records, to_wall_ns: int) -> None:
        self.records = records
        begun = np.where(records["begun_ns"] == 0, 0, records["begun_ns"].astype("i8") + to_wall_ns)
        ended = records["ended_ns"].astype("i8") + to_wall_ns
        connected = records["remote_port"] != 0
        self._exact = np.flatnonzero(connected)
        self._bound = np.flatnonzero(~connected & (records["proto"] == UDP))
        self._by_tuple = Lifetimes(_tuples(records[connected]), begun[connected], ended[connected])
        bound = _tuples(records[self._bound])
        bound["dst"] = np.void(ANYWHERE[0])
        bound["src"][np.isin(bound["src"].astype("V16").view("S16"), np.array(ANYWHERE, "S16"))] = np.void(ANYWHERE[0])
        self._by_end = Lifetimes(bound, begun[self._bound], ended[self._bound])

    def match(self, rows: Flows) -> Pairs:
        """Every row with every socket that it may belong to; a socket of the whole 5-tuple rules out the others."""
        local = local_first(rows)
        exact = self._by_tuple.match(local)
        found = [Pairs(exact.row, self._exact[exact.record])]
        rest = np.setdiff1d(np.flatnonzero(rows["proto"] == UDP), exact.row)
        for address in (None, ANYWHERE[0]):
            ends = local[rest]
            ends["dst"], ends["dport"] = np.void(ANYWHERE[0]), 0
            if address is not None:
                ends["src"] = np.void(address)
            pairs = self._by_end.match(ends)
            found.append(Pairs(rest[pairs.row], self._bound[pairs.record]))
        row = np.concatenate([pairs.row for pairs in found])
        record = np.concatenate([pairs.record for pairs in found])
        order = np.argsort(row, kind="stable")
        return Pairs(row[order], record[order])

    def values(self, pairs: Pairs, count: int) -> dict[str, tuple[Records, NDArray[np.bool_]]]:
        """Per name of ``VALUES``: (value, is known) for each of ``count`` rows; known where all of a row's records
        agree."""
        starts = pairs.starts()
        rows = pairs.row[starts]
        first = np.repeat(pairs.record[starts], np.diff(np.append(starts, len(pairs.row))))
        found = {}
        for name in VALUES:
            column = np.zeros(count, RECORD[name])
            known = np.zeros(count, bool)
            if len(rows):
                values = self.records[name]
                column[rows] = values[pairs.record[starts]]
                known[rows] = np.logical_and.reduceat(values[pairs.record] == values[first], starts)
            found[name] = (column, known)
        return found


def local_first(rows: Flows) -> Flows:
    """The rows with the ENI's end as source, whichever way they went."""
    turned: Flows = rows.astype(FLOW)
    into = rows["direction"] != DIRECTION_OUT
    for name, other in (("src", "dst"), ("sport", "dport")):
        turned[name][into], turned[other][into] = rows[other][into], rows[name][into]
    return turned


def only_of(pairs: Pairs, records: Records, namespace: int) -> Pairs:
    """The pairs whose socket lives in this network namespace."""
    kept = records["netns"][pairs.record] == namespace
    return Pairs(pairs.row[kept], pairs.record[kept])


def _tuples(records: Records) -> NDArray[np.void]:
    found = np.zeros(len(records), TUPLE)
    for name, source in (("src", "local"), ("dst", "remote"), ("sport", "local_port"), ("dport", "remote_port")):
        found[name] = records[source]
    found["proto"] = records["proto"]
    return found


def _one_per_socket(records: Records) -> Records:
    """Descriptors that share a socket become one row; where processes share it, none of them is named."""
    _, first, which = np.unique(records["id"], return_index=True, return_inverse=True)
    merged = records[first].copy()
    differs = np.zeros(len(first), bool)
    np.logical_or.at(differs, which, records["pid"] != merged["pid"][which])
    merged["pid"][differs] = 0
    merged["comm"][differs] = np.void(bytes(16))
    return merged


def _distinct(records: Records, *, last: bool) -> tuple[Records, NDArray[np.intp], NDArray[np.intp]]:
    """(keys, index of the last or first record of each, key of each record). UDP has no begin: there process and ports
    tell a structure used again."""
    key = np.zeros(len(records), [("id", "<u8"), ("begun", "<u8"), ("ports", "<u2", (2,)), ("pid", "<u4")])
    is_udp = records["proto"] == UDP
    key["id"] = records["id"]
    key["begun"] = np.where(is_udp, 0, records["begun_ns"])
    key["ports"][:, 0], key["ports"][:, 1] = records["local_port"], records["remote_port"]
    key["pid"] = np.where(is_udp, records["pid"], 0)
    words = key.view("S24").ravel()
    if not last:
        return np.unique(words, return_index=True, return_inverse=True)
    keys, index, which = np.unique(words[::-1], return_index=True, return_inverse=True)
    return keys, len(records) - 1 - index, which[::-1]


def _fill_process(merged: Records, records: Records, which: NDArray[np.intp]) -> None:
    """A record that names no process takes it from the others of its socket."""
    named = np.flatnonzero(records["pid"])
    lacking = np.flatnonzero(merged["pid"][which[named]] == 0)
    for name in ("comm", "pid"):
        merged[name][which[named[lacking]]] = records[name][named[lacking]]
