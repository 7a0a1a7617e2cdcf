"""A disk that takes nothing more: what is lost is counted and said, what can wait waits, capture goes on."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.capture.ledger_rig import Rig, eni
from weir.capture.bookkeeping import Bookkeeping, BookParts
from weir.capture.counters import Counters
from weir.capture.devices import Devices
from weir.capture.folded import FoldedFlows
from weir.capture.kernel import Kernel
from weir.capture.ledger import Ledger
from weir.capture.recorder import Parts, Recorder
from weir.capture.spool import Spool
from weir.model.resources import Side

pytestmark = pytest.mark.root

DISK_BYTES = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of ``DISK_BYTES``."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Takes all that is left of it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


def test_the_ledger_waits_for_room(
    vpc: Any, opened: Callable[..., Any], disk: Path, settled: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    vpc.nft("")
    rig = Rig(opened(vpc.host).kernel, vpc.host, disk / "spool")
    rig.attach(eni("a", vpc.a.device, Side.BEHIND), vpc.a.ifindex)
    ballast = fill(disk)
    vpc.a.send((vpc.c.ipv4, 5000), 20, 100)
    settled(lambda: vpc.device_counters(vpc.a))
    with caplog.at_level(logging.ERROR, "weir.agent"):
        assert rig.minute().ledger == {}
    assert [one.getMessage().split(":")[0] for one in caplog.records] == ["the ledger waits for room on disk"]
    ballast.unlink()
    rig.ledger.lost("eni-a", 3)
    waited, now = rig.minute().rows
    rig.books.stop()
    assert (waited["status"], waited["end"], waited["recorded-packets"] >= 20) == ("full", now["start"], True)
    assert (now["status"], now["lost-rows"]) == ("partial", 3)
    assert now["reason"] == "3 records found no place on disk"


def test_a_recorder_counts_what_it_loses(
    vpc: Any,
    disk: Path,
    settled: Callable[..., None],
    wait_until: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    vpc.nft("")
    spool, folded = Spool(disk / "spool"), FoldedFlows()
    books = Bookkeeping(BookParts(Counters(vpc.host), spool, "node", lambda: None, Ledger(), folded))
    changed = threading.Event()
    recorder = Recorder(
        Parts(
            kernel=Kernel(1 << 12, vpc.host),
            devices=Devices(vpc.host),
            books=books,
            spool=spool,
            clock_ns=time.time_ns,
            drain_ns=200_000_000,
            spooled=lambda: None,
            changed=changed.set,
        )
    )
    recorder.start()
    recorder.apply(tuple(eni(name, getattr(vpc, name).device, Side.BEHIND) for name in ("a", "c")), "r1")
    wait_until(lambda: recorder.applied.revision == "r1")
    assert [one.error for one in recorder.applied.attached] == ["", ""]
    fill(disk)
    vpc.a.send((vpc.c.ipv4, 5000), 20, 100)
    settled(lambda: vpc.device_counters(vpc.c))
    with caplog.at_level(logging.ERROR, "weir.agent"):
        recorder.stop()
    said = [one.getMessage().split(":")[0] for one in caplog.records]
    lost = [one for one in said if one.startswith("lost ")]
    assert sum(int(one.split()[1]) for one in lost) == recorder.counted.rows_lost > 0
    assert {one.rpartition(" ")[2] for one in lost} == {"flows/vpc"}
    assert set(said) - set(lost) == {"the ledger waits for room on disk"}
