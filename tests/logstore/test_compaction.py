"""Compaction: the same rows in fewer, sorted files; cursors, old snapshots and expiry take no notice."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from weir.logstore import compaction
from weir.logstore.lake import file_extra_keys
from weir.logstore.limits import Limits
from weir.logstore.manifest import Sealed
from weir.logstore.snapshot import Segment
from weir.logstore.store import Store

Flows = Callable[..., pa.Table]
Serials = Callable[..., list[int]]
HOUR, DAY = 3600, 86_400
MIDNIGHT = 1_763_683_200


@pytest.fixture
def store(place: Any) -> Store:
    made: Store = place.open(Limits(compact_rows=1_000, pull_rows_max=500))
    made.create(1, 1)
    return made


def sealed_parts(store: Store, flows: Flows, parts: int, rows: int, time_s: int = MIDNIGHT) -> None:
    for number in range(parts):
        store.put(1, flows(number * rows, rows, time_s), batch_id=str(number))
        store.seal(1)


def pulled(store: Store, cursor: int | None = None, count_max: int = 3) -> list[pa.Table]:
    """Every group from the cursor (the begin) to the end."""
    cursor = store.cursor_begin(1, 0) if cursor is None else cursor
    found: list[pa.Table] = []
    while True:
        got = store.pull(1, 0, cursor, count_max)
        found += got.groups
        if got.next_cursor == cursor:
            return found
        cursor = got.next_cursor


def test_small_segments_become_one_and_nothing_else_changes(store: Store, flows: Flows, serials: Serials) -> None:
    sealed_parts(store, flows, 10, 120)
    before, cursors = pulled(store), [store.cursor_at(1, 0, at) for at in (0, MIDNIGHT + 10 * HOUR, MIDNIGHT + DAY)]
    old = store.snapshot(1)
    assert store.compact(1) == 1
    segments = store.snapshot(1).segments
    assert [(one.rows, one.compacted) for one in segments] == [(120, False), (1080, True)]
    assert serials(store.snapshot(1)) == list(range(1200))
    assert serials(old) == list(range(1200))
    assert [one.equals(other) for one, other in zip(pulled(store), before, strict=True)] == [True] * 10
    assert cursors == [store.cursor_at(1, 0, at) for at in (0, MIDNIGHT + 10 * HOUR, MIDNIGHT + DAY)]
    middle = int(before[4]["__group__"][0].as_py())
    assert pulled(store, middle)[0].equals(before[4])
    assert store.compact(1) == 0


def test_rows_keep_their_places_over_several_rounds(place: Any, store: Store, flows: Flows, serials: Serials) -> None:
    sealed_parts(store, flows, 9, 120)
    sealed_parts(store, lambda first, *rest: flows(2_000 + first, *rest), 5, 100)  # ids known: nothing is added
    store.put(1, flows(5_000, 5_000, MIDNIGHT + 60))
    store.seal(1)
    before = pulled(store)
    for _ in range(3):
        place.clock.now += DAY
        store.compact(1)
    assert all(one.compacted for one in store.snapshot(1).segments)
    assert [one.equals(other) for one, other in zip(pulled(store), before, strict=True)] == [True] * len(before)
    reopened = place.reopen(store)
    assert reopened.damage == ()
    assert serials(reopened.snapshot(1)) == [*range(1080), *range(5_000, 10_000)]


def test_an_address_is_in_one_row_group(store: Store, flows: Flows) -> None:
    store.put(1, pa.concat_tables([flows(0, 2_500)] * 100))
    store.seal(1)
    assert store.compact(1) == 1
    (segment,) = store.snapshot(1).segments
    metadata = pq.read_metadata(segment.path)
    place = metadata.schema.names.index("srcaddr")
    spans = [metadata.row_group(i).column(place).statistics for i in range(metadata.num_row_groups)]
    assert len(spans) == 3
    assert all(one.max <= other.min for one, other in itertools.pairwise(spans))
    assert file_extra_keys(segment.path) == {"serial", "dstport"}


def test_a_reader_keeps_its_files_and_then_they_go(place: Any, store: Store, flows: Flows, serials: Serials) -> None:
    sealed_parts(store, flows, 8, 125)
    held = store.snapshot(1)
    store.compact(1)
    place.clock.now += place.limits.removal_grace_seconds + 1
    store.tend()
    assert serials(held) == list(range(1_000))
    assert len(place.lake_files()) == 9
    del held
    store.tend()
    assert place.lake_files() == [one.path for one in store.snapshot(1).segments]


def test_young_rows_stay_as_they_arrived(place: Any, store: Store, flows: Flows) -> None:
    now = int(place.clock())
    sealed_parts(store, flows, 8, 125, now - HOUR)
    assert store.compact(1) == 0
    place.clock.now += 1
    assert store.compact(1) == 1


def test_expiry_between_choice_and_commit_wins(place: Any, store: Store, flows: Flows, serials: Serials) -> None:
    sealed_parts(store, flows, 8, 125)
    view = place.manifest().segments(1, place.lake)
    assert place.manifest().replace_segments(view, made_of(view), 1, 5, place.lake)
    assert not place.manifest().replace_segments(view, made_of(view), 1, 5, place.lake)


def made_of(sealed: tuple[Sealed, ...]) -> Sealed:
    path = sealed[0].segment.path.with_name("made.parquet")
    return replace(sealed[0], segment=replace(sealed[0].segment, path=path, compacted=True))


def segment(number: int, rows: int = 100, **changes: Any) -> Sealed:
    parts = {"size_bytes": rows, "time_min": MIDNIGHT, "time_max": MIDNIGHT, "shard": 0, "compacted": False} | changes
    arrival = parts.pop("arrival_s", MIDNIGHT) * 10**9
    path = Path(f"{number}.parquet")
    return Sealed(Segment(path=path, rows=rows, group_min=number, group_max=number, **parts), arrival, arrival)


@pytest.mark.parametrize(
    ("sealed", "hours", "chosen"),
    [
        ([], 30, []),
        ([segment(0)], 10, []),
        ([segment(0)], 30, [0]),
        ([segment(0, compacted=True)], 30, []),
        ([segment(0, compacted=True), segment(1)], 30, [0, 1]),
        ([segment(n) for n in range(7)], 10, []),
        ([segment(n) for n in reversed(range(8))], 10, list(range(8))),
        ([segment(0, 600), segment(1, 600), segment(2, 600)], 10, [0, 1]),
        ([segment(0, 1_200)], 10, [0]),
        ([segment(0, 1_200, compacted=True), segment(1, 600), segment(2, 600)], 10, [1, 2]),
        ([segment(0), segment(1, shard=1)], 30, [0]),
        ([segment(0, 600), segment(1, 600, time_min=MIDNIGHT + DAY, time_max=MIDNIGHT + DAY)], 20, []),
        ([segment(0, 600), segment(1, 600, arrival_s=MIDNIGHT + 2 * DAY)], 20, []),
        ([segment(0, 600), segment(1, 600, time_max=MIDNIGHT + 20 * HOUR), segment(2, 600)], 20, []),
        ([segment(0, 600, size_bytes=2**25), segment(1, 600)], 20, []),
    ],
)
def test_what_is_chosen(sealed: list[Sealed], hours: int, chosen: list[int]) -> None:
    found = compaction.choose(sealed, MIDNIGHT + hours * HOUR, Limits(compact_rows=1_000))
    assert [one.segment.group_min for one in found] == chosen
