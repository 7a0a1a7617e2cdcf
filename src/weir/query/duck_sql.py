"""The last step to DuckDB: a checked query in Presto's terms becomes text with the same meaning there.

What enters: a ``Resolved`` query. What leaves: DuckDB text over ``log``, and the names of macros and look-ups it calls.
The rule: the text is written anew by the generator, every name quoted, so no character of the user's text reaches the
engine as it was; where the two engines mean different things, Presto's meaning is made explicit here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from weir.query import duck_distinct
from weir.query.calls import Unsuitable, call
from weir.query.failures import QueryError
from weir.query.functions import FUNCTIONS
from weir.query.functions_time import TIMES
from weir.query.grammar import Source
from weir.query.kinds import Kinds
from weir.query.macros import PREFIX
from weir.query.sql import Resolved

_INTEGERS = (exp.DType.BIGINT, exp.DType.INT, exp.DType.SMALLINT, exp.DType.TINYINT)
_TEXTS = (exp.DType.VARCHAR, exp.DType.TEXT, exp.DType.CHAR)
_TIME_FORMAT = "%Y-%m-%d %H:%M:%S.%g"
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)


@dataclass(frozen=True, slots=True)
class Written:
    """``text`` over ``log``; ``calls`` are the names with our prefix that it calls."""

    text: str
    calls: frozenset[str]


def write(resolved: Resolved) -> Written:
    """The query in DuckDB's words. Raises ``QueryError``. The tree of ``resolved`` is used up."""
    query, source = resolved.query, resolved.source
    try:
        _rewrite(query, Kinds(resolved.kinds, query), source, resolved.now_s)
        duck_distinct.flatten(query)
        text = query.sql("duckdb", identify=True, comments=False, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise QueryError.at(source.whole, source.offset, f"SQL: {error}") from error
    except RecursionError as error:
        raise QueryError.at(source.whole, source.offset, "the statement is nested too deeply") from error
    calls = frozenset(name for node in query.find_all(exp.Anonymous) if (name := str(node.this)).startswith(PREFIX))
    return Written(text, calls)


def _rewrite(query: exp.Query, kinds: Kinds, source: Source, now_s: float) -> None:
    """Every node in the engine's terms, from the leaves up; kinds are taken before anything moves."""
    nodes = list(query.walk())
    before = {id(node): kinds.of(node) for node in nodes}
    replaced = []
    for node in reversed(nodes):
        fresh = _engine_form(node, before, source, now_s)
        if fresh is not node:
            node.replace(fresh)
            before[id(fresh)] = before[id(node)]
            # Kept, so that no later node gets the identity of one that is gone.
            replaced.append(fresh)


def _engine_form(node: exp.Expr, before: dict[int, str], source: Source, now_s: float) -> exp.Expr:
    kind = before.get(id(node), "")
    match node:
        case exp.Literal():
            return _number(node)
        case exp.Div():
            return _divide(node, before)
        case exp.Cast():
            return _cast(node, before.get(id(node.this), ""))
        case exp.If() if not isinstance(node.parent, exp.Case):
            return exp.Case(ifs=[exp.If(this=node.this, true=node.args["true"])], default=node.args.get("false"))
        case exp.Extract():
            node.set("expression", _moment(node.expression, before))
        case exp.CurrentTimestamp() | exp.Localtimestamp() | exp.CurrentDate():
            return exp.Cast(this=_now(now_s), to=exp.DataType.build("DATE")) if kind == "date" else _now(now_s)
        case exp.Anonymous() if str(node.this).lower() == "now":
            return _now(now_s)
        case exp.Anonymous():
            return _call(node, before, source)
        case exp.Unnest():
            return _unnest(node, before)
    return node


def _now(now_s: float) -> exp.Expr:
    return call("to_timestamp", exp.Literal.number(f"{now_s:.6f}e0"))


def _number(node: exp.Literal) -> exp.Expr:
    """Presto's literals are BIGINT and DOUBLE; the engine's would be INTEGER and DECIMAL."""
    if node.is_string:
        return node
    if not node.is_int:
        return exp.Literal.number(node.name if "e" in node.name.lower() else f"{node.name}e0")
    if isinstance(node.parent, _ARITHMETIC):
        return exp.Cast(this=node.copy(), to=exp.DataType.build("BIGINT"))
    return node


def _divide(node: exp.Div, before: dict[int, str]) -> exp.Expr:
    """Whole numbers divide to a whole number and not by zero; a double follows IEEE 754 where it is known as one."""
    left, right = (exp.Paren(this=side) for side in (node.this, node.expression))
    if before.get(id(node)) == "double":
        sides = [exp.Cast(this=side, to=exp.DataType.build("DOUBLE")) for side in (left, right)]
        return exp.Paren(this=exp.Div(this=sides[0], expression=sides[1], typed=False, safe=False))
    return exp.Paren(this=exp.IntDiv(this=left, expression=right))


def _cast(node: exp.Cast, kind: str) -> exp.Expr:
    target = node.to.this
    if target == exp.DType.TIMESTAMP:
        node.set("to", exp.DataType.build("TIMESTAMPTZ"))
    if isinstance(node, exp.TryCast):
        return node
    if target in _INTEGERS and kind in ("", "double"):
        rounded = call("round", node.this) if kind else call(PREFIX + "bigint", node.this)
        node.set("this", rounded)
    if target in _TEXTS and kind in ("", "time"):
        text = exp.Literal.string(_TIME_FORMAT)
        return call("strftime", node.this, text) if kind else call(PREFIX + "varchar", node.this)
    return node


def _moment(node: exp.Expr, before: dict[int, str]) -> exp.Expr:
    """``node`` as a time stamp: seconds since 1970, a text, a date or a time stamp already."""
    match before.get(id(node), ""):
        case "time":
            return node
        case "long" | "double":
            return call("to_timestamp", node)
        case "date" | "text":
            return exp.Cast(this=node, to=exp.DataType.build("TIMESTAMPTZ"))
        case _:
            return call(PREFIX + "time", node)


def _minute(seconds: exp.Expr) -> exp.Expr:
    """The minute of a count of seconds. It begins at the same instant in every zone, and costs no calendar."""
    sixty = exp.Literal.number(60)
    rest = exp.Mod(this=exp.Paren(this=seconds), expression=sixty)
    # Before 1970 the rest is negative.
    past = exp.Mod(this=exp.Paren(this=exp.Add(this=rest, expression=sixty.copy())), expression=sixty.copy())
    return call("to_timestamp", exp.Sub(this=exp.Paren(this=seconds.copy()), expression=past))


def _call(node: exp.Anonymous, before: dict[int, str], source: Source) -> exp.Expr:
    name = str(node.this).lower()
    arguments = list(node.expressions)
    if name == "date_trunc" and before.get(id(arguments[1])) == "long" and arguments[0].name.lower() == "minute":
        return _minute(arguments[1])
    if name in TIMES:
        for place in TIMES[name][1]:
            arguments[place] = _moment(arguments[place], before)
    if name == "cardinality" and before.get(id(arguments[0])) == "map":
        return call("cardinality", arguments[0])
    try:
        return FUNCTIONS[name].build(arguments)
    except Unsuitable as unsuitable:
        raise source.error(node, f"{name}: {unsuitable}") from unsuitable


def _unnest(node: exp.Unnest, before: dict[int, str]) -> exp.Expr:
    """One column per array, two per map; arrays side by side are filled up with NULL."""
    alias = node.args["alias"]
    columns = [column.name for column in alias.columns]
    values = list(node.expressions)
    if len(values) == 1 and len(columns) == 2:
        values = [call("map_keys", values[0]), call("map_values", values[0].copy())]
    select = exp.Select(
        expressions=[
            exp.alias_(call("unnest", value), column, quoted=True)
            for value, column in zip(values, columns, strict=True)
        ]
    )
    name = exp.TableAlias(this=alias.this.copy())
    return exp.Lateral(this=exp.Subquery(this=select), alias=name)
