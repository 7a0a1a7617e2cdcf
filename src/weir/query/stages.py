"""A page of rows is looked for where it most likely is, before everything is read.

What enters: a snapshot, the window, whether the newest rows come first. What leaves: windows, each holding the one
before, the last one the whole. Rule: all begin (or end, for the newest first) where the whole does, so a page that is
full after one of them is the same page after all of them; each costs eight times the one before, so the search for
rare rows costs a seventh more than reading all at once. Pure.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace

from weir.logstore.engine import times
from weir.logstore.snapshot import Snapshot
from weir.query.answer import Range

FIRST_ROWS = 50_000
"""Rows that the first window holds, about: read in a few milliseconds."""
FACTOR = 8

Spans = list[tuple[int, int, int]]


def windows(snapshot: Snapshot, whole: Range, newest_first: bool) -> Iterator[Range]:
    """Windows of about ``FIRST_ROWS``, eight times that, and so on; then ``whole``."""
    spans = _spans(snapshot, whole)
    total, rows = sum(count for _, _, count in spans), FIRST_ROWS
    last = whole.to_s if newest_first else whole.from_s
    while rows * 2 < total:
        bound = _bound(spans, rows, newest_first)
        if (last > bound > whole.from_s) if newest_first else (last < bound < whole.to_s):
            last = bound
            yield replace(whole, from_s=bound) if newest_first else replace(whole, to_s=bound)
        rows *= FACTOR
    yield whole


def _spans(snapshot: Snapshot, whole: Range) -> Spans:
    """(first second, last second, rows) of each segment and tail table that has rows in the window."""
    spans = [(one.time_min, one.time_max, one.rows) for one in snapshot.segments]
    for table in snapshot.tail:
        if table.num_rows:
            spans.append((*times(table), table.num_rows))
    return [span for span in spans if span[1] >= whole.from_s and span[0] < whole.to_s]


def _bound(spans: Spans, rows: int, newest_first: bool) -> int:
    """The second from (up to) which there are about ``rows`` rows."""
    seconds = range(min(first for first, _, _ in spans), max(last for _, last, _ in spans) + 2)
    if newest_first:
        return seconds[max(0, bisect_right(seconds, -rows, key=lambda at: -_after(spans, at)) - 1)]
    total = sum(count for _, _, count in spans)
    return seconds[bisect_left(seconds, rows, hi=len(seconds) - 1, key=lambda at: total - _after(spans, at))]


def _after(spans: Spans, moment: int) -> int:
    """Rows at or after the second, as if each span were evenly filled."""
    shares = ((min(1.0, max(0.0, (last + 1 - moment) / (last + 1 - first))), rows) for first, last, rows in spans)
    return int(sum(share * rows for share, rows in shares))
