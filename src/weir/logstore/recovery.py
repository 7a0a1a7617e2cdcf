"""What a start finds on disk: log files to replay, leftovers to delete, damage to report.

What enters: the manifest's word and the files. What leaves: per shard the runs that are not sealed yet. Rules: rows
that the manifest says are sealed are not read again; a torn tail is cut; a file is deleted only where its rows are
provably elsewhere (in the log or in the manifest), everything else that does not fit is left alone and reported.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from weir.logstore import lake, merge, sealed_groups, wal
from weir.logstore.manifest import ShardRow
from weir.logstore.schema import PUT_SCHEMA
from weir.logstore.tail import Arrival, Run, conform, groups_of

DAMAGED = ".damaged"
"""Suffix of the second name that a damaged log file gets, so that it outlives the seal of what could be read."""


@dataclass(slots=True)
class Recovered:
    """One shard. ``first``: the lowest group in its log files (None: none); ``end``: the next free group;
    ``arrival_ns``: when its newest row arrived (Unix ns, 0 for none); ``read_only``: it takes no more."""

    end: int
    read_only: bool = False
    arrival_ns: int = 0
    runs: list[Run] = field(default_factory=list)
    first: int | None = None
    rows: int = 0
    torn_bytes: int = 0
    damage: list[str] = field(default_factory=list)


def recover(directory: Path, row: ShardRow, seen: set[str]) -> Recovered:
    """Replays the log files in ``directory``; ids of batches found are added to ``seen``. Raises OSError."""
    result = Recovered(end=row.sealed_to, read_only=row.closed_ns is not None)
    for path in sorted(directory.glob("*.wal")):
        found = wal.replay(path, PUT_SCHEMA)
        if found.torn_bytes:
            result.torn_bytes += found.torn_bytes
            wal.cut(found)
        if found.damage:
            _keep_evidence(path)
            result.damage += found.damage
        if found.frames:
            first = found.frames[0].first_group
            result.first = first if result.first is None else min(first, result.first)
        run = _run(found, row, seen, result)
        if run.rows:
            result.runs.append(run)
            result.rows += run.rows
        else:
            path.unlink()
    return result


def clear_leftovers(store: Path, known: set[str], first_groups: dict[int, int | None]) -> list[str]:
    """Deletes what unfinished seals left below one logstore's directory; returns a sentence per stranger.

    ``known``: paths of the manifest, relative to its parent. ``first_groups``: shard -> lowest group in it.
    """
    strangers = []
    for path in lake.unfinished(store):
        path.unlink()
    for path in lake.files(store):
        if path.relative_to(store.parent).as_posix() in known:
            continue
        try:
            shard, first, _ = sealed_groups.span(path)
            sources = merge.sources_of(path)
        except (OSError, pa.ArrowInvalid) as error:
            strangers.append(f"{path}: not in the manifest, not readable ({error})")
            continue
        in_log = first_groups.get(shard)
        merged = bool(sources) and all(_is_kept(source, store.parent, known) for source in sources)
        if merged or (in_log is not None and first >= in_log):
            path.unlink()
        else:
            strangers.append(f"{path}: not in the manifest, and its rows are in no log; left alone")
    return strangers


def _is_kept(path: Path, root: Path, known: set[str]) -> bool:
    """A source of an unfinished compaction that is still there."""
    return path.relative_to(root).as_posix() in known and path.exists()


def _run(found: wal.Replay, row: ShardRow, seen: set[str], result: Recovered) -> Run:
    run = Run(found.path)
    for frame in found.frames:
        end = frame.first_group + groups_of(frame.rows)
        result.end = max(result.end, end)
        result.arrival_ns = max(result.arrival_ns, frame.arrival_ns)
        # A batch can be there twice where a commit failed, could not be cut off, and was repeated.
        if end <= row.sealed_to or frame.batch_id in seen:
            continue
        try:
            table = conform(wal.unpack(frame, found.schema), PUT_SCHEMA)
        except (pa.ArrowInvalid, OSError) as error:
            result.damage.append(f"{found.path.name}: group {frame.first_group} is unreadable ({error})")
            _keep_evidence(found.path)
            continue
        run.add(table, Arrival(row.shard, frame.first_group, frame.arrival_ns), frame.batch_id)
        run.bytes += len(frame.payload)
        if frame.batch_id:
            seen.add(frame.batch_id)
    return run


def _keep_evidence(path: Path) -> None:
    evidence = path.with_suffix(DAMAGED)
    if not evidence.exists():
        os.link(path, evidence)


def missing(paths: Iterable[Path]) -> list[Path]:
    """Those that are not there."""
    return [path for path in paths if not path.exists()]
