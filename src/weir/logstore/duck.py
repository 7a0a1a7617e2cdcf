"""DuckDB behind the engine seam.

What enters: a snapshot and a statement in DuckDB's SQL. What leaves: an Arrow table, or one of the seam's troubles. The
rule here: a query has a database to itself (see ``databases``: it can open segments of its logstore and no other file,
and cannot change a setting), and is interrupted when its time is over or its caller is gone.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb.func import FunctionNullHandling, PythonUDFType

from weir.logstore import lake
from weir.logstore.databases import Databases, paths
from weir.logstore.engine import (
    RELATION,
    ROW,
    Limits,
    Lookup,
    QueryTimeout,
    QueryTooLarge,
    Statement,
    StatementError,
)
from weir.logstore.schema import PLACE, STORED_SCHEMA
from weir.logstore.snapshot import Segment, Snapshot
from weir.model.cancel import Cancellation, Cancelled

REPEAT_SECONDS = 0.05
"""Between two interrupts of a query: one that comes before the query has begun is lost."""

DEFAULT = Limits()

# The other way, a relation, binds each statement twice. The copy of the answer that is warned
# of has at most ``rows_max`` rows.
warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)


class DuckEngine:
    """The engine of one server. ``limits`` apply to each query."""

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self.limits = limits
        self._databases = Databases(limits)
        self._turns = threading.Condition()
        self._running = 0

    @property
    def dialect(self) -> str:
        return "duckdb"

    def execute(self, snapshot: Snapshot, statement: Statement, cancel: Cancellation | None = None) -> pa.Table:
        """The statement's rows. Raises as the seam says."""
        deadline = time.monotonic() + self.limits.seconds_max
        cancel = cancel or Cancellation()
        with self._turn(deadline, cancel):
            # A function stays in its database, so one that needs any gets a database that goes with it.
            within = replace(snapshot, directory=None) if statement.lookups else snapshot
            with self._databases.connection(within, statement.time_zone) as connection:
                _define(connection, statement)
                checked = _checked(connection, _text(connection, snapshot, statement))
                with _ending(connection, deadline, cancel):
                    return self._run(connection, checked, statement.parameters, cancel)

    def extra_keys(self, snapshot: Snapshot) -> frozenset[str] | None:
        """From the footers of the segments, and the tail itself."""
        found: set[str] = set()
        for keys in (*(_keys(one) for one in snapshot.segments), *map(lake.extra_keys, snapshot.tail)):
            if keys is None:
                return None
            found |= keys
        return frozenset(found)

    @property
    def running(self) -> int:
        """How many queries have their turn now."""
        return self._running

    @contextmanager
    def _turn(self, deadline: float, cancel: Cancellation) -> Iterator[None]:
        def can_go_on() -> bool:
            return cancel.is_cancelled or self._running < self.limits.running_max

        with self._turns, cancel.calling(self._wake):
            if not self._turns.wait_for(can_go_on, max(0.0, deadline - time.monotonic())):
                raise QueryTimeout(f"no turn within {self.limits.seconds_max:g} s")
            if cancel.is_cancelled:
                raise Cancelled
            self._running += 1
        try:
            yield
        finally:
            with self._turns:
                self._running -= 1
                self._turns.notify()

    def _wake(self) -> None:
        with self._turns:
            self._turns.notify_all()

    def _run(
        self,
        connection: duckdb.DuckDBPyConnection,
        checked: duckdb.Statement,
        parameters: dict[str, object],
        cancel: Cancellation,
    ) -> pa.Table:
        try:
            found: pa.Table = connection.execute(checked, parameters).to_arrow_table()
        except duckdb.InterruptException as error:
            if cancel.is_cancelled:
                raise Cancelled from error
            raise QueryTimeout(f"not finished within {self.limits.seconds_max:g} s") from error
        except duckdb.OutOfMemoryException as error:
            raise QueryTooLarge(f"needs more than {self.limits.memory_bytes_max} bytes of memory") from error
        except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
            raise StatementError(str(error)) from error
        if found.num_rows > self.limits.rows_max:
            raise QueryTooLarge(f"has more than {self.limits.rows_max} rows")
        return found


