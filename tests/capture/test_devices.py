"""Interfaces that come and go under a running recorder: found by name, MAC or index, one not disturbing another.

What was sent is compared with the records that lie in the spool once the recorder has stopped.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.capture.conftest import namespace, shell
from tests.capture.ledger_rig import eni
from weir.capture.bookkeeping import Bookkeeping, BookParts
from weir.capture.counters import Counters
from weir.capture.devices import Device, Devices, named
from weir.capture.folded import FoldedFlows
from weir.capture.kernel import Kernel
from weir.capture.ledger import Ledger
from weir.capture.netns import inside
from weir.capture.probe import probe
from weir.capture.recorder import Parts, Recorder
from weir.capture.roster import Eni
from weir.capture.spool import Spool
from weir.model.resources import Side

FRAME = (
    bytes.fromhex("02000000000102000000000208004500001c000040004011")
    + bytes(2)
    + socket.inet_aton("10.0.0.1")
    + socket.inet_aton("10.0.0.2")
    + bytes.fromhex("1388138900080000")
)
"""A datagram without a payload, from 10.0.0.1:5000 to 10.0.0.2:5001."""
VETH = "link add {0} type veth peer name {0}-far\nlink set {0} up\nlink set {0}-far up\n"
ENIS = 500
SECONDS = 60


def test_an_address_of_two_devices_names_neither() -> None:
    links = [("eth0", 2, "02:00:00:00:00:AA"), ("br0", 3, "02:00:00:00:00:bb"), ("p1", 4, "02:00:00:00:00:bb")]
    eth0, br0, port = Device("eth0", 2), Device("br0", 3), Device("p1", 4)
    calls = {"eth0": eth0, "ifindex:2": eth0, "br0": br0, "ifindex:3": br0, "p1": port, "ifindex:4": port}
    assert named(links) == calls | {"mac:02:00:00:00:00:aa": eth0}
    assert named([("tun0", 5, None)]) == {"tun0": Device("tun0", 5), "ifindex:5": Device("tun0", 5)}


class Recording:
    """A recorder in a namespace of its own, side ``self``."""

    def __init__(self, netns: str, directory: Path) -> None:
        self.netns = netns
        self.spool = Spool(directory)
        books = Bookkeeping(BookParts(Counters(netns), self.spool, "node", lambda: None, Ledger(), FoldedFlows()))
        self.recorder = Recorder(
            Parts(
                kernel=Kernel(1 << 12, netns),
                devices=Devices(netns),
                books=books,
                spool=self.spool,
                clock_ns=time.time_ns,
                drain_ns=200_000_000,
                spooled=lambda: None,
                changed=lambda: None,
            )
        )
        self.sent: Counter[str] = Counter()

    def ip(self, *words: str) -> str:
        return shell("ip", "-n", self.netns, *words)

    def add(self, device: str, *words: str) -> None:
        """A veth whose other end hears and says nothing."""
        self.ip("link", "add", device, *words, "type", "veth", "peer", "name", f"{device}-far")
        for end in (device, f"{device}-far"):
            self.ip("link", "set", end, "up")

    def state(self) -> dict[str, str]:
        """ENI -> its error, empty when it is captured."""
        return {one.eni_id: one.error for one in self.recorder.applied.attached}

    def send(self, eni_id: str, device: str, frames: int = 1) -> None:
        """Frames out of a device, counted for the ENI it should be."""
        self.send_all({eni_id: (device, frames)})

    def send_all(self, wanted: dict[str, tuple[str, int]]) -> None:
        """The same for many: ENI -> device and frames."""

        def out() -> None:
            for device, frames in wanted.values():
                with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as line:
                    line.bind((device, 0x0800))
                    for _ in range(frames):
                        line.send(FRAME)

        inside(self.netns, out)
        self.sent.update({eni_id: frames for eni_id, (_, frames) in wanted.items()})

    def recorded(self) -> Counter[str]:
        """Stops; packets per ENI in the records on disk."""
        self.recorder.stop()
        found: Counter[str] = Counter()
        for batch in self.spool.waiting():
            if batch.target.project == "flows":
                for row in pa.ipc.open_stream(batch.payload).read_all().to_pylist():
                    if row["srcport"] == 5000:
                        found[row["eni-id"]] += row["packets"]
        return found


@contextmanager
def recording(directory: Path) -> Iterator[Recording]:
    with namespace() as netns:
        made = Recording(netns, directory)
        made.recorder.start()
        try:
            yield made
        finally:
            if made.recorder.alive:
                made.recorder.stop()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Recording]:
    if missing := probe():
        pytest.skip(" ".join(missing))
    with recording(tmp_path / "spool") as made:
        yield made


def own(name: str, device: str) -> Eni:
    return eni(name, device, Side.SELF)


@pytest.mark.root
def test_devices_come_and_go_and_the_others_do_not_notice(host: Recording, wait_until: Callable[..., Any]) -> None:
    host.add("steady")
    bound = {"by-name": "plug", "by-mac": "mac:02:00:00:00:00:03", "by-index": "ifindex:77", "steady": "steady"}
    host.recorder.apply(tuple(own(name, device) for name, device in bound.items()), "r1")
    wait_until(lambda: host.state().get("eni-steady") == "")
    assert host.state()["eni-by-mac"] == "no device mac:02:00:00:00:00:03 on this host"
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            host.send("eni-steady", "steady", 100)

    sender = threading.Thread(target=load)
    sender.start()
    try:
        for _ in range(3):
            host.add("plug")
            host.add("other", "address", "02:00:00:00:00:03")
            host.add("third", "index", "77")
            wait_until(lambda: set(host.state().values()) == {""}, SECONDS)
            for name, device in (("by-name", "plug"), ("by-mac", "other"), ("by-index", "third")):
                host.send(f"eni-{name}", device, 5)
            host.ip("link", "set", "other", "down")
            host.ip("link", "set", "other", "name", "renamed")
            host.ip("link", "set", "renamed", "up")
            host.send("eni-by-mac", "renamed", 3)
            for device in ("plug", "renamed", "third"):
                host.ip("link", "del", device)
            wait_until(lambda: [one for one in host.state().values() if not one] == [""], SECONDS)
    finally:
        stop.set()
        sender.join()
    assert host.recorded() == host.sent


@pytest.mark.root
def test_a_device_that_moves_to_another_namespace_is_let_go(host: Recording, wait_until: Callable[..., Any]) -> None:
    host.add("mover", "address", "02:00:00:00:00:02")
    host.recorder.apply((own("mover", "mac:02:00:00:00:00:02"), own("twin", "mover")), "r1")
    wait_until(lambda: host.state().get("eni-mover") == "")
    assert host.state()["eni-twin"] == "mover is another ENI's device"
    host.send("eni-mover", "mover", 4)
    with namespace() as other:
        host.ip("link", "set", "mover", "netns", other)
        wait_until(lambda: host.state()["eni-mover"], SECONDS)
        assert host.state()["eni-mover"] == "no device mac:02:00:00:00:00:02 on this host"
        shell("ip", "-n", other, "link", "set", "mover", "netns", host.netns)
        host.ip("link", "set", "mover", "up")
        wait_until(lambda: host.state()["eni-mover"] == "", SECONDS)
        host.send("eni-mover", "mover", 6)
    assert host.recorded() == host.sent == {"eni-mover": 10}


@pytest.mark.root
def test_five_hundred_enis_on_one_host(host: Recording, wait_until: Callable[..., Any], tmp_path: Path) -> None:
    names = [f"d{number}" for number in range(ENIS)]
    batch = tmp_path / "batch"
    batch.write_text("".join(VETH.format(name) for name in names), encoding="ascii")
    host.ip("-batch", str(batch))
    host.recorder.apply(tuple(own(name, name) for name in names), "r1")
    wait_until(lambda: len(host.state()) == ENIS and set(host.state().values()) == {""}, 2 * SECONDS)
    host.send_all({f"eni-{name}": (name, 1 + number % 3) for number, name in enumerate(names)})
    assert host.recorded() == host.sent
    assert len(host.sent) == ENIS
