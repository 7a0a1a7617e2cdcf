"""Exactly once: which batches a logstore holds.

What enters: batch ids of puts. What leaves: for each, store it or it is stored. Rules: of several calls with one id
at the same time one stores, the others wait for its outcome; ids of the tail are in memory, those of sealed rows in
the manifest, and an id leaves the memory only after the manifest has it, so asking in that order never misses one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable


class BatchIds:
    """``sealed_shard(id)`` asks the manifest: the shard that holds the batch, or None. ``known``: id -> shard."""

    def __init__(self, sealed_shard: Callable[[str], int | None], known: dict[str, int]) -> None:
        self._sealed_shard = sealed_shard
        self._known = known
        self._in_flight: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def claim(self, batch_id: str) -> int | None:
        """None: the caller must store the batch and then call ``settle``. Else the shard that holds it already.

        Raises StoreUnavailable where the manifest cannot be asked.
        """
        while True:
            with self._lock:
                if batch_id in self._known:
                    return self._known[batch_id]
                other = self._in_flight.get(batch_id)
                if other is None:
                    self._in_flight[batch_id] = threading.Event()
                    break
            other.wait()
        claimed = False
        try:
            shard = self._sealed_shard(batch_id)
            claimed = shard is None
            return shard
        finally:
            if not claimed:
                self.settle(batch_id, None)

    def settle(self, batch_id: str, shard: int | None) -> None:
        """Ends a claim: the batch is stored in ``shard``, or (None) it is not and the next caller may try."""
        with self._lock:
            if shard is not None:
                self._known[batch_id] = shard
            self._in_flight.pop(batch_id).set()

    def sealed(self, batch_ids: Iterable[str]) -> None:
        """The manifest has these now."""
        with self._lock:
            for batch_id in batch_ids:
                self._known.pop(batch_id, None)
