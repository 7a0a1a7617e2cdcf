"""The same traffic through the kernel programs and into a capture file: replaying the file gives the same records."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pytest

from tests.capture.conftest import shell
from tests.capture.pcaps import Packet, pcap, pcapng
from tests.capture.test_kernel_frames import FRAMES, MACS, MALFORMED, NOT_IP
from tests.capture.test_kernel_traffic import connection, pump
from weir.capture.flows import Flows
from weir.capture.label import records
from weir.capture.netns import inside
from weir.capture.pcap import batches
from weir.capture.replay import Replay, Replayed, Told
from weir.capture.roster import Eni, FlowLog
from weir.capture.share import Bounds, Keep, Labels, Share
from weir.capture.window import Uncounted
from weir.model.resources import Side, TrafficType

pytestmark = pytest.mark.root

ETH_P_ALL = 3
SO_RCVBUFFORCE = 33
SOL_PACKET, PACKET_STATISTICS = 263, 6
PACKET_OUTGOING = 4
NOON = 1_700_000_040
LABELS = Labels("1", "eni-a", "-", "-", "-")
KEEP = Keep(TrafficType.ALL, dual_stack=True)
TCP_HEADERS_BYTES = 52
"""IPv4 and TCP with timestamps."""


class Tap:
    """A raw socket at a device: what tcpdump sees, without tcpdump."""

    def __init__(self, netns: str, device: str) -> None:
        self._socket = inside(netns, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 28)
        inside(netns, lambda: self._socket.bind((device, ETH_P_ALL)))
        self._socket.setblocking(False)
        self.frames: list[bytes] = []
        self.ways: list[int] = []

    def read(self) -> None:
        """Takes what has arrived."""
        while True:
            try:
                frame, address = self._socket.recvfrom(1 << 17)
            except BlockingIOError:
                break
            self.frames.append(frame)
            self.ways.append(2 if address[2] == PACKET_OUTGOING else 1)
        lost = int.from_bytes(self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)[4:], "little")
        assert lost == 0, "the tap itself had no room; the test proves nothing"

    def clear(self) -> None:
        self.read()
        self.frames, self.ways = [], []

    def packets(self) -> list[Packet]:
        """All in the same second, so that no window's end lies between them."""
        return [(NOON * 1_000_000_000, frame) for frame in self.frames]

    def close(self) -> None:
        self._socket.close()


@contextmanager
def tapped(netns: str, device: str) -> Iterator[Tap]:
    tap = Tap(netns, device)
    try:
        yield tap
    finally:
        tap.close()


def while_quiet(settled: Callable[..., None], counters: Callable[[], Any], act: Callable[[], object]) -> Any:
    """The counters at a moment at which ``act`` was done and no frame passed: one between two reads would be in one of
    them alone."""
    while True:
        settled(counters)
        before = counters()
        act()
        if counters() == before:
            return before


def frames_of(books: Any, ifindex: int) -> int:
    """What both hooks of a device saw in all drains."""
    seen = [drained.books[ifindex] for drained in books.drains if ifindex in drained.books]
    return sum(one.rx.frames + one.tx.frames for one in seen)


@pytest.fixture
def recorded(
    vpc: Any, books: Any, settled: Callable[..., None], wait_until: Callable[..., None]
) -> Callable[[Callable[[], None]], tuple[Flows, Tap]]:
    """``recorded(traffic)``: (rows that the programs counted at guest a's device meanwhile, what a tap saw there)."""

    def counters() -> Any:
        return vpc.device_counters(vpc.a)

    def run(traffic: Callable[[], None]) -> tuple[Flows, Tap]:
        with tapped(vpc.host, vpc.a.device) as tap:
            while_quiet(settled, counters, lambda: (books.clear(), tap.clear()))
            traffic()
            while_quiet(settled, counters, lambda: (books.drain(), tap.read()))

            def both_have_seen_all() -> bool:
                books.drain()
                tap.read()
                return frames_of(books, vpc.a.ifindex) == len(tap.frames)

            wait_until(both_have_seen_all, 30)
            return books.select(ifindex=vpc.a.ifindex), tap

    return run


