"""The gateway and permissions: what a denied caller hears, sessions by token, throttling."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from tests.doors.test_rpc import ACCOUNT, AGENT, GOOD, NOW, SECRET, acs3, code, gateway, posted, v1
from weir.control.access import Caller, Key, Principal
from weir.control.permits import Request, denied
from weir.control.policies import Asked, PolicyType, Verdict, decide, read_policy
from weir.control.sessions import BadToken, TokenFault
from weir.control.throttle import Rate, Throttle
from weir.doors.reply import Format
from weir.doors.rpc import Arrived

USER = Caller(ACCOUNT.account_id, Principal.USER, "LTAI5tUser", "alice", principal_id="222748924538431234")
ROLE = replace(USER, principal=Principal.ROLE, access_key_id="STS.key", name="reader", session_name="batch")
ONLY_DUAL_PATH = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "vpc:CreateFlowLog",
                "Resource": ["acs:vpc:*:*:flowlog/*", "acs:vpc:*:*:vpc/vpc-1"],
                "Condition": {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}, "Bool": {"acs:SecureTransport": "true"}},
            }
        ],
    }
)


def session_of(access_key_id: str, security_token: str) -> Key:
    """One session, and a token for each fault."""
    if security_token != "good":
        raise BadToken(TokenFault[security_token.upper()])
    return Key(SECRET, ROLE, active=True)


def by_policy(caller: Caller, request: Request) -> None:
    """Everyone holds the same policy."""
    for resource in request.resources:
        asked = Asked(request.action, resource, caller.facts)
        decision = decide([read_policy(ONLY_DUAL_PATH)], None, asked)
        if decision.verdict is not Verdict.ALLOW:
            raise denied(caller, asked, decision)


def from_office(sent: Arrived) -> Arrived:
    return replace(sent, source_ip="10.0.0.7", secure=True)


def test_the_denied_hears_the_detail() -> None:
    door = replace(gateway(), permit=by_policy)
    reply = door.answer(from_office(posted(v1("CreateFlowLog", {**GOOD, "ResourceId": "vpc-2"}))))
    assert (reply.status, reply.document["Code"]) == (403, "Forbidden.RAM")
    detail = reply.document["AccessDeniedDetail"]
    diagnosis = json.loads(base64.b64decode(detail.pop("EncodedDiagnosticMessage")))
    assert diagnosis["Resource"] == f"acs:vpc:cn-hangzhou:{ACCOUNT.account_id}:vpc/vpc-2"
    assert detail == {
        "AuthAction": "vpc:CreateFlowLog",
        "AuthPrincipalType": "SubUser",
        "AuthPrincipalOwnerId": ACCOUNT.account_id,
        "AuthPrincipalDisplayName": "",
        "NoPermissionType": Verdict.IMPLICIT_DENY.value,
        "PolicyType": PolicyType.IDENTITY.value,
    }
    assert door.desk.commands == []


def test_the_detail_is_in_xml_too() -> None:
    door = replace(gateway(), permit=by_policy)
    reply = door.answer(posted(v1("CreateFlowLog", GOOD, Format="XML")))
    body = bytes(reply.response(Format.XML).body).decode()
    assert "<AccessDeniedDetail>" in body
    assert "<AuthAction>vpc:CreateFlowLog</AuthAction>" in body


def test_address_and_transport_of_the_request_count() -> None:
    door = replace(gateway(), permit=by_policy)
    for sent, expected in (
        (from_office(posted(v1("CreateFlowLog", GOOD))), 200),
        (replace(from_office(posted(v1("CreateFlowLog", GOOD))), source_ip="192.0.2.1"), 403),
        (replace(from_office(posted(v1("CreateFlowLog", GOOD))), source_ip=""), 403),
        (replace(from_office(posted(v1("CreateFlowLog", GOOD))), secure=False), 403),
    ):
        assert door.answer(sent).status == expected


def test_permission_comes_before_the_account_and_the_parameters() -> None:
    door = replace(gateway(), permit=by_policy)
    door.desk.opened = False
    assert code(door.answer(posted(v1("CreateFlowLog", {})))) == "Forbidden.RAM"
    assert code(door.answer(posted(v1("NoSuchAction", {})))) == "InvalidApi.NotFound"


def test_without_a_judge_ram_identities_may_nothing() -> None:
    door = replace(gateway(), session_of=session_of)
    said = v1("CreateFlowLog", GOOD, AccessKeyId="STS.key", SecurityToken="good")
    reply = door.answer(posted(said))
    assert code(reply) == "Forbidden.RAM"
    assert reply.document["AccessDeniedDetail"]["AuthPrincipalType"] == "AssumedRoleUser"
    assert reply.document["AccessDeniedDetail"]["AuthPrincipalDisplayName"] == "reader:batch"


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("good", "200"),
        ("malformed", "InvalidSecurityToken.Malformed"),
        ("mismatch", "InvalidSecurityToken.MismatchWithAccessKey"),
        ("expired", "InvalidSecurityToken.Expired"),
        ("", "InvalidAccessKeyId.NotFound"),
    ],
)
def test_a_security_token_with_version_1(token: str, expected: str) -> None:
    door = replace(gateway(), session_of=session_of, permit=by_policy)
    sent = posted(v1("CreateFlowLog", GOOD, AccessKeyId="STS.key", SecurityToken=token))
    assert code(door.answer(from_office(sent))) == expected


@pytest.mark.parametrize(
    ("token", "expected"), [("good", "200"), ("mismatch", "InvalidSecurityToken.MismatchWithAccessKey")]
)
def test_a_security_token_with_acs3(token: str, expected: str) -> None:
    door = replace(gateway(), session_of=session_of, permit=by_policy)
    sent = acs3("CreateFlowLog", GOOD, x_acs_security_token=token)
    assert code(door.answer(from_office(sent))) == expected


def test_a_token_does_not_replace_the_signature() -> None:
    door = replace(gateway(), session_of=session_of, permit=by_policy)
    said = v1("CreateFlowLog", GOOD, AccessKeyId="STS.key", SecurityToken="good")
    assert code(door.answer(posted({**said, "ResourceId": "vpc-2"}))) == "SignatureDoesNotMatch"


def test_one_call_too_many_is_throttled_and_others_go_on() -> None:
    now = NOW
    door = replace(gateway(), throttle=Throttle(Rate(per_second=1, burst=2)), clock=lambda: now)
    answers = [code(door.answer(posted(v1("CreateFlowLog", GOOD)))) for _ in range(3)]
    assert answers == ["200", "200", "Throttling.User"]
    assert door.answer(posted(v1("DescribeRegions", {}))).status == 200
    now += 1
    assert code(door.answer(posted(v1("CreateFlowLog", GOOD)))) == "200"
    assert code(door.answer(posted(v1("CreateFlowLog", GOOD)))) == "Throttling.User"
    assert len(door.desk.commands) == 4


def test_an_agent_is_denied_with_the_detail_too() -> None:
    door = gateway()
    reply = door.answer(posted(v1("CreateFlowLog", GOOD, AccessKeyId=AGENT.access_key_id)))
    assert code(reply) == "Forbidden.RAM"
    assert reply.document["AccessDeniedDetail"]["AuthAction"] == "vpc:CreateFlowLog"
