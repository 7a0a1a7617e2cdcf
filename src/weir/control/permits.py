"""Whether a caller may do what it asks: policies are fetched here and judged by ``control.policies``.

What enters: a caller with the facts of its request, an action on some resources. What leaves: nothing, or ``Denied``
with the ``AccessDeniedDetail`` that the API answers. Rules: every resource must be allowed; policies are read from the
catalog at each call of a RAM user or role, so a change of them works at once, on every server.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from sqlalchemy import Connection, and_, or_, select

from weir.control.access import Caller, Denied, Principal, allowed
from weir.control.catalog import Catalog
from weir.control.policies import Asked, Decision, Policy, PolicyType, Verdict, decide, read_policy
from weir.control.ram_schema import ram_attachments, ram_members, ram_policies, ram_roles
from weir.control.system_policies import CUSTOM, SYSTEM, SYSTEM_POLICIES

USER, GROUP, ROLE = "User", "Group", "Role"
"""Kinds of holder in ``ram_attachments``."""


@dataclass(frozen=True, slots=True)
class Request:
    """An action in RAM's spelling on every one of ``resources`` (whole ARNs).

    An action on no resource needs no permission.
    """

    action: str
    resources: tuple[str, ...]


class Permits:
    """The judge of one server. Thread-safe."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def check(self, caller: Caller, request: Request) -> None:
        """Raises ``Denied`` unless the caller may do it."""
        if not caller.is_ram:
            return check_fixed(caller, request)
        with self._catalog.reading() as connection:
            identity = policies_of(connection, caller)
        session = read_policy(caller.session_policy) if caller.session_policy else None
        for resource in request.resources:
            asked = Asked(request.action, resource, caller.facts)
            decision = decide(identity, session, asked)
            if decision.verdict is not Verdict.ALLOW:
                raise denied(caller, asked, decision)


def check_fixed(caller: Caller, request: Request) -> None:
    """The same without policies: for the account and the agent; RAM users and roles may nothing."""
    if request.resources and not allowed(caller, request.action):
        decision = Decision(Verdict.IMPLICIT_DENY, PolicyType.IDENTITY)
        raise denied(caller, Asked(request.action, request.resources[0]), decision)


def policies_of(connection: Connection, caller: Caller) -> tuple[Policy, ...]:
    """Everything attached to a RAM user and its groups, or to a role; nothing once the role is deleted."""
    columns = ram_attachments.c
    if caller.principal is Principal.ROLE:
        exists = select(ram_roles.c.role_id).where(ram_roles.c.role_id == caller.principal_id)
        holds = and_(columns.holder_kind == ROLE, columns.holder_id.in_(exists))
    else:
        groups = select(ram_members.c.group_id).where(ram_members.c.user_id == caller.principal_id)
        holds = or_(
            and_(columns.holder_kind == USER, columns.holder_id == caller.principal_id),
            and_(columns.holder_kind == GROUP, columns.holder_id.in_(groups)),
        )
    custom = and_(
        columns.policy_type == CUSTOM,
        ram_policies.c.account_id == columns.account_id,
        ram_policies.c.policy_name == columns.policy_name,
    )
    found = connection.execute(
        select(columns.policy_type, columns.policy_name, ram_policies.c.document)
        .select_from(ram_attachments.outerjoin(ram_policies, custom))
        .where(holds)
    )
    return tuple(
        read_policy(SYSTEM_POLICIES[row.policy_name].document if row.policy_type == SYSTEM else row.document)
        for row in found
    )


def denied(caller: Caller, asked: Asked, decision: Decision) -> Denied:
    """The refusal, with what it says to the caller (source: RAM, "AccessDeniedDetail")."""
    is_role = caller.principal is Principal.ROLE
    diagnosis = {
        "Action": asked.action,
        "Resource": asked.resource,
        "Principal": caller.arn,
        "Decision": decision.verdict.value,
    }
    shown = {
        "AuthAction": asked.action,
        "AuthPrincipalType": "AssumedRoleUser" if is_role else "SubUser",
        "AuthPrincipalOwnerId": caller.account_id,
        "AuthPrincipalDisplayName": f"{caller.name}:{caller.session_name}" if is_role else caller.principal_id,
        "NoPermissionType": decision.verdict.value,
        "PolicyType": decision.policy_type.value,
        "EncodedDiagnosticMessage": base64.b64encode(json.dumps(diagnosis).encode()).decode(),
    }
    return Denied(shown, action=asked.action, resource=asked.resource, verdict=decision.verdict.value)
