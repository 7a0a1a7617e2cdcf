"""Signatures of the log service: v1 ("LOG") with hmac-sha1 or hmac-sha256, and v4 ("SLS4-HMAC-SHA256").

What enters: the facts of one request as they came over the wire, the secret, the time. What leaves: nothing, or a
Refusal; on the other side the headers that a client of ours adds. Rule: what is not covered by the signature is not
believed, so a body without its digest is refused as a wrong signature. Sources: the log service's pages "Request
signatures" and "Common request headers", and the published Python SDK for v4.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote

from weir.model import sls_failures as failures
from weir.model.failures import Refusal

CLOCK_SKEW_SECONDS = 900
"""A request dated further away than this, in either direction, is refused (source: Common request headers)."""

API_VERSIONS = frozenset({"0.4.0", "0.6.0"})
"""Values of ``x-log-apiversion`` that are answered (source: the samples of the API pages); others are refused."""

_V1_DIGESTS = {"hmac-sha1": hashlib.sha1, "hmac-sha256": hashlib.sha256}
_V4_NAME = "SLS4-HMAC-SHA256"
_V4_SCOPE_END = "sls/aliyun_v4_request"
_V4_DATE = "%Y%m%dT%H%M%SZ"
_V4_AUTHORIZATION = re.compile(
    rf"{_V4_NAME} Credential=(?P<key>[^/,]+)/(?P<day>\d{{8}})/(?P<region>[^/,]*)/{_V4_SCOPE_END},"
    r"\s*Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What is signed. ``path`` and ``query`` are URL-decoded, header names lower-case, ``body`` as on the wire."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Claim:
    """What an Authorization header says; ``region`` and ``day`` are empty for v1. ``security_token`` is empty without
    STS. Nothing of it is proven yet."""

    access_key_id: str
    signature: str
    region: str = ""
    day: str = ""
    security_token: str = ""

    @property
    def is_v4(self) -> bool:
        """True for SLS4-HMAC-SHA256."""
        return self.day != ""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs on our side. ``region`` goes into v4 only."""

    access_key_id: str
    secret: str
    region: str = ""


def claim_of(request: Request) -> Claim:
    """Who claims to have sent the request; the caller looks the secret up and calls ``verify``."""
    version = request.headers.get("x-log-apiversion")
    if version is None:
        raise failures.refuse(failures.MISSING_API_VERSION)
    if version not in API_VERSIONS:
        raise failures.refuse(failures.INVALID_API_VERSION, version)
    text = request.headers.get("authorization", "")
    token = request.headers.get("x-acs-security-token", "")
    if text.startswith("LOG "):
        access_key_id, colon, signature = text[4:].strip().rpartition(":")
        if colon and access_key_id:
            return Claim(access_key_id, signature, security_token=token)
    elif text.startswith(_V4_NAME):
        found = _V4_AUTHORIZATION.fullmatch(text)
        if found:
            return Claim(found["key"], found["signature"], found["region"], found["day"], token)
    elif text:
        raise failures.refuse(failures.INVALID_SIGNATURE_METHOD, text.split(" ", 1)[0])
    raise failures.refuse(failures.MISS_ACCESS_KEY_ID)


def verify(request: Request, claim: Claim, secret: str, now: float) -> None:
    """Refuses with RequestTimeExpired or SignatureNotMatch (or a missing header's code) unless ``secret`` signed it.

    ``now`` is Unix time in seconds.
    """
    _check_time(request, claim, now)
    _check_body(request, claim)
    expected = _v4_signatures(request, claim, secret) if claim.is_v4 else _v1_signatures(request, secret)
    if not any(hmac.compare_digest(each.encode(), claim.signature.encode()) for each in expected):
        raise failures.refuse(failures.SIGNATURE_NOT_MATCH, claim.signature)


def sign_v1(request: Request, signer: Signer, now: float, method: str = "hmac-sha1") -> dict[str, str]:
    """The request's headers with everything v1 needs added; names in lower case."""
    headers = dict(request.headers) | {
        "x-log-apiversion": "0.6.0",
        "x-log-signaturemethod": method,
        "date": format_datetime(datetime.fromtimestamp(now, UTC), usegmt=True),
    }
    if request.body:
        headers["content-md5"] = _md5(request.body)
    whole = Request(request.method, request.path, request.query, headers, request.body)
    return headers | {"authorization": f"LOG {signer.access_key_id}:{_v1_signatures(whole, signer.secret)[0]}"}


