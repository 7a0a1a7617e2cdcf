"""The tail in memory: acknowledged rows as Arrow tables of the stored layout, not yet sealed.

What enters: tables as writers handed them in. What leaves: tables of ``STORED_SCHEMA`` and slices of them by log
group. Rule: rows keep the order of arrival, so ``__group__`` never decreases within a shard's tail. Pure functions,
and ``Run``, which one caller at a time extends; the tuple of tables it gives out is never changed afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weir.logstore.schema import GROUP_ROWS_MAX, PUT_SCHEMA, STORED_SCHEMA

MERGE_FAN = 16
"""Tables of one size class that are merged into one of the next: half a million one-row puts are 200 tables."""
MERGE_ROWS_MAX = 8_192
"""Rows that a merged table may have; above it the copy costs a put more than the shorter list saves a reader."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where and when a put landed. ``arrival_ns``: Unix nanoseconds; ``first_group``: cursor of its first group."""

    shard: int
    first_group: int
    arrival_ns: int


@dataclass(slots=True)
class Run:
    """What one log file holds, in memory: the tables, the batches (id -> arrival, Unix s) and the totals.

    ``path`` is the log file, ``bytes`` its size, ``memory_bytes`` that of the tables; ``first_arrival_ns`` the age of
    the run; ``end_group`` the cursor behind its last group.
    """

    path: Path
    first_arrival_ns: int = 0
    end_group: int = 0
    rows: int = 0
    bytes: int = 0
    memory_bytes: int = 0
    batches: dict[str, int] = field(default_factory=dict)
    _tables: list[tuple[int, pa.Table]] = field(default_factory=list)  # size class, table

    def add(self, table: pa.Table, arrival: Arrival, batch_id: str) -> None:
        """Takes one put of ``PUT_SCHEMA``."""
        if not self.rows:
            self.first_arrival_ns = arrival.arrival_ns
        self.rows += table.num_rows
        self.memory_bytes += table.nbytes
        self.end_group = arrival.first_group + groups_of(table.num_rows)
        if batch_id:
            self.batches[batch_id] = arrival.arrival_ns // 10**9
        self._tables.append((0, stored(table, arrival)))
        self._merge()

    def tables(self) -> tuple[pa.Table, ...]:
        """The rows so far, in arrival order."""
        return tuple(table for _, table in self._tables)

    def _merge(self) -> None:
        while len(self._tables) >= MERGE_FAN:
            size_class = self._tables[-1][0]
            last = self._tables[-MERGE_FAN:]
            rows = sum(table.num_rows for _, table in last)
            if any(other != size_class for other, _ in last) or rows > MERGE_ROWS_MAX:
                return
            self._tables[-MERGE_FAN:] = [
                (size_class + 1, pa.concat_tables([table for _, table in last]).combine_chunks())
            ]


def groups_of(rows: int) -> int:
    """How many log groups a put of so many rows makes."""
    return -(-rows // GROUP_ROWS_MAX)


def stored(table: pa.Table, arrival: Arrival) -> pa.Table:
    """A table of ``PUT_SCHEMA`` with the columns that the store adds."""
    rows = table.num_rows
    added = [
        pa.array(np.full(rows, arrival.shard, np.int16)),
        pa.array(arrival.first_group + np.arange(rows, dtype=np.int64) // GROUP_ROWS_MAX),
        pa.array(np.full(rows, arrival.arrival_ns, np.int64)),
    ]
    return pa.Table.from_arrays([*added, *table.columns], schema=STORED_SCHEMA)


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """``table`` in today's ``schema``: columns that its writer did not know are null. For rows of an older release."""
    if table.schema.equals(schema):
        return table
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def put_columns(table: pa.Table) -> pa.Table:
    """The rows without the columns that the store added."""
    return table.select(PUT_SCHEMA.names)


def group_numbers(table: pa.Table) -> npt.NDArray[np.int64]:
    """The ``__group__`` column."""
    numbers: npt.NDArray[np.int64] = table["__group__"].to_numpy()
    return numbers


def between(table: pa.Table, first: int, end: int) -> pa.Table:
    """Rows of the groups ``first`` up to and without ``end``, of a table in group order. No copy."""
    numbers = group_numbers(table)
    low, high = np.searchsorted(numbers, [first, end])
    return table.slice(low, high - low)


def split(table: pa.Table) -> list[pa.Table]:
    """One table per log group, of a table in group order. No copy."""
    numbers = group_numbers(table)
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    ends = np.append(starts[1:], table.num_rows)
    return [table.slice(start, end - start) for start, end in zip(starts, ends, strict=True)]
