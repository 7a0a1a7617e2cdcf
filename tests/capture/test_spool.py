"""The spool: what was kept is there after a crash, in order, until it is done."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest

from weir.capture.spool import Spool, SpoolFull, Target


def table(rows: int) -> pa.Table:
    return pa.table({"packets": list(range(rows))})


def target(number: int) -> Target:
    return Target("project", "store", f"batch-{number}")


def test_a_new_process_finds_what_was_kept_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for number in range(3):
        spool.keep(table(number + 1), target(number))
    (tmp_path / "000000000009-7.part").write_bytes(b"torn")
    found = list(Spool(tmp_path).waiting())
    assert [batch.target for batch in found] == [target(0), target(1), target(2)]
    assert [batch.rows for batch in found] == [1, 2, 3]
    assert pa.ipc.open_stream(found[2].payload).read_all().equals(table(3))
    assert not list(tmp_path.glob("*.part"))


def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    first = Spool(tmp_path).keep(table(1), target(0))
    second = Spool(tmp_path).keep(table(1), target(1))
    assert first.name < second.name


def test_done_removes(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.done(spool.keep(table(1), target(0)))
    assert (spool.batches, spool.bytes, list(tmp_path.iterdir())) == (0, 0, [])


def test_above_the_limit_the_oldest_is_given_up_and_counted(tmp_path: Path) -> None:
    size = Spool(tmp_path / "probe").keep(table(5), target(0)).stat().st_size
    spool = Spool(tmp_path / "small", bytes_max=2 * size)
    for number in range(4):
        spool.keep(table(5), target(number))
    assert [batch.target.batch_id for batch in spool.waiting()] == ["batch-2", "batch-3"]
    assert spool.rows_lost == 10


def test_the_reserve_of_the_disk_is_not_spooled_into(tmp_path: Path) -> None:
    spool = Spool(tmp_path, reserve_bytes=2**62)
    for number in range(3):
        spool.keep(table(5), target(number))
    assert [batch.target.batch_id for batch in spool.waiting()] == ["batch-2"]
    assert spool.rows_lost == 10


def test_a_damaged_batch_is_set_aside_and_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.keep(table(4), target(0)).write_bytes(b"not arrow")
    spool.keep(table(2), target(1))
    assert [batch.target for batch in spool.waiting()] == [target(1)]
    assert (spool.rows_lost, spool.batches, len(list(tmp_path.glob("*.aside")))) == (4, 1, 1)


@pytest.mark.root
def test_a_full_disk_is_one_clear_trouble(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "weir-test", tmp_path], check=True)
    try:
        spool = Spool(tmp_path)
        noise = pa.table({"noise": [os.urandom(40_000)]})
        spool.keep(noise, target(0))
        with pytest.raises(SpoolFull) as caught:
            spool.keep(noise, target(1))
        assert caught.value.errno == errno.ENOSPC
        assert [batch.target for batch in spool.waiting()] == [target(0)]
    finally:
        subprocess.run(["umount", tmp_path], check=True)
