"""Whole queries out of the pieces of ``naive``: a text, and the rows it must answer.

Rows are compared as they are where the query orders by every column, else as a bag.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.query import naive
from tests.query.naive import Piece

Row = dict[str, Any]


@dataclass(frozen=True)
class Drawn:
    """A query. ``answer``: its rows as tuples of Python values; ``ordered``: their order is the answer's."""

    text: str
    answer: Callable[[list[Row]], list[tuple[Any, ...]]]
    ordered: bool


def in_order(rows: list[tuple[Any, ...]], down: bool) -> list[tuple[Any, ...]]:
    """By every column from the left; NULL last, whichever the direction (source: Presto, "ORDER BY clause")."""
    for place in reversed(range(len(rows[0]) if rows else 0)):
        there = [row for row in rows if row[place] is not None]
        rows = sorted(there, key=lambda row: row[place], reverse=down) + [row for row in rows if row[place] is None]
    return rows


@st.composite
def tails(draw: st.DrawFn, width: int) -> tuple[str, Callable[[list[Any]], list[Any]], bool]:
    """ORDER BY every column and LIMIT; or neither but a LIMIT that no answer reaches."""
    if not width or draw(st.booleans()):
        return " limit 10000", lambda rows: rows, False
    down = draw(st.booleans())
    first, count = draw(st.sampled_from([0, 0, 3])), draw(st.integers(1, 40))
    keys = ", ".join(f"{n + 1}{' desc' if down else ''}" for n in range(width))
    limit = f" limit {first}, {count}" if first else f" limit {count}"
    return f" order by {keys}{limit}", lambda rows: in_order(rows, down)[first : first + count], True


@st.composite
def filters(draw: st.DrawFn) -> Piece:
    if draw(st.booleans()):
        return Piece("", lambda row: True)
    condition = draw(naive.conditions(2))
    return Piece(f" where {condition.text}", condition.of)


def items(pieces: list[Any], first: int = 0) -> str:
    return ", ".join(f"{piece.text} as x{n + first}" for n, piece in enumerate(pieces))


@st.composite
def lists(draw: st.DrawFn) -> Drawn:
    """SELECT [DISTINCT] of expressions."""
    pieces = draw(st.lists(naive.longs(2) | naive.texts(2), min_size=1, max_size=3))
    where, (tail, cut, ordered) = draw(filters()), draw(tails(len(pieces)))
    distinct = draw(st.booleans())

    def answer(rows: list[Row]) -> list[tuple[Any, ...]]:
        found = [tuple(piece.of(row) for piece in pieces) for row in rows if where.of(row)]
        return cut(list(dict.fromkeys(found)) if distinct else found)

    word = "distinct " if distinct else ""
    return Drawn(f"select {word}{items(pieces)}{draw(FROM)}{where.text}{tail}", answer, ordered)


FROM = st.sampled_from(["", " from log"])


@st.composite
def groups(draw: st.DrawFn) -> Drawn:
    """GROUP BY aliases or places, HAVING, over the rows or over a sub-query of them."""
    keys = draw(st.lists(naive.longs(1) | naive.texts(1), max_size=2))
    sums = draw(st.lists(naive.aggregates(), min_size=1, max_size=3))
    where, (tail, cut, ordered) = draw(filters()), draw(tails(len(keys)))
    by_place, having = draw(st.booleans()), draw(st.sampled_from([None, 0, 2, 9]))
    names = ", ".join(str(n + 1) if by_place else f"x{n}" for n in range(len(keys)))
    condition = "" if having is None else f" having count(*) > {having}"
    selected = ", ".join(filter(None, [items(keys), items(sums, len(keys))]))
    text = f"select {selected}{draw(FROM)}{where.text}{' group by ' + names if keys else ''}{condition}"

    def answer(rows: list[Row]) -> list[tuple[Any, ...]]:
        found: dict[tuple[Any, ...], list[Row]] = {} if keys else {(): []}
        for row in rows:
            if where.of(row):
                found.setdefault(tuple(key.of(row) for key in keys), []).append(row)
        kept = [(key, group) for key, group in found.items() if having is None or len(group) > having]
        lines = {key: (*key, *(one.of(group) for one in sums)) for key, group in kept}
        return [lines[key] for key in cut(list(lines))]

    return Drawn(text + tail, answer, ordered)


