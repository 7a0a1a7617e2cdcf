"""The gateway's own checks, one request at a time and without a network: order, limits, and what a forger can do."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from weir.contract.action import Regions, pairs
from weir.contract.nonces import Nonces
from weir.contract.sign import Credentials, Sent, acs3_signature, acs3_text, sign_acs3, v1_signature, v1_text
from weir.contract.vpc import (
    CreateFlowLog,
    DescribeRegions,
    FlowLogCreated,
    GetFlowLogServiceStatus,
    Region,
    RegionList,
    ServiceStatus,
)
from weir.contract.weir import ATTACHED_MAX, AttachedItem, BindNetworkInterface, SyncAgent, SyncResult
from weir.control.access import Caller, Key, Principal
from weir.doors.reply import Reply
from weir.doors.rpc import BODY_BYTES_MAX, PAIRS_MAX, Arrived, Gateway
from weir.model.failures import OPT_IN_REQUIRED_FLOW_LOG, Refusal

NOW = 1_795_316_930.0
STAMP = "2026-11-22T03:08:50Z"
ACCOUNT = Caller("1234567890123456", Principal.ACCOUNT, "LTAI5tAccount", "account")
AGENT = Caller("1234567890123456", Principal.AGENT, "LTAI5tAgent", "agent")
SECRET = "secret"
FORM = {"host": "weir.test", "content-type": "application/x-www-form-urlencoded"}
GOOD = {
    "RegionId": "cn-hangzhou",
    "ResourceType": "VPC",
    "ResourceId": "vpc-1",
    "TrafficType": "All",
    "ProjectName": "flow-logs",
    "LogStoreName": "store",
}
NONCES = itertools.count()


@dataclass
class Notes:
    """The desk: what the handlers were asked."""

    commands: list[object] = field(default_factory=list)
    opened: bool = True


def noting(result: object) -> Callable[[Notes, Caller, Any], object]:
    def handle(desk: Notes, caller: Caller, command: object) -> object:
        desk.commands.append(command)
        return result

    return handle


def broken(desk: Notes, caller: Caller, command: object) -> object:
    return {}["a bug"]


def opened(desk: Notes, caller: Caller) -> None:
    if not desk.opened:
        raise Refusal(OPT_IN_REQUIRED_FLOW_LOG)


def gateway(**handlers: Callable[[Notes, Caller, Any], object]) -> Gateway[Notes]:
    keys = {caller.access_key_id: Key(SECRET, caller, active=True) for caller in (ACCOUNT, AGENT)}
    keys["LTAI5tOff"] = Key(SECRET, ACCOUNT, active=False)
    regions = RegionList(regions=(Region(region_id="cn-hangzhou", local_name="杭州", region_endpoint="weir.test"),))
    by_default = {
        CreateFlowLog: noting(FlowLogCreated(flow_log_id="fl-1", resource_group_id="rg-1")),
        DescribeRegions: noting(regions),
        SyncAgent: noting(SyncResult(sync_interval_seconds=2, revision="r", targets=())),
    }
    named = {CreateFlowLog.__name__: CreateFlowLog, GetFlowLogServiceStatus.__name__: GetFlowLogServiceStatus}
    return Gateway(
        handlers={**by_default, **{named[name]: handler for name, handler in handlers.items()}},
        desk=Notes(),
        key_of=keys.get,
        nonces=Nonces(),
        clock=lambda: NOW,
        regions=Regions(frozenset({"cn-hangzhou"})),
        admissions={CreateFlowLog: opened},
    )


def v1(action: str, pairs: Mapping[str, str], **system: str) -> dict[str, str]:
    """The signed pairs of a version 1 call; ``system`` overrides, an empty value leaves the parameter out."""
    said = {
        "Action": action,
        "Version": "2016-04-28",
        "Format": "JSON",
        "AccessKeyId": ACCOUNT.access_key_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureType": "",
        "SignatureNonce": f"nonce-{next(NONCES)}",
        "Timestamp": STAMP,
        **pairs,
        **system,
    }
    said = {name: value for name, value in said.items() if value or name == "SignatureType"}
    return {**said, "Signature": v1_signature(SECRET, v1_text("POST", said))}


def posted(pairs: Mapping[str, str], query: Mapping[str, str] | None = None) -> Arrived:
    return Arrived("POST", "/", urlencode(query or {}).encode(), FORM, urlencode(pairs).encode())


def acs3(action: str, pairs: Mapping[str, str], **changes: str) -> Arrived:
    """A signed ACS3 call with a form body; ``changes`` of headers are signed too."""
    body = urlencode(pairs).encode()
    headers = {
        **FORM,
        "x-acs-action": action,
        "x-acs-version": "2016-04-28",
        "x-acs-date": STAMP,
        "x-acs-signature-nonce": f"nonce-{next(NONCES)}",
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    headers = {name: value for name, value in headers.items() if value}
    return signed(headers, body, sorted(headers))


def signed(headers: Mapping[str, str], body: bytes, names: list[str]) -> Arrived:
    sent = Sent("POST", "/", {}, {}, headers, hashlib.sha256(body).hexdigest())
    signature = acs3_signature(SECRET, acs3_text(sent, names))
    authorization = (
        f"ACS3-HMAC-SHA256 Credential={ACCOUNT.access_key_id},SignedHeaders={';'.join(names)},Signature={signature}"
    )
    return Arrived("POST", "/", b"", {**headers, "authorization": authorization}, body)


def code(reply: Reply) -> str:
    return str(reply.document.get("Code", reply.status))


@pytest.mark.parametrize("sent", [posted(v1("CreateFlowLog", GOOD)), acs3("CreateFlowLog", GOOD)])
def test_a_good_call(sent: Arrived) -> None:
    door = gateway()
    reply = door.answer(sent)
    assert (reply.status, reply.document["Success"], reply.document["FlowLogId"]) == (200, "true", "fl-1")
    assert len(door.desk.commands) == 1
    assert door.counters.read() == {"answered": 1, "refused": 0, "failed": 0}


def test_query_and_form_are_merged_and_may_repeat_but_not_differ() -> None:
    door = gateway()
    said = v1("CreateFlowLog", GOOD)
    system = {name: value for name, value in said.items() if name not in GOOD}
    assert door.answer(posted(GOOD, system)).status == 200
    said = v1("CreateFlowLog", GOOD)
    assert door.answer(posted(said, {"RegionId": "cn-hangzhou"})).status == 200
    said = v1("CreateFlowLog", GOOD)
    assert code(door.answer(posted(said, {"RegionId": "cn-beijing"}))) == "InvalidParameter.Format"
    twice = Arrived("POST", "/", b"Action=A&Action=B", FORM, b"")
    assert code(door.answer(twice)) == "InvalidParameter.Format"


def test_a_blank_in_a_query_is_a_plus_or_a_percent_sign() -> None:
    door = gateway()
    for spelt in (urlencode, lambda pairs: urlencode(pairs, quote_via=quote)):
        said = v1("CreateFlowLog", {**GOOD, "Description": "a b+c"})
        assert door.answer(Arrived("POST", "/", spelt(said).encode(), FORM, b"")).status == 200
    assert [command.description for command in door.desk.commands] == ["a b+c", "a b+c"]  # type: ignore[attr-defined]


MALFORMED = [
    (Arrived("PUT", "/", b"", FORM, b""), "UnsupportedHTTPMethod"),
    (Arrived("POST", "/", b"", FORM, None), "RequestEntityTooLarge"),
    (Arrived("POST", "/", b"Action=%ff", FORM, b""), "InvalidParameter.Format"),
    (Arrived("POST", "/", "Action=ü".encode(), FORM, b""), "InvalidParameter.Format"),
    (Arrived("POST", "/", b"a=1&" * (PAIRS_MAX + 1), FORM, b""), "InvalidParameter.Format"),
    (Arrived("POST", "/", b"", {**FORM, "content-type": "application/json"}, b"{}"), "InvalidParameter.Format"),
    (Arrived("POST", "/", b"", FORM, b""), "MissingAction"),
    (posted(v1("CreateFlowLog", GOOD, Version="")), "MissingVersion"),
    (posted(v1("CreateFlowLog", GOOD, Format="YAML")), "InvalidParameter.Format"),
    (posted(v1("CreateFlowLog", GOOD, AccessKeyId="")), "MissingAccessKeyId"),
    (posted({**v1("CreateFlowLog", GOOD), "Signature": ""}), "MissingSignature"),
    (posted(v1("CreateFlowLog", GOOD, SignatureMethod="")), "MissingSignatureMethod"),
    (posted(v1("CreateFlowLog", GOOD, SignatureMethod="HMAC-MD5")), "InvalidSignatureMethod"),
    (posted(v1("CreateFlowLog", GOOD, SignatureVersion="")), "MissingSignatureVersion"),
    (posted(v1("CreateFlowLog", GOOD, SignatureVersion="2.0")), "InvalidSignatureVersion"),
    (posted(v1("CreateFlowLog", GOOD, SignatureNonce="")), "MissingSignatureNonce"),
    (posted(v1("CreateFlowLog", GOOD, SignatureNonce="n" * 129)), "InvalidSignatureNonce"),
    (posted(v1("CreateFlowLog", GOOD, Timestamp="")), "MissingTimestamp"),
    (posted(v1("CreateFlowLog", GOOD, Timestamp="2026-11-22 03:08:50")), "InvalidTimeStamp.Format"),
    (posted(v1("CreateFlowLog", GOOD, Timestamp="2026-13-22T03:08:50Z")), "InvalidTimeStamp.Format"),
    (posted(v1("CreateFlowLog", GOOD, Timestamp="2026-11-22T03:24:00Z")), "InvalidTimeStamp.Expired"),
    (posted(v1("CreateFlowLog", GOOD, Timestamp="2026-11-22T02:53:49Z")), "InvalidTimeStamp.Expired"),
    (posted(v1("CreateFlowLog", GOOD, AccessKeyId="nobody")), "InvalidAccessKeyId.NotFound"),
    (posted(v1("CreateFlowLog", GOOD, AccessKeyId="a\0b")), "InvalidAccessKeyId.NotFound"),
    (posted(v1("CreateFlowLog", GOOD, AccessKeyId="LTAI5tOff")), "InvalidAccessKeyId.Inactive"),
    (posted(v1("CreateFlowLog", GOOD, SecurityToken="token")), "InvalidSecurityToken.Malformed"),
    (posted({**v1("CreateFlowLog", GOOD), "ResourceId": "vpc-2"}), "SignatureDoesNotMatch"),
    (posted({**v1("CreateFlowLog", GOOD), "Signature": "ü"}), "SignatureDoesNotMatch"),
    (posted(v1("CreateFlowLog", GOOD, Version="2000-01-01")), "InvalidVersion"),
    (posted(v1("NoSuchAction", GOOD)), "InvalidApi.NotFound"),
    (acs3("CreateFlowLog", GOOD, x_acs_action=""), "MissingAction"),
    (acs3("CreateFlowLog", GOOD, x_acs_date=""), "MissingTimestamp"),
    (acs3("CreateFlowLog", GOOD, x_acs_date="20261122T030850Z"), "InvalidTimeStamp.Format"),
    (acs3("CreateFlowLog", GOOD, x_acs_date="2026-11-22T04:08:50Z"), "InvalidTimeStamp.Expired"),
    (acs3("CreateFlowLog", GOOD, x_acs_signature_nonce=""), "MissingSignatureNonce"),
    (acs3("CreateFlowLog", GOOD, x_acs_content_sha256="0" * 64), "SignatureDoesNotMatch"),
    (acs3("CreateFlowLog", GOOD, x_acs_security_token="token"), "InvalidSecurityToken.Malformed"),
]


@pytest.mark.parametrize(("sent", "expected"), MALFORMED, ids=lambda value: value if isinstance(value, str) else "")
def test_the_gateway_refuses(sent: Arrived, expected: str) -> None:
    door = gateway()
    assert code(door.answer(sent)) == expected
    assert door.desk.commands == []


AUTHORIZATIONS = [
    ("LOG key:signature", "InvalidSignatureMethod"),
    ("ACS3-HMAC-SM3 Credential=a,SignedHeaders=host,Signature=00", "InvalidSignatureMethod"),
    ("ACS3-HMAC-SHA256", "MissingSignature"),
    ("ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host", "MissingSignature"),
    ("ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=00", "MissingAccessKeyId"),
    ("ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=", "MissingSignature"),
]


@pytest.mark.parametrize(("authorization", "expected"), AUTHORIZATIONS)
def test_a_malformed_authorization(authorization: str, expected: str) -> None:
    sent = acs3("CreateFlowLog", GOOD)
    forged = Arrived("POST", "/", b"", {**sent.headers, "authorization": authorization}, sent.body)
    assert code(gateway().answer(forged)) == expected


def test_every_x_acs_header_and_the_host_must_be_signed() -> None:
    whole = acs3("CreateFlowLog", GOOD)
    assert whole.body is not None
    headers = {name: value for name, value in whole.headers.items() if name != "authorization"}
    for left_out in [name for name in headers if name == "host" or name.startswith("x-acs-")]:
        partly = signed(headers, whole.body, sorted(set(headers) - {left_out}))
        assert code(gateway().answer(partly)) == "SignatureDoesNotMatch", left_out
    added = Arrived("POST", "/", b"", {**whole.headers, "x-acs-new": "1"}, whole.body)
    assert code(gateway().answer(added)) == "SignatureDoesNotMatch"
    assert gateway().answer(signed(headers, whole.body, sorted(set(headers) - {"content-type"}))).status == 200


def test_the_signature_covers_body_query_and_method() -> None:
    sent = acs3("CreateFlowLog", GOOD)
    assert sent.body is not None
    other_body = Arrived("POST", "/", b"", sent.headers, sent.body.replace(b"vpc-1", b"vpc-2"))
    other_query = Arrived("POST", "/", b"DryRun=true", sent.headers, sent.body)
    other_method = Arrived("GET", "/", b"", sent.headers, sent.body)
    for forged in (other_body, other_query, other_method):
        assert code(gateway().answer(forged)) == "SignatureDoesNotMatch"


def test_a_forged_request_uses_up_no_nonce() -> None:
    door = gateway()
    said = v1("CreateFlowLog", GOOD)
    assert code(door.answer(posted({**said, "Signature": "forged"}))) == "SignatureDoesNotMatch"
    assert door.answer(posted(said)).status == 200
    assert code(door.answer(posted(said))) == "SignatureNonceUsed"
    assert len(door.desk.commands) == 1


def test_a_long_forgery_is_answered_shortly(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    said = v1("CreateFlowLog", {**GOOD, "Description": "d" * 1_000_000, "n" * 100_000: "v"})
    reply = gateway().answer(posted({**said, "Signature": "forged"}))
    assert code(reply) == "SignatureDoesNotMatch"
    assert len(reply.document["Message"]) < 10_000
    assert len(caplog.text) < 2_000


def test_a_nonce_is_used_up_even_when_the_action_is_refused() -> None:
    door = gateway()
    said = v1("CreateFlowLog", {})
    assert code(door.answer(posted(said))) == "MissingParameter"
    assert code(door.answer(posted(said))) == "SignatureNonceUsed"


def test_a_full_memory_of_nonces_throttles() -> None:
    door = gateway()
    full = Nonces(at_most=1)
    assert full.is_new("k", "n", NOW)
    narrow = Gateway(door.handlers, door.desk, door.key_of, full, door.clock, door.regions, {})
    assert code(narrow.answer(posted(v1("CreateFlowLog", GOOD)))) == "Throttling"


def test_policies_then_admission_then_parameters() -> None:
    door = gateway()
    door.desk.opened = False
    agents = {"AccessKeyId": AGENT.access_key_id}
    refused = door.answer(posted(v1("CreateFlowLog", {}, **agents)))
    assert (refused.status, code(refused)) == (403, "Forbidden.RAM")
    assert code(door.answer(posted(v1("CreateFlowLog", {})))) == "OptInRequired.FlowLog"
    door.desk.opened = True
    assert code(door.answer(posted(v1("CreateFlowLog", {})))) == "MissingParameter"


def test_an_agent_may_sync_and_nothing_else() -> None:
    door = gateway()
    own = {"AccessKeyId": AGENT.access_key_id, "Version": "2026-11-01"}
    said = {"RegionId": "cn-hangzhou", "NodeName": "host-a", "Attached.1.NetworkInterfaceId": "eni-1"}
    reply = door.answer(posted(v1("SyncAgent", {**said, "Attached.1.Generation": "g"}, **own)))
    assert reply.document["Targets"] == {"Target": []}
    bind = {"NetworkInterfaceId": "eni-1", "NodeName": "host-a", "Device": "eth0"}
    assert code(door.answer(posted(v1(BindNetworkInterface.__name__, bind, **own)))) == "Forbidden.RAM"


def test_a_fault_of_ours_is_an_answer_with_a_request_id(caplog: pytest.LogCaptureFixture) -> None:
    door = gateway(CreateFlowLog=broken, GetFlowLogServiceStatus=broken)
    reply = door.answer(posted(v1("GetFlowLogServiceStatus", {"RegionId": "cn-hangzhou"})))
    assert (reply.status, code(reply)) == (500, "InternalError")
    assert reply.document["RequestId"] in caplog.text
    reply = door.answer(posted(v1("CreateFlowLog", GOOD)))
    assert (reply.status, code(reply)) == (400, "OperationFailed.InternalError")
    assert door.counters.read()["failed"] == 2


def test_a_boolean_answer_is_a_json_boolean() -> None:
    door = gateway(GetFlowLogServiceStatus=noting(ServiceStatus(enabled=False)))
    assert door.answer(posted(v1("GetFlowLogServiceStatus", {"RegionId": "cn-hangzhou"}))).document["Enabled"] is False


def test_our_own_client_signs_as_the_gateway_verifies() -> None:
    door = gateway()
    credentials = Credentials(ACCOUNT.access_key_id, SECRET, "cn-hangzhou")
    form = urlencode({**GOOD, "Description": "a b+c/ü~*"}).encode()
    for _ in range(2):
        headers = sign_acs3("weir.test", ("2016-04-28", "CreateFlowLog"), form, credentials, NOW)
        assert door.answer(Arrived("POST", "/", b"", headers, form)).status == 200
    headers = sign_acs3("other.test", ("2016-04-28", "CreateFlowLog"), form, credentials, NOW)
    moved = Arrived("POST", "/", b"", {**headers, "host": "weir.test"}, form)
    assert code(door.answer(moved)) == "SignatureDoesNotMatch"


def test_the_longest_report_of_an_agent_fits() -> None:
    door = gateway()
    item = AttachedItem(network_interface_id="eni-" + "x" * 20, generation="g" * 16, error="e" * 1024)
    report = SyncAgent(region_id="cn-hangzhou", node_name="host-a", attached=(item,) * ATTACHED_MAX)
    said = pairs(report)
    form = urlencode(said).encode()
    assert len(form) < BODY_BYTES_MAX
    assert len(said) < PAIRS_MAX
    credentials = Credentials(AGENT.access_key_id, SECRET, "cn-hangzhou")
    headers = sign_acs3("weir.test", ("2026-11-01", "SyncAgent"), form, credentials, NOW)
    assert door.answer(Arrived("POST", "/", b"", headers, form)).status == 200
    assert door.desk.commands == [report]
