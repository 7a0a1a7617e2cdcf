"""Resource groups, shared VSwitches, instances, and what agents could not deliver.

What enters: the database as the migration before left it; every account's default resource group becomes a row of its
own. What leaves: the tables as they were when this was written.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _resource_groups()
    op.create_table(
        "vswitch_shares",
        sa.Column("v_switch_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["v_switch_id"], ["vswitches.v_switch_id"], name=op.f("fk_vswitch_shares_v_switch_id")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_vswitch_shares_account_id")),
        sa.PrimaryKeyConstraint("v_switch_id", "account_id", name=op.f("pk_vswitch_shares")),
    )
    op.create_index(op.f("ix_vswitch_shares_account_id"), "vswitch_shares", ["account_id"], unique=False)
    op.create_table(
        "instances",
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("region_id", sa.String(), nullable=False),
        sa.Column("instance_type", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_instances_account_id")),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_instances")),
    )
    op.create_table(
        "undelivered",
        sa.Column("node_name", sa.String(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("logstore", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["node_name"], ["agents.node_name"], name=op.f("fk_undelivered_node_name")),
        sa.PrimaryKeyConstraint("node_name", "project", "logstore", name=op.f("pk_undelivered")),
    )
    op.add_column("enis", sa.Column("trunk_id", sa.String(), nullable=False, server_default=""))
    op.create_index(op.f("ix_enis_status"), "enis", ["status"], unique=False)
    op.create_index(op.f("ix_enis_instance_id"), "enis", ["instance_id"], unique=False)
    op.add_column("flow_logs", sa.Column("service_type", sa.String(), nullable=False, server_default=""))


def _resource_groups() -> None:
    op.create_table(
        "resource_groups",
        sa.Column("resource_group_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_resource_groups_account_id")),
        sa.PrimaryKeyConstraint("resource_group_id", name=op.f("pk_resource_groups")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_resource_groups_account_id_name")),
    )
    op.execute(
        "INSERT INTO resource_groups (resource_group_id, account_id, name, display_name, created)"
        " SELECT resource_group_id, account_id, 'default', 'default resource group', created FROM accounts"
    )