@st.composite
def nested(draw: st.DrawFn) -> Drawn:
    """A query over the rows of another, by FROM or by WITH."""
    inner = draw(st.lists(naive.longs(1) | naive.texts(1), min_size=2, max_size=2))
    where, (tail, cut, ordered) = draw(filters()), draw(tails(2))
    sub = f"select {items(inner)} from log{where.text}"
    body = f"select x0 as k, count(*) as n from {{}} group by k{tail}"
    text = f"with s as ({sub}) {body.format('s')}" if draw(st.booleans()) else body.format(f"({sub}) as s")

    def answer(rows: list[Row]) -> list[tuple[Any, ...]]:
        counts: dict[Any, int] = {}
        for row in rows:
            if where.of(row):
                key = inner[0].of(row)
                counts[key] = counts.get(key, 0) + 1
        return cut(list(counts.items()))

    return Drawn(text, answer, ordered)


@st.composite
def joins(draw: st.DrawFn) -> Drawn:
    """Two groupings side by side, where the key is the same; a NULL key meets none."""
    keys = [draw(naive.texts(1) | naive.texts(0)) for _ in range(2)]
    sums = [draw(naive.aggregates()) for _ in range(2)]
    wheres = [draw(filters()) for _ in range(2)]
    left = draw(st.booleans())
    sides = [
        f"(select {key.text} as k, {one.text} as v from log{where.text} group by 1)"
        for key, one, where in zip(keys, sums, wheres, strict=True)
    ]
    kind = "left join" if left else "join"
    text = f"select a.k as x0, a.v as x1, b.v as x2 from {sides[0]} a {kind} {sides[1]} b on a.k = b.k limit 10000"

    def grouped(rows: list[Row], side: int) -> dict[Any, Any]:
        found: dict[Any, list[Row]] = {}
        for row in rows:
            if wheres[side].of(row):
                found.setdefault(keys[side].of(row), []).append(row)
        return {key: sums[side].of(group) for key, group in found.items()}

    def answer(rows: list[Row]) -> list[tuple[Any, ...]]:
        one, other = grouped(rows, 0), grouped(rows, 1)
        found = [(k, v, other[k]) for k, v in one.items() if k is not None and k in other]
        return found + [(k, v, None) for k, v in one.items() if left and (k is None or k not in other)]

    return Drawn(text, answer, False)


@st.composite
def unions(draw: st.DrawFn) -> Drawn:
    """UNION [ALL] of two columns of numbers."""
    pieces = [draw(naive.longs(1)) for _ in range(2)]
    wheres = [draw(filters()) for _ in range(2)]
    every = draw(st.booleans())
    halves = [f"select {p.text} as x from log{w.text}" for p, w in zip(pieces, wheres, strict=True)]
    text = f"{halves[0]} union {'all ' if every else ''}{halves[1]} limit 10000"

    def answer(rows: list[Row]) -> list[tuple[Any, ...]]:
        found = [(p.of(r),) for p, w in zip(pieces, wheres, strict=True) for r in rows if w.of(r)]
        return found if every else list(dict.fromkeys(found))

    return Drawn(text, answer, False)


@st.composite
def windows(draw: st.DrawFn) -> Drawn:
    """rank, count and sum over partitions."""
    key, value = draw(naive.texts(0)), draw(naive.longs(1))
    text = (
        f"select x0, x1, rank() over (partition by x0 order by x1) as x2, sum(x1) over (partition by x0) as x3,"
        f" count(*) over () as x4 from (select {key.text} as x0, {value.text} as x1 from log) limit 10000"
    )

    def answer(rows: list[Row]) -> list[tuple[Any, ...]]:
        found = [(key.of(row), value.of(row)) for row in rows]
        lines = []
        for k, v in found:
            same = [other for name, other in found if name == k]
            there = [other for other in same if other is not None]
            before = sum(other < v for other in there) if v is not None else len(there)
            lines.append((k, v, before + 1, sum(there) if there else None, len(found)))
        return lines

    return Drawn(text, answer, False)


@st.composite
def queries(draw: st.DrawFn) -> Drawn:
    """``search | SQL``."""
    search = draw(naive.searches(2))
    sql = draw(st.one_of(lists(), groups(), groups(), nested(), joins(), unions(), windows()))
    return Drawn(
        f"{search.text} | {sql.text}", lambda rows: sql.answer([row for row in rows if search.of(row)]), sql.ordered
    )
