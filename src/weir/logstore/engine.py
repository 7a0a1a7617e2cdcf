"""The engine seam: a finished statement over one snapshot in, an Arrow table out.

What enters: a snapshot, and a statement whose only relation is ``RELATION`` (``STORED_SCHEMA`` plus ``__row__``, the
place of a row within its segment or tail) and whose values are bound parameters. What leaves: an Arrow table, or one of
the named troubles. The rule here: everything up to a statement's text is the same for every engine; an engine says in
which ``dialect`` it wants it. ``tests/logstore/engine_suite.py`` is what any engine must pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from weir.logstore.snapshot import Snapshot
from weir.model.cancel import Cancellation

RELATION = "__stored__"
ROW = "__row__"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may take; a query that needs more fails alone.

    ``seconds_max``: run time (source: SLS, 55 s), above it ``QueryTimeout``. ``memory_bytes_max``: above it
    ``QueryTooLarge``; nothing spills to disk. ``rows_max``: rows answered, above it ``QueryTooLarge``.
    ``running_max``: further queries wait for their turn, within the same ``seconds_max``. ``threads``: worker threads
    of one query.
    """

    seconds_max: float = 55.0
    memory_bytes_max: int = 2**30
    rows_max: int = 1_000_000
    running_max: int = 4
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Lookup:
    """A function outside the engine: a text in (NULL gives NULL), out a text, or a number if ``is_long``, or NULL."""

    of: Callable[[str], str | int | None]
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """``sql`` in the engine's dialect, with ``$name`` placeholders for ``parameters``; ``macros`` are the definitions
    and ``lookups`` the functions by name that it calls. ``time_zone``: IANA name, in which times are cut and printed.
    """

    sql: str
    parameters: dict[str, object] = field(default_factory=dict)
    macros: tuple[str, ...] = ()
    time_zone: str = "UTC"
    lookups: Mapping[str, Lookup] = field(default_factory=dict)


class StatementError(Exception):
    """The engine cannot do what the statement says: an unknown column, a division by zero. The text is the engine's."""


class QueryTimeout(Exception):
    """The query did not end within ``Limits.seconds_max``."""


class QueryTooLarge(Exception):
    """The query needed more than ``Limits.memory_bytes_max``, or answered more than ``Limits.rows_max`` rows."""


class Engine(Protocol):
    """Executes statements, at most ``limits.running_max`` at a time. Safe to call from many threads.

    A statement sees nothing but the snapshot: no file, setting, variable or other logstore.
    """

    limits: Limits

    @property
    def dialect(self) -> str:
        """The SQL that statements must be written in: a name of ``query.dialects``."""

    def execute(self, snapshot: Snapshot, statement: Statement, cancel: Cancellation | None = None) -> pa.Table:
        """The statement's rows. Raises ``StatementError``, ``QueryTimeout``, ``QueryTooLarge``, ``Cancelled``."""

    def extra_keys(self, snapshot: Snapshot) -> frozenset[str] | None:
        """The keys that entries in ``__extra__`` may have, None: any. They cost more than all typed columns."""


def prune(snapshot: Snapshot, spans: Iterable[tuple[int, int]]) -> Snapshot:
    """The snapshot without segments and tables of the tail that hold no row of any span [from, to), in Unix seconds."""
    wanted = tuple(spans)

    def is_wanted(first: int, last: int) -> bool:
        return any(last >= low and first < high for low, high in wanted)

    segments = tuple(one for one in snapshot.segments if is_wanted(one.time_min, one.time_max))
    tail = tuple(one for one in snapshot.tail if one.num_rows and is_wanted(*times(one)))
    return replace(snapshot, segments=segments, tail=tail)


def times(table: pa.Table) -> tuple[int, int]:
    """First and last second of ``__time__`` of a table that has rows."""
    found = pc.min_max(table["__time__"])
    return found["min"].as_py(), found["max"].as_py()
