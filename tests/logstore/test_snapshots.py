"""A row is in tail or segments, never in both or neither: readers under load see the count only grow."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from weir.logstore.limits import Limits
from weir.logstore.snapshot import Snapshot
from weir.logstore.store import Store

WRITERS, PUTS, ROWS = 3, 120, 10


def count(snapshot: Snapshot) -> int:
    in_files = sum(pq.read_metadata(segment.path).num_rows for segment in snapshot.segments)
    return int(in_files + sum(table.num_rows for table in snapshot.tail))


def test_counts_never_go_back_while_writers_write_and_seals_run(
    place: Any, flows: Callable[..., pa.Table], serials: Callable[..., list[int]]
) -> None:
    store: Store = place.open(Limits(seal_rows=100))
    store.create(1, 2)
    store.start()
    finished = threading.Event()
    seen: list[int] = []
    sealed_seen: set[int] = set()

    def write(writer: int) -> None:
        for number in range(PUTS):
            store.put(1, flows((writer * PUTS + number) * ROWS, ROWS), batch_id=f"{writer}/{number}")

    def read() -> None:
        while not finished.is_set():
            snapshot = store.snapshot(1)
            seen.append(count(snapshot))
            sealed_seen.add(len(snapshot.segments))

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    reader.start()
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    finished.set()
    reader.join()
    assert seen == sorted(seen)
    assert len(sealed_seen) > 1, "no seal ran while the reader read: the test showed nothing"
    assert serials(store.snapshot(1)) == list(range(WRITERS * PUTS * ROWS))


def test_what_is_acknowledged_is_in_the_next_snapshot(place: Any, flows: Callable[..., pa.Table]) -> None:
    store: Store = place.open(Limits(seal_rows=50))
    store.create(1, 1)
    store.start()
    for number in range(100):
        store.put(1, flows(number * ROWS, ROWS))
        assert count(store.snapshot(1)) == (number + 1) * ROWS
