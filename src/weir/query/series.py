"""``time_series``: buckets of time without a gap.

What enters: a checked query in Presto's terms, and the window that is asked for. What leaves: the same query, in which
a SELECT with ``time_series`` is joined with a calendar of every bucket of the window. The rule: what the rows say is
never changed; only a bucket without any row (of a series, where other keys are grouped too) is filled, as the padding
says. Source: SLS, "Date and time functions".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from weir.query.calls import Unsuitable
from weir.query.columns import quote
from weir.query.functions import FUNCTIONS
from weir.query.functions_time import time_format
from weir.query.grammar import Sls, Source, select_of
from weir.query.kinds import Kinds

BUCKETS_MAX = 10_000
"""Buckets of one time series. A window that gives more is refused."""
PADDINGS = ("0", "null", "last", "next", "avg")
_UNITS_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NEED = "SQL: time_series needs a name in the select list, and GROUP BY and ORDER BY that name"


@dataclass(frozen=True, slots=True)
class Frame:
    """When and over what a query runs: [from_s, to_s) and ``now_s`` in Unix seconds; ``offset_s``, the seconds by which
    the zone is ahead of UTC at ``from_s``: days begin at its midnight.
    """

    from_s: int
    to_s: int
    now_s: float
    offset_s: int = 0


@dataclass(frozen=True, slots=True)
class _Series:
    """One ``time_series`` in its SELECT: the item's name, step in seconds, format, padding."""

    node: exp.Anonymous
    name: str
    step_s: int
    form: str
    padding: str


def pad(query: exp.Query, kinds: Kinds, frame: Frame, source: Source) -> exp.Query:
    """The query with every gap of its time series filled. Raises ``QueryError``."""
    found = [node for node in query.find_all(exp.Anonymous) if str(node.this).lower() == "time_series"]
    # The innermost first: a SELECT is copied with what is inside it.
    for number, node in enumerate(reversed(found)):
        select = select_of(node)
        if not isinstance(select, exp.Select):
            raise source.error(node, _NEED)
        if sum(select_of(other) is select for other in found) > 1:
            raise source.error(node, "SQL: a SELECT has at most one time_series")
        series = _read(node, select, source)
        _check_frame(series, frame, source)
        names = _named(select, source)
        padded = _Padding(series, names, kinds, f"__found_{number}__").around(select, frame, source)
        if select is query:
            query = padded
        else:
            select.replace(padded)
    return query


def _read(node: exp.Anonymous, select: exp.Select, source: Source) -> _Series:
    item = node.parent
    if not isinstance(item, exp.Alias) or item.parent is not select:
        raise source.error(node, _NEED)
    place = next(at for at, other in enumerate(select.expressions, 1) if other is item)
    name = item.alias
    for clause in ("group", "order"):
        entries = select.args[clause].expressions if select.args.get(clause) else []
        if not any(_is_item(entry.this if clause == "order" else entry, name, place) for entry in entries):
            raise source.error(node, _NEED)
    window, form, padding = node.expressions[1:]
    step = re.fullmatch(r"([1-9][0-9]{0,8})([smhd])", window.name) if window.is_string else None
    if step is None:
        raise source.error(node, "SQL: the window of time_series is a text such as '30s', '5m', '2h' or '1d'")
    if not form.is_string:
        raise source.error(node, "SQL: the format of time_series is a text such as '%Y-%m-%d %H:%i:%s'")
    try:
        time_format(form.name)
    except Unsuitable as unsuitable:
        raise source.error(node, f"time_series: {unsuitable}") from unsuitable
    if not isinstance(padding, exp.Literal) or padding.name.lower() not in PADDINGS:
        raise source.error(node, f"SQL: the padding of time_series is one of {', '.join(map(repr, PADDINGS))}")
    return _Series(node, name, int(step[1]) * _UNITS_SECONDS[step[2]], form.name, padding.name.lower())


def _is_item(node: exp.Expr, name: str, place: int) -> bool:
    if isinstance(node, exp.Literal):
        return node.name == str(place) and not node.is_string
    return isinstance(node, exp.Column) and not node.table and node.name.lower() == name.lower()


def _check_frame(series: _Series, frame: Frame, source: Source) -> None:
    if len(_starts(series, frame)) > BUCKETS_MAX:
        raise source.error(series.node, f"SQL: time_series gives at most {BUCKETS_MAX} buckets; take longer ones")


def _starts(series: _Series, frame: Frame) -> range:
    """The first second of every bucket that has a part in the window."""
    first = frame.from_s - (frame.from_s + frame.offset_s) % series.step_s
    return range(first, frame.to_s, series.step_s)


def _named(select: exp.Select, source: Source) -> list[str]:
    """The names of the items, given to those that have none (source: Presto)."""
    names = []
    for place, item in enumerate(select.expressions):
        if item.is_star:
            raise source.error(item, "SQL: with time_series the select list cannot have *")
        if not isinstance(item, (exp.Alias, exp.Column)):
            item.replace(exp.alias_(item.copy(), f"_col{place}", quoted=True))
        names.append(select.expressions[place].alias_or_name)
    return names


def _parsed(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, read=Sls)


def _on(template: str, x: exp.Expr) -> exp.Expr:
    """The template with an expression in place of the column ``x``."""
    tree = _parsed(template)
    for column in list(tree.find_all(exp.Column)):
        column.replace(x.copy())
    return tree


