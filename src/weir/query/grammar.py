"""What a SQL text may consist of.

What enters: the text behind the bar. What leaves: its syntax tree, of one SELECT (with WITH, UNION, joins, windows, as
Presto has them) over ``log``, or ``QueryError`` at the construct that is not on the lists. The rule: what is not listed
does not exist. Functions reach this module unrecognised, by name only, so that ``functions`` is the only place that
gives one a meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.presto import Presto
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.presto import PrestoParser

from weir.query.failures import QueryError
from weir.query.functions import FUNCTIONS, GROWING_MAX

LENGTH_MAX = 65536
"""Characters of a query. A longer one is refused."""
LIMIT_MAX = 1_000_000
"""Rows of a SQL answer (source: SLS, "LIMIT clause"). A larger LIMIT is refused."""


class Sls(Presto):
    """Presto with back-ticks around names, and without any known function."""

    class Tokenizer(Presto.Tokenizer):
        IDENTIFIERS: ClassVar[list[str | tuple[str, str]]] = ['"', "`"]

    class Parser(PrestoParser):
        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            name: parser
            for name, parser in PrestoParser.FUNCTION_PARSERS.items()
            if name in ("CAST", "TRY_CAST", "EXTRACT")
        }


_NODES: tuple[type[exp.Expr], ...] = (
    # queries
    exp.Select, exp.Union, exp.Except, exp.Intersect, exp.Subquery, exp.With, exp.CTE, exp.From, exp.Join, exp.Where,
    exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Distinct, exp.Table, exp.TableAlias,
    exp.Unnest, exp.Window, exp.WindowSpec, exp.Filter, exp.Rollup, exp.Cube, exp.GroupingSets,
    # names and values
    exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Literal, exp.Null, exp.Boolean, exp.Var, exp.Tuple, exp.Paren,
    exp.Array, exp.Bracket, exp.Interval, exp.DataType, exp.DataTypeParam, exp.CurrentDate, exp.CurrentTimestamp,
    exp.Localtimestamp,
    # operators
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between, exp.Like,
    exp.Escape, exp.Exists, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg,
    exp.DPipe, exp.Case, exp.If, exp.Cast, exp.TryCast, exp.Extract, exp.Anonymous,
)  # fmt: skip

_TYPES = frozenset({
    exp.DType.BIGINT, exp.DType.INT, exp.DType.SMALLINT, exp.DType.TINYINT, exp.DType.DOUBLE, exp.DType.FLOAT,
    exp.DType.DECIMAL, exp.DType.VARCHAR, exp.DType.TEXT, exp.DType.CHAR, exp.DType.BOOLEAN, exp.DType.DATE,
    exp.DType.TIMESTAMP, exp.DType.ARRAY, exp.DType.MAP,
})  # fmt: skip

_PARTS = frozenset({
    "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DAY_OF_MONTH", "DAY_OF_WEEK", "DOW", "DAY_OF_YEAR", "DOY", "HOUR",
    "MINUTE", "SECOND",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """``text``, the SQL half, begins at ``offset`` of the ``whole`` query; places are told in the whole."""

    whole: str
    offset: int
    text: str

    def error(self, node: exp.Expr, message: str) -> QueryError:
        """The error at the first token of ``node`` whose place is known."""
        places = [found.meta["start"] for found in node.walk() if "start" in found.meta]
        return self.error_at(min(places, default=0), message)

    def error_at(self, place: int, message: str) -> QueryError:
        """The error at a character of ``text``."""
        return QueryError.at(self.whole, self.offset + place, message)

    def place(self, line: int, column: int) -> int:
        """The character of ``text`` at a line and column, both from 1."""
        lines = self.text.split("\n")
        return sum(len(text) + 1 for text in lines[: line - 1]) + max(0, column - 1)


def parse(source: Source) -> exp.Query:
    """The tree of one statement. Raises ``QueryError``."""
    try:
        trees = sqlglot.parse(source.text, read=Sls)
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        word = str(first.get("highlight") or "")
        place = source.place(int(first.get("line") or 1), int(first.get("col") or 1) - len(word) + 1)
        near = f" near {word!r}" if word else ""
        raise source.error_at(place, f"SQL: {_plainly(str(first.get('description', '')))}{near}") from error
    except TokenError as error:
        raise source.error_at(0, "SQL: a text or name is never closed") from error
    statements = [tree for tree in trees if tree is not None]
    if not statements:
        raise source.error_at(0, "SQL: expected SELECT")
    if len(statements) > 1:
        raise source.error(statements[1], "SQL: only one statement is possible")
    query = statements[0]
    if not isinstance(query, exp.Query):
        raise source.error(query, "SQL: only SELECT is possible")
    inner = query.unnest() if isinstance(query, exp.Subquery) else query
    assert isinstance(inner, exp.Query)
    return inner


def _plainly(description: str) -> str:
    """The parser's complaint without its own classes."""
    if not description or description.startswith("Required keyword"):
        return "something is missing"
    return description.partition(" but got <")[0]


