"""Which segments are too old: by their newest arrival, whole, never early."""

from __future__ import annotations

from pathlib import Path

from weir.logstore.manifest import Sealed
from weir.logstore.retention import DAYS_FOREVER, NS_PER_DAY, choose
from weir.logstore.snapshot import Segment


def sealed(newest_day: int) -> Sealed:
    segment = Segment(Path(f"{newest_day}.parquet"), 1, 1, 0, 0, 0, 0, 0)
    return Sealed(segment, (newest_day - 1) * NS_PER_DAY, newest_day * NS_PER_DAY)


def test_a_segment_goes_when_its_newest_row_is_older_than_the_days() -> None:
    days = [sealed(day) for day in range(1, 6)]
    assert choose(days, 2, 5 * NS_PER_DAY) == tuple(days[:2])
    assert choose(days, 2, 5 * NS_PER_DAY + 1) == tuple(days[:3])
    assert choose(days, 30, 5 * NS_PER_DAY) == ()


def test_for_ever() -> None:
    assert choose([sealed(1)], DAYS_FOREVER, 9999 * NS_PER_DAY) == ()
