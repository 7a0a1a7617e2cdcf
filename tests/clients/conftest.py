"""A log service for real clients: catalog, store and door of one server on loopback, and the two ways to reach it.

Clients put the project before the endpoint's host name. Here they are led to the server by ``http_proxy``, so no test
needs a name server; a raw HTTP client sends its Host header itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
import uvicorn

from tests.clients import server as server_process
from tests.waiting import until
from weir.contract.sls_sign import Request, Signer, sign_v1, sign_v4
from weir.control.access import Principal
from weir.control.accounts import create_account, first_start
from weir.control.catalog import Catalog
from weir.control.desk import Desk
from weir.control.keys import AccessKey, KeyRing
from weir.control.regions import Region
from weir.doors.sls import SlsDoor
from weir.logstore.duck import DuckEngine
from weir.logstore.engine import Engine
from weir.logstore.manifest import Manifest
from weir.logstore.store import Store
from weir.query.run import Querier

BASE = "sls.local"
REGION = "cn-hangzhou"


@dataclass(frozen=True, slots=True)
class How:
    """How a raw request is sent. ``key`` None: the account's. ``skew_seconds``: how far the client's clock is off."""

    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    version: str = "v1"
    key: AccessKey | None = None
    skew_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class LogService:
    """The running server. ``key`` is the account's, ``stranger`` another account's, ``agent`` the agent's."""

    port: int
    desk: Desk
    key: AccessKey
    agent: AccessKey
    stranger: AccessKey

    @property
    def endpoint(self) -> str:
        """For clients that go through the proxy variable."""
        return f"http://{BASE}"

    def send(self, method: str, path: str, body: bytes = b"", *, project: str = "", **how: Any) -> httpx.Response:
        """One signed request over raw HTTP; ``how`` as in ``How``."""
        chosen = How(**how)
        key = chosen.key or self.key
        query = tuple(chosen.query.items())
        host = f"{project}.{BASE}" if project else BASE
        bare = Request(method, path, query, {"host": host, **chosen.headers}, body)
        sign = {"v1": sign_v1, "v4": sign_v4}[chosen.version]
        signer = Signer(key.access_key_id, key.secret, REGION)
        return self.send_as_is(bare, sign(bare, signer, time.time() + chosen.skew_seconds))

    def send_as_is(self, bare: Request, headers: Mapping[str, str]) -> httpx.Response:
        """One request with exactly these headers; unless they say so, the answer comes uncompressed."""
        with httpx.Client(trust_env=False, timeout=30) as client:
            return client.request(
                bare.method,
                f"http://127.0.0.1:{self.port}{bare.path}",
                content=bare.body,
                params=bare.query,
                headers={"accept-encoding": "", **headers},
            )


@pytest.fixture
def engine() -> Engine:
    """What executes the queries; a test that wants another limit brings its own."""
    return DuckEngine()


@pytest.fixture
def service(
    tmp_path: Path,
    engine: Engine,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[LogService]:
    """A fresh server; ``http_proxy`` of this process leads to it. Parameter: the HTTP parser, httptools by default."""
    catalog = Catalog(f"sqlite:///{tmp_path / 'catalog.db'}")
    keys = KeyRing(catalog, tmp_path / "key", time.monotonic)
    started = first_start(catalog, keys, time.time())
    with catalog.writing() as connection:
        other = create_account(connection, name="other", now=time.time())
        stranger = keys.issue(connection, other, Principal.ACCOUNT, name="other", now=time.time())
    store = Store(tmp_path / "store", Manifest(catalog.engine), time.time)
    store.start()
    desk = Desk(
        catalog=catalog,
        regions=(Region(REGION, "127.0.0.1"),),
        store=store,
        clock=time.time,
        started=time.time(),
        querier=Querier(engine),
    )
    door = SlsDoor(desk, keys.secret_of, (BASE,))
    try:
        with serving(door, getattr(request, "param", "httptools")) as port:
            for name in ("http_proxy", "HTTP_PROXY"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
            for name in ("no_proxy", "NO_PROXY"):
                monkeypatch.delenv(name, raising=False)
            assert started.account_key is not None
            assert started.agent_key is not None
            yield LogService(port, desk, started.account_key, started.agent_key, stranger)
    finally:
        store.stop()
        catalog.close()


@contextmanager
def serving(door: SlsDoor, parser: Literal["httptools", "h11"] = "httptools") -> Iterator[int]:
    """The door on a free port of loopback, which is given."""
    server = uvicorn.Server(uvicorn.Config(door, host="127.0.0.1", port=0, log_level="warning", http=parser))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until(lambda: server.started, 20, "the server listens")
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server_process.Server]:
    """A ``weir server`` process that the clients of all languages share."""
    with server_process.running(tmp_path_factory.mktemp("clients")) as running:
        yield running
