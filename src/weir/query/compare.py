"""``compare`` and ``ts_compare``: the same sub-query over earlier windows, beside the current one.

What enters: a checked query in Presto's terms. What leaves: the same query, in which a SELECT that compares reads its
sub-query joined with one copy of it per earlier window, and the seconds of every shift. The rule: a copy reads a
relation of the earlier rows whose ``__time__`` is moved to the current window, so that a group and its counterpart have
equal keys. Nothing here knows the engine or the snapshot. Source: SLS, "Comparative period functions".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from weir.query.calls import call
from weir.query.functions_aggregate import COMPARED_MAX
from weir.query.grammar import Source, select_of

SHIFT_SECONDS_MAX = 10 * 366 * 86400
"""Furthest window that can be compared with, in seconds before the current one. A larger shift is refused."""
LOG = "log"
_NAMES = ("compare", "ts_compare")
_NOW = "__now__"


@dataclass(frozen=True, slots=True)
class _Comparing:
    """One SELECT that compares: its calls, the columns of its sub-query it groups by, that sub-query."""

    select: exp.Select
    calls: tuple[exp.Anonymous, ...]
    keys: tuple[str, ...]
    rows: exp.Subquery


def shifted(seconds: int) -> str:
    """The name of the relation of the rows ``seconds`` earlier."""
    return f"__log_{seconds}__" if seconds else LOG


def calls(query: exp.Expr) -> list[exp.Anonymous]:
    """Every call of a comparison."""
    return [node for node in query.find_all(exp.Anonymous) if str(node.this).lower() in _NAMES]


def shifts(query: exp.Expr, source: Source) -> tuple[int, ...]:
    """How many seconds back the query reads, ascending, without the current window. Raises ``QueryError``."""
    found: set[int] = set()
    for node in calls(query):
        found |= {_seconds(n, source) for n in node.expressions[1:]}
        if len(found) > COMPARED_MAX:
            raise source.error(node, f"SQL: a query compares with at most {COMPARED_MAX} earlier windows")
    return tuple(sorted(found))


def expand(query: exp.Query, source: Source) -> tuple[int, ...]:
    """Gives every SELECT that compares its earlier windows; the shifts of all. Raises ``QueryError``."""
    found = shifts(query, source)
    selects: dict[int, list[exp.Anonymous]] = {}
    for node in calls(query):
        selects.setdefault(id(select_of(node)), []).append(node)
    # All is checked before the first copy is made: a copy of a comparison would be one too.
    for comparing in [_comparing(nodes, source) for nodes in selects.values()]:
        _join(comparing, source)
    return found


def _seconds(node: exp.Expr, source: Source) -> int:
    if not isinstance(node, exp.Literal) or not node.is_int or not 1 <= int(node.name) <= SHIFT_SECONDS_MAX:
        raise source.error(node, f"SQL: a comparison goes back between 1 and {SHIFT_SECONDS_MAX} seconds, as a number")
    return int(node.name)


def _comparing(nodes: list[exp.Anonymous], source: Source) -> _Comparing:
    first = nodes[0]
    name = str(first.this).lower()
    select = select_of(first)
    if not isinstance(select, exp.Select):
        raise source.error(first, f"SQL: {name} belongs into a select list")
    rows = select.args["from_"].this
    if not isinstance(rows, exp.Subquery) or select.args.get("joins") or select.args.get("laterals"):
        raise source.error(first, f"SQL: {name} needs one sub-query to read: FROM (SELECT ... FROM log)")
    if any(calls(part) for part in (rows, *(n for node in nodes for n in node.expressions))):
        raise source.error(first, f"SQL: {name} cannot be nested")
    for table in rows.find_all(exp.Table):
        if table.name.lower() != LOG:
            raise source.error(table, f"SQL: the sub-query of {name} can read log only, not {table.name!r}")
    return _Comparing(select, tuple(nodes), _keys(select, name, source), rows)


def _keys(select: exp.Select, name: str, source: Source) -> tuple[str, ...]:
    """The columns of the sub-query that the SELECT groups by; an alias or a place stands for its expression."""
    aliases = {item.alias.lower(): item.this for item in select.expressions if isinstance(item, exp.Alias)}
    group = select.args.get("group")
    keys = []
    for item in group.expressions if group else []:
        column = item
        if isinstance(item, exp.Literal) and item.is_int and 1 <= int(item.name) <= len(select.expressions):
            column = select.expressions[int(item.name) - 1].unalias()
        elif isinstance(item, exp.Column) and not item.table:
            column = aliases.get(item.name.lower(), item)
        if not isinstance(column, exp.Column):
            raise source.error(item, f"SQL: with {name} GROUP BY takes columns of the sub-query")
        keys.append(column.name)
    return tuple(keys)


def _join(comparing: _Comparing, source: Source) -> None:
    """Reads the sub-query with its earlier windows beside it, and hands their columns to the calls."""
    rows = comparing.rows
    alias = rows.args.get("alias") or exp.TableAlias(this=_name("__compared__"))
    names = alias.args.get("columns") or []
    now = exp.Subquery(this=rows.this.copy(), alias=exp.TableAlias(this=_name(_NOW), columns=_copies(names)))
    wide = exp.Select(expressions=[exp.Column(this=exp.Star(), table=_name(_NOW))]).from_(now, copy=False)
    columns: dict[tuple[int, int], exp.Expr] = {}
    for seconds in sorted({int(n.name) for node in comparing.calls for n in node.expressions[1:]}):
        places = [
            place
            for place, node in enumerate(comparing.calls)
            if any(int(n.name) == seconds for n in node.expressions[1:])
        ]
        before = f"__earlier_{seconds}__"
        earlier = exp.Subquery(this=_earlier(comparing, seconds, places), alias=exp.TableAlias(this=_name(before)))
        same: list[exp.Expr] = [
            exp.NullSafeEQ(this=_column(key, _NOW), expression=_column(f"__key_{at}__", before))
            for at, key in enumerate(comparing.keys)
        ]
        on = exp.and_(*same) if same else exp.Boolean(this=True)
        wide.join(earlier, on=on, join_type="left", copy=False)
        for place in places:
            name = f"__value_{place}_{seconds}__"
            wide.select(exp.alias_(_column(f"__value_{place}__", before), name, quoted=True), copy=False)
            columns[place, seconds] = _column(name)
    times = {place: _time(comparing, node, source) for place, node in enumerate(comparing.calls) if _is_ts(node)}
    rows.replace(exp.Subquery(this=wide, alias=exp.TableAlias(this=alias.this.copy())))
    for place, node in enumerate(comparing.calls):
        arguments = [node.expressions[0]] + ([times[place]] if place in times else [])
        for n in node.expressions[1:]:
            arguments.append(columns[place, int(n.name)].copy())
            arguments += [n] if place in times else []
        node.set("expressions", arguments)


def _earlier(comparing: _Comparing, seconds: int, places: Sequence[int]) -> exp.Select:
    """The groups of one earlier window: their keys and, per call, the values that it compares with."""
    rows = comparing.rows.copy()
    for table in rows.find_all(exp.Table):
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
        table.set("this", _name(shifted(seconds)))
    if not rows.alias:
        rows.set("alias", exp.TableAlias(this=_name("__compared__")))
    items = [exp.alias_(_column(key), f"__key_{at}__", quoted=True) for at, key in enumerate(comparing.keys)]
    for place in places:
        values = call("array_agg", comparing.calls[place].expressions[0].copy())
        items.append(exp.alias_(values, f"__value_{place}__", quoted=True))
    select = exp.Select(expressions=items).from_(rows, copy=False)
    where = comparing.select.args.get("where")
    if where:
        select.set("where", where.copy())
    if comparing.keys:
        select.group_by(*(exp.Literal.number(at + 1) for at in range(len(comparing.keys))), copy=False)
    return select


def _time(comparing: _Comparing, node: exp.Anonymous, source: Source) -> exp.Expr:
    """The one key that is a time: what the sub-query makes of ``__time__``."""
    query = comparing.rows.this
    items = {item.alias_or_name.lower(): item for item in query.selects}
    made = [
        key
        for key in comparing.keys
        if (item := items.get(key.lower())) and any(c.name.lower() == "__time__" for c in item.find_all(exp.Column))
    ]
    if len(made) != 1:
        raise source.error(node, "SQL: ts_compare needs GROUP BY with one time column, made of __time__")
    return _column(made[0])


def _is_ts(node: exp.Anonymous) -> bool:
    return str(node.this).lower() == "ts_compare"


def _name(text: str) -> exp.Identifier:
    return exp.to_identifier(text, quoted=True)


def _column(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table, quoted=True)


def _copies(nodes: Sequence[exp.Expr]) -> list[exp.Expr]:
    return [node.copy() for node in nodes]
