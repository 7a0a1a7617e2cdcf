"""Deleted ENIs that agents still hold are looked for with every call: an index finds them.

What enters: the database as the migration before left it. What leaves: the same tables with one index more.
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_enis_status"), "enis", ["status"], unique=False)
