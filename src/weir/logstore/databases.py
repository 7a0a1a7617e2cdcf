"""DuckDB databases, closed off and kept for the next query.

What enters: the directory whose segments may be read, the time zone. What leaves: a connection of a query's own. Rules:
a database can open files below its one directory (or exactly the snapshot's files) and no other, cannot change a
setting, and is used by one query at a time; what a query defines is temporary and goes with its connection; a database
in which anything went wrong is not used again. Making one costs some 30 ms, and the next one finds the Parquet footers
read.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from weir.logstore.engine import Limits
from weir.logstore.snapshot import Segment, Snapshot

IDLE_MAX = 8
"""Databases kept for the next query; above it the one used longest ago is closed. Each holds some MB."""
LATE_ROWS = 10_000
"""Rows of an ORDER BY ... LIMIT for which the other columns are read only after the rows are found."""

Key = tuple[Path, str]


class Databases:
    """Safe to call from many threads."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._idle: list[tuple[Key, duckdb.DuckDBPyConnection]] = []  # the one used last at the end
        self._lock = threading.Lock()

    @contextmanager
    def connection(self, snapshot: Snapshot, time_zone: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for one query over the snapshot."""
        if snapshot.directory is None:
            allowed = f"SET allowed_paths = [{paths(snapshot.segments)}]"
            database = self._open(allowed, time_zone)
            try:
                yield database
            finally:
                database.close()
            return
        key = (snapshot.directory, time_zone)
        database = self._take(key) or self._open(f"SET allowed_directories = [{_below(key[0])}]", time_zone)
        is_sound = False
        try:
            with database.cursor() as cursor:
                yield cursor
            is_sound = True
        finally:
            if is_sound:
                self._give_back(key, database)
            else:
                database.close()

    def _take(self, key: Key) -> duckdb.DuckDBPyConnection | None:
        with self._lock:
            for place in reversed(range(len(self._idle))):
                if self._idle[place][0] == key:
                    return self._idle.pop(place)[1]
        return None

    def _give_back(self, key: Key, database: duckdb.DuckDBPyConnection) -> None:
        with self._lock:
            self._idle.append((key, database))
            closed = [self._idle.pop(0) for _ in range(len(self._idle) - IDLE_MAX)]
        for _, old in closed:
            old.close()

    def _open(self, allowed: str, time_zone: str) -> duckdb.DuckDBPyConnection:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": self._limits.threads,
            "memory_limit": f"{self._limits.memory_bytes_max}B",
            "temp_directory": "",
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "python_enable_replacements": False,
            "allow_community_extensions": False,
            "late_materialization_max_rows": LATE_ROWS,
        }
        database = duckdb.connect(":memory:", config=settings)
        try:
            database.execute("SET parquet_metadata_cache = true")
            database.execute(allowed)
            database.execute("SET enable_external_access = false")
            database.execute(f"SET GLOBAL TimeZone = {_literal(time_zone)}")
            database.execute("SET lock_configuration = true")
        except duckdb.Error:
            database.close()
            raise
        return database


def paths(segments: Iterable[Segment]) -> str:
    """The files of segments as SQL literals."""
    return ", ".join(_literal(str(segment.path)) for segment in segments)


def _below(directory: Path) -> str:
    return _literal(f"{directory}/")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
