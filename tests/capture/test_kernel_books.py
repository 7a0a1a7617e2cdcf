"""The books: nothing lost or doubled over swaps, a full table, a super-packet from a tap; devices that come and go."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from weir.capture.flows import ACTION_ACCEPT, ACTION_REJECT, DIRECTION_IN, DIRECTION_OUT, FOLDS
from weir.capture.kernel import AttachError, Kernel
from weir.capture.layout import tag_of
from weir.capture.netns import NoSuchNamespace, inside
from weir.capture.window import Uncounted
from weir.model.resources import Side

pytestmark = pytest.mark.root

UDP, TCP = 17, 6
SIZE, L3_BYTES = 40, 68

BLAST = """
import socket, sys
address, ports, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sender = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.SOL_SOCKET, 32, 1 << 24)  # SO_SNDBUFFORCE: not to be held up by it
for number in range(count):
    sender.sendto(b"x" * 40, (address, 10000 + number % ports))
"""


def blast(sender: Any, to: Any, ports: int, count: int, family: int = 4) -> subprocess.Popen[bytes]:
    """A process that sends ``count`` datagrams of ``SIZE`` bytes to ``ports`` ports in turn."""
    command = [sys.executable, "-c", BLAST, to.ipv4 if family == 4 else to.ipv6, str(ports), str(count)]
    return subprocess.Popen(["ip", "netns", "exec", sender.netns, *command])


def one_chain(hook: str, rule: str) -> str:
    return f"table inet t {{\nchain c {{\ntype filter hook {hook} priority 0\n{rule}\n}}\n}}"


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("ports", [1, 5000])
def test_swaps_under_load_lose_and_double_nothing(
    ports: int, family: int, vpc: Any, books: Any, settled: Callable[..., None]
) -> None:
    count, rounds = 60_000, 0
    while rounds == 0 or len(books.drains) <= 10:  # a fast or a busy machine needs more rounds for as many swaps
        rounds += 1
        senders = [blast(guest, vpc.c, ports, count, family) for guest in (vpc.a, vpc.b)]
        while any(sender.poll() is None for sender in senders):
            books.drain()
        assert [sender.returncode for sender in senders] == [0, 0]
    settled(lambda: vpc.device_counters(vpc.c))
    books.drain()
    sent = (rounds * count, rounds * count * (L3_BYTES if family == 4 else L3_BYTES + 20))
    for guest in (vpc.a, vpc.b):
        source = guest.ipv4 if family == 4 else guest.ipv6
        assert books.total(proto=UDP, ifindex=guest.ifindex, direction=DIRECTION_OUT) == sent
        assert books.total(proto=UDP, ifindex=vpc.c.ifindex, direction=DIRECTION_IN, src=source) == sent
    assert not any(seen.packets or seen.malformed for seen in books.uncounted.values())


def test_swaps_under_load_of_drops(vpc: Any, books: Any, wait_until: Callable[..., None]) -> None:
    """Every packet is dropped on its sender's account while the buffers are swapped: all REJECT, no ACCEPT left."""
    vpc.nft(one_chain("prerouting", 'udp dport 10000-20000 counter drop comment "all"'))
    count = 60_000
    senders = [blast(vpc.a, vpc.c, 50, count), blast(vpc.b, vpc.c, 50, count)]
    while any(sender.poll() is None for sender in senders):
        books.drain()
    wait_until(lambda: vpc.nft_counters()["all"][0] >= 2 * count)
    books.drain()
    dropped = vpc.nft_counters()["all"]
    assert dropped == (2 * count, 2 * count * L3_BYTES)
    missed = sum(drained.ignored.missed for drained in books.drains)
    assert books.total(proto=UDP, action=ACTION_REJECT)[0] + missed == dropped[0]
    assert books.total(proto=UDP) == dropped
    assert missed == 0


def test_a_full_table_folds_and_keeps_the_sums(
    vpc: Any, opened: Callable[..., Any], settled: Callable[..., None]
) -> None:
    """Rows of flows and coarser rows together are what was sent, per ENI, in packets and bytes."""
    vpc.nft("")
    books = opened(vpc.host, flows_max=1000, slots=0)
    for guest in (vpc.a, vpc.c):
        books.kernel.attach(guest.ifindex, Side.BEHIND, (guest.ipv4, guest.ipv6))
    books.clear()
    count = 20_000
    assert blast(vpc.a, vpc.c, 5000, count).wait() == 0
    settled(lambda: vpc.device_counters(vpc.c))
    books.drain()
    for guest, direction in ((vpc.a, DIRECTION_OUT), (vpc.c, DIRECTION_IN)):
        of_eni = {"ifindex": guest.ifindex, "direction": direction, "action": ACTION_ACCEPT}
        (folded,) = books.select(**of_eni, fold=FOLDS.index("ports"), src=vpc.a.ipv4, dst=vpc.c.ipv4, proto=UDP)
        assert (folded["sport"], folded["dport"]) == (0, 0)
        assert books.total(**of_eni, proto=UDP) == (count, count * L3_BYTES)
        assert 0 < books.drains[-1].folded[guest.ifindex] <= folded["packets"]
    assert len(books.select(family=4, fold=0)) <= 1000
    assert blast(vpc.a, vpc.c, 10, count).wait() == 0
    settled(lambda: vpc.device_counters(vpc.c))
    books.clear()
    assert blast(vpc.a, vpc.c, 10, count).wait() == 0
    settled(lambda: vpc.device_counters(vpc.c))
    books.drain()
    assert books.total(proto=UDP, ifindex=vpc.a.ifindex, fold=0) == (count, count * L3_BYTES)
    assert not books.drains[-1].folded