@contextmanager
def _ending(connection: duckdb.DuckDBPyConnection, deadline: float, cancel: Cancellation) -> Iterator[None]:
    """Within, the connection is interrupted at the deadline or when the caller is gone, until what runs has ended."""
    wake, done = threading.Event(), threading.Event()

    def watch() -> None:
        wake.wait(max(0.0, deadline - time.monotonic()))
        while not done.is_set():
            connection.interrupt()
            done.wait(REPEAT_SECONDS)

    watcher = threading.Thread(target=watch, name="weir-query-end", daemon=True)
    with cancel.calling(wake.set):
        watcher.start()
        try:
            yield
        finally:
            done.set()
            wake.set()
            watcher.join()


def _keys(segment: Segment) -> frozenset[str] | None:
    known = lake.file_extra_keys(segment.path)
    return frozenset() if known is None and not _segment_has_extra(str(segment.path)) else known


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


def _checked(connection: duckdb.DuckDBPyConnection, text: str) -> duckdb.Statement:
    """One SELECT: whatever else it were would change the database that the next query gets, or files."""
    try:
        found = connection.extract_statements(text)
    except duckdb.ParserException as error:
        raise StatementError(str(error)) from error
    if [one.type for one in found] != [duckdb.StatementType.SELECT]:
        raise StatementError("not one SELECT")
    return found[0]


def _text(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, statement: Statement) -> str:
    """The statement with the relation as its first WITH: a view would be bound twice, with every column of it."""
    relation = f"WITH {RELATION} AS NOT MATERIALIZED ({_relation(connection, snapshot)})"
    sql = statement.sql.lstrip()
    return f"{relation}, {sql[5:]}" if sql.startswith("WITH ") else f"{relation} {sql}"


def _define(connection: duckdb.DuckDBPyConnection, statement: Statement) -> None:
    """Creates what the statement needs, for this connection alone."""
    for name, lookup in statement.lookups.items():
        connection.create_function(
            name,
            _by_column(lookup),
            ["VARCHAR"],
            "BIGINT" if lookup.is_long else "VARCHAR",
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )
    for macro in statement.macros:
        connection.execute(macro)


def _relation(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> str:
    """Segments in order of arrival, compacted ones, then the tail."""
    columns = ", ".join(f'"{name}"' for name in STORED_SCHEMA.names)
    parts = []
    as_arrived = [one for one in snapshot.segments if not one.compacted]
    compacted = [one for one in snapshot.segments if one.compacted]
    if as_arrived:
        files = f"read_parquet([{paths(as_arrived)}], file_row_number = true)"
        parts.append(f"SELECT {columns}, file_row_number AS {ROW} FROM {files}")
    if compacted:
        parts.append(f"SELECT {columns}, {PLACE.name}::BIGINT AS {ROW} FROM read_parquet([{paths(compacted)}])")
    if snapshot.tail or not parts:
        tail = pa.concat_tables(snapshot.tail) if snapshot.tail else STORED_SCHEMA.empty_table()
        connection.register("__tail__", tail.append_column(ROW, pa.array(np.arange(tail.num_rows))))
        parts.append(f"SELECT {columns}, {ROW} FROM __tail__")
    return " UNION ALL ".join(parts)


def _by_column(lookup: Lookup) -> Callable[[pa.ChunkedArray], pa.Array]:
    """The look-up over a column: once for each different text."""
    kind = pa.int64() if lookup.is_long else pa.string()

    def of_column(column: pa.ChunkedArray) -> pa.Array:
        distinct = column.combine_chunks().dictionary_encode()
        found = [None if text is None else lookup.of(text) for text in distinct.dictionary.to_pylist()]
        return pa.array(found, kind).take(distinct.indices)

    return of_column
