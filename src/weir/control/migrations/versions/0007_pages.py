"""Pages of flow logs come from an index in the order in which they are shown.

What enters: the database as the migration before left it. What leaves: the same tables; the index of ``flow_logs`` by
age goes on with the id, which orders flow logs of the same second, and the one by resource with what every call asks
for beside it, so that it is preferred to the one by age.
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_flow_logs_account_id_region_id_created"), table_name="flow_logs")
    op.create_index(
        op.f("ix_flow_logs_account_id_region_id_created_flow_log_id"),
        "flow_logs",
        ["account_id", "region_id", "created", "flow_log_id"],
        unique=False,
    )
    op.drop_index(op.f("ix_flow_logs_resource_id"), table_name="flow_logs")
    op.create_index(
        op.f("ix_flow_logs_resource_id_account_id_region_id_created_flow_log_id"),
        "flow_logs",
        ["resource_id", "account_id", "region_id", "created", "flow_log_id"],
        unique=False,
    )
