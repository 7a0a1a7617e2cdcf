"""The log store of one server process: every logstore below one directory.

What enters: tables of ``PUT_SCHEMA``. What leaves: acknowledgements, snapshots for queries, groups by cursor. Rules: an
acknowledged row is on disk and visible, exactly once per batch id, after any crash; readers never wait for writers.
One process owns the directory (a lock file says so). Constructing recovers; ``start`` adds the background sealing;
``stop`` ends everything, and needs no more than a crash does.
"""

from __future__ import annotations

import fcntl
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from weir.logstore import cursors, durable, lake, retention, shards
from weir.logstore.cursors import Pulled
from weir.logstore.limits import Counters, Limits
from weir.logstore.logstore import Ack, Batch, LogStore, Site, delete_directory
from weir.logstore.manifest import BATCH_MEMORY_DAYS, Manifest, ShardRow
from weir.logstore.publishing import Publishing
from weir.logstore.schema import PUT_SCHEMA
from weir.logstore.shards import Change, Shard, key_ranges
from weir.logstore.snapshot import Snapshot
from weir.logstore.troubles import StoreUnavailable, StoreUnknown

TIME_MAX_S = 2**32 - 1
"""Unix seconds of ``__time__``, 32 bits on the log service's wire; above it (or below 0) a put gets ValueError."""
TEND_SECONDS = 1.0
"""Seconds between two looks at what is due, when no put asks for one."""
LAKE_SECONDS = 1.0
"""Seconds between two looks at what is to be compacted or published."""
LAKE_NICENESS = 10
COMPACTION_RETRY_SECONDS = 600.0
"""Seconds until a compaction that failed is tried again; its segments stay as they are meanwhile."""
PRUNE_SECONDS = 3600.0
"""Seconds between two prunings of old batch ids."""

LIMITS = Limits()

log = logging.getLogger(__name__)


