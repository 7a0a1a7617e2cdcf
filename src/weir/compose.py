"""The server put together, by hand and in one place; the agent is in ``compose_agent``.

What enters: ``Settings``. What leaves: a ``Server``, constructed but not started (``weir check`` stops
there). Rule: constructors do no work beyond opening what they own; ``start`` and ``stop`` are explicit.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

import uvicorn
from prometheus_client import CollectorRegistry

from weir import __version__
from weir.contract.nonces import NonceMemory, Nonces
from weir.control import ledger, projects, rulesets
from weir.control.accounts import Started, first_start
from weir.control.catalog import Catalog
from weir.control.desk import Desk
from weir.control.handlers import ADMISSIONS, HANDLERS
from weir.control.keys import KeyRing
from weir.control.nonces import SharedNonces
from weir.control.permits import Permits
from weir.control.regions import Region, spoken_of
from weir.control.sessions import Sessions
from weir.control.upkeep import Upkeep
from weir.doors.app import App
from weir.doors.metrics import LedgerMetrics, PartMetrics
from weir.doors.rpc import Gateway
from weir.doors.sls import SlsDoor
from weir.logstore import limits as store_limits
from weir.logstore.duck import DuckEngine
from weir.logstore.engine import Limits
from weir.logstore.limits import Counters
from weir.logstore.manifest import Manifest
from weir.logstore.publishing import CATALOG_NAME, Publication, Publishing
from weir.logstore.store import Store
from weir.query.lookups import open_places, open_threats
from weir.query.run import Querier
from weir.settings import Address, Settings

BACKLOG = 1024
"""Connections that may wait to be accepted; above it clients are told to try again by TCP itself."""
SHUTDOWN_SECONDS = 10
"""How long requests in hand may take when the server stops; above it they are cut off, unacknowledged."""


@dataclass(frozen=True, slots=True)
class Server:
    """A constructed server. ``started``: the account and the keys of its first start; ``opened``: its databases."""

    settings: Settings
    opened: ExitStack
    store: Store
    upkeep: Upkeep
    board: ledger.Board
    app: App
    started: Started

    def start(self) -> None:
        self.store.start()
        self.upkeep.start()
        self.board.start()

    def stop(self) -> None:
        self.upkeep.stop()
        self.store.stop()
        self.opened.close()


def server(settings: Settings) -> Server:
    """Opens catalog, keys and log store and puts the doors before them."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened = ExitStack()
    catalog = opened.enter_context(closing(Catalog(settings.catalog_url)))
    # Records rest with the server that took them, and so does the account of its files.
    local = catalog
    nonces: NonceMemory = Nonces()
    if catalog.is_shared:
        local = opened.enter_context(closing(Catalog(f"sqlite:///{(settings.data / 'logs.db').absolute()}")))
        nonces = opened.enter_context(closing(SharedNonces(catalog)))
    keys = KeyRing(catalog, settings.key_path, time.monotonic)
    started = first_start(catalog, keys, time.time())
    ledger.ensure(catalog, started.account_id, settings.region, time.time())
    rulesets.ensure(catalog, time.time())
    limits = store_limits.Limits(disk_reserve_bytes=settings.disk_reserve_mb << 20)
    store = Store(settings.data / "logs", Manifest(local.engine), time.time, limits, _publishing(settings, catalog))
    board = ledger.Board(catalog, store)
    regions = tuple(Region(name, str(settings.listen)) for name in (settings.region, *settings.regions))
    querier = _querier(settings)
    desk = Desk(catalog, regions, store, time.time, started=time.time(), querier=querier, keys=keys)
    sessions, permits = Sessions(keys, time.time), Permits(catalog)
    gateway = Gateway(
        handlers=HANDLERS,
        desk=desk,
        key_of=keys.secret_of,
        nonces=nonces,
        clock=time.time,
        regions=spoken_of(regions),
        admissions=ADMISSIONS,
        session_of=sessions.key_of,
        permit=permits.check,
    )
    registry = CollectorRegistry()
    registry.register(PartMetrics("store", lambda: _numbers(store.counters)))
    registry.register(PartMetrics("rpc", gateway.counters.read))
    registry.register(LedgerMetrics(board.read))
    app = App(
        rpc=gateway,
        sls=SlsDoor(desk, keys.secret_of, (*settings.sls_bases, settings.listen.host), sessions.key_of, permits.check),
        health=lambda: {"status": "ok", "version": __version__, "region": settings.region, "damage": store.damage},
        registry=registry,
    )
    return Server(settings, opened, store, Upkeep(desk), board, app, started)


def _publishing(settings: Settings, catalog: Catalog) -> Publishing | None:
    """The lake for other engines, where the settings ask for it."""
    if not settings.iceberg_seconds:
        return None

    def opened() -> Publication:
        # Loading pyiceberg takes a second or two: it is done in the background, not in every command.
        from weir.logstore.iceberg import IcebergTables

        return IcebergTables(settings.data / "logs", lambda: projects.names(catalog))

    return Publishing(opened, settings.iceberg_seconds, settings.data / CATALOG_NAME)


def _querier(settings: Settings) -> Querier:
    """The query language with its limits and what it may look up. Raises ``LookupFileError``."""
    limits = Limits(
        seconds_max=settings.query_seconds,
        memory_bytes_max=settings.query_memory_mb << 20,
        rows_max=settings.query_rows_max,
    )
    lookups = open_places(settings.geo_file)
    if settings.threat_file:
        lookups |= open_threats(Path(settings.threat_file))
    return Querier(DuckEngine(limits), settings.time_zone, lookups=lookups)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. ``endpoint``: its URL, with the port that was really taken."""

    server: Server
    endpoint: str


class _Http(uvicorn.Server):
    """Signals are the process's own business, not the HTTP server's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(settings: Settings) -> tuple[socket.socket, Settings]:
    """Takes the port, so that the server can be told which one it is. Raises ``OSError`` if it is taken."""
    host = settings.listen.host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, settings.listen.port), family=family, backlog=BACKLOG)
    # Inherited by every connection. An answer leaves in two writes; without this the second one waits for the client's
    # acknowledgement of the first, 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener, replace(settings, listen=Address(host, listener.getsockname()[1]))


@contextmanager
def running(made: Server, listener: socket.socket) -> Iterator[Running]:
    """Starts the server and its HTTP thread; stops both at the end."""
    http = _Http(_http_config(made))
    thread = threading.Thread(target=http.run, kwargs={"sockets": [listener]}, name="weir-http", daemon=True)
    made.start()
    thread.start()
    try:
        address = made.settings.listen
        yield Running(made, f"http://{Address(_reachable(address.host), address.port)}")
    finally:
        http.should_exit = True
        thread.join()
        made.stop()


def _reachable(host: str) -> str:
    """The loopback address for a host that means every address."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)


def _http_config(made: Server) -> uvicorn.Config:
    config = uvicorn.Config(
        made.app,
        host=made.settings.listen.host,
        port=made.settings.listen.port,
        http="httptools",
        lifespan="off",
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    return config


def _numbers(counters: Counters) -> Mapping[str, int]:
    return {field.name: getattr(counters, field.name) for field in fields(counters) if not field.name.startswith("_")}
