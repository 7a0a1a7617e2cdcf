"""The ledger's hands: it reads the devices' counters around every drain and puts finished entries on disk.

What enters: drains, held ENIs and finished minutes, from the recorder's thread. What leaves: ledger rows in the spool,
and the state that tells the next agent where this one has stopped. Rule: the state moves on only after the rows are on
disk; rows that find no place there wait in memory, and what does not fit there is said.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from weir.capture import gaps
from weir.capture.counters import Counted, Counters
from weir.capture.folded import FoldedFlows
from weir.capture.kernel import Drained
from weir.capture.ledger import LEDGER_MINUTES, Entry, Held, Ledger, Reading
from weir.capture.spool import Spool, SpoolFull, Target
from weir.capture.window import Closed
from weir.model import fields
from weir.model.ledger import LOGSTORE, NAMES, PROJECT, TOPIC

QUEUE_SECONDS = 0.02
"""Where devices are busy, time between the first reading and the drain: frames that a device has counted have come
through the queue before its hook by then. A queue that is longer leaves frames in flight."""
WAITING_MAX = 60
"""Windows whose rows wait in memory for a full disk; above it the oldest are given up, and their number is logged."""
BATCH_ROWS_MAX = 20_000
"""Rows of one delivery; a long gap of many ENIs takes several."""

EXTRA = pa.map_(pa.string(), pa.string())
_TYPES = {fields.Kind.TEXT: pa.string(), fields.Kind.LONG: pa.int64()}
_TYPED = tuple(field for field in fields.FIELDS if field.name in NAMES)
_LOOSE = tuple(name for name in NAMES if name not in fields.NAMES)

log = logging.getLogger("weir.agent")


@dataclass(frozen=True, slots=True)
class BookParts:
    """What the books are kept with. ``node``: name of this host; ``spooled`` is only called."""

    counters: Counters
    spool: Spool
    node: str
    spooled: Callable[[], None]
    ledger: Ledger
    folded: FoldedFlows


class Bookkeeping:
    """Used by the recorder's thread alone."""

    def __init__(self, parts: BookParts) -> None:
        self._parts = parts
        self._looked: Mapping[int, Counted] | None = None
        self._after: Mapping[int, Counted] = {}
        self._waiting: deque[tuple[int, gaps.State, pa.Table]] = deque()
        self._state_path = parts.spool.directory / gaps.STATE_NAME
        self._batch_prefix = uuid.uuid4().hex
        self._batches = 0

    def begin(self, now_s: int) -> None:
        """Books the time since the last agent of this spool, if there was one."""
        if state := gaps.read(self._state_path):
            self._put(gaps.entries(state, now_s), state)

    def look(self) -> None:
        """Reads the devices' counters now, for the next drain: call it just before hooks are detached."""
        self._looked = self._read()

    def drained(self, drain: Callable[[], Drained]) -> Drained:
        """Drains between two readings of the devices' counters, and books what they say."""
        before = self._read() if self._looked is None else self._looked
        if before != self._after:
            time.sleep(QUEUE_SECONDS)
        drained = drain()
        self._looked, self._after = None, self._read()
        for eni_id, flows in self._parts.ledger.enis(drained.folded).items():
            self._parts.folded.note(eni_id, flows, drained.until_ns)
        self._parts.ledger.read(Reading(before, self._after, drained.books, drained.dropped, drained.folded))
        return drained

    def hold(self, held: Iterable[Held], at_ns: int) -> None:
        """These ENIs from now on; call it after their hooks are attached, everything up to ``at_ns`` being booked."""
        self._parts.ledger.hold(held, at_ns, (self._after, self._read()))

    def lost(self, table: pa.Table) -> None:
        """Records that found no place on disk."""
        for eni_id, rows in Counter(table["eni-id"].to_pylist()).items():
            self._parts.ledger.lost(eni_id or "", rows)

    def end(self, boundary_s: int) -> None:
        """A minute has ended."""
        self._parts.ledger.end(boundary_s)

    def close(self, window: Closed) -> None:
        """Writes the rows of a minute that ``end`` ended; longer windows are none of the ledger's."""
        if window.interval_minutes == LEDGER_MINUTES:
            entries = self._parts.ledger.close(window)
            self._put(entries, gaps.state_of(entries, window.end_s))

    def stop(self) -> None:
        self._parts.counters.close()

    def _read(self) -> Mapping[int, Counted]:
        try:
            return self._parts.counters.read()
        except OSError as trouble:
            log.warning("this window's ledger lacks the devices' counters: %s", trouble)
            return {}

    def _put(self, entries: list[Entry], state: gaps.State) -> None:
        self._batches += 1
        self._waiting.append((self._batches, state, table_of(entries, self._parts.node)))
        while len(self._waiting) > WAITING_MAX:
            log.error(
                "lost the ledger of the window that ended at %d: the disk is full", self._waiting.popleft()[1].until_s
            )
        while self._waiting and self._keep(*self._waiting[0]):
            self._waiting.popleft()

    def _keep(self, batch: int, state: gaps.State, table: pa.Table) -> bool:
        """Whether all of it is on disk; a part that was there already is stored once, by its batch id."""
        try:
            for offset in range(0, table.num_rows, BATCH_ROWS_MAX):
                target = Target(PROJECT, LOGSTORE, f"{self._batch_prefix}-{batch}-{offset}")
                self._parts.spool.keep(table.slice(offset, BATCH_ROWS_MAX), target)
            gaps.write(self._state_path, state)
        except SpoolFull as trouble:
            log.error("the ledger waits for room on disk: %s", trouble)
            return False
        except OSError as trouble:
            log.error("the next start may book windows as uncovered that were not: %s", trouble)
        self._parts.spooled()
        return True


def table_of(entries: list[Entry], node: str) -> pa.Table:
    """Ledger entries as log rows: columns that flow records have too are typed, all others are pairs of texts."""
    columns = {
        "__time__": pa.array([int(entry["end"]) - 1 for entry in entries], pa.int64()),
        "__source__": pa.repeat(pa.scalar(node), len(entries)),
        "__topic__": pa.repeat(pa.scalar(TOPIC), len(entries)),
    }
    for field in _TYPED:
        columns[field.name] = pa.array([entry[field.name] for entry in entries], _TYPES[field.kind])
    pairs = [_pairs({**entry, "node": node}) for entry in entries]
    columns["__extra__"] = pa.array(pairs, EXTRA)
    return pa.table(columns)


def _pairs(entry: Entry) -> list[tuple[str, str]]:
    return [(name, str(entry[name])) for name in _LOOSE if entry[name] != ""]
