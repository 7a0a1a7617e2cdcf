"""The allow-list of functions, and what each becomes.

What enters: the name and the arguments of a call as sqlglot parsed them. What leaves: the expression that has the same
meaning in the engine. The rule: a function that is not in ``FUNCTIONS`` does not exist (so no file, setting or
environment function is reachable), and one whose meaning differs between Presto and DuckDB is rewritten here, not left
to luck. Sources: Presto, "Functions and operators"; SLS, the function pages.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from weir.query.macros import PREFIX

COMPARED_MAX = 10
"""Earlier windows of a query: each is read like the current one. More are refused."""
Arguments = Sequence[exp.Expr]
Build = Callable[[Arguments], exp.Expr]


class Unsuitable(Exception):
    """An argument this function cannot take; the translator adds the place in the text."""


@dataclass(frozen=True, slots=True)
class Function:
    """``least`` and ``most`` arguments; ``result`` is the kind of value where it is always the same, else ""."""

    least: int
    most: int
    build: Build
    result: str = ""
    aggregate: bool = False


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """``name(arguments)`` exactly as written."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def _plain(name: str, least: int, most: int | None = None, result: str = "") -> Function:
    return Function(least, least if most is None else most, lambda args: call(name, *args), result)


def _aggregate(name: str, least: int = 1, most: int | None = None, result: str = "") -> Function:
    return Function(least, least if most is None else most, lambda args: call(name, *args), result, aggregate=True)


def _macro(name: str, count: int, result: str = "") -> Function:
    return Function(count, count, lambda args: call(PREFIX + name, *args), result)


def _literal(node: exp.Expr, what: str) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise Unsuitable(f"{what} must be a text in single quotes")
    return str(node.this)


# Presto's format letters (those of MySQL) -> DuckDB's.
_LETTERS = {
    "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "f": "%f", "H": "%H", "h": "%I", "I": "%I",
    "i": "%M", "j": "%j", "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p", "r": "%I:%M:%S %p",
    "S": "%S", "s": "%S", "T": "%H:%M:%S", "v": "%V", "W": "%A", "x": "%G", "Y": "%Y", "y": "%y", "%": "%%",
}  # fmt: skip


def time_format(text: str) -> str:
    """A format of ``date_format`` in the engine's letters. Raises ``Unsuitable`` for a letter Presto refuses."""
    found = []
    position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character == "%" and position < len(text):
            letter = text[position]
            position += 1
            if letter in "DUuVwX":
                raise Unsuitable(f"%{letter} is not supported in a time format")
            found.append(_LETTERS.get(letter, letter))
        else:
            found.append("%%" if character == "%" else character)
    return "".join(found)


def _date_format(args: Arguments) -> exp.Expr:
    return call("strftime", args[0], exp.Literal.string(time_format(_literal(args[1], "the format"))))


def _date_parse(args: Arguments) -> exp.Expr:
    parsed = call("strptime", args[0], exp.Literal.string(time_format(_literal(args[1], "the format"))))
    return exp.Cast(this=parsed, to=exp.DataType.build("TIMESTAMPTZ"))


UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")


def _unit(node: exp.Expr) -> str:
    unit = _literal(node, "the unit").lower()
    if unit not in UNITS:
        raise Unsuitable(f"the unit must be one of {', '.join(UNITS)}")
    return unit


def _date_trunc(args: Arguments) -> exp.Expr:
    return call("date_trunc", exp.Literal.string(_unit(args[0])), args[1])


def _date_diff(args: Arguments) -> exp.Expr:
    """Whole units between two times: DuckDB's date_diff would count the boundaries crossed."""
    return call("date_sub", exp.Literal.string(_unit(args[0])), args[1], args[2])


def _date_add(args: Arguments) -> exp.Expr:
    unit = _unit(args[0])
    count = args[1]
    if unit == "quarter":
        unit, count = "month", exp.Mul(this=exp.Paren(this=count), expression=exp.Literal.number(3))
    interval = call(f"to_{unit}s", exp.Cast(this=count, to=exp.DataType.build("INT")))
    return exp.Paren(this=exp.Add(this=args[2], expression=interval))


def _concat(args: Arguments) -> exp.Expr:
    """NULL if any part is: DuckDB's concat would leave it out."""
    whole = args[0]
    for part in args[1:]:
        whole = exp.DPipe(this=whole, expression=part)
    return exp.Paren(this=whole)


def _infix(kind: type[exp.Binary]) -> Build:
    return lambda args: exp.Paren(this=kind(this=exp.Paren(this=args[0]), expression=exp.Paren(this=args[1])))


