"""The log service's door: HTTP in, one operation of ``contract.sls``, HTTP out.

What enters: every request that carries the log service's signature or version. What leaves: 200 with the operation's
answer, or the documented error as JSON. Rules: nothing is looked at before the signature is verified; every answer
carries ``x-log-requestid``; a permanent problem is never a 5xx, because clients repeat those for ever.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from weir.contract import compression, loggroup, loggroup_columns, sls, sls_answers, sls_shapes, sls_sign
from weir.contract.sls_commands import BODY_BYTES_MAX, ROWS_MAX, PutLogs
from weir.contract.sls_consumers import ConsumerGroupHeartBeat
from weir.contract.sls_sign import Request
from weir.control import log_rows, logs
from weir.control.access import Caller, Denied, Key
from weir.control.conditions import facts_of
from weir.control.desk import Desk
from weir.control.permits import Request as Wish
from weir.control.permits import check_fixed
from weir.control.sessions import BadToken, TokenFault, no_sessions
from weir.model import sls_failures as failures
from weir.model.cancel import Cancellation, Cancelled
from weir.model.failures import Refusal

ARROW = "application/vnd.apache.arrow.stream"
"""Our agent's form of PutLogs: one Arrow IPC stream in place of a LogGroup."""

_PUT_HEADERS = {"x-log-batch-id": "x-log-batch-id", "x-log-hashkey": "key"}
"""Header of PutLogs -> the parameter it is."""

log = logging.getLogger(__name__)


