"""A disk that refuses: nothing is acknowledged, nothing acknowledged is lost, and all goes on once there is room."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import text

from weir.logstore.limits import Limits
from weir.logstore.store import Store
from weir.logstore.troubles import DiskReserved, StoreUnavailable

Flows = Callable[..., pa.Table]
Serials = Callable[..., list[int]]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@contextmanager
def files_at_most(size_bytes: int) -> Iterator[None]:
    """No file of this process grows beyond ``size_bytes``: writes fail as on a full disk, after a part was written."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def fill(store: Store, flows: Flows, first: int) -> int:
    """Puts batches of 100 rows until the store refuses; returns the serial of the first row refused."""
    while True:
        try:
            store.put(1, flows(first, 100), batch_id=f"b{first}")
        except StoreUnavailable:
            return first
        first += 100


@pytest.mark.root
def test_a_full_disk(small_disk: Path, flows: Flows, serials: Serials, place: Any) -> None:
    store = Store(small_disk / "lake", place.manifest(), place.clock)
    store.create(1, 1)
    refused = fill(store, flows, 0)
    assert refused > 0
    assert serials(store.snapshot(1)) == list(range(refused))
    with pytest.raises(StoreUnavailable):
        store.seal(1)
    assert serials(store.snapshot(1)) == list(range(refused))
    assert list(small_disk.glob("lake/1/lake/*/*")) == []
    store.stop()
    store = Store(small_disk / "lake", place.manifest(), place.clock)
    assert (serials(store.snapshot(1)), store.damage) == (list(range(refused)), ())
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    store.seal(1)
    assert store.put(1, flows(refused, 100), batch_id=f"b{refused}").duplicate is False
    assert store.put(1, flows(0, 100), batch_id="b0").duplicate is True
    assert serials(store.snapshot(1)) == list(range(refused + 100))
    store.stop()


def test_a_write_that_fails_half_way_is_cut_back(place: Any, flows: Flows, serials: Serials) -> None:
    store = place.open()
    store.create(1, 1)
    store.put(1, flows(0, 100), batch_id="b0")
    (path,) = place.wal_files()
    before = path.stat().st_size
    with files_at_most(before + 50), pytest.raises(StoreUnavailable, match="cannot write"):
        store.put(1, flows(100, 100), batch_id="b100")
    assert path.stat().st_size == before
    assert store.counters.refused == 1
    assert serials(store.snapshot(1)) == list(range(100))
    assert store.put(1, flows(100, 100), batch_id="b100").duplicate is False
    store = place.reopen(store)
    assert serials(store.snapshot(1)) == list(range(200))
    groups = store.pull(1, 0, store.cursor_begin(1, 0), 10)
    assert [group.num_rows for group in groups.groups] == [100, 100]
    assert groups.next_cursor == store.cursor_end(1, 0)


def test_a_log_file_that_cannot_be_made(place: Any, flows: Flows, serials: Serials) -> None:
    store = place.open()
    store.create(1, 1)
    with files_at_most(10), pytest.raises(StoreUnavailable, match="cannot make"):
        store.put(1, flows(0, 10))
    assert place.wal_files() == []
    store.put(1, flows(0, 10))
    assert serials(store.snapshot(1)) == list(range(10))


def test_a_seal_that_cannot_write_leaves_all_as_it_was(place: Any, flows: Flows, serials: Serials) -> None:
    store = place.open()
    store.create(1, 1)
    store.put(1, flows(0, 2000))
    with files_at_most(1000), pytest.raises(StoreUnavailable, match="cannot seal"):
        store.seal(1)
    assert place.lake_files() == []
    store.put(1, flows(2000, 10))
    assert serials(store.snapshot(1)) == list(range(2010))
    store.seal(1)
    assert serials(store.snapshot(1)) == list(range(2010))
    assert place.wal_files() == []


def test_a_manifest_that_refuses_a_seal_leaves_all_as_it_was(place: Any, flows: Flows, serials: Serials) -> None:
    store = place.open()
    store.create(1, 1)
    store.put(1, flows(0, 10), batch_id="a")
    with place.engine().begin() as connection:
        connection.execute(text("ALTER TABLE batches RENAME TO hidden"))
    with pytest.raises(StoreUnavailable, match="manifest"):
        store.seal(1)
    with pytest.raises(StoreUnavailable, match="manifest"):
        store.put(1, flows(10, 10), batch_id="b")
    assert serials(store.snapshot(1)) == list(range(10))
    with place.engine().begin() as connection:
        connection.execute(text("ALTER TABLE hidden RENAME TO batches"))
    assert store.put(1, flows(10, 10), batch_id="b").duplicate is False
    store.seal(1)
    assert len(place.lake_files()) == 1
    assert serials(store.snapshot(1)) == list(range(20))
    assert serials(place.reopen(store).snapshot(1)) == list(range(20))


def test_the_background_seal_tries_again(
    place: Any, flows: Flows, serials: Serials, wait_until: Callable[..., None]
) -> None:
    store = place.open()
    store.create(1, 1)
    store.put(1, flows(0, 2000))
    place.clock.now += place.limits.seal_age_seconds
    with files_at_most(1000):
        store.tend()
    assert (store.counters.seals, store.counters.seal_failures) == (0, 1)
    store.tend()
    assert store.counters.seal_failures == 1
    place.clock.now += place.limits.retry_seconds
    store.tend()
    assert store.counters.seals == 1
    assert serials(store.snapshot(1)) == list(range(2000))


@pytest.mark.root
def test_rows_leave_the_reserve_of_the_disk_alone(small_disk: Path, flows: Flows, serials: Serials, place: Any) -> None:
    """Refused before the disk is full; what is there is read and sealed; writing goes on when there is room again."""
    subprocess.run(["mount", "-o", "remount,size=3m", str(small_disk)], check=True)
    reserve = 2 * 2**20
    limits = Limits(disk_reserve_bytes=reserve)
    store = Store(small_disk / "lake", place.manifest(), place.clock, limits)
    store.create(1, 1)
    refused = fill(store, flows, 0)
    assert refused > 0
    with pytest.raises(DiskReserved):
        store.put(1, flows(refused, 1000))
    assert (store.counters.refused, store.counters.refused_disk) == (2, 2)
    disk = os.statvfs(small_disk)
    assert disk.f_bavail * disk.f_frsize >= reserve - 8 * disk.f_frsize  # the last file's rounding
    assert serials(store.snapshot(1)) == list(range(refused))
    store.seal(1)
    assert serials(store.snapshot(1)) == list(range(refused))
    store.stop()
    store = Store(small_disk / "lake", place.manifest(), place.clock, limits)
    subprocess.run(["mount", "-o", "remount,size=5m", str(small_disk)], check=True)
    assert store.put(1, flows(refused, 100), batch_id=f"b{refused}").duplicate is False
    assert store.put(1, flows(0, 100), batch_id="b0").duplicate is True
    assert serials(store.snapshot(1)) == list(range(refused + 100))
    store.stop()