TUNSETIFF, TUNSETOFFLOAD = 0x400454CA, 0x400454D0
IFF_TUN, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x1, 0x2, 0x1000, 0x4000


@contextmanager
def tun(netns: str, name: str, flags: int) -> Iterator[tuple[int, int]]:
    """A tun or tap device that is up: (descriptor, ifindex)."""

    def make() -> tuple[int, int]:
        fd = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), flags | IFF_NO_PI))
        return fd, socket.if_nametoindex(name)

    fd, ifindex = inside(netns, make)
    try:
        subprocess.run(["ip", "-n", netns, "link", "set", name, "up"], check=True)
        yield fd, ifindex
    finally:
        os.close(fd)


def super_packet(payload: int, segment: int) -> bytes:
    """What a guest's driver hands to its tap: a virtio header that asks for segmentation, and one big TCP frame."""
    virtio = struct.pack("<BBHHHH", 1, 1, 54, segment, 34, 16)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + payload, 1, 0, 64, TCP, 0)
    ip += socket.inet_aton("10.9.8.1") + socket.inet_aton("10.9.8.2")
    tcp = struct.pack(">HHIIBBHHH", 4000, 8100, 1, 2, 0x50, 0x18, 100, 0, 0)
    return virtio + b"\xff" * 6 + b"\2\0\0\0\0\1" + b"\x08\x00" + ip + tcp + bytes(payload)


def test_a_taps_super_packet_has_no_segment_count(quiet: str, opened: Callable[..., Any]) -> None:
    books = opened(quiet)
    with tun(quiet, "tap0", IFF_TAP | IFF_VNET_HDR) as (fd, ifindex):
        fcntl.ioctl(fd, TUNSETOFFLOAD, 0x1F)
        books.kernel.attach(ifindex, Side.BEHIND)
        for payload, segment in ((60_000, 1460), (3 * 1460, 1460), (1461, 1460)):
            os.write(fd, super_packet(payload, segment))
        books.drain()
        books.kernel.detach(ifindex)
    segments = 42 + 3 + 2
    payload = 60_000 + 3 * 1460 + 1461
    assert books.total(proto=TCP, direction=DIRECTION_OUT) == (segments, payload + segments * 40)


def test_a_device_without_ethernet_frames_is_refused(quiet: str, opened: Callable[..., Any]) -> None:
    books = opened(quiet)
    with tun(quiet, "tun0", IFF_TUN) as (_, ifindex), pytest.raises(AttachError, match="no Ethernet frames"):
        books.kernel.attach(ifindex, Side.BEHIND)
    assert books.kernel.attached == frozenset()


def test_a_missing_device_is_refused(quiet: str, opened: Callable[..., Any]) -> None:
    kernel = opened(quiet).kernel
    with pytest.raises(AttachError, match="device 4711"):
        kernel.attach(4711, Side.BEHIND)


def test_a_missing_namespace_is_named() -> None:
    with pytest.raises(NoSuchNamespace, match="no-such-namespace"):
        Kernel(1000, "no-such-namespace")


def test_two_devices_with_one_tag_are_refused(quiet: str, opened: Callable[..., Any]) -> None:
    kernel = opened(quiet).kernel
    low, high, none = 5, 0x10000 | (5 ^ 1), 0x10001
    assert (tag_of(low), tag_of(high), tag_of(none)) == (5, 5, 0)
    for ifindex in (low, high, none):
        name = f"t{ifindex}"
        subprocess.run(["ip", "-n", quiet, "link", "add", name, "index", str(ifindex), "type", "veth"], check=True)
    kernel.attach(low, Side.BEHIND)
    for refused in (high, none):
        with pytest.raises(AttachError, match="tag"):
            kernel.attach(refused, Side.BEHIND)
    kernel.detach(low)
    kernel.attach(high, Side.BEHIND)
    assert kernel.attached == {high}


