"""The RPC gateway: one path for every declared action of every product.

What enters: any HTTP request that is not the log service's. What leaves: 200 with the action's answer, or the failure's
status with ``{"RequestId", "HostId", "Code", "Message", "Recommend"}``. The order of the checks: the method, the body's
size, the spelling of query and form; Action, Version and Format; the signature's parts present and well-formed; the
clock; the AccessKey; the signature; the nonce (last of these, so that a forged request uses up none); then whether the
action exists, whether the caller may call it, and its own checks in their declared order. ``reply`` spells the answer.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from weir.contract.action import Regions, parse
from weir.contract.arns import arns_of
from weir.contract.declare import Spec
from weir.contract.nonces import NonceMemory, NonceMemoryFull
from weir.contract.products import find
from weir.contract.render import render
from weir.contract.sign import Claim, Sent, check_clock, check_signature, claim_of
from weir.contract.xml import root_of
from weir.control.access import Caller, Denied, Key
from weir.control.conditions import facts_of
from weir.control.permits import Request as Wish
from weir.control.permits import check_fixed
from weir.control.sessions import BadToken, TokenFault, no_sessions
from weir.control.throttle import Throttle
from weir.doors.reply import Format, Reply, format_of, is_acs3, refusal
from weir.model.failures import (
    INTERNAL_ERROR,
    INVALID_ACCESS_KEY_ID_INACTIVE,
    INVALID_ACCESS_KEY_ID_NOT_FOUND,
    INVALID_PARAMETER_FORMAT,
    INVALID_SECURITY_TOKEN_EXPIRED,
    INVALID_SECURITY_TOKEN_MALFORMED,
    INVALID_SECURITY_TOKEN_MISMATCH_WITH_ACCESS_KEY,
    MISSING_ACTION,
    MISSING_VERSION,
    OPERATION_FAILED_INTERNAL_ERROR,
    REQUEST_TOO_LARGE,
    SIGNATURE_NONCE_USED,
    THROTTLING,
    THROTTLING_USER,
    UNSUPPORTED_HTTP_METHOD,
    Refusal,
)

BODY_BYTES_MAX = 4 * 1024 * 1024
"""Longest body that is read; above it the call is refused with RequestEntityTooLarge. The longest call is an agent's
report of as many interfaces as it may have, each with the longest error: about 2.5 MB."""
PAIRS_MAX = 10_000
"""Most parameters of one call, query and form each; above it the call is refused as malformed."""
LOGGED_LENGTH_MAX = 500
"""Characters of a refusal's detail that are logged; names and values of a request may be as long as its body."""
BAD_TOKENS = {
    TokenFault.MALFORMED: INVALID_SECURITY_TOKEN_MALFORMED,
    TokenFault.MISMATCH: INVALID_SECURITY_TOKEN_MISMATCH_WITH_ACCESS_KEY,
    TokenFault.EXPIRED: INVALID_SECURITY_TOKEN_EXPIRED,
}
FORM = "application/x-www-form-urlencoded"

Desk = TypeVar("Desk")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrived:
    """One HTTP request as bytes; ``headers`` in lower case, ``body`` None when it was too long to read.

    ``source_ip`` is the peer's, '' if there is none; ``secure``: it came over TLS.
    """

    method: str
    path: str
    query: bytes
    headers: Mapping[str, str]
    body: bytes | None
    source_ip: str = ""
    secure: bool = False


@dataclass(slots=True)
class Tally:
    """How many requests were answered, refused (the caller's fault) and failed (ours) since the start."""

    counts: dict[str, int] = field(default_factory=lambda: {"answered": 0, "refused": 0, "failed": 0})
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, outcome: str) -> None:
        """Counts one."""
        with self.lock:
            self.counts[outcome] += 1

    def read(self) -> Mapping[str, int]:
        """The counters as they are now."""
        with self.lock:
            return dict(self.counts)