def sign_v4(request: Request, signer: Signer, now: float) -> dict[str, str]:
    """The request's headers with everything v4 needs added; names in lower case, ``host`` must be among them."""
    moment = datetime.fromtimestamp(now, UTC).strftime(_V4_DATE)
    headers = dict(request.headers) | {
        "x-log-apiversion": "0.6.0",
        "x-log-date": moment,
        "x-log-content-sha256": hashlib.sha256(request.body).hexdigest(),
    }
    whole = Request(request.method, request.path, request.query, headers, request.body)
    claim = Claim(signer.access_key_id, "", signer.region, moment[:8])
    scope = f"{claim.day}/{claim.region}/{_V4_SCOPE_END}"
    signature = _v4_signatures(whole, claim, signer.secret)[0]
    return headers | {"authorization": f"{_V4_NAME} Credential={signer.access_key_id}/{scope},Signature={signature}"}


def _check_time(request: Request, claim: Claim, now: float) -> None:
    text = request.headers.get("x-log-date") or request.headers.get("date")
    if not text:
        raise failures.refuse(failures.MISSING_DATE)
    try:
        moment = datetime.strptime(text, _V4_DATE) if claim.is_v4 else parsedate_to_datetime(text)
    except ValueError as error:
        raise failures.refuse(failures.INVALID_DATE_FORMAT, text) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if abs(moment.timestamp() - now) > CLOCK_SKEW_SECONDS:
        server_time = format_datetime(datetime.fromtimestamp(now, UTC), usegmt=True)
        raise failures.refuse(failures.REQUEST_TIME_EXPIRED, text, server_time)
    if claim.is_v4 and not text.startswith(claim.day):
        raise failures.refuse(failures.SIGNATURE_NOT_MATCH, claim.signature)


def _check_body(request: Request, claim: Claim) -> None:
    """The digest among the signed headers must be the body's; without a body it may be absent."""
    if claim.is_v4:
        name, digest = "x-log-content-sha256", hashlib.sha256(request.body).hexdigest()
    else:
        name, digest = "content-md5", _md5(request.body)
    given = request.headers.get(name, "")
    if given.lower() != digest.lower() and (request.body or given or claim.is_v4):
        raise Refusal(failures.SIGNATURE_NOT_MATCH, f"{name} does not match the body.", header=name)


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest().upper()


def _signed_headers(request: Request) -> dict[str, str]:
    return {
        name: value.strip()
        for name, value in sorted(request.headers.items())
        if name.startswith(("x-log-", "x-acs-")) and not name.startswith("x-log-meta-")
    }


def _v1_signatures(request: Request, secret: str) -> list[str]:
    """What the client may have sent: clients disagree on whether a parameter without a value keeps its ``=``."""
    method = request.headers.get("x-log-signaturemethod")
    if method is None:
        raise failures.refuse(failures.MISSING_SIGNATURE_METHOD)
    if method not in _V1_DIGESTS:
        raise failures.refuse(failures.INVALID_SIGNATURE_METHOD, method)
    headers = _signed_headers(request)
    date = headers.pop("x-log-date", None) or request.headers.get("date", "")
    lines = [
        request.method,
        request.headers.get("content-md5", ""),
        request.headers.get("content-type", ""),
        date,
        *(f"{name}:{value}" for name, value in headers.items()),
    ]
    signatures = []
    for bare in ("=", ""):
        pairs = "&".join(f"{k}={v}" if v else f"{k}{bare}" for k, v in sorted(request.query))
        text = "\n".join([*lines, request.path + ("?" + pairs if pairs else "")])
        mac = hmac.new(secret.encode(), text.encode(), _V1_DIGESTS[method]).digest()
        signatures.append(base64.b64encode(mac).decode())
    return signatures


def _v4_signatures(request: Request, claim: Claim, secret: str) -> list[str]:
    headers = _signed_headers(request)
    for name in ("host", "content-type"):
        if name in request.headers:
            headers[name] = request.headers[name].strip()
    names = sorted(headers)
    canonical = "\n".join(
        [
            request.method,
            request.path,
            "&".join(k + (f"={quote(v, safe='~')}" if v else "") for k, v in sorted(request.query)),
            "".join(f"{name}:{headers[name]}\n" for name in names),
            ";".join(names),
            request.headers.get("x-log-content-sha256", ""),
        ]
    )
    scope = f"{claim.day}/{claim.region}/{_V4_SCOPE_END}"
    moment = request.headers.get("x-log-date", "")
    text = "\n".join([_V4_NAME, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"aliyun_v4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return [hmac.digest(key, text.encode(), "sha256").hex()]
