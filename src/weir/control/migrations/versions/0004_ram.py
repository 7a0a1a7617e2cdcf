"""The tables of RAM.

What enters: the database as the migration before left it. What leaves: the tables as they were when this was written;
a later change of a table is a migration of its own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _principals()
    _policies()


def _account(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("account_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f(f"fk_{table}_account_id")),
    ]


def _texts(*names: str) -> list[sa.schema.SchemaItem]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _principals() -> None:
    op.create_table(
        "ram_users",
        sa.Column("user_id", sa.String(), nullable=False),
        *_account("ram_users"),
        *_texts("user_name", "display_name", "mobile_phone", "email", "comments"),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_ram_users")),
        sa.UniqueConstraint("account_id", "user_name", name=op.f("uq_ram_users_account_id_user_name")),
    )
    op.create_table(
        "ram_user_keys",
        *_texts("access_key_id", "user_id"),
        sa.ForeignKeyConstraint(
            ["access_key_id"], ["access_keys.access_key_id"], name=op.f("fk_ram_user_keys_access_key_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["ram_users.user_id"], name=op.f("fk_ram_user_keys_user_id")),
        sa.PrimaryKeyConstraint("access_key_id", name=op.f("pk_ram_user_keys")),
    )
    op.create_index(op.f("ix_ram_user_keys_user_id"), "ram_user_keys", ["user_id"])
    op.create_table(
        "ram_groups",
        sa.Column("group_id", sa.String(), nullable=False),
        *_account("ram_groups"),
        *_texts("group_name", "comments"),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_ram_groups")),
        sa.UniqueConstraint("account_id", "group_name", name=op.f("uq_ram_groups_account_id_group_name")),
    )
    op.create_table(
        "ram_members",
        *_texts("group_id", "user_id"),
        sa.Column("joined", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["ram_groups.group_id"], name=op.f("fk_ram_members_group_id")),
        sa.ForeignKeyConstraint(["user_id"], ["ram_users.user_id"], name=op.f("fk_ram_members_user_id")),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("pk_ram_members")),
    )
    op.create_index(op.f("ix_ram_members_user_id"), "ram_members", ["user_id"])
    op.create_table(
        "ram_roles",
        sa.Column("role_id", sa.String(), nullable=False),
        *_account("ram_roles"),
        *_texts("role_name", "description"),
        sa.Column("trust_document", sa.Text(), nullable=False),
        sa.Column("session_seconds_max", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("role_id", name=op.f("pk_ram_roles")),
        sa.UniqueConstraint("account_id", "role_name", name=op.f("uq_ram_roles_account_id_role_name")),
    )


def _policies() -> None:
    op.create_table(
        "ram_policies",
        *_account("ram_policies"),
        *_texts("policy_name", "description"),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "policy_name", name=op.f("pk_ram_policies")),
    )
    op.create_table(
        "ram_attachments",
        *_account("ram_attachments"),
        *_texts("holder_kind", "holder_id", "policy_type", "policy_name"),
        sa.Column("attached", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "holder_kind", "holder_id", "policy_type", "policy_name", name=op.f("pk_ram_attachments")
        ),
    )
    op.create_index(
        op.f("ix_ram_attachments_account_id_policy_type_policy_name"),
        "ram_attachments",
        ["account_id", "policy_type", "policy_name"],
    )
