"""Consumer groups of logstores, their consumers, claims on shards and checkpoints.

What enters: the database as the migration before left it. What leaves: the tables as they were when this was written,
empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consumer_groups",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("logstore_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("timeout_seconds", sa.Integer(), nullable=False),
        sa.Column("in_order", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["logstore_id"], ["logstores.id"], name=op.f("fk_consumer_groups_logstore_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consumer_groups")),
        sa.UniqueConstraint("logstore_id", "name", name=op.f("uq_consumer_groups_logstore_id_name")),
    )
    _create_of_group(
        "consumers",
        "name",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("seen", sa.Float(), nullable=False),
    )
    _create_of_group(
        "consumer_claims",
        "shard",
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("moved", sa.Float(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
    )
    _create_of_group(
        "checkpoints",
        "shard",
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("consumer", sa.String(), nullable=False),
    )


def _create_of_group(name: str, key: str, *columns: sa.Column[object]) -> None:
    """A table whose rows belong to a consumer group and go with it."""
    op.create_table(
        name,
        sa.Column("group_id", sa.Integer(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["group_id"], ["consumer_groups.id"], name=op.f(f"fk_{name}_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", key, name=op.f(f"pk_{name}")),
    )
