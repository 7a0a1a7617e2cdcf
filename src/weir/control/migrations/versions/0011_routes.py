"""Declared paths of traffic.

What enters: the database as the migration before left it. What leaves: the new table, empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "traffic_routes",
        sa.Column("vpc_id", sa.String(), nullable=False),
        sa.Column("v_switch_id", sa.String(), nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("is_device", sa.Boolean(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["vpc_id"], ["vpcs.vpc_id"], name=op.f("fk_traffic_routes_vpc_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("vpc_id", "v_switch_id", "destination", "is_device", name=op.f("pk_traffic_routes")),
    )
