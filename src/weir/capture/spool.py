"""The agent's disk: closed windows wait here until the log store has acknowledged them.

What enters: one Arrow table per batch with the logstore it is for. What leaves: the same batches in the order they
came, until ``done`` removes them. Rule: ``keep`` returns only after the bytes and the directory entry are on disk; a
batch has an id of its own, so delivering it twice stores it once.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

SPOOL_BYTES_MAX = 1 << 30
"""Bytes of waiting batches. Above it the oldest batch is given up for the newest, and its rows are counted as lost."""

_TARGET = b"weir.target"
_SUFFIX = ".arrow"


class SpoolFull(OSError):
    """The spool's disk takes no more bytes: the batch was not kept (trouble, not a bug)."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a batch goes: a logstore, and the id under which the store recognises a repetition."""

    project: str
    logstore: str
    batch_id: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A waiting batch. ``payload`` is an Arrow IPC stream as it goes over the wire."""

    path: Path
    target: Target
    rows: int
    payload: bytes


class Spool:
    """A directory of batches. One process at a time may write to it; its threads may share one ``Spool``.

    ``reserve_bytes`` of its disk stay free: where less is left, the oldest batch gives way as above ``bytes_max``.
    """

    def __init__(self, directory: Path, bytes_max: int = SPOOL_BYTES_MAX, reserve_bytes: int = 0) -> None:
        self.directory = directory
        self.bytes_max = bytes_max
        self.reserve_bytes = reserve_bytes
        self.rows_lost = 0
        self._lock = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True)
        for leftover in directory.glob("*.part"):
            leftover.unlink()
        self._sizes = {path: path.stat().st_size for path in self._paths()}
        self._next = max((int(path.name.split("-", 1)[0]) for path in self._sizes), default=0) + 1

    def _paths(self) -> list[Path]:
        return sorted(self.directory.glob("*" + _SUFFIX))

    @property
    def bytes(self) -> int:
        """Bytes of all waiting batches."""
        with self._lock:
            return sum(self._sizes.values())

    @property
    def batches(self) -> int:
        """Number of waiting batches."""
        return len(self._sizes)

    def keep(self, table: pa.Table, target: Target) -> Path:
        """Puts one batch on disk and returns its file. Raises ``SpoolFull`` when the disk refuses."""
        payload = _encode(table, target)
        path = self.directory / f"{self._next:012d}-{table.num_rows}{_SUFFIX}"
        part = path.with_suffix(".part")
        try:
            _write_durably(part, payload)
            part.rename(path)
            _sync_directory(self.directory)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise SpoolFull(error.errno, f"cannot spool {table.num_rows} rows", str(path)) from error
        self._next += 1
        with self._lock:
            self._sizes[path] = len(payload)
        while self.batches > 1 and (self.bytes > self.bytes_max or self._is_disk_short()):
            oldest = self._oldest()[0]
            self.rows_lost += _rows(oldest)
            self.done(oldest)
        return path

    def waiting(self) -> Iterator[Batch]:
        """The batches on disk now, oldest first; a damaged one is set aside, and its rows are counted as lost."""
        for path in self._oldest():
            try:
                payload = path.read_bytes()
                yield Batch(path, _target(payload), _rows(path), payload)
            except FileNotFoundError:
                continue
            except (pa.ArrowInvalid, KeyError, ValueError):
                self.rows_lost += _rows(path)
                self.set_aside(path)

    def done(self, path: Path) -> None:
        """Forgets a batch that was acknowledged (or that nobody will ever take)."""
        path.unlink(missing_ok=True)
        self._forget(path)

    def set_aside(self, path: Path) -> None:
        """Takes a batch out of the queue but leaves its bytes, as ``.aside``, to be looked at."""
        path.rename(path.with_suffix(".aside"))
        self._forget(path)

    def _is_disk_short(self) -> bool:
        disk = os.statvfs(self.directory)
        return disk.f_bavail * disk.f_frsize < self.reserve_bytes

    def _oldest(self) -> list[Path]:
        with self._lock:
            return sorted(self._sizes)

    def _forget(self, path: Path) -> None:
        with self._lock:
            self._sizes.pop(path, None)


def _rows(path: Path) -> int:
    return int(path.stem.split("-", 1)[1])


def _encode(table: pa.Table, target: Target) -> bytes:
    words = {"project": target.project, "logstore": target.logstore, "batch_id": target.batch_id}
    return stream_of(table.replace_schema_metadata({_TARGET: json.dumps(words).encode()}))


def stream_of(table: pa.Table) -> bytes:
    """The table as the log store takes it: an Arrow IPC stream in which a column has one dictionary at most."""
    sink = pa.BufferOutputStream()
    # A third of the processor time that zstd takes, for two thirds more bytes: the agent is a guest on its host.
    options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


def _target(payload: bytes) -> Target:
    with pa.ipc.open_stream(payload) as reader:
        metadata = reader.schema.metadata or {}
    return Target(**json.loads(metadata[_TARGET]))


def _write_durably(path: Path, payload: bytes) -> None:
    with path.open("wb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
