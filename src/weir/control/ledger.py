"""The ledger on the server: its logstore, and what the rows of every ENI add up to, for the metrics.

What enters: the account of the first start; rows as the agents deliver them. What leaves: a project and a logstore that
can be queried like any other, and sums per ENI since this server's start. Rule: agents write the rows, through the same
door as records; the server never changes one.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
from sqlalchemy import insert, select

from weir.contract import sls_commands as say
from weir.control import projects, schema
from weir.control.catalog import Catalog
from weir.logstore.store import Store
from weir.logstore.troubles import StoreUnknown
from weir.model.fields import Kind
from weir.model.ledger import LEDGER, LOGSTORE, NAMES, PROJECT, TTL_DAYS, UNEXPLAINED
from weir.query.index import Index, IndexKey, IndexType

ENIS_MAX = 1000
"""ENIs with sums of their own; the rows of every further ENI are added up under ``OTHER``."""
OTHER = "other"
SHARD_COUNT = 1
"""The rows of all nodes are few: one per ENI and minute."""
GROUPS_PER_PULL = 100
"""Log groups read at once; more are read in further steps."""

_UNSIGNED = frozenset(name for names in UNEXPLAINED.values() for name in names)
AMOUNTS = tuple(name for name in NAMES if name.endswith(("-packets", "-bytes", "-flows", "-rows", "-seconds")))
"""Columns that are added up."""

log = logging.getLogger("weir.server")


def ensure(catalog: Catalog, account_id: str, region_id: str, now: float) -> None:
    """Makes project, logstore and index where one is missing; the store's files come with the upkeep's first round."""
    with catalog.writing() as connection:
        owner = connection.scalar(
            select(schema.projects.c.account_id).where(schema.projects.c.name == PROJECT)  # unique across accounts
        )
        if owner is None:
            project = say.CreateProject(project=PROJECT, description="Weir's own records")
            projects.add_project(connection, project, account_id, region_id, int(now))
        elif owner != account_id:
            log.warning("project %s is account %s's, who so gets the ledger of all accounts", PROJECT, owner)
        stores = schema.logstores.c
        store_id = connection.scalar(select(stores.id).where(stores.project == PROJECT, stores.name == LOGSTORE))
        if store_id is not None:
            return
        command = say.CreateLogStore(project=PROJECT, log_store=LOGSTORE, ttl_days=TTL_DAYS, shard_count=SHARD_COUNT)
        store_id = projects.add_log_store(connection, command, int(now))
        connection.execute(
            insert(schema.indexes).values(
                logstore_id=store_id, body=index().to_document(), created=int(now), modified=int(now)
            )
        )


def index() -> Index:
    """Every column by its kind."""
    kinds = {Kind.LONG: IndexType.LONG, Kind.TEXT: IndexType.TEXT}
    return Index({column.name: IndexKey(kinds[column.kind]) for column in LEDGER})


@dataclass(slots=True)
class EniSums:
    """One ENI's rows added up. ``amounts``: column -> sum, of what is unexplained without its sign."""

    windows: Counter[str] = field(default_factory=Counter)
    amounts: Counter[str] = field(default_factory=Counter)
    newest_end: int = 0

    def add(self, row: Mapping[str, str], end: int) -> None:
        """One row: its columns that are not flow fields, and its ``end``."""
        self.windows[row.get("status", "")] += 1
        for name in AMOUNTS:
            amount = int(row.get(name) or 0)
            self.amounts[name] += abs(amount) if name in _UNSIGNED else amount
        self.newest_end = max(self.newest_end, end)


class Board:
    """Sums per ENI since this server's start, read from the logstore when they are asked for. Thread-safe."""

    def __init__(self, catalog: Catalog, store: Store, enis_max: int = ENIS_MAX) -> None:
        self._catalog, self._store, self._enis_max = catalog, store, enis_max
        self._sums: dict[str, EniSums] = {}
        self._cursors: dict[tuple[int, int], int] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Counts from here on."""
        with self._lock:
            store_id = self._store_id()
            for shard in self._shards(store_id):
                self._cursors[store_id, shard] = self._store.cursor_end(store_id, shard)

    def read(self) -> dict[str, EniSums]:
        """ENI -> its sums up to now. They are the reader's until the next call."""
        with self._lock:
            store_id = self._store_id()
            for shard in self._shards(store_id):
                self._follow(store_id, shard)
            return self._sums

    def _store_id(self) -> int:
        """0 where the logstore was deleted."""
        stores = schema.logstores.c
        with self._catalog.reading() as connection:
            this = select(stores.id).where(stores.project == PROJECT, stores.name == LOGSTORE)
            return int(connection.scalar(this) or 0)

    def _shards(self, store_id: int) -> list[int]:
        try:
            return [shard.id for shard in self._store.shards(store_id)]
        except StoreUnknown:
            return []

    def _follow(self, store_id: int, shard: int) -> None:
        cursor = self._cursors.get((store_id, shard))
        if cursor is None:
            cursor = self._store.cursor_begin(store_id, shard)
        while True:
            pulled = self._store.pull(store_id, shard, cursor, GROUPS_PER_PULL)
            for group in pulled.groups:
                self._add(group)
            if pulled.next_cursor == cursor:
                break
            cursor = pulled.next_cursor
        self._cursors[store_id, shard] = cursor

    def _add(self, group: pa.Table) -> None:
        """Stored rows; one without an ENI is no ledger row and left out."""
        columns = (group["eni-id"].to_pylist(), group["__extra__"].to_pylist(), group["end"].to_pylist())
        for eni_id, extra, end in zip(*columns, strict=True):
            if eni_id is None:
                continue
            known = eni_id in self._sums or len(self._sums) < self._enis_max
            self._sums.setdefault(eni_id if known else OTHER, EniSums()).add(dict(extra or ()), end or 0)
