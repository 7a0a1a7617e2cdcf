"""What the kernel counts beside rows: an ENI's frames, its last folded rows, its drops that are no verdict.

What enters: running totals in the kernel's maps. What leaves: what they gained since the last drain. Rule: totals are
never reset, so nothing is lost between reading and resetting; those of a buffer are read once nobody writes it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weir.capture import libbpf
from weir.capture.books import Books, Dropped, Seen
from weir.capture.flows import ACTION_ACCEPT, BLOCK_ROWS, DIRECTION_IN, DIRECTION_OUT, FLOW, FOLDS, Flows
from weir.capture.layout import ENI_BOOKS, IGNORED, LOST, LOST_KEY, SKETCH, SKETCH_KEY
from weir.capture.libbpf import Array, Map, Place
from weir.capture.skeleton import Loaded
from weir.model.resources import Side

LOST_MAX = 8192
"""Kinds of drops that are no verdict (``LOST_MAX`` in ``bpf/drop.h``); those beyond are ``Ignored.unlisted``."""
ETHERNET_BYTES = 14
FIRST = np.zeros(1, "<u4")
"""The key of the only element of a map that has one."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Drop events since the last drain that changed no row.

    ``unattributed``: neither from nor to an ENI; ``copies``: one copy of a flooded packet; ``unreadable``: headers out
    of the kernel program's reach, the packet stays ACCEPT; ``unlisted``: no verdict, and no room left for its reason;
    ``missed``: the kernel did not run the program, because it interrupted itself, the packet stays ACCEPT.
    """

    unattributed: int = 0
    copies: int = 0
    unreadable: int = 0
    unlisted: int = 0
    missed: int = 0

    def __add__(self, other: Ignored) -> Ignored:
        return Ignored(
            self.unattributed + other.unattributed,
            self.copies + other.copies,
            self.unreadable + other.unreadable,
            self.unlisted + other.unlisted,
            self.missed + other.missed,
        )


@dataclass(frozen=True, slots=True)
class Gained:
    """Since the last drain, by ifindex. ``rows``: of fold ``eni``, without times; ``folded``: an estimate of flows."""

    rows: Flows
    books: Mapping[int, Books]
    folded: Mapping[int, int]


class EniCounters:
    """Per ENI."""

    def __init__(self, loaded: Loaded) -> None:
        self._books, self._sketches = loaded.map("books"), loaded.map("sketches")
        self._cpus = libbpf.possible_cpus()
        self._sides: dict[int, Side] = {}
        self._before: dict[int, Array] = {}
        self._leaving: set[int] = set()

    def add(self, ifindex: int, side: Side) -> None:
        """Raises ``BpfTrouble`` (E2BIG: there are ``ENIS_MAX`` of them)."""
        self._leaving.discard(ifindex)
        self._sides[ifindex] = side
        if ifindex in self._before:
            return
        self._books.put(np.array([ifindex], "<u4"), np.zeros(self._cpus, ENI_BOOKS))
        for key in _sketch_keys(ifindex):
            self._sketches.put(key, np.zeros(self._cpus, SKETCH))
        self._before[ifindex] = np.zeros(1, ENI_BOOKS)

    def remove(self, ifindex: int) -> None:
        """Counters stay for one more drain: a program may still be adding."""
        if ifindex in self._before:
            self._leaving.add(ifindex)

    def gained(self, buffer: int, rows: Flows) -> Gained:
        """What a buffer nobody writes any more has gained; ``rows`` are those drained from it."""
        wire = _wire_sums(rows, np.array(sorted(self._before), "<u4"))
        found, books, folded = [], {}, {}
        for ifindex, total in self._totals():
            before = self._before[ifindex]
            gain = (total - before.view("<i8")).view(ENI_BOOKS)["half"][0, buffer]
            before["half"][0, buffer] = total.view(ENI_BOOKS)["half"][0, buffer]
            found.append(_rest_rows(ifindex, gain))
            counted = wire.get(ifindex, np.zeros((2, 2), np.int64)) + _accepted(gain)
            books[ifindex] = _books_of(self._sides[ifindex], counted, gain["frames"])
            if gain["folded_packets"]:
                folded[ifindex] = min(self._distinct(ifindex, buffer), int(gain["folded_packets"]))
        for ifindex in self._leaving:
            self._forget(ifindex)
        self._leaving.clear()
        return Gained(np.concatenate(found) if found else np.zeros(0, FLOW), books, folded)

    def _forget(self, ifindex: int) -> None:
        self._books.remove(np.array([ifindex], "<u4"))
        for key in _sketch_keys(ifindex):
            self._sketches.remove(key)
        del self._before[ifindex], self._sides[ifindex]

    def _totals(self) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """(ifindex, sum over the processors) of every ENI, flat."""
        count = max(len(self._before), 1)
        for keys, values in _read_all(self._books, (count, np.dtype("<u4")), (self._cpus, ENI_BOOKS)):
            sums = values.view("<i8").reshape(len(keys), self._cpus, -1).sum(axis=1)
            yield from zip(keys.tolist(), sums, strict=True)

    def _distinct(self, ifindex: int, buffer: int) -> int:
        key = _sketch_keys(ifindex)[buffer]
        per_cpu = np.zeros(self._cpus, SKETCH)
        self._sketches.get(key, per_cpu)
        self._sketches.put(key, np.zeros(self._cpus, SKETCH))
        return distinct(per_cpu["rank"].max(axis=0))


class LossCounters:
    """Drops that are no verdict, and drop events that changed no row."""

    def __init__(self, loaded: Loaded) -> None:
        self._lost, self._ignored = loaded.map("lost"), loaded.map("ignored")
        self._program = loaded.program_fd("netfilter_drop")
        self._cpus = libbpf.possible_cpus()
        self._before: dict[tuple[int, int, int], tuple[int, int]] = {}
        self._events = Ignored()

    def dropped(self) -> Dropped:
        """Since the last call, those without news left out."""
        news: Dropped = {}
        for keys, values in _read_all(self._lost, (LOST_MAX, LOST_KEY), (self._cpus, LOST)):
            per_key = values.view("<i8").reshape(len(keys), self._cpus, 2).sum(axis=1)
            for key, (packets, octets) in zip(keys.tolist(), per_key.tolist(), strict=True):
                before = self._before.get(key, (0, 0))
                if packets != before[0]:
                    news[key] = (packets - before[0], octets - before[1])
                    self._before[key] = (packets, octets)
        return news

    def remove(self, ifindex: int) -> None:
        """Forgets an ENI's."""
        for key in [key for key in self._before if key[0] == ifindex]:
            self._lost.remove(np.array([key], LOST_KEY))
            del self._before[key]

    def ignored(self) -> Ignored:
        """Since the last call."""
        per_cpu = np.zeros(self._cpus, IGNORED)
        self._ignored.get(FIRST, per_cpu)
        counts = {name: int(per_cpu[name].sum()) for name in IGNORED.names or ()}
        before, now = self._events, Ignored(**counts, missed=libbpf.missed_runs(self._program))
        self._events = now
        return Ignored(
            now.unattributed - before.unattributed,
            now.copies - before.copies,
            now.unreadable - before.unreadable,
            now.unlisted - before.unlisted,
            now.missed - before.missed,
        )


