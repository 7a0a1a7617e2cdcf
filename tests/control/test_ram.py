"""RAM through its handlers: users, keys, groups, policies, roles, sessions; every declared failure is met once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.control.conftest import Office
from weir.control import ram_groups, ram_policies, ram_roles, ram_schema, ram_users
from weir.control.access import Caller, Denied, Principal
from weir.control.keys import KeyRing
from weir.control.permits import Permits, Request
from weir.control.ram_users import ACCOUNT_KEYS_MAX
from weir.control.sessions import BadToken, Sessions, TokenFault
from weir.model import ram_failures
from weir.model.failures import Failure, Refusal

FLOW_LOGS = "acs:vpc:cn-hangzhou:{}:flowlog/*"


def policy(action: str, resource: str = "*", effect: str = "Allow") -> str:
    return json.dumps({"Version": "1", "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]})


def trust(*identities: str) -> str:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": list(identities)}}
    return json.dumps({"Version": "1", "Statement": [statement]})


class Ram:
    """An account's RAM: the office with a key ring, and what the judge says."""

    def __init__(self, office: Office, keys: KeyRing) -> None:
        self.keys = keys
        self.office = replace(office, desk=replace(office.desk, keys=keys))
        self.permits = Permits(office.desk.catalog)
        self.sessions = Sessions(keys, office.clock)
        self.account_id = office.caller.account_id
        self.met: set[Failure] = set()

    def call(self, action: str, by: Caller | None = None, **pairs: str):  # type: ignore[no-untyped-def]
        office = self.office if by is None else replace(self.office, caller=by)
        return office.call(action, **pairs)

    def refused(self, action: str, by: Caller | None = None, **pairs: str) -> str:
        with pytest.raises(Refusal) as refusal:
            self.call(action, by, **pairs)
        self.met.add(refusal.value.failure)
        return refusal.value.failure.code

    def user(self, name: str) -> Caller:
        """A new user, as the caller that its new key makes."""
        self.call("CreateUser", UserName=name)
        made = self.call("CreateAccessKey", UserName=name).access_key
        key = self.keys.secret_of(made.access_key_id)
        assert key is not None
        assert key.secret == made.access_key_secret
        return key.caller

    def may(self, caller: Caller, action: str, resource: str = "") -> str:
        """Allow, or why not."""
        try:
            self.permits.check(caller, Request(action, (resource or FLOW_LOGS.format(self.account_id),)))
        except Denied as denied:
            return f"{denied.shown['NoPermissionType']} {denied.shown['PolicyType']}"
        return "Allow"

    def grant(self, name: str, document: str, **holder: str) -> None:
        """Makes a custom policy of that name and attaches it."""
        self.call("CreatePolicy", PolicyName=name, PolicyDocument=document)
        kind = next(iter(holder)).removesuffix("Name")
        self.call(f"AttachPolicyTo{kind}", PolicyType="Custom", PolicyName=name, **holder)


@pytest.fixture
def ram(office: Office, tmp_path: Path) -> Ram:
    return Ram(office, KeyRing(office.desk.catalog, tmp_path / "secret.key", office.clock))


IMPLICIT = "ImplicitDeny AccountLevelIdentityBasedPolicy"


def test_a_user_may_what_is_attached_to_it_and_to_its_groups(ram: Ram) -> None:
    alice = ram.user("alice")
    assert (alice.principal, alice.name) == (Principal.USER, "alice")
    assert ram.may(alice, "vpc:DescribeFlowLogs") == IMPLICIT
    ram.grant("Look", policy("vpc:Describe*"), UserName="alice")
    assert ram.may(alice, "vpc:DescribeFlowLogs") == "Allow"
    assert ram.may(alice, "vpc:CreateFlowLog") == IMPLICIT
    ram.call("CreateGroup", GroupName="makers")
    ram.grant("Make", policy("vpc:CreateFlowLog"), GroupName="makers")
    assert ram.may(alice, "vpc:CreateFlowLog") == IMPLICIT
    ram.call("AddUserToGroup", UserName="alice", GroupName="makers")
    assert ram.may(alice, "vpc:CreateFlowLog") == "Allow"
    ram.grant("Never", policy("vpc:*", effect="Deny"), GroupName="makers")
    assert ram.may(alice, "vpc:DescribeFlowLogs") == "ExplicitDeny AccountLevelIdentityBasedPolicy"
    ram.call("RemoveUserFromGroup", UserName="alice", GroupName="makers")
    assert ram.may(alice, "vpc:DescribeFlowLogs") == "Allow"
    ram.call("DetachPolicyFromUser", PolicyType="Custom", PolicyName="Look", UserName="alice")
    assert ram.may(alice, "vpc:DescribeFlowLogs") == IMPLICIT
    ram.call("AttachPolicyToUser", PolicyType="System", PolicyName="AdministratorAccess", UserName="alice")
    assert ram.may(alice, "ram:CreateUser") == "Allow"


