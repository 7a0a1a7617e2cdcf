"""One shard's way in: group commit, and the hand-over of finished log files to the seal.

What enters: packed puts from many threads. What leaves: acknowledgements, and after each commit the new tail for
readers. Rules: the thread whose turn it is writes for all that wait and syncs once; groups are numbered in the
order in which they are written, and a number is never used twice (a commit that failed leaves a gap); rows are
published before their put returns and never before they are on disk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import pyarrow as pa

from weir.logstore import wal
from weir.logstore.limits import Counters, Limits
from weir.logstore.recovery import Recovered
from weir.logstore.schema import PUT_SCHEMA
from weir.logstore.tail import Arrival, Run, groups_of
from weir.logstore.troubles import ShardReadOnly, StoreUnavailable, StoreUnknown

Tail = tuple[pa.Table, ...]


@dataclass(slots=True)
class Entry:
    """One put on its way. ``arrival`` is set when it has its turn, ``done`` when its commit ended, well or not."""

    table: pa.Table
    raw_bytes: int
    payload: bytes
    batch_id: str
    arrival: Arrival | None = None
    trouble: StoreUnavailable | None = None
    done: bool = False
    memory_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.memory_bytes = self.table.nbytes


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a shard shares with the others. ``publish(shard, tail, end)`` gives readers the shard's tail."""

    limits: Limits
    counters: Counters
    publish: Callable[[int, Tail, int], None]


class Shard:
    """``directory`` holds its log files; ``found`` is what recovery found in them."""

    def __init__(self, number: int, directory: Path, around: Surroundings, found: Recovered) -> None:
        self.number = number
        self._directory = directory
        self._around = around
        self._turn = threading.Condition()
        self._busy = False  # somebody writes, or changes the runs
        self._closed = False
        self._read_only = found.read_only
        self._queue: list[Entry] = []
        self._frozen = found.runs
        self._active: tuple[Run, wal.WalFile] | None = None
        self._next_group = self._end = found.end
        self._arrival_ns = found.arrival_ns

    def commit(self, entry: Entry, now_ns: int) -> None:
        """Returns when the entry is on disk and readers see it. Raises StoreUnavailable, StoreUnknown, ShardReadOnly:
        it is not."""
        with self._turn:
            self._admit()
            self._arrival_ns = max(self._arrival_ns, now_ns)  # a clock set back must not unsort the shard
            entry.arrival = Arrival(self.number, self._next_group, self._arrival_ns)
            self._next_group += groups_of(entry.table.num_rows)
            self._queue.append(entry)
        while not entry.done:
            with self._turn:
                self._turn.wait_for(lambda: entry.done or not self._busy)
                if entry.done:
                    break
                self._busy = True
                entries = self._queue[: wal.COMMIT_FRAMES_MAX]
                del self._queue[: wal.COMMIT_FRAMES_MAX]
            self._lead(entries)
        if entry.trouble is not None:
            raise StoreUnavailable(str(entry.trouble)) from entry.trouble

    def due(self, now_ns: int) -> bool:
        """Whether there is something to seal now."""
        active, limits = self._active, self._around.limits
        if self._frozen or active is None:
            return bool(self._frozen)
        run = active[0]
        age_ns = now_ns - run.first_arrival_ns
        return run.rows > 0 and (
            run.rows >= limits.seal_rows
            or run.memory_bytes >= limits.seal_memory_bytes
            or run.bytes >= limits.seal_bytes
            or age_ns >= limits.seal_age_seconds * 1e9
        )

    def freeze(self) -> list[Run]:
        """Closes the log file in use; returns every run that waits for its seal, oldest first."""
        with self._exclusive():
            self._retire()
            return list(self._frozen)

    def release(self, sealed: list[Run], publish: Callable[[Tail, int], None]) -> None:
        """The runs are in the lake: takes them off the tail in the step in which ``publish`` shows their segments."""
        with self._exclusive():
            self._frozen = [run for run in self._frozen if run not in sealed]
            publish(self._tail(), self._end)

    def finish(self) -> None:
        """Read only from here on: commits that come get ShardReadOnly, those under way end before this returns."""
        with self._turn:
            self._read_only = True
            self._turn.notify_all()
            self._turn.wait_for(lambda: not self._busy and not self._queue)

    def reopen(self) -> None:
        """Takes ``finish`` back."""
        with self._turn:
            self._read_only = False

    def close(self) -> None:
        """No more commits: those that come get StoreUnknown. Waits for the one under way."""
        with self._exclusive():
            self._closed = True
            self._retire()

    def _admit(self) -> None:
        """Waits, with the lock held, while the seal is far behind. The queue counts: its rows are in memory too."""
        limits = self._around.limits
        room = self._turn.wait_for(
            lambda: self._closed or self._read_only or self._has_room(),
            limits.backlog_wait_seconds,
        )
        if self._closed:
            raise StoreUnknown(f"shard {self.number} is closed")
        if self._read_only:
            raise ShardReadOnly(f"shard {self.number} is read only")
        if not room:
            raise StoreUnavailable("{} rows of {} bytes wait to be sealed".format(*self._waiting()))

    def _has_room(self) -> bool:
        rows, size = self._waiting()
        return rows < self._around.limits.tail_rows_max and size < self._around.limits.tail_bytes_max

    def _waiting(self) -> tuple[int, int]:
        """Rows, and their bytes in memory."""
        runs = [*self._frozen, *([self._active[0]] if self._active else [])]
        rows = sum(int(entry.table.num_rows) for entry in self._queue) + sum(run.rows for run in runs)
        size = sum(entry.memory_bytes for entry in self._queue) + sum(run.memory_bytes for run in runs)
        return rows, size

    def _lead(self, entries: list[Entry]) -> None:
        trouble: StoreUnavailable | None = StoreUnavailable("the commit that this put shared with others failed")
        try:
            self._write(entries)
            trouble = None
        except StoreUnavailable as error:
            trouble = error
        finally:
            with self._turn:
                for entry in entries:
                    entry.trouble, entry.done = trouble, True
                self._busy = False
                self._turn.notify_all()

    def _write(self, entries: list[Entry]) -> None:
        arrivals = [entry.arrival for entry in entries if entry.arrival is not None]
        if self._active is None:
            path = self._directory / f"{arrivals[0].first_group:020d}.wal"
            self._active = Run(path), wal.WalFile(path, PUT_SCHEMA)
        run, file = self._active
        frames = [
            wal.Frame(e.batch_id, a.first_group, a.arrival_ns, e.table.num_rows, e.raw_bytes, e.payload)
            for e, a in zip(entries, arrivals, strict=True)
        ]
        try:
            written = file.append(frames)
        finally:
            if file.broken:
                self._retire()
        for entry, arrival in zip(entries, arrivals, strict=True):
            run.add(entry.table, arrival, entry.batch_id)
        run.bytes += written
        self._end = run.end_group
        rows = sum(entry.table.num_rows for entry in entries)
        self._around.counters.add(batches=len(entries), rows=rows, bytes=written, commits=1)
        self._around.publish(self.number, self._tail(), self._end)

    def _retire(self) -> None:
        if self._active is not None:
            run, file = self._active
            self._active = None
            file.close()
            self._frozen = [*self._frozen, run]

    def _tail(self) -> Tail:
        runs = [*self._frozen, *([self._active[0]] if self._active else [])]
        return tuple(chain.from_iterable(run.tables() for run in runs))

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with self._turn:
            self._turn.wait_for(lambda: not self._busy)
            self._busy = True
        try:
            yield
        finally:
            with self._turn:
                self._busy = False
                self._turn.notify_all()
