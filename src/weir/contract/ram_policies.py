"""Policies and what they are attached to, product Ram 2015-05-01.

What enters: nothing. What leaves: one command and one answer class per operation; names, shapes and failures are the
published ones (source: RAM's API pages of CreatePolicy, AttachPolicyToUser and their siblings). A custom policy has
one version, ``v1``: to change it, make another and attach that.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from weir.contract.declare import Resource, action, answer, param, structure
from weir.contract.ram_terms import (
    CALLED,
    DOCUMENT,
    DOCUMENT_EXAMPLE,
    LISTED,
    ON_GROUP,
    ON_POLICY,
    ON_ROLE,
    ON_USER,
    POLICY_EXAMPLE,
    POLICY_NAME,
    RAM,
    date,
    free_text,
    group_name,
    is_truncated,
    marker,
    max_items,
    next_marker,
    on,
    role_name,
    user_name,
)
from weir.contract.shapes import OneOf
from weir.contract.terms import Done
from weir.model.failures import Failure
from weir.model.ram_failures import (
    DELETE_CONFLICT_POLICY_GROUP,
    DELETE_CONFLICT_POLICY_ROLE,
    DELETE_CONFLICT_POLICY_USER,
    ENTITY_ALREADY_EXISTS_GROUP_POLICY,
    ENTITY_ALREADY_EXISTS_POLICY,
    ENTITY_ALREADY_EXISTS_ROLE_POLICY,
    ENTITY_ALREADY_EXISTS_USER_POLICY,
    ENTITY_NOT_EXIST_GROUP,
    ENTITY_NOT_EXIST_GROUP_POLICY,
    ENTITY_NOT_EXIST_POLICY,
    ENTITY_NOT_EXIST_ROLE,
    ENTITY_NOT_EXIST_ROLE_POLICY,
    ENTITY_NOT_EXIST_USER,
    ENTITY_NOT_EXIST_USER_POLICY,
    LIMIT_EXCEEDED_POLICY,
    MALFORMED_POLICY_DOCUMENT,
)

VERSION = "v1"


class PolicyType(StrEnum):
    """Where a policy comes from."""

    SYSTEM = "System"
    CUSTOM = "Custom"


def _policy_type(**facts: Any) -> Any:
    return param(OneOf(PolicyType), "`System`: built in; `Custom`: made by the account.", example="Custom", **facts)


def _policy_name() -> Any:
    return param(POLICY_NAME, "The policy.", example=POLICY_EXAMPLE)


@structure
class Policy:
    """One policy."""

    policy_name: str = answer("Its name.", example=POLICY_EXAMPLE)
    policy_type: str = answer("`System` or `Custom`.", example="Custom")
    description: str = answer("Free text.", example="may list flow logs")
    default_version: str = answer("Always `v1`.", default=VERSION, example=VERSION)
    attachment_count: int = answer("To how many users, groups and roles of the account it is attached.", example=1)
    create_date: str = date("When it was created")
    update_date: str = date("When it was last changed")


@structure
class PolicyVersion:
    """The version of a policy."""

    version_id: str = answer("Always `v1`.", default=VERSION, example=VERSION)
    is_default_version: bool = answer("Always true.", default=True, example=True)
    policy_document: str = answer("The document.", example=DOCUMENT_EXAMPLE)
    create_date: str = date("When it was created")


@structure
class PolicyCreated:
    """The answer of CreatePolicy."""

    policy: Policy = answer("The policy.")


@structure
class PolicyShown:
    """The answer of GetPolicy."""

    policy: Policy = answer("The policy.")
    default_policy_version: PolicyVersion = answer("Its document.")


@structure
class PolicyList:
    """The answer of ListPolicies."""

    is_truncated: bool = is_truncated()
    marker: str | None = next_marker()
    policies: tuple[Policy, ...] = answer("The policies, by name, system policies first.", item="Policy")


@structure
class Attached:
    """A policy as one that is attached."""

    policy_name: str = answer("Its name.", example=POLICY_EXAMPLE)
    policy_type: str = answer("`System` or `Custom`.", example="Custom")
    description: str = answer("Free text.", example="may list flow logs")
    default_version: str = answer("Always `v1`.", default=VERSION, example=VERSION)
    attach_date: str = date("When it was attached")


@structure
class AttachedList:
    """The answer of ListPoliciesForUser and its siblings."""

    policies: tuple[Attached, ...] = answer("The policies, by name.", item="Policy")


@action(
    RAM,
    returns=PolicyCreated,
    summary="Create a custom policy.",
    fails=(*CALLED, MALFORMED_POLICY_DOCUMENT, ENTITY_ALREADY_EXISTS_POLICY, LIMIT_EXCEEDED_POLICY),
    resources=on("policy/*"),
)
class CreatePolicy:
    """It allows and denies nothing until it is attached."""

    policy_name: str = _policy_name()
    policy_document: str = param(DOCUMENT, "The policy in the policy language.", example=DOCUMENT_EXAMPLE)
    description: str = free_text(1024, "Free text.", "may list flow logs")


@action(
    RAM,
    returns=PolicyShown,
    summary="Show a policy with its document.",
    writes=False,
    fails=(*CALLED, ENTITY_NOT_EXIST_POLICY),
    resources=ON_POLICY,
)
class GetPolicy:
    """System policies too."""

    policy_name: str = _policy_name()
    policy_type: PolicyType = _policy_type()


@action(RAM, returns=PolicyList, summary="List policies.", writes=False, fails=LISTED[1:], resources=on("policy/*"))
class ListPolicies:
    """System policies and those of the caller's account."""

    policy_type: PolicyType | None = _policy_type(default=None)
    marker: str | None = marker()
    max_items: int = max_items()


