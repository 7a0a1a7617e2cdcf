"""Consumer groups in the catalog: their tables, and the rows between the tables and ``balance``.

What enters: an open transaction and the id of a group. What leaves: rows, or a ``balance.Group``. Rule: heartbeats and
claims are kept beside the checkpoints, so that a server that starts again, or another server of the catalog, goes on
with the consumers and shards of the one before.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Row,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    delete,
    insert,
    select,
)

from weir.contract.sls_consumers import CheckPoint
from weir.control.balance import Claim, Group
from weir.control.schema import METADATA

consumer_groups = Table(
    "consumer_groups",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("logstore_id", ForeignKey("logstores.id", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),
    Column("timeout_seconds", Integer, nullable=False),
    Column("in_order", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("logstore_id", "name"),
)

consumers = Table(
    "consumers",
    METADATA,
    Column("group_id", ForeignKey("consumer_groups.id", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),
    Column("seen", Float, nullable=False),
    PrimaryKeyConstraint("group_id", "name"),
)
"""Consumers that were not given up yet; ``seen`` is their last heartbeat."""

consumer_claims = Table(
    "consumer_claims",
    METADATA,
    Column("group_id", ForeignKey("consumer_groups.id", ondelete="CASCADE"), nullable=False),
    Column("shard", Integer, nullable=False),
    Column("owner", String, nullable=False),
    Column("moved", Float, nullable=False),
    Column("holder", String, nullable=False),
    PrimaryKeyConstraint("group_id", "shard"),
)
"""As ``balance.Claim`` says."""

checkpoints = Table(
    "checkpoints",
    METADATA,
    Column("group_id", ForeignKey("consumer_groups.id", ondelete="CASCADE"), nullable=False),
    Column("shard", Integer, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("consumer", String, nullable=False),
    PrimaryKeyConstraint("group_id", "shard"),
)
"""``updated`` in microseconds since 1970."""

GROUP = select(consumer_groups).where(
    consumer_groups.c.logstore_id == bindparam("logstore_id"), consumer_groups.c.name == bindparam("name")
)
_SEEN = select(consumers.c.name, consumers.c.seen).where(consumers.c.group_id == bindparam("group_id"))
_CLAIMS = select(consumer_claims).where(consumer_claims.c.group_id == bindparam("group_id"))
_CHECKPOINTS = select(checkpoints).where(checkpoints.c.group_id == bindparam("group_id"))


def load(connection: Connection, row: Row[tuple[Any, ...]], started: float) -> Group:
    """The consumers and claims of the group of that row of ``consumer_groups``."""
    this = {"group_id": row.id}
    seen = {one.name: one.seen for one in connection.execute(_SEEN, this)}
    claims = {one.shard: Claim(one.owner, one.moved, one.holder) for one in connection.execute(_CLAIMS, this)}
    return Group(row.timeout_seconds, seen, claims, started)


def save(connection: Connection, group_id: int, before: Group, now: Group) -> None:
    """Writes what differs."""
    seen = {name: at for name, at in now.seen.items() if before.seen.get(name) != at}
    gone = [name for name in before.seen if name not in now.seen or name in seen]
    if gone:
        connection.execute(delete(consumers).where(consumers.c.group_id == group_id, consumers.c.name.in_(gone)))
    if seen:
        rows = [{"group_id": group_id, "name": name, "seen": at} for name, at in seen.items()]
        connection.execute(insert(consumers), rows)
    if now.claims != before.claims:
        connection.execute(delete(consumer_claims).where(consumer_claims.c.group_id == group_id))
        rows = [
            {"group_id": group_id, "shard": shard, "owner": one.owner, "moved": one.moved, "holder": one.holder}
            for shard, one in now.claims.items()
        ]
        connection.execute(insert(consumer_claims), rows)


def load_checkpoints(connection: Connection, group_id: int) -> dict[int, CheckPoint]:
    """Shard -> how far it was read; shards that never were are not in it."""
    found = connection.execute(_CHECKPOINTS, {"group_id": group_id})
    return {one.shard: CheckPoint(one.shard, one.cursor, one.updated, one.consumer) for one in found}


def save_checkpoint(connection: Connection, group_id: int, checkpoint: CheckPoint) -> None:
    """Replaces the shard's checkpoint."""
    this = (checkpoints.c.group_id == group_id) & (checkpoints.c.shard == checkpoint.shard)
    connection.execute(delete(checkpoints).where(this))
    connection.execute(
        insert(checkpoints).values(
            group_id=group_id,
            shard=checkpoint.shard,
            cursor=checkpoint.cursor,
            updated=checkpoint.updated,
            consumer=checkpoint.consumer,
        )
    )
