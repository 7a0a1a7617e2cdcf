"""RAM and STS: every refusal that depends on which users, groups, policies and roles there are.

The names are those of the declared examples: user ``alice``, group ``observers``, policy ``ReadFlows``, role
``flow-reader``. A new account has none of them.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Table, insert

from tests.ledger.door import NOW, Tenant
from tests.ledger.scenes import Pairs, Scene, same, with_pairs
from weir.control.keys import AccessKey
from weir.control.ram_groups import GROUPS_MAX
from weir.control.ram_policies import POLICIES_MAX
from weir.control.ram_roles import ROLES_MAX
from weir.control.ram_schema import ram_policies, ram_roles, ram_users
from weir.control.ram_users import USERS_MAX

USER, GROUP, POLICY, ROLE = "CreateUser", "CreateGroup", "CreatePolicy", "CreateRole"
NOTHING = with_pairs()


def after(*actions: str, **pairs: str) -> Callable[[Tenant], Pairs]:
    """These actions have been called, each with its example; the scene's own call has ``pairs``."""

    def prepare(tenant: Tenant) -> Pairs:
        for action in actions:
            tenant.ok(action)
        return pairs

    return prepare


def filled(table: Table, count: int, **columns: object) -> Callable[[Tenant], Pairs]:
    """The table has ``count`` rows of the account; a ``{}`` in a column is the row's own text."""

    def prepare(tenant: Tenant) -> Pairs:
        rows = [
            {
                name: value.format(f"{tenant.account_id}-{number}") if isinstance(value, str) else value
                for name, value in columns.items()
            }
            | {"account_id": tenant.account_id, "created": int(NOW)}
            for number in range(count)
        ]
        with tenant.door.writing() as connection:
            connection.execute(insert(table), rows)
        return {}

    return prepare


def many_groups(tenant: Tenant) -> Pairs:
    for number in range(GROUPS_MAX):
        tenant.ok(GROUP, GroupName=f"group-{number}")
    return {}


def user_with_keys(tenant: Tenant) -> Pairs:
    tenant.ok(USER)
    for _ in range(2):
        tenant.ok("CreateAccessKey", UserName="alice")
    return {"UserName": "alice"}


def as_user(tenant: Tenant) -> Pairs:
    """From now on the tenant calls as a RAM user that may do everything."""
    tenant.ok(USER)
    tenant.ok("AttachPolicyToUser", PolicyType="System", PolicyName="AdministratorAccess")
    made = tenant.ok("CreateAccessKey", UserName="alice")["AccessKey"]
    tenant.key = AccessKey(made["AccessKeyId"], made["AccessKeySecret"])
    return {}


def role_arn(tenant: Tenant, name: str = "flow-reader") -> str:
    return f"acs:ram::{tenant.account_id}:role/{name}"


def trusting_role(tenant: Tenant) -> None:
    """The role lends itself to everybody of the account."""
    trust = (
        '{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
        '"Principal":{"RAM":["acs:ram::' + tenant.account_id + ':root"]}}]}'
    )
    tenant.ok(ROLE, AssumeRolePolicyDocument=trust)


def distrusted(tenant: Tenant) -> Pairs:
    tenant.ok(ROLE)
    return as_user(tenant) | {"RoleArn": role_arn(tenant)}


USERS = (
    Scene(USER, "EntityAlreadyExists.User", after(USER)),
    Scene(
        USER,
        "LimitExceeded.User",
        filled(
            ram_users, USERS_MAX, user_id="{}", user_name="{}", display_name="", mobile_phone="", email="", comments=""
        ),
    ),
    *same(
        "GetUser DeleteUser AddUserToGroup RemoveUserFromGroup ListGroupsForUser AttachPolicyToUser"
        " DetachPolicyFromUser ListPoliciesForUser",
        "EntityNotExist.User",
        NOTHING,
    ),
    *same(
        "CreateAccessKey UpdateAccessKey DeleteAccessKey ListAccessKeys",
        "EntityNotExist.User",
        with_pairs(UserName="alice"),
    ),
    *same("UpdateAccessKey DeleteAccessKey", "EntityNotExist.User.AccessKey", after(USER, UserName="alice")),
    Scene("CreateAccessKey", "LimitExceeded.User.AccessKey", user_with_keys),
    Scene("DeleteUser", "DeleteConflict.User.AccessKey", user_with_keys),
    Scene("DeleteUser", "DeleteConflict.User.Group", after(USER, GROUP, "AddUserToGroup")),
    Scene("DeleteUser", "DeleteConflict.User.Policy", after(USER, POLICY, "AttachPolicyToUser")),
)

