"""One logstore: its shards, its batch ids, and the view that its readers hold.

What enters: puts, seals, expiry. What leaves: ``View``, one immutable value. Rule: the view is replaced in one
assignment under one lock, so a row is in exactly one of tail and segments, for every reader, at every moment.
"""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from weakref import WeakValueDictionary

import pyarrow as pa

from weir.logstore import compaction, cursors, durable, lake, merge, recovery, shards, wal
from weir.logstore.batches import BatchIds
from weir.logstore.limits import Counters, Limits
from weir.logstore.manifest import Manifest, Seal, Sealed, ShardRow
from weir.logstore.shard import Entry, Shard, Surroundings, Tail
from weir.logstore.shards import Change
from weir.logstore.snapshot import Segment, Snapshot
from weir.logstore.space import Space
from weir.logstore.tail import Run
from weir.logstore.troubles import DiskReserved, ShardReadOnly, ShardUnknown, StoreUnavailable


@dataclass(frozen=True, slots=True)
class Ack:
    """The rows are on disk. ``duplicate``: they had been before, by their batch id, and nothing was added."""

    rows: int
    duplicate: bool
    shard: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What a put stores: a table of ``PUT_SCHEMA``. ``batch_id`` is empty where the writer gave none; ``stream``: the
    Arrow IPC stream that the table came in, if it did."""

    table: pa.Table
    batch_id: str = ""
    stream: bytes = b""


@dataclass(frozen=True, slots=True)
class View:
    """All that readers see. ``tails`` and ``ends`` (cursor behind the newest group) by shard number."""

    snapshot: Snapshot
    sealed: tuple[Sealed, ...]
    tails: tuple[Tail, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """What every logstore of a store shares. ``root`` is the store's directory.

    ``in_use``: the segments that a view or a reader holds, by path; no such file is deleted.
    """

    root: Path
    manifest: Manifest
    limits: Limits
    counters: Counters
    in_use: WeakValueDictionary[Path, Segment] = field(default_factory=WeakValueDictionary)


class LogStore:
    """Opens (and recovers) the logstore of ``rows``, its shards in order. Raises StoreUnavailable."""

    def __init__(self, site: Site, rows: Sequence[ShardRow]) -> None:
        self.id = rows[0].store_id
        self.rows = tuple(rows)
        self.damage: list[str] = []
        self._site = site
        self._directory = site.root / str(self.id)
        self._lake = self._directory / "lake"
        self._space = Space(site.root, site.limits.disk_reserve_bytes)
        self._lock = threading.Lock()
        self._reshaping = threading.Lock()  # held while shards are taken out of use and others put in their place
        self._sealing = [threading.Lock() for _ in rows]
        self._unconfirmed: dict[int, tuple[Sealed, ...]] = {}  # files of a seal that the manifest did not confirm
        self._compacting = threading.Lock()
        self._closed = False
        self._unconfirmed_merge: tuple[tuple[Sealed, ...], Sealed] | None = None
        self._choice = itertools.count()
        try:
            found = self._recover()
        except OSError as error:
            raise StoreUnavailable(f"logstore {self.id} cannot be opened: {error}") from error
        sealed = self._present(site.manifest.segments(self.id, site.root))
        tails = tuple(tuple(t for run in shard.runs for t in run.tables()) for shard in found)
        self._hold(sealed)
        self._view = _view(self._lake, _segments(sealed), sealed, tails, tuple(shard.end for shard in found))
        for one in sealed:
            newest = found[one.segment.shard]
            newest.arrival_ns = max(newest.arrival_ns, one.arrival_max_ns)
        self._shards = [self._shard(row, shard) for row, shard in zip(rows, found, strict=True)]
        known = {name: row.shard for row, s in zip(rows, found, strict=True) for r in s.runs for name in r.batches}
        self._batches = BatchIds(lambda name: site.manifest.batch_shard(self.id, name), known)

    @property
    def view(self) -> View:
        """What is true now."""
        return self._view

    def shard_view(self, shard: int) -> cursors.ShardView:
        """One shard of the view. Raises ShardUnknown."""
        self._check(shard)
        view = self._view
        mine = tuple(sealed for sealed in view.sealed if sealed.segment.shard == shard)
        return cursors.ShardView(self.rows[shard].created_ns, view.ends[shard], mine, view.tails[shard])

    def put(self, batch: Batch, shard: int | str | None, now_ns: int) -> Ack:
        """See ``Store.put``."""
        table, batch_id = batch.table, batch.batch_id
        if not table.num_rows:
            return Ack(0, False, self._chosen(shard))
        if not batch_id:
            return Ack(table.num_rows, False, self._commit(batch, shard, now_ns))
        holder = self._batches.claim(batch_id)
        if holder is not None:
            self._site.counters.add(duplicates=1)
            return Ack(table.num_rows, True, holder)
        stored_in = None
        try:
            stored_in = self._commit(batch, shard, now_ns)
        finally:
            self._batches.settle(batch_id, stored_in)
        return Ack(table.num_rows, False, stored_in)

    def split(self, number: int, key: str | None, count: int, now_ns: int) -> Change:
        """See ``Store.split``."""
        with self._reshaping:
            change = shards.split(self.rows, number, key, count)
            self._reshape(change, now_ns)
        return change

    def merge(self, number: int, now_ns: int) -> Change:
        """See ``Store.merge``."""
        with self._reshaping:
            change = shards.merge(self.rows, number)
            self._reshape(change, now_ns)
        return change

    def full(self, shard: int, now_ns: int) -> bool:
        """Whether that shard has something to seal now."""
        return self._shards[shard].due(now_ns)

    def due(self, now_ns: int) -> list[int]:
        """The shards that have something to seal now."""
        return [shard.number for shard in self._shards if shard.due(now_ns)]

    def seal(self, number: int) -> None:
        """Moves the shard's tail into the lake. Raises StoreUnavailable; then everything is as it was, or (where only
        the answer of the manifest was lost) the next seal finds that this one was done."""
        self._check(number)
        with self._sealing[number]:
            shard = self._shards[number]
            runs = shard.freeze()
            if not runs:
                return
            sealed_to = self._site.manifest.sealed_to(self.id, number)
            done = [run for run in runs if run.end_group <= sealed_to]
            if done:
                sealed = self._site.manifest.segments(self.id, self._site.root)
                first = max((one.segment.group_max for one in self._sealed_of(number)), default=-1)
                new = (one for one in sealed if one.segment.shard == number and one.segment.group_min > first)
                self._settle_seal(shard, done, tuple(new))
            unconfirmed = self._unconfirmed.pop(number, ())
            if not done:
                lake.delete(unconfirmed)
            left = runs[len(done) :]
            if left:
                sealed = self._write_lake(number, left)
                self._settle_seal(shard, left, sealed)

    def expire(self, expired: Sequence[Sealed], now_s: int) -> None:
        """Takes whole segments out of the view; their files follow after the grace. Raises StoreUnavailable."""
        self._site.manifest.remove_segments(expired, now_s, self._site.root)
        with self._lock:
            gone = set(expired)
            left = tuple(sealed for sealed in self._view.sealed if sealed not in gone)
            self._view = _view(self._lake, _segments(left), left, self._view.tails, self._view.ends)
        rows = sum(sealed.segment.rows for sealed in expired)
        self._site.counters.add(expired_segments=len(expired), expired_rows=rows)

    def compact(self, now_s: int) -> bool:
        """Merges the segments that are due next; False where none are. Raises StoreUnavailable: nothing has changed, or
        (where only the answer of the manifest was lost) the next call finds that it was done."""
        with self._compacting:
            self._confirm_merge()
            sources = () if self._closed else compaction.choose(self._view.sealed, now_s, self._site.limits)
            if not sources:
                return False
            try:
                made = merge.write(sources)
            except (OSError, pa.ArrowException) as error:
                raise StoreUnavailable(f"cannot compact logstore {self.id}: {error}") from error
            self._unconfirmed_merge = sources, made
            if self._site.manifest.replace_segments(sources, made, self.id, now_s, self._site.root):
                self._exchange(sources, made)
            else:  # one of them expired meanwhile
                lake.delete([made])
            self._unconfirmed_merge = None
            return True

    def close(self) -> None:
        """No more puts; ends after the seal, the commit and the compaction under way."""
        with self._compacting:
            self._closed = True
        for number, shard in enumerate(self._shards):
            with self._sealing[number]:
                shard.close()

    def delete_files(self) -> None:
        """Of a closed logstore. Raises StoreUnavailable."""
        delete_directory(self._directory)

    def _commit(self, batch: Batch, shard: int | str | None, now_ns: int) -> int:
        """Returns the shard that has it now."""
        raw_bytes, payload = wal.pack(batch.table, batch.stream)
        while True:
            chosen = self._chosen(shard)
            try:
                self._space.claim(len(payload))
                self._shards[chosen].commit(Entry(batch.table, raw_bytes, payload, batch.batch_id), now_ns)
            except StoreUnavailable as error:
                self._site.counters.add(refused=1, refused_disk=int(isinstance(error, DiskReserved)))
                raise
            except ShardReadOnly:
                if isinstance(shard, int):
                    raise
                with self._reshaping:  # until it is known which shards go on in its place
                    continue
            return chosen

    def _chosen(self, shard: int | str | None) -> int:
        if isinstance(shard, str):
            return shards.shard_of(self.rows, shard)
        if shard is None:
            turn = shards.writable(self.rows)
            return turn[next(self._choice) % len(turn)].shard
        self._check(shard)
        return shard

    def _reshape(self, change: Change, now_ns: int) -> None:
        """Of the steps only the manifest's counts: a crash before it leaves the old shards, one after it the new.

        While the old shards are finished and the new ones not shown, writers wait for ``_reshaping``.
        """
        # One moment per change: it tells which shards came in the place of which.
        moment_ns = max(now_ns, *(1 + (row.closed_ns or row.created_ns) for row in self.rows))
        made = [
            ShardRow(self.id, len(self.rows) + place, moment_ns, begin, end, moment_ns)
            for place, (begin, end) in enumerate(change.ranges)
        ]
        try:
            for row in made:
                durable.make_directory(self._wal_directory(row.shard))
        except OSError as error:
            raise StoreUnavailable(f"cannot make a shard of logstore {self.id}: {error}") from error
        for number in change.closed:
            self._shards[number].finish()
        try:
            self._site.manifest.replace_shards(change.closed, made)
        except StoreUnavailable:
            for number in change.closed:
                self._shards[number].reopen()
            raise
        self._sealing += [threading.Lock() for _ in made]
        self._shards += [self._shard(row, recovery.Recovered(end=moment_ns)) for row in made]
        with self._lock:
            old = self._view
            tails, ends = (*old.tails, *(() for _ in made)), (*old.ends, *(moment_ns for _ in made))
            self._view = replace(old, tails=tails, ends=ends)
            kept = (replace(row, closed_ns=moment_ns) if row.shard in change.closed else row for row in self.rows)
            self.rows = (*kept, *made)

    def _shard(self, row: ShardRow, found: recovery.Recovered) -> Shard:
        around = Surroundings(self._site.limits, self._site.counters, self._show_tail)
        return Shard(row.shard, self._wal_directory(row.shard), around, found)

    def _write_lake(self, number: int, runs: list[Run]) -> tuple[Sealed, ...]:
        table = pa.concat_tables([table for run in runs for table in run.tables()])
        batches = {name: arrival_s for run in runs for name, arrival_s in run.batches.items()}
        try:
            sealed = lake.write(self._directory / "lake", table)
        except OSError as error:
            raise StoreUnavailable(f"cannot seal shard {number} of {self.id}: {error}") from error
        seal = Seal(self.id, number, runs[-1].end_group, sealed, batches)
        self._unconfirmed[number] = sealed
        self._site.manifest.seal(seal, self._site.root)
        del self._unconfirmed[number]
        size = sum(one.segment.size_bytes for one in sealed)
        self._site.counters.add(seals=1, sealed_rows=table.num_rows, sealed_bytes=size)
        return sealed

    def _settle_seal(self, shard: Shard, runs: list[Run], sealed: tuple[Sealed, ...]) -> None:
        shard.release(runs, lambda tail, end: self._show(shard.number, tail, end, sealed))
        self._batches.sealed(name for run in runs for name in run.batches)
        for run in runs:
            # The manifest has the rows: a log file that stays after a crash is skipped by ``sealed_to``.
            run.path.unlink(missing_ok=True)

    def _confirm_merge(self) -> None:
        """Finds out whether the manifest has the compaction whose answer was lost."""
        if self._unconfirmed_merge is None:
            return
        sources, made = self._unconfirmed_merge
        if made.segment.path.relative_to(self._site.root).as_posix() in self._site.manifest.paths():
            self._exchange(sources, made)
        else:
            lake.delete([made])
        self._unconfirmed_merge = None

    def _exchange(self, sources: tuple[Sealed, ...], made: Sealed) -> None:
        """Readers see ``made`` instead of ``sources`` from here on; those who hold a view keep what they have."""
        with self._lock:
            gone = set(sources)
            left = (*(one for one in self._view.sealed if one not in gone), made)
            self._hold([made])
            self._view = _view(self._lake, _segments(left), left, self._view.tails, self._view.ends)
        rows = made.segment.rows
        self._site.counters.add(compactions=1, compacted_segments=len(sources), compacted_rows=rows)

    def _sealed_of(self, number: int) -> tuple[Sealed, ...]:
        return tuple(one for one in self._view.sealed if one.segment.shard == number)

    def _hold(self, sealed: Sequence[Sealed]) -> None:
        self._site.in_use.update({one.segment.path: one.segment for one in sealed})

    def _show_tail(self, number: int, tail: Tail, end: int) -> None:
        self._show(number, tail, end, ())

    def _show(self, number: int, tail: Tail, end: int, sealed: tuple[Sealed, ...]) -> None:
        with self._lock:
            old = self._view
            tails = (*old.tails[:number], tail, *old.tails[number + 1 :])
            ends = (*old.ends[:number], end, *old.ends[number + 1 :])
            new = tuple(one for one in sealed if one not in set(old.sealed)) if sealed else ()
            self._hold(new)
            self._view = _view(self._lake, old.snapshot.segments + _segments(new), old.sealed + new, tails, ends)

    def _check(self, shard: int) -> None:
        if not 0 <= shard < len(self.rows):
            raise ShardUnknown(f"logstore {self.id} has no shard {shard}")

    def _wal_directory(self, shard: int) -> Path:
        return self._directory / "wal" / str(shard)

    def _recover(self) -> list[recovery.Recovered]:
        seen: set[str] = set()
        found = []
        for row in self.rows:
            durable.make_directory(self._wal_directory(row.shard))
            found.append(recovery.recover(self._wal_directory(row.shard), row, seen))
        for shard in found:
            self.damage += shard.damage
            self._site.counters.add(recovered_rows=shard.rows, torn_bytes=shard.torn_bytes)
        first = {row.shard: shard.first for row, shard in zip(self.rows, found, strict=True)}
        self.damage += recovery.clear_leftovers(self._directory, self._site.manifest.paths(), first)
        return found

    def _present(self, sealed: tuple[Sealed, ...]) -> tuple[Sealed, ...]:
        gone = set(recovery.missing(one.segment.path for one in sealed))
        self.damage += [f"{path}: in the manifest, but the file is gone" for path in sorted(gone)]
        return tuple(one for one in sealed if one.segment.path not in gone)


def delete_directory(directory: Path) -> None:
    """With all below it. Raises StoreUnavailable."""
    try:
        shutil.rmtree(directory)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreUnavailable(f"cannot delete {directory}: {error}") from error


def _segments(sealed: tuple[Sealed, ...]) -> tuple[Segment, ...]:
    return tuple(one.segment for one in sealed)


def _view(
    lake: Path,
    segments: tuple[Segment, ...],
    sealed: tuple[Sealed, ...],
    tails: tuple[Tail, ...],
    ends: tuple[int, ...],
) -> View:
    tables = tuple(table for tail in tails for table in tail)
    return View(Snapshot(segments, tables, lake), sealed, tails, ends)
