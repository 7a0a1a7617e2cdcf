"""Shards that were split or merged stay, read only.

What enters: the database as the migration before left it. What leaves: ``shards`` with the moment since which a shard
takes no rows; every shard that is there takes rows.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shards", sa.Column("closed_ns", sa.BigInteger(), nullable=True))