def replayed(data: bytes, told: Told) -> tuple[pa.Table, Replayed]:
    eni = Eni(LABELS, "", "", told.side, (), (FlowLog("replay", 1, KEEP, "", ""),))
    replay = Replay(eni, told)
    (table,) = replay.tables(batches(io.BufferedReader(io.BytesIO(data))))
    return table, replay.counted


def labelled(rows: Flows, uncounted: Uncounted) -> pa.Table:
    """The live rows' records, as if all packets had come at noon."""
    rows = rows.copy()
    rows["first_ns"] = rows["last_ns"] = NOON * 1_000_000_000
    return records(rows, uncounted, Share(LABELS, KEEP, Bounds(NOON, NOON + 60)))


def ordered(table: pa.Table) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=str)


def mac_of(guest: Any) -> int:
    (link,) = json.loads(shell("ip", "-n", guest.netns, "-j", "link", "show", "dev", "eth0"))
    return int(link["address"].replace(":", ""), 16)


def all_kinds(vpc: Any) -> None:
    """Plain and odd frames, both families, both ways."""
    with vpc.a.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("eth0", 0))
        for frame in (*(known.bytes for known in FRAMES), *NOT_IP.values(), *MALFORMED.values()):
            wire.send(MACS + frame)
    for address in (vpc.b.ipv4, vpc.b.ipv6, vpc.c.ipv4):
        vpc.a.send((address, 8100), 20, 300)
        vpc.a.send((address, 8101), 3, 4000)  # fragments
    for address in (vpc.a.ipv4, vpc.a.ipv6):
        vpc.c.send((address, 8200), 20, 300)
        vpc.b.send((address, 8201), 3, 4000)
    with connection(vpc.a, vpc.b, vpc.b.ipv4) as (near, far):
        pump(near, far, 1 << 20)
    with connection(vpc.b, vpc.a, vpc.a.ipv6) as (near, far):
        pump(near, far, 1 << 20)


def test_a_file_gives_the_records_of_the_kernel(vpc: Any, books: Any, recorded: Callable[..., Any]) -> None:
    vpc.offloads(on=False)
    try:
        rows, tap = recorded(lambda: all_kinds(vpc))
    finally:
        vpc.offloads(on=True)
    seen = books.uncounted.get(vpc.a.ifindex, Uncounted())
    expected = ordered(labelled(rows, seen))
    assert len(expected) > 30
    told = Told(Side.BEHIND, macs=frozenset({mac_of(vpc.a), int.from_bytes(MACS[6:])}))
    for data, direction in ((pcap(tap.packets()), told), (pcapng(tap.packets(), ways=tap.ways), Told(Side.BEHIND))):
        table, counted = replayed(data, direction)
        assert ordered(table) == expected
        assert (counted.not_ip, counted.malformed, counted.foreign) == (seen.not_ip, seen.malformed, 0)
        assert counted.frames == len(tap.frames)


def test_with_offloads_a_file_holds_super_packets(vpc: Any, books: Any, recorded: Callable[..., Any]) -> None:
    """A file does not say how many segments a super-packet was: the flow is the same, its payload too, its packets and
    their headers are fewer. The kernel programs count what is on the wire."""

    def one_connection() -> None:
        with connection(vpc.a, vpc.b, vpc.b.ipv4) as (near, far):
            pump(near, far, 8 << 20)

    vpc.offloads(on=True)
    rows, tap = recorded(one_connection)
    (live,) = (row for row in ordered(labelled(rows, Uncounted())) if row["dstport"] == 5001)
    table, _counted = replayed(pcapng(tap.packets(), ways=tap.ways), Told(Side.BEHIND))
    (filed,) = (row for row in ordered(table) if row["dstport"] == 5001)
    assert filed["packets"] < live["packets"]
    payload = [row.pop("bytes") - TCP_HEADERS_BYTES * row.pop("packets") for row in (live, filed)]
    assert payload[0] == payload[1]
    assert live == filed
