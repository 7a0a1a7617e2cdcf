"""Compaction's writing half: several segments of one shard and day become one sorted file.

What enters: sealed segments. What leaves: one segment with exactly their rows. Rule: rows are cut into row groups by
``srcaddr`` and within a row group sorted by ENI and arrival. So a search for an address reads one row group of eight by
its statistics, an ENI's rows lie together, and times still ascend for long stretches: of the layouts measured on flow
records this one answers every query soonest and is the smallest. Rows without these fields stay in order of arrival.

The footer names the sources: a file that a crash left behind is deleted because the rows are provably elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from weir.logstore import lake, tail
from weir.logstore.manifest import Sealed
from weir.logstore.schema import PLACE, STORED_SCHEMA
from weir.logstore.snapshot import Segment

SCHEMA = STORED_SCHEMA.append(PLACE)
Numbers = npt.NDArray[np.int64]
SHORT = (np.int16, np.int32)


def write(sources: Sequence[Sealed]) -> Sealed:
    """The rows of ``sources`` in one new file beside the first. Raises OSError, and leaves no file then."""
    paths = [one.segment.path for one in sources]
    rows = _joined([_read(path) for path in paths])
    cuts = list(_cuts(rows))
    # Texts are dictionaries up to here: a quarter of the memory.
    parts = (rows.take(pa.array(cut)).cast(SCHEMA) for cut in cuts)
    codes = {name: _codes(rows, name) for name in lake.BLOOM_COLUMNS}
    distinct = {name: max(_distinct(values[cut]) for cut in cuts) for name, values in codes.items()}
    known = [lake.file_extra_keys(path) for path in paths]
    keys = frozenset(key for one in known for key in one or ())
    notes = {
        lake.EXTRA_KEYS: lake.keys_note(None if None in known else keys),
        lake.SOURCES: json.dumps([path.name for path in paths]),
    }
    path = lake.publish(paths[0].parent, parts, distinct, notes)
    return _describe(path, sources)


def sources_of(path: Path) -> tuple[Path, ...]:
    """The files that ``path`` was merged from; none for a file that was not. Raises OSError, pa.ArrowInvalid."""
    note = (pq.read_metadata(path).metadata or {}).get(lake.SOURCES)
    return tuple(path.parent / name for name in json.loads(note)) if note else ()


def _read(path: Path) -> pa.Table:
    """A file's rows with their places, texts as dictionaries."""
    with pq.ParquetFile(path, read_dictionary=list(lake.TEXT_COLUMNS)) as file:
        rows = file.read(use_threads=False)
    if PLACE.name not in rows.column_names:
        rows = rows.append_column(PLACE, pa.array(_places(tail.group_numbers(rows)), PLACE.type))
    columns = []
    for field in SCHEMA:
        kind = pa.dictionary(pa.int32(), pa.string()) if field.name in lake.TEXT_COLUMNS else field.type
        known = field.name in rows.column_names
        columns.append(_narrow(rows[field.name].cast(kind)) if known else pa.nulls(rows.num_rows, kind))
        rows = rows.drop_columns([field.name] if known else [])
    return pa.Table.from_arrays(columns, names=SCHEMA.names)


def _joined(parts: list[pa.Table]) -> pa.Table:
    """All rows, each column in one piece. Column by column, so that they are in memory once and not twice."""
    columns = []
    for name in SCHEMA.names:
        column = pa.concat_tables([part.select([name]) for part in parts], promote_options="permissive")[name]
        columns.append(column.unify_dictionaries().combine_chunks())
        parts = [part.drop_columns([name]) for part in parts]
    return pa.Table.from_arrays(columns, names=SCHEMA.names)


def _narrow(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The same whole numbers in the shortest type that holds them: half of the memory of all rows."""
    if column.type != pa.int64():
        return column
    found = pc.min_max(column)
    low, high = found["min"].as_py() or 0, found["max"].as_py() or 0
    short = (kind for kind in SHORT if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
    return column.cast(pa.from_numpy_dtype(next(short, np.int64)))


def _places(groups: Numbers) -> Numbers:
    """The place of each row within its group, of rows in order of arrival."""
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    return np.arange(len(groups)) - np.repeat(starts, np.diff(np.append(starts, len(groups))))


def _cuts(rows: pa.Table) -> Iterator[Numbers]:
    """The row numbers of each row group, sorted."""
    count = -(-rows.num_rows // lake.ROW_GROUP_ROWS)
    by_source = np.argsort(_ranks(rows, "srcaddr"), kind="stable")
    enis, groups, places = _codes(rows, "eni-id"), tail.group_numbers(rows), rows[PLACE.name].to_numpy()
    for cut in np.array_split(by_source, count):
        yield cut[np.lexsort((places[cut], groups[cut], enis[cut]))]


def _codes(rows: pa.Table, name: str) -> Numbers:
    """A number per value of a dictionary column, -1 for null."""
    (chunk,) = rows[name].chunks
    codes: Numbers = chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return codes


def _ranks(rows: pa.Table, name: str) -> Numbers:
    """A number per value in the order of the values, null first."""
    (chunk,) = rows[name].chunks
    ranks = np.empty(len(chunk.dictionary) + 1, np.int64)
    ranks[pc.sort_indices(chunk.dictionary).to_numpy()] = np.arange(len(chunk.dictionary))
    ranks[-1] = -1
    return ranks[_codes(rows, name)]


def _distinct(codes: Numbers) -> int:
    return int(np.count_nonzero(np.unique(codes) >= 0))


def _describe(path: Path, sources: Sequence[Sealed]) -> Sealed:
    parts = [one.segment for one in sources]
    segment = Segment(
        path=path,
        rows=sum(one.rows for one in parts),
        size_bytes=path.stat().st_size,
        time_min=min(one.time_min for one in parts),
        time_max=max(one.time_max for one in parts),
        shard=parts[0].shard,
        group_min=min(one.group_min for one in parts),
        group_max=max(one.group_max for one in parts),
        compacted=True,
    )
    arrivals = [one.arrival_min_ns for one in sources], [one.arrival_max_ns for one in sources]
    return Sealed(segment, min(arrivals[0]), max(arrivals[1]))
