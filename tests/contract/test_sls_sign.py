"""Signatures of the log service, against those that the published Python SDK makes."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace

import pytest
from aliyun.log.auth import AuthV1, AuthV4
from aliyun.log.credentials import StaticCredentialsProvider
from hypothesis import given
from hypothesis import strategies as st

from weir.contract.sls_sign import Request, Signer, claim_of, sign_v1, sign_v4, verify
from weir.model.failures import Refusal

SIGNER = Signer("LTAI5tExample", "secret-of-the-test", "cn-hangzhou")
QUERY = (("type", "log"), ("query", "action: REJECT | SELECT 'a&b=ü'"), ("reverse", "False"), ("topic", ""))
HOST = "my-project.sls.local"


def by_sdk(version: str, body: bytes = b"", query: tuple[tuple[str, str], ...] = QUERY) -> Request:
    """A request that the SDK signed just now."""
    headers = {"x-log-apiversion": "0.6.0", "x-log-bodyrawsize": str(len(body)), "Host": HOST}
    if body:
        headers["Content-Type"] = "application/json"
    provider = StaticCredentialsProvider(SIGNER.access_key_id, SIGNER.secret, None)
    auth = AuthV1(provider) if version == "v1" else AuthV4(provider, SIGNER.region)
    auth.sign_request("POST", "/logstores/flow-store/logs", dict(query), headers, body)
    return Request(
        "POST", "/logstores/flow-store/logs", query, {name.lower(): text for name, text in headers.items()}, body
    )


def ours(version: str, body: bytes = b"") -> Request:
    bare = Request("POST", "/logstores/flow-store/shards/lb", QUERY, {"host": HOST, "content-type": "a/b"}, body)
    sign = {"v1": sign_v1, "v4": sign_v4}[version]
    return replace(bare, headers=sign(bare, SIGNER, time.time()))


def code(request: Request, secret: str = SIGNER.secret, now: float | None = None) -> str:
    """'' if the request is verified, else the refusal's code."""
    try:
        verify(request, claim_of(request), secret, time.time() if now is None else now)
    except Refusal as refusal:
        return refusal.failure.code
    return ""


@pytest.mark.parametrize("version", ["v1", "v4"])
@pytest.mark.parametrize("body", [b"", b'{"from": 1}'])
def test_the_sdk_and_our_own_client_are_verified(version: str, body: bytes) -> None:
    request = by_sdk(version, body)
    assert claim_of(request).access_key_id == SIGNER.access_key_id
    assert code(request) == ""
    assert code(ours(version, body)) == ""


def test_v1_with_sha256_is_verified_and_a_parameter_without_value_may_drop_its_equals_sign() -> None:
    bare = Request("GET", "/", (("offset", "0"), ("projectName", "")), {"host": HOST})
    request = replace(bare, headers=sign_v1(bare, SIGNER, time.time(), method="hmac-sha256"))
    assert code(request) == ""


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_whatever_is_changed_after_signing_is_refused(version: str) -> None:
    request = by_sdk(version, b"body")
    changed = {
        "secret": (request, "another"),
        "method": (replace(request, method="PUT"), SIGNER.secret),
        "path": (replace(request, path="/logstores/other/logs"), SIGNER.secret),
        "query": (replace(request, query=(*QUERY[1:], ("type", "histogram"))), SIGNER.secret),
        "body": (replace(request, body=b"tampered"), SIGNER.secret),
        "header": (replace(request, headers={**request.headers, "x-log-batch-id": "1"}), SIGNER.secret),
        "raw size": (replace(request, headers={**request.headers, "x-log-bodyrawsize": "9"}), SIGNER.secret),
        "type": (replace(request, headers={**request.headers, "content-type": "text/plain"}), SIGNER.secret),
    }
    assert {name: code(*each) for name, each in changed.items()} == dict.fromkeys(changed, "SignatureNotMatch")


@pytest.mark.parametrize(("version", "digest"), [("v1", "content-md5"), ("v4", "x-log-content-sha256")])
def test_a_body_without_its_digest_is_refused(version: str, digest: str) -> None:
    bare = Request("POST", "/", (), {"host": HOST}, b"")
    headers = {"v1": sign_v1, "v4": sign_v4}[version](bare, SIGNER, time.time())
    assert code(replace(bare, headers=headers)) == ""
    assert code(replace(bare, headers=headers, body=b"smuggled")) == "SignatureNotMatch"
    forged = {**headers, digest: hashlib.sha256(b"smuggled").hexdigest()}
    assert code(replace(bare, headers=forged, body=b"smuggled")) == "SignatureNotMatch"


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_the_clock_may_be_15_minutes_off_and_no_more(version: str) -> None:
    now = 1_795_334_400.0
    bare = Request("GET", "/", (), {"host": HOST})
    request = replace(bare, headers={"v1": sign_v1, "v4": sign_v4}[version](bare, SIGNER, now))
    assert [code(request, now=now + off) for off in (-900, 0, 900)] == ["", "", ""]
    assert [code(request, now=now + off) for off in (-901, 901, 1200)] == ["RequestTimeExpired"] * 3


def test_x_log_date_replaces_date_in_v1() -> None:
    bare = Request("GET", "/", (), {"host": HOST})
    headers = sign_v1(bare, SIGNER, time.time())
    moved = {**headers, "x-log-date": headers["date"], "date": "Mon, 03 Jan 2011 08:33:47 GMT"}
    assert code(replace(bare, headers=moved)) == ""


def test_headers_that_are_missing_or_strange_have_their_own_codes() -> None:
    request = ours("v1")

    def without(name: str) -> Request:
        return replace(request, headers={key: text for key, text in request.headers.items() if key != name})

    def having(name: str, text: str) -> Request:
        return replace(request, headers={**request.headers, name: text})

    assert code(without("x-log-apiversion")) == "MissingAPIVersion"
    assert code(having("x-log-apiversion", "9.9")) == "InvalidAPIVersion"
    assert code(without("authorization")) == "MissAccessKeyId"
    assert code(having("authorization", "LOG nothing")) == "MissAccessKeyId"
    assert code(having("authorization", "Basic abc")) == "InvalidSignatureMethod"
    assert code(without("date")) == "MissingDate"
    assert code(having("date", "yesterday")) == "InvalidDateFormat"
    assert code(without("x-log-signaturemethod")) == "MissingSignatureMethod"
    assert code(having("x-log-signaturemethod", "hmac-md5")) == "InvalidSignatureMethod"


NAMES = ["authorization", "date", "x-log-date", "x-log-signaturemethod", "content-md5", "x-log-content-sha256", "host"]


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=40)), st.booleans())
def test_whatever_the_headers_say_it_is_a_refusal(headers: dict[str, str], is_v4: bool) -> None:
    signature = "Credential=k/20261122/r/sls/aliyun_v4_request,Signature=" + "0" * 64
    start = {"authorization": f"SLS4-HMAC-SHA256 {signature}" if is_v4 else "LOG k:sig", "x-log-apiversion": "0.6.0"}
    assert code(Request("GET", "/", (), start | headers)) != ""
