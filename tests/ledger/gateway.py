"""Refusals of the gateway itself: what is wrong with a request before any action is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from tests.ledger.door import FORM, HERE, SPECS, Door
from tests.ledger.scenes_ram import as_user, role_arn, trusting_role
from weir.contract.nonces import Nonces
from weir.contract.sign import v1_signature, v1_text
from weir.control.access import Principal
from weir.control.keys import AccessKey
from weir.control.throttle import Rate, Throttle
from weir.doors.reply import Reply
from weir.doors.rpc import Arrived

SPEC = SPECS["DescribeVpcs"]

CHANGES: tuple[tuple[str, dict[str, str]], ...] = (
    ("MissingAction", {"Action": ""}),
    ("MissingVersion", {"Version": ""}),
    ("MissingAccessKeyId", {"AccessKeyId": ""}),
    ("MissingSignatureMethod", {"SignatureMethod": ""}),
    ("MissingSignatureVersion", {"SignatureVersion": ""}),
    ("MissingSignatureNonce", {"SignatureNonce": ""}),
    ("MissingTimestamp", {"Timestamp": ""}),
    ("InvalidSignatureMethod", {"SignatureMethod": "HMAC-MD5"}),
    ("InvalidSignatureVersion", {"SignatureVersion": "2.0"}),
    ("InvalidSignatureNonce", {"SignatureNonce": "n" * 129}),
    ("InvalidTimeStamp.Format", {"Timestamp": "yesterday"}),
    ("InvalidTimeStamp.Expired", {"Timestamp": "2020-01-01T00:00:00Z"}),
    ("InvalidAccessKeyId.NotFound", {"AccessKeyId": "LTAI-nobody"}),
    ("InvalidSecurityToken.Malformed", {"SecurityToken": "token"}),
    ("InvalidVersion", {"Version": "1999-01-01"}),
    ("InvalidApi.NotFound", {"Action": "CreateMoon"}),
    ("InvalidParameter.Format", {"Format": "YAML"}),
)
"""Failure -> what is changed of a good call before it is signed."""


def replies(door: Door) -> Iterator[tuple[str, Reply]]:
    """(expected code, answer), one for each failure of the gateway that a request can earn."""
    tenant = door.tenant()
    good = door.signable(SPEC, tenant.key, {"RegionId": HERE})

    def send(changes: dict[str, str], **parts: Any) -> Reply:
        said = {name: text for name, text in {**fresh(), **changes}.items() if text}
        said["Signature"] = v1_signature(tenant.key.secret, v1_text("POST", said))
        return answer(said, **parts)

    def fresh() -> dict[str, str]:
        return {**good, "SignatureNonce": door.nonce()}

    def answer(said: dict[str, str], **parts: Any) -> Reply:
        arrived = Arrived("POST", "/", b"", FORM, urlencode(said).encode())
        return (door.gate(**parts) if parts else door.gateway).answer(arrived)

    yield "UnsupportedHTTPMethod", door.gateway.answer(Arrived("PUT", "/", b"", FORM, b""))
    yield "RequestEntityTooLarge", door.gateway.answer(Arrived("POST", "/", b"", FORM, None))
    for code, changes in CHANGES:
        yield code, send(changes)
    yield "MissingSignature", answer(fresh())
    yield "SignatureDoesNotMatch", answer({**fresh(), "Signature": "forged"})
    used = {"SignatureNonce": door.nonce()}
    assert send(used).status == 200
    yield "SignatureNonceUsed", send(used)
    full = Nonces(at_most=1)
    assert full.is_new("key", "nonce", door.now)
    yield "Throttling", send({}, nonces=full)
    throttle = Throttle(Rate(per_second=1, burst=1))
    assert send({}, throttle=throttle).status == 200
    yield "Throttling.User", send({}, throttle=throttle)

    with door.writing() as connection:
        agent = door.issue(connection, tenant.account_id, Principal.AGENT)
        disabled = door.issue(connection, tenant.account_id, Principal.ACCOUNT)
        door.keys.set_active(connection, disabled.access_key_id, False)
    yield "Forbidden.RAM", door.say(SPEC, agent, {"RegionId": HERE})
    yield "InvalidAccessKeyId.Inactive", door.say(SPEC, disabled, {"RegionId": HERE})

    trusting_role(tenant)
    own_key = tenant.key
    as_user(tenant)
    lent = tenant.ok("AssumeRole", RoleArn=role_arn(tenant))["Credentials"]
    temporary = AccessKey(lent["AccessKeyId"], lent["AccessKeySecret"])
    yield "InvalidSecurityToken.MismatchWithAccessKey", door.say(SPEC, own_key, {}, lent["SecurityToken"])
    usual, door.now = door.now, door.now + 12 * 3600
    yield "InvalidSecurityToken.Expired", door.say(SPEC, temporary, {}, lent["SecurityToken"])
    door.now = usual
