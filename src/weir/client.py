"""The one client: agent, command line and tests speak to a server through it, signed like any other caller.

What enters: declared commands, or pairs and routes as text. What leaves: the answer's JSON or bytes. Rule: a refusal of
the server (``ServerRefused``, final) and a server that cannot be asked (``ServerUnreachable``, worth asking again) are
never confused.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx

from weir.contract import action, compression, loggroup, sls_sign
from weir.contract.declare import spec_of
from weir.contract.sign import Credentials, sign_acs3

ARROW_STREAM = "application/vnd.apache.arrow.stream"
TIMEOUT_SECONDS = 70.0
"""How long an answer may take: a query's own limit plus the way. Above it the server counts as unreachable."""
CONNECT_SECONDS = 5.0


class ServerRefused(Exception):
    """The server understood and said no. ``status``: HTTP; ``code``: its declared failure."""

    def __init__(self, status: int, code: str, message: str, request_id: str = "") -> None:
        super().__init__(f"{code} ({status}): {message}")
        self.status, self.code, self.message, self.request_id = status, code, message, request_id


class ServerUnreachable(Exception):
    """No answer, or one that says to try again (5xx, throttling)."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Answer of a query: rows as text, and the meta object of GetLogsV2."""

    rows: list[dict[str, str]]
    meta: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pulled:
    """Answer of PullLogs. ``cursor`` is where the next pull goes on; unchanged at the end."""

    groups: list[loggroup.LogGroup]
    cursor: str


class Client:
    """``endpoint``: http(s)://HOST:PORT. Thread-safe."""

    def __init__(self, endpoint: str, credentials: Credentials, clock: Callable[[], float] = time.time) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._netloc = urlsplit(self.endpoint).netloc
        self._credentials = credentials
        self._clock = clock
        timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS)
        # A proxy of the environment is for the outside world, not for the operator's own server.
        self._http = httpx.Client(timeout=timeout, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def call(self, command: object) -> dict[str, Any]:
        """Calls a declared action; the answer as the JSON object it is."""
        spec = spec_of(type(command))
        return self.say(spec.product.version, spec.name, action.pairs(command))

    def say(self, version: str, name: str, pairs: Mapping[str, str]) -> dict[str, Any]:
        """Calls an action by its name on the wire."""
        form = urlencode(pairs).encode()
        headers = sign_acs3(self._netloc, (version, name), form, self._credentials, self._clock())
        answer = self._send("POST", "/", headers, form)
        body = _json(answer)
        if answer.status_code != 200:
            code, message = str(body.get("Code", "")), str(body.get("Message", ""))
            if answer.status_code >= 500 or code.startswith("Throttling"):
                raise ServerUnreachable(f"{code} ({answer.status_code}): {message}")
            raise ServerRefused(answer.status_code, code, message, str(body.get("RequestId", "")))
        return body

    def put_arrow(self, project: str, logstore: str, payload: bytes, batch_id: str) -> None:
        """Stores an Arrow IPC stream; returns once it is durable. The same ``batch_id`` is stored once."""
        headers = {"content-type": ARROW_STREAM, "x-log-batch-id": batch_id}
        self._sls("POST", f"/logstores/{logstore}/shards/lb", project, headers=headers, body=payload)

    def get_logs(self, project: str, logstore: str, query: Mapping[str, Any]) -> Rows:
        """GetLogsV2: ``query`` has from, to, query and where needed line, offset, reverse."""
        body = json.dumps(query).encode()
        headers = {"content-type": "application/json", "x-log-bodyrawsize": str(len(body))}
        answer = _json(self._sls("POST", f"/logstores/{logstore}/logs", project, headers=headers, body=body))
        return Rows(answer["data"], answer["meta"])

    def pull(self, project: str, logstore: str, shard: int, cursor: str, count: int = 1000) -> Pulled:
        """The next log groups of a shard."""
        query = {"type": "log", "cursor": cursor, "count": str(count)}
        headers = {"accept-encoding": "zstd", "accept": "application/x-protobuf"}
        answer = self._sls("GET", f"/logstores/{logstore}/shards/{shard}", project, query=query, headers=headers)
        kind, size = answer.headers.get("x-log-compresstype", ""), int(answer.headers.get("x-log-bodyrawsize", "0"))
        body = compression.decompress(answer.content, kind, size) if kind else answer.content
        return Pulled(loggroup.decode_list(body), answer.headers["x-log-cursor"])

    def shards(self, project: str, logstore: str) -> list[int]:
        """Ids of the logstore's shards."""
        return [shard["shardID"] for shard in json.loads(self.sls("GET", f"/logstores/{logstore}/shards", project))]

    def cursor(self, project: str, logstore: str, shard: int, position: str) -> str:
        """``position``: begin, end, or the Unix second of arrival."""
        query = {"type": "cursor", "from": position}
        answer = self.sls("GET", f"/logstores/{logstore}/shards/{shard}", project, query=query)
        return str(json.loads(answer)["cursor"])

    def sls(
        self, method: str, path: str, project: str = "", *, query: Mapping[str, str] | None = None, body: bytes = b""
    ) -> bytes:
        """Any SLS route with a JSON body or none; the answer's body."""
        headers = {"x-log-bodyrawsize": str(len(body))}
        if body:
            headers["content-type"] = "application/json"
        return self._sls(method, path, project, query=query, headers=headers, body=body).content

    def _sls(  # one place builds every signed SLS request; its parts are the request's own
        self, method: str, path: str, project: str, **request: Any
    ) -> httpx.Response:
        query: Mapping[str, str] = request.get("query") or {}
        body: bytes = request.get("body", b"")
        host = f"{project}.{self._netloc}" if project else self._netloc
        headers = {"x-log-bodyrawsize": "0", **(request.get("headers") or {}), "host": host}
        if self._credentials.security_token:
            headers["x-acs-security-token"] = self._credentials.security_token
        wanted = sls_sign.Request(method, path, tuple(query.items()), headers, body)
        signer = sls_sign.Signer(
            self._credentials.access_key_id, self._credentials.access_key_secret, self._credentials.region
        )
        signed = sls_sign.sign_v4(wanted, signer, self._clock())
        text = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in query.items())
        answer = self._send(method, quote(path) + (f"?{text}" if text else ""), signed, body)
        if answer.status_code == 200:
            return answer
        told = _json(answer)
        code, message = str(told.get("errorCode", "")), str(told.get("errorMessage", ""))
        if answer.status_code >= 500:
            raise ServerUnreachable(f"{code} ({answer.status_code}): {message}")
        raise ServerRefused(answer.status_code, code, message, answer.headers.get("x-log-requestid", ""))

    def _send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> httpx.Response:
        try:
            return self._http.request(method, self.endpoint + target, headers=dict(headers), content=body)
        except httpx.HTTPError as error:
            raise ServerUnreachable(f"{self.endpoint}: {error}") from error


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = json.loads(answer.content)
    except ValueError as error:
        raise ServerUnreachable(f"no JSON in the answer ({answer.status_code})") from error
    if not isinstance(body, dict):
        raise ServerUnreachable("the answer is no JSON object")
    return body
