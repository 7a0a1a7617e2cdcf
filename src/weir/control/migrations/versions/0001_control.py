"""The control plane's tables.

What enters: the database as the migration before left it. What leaves: the tables as they were when this was written;
a later change of a table is a migration of its own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _accounts()
    _networks()
    _interfaces()
    _nodes()
    _flow_logs()
    _log_service()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("business_status", sa.String(), nullable=False),
        sa.Column("flow_log_quota", sa.Integer(), nullable=False),
        sa.Column("traffic_paths_allowed", sa.Boolean(), nullable=False),
        sa.Column("resource_group_id", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
    )
    op.create_table(
        "access_keys",
        sa.Column("access_key_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_access_keys_account_id")),
        sa.PrimaryKeyConstraint("access_key_id", name=op.f("pk_access_keys")),
    )
    op.create_table(
        "service_status",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_service_status_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_service_status")),
    )


def _networks() -> None:
    op.create_table(
        "vpcs",
        sa.Column("vpc_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("region_id", sa.String(), nullable=False),
        sa.Column("vpc_name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("cidr_block", sa.String(), nullable=False),
        sa.Column("ipv6_cidr_block", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("advanced_features", sa.Boolean(), nullable=False),
        sa.Column("router_id", sa.String(), nullable=False),
        sa.Column("route_table_id", sa.String(), nullable=False),
        sa.Column("resource_group_id", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_vpcs_account_id")),
        sa.PrimaryKeyConstraint("vpc_id", name=op.f("pk_vpcs")),
    )
    op.create_index(
        op.f("ix_vpcs_account_id_region_id_created"), "vpcs", ["account_id", "region_id", "created"], unique=False
    )
    op.create_table(
        "vswitches",
        sa.Column("v_switch_id", sa.String(), nullable=False),
        sa.Column("vpc_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("region_id", sa.String(), nullable=False),
        sa.Column("zone_id", sa.String(), nullable=False),
        sa.Column("v_switch_name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("cidr_block", sa.String(), nullable=False),
        sa.Column("ipv6_cidr_block", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("resource_group_id", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_vswitches_account_id")),
        sa.ForeignKeyConstraint(["vpc_id"], ["vpcs.vpc_id"], name=op.f("fk_vswitches_vpc_id")),
        sa.PrimaryKeyConstraint("v_switch_id", name=op.f("pk_vswitches")),
    )
    op.create_index(
        op.f("ix_vswitches_account_id_region_id_created"),
        "vswitches",
        ["account_id", "region_id", "created"],
        unique=False,
    )
    op.create_index(op.f("ix_vswitches_vpc_id"), "vswitches", ["vpc_id"], unique=False)


def _interfaces() -> None:
    op.create_table(
        "enis",
        sa.Column("network_interface_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("region_id", sa.String(), nullable=False),
        sa.Column("zone_id", sa.String(), nullable=False),
        sa.Column("vpc_id", sa.String(), nullable=False),
        sa.Column("v_switch_id", sa.String(), nullable=False),
        sa.Column("network_interface_name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("mac_address", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("instance_type", sa.String(), nullable=False),
        sa.Column("resource_group_id", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_enis_account_id")),
        sa.ForeignKeyConstraint(["v_switch_id"], ["vswitches.v_switch_id"], name=op.f("fk_enis_v_switch_id")),
        sa.ForeignKeyConstraint(["vpc_id"], ["vpcs.vpc_id"], name=op.f("fk_enis_vpc_id")),
        sa.PrimaryKeyConstraint("network_interface_id", name=op.f("pk_enis")),
        sa.UniqueConstraint("mac_address", name=op.f("uq_enis_mac_address")),
    )
    op.create_index(
        op.f("ix_enis_account_id_region_id_created"), "enis", ["account_id", "region_id", "created"], unique=False
    )
    op.create_index(op.f("ix_enis_v_switch_id"), "enis", ["v_switch_id"], unique=False)
    op.create_index(op.f("ix_enis_vpc_id"), "enis", ["vpc_id"], unique=False)
    op.create_table(
        "eni_addresses",
        sa.Column("vpc_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("network_interface_id", sa.String(), nullable=False),
        sa.Column("family", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_interface_id"], ["enis.network_interface_id"], name=op.f("fk_eni_addresses_network_interface_id")
        ),
        sa.ForeignKeyConstraint(["vpc_id"], ["vpcs.vpc_id"], name=op.f("fk_eni_addresses_vpc_id")),
        sa.PrimaryKeyConstraint("vpc_id", "address", name=op.f("pk_eni_addresses")),
    )
    op.create_index(
        op.f("ix_eni_addresses_network_interface_id"), "eni_addresses", ["network_interface_id"], unique=False
    )
    op.create_table(
        "eni_security_groups",
        sa.Column("network_interface_id", sa.String(), nullable=False),
        sa.Column("security_group_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_interface_id"],
            ["enis.network_interface_id"],
            name=op.f("fk_eni_security_groups_network_interface_id"),
        ),
        sa.PrimaryKeyConstraint("network_interface_id", "security_group_id", name=op.f("pk_eni_security_groups")),
    )
    op.create_index(
        op.f("ix_eni_security_groups_security_group_id"), "eni_security_groups", ["security_group_id"], unique=False
    )


def _nodes() -> None:
    op.create_table(
        "bindings",
        sa.Column("network_interface_id", sa.String(), nullable=False),
        sa.Column("node_name", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("bound", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_interface_id"], ["enis.network_interface_id"], name=op.f("fk_bindings_network_interface_id")
        ),
        sa.PrimaryKeyConstraint("network_interface_id", name=op.f("pk_bindings")),
        sa.UniqueConstraint("node_name", "device", name=op.f("uq_bindings_node_name_device")),
    )
    op.create_table(
        "agents",
        sa.Column("node_name", sa.String(), nullable=False),
        sa.Column("region_id", sa.String(), nullable=False),
        sa.Column("first_seen", sa.Float(), nullable=False),
        sa.Column("last_seen", sa.Float(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("node_name", name=op.f("pk_agents")),
    )
    op.create_table(
        "attachments",
        sa.Column("node_name", sa.String(), nullable=False),
        sa.Column("network_interface_id", sa.String(), nullable=False),
        sa.Column("generation", sa.String(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("reported", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["node_name"], ["agents.node_name"], name=op.f("fk_attachments_node_name")),
        sa.PrimaryKeyConstraint("node_name", "network_interface_id", name=op.f("pk_attachments")),
    )


def _flow_logs() -> None:
    op.create_table(
        "flow_logs",
        sa.Column("flow_log_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("region_id", sa.String(), nullable=False),
        sa.Column("flow_log_name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("resource_type", sa.String(), nullable=False),
        sa.Column("resource_id", sa.String(), nullable=False),
        sa.Column("traffic_type", sa.String(), nullable=False),
        sa.Column("project_name", sa.String(), nullable=False),
        sa.Column("log_store_name", sa.String(), nullable=False),
        sa.Column("aggregation_interval", sa.Integer(), nullable=False),
        sa.Column("ip_version", sa.String(), nullable=False),
        sa.Column("log_format", sa.String(), nullable=False),
        sa.Column("resource_group_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_flow_logs_account_id")),
        sa.PrimaryKeyConstraint("flow_log_id", name=op.f("pk_flow_logs")),
    )
    op.create_index(
        op.f("ix_flow_logs_account_id_region_id_created"),
        "flow_logs",
        ["account_id", "region_id", "created"],
        unique=False,
    )
    op.create_index(op.f("ix_flow_logs_resource_id"), "flow_logs", ["resource_id"], unique=False)
    op.create_index(op.f("ix_flow_logs_status"), "flow_logs", ["status"], unique=False)
    op.create_table(
        "flow_log_paths",
        sa.Column("flow_log_id", sa.String(), nullable=False),
        sa.Column("resource_id", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["flow_log_id"], ["flow_logs.flow_log_id"], name=op.f("fk_flow_log_paths_flow_log_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("flow_log_id", "path", name=op.f("pk_flow_log_paths")),
        sa.UniqueConstraint("resource_id", "path", name=op.f("uq_flow_log_paths_resource_id_path")),
    )
    op.create_table(
        "tags",
        sa.Column("resource_type", sa.String(), nullable=False),
        sa.Column("resource_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("resource_type", "resource_id", "key", name=op.f("pk_tags")),
    )
    op.create_index(op.f("ix_tags_resource_type_key_value"), "tags", ["resource_type", "key", "value"], unique=False)


def _log_service() -> None:
    op.create_table(
        "projects",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("region_id", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_projects_account_id")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_projects")),
    )
    op.create_index(op.f("ix_projects_account_id"), "projects", ["account_id"], unique=False)
    op.create_table(
        "logstores",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("ttl_days", sa.Integer(), nullable=False),
        sa.Column("shard_count", sa.Integer(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name=op.f("fk_logstores_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logstores")),
        sa.UniqueConstraint("project", "name", name=op.f("uq_logstores_project_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "indexes",
        sa.Column("logstore_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["logstore_id"], ["logstores.id"], name=op.f("fk_indexes_logstore_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("logstore_id", name=op.f("pk_indexes")),
    )