class Store:
    """``root`` is made where missing. ``clock`` gives Unix seconds. Thread-safe.

    Raises StoreUnavailable where the directory is another process's, or neither disk nor manifest can be read.
    ``publishing``: None where no other engine is to read the lake. ``counters`` and ``damage`` (one sentence per loss
    or stranger that recovery found) may be read at any time.
    """

    def __init__(
        self,
        root: Path,
        manifest: Manifest,
        clock: Callable[[], float],
        limits: Limits = LIMITS,
        publishing: Publishing | None = None,
    ) -> None:
        self.counters = Counters()
        self._clock = clock
        self._site = Site(root.absolute(), manifest, limits, self.counters)
        self._lock = threading.Lock()
        self._stores: dict[int, LogStore] = {}
        self._dropped: set[int] = set()  # their files may still be there
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._threads: tuple[threading.Thread, ...] = ()
        self._seal_after: dict[tuple[int, int], float] = {}
        self._compact_after: dict[int, float] = {}
        self._publishing = publishing
        self._prune_after = 0.0
        self._own(root)
        self._recover()

    @property
    def damage(self) -> tuple[str, ...]:
        """What recovery could not read, or found and could not explain. Empty on a healthy disk."""
        return tuple(sentence for store in self._stores.values() for sentence in store.damage)

    def start(self) -> None:
        """Starts the background threads: one seals, one keeps the lake in order."""
        assert not self._threads, "started twice"
        work = {"weir-seal": self._tend_until_stopped, "weir-lake": self._tend_lake_until_stopped}
        self._threads = tuple(threading.Thread(target=run, name=name, daemon=True) for name, run in work.items())
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends the threads, closes the log files. What is not sealed is recovered from the log at the next start."""
        self._stopping.set()
        self._wake.set()
        for thread in self._threads:
            thread.join()
        with self._lock:
            for store in self._stores.values():
                store.close()
            self._owner.close()

    def ids(self) -> frozenset[int]:
        """Every logstore there is."""
        return frozenset(self._stores)

    def create(self, store_id: int, shard_count: int) -> None:
        """Makes the logstore with ``shard_count`` shards, created now. One that exists is left as it is.

        Raises StoreUnavailable, also where its directory holds files of a manifest that is gone: they are not touched.
        """
        with self._lock:
            if store_id in self._stores:
                return
            if store_id in self._dropped:
                self._finish_drop(store_id)
            directory = self._site.root / str(store_id)
            if any(path.is_file() for path in directory.rglob("*")):
                raise StoreUnavailable(f"{directory} holds files that the manifest does not know; move it away")
            created_ns = self._now_ns()
            rows = [
                ShardRow(store_id, shard, created_ns, begin, end, created_ns)
                for shard, (begin, end) in enumerate(key_ranges(shard_count))
            ]
            made = LogStore(self._site, rows)
            self._site.manifest.create(rows)
            self._stores[store_id] = made

    def drop(self, store_id: int) -> None:
        """The logstore and its files are gone. One that does not exist is no trouble."""
        with self._lock:
            store = self._stores.get(store_id)
            if store is not None:
                self._site.manifest.begin_drop(store_id)
                del self._stores[store_id]
                self._dropped.add(store_id)
                store.close()
            if store_id in self._dropped:
                self._finish_drop(store_id)

    def put(
        self,
        store_id: int,
        table: pa.Table,
        *,
        shard: int | str | None = None,
        batch_id: str | None = None,
        stream: bytes = b"",
    ) -> Ack:
        """Stores ``table``, whose schema is ``PUT_SCHEMA``; returns once it is on disk and visible.

        ``shard``: a number, the hash key (1 to 32 hex digits) that chooses one, or the next in turn. A ``batch_id``
        that this logstore has seen within ``BATCH_MEMORY_DAYS`` gives ``duplicate=True``, and nothing is added. Raises
        StoreUnavailable (nothing stored), StoreUnknown, ShardUnknown, ShardReadOnly (a number only), ValueError (a
        time, size or key out of range). ``stream``: the bytes that the table was read from, see ``wal.pack``.
        """
        if not table.schema.equals(PUT_SCHEMA):
            raise TypeError("a put takes tables of PUT_SCHEMA")
        if table.num_rows:
            times = pc.min_max(table["__time__"])
            if times["min"].as_py() < 0 or times["max"].as_py() > TIME_MAX_S:
                raise ValueError(f"__time__ is outside 0 to {TIME_MAX_S}")
        store, now_ns = self._opened(store_id), self._now_ns()
        ack = store.put(Batch(table, batch_id or "", stream), shard, now_ns)
        if store.full(ack.shard, now_ns):
            self._wake.set()
        return ack

    def snapshot(self, store_id: int, from_s: int | None = None, to_s: int | None = None) -> Snapshot:
        """One unchanging view. Segments without a row in [``from_s``, ``to_s``] (Unix s) are left out, no tail is."""
        snapshot = self._opened(store_id).view.snapshot
        if from_s is None and to_s is None:
            return snapshot
        low, high = from_s or 0, TIME_MAX_S if to_s is None else to_s
        inside = (one for one in snapshot.segments if one.time_max >= low and one.time_min <= high)
        return replace(snapshot, segments=tuple(inside))

    def shards(self, store_id: int) -> list[Shard]:
        """The logstore's shards in order, those that were split or merged included."""
        return shards.shown(self._opened(store_id).rows)

    def shard_count(self, store_id: int) -> int:
        """How many shards take rows; 0 where there is no such logstore."""
        store = self._stores.get(store_id)
        return len(shards.writable(store.rows)) if store else 0

    def split(self, store_id: int, shard: int, key: str | None = None, count: int = 2) -> list[Shard]:
        """The shard becomes read only, and ``count`` shards share its keys (two, where a ``key`` says the boundary).

        Returns it and the new ones. Raises StoreUnavailable (nothing changed), ShardUnknown, ShardReadOnly,
        ShardsFixed, ValueError (no hash key).
        """
        store = self._opened(store_id)
        return self._changed(store, store.split(shard, key, count, self._now_ns()))

    def merge(self, store_id: int, shard: int) -> list[Shard]:
        """The shard and its right neighbour become read only, and one new shard has their keys.

        Returns the new one and the two. Raises as ``split``.
        """
        store = self._opened(store_id)
        left, right, made = self._changed(store, store.merge(shard, self._now_ns()))
        return [made, left, right]

    def cursor_begin(self, store_id: int, shard: int) -> int:
        """The cursor of the oldest group there is."""
        return cursors.begin(self._opened(store_id).shard_view(shard))

    def cursor_end(self, store_id: int, shard: int) -> int:
        """The cursor behind the newest group."""
        return self._opened(store_id).shard_view(shard).end

    def cursor_at(self, store_id: int, shard: int, arrival_s: int) -> int:
        """The cursor of the first group received at Unix second ``arrival_s`` or later; the end if there is none."""
        return cursors.at(self._opened(store_id).shard_view(shard), arrival_s)

    def cursor_time(self, store_id: int, shard: int, cursor: int) -> int:
        """Unix second at which the group at ``cursor`` was received; now for the end. Raises CursorError."""
        return cursors.time(self._opened(store_id).shard_view(shard), cursor, int(self._clock()))

    def pull(self, store_id: int, shard: int, cursor: int, count_max: int, end_cursor: int | None = None) -> Pulled:
        """At most ``count_max`` groups of [``cursor``, ``end_cursor``). At the end: none, and the same cursor.

        Raises CursorError, ShardUnknown, StoreUnknown.
        """
        view = self._opened(store_id).shard_view(shard)
        return cursors.pull(view, cursor, end_cursor, count_max, self._site.limits.pull_rows_max)

    def seal(self, store_id: int) -> None:
        """Moves the logstore's whole tail into the lake now. Raises StoreUnavailable; nothing is lost then."""
        store = self._opened(store_id)
        for shard in store.rows:
            store.seal(shard.shard)

    def expire(self, store_id: int, ttl_days: int) -> int:
        """Removes the segments that are older than the retention; returns how many rows went."""
        store = self._opened(store_id)
        expired = retention.choose(store.view.sealed, ttl_days, self._now_ns())
        if expired:
            store.expire(expired, int(self._clock()))
        return sum(one.segment.rows for one in expired)

    def compact(self, store_id: int) -> int:
        """Merges what is due in the logstore; returns how many files that made. Raises StoreUnavailable."""
        store, made = self._opened(store_id), 0
        while store.compact(int(self._clock())):
            made += 1
        return made

    def tend(self) -> None:
        """One round of the background thread: seals what is due, deletes and forgets what is old."""
        now = self._clock()
        for store in list(self._stores.values()):
            for shard in store.due(self._now_ns()):
                if now >= self._seal_after.get((store.id, shard), 0.0):
                    self._seal_or_note(store, shard, now)
        try:
            self._delete_removed(int(now - self._site.limits.removal_grace_seconds))
            if now >= self._prune_after:
                self._prune_after = now + PRUNE_SECONDS
                self._site.manifest.forget_batches(int(now) - BATCH_MEMORY_DAYS * lake.SECONDS_PER_DAY)
        except StoreUnavailable as error:
            log.warning("old data stays for now: %s", error)

    def tend_lake(self) -> None:
        """One round of the other background thread: compacts what is due, publishes what there is."""
        now = self._clock()
        for store in list(self._stores.values()):
            try:
                while not self._stopping.is_set() and now >= self._compact_after.get(store.id, 0.0):
                    if not store.compact(int(now)):
                        break
                    pa.default_memory_pool().release_unused()  # hundreds of MB that nobody needs for a while
            except StoreUnavailable as error:
                self.counters.add(compaction_failures=1)
                self._compact_after[store.id] = now + COMPACTION_RETRY_SECONDS
                log.warning("segments stay as they are for now: %s", error)
        if self._publishing is not None:
            live = {store.id: store.view.snapshot.segments for store in list(self._stores.values())}
            if not self._publishing.round(live, now):
                self.counters.add(publication_failures=1)

    def _seal_or_note(self, store: LogStore, shard: int, now: float) -> None:
        try:
            store.seal(shard)
            pa.default_memory_pool().release_unused()
        except StoreUnavailable as error:
            self.counters.add(seal_failures=1)
            self._seal_after[store.id, shard] = now + self._site.limits.retry_seconds
            log.warning("rows stay in the write-ahead log for now: %s", error)

    def _delete_removed(self, before_s: int) -> None:
        gone = self._site.manifest.removed_segments(before_s, self._site.root)
        removed = tuple(one for one in gone if self._may_go(one.segment.path))
        if not removed:
            return
        try:
            lake.delete(removed)
        except OSError as error:
            raise StoreUnavailable(f"cannot delete an expired file: {error}") from error
        self._site.manifest.forget_segments(removed, self._site.root)

    def _tend_until_stopped(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(TEND_SECONDS)
            self._wake.clear()
            self.tend()

    def _may_go(self, path: Path) -> bool:
        """No reader of ours holds the file, no published table names it."""
        return path not in self._site.in_use and (self._publishing is None or self._publishing.may_go(path))

    def _tend_lake_until_stopped(self) -> None:
        # Nobody waits for this work, and on a small machine it would take its time from those who are waited for.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LAKE_NICENESS)
        while not self._stopping.wait(LAKE_SECONDS):
            self.tend_lake()

    def _own(self, root: Path) -> None:
        try:
            durable.make_directory(root)
            self._owner = (root / "lock").open("a")
            fcntl.flock(self._owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreUnavailable(f"{root} is in use or unusable: {error.strerror}") from error

    def _recover(self) -> None:
        started = time.monotonic()
        for store_id, group in itertools.groupby(self._site.manifest.shards(), key=lambda row: row.store_id):
            rows = list(group)
            if rows[0].dropped:
                self._dropped.add(store_id)
                self._finish_drop(store_id)
            else:
                self._stores[store_id] = LogStore(self._site, rows)
        for sentence in self.damage:
            log.error("recovery: %s", sentence)
        self.counters.add(recovery_ms=round((time.monotonic() - started) * 1000), damaged=len(self.damage))

    def _changed(self, store: LogStore, change: Change) -> list[Shard]:
        """The closed shards, then those that came in their place."""
        known = shards.shown(store.rows)
        return [one for one in known if one.id in change.closed or set(one.parents) == set(change.closed)]

    def _finish_drop(self, store_id: int) -> None:
        delete_directory(self._site.root / str(store_id))
        self._site.manifest.finish_drop(store_id)
        self._dropped.discard(store_id)

    def _opened(self, store_id: int) -> LogStore:
        store = self._stores.get(store_id)
        if store is None:
            raise StoreUnknown(f"there is no logstore {store_id}")
        return store

    def _now_ns(self) -> int:
        return int(self._clock() * 1e9)
