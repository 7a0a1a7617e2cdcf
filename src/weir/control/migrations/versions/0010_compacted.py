"""Compacted segments.

What enters: the database as the migration before left it. What leaves: ``segments`` with a mark on those whose rows are
sorted; all that are there are in order of arrival.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("segments", sa.Column("compacted", sa.Integer(), nullable=False, server_default="0"))
