"""Functions of one row: numbers, texts, arrays, maps, conditions.

What enters: calls as parsed. What leaves: the engine's. The rule: where Presto and DuckDB mean different things the
call is rewritten; a text or array that could grow without bound has the limit of ``macros``. Sources: Presto,
"Mathematical functions", "String functions", "Regular expression functions", "Array functions", "Map functions", "JSON
functions".
"""

from __future__ import annotations

import re

from sqlglot import exp

from weir.query.calls import Arguments, Build, Function, call, literal, macro, number, plain, text
from weir.query.macros import PREFIX


def _concat(args: Arguments) -> exp.Expr:
    """NULL if any part is: DuckDB's concat would leave it out."""
    whole = args[0]
    for part in args[1:]:
        whole = exp.DPipe(this=whole, expression=part)
    return exp.Paren(this=whole)


def _infix(kind: type[exp.Binary]) -> Build:
    return lambda args: exp.Paren(this=kind(this=exp.Paren(this=args[0]), expression=exp.Paren(this=args[1])))


def _extreme(name: str) -> Build:
    """NULL if any value is: the engine's own would leave it out."""
    return lambda args: call(PREFIX + name, exp.Array(expressions=list(args)))


def _if(args: Arguments) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=args[0], true=args[1])], default=args[2] if len(args) > 2 else exp.Null())


def _regexp_replace(args: Arguments) -> exp.Expr:
    """All occurrences; groups are ``$1`` in Presto."""
    by = "" if len(args) < 3 else re.sub(r"\$(\d)", r"\\\1", literal(args[2], "the replacement"))
    if not by:
        return call("regexp_replace", args[0], args[1], text(""), text("g"))
    return call(PREFIX + "regexp_replace", args[0], args[1], text(by))


def _regexp_extract(args: Arguments) -> exp.Expr:
    group = args[2] if len(args) > 2 else number(0)
    return call(PREFIX + "regexp_extract", args[0], args[1], group)


def _replace(args: Arguments) -> exp.Expr:
    if len(args) < 3:
        return call("replace", *args, text(""))
    return call(PREFIX + "replace", *args)


def _substr(args: Arguments) -> exp.Expr:
    return call(PREFIX + ("substr" if len(args) == 2 else "substr_of"), *args)


def _sequence(args: Arguments) -> exp.Expr:
    return call(PREFIX + "sequence", *args[:2], args[2] if len(args) > 2 else number(1))


_MATHS = {
    "sqrt": "Square root.",
    "cbrt": "Cube root.",
    "exp": "e to the power of x.",
    "ln": "Natural logarithm.",
    "log2": "Logarithm to base 2.",
    "log10": "Logarithm to base 10.",
    **dict.fromkeys(("sin", "cos", "tan", "asin", "acos", "atan"), "Trigonometry, in radians."),
    **dict.fromkeys(("sinh", "cosh", "tanh"), "Hyperbolic."),
    "degrees": "Radians as degrees.",
    "radians": "Degrees as radians.",
}

NUMBERS: dict[str, Function] = {
    **{name: plain(name, 1, f"(x) {doc}", "double") for name, doc in _MATHS.items()},
    "abs": plain("abs", 1, "(x) Absolute value."),
    "ceil": plain("ceil", 1, "(x) Next whole number above."),
    "ceiling": plain("ceiling", 1, "(x) Next whole number above."),
    "floor": plain("floor", 1, "(x) Next whole number below."),
    "sign": plain("sign", 1, "(x) -1, 0 or 1."),
    "round": plain("round", (1, 2), "(x [, places]) Rounded, a half away from zero."),
    "truncate": plain("trunc", 1, "(x) Without the digits behind the point."),
    "log": plain("log", 2, "(b, x) Logarithm to base b.", "double"),
    "power": plain("pow", 2, "(x, p) x to the power of p.", "double"),
    "pow": plain("pow", 2, "(x, p) x to the power of p.", "double"),
    "atan2": plain("atan2", 2, "(y, x) Angle of a point.", "double"),
    "pi": plain("pi", 0, "() 3.14159...", "double"),
    "e": Function(0, 0, lambda args: call("exp", number(1)), "double", doc="() 2.71828..."),
    "nan": Function(0, 0, lambda args: exp.Cast(this=text("nan"), to=exp.DataType.build("DOUBLE")), "double",
        doc="() Not a number."),
    "infinity": Function(0, 0, lambda args: exp.Cast(this=text("inf"), to=exp.DataType.build("DOUBLE")), "double",
        doc="() Infinity."),
    "random": plain("random", 0, "() A number from 0 to 1.", "double"),
    "rand": plain("random", 0, "() A number from 0 to 1.", "double"),
    "is_nan": plain("isnan", 1, "(x) Whether it is no number.", "bool"),
    "is_finite": plain("isfinite", 1, "(x) Whether it is finite.", "bool"),
    "is_infinite": plain("isinf", 1, "(x) Whether it is infinite.", "bool"),
    "mod": Function(2, 2, _infix(exp.Mod), doc="(x, n) Rest of the division."),
    "greatest": Function(1, 50, _extreme("greatest"), doc="(x, ...) Largest value; null if any is."),
    "least": Function(1, 50, _extreme("least"), doc="(x, ...) Smallest value; null if any is."),
    "bitwise_and": Function(2, 2, _infix(exp.BitwiseAnd), "long", doc="(x, y) AND of the bits."),
    "bitwise_or": Function(2, 2, _infix(exp.BitwiseOr), "long", doc="(x, y) OR of the bits."),
    "bitwise_xor": plain("xor", 2, "(x, y) Exclusive OR of the bits.", "long"),
    "bitwise_not": Function(1, 1, lambda args: exp.BitwiseNot(this=exp.Paren(this=args[0])), "long",
        doc="(x) NOT of the bits."),
}  # fmt: skip

