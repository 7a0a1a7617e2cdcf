"""Which segments are merged next.

What enters: the sealed segments of a logstore, the time, limits. What leaves: neighbours of one shard and one day that
shall become one file, or none. Rules: rows of the last hour stay as they arrived, so that tails and dashboards read
files that follow time; a file is at most about ``Limits.compact_rows`` rows; what arrived more than a day apart
stays apart, so that retention is not put off. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from weir.logstore.lake import SECONDS_PER_DAY
from weir.logstore.limits import Limits
from weir.logstore.manifest import Sealed

FAN = 8
"""Small segments that are merged while their day is still young; fewer wait, so that a quiet logstore is rewritten once
for eight seals."""
NS = 10**9


def choose(sealed: Iterable[Sealed], now_s: int, limits: Limits) -> tuple[Sealed, ...]:
    """The segments to merge, in order of arrival; empty where there is nothing to do. ``now_s``: Unix seconds."""
    settled_s = now_s - limits.compact_after_seconds
    for run in _runs(sealed, settled_s, limits):
        is_over = (run[0].segment.time_min // SECONDS_PER_DAY + 1) * SECONDS_PER_DAY <= settled_s
        is_sorted = len(run) == 1 and run[0].segment.compacted
        if not is_sorted and (_is_full(run, limits) or len(run) >= FAN or is_over):
            return tuple(run)
    return ()


def _runs(sealed: Iterable[Sealed], settled_s: float, limits: Limits) -> Iterator[list[Sealed]]:
    """Neighbours that may become one file."""
    for _, mine in groupby(sorted(sealed, key=_place), key=lambda one: _place(one)[:2]):
        run: list[Sealed] = []
        for one in mine:
            if run and (_is_full(run, limits) or not _fits(run, one)):
                yield run
                run = []
            if _may_grow(one, limits) and one.segment.time_max < settled_s:
                run.append(one)
            elif run:
                yield run
                run = []
        if run:
            yield run


def _place(one: Sealed) -> tuple[int, int, int]:
    return one.segment.shard, one.segment.time_min // SECONDS_PER_DAY, one.segment.group_min


def _may_grow(one: Sealed, limits: Limits) -> bool:
    segment = one.segment
    is_large = segment.rows >= limits.compact_rows and segment.compacted
    return not is_large and segment.size_bytes < limits.compact_bytes


def _is_full(run: Sequence[Sealed], limits: Limits) -> bool:
    rows, size = sum(one.segment.rows for one in run), sum(one.segment.size_bytes for one in run)
    return rows >= limits.compact_rows or size >= limits.compact_bytes


def _fits(run: Sequence[Sealed], one: Sealed) -> bool:
    first = min(other.arrival_min_ns for other in run)
    return one.arrival_max_ns - first <= SECONDS_PER_DAY * NS