def distinct(ranks: NDArray[np.uint8]) -> int:
    """How many different keys a HyperLogLog sketch has seen; standard error 1.04 / sqrt(len(ranks)).

    Source: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog", 2007; few keys by linear counting.
    """
    count = len(ranks)
    free = int((ranks == 0).sum())
    raw = 0.7213 / (1 + 1.079 / count) * count**2 / float((0.5 ** ranks.astype(float)).sum())
    return round(count * math.log(count / free)) if free and raw <= 2.5 * count else round(raw)


def _accepted(gain: np.void) -> NDArray[np.int64]:
    """What passed the hooks into the last rows: shape (2, 2), [direction][packets, bytes]."""
    accepted = (gain[name][:, :, ACTION_ACCEPT - 1].sum(axis=0) for name in ("packets", "bytes"))
    return np.stack(list(accepted), axis=1)


def _wire_sums(rows: Flows, ifindexes: NDArray[np.uint32]) -> dict[int, NDArray[np.int64]]:
    """What passed the hooks: the sums of ACCEPT rows, by ifindex, shape (2, 2), [direction][packets, bytes].

    Rows of a drop say nothing here: a moved packet was counted, a REJECT never reached its hook.
    """
    sums = np.zeros((2, 2 * len(ifindexes)), np.int64)
    if not len(ifindexes):
        return {}
    for at in range(0, len(rows), BLOCK_ROWS):
        block = rows[at : at + BLOCK_ROWS]
        ifindex = np.ascontiguousarray(block["ifindex"])
        place = np.searchsorted(ifindexes, ifindex).clip(max=len(ifindexes) - 1)
        known = (ifindexes[place] == ifindex) & (block["action"] == ACTION_ACCEPT)
        place = place * 2 + (block["direction"] & 1)
        for total, name in zip(sums, ("packets", "bytes"), strict=True):
            # Sums in floating point are exact below 2^53, which a block cannot reach.
            total += np.bincount(place, block[name] * known, len(total)).astype(np.int64)
    by_eni = sums.T.reshape(-1, 2, 2)
    return dict(zip(ifindexes.tolist(), by_eni, strict=True))