class SlsDoor:
    """The ASGI application. ``key_of`` finds an AccessKey by its id, ``session_of`` the key behind a security token;
    ``bases`` are the host names that stand for the service itself, so that ``PROJECT.base`` names a project; ``permit``
    refuses what the caller's policies do not allow."""

    def __init__(
        self,
        desk: Desk,
        key_of: Callable[[str], Key | None],
        bases: Collection[str],
        session_of: Callable[[str, str], Key] = no_sessions,
        permit: Callable[[Caller, Wish], None] = check_fixed,
    ) -> None:
        self._desk = desk
        self._key_of = key_of
        self._session_of = session_of
        self._permit = permit
        self._bases = tuple(base.lower() for base in bases)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self.handle(HttpRequest(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def handle(self, http: HttpRequest) -> Response:
        """The answer to one request. The work is done in a thread."""
        request_id = secrets.token_hex(12).upper()
        try:
            request = _facts(http, await _body(http))
            answer = await _while_there(http, lambda cancel: self._answer(request, http, cancel))
        except Refusal as refusal:
            if refusal.failure.status >= 500:
                log.warning("request %s: %s %s", request_id, refusal, dict(refusal.detail))
            return _error(refusal, request_id)
        except ClientDisconnect:
            raise
        except Cancelled as error:
            raise ClientDisconnect from error
        except Exception:
            log.exception("request %s: %s %s failed", request_id, http.method, http.url.path)
            return _error(failures.refuse(failures.INTERNAL_SERVER_ERROR), request_id)
        headers = {**answer.headers, "x-log-requestid": request_id}
        return Response(answer.body, headers=headers, media_type=answer.media_type or None)

    def _answer(self, request: Request, http: HttpRequest, cancel: Cancellation) -> sls_answers.Answer:
        caller = self._caller(request, http)
        host = request.headers.get("host", "")
        if not host:
            raise failures.refuse(failures.MISSING_HOST)
        project = sls.project_of(host, self._bases)
        query = dict(request.query)
        operation, path_texts = sls.find(request.method, request.path, query, bool(project))
        texts = {**query, **_body_texts(operation, request), **path_texts, "project": project}
        self._check_permit(caller, operation, texts)
        command: object = sls_shapes.parse(operation.command, texts)
        if isinstance(command, PutLogs):
            command = logs.Writing(command, _rows(request))
        result = logs.answer(self._desk.until(cancel), caller, command)
        return sls_answers.render(result, request.headers.get("accept-encoding", ""))

    def _check_permit(self, caller: Caller, operation: sls.Operation, texts: Mapping[str, str]) -> None:
        arn = operation.arn(self._desk.regions[0].region_id, caller.account_id, texts)
        try:
            self._permit(caller, Wish(operation.ram, (arn,)))
        except Denied as denied:
            raise failures.refuse(failures.DENIED, operation.ram, arn) from denied

    def _caller(self, request: Request, http: HttpRequest) -> Caller:
        claim = sls_sign.claim_of(request)
        key = self._key(claim)
        sls_sign.verify(request, claim, key.secret, self._desk.now())
        if not key.active:
            raise failures.refuse(failures.ACCESS_KEY_DISABLED, claim.access_key_id)
        source_ip = http.client.host if http.client else ""
        facts = facts_of(self._desk.now(), source_ip, secure=http.scope["scheme"] == "https")
        return replace(key.caller, facts=facts)

    def _key(self, claim: sls_sign.Claim) -> Key:
        if claim.security_token:
            try:
                return self._session_of(claim.access_key_id, claim.security_token)
            except BadToken as error:
                is_over = error.fault is TokenFault.EXPIRED
                raise failures.refuse(
                    failures.SECURITY_TOKEN_EXPIRED if is_over else failures.SECURITY_TOKEN_INVALID
                ) from error
        key = self._key_of(claim.access_key_id)
        if key is None:
            raise failures.refuse(failures.ACCESS_KEY_NOT_FOUND, claim.access_key_id)
        return key


async def _while_there(http: HttpRequest, work: Callable[[Cancellation], sls_answers.Answer]) -> sls_answers.Answer:
    """The result of the work, done in a thread. It is told when the client goes away; the body has been read before."""
    cancel = Cancellation()

    async def watch() -> None:
        while (await http.receive())["type"] != "http.disconnect":
            pass
        cancel.cancel()

    watching = asyncio.create_task(watch())
    try:
        return await run_in_threadpool(work, cancel)
    finally:
        watching.cancel()


async def _body(http: HttpRequest) -> bytes:
    """The body as it is on the wire; compressed or not it is no longer than what PutLogs allows."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in http.stream():
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            raise failures.refuse(failures.POST_BODY_TOO_LARGE, BODY_BYTES_MAX // 2**20, ROWS_MAX)
        chunks.append(chunk)
    return b"".join(chunks)


def _facts(http: HttpRequest, body: bytes) -> Request:
    """What was sent. A target in absolute form (a client that thinks we are its proxy) loses its host here: the Host
    header, which is signed, says the same."""
    path = http.scope["path"]
    if path.startswith(("http://", "https://")):
        path = urlsplit(path).path or "/"
    query = parse_qsl(http.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return Request(http.method, path, tuple(query), dict(http.headers), body)


def _body_texts(operation: sls.Operation, request: Request) -> dict[str, str]:
    """The parameters in a JSON body, and the headers that are parameters. A heartbeat's body is one value."""
    if operation.command is PutLogs:
        return {wire: request.headers[name] for name, wire in _PUT_HEADERS.items() if name in request.headers}
    if operation.command is ConsumerGroupHeartBeat:
        return {"shards": request.body.decode("utf-8", "replace")} if request.body else {}
    if request.method in ("POST", "PUT") and request.body:
        return sls_shapes.texts_of(request.body)
    return {}


def _rows(request: Request) -> tuple[log_rows.Group, ...] | bytes:
    """The rows of a PutLogs body: LogGroups, or the Arrow stream as it is."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not media_type and request.body:
        raise failures.refuse(failures.MISSING_CONTENT_TYPE)
    body = _unfolded(request)
    if media_type == ARROW:
        return body
    if media_type not in ("", sls_answers.PROTOBUF):
        raise failures.refuse(failures.INVALID_CONTENT_TYPE, media_type)
    if request.headers.get("x-log-mode") == "batch_group":
        return tuple(_group(one) for one in loggroup.split_list(body))
    return (_group(body),)


def _group(body: bytes) -> log_rows.Group:
    return loggroup_columns.decode(body) or loggroup.decode(body)


def _unfolded(request: Request) -> bytes:
    kind = request.headers.get("x-log-compresstype", "")
    if not kind:
        return request.body
    size = request.headers.get("x-log-bodyrawsize")
    if size is None:
        raise failures.refuse(failures.MISSING_BODY_RAW_SIZE)
    if not (size.isascii() and size.isdigit()) or len(size) > 18:
        raise failures.refuse(failures.INVALID_BODY_RAW_SIZE)
    if int(size) > BODY_BYTES_MAX:
        raise failures.refuse(failures.POST_BODY_TOO_LARGE, BODY_BYTES_MAX // 2**20, ROWS_MAX)
    return compression.decompress(request.body, kind, int(size))


def _error(refusal: Refusal, request_id: str) -> Response:
    # The texts of this service are not published word for word, so they may say what exactly is wrong.
    why = refusal.detail.get("why", "")
    message = f"{refusal.message} ({why})" if why else refusal.message
    body = {"errorCode": refusal.failure.code, "errorMessage": message}
    return Response(
        json.dumps(body, ensure_ascii=False).encode(),
        status_code=refusal.failure.status,
        headers={"x-log-requestid": request_id},
        media_type=sls_answers.JSON,
    )