GROUPS = (
    Scene(GROUP, "EntityAlreadyExists.Group", after(GROUP)),
    Scene(GROUP, "LimitExceeded.Group", many_groups),
    *same(
        "GetGroup DeleteGroup ListUsersForGroup AttachPolicyToGroup DetachPolicyFromGroup ListPoliciesForGroup",
        "EntityNotExist.Group",
        NOTHING,
    ),
    *same("AddUserToGroup RemoveUserFromGroup", "EntityNotExist.Group", after(USER)),
    Scene("AddUserToGroup", "EntityAlreadyExists.User.Group", after(USER, GROUP, "AddUserToGroup")),
    Scene("RemoveUserFromGroup", "EntityNotExist.User.Group", after(USER, GROUP)),
    Scene("DeleteGroup", "DeleteConflict.Group.User", after(USER, GROUP, "AddUserToGroup")),
    Scene("DeleteGroup", "DeleteConflict.Group.Policy", after(GROUP, POLICY, "AttachPolicyToGroup")),
)

POLICIES = (
    Scene(POLICY, "MalformedPolicyDocument", with_pairs(PolicyDocument="{}")),
    Scene(POLICY, "EntityAlreadyExists.Policy", after(POLICY)),
    Scene(
        POLICY,
        "LimitExceeded.Policy",
        filled(ram_policies, POLICIES_MAX, policy_name="{}", description="", document=""),
    ),
    *same("GetPolicy DeletePolicy", "EntityNotExist.Policy", NOTHING),
    Scene("AttachPolicyToUser", "EntityNotExist.Policy", after(USER)),
    Scene("AttachPolicyToGroup", "EntityNotExist.Policy", after(GROUP)),
    Scene("AttachPolicyToRole", "EntityNotExist.Policy", after(ROLE)),
    Scene("AttachPolicyToUser", "EntityAlreadyExists.User.Policy", after(USER, POLICY, "AttachPolicyToUser")),
    Scene("AttachPolicyToGroup", "EntityAlreadyExists.Group.Policy", after(GROUP, POLICY, "AttachPolicyToGroup")),
    Scene("AttachPolicyToRole", "EntityAlreadyExists.Role.Policy", after(ROLE, POLICY, "AttachPolicyToRole")),
    Scene("DetachPolicyFromUser", "EntityNotExist.User.Policy", after(USER, POLICY)),
    Scene("DetachPolicyFromGroup", "EntityNotExist.Group.Policy", after(GROUP, POLICY)),
    Scene("DetachPolicyFromRole", "EntityNotExist.Role.Policy", after(ROLE, POLICY)),
    Scene("DeletePolicy", "DeleteConflict.Policy.User", after(USER, POLICY, "AttachPolicyToUser")),
    Scene("DeletePolicy", "DeleteConflict.Policy.Group", after(GROUP, POLICY, "AttachPolicyToGroup")),
    Scene("DeletePolicy", "DeleteConflict.Policy.Role", after(ROLE, POLICY, "AttachPolicyToRole")),
)

ROLES = (
    Scene(ROLE, "MalformedPolicyDocument", with_pairs(AssumeRolePolicyDocument="{}")),
    Scene(ROLE, "EntityAlreadyExists.Role", after(ROLE)),
    Scene(
        ROLE,
        "LimitExceeded.Role",
        filled(
            ram_roles,
            ROLES_MAX,
            role_id="{}",
            role_name="{}",
            description="",
            trust_document="",
            session_seconds_max=3600,
        ),
    ),
    *same(
        "GetRole UpdateRole DeleteRole AttachPolicyToRole DetachPolicyFromRole ListPoliciesForRole",
        "EntityNotExist.Role",
        NOTHING,
    ),
    Scene("UpdateRole", "MalformedPolicyDocument", after(ROLE, NewAssumeRolePolicyDocument="{}")),
    Scene("DeleteRole", "DeleteConflict.Role.Policy", after(ROLE, POLICY, "AttachPolicyToRole")),
    Scene("AssumeRole", "InvalidParameter.PolicyGrammar", with_pairs(Policy="{}")),
    Scene("AssumeRole", "NoPermission", distrusted),
    Scene("AssumeRole", "EntityNotExist.Role", lambda t: as_user(t) | {"RoleArn": role_arn(t, "none")}),
)

SCENES = (*USERS, *GROUPS, *POLICIES, *ROLES, Scene("CreateFlowLog", "Unauthorized", as_user))
