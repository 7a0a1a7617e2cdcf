"""Reading by cursor: groups, exact ends, resuming, arrival times; the same before and after a seal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from weir.logstore.limits import Limits
from weir.logstore.schema import GROUP_ROWS_MAX, STORED_SCHEMA
from weir.logstore.store import Store
from weir.logstore.troubles import CursorError

Flows = Callable[..., pa.Table]


@pytest.fixture(params=["tail", "segments", "both"])
def store(request: pytest.FixtureRequest, place: Any, flows: Flows) -> Store:
    """Six puts a minute apart, 2 rows each, serials 0 to 11, in the state named."""
    opened: Store = place.open()
    opened.create(1, 1)
    for number in range(6):
        opened.put(1, flows(number * 2, 2))
        place.clock.now += 60
        if request.param == "segments" or (request.param == "both" and number == 2):
            opened.seal(1)
    return opened


def serials(groups: list[pa.Table]) -> list[list[int]]:
    assert all(group.schema.equals(STORED_SCHEMA) for group in groups)
    return [group["packets"].to_pylist() for group in groups]


def test_a_cursor_is_the_shards_creation_plus_one_per_group(store: Store, place: Any) -> None:
    begin = store.cursor_begin(1, 0)
    assert begin // 10**9 == store.shards(1)[0].create_time
    assert store.cursor_end(1, 0) == begin + 6
    groups = store.pull(1, 0, begin, 1000).groups
    assert [group["__group__"].unique().to_pylist() for group in groups] == [[begin + i] for i in range(6)]


@pytest.mark.parametrize("count", [1, 2, 4, 1000])
def test_a_reader_that_comes_again_gets_every_group_once(store: Store, count: int) -> None:
    cursor, end, seen = store.cursor_begin(1, 0), store.cursor_end(1, 0), []
    while cursor != end:
        pulled = store.pull(1, 0, cursor, count)
        assert 0 < len(pulled.groups) <= count
        seen += serials(pulled.groups)
        cursor = pulled.next_cursor
    assert seen == [[2 * i, 2 * i + 1] for i in range(6)]
    assert store.pull(1, 0, end, count) == type(pulled)([], end)


def test_a_pull_ends_exactly_at_the_end_cursor(store: Store) -> None:
    begin = store.cursor_begin(1, 0)
    for end in range(begin, begin + 7):
        pulled = store.pull(1, 0, begin, 1000, end)
        assert (len(pulled.groups), pulled.next_cursor) == (end - begin, end)
        assert store.pull(1, 0, end, 1000, end).next_cursor == end
    beyond = store.pull(1, 0, begin, 1000, begin + 100)
    assert (len(beyond.groups), beyond.next_cursor) == (6, begin + 6)


def test_cursors_by_time_of_arrival(store: Store, place: Any) -> None:
    begin, first_s = store.cursor_begin(1, 0), int(place.clock.now) - 360
    assert store.cursor_at(1, 0, 0) == begin
    for number in range(6):
        assert store.cursor_at(1, 0, first_s + number * 60) == begin + number
        assert store.cursor_at(1, 0, first_s + number * 60 + 1) == begin + number + 1
        assert store.cursor_time(1, 0, begin + number) == first_s + number * 60
    assert store.cursor_at(1, 0, first_s + 3600) == store.cursor_end(1, 0)
    assert store.cursor_time(1, 0, store.cursor_end(1, 0)) == int(place.clock.now)


def test_a_cursor_outside_the_shard_is_refused(store: Store) -> None:
    begin, end = store.cursor_begin(1, 0), store.cursor_end(1, 0)
    for cursor in (begin - 1, end + 1, 0):
        with pytest.raises(CursorError):
            store.pull(1, 0, cursor, 1)
        with pytest.raises(CursorError):
            store.cursor_time(1, 0, cursor)
    with pytest.raises(CursorError):
        store.pull(1, 0, end, 1, begin)


def test_cursors_survive_a_restart(store: Store, place: Any, flows: Flows) -> None:
    begin, end = store.cursor_begin(1, 0), store.cursor_end(1, 0)
    store = place.reopen(store)
    assert (store.cursor_begin(1, 0), store.cursor_end(1, 0)) == (begin, end)
    store.put(1, flows(12, 2))
    assert serials(store.pull(1, 0, end, 10).groups) == [[12, 13]]


def test_arrival_never_goes_back_though_the_clock_does(store: Store, place: Any, flows: Flows) -> None:
    end, newest = store.cursor_end(1, 0), int(place.clock.now) - 60
    place.clock.now -= 3600
    store = place.reopen(store)
    store.put(1, flows(12, 2))
    assert store.cursor_time(1, 0, end) == newest
    assert store.cursor_at(1, 0, newest + 1) == store.cursor_end(1, 0)


def test_expired_groups_are_passed_over(store: Store, place: Any) -> None:
    begin, end = store.cursor_begin(1, 0), store.cursor_end(1, 0)
    place.clock.now += 10 * 86_400
    left = 12 - store.expire(1, 7)
    pulled = store.pull(1, 0, begin, 1000)
    assert sum(len(group) for group in serials(pulled.groups)) == left
    assert pulled.next_cursor == end
    assert store.cursor_begin(1, 0) == end - left // 2


def test_a_large_put_is_several_groups_in_one_commit(place: Any, flows: Flows) -> None:
    store = place.open()
    store.create(1, 1)
    store.put(1, flows(0, 2 * GROUP_ROWS_MAX + 10))
    assert store.counters.commits == 1
    for _ in range(2):
        pulled = store.pull(1, 0, store.cursor_begin(1, 0), 1000)
        assert [group.num_rows for group in pulled.groups] == [GROUP_ROWS_MAX, GROUP_ROWS_MAX, 10]
        assert [s for group in serials(pulled.groups) for s in group] == list(range(2 * GROUP_ROWS_MAX + 10))
        store.seal(1)


def test_a_pull_ends_early_at_its_row_limit_but_always_moves(place: Any, flows: Flows) -> None:
    store = place.open(Limits(pull_rows_max=5))
    store.create(1, 1)
    for first, count in ((0, 2), (2, 2), (4, 2), (6, 10)):
        store.put(1, flows(first, count))
    begin = store.cursor_begin(1, 0)
    first = store.pull(1, 0, begin, 1000)
    assert (serials(first.groups), first.next_cursor) == ([[0, 1], [2, 3]], begin + 2)
    second = store.pull(1, 0, first.next_cursor, 1000)
    assert serials(second.groups) == [[4, 5]]
    assert serials(store.pull(1, 0, second.next_cursor, 1000).groups) == [list(range(6, 16))]


def test_a_group_whose_rows_lie_on_two_days_stays_one_group(place: Any, flows: Flows) -> None:
    store = place.open()
    store.create(1, 1)
    midnight = int(place.clock.now) // 86_400 * 86_400
    for first in (0, 4):
        store.put(1, pa.concat_tables([flows(first, 2, midnight - 5), flows(first + 2, 2, midnight)]))
    store.seal(1)
    assert len(store.snapshot(1).segments) == 2
    assert serials(store.pull(1, 0, store.cursor_begin(1, 0), 10).groups) == [[0, 1, 2, 3], [4, 5, 6, 7]]
