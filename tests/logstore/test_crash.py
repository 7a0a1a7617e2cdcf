"""``kill -9`` of a writer under load, at random moments: every acknowledged row is there once, and no batch by half."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine

from weir.logstore.manifest import Manifest
from weir.logstore.snapshot import Snapshot
from weir.logstore.store import Store

ROUNDS = 8
WRITER = Path(__file__).parent / "writer.py"


@pytest.fixture
def writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("weir_test_writer", WRITER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def acknowledged(root: Path) -> list[tuple[int, int]]:
    """(thread, batch) of every complete line."""
    lines = (root / "acked").read_text().split("\n")[:-1] if (root / "acked").exists() else []
    return [(int(thread), int(batch)) for thread, batch in (line.split() for line in lines)]


def serials(snapshot: Snapshot) -> list[int]:
    parts = [pq.read_table(segment.path, partitioning=None) for segment in snapshot.segments]
    rows = pa.concat_tables([*parts, *snapshot.tail])
    packets = rows["packets"].to_pylist()
    assert [dict(extra) for extra in rows["__extra__"].to_pylist()] == [{"twin": str(number)} for number in packets]
    return list(packets)


def killed_writer(root: Path, first: int, acks: int, wait_until: Callable[..., None]) -> None:
    """Lets a writer run until it noted ``acks`` more answers than there were, then kills it."""
    (root / "acked").unlink(missing_ok=True)
    process = subprocess.Popen([sys.executable, str(WRITER), str(root), str(first)])
    try:
        wait_until(lambda: process.poll() is not None or len(acknowledged(root)) >= acks, 60)
        assert process.poll() is None, "the writer ended by itself"
    finally:
        process.kill()
        process.wait()


def test_every_acknowledged_row_is_there_once(
    tmp_path: Path, writer: ModuleType, wait_until: Callable[..., None]
) -> None:
    dice = random.Random(20251122)
    proven: list[int] = []  # all serials of the rounds before
    for number in range(ROUNDS):
        first = number * 100_000_000
        killed_writer(tmp_path, first, dice.randrange(20, 600), wait_until)
        acked = acknowledged(tmp_path)
        batches = [[batch for thread, batch in acked if thread == mine] for mine in range(writer.THREADS)]
        engine = create_engine(f"sqlite:///{tmp_path / 'manifest.db'}")
        store = Store(tmp_path / "lake", Manifest(engine), time.time)
        assert store.damage == ()
        found = sorted(serials(store.snapshot(1)))
        assert [serial for serial in found if serial < first] == proven
        for thread, done in enumerate(batches):
            assert done == list(range(len(done)))
            base = writer.serial(first, thread, 0)
            mine = [serial - base for serial in found if 0 <= serial - base < writer.THREAD_SERIALS]
            # At most the one batch under way is there beyond the acknowledged ones, and it is there whole.
            assert len(mine) in (len(done) * writer.BATCH_ROWS, (len(done) + 1) * writer.BATCH_ROWS)
            assert mine == list(range(len(mine)))
        proven += sent_again(store, writer, first, [len(done) for done in batches])
        assert sorted(serials(store.snapshot(1))) == proven
        store.stop()
        engine.dispose()


def sent_again(store: Store, writer: ModuleType, first: int, counts: list[int]) -> list[int]:
    """As an agent does: sends the last acknowledged batch and the one without an answer. Returns what must be there."""
    wanted: list[int] = []
    for thread, count in enumerate(counts):
        for batch in range(max(0, count - 1), count + 1):
            start = writer.serial(first, thread, batch)
            ack = store.put(1, writer.rows(start), batch_id=writer.batch_id(first, thread, batch))
            assert ack.duplicate or batch == count
        wanted += range(writer.serial(first, thread, 0), writer.serial(first, thread, count + 1))
    return wanted
