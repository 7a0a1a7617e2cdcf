"""The two signatures of the RPC gateway: version 1 (HMAC-SHA1 over the parameters) and ACS3-HMAC-SHA256.

What enters: the facts of one HTTP request (``Sent``), and later the key's secret and the clock. What leaves: a
``Claim`` (who says to have signed what, when), or a ``Refusal``; for our own client, the headers of a signed call.
Rules (source: Alibaba Cloud's pages on the RPC request signature and on the V3 request body and signature): version 1
covers every parameter of query and form, blank ones included; ACS3 covers the headers that SignedHeaders names, which
must be ``host`` and every ``x-acs-*`` header sent, and the body by its hash. Pure: no clock, no memory of nonces.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from weir.model.failures import (
    INVALID_SIGNATURE_METHOD,
    INVALID_SIGNATURE_NONCE,
    INVALID_SIGNATURE_VERSION,
    INVALID_TIME_STAMP_EXPIRED,
    INVALID_TIME_STAMP_FORMAT,
    MISSING_ACCESS_KEY_ID,
    MISSING_SIGNATURE,
    MISSING_SIGNATURE_METHOD,
    MISSING_SIGNATURE_NONCE,
    MISSING_SIGNATURE_VERSION,
    MISSING_TIMESTAMP,
    SIGNATURE_DOES_NOT_MATCH,
    Failure,
    Refusal,
)

CLOCK_WINDOW_SECONDS = 15 * 60
"""Largest difference between the caller's time and ours; above it InvalidTimeStamp.Expired (source: common errors)."""
NONCE_LENGTH_MAX = 128
"""Longest nonce in characters; above it InvalidSignatureNonce. The SDKs send 32 to 55."""
ECHO_LENGTH_MAX = 8192
"""Characters of the string to sign that a refusal gives back; the rest is left out, so a forged request of many
megabytes is not answered with as many."""
ACS3 = "ACS3-HMAC-SHA256"

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
_AUTHORIZATION = re.compile(
    ACS3 + r" +Credential=([^,\s]*),\s*SignedHeaders=([^,\s]*),\s*Signature=([0-9a-f]*)\s*", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it arrived. ``query`` and ``form``: decoded pairs; ``headers``: lower-case names;
    ``body_sha256``: hex digest of the body as sent."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    body_sha256: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says about its signer. ``signed_at``: Unix seconds; ``security_token`` is empty without STS."""

    access_key_id: str
    security_token: str
    signed_at: float
    nonce: str
    signature: str
    text: str
    compute: Callable[[str, str], str]
    complaint: str


def claim_of(sent: Sent) -> Claim:
    """Reads either signature. Raises the Missing... and Invalid... failures of what is absent or malformed.

    A request with an Authorization header is ACS3, any other is version 1.
    """
    return _acs3_claim(sent) if "authorization" in sent.headers else _v1_claim(sent)


def check_clock(claim: Claim, now: float) -> None:
    """Refuses a request signed more than the window before or after ``now`` (Unix seconds)."""
    if abs(now - claim.signed_at) > CLOCK_WINDOW_SECONDS:
        raise Refusal(INVALID_TIME_STAMP_EXPIRED, why=f"{now - claim.signed_at:.0f} s apart")


def check_signature(claim: Claim, secret: str) -> None:
    """Refuses unless ``secret`` gives the signature claimed."""
    expected = claim.compute(secret, claim.text)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise Refusal(SIGNATURE_DOES_NOT_MATCH, claim.complaint)


def canonical(pairs: Iterable[tuple[str, str]]) -> str:
    """``k=v&...``: sorted by name, both percent-encoded as RFC 3986 has it (``~`` stays, a blank is ``%20``)."""
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(pairs))


def v1_text(method: str, pairs: Mapping[str, str]) -> str:
    """The string to sign of version 1, over all pairs but ``Signature``."""
    said = canonical((name, value) for name, value in pairs.items() if name != "Signature")
    return f"{method}&%2F&{_encoded(said)}"


def v1_signature(secret: str, text: str) -> str:
    """Base64 of HMAC-SHA1, the secret followed by ``&``."""
    return base64.b64encode(hmac.digest(f"{secret}&".encode(), text.encode(), "sha1")).decode()


def acs3_text(sent: Sent, signed_headers: list[str]) -> str:
    """The string to sign of ACS3 over the given headers, in that order."""
    block = "".join(f"{name}:{sent.headers.get(name, '').strip()}\n" for name in signed_headers)
    query = canonical(sent.query.items())
    parts = (sent.method, sent.path, query, block, ";".join(signed_headers), sent.body_sha256)
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"{ACS3}\n{digest}"


def acs3_signature(secret: str, text: str) -> str:
    """Hex of HMAC-SHA256 with the bare secret."""
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex()


@dataclass(frozen=True, slots=True)
class Credentials:
    """What our own client signs with. ``region`` belongs to the log service's signature; ``security_token`` to
    temporary credentials."""

    access_key_id: str
    access_key_secret: str
    region: str
    security_token: str = ""


