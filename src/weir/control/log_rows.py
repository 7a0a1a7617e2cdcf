"""Rows between the log service's form and the store's: LogGroup -> table -> LogGroup.

What enters: a LogGroup or an Arrow stream from a PutLogs body, or a stored group to be pulled. What leaves: a table of
``PUT_SCHEMA``, or the bytes of a LogGroup. Rule: what would not come back as it was written is refused, not repaired
(source of the checks: the error codes of the PutLogs page).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from weir.contract import loggroup
from weir.contract.loggroup import LogGroup
from weir.contract.loggroup_columns import Column, Grid, Octets
from weir.contract.sls_commands import BODY_BYTES_MAX, ROWS_MAX
from weir.control import arrow_bounds
from weir.logstore import rows
from weir.logstore.schema import PUT_SCHEMA
from weir.model import sls_failures as failures
from weir.model.failures import Refusal
from weir.model.fields import NAMES

KEY_BYTES_MAX = 128
"""Longest key of a row; a longer one is refused with InvalidKey (source: the log service's page "Log")."""
RESERVED_KEYS = frozenset({b"__time__", b"__source__", b"__topic__"})
"""Names of a group's own properties; as a key of a row they are refused with InvalidKey (source: the same page)."""
NANOSECONDS = 10**9
ARROW_BYTES_MAX = 8 * BODY_BYTES_MAX
"""Bytes that the buffers of an Arrow stream may take when decompressed, and dictionaries' texts if every row had the
longest; more are refused with PostBodyTooLarge. Wider than ``BODY_BYTES_MAX``, because each row of it has a place in
every column."""
ENCODED = tuple(pa.dictionary(index, pa.string()) for index in (pa.int8(), pa.int16(), pa.int32()))
"""Types that a column of texts may have besides its own."""

ONE_THREAD = pa.ipc.IpcReadOptions(use_threads=False)
"""The columns of a body are small: handing them to other threads takes longer than unfolding them."""


Group = LogGroup | Grid
"""A LogGroup as it was read: log by log, or column by column."""


def table_of(group: Group) -> pa.Table:
    """The group's rows as ``PUT_SCHEMA``.

    Refuses with InvalidEncoding (text that is not UTF-8), InvalidKey or InvalidTimestamp (nanoseconds above a second).
    """
    if isinstance(group, Grid):
        return _table_of_grid(group)
    _check_keys({key for log in group.logs for key, _ in log.pairs})
    if any(log.time_ns is not None and log.time_ns >= NANOSECONDS for log in group.logs):
        raise failures.refuse(failures.INVALID_TIMESTAMP, why="nanoseconds are not within a second")
    _check_encoding(group)
    return rows.from_logs(group.logs, group.topic, group.source, group.tags)


def _table_of_grid(grid: Grid) -> pa.Table:
    _check_keys(column.key for column in grid.columns)
    if grid.times_ns is not None and (grid.times_ns >= NANOSECONDS).any():
        raise failures.refuse(failures.INVALID_TIMESTAMP, why="nanoseconds are not within a second")
    _check_texts([grid.topic, grid.source, *(text for tag in grid.tags for text in tag)])
    _check_texts([column.key for column in grid.columns])
    times_ns = pa.nulls(len(grid.times), pa.int32()) if grid.times_ns is None else pa.array(grid.times_ns, pa.int32())
    columns = [(column.key.decode(), _texts(grid.octets, column)) for column in grid.columns]
    return rows.from_columns(columns, (pa.array(grid.times), times_ns), (grid.topic, grid.source, grid.tags))


def _texts(octets: Octets, column: Column) -> pa.Array:
    """The column's values side by side, as Arrow keeps them."""
    offsets = np.zeros(len(column.lengths) + 1, np.int32)
    np.cumsum(column.lengths, out=offsets[1:])
    moved = np.repeat((column.starts - offsets[:-1]).astype(np.int32), column.lengths)
    values = octets[moved + np.arange(offsets[-1], dtype=np.int32)]
    texts = pa.StringArray.from_buffers(len(column.lengths), pa.py_buffer(offsets), pa.py_buffer(values))
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid as error:
        raise failures.refuse(failures.INVALID_ENCODING, why=str(error)) from error
    return texts


def _check_keys(keys: Iterable[bytes]) -> None:
    for key in keys:
        if not 0 < len(key) <= KEY_BYTES_MAX or key in RESERVED_KEYS:
            raise failures.refuse(failures.INVALID_KEY, key=repr(key[:KEY_BYTES_MAX]))


def table_of_arrow(body: bytes) -> pa.Table:
    """The rows of an Arrow IPC stream with columns of ``PUT_SCHEMA``; those left out are null, and texts may be encoded
    by a dictionary.

    Refuses with PostBodyInvalid or PostBodyTooLarge. As in a LogGroup, all rows share source, topic and tags: a reader
    gets them back as LogGroups.
    """
    try:
        size = arrow_bounds.announced(body)
        if size.rows > ROWS_MAX or size.size_bytes > ARROW_BYTES_MAX:
            raise too_large()
        with pa.ipc.open_stream(body, options=ONE_THREAD) as reader:
            _check_columns(reader.schema)
            table = rows.from_arrow(reader.read_all(), ARROW_BYTES_MAX)
    except OverflowError as error:
        raise too_large() from error
    except (ValueError, OSError, pa.ArrowException) as error:
        raise failures.refuse(failures.POST_BODY_INVALID, why=str(error)) from error
    for name in ("__source__", "__topic__"):
        if len(pc.unique(table[name])) > 1:
            raise failures.refuse(failures.POST_BODY_INVALID, why=f"rows differ in {name}")
    if table["__tags__"].null_count < table.num_rows and len(set(map(str, table["__tags__"].to_pylist()))) > 1:
        raise failures.refuse(failures.POST_BODY_INVALID, why="rows differ in __tags__")
    return table


def too_large() -> Refusal:
    """PostBodyTooLarge with our limits; the caller raises it."""
    return failures.refuse(failures.POST_BODY_TOO_LARGE, BODY_BYTES_MAX // 2**20, ROWS_MAX)


def _check_columns(schema: pa.Schema) -> None:
    """Before anything is decompressed: no column whose size the announced rows do not bound."""
    if schema.equals(PUT_SCHEMA):
        return
    for field in schema:
        plain = field.type.value_type if field.type in ENCODED else field.type
        if field.name not in PUT_SCHEMA.names or plain != PUT_SCHEMA.field(field.name).type:
            raise failures.refuse(failures.POST_BODY_INVALID, why=f"no column {field.name} of type {field.type}")


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


def _check_encoding(group: LogGroup) -> None:
    texts = [text for log in group.logs for pair in log.pairs for text in pair]
    _check_texts([*texts, group.topic, group.source, *(text for tag in group.tags for text in tag)])


def _check_texts(texts: list[bytes]) -> None:
    """A line end between two texts belongs to neither, so the whole is UTF-8 exactly if every text is."""
    try:
        b"\n".join(texts).decode()
    except UnicodeDecodeError as error:
        raise failures.refuse(failures.INVALID_ENCODING, why=str(error)) from error


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
    return [
        b"".join(loggroup.encode_content(key.encode(), value.encode()) for key, value in pairs or ())
        for pairs in column.to_pylist()
    ]