@dataclass(frozen=True, slots=True)
class Gateway(Generic[Desk]):
    """The ASGI application.

    ``handlers`` and ``admissions`` by command class; an admission is what an action checks before its parameters are
    looked at. ``clock``: Unix seconds. ``session_of`` finds the key behind a security token, ``permit`` refuses what
    the caller's policies do not allow.
    """

    handlers: Mapping[type, Callable[[Desk, Caller, Any], Any]]
    desk: Desk
    key_of: Callable[[str], Key | None]
    nonces: NonceMemory
    clock: Callable[[], float]
    regions: Regions
    admissions: Mapping[type, Callable[[Desk, Caller], None]]
    session_of: Callable[[str, str], Key] = no_sessions
    permit: Callable[[Caller, Wish], None] = check_fixed
    throttle: Throttle = field(default_factory=Throttle)
    counters: Tally = field(default_factory=Tally)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            arrived = await _arrived(Request(scope, receive))
        except ClientDisconnect:
            return
        reply = await run_in_threadpool(self.answer, arrived)
        form = format_of(arrived.headers, arrived.query, arrived.body)
        await reply.response(form)(scope, receive, send)

    def answer(self, arrived: Arrived) -> Reply:
        """The answer to one request; whatever goes wrong, there is one."""
        request_id = str(uuid.uuid4()).upper()
        host = arrived.headers.get("host", "")
        fault = INTERNAL_ERROR
        try:
            caller, version, action, pairs = self._verified(arrived)
            spec = find(version, action)
            fault = OPERATION_FAILED_INTERNAL_ERROR if OPERATION_FAILED_INTERNAL_ERROR in spec.fails else fault
            document = render(self._acted(spec, caller, pairs), request_id)
        except Refusal as refused:
            self.counters.add("refused")
            told = str(dict(refused.detail))[:LOGGED_LENGTH_MAX]
            log.info("request %s refused: %s %s", request_id, refused.failure.code, told)
            reply = refusal(refused.failure, refused.message, request_id, host)
            if isinstance(refused, Denied):
                reply.document["AccessDeniedDetail"] = dict(refused.shown)
            return reply
        except Exception:
            self.counters.add("failed")
            log.exception("request %s failed", request_id)
            return refusal(fault, fault.message, request_id, host)
        self.counters.add("answered")
        return Reply(200, document, root_of(spec.name))

    def _acted(self, spec: Spec, caller: Caller, pairs: Mapping[str, str]) -> Any:
        if not self.throttle.admits(caller.account_id, spec.ram_action, self.clock()):
            raise Refusal(THROTTLING_USER)
        self.permit(caller, Wish(spec.ram_action, arns_of(spec, pairs, caller.account_id)))
        admission = self.admissions.get(spec.command)
        if admission is not None:
            admission(self.desk, caller)
        command = parse(spec, pairs, self.regions)
        return self.handlers[spec.command](self.desk, caller, command)

    def _verified(self, arrived: Arrived) -> tuple[Caller, str, str, Mapping[str, str]]:
        """Who called, and what; nothing of a request is believed before."""
        sent = _sent(arrived)
        pairs = {**sent.query, **sent.form}
        action = sent.headers.get("x-acs-action") or pairs.get("Action", "")
        version = sent.headers.get("x-acs-version") or pairs.get("Version", "")
        if not action:
            raise Refusal(MISSING_ACTION)
        if not version:
            raise Refusal(MISSING_VERSION)
        if not is_acs3(sent.headers) and (pairs.get("Format") or Format.XML).upper() not in list(Format):
            raise Refusal(INVALID_PARAMETER_FORMAT, param="Format", why="neither JSON nor XML")
        claim = claim_of(sent)
        now = self.clock()
        check_clock(claim, now)
        key = self._key(claim)
        check_signature(claim, key.secret)
        try:
            if not self.nonces.is_new(claim.access_key_id, claim.nonce, now):
                raise Refusal(SIGNATURE_NONCE_USED)
        except NonceMemoryFull:
            log.warning("the memory of nonces is full; calls are refused until it has room")
            raise Refusal(THROTTLING) from None
        facts = facts_of(now, arrived.source_ip, secure=arrived.secure)
        return replace(key.caller, facts=facts), version, action, pairs

    def _key(self, claim: Claim) -> Key:
        if claim.security_token:
            try:
                return self.session_of(claim.access_key_id, claim.security_token)
            except BadToken as error:
                raise Refusal(BAD_TOKENS[error.fault]) from error
        # No AccessKey is spelt otherwise, and what is not need not be asked of the catalog.
        key = (
            self.key_of(claim.access_key_id) if re.fullmatch(r"[\w.-]{1,128}", claim.access_key_id, re.ASCII) else None
        )
        if key is None:
            raise Refusal(INVALID_ACCESS_KEY_ID_NOT_FOUND)
        if not key.active:
            raise Refusal(INVALID_ACCESS_KEY_ID_INACTIVE)
        return key


async def _arrived(http: Request) -> Arrived:
    headers: dict[str, str] = {}
    for name, value in http.headers.items():
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    source_ip = http.client.host if http.client else ""
    secure = http.url.scheme == "https"
    return Arrived(
        http.method, http.url.path, http.scope["query_string"], headers, await _body(http), source_ip, secure
    )


async def _body(http: Request) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    async for chunk in http.stream():
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _sent(arrived: Arrived) -> Sent:
    """The request's parts, decoded. A name in both query and form, or twice in one, must have one value."""
    if arrived.method not in ("GET", "POST"):
        raise Refusal(UNSUPPORTED_HTTP_METHOD)
    if arrived.body is None:
        raise Refusal(REQUEST_TOO_LARGE)
    media_type = arrived.headers.get("content-type", "").partition(";")[0].strip().lower()
    if arrived.body and media_type != FORM:
        raise Refusal(INVALID_PARAMETER_FORMAT, why=f"the body is {media_type or 'of no type'}, not a form")
    query, form = _pairs(arrived.query), _pairs(arrived.body)
    for name in query.keys() & form.keys():
        if query[name] != form[name]:
            raise Refusal(INVALID_PARAMETER_FORMAT, param=name, why="different values in query and form")
    digest = hashlib.sha256(arrived.body).hexdigest()
    return Sent(arrived.method, arrived.path, query, form, arrived.headers, digest)


def _pairs(text: bytes) -> dict[str, str]:
    try:
        listed = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=PAIRS_MAX)
    except ValueError as error:
        raise Refusal(INVALID_PARAMETER_FORMAT, why=str(error)) from error
    pairs: dict[str, str] = {}
    for name, value in listed:
        if pairs.setdefault(name, value) != value:
            raise Refusal(INVALID_PARAMETER_FORMAT, param=name, why="given twice")
    return pairs
