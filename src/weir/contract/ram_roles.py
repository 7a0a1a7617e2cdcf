"""Roles, product Ram 2015-05-01.

What enters: nothing. What leaves: one command and one answer class per operation; names, shapes and failures are the
published ones (source: RAM's API pages of CreateRole and its siblings).
"""

from __future__ import annotations

from weir.contract.declare import action, answer, param, structure
from weir.contract.ram_terms import (
    CALLED,
    DOCUMENT,
    LISTED,
    ON_ROLE,
    RAM,
    ROLE_EXAMPLE,
    TRUST_EXAMPLE,
    date,
    free_text,
    is_truncated,
    marker,
    max_items,
    next_marker,
    on,
    role_name,
)
from weir.contract.shapes import Integer
from weir.contract.terms import Done
from weir.model.failures import INVALID_PARAMETER
from weir.model.ram_failures import (
    DELETE_CONFLICT_ROLE_POLICY,
    ENTITY_ALREADY_EXISTS_ROLE,
    ENTITY_NOT_EXIST_ROLE,
    LIMIT_EXCEEDED_ROLE,
    MALFORMED_POLICY_DOCUMENT,
)

SESSION_SECONDS = 3600
SESSION_SECONDS_MAX = 43_200
"""Longest MaxSessionDuration; above it the call is refused (source: the CreateRole page)."""


@structure
class RoleItem:
    """One role in a list."""

    role_id: str = answer("Its id.", example="901234567890123456")
    role_name: str = answer("Its name.", example=ROLE_EXAMPLE)
    arn: str = answer("Its ARN.", example=f"acs:ram::1234567890123456:role/{ROLE_EXAMPLE}")
    description: str = answer("Free text.", example="reads flow logs")
    max_session_duration: int = answer("Longest session in seconds.", example=SESSION_SECONDS)
    create_date: str = date("When it was created")
    update_date: str = date("When it was last changed")


@structure
class Role(RoleItem):
    """One role."""

    assume_role_policy_document: str = answer("Who may assume it.", example=TRUST_EXAMPLE)


@structure
class RoleShown:
    """The answer of CreateRole, GetRole and UpdateRole."""

    role: Role = answer("The role.")


@structure
class RoleList:
    """The answer of ListRoles."""

    is_truncated: bool = is_truncated()
    marker: str | None = next_marker()
    roles: tuple[RoleItem, ...] = answer("The roles, by name.", item="Role")


@action(
    RAM,
    returns=RoleShown,
    summary="Create a role.",
    fails=(*LISTED, MALFORMED_POLICY_DOCUMENT, ENTITY_ALREADY_EXISTS_ROLE, LIMIT_EXCEEDED_ROLE),
    resources=on("role/*"),
)
class CreateRole:
    """A role named `AliyunVPCLogArchiveRole` is the account's grant of the service role of flow logs: without it RAM
    users and roles cannot create flow logs.
    """

    role_name: str = role_name()
    assume_role_policy_document: str = param(
        DOCUMENT, "Trust policy: the RAM identities that may assume the role.", example=TRUST_EXAMPLE
    )
    description: str = free_text(1024, "Free text.", "reads flow logs")
    max_session_duration: int = param(
        Integer(SESSION_SECONDS, SESSION_SECONDS_MAX),
        "Longest session.",
        example=str(SESSION_SECONDS),
        default=SESSION_SECONDS,
        unit="seconds",
    )


@action(
    RAM,
    returns=RoleShown,
    summary="Show a role.",
    writes=False,
    fails=(*CALLED, ENTITY_NOT_EXIST_ROLE),
    resources=ON_ROLE,
)
class GetRole:
    """By name."""

    role_name: str = role_name()


@action(
    RAM,
    returns=RoleShown,
    summary="Change a role's trust policy or its longest session.",
    fails=(*CALLED[:1], INVALID_PARAMETER, *CALLED[1:], MALFORMED_POLICY_DOCUMENT, ENTITY_NOT_EXIST_ROLE),
    resources=ON_ROLE,
)
class UpdateRole:
    """What is absent stays as it is; sessions that run go on."""

    role_name: str = role_name()
    new_assume_role_policy_document: str | None = param(
        DOCUMENT, "New trust policy.", example=TRUST_EXAMPLE, default=None
    )
    new_max_session_duration: int | None = param(
        Integer(SESSION_SECONDS, SESSION_SECONDS_MAX),
        "New longest session.",
        example=str(SESSION_SECONDS),
        default=None,
        unit="seconds",
    )


@action(RAM, returns=RoleList, summary="List the roles.", writes=False, fails=LISTED[1:], resources=on("role/*"))
class ListRoles:
    """Of the caller's account."""

    marker: str | None = marker()
    max_items: int = max_items()


@action(
    RAM,
    returns=Done,
    summary="Delete a role.",
    fails=(*CALLED, ENTITY_NOT_EXIST_ROLE, DELETE_CONFLICT_ROLE_POLICY),
    resources=ON_ROLE,
)
class DeleteRole:
    """Its policies must be detached before; its sessions may nothing from then on."""

    role_name: str = role_name()
