"""The ledger against real devices: what they counted is explained to the last byte, whatever kind of device it is."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.capture.conftest import shell
from tests.capture.ledger_rig import Rig, closes, device_counters, eni, in_flight, unexplained
from tests.capture.test_kernel_books import IFF_TAP, IFF_VNET_HDR, TUNSETOFFLOAD, blast, super_packet, tun
from weir.capture.netns import inside
from weir.model.resources import Side

pytestmark = pytest.mark.root

PACKETS, SIZE = 200, 300
STREAM_BYTES = 2_000_000


@pytest.fixture
def rig(opened: Callable[..., Any], tmp_path: Path) -> Iterator[Callable[..., Rig]]:
    """``rig(netns, flows_max=...)``."""
    made: list[Rig] = []

    def make(netns: str, **sizes: int) -> Rig:
        made.append(Rig(opened(netns, **sizes).kernel, netns, tmp_path / str(len(made))))
        return made[-1]

    yield make
    for one in made:
        one.books.stop()


def guests(vpc: Any, rig: Rig) -> dict[str, Any]:
    """All three guests of the network, attached."""
    found = {}
    for name in ("a", "b", "c"):
        guest = getattr(vpc, name)
        one = eni(name, guest.device, Side.BEHIND, (guest.ipv4, guest.ipv6))
        rig.attach(one, guest.ifindex)
        found[one.labels.eni_id] = guest
    return found


def read_all(vpc: Any) -> dict[str, Counter[str]]:
    """The devices' own counters by ENI."""
    return {f"eni-{name}": device_counters(vpc.host, getattr(vpc, name).device) for name in ("a", "b", "c")}


def stream(sender: Any, receiver: Any, family: int) -> None:
    """A TCP connection from begin to end."""
    address = receiver.ipv4 if family == socket.AF_INET else receiver.ipv6
    with receiver.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, 0))
        listener.listen(1)
        with sender.socket(family, socket.SOCK_STREAM) as client:
            client.settimeout(20)
            client.connect((address, listener.getsockname()[1]))
            with listener.accept()[0] as server:
                server.settimeout(20)
                left = STREAM_BYTES
                while left:
                    client.sendall(b"x" * min(left, 100_000))
                    wanted = min(left, 100_000)
                    while wanted:
                        wanted -= len(server.recv(wanted))
                    left -= min(left, 100_000)


@pytest.mark.parametrize("offloads", [True, False])
def test_veths_and_bridge_ports(
    offloads: bool, vpc: Any, rig: Callable[..., Rig], settled: Callable[..., None]
) -> None:
    vpc.nft("")
    vpc.offloads(on=offloads)
    books = rig(vpc.host)
    before = read_all(vpc)
    found = guests(vpc, books)
    attached = read_all(vpc)
    try:
        for family in (socket.AF_INET, socket.AF_INET6):
            stream(vpc.a, vpc.b, family)
            stream(vpc.c, vpc.a, family)
            vpc.a.send((vpc.c.ipv6 if family == socket.AF_INET6 else vpc.c.ipv4, 5000), PACKETS, SIZE)
        settled(lambda: [vpc.device_counters(guest) for guest in found.values()])
        earlier = read_all(vpc)
        minute = books.minute()
        for eni_id, guest in found.items():
            row = minute.ledger[eni_id]
            assert (eni_id, unexplained(row)) == (eni_id, {})
            assert closes(row)
            assert row["status"] == "full"
            counted = device_counters(vpc.host, guest.device)
            for name, now in counted.items():
                assert earlier[eni_id][name] - attached[eni_id][name] <= row[name] <= now - before[eni_id][name]
            assert minute.sums(eni_id, "OK") == (row["recorded-packets"], row["recorded-bytes"])
        for row in books.minute().ledger.values():
            assert (row["status"], unexplained(row)) == ("full" if row["recorded-packets"] else "nodata", {})
    finally:
        vpc.offloads(on=True)


def test_a_device_that_is_the_eni(vpc: Any, rig: Callable[..., Rig], settled: Callable[..., None]) -> None:
    vpc.nft("")
    books = rig(vpc.c.netns)
    books.attach(eni("c", "eth0", Side.SELF), inside(vpc.c.netns, lambda: socket.if_nametoindex("eth0")))
    stream(vpc.a, vpc.c, socket.AF_INET)
    stream(vpc.c, vpc.a, socket.AF_INET6)
    settled(lambda: vpc.device_counters(vpc.c))
    row = books.minute().ledger["eni-c"]
    assert unexplained(row) == {}
    assert closes(row)
    assert row["recorded-bytes"] > 2 * STREAM_BYTES


def test_a_tap_with_segmentation(quiet: str, rig: Callable[..., Rig]) -> None:
    books = rig(quiet)
    with tun(quiet, "tap1", IFF_TAP | IFF_VNET_HDR) as (fd, ifindex):
        fcntl.ioctl(fd, TUNSETOFFLOAD, 0x1F)
        books.attach(eni("t", "tap1", Side.BEHIND), ifindex)
        os.write(fd, super_packet(60_000, 1460))
        os.write(fd, super_packet(100, 1460))
        row = books.minute().ledger["eni-t"]
        books.detach(eni("t", "tap1", Side.BEHIND))
    assert unexplained(row) == {}
    assert closes(row)
    assert (row["device-rx-packets"], row["recorded-packets"]) == (2, 43)


