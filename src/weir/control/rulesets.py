"""The logstore of rule set revisions on the server.

What enters: the catalog. What leaves: a logstore beside the ledger, with an index. Rule: agents write the rows, through
the same door as records; the server never changes one.
"""

from __future__ import annotations

from sqlalchemy import insert, select

from weir.contract import sls_commands as say
from weir.control import projects, schema
from weir.control.catalog import Catalog
from weir.model.fields import Kind
from weir.model.ledger import PROJECT
from weir.model.rulesets import LOGSTORE, RULESETS, TTL_DAYS
from weir.query.index import Index, IndexKey, IndexType


def ensure(catalog: Catalog, now: float) -> None:
    """Makes logstore and index where they are missing; the project is the ledger's (``ledger.ensure`` comes first)."""
    with catalog.writing() as connection:
        stores = schema.logstores.c
        found = connection.scalar(select(stores.id).where(stores.project == PROJECT, stores.name == LOGSTORE))
        if found is not None:
            return
        command = say.CreateLogStore(project=PROJECT, log_store=LOGSTORE, ttl_days=TTL_DAYS, shard_count=1)
        store_id = projects.add_log_store(connection, command, int(now))
        connection.execute(
            insert(schema.indexes).values(
                logstore_id=store_id, body=index().to_document(), created=int(now), modified=int(now)
            )
        )


def index() -> Index:
    """Every column by its kind, but for the body, which nobody searches."""
    kinds = {Kind.LONG: IndexType.LONG, Kind.TEXT: IndexType.TEXT}
    return Index({column.name: IndexKey(kinds[column.kind]) for column in RULESETS if column.name != "body"})
