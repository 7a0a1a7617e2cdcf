"""Values of an answer as Presto prints them.

What enters: an Arrow table. What leaves: rows of strings, and the type names of the columns. The rules (source: Presto,
casts to varchar and JSON): a double as Java prints it (``1.0E10``), a time stamp with milliseconds, arrays and maps
as JSON, SQL's NULL as ``null``, because the clients of SLS accept strings only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

NULL = "null"


def rows(table: pa.Table) -> list[dict[str, str]]:
    """One mapping per row, column names as keys."""
    columns = [_column(table.column(i)) for i in range(table.num_columns)]
    return [dict(zip(table.column_names, values, strict=True)) for values in zip(*columns, strict=True)]


def type_name(kind: pa.DataType) -> str:
    """Presto's name of an Arrow type; what Presto has not is called varchar, as which it is printed."""
    if pa.types.is_list(kind):
        return f"array({type_name(kind.value_type)})"
    if pa.types.is_map(kind):
        return f"map({type_name(kind.key_type)}, {type_name(kind.item_type)})"
    for test, name in (
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_integer, "bigint"),
        (pa.types.is_floating, "double"),
        (pa.types.is_timestamp, "timestamp"),
        (pa.types.is_date, "date"),
    ):
        if test(kind):
            return name
    if pa.types.is_decimal(kind):
        return "bigint" if kind.scale == 0 else f"decimal({kind.precision},{kind.scale})"
    return "varchar"


def double(value: float) -> str:
    """A double as ``Double.toString`` prints it."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    point = len(text) + exponent
    if -3 < point <= 7:
        padded = text.rjust(len(text) - min(point - 1, 0), "0").ljust(point + 1, "0")
        at = max(point, 1)
        body = f"{padded[:at]}.{padded[at:]}"
    else:
        body = f"{text[0]}.{text[1:] or '0'}E{point - 1}"
    return f"-{body}" if sign else body


def _column(column: pa.ChunkedArray) -> list[str]:
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        column = pc.local_timestamp(column)
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("ms"), safe=False)
    if pa.types.is_timestamp(kind) or pa.types.is_integer(kind) or pa.types.is_string(kind):
        return [NULL if text is None else text for text in column.cast(pa.string()).to_pylist()]
    return [_scalar(value) for value in column.to_pylist(maps_as_pydicts="strict")]


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value
    return _json(value)


def _json(value: Any) -> str:
    """A value inside JSON; at the top level the same for all but text."""
    found = next((form for kind, form in _FORMS if isinstance(value, kind)), None)
    return NULL if value is None else found(value) if found else json.dumps(str(value), ensure_ascii=False)


def _moment(value: datetime) -> str:
    return f'"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"'


def _mapping(value: dict[Any, Any]) -> str:
    entries = (f"{json.dumps(_scalar(key), ensure_ascii=False)}:{_json(item)}" for key, item in value.items())
    return "{" + ",".join(entries) + "}"


def _sequence(value: list[Any]) -> str:
    return "[" + ",".join(map(_json, value)) + "]"


# In this order: a bool is an int, a datetime is a date.
_FORMS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: "true" if value else "false"),
    (int, str),
    (float, double),
    (Decimal, lambda value: format(value, "f")),
    (datetime, _moment),
    (date, lambda value: value.isoformat()),
    (dict, _mapping),
    (list, _sequence),
    (str, lambda value: json.dumps(value, ensure_ascii=False)),
)
