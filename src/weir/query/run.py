"""A query from its text to its answer.

What enters: a snapshot, a text, a window, a page, an index. What leaves: an ``Answer`` or a histogram. Raises
``QueryError`` for a fault of the text, and the engine's ``QueryTimeout`` and ``QueryTooLarge`` as they are. The rule:
the same snapshot and text give the same answer; the clock enters only through ``now`` and ``current_date``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from weir.logstore.duck import DuckEngine
from weir.logstore.engine import Engine, Lookup, StatementError, prune
from weir.logstore.snapshot import Snapshot
from weir.model.cancel import Cancellation
from weir.model.fields import NAMES
from weir.query import plan, render, search, stages
from weir.query.answer import LINE_MAX, Answer, Bucket, Page, Range
from weir.query.dialects import DIALECTS
from weir.query.failures import QueryError
from weir.query.grammar import LENGTH_MAX, Source
from weir.query.index import Index
from weir.query.search import Node
from weir.query.series import Frame
from weir.query.sql import lookbacks, resolve

BUCKETS_MAX = 60
"""Bars of a histogram whose interval the caller leaves open."""
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
BUCKETS_LIMIT = 10_000
"""Bars of any histogram. An interval that gives more is refused."""

CALENDAR_END_S = 2**37
"""In the year 6325: a later window has the zone's offset of then."""
MAY_COMPARE = re.compile(r"compare", re.IGNORECASE)
"""Only such a text is parsed before its snapshot is taken."""


@dataclass(frozen=True, slots=True)
class Querier:
    """The query language over an engine. ``time_zone`` (IANA name) is the zone in which times are shown and cut,
    ``lookups`` what is known outside the records; ``cancel`` ends what runs when nobody waits for it any more.
    """

    engine: Engine = field(default_factory=DuckEngine)
    time_zone: str = "UTC"
    clock: Callable[[], float] = time.time
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    cancel: Cancellation | None = None

    def run(self, snapshot: Snapshot, text: str, window: Range, page: Page, index: Index) -> Answer:
        """The answer to ``search`` or ``search | SQL``. With SQL the page must not have an offset, and its line and
        order are ignored (source: GetLogs).
        """
        started = time.monotonic()
        where, node, sql = _halves(text, window)
        answer = Answer([], 0, sql is not None, where.strip(), (sql or "").strip(), terms=search.terms(node))
        if sql is None:
            _check_page(page)
            for part in stages.windows(snapshot, window, page.reverse):
                pruned = prune(snapshot, plan.spans(part, ()))
                picked = self._table(pruned, plan.Pick(self._scan(node, part, index, pruned), page))
                if picked.num_rows == page.line:
                    break
            rows = [_row(row) for row in picked.to_pylist()]
            keys, types, reads = [], [], search.keys(node)
        else:
            if page.offset:
                raise QueryError("with SQL the offset must be 0: use LIMIT offset, count in the SQL")
            source = Source(text, len(where) + 1, sql)
            kinds = {name: kind for name, (_, kind) in plan.columns(index).items()}
            resolved = resolve(source, kinds, self._frame(window), self.lookups)
            pruned = prune(snapshot, plan.spans(window, resolved.shifts))
            scan = self._scan(node, window, index, pruned)
            table = self._table(pruned, plan.Analysis(scan, resolved, self.time_zone, self.lookups), source)
            table = table.rename_columns(_distinct(table.column_names))
            rows, keys = render.rows(table), list(table.column_names)
            types = [render.type_name(column.type) for column in table.columns]
            reads = search.keys(node) | resolved.names
        processed = sum(s.rows for s in pruned.segments) + sum(t.num_rows for t in pruned.tail)
        elapsed_ms = round((time.monotonic() - started) * 1000)
        return Answer(
            rows,
            len(rows),
            answer.has_sql,
            answer.where,
            answer.agg,
            keys,
            types,
            processed,
            elapsed_ms,
            answer.terms,
            reads,
        )

    def lookback_seconds(self, text: str) -> int:
        """How far before its window a query reads: its snapshot must hold the rows from there on."""
        where, sql = search.split(text)
        if sql is None or not MAY_COMPARE.search(sql) or len(text) > LENGTH_MAX:
            return 0
        return max(lookbacks(Source(text, len(where) + 1, sql)), default=0)

    def _frame(self, window: Range) -> Frame:
        ahead = datetime.fromtimestamp(min(max(window.from_s, 0), CALENDAR_END_S), ZoneInfo(self.time_zone)).utcoffset()
        assert ahead is not None
        return Frame(window.from_s, window.to_s, self.clock(), int(ahead.total_seconds()))

    def histogram(
        self, snapshot: Snapshot, text: str, window: Range, interval_s: int | None, index: Index
    ) -> list[Bucket]:
        """Matching rows of the search half per interval, every bucket of the window, their sum the whole count.
        Buckets begin at multiples of the interval; the first and the last are cut to the window.
        """
        _, node, _ = _halves(text, window)
        step = interval_s if interval_s is not None else _step(window)
        if step < 1 or (window.to_s - window.from_s) // step > BUCKETS_LIMIT:
            raise QueryError(f"the interval must give between 1 and {BUCKETS_LIMIT} buckets")
        pruned = prune(snapshot, plan.spans(window, ()))
        found = self._table(pruned, plan.Count(self._scan(node, window, index, pruned), step)).to_pylist()
        counts = {row["start"]: row["count"] for row in found}
        first = window.from_s - window.from_s % step
        return [
            Bucket(max(start, window.from_s), min(start + step, window.to_s), counts.get(start, 0))
            for start in range(first, window.to_s, step)
        ]

    def _scan(self, node: Node, window: Range, index: Index, snapshot: Snapshot) -> plan.Scan:
        return plan.Scan(node, window, index, self.engine.extra_keys(snapshot))

    def _table(self, snapshot: Snapshot, planned: plan.Plan, source: Source | None = None) -> Any:
        statement = DIALECTS[self.engine.dialect](planned)
        try:
            return self.engine.execute(snapshot, statement, self.cancel)
        except StatementError as error:
            if source is None:
                raise
            raise _explain(str(error), source) from error