@action(
    RAM,
    returns=Done,
    summary="Delete a custom policy.",
    fails=(
        *CALLED,
        ENTITY_NOT_EXIST_POLICY,
        DELETE_CONFLICT_POLICY_USER,
        DELETE_CONFLICT_POLICY_GROUP,
        DELETE_CONFLICT_POLICY_ROLE,
    ),
    resources=ON_POLICY,
)
class DeletePolicy:
    """It must be detached from everyone before."""

    policy_name: str = _policy_name()


def _attaching(absent: Failure, twice: Failure) -> tuple[Failure, ...]:
    return (*CALLED, absent, ENTITY_NOT_EXIST_POLICY, twice)


def _detaching(absent: Failure, not_attached: Failure) -> tuple[Failure, ...]:
    return (*CALLED, absent, not_attached)


def _both(holder: tuple[Resource, ...]) -> tuple[Resource, ...]:
    return (*holder, *ON_POLICY)


@action(
    RAM,
    returns=Done,
    summary="Attach a policy to a RAM user.",
    fails=_attaching(ENTITY_NOT_EXIST_USER, ENTITY_ALREADY_EXISTS_USER_POLICY),
    resources=_both(ON_USER),
)
class AttachPolicyToUser:
    """It holds for the user's next call."""

    policy_type: PolicyType = _policy_type()
    policy_name: str = _policy_name()
    user_name: str = user_name()


@action(
    RAM,
    returns=Done,
    summary="Attach a policy to a group.",
    fails=_attaching(ENTITY_NOT_EXIST_GROUP, ENTITY_ALREADY_EXISTS_GROUP_POLICY),
    resources=_both(ON_GROUP),
)
class AttachPolicyToGroup:
    """It holds for the next call of every member."""

    policy_type: PolicyType = _policy_type()
    policy_name: str = _policy_name()
    group_name: str = group_name()


@action(
    RAM,
    returns=Done,
    summary="Attach a policy to a role.",
    fails=_attaching(ENTITY_NOT_EXIST_ROLE, ENTITY_ALREADY_EXISTS_ROLE_POLICY),
    resources=_both(ON_ROLE),
)
class AttachPolicyToRole:
    """It holds for the next call of every session of the role."""

    policy_type: PolicyType = _policy_type()
    policy_name: str = _policy_name()
    role_name: str = role_name()


@action(
    RAM,
    returns=Done,
    summary="Detach a policy from a RAM user.",
    fails=_detaching(ENTITY_NOT_EXIST_USER, ENTITY_NOT_EXIST_USER_POLICY),
    resources=_both(ON_USER),
)
class DetachPolicyFromUser:
    """It no longer holds for the user's next call."""

    policy_type: PolicyType = _policy_type()
    policy_name: str = _policy_name()
    user_name: str = user_name()


@action(
    RAM,
    returns=Done,
    summary="Detach a policy from a group.",
    fails=_detaching(ENTITY_NOT_EXIST_GROUP, ENTITY_NOT_EXIST_GROUP_POLICY),
    resources=_both(ON_GROUP),
)
class DetachPolicyFromGroup:
    """It no longer holds for the next call of its members."""

    policy_type: PolicyType = _policy_type()
    policy_name: str = _policy_name()
    group_name: str = group_name()


@action(
    RAM,
    returns=Done,
    summary="Detach a policy from a role.",
    fails=_detaching(ENTITY_NOT_EXIST_ROLE, ENTITY_NOT_EXIST_ROLE_POLICY),
    resources=_both(ON_ROLE),
)
class DetachPolicyFromRole:
    """It no longer holds for the next call of the role's sessions."""

    policy_type: PolicyType = _policy_type()
    policy_name: str = _policy_name()
    role_name: str = role_name()


@action(
    RAM,
    returns=AttachedList,
    summary="List the policies attached to a RAM user.",
    writes=False,
    fails=(*CALLED, ENTITY_NOT_EXIST_USER),
    resources=ON_USER,
)
class ListPoliciesForUser:
    """Those of its groups are not among them."""

    user_name: str = user_name()


@action(
    RAM,
    returns=AttachedList,
    summary="List the policies attached to a group.",
    writes=False,
    fails=(*CALLED, ENTITY_NOT_EXIST_GROUP),
    resources=ON_GROUP,
)
class ListPoliciesForGroup:
    """By name."""

    group_name: str = group_name()


@action(
    RAM,
    returns=AttachedList,
    summary="List the policies attached to a role.",
    writes=False,
    fails=(*CALLED, ENTITY_NOT_EXIST_ROLE),
    resources=ON_ROLE,
)
class ListPoliciesForRole:
    """By name."""

    role_name: str = role_name()
