"""A word to whoever works for a caller: nobody waits for the answer any more.

What enters: ``cancel()``, once, from any thread. What leaves: the callbacks of the work in hand, each called once. The
rule: cancelling never waits, and work that begins after it ends at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cancelled(Exception):
    """What was asked for has been given up, because nobody waits for it."""


class Cancellation:
    """Whether the caller is gone. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stops: list[Callable[[], None]] = []
        self._is_cancelled = False

    @property
    def is_cancelled(self) -> bool:
        return self._is_cancelled

    def cancel(self) -> None:
        """Tells the work in hand; a second call does nothing."""
        with self._lock:
            stops, self._stops = self._stops, []
            self._is_cancelled = True
        for stop in stops:
            stop()

    @contextmanager
    def calling(self, stop: Callable[[], None]) -> Iterator[None]:
        """Within, ``cancel`` calls ``stop``, from its own thread; at once where it was called before."""
        with self._lock:
            late = self._is_cancelled
            if not late:
                self._stops.append(stop)
        if late:
            stop()
        try:
            yield
        finally:
            with self._lock:
                if stop in self._stops:
                    self._stops.remove(stop)
