"""Windows that grow: each begins where the whole does, the last is the whole, and a page is the same page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.query.corpus import WINDOW, build, flow_rows
from weir.logstore.snapshot import Segment, Snapshot
from weir.query import stages
from weir.query.answer import Page, Range
from weir.query.index import Index
from weir.query.run import Querier

DAY = 86_400


def segment(first: int, last: int, rows: int) -> Segment:
    return Segment(Path(f"{first}.parquet"), rows, rows, first, last, 0, 0, 0)


def test_windows_grow_from_the_end_that_is_asked_for() -> None:
    hours = tuple(segment(hour * 3600, hour * 3600 + 3599, 400_000) for hour in range(24))
    whole = Range(0, DAY)
    newest = list(stages.windows(Snapshot(hours, ()), whole, True))
    assert [one.to_s for one in newest] == [DAY] * 4
    assert [DAY - one.from_s for one in newest] == [450, 3600, 8 * 3600, DAY]
    oldest = list(stages.windows(Snapshot(hours, ()), whole, False))
    assert [(one.from_s, one.to_s) for one in oldest] == [(0, 450), (0, 3600), (0, 8 * 3600), (0, DAY)]


@pytest.mark.parametrize("newest_first", [True, False])
def test_few_rows_are_read_at_once(newest_first: bool) -> None:
    whole = Range(10, 20)
    for snapshot in (
        Snapshot((), ()),
        Snapshot((segment(0, 30, 90_000),), ()),
        Snapshot((segment(50, 60, 10**7),), ()),
    ):
        assert list(stages.windows(snapshot, whole, newest_first)) == [whole]
    crowded = Snapshot((segment(15, 15, 10**7),), ())
    assert {(one.from_s, one.to_s) for one in stages.windows(crowded, whole, newest_first)} <= {
        (15, 20),
        (10, 16),
        (10, 20),
    }


@pytest.mark.parametrize("reverse", [True, False])
@pytest.mark.parametrize("page", [(3, 0), (3, 5), (100, 0), (1, 29), (5, 40)])
def test_a_page_is_the_same_page(tmp_path: Path, reverse: bool, page: tuple[int, int]) -> None:
    snapshot = build(flow_rows(30), tmp_path)
    # The segments say that they hold far more rows than they do, so that several windows are tried.
    large = replace(snapshot, segments=tuple(replace(one, rows=10**6) for one in snapshot.segments))
    asked = Page(page[0], page[1], reverse)

    def answer(of: Snapshot) -> Any:
        return Querier().run(of, "*", WINDOW, asked, Index.for_flow_logs()).rows

    assert len(list(stages.windows(large, WINDOW, reverse))) > 1
    assert answer(large) == answer(snapshot)
