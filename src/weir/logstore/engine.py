"""The engine seam: one finished statement over one snapshot, executed by DuckDB, answered as an Arrow table.

What enters: a snapshot, and a statement whose only relation is ``RELATION`` (``STORED_SCHEMA`` plus ``__row__``, the
place of a row within its segment or tail) and whose values are bound parameters. What leaves: an Arrow table, or one of
three named troubles. The rule here: every query runs in a database of its own, in memory, that can open the snapshot's
own segments and no other file, cannot change a setting, and ends after ``Limits.seconds_max``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from weir.logstore.schema import STORED_SCHEMA
from weir.logstore.snapshot import Snapshot

RELATION = "__stored__"
ROW = "__row__"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may take; a query that needs more fails alone.

    ``seconds_max``: run time (source: SLS, 55 s), above it ``QueryTimeout``. ``memory_bytes_max``: above it
    ``QueryTooLarge``; nothing spills to disk. ``running_max``: further queries wait for their turn, within the same
    ``seconds_max``. ``threads``: worker threads of one query.
    """

    seconds_max: float = 55.0
    memory_bytes_max: int = 2**30
    running_max: int = 4
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Statement:
    """``sql`` with ``$name`` placeholders for ``parameters``; ``macros`` are CREATE MACRO texts it needs."""

    sql: str
    parameters: dict[str, object] = field(default_factory=dict)
    macros: tuple[str, ...] = ()
    time_zone: str = "UTC"


class StatementError(Exception):
    """The engine cannot do what the statement says: an unknown column, a division by zero. The text is the engine's."""


class QueryTimeout(Exception):
    """The query did not end within ``Limits.seconds_max``."""


class QueryTooLarge(Exception):
    """The query needed more than ``Limits.memory_bytes_max``."""


class Engine:
    """Executes statements, at most ``limits.running_max`` at a time. Safe to call from many threads."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self.limits = limits
        self._turns = threading.BoundedSemaphore(limits.running_max)

    def execute(self, snapshot: Snapshot, statement: Statement) -> pa.Table:
        """The statement's rows. Raises ``StatementError``, ``QueryTimeout`` or ``QueryTooLarge``."""
        deadline = time.monotonic() + self.limits.seconds_max
        if not self._turns.acquire(timeout=self.limits.seconds_max):
            raise QueryTimeout(f"no turn within {self.limits.seconds_max:g} s")
        try:
            with _database(snapshot, statement, self.limits) as connection:
                return self._run(connection, statement, max(0.0, deadline - time.monotonic()))
        finally:
            self._turns.release()

    def _run(self, connection: duckdb.DuckDBPyConnection, statement: Statement, seconds: float) -> pa.Table:
        alarm = threading.Timer(seconds, connection.interrupt)
        alarm.start()
        try:
            return connection.sql(statement.sql, params=statement.parameters).to_arrow_table()
        except duckdb.InterruptException as error:
            raise QueryTimeout(f"not finished within {self.limits.seconds_max:g} s") from error
        except duckdb.OutOfMemoryException as error:
            raise QueryTooLarge(f"needs more than {self.limits.memory_bytes_max} bytes of memory") from error
        except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
            raise StatementError(str(error)) from error
        finally:
            alarm.cancel()


def prune(snapshot: Snapshot, spans: Iterable[tuple[int, int]]) -> Snapshot:
    """The snapshot without the segments that hold no row of any span [from, to), in Unix seconds."""
    wanted = tuple(spans)
    kept = (s for s in snapshot.segments if any(s.time_max >= low and s.time_min < high for low, high in wanted))
    return Snapshot(tuple(kept), snapshot.tail)


def has_extra(snapshot: Snapshot) -> bool:
    """Whether any row may have an entry in ``__extra__``; reading that column costs more than all typed ones."""
    return any(_segment_has_extra(str(s.path)) for s in snapshot.segments) or any(
        table.column("__extra__").null_count < table.num_rows for table in snapshot.tail
    )


@lru_cache(maxsize=65536)
def _segment_has_extra(path: str) -> bool:
    """From the statistics in the file's footer; a segment never changes, so the answer is kept."""
    metadata = pq.read_metadata(path)
    leaf = next(i for i in range(metadata.num_columns) if metadata.schema.column(i).path == "__extra__.key_value.key")
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(leaf).statistics
        if statistics is None or not statistics.has_null_count or statistics.num_values > 0:
            return True
    return False


@contextmanager
def _database(snapshot: Snapshot, statement: Statement, limits: Limits) -> Iterator[duckdb.DuckDBPyConnection]:
    """A closed-off database that knows ``RELATION`` and the statement's macros."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": limits.threads,
        "memory_limit": f"{limits.memory_bytes_max}B",
        "temp_directory": "",
        "autoload_known_extensions": False,
        "autoinstall_known_extensions": False,
        "python_enable_replacements": False,
        "allow_community_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=settings)
    try:
        paths = ", ".join(_literal(str(segment.path)) for segment in snapshot.segments)
        connection.execute(f"SET allowed_paths = [{paths}]")
        connection.execute("SET enable_external_access = false")
        connection.execute(f"SET TimeZone = {_literal(statement.time_zone)}")
        _define(connection, snapshot)
        for macro in statement.macros:
            connection.execute(macro)
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def _define(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> None:
    """Creates the view ``RELATION``: segments in seal order, then the tail."""
    columns = ", ".join(f'"{name}"' for name in STORED_SCHEMA.names)
    parts = []
    if snapshot.segments:
        paths = ", ".join(_literal(str(segment.path)) for segment in snapshot.segments)
        parts.append(f"SELECT {columns}, file_row_number AS {ROW} FROM read_parquet([{paths}], file_row_number = true)")
    if snapshot.tail or not parts:
        tail = pa.concat_tables(snapshot.tail) if snapshot.tail else STORED_SCHEMA.empty_table()
        connection.register("__tail__", tail.append_column(ROW, pa.array(range(tail.num_rows), pa.int64())))
        parts.append(f"SELECT {columns}, {ROW} FROM __tail__")
    connection.execute(f"CREATE VIEW {RELATION} AS {' UNION ALL '.join(parts)}")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
