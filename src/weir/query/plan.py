"""From a question to one statement of the engine.

What enters: the halves of a query already parsed, the window, the page, the index. What leaves: a ``Statement`` over
the stored rows. The rule: the window, the topic and the search half filter the stored rows before anything else sees
them, and the SQL half sees only the relation ``log`` made of what is left.
"""

from __future__ import annotations

from collections.abc import Iterable

from weir.logstore.engine import RELATION, ROW, Statement
from weir.logstore.schema import STORED_SCHEMA
from weir.query.answer import Page, Range
from weir.query.columns import Layout, Parameters, quote
from weir.query.compare import shifted
from weir.query.index import Index, IndexType
from weir.query.macros import definitions
from weir.query.search import Node
from weir.query.sql import Translated
from weir.query.where import where

KINDS = {IndexType.TEXT: "text", IndexType.JSON: "text", IndexType.LONG: "long", IndexType.DOUBLE: "double"}
ORDER = ("__time__", "coalesce(__time_ns__, 0)", "__arrival__", "__shard__", "__group__", ROW)
"""Oldest first; within one time in order of arrival, and a row's place in its group decides the rest."""


def columns(index: Index) -> dict[str, tuple[str, str]]:
    """The columns of ``log``: name -> (key, kind). Names that differ only in case are one; the first stays."""
    found = {"__time__": ("__time__", "long"), "__source__": ("__source__", "text"), "__topic__": ("__topic__", "text")}
    seen = set(found)
    for key, entry in index.keys.items():
        for name in (key, entry.alias):
            if entry.doc_value and name and name.lower() not in seen:
                seen.add(name.lower())
                found[name] = (key, KINDS[entry.type])
    return found


def search(node: Node, window: Range, page: Page, layout: Layout) -> Statement:
    """The rows of a page, every stored column."""
    names = ", ".join(map(quote, STORED_SCHEMA.names))
    direction = " DESC" if page.reverse else ""
    order = ", ".join(f"{column}{direction}" for column in ORDER)
    limit, offset = layout.parameters.bind(page.line), layout.parameters.bind(page.offset)
    text = f"SELECT {names} FROM {_matching(node, window, layout)} ORDER BY {order} LIMIT {limit} OFFSET {offset}"
    return Statement(text, layout.parameters.values)


def histogram(node: Node, window: Range, interval_s: int, layout: Layout) -> Statement:
    """Matching rows per multiple of ``interval_s``: columns ``start`` and ``count``, empty buckets left out."""
    step = layout.parameters.bind(interval_s)
    start = f"__time__ - __time__ % {step}"
    text = f"SELECT {start} AS start, count(*) AS count FROM {_matching(node, window, layout)} GROUP BY 1 ORDER BY 1"
    return Statement(text, layout.parameters.values)


def analysis(node: Node, window: Range, translated: Translated, layout: Layout, time_zone: str) -> Statement:
    """The SQL half over what the search half leaves."""
    relations = []
    for shift in (0, *translated.shifts):
        relation = ", ".join(
            [
                *(f"{layout.typed(key)} AS {quote(name)}" for name, (key, _) in columns(layout.index).items()),
                *(f"{layout.text(tag)} AS {quote(tag)}" for tag in translated.tags),
            ]
        )
        rows = _matching(node, window, layout, shift)
        relations.append(f"{quote(shifted(shift))} AS (SELECT {relation} FROM {rows})")
    head = f"WITH {', '.join(relations)}"
    # The query's own WITH continues ours.
    text = f"{head}, {translated.text[5:]}" if translated.text.startswith("WITH ") else f"{head} {translated.text}"
    return Statement(text, layout.parameters.values, definitions(translated.macros), time_zone)


def new_layout(index: Index, extra: bool) -> Layout:
    """A layout with no bound value yet."""
    return Layout(index, Parameters(), extra)


def spans(window: Range, shifts: Iterable[int]) -> list[tuple[int, int]]:
    """The stretches [from, to) of ``__time__`` that a query over the window reads."""
    return [(window.from_s - shift, window.to_s - shift) for shift in (0, *shifts)]


def _matching(node: Node, window: Range, layout: Layout, shift: int = 0) -> str:
    """The rows of the window that match; with a shift those so many seconds earlier, their time moved into it."""
    bind = layout.parameters.bind
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
    conditions.append(where(node, layout))
    return f"{relation} WHERE {' AND '.join(conditions)}"
