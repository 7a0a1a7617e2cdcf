"""The catalog: one database, SQLite in the data directory or PostgreSQL for several servers.

What enters: an SQLAlchemy URL. What leaves: connections, either ``reading`` (one unchanging view) or ``writing`` (one
transaction, all or nothing). Rule: writers come one after the other. SQLite gives that by ``BEGIN IMMEDIATE``,
PostgreSQL by one advisory lock per transaction, so a check and the write that follows from it never interleave with
another writer's, on either. The tables are made and kept current by the migrations at ``open``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url

from weir.control.prepared import tell
from weir.control.writers import WriterQueue

BUSY_TIMEOUT_MS = 30_000
"""Milliseconds a SQLite writer waits for a writer of another process; above it the call fails with OperationalError."""
POOL_SIZE = 10
"""Connections kept open; up to as many again are opened under load, above that callers wait."""
WRITER_LOCK = 0x57656972
"""Key of the advisory lock that PostgreSQL writers take: 'Weir' in ASCII."""
MIGRATIONS = Path(__file__).parent / "migrations"


class Catalog:
    """The open database. Thread-safe; one per process.

    ``url``: ``sqlite:///path`` or ``postgresql://...`` (spoken with psycopg 3). Raises
    ``sqlalchemy.exc.OperationalError`` where the database cannot be reached, ``alembic.util.CommandError`` where it was
    made by a newer Weir.
    """

    def __init__(self, url: str) -> None:
        parsed = _with_driver(make_url(url))
        self._sqlite = parsed.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(parsed) if self._sqlite else _postgresql_engine(parsed)
        self._queue = WriterQueue(self.engine)
        self._migrate()

    @property
    def is_shared(self) -> bool:
        """True if other servers may have this catalog open as well."""
        return not self._sqlite

    @property
    def writers_waiting(self) -> int:
        """Threads of this process that wait for their turn to write; 0 on PostgreSQL, where they wait in the server."""
        return self._queue.waiting

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One unchanging view of the whole catalog; never waits for a writer."""
        with self.engine.connect() as connection:
            if not self._sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that sees every earlier writer's commit; on return it is on disk, on an exception undone."""
        if self._sqlite:
            # Threads of one process queue here, in place of SQLite's polling for its file lock.
            with self._queue.turn() as connection:
                yield connection
        else:
            with self.engine.begin() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_LOCK})
                yield connection

    def close(self) -> None:
        """Closes every connection. A SQLite catalog leaves no write-ahead file behind then."""
        self.engine.dispose()

    def _migrate(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.writing() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def on_connect(dbapi_connection: Any, _record: object) -> None:
        # The driver's own implicit BEGIN comes too late (at the first write); ours is sent in on_begin.
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("weir_writes", False)
        # By the driver itself: every call begins at least one transaction.
        tell(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: URL) -> Engine:
    return create_engine(url, pool_size=POOL_SIZE, max_overflow=POOL_SIZE, pool_pre_ping=True)
