"""Nonces of the RPC gateway, for servers that share a catalog.

What enters: the database as the migration before left it. What leaves: the table as it was when this was written; it
stays empty where one server has the catalog for itself.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "nonces",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_nonces")),
    )
    op.create_index(op.f("ix_nonces_used"), "nonces", ["used"], unique=False)
