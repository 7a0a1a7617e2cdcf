"""The catalog's tables of RAM: users, groups, roles, custom policies, and what is attached to whom.

What enters: the ``MetaData`` of ``schema``. What leaves: one table each in it. Rules: a name is unique within its
account and its kind, a policy is attached to a holder at most once, and a key of a RAM user dies with the user; all
three are constraints. System policies are no rows: they are the table of ``control.system_policies``.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from weir.control.schema import METADATA

ram_users = Table(
    "ram_users",
    METADATA,
    Column("user_id", String, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("user_name", String, nullable=False),
    Column("display_name", String, nullable=False),
    Column("mobile_phone", String, nullable=False),
    Column("email", String, nullable=False),
    Column("comments", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("account_id", "user_name"),
)

ram_user_keys = Table(
    "ram_user_keys",
    METADATA,
    Column("access_key_id", ForeignKey("access_keys.access_key_id"), primary_key=True),
    Column("user_id", ForeignKey("ram_users.user_id"), nullable=False),
    Index(None, "user_id"),
)
"""Which RAM user an AccessKey belongs to; a key without a row is the account's own or an agent's."""

ram_groups = Table(
    "ram_groups",
    METADATA,
    Column("group_id", String, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("group_name", String, nullable=False),
    Column("comments", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("account_id", "group_name"),
)

ram_members = Table(
    "ram_members",
    METADATA,
    Column("group_id", ForeignKey("ram_groups.group_id"), nullable=False),
    Column("user_id", ForeignKey("ram_users.user_id"), nullable=False),
    Column("joined", BigInteger, nullable=False),
    PrimaryKeyConstraint("group_id", "user_id"),
    Index(None, "user_id"),
)

ram_roles = Table(
    "ram_roles",
    METADATA,
    Column("role_id", String, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("role_name", String, nullable=False),
    Column("description", String, nullable=False),
    Column("trust_document", Text, nullable=False),
    Column("session_seconds_max", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("account_id", "role_name"),
)
"""``trust_document`` says who may assume the role (AssumeRolePolicyDocument)."""

ram_policies = Table(
    "ram_policies",
    METADATA,
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("policy_name", String, nullable=False),
    Column("description", String, nullable=False),
    Column("document", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    PrimaryKeyConstraint("account_id", "policy_name"),
)

ram_attachments = Table(
    "ram_attachments",
    METADATA,
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("holder_kind", String, nullable=False),
    Column("holder_id", String, nullable=False),
    Column("policy_type", String, nullable=False),
    Column("policy_name", String, nullable=False),
    Column("attached", BigInteger, nullable=False),
    PrimaryKeyConstraint("holder_kind", "holder_id", "policy_type", "policy_name"),
    Index(None, "account_id", "policy_type", "policy_name"),
)
"""``holder_kind``: User, Group or Role; ``policy_type``: System or Custom."""
