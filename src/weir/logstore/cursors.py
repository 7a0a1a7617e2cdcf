"""Reading a shard by cursor: where groups are, when they arrived, and the groups themselves.

What enters: one immutable view of a logstore. What leaves: cursors (the group numbers, see ``schema``) and groups.
Rules (source: the log service's GetCursor and PullLogs): begin is the oldest group that is still there, end the
cursor behind the newest; a pull reads [cursor, end cursor) and never passes it; numbers that no group has are
passed over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from weir.logstore import sealed_groups, tail
from weir.logstore.manifest import Sealed
from weir.logstore.schema import STORED_SCHEMA
from weir.logstore.troubles import CursorError


@dataclass(frozen=True, slots=True)
class ShardView:
    """One shard: sealed files, tables behind them, the cursors of its creation and behind its newest group."""

    created: int
    end: int
    sealed: tuple[Sealed, ...]
    tail: tuple[pa.Table, ...]


@dataclass(frozen=True, slots=True)
class Pulled:
    """``groups``: one table of ``STORED_SCHEMA`` per log group. ``next_cursor``: where the next pull goes on."""

    groups: list[pa.Table]
    next_cursor: int


def begin(view: ShardView) -> int:
    """The cursor of the oldest group; of an empty shard its end."""
    firsts = [sealed.segment.group_min for sealed in view.sealed]
    firsts += [int(tail.group_numbers(table)[0]) for table in view.tail[:1]]
    return min(firsts, default=view.end)


def at(view: ShardView, arrival_s: int) -> int:
    """The cursor of the first group that arrived at Unix second ``arrival_s`` or later; the end if none did."""
    since_ns = arrival_s * 10**9
    found = [view.end]
    for sealed in view.sealed:
        segment = sealed.segment
        if sealed.arrival_min_ns >= since_ns:
            found.append(segment.group_min)
        elif sealed.arrival_max_ns >= since_ns:
            rows = sealed_groups.arrivals(segment.path, segment.group_min, segment.group_max + 1)
            found.append(_first_since(rows, since_ns))
    found += [_first_since(table, since_ns) for table in view.tail if table["__arrival__"][-1].as_py() >= since_ns]
    return min(found)


def time(view: ShardView, cursor: int, now_s: int) -> int:
    """Unix second at which the group at ``cursor`` (or the next one there is) arrived; at the end ``now_s``.

    Raises CursorError.
    """
    _check(view, cursor)
    pulled = _groups(view, cursor, view.end, 1)
    if not len(pulled):
        return now_s
    first = int(pulled[0])
    tables = [sealed_groups.arrivals(s.segment.path, first, first + 1) for s in _sealed_between(view, first, first + 1)]
    tables += [tail.between(table, first, first + 1) for table in view.tail]
    return min(int(table["__arrival__"][0].as_py()) for table in tables if table.num_rows) // 10**9


def pull(view: ShardView, cursor: int, end_cursor: int | None, count_max: int, rows_max: int) -> Pulled:
    """At most ``count_max`` groups from ``cursor`` on, fewer where they hold more than ``rows_max`` rows.

    A cursor before the oldest group (expired) reads from there. Rows of one group that lie on several days come in the
    order of days. Raises CursorError for a cursor outside the shard or behind ``end_cursor``.
    """
    _check(view, cursor)
    if end_cursor is not None and end_cursor < cursor:
        raise CursorError(f"cursor {cursor} is behind the end cursor {end_cursor}")
    end = view.end if end_cursor is None else min(end_cursor, view.end)
    numbers = _groups(view, cursor, end, count_max)
    if not len(numbers):
        return Pulled([], max(cursor, end))
    stop = end if len(numbers) < count_max else int(numbers[-1]) + 1
    groups = tail.split(_read(view, int(numbers[0]), stop))
    kept = _within(groups, rows_max)
    return Pulled(kept, stop if len(kept) == len(groups) else int(numbers[len(kept)]))


def _check(view: ShardView, cursor: int) -> None:
    if not view.created <= cursor <= view.end:
        raise CursorError(f"cursor {cursor} is outside [{view.created}, {view.end}]")


def _sealed_between(view: ShardView, first: int, end: int) -> list[Sealed]:
    inside = [s for s in view.sealed if s.segment.group_min < end and s.segment.group_max >= first]
    return sorted(inside, key=lambda sealed: sealed.segment.group_min)


def _groups(view: ShardView, first: int, end: int, count_max: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The first ``count_max`` group numbers in [first, end), ascending. Reads no more files than that takes."""
    found = np.empty(0, np.int64)
    for sealed in _sealed_between(view, first, end):
        if len(found) >= count_max and sealed.segment.group_min > found[count_max - 1]:
            return found[:count_max]
        found = np.union1d(found, sealed_groups.numbers(sealed.segment.path, first, end))
    for table in view.tail:
        if len(found) >= count_max:
            break
        found = np.union1d(found, np.unique(tail.group_numbers(tail.between(table, first, end))))
    return found[:count_max]


def _read(view: ShardView, first: int, end: int) -> pa.Table:
    """Rows of the groups in [first, end), in group order."""
    parts = [sealed_groups.read(s.segment.path, first, end) for s in _sealed_between(view, first, end)]
    parts += [tail.between(table, first, end) for table in view.tail]
    rows = pa.concat_tables([part for part in parts if part.num_rows] or [STORED_SCHEMA.empty_table()])
    numbers = tail.group_numbers(rows)
    if np.all(numbers[1:] >= numbers[:-1]):
        return rows
    # Files of several days interleave; a stable sort keeps each one's order.
    return rows.take(pa.array(np.argsort(numbers, kind="stable")))


def _within(groups: list[pa.Table], rows_max: int) -> list[pa.Table]:
    rows = np.cumsum([group.num_rows for group in groups])
    return groups[: max(1, int(np.searchsorted(rows, rows_max, side="right")))]


def _first_since(rows: pa.Table, since_ns: int) -> int:
    at_row = int(np.searchsorted(rows["__arrival__"].to_numpy(), since_ns))
    return int(rows["__group__"][at_row].as_py())