TEXTS: dict[str, Function] = {
    "length": plain("length", 1, "(text) Number of characters.", "long"),
    "lower": plain("lower", 1, "(text) In small letters.", "text"),
    "upper": plain("upper", 1, "(text) In capitals.", "text"),
    "trim": plain("trim", 1, "(text) Without space at both ends.", "text"),
    "ltrim": plain("ltrim", 1, "(text) Without space in front.", "text"),
    "rtrim": plain("rtrim", 1, "(text) Without space behind.", "text"),
    "reverse": plain("reverse", 1, "(text) Backwards.", "text"),
    "chr": plain("chr", 1, "(n) Character of a code point.", "text"),
    "codepoint": plain("unicode", 1, "(character) Its code point.", "long"),
    "concat": Function(1, 50, _concat, "text", doc="(text, ...) One behind the other; null if any is."),
    "substr": Function(2, 3, _substr, "text",
        doc="(text, from [, length]) Part from a place; counted from the end where negative."),
    "substring": Function(2, 3, _substr, "text", doc="(text, from [, length]) The same."),
    "replace": Function(2, 3, _replace, "text", doc="(text, old [, new]) Every old one replaced.", growing=True),
    "split": plain("string_split", 2, "(text, delimiter) Array of parts.", "array"),
    "split_part": macro("split_part", 3, "(text, delimiter, n) The n-th part.", "text"),
    "strpos": plain("strpos", 2, "(text, part) Place of the first occurrence, or 0.", "long"),
    "lpad": macro("lpad", 3, "(text, length, fill) Filled up in front, or cut.", "text", growing=True),
    "rpad": macro("rpad", 3, "(text, length, fill) Filled up behind, or cut.", "text", growing=True),
    "starts_with": plain("starts_with", 2, "(text, part) Whether it begins so.", "bool"),
    "ends_with": plain("ends_with", 2, "(text, part) Whether it ends so.", "bool"),
    "levenshtein_distance": plain("levenshtein", 2, "(text, text) Edits from one to the other.", "long"),
    "hamming_distance": plain("hamming", 2, "(text, text) Places at which they differ.", "long"),
    "url_encode": macro("url_encode", 1, "(text) Escaped for a URL.", "text", growing=True),
    "url_decode": plain("url_decode", 1, "(text) Its inverse.", "text"),
    "regexp_like": plain("regexp_matches", 2, "(text, pattern) Whether the pattern occurs.", "bool"),
    "regexp_extract": Function(2, 3, _regexp_extract, "text", doc="(text, pattern [, group]) First occurrence."),
    "regexp_extract_all": plain("regexp_extract_all", (2, 3), "(text, pattern [, group]) Array of all.", "array"),
    "regexp_replace": Function(2, 3, _regexp_replace, "text", growing=True,
        doc="(text, pattern [, new]) Every occurrence replaced; groups are $1, $2."),
    "regexp_split": plain("regexp_split_to_array", 2, "(text, pattern) Array of parts.", "array"),
    "json_extract_scalar": macro("json_scalar", 2, "(json, path) Value as text; null where there is none.", "text"),
    "json_extract": macro("json_value", 2, "(json, path) Value as JSON.", "text"),
}  # fmt: skip

CONDITIONS: dict[str, Function] = {
    "if": Function(2, 3, _if, doc="(condition, x [, y]) x where it is true, else y or null."),
    "coalesce": plain("coalesce", (1, 50), "(x, ...) First value that is not null."),
    "nullif": plain("nullif", 2, "(x, y) Null where they are equal, else x."),
    "try": plain("try", 1, "(x) Null where x fails."),
}

ARRAYS: dict[str, Function] = {
    "cardinality": plain("len", 1, "(array or map) Number of elements.", "long"),
    "element_at": Function(2, 2, lambda args: exp.Bracket(this=args[0], expressions=[args[1]]),
        doc="(array or map, key) Element; null where there is none."),
    "contains": plain("list_contains", 2, "(array, x) Whether x is in it.", "bool"),
    "array_join": plain("array_to_string", 2, "(array, delimiter) One text.", "text"),
    "array_max": plain("list_max", 1, "(array) Largest element."),
    "array_min": plain("list_min", 1, "(array) Smallest element."),
    "array_sum": plain("list_sum", 1, "(array) Sum."),
    "array_sort": plain("list_sort", 1, "(array) In order.", "array"),
    "array_distinct": plain("list_distinct", 1, "(array) Every element once.", "array"),
    "array_position": plain("list_position", 2, "(array, x) Place of x, or 0.", "long"),
    "array_intersect": plain("list_intersect", 2, "(array, array) Elements of both.", "array"),
    "flatten": plain("flatten", 1, "(array of arrays) One array.", "array"),
    "map": plain("map", 2, "(keys, values) Map.", "map"),
    "map_keys": plain("map_keys", 1, "(map) Its keys.", "array"),
    "map_values": plain("map_values", 1, "(map) Its values.", "array"),
    "sequence": Function(2, 3, _sequence, "array", growing=True,
        doc="(from, to [, step]) Array of whole numbers, both ends included; at most 10000."),
}  # fmt: skip

SCALARS: dict[str, Function] = {**NUMBERS, **TEXTS, **CONDITIONS, **ARRAYS}
