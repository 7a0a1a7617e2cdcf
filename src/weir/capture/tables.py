"""The kernel's tables of rows: how large they are made, and how they are emptied.

What enters: the loaded object. What leaves: rows of ``flows.FLOW``. Rule: only the buffer that no program writes any
more is touched. The processors' own tables are read through a window of memory that moves over them, so that they are
no part of the agent's resident memory, whatever their size.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from weir.capture.flows import FLOW, Flows
from weir.capture.layout import COARSE, KEY4, KEY6, SLOT, VAL, Clock, rows4, rows6, rows_coarse, rows_of_slots
from weir.capture.libbpf import Array, Map, Place
from weir.capture.skeleton import Loaded

FLOWS_MAX = 1 << 17
"""Flows per address family in the shared tables between two drains. The packets of a flow beyond fold into coarser
rows. Memory, taken at the start: about 0.75 kB per flow."""
SLOTS = 1 << 16
"""Flows in each processor's own table between two drains; those beyond go to the shared ones. Memory, taken at the
start: 128 bytes per slot and processor."""
SLOTS_MIN = 1 << 10
"""Fewer are none: a buffer of one processor then fills no page of 64 kB."""
BATCH_ROWS = 1 << 14
"""Rows moved out of the kernel per call: they stay in the processor's cache while they become rows."""
WINDOW_SLOTS = 1 << 14
"""Slots that are mapped at a time: 1 MiB of resident memory."""

WAYS = 2
CPUS = Path("/sys/devices/system/cpu/possible")
REALTIME = Path("/sys/kernel/realtime")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a map of rows holds, and how its elements become rows."""

    key: np.dtype[np.void]
    rows: Callable[[Array, Array, Clock], Flows]


KINDS = (
    ("flows4", Kind(KEY4, rows4)),
    ("flows6", Kind(KEY6, rows6)),
    ("drops4", Kind(KEY4, rows4)),
    ("drops6", Kind(KEY6, rows6)),
    ("ports", Kind(COARSE, rows_coarse)),
    ("prefixes", Kind(COARSE, rows_coarse)),
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Entries of every table, from the two that are set.

    ``slots`` is rounded down to a power of two. On a PREEMPT_RT kernel, whose packets may interrupt each other, there
    are none.
    """

    flows: int = FLOWS_MAX
    slots: int = SLOTS

    @property
    def pairs(self) -> int:
        """Pairs of slots per processor and buffer, a power of two or 0."""
        if self.slots < SLOTS_MIN or (REALTIME.exists() and REALTIME.read_text(encoding="ascii").strip() == "1"):
            return 0
        return 1 << (self.slots.bit_length() - 1) >> 1

    def entries(self, cpus: int) -> dict[str, int]:
        """Map name -> entries. A fourth as many drops as flows have a row; an eighth as many coarser rows of a kind."""
        each = {
            "flows4": self.flows,
            "flows6": self.flows,
            "drops4": max(self.flows // 4, 1),
            "drops6": max(self.flows // 4, 1),
            "ports": max(self.flows // 8, 1),
            "prefixes": max(self.flows // 8, 1),
        }
        shared = {f"{name}_{buffer}": entries for name, entries in each.items() for buffer in (0, 1)}
        return shared | {"pairs": max(2 * cpus * self.pairs, 1)}


def highest_cpu(listed: str) -> int:
    """The highest processor number in a list like ``0-3,8``."""
    return int(listed.strip().replace("-", ",").split(",")[-1])


def cpu_numbers() -> int:
    """How many processor numbers there can be; on a sparse machine more than there are processors."""
    return highest_cpu(CPUS.read_text(encoding="ascii")) + 1


class Tables:
    """The tables of a loaded object, by buffer."""

    def __init__(self, loaded: Loaded, sizes: Sizes, cpus: int) -> None:
        self._loaded = loaded
        self._pairs = loaded.map("pairs")
        self._slots = WAYS * sizes.pairs * cpus
        entries = sizes.entries(cpus)
        self._rows_max = self._slots + sum(entries[f"{name}_0"] for name, _ in KINDS)

    def take(self, buffer: int, now: Clock) -> Flows:
        """Empties a buffer nobody writes. Rows may have the action ``layout.ACTION_MOVED``; keys may repeat.

        The result is made as large as the tables at once, and a page of it is memory only when rows reach it: a list of
        parts would be in memory twice while it is put together.
        """
        rows, filled = np.empty(self._rows_max, FLOW), 0
        parts = [self._take_slots(buffer, now)]
        parts += [self._take_map(f"{name}_{buffer}", kind, now) for name, kind in KINDS]
        # As words: numpy would copy structured rows field by field, several times slower.
        words = rows.view("<u8").reshape(len(rows), FLOW.itemsize // 8)
        for part in chain.from_iterable(parts):
            words[filled : filled + len(part)] = part.view("<u8").reshape(len(part), FLOW.itemsize // 8)
            filled += len(part)
        if filled < BATCH_ROWS:  # few rows shall not hold the address space of all
            words = words[:filled].copy()
        found: Flows = words[:filled].view(FLOW).ravel()
        return found

    def _take_map(self, name: str, kind: Kind, now: Clock) -> Iterator[Flows]:
        """Empties a map nobody writes, a batch at a time."""
        source, place = self._loaded.map(name), Place()
        keys, values = np.empty(BATCH_ROWS, kind.key), np.empty(BATCH_ROWS, VAL)
        while not place.ended:
            count = source.take_batch(place, keys, values)
            yield kind.rows(keys[:count], values[:count], now)

    def _take_slots(self, buffer: int, now: Clock) -> Iterator[Flows]:
        """Empties the processors' own tables, a window at a time."""
        begin = buffer * self._slots
        for at in range(begin, begin + self._slots, WINDOW_SLOTS):
            slots = _emptied(self._pairs, at, min(WINDOW_SLOTS, begin + self._slots - at))
            if len(slots):
                yield rows_of_slots(slots, now)


def _emptied(source: Map, first: int, count: int) -> Array:
    """Copies the slots in use out of one window and frees them, by their family alone."""
    size = SLOT.itemsize
    with mmap.mmap(source.fd, count * size, offset=first * size) as window:
        octets = np.frombuffer(window, np.uint8).reshape(count, size)
        assert SLOT.fields is not None
        family = octets[:, SLOT.fields["family"][1]]
        used = np.flatnonzero(family)
        taken = octets.view("<u8").take(used, axis=0)
        family[used] = 0
        del octets, family
    return taken.view(SLOT).ravel()