@pytest.mark.parametrize("header", [0, IFF_VNET_HDR])
def test_a_tap_that_is_read_and_one_that_is_full(header: int, quiet: str, rig: Callable[..., Rig]) -> None:
    """A tap counts what its guest reads; what finds no room in its queue is unsent, what waits there is in flight."""
    queued, sent = 8, 20
    books = rig(quiet)
    with tun(quiet, "tap2", IFF_TAP | header) as (fd, ifindex):
        shell("ip", "-n", quiet, "link", "set", "tap2", "txqueuelen", str(queued))
        shell("ip", "-n", quiet, "addr", "add", "10.66.0.1/24", "dev", "tap2")
        shell("ip", "-n", quiet, "neigh", "add", "10.66.0.2", "lladdr", "02:00:00:00:00:02", "dev", "tap2")
        books.attach(eni("t", "tap2", Side.BEHIND), ifindex)
        with inside(quiet, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender:
            for _ in range(sent):
                sender.sendto(bytes(100), ("10.66.0.2", 5000))
        waiting = books.minute().ledger["eni-t"]
        read = [os.read(fd, 2048) for _ in range(queued)]
        settled = books.minute().ledger["eni-t"]
        books.detach(eni("t", "tap2", Side.BEHIND))
    assert len(read) == queued
    assert closes(waiting)
    assert closes(settled)
    assert waiting["recorded-packets"] == sent
    together = {name: waiting[name] + settled[name] for name in waiting if isinstance(waiting[name], int)}
    assert unexplained(together) | in_flight(together) == {}
    assert (together["unsent-packets"], together["device-tx-packets"]) == (sent - queued, queued)


def test_veths_that_merge_segments(vpc: Any, rig: Callable[..., Rig], settled: Callable[..., None]) -> None:
    """GRO on the host's ends: the device counts segments, the hook sees them merged."""
    vpc.nft("")
    vpc.offloads(on=False)
    books = rig(vpc.host)
    found = guests(vpc, books)
    try:
        for guest in found.values():
            shell("ip", "netns", "exec", vpc.host, "ethtool", "-K", guest.device, "gro", "on")
        stream(vpc.a, vpc.b, socket.AF_INET)
        stream(vpc.c, vpc.a, socket.AF_INET6)
        settled(lambda: [vpc.device_counters(guest) for guest in found.values()])
        minute = books.minute()
    finally:
        for guest in found.values():
            shell("ip", "netns", "exec", vpc.host, "ethtool", "-K", guest.device, "gro", "off")
        vpc.offloads(on=True)
    assert [(unexplained(row), closes(row)) for row in minute.ledger.values()] == [({}, True)] * 3


def test_tagged_frames(vpc: Any, rig: Callable[..., Rig], settled: Callable[..., None]) -> None:
    vpc.nft("")
    books = rig(vpc.host)
    guests(vpc, books)
    udp = bytes.fromhex("45000020000100004011000001020304050607080009000900040000") + bytes(4)
    with vpc.c.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("eth0", 0))
        for tags in ("81000005", "88a8000681000005"):
            sender.send(b"\xff" * 6 + b"\2" + bytes(5) + bytes.fromhex(tags + "0800") + udp + bytes(40))
    settled(lambda: vpc.device_counters(vpc.c))
    row = books.minute().ledger["eni-c"]
    assert (unexplained(row), closes(row)) == ({}, True)
    assert row["recorded-packets"] >= 2


def test_a_vlan_sub_interface(vpc: Any, rig: Callable[..., Rig], settled: Callable[..., None]) -> None:
    vpc.nft("")
    made = subprocess.run(
        ["ip", "-n", vpc.host, "link", "add", "link", vpc.c.device, "name", "vlan5", "type", "vlan", "id", "5"],
        capture_output=True,
        text=True,
    )
    if made.returncode:
        pytest.skip(f"VLAN sub-interfaces are not tested: this kernel has no 8021q ({made.stderr.strip()})")
    try:
        shell("ip", "-n", vpc.c.netns, "link", "add", "link", "eth0", "name", "eth0.5", "type", "vlan", "id", "5")
        for netns, device, address in ((vpc.host, "vlan5", "10.55.0.1"), (vpc.c.netns, "eth0.5", "10.55.0.2")):
            shell("ip", "-n", netns, "addr", "add", f"{address}/24", "dev", device)
            shell("ip", "-n", netns, "link", "set", device, "up")
        books = rig(vpc.host)
        books.attach(eni("v", "vlan5", Side.BEHIND), inside(vpc.host, lambda: socket.if_nametoindex("vlan5")))
        for _ in range(PACKETS):
            vpc.c.send(("10.55.0.1", 5000), 1, SIZE)
        settled(lambda: vpc.device_counters(vpc.c))
        row = books.minute().ledger["eni-v"]
    finally:
        vpc.ip("link", "del", "vlan5")
        shell("ip", "-n", vpc.c.netns, "link", "del", "eth0.5")
    assert (unexplained(row), closes(row)) == ({}, True)
    assert row["recorded-packets"] >= PACKETS