def _books_of(side: Side, counted: NDArray[np.int64], frames: Array) -> Books:
    """``counted``: [direction][packets, bytes]; ``frames``: of ``layout.FRAMES``, [way]."""
    received = DIRECTION_OUT if side is Side.BEHIND else DIRECTION_IN
    return Books(
        rx=_seen(counted[received].tolist(), frames[0]),
        tx=_seen(counted[1 - received].tolist(), frames[1]),
    )


def _seen(counted: list[int], frames: np.void) -> Seen:
    packets, octets = counted
    excess, excess_bytes, *rest = (int(number) for number in frames.tolist())
    not_ip, not_ip_bytes, malformed, malformed_bytes = rest
    return Seen(
        packets - excess + not_ip + malformed,
        octets + packets * ETHERNET_BYTES - excess_bytes + not_ip_bytes + malformed_bytes,
        packets,
        octets,
        *rest,
    )


def _rest_rows(ifindex: int, gain: np.void) -> Flows:
    """The rows of fold ``eni``; their actions may be ``layout.ACTION_MOVED``."""
    places = np.argwhere((gain["packets"] != 0) | (gain["bytes"] != 0))
    rows = np.zeros(len(places), FLOW)
    rows["ifindex"], rows["fold"] = ifindex, FOLDS.index("eni")
    for row, (family, direction, action) in zip(rows, places.tolist(), strict=True):
        row["family"], row["direction"], row["action"] = 4 + 2 * family, direction, action + 1
        row["packets"], row["bytes"] = (gain[name][family, direction, action] for name in ("packets", "bytes"))
    return rows


def _sketch_keys(ifindex: int) -> tuple[Array, Array]:
    return np.array([(ifindex, 0)], SKETCH_KEY), np.array([(ifindex, 1)], SKETCH_KEY)


def _read_all(source: Map, key: tuple[int, np.dtype], value: tuple[int, np.dtype]) -> Iterator[tuple[Array, Array]]:
    """A per-CPU map's elements; ``key``: how many at a time and their layout, ``value``: CPUs and layout."""
    place = Place()
    keys, values = np.empty(key[0], key[1]), np.empty((key[0], value[0]), value[1])
    while not place.ended:
        count = source.read_batch(place, keys, values)
        if count:
            yield keys[:count], values[:count]