def _if(args: Arguments) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=args[0], true=args[1])], default=args[2] if len(args) > 2 else exp.Null())


def _regexp_replace(args: Arguments) -> exp.Expr:
    """All occurrences; groups are ``$1`` in Presto."""
    by = "" if len(args) < 3 else re.sub(r"\$(\d)", r"\\\1", _literal(args[2], "the replacement"))
    return call("regexp_replace", args[0], args[1], exp.Literal.string(by), exp.Literal.string("g"))


def _regexp_extract(args: Arguments) -> exp.Expr:
    group = args[2] if len(args) > 2 else exp.Literal.number(0)
    return call(PREFIX + "regexp_extract", args[0], args[1], group)


def _distinct(args: Arguments) -> exp.Expr:
    """Exact: any count within the permitted error is a right answer, and the exact one can be checked."""
    return call("count", exp.Distinct(expressions=[args[0]]))


def _count_if(args: Arguments) -> exp.Expr:
    """0 over no rows: DuckDB's count_if is a sum, and NULL there."""
    return call("count", exp.Case(ifs=[exp.If(this=args[0], true=exp.Literal.number(1))]))


def _by(name: str) -> Build:
    """``max_by``: the value at the extreme even where it is NULL; with n, the n values in order."""
    return lambda args: call(f"{PREFIX}{name}_n" if len(args) == 3 else f"{name}_null", *args)


def _map_agg(args: Arguments) -> exp.Expr:
    return call("map", call("list", args[0]), call("list", args[1]))


def _compare(args: Arguments) -> exp.Expr:
    """Now, every earlier value, the ratios of now to them; ``args`` as ``compare.expand`` leaves them."""
    lists = [call("list", args[0]), *(call("any_value", values) for values in args[1:])]
    now, *before = (call(PREFIX + "single", values) for values in lists)
    return exp.Array(expressions=[now, *before, *(call(PREFIX + "ratio", now.copy(), one.copy()) for one in before)])


def _ts_compare(args: Arguments) -> exp.Expr:
    """The same, then the second of each earlier time; ``args`` are x, the time, and values and shift in turn."""
    compared = _compare([args[0], *args[2::2]])
    for shift in args[3::2]:
        compared.append("expressions", exp.Sub(this=call("epoch", args[1].copy()), expression=shift))
    return compared


def _geometric_mean(args: Arguments) -> exp.Expr:
    return call("exp", call("avg", call("ln", args[0])))


def _sequence(args: Arguments) -> exp.Expr:
    return call("generate_series", *args)


def _cidr(index: int, build: Build) -> Build:
    """``build`` with the network at ``index`` checked, where it is written out."""

    def checked(args: Arguments) -> exp.Expr:
        node = args[index]
        if isinstance(node, exp.Literal):
            try:
                ipaddress.ip_network(_literal(node, "the network"), strict=False)
            except ValueError as error:
                raise Unsuitable(f"{node.this!r} is no network: {error}") from error
            if "/" not in str(node.this):
                raise Unsuitable(f"{node.this!r} has no prefix length")
        return build(args)

    return checked


def _subnet_range(args: Arguments) -> exp.Expr:
    return exp.Array(expressions=[call(PREFIX + "ip_low", args[0]), call(PREFIX + "ip_high", args[0].copy())])


def _missing(what: str) -> Function:
    def refuse(args: Arguments) -> exp.Expr:
        raise Unsuitable(what)

    return Function(1, 2, refuse)


_NO_GEO = _missing("no geography file is configured, so places of addresses are not known")
_NO_THREATS = _missing("no threat list is configured")

