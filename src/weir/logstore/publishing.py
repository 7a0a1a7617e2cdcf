"""When the lake is published for engines outside, and which files must stay for their sake.

What enters: the live segments of every logstore, the time. What leaves: calls of a ``Publication``, one at a time and
not more often than asked for. Rules: what is published is what one moment's views hold, so it never goes back; a
trouble leaves what was published as it was, and the next round makes up for it; a file that a published table names is
not deleted. Nobody waits for any of it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from weir.logstore.snapshot import Segment
from weir.logstore.troubles import StoreUnavailable

Live = Mapping[int, tuple[Segment, ...]]
"""The segments of each logstore, by its id."""

CATALOG_NAME = "iceberg.db"
"""The catalog's file, beside the log store's directory."""

log = logging.getLogger(__name__)


class Publication(Protocol):
    """Tables for other engines."""

    def publish(self, live: Live) -> int:
        """Makes every table what ``live`` says; returns how many changed. Raises StoreUnavailable."""

    def names(self, path: Path) -> bool:
        """Whether a table names the file."""


@dataclass(slots=True)
class Publishing:
    """``open`` makes the publication (it takes a second), once there is something to publish.

    ``seconds``: between two rounds at least. ``catalog``: the file that is there once there was a publication.
    """

    open: Callable[[], Publication]
    seconds: float
    catalog: Path
    _opened: Publication | None = None
    _next: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def round(self, live: Live, now_s: float) -> bool:
        """Publishes where it is time to; False where that failed."""
        if now_s < self._next or not (any(live.values()) or self.catalog.exists()):
            return True
        self._next = now_s + self.seconds
        try:
            with self._lock:
                # After a trouble what is published is looked at afresh, and until then no file goes.
                opened, self._opened = self._opened or self.open(), None
                opened.publish(live)
                self._opened = opened
        except StoreUnavailable as error:
            log.warning("tables for other engines are behind: %s", error)
            return False
        return True

    def may_go(self, path: Path) -> bool:
        """Whether the file may be deleted. Between a start and its first round nobody knows."""
        with self._lock:
            return not (self._opened.names(path) if self._opened is not None else self.catalog.exists())
