"""Between the log service's generic pairs and the typed columns of ``schema``.

What enters: logs as lists of (key, value), or Arrow tables off the wire. What leaves: tables of ``PUT_SCHEMA``, and
pairs again. Rule: what a client wrote is what a client reads, character by character. A value goes into its typed
column only where the column gives the same text back; unknown keys, repeated keys and other spellings of numbers go
to ``__extra__``. Not kept: the order of different keys within a log (that of one key's values is).

Values are bytes on the wire. The store, its queries and its answers are UTF-8, so each invalid sequence becomes
U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from weir.logstore.schema import PUT_SCHEMA, TAGS
from weir.logstore.tail import conform
from weir.model.fields import LONG_NAMES, NAMES

Text = str | bytes
Pairs = Sequence[tuple[Text, Text]]
Log = tuple[int, int | None, Pairs]
"""Unix time in seconds, nanoseconds within the second where known, pairs."""
ReadLog = tuple[int, int | None, list[tuple[str, str]]]

CANONICAL = re.compile(r"0|-?[1-9][0-9]{0,18}")
"""Decimal integers as their 64-bit value prints them; the range of 19 digits is checked apart."""
LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
COLUMNS = frozenset(NAMES)
PUT_NAMES = frozenset(PUT_SCHEMA.names)
REQUIRED = tuple(field.name for field in PUT_SCHEMA if not field.nullable)


def from_logs(logs: Sequence[Log], topic: Text, source: Text, tags: Pairs) -> pa.Table:
    """One row per log, all with the group's ``topic``, ``source`` and ``tags``. Raises OverflowError for a time beyond
    64 bits."""
    columns, extra = _uniform(logs) or _mixed(logs)
    times = pa.array([seconds for seconds, _, _ in logs], pa.int64())
    times_ns = pa.array([nanoseconds for _, nanoseconds, _ in logs], pa.int32())
    return _table(columns, extra, (times, times_ns), (topic, source, tags))


def from_columns(
    values: Sequence[tuple[str, pa.Array]], times: tuple[pa.Array, pa.Array], labels: tuple[Text, Text, Pairs]
) -> pa.Table:
    """The same from one array of strings per key (none twice, all of one length). ``times``: seconds and nanoseconds;
    ``labels``: topic, source and tags."""
    columns, extra = _sorted_out(values, len(times[0]))
    return _table(columns, extra, times, labels)


def _table(
    columns: Columns, extra: Extra, times: tuple[pa.Array, pa.Array], labels: tuple[Text, Text, Pairs]
) -> pa.Table:
    topic, source, tags = labels
    rows = len(times[0])
    first = pa.array(np.zeros(rows, np.int64))
    pairs = [(text(key), text(value)) for key, value in tags]
    columns = columns | {
        "__time__": times[0],
        "__time_ns__": times[1],
        "__source__": pa.array([text(source)], pa.string()).take(first),
        "__topic__": pa.array([text(topic)], pa.string()).take(first),
        "__tags__": pa.array([pairs or None], TAGS).take(first),
        "__extra__": pa.array(extra, TAGS),
    }
    missing = [name for name in NAMES if name not in columns]
    columns |= {name: pa.nulls(rows, PUT_SCHEMA.field(name).type) for name in missing}
    return pa.Table.from_arrays([columns[name] for name in PUT_SCHEMA.names], schema=PUT_SCHEMA)


def from_arrow(table: pa.Table, unfolded_bytes_max: int = 2**31 - 1) -> pa.Table:
    """A table that came over the wire as one of ``PUT_SCHEMA``: known columns in any order, those missing become null,
    and texts encoded by a dictionary become plain.

    Raises ValueError for an unknown column, a type that does not fit, a null where there may be none, or bytes that are
    no valid Arrow data; OverflowError where the plain texts could have more than ``unfolded_bytes_max`` bytes.
    """
    names = table.column_names
    unknown = set(names) - PUT_NAMES
    if unknown or len(set(names)) < len(names):
        raise ValueError(f"unknown or repeated columns: {sorted(unknown)}")
    try:
        table.validate(full=True)
        if sum(map(_unfolded_bytes, table.columns)) > unfolded_bytes_max:
            raise OverflowError("dictionaries unfold to too much")
        table = conform(table, PUT_SCHEMA)
    except pa.ArrowException as error:
        raise ValueError(f"not a table of log rows: {error}") from error
    for name in REQUIRED:
        if table[name].null_count:
            raise ValueError(f"{name} is missing or has nulls")
    return table


def _unfolded_bytes(column: pa.ChunkedArray) -> int:
    """The most bytes that a valid column can have without its dictionary: each row the longest text; 0 without one."""
    if not pa.types.is_dictionary(column.type):
        return 0
    longest = (pc.max(pc.binary_length(chunk.dictionary)).as_py() or 0 for chunk in column.chunks)
    return len(column) * max(longest, default=0)


def to_pairs(table: pa.Table) -> Iterator[ReadLog]:
    """The logs of a table with (at least) the columns of ``PUT_SCHEMA``: flow fields in their order, then the rest."""
    names = [name for name in NAMES if table[name].null_count < table.num_rows]
    values = [table[name].cast(pa.string()).to_pylist() for name in names]
    extras = table["__extra__"].to_pylist()
    times, parts = table["__time__"].to_pylist(), table["__time_ns__"].to_pylist()
    rows = zip(*values, strict=True) if values else iter([()] * table.num_rows)
    for seconds, nanoseconds, row, extra in zip(times, parts, rows, extras, strict=True):
        pairs = [(name, value) for name, value in zip(names, row, strict=True) if value is not None]
        yield seconds, nanoseconds, pairs + extra if extra else pairs


def text(value: Text) -> str:
    """As the store keeps it: what is not UTF-8 becomes U+FFFD."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if value.isascii():
        return value
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def canonical(value: str) -> bool:
    """Whether a 64-bit integer column gives exactly this text back."""
    return CANONICAL.fullmatch(value) is not None and LONG_MIN <= int(value) <= LONG_MAX