def select_of(node: exp.Expr) -> exp.Expr | None:
    """The SELECT that ``node`` belongs to."""
    return node.find_ancestor(exp.Select)


def check(query: exp.Query, source: Source) -> None:
    """Raises ``QueryError`` at the first construct that is not on the lists."""
    growing = [node for node in query.find_all(exp.Anonymous) if _grows(node)]
    if len(growing) > GROWING_MAX:
        message = f"SQL: at most {GROWING_MAX} calls may pad, replace, escape or make sequences"
        raise source.error(growing[GROWING_MAX], message)
    common = {cte.alias.lower() for cte in query.find_all(exp.CTE)}
    for node in query.walk():
        if not isinstance(node, _NODES):
            raise source.error(node, f"SQL: {_describe(node)} is not possible")
        match node:
            case exp.Table():
                _check_table(node, common, source)
            case exp.CTE() if node.alias.lower() == "log":
                raise source.error(node, "SQL: 'log' is the logstore and cannot be defined")
            case exp.With() if node.args.get("recursive"):
                raise source.error(node, "SQL: WITH RECURSIVE is not possible")
            case exp.Column() if node.args.get("db") or node.args.get("catalog"):
                raise source.error(node, f"SQL: column {node.sql()} cannot be resolved")
            case exp.Star() if any(node.args.values()):
                raise source.error(node, "SQL: only a plain * is possible")
            case exp.Anonymous():
                _check_call(node, source)
            case exp.DataType() if node.this not in _TYPES:
                raise source.error(node.parent or node, f"SQL: type {node.sql()} is not possible")
            case exp.Extract() if node.name.upper() not in _PARTS:
                raise source.error(node, f"SQL: EXTRACT has no {node.name}")
            case exp.Limit() | exp.Offset():
                _check_limit(node, source)
            case exp.Unnest():
                _check_unnest(node, source)
            case _:
                pass


def _grows(node: exp.Anonymous) -> bool:
    function = FUNCTIONS.get(str(node.this).lower())
    return function is not None and function.growing


def _describe(node: exp.Expr) -> str:
    return type(node).__name__.upper() if not isinstance(node, exp.Func) else f"function {node.sql_name().lower()}"


def _check_table(node: exp.Table, common: set[str], source: Source) -> None:
    name = node.this
    extras = [key for key, value in node.args.items() if value and key not in ("this", "alias")]
    if not isinstance(name, exp.Identifier) or extras:
        raise source.error(node, "SQL: only the table log can be read")
    if name.name.lower() != "log" and name.name.lower() not in common:
        raise source.error(node, f"SQL: table {name.name!r} does not exist; the logstore is 'log'")


def _check_call(node: exp.Anonymous, source: Source) -> None:
    name = str(node.this).lower()
    function = FUNCTIONS.get(name)
    if function is None or not isinstance(node.this, str):
        raise source.error(node, f"SQL: function {name!r} does not exist")
    if not function.least <= len(node.expressions) <= function.most:
        counts = f"{function.least}" if function.least == function.most else f"{function.least} to {function.most}"
        raise source.error(node, f"SQL: {name} takes {counts} arguments, not {len(node.expressions)}")


def _check_limit(node: exp.Limit | exp.Offset, source: Source) -> None:
    value = node.expression
    if not isinstance(value, exp.Literal) or not value.is_int:
        raise source.error(node, "SQL: LIMIT takes whole numbers")
    if isinstance(node, exp.Limit) and int(value.name) > LIMIT_MAX:
        raise source.error(node, f"SQL: LIMIT is at most {LIMIT_MAX}")


def _check_unnest(node: exp.Unnest, source: Source) -> None:
    alias = node.args.get("alias")
    columns = alias.columns if isinstance(alias, exp.TableAlias) and alias.this else []
    pairs = (len(node.expressions), len(columns))
    if node.args.get("offset") or not columns or (pairs[0] != pairs[1] and pairs != (1, 2)):
        raise source.error(node, "SQL: UNNEST needs names: UNNEST(array) AS t(x), or UNNEST(map) AS t(k, v)")
