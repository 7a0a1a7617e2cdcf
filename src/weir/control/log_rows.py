"""Rows between the log service's form and the store's: LogGroup -> table -> LogGroup.

What enters: a LogGroup or an Arrow stream from a PutLogs body, or a stored group to be pulled. What leaves: a table of
``PUT_SCHEMA``, or the bytes of a LogGroup. Rule: what a client wrote is what a client reads, character by character;
a value that its typed column would give back differently stays text in ``__extra__``.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from weir.contract import loggroup
from weir.contract.loggroup import LogGroup, Pair
from weir.logstore.schema import PUT_SCHEMA, TAGS
from weir.model import sls_failures as failures
from weir.model.fields import LONG_NAMES, NAMES

KEY_BYTES_MAX = 128
"""Longest key of a row; a longer one is refused with InvalidKey (source: the log service's page "Log")."""
RESERVED_KEYS = frozenset({b"__time__", b"__source__", b"__topic__"})
"""Names of a group's own properties; as a key of a row they are refused with InvalidKey (source: the same page)."""
NANOSECONDS = 10**9

_FIELD_KEYS = tuple(name.encode() for name in NAMES)
_Texts = list[bytes | None]


def table_of(group: LogGroup) -> pa.Table:
    """The group's rows as ``PUT_SCHEMA``. Of a key that a row repeats the last value counts.

    Refuses with InvalidEncoding (text that is not UTF-8), InvalidKey or InvalidTimestamp (nanoseconds above a second).
    """
    count = len(group.logs)
    columns: dict[bytes, _Texts] = {key: [None] * count for key in _FIELD_KEYS}
    extras: list[dict[bytes, bytes] | None] = [None] * count
    for row, log in enumerate(group.logs):
        for key, value in log.pairs:
            column = columns.get(key)
            if column is not None:
                column[row] = value
            else:
                _extra(extras, row)[key] = value
    _check_keys(extras)
    try:
        arrays = [_typed(name, columns[name.encode()], extras) for name in NAMES]
        return pa.Table.from_arrays(
            [
                pa.array([log.time for log in group.logs], pa.int64()),
                _nanoseconds([log.time_ns for log in group.logs]),
                _repeated(group.source, count),
                _repeated(group.topic, count),
                _tags(group.tags, count),
                *arrays,
                pa.array([None if extra is None else list(extra.items()) for extra in extras], TAGS),
            ],
            schema=PUT_SCHEMA,
        )
    except pa.ArrowInvalid as error:
        raise failures.refuse(failures.INVALID_ENCODING, why=str(error)) from error


def table_of_arrow(body: bytes) -> pa.Table:
    """The rows of an Arrow IPC stream whose schema is ``PUT_SCHEMA``. Refuses with PostBodyInvalid.

    As in a LogGroup, all rows share source, topic and tags: a reader gets them back as LogGroups.
    """
    try:
        with pa.ipc.open_stream(body) as reader:
            if not reader.schema.equals(PUT_SCHEMA):
                raise failures.refuse(failures.POST_BODY_INVALID, why="the schema is not the one of records")
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowInvalid, pa.ArrowSerializationError, OSError) as error:
        raise failures.refuse(failures.POST_BODY_INVALID, why=str(error)) from error
    for field in PUT_SCHEMA:
        if not field.nullable and table[field.name].null_count:
            raise failures.refuse(failures.POST_BODY_INVALID, why=f"{field.name} is missing in a row")
    for name in ("__source__", "__topic__"):
        if len(pc.unique(table[name])) > 1:
            raise failures.refuse(failures.POST_BODY_INVALID, why=f"rows differ in {name}")
    if table["__tags__"].null_count < table.num_rows and len(set(map(str, table["__tags__"].to_pylist()))) > 1:
        raise failures.refuse(failures.POST_BODY_INVALID, why="rows differ in __tags__")
    return table


def group_of(table: pa.Table) -> bytes:
    """One stored group (``STORED_SCHEMA``, at least one row) as a LogGroup; keys in the order of the fields."""
    contents = [_contents(name, table[name]) for name in NAMES if table[name].null_count < table.num_rows]
    contents.append(_extra_contents(table["__extra__"]))
    logs = (
        loggroup.encode_log(time, time_ns, b"".join(parts))
        for time, time_ns, parts in zip(
            table["__time__"].to_pylist(), table["__time_ns__"].to_pylist(), zip(*contents, strict=True), strict=True
        )
    )
    tags = table["__tags__"][0].as_py() or []
    shared = LogGroup(
        [],
        table["__topic__"][0].as_py().encode(),
        table["__source__"][0].as_py().encode(),
        tuple((key.encode(), value.encode()) for key, value in tags),
    )
    return loggroup.encode_group(logs, shared)


def _extra(extras: list[dict[bytes, bytes] | None], row: int) -> dict[bytes, bytes]:
    found = extras[row]
    if found is None:
        found = extras[row] = {}
    return found


def _check_keys(extras: list[dict[bytes, bytes] | None]) -> None:
    for key in {key for extra in extras if extra for key in extra}:
        if not 0 < len(key) <= KEY_BYTES_MAX or key in RESERVED_KEYS:
            raise failures.refuse(failures.INVALID_KEY, key=repr(key[:KEY_BYTES_MAX]))


def _typed(name: str, texts: _Texts, extras: list[dict[bytes, bytes] | None]) -> pa.Array:
    """The column of a field; values that a number column would not give back as they are go to ``extras``."""
    column = pa.array(texts, pa.string())
    if name not in LONG_NAMES:
        return column
    try:
        numbers = column.cast(pa.int64())
        if numbers.cast(pa.string()).equals(column):
            return numbers
    except pa.ArrowInvalid:
        pass  # some text is no number; the loop below finds which
    values: list[int | None] = []
    for row, text in enumerate(texts):
        number = None if text is None else _canonical(text)
        values.append(number)
        if text is not None and number is None:
            _extra(extras, row)[name.encode()] = text
    return pa.array(values, pa.int64())


def _canonical(text: bytes) -> int | None:
    """The 64-bit integer that is written exactly so, or None."""
    if not text.lstrip(b"-").isdigit() or len(text) > 20:
        return None
    number = int(text)
    return number if b"%d" % number == text and -(2**63) <= number < 2**63 else None


def _nanoseconds(values: Sequence[int | None]) -> pa.Array:
    if any(value is not None and value >= NANOSECONDS for value in values):
        raise failures.refuse(failures.INVALID_TIMESTAMP, why="nanoseconds are not within a second")
    return pa.array(values, pa.int32())


def _repeated(text: bytes, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), count)


def _tags(tags: tuple[Pair, ...], count: int) -> pa.Array:
    return pa.array([list(tags)] * count, TAGS) if tags else pa.nulls(count, TAGS)


def _contents(name: str, column: pa.ChunkedArray) -> list[bytes]:
    """Per row the wire form of the field, empty where the row has none. Values repeat, so each is built once."""
    key = name.encode()
    built: dict[str | None, bytes] = {None: b""}
    texts = column.cast(pa.string()).to_pylist()
    for text in set(texts):
        if text is not None:
            built[text] = loggroup.encode_content(key, text.encode())
    return [built[text] for text in texts]


def _extra_contents(column: pa.ChunkedArray) -> list[bytes]:
    if column.null_count == len(column):
        return [b""] * len(column)
    rows: list[list[tuple[str, str]] | None] = column.to_pylist()
    return [b"".join(loggroup.encode_content(key.encode(), value.encode()) for key, value in row or ()) for row in rows]