AGGREGATES: dict[str, Function] = {
    "count": _aggregate("count", 0, 1, "long"),
    "sum": _aggregate("sum"),
    "avg": _aggregate("avg", result="double"),
    "min": _aggregate("min", 1, 2),
    "max": _aggregate("max", 1, 2),
    "count_if": Function(1, 1, _count_if, "long", aggregate=True),
    "arbitrary": _aggregate("any_value"),
    "any_value": _aggregate("any_value"),
    "array_agg": _aggregate("list", result="array"),
    "histogram": _aggregate("histogram", result="map"),
    "approx_distinct": Function(1, 2, _distinct, "long", aggregate=True),
    "approx_percentile": _aggregate("quantile_disc", 2),
    "max_by": Function(2, 3, _by("arg_max"), aggregate=True),
    "min_by": Function(2, 3, _by("arg_min"), aggregate=True),
    "map_agg": Function(2, 2, _map_agg, "map", aggregate=True),
    "geometric_mean": Function(1, 1, _geometric_mean, "double", aggregate=True),
    "compare": Function(2, 1 + COMPARED_MAX, _compare, "array", aggregate=True),
    "bitwise_and_agg": _aggregate("bit_and", result="long"),
    "bitwise_or_agg": _aggregate("bit_or", result="long"),
    "bool_and": _aggregate("bool_and", result="bool"),
    "bool_or": _aggregate("bool_or", result="bool"),
    "every": _aggregate("bool_and", result="bool"),
    **{
        name: _aggregate(target, result="double")
        for name, target in {
            "stddev": "stddev_samp", "stddev_samp": "stddev_samp", "stddev_pop": "stddev_pop",
            "variance": "var_samp", "var_samp": "var_samp", "var_pop": "var_pop",
            "skewness": "skewness", "kurtosis": "kurtosis",
        }.items()
    },
    **{
        name: _aggregate(name, 2, result="double")
        for name in ("corr", "covar_pop", "covar_samp", "regr_slope", "regr_intercept")
    },
}  # fmt: skip

WINDOWS: dict[str, Function] = {
    **{name: _plain(name, 0, result="long") for name in ("row_number", "rank", "dense_rank")},
    **{name: _plain(name, 0, result="double") for name in ("percent_rank", "cume_dist")},
    "ntile": _plain("ntile", 1, result="long"),
    "lag": _plain("lag", 1, 3),
    "lead": _plain("lead", 1, 3),
    "first_value": _plain("first_value", 1),
    "last_value": _plain("last_value", 1),
    "nth_value": _plain("nth_value", 2),
}

_MATHS = (
    "sqrt", "cbrt", "exp", "ln", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
    "degrees", "radians",
)  # fmt: skip

SCALARS: dict[str, Function] = {
    **{name: _plain(name, 1, result="double") for name in _MATHS},
    **{name: _plain(name, 1) for name in ("abs", "ceil", "ceiling", "floor", "sign")},
    "round": _plain("round", 1, 2),
    "truncate": _plain("trunc", 1),
    "log": _plain("log", 2, result="double"),
    "power": _plain("pow", 2, result="double"),
    "pow": _plain("pow", 2, result="double"),
    "atan2": _plain("atan2", 2, result="double"),
    "pi": _plain("pi", 0, result="double"),
    "random": _plain("random", 0, result="double"),
    "rand": _plain("random", 0, result="double"),
    "is_nan": _plain("isnan", 1, result="bool"),
    "is_finite": _plain("isfinite", 1, result="bool"),
    "is_infinite": _plain("isinf", 1, result="bool"),
    "mod": Function(2, 2, _infix(exp.Mod)),
    "greatest": _plain("greatest", 1, 50),
    "least": _plain("least", 1, 50),
    "bitwise_and": Function(2, 2, _infix(exp.BitwiseAnd), "long"),
    "bitwise_or": Function(2, 2, _infix(exp.BitwiseOr), "long"),
    "bitwise_xor": _plain("xor", 2, result="long"),
    "bitwise_not": Function(1, 1, lambda args: exp.BitwiseNot(this=exp.Paren(this=args[0])), "long"),
    "length": _plain("length", 1, result="long"),
    **{name: _plain(name, 1, result="text") for name in ("lower", "upper", "trim", "ltrim", "rtrim", "reverse", "chr")},
    "concat": Function(1, 50, _concat, "text"),
    "substr": _plain("substr", 2, 3, "text"),
    "substring": _plain("substr", 2, 3, "text"),
    "replace": Function(
        2, 3, lambda args: call("replace", *args[:2], args[2] if len(args) > 2 else exp.Literal.string("")), "text"
    ),
    "split": _plain("string_split", 2, result="array"),
    "split_part": _macro("split_part", 3, "text"),
    "strpos": _plain("strpos", 2, result="long"),
    "lpad": _plain("lpad", 3, result="text"),
    "rpad": _plain("rpad", 3, result="text"),
    "codepoint": _plain("unicode", 1, result="long"),
    "starts_with": _plain("starts_with", 2, result="bool"),
    "ends_with": _plain("ends_with", 2, result="bool"),
    "levenshtein_distance": _plain("levenshtein", 2, result="long"),
    "hamming_distance": _plain("hamming", 2, result="long"),
    "url_encode": _plain("url_encode", 1, result="text"),
    "url_decode": _plain("url_decode", 1, result="text"),
    "regexp_like": _plain("regexp_matches", 2, result="bool"),
    "regexp_extract": Function(2, 3, _regexp_extract, "text"),
    "regexp_extract_all": _plain("regexp_extract_all", 2, 3, "array"),
    "regexp_replace": Function(2, 3, _regexp_replace, "text"),
    "regexp_split": _plain("regexp_split_to_array", 2, result="array"),
    "json_extract_scalar": _macro("json_scalar", 2, "text"),
    "json_extract": _macro("json_value", 2, "text"),
    "if": Function(2, 3, _if),
    "coalesce": _plain("coalesce", 1, 50),
    "nullif": _plain("nullif", 2),
    "try": _plain("try", 1),
    "cardinality": _plain("len", 1, result="long"),
    "element_at": Function(2, 2, lambda args: exp.Bracket(this=args[0], expressions=[args[1]])),
    "contains": _plain("list_contains", 2, result="bool"),
    "array_join": _plain("array_to_string", 2, result="text"),
    "array_max": _plain("list_max", 1),
    "array_min": _plain("list_min", 1),
    "array_sum": _plain("list_sum", 1),
    "array_sort": _plain("list_sort", 1, result="array"),
    "array_distinct": _plain("list_distinct", 1, result="array"),
    "array_position": _plain("list_position", 2, result="long"),
    "array_intersect": _plain("list_intersect", 2, result="array"),
    "flatten": _plain("flatten", 1, result="array"),
    "map": _plain("map", 2, result="map"),
    "map_keys": _plain("map_keys", 1, result="array"),
    "map_values": _plain("map_values", 1, result="array"),
    "sequence": Function(2, 3, _sequence, "array"),
}  # fmt: skip

