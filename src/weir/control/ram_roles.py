"""Roles: who may assume them, and for how long.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal`` and an unchanged catalog. Rules: a
trust policy that the policy language does not take is never stored; a role is deleted only once it holds no policy. A
role of the name ``SERVICE_ROLE`` is the account's grant of the flow-log service role.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, update

from weir.contract import ram_roles as say
from weir.contract.terms import Done
from weir.control.access import Caller
from weir.control.desk import Desk, iso_time
from weir.control.identifiers import draw_digits
from weir.control.listing import AnyRow, count
from weir.control.permits import ROLE
from weir.control.policies import PolicyError, read_trust
from weir.control.ram_rows import check_new, page_of, role_of
from weir.control.ram_schema import ram_attachments, ram_roles
from weir.model.failures import Refusal
from weir.model.ram_failures import (
    DELETE_CONFLICT_ROLE_POLICY,
    ENTITY_ALREADY_EXISTS_ROLE,
    LIMIT_EXCEEDED_ROLE,
    MALFORMED_POLICY_DOCUMENT,
)

ROLES_MAX = 1000
"""Roles of an account; above it LimitExceeded.Role (source: RAM limits page)."""
SERVICE_ROLE = "AliyunVPCLogArchiveRole"
"""The role that the flow-log service asks an account for (source: the CreateFlowLog page)."""


def create_role(desk: Desk, caller: Caller, command: say.CreateRole) -> say.RoleShown:
    """A new role without policies."""
    _check_trust(command.assume_role_policy_document)
    with desk.catalog.writing() as connection:
        check_new(
            connection,
            ram_roles.c.role_name,
            (caller.account_id, command.role_name),
            (ENTITY_ALREADY_EXISTS_ROLE, LIMIT_EXCEEDED_ROLE),
            ROLES_MAX,
        )
        connection.execute(
            insert(ram_roles).values(
                role_id=draw_digits(18),
                account_id=caller.account_id,
                role_name=command.role_name,
                description=command.description,
                trust_document=command.assume_role_policy_document,
                session_seconds_max=command.max_session_duration,
                created=int(desk.now()),
            )
        )
        return say.RoleShown(role=_shown(role_of(connection, caller.account_id, command.role_name)))


def get_role(desk: Desk, caller: Caller, command: say.GetRole) -> say.RoleShown:
    """The role of that name."""
    with desk.catalog.reading() as connection:
        return say.RoleShown(role=_shown(role_of(connection, caller.account_id, command.role_name)))


def update_role(desk: Desk, caller: Caller, command: say.UpdateRole) -> say.RoleShown:
    """Changes what is given."""
    if command.new_assume_role_policy_document is not None:
        _check_trust(command.new_assume_role_policy_document)
    with desk.catalog.writing() as connection:
        role = role_of(connection, caller.account_id, command.role_name)
        connection.execute(
            update(ram_roles)
            .where(ram_roles.c.role_id == role.role_id)
            .values(
                trust_document=command.new_assume_role_policy_document or role.trust_document,
                session_seconds_max=command.new_max_session_duration or role.session_seconds_max,
            )
        )
        return say.RoleShown(role=_shown(role_of(connection, caller.account_id, command.role_name)))


def list_roles(desk: Desk, caller: Caller, command: say.ListRoles) -> say.RoleList:
    """One page of the account's roles."""
    mine = [ram_roles.c.account_id == caller.account_id]
    with desk.catalog.reading() as connection:
        rows, marker = page_of(connection, ram_roles.c.role_name, mine, command)
    return say.RoleList(
        is_truncated=marker is not None, marker=marker, roles=tuple(say.RoleItem(**_item(row)) for row in rows)
    )


def delete_role(desk: Desk, caller: Caller, command: say.DeleteRole) -> Done:
    """Deletes a role without policies."""
    with desk.catalog.writing() as connection:
        role_id = role_of(connection, caller.account_id, command.role_name).role_id
        attached = (ram_attachments.c.holder_kind == ROLE) & (ram_attachments.c.holder_id == role_id)
        if count(connection, ram_attachments, attached):
            raise Refusal(DELETE_CONFLICT_ROLE_POLICY)
        connection.execute(delete(ram_roles).where(ram_roles.c.role_id == role_id))
    return Done()


def has_service_role(connection: Connection, account_id: str) -> bool:
    """Whether the account has granted the flow-log service role."""
    columns = ram_roles.c
    return count(connection, ram_roles, columns.account_id == account_id, columns.role_name == SERVICE_ROLE) > 0


def _check_trust(document: str) -> None:
    try:
        read_trust(document)
    except PolicyError as error:
        raise Refusal(MALFORMED_POLICY_DOCUMENT, f"{MALFORMED_POLICY_DOCUMENT.message} {error}.") from error


def _item(row: AnyRow) -> dict[str, Any]:
    return {
        "role_id": row.role_id,
        "role_name": row.role_name,
        "arn": f"acs:ram::{row.account_id}:role/{row.role_name}",
        "description": row.description,
        "max_session_duration": row.session_seconds_max,
        "create_date": iso_time(row.created),
        "update_date": iso_time(row.created),
    }


def _shown(row: AnyRow) -> say.Role:
    return say.Role(**_item(row), assume_role_policy_document=row.trust_document)
