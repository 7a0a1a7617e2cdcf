"""Splitting and merging shards: rows stay where they are, keys go on, every row is there once, also under load."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import text

from weir.logstore.shards import WRITABLE_MAX
from weir.logstore.store import Store
from weir.logstore.troubles import ShardReadOnly, ShardsFixed, ShardUnknown, StoreUnavailable

Flows = Callable[..., pa.Table]
Serials = Callable[..., list[int]]
LOW, MIDDLE, HIGH = "0" * 32, "8" + "0" * 31, "f" * 32
QUARTER = "4" + "0" * 31


@pytest.fixture
def store(place: Any) -> Store:
    opened: Store = place.open()
    opened.create(1, 1)
    return opened


def known(store: Store) -> list[tuple[int, str, str, str, tuple[int, ...]]]:
    return [(one.id, one.status, one.begin_key, one.end_key, one.parents) for one in store.shards(1)]


def pulled(store: Store, shard: int) -> list[int]:
    """Serial numbers from the shard's begin to its end, group by group."""
    cursor, found = store.cursor_begin(1, shard), []
    while cursor < store.cursor_end(1, shard):
        part = store.pull(1, shard, cursor, 2)
        found += [serial for group in part.groups for serial in group["packets"].to_pylist()]
        cursor = part.next_cursor
    return found


def test_a_split_shard_is_read_to_its_end_and_its_keys_go_on(place: Any, store: Store, flows: Flows) -> None:
    store.put(1, flows(0, 5), batch_id="a")
    begin, end = store.cursor_begin(1, 0), store.cursor_end(1, 0)
    assert [one.id for one in store.split(1, 0, QUARTER)] == [0, 1, 2]
    shards = [
        (0, "readonly", LOW, HIGH, ()),
        (1, "readwrite", LOW, QUARTER, (0,)),
        (2, "readwrite", QUARTER, HIGH, (0,)),
    ]
    assert known(store) == shards
    assert store.put(1, flows(0, 5), batch_id="a").shard == 0  # once, though its shard takes nothing any more
    assert store.put(1, flows(5, 1), shard="3f", batch_id="b").shard == 1
    assert store.put(1, flows(6, 1), shard=QUARTER).shard == 2
    assert [store.put(1, flows(7 + i, 1)).shard for i in range(4)] in ([1, 2, 1, 2], [2, 1, 2, 1])
    for _ in range(2):
        assert (store.cursor_begin(1, 0), store.cursor_end(1, 0)) == (begin, end)
        assert [pulled(store, 0), sorted(pulled(store, 1) + pulled(store, 2))] == [list(range(5)), list(range(5, 11))]
        assert store.put(1, flows(5, 1), batch_id="b").duplicate
        assert store.shard_count(1) == 2
        with pytest.raises(ShardReadOnly):
            store.put(1, flows(20, 1), shard=0)
        store = place.reopen(store)
        assert known(store) == shards
    store.seal(1)
    assert pulled(place.reopen(store), 0) == list(range(5))


def test_neighbours_are_merged_and_split_again(place: Any, store: Store, flows: Flows, serials: Serials) -> None:
    store.split(1, 0)
    for serial, key in enumerate((LOW, HIGH)):
        store.put(1, flows(serial, 1), shard=key)
    assert [one.id for one in store.merge(1, 1)] == [3, 1, 2]
    assert store.put(1, flows(2, 1)).shard == 3
    assert known(store)[1:] == [
        (1, "readonly", LOW, MIDDLE, (0,)),
        (2, "readonly", MIDDLE, HIGH, (0,)),
        (3, "readwrite", LOW, HIGH, (1, 2)),
    ]
    assert [one.id for one in store.split(1, 3, count=4)] == [3, 4, 5, 6, 7]
    store = place.reopen(store)
    assert [one.begin_key[0] for one in store.shards(1)[4:]] == ["0", "4", "8", "c"]
    assert [pulled(store, shard) for shard in range(5)] == [[], [0], [1], [2], []]
    assert serials(store.snapshot(1)) == [0, 1, 2]


def test_changes_that_cannot_be_are_refused_and_change_nothing(store: Store, flows: Flows) -> None:
    store.create(2, 3)
    store.split(1, 0)
    before = known(store)
    for key in (LOW, HIGH, MIDDLE, "9"):
        with pytest.raises(ShardsFixed, match="mid hash"):
            store.split(1, 1, key)
    with pytest.raises(ShardsFixed, match="right neighbour"):
        store.merge(1, 2)
    with pytest.raises(ShardReadOnly):
        store.split(1, 0)
    with pytest.raises(ShardReadOnly):
        store.merge(1, 0)
    with pytest.raises(ShardUnknown):
        store.split(1, 3)
    with pytest.raises(ShardsFixed, match="two or more"):
        store.split(1, 1, count=1)
    with pytest.raises(ShardsFixed, match="at most"):
        store.split(2, 1, count=WRITABLE_MAX)
    with pytest.raises(ValueError, match="hex"):
        store.split(1, 1, "x")
    assert known(store) == before
    assert store.put(1, flows(0, 1), shard=1).shard == 1


def test_a_manifest_that_refuses_leaves_the_old_shards_in_use(place: Any, store: Store, flows: Flows) -> None:
    before = known(store)
    with place.engine().begin() as connection:
        connection.execute(text("ALTER TABLE shards RENAME TO hidden"))
    with pytest.raises(StoreUnavailable):
        store.split(1, 0)
    with place.engine().begin() as connection:
        connection.execute(text("ALTER TABLE hidden RENAME TO shards"))
    assert known(store) == before
    assert store.put(1, flows(0, 1)).shard == 0
    store.split(1, 0)
    store = place.reopen(store)
    assert [pulled(store, shard) for shard in range(3)] == [[0], [], []]


def test_writers_never_notice_that_shards_change_under_them(
    place: Any, store: Store, flows: Flows, serials: Serials
) -> None:
    """Four writers put 100 batches each, with a key or without, some twice, while shards are split and merged."""
    wrong: list[object] = []

    def write(thread: int) -> None:
        dice = random.Random(thread)
        for number in range(100):
            first = (thread * 100 + number) * 3
            key = None if number % 2 else f"{dice.getrandbits(128):032x}"
            for repeat in range(1 + (number % 10 == 0)):
                ack = store.put(1, flows(first, 3), shard=key, batch_id=f"{first}")
                if ack.duplicate != bool(repeat):
                    wrong.append((first, ack))

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    dice = random.Random(5)
    while any(thread.is_alive() for thread in threads) and len(store.shards(1)) < 60:
        closed = dice.choice([one for one in store.shards(1) if one.status == "readwrite"])
        end = store.cursor_end(1, closed.id)
        if closed.end_key != HIGH and dice.random() < 0.5:
            store.merge(1, closed.id)
        else:
            store.split(1, closed.id)
        if store.cursor_end(1, closed.id) < end:
            wrong.append(closed)
    for thread in threads:
        thread.join()
    assert wrong == []
    assert serials(store.snapshot(1)) == list(range(1200))
    store = place.reopen(store)
    assert store.damage == ()
    assert sorted(serial for one in store.shards(1) for serial in pulled(store, one.id)) == list(range(1200))
