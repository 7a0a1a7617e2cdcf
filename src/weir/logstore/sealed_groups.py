"""Rows of a sealed file by log group, in order of arrival, whatever the order in the file.

What enters: a file of the lake and a range of group numbers. What leaves: rows of ``STORED_SCHEMA`` and their arrival
times. Rule: a file without the column ``PLACE`` holds its rows in order of arrival; of one with it (compacted) the rows
asked for are put in that order again. Only row groups whose statistics allow it are read. All raise OSError.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from weir.logstore import tail
from weir.logstore.lake import TEXT_COLUMNS
from weir.logstore.schema import PLACE, STORED_SCHEMA

ARRIVAL_COLUMNS = ("__group__", "__arrival__")


def span(path: Path) -> tuple[int, int, int]:
    """(shard, first group, last group) of a file, from its footer. Raises also pa.ArrowInvalid."""
    metadata = pq.read_metadata(path)
    names = metadata.schema.names
    groups = [metadata.row_group(i).column(names.index("__group__")).statistics for i in range(metadata.num_row_groups)]
    shard = metadata.row_group(0).column(names.index("__shard__")).statistics
    return int(shard.min), min(int(s.min) for s in groups), max(int(s.max) for s in groups)


def numbers(path: Path, first: int, end: int) -> npt.NDArray[np.int64]:
    """The distinct groups in [``first``, ``end``) that the file has rows of, ascending."""
    with pq.ParquetFile(path) as file:
        parts = [tail.group_numbers(file.read_row_group(i, ["__group__"])) for i in _row_groups(file, first, end)]
    found = np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)
    return found[(found >= first) & (found < end)]


def read(path: Path, first: int, end: int) -> pa.Table:
    """The file's rows of the groups in [``first``, ``end``)."""
    # Texts stay dictionaries until the few rows asked for are cut out: a third of the time.
    rows = _rows(path, first, end, None)
    return pa.concat_tables([STORED_SCHEMA.empty_table(), tail.conform(rows, STORED_SCHEMA)])


def arrivals(path: Path, first: int, end: int) -> pa.Table:
    """Columns ``ARRIVAL_COLUMNS`` of the groups in [``first``, ``end``)."""
    return _rows(path, first, end, ARRIVAL_COLUMNS).select(ARRIVAL_COLUMNS)


def _rows(path: Path, first: int, end: int, columns: Sequence[str] | None) -> pa.Table:
    with pq.ParquetFile(path, read_dictionary=list(TEXT_COLUMNS)) as file:
        is_sorted = PLACE.name in file.schema_arrow.names
        wanted = None if columns is None else [*columns, *([PLACE.name] if is_sorted else [])]
        cut = _picked if is_sorted else tail.between
        parts = [cut(file.read_row_group(i, wanted), first, end) for i in _row_groups(file, first, end)]
        empty = file.schema_arrow.empty_table() if wanted is None else file.schema_arrow.empty_table().select(wanted)
    rows = pa.concat_tables(parts) if parts else empty
    if is_sorted:
        rows = rows.take(pa.array(np.lexsort((rows[PLACE.name].to_numpy(), tail.group_numbers(rows)))))
    return rows


def _picked(rows: pa.Table, first: int, end: int) -> pa.Table:
    found = tail.group_numbers(rows)
    return rows.filter(pa.array((found >= first) & (found < end)))


def _row_groups(file: pq.ParquetFile, first: int, end: int) -> Iterator[int]:
    column = file.metadata.schema.names.index("__group__")
    for i in range(file.metadata.num_row_groups):
        statistics = file.metadata.row_group(i).column(column).statistics
        if statistics.min < end and statistics.max >= first:
            yield i