def test_every_resource_must_be_allowed_and_none_needs_nothing(ram: Ram) -> None:
    alice = ram.user("alice")
    ram.grant("One", policy("vpc:CreateFlowLog", "acs:vpc:*:*:flowlog/*"), UserName="alice")
    flow_logs = FLOW_LOGS.format(ram.account_id)
    ram.permits.check(alice, Request("vpc:CreateFlowLog", (flow_logs,)))
    with pytest.raises(Denied) as denied:
        ram.permits.check(alice, Request("vpc:CreateFlowLog", (flow_logs, "acs:vpc:cn-hangzhou:1:vpc/vpc-1")))
    assert denied.value.detail["resource"] == "acs:vpc:cn-hangzhou:1:vpc/vpc-1"
    ram.permits.check(alice, Request("sts:GetCallerIdentity", ()))


def test_the_denial_says_who_was_denied_what(ram: Ram) -> None:
    alice = ram.user("alice")
    with pytest.raises(Denied) as denied:
        ram.permits.check(alice, Request("vpc:DeleteFlowLog", ("acs:vpc:cn-hangzhou:1:flowlog/fl-1",)))
    shown = dict(denied.value.shown)
    assert shown.pop("EncodedDiagnosticMessage")
    assert shown == {
        "AuthAction": "vpc:DeleteFlowLog",
        "AuthPrincipalType": "SubUser",
        "AuthPrincipalOwnerId": ram.account_id,
        "AuthPrincipalDisplayName": alice.principal_id,
        "NoPermissionType": "ImplicitDeny",
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    }


def test_keys_are_made_disabled_enabled_deleted(ram: Ram) -> None:
    ram.user("alice")
    first = ram.call("ListAccessKeys", UserName="alice").access_keys[0].access_key_id
    ram.office.clock.now += 10
    second = ram.call("CreateAccessKey", UserName="alice").access_key.access_key_id
    assert ram.refused("CreateAccessKey", UserName="alice") == "LimitExceeded.User.AccessKey"
    ram.call("UpdateAccessKey", UserName="alice", UserAccessKeyId=first, Status="Inactive")
    listed = ram.call("ListAccessKeys", UserName="alice").access_keys
    assert [(key.access_key_id, key.status) for key in listed] == [(first, "Inactive"), (second, "Active")]
    found = ram.keys.secret_of(first)
    assert found is not None
    assert not found.active
    ram.call("UpdateAccessKey", UserName="alice", UserAccessKeyId=first, Status="Active")
    found = ram.keys.secret_of(first)
    assert found is not None
    assert found.active
    ram.call("DeleteAccessKey", UserName="alice", UserAccessKeyId=first)
    assert ram.keys.secret_of(first) is None
    assert ram.refused("DeleteAccessKey", UserName="alice", UserAccessKeyId=first) == "EntityNotExist.User.AccessKey"


def test_who_names_no_user_means_itself(ram: Ram) -> None:
    own = [ram.call("CreateAccessKey").access_key.access_key_id for _ in range(ACCOUNT_KEYS_MAX)]
    assert ram.refused("CreateAccessKey") == "LimitExceeded.User.AccessKey"
    assert sorted(key.access_key_id for key in ram.call("ListAccessKeys").access_keys) == sorted(own)
    key = ram.keys.secret_of(own[0])
    assert key is not None
    assert key.caller.principal is Principal.ACCOUNT
    alice = ram.user("alice")
    assert [key.access_key_id for key in ram.call("ListAccessKeys", alice).access_keys] == [alice.access_key_id]
    assert ram.refused("DeleteAccessKey", alice, UserAccessKeyId=own[0]) == "EntityNotExist.User.AccessKey"


