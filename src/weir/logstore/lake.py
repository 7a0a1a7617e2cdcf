"""The lake: immutable Parquet files, any engine may read them.

What enters: rows of one shard in arrival order. What leaves: one file per UTC day of ``__time__`` under
``<logstore>/lake/<yyyy-mm-dd>/<uuid>.parquet``. Rule: a file appears under its name whole and lasting, or not at all
(temporary name, fsync, rename, fsync of the directory), and is never changed.

Layout by measurement on flow records: zstd level 1, delta encoding for the ascending and the time columns (7 % smaller
than dictionaries), data page version 2, Bloom filters on the two addresses. A file's footer says which keys its
``__extra__`` column holds, so that a query which needs none of them does not read it.
"""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from weir.logstore import durable, tail
from weir.logstore.manifest import Sealed
from weir.logstore.schema import PLACE, STORED_SCHEMA
from weir.logstore.snapshot import Segment

ROW_GROUP_ROWS = 122_880
"""Rows of a Parquet row group: the unit that a reader skips by its statistics and that threads share out. Twice as many
would save 4 % of the bytes and double what a pull of one group has to decode (25 ms)."""
SECONDS_PER_DAY = 86_400
UNFINISHED = ".unfinished"
"""Suffix of a file that is being written; what a crash leaves of it is deleted at the next start."""

DELTA_COLUMNS = ("__group__", "__arrival__", "__time__", "start", "end")
TEXT_COLUMNS = tuple(f.name for f in STORED_SCHEMA if f.type == pa.string())
BLOOM_COLUMNS = ("srcaddr", "dstaddr")
"""Columns whose row groups are skipped where a value is asked for that they do not hold."""
BLOOM_WRONG = 0.01
"""Share of the other row groups that a Bloom filter fails to skip; a tenth of it would cost half as many bytes more."""
EXTRA_KEYS = b"weir.extra-keys"
SOURCES = b"weir.sources"
EXTRA_KEYS_MAX = 1_000
"""Keys that a footer lists; of a file with more it says only that there are others."""


def write(lake: Path, table: pa.Table) -> tuple[Sealed, ...]:
    """Seals ``table`` (one shard, ``STORED_SCHEMA``, at least one row). Raises OSError, and leaves no file then."""
    written: list[Sealed] = []
    try:
        for day, rows in _by_day(table):
            written.append(_write_day(lake / day, rows))
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


def publish(
    directory: Path, groups: Iterable[pa.Table], distinct: Mapping[str, int], notes: Mapping[bytes, str]
) -> Path:
    """Writes one file, a row group per table of ``groups`` (at least one). ``distinct``: how many values of a
    column a Bloom filter is made for. ``notes`` go to the footer. Raises OSError, and leaves no file then.
    """
    durable.make_directory(directory)
    path = directory / f"{uuid.uuid4()}.parquet"
    draft = path.with_suffix(UNFINISHED)
    parts = iter(groups)
    first = next(parts)
    try:
        with pq.ParquetWriter(
            draft,
            first.schema,
            compression="zstd",
            compression_level=1,
            data_page_version="2.0",
            use_dictionary=_dictionaries(first.schema),
            column_encoding=dict.fromkeys(_deltas(first.schema), "DELTA_BINARY_PACKED"),
            bloom_filter_options={
                name: {"ndv": count, "fpp": BLOOM_WRONG} for name, count in distinct.items() if count > 0
            },
        ) as writer:
            for rows in itertools.chain([first], parts):
                writer.write_table(rows, row_group_size=rows.num_rows)
            writer.add_key_value_metadata(dict(notes))
        durable.publish(draft, path)
    except OSError:
        for name in (draft, path):
            name.unlink(missing_ok=True)
        raise
    return path


def keys_note(keys: frozenset[str] | None) -> str:
    """What the footer says of the keys in ``__extra__``; None: there may be any."""
    return json.dumps(None if keys is None or len(keys) > EXTRA_KEYS_MAX else sorted(keys))


def extra_keys(rows: pa.Table) -> frozenset[str] | None:
    """Keys in ``__extra__`` of ``rows``; of a slice perhaps some more."""
    chunks = rows["__extra__"].chunks
    return frozenset(
        key for chunk in chunks if chunk.null_count < len(chunk) for key in chunk.keys.unique().to_pylist()
    )


@lru_cache(maxsize=65536)
def file_extra_keys(path: Path) -> frozenset[str] | None:
    """The same of a finished file; None: it does not say. A file never changes, so the answer is kept."""
    note = (pq.read_metadata(path).metadata or {}).get(EXTRA_KEYS)
    keys = None if note is None else json.loads(note)
    return None if keys is None else frozenset(keys)


def _dictionaries(schema: pa.Schema) -> list[str]:
    """Few arrivals are told apart in a compacted file, and there they do not ascend."""
    deltas = _deltas(schema)
    return [field.name for field in schema if field.name not in deltas and not pa.types.is_map(field.type)]


def _deltas(schema: pa.Schema) -> list[str]:
    compacted = PLACE.name in schema.names
    return [name for name in DELTA_COLUMNS if not (compacted and name == "__arrival__")]


def _by_day(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """(day, its rows) in the order of days; the usual table has one and is not copied."""
    days = table["__time__"].to_numpy() // SECONDS_PER_DAY
    for day in np.unique(days):
        name = datetime.fromtimestamp(int(day) * SECONDS_PER_DAY, UTC).strftime("%Y-%m-%d")
        same = days == day
        yield name, table if same.all() else table.filter(pa.array(same))


def _write_day(directory: Path, rows: pa.Table) -> Sealed:
    groups = [rows.slice(start, ROW_GROUP_ROWS) for start in range(0, rows.num_rows, ROW_GROUP_ROWS)]
    distinct = {name: pc.count_distinct(groups[0][name]).as_py() for name in BLOOM_COLUMNS}
    return _describe(publish(directory, groups, distinct, {EXTRA_KEYS: keys_note(extra_keys(rows))}), rows)


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
