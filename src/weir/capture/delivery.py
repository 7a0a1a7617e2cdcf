"""From the spool to the log store: one batch after the other, oldest first, until it is acknowledged.

What enters: waiting batches. What leaves: acknowledged ones leave the disk. Rule: nothing leaves the spool before the
store has said yes, except a batch that it will never take: that one gives way to the next, and its rows are counted.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Set
from dataclasses import dataclass

from weir.capture.spool import Batch, Spool, Target
from weir.client import Client, ServerRefused, ServerUnreachable

RETRY_SECONDS_MIN, RETRY_SECONDS_MAX = 0.5, 5.0
"""Pause after a failed delivery: doubles from the first to the second while the server stays away."""

GONE = frozenset({"ProjectNotExist", "LogStoreNotExist"})
"""Refusals of a target that was deleted: the batch is given up."""
UNFIT = frozenset({"InvalidTimestamp", "PostBodyInvalid", "PostBodyTooLarge"})
"""Refusals of the batch itself (rows older than the store takes, say): it is set aside on disk for the operator."""

log = logging.getLogger("weir.agent")


@dataclass(slots=True)
class Delivered:
    """Counters since the start. ``rows_refused``: of batches that the store will never take."""

    batches: int = 0
    rows: int = 0
    rows_refused: int = 0
    failures: int = 0


UNREACHABLE = "Unreachable"
"""Stands where a refusal's code would when the server did not answer at all."""


class Delivery:
    """Delivers from a thread of its own; ``wake`` after something was spooled."""

    def __init__(self, spool: Spool, client: Client) -> None:
        self.spool = spool
        self.client = client
        self.counted = Delivered()
        self._undelivered: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="weir-delivery", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self.wake()

    def wake(self) -> None:
        self._wake.set()

    def stop(self) -> None:
        """Ends after the batch in hand; what was not delivered stays on disk for the next start."""
        self._stop.set()
        self.wake()
        self._thread.join()

    def undelivered(self, targets: Set[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """(project, logstore) -> code, for those of ``targets`` that did not take the last batch; forgets the rest."""
        with self._lock:
            self._undelivered = {target: code for target, code in self._undelivered.items() if target in targets}
            return dict(self._undelivered)

    def _note(self, target: Target, code: str) -> None:
        """Remembers how the last batch for a logstore ended; an empty code: it was taken."""
        with self._lock:
            if code:
                self._undelivered[target.project, target.logstore] = code
            else:
                self._undelivered.pop((target.project, target.logstore), None)

    def _run(self) -> None:
        pause = RETRY_SECONDS_MIN
        while not self._stop.is_set():
            self._wake.clear()
            if self._drain():
                pause = RETRY_SECONDS_MIN
                self._wake.wait()
            else:
                self._stop.wait(pause)
                pause = min(pause * 2, RETRY_SECONDS_MAX)

    def _drain(self) -> bool:
        """Delivers what waits; False if the server has to be asked again later."""
        for batch in self.spool.waiting():
            if self._stop.is_set():
                return True
            if not self._deliver(batch):
                return False
        return True

    def _deliver(self, batch: Batch) -> bool:
        target = batch.target
        try:
            self.client.put_arrow(target.project, target.logstore, batch.payload, target.batch_id)
        except ServerRefused as refused:
            self._note(target, refused.code or UNREACHABLE)
            if refused.code not in GONE | UNFIT:
                self.counted.failures += 1
                log.warning("delivery to %s/%s refused: %s", target.project, target.logstore, refused)
                return False
            self.counted.rows_refused += batch.rows
            log.error("gave up %d rows for %s/%s: %s", batch.rows, target.project, target.logstore, refused)
            if refused.code in UNFIT:
                self.spool.set_aside(batch.path)
                return True
        except ServerUnreachable as trouble:
            self._note(target, UNREACHABLE)
            self.counted.failures += 1
            log.warning("delivery to %s/%s waits: %s", target.project, target.logstore, trouble)
            return False
        else:
            self._note(target, "")
            self.counted.batches += 1
            self.counted.rows += batch.rows
        self.spool.done(batch.path)
        return True
