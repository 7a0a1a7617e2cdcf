"""Generated queries: every piece of text is drawn together with what it means, as a Python function of a row.

The meaning is written after Presto's documentation, over plain dicts: three-valued logic with None as NULL, whole
numbers that divide towards zero. Nothing of the product is used but its text.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

Value = Any
LONGS = ("bytes", "packets", "start", '"end"', "srcport", "dstport", "protocol", "__time__", '"tcp-flags"')
TEXTS = ("srcaddr", "dstaddr", "action", "direction", '"eni-id"', '"log-status"', "type")
WORDS = ("REJECT", "ACCEPT", "in", "eni-1", "192.168.1.3", "", "OK", "a'b")


@dataclass(frozen=True)
class Piece:
    """A part of a query and its value for one row."""

    text: str
    of: Callable[[dict[str, Value]], Value]


def column(name: str) -> Piece:
    key = name.strip('"')
    return Piece(name, lambda row: row.get(key))


def constant(value: Value) -> Piece:
    if value is None:
        return Piece("null", lambda row: None)
    text = "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
    return Piece(f"({text})" if text.startswith("-") else text, lambda row: value)


def strict(form: str, function: Callable[..., Value], *parts: Piece) -> Piece:
    """NULL if any part is, as nearly every function of SQL has it."""

    def of(row: dict[str, Value]) -> Value:
        values = [part.of(row) for part in parts]
        return None if any(value is None for value in values) else function(*values)

    return Piece(form.format(*(part.text for part in parts)), of)


def lazy(form: str, function: Callable[..., Value], *parts: Piece) -> Piece:
    """The function sees NULL as None."""
    return Piece(form.format(*(p.text for p in parts)), lambda row: function(*(p.of(row) for p in parts)))


def quotient(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def rest(a: int, b: int) -> int:
    return a - quotient(a, b) * b


def part_of(text: str, start: int, length: int) -> str:
    """Presto's substr: places count from 1, or from the end; what begins outside is empty."""
    begin = start - 1 if start > 0 else len(text) + start
    return "" if start == 0 or begin < 0 else text[begin : begin + length]


def nth_part(text: str, n: int) -> str | None:
    parts = text.split(".")
    return parts[n - 1] if n <= len(parts) else None


def both(a: bool | None, b: bool | None) -> bool | None:
    return False if a is False or b is False else None if a is None or b is None else True


def either(a: bool | None, b: bool | None) -> bool | None:
    return True if a is True or b is True else None if a is None or b is None else False


def inside(network: str) -> Callable[[str], bool | None]:
    def test(text: str) -> bool | None:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return None
        net = ipaddress.ip_network(network)
        return address.version == net.version and address in net

    return test


def among(value: Value, *choices: Value) -> bool | None:
    if value is None:
        return None
    return True if value in [c for c in choices if c is not None] else None if None in choices else False


small = st.integers(-3, 60)
divisors = st.sampled_from([-7, -1, 1, 2, 60, 1000])


@cache
def longs(depth: int) -> st.SearchStrategy[Piece]:
    leaf = st.sampled_from(LONGS).map(column) | small.map(constant)
    if depth == 0:
        return leaf
    inner, cond, words = longs(depth - 1), conditions(depth - 1), texts(depth - 1)
    return st.one_of(
        leaf,
        st.builds(lambda a, b: strict("({} + {})", lambda x, y: x + y, a, b), inner, inner),
        st.builds(lambda a, b: strict("({} - {})", lambda x, y: x - y, a, b), inner, inner),
        st.builds(lambda a, b: strict("{} * {}", lambda x, y: x * y, a, b), leaf, small.map(constant)),
        st.builds(lambda a, n: strict("({}) / {}", quotient, a, n), inner, divisors.map(constant)),
        st.builds(lambda a, n: strict("({}) % {}", rest, a, n), inner, divisors.map(constant)),
        st.builds(lambda a: strict("abs({})", abs, a), inner),
        st.builds(lambda a: strict("-({})", lambda x: -x, a), inner),
        st.builds(lambda t: strict("length({})", len, t), words),
        st.builds(lambda t: strict("strpos({}, '.')", lambda x: x.find(".") + 1, t), words),
        st.builds(lambda a, b: strict("greatest({}, {})", max, a, b), inner, inner),
        st.builds(lambda a, b: strict("least({}, {})", min, a, b), inner, inner),
        st.builds(lambda a, b: strict("bitwise_and({}, {})", lambda x, y: x & y, a, b), inner, inner),
        st.builds(lambda a, b: lazy("coalesce({}, {})", lambda x, y: y if x is None else x, a, b), inner, inner),
        st.builds(lambda a, b: lazy("nullif({}, {})", lambda x, y: None if x == y else x, a, b), inner, inner),
        st.builds(lambda c, a, b: lazy("if({}, {}, {})", lambda x, y, z: y if x else z, c, a, b), cond, inner, inner),
        st.builds(
            lambda c, d, a, b: lazy(
                "CASE WHEN {} THEN {} WHEN {} THEN {} END", lambda p, x, q, y: x if p else y if q else None, c, a, d, b
            ),
            cond,
            cond,
            inner,
            inner,
        ),
        st.builds(lambda a: strict("cast(cast({} as varchar) as bigint)", int, a), inner),
    )


