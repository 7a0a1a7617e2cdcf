"""What kind of value an expression gives, as far as its text tells.

What enters: expressions of a parsed query, and the types of the columns. What leaves: one of ``long``, ``double``,
``text``, ``time``, ``date``, ``bool``, ``array``, ``map``, or "" where the text does not tell. The rule: a kind is
named only when it is certain; whoever asks must be right, if slower, without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp

from weir.query.functions import FUNCTIONS

_SAME_AS_FIRST = frozenset({
    "sum", "min", "max", "arbitrary", "any_value", "abs", "ceil", "ceiling", "floor", "sign", "round", "truncate",
    "nullif", "try", "lag", "lead", "first_value", "last_value", "nth_value",
})  # fmt: skip
_COMMON = frozenset({"coalesce", "greatest", "least"})
_CASTS = {
    exp.DType.BIGINT: "long",
    exp.DType.INT: "long",
    exp.DType.SMALLINT: "long",
    exp.DType.TINYINT: "long",
    exp.DType.DOUBLE: "double",
    exp.DType.FLOAT: "double",
    exp.DType.VARCHAR: "text",
    exp.DType.TEXT: "text",
    exp.DType.CHAR: "text",
    exp.DType.BOOLEAN: "bool",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "time",
    exp.DType.TIMESTAMPTZ: "time",
    exp.DType.ARRAY: "array",
    exp.DType.MAP: "map",
}
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)


class Kinds:
    """The kinds of one query's names; ``of`` gives the kind of an expression."""

    def __init__(self, columns: Mapping[str, str], query: exp.Expr) -> None:
        self._names = {name.lower(): kind for name, kind in columns.items()}
        aliases = [(alias.alias.lower(), alias.this) for alias in query.find_all(exp.Alias)]
        # An alias may be made of other aliases; a name that stands for two kinds stands for none.
        for _ in range(3):
            found: dict[str, set[str]] = {}
            for name, expression in aliases:
                found.setdefault(name, set()).add(self.of(expression))
            for name, kinds in found.items():
                if name in columns:
                    kinds.add(columns[name])
                self._names[name] = kinds.pop() if len(kinds) == 1 else ""

    def of(self, node: exp.Expr | None) -> str:
        """The kind of ``node``, or ""."""
        match node:
            case exp.Paren() | exp.Alias() | exp.Neg() | exp.Window() | exp.Filter() | exp.Distinct():
                return self.of(node.this if node.this is not None else _first(node.expressions))
            case exp.Literal():
                return "text" if node.is_string else "long" if node.is_int else "double"
            case exp.Column():
                return self._names.get(node.name.lower(), "")
            case exp.Cast():
                return _CASTS.get(node.to.this, "")
            case exp.Case() | exp.If():
                return self._branches(node)
            case exp.Anonymous():
                return self._call(node)
            case exp.DPipe():
                return "text"
            case exp.Array():
                return "array"
            case exp.CurrentDate():
                return "date"
            case exp.CurrentTimestamp() | exp.Localtimestamp():
                return "time"
            case exp.Extract():
                return "long"
            case exp.Predicate() | exp.Connector() | exp.Not() | exp.Boolean():
                return "bool"
        if isinstance(node, _ARITHMETIC):
            return _arithmetic(self.of(node.this), self.of(node.expression))
        return ""

    def _call(self, node: exp.Anonymous) -> str:
        name = str(node.this).lower()
        function = FUNCTIONS.get(name)
        if function is None:
            return ""
        if name in ("max", "min") and len(node.expressions) > 1:
            return "array"
        if name in _SAME_AS_FIRST:
            return self.of(_first(node.expressions))
        if name in _COMMON:
            return _common(map(self.of, node.expressions))
        if name == "if":
            return _common(map(self.of, node.expressions[1:]))
        return function.result

    def _branches(self, node: exp.Case | exp.If) -> str:
        ifs = node.args["ifs"] if isinstance(node, exp.Case) else [node]
        default = node.args.get("default") if isinstance(node, exp.Case) else node.args.get("false")
        results = [branch.args["true"] for branch in ifs] + ([default] if default is not None else [])
        return _common(self.of(result) for result in results if not isinstance(result, exp.Null))


def _first(nodes: list[exp.Expr]) -> exp.Expr | None:
    return nodes[0] if nodes else None


def _common(kinds: Iterable[str]) -> str:
    found = set(kinds)
    if found == {"long", "double"}:
        return "double"
    return found.pop() if len(found) == 1 else ""


def _arithmetic(left: str, right: str) -> str:
    if "double" in (left, right):
        return "double"
    if left == right == "long":
        return "long"
    return "time" if left == "time" and right == "" else ""
