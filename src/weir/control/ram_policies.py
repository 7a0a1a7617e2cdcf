"""Policies, and to whom they are attached.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal`` and an unchanged catalog. Rules: a
document that the policy language does not take is never stored; a policy is deleted only once nobody holds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from weir.contract import ram_policies as say
from weir.contract.terms import Done
from weir.control.access import Caller
from weir.control.desk import Desk, iso_time
from weir.control.listing import AnyRow, count
from weir.control.permits import GROUP, ROLE, USER
from weir.control.policies import PolicyError, read_policy
from weir.control.ram_rows import check_new, following, group_of, role_of, user_of
from weir.control.ram_schema import ram_attachments, ram_policies
from weir.control.system_policies import CUSTOM, SYSTEM, SYSTEM_POLICIES
from weir.model.failures import Failure, Refusal
from weir.model.ram_failures import (
    DELETE_CONFLICT_POLICY_GROUP,
    DELETE_CONFLICT_POLICY_ROLE,
    DELETE_CONFLICT_POLICY_USER,
    ENTITY_ALREADY_EXISTS_GROUP_POLICY,
    ENTITY_ALREADY_EXISTS_POLICY,
    ENTITY_ALREADY_EXISTS_ROLE_POLICY,
    ENTITY_ALREADY_EXISTS_USER_POLICY,
    ENTITY_NOT_EXIST_GROUP_POLICY,
    ENTITY_NOT_EXIST_POLICY,
    ENTITY_NOT_EXIST_ROLE_POLICY,
    ENTITY_NOT_EXIST_USER_POLICY,
    LIMIT_EXCEEDED_POLICY,
    MALFORMED_POLICY_DOCUMENT,
)

POLICIES_MAX = 1500
"""Custom policies of an account; above it LimitExceeded.Policy (source: RAM limits page)."""
IN_USE: tuple[tuple[str, Failure], ...] = (
    (USER, DELETE_CONFLICT_POLICY_USER),
    (GROUP, DELETE_CONFLICT_POLICY_GROUP),
    (ROLE, DELETE_CONFLICT_POLICY_ROLE),
)
TWICE = {
    USER: ENTITY_ALREADY_EXISTS_USER_POLICY,
    GROUP: ENTITY_ALREADY_EXISTS_GROUP_POLICY,
    ROLE: ENTITY_ALREADY_EXISTS_ROLE_POLICY,
}
NOT_ATTACHED = {
    USER: ENTITY_NOT_EXIST_USER_POLICY,
    GROUP: ENTITY_NOT_EXIST_GROUP_POLICY,
    ROLE: ENTITY_NOT_EXIST_ROLE_POLICY,
}


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a policy is attached to: USER, GROUP or ROLE, and its id."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Found:
    """A policy of either type."""

    policy_name: str
    policy_type: str
    description: str
    document: str
    created: int


def create_policy(desk: Desk, caller: Caller, command: say.CreatePolicy) -> say.PolicyCreated:
    """A new custom policy, attached to nobody."""
    try:
        read_policy(command.policy_document)
    except PolicyError as error:
        raise Refusal(MALFORMED_POLICY_DOCUMENT, f"{MALFORMED_POLICY_DOCUMENT.message} {error}.") from error
    with desk.catalog.writing() as connection:
        if command.policy_name in SYSTEM_POLICIES:
            raise Refusal(ENTITY_ALREADY_EXISTS_POLICY, name=command.policy_name)
        check_new(
            connection,
            ram_policies.c.policy_name,
            (caller.account_id, command.policy_name),
            (ENTITY_ALREADY_EXISTS_POLICY, LIMIT_EXCEEDED_POLICY),
            POLICIES_MAX,
        )
        connection.execute(
            insert(ram_policies).values(
                account_id=caller.account_id,
                policy_name=command.policy_name,
                description=command.description,
                document=command.policy_document,
                created=int(desk.now()),
            )
        )
        found = _policy(connection, caller, CUSTOM, command.policy_name)
        return say.PolicyCreated(policy=_shown(connection, caller, found))


def get_policy(desk: Desk, caller: Caller, command: say.GetPolicy) -> say.PolicyShown:
    """The policy and its document."""
    with desk.catalog.reading() as connection:
        found = _policy(connection, caller, command.policy_type.value, command.policy_name)
        version = say.PolicyVersion(policy_document=found.document, create_date=iso_time(found.created))
        return say.PolicyShown(policy=_shown(connection, caller, found), default_policy_version=version)


def list_policies(desk: Desk, caller: Caller, command: say.ListPolicies) -> say.PolicyList:
    """One page of system policies and the account's own."""
    wanted = list(say.PolicyType) if command.policy_type is None else [command.policy_type]
    with desk.catalog.reading() as connection:
        found = [one for policy_type in wanted for one in _policies(connection, caller, policy_type)]
        rows, marker = following(found, "policy_name", command)
        shown = tuple(_shown(connection, caller, one) for one in rows)
    return say.PolicyList(is_truncated=marker is not None, marker=marker, policies=shown)