def test_lists_go_page_by_page_in_the_order_of_names(ram: Ram) -> None:
    for name in ("carol", "alice", "bob"):
        ram.call("CreateUser", UserName=name)
    first = ram.call("ListUsers", MaxItems="2")
    assert ([user.user_name for user in first.users], first.is_truncated, first.marker) == (
        ["alice", "bob"],
        True,
        "bob",
    )
    rest = ram.call("ListUsers", MaxItems="2", Marker="bob")
    assert ([user.user_name for user in rest.users], rest.is_truncated, rest.marker) == (["carol"], False, None)
    ram.call("CreatePolicy", PolicyName="Mine", PolicyDocument=policy("vpc:*"))
    listed = ram.call("ListPolicies", MaxItems="1000").policies
    assert [one.policy_name for one in listed if one.policy_type == "Custom"] == ["Mine"]
    assert "AdministratorAccess" in [one.policy_name for one in listed]
    assert [one.policy_name for one in ram.call("ListPolicies", PolicyType="Custom").policies] == ["Mine"]
    shown = ram.call("GetPolicy", PolicyType="Custom", PolicyName="Mine")
    assert shown.default_policy_version.policy_document == policy("vpc:*")


def test_a_role_is_assumed_by_whom_it_trusts(ram: Ram) -> None:
    alice, bob = ram.user("alice"), ram.user("bob")
    ram.call("CreateRole", RoleName="reader", AssumeRolePolicyDocument=trust(alice.arn))
    ram.grant("Look", policy("vpc:Describe*"), RoleName="reader")
    said = {"RoleArn": f"acs:ram::{ram.account_id}:role/reader", "RoleSessionName": "batch"}
    assert ram.refused("AssumeRole", bob, **said) == "NoPermission"
    assert ram.refused("AssumeRole", **said) == "NoPermission"
    assumed = ram.call("AssumeRole", alice, **said, Policy=policy("vpc:*", "acs:vpc:*:*:flowlog/*"))
    given = assumed.credentials
    session = ram.sessions.key_of(given.access_key_id, given.security_token).caller
    assert session.arn == assumed.assumed_role_user.arn == f"acs:ram::{ram.account_id}:assumed-role/reader/batch"
    assert ram.may(session, "vpc:DescribeFlowLogs") == "Allow"
    assert ram.may(session, "vpc:DeleteFlowLog") == IMPLICIT
    vpcs = f"acs:vpc:cn-hangzhou:{ram.account_id}:vpc/*"
    assert ram.may(session, "vpc:DescribeVpcs", vpcs) == "ImplicitDeny SessionPolicy"
    whole = ram.call("GetCallerIdentity", session)
    assert (whole.identity_type, whole.arn, whole.user_id) == ("AssumedRoleUser", session.arn, None)
    ram.call("DetachPolicyFromRole", PolicyType="Custom", PolicyName="Look", RoleName="reader")
    assert ram.may(session, "vpc:DescribeFlowLogs") == IMPLICIT
    assert ram.refused("CreateAccessKey", session) == "EntityNotExist.User"


def test_a_role_of_another_account_and_its_end(ram: Ram) -> None:
    stranger = ram.office.other_account()
    alice = ram.user("alice")
    root = f"acs:ram::{ram.account_id}:root"
    stranger.call("CreateRole", RoleName="lent", AssumeRolePolicyDocument=trust(root), MaxSessionDuration="7200")
    arn = f"acs:ram::{stranger.caller.account_id}:role/lent"
    said = {"RoleArn": arn, "RoleSessionName": "visit", "DurationSeconds": "7200"}
    given = ram.call("AssumeRole", alice, **said).credentials
    session = ram.sessions.key_of(given.access_key_id, given.security_token).caller
    assert session.account_id == stranger.caller.account_id
    stranger.call("AttachPolicyToRole", PolicyType="System", PolicyName="AdministratorAccess", RoleName="lent")
    assert ram.may(session, "vpc:DescribeFlowLogs") == "Allow"
    stranger.call("DetachPolicyFromRole", PolicyType="System", PolicyName="AdministratorAccess", RoleName="lent")
    stranger.call("DeleteRole", RoleName="lent")
    assert ram.may(session, "vpc:DescribeFlowLogs") == IMPLICIT
    ram.office.clock.now += 7199
    assert ram.sessions.key_of(given.access_key_id, given.security_token)
    ram.office.clock.now += 1
    for key_id, token, fault in (
        (given.access_key_id, given.security_token, TokenFault.EXPIRED),
        ("STS.other", given.security_token, TokenFault.MISMATCH),
        (given.access_key_id, given.security_token[:-5], TokenFault.MALFORMED),
        (given.access_key_id, "ünknown", TokenFault.MALFORMED),
    ):
        with pytest.raises(BadToken) as bad:
            ram.sessions.key_of(key_id, token)
        assert bad.value.fault is fault