def test_a_device_that_vanishes_leaves_the_others_alone(
    vpc: Any, books: Any, quiet: str, settled: Callable[..., None]
) -> None:
    vpc.ip("link", "add", "brief", "type", "veth", "peer", "name", "brief2")
    ifindex = inside(vpc.host, lambda: socket.if_nametoindex("brief"))
    books.kernel.attach(ifindex, Side.BEHIND, ("10.9.9.9",))
    assert books.kernel.vanished() == frozenset()
    vpc.ip("link", "del", "brief")
    assert books.kernel.vanished() == {ifindex}
    books.drain()
    books.kernel.detach(ifindex)
    assert books.kernel.vanished() == frozenset()
    port = vpc.a.send((vpc.b.ipv4, 5000), 10, SIZE)
    settled(lambda: vpc.device_counters(vpc.b))
    books.drain()
    assert books.total(sport=port, ifindex=vpc.b.ifindex) == (10, 10 * L3_BYTES)


def test_what_was_counted_before_a_detach_still_comes(vpc: Any, books: Any, settled: Callable[..., None]) -> None:
    port = vpc.a.send((vpc.c.ipv4, 5000), 10, SIZE)
    settled(lambda: vpc.device_counters(vpc.c))
    books.kernel.detach(vpc.c.ifindex)
    try:
        vpc.a.send((vpc.c.ipv4, 5001), 10, SIZE)
        settled(lambda: vpc.device_counters(vpc.c))
        books.drain()
        assert books.total(sport=port, ifindex=vpc.c.ifindex) == (10, 10 * L3_BYTES)
        assert books.total(dport=5001, ifindex=vpc.c.ifindex) == (0, 0)
        assert books.total(dport=5001, ifindex=vpc.a.ifindex) == (10, 10 * L3_BYTES)
    finally:
        books.kernel.attach(vpc.c.ifindex, Side.BEHIND, (vpc.c.ipv4, vpc.c.ipv6))


def test_an_address_of_two_enis_charges_neither_by_address(
    vpc: Any, books: Any, wait_until: Callable[..., None]
) -> None:
    """Two VPCs may use one address: a drop in the forward hook then is the sender's."""
    vpc.ip("link", "add", "twin", "type", "veth", "peer", "name", "twin2")
    twin = inside(vpc.host, lambda: socket.if_nametoindex("twin"))
    vpc.nft(one_chain("forward", 'udp dport 7700 counter drop comment "f"'))
    try:
        for expected, change in (
            (vpc.c, lambda: None),
            (vpc.a, lambda: books.kernel.attach(twin, Side.BEHIND, (vpc.c.ipv4,))),
            (vpc.c, lambda: books.kernel.detach(twin)),
        ):
            change()
            before = vpc.nft_counters()["f"][0]
            books.clear()
            vpc.a.send((vpc.c.ipv4, 7700), 5, SIZE)
            wait_until(lambda before=before: vpc.nft_counters()["f"][0] == before + 5)
            books.drain()
            assert books.total(action=ACTION_REJECT, ifindex=expected.ifindex) == (5, 5 * L3_BYTES)
            assert books.total(action=ACTION_REJECT) == (5, 5 * L3_BYTES)
    finally:
        vpc.ip("link", "del", "twin")


def test_arp_is_counted_as_not_ip(vpc: Any, books: Any, settled: Callable[..., None]) -> None:
    vpc.ip("neigh", "flush", "dev", "eni-c")
    subprocess.run(["ip", "-n", vpc.c.netns, "neigh", "flush", "dev", "eth0"], check=True)
    before = vpc.device_counters(vpc.c)
    vpc.a.send((vpc.c.ipv4, 5000), 1, SIZE)
    settled(lambda: vpc.device_counters(vpc.c))
    books.drain()
    after = vpc.device_counters(vpc.c)
    frames = sum(after[way][0] - before[way][0] for way in (0, 1))
    packets = books.total(ifindex=vpc.c.ifindex)[0]
    assert books.uncounted[vpc.c.ifindex] == Uncounted(not_ip=frames - packets)
    assert frames > packets


def test_times_are_the_walls(vpc: Any, books: Any, settled: Callable[..., None]) -> None:
    """First and last packet lie between two readings of the wall clock; ticks and the coarse clock cost up to 12 ms."""
    slack_ns = 12_000_000
    begin = time.time_ns()
    port = vpc.a.send((vpc.b.ipv4, 5000), 100, SIZE)
    settled(lambda: vpc.device_counters(vpc.b))
    end = time.time_ns()
    books.drain()
    (row,) = books.select(sport=port, ifindex=vpc.b.ifindex, action=ACTION_ACCEPT)
    assert begin - slack_ns <= row["first_ns"] <= row["last_ns"] <= end
    assert begin <= books.drains[-1].until_ns
