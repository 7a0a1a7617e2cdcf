"""The one port: which door a request goes to.

What enters: every HTTP request. What leaves: the answer of the RPC door, of the SLS door, or of the pages that need no
signature. Rule: the SLS door takes what carries an SLS signature or API version; ``/health`` and ``/errors`` answer
anyone, ``/metrics`` answers loopback only; everything else is an RPC call.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from weir.doors import pages

SLS_SCHEMES = ("LOG ", "SLS4-HMAC-SHA256 ")


@dataclass(frozen=True, slots=True)
class App:
    """The ASGI application. ``health`` gives the facts of ``/health``; ``registry`` holds the metrics."""

    rpc: ASGIApp
    sls: ASGIApp
    health: Callable[[], Mapping[str, object]]
    registry: CollectorRegistry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)
        if _is_sls(request):
            await self.sls(scope, receive, send)
        elif request.url.path in ("/health", "/metrics"):
            await self._page(request)(scope, receive, send)
        elif pages.is_page(request.url.path):
            await pages.page(request)(scope, receive, send)
        else:
            await self.rpc(scope, receive, send)

    def _page(self, request: Request) -> Response:
        if request.url.path == "/health":
            return JSONResponse(dict(self.health()))
        if not _from_loopback(request):
            return PlainTextResponse("metrics are served on loopback only\n", status_code=403)
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


def _is_sls(request: Request) -> bool:
    headers = request.headers
    return "x-log-apiversion" in headers or headers.get("authorization", "").startswith(SLS_SCHEMES)


def _from_loopback(request: Request) -> bool:
    return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