def test_the_service_role_lets_ram_identities_create_flow_logs(ram: Ram) -> None:
    alice = ram.user("alice")
    said = {"RegionId": "cn-hangzhou"}
    assert ram.refused("CreateFlowLog", alice, **said) == "Unauthorized"
    ram.call("CreateRole", RoleName="AliyunVPCLogArchiveRole", AssumeRolePolicyDocument=trust("acs:ram::1:root"))
    assert ram.refused("CreateFlowLog", alice, **said) == "MissingParameter"
    ram.call("DeleteRole", RoleName="AliyunVPCLogArchiveRole")
    assert ram.refused("CreateFlowLog", alice, **said) == "Unauthorized"
    assert ram.refused("CreateFlowLog", **said) == "MissingParameter"


def test_accounts_do_not_see_each_other(ram: Ram) -> None:
    stranger = ram.office.other_account()
    ram.user("alice")
    assert stranger.call("ListUsers").users == ()
    with pytest.raises(Refusal) as refusal:
        stranger.call("CreateAccessKey", UserName="alice")
    assert refusal.value.failure is ram_failures.ENTITY_NOT_EXIST_USER


def _all_of_users_and_groups(ram: Ram) -> None:
    ram.user("alice")
    ram.call("CreateGroup", GroupName="g")
    ram.refused("CreateUser", UserName="alice")
    ram.refused("CreateGroup", GroupName="g")
    for action in ("GetUser", "DeleteUser", "ListAccessKeys", "ListGroupsForUser", "ListPoliciesForUser"):
        assert ram.refused(action, UserName="nobody") == "EntityNotExist.User"
    for action in ("GetGroup", "DeleteGroup", "ListUsersForGroup", "ListPoliciesForGroup"):
        assert ram.refused(action, GroupName="nothing") == "EntityNotExist.Group"
    ram.refused("RemoveUserFromGroup", UserName="alice", GroupName="g")
    ram.call("AddUserToGroup", UserName="alice", GroupName="g")
    ram.refused("AddUserToGroup", UserName="alice", GroupName="g")
    ram.refused("DeleteGroup", GroupName="g")
    ram.refused("DeleteUser", UserName="alice")
    key = ram.call("ListAccessKeys", UserName="alice").access_keys[0].access_key_id
    ram.call("DeleteAccessKey", UserName="alice", UserAccessKeyId=key)
    ram.refused("UpdateAccessKey", UserName="alice", UserAccessKeyId=key, Status="Active")
    ram.refused("DeleteUser", UserName="alice")
    assert [member.user_name for member in ram.call("ListUsersForGroup", GroupName="g").users] == ["alice"]
    assert [group.group_name for group in ram.call("ListGroupsForUser", UserName="alice").groups] == ["g"]
    ram.call("RemoveUserFromGroup", UserName="alice", GroupName="g")


