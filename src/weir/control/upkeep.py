"""What has to be looked after without anybody asking: logstores and their files agree, and retention is kept.

What enters: the desk. What leaves: a log store that holds exactly the catalog's logstores, none of their rows older
than their ``ttl``. Rule: one round is safe at any time and after any crash; the first one runs before the doors open.
"""

from __future__ import annotations

import logging
import threading

from sqlalchemy import select

from weir.control.desk import Desk
from weir.control.schema import logstores
from weir.logstore.troubles import StoreUnavailable, StoreUnknown

ROUND_SECONDS = 600.0
"""Seconds between two rounds; retention is kept to within the hour the log service promises."""
FOREVER_DAYS = 3650
"""A ``ttl`` of this many days keeps rows for ever (source: CreateLogStore page)."""

log = logging.getLogger(__name__)


def round_of(desk: Desk) -> None:
    """Makes what a crash left missing, removes what it left behind, expires what is too old."""
    with desk.catalog.reading() as connection:
        known = connection.execute(select(logstores.c.id, logstores.c.shard_count, logstores.c.ttl_days)).all()
    for store_id in desk.store.ids() - {row.id for row in known}:
        log.info("logstore %d was deleted, its files follow", store_id)
        desk.store.drop(store_id)
    for row in known:
        desk.store.create(row.id, row.shard_count)
        if row.ttl_days < FOREVER_DAYS and (rows := desk.store.expire(row.id, row.ttl_days)):
            log.info("logstore %d: %d rows were older than %d days", row.id, rows, row.ttl_days)


class Upkeep:
    """Rounds in a thread of their own, from ``start`` to ``stop``; ``start`` makes the first one itself."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="weir-upkeep", daemon=True)

    def start(self) -> None:
        """Raises ``StoreUnavailable`` where the log store cannot be brought in order."""
        round_of(self._desk)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(ROUND_SECONDS):
            try:
                round_of(self._desk)
            except (StoreUnavailable, StoreUnknown) as trouble:
                log.warning("upkeep waits for the next round: %s", trouble)
