"""The threads of one process that write to a SQLite catalog: one after the other, put on disk together.

What enters: an engine whose transactions begin with the option ``weir_writes``. What leaves: a connection for the time
of a turn. Rules: writers that were waiting when a turn ended go on in the same transaction, each in a savepoint of its
own, so that one sync of the disk serves them all; each returns once that transaction is committed, which is when it
is on disk; what one of them undoes, or refuses, is not seen by the others.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from weir.control.prepared import tell

SHARED_MAX = 16
"""Writers that one transaction serves at most; above it the next ones wait for its commit."""


class TransactionLost(Exception):
    """The database ended a transaction that several writers shared; nothing of it is kept."""


@dataclass(slots=True)
class _Round:
    """One transaction and the writers it served. ``trouble``: why it was not committed."""

    connection: Connection
    served: int = 0
    trouble: Exception | None = None
    is_on_disk: bool = False
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def is_lost(self) -> bool:
        """True once SQLite has ended the transaction by itself, as it does where the disk is full or fails."""
        return not _goes_on(self.connection)


class WriterQueue:
    """Thread-safe. A database that cannot be written raises ``sqlalchemy.exc.OperationalError`` or ``TransactionLost``
    in every writer that the failed commit was for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock()
        self._count = threading.Lock()
        self._waiting = 0
        self._round: _Round | None = None

    @property
    def waiting(self) -> int:
        """Threads that wait for their turn now."""
        return self._waiting

    @contextmanager
    def turn(self) -> Iterator[Connection]:
        """A connection that nobody else writes with. On return what was done is on disk, on an exception undone."""
        self._wait(1)
        with self._turn:
            self._wait(-1)
            current = self._round = self._round or self._begin()
            try:
                with _savepoint(current.connection):
                    yield current.connection
            finally:
                current.served += 1
                if not self._waiting or current.served >= SHARED_MAX or current.is_lost:
                    self._round = None
                    _commit(current)
        current.over.wait()
        if current.trouble is not None:
            raise current.trouble
        assert current.is_on_disk, "the writer that was to commit was stopped"

    def _wait(self, change: int) -> None:
        with self._count:
            self._waiting += change

    def _begin(self) -> _Round:
        connection = self._engine.connect()
        try:
            connection.execution_options(weir_writes=True).begin()
        except SQLAlchemyError:
            connection.close()
            raise
        return _Round(connection)


@contextmanager
def _savepoint(connection: Connection) -> Iterator[None]:
    """What is done within is undone on an exception; by the driver itself, since every writer needs one."""
    tell(connection, "SAVEPOINT writer")
    is_done = False
    try:
        yield
        is_done = True
    finally:
        if not is_done and _goes_on(connection):
            tell(connection, "ROLLBACK TO writer")
        if is_done or _goes_on(connection):
            tell(connection, "RELEASE writer")


def _goes_on(connection: Connection) -> bool:
    driver: Any = connection.connection.driver_connection
    return bool(driver.in_transaction)


def _commit(current: _Round) -> None:
    """Whatever happens, the writers served are told and the connection is given back."""
    try:
        if current.is_lost:
            raise TransactionLost("the database has undone the transaction by itself")
        current.connection.commit()
        current.is_on_disk = True
    except (SQLAlchemyError, TransactionLost) as trouble:
        current.trouble = trouble
    finally:
        if not current.is_on_disk:
            # SQLite leaves a transaction open whose commit failed; it ends with its connection.
            current.connection.invalidate()
        current.connection.close()
        current.over.set()