def _all_of_attachments(ram: Ram) -> None:
    ram.call("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust("acs:ram::1:root"))
    ram.refused("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust("acs:ram::1:root"))
    ram.refused("CreatePolicy", PolicyName="p", PolicyDocument="{}")
    ram.refused("CreateRole", RoleName="r2", AssumeRolePolicyDocument=policy("*"))
    ram.refused("UpdateRole", RoleName="r", NewAssumeRolePolicyDocument="{}")
    ram.call("CreatePolicy", PolicyName="p", PolicyDocument=policy("vpc:*"))
    ram.refused("CreatePolicy", PolicyName="p", PolicyDocument=policy("vpc:*"))
    ram.refused("CreatePolicy", PolicyName="ReadOnlyAccess", PolicyDocument=policy("vpc:*"))
    ram.refused("DeletePolicy", PolicyName="none")
    ram.refused("GetRole", RoleName="none")
    ram.refused("GetPolicy", PolicyType="System", PolicyName="p")
    named = {"PolicyType": "Custom", "PolicyName": "p"}
    for kind, holder in (("User", "alice"), ("Group", "g"), ("Role", "r")):
        said = {**named, f"{kind}Name": holder}
        ram.refused(f"DetachPolicyFrom{kind}", **said)
        ram.call(f"AttachPolicyTo{kind}", **said)
        ram.refused(f"AttachPolicyTo{kind}", **said)
        ram.refused("DeletePolicy", PolicyName="p")
        ram.refused(f"Delete{kind}", **{f"{kind}Name": holder})
        listed = ram.call(f"ListPoliciesFor{kind}", **{f"{kind}Name": holder}).policies
        assert [one.policy_name for one in listed] == ["p"]
        ram.call(f"DetachPolicyFrom{kind}", **said)
        ram.call(f"Delete{kind}", **{f"{kind}Name": holder})
    ram.call("DeletePolicy", PolicyName="p")


def _all_of_sessions(ram: Ram) -> None:
    bob = ram.user("bob")
    ram.call("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(bob.arn))
    said = {"RoleArn": f"acs:ram::{ram.account_id}:role/r", "RoleSessionName": "s-1"}
    ram.refused("AssumeRole", **said)
    ram.refused("AssumeRole", bob, **said, Policy="{}")
    ram.refused("AssumeRole", bob, **said, DurationSeconds="3601")
    ram.refused("AssumeRole", bob, **said, DurationSeconds="899")
    ram.refused("AssumeRole", bob, **said | {"RoleArn": "r"})
    ram.refused("AssumeRole", bob, **said | {"RoleSessionName": "s"})
    ram.call("UpdateRole", RoleName="r", NewMaxSessionDuration="7200")
    assert ram.call("AssumeRole", bob, **said, DurationSeconds="7200").credentials.access_key_id.startswith("STS.")
    ram.call("CreateAccessKey", UserName="bob")
    ram.refused("CreateAccessKey", UserName="bob")


def _all_limits(ram: Ram) -> None:
    mine = {"account_id": ram.account_id, "created": 0}
    texts = dict.fromkeys(("display_name", "mobile_phone", "email", "comments"), "")
    with ram.office.desk.catalog.writing() as connection:
        for n in range(ram_users.USERS_MAX):
            connection.execute(
                ram_schema.ram_users.insert().values(mine | texts | {"user_id": f"u{n}", "user_name": f"u{n}"})
            )
        for n in range(ram_groups.GROUPS_MAX):
            connection.execute(
                ram_schema.ram_groups.insert().values(
                    mine | {"group_id": f"g{n}", "group_name": f"g{n}", "comments": ""}
                )
            )
        for n in range(ram_roles.ROLES_MAX):
            values = {"role_id": f"r{n}", "role_name": f"r{n}", "trust_document": "", "session_seconds_max": 0}
            connection.execute(ram_schema.ram_roles.insert().values(mine | values | {"description": ""}))
        for n in range(ram_policies.POLICIES_MAX):
            values = {"policy_name": f"p{n}", "document": "", "description": ""}
            connection.execute(ram_schema.ram_policies.insert().values(mine | values))
    ram.refused("CreateUser", UserName="new")
    ram.refused("CreateGroup", GroupName="new")
    ram.refused("CreateRole", RoleName="new", AssumeRolePolicyDocument=trust("acs:ram::1:root"))
    ram.refused("CreatePolicy", PolicyName="new", PolicyDocument=policy("*"))


def test_every_declared_failure_is_met(ram: Ram) -> None:
    _all_of_users_and_groups(ram)
    _all_of_attachments(ram)
    _all_of_sessions(ram)
    _all_limits(ram)
    declared = {failure for failure in vars(ram_failures).values() if isinstance(failure, Failure)}
    assert {failure.code for failure in declared - ram.met} == set()
