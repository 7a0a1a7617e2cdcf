"""Signatures against the published vector and against what the official SDKs' own functions compute."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qsl, urlsplit

import pytest
from alibabacloud_tea_openapi.utils import Utils
from aliyunsdkcore.auth.composer import rpc_signature_composer
from darabonba.request import DaraRequest
from hypothesis import given
from hypothesis import strategies as st

from weir.contract.sign import (
    CLOCK_WINDOW_SECONDS,
    Sent,
    check_clock,
    check_signature,
    claim_of,
    v1_signature,
    v1_text,
)
from weir.model.failures import Refusal

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
PAIRS = st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8), TEXTS, max_size=5)
NAMED = st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z0-9.]{0,8}", fullmatch=True), TEXTS, max_size=5)
"""The tea SDK encodes values but not names; declared names need no encoding."""
STAMP, STAMP_SECONDS = "2016-02-23T12:46:24Z", 1456231584


def test_the_published_vector() -> None:
    pairs = {
        "Action": "DescribeRegions",
        "Version": "2014-05-26",
        "Format": "XML",
        "AccessKeyId": "testid",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
        "Timestamp": STAMP,
    }
    signature = "OLeaidS1JvxuMvnyHOwuJ+uX5qY="
    assert v1_signature("testsecret", v1_text("GET", pairs)) == signature
    claim = claim_of(Sent("GET", "/", {**pairs, "Signature": signature}, {}, {}, ""))
    check_signature(claim, "testsecret")
    assert (claim.access_key_id, claim.signed_at) == ("testid", STAMP_SECONDS)


@given(PAIRS, PAIRS, TEXTS.filter(bool))
def test_version_1_is_what_the_core_sdk_signs(query: dict[str, str], form: dict[str, str], secret: str) -> None:
    url, text = rpc_signature_composer.get_signed_url(dict(query), "id", secret, "JSON", "POST", dict(form))
    said = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    signature = said.pop("Signature")
    pairs = {**said, **form}
    pairs.pop("Signature", None)
    assert v1_text("POST", pairs) == text
    assert v1_signature(secret, text) == signature


@given(NAMED, st.binary(max_size=50), TEXTS.filter(bool))
def test_acs3_is_what_the_tea_sdk_signs(query: dict[str, str], body: bytes, secret: str) -> None:
    digest = hashlib.sha256(body).hexdigest()
    headers = {
        "host": "vpc.test",
        "x-acs-action": "CreateFlowLog",
        "x-acs-version": "2016-04-28",
        "x-acs-date": STAMP,
        "x-acs-signature-nonce": "n",
        "x-acs-content-sha256": digest,
        "accept": "application/json",
        "user-agent": "sdk",
    }
    request = DaraRequest()
    request.method, request.pathname, request.query, request.headers = "POST", "/", dict(query), dict(headers)
    authorization = Utils.get_authorization(request, "ACS3-HMAC-SHA256", digest, "id", secret)
    sent = Sent("POST", "/", query, {}, {**headers, "authorization": authorization}, digest)
    claim = claim_of(sent)
    check_signature(claim, secret)
    assert (claim.access_key_id, claim.nonce, claim.signed_at) == ("id", "n", STAMP_SECONDS)
    with pytest.raises(Refusal):
        check_signature(claim, secret + "x")


def test_the_clock_window_is_fifteen_minutes_on_both_sides() -> None:
    headers = {
        "authorization": "ACS3-HMAC-SHA256 Credential=id,SignedHeaders=x-acs-date;x-acs-signature-nonce,Signature=00",
        "x-acs-date": STAMP,
        "x-acs-signature-nonce": "n",
    }
    claim = claim_of(Sent("POST", "/", {}, {}, headers, ""))
    assert CLOCK_WINDOW_SECONDS == 900
    for distance in (-900, 0, 900):
        check_clock(claim, STAMP_SECONDS + distance)
    for distance in (-901, 901):
        with pytest.raises(Refusal) as caught:
            check_clock(claim, STAMP_SECONDS + distance)
        assert caught.value.failure.code == "InvalidTimeStamp.Expired"