@dataclass(frozen=True, slots=True)
class _Padding:
    """Writes the SELECT that fills the gaps of another, which it knows as the relation ``found``."""

    series: _Series
    names: list[str]
    kinds: Kinds
    found: str

    def around(self, select: exp.Select, frame: Frame, source: Source) -> exp.Select:
        """``select`` becomes a part of the one that is returned; ORDER BY and LIMIT apply to the padded rows."""
        keys = [n for n, item in zip(self.names, select.expressions, strict=True) if self._is_key(item)]
        items = [
            self._item(name, keys, self.kinds.of(item))
            for name, item in zip(self.names, select.expressions, strict=True)
        ]
        outer = _parsed(f"SELECT {', '.join(items)} FROM {self._calendar(keys, frame)} {self._joined(keys)}")
        assert isinstance(outer, exp.Select)
        for ignoring in outer.find_all(exp.IgnoreNulls):
            # The parser knows no function, and the generator writes IGNORE NULLS only behind those that it knows.
            kind = exp.LastValue if str(ignoring.this.this) == "last_value" else exp.FirstValue
            ignoring.set("this", kind(this=ignoring.this.expressions[0]))
        for clause in ("order", "limit", "offset", "with_"):
            outer.set(clause, select.args.get(clause))
        self._check_order(outer.args["order"], source)
        inner = select.copy()
        for clause in ("order", "limit", "offset", "with_"):
            inner.set(clause, None)
        self._cut(inner, frame)
        return outer.with_(exp.to_identifier(self.found, quoted=True), as_=inner, copy=False)

    def _is_key(self, item: exp.Expr) -> bool:
        """Whether the item tells the series apart: neither the time nor an aggregate."""
        if item.unalias() is self.series.node:
            return False
        names = (str(node.this).lower() for node in item.find_all(exp.Anonymous))
        return not any(name in FUNCTIONS and FUNCTIONS[name].aggregate for name in names)

    def _cut(self, inner: exp.Select, frame: Frame) -> None:
        """The item becomes the text of its bucket; the first second of a group and its rows are counted beside it."""
        at = self.names.index(self.series.name)
        node = inner.expressions[at].this
        time = node.expressions[0]
        seconds = time if self.kinds.of(time) == "long" else _on("CAST(floor(to_unixtime(x)) AS bigint)", time)
        step, ahead = self.series.step_s, frame.offset_s
        # Before 1970 the first rest is negative.
        bucket = _on(f"(x - ((x + {ahead}) % {step} + {step}) % {step})", exp.Paren(this=seconds.copy()))
        text = exp.Literal.string(self.series.form)
        node.replace(exp.Anonymous(this="date_format", expressions=[bucket, text]))
        inner.select(exp.alias_(_on("min(x)", bucket), "__at__", quoted=True), copy=False)
        inner.select(exp.alias_(_parsed("count(*)"), "__rows__", quoted=True), copy=False)

    def _calendar(self, keys: list[str], frame: Frame) -> str:
        """Every bucket of the window, for every series found."""
        starts = _starts(self.series, frame)
        form = exp.Literal.string(self.series.form).sql(dialect=Sls)
        buckets = (
            f'SELECT date_format(from_unixtime(CAST("__begin__" AS bigint)), {form}) AS "__label__",'
            f' min("__begin__") AS "__at__" FROM unnest(sequence({starts[0]}, {starts[-1]}, {starts.step}))'
            ' AS t("__begin__") GROUP BY 1'
        )
        if not keys:
            return f"({buckets}) AS g"
        series = f"SELECT DISTINCT {', '.join(map(quote, keys))} FROM {quote(self.found)}"
        return f"(SELECT c.*, k.* FROM ({buckets}) AS c CROSS JOIN ({series}) AS k) AS g"

    def _joined(self, keys: list[str]) -> str:
        same = "".join(f" AND g.{quote(key)} IS NOT DISTINCT FROM f.{quote(key)}" for key in keys)
        return f'FULL JOIN {quote(self.found)} AS f ON g."__label__" = f.{quote(self.series.name)}{same}'

    def _item(self, name: str, keys: list[str], kind: str) -> str:
        column = f"f.{quote(name)}"
        if name == self.series.name:
            value = f'coalesce(g."__label__", {column})'
        elif name in keys:
            value = f"coalesce(g.{quote(name)}, {column})"
        else:
            value = f'CASE WHEN f."__rows__" IS NULL THEN {self._filling(column, keys, kind)} ELSE {column} END'
        return f"{value} AS {quote(name)}"

    def _filling(self, column: str, keys: list[str], kind: str) -> str:
        """What stands in a bucket without a row: next to an end of the window there may be no value to take."""
        series = ", ".join(f"coalesce(g.{quote(key)}, f.{quote(key)})" for key in keys)
        order = 'ORDER BY coalesce(g."__at__", f."__at__")'
        over = f"PARTITION BY {series} {order}" if keys else order
        rows = f"{over} ROWS BETWEEN"
        last = f"last_value({column}) IGNORE NULLS OVER ({rows} UNBOUNDED PRECEDING AND CURRENT ROW)"
        following = f"first_value({column}) IGNORE NULLS OVER ({rows} CURRENT ROW AND UNBOUNDED FOLLOWING)"
        return {
            "0": "'0'" if kind == "text" else "0",
            "null": "NULL",
            "last": last,
            "next": following,
            "avg": f"({last} + {following}) / 2.0e0",
        }[self.series.padding]

    def _check_order(self, order: exp.Order, source: Source) -> None:
        known = {name.lower() for name in self.names}
        for entry in order.expressions:
            node = entry.this
            is_name = isinstance(node, exp.Column) and not node.table and node.name.lower() in known
            if not is_name and not isinstance(node, exp.Literal):
                raise source.error(entry, "SQL: with time_series ORDER BY takes names of the select list")
