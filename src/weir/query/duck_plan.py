"""The last step to DuckDB: a plan becomes one statement over the stored rows.

What enters: a ``Plan``. What leaves: a ``Statement`` in DuckDB's SQL. The rule: names and values that came from
outside are bound parameters or quoted by the generator; with ``columns``, ``where``, ``duck_sql`` and ``macros`` this
is all that knows DuckDB's words.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from weir.logstore.engine import RELATION, ROW, Statement
from weir.logstore.schema import STORED_SCHEMA
from weir.query.columns import Layout, Parameters, quote
from weir.query.compare import shifted
from weir.query.duck_sql import write
from weir.query.macros import PREFIX, definitions
from weir.query.plan import Analysis, Count, Pick, Plan, Scan, columns, spans
from weir.query.where import where

ORDER = ("__time__", "coalesce(__time_ns__, 0)", "__arrival__", "__shard__", "__group__", ROW)
"""Oldest first; within one time in order of arrival, and a row's place in its group decides the rest."""


def statement(plan: Plan) -> Statement:
    """The statement of a plan. Raises ``QueryError``."""
    match plan:
        case Pick():
            return _pick(plan)
        case Count():
            return _count(plan)
        case Analysis():
            return _analysis(plan)


def _layout(scan: Scan) -> Layout:
    return Layout(scan.index, Parameters(), scan.extra)


def _pick(plan: Pick) -> Statement:
    layout, page = _layout(plan.scan), plan.page
    names = ", ".join(map(quote, STORED_SCHEMA.names))
    direction = " DESC" if page.reverse else ""
    order = ", ".join(f"{column}{direction}" for column in ORDER)
    limit, offset = layout.parameters.bind(page.line), layout.parameters.bind(page.offset)
    text = f"SELECT {names} FROM {_matching(plan.scan, layout)} ORDER BY {order} LIMIT {limit} OFFSET {offset}"
    return Statement(text, layout.parameters.values)


def _count(plan: Count) -> Statement:
    layout = _layout(plan.scan)
    step = layout.parameters.bind(plan.interval_s)
    start = f"__time__ - __time__ % {step}"
    text = f"SELECT {start} AS start, count(*) AS count FROM {_matching(plan.scan, layout)} GROUP BY 1 ORDER BY 1"
    return Statement(text, layout.parameters.values)


def _analysis(plan: Analysis) -> Statement:
    layout, resolved = _layout(plan.scan), plan.resolved
    read = _read(resolved.query, columns(layout.index))
    written = write(resolved)
    relations = []
    for shift in (0, *resolved.shifts):
        relation = ", ".join(
            [
                *(f"{layout.typed(key)} AS {quote(name)}" for name, key in read.items()),
                *(f"{layout.text(tag)} AS {quote(tag)}" for tag in resolved.tags),
            ]
        )
        rows = _matching(plan.scan, layout, shift)
        relations.append(f"{quote(shifted(shift))} AS (SELECT {relation} FROM {rows})")
    head = f"WITH {', '.join(relations)}"
    # The query's own WITH continues ours.
    text = f"{head}, {written.text[5:]}" if written.text.startswith("WITH ") else f"{head} {written.text}"
    names = {call: call.removeprefix(PREFIX) for call in written.calls}
    lookups = {call: plan.lookups[name] for call, name in names.items() if name in plan.lookups}
    macros = definitions(written.calls - lookups.keys())
    return Statement(text, layout.parameters.values, macros, plan.time_zone, lookups)


def _read(query: exp.Query, known: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Column -> key of what the query may read of ``known``: each further column costs the engine its planning."""
    has_star = any(isinstance(star.parent, (exp.Select, exp.Column)) for star in query.find_all(exp.Star))
    named = {"__time__", *(found.name.lower() for found in query.find_all(exp.Identifier))}
    return {name: key for name, (key, _) in known.items() if has_star or name.lower() in named}


def _matching(scan: Scan, layout: Layout, shift: int = 0) -> str:
    """The rows of the window that match; with a shift those so many seconds earlier, their time moved into it."""
    bind, window = layout.parameters.bind, scan.window
    [*_, (from_s, to_s)] = spans(window, [shift])
    conditions = [f"__time__ >= {bind(from_s)}", f"__time__ < {bind(to_s)}"]
    relation = RELATION
    if shift:
        # The bounds stay inside, on the stored column: only there do they save reading.
        moved = f"SELECT * REPLACE (__time__ + {bind(shift)} AS __time__) FROM {RELATION}"
        relation = f"({moved} WHERE {' AND '.join(conditions)})"
        conditions = []
    if window.topic:
        conditions.append(f"__topic__ = {bind(window.topic)}")
    conditions.append(where(scan.node, layout))
    return f"{relation} WHERE {' AND '.join(conditions)}"