_DEFAULT = Querier()
run = _DEFAULT.run
histogram = _DEFAULT.histogram


def _halves(text: str, window: Range) -> tuple[str, Node, str | None]:
    if len(text) > LENGTH_MAX:
        raise QueryError(f"a query has at most {LENGTH_MAX} characters")
    if "\0" in text:
        raise QueryError.at(text, text.index("\0"), "a query cannot hold a zero character")
    if window.from_s >= window.to_s:
        raise QueryError("from must be before to")
    where, sql = search.split(text)
    if sql is not None and not where.strip():
        raise QueryError.at(text, 0, "the SQL query must follow the search query; '*' means all")
    return where, search.parse(where), sql


def _check_page(page: Page) -> None:
    if not 0 <= page.line <= LINE_MAX:
        raise QueryError(f"line must be between 0 and {LINE_MAX}")
    if page.offset < 0:
        raise QueryError("offset must not be negative")


def _step(window: Range) -> int:
    span = window.to_s - window.from_s
    return next((step for step in STEPS_S if span <= step * BUCKETS_MAX), -(-span // (BUCKETS_MAX * 86400)) * 86400)


def _row(row: dict[str, Any]) -> dict[str, str]:
    """A stored row as the clients see it: reserved fields, tags, then the keys that the row has."""
    found = {"__time__": str(row["__time__"]), "__source__": row["__source__"], "__topic__": row["__topic__"]}
    if row["__time_ns__"] is not None:
        found["__time_ns_part__"] = str(row["__time_ns__"])
    found |= {f"__tag__:{name}": value for name, value in row["__tags__"] or []}
    found |= {name: str(row[name]) for name in NAMES if row[name] is not None}
    return found | dict(row["__extra__"] or [])


def _distinct(names: list[str]) -> list[str]:
    """Column names, a repeated one replaced by its place."""
    return [name if name not in names[:place] else f"_col{place}" for place, name in enumerate(names)]


def _explain(message: str, source: Source) -> QueryError:
    """The engine's complaint in the user's terms, at the name it is about."""
    headline = message.split("\n", 1)[0]
    headline = re.sub(r"^[A-Z][A-Za-z ]+ Error: ", "", headline)
    if headline.startswith("Division by zero"):
        return source.error_at(0, "SQL: division by zero")
    if "expression depth" in headline:
        return source.error_at(0, "the statement is nested too deeply")
    missing = re.search(r'Referenced column "(.*)" not found|does not have a column named "(.*)"', headline)
    if missing:
        name = missing[1] or missing[2]
        place = source.text.lower().find(name.lower())
        return source.error_at(max(place, 0), f"SQL: column {name!r} cannot be resolved")
    return source.error_at(0, f"SQL: {headline}")
