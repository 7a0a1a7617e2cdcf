"""Functions of time.

What enters: calls as parsed; an argument that is a time has been made one by the translator. What leaves: the engine's.
The rule: seconds since 1970, a text, a date and a time stamp are all times; formats have the letters of MySQL, as in
Presto. Sources: Presto, "Date and time functions"; SLS, "Date and time functions".
"""

from __future__ import annotations

from sqlglot import exp

from weir.query.calls import Arguments, Function, Unsuitable, call, literal, number, plain, text
from weir.query.functions_aggregate import TS_COMPARE

# Presto's format letters (those of MySQL) -> DuckDB's.
_LETTERS = {
    "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "f": "%f", "H": "%H", "h": "%I", "I": "%I",
    "i": "%M", "j": "%j", "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p", "r": "%I:%M:%S %p",
    "S": "%S", "s": "%S", "T": "%H:%M:%S", "v": "%V", "W": "%A", "x": "%G", "Y": "%Y", "y": "%y", "%": "%%",
}  # fmt: skip
UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")


def time_format(form: str) -> str:
    """A format of ``date_format`` in the engine's letters. Raises ``Unsuitable`` for a letter Presto refuses."""
    found = []
    position = 0
    while position < len(form):
        character = form[position]
        position += 1
        if character == "%" and position < len(form):
            letter = form[position]
            position += 1
            if letter in "DUuVwX":
                raise Unsuitable(f"%{letter} is not supported in a time format")
            found.append(_LETTERS.get(letter, letter))
        else:
            found.append("%%" if character == "%" else character)
    return "".join(found)


def _date_format(args: Arguments) -> exp.Expr:
    return call("strftime", args[0], text(time_format(literal(args[1], "the format"))))


def _date_parse(args: Arguments) -> exp.Expr:
    parsed = call("strptime", args[0], text(time_format(literal(args[1], "the format"))))
    return exp.Cast(this=parsed, to=exp.DataType.build("TIMESTAMPTZ"))


def _unit(node: exp.Expr) -> str:
    unit = literal(node, "the unit").lower()
    if unit not in UNITS:
        raise Unsuitable(f"the unit must be one of {', '.join(UNITS)}")
    return unit


def _date_trunc(args: Arguments) -> exp.Expr:
    return call("date_trunc", text(_unit(args[0])), args[1])


def _date_diff(args: Arguments) -> exp.Expr:
    """Whole units between two times: DuckDB's date_diff would count the boundaries crossed."""
    return call("date_sub", text(_unit(args[0])), args[1], args[2])


def _date_add(args: Arguments) -> exp.Expr:
    unit = _unit(args[0])
    count = args[1]
    if unit == "quarter":
        unit, count = "month", exp.Mul(this=exp.Paren(this=count), expression=number(3))
    interval = call(f"to_{unit}s", exp.Cast(this=count, to=exp.DataType.build("INT")))
    return exp.Paren(this=exp.Add(this=args[2], expression=interval))


def _date(args: Arguments) -> exp.Expr:
    return exp.Cast(this=args[0], to=exp.DataType.build("DATE"))


_PARTS = (
    ("year", "year", "Year."),
    ("quarter", "quarter", "Quarter, 1 to 4."),
    ("month", "month", "Month, 1 to 12."),
    ("week", "week", "Week of ISO 8601."),
    ("week_of_year", "week", "Week of ISO 8601."),
    ("day", "day", "Day of the month."),
    ("day_of_month", "day", "Day of the month."),
    ("day_of_week", "isodow", "Day of the week, Monday 1."),
    ("dow", "isodow", "Day of the week, Monday 1."),
    ("day_of_year", "dayofyear", "Day of the year."),
    ("doy", "dayofyear", "Day of the year."),
    ("hour", "hour", "Hour, 0 to 23."),
    ("minute", "minute", "Minute."),
    ("second", "second", "Second."),
)

# The numbers are the arguments that are times.
TIMES: dict[str, tuple[Function, tuple[int, ...]]] = {
    "from_unixtime": (Function(1, 1, lambda args: args[0], "time", doc="(seconds) The time stamp."), (0,)),
    "to_unixtime": (plain("epoch", 1, "(time) Seconds since 1970.", "double"), (0,)),
    "date_trunc": (Function(2, 2, _date_trunc, "time", doc=f"(unit, time) Begin of it: {', '.join(UNITS)}."), (1,)),
    "date_format": (Function(2, 2, _date_format, "text", doc="(time, format) Text; as %Y-%m-%d %H:%i:%s."), (0,)),
    "date_diff": (Function(3, 3, _date_diff, "long", doc="(unit, from, to) Whole units between two times."), (1, 2)),
    "date_add": (Function(3, 3, _date_add, "time", doc="(unit, n, time) n units later."), (2,)),
    "ts_compare": (TS_COMPARE, (1,)),
    "date": (Function(1, 1, _date, "date", doc="(time) Its day."), (0,)),
    **{name: (plain(target, 1, f"(time) {doc}", "long"), (0,)) for name, target, doc in _PARTS},
}  # fmt: skip

UNTIMED: dict[str, Function] = {
    # Never built: the translator puts the clock's time in its place.
    "now": plain("now", 0, "() The time at which the query began; as current_timestamp.", "time"),
    "date_parse": Function(2, 2, _date_parse, "time", doc="(text, format) The time that a text says."),
    # Never built: ``series`` puts other calls in its place.
    "time_series": plain(
        "time_series",
        4,
        "(time, window, format, padding) Buckets without a gap; window as '5m', padding 0, null, last, next or avg;"
        " with GROUP BY and ORDER BY its name.",
        "text",
    ),
}