RULES = """table inet t {
  chain p { type filter hook prerouting priority -150; udp dport 7600 drop; }
  chain f { type filter hook forward priority 0; udp dport 7601 drop; }
  chain q { type filter hook postrouting priority 0; udp dport 7602 drop; }
}
table bridge b {
  chain f { type filter hook forward priority 0; udp dport 7603 drop; }
}"""


def test_rejects_are_no_riddle(vpc: Any, rig: Callable[..., Rig], settled: Callable[..., None]) -> None:
    """A packet rejected before the receiver's device is in its records, not in its device's count."""
    vpc.nft(RULES)
    books = rig(vpc.host)
    found = guests(vpc, books)
    for port in (7600, 7601, 7602):
        vpc.a.send((vpc.c.ipv4, port), PACKETS, SIZE)
    vpc.a.send((vpc.b.ipv4, 7603), PACKETS, SIZE)
    settled(lambda: [vpc.device_counters(guest) for guest in found.values()])
    minute = books.minute()
    vpc.nft("")
    assert [(unexplained(row), closes(row)) for row in minute.ledger.values()] == [({}, True)] * 3
    refused = {eni_id: row["refused-packets"] for eni_id, row in minute.ledger.items()}
    assert refused == {"eni-a": 0, "eni-b": PACKETS, "eni-c": 2 * PACKETS}


def test_what_does_not_fit_is_skipdata_with_its_amounts(
    vpc: Any, rig: Callable[..., Rig], settled: Callable[..., None]
) -> None:
    vpc.nft("")
    books = rig(vpc.host, flows_max=1000)
    found = guests(vpc, books)
    assert blast(vpc.a, vpc.c, 5000, 20_000).wait() == 0
    settled(lambda: [vpc.device_counters(guest) for guest in found.values()])
    minute = books.minute()
    for eni_id in ("eni-a", "eni-c"):
        row = minute.ledger[eni_id]
        assert (row["status"], unexplained(row), closes(row)) == ("skipdata", {}, True)
        assert row["folded-packets"] > 0
        assert row["folded-flows"] > 0
        folded = row["folded-packets"] + row["uncounted-packets"], row["folded-bytes"] + row["uncounted-bytes"]
        assert minute.sums(eni_id, "SKIPDATA") == folded
        kept = row["recorded-packets"] - row["folded-packets"], row["recorded-bytes"] - row["folded-bytes"]
        assert minute.sums(eni_id, "OK") == kept


SO_PACKET_QDISC_BYPASS = 20
SOL_PACKET = 263


def test_what_passes_the_hooks_by_is_unexplained(
    vpc: Any, rig: Callable[..., Rig], settled: Callable[..., None]
) -> None:
    """Frames that a program hands straight to the driver are on the wire and in no record: the ledger says so."""
    vpc.nft("")
    books = rig(vpc.c.netns)
    books.attach(eni("c", "eth0", Side.SELF), inside(vpc.c.netns, lambda: socket.if_nametoindex("eth0")))
    with vpc.c.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.setsockopt(SOL_PACKET, SO_PACKET_QDISC_BYPASS, 1)
        sender.bind(("eth0", 0))
        for _ in range(7):
            sender.send(b"\2" + bytes(11) + b"\x08\x00" + bytes(86))
    settled(lambda: vpc.device_counters(vpc.c))
    row = books.minute().ledger["eni-c"]
    assert closes(row)
    assert unexplained(row) == {"unexplained-tx-packets": 7, "unexplained-tx-bytes": 700}


def test_a_device_that_vanishes_in_a_window(vpc: Any, rig: Callable[..., Rig], settled: Callable[..., None]) -> None:
    vpc.nft("")
    books = rig(vpc.host)
    found = guests(vpc, books)
    vpc.ip("link", "add", "brief", "type", "veth", "peer", "name", "brief2")
    brief = eni("x", "brief", Side.BEHIND)
    books.attach(brief, inside(vpc.host, lambda: socket.if_nametoindex("brief")))
    vpc.a.send((vpc.c.ipv4, 5000), PACKETS, SIZE)
    vpc.ip("link", "del", "brief")
    books.detach(brief, "no device brief on this host")
    vpc.a.send((vpc.c.ipv4, 5000), PACKETS, SIZE)
    settled(lambda: [vpc.device_counters(guest) for guest in found.values()])
    minute = books.minute()
    assert minute.ledger["eni-x"]["reason"] == "no device brief on this host"
    assert [(unexplained(minute.ledger[eni_id]), minute.ledger[eni_id]["status"]) for eni_id in ("eni-a", "eni-c")] == [
        ({}, "full")
    ] * 2
    sent = [one["packets"] for one in minute.records if (one["eni-id"], one["dstport"]) == ("eni-c", 5000)]
    assert sum(sent) == 2 * PACKETS
    later = books.minute().ledger["eni-x"]
    assert (later["status"], later["covered-seconds"]) == ("uncovered", 0)