@cache
def texts(depth: int) -> st.SearchStrategy[Piece]:
    leaf = st.sampled_from(TEXTS).map(column) | st.sampled_from(WORDS).map(constant)
    if depth == 0:
        return leaf
    inner, cond, numbers = texts(depth - 1), conditions(depth - 1), longs(depth - 1)
    place = st.integers(-4, 9).map(constant)
    return st.one_of(
        leaf,
        st.builds(lambda t: strict("upper({})", str.upper, t), inner),
        st.builds(lambda t: strict("lower({})", str.lower, t), inner),
        st.builds(lambda t: strict("reverse({})", lambda x: x[::-1], t), inner),
        st.builds(lambda a, b: strict("({} || {})", lambda x, y: x + y, a, b), inner, inner),
        st.builds(lambda a, b: strict("concat({}, '-', {})", lambda x, y: f"{x}-{y}", a, b), inner, inner),
        st.builds(lambda t, n: strict("substr({}, {})", lambda x, y: part_of(x, y, 999), t, n), inner, place),
        st.builds(
            lambda t, n, m: strict("substr({}, {}, {})", part_of, t, n, m),
            inner,
            place,
            st.integers(0, 5).map(constant),
        ),
        st.builds(
            lambda t, n: strict("split_part({}, '.', {})", nth_part, t, n), inner, st.integers(1, 5).map(constant)
        ),
        st.builds(lambda t: strict("replace({}, '.', '::')", lambda x: x.replace(".", "::"), t), inner),
        st.builds(lambda t: strict(r"regexp_replace({}, '[0-9]+', 'n')", lambda x: re.sub("[0-9]+", "n", x), t), inner),
        st.builds(lambda a: strict("cast({} as varchar)", str, a), numbers),
        st.builds(lambda c, a, b: lazy("if({}, {}, {})", lambda x, y, z: y if x else z, c, a, b), cond, inner, inner),
        st.builds(lambda a, b: lazy("coalesce({}, {})", lambda x, y: y if x is None else x, a, b), inner, inner),
    )


@cache
def conditions(depth: int) -> st.SearchStrategy[Piece]:
    numbers, words = longs(max(0, depth - 1)), texts(max(0, depth - 1))
    compare = {
        "=": lambda x, y: x == y,
        "<>": lambda x, y: x != y,
        "!=": lambda x, y: x != y,
        "<": lambda x, y: x < y,
        ">=": lambda x, y: x >= y,
    }
    operator = st.sampled_from(sorted(compare))
    leaf = st.one_of(
        st.builds(lambda a, o, b: strict("({} " + o + " {})", compare[o], a, b), numbers, operator, numbers),
        st.builds(lambda a, o, b: strict("({} " + o + " {})", compare[o], a, b), words, operator, words),
        st.builds(lambda a: lazy("({} is null)", lambda x: x is None, a), numbers | words),
        st.builds(lambda a: lazy("({} is not null)", lambda x: x is not None, a), numbers | words),
        st.builds(
            lambda a, b, c: lazy(
                "({} between {} and {})",
                lambda x, y, z: both(
                    None if x is None or y is None else x >= y, None if x is None or z is None else x <= z
                ),
                a,
                b,
                c,
            ),
            numbers,
            numbers,
            numbers,
        ),
        st.builds(lambda a, b, c: lazy("({} in ({}, {}))", among, a, b, c), words, words, words),
        st.builds(
            lambda a, p: strict("({} like '" + p + "%')", lambda x: x.startswith(p), a),
            words,
            st.sampled_from(["1", "192.168.", "RE", "eni-"]),
        ),
        st.builds(
            lambda a: strict("regexp_like({}, '^[0-9.]+$')", lambda x: bool(re.search("^[0-9.]+$", x)), a), words
        ),
        st.builds(
            lambda a, n: strict("is_subnet_of('" + n + "', {})", inside(n), a),
            st.sampled_from(["srcaddr", "dstaddr"]).map(column),
            st.sampled_from(["192.168.0.0/16", "10.0.0.0/29", "2001:db8::/125"]),
        ),
    )
    if depth == 0:
        return leaf
    inner = conditions(depth - 1)
    return st.one_of(
        leaf,
        st.builds(lambda a, b: lazy("({} and {})", both, a, b), inner, inner),
        st.builds(lambda a, b: lazy("({} or {})", either, a, b), inner, inner),
        st.builds(lambda a: lazy("(not {})", lambda x: None if x is None else not x, a), inner),
    )


