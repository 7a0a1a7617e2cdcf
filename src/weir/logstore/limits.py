"""How much the store holds before it seals, waits or refuses, and what it counts.

What enters: nothing. What leaves: ``Limits``, handed to ``Store`` whole, and ``Counters``, which the store fills. Every
limit says what happens above it; everything refused, doubled or lost is counted.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """Per shard. The first of the four seal limits that is reached moves the tail into the lake, in the background."""

    seal_rows: int = 250_000
    """Rows of the tail (about 75 MB in memory); at this number it is sealed."""
    seal_memory_bytes: int = 80 * 1024 * 1024
    """Bytes of the tail in memory; at this number it is sealed, so that long rows are sealed sooner."""
    seal_bytes: int = 64 * 1024 * 1024
    """Bytes of the write-ahead log; at this number it is sealed. Bounds recovery to about a second per shard."""
    seal_age_seconds: float = 900.0
    """Seconds since the oldest row of the tail arrived; then it is sealed, so that other engines see it in the lake."""
    tail_rows_max: int = 2_000_000
    """Rows of the tail; above it a put waits for the sealing to catch up, then gets StoreUnavailable."""
    tail_bytes_max: int = 160 * 1024 * 1024
    """Bytes of the tail in memory; above it the same. Sealing is slower than the log, so this bounds what a server
    takes while rows come as fast as they can."""
    backlog_wait_seconds: float = 10.0
    """Seconds that such a put waits at most."""
    compact_rows: int = 1_000_000
    """Rows of a compacted file, about (250 MB in memory while it is made); segments of that many are merged no more."""
    compact_bytes: int = 32 * 1024 * 1024
    """Bytes of a compacted file, about; where rows are long it is made of fewer."""
    compact_after_seconds: float = 3600.0
    """Seconds after which rows are compacted, by their ``__time__``; younger ones stay in order of arrival."""
    pull_rows_max: int = 100_000
    """Rows of one pull; at this number it ends early (after at least one group) and the reader comes again."""
    removal_grace_seconds: float = 300.0
    """Seconds between a segment's removal and its file's; longer than any query holds its snapshot (55 s)."""
    disk_reserve_bytes: int = 0
    """Bytes of the disk that stay free of new rows; a put that would take of them gets DiskReserved. For the store as
    a whole, not per shard."""
    retry_seconds: float = 5.0
    """Seconds until a seal that failed is tried again; the rows stay in the write-ahead log meanwhile."""


@dataclass(slots=True)
class Counters:
    """Since the store was opened. Plain numbers; read them at any time."""

    batches: int = 0
    rows: int = 0
    bytes: int = 0  # written to write-ahead logs
    commits: int = 0  # fsyncs; batches / commits is how well callers share them
    duplicates: int = 0  # batches that had been stored before
    refused: int = 0  # puts that got StoreUnavailable
    refused_disk: int = 0  # those of them that got DiskReserved
    seals: int = 0
    seal_failures: int = 0
    sealed_rows: int = 0
    sealed_bytes: int = 0
    compactions: int = 0
    compaction_failures: int = 0
    compacted_segments: int = 0  # that compactions have taken in
    compacted_rows: int = 0
    publication_failures: int = 0
    expired_segments: int = 0
    expired_rows: int = 0
    recovered_rows: int = 0
    recovery_ms: int = 0
    torn_bytes: int = 0  # cut off logs at recovery: never acknowledged
    damaged: int = 0  # sentences in ``Store.damage``: acknowledged rows that the disk lost
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, **amounts: int) -> None:
        """Adds to the named counters, in one step for every thread."""
        with self._lock:
            for name, amount in amounts.items():
                setattr(self, name, getattr(self, name) + amount)
