"""The lake as Iceberg tables: engines in a process of their own see what the store holds, after every change."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from weir.logstore.iceberg import IcebergTables
from weir.logstore.publishing import CATALOG_NAME, Publishing
from weir.logstore.store import Store

Flows = Callable[..., pa.Table]
OUTSIDE = Path(__file__).parent / "outside.py"
DAY = 86_400
MIDNIGHT = 1_763_683_200
SECONDS = 10.0


def seen_outside(place: Any) -> list[list[Any]]:
    command = [sys.executable, OUTSIDE, place.root / "iceberg.db", "net.flows"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found: list[list[Any]] = json.loads(done.stdout)
    return found


def expected(serials: range) -> list[list[Any]]:
    one = [len(serials), sum(serials), sorted(f"s{serial}" for serial in serials)]
    return [one, one]


def opened(place: Any) -> Store:
    tables = lambda: IcebergTables(place.lake, lambda: {max(store.ids()): ("net", "flows")}, 2)  # noqa: E731
    publishing = Publishing(tables, SECONDS, place.root / CATALOG_NAME)
    store = Store(place.lake, place.manifest(), place.clock, place.limits, publishing)
    place.opened.append(store)
    if not store.ids():
        store.create(1, 2)
    return store


def filled(store: Store, flows: Flows, first: int, time_s: int = MIDNIGHT) -> None:
    for number in range(8):
        store.put(1, flows(first + number * 10, 10, time_s), shard=0)
        store.seal(1)


def test_outside_engines_see_what_the_store_holds(place: Any, flows: Flows) -> None:
    store = opened(place)
    filled(store, flows, 0)
    store.put(1, flows(80, 20, MIDNIGHT + DAY))  # not sealed: not in the lake yet
    store.tend_lake()
    assert [one.compacted for one in store.snapshot(1).segments] == [True]
    assert seen_outside(place) == expected(range(80))
    store.seal(1)
    store.tend_lake()
    assert seen_outside(place) == expected(range(80))  # not before its time
    place.clock.now += SECONDS
    store.tend_lake()
    assert seen_outside(place) == expected(range(100))
    place.clock.now += 3 * DAY
    assert store.expire(1, 2) == 100
    filled(store, flows, 200, MIDNIGHT + 3 * DAY)
    store.tend_lake()
    assert seen_outside(place) == expected(range(200, 280))


def test_what_a_crash_left_out_is_published_at_the_next_start(place: Any, flows: Flows) -> None:
    store = opened(place)
    filled(store, flows, 0)
    store.tend_lake()
    filled(store, flows, 80)
    store.compact(1)
    store.stop()
    store = opened(place)
    place.clock.now += place.limits.removal_grace_seconds + 1
    store.tend()
    assert len(place.lake_files()) == 18  # a table may still name them
    store.tend_lake()
    assert seen_outside(place) == expected(range(160))
    store.tend()
    assert sorted(place.lake_files()) == sorted(one.path for one in store.snapshot(1).segments)


def test_a_dropped_logstore_has_no_table(place: Any, flows: Flows) -> None:
    store = opened(place)
    filled(store, flows, 0)
    store.tend_lake()
    store.drop(1)
    store.create(2, 1)
    store.put(2, flows(7, 3))
    store.seal(2)
    place.clock.now += SECONDS
    store.tend_lake()
    assert seen_outside(place) == expected(range(7, 10))
    store.stop()
    shutil.rmtree(place.lake / "2" / "iceberg")
    opened(place).tend_lake()
    assert seen_outside(place) == expected(range(7, 10))


def test_metadata_does_not_pile_up(place: Any, flows: Flows) -> None:
    store = opened(place)
    counts = []
    for number in range(8):
        store.put(1, flows(number, 1, MIDNIGHT + DAY), shard=0)
        store.seal(1)
        place.clock.now += SECONDS
        store.tend_lake()
        counts.append(len(list((place.lake / "1" / "iceberg" / "metadata").glob("snap-*"))))
    assert counts == [1, 2, 3, 2, 3, 2, 3, 2]
    assert seen_outside(place) == expected(range(8))


def test_without_publishing_there_is_no_catalog(place: Any, flows: Flows) -> None:
    store: Store = place.open()
    store.create(1, 1)
    filled(store, flows, 0)
    store.tend_lake()
    assert not (place.root / "iceberg.db").exists()


def test_a_catalog_that_cannot_be_opened_holds_nothing_up(place: Any, flows: Flows) -> None:
    (place.root / CATALOG_NAME).mkdir()
    store = opened(place)
    filled(store, flows, 0)
    store.tend_lake()
    assert store.counters.publication_failures == 1
    assert sum(one.rows for one in store.snapshot(1).segments) == 80
