"""The lake: immutable Parquet files of the stored layout, any engine may read them.

What enters: rows of one shard in arrival order. What leaves: one file per UTC day of ``__time__`` under
``<logstore>/lake/<yyyy-mm-dd>/<uuid>.parquet``, and rows of it by log group. Rule: a file appears under its name
whole and lasting, or not at all (temporary name, fsync, rename, fsync of the directory), and is never changed.

Layout by measurement on flow records: arrival order, zstd level 1, delta encoding for the ascending and the time
columns (7 % smaller than dictionaries), data page version 2.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from weir.logstore import durable, tail
from weir.logstore.manifest import Sealed
from weir.logstore.schema import STORED_SCHEMA
from weir.logstore.snapshot import Segment

ROW_GROUP_ROWS = 122_880
"""Rows of a Parquet row group: the unit that a reader skips by its statistics and that threads share out. Twice as many
would save 4 % of the bytes and double what a pull of one group has to decode (25 ms)."""
SECONDS_PER_DAY = 86_400
UNFINISHED = ".unfinished"
"""Suffix of a file that is being written; what a crash leaves of it is deleted at the next start."""

DELTA_COLUMNS = ("__group__", "__arrival__", "__time__", "start", "end")
DICTIONARY_COLUMNS = tuple(f.name for f in STORED_SCHEMA if f.name not in DELTA_COLUMNS and not pa.types.is_map(f.type))
TEXT_COLUMNS = tuple(f.name for f in STORED_SCHEMA if f.type == pa.string())
ARRIVAL_COLUMNS = ("__group__", "__arrival__")


def write(lake: Path, table: pa.Table) -> tuple[Sealed, ...]:
    """Seals ``table`` (one shard, ``STORED_SCHEMA``, at least one row). Raises OSError, and leaves no file then."""
    written: list[Sealed] = []
    try:
        for day, rows in _by_day(table):
            written.append(_write_file(lake / day, rows))
    except OSError:
        delete(written)
        raise
    return tuple(written)


def delete(sealed: list[Sealed] | tuple[Sealed, ...]) -> None:
    """Deletes the files; those already gone are no trouble. Raises OSError."""
    for one in sealed:
        one.segment.path.unlink(missing_ok=True)


def unfinished(store: Path) -> list[Path]:
    """What crashed writers left below ``store``."""
    return sorted(store.glob(f"lake/*/*{UNFINISHED}"))


def files(store: Path) -> list[Path]:
    """Every finished file below ``store``."""
    return sorted(store.glob("lake/*/*.parquet"))


def groups_span(path: Path) -> tuple[int, int, int]:
    """(shard, first group, last group) of a file, from its footer. Raises OSError, pa.ArrowInvalid."""
    metadata = pq.read_metadata(path)
    names = metadata.schema.names
    groups = [metadata.row_group(i).column(names.index("__group__")).statistics for i in range(metadata.num_row_groups)]
    shard = metadata.row_group(0).column(names.index("__shard__")).statistics
    return int(shard.min), min(int(s.min) for s in groups), max(int(s.max) for s in groups)


def group_list(path: Path, first: int, end: int) -> npt.NDArray[np.int64]:
    """The distinct groups in [``first``, ``end``) that the file has rows of, ascending."""
    with pq.ParquetFile(path) as file:
        parts = [tail.group_numbers(file.read_row_group(i, ["__group__"])) for i in _row_groups(file, first, end)]
    groups = np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)
    return groups[(groups >= first) & (groups < end)]


def read_groups(path: Path, first: int, end: int) -> pa.Table:
    """The file's rows of the groups in [``first``, ``end``), in arrival order."""
    # Texts stay dictionaries until the few rows asked for are cut out: a third of the time.
    with pq.ParquetFile(path, read_dictionary=list(TEXT_COLUMNS)) as file:
        parts = [tail.between(file.read_row_group(i), first, end) for i in _row_groups(file, first, end)]
    return pa.concat_tables([STORED_SCHEMA.empty_table(), *(tail.conform(part, STORED_SCHEMA) for part in parts)])


def arrivals(path: Path, first: int, end: int) -> pa.Table:
    """Columns ``ARRIVAL_COLUMNS`` of the groups in [``first``, ``end``), in arrival order."""
    with pq.ParquetFile(path) as file:
        parts = [
            tail.between(file.read_row_group(i, list(ARRIVAL_COLUMNS)), first, end)
            for i in _row_groups(file, first, end)
        ]
    return pa.concat_tables(parts) if parts else STORED_SCHEMA.empty_table().select(ARRIVAL_COLUMNS)


def _row_groups(file: pq.ParquetFile, first: int, end: int) -> Iterator[int]:
    column = file.metadata.schema.names.index("__group__")
    for i in range(file.metadata.num_row_groups):
        statistics = file.metadata.row_group(i).column(column).statistics
        if statistics.min < end and statistics.max >= first:
            yield i


def _by_day(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """(day, its rows) in the order of days; the usual table has one and is not copied."""
    days = table["__time__"].to_numpy() // SECONDS_PER_DAY
    for day in np.unique(days):
        name = datetime.fromtimestamp(int(day) * SECONDS_PER_DAY, UTC).strftime("%Y-%m-%d")
        same = days == day
        yield name, table if same.all() else table.filter(pa.array(same))


def _write_file(directory: Path, rows: pa.Table) -> Sealed:
    durable.make_directory(directory)
    path = directory / f"{uuid.uuid4()}.parquet"
    draft = path.with_suffix(UNFINISHED)
    try:
        pq.write_table(
            rows,
            draft,
            compression="zstd",
            compression_level=1,
            row_group_size=ROW_GROUP_ROWS,
            data_page_version="2.0",
            use_dictionary=list(DICTIONARY_COLUMNS),
            column_encoding=dict.fromkeys(DELTA_COLUMNS, "DELTA_BINARY_PACKED"),
        )
        durable.publish(draft, path)
    except OSError:
        for name in (draft, path):
            name.unlink(missing_ok=True)
        raise
    return _describe(path, rows)


def _describe(path: Path, rows: pa.Table) -> Sealed:
    times, groups = rows["__time__"].to_numpy(), tail.group_numbers(rows)
    arrival = rows["__arrival__"].to_numpy()
    segment = Segment(
        path=path,
        rows=rows.num_rows,
        size_bytes=path.stat().st_size,
        time_min=int(times.min()),
        time_max=int(times.max()),
        shard=rows["__shard__"][0].as_py(),
        group_min=int(groups[0]),
        group_max=int(groups[-1]),
    )
    return Sealed(segment, int(arrival[0]), int(arrival[-1]))