@dataclass(frozen=True)
class Aggregate:
    """An aggregate and its value over the rows of a group."""

    text: str
    of: Callable[[list[dict[str, Value]]], Value]


def over(form: str, function: Callable[[list[Value]], Value], part: Piece) -> Aggregate:
    """Of the values that are not NULL; NULL over none, unless the function says otherwise."""

    def of(rows: list[dict[str, Value]]) -> Value:
        return function([v for v in (part.of(row) for row in rows) if v is not None])

    return Aggregate(form.format(part.text), of)


def some(function: Callable[[list[Value]], Value]) -> Callable[[list[Value]], Value]:
    return lambda values: function(values) if values else None


def percentile(values: list[int]) -> int:
    return sorted(values)[max(0, math.ceil(len(values) * 0.5) - 1)]


@cache
def aggregates() -> st.SearchStrategy[Aggregate]:
    numbers, words, cond = longs(1), texts(1), conditions(1)
    return st.one_of(
        st.just(Aggregate("count(*)", len)),
        st.builds(lambda a: over("count({})", len, a), numbers | words),
        st.builds(lambda a: over("sum({})", some(sum), a), numbers),
        st.builds(lambda a: over("avg({})", some(lambda v: sum(v) / len(v)), a), numbers),
        st.builds(lambda a: over("min({})", some(min), a), numbers),
        st.builds(lambda a: over("max({})", some(max), a), words),
        st.builds(lambda c: over("count_if({})", lambda v: sum(map(bool, v)), c), cond),
        st.builds(lambda a: over("count(distinct {})", lambda v: len(set(v)), a), numbers | words),
        st.builds(lambda a: over("approx_distinct({})", lambda v: len(set(v)), a), words),
        st.builds(lambda a: over("approx_percentile({}, 0.5)", some(percentile), a), numbers),
        st.builds(lambda c: over("bool_or({})", some(any), c), cond),
        st.builds(lambda a: over("sum({}) / 7", some(lambda v: quotient(sum(v), 7)), a), numbers),
        st.builds(lambda a: over("sum({} * 0.5)", some(lambda v: math.fsum(x * 0.5 for x in v)), a), numbers),
        # An array keeps NULL, unlike the other aggregates.
        st.builds(
            lambda a: Aggregate(
                f"cardinality(array_agg(distinct {a.text}))", lambda rows: len({a.of(row) for row in rows}) or None
            ),
            words,
        ),
    )  # fmt: skip


@cache
def searches(depth: int = 1) -> st.SearchStrategy[Piece]:
    """The search half: true or false, never NULL."""
    number = st.integers(0, 1_500_000)
    leaf = st.one_of(
        st.just(Piece("*", lambda row: True)),
        st.sampled_from(["REJECT", "accept"]).map(
            lambda w: Piece(f"action: {w}", lambda row: row.get("action") == w.upper())
        ),
        st.sampled_from(["in", "out"]).map(lambda w: Piece(f"direction: {w}", lambda row: row.get("direction") == w)),
        st.sampled_from([443, 80, 7]).map(lambda n: Piece(f"dstport: {n}", lambda row: row.get("dstport") == n)),
        st.sampled_from(["192.168.1.3", "2001:db8::4"]).map(
            lambda a: Piece(f'srcaddr: "{a}"', lambda row: row.get("srcaddr") == a)
        ),
        st.just(Piece("dstaddr: 10.0.*", lambda row: str(row.get("dstaddr")).startswith("10.0."))),
        st.just(Piece("srcaddr: *", lambda row: row.get("srcaddr") is not None)),
        number.map(lambda n: Piece(f"bytes > {n}", lambda row: (row.get("bytes") or -1) > n)),
        number.map(lambda n: Piece(f"bytes <= {n}", lambda row: row.get("bytes") is not None and row["bytes"] <= n)),
        st.tuples(number, number).map(
            lambda p: Piece(
                f"bytes in [{p[0]} {p[1]})", lambda row: row.get("bytes") is not None and p[0] <= row["bytes"] < p[1]
            )
        ),
    )
    if depth == 0:
        return leaf
    inner = searches(depth - 1)
    return st.one_of(
        leaf,
        st.builds(lambda a, b: Piece(f"{a.text} and {b.text}", lambda r: a.of(r) and b.of(r)), inner, inner),
        st.builds(lambda a, b: Piece(f"({a.text} or {b.text})", lambda r: a.of(r) or b.of(r)), inner, inner),
        # In parentheses of its own: "not a and b" is not (a and b).
        st.builds(lambda a: Piece(f"(not ({a.text}))", lambda r: not a.of(r)), inner),
    )
