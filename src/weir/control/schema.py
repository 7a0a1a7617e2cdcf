"""Every table of the catalog, as SQLAlchemy Core tables of one ``MetaData``.

What enters: nothing. What leaves: ``METADATA`` and one constant per table; the migrations under ``migrations`` build
the same tables, and a test compares the two. Rules: times are Unix seconds in UTC; what must happen once (a path of a
resource, an address of a VPC, a device of a node) is a unique constraint, so that no race can do it twice; an id of a
logstore is never given out again, since segments at rest carry it.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

accounts = Table(
    "accounts",
    METADATA,
    Column("account_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("business_status", String, nullable=False),
    Column("flow_log_quota", Integer, nullable=False),
    Column("traffic_paths_allowed", Boolean, nullable=False),
    Column("resource_group_id", String, nullable=False),
    Column("created", BigInteger, nullable=False),
)
"""``resource_group_id`` is the account's default group; ``traffic_paths_allowed`` its place on the white list."""

access_keys = Table(
    "access_keys",
    METADATA,
    Column("access_key_id", String, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("principal", String, nullable=False),
    Column("name", String, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
)

resource_groups = Table(
    "resource_groups",
    METADATA,
    Column("resource_group_id", String, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("name", String, nullable=False),
    Column("display_name", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("account_id", "name"),
)
"""Every account has at least its default one."""

service_status = Table(
    "service_status",
    METADATA,
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("opened", BigInteger, nullable=False),
)
"""A row means that OpenFlowLogService was called for the account; it is never taken back."""

vpcs = Table(
    "vpcs",
    METADATA,
    Column("vpc_id", String, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("region_id", String, nullable=False),
    Column("vpc_name", String, nullable=False),
    Column("description", String, nullable=False),
    Column("cidr_block", String, nullable=False),
    Column("ipv6_cidr_block", String, nullable=False),
    Column("status", String, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("advanced_features", Boolean, nullable=False),
    Column("router_id", String, nullable=False),
    Column("route_table_id", String, nullable=False),
    Column("resource_group_id", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    Index(None, "account_id", "region_id", "created"),
)
"""An absent IPv6 block is the empty string, here and in ``vswitches``."""

vswitches = Table(
    "vswitches",
    METADATA,
    Column("v_switch_id", String, primary_key=True),
    Column("vpc_id", ForeignKey("vpcs.vpc_id"), nullable=False),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("region_id", String, nullable=False),
    Column("zone_id", String, nullable=False),
    Column("v_switch_name", String, nullable=False),
    Column("description", String, nullable=False),
    Column("cidr_block", String, nullable=False),
    Column("ipv6_cidr_block", String, nullable=False),
    Column("status", String, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("resource_group_id", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    Index(None, "vpc_id"),
    Index(None, "account_id", "region_id", "created"),
)

vswitch_shares = Table(
    "vswitch_shares",
    METADATA,
    Column("v_switch_id", ForeignKey("vswitches.v_switch_id"), nullable=False),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    PrimaryKeyConstraint("v_switch_id", "account_id"),
    Index(None, "account_id"),
)
"""Accounts other than the owner that may use a VSwitch."""

traffic_routes = Table(
    "traffic_routes",
    METADATA,
    Column("vpc_id", ForeignKey("vpcs.vpc_id", ondelete="CASCADE"), nullable=False),
    Column("v_switch_id", String, nullable=False),
    Column("destination", String, nullable=False),
    Column("is_device", Boolean, nullable=False),
    Column("path", String, nullable=False),
    PrimaryKeyConstraint("vpc_id", "v_switch_id", "destination", "is_device"),
)
"""Declared paths; ``v_switch_id`` is empty for the whole VPC, ``destination`` a block or the name of a device."""

instances = Table(
    "instances",
    METADATA,
    Column("instance_id", String, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("region_id", String, nullable=False),
    Column("instance_type", String, nullable=False),
    Column("created", BigInteger, nullable=False),
)
"""Weir runs no instances; a row says of which type the one is that network interfaces are attached to."""

enis = Table(
    "enis",
    METADATA,
    Column("network_interface_id", String, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("region_id", String, nullable=False),
    Column("zone_id", String, nullable=False),
    Column("vpc_id", ForeignKey("vpcs.vpc_id"), nullable=False),
    Column("v_switch_id", ForeignKey("vswitches.v_switch_id"), nullable=False),
    Column("network_interface_name", String, nullable=False),
    Column("description", String, nullable=False),
    Column("mac_address", String, nullable=False),
    Column("status", String, nullable=False),
    Column("type", String, nullable=False),
    Column("instance_id", String, nullable=False),
    Column("instance_type", String, nullable=False),
    Column("trunk_id", String, nullable=False, server_default=""),
    Column("resource_group_id", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("mac_address"),
    Index(None, "vpc_id"),
    Index(None, "v_switch_id"),
    Index(None, "status"),
    Index(None, "instance_id"),
    Index(None, "account_id", "region_id", "created"),
)
"""``instance_id`` and ``instance_type`` are empty while the ENI is attached to no instance, ``trunk_id`` while it is
not a member of a trunk ENI."""

eni_addresses = Table(
    "eni_addresses",
    METADATA,
    Column("vpc_id", ForeignKey("vpcs.vpc_id"), nullable=False),
    Column("address", String, nullable=False),
    Column("network_interface_id", ForeignKey("enis.network_interface_id"), nullable=False),
    Column("family", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    PrimaryKeyConstraint("vpc_id", "address"),
    Index(None, "network_interface_id"),
)
"""Canonical text of every private address; ``family`` 4 or 6, ``position`` 0 is the primary one of its family."""

eni_security_groups = Table(
    "eni_security_groups",
    METADATA,
    Column("network_interface_id", ForeignKey("enis.network_interface_id"), nullable=False),
    Column("security_group_id", String, nullable=False),
    Column("position", Integer, nullable=False),
    PrimaryKeyConstraint("network_interface_id", "security_group_id"),
    Index(None, "security_group_id"),
)
"""Kept and given back; the rules of the host decide what passes."""

bindings = Table(
    "bindings",
    METADATA,
    Column("network_interface_id", ForeignKey("enis.network_interface_id"), primary_key=True),
    Column("node_name", String, nullable=False),
    Column("device", String, nullable=False),
    Column("side", String, nullable=False),
    Column("bound", BigInteger, nullable=False),
    UniqueConstraint("node_name", "device"),
)
"""Which device of which node is the ENI."""

agents = Table(
    "agents",
    METADATA,
    Column("node_name", String, primary_key=True),
    Column("region_id", String, nullable=False),
    Column("first_seen", Float, nullable=False),
    Column("last_seen", Float, nullable=False),
    Column("revision", String, nullable=False),
)
"""``revision`` is that of the target list which the agent says it has applied; empty before the first."""

attachments = Table(
    "attachments",
    METADATA,
    Column("node_name", ForeignKey("agents.node_name"), nullable=False),
    Column("network_interface_id", String, nullable=False),
    Column("generation", String, nullable=False),
    Column("error", Text, nullable=False),
    Column("reported", Float, nullable=False),
    PrimaryKeyConstraint("node_name", "network_interface_id"),
)
"""What an agent last said it has attached; no foreign key on the ENI, since an agent may be behind its deletion."""

undelivered = Table(
    "undelivered",
    METADATA,
    Column("node_name", ForeignKey("agents.node_name"), nullable=False),
    Column("project", String, nullable=False),
    Column("logstore", String, nullable=False),
    Column("code", String, nullable=False),
    PrimaryKeyConstraint("node_name", "project", "logstore"),
)
"""Logstores that refused an agent's last batch, and with which code; a logstore that took it is not listed."""

flow_logs = Table(
    "flow_logs",
    METADATA,
    Column("flow_log_id", String, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("region_id", String, nullable=False),
    Column("flow_log_name", String, nullable=False),
    Column("description", String, nullable=False),
    Column("resource_type", String, nullable=False),
    Column("resource_id", String, nullable=False),
    Column("traffic_type", String, nullable=False),
    Column("project_name", String, nullable=False),
    Column("log_store_name", String, nullable=False),
    Column("aggregation_interval", Integer, nullable=False),
    Column("ip_version", String, nullable=False),
    Column("log_format", String, nullable=False),
    Column("service_type", String, nullable=False, server_default=""),
    Column("traffic_analyzer_id", String, nullable=False, server_default=""),
    Column("resource_group_id", String, nullable=False),
    Column("status", String, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    Index(None, "account_id", "region_id", "created", "flow_log_id"),
    Index(None, "status"),
    Index(None, "resource_id", "account_id", "region_id", "created", "flow_log_id"),
    Index(None, "traffic_analyzer_id"),
)
"""``since`` is when capture was last asked for: creation, or the last ActiveFlowLog. ``service_type`` is ``sls`` where
the log service alone may change the flow log, else empty. ``project_name`` and ``log_store_name``, or
``traffic_analyzer_id``, are empty where the flow log has no such target."""

flow_log_paths = Table(
    "flow_log_paths",
    METADATA,
    Column("flow_log_id", ForeignKey("flow_logs.flow_log_id", ondelete="CASCADE"), nullable=False),
    Column("resource_id", String, nullable=False),
    Column("path", String, nullable=False),
    Column("position", Integer, nullable=False),
    PrimaryKeyConstraint("flow_log_id", "path"),
    UniqueConstraint("resource_id", "path"),
)

tags = Table(
    "tags",
    METADATA,
    Column("resource_type", String, nullable=False),
    Column("resource_id", String, nullable=False),
    Column("key", String, nullable=False),
    Column("value", String, nullable=False),
    PrimaryKeyConstraint("resource_type", "resource_id", "key"),
    Index(None, "resource_type", "key", "value"),
)
"""``resource_type`` in the capital spelling of TagResources: FLOWLOG, VPC, VSWITCH, ENI."""

projects = Table(
    "projects",
    METADATA,
    Column("name", String, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("region_id", String, nullable=False),
    Column("description", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
    Index(None, "account_id"),
)

logstores = Table(
    "logstores",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("project", ForeignKey("projects.name"), nullable=False),
    Column("name", String, nullable=False),
    Column("ttl_days", Integer, nullable=False),
    Column("shard_count", Integer, nullable=False),
    Column("extra", JSON, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
    UniqueConstraint("project", "name"),
    sqlite_autoincrement=True,
)
"""``extra`` holds the attributes of CreateLogStore that Weir keeps and gives back but does not act on."""

indexes = Table(
    "indexes",
    METADATA,
    Column("logstore_id", ForeignKey("logstores.id", ondelete="CASCADE"), primary_key=True),
    Column("body", JSON, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
)
"""``body`` is the index as CreateIndex sent it (keys, line, max_text_len)."""

traffic_analyzers = Table(
    "traffic_analyzers",
    METADATA,
    Column("traffic_analyzer_id", String, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("region_id", String, nullable=False),
    Column("traffic_analyzer_name", String, nullable=False),
    Column("description", String, nullable=False),
    Column("aggregation_interval", Integer, nullable=False),
    Column("tuple_dimension", String, nullable=False),
    Column("status", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    Index(None, "account_id", "region_id", "created"),
)
"""The project of the same name, made with the analyzer, holds the logstore of its records."""

traffic_rankings = Table(
    "traffic_rankings",
    METADATA,
    Column("nis_traffic_ranking_id", String, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("entries", JSON, nullable=False),
    Column("created", Float, nullable=False),
    Index(None, "account_id", "created"),
    Index(None, "created"),
)
"""Finished rankings; ``entries`` as DescribeNisTrafficRanking shows them, in order."""