Columns = dict[str, pa.Array]
Extra = list[list[tuple[str, str]] | None]


def _uniform(logs: Sequence[Log]) -> tuple[Columns, Extra] | None:
    """The usual group, column by column: every log has the same keys in the same order, none twice. Else None."""
    if not logs:
        return None
    keys = [key for key, _ in logs[0][2]]
    if any([key for key, _ in pairs] != keys for _, _, pairs in logs):
        return None
    names = [text(key) for key in keys]
    if len(set(names)) < len(names):
        return None
    values = ((name, _texts([pairs[at][1] for _, _, pairs in logs])) for at, name in enumerate(names))
    return _sorted_out(values, len(logs))


def _sorted_out(columns_in: Iterable[tuple[str, pa.Array]], rows: int) -> tuple[Columns, Extra]:
    """What goes into typed columns, and the rest per row."""
    columns: Columns = {}
    extra: Extra = [None] * rows
    for name, values in columns_in:
        rest: Iterable[tuple[int, str]] = ()
        if name in LONG_NAMES:
            columns[name], rest = _longs(values)
        elif name in COLUMNS:
            columns[name] = values
        else:
            rest = enumerate(values.to_pylist())
        for row, value in rest:
            extra[row] = [*(extra[row] or ()), (name, value)]
    return columns, extra


def _texts(values: list[Text]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return pa.array([text(value) for value in values], pa.string())


def _longs(values: pa.Array) -> tuple[pa.Array, Iterable[tuple[int, str]]]:
    """The typed column, and (row, text) of the values that it would not give back."""
    fits = pc.match_substring_regex(values, "^(0|-?[1-9][0-9]{0,17})$")
    if fits.true_count == len(values):
        return values.cast(pa.int64()), ()
    texts = values.to_pylist()
    good = [canonical(value) for value in texts]
    column = pa.array([int(value) if fit else None for value, fit in zip(texts, good, strict=True)], pa.int64())
    return column, [(row, value) for row, value in enumerate(texts) if not good[row]]


def _mixed(logs: Sequence[Log]) -> tuple[Columns, Extra]:
    """Any logs, pair by pair."""
    typed: dict[str, list[str | int | None]] = {name: [None] * len(logs) for name in NAMES}
    extra: Extra = []
    for row, (_, _, pairs) in enumerate(logs):
        rest: list[tuple[str, str]] = []
        taken: set[str] = set()  # a key's later values follow the first one that went to the rest, in order
        for raw_key, raw_value in pairs:
            key, value = text(raw_key), text(raw_value)
            if key in COLUMNS and key not in taken and (key not in LONG_NAMES or canonical(value)):
                typed[key][row] = int(value) if key in LONG_NAMES else value
            else:
                rest.append((key, value))
            taken.add(key)
        extra.append(rest or None)
    return {name: pa.array(values, PUT_SCHEMA.field(name).type) for name, values in typed.items()}, extra
