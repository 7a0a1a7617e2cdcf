"""Every kind of frame, one by one, through the loaded programs on the kernel's own test bench (BPF_PROG_TEST_RUN)."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from weir.capture.flows import ACTION_ACCEPT, ACTION_REJECT, DIRECTION_IN, DIRECTION_OUT
from weir.capture.window import Uncounted
from weir.model.resources import Side

pytestmark = pytest.mark.root

LO = 1
MACS = b"\2\0\0\0\0\xbb" + b"\2\0\0\0\0\xaa"
SRC4, DST4, SRC6, DST6 = "10.9.0.1", "10.9.0.99", "fd09::1", "fd09::99"
ETH4, ETH6 = b"\x08\x00", b"\x86\xdd"
VLAN, QINQ = b"\x81\x00\x00\x64", b"\x88\xa8\x00\x0a"
TCP, UDP, SCTP, ESP, ICMP, ICMP6 = 6, 17, 132, 50, 1, 58
HOPOPTS, ROUTING, FRAGMENT, AH, DSTOPTS = 0, 43, 44, 51, 60


def ip4(payload: bytes, proto: int, options: bytes = b"", frag: int = 0, length: int | None = None) -> bytes:
    header = 20 + len(options)
    total = header + len(payload) if length is None else length
    fixed = struct.pack(">BBHHHBBH", 0x40 + header // 4, 0, total, 55, frag, 64, proto, 0)
    return fixed + socket.inet_aton(SRC4) + socket.inet_aton(DST4) + options + payload


def ip6(payload: bytes, following: int) -> bytes:
    fixed = struct.pack(">IHBB", 6 << 28, len(payload), following, 64)
    return fixed + socket.inet_pton(socket.AF_INET6, SRC6) + socket.inet_pton(socket.AF_INET6, DST6) + payload


def udp(to: int, size: int = 30) -> bytes:
    return struct.pack(">HHHH", 1111, to, 8 + size, 0) + b"z" * size


def tcp(to: int, flags: int, options: bytes = b"") -> bytes:
    return struct.pack(">HHIIBBHHH", 1111, to, 1, 2, (20 + len(options)) * 4, flags, 9, 0, 0) + options


def extension(following: int, words: int = 0) -> bytes:
    return bytes([following, words]) + bytes(6 + 8 * words)


def fragment6(following: int, offset: int, more: int) -> bytes:
    return struct.pack(">BBHI", following, 0, offset << 3 | more, 99)


AUTHENTICATION = bytes([TCP, 4]) + bytes(22)


@dataclass(frozen=True)
class Frame:
    """A frame and the row it must become."""

    name: str
    bytes: bytes
    proto: int
    length: int
    dport: int = 8000
    sport: int = 1111
    flags: int = 0
    v6: bool = False


FRAMES = (
    Frame("UDP", ETH4 + ip4(udp(8000), UDP), UDP, 58),
    Frame("UDP, empty", ETH4 + ip4(udp(8000, 0), UDP), UDP, 28),
    Frame("padding is not counted", ETH4 + ip4(udp(8000, 2), UDP) + bytes(16), UDP, 30),
    Frame("TCP", ETH4 + ip4(tcp(8000, 0x29), TCP), TCP, 40, flags=0x29),
    Frame("TCP with options", ETH4 + ip4(tcp(8000, 0x02, bytes(20)), TCP), TCP, 60, flags=0x02),
    Frame("SCTP", ETH4 + ip4(struct.pack(">HHII", 1111, 8000, 1, 2), SCTP), SCTP, 32),
    Frame("ICMP echo request", ETH4 + ip4(b"\x08\x00" + bytes(30), ICMP), ICMP, 52, 0x0800, 0),
    Frame("ICMP port unreachable", ETH4 + ip4(b"\x03\x03" + bytes(34), ICMP), ICMP, 56, 0x0303, 0),
    Frame("no ports", ETH4 + ip4(bytes(20), ESP), ESP, 40, 0, 0),
    Frame("header only", ETH4 + ip4(b"", ESP), ESP, 20, 0, 0),
    Frame("VLAN", VLAN + ETH4 + ip4(udp(8000), UDP), UDP, 58),
    Frame("QinQ", QINQ + VLAN + ETH4 + ip4(udp(8000), UDP), UDP, 58),
    Frame("VLAN with IPv6", VLAN + ETH6 + ip6(udp(8000), UDP), UDP, 78, v6=True),
    Frame("IPv4 options", ETH4 + ip4(udp(8000), UDP, options=b"\1" * 8), UDP, 66),
    Frame("claims more than there is", ETH4 + ip4(udp(8000), UDP, length=9000), UDP, 58),
    Frame("UDP over IPv6", ETH6 + ip6(udp(8000), UDP), UDP, 78, v6=True),
    Frame("TCP over IPv6", ETH6 + ip6(tcp(8000, 0x12), TCP), TCP, 60, flags=0x12, v6=True),
    Frame("ICMPv6 echo", ETH6 + ip6(b"\x80\x00" + bytes(10), ICMP6), ICMP6, 52, 0x8000, 0, v6=True),
    Frame("no next header", ETH6 + ip6(b"", 59), 59, 40, 0, 0, v6=True),
    Frame("destination options", ETH6 + ip6(extension(UDP) + udp(8000), DSTOPTS), UDP, 86, v6=True),
    Frame(
        "hop-by-hop and routing",
        ETH6 + ip6(extension(ROUTING, 1) + extension(UDP) + udp(8000), HOPOPTS),
        UDP,
        102,
        v6=True,
    ),
    Frame("authentication header", ETH6 + ip6(AUTHENTICATION + tcp(8000, 0x10), AH), TCP, 84, flags=0x10, v6=True),
    Frame("first IPv4 fragment", ETH4 + ip4(udp(8000, 24), UDP, frag=0x2000), UDP, 52),
    Frame("first IPv6 fragment", ETH6 + ip6(fragment6(UDP, 0, 1) + udp(8000, 24), FRAGMENT), UDP, 80, v6=True),
    Frame("atomic IPv6 fragment", ETH6 + ip6(fragment6(UDP, 0, 0) + udp(8000, 24), FRAGMENT), UDP, 80, v6=True),
)  # fmt: skip


@pytest.fixture(scope="module")
def loopback(opened: Callable[..., Any], quiet: str) -> Any:
    """Books over the loopback device of a namespace in which nothing else happens."""
    books = opened(netns=quiet)
    books.kernel.attach(LO, Side.SELF)
    return books


@pytest.fixture
def counted(loopback: Any) -> Callable[..., Any]:
    """``counted(frame, ..., program=...)``: runs the program on each frame once, returns the drained books."""

    def run(*frames: bytes, program: str = "behind_ingress") -> Any:
        loopback.clear()
        for frame in frames:
            loopback.kernel.try_frame(program, MACS + frame)
        loopback.drain()
        return loopback

    return run


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_a_frame_becomes_its_row(frame: Frame, counted: Callable[..., Any]) -> None:
    (row,) = counted(frame.bytes).rows
    src, dst = (SRC6, DST6) if frame.v6 else (f"::ffff:{SRC4}", f"::ffff:{DST4}")
    assert {name: row[name].item() for name in row.dtype.names if name[-3:] != "_ns" and name[:3] != "pad"} == {
        "ifindex": LO,
        "family": 6 if frame.v6 else 4,
        "proto": frame.proto,
        "direction": DIRECTION_OUT,
        "action": ACTION_ACCEPT,
        "sport": frame.sport,
        "dport": frame.dport,
        "fold": 0,
        "src": socket.inet_pton(socket.AF_INET6, src),
        "dst": socket.inet_pton(socket.AF_INET6, dst),
        "packets": 1,
        "bytes": frame.length,
        "tcp_flags": frame.flags,
        "reason": 0,
        "rule_id": 0,
        "hook": 0,
    }


@pytest.mark.parametrize(
    ("program", "direction"),
    [
        ("behind_ingress", DIRECTION_OUT),
        ("behind_egress", DIRECTION_IN),
        ("self_ingress", DIRECTION_IN),
        ("self_egress", DIRECTION_OUT),
    ],
)
def test_direction_is_the_enis_on_both_sides(program: str, direction: int, counted: Callable[..., Any]) -> None:
    assert counted(ETH4 + ip4(udp(8000), UDP), program=program).total(direction=direction) == (1, 58)


@pytest.mark.parametrize("v6", [False, True])
def test_later_fragments_take_the_ports_of_the_first(v6: bool, counted: Callable[..., Any]) -> None:
    if v6:
        first = ETH6 + ip6(extension(FRAGMENT) + fragment6(UDP, 0, 1) + udp(8000, 40), DSTOPTS)
        later = ETH6 + ip6(extension(FRAGMENT) + fragment6(UDP, 6, 0) + b"q" * 33, DSTOPTS)
        length = 40 + 8 + 8 + 48 + 40 + 8 + 8 + 33
    else:
        first = ETH4 + ip4(udp(8000, 24), UDP, frag=0x2000)
        later = ETH4 + ip4(b"r" * 21, UDP, frag=4)
        length = 52 + 41
    (row,) = counted(first, later).rows
    assert (row["sport"], row["dport"], row["packets"], row["bytes"]) == (1111, 8000, 2, length)


def test_a_fragment_without_its_first_has_no_ports(counted: Callable[..., Any]) -> None:
    (row,) = counted(ETH4 + ip4(b"r" * 24, TCP, frag=4)).rows
    assert (row["sport"], row["dport"], row["packets"], row["bytes"]) == (0, 0, 1, 44)


def test_flags_are_or_ed_over_all_packets(counted: Callable[..., Any]) -> None:
    (row,) = counted(*(ETH4 + ip4(tcp(8000, flags), TCP) for flags in (0x02, 0x10, 0x18, 0x11))).rows
    assert (row["tcp_flags"], row["packets"]) == (0x1B, 4)


NOT_IP = {
    "ARP": b"\x08\x06" + bytes(28),
    "three VLAN tags": VLAN + VLAN + VLAN + ETH4 + ip4(udp(8000), UDP),
    "unknown type": b"\x88\xb5" + bytes(40),
}
MALFORMED = {
    "IPv4 cut short": VLAN + ETH4 + ip4(b"", UDP)[:10],
    "IPv4 header length below 20": ETH4 + b"\x44" + ip4(udp(8000), UDP)[1:],
    "IPv4 total length below its header": ETH4 + ip4(udp(8000), UDP, length=12),
    "IPv4 with version 5": ETH4 + b"\x55" + ip4(udp(8000), UDP)[1:],
    "IPv6 cut short": VLAN + ETH6 + ip6(b"", UDP)[:30],
    "IPv6 with version 4": ETH6 + b"\x40" + ip6(udp(8000), UDP)[1:],
    "VLAN cut short": b"\x81\x00\x00",
}


@pytest.mark.parametrize("frame", NOT_IP.values(), ids=NOT_IP.keys())
def test_what_is_not_ip_is_counted_as_such(frame: bytes, counted: Callable[..., Any]) -> None:
    books = counted(frame)
    assert (len(books.rows), books.uncounted) == (0, {LO: Uncounted(not_ip=1)})


@pytest.mark.parametrize("frame", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_cannot_be_right_is_counted_as_malformed(frame: bytes, counted: Callable[..., Any]) -> None:
    books = counted(frame)
    assert (len(books.rows), books.uncounted) == (0, {LO: Uncounted(malformed=1)})


def test_endless_extension_headers_end(counted: Callable[..., Any]) -> None:
    (row,) = counted(ETH6 + ip6(extension(DSTOPTS) * 20 + udp(8000), DSTOPTS)).rows
    assert (row["proto"], row["packets"], row["bytes"]) == (DSTOPTS, 1, 40 + 160 + 38)


def test_a_dropped_frame_is_read_as_it_was_counted(vpc: Any, books: Any, wait_until: Callable[..., None]) -> None:
    """Every odd frame, dropped before anything has touched it: all of it moves to REJECT, nothing stays."""
    hook = 'type filter hook ingress device "eni-a" priority 0'
    vpc.nft(f'table netdev n {{\nchain c {{\n{hook}\ncounter drop comment "all"\n}}\n}}')
    with vpc.a.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("eth0", 0))
        for frame in FRAMES:
            wire.send(MACS + frame.bytes)
    wait_until(lambda: vpc.nft_counters()["all"][0] >= len(FRAMES))
    books.drain()
    expected: dict[tuple[int, ...], tuple[int, int]] = {}
    for frame in FRAMES:
        key = (6 if frame.v6 else 4, frame.proto, frame.sport, frame.dport)
        packets, octets = expected.get(key, (0, 0))
        expected[key] = (packets + 1, octets + frame.length)
    rejected = {
        (int(r["family"]), int(r["proto"]), int(r["sport"]), int(r["dport"])): (int(r["packets"]), int(r["bytes"]))
        for dst in (DST4, DST6)
        for r in books.select(dst=dst, ifindex=vpc.a.ifindex, action=ACTION_REJECT, direction=DIRECTION_OUT)
    }
    assert rejected == expected
    assert [len(books.select(dst=dst, action=ACTION_ACCEPT)) for dst in (DST4, DST6)] == [0, 0]
    assert books.drains[-1].ignored.unreadable == 0
