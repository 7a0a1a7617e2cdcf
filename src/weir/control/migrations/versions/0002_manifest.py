"""The log store's manifest.

What enters: the database as the migration before left it. What leaves: the tables as they were when this was written;
a later change of a table is a migration of its own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("store_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("batch_id", sa.String(length=512), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("arrival_s", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "batch_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_batches_arrival_s"), "batches", ["arrival_s"], unique=False)
    op.create_table(
        "segments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("time_min", sa.BigInteger(), nullable=False),
        sa.Column("time_max", sa.BigInteger(), nullable=False),
        sa.Column("group_min", sa.BigInteger(), nullable=False),
        sa.Column("group_max", sa.BigInteger(), nullable=False),
        sa.Column("arrival_min_ns", sa.BigInteger(), nullable=False),
        sa.Column("arrival_max_ns", sa.BigInteger(), nullable=False),
        sa.Column("removed_s", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("path"),
    )
    op.create_index("segments_by_store", "segments", ["store_id", "removed_s"], unique=False)
    op.create_table(
        "shards",
        sa.Column("store_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shard", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("begin_key", sa.String(length=32), nullable=False),
        sa.Column("end_key", sa.String(length=32), nullable=False),
        sa.Column("sealed_to", sa.BigInteger(), nullable=False),
        sa.Column("dropped", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "shard"),
    )