def sign_acs3(
    host: str, operation: tuple[str, str], form: bytes, credentials: Credentials, now: float
) -> dict[str, str]:
    """Every header of a call POSTed to ``/`` with its parameters as an encoded ``form``, which has no length limit
    as a query would have.

    ``host`` includes the port; ``operation`` is (version, action); ``now``: Unix seconds. Every call draws its own
    nonce.
    """
    digest = hashlib.sha256(form).hexdigest()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "host": host,
        "x-acs-action": operation[1],
        "x-acs-content-sha256": digest,
        "x-acs-date": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": uuid.uuid4().hex,
        "x-acs-version": operation[0],
    }
    if credentials.security_token:
        headers["x-acs-security-token"] = credentials.security_token
    signed = sorted(headers)
    sent = Sent(method="POST", path="/", query={}, form={}, headers=headers, body_sha256=digest)
    signature = acs3_signature(credentials.access_key_secret, acs3_text(sent, signed))
    signer = f"Credential={credentials.access_key_id},SignedHeaders={';'.join(signed)}"
    return {**headers, "authorization": f"{ACS3} {signer},Signature={signature}"}


def _v1_claim(sent: Sent) -> Claim:
    pairs = {**sent.query, **sent.form}
    access_key_id = _present(pairs, "AccessKeyId", MISSING_ACCESS_KEY_ID)
    signature = _present(pairs, "Signature", MISSING_SIGNATURE)
    if _present(pairs, "SignatureMethod", MISSING_SIGNATURE_METHOD).upper() != "HMAC-SHA1":
        raise Refusal(INVALID_SIGNATURE_METHOD)
    if _present(pairs, "SignatureVersion", MISSING_SIGNATURE_VERSION) != "1.0":
        raise Refusal(INVALID_SIGNATURE_VERSION)
    signed_at = _time(_present(pairs, "Timestamp", MISSING_TIMESTAMP))
    nonce = _nonce(_present(pairs, "SignatureNonce", MISSING_SIGNATURE_NONCE))
    text = v1_text(sent.method, pairs)
    return Claim(
        access_key_id=access_key_id,
        security_token=pairs.get("SecurityToken", ""),
        signed_at=signed_at,
        nonce=nonce,
        signature=signature,
        text=text,
        compute=v1_signature,
        # The SDK core compares this string with its own and, where they are equal, blames the secret.
        complaint=f"{SIGNATURE_DOES_NOT_MATCH.message} server string to sign is:{text[:ECHO_LENGTH_MAX]}",
    )


def _acs3_claim(sent: Sent) -> Claim:
    authorization = sent.headers["authorization"]
    if authorization.split(" ", 1)[0] != ACS3:
        raise Refusal(INVALID_SIGNATURE_METHOD)
    match = _AUTHORIZATION.fullmatch(authorization)
    if match is None:
        raise Refusal(MISSING_SIGNATURE, why="Authorization is not Credential=,SignedHeaders=,Signature=")
    access_key_id, header_list, signature = match.groups()
    if not access_key_id:
        raise Refusal(MISSING_ACCESS_KEY_ID)
    if not signature:
        raise Refusal(MISSING_SIGNATURE)
    signed_at = _time(_present(sent.headers, "x-acs-date", MISSING_TIMESTAMP))
    nonce = _nonce(_present(sent.headers, "x-acs-signature-nonce", MISSING_SIGNATURE_NONCE))
    signed = header_list.lower().split(";")
    uncovered = {name for name in sent.headers if name == "host" or name.startswith("x-acs-")} - set(signed)
    if uncovered:
        raise Refusal(SIGNATURE_DOES_NOT_MATCH, why=f"SignedHeaders lacks {sorted(uncovered)}")
    if sent.headers.get("x-acs-content-sha256", sent.body_sha256).lower() != sent.body_sha256:
        raise Refusal(SIGNATURE_DOES_NOT_MATCH, why="x-acs-content-sha256 is not the body's")
    return Claim(
        access_key_id=access_key_id,
        security_token=sent.headers.get("x-acs-security-token", ""),
        signed_at=signed_at,
        nonce=nonce,
        signature=signature,
        text=acs3_text(sent, signed),
        compute=acs3_signature,
        complaint=SIGNATURE_DOES_NOT_MATCH.message,
    )


def _present(said: Mapping[str, str], name: str, missing: Failure) -> str:
    value = said.get(name, "")
    if not value:
        raise Refusal(missing)
    return value


def _time(text: str) -> float:
    if _TIME.fullmatch(text) is None:
        raise Refusal(INVALID_TIME_STAMP_FORMAT)
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise Refusal(INVALID_TIME_STAMP_FORMAT) from error


def _nonce(text: str) -> str:
    if len(text) > NONCE_LENGTH_MAX:
        raise Refusal(INVALID_SIGNATURE_NONCE)
    return text


def _encoded(text: str) -> str:
    return quote(text, safe="")
