"""Traffic analyzers, their rankings, and flow logs that deliver to them.

What enters: the database as the migration before left it. What leaves: the tables as they were when this was written.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "traffic_analyzers",
        sa.Column("traffic_analyzer_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("region_id", sa.String(), nullable=False),
        sa.Column("traffic_analyzer_name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("aggregation_interval", sa.Integer(), nullable=False),
        sa.Column("tuple_dimension", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_traffic_analyzers_account_id")),
        sa.PrimaryKeyConstraint("traffic_analyzer_id", name=op.f("pk_traffic_analyzers")),
    )
    op.create_index(
        op.f("ix_traffic_analyzers_account_id_region_id_created"),
        "traffic_analyzers",
        ["account_id", "region_id", "created"],
        unique=False,
    )
    op.create_table(
        "traffic_rankings",
        sa.Column("nis_traffic_ranking_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_traffic_rankings_account_id")),
        sa.PrimaryKeyConstraint("nis_traffic_ranking_id", name=op.f("pk_traffic_rankings")),
    )
    op.create_index(
        op.f("ix_traffic_rankings_account_id_created"), "traffic_rankings", ["account_id", "created"], unique=False
    )
    op.create_index(op.f("ix_traffic_rankings_created"), "traffic_rankings", ["created"], unique=False)
    op.add_column("flow_logs", sa.Column("traffic_analyzer_id", sa.String(), nullable=False, server_default=""))
    op.create_index(op.f("ix_flow_logs_traffic_analyzer_id"), "flow_logs", ["traffic_analyzer_id"], unique=False)
