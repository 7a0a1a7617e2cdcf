"""The SQL half: text in, one checked query over the relation ``log`` out, in Presto's terms.

What enters: the text behind the bar, and the columns of ``log``. What leaves: its tree, in which everything that is
implicit in SLS is written out: FROM, aliases that stand for expressions, earlier windows, buckets without rows, names
of columns, the LIMIT. The rule: only what is on the lists of ``grammar`` and ``functions`` goes on, and nothing here
knows the engine; ``dialects`` has the last step.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlglot import exp

from weir.query import compare, series
from weir.query.failures import QueryError
from weir.query.functions import FUNCTIONS
from weir.query.grammar import Source, check, parse, select_of
from weir.query.kinds import Kinds
from weir.query.lookups import ENGLISH, MISSING
from weir.query.series import Frame

LOG = "log"
LIMIT_DEFAULT = 100
"""Rows of a SQL answer without LIMIT (source: SLS, "LIMIT clause")."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """``query`` reads ``log``, now and ``shifts`` seconds earlier; ``kinds`` are those of the columns of ``log``,
    ``tags`` the tag columns and ``names`` all names it mentions, ``now_s`` what the clock says to it.
    """

    query: exp.Query
    kinds: Mapping[str, str]
    source: Source
    now_s: float
    tags: tuple[str, ...] = ()
    shifts: tuple[int, ...] = ()
    names: frozenset[str] = frozenset()


def resolve(source: Source, columns: Mapping[str, str], frame: Frame, known: Collection[str]) -> Resolved:
    """The query of ``source``; ``columns`` maps the names of ``log`` to kinds, ``known`` are the look-ups there are.

    Raises ``QueryError``.
    """
    try:
        query = parse(source)
        check(query, source)
        _check_lookups(query, known, source)
        own = {alias.alias.lower() for alias in query.find_all(exp.Alias)} - columns.keys()
        names = frozenset(column.name.lower() for column in query.find_all(exp.Column)) - own
        _supply_from(query)
        shifts = compare.expand(query, source)
        query = series.pad(query, Kinds(columns, query), frame, source)
        for select in query.find_all(exp.Select):
            _prefer_aliases(select)
        _name_columns(query)
        if query.args.get("limit") is None:
            query = query.limit(LIMIT_DEFAULT, copy=False)
    except RecursionError as error:
        raise QueryError.at(source.whole, source.offset, "the statement is nested too deeply") from error
    tags = {column.name for column in query.find_all(exp.Column) if column.name.startswith("__tag__:")}
    return Resolved(query, columns, source, frame.now_s, tuple(sorted(tags)), shifts, names)


def lookbacks(source: Source) -> tuple[int, ...]:
    """The shifts of the query of ``source``, in seconds, without translating it. Raises ``QueryError``."""
    try:
        return compare.shifts(parse(source), source)
    except RecursionError as error:
        raise QueryError.at(source.whole, source.offset, "the statement is nested too deeply") from error


def _check_lookups(query: exp.Query, known: Collection[str], source: Source) -> None:
    for node in query.find_all(exp.Anonymous):
        name = str(node.this).lower()
        if name in MISSING and not {name, name + ENGLISH} & set(known):
            raise source.error(node, f"{name}: {MISSING[name]}")


def _supply_from(query: exp.Query) -> None:
    """``FROM log`` where a SELECT has none."""
    for select in query.find_all(exp.Select):
        if select.args.get("from_") is None:
            select.from_(exp.to_table(LOG), copy=False)


def _prefer_aliases(select: exp.Select) -> None:
    """An alias of the select list wins over a column of the same name, except inside an aggregate (source: SLS)."""
    aliases = {item.alias.lower(): item.this for item in select.expressions if isinstance(item, exp.Alias)}
    places = {item.alias.lower(): at + 1 for at, item in enumerate(select.expressions) if isinstance(item, exp.Alias)}
    starred = any(isinstance(item, exp.Star) or item.find(exp.Star) is item for item in select.expressions)
    group = select.args.get("group")
    for item in list(group.expressions) if group else []:
        name = _bare(item)
        if name not in aliases:
            _substitute(item, aliases, select)
        elif not _aggregates(aliases[name]):
            item.replace(aliases[name].copy() if starred else exp.Literal.number(places[name]))
    having = select.args.get("having")
    if having:
        _substitute(having, aliases, select)
    order = select.args.get("order")
    for item in order.expressions if order else []:
        if _bare(item.this) not in aliases:
            _substitute(item, aliases, select)


def _bare(node: exp.Expr) -> str:
    return node.name.lower() if isinstance(node, exp.Column) and not node.table else ""


def _aggregates(node: exp.Expr) -> bool:
    return any(_is_aggregate(found) for found in node.find_all(exp.Anonymous))


def _is_aggregate(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Anonymous) and (f := FUNCTIONS.get(str(node.this).lower())) is not None and f.aggregate


def _substitute(root: exp.Expr, aliases: dict[str, exp.Expr], select: exp.Select) -> None:
    """Puts the expression of an alias in its place below ``root``."""
    for column in list(root.find_all(exp.Column)):
        expression = aliases.get(_bare(column))
        if expression is None or select_of(column) is not select:
            continue
        above = column.parent
        while above is not None and above is not root and not _is_aggregate(above):
            above = above.parent
        if not _is_aggregate(above):
            column.replace(exp.Paren(this=expression.copy()))


def _name_columns(query: exp.Query) -> None:
    """``_col0``, ``_col1`` ... for what has no name (source: Presto)."""
    for select in query.find_all(exp.Select):
        for place, item in enumerate(select.expressions):
            if not isinstance(item, (exp.Alias, exp.Column, exp.Star)):
                item.replace(exp.alias_(item.copy(), f"_col{place}", quoted=True))
