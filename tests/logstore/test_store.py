"""The store as its users see it: acknowledged is visible, once, across seal and restart; dropped is gone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from weir.logstore import lake, wal
from weir.logstore.limits import Limits
from weir.logstore.logstore import Ack
from weir.logstore.manifest import BATCH_MEMORY_DAYS, Seal
from weir.logstore.schema import PUT_SCHEMA
from weir.logstore.store import Store
from weir.logstore.troubles import ShardUnknown, StoreUnavailable, StoreUnknown

Flows = Callable[..., pa.Table]
Serials = Callable[..., list[int]]
DAY = 86_400


@pytest.fixture
def store(place: Any) -> Store:
    opened: Store = place.open()
    opened.create(1, 1)
    return opened


def test_what_is_acknowledged_is_visible_before_and_after_the_seal_and_a_restart(
    place: Any, store: Store, flows: Flows, serials: Serials
) -> None:
    assert store.put(1, flows(0, 10)) == Ack(10, False, 0)
    assert store.put(1, flows(10, 5)) == Ack(5, False, 0)
    assert serials(store.snapshot(1)) == list(range(15))
    store.seal(1)
    store.put(1, flows(15, 5))
    snapshot = store.snapshot(1)
    assert [segment.rows for segment in snapshot.segments] == [15]
    assert [table.num_rows for table in snapshot.tail] == [5]
    assert serials(snapshot) == list(range(20))
    store = place.reopen(store)
    assert serials(store.snapshot(1)) == list(range(20))
    assert (store.counters.recovered_rows, store.damage) == (5, ())


def test_shards_take_turns_and_keep_their_own(store: Store, flows: Flows) -> None:
    store.create(2, 3)
    assert [store.put(2, flows(i, 1)).shard for i in range(7)] == [0, 1, 2, 0, 1, 2, 0]
    assert store.put(2, flows(7, 1), shard=2).shard == 2
    shards = [table["__shard__"].to_pylist() for table in store.snapshot(2).tail]
    assert shards == [[0], [0], [0], [1], [1], [2], [2], [2]]
    with pytest.raises(ShardUnknown):
        store.put(2, flows(0, 1), shard=3)
    with pytest.raises(StoreUnknown):
        store.put(3, flows(0, 1))


def test_the_tail_keeps_few_tables_however_small_the_puts(store: Store, flows: Flows, serials: Serials) -> None:
    for serial in range(600):
        store.put(1, flows(serial, 1))
    assert len(store.snapshot(1).tail) < 40
    assert serials(store.snapshot(1)) == list(range(600))


def test_a_batch_counts_once_across_seal_and_restart(place: Any, store: Store, flows: Flows, serials: Serials) -> None:
    store.create(2, 4)
    assert store.put(2, flows(0, 3), batch_id="a") == Ack(3, False, 0)
    assert store.put(2, flows(0, 3), batch_id="a") == Ack(3, True, 0)
    store.seal(2)
    assert store.put(2, flows(0, 3), batch_id="a") == Ack(3, True, 0)
    assert store.put(2, flows(3, 3), batch_id="b").duplicate is False
    assert store.put(1, flows(0, 3), batch_id="a").duplicate is False  # another logstore
    store = place.reopen(store)
    assert store.put(2, flows(0, 3), batch_id="a").duplicate is True
    assert store.put(2, flows(3, 3), batch_id="b").duplicate is True
    assert serials(store.snapshot(2)) == list(range(6))
    assert store.counters.duplicates == 2


def test_one_batch_from_many_threads_at_once_counts_once(store: Store, flows: Flows, serials: Serials) -> None:
    acks: list[Ack] = []
    together = threading.Barrier(8)

    def send() -> None:
        for number in range(20):
            together.wait()
            acks.append(store.put(1, flows(number * 3, 3), batch_id=f"b{number}"))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(not ack.duplicate for ack in acks) == 20
    assert serials(store.snapshot(1)) == list(range(60))


def test_callers_at_the_same_time_share_a_sync(store: Store, flows: Flows, serials: Serials) -> None:
    together = threading.Barrier(16)

    def send(thread: int) -> None:
        for number in range(20):
            together.wait()
            store.put(1, flows(thread * 20 + number, 1))

    threads = [threading.Thread(target=send, args=(thread,)) for thread in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert serials(store.snapshot(1)) == list(range(320))
    assert store.counters.batches == 320
    assert store.counters.commits < 320


def test_batches_are_forgotten_after_their_days(place: Any, store: Store, flows: Flows) -> None:
    store.put(1, flows(0, 3), batch_id="a")
    store.seal(1)
    place.clock.now += BATCH_MEMORY_DAYS * DAY - 1
    store.tend()
    assert store.put(1, flows(0, 3), batch_id="a").duplicate is True
    place.clock.now += DAY
    store.tend()
    assert store.put(1, flows(0, 3), batch_id="a").duplicate is False


def test_a_segment_holds_one_day_and_snapshots_skip_days_outside(
    place: Any, store: Store, flows: Flows, serials: Serials
) -> None:
    midnight = int(place.clock.now) // DAY * DAY
    before, after = flows(0, 3, midnight - 1), flows(3, 4, midnight)
    store.put(1, pa.concat_tables([before, after]))
    store.seal(1)
    segments = store.snapshot(1).segments
    assert [(s.rows, s.time_min, s.time_max) for s in segments] == [
        (3, midnight - 1, midnight - 1),
        (4, midnight, midnight),
    ]
    assert [s.path.parent.name for s in segments] == ["2025-11-20", "2025-11-21"]
    assert [s.size_bytes for s in segments] == [s.path.stat().st_size for s in segments]
    assert serials(store.snapshot(1, from_s=midnight)) == [3, 4, 5, 6]
    assert serials(store.snapshot(1, to_s=midnight - 1)) == [0, 1, 2]
    assert serials(store.snapshot(1, 0, midnight + DAY)) == list(range(7))


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        (Limits(seal_rows=20), 0),
        (Limits(seal_bytes=1_000), 0),
        (Limits(seal_memory_bytes=1_000), 0),
        (Limits(seal_age_seconds=60), 61),
    ],
    ids=["rows", "bytes", "memory", "age"],
)
def test_each_limit_seals(
    place: Any, flows: Flows, serials: Serials, limits: Limits, seconds: int, wait_until: Callable[..., None]
) -> None:
    store = place.open(limits)
    store.create(1, 1)
    store.start()
    store.put(1, flows(0, 10))
    place.clock.now += seconds
    store.put(1, flows(10, 10))
    wait_until(lambda: store.counters.seals)
    wait_until(lambda: not place.wal_files())
    assert serials(store.snapshot(1)) == list(range(20))
    assert sum(segment.rows for segment in store.snapshot(1).segments) == 20


@pytest.mark.parametrize("most", [{"tail_rows_max": 10}, {"tail_bytes_max": 1_000}])
def test_puts_wait_for_a_seal_that_is_behind_and_then_get_unavailable(
    place: Any, flows: Flows, serials: Serials, most: dict[str, int]
) -> None:
    store = place.open(Limits(**most, backlog_wait_seconds=0.05))
    store.create(1, 1)
    store.put(1, flows(0, 10))
    with pytest.raises(StoreUnavailable, match=r"10 rows of [0-9]+ bytes wait to be sealed"):
        store.put(1, flows(10, 1), batch_id="a")
    store.seal(1)
    assert store.put(1, flows(10, 1), batch_id="a").duplicate is False
    assert serials(store.snapshot(1)) == list(range(11))


def test_a_seal_whose_answer_was_lost_is_taken_as_done(
    place: Any, store: Store, flows: Flows, serials: Serials
) -> None:
    store.put(1, flows(0, 10), batch_id="a")
    # The very files and rows of a seal, made past the store: as if its commit went through and its answer did not.
    table = pa.concat_tables(store.snapshot(1).tail)
    sealed = lake.write(place.lake / "1" / "lake", table)
    seal = Seal(1, 0, store.cursor_end(1, 0), sealed, {"a": int(place.clock.now)})
    place.manifest().seal(seal, place.lake)
    store.seal(1)
    assert [segment.path for segment in store.snapshot(1).segments] == [one.segment.path for one in sealed]
    assert place.wal_files() == []
    store.put(1, flows(10, 5))
    assert serials(store.snapshot(1)) == list(range(15))
    assert store.put(1, flows(0, 10), batch_id="a").duplicate is True
    assert serials(place.reopen(store).snapshot(1)) == list(range(15))


def test_drop_deletes_all_and_the_id_can_be_used_again(place: Any, store: Store, flows: Flows) -> None:
    store.put(1, flows(0, 10), batch_id="a")
    store.seal(1)
    store.put(1, flows(10, 10))
    store.drop(1)
    store.drop(1)
    assert not (place.lake / "1").exists()
    with pytest.raises(StoreUnknown):
        store.snapshot(1)
    store.create(1, 1)
    assert store.put(1, flows(0, 10), batch_id="a").duplicate is False


def test_a_drop_that_a_crash_interrupted_ends_at_the_next_start(place: Any, store: Store, flows: Flows) -> None:
    store.put(1, flows(0, 10))
    store.seal(1)
    place.manifest().begin_drop(1)
    store = place.reopen(store)
    assert not (place.lake / "1").exists()
    with pytest.raises(StoreUnknown):
        store.snapshot(1)
    assert place.manifest().shards() == []


def test_expiry_takes_whole_segments_and_their_files_after_the_grace(
    place: Any, store: Store, flows: Flows, serials: Serials
) -> None:
    store.put(1, flows(0, 10))
    store.seal(1)
    place.clock.now += DAY
    store.put(1, flows(10, 10))
    store.seal(1)
    held = store.snapshot(1)
    place.clock.now += 1
    assert store.expire(1, 2) == 0
    assert store.expire(1, 1) == 10
    assert serials(store.snapshot(1)) == list(range(10, 20))
    assert serials(held) == list(range(20))  # a reader that holds an older snapshot goes on
    store.tend()
    assert len(place.lake_files()) == 2
    place.clock.now += place.limits.removal_grace_seconds + 1
    store.tend()
    assert serials(held) == list(range(20))  # however long it takes
    del held
    store.tend()
    assert len(place.lake_files()) == 1
    store = place.reopen(store)
    assert (serials(store.snapshot(1)), store.damage) == (list(range(10, 20)), ())


def test_leftovers_of_a_crash_go_and_strangers_stay(place: Any, store: Store, flows: Flows, serials: Serials) -> None:
    store.put(1, flows(0, 10))
    store.seal(1)
    (sealed,) = place.lake_files()
    stranger = sealed.with_name("stranger.parquet")
    stranger.write_bytes(sealed.read_bytes())
    store.put(1, flows(10, 10))
    lake.write(place.lake / "1" / "lake", pa.concat_tables(store.snapshot(1).tail))  # sealed, not committed
    sealed.with_name("half" + lake.UNFINISHED).write_bytes(b"PAR1")
    store = place.reopen(store)
    assert place.lake_files() == sorted([sealed, stranger])
    assert [str(stranger) in sentence for sentence in store.damage] == [True]
    assert serials(store.snapshot(1)) == list(range(20))


def test_a_missing_file_is_reported_and_the_rest_is_readable(
    place: Any, store: Store, flows: Flows, serials: Serials
) -> None:
    store.put(1, flows(0, 10))
    store.seal(1)
    store.put(1, flows(10, 10))
    place.lake_files()[0].unlink()
    store = place.reopen(store)
    assert serials(store.snapshot(1)) == list(range(10, 20))
    assert [sentence.endswith("the file is gone") for sentence in store.damage] == [True]
    assert store.counters.damaged == 1


def test_damage_in_the_log_is_reported_and_kept_as_evidence(
    place: Any, store: Store, flows: Flows, serials: Serials
) -> None:
    for first in (0, 10, 20):
        store.put(1, flows(first, 10))
    store.stop()
    (path,) = place.wal_files()
    data = bytearray(path.read_bytes())
    data[data.rindex(wal.FRAME_MAGIC) - 1] ^= 1  # last byte of the second of three frames
    path.write_bytes(data)
    store = place.open()
    assert serials(store.snapshot(1)) == [*range(10), *range(20, 30)]
    assert ["unreadable" in sentence for sentence in store.damage] == [True]
    store.seal(1)
    assert place.wal_files() == []
    assert path.with_suffix(".damaged").read_bytes() == bytes(data)


def test_one_process_owns_the_directory(place: Any, store: Store) -> None:
    with pytest.raises(StoreUnavailable, match="in use"):
        place.open()
    place.reopen(store)


def test_a_table_of_another_layout_or_time_is_refused(store: Store, flows: Flows) -> None:
    with pytest.raises(TypeError):
        store.put(1, flows(0, 1).drop_columns(["packets"]))
    for time_s in (-1, 2**32):
        with pytest.raises(ValueError, match="__time__"):
            store.put(1, flows(0, 1, time_s))
    assert store.put(1, PUT_SCHEMA.empty_table(), batch_id="a") == Ack(0, False, 0)
    assert store.snapshot(1).tail == ()


def test_create_is_idempotent_and_ranges_cover_the_key_space(store: Store, flows: Flows) -> None:
    store.create(2, 2)
    store.create(2, 5)
    shards = store.shards(2)
    assert [(s.begin_key, s.end_key) for s in shards] == [("0" * 32, "8" + "0" * 31), ("8" + "0" * 31, "f" * 32)]
    assert [store.put(2, flows(0, 1), shard=key).shard for key in ("0", "7f", "8", "f" * 32)] == [0, 0, 1, 1]
    with pytest.raises(ValueError, match="hex"):
        store.put(2, flows(0, 1), shard="g")


def test_files_of_a_lost_manifest_are_not_touched(place: Any, store: Store, flows: Flows) -> None:
    store.put(1, flows(0, 10))
    store.stop()
    before = {path: path.read_bytes() for path in place.wal_files()}
    (place.root / "manifest.db").unlink()
    place.__post_init__()
    store = place.open()
    with pytest.raises(StoreUnavailable, match="move it away"):
        store.create(1, 1)
    assert {path: path.read_bytes() for path in place.wal_files()} == before
    assert store.ids() == frozenset()


def test_a_shard_that_could_not_be_made_can_be_made_later(place: Any, flows: Flows, serials: Serials) -> None:
    store = place.open()
    obstacle = place.lake / "5"
    obstacle.touch()
    with pytest.raises(StoreUnavailable):
        store.create(5, 1)
    obstacle.unlink()
    store.create(5, 1)
    store.put(5, flows(0, 3))
    assert serials(store.snapshot(5)) == [0, 1, 2]
    assert store.ids() == frozenset({5})


def test_the_root_is_made(place: Any, tmp_path: Path) -> None:
    Store(tmp_path / "a" / "b", place.manifest(), place.clock).stop()
    assert (tmp_path / "a" / "b" / "lock").exists()