# The first number is the argument that is a time: it may be seconds, a time stamp or a date.
TIMES: dict[str, tuple[Function, tuple[int, ...]]] = {
    "from_unixtime": (Function(1, 1, lambda args: args[0], "time"), (0,)),
    "to_unixtime": (_plain("epoch", 1, result="double"), (0,)),
    "date_trunc": (Function(2, 2, _date_trunc, "time"), (1,)),
    "date_format": (Function(2, 2, _date_format, "text"), (0,)),
    "date_diff": (Function(3, 3, _date_diff, "long"), (1, 2)),
    "date_add": (Function(3, 3, _date_add, "time"), (2,)),
    "ts_compare": (Function(2, 1 + COMPARED_MAX, _ts_compare, "array", aggregate=True), (1,)),
    "date": (
        Function(1, 1, lambda args: exp.Cast(this=args[0], to=exp.DataType.build("DATE")), "date"),
        (0,),
    ),
    **{
        name: (_plain(target, 1, result="long"), (0,))
        for name, target in {
            "year": "year", "quarter": "quarter", "month": "month", "week": "week", "week_of_year": "week",
            "day": "day", "day_of_month": "day", "day_of_week": "isodow", "dow": "isodow",
            "day_of_year": "dayofyear", "doy": "dayofyear", "hour": "hour", "minute": "minute", "second": "second",
        }.items()
    },
}  # fmt: skip

ADDRESSES: dict[str, Function] = {
    "is_subnet_of": Function(2, 2, _cidr(0, lambda args: call(PREFIX + "is_subnet_of", *args)), "bool"),
    "is_prefix_subnet_of": Function(2, 2, _cidr(0, lambda args: call(PREFIX + "is_prefix_subnet_of", *args)), "bool"),
    "ip_prefix": _macro("ip_prefix", 2, "text"),
    "ip_subnet_min": Function(1, 1, _cidr(0, lambda args: call(PREFIX + "ip_low", *args)), "text"),
    "ip_subnet_max": Function(1, 1, _cidr(0, lambda args: call(PREFIX + "ip_high", *args)), "text"),
    "ip_subnet_range": Function(1, 1, _cidr(0, _subnet_range), "array"),
    "ip_to_domain": _macro("ip_to_domain", 1, "text"),
    **{
        f"ip_to_{place}": _NO_GEO
        for place in ("country", "country_code", "province", "city", "geo", "city_geo", "provider")
    },
    **{f"security_check_{kind}": _NO_THREATS for kind in ("ip", "domain", "url")},
}  # fmt: skip

FUNCTIONS: dict[str, Function] = {
    **AGGREGATES,
    **WINDOWS,
    **SCALARS,
    **{name: function for name, (function, _) in TIMES.items()},
    **ADDRESSES,
    # Never built: ``series`` puts other calls in its place.
    "time_series": _plain("time_series", 4, result="text"),
    "date_parse": Function(2, 2, _date_parse, "time"),
}
"""Every function a query may call, by its lower-case name."""