def delete_policy(desk: Desk, caller: Caller, command: say.DeletePolicy) -> Done:
    """Deletes a custom policy that nobody holds."""
    with desk.catalog.writing() as connection:
        _policy(connection, caller, CUSTOM, command.policy_name)
        columns = ram_attachments.c
        of_policy = (
            (columns.account_id == caller.account_id)
            & (columns.policy_type == CUSTOM)
            & (columns.policy_name == command.policy_name)
        )
        for kind, failure in IN_USE:
            if count(connection, ram_attachments, of_policy, columns.holder_kind == kind):
                raise Refusal(failure)
        connection.execute(
            delete(ram_policies).where(
                ram_policies.c.account_id == caller.account_id, ram_policies.c.policy_name == command.policy_name
            )
        )
    return Done()


def attach_policy_to_user(desk: Desk, caller: Caller, command: say.AttachPolicyToUser) -> Done:
    """Holds for the user's next call."""
    with desk.catalog.writing() as connection:
        holder = Holder(USER, user_of(connection, caller.account_id, command.user_name).user_id)
        return _attach(connection, caller, holder, command, desk.now())


def attach_policy_to_group(desk: Desk, caller: Caller, command: say.AttachPolicyToGroup) -> Done:
    """Holds for the next call of every member."""
    with desk.catalog.writing() as connection:
        holder = Holder(GROUP, group_of(connection, caller.account_id, command.group_name).group_id)
        return _attach(connection, caller, holder, command, desk.now())


def attach_policy_to_role(desk: Desk, caller: Caller, command: say.AttachPolicyToRole) -> Done:
    """Holds for the next call of every session."""
    with desk.catalog.writing() as connection:
        holder = Holder(ROLE, role_of(connection, caller.account_id, command.role_name).role_id)
        return _attach(connection, caller, holder, command, desk.now())


def detach_policy_from_user(desk: Desk, caller: Caller, command: say.DetachPolicyFromUser) -> Done:
    """No longer holds for the user's next call."""
    with desk.catalog.writing() as connection:
        holder = Holder(USER, user_of(connection, caller.account_id, command.user_name).user_id)
        return _detach(connection, holder, command)


def detach_policy_from_group(desk: Desk, caller: Caller, command: say.DetachPolicyFromGroup) -> Done:
    """No longer holds for the next call of its members."""
    with desk.catalog.writing() as connection:
        holder = Holder(GROUP, group_of(connection, caller.account_id, command.group_name).group_id)
        return _detach(connection, holder, command)


def detach_policy_from_role(desk: Desk, caller: Caller, command: say.DetachPolicyFromRole) -> Done:
    """No longer holds for the next call of its sessions."""
    with desk.catalog.writing() as connection:
        holder = Holder(ROLE, role_of(connection, caller.account_id, command.role_name).role_id)
        return _detach(connection, holder, command)


def list_policies_for_user(desk: Desk, caller: Caller, command: say.ListPoliciesForUser) -> say.AttachedList:
    """The user's own, not those of its groups."""
    with desk.catalog.reading() as connection:
        return _attached(
            connection, caller, Holder(USER, user_of(connection, caller.account_id, command.user_name).user_id)
        )


def list_policies_for_group(desk: Desk, caller: Caller, command: say.ListPoliciesForGroup) -> say.AttachedList:
    """The group's."""
    with desk.catalog.reading() as connection:
        return _attached(
            connection, caller, Holder(GROUP, group_of(connection, caller.account_id, command.group_name).group_id)
        )


def list_policies_for_role(desk: Desk, caller: Caller, command: say.ListPoliciesForRole) -> say.AttachedList:
    """The role's."""
    with desk.catalog.reading() as connection:
        return _attached(
            connection, caller, Holder(ROLE, role_of(connection, caller.account_id, command.role_name).role_id)
        )


Attaching = say.AttachPolicyToUser | say.AttachPolicyToGroup | say.AttachPolicyToRole
Detaching = say.DetachPolicyFromUser | say.DetachPolicyFromGroup | say.DetachPolicyFromRole


def _attach(connection: Connection, caller: Caller, holder: Holder, command: Attaching, now: float) -> Done:
    _policy(connection, caller, command.policy_type.value, command.policy_name)
    said = {
        "holder_kind": holder.kind,
        "holder_id": holder.id,
        "policy_type": command.policy_type.value,
        "policy_name": command.policy_name,
    }
    if count(connection, ram_attachments, *(ram_attachments.c[name] == value for name, value in said.items())):
        raise Refusal(TWICE[holder.kind])
    connection.execute(insert(ram_attachments).values(account_id=caller.account_id, attached=int(now), **said))
    return Done()


def _detach(connection: Connection, holder: Holder, command: Detaching) -> Done:
    columns = ram_attachments.c
    written = connection.execute(
        delete(ram_attachments).where(
            columns.holder_kind == holder.kind,
            columns.holder_id == holder.id,
            columns.policy_type == command.policy_type.value,
            columns.policy_name == command.policy_name,
        )
    )
    if not written.rowcount:
        raise Refusal(NOT_ATTACHED[holder.kind])
    return Done()


def _attached(connection: Connection, caller: Caller, holder: Holder) -> say.AttachedList:
    columns = ram_attachments.c
    rows = connection.execute(
        select(ram_attachments)
        .where(columns.holder_kind == holder.kind, columns.holder_id == holder.id)
        .order_by(columns.policy_name, columns.policy_type)
    ).all()
    return say.AttachedList(
        policies=tuple(
            say.Attached(
                policy_name=row.policy_name,
                policy_type=row.policy_type,
                description=_policy(connection, caller, row.policy_type, row.policy_name).description,
                attach_date=iso_time(row.attached),
            )
            for row in rows
        )
    )


def _policies(connection: Connection, caller: Caller, policy_type: str) -> Iterator[Found]:
    """Every policy of that type, by name."""
    if policy_type == SYSTEM:
        for name, policy in sorted(SYSTEM_POLICIES.items()):
            yield Found(name, SYSTEM, policy.description, policy.document, 0)
        return
    mine = select(ram_policies).where(ram_policies.c.account_id == caller.account_id)
    for row in connection.execute(mine.order_by(ram_policies.c.policy_name)):
        yield _found(row)


def _policy(connection: Connection, caller: Caller, policy_type: str, policy_name: str) -> Found:
    """The policy. Raises EntityNotExist.Policy."""
    if policy_type == SYSTEM:
        system = SYSTEM_POLICIES.get(policy_name)
        if system is not None:
            return Found(policy_name, SYSTEM, system.description, system.document, 0)
    else:
        columns = ram_policies.c
        row = connection.execute(
            select(ram_policies).where(columns.account_id == caller.account_id, columns.policy_name == policy_name)
        ).one_or_none()
        if row is not None:
            return _found(row)
    raise Refusal(ENTITY_NOT_EXIST_POLICY, name=policy_name)


def _found(row: AnyRow) -> Found:
    return Found(row.policy_name, CUSTOM, row.description, row.document, row.created)


def _shown(connection: Connection, caller: Caller, found: Found) -> say.Policy:
    columns = ram_attachments.c
    held = count(
        connection,
        ram_attachments,
        columns.account_id == caller.account_id,
        columns.policy_type == found.policy_type,
        columns.policy_name == found.policy_name,
    )
    return say.Policy(
        policy_name=found.policy_name,
        policy_type=found.policy_type,
        description=found.description,
        attachment_count=held,
        create_date=iso_time(found.created),
        update_date=iso_time(found.created),
    )
