"""Packet sockets, the last resort: they count what the kernel programs count at the same moment, and lose nothing
unsaid."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.capture.conftest import Books, Total, shell
from tests.capture.test_kernel_frames import FRAMES, MACS, MALFORMED, NOT_IP
from tests.capture.test_kernel_traffic import connection, pump
from tests.capture.test_replay_live import frames_of, while_quiet
from weir.capture.attach import AttachError, How
from weir.capture.books import Books as BothWays
from weir.capture.books import Seen
from weir.capture.flows import ACTION_REJECT, Flows
from weir.capture.kernel import Kernel
from weir.capture.netns import NoSuchNamespace
from weir.capture.packets import Packets
from weir.capture.source import Asked, Wanted, missing, opened
from weir.capture.tables import Sizes
from weir.capture.window import Uncounted
from weir.model.resources import Side

pytestmark = pytest.mark.root

FLOWS_MAX = 1 << 14
UDP = 17
FEW_SLOTS = 128
Row = tuple[Any, ...]


def rows_of(found: Flows) -> dict[Row, Row]:
    """Key -> amounts, without what only the kernel programs know."""
    keys = ("ifindex", "family", "proto", "direction", "action", "src", "dst", "sport", "dport")
    return {
        tuple(row[name].item() for name in keys): tuple(row[name].item() for name in ("packets", "bytes", "tcp_flags"))
        for row in found
    }


@pytest.fixture(scope="module")
def both(vpc: Any) -> Iterator[tuple[Books, Books]]:
    """(packet sockets, kernel programs) over all three guests."""
    with ExitStack() as stack:
        made = (
            Books(stack.enter_context(Packets(FLOWS_MAX, vpc.host))),
            Books(stack.enter_context(Kernel(FLOWS_MAX, vpc.host))),
        )
        for books in made:
            for guest in (vpc.a, vpc.b, vpc.c):
                books.kernel.attach(guest.ifindex, Side.BEHIND, (guest.ipv4, guest.ipv6))
        yield made


@pytest.fixture
def run(
    vpc: Any, both: tuple[Books, Books], settled: Callable[..., None], wait_until: Callable[..., None]
) -> Callable[[Callable[[], None]], Any]:
    """``run(traffic)``: both count it; returns the device counters' growth, (frames, bytes) per ifindex. No rules."""
    vpc.nft("")
    guests = (vpc.a, vpc.b, vpc.c)

    def counters() -> dict[int, Total]:
        found = {}
        for guest in guests:
            received, sent = vpc.device_counters(guest)
            found[guest.ifindex] = (received[0] + sent[0], received[1] + sent[1])
        return found

    def both_have_seen_all() -> bool:
        for books in both:
            books.drain()
        by_packets, by_kernel = ([frames_of(books, guest.ifindex) for guest in guests] for books in both)
        return by_packets == by_kernel

    def counted(traffic: Callable[[], None]) -> dict[int, Total]:
        before = while_quiet(settled, counters, lambda: [books.clear() for books in both])
        traffic()
        after = while_quiet(settled, counters, lambda: wait_until(both_have_seen_all, 30))
        return {key: (after[key][0] - before[key][0], after[key][1] - before[key][1]) for key in before}

    return counted


def all_kinds(vpc: Any) -> None:
    """Fewer frames than a ring has places, so none can be lost, however slow the reader is."""
    odd_frames(vpc)
    plain(vpc)


def odd_frames(vpc: Any) -> None:
    with vpc.a.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("eth0", 0))
        for frame in (*(known.bytes for known in FRAMES), *NOT_IP.values(), *MALFORMED.values()):
            wire.send(MACS + frame)


def plain(vpc: Any) -> None:
    for address in (vpc.b.ipv4, vpc.b.ipv6, vpc.c.ipv4, vpc.c.ipv6):
        vpc.a.send((address, 8100), 300, 300)
        vpc.a.send((address, 8101), 3, 4000)  # fragments
    for sender, receiver, address in ((vpc.a, vpc.b, vpc.b.ipv4), (vpc.b, vpc.c, vpc.c.ipv6)):
        with connection(sender, receiver, address) as (near, far):
            pump(near, far, 2 << 20)


def little(vpc: Any) -> None:
    """So few frames that none can be lost behind the hook, where a guest's backlog ends."""
    vpc.a.send((vpc.b.ipv4, 8100), 50, 300)
    vpc.c.send((vpc.a.ipv6, 8101), 3, 4000)
    with connection(vpc.a, vpc.c, vpc.c.ipv4) as (near, far):
        near.sendall(bytes(1 << 16))
        near.shutdown(socket.SHUT_WR)
        while far.recv(1 << 16):
            pass


@pytest.mark.parametrize("offloads", [True, False])
def test_they_count_what_the_kernel_programs_count(
    offloads: bool, vpc: Any, both: Any, run: Callable[..., Any]
) -> None:
    """Super-packets too: the socket says how large their segments are."""
    packets, kernel = both
    vpc.offloads(on=offloads)
    try:
        run(lambda: all_kinds(vpc))
    finally:
        vpc.offloads(on=True)
    assert rows_of(packets.rows) == rows_of(kernel.rows)
    assert packets.uncounted == kernel.uncounted


@pytest.mark.parametrize("offloads", [True, False])
def test_their_books_are_the_devices_counters(offloads: bool, vpc: Any, both: Any, run: Callable[..., Any]) -> None:
    packets, _kernel = both
    vpc.offloads(on=offloads)
    try:
        grown = run(lambda: little(vpc))
    finally:
        vpc.offloads(on=True)
    for guest in (vpc.a, vpc.b, vpc.c):
        both_ways = seen_by(packets, guest)
        assert (sum(w.frames for w in both_ways), sum(w.frame_bytes for w in both_ways)) == grown[guest.ifindex]
        assert sum(w.packets for w in both_ways) == packets.total(ifindex=guest.ifindex)[0]


def test_a_drop_is_not_seen(vpc: Any, both: Any, run: Callable[..., Any]) -> None:
    """What a rule drops is out of its sender all the same, and into nobody."""
    packets, kernel = both
    vpc.nft("table inet t { chain c { type filter hook forward priority 0; udp dport 7500 counter drop; }; }")
    run(lambda: vpc.a.send((vpc.c.ipv4, 7500), 50, 100))
    vpc.nft("")
    assert packets.total(dport=7500, proto=UDP) == (50, 50 * 128) == packets.total(dport=7500, ifindex=vpc.a.ifindex)
    assert len(packets.select(action=ACTION_REJECT)) == 0
    assert kernel.total(dport=7500, proto=UDP, action=ACTION_REJECT) == (50, 50 * 128)


def seen_by(books: Books, guest: Any) -> list[Seen]:
    """What both hooks of a guest's device saw, drain by drain."""
    found = [drained.books.get(guest.ifindex, BothWays()) for drained in books.drains]
    return [way for one in found for way in (one.rx, one.tx)]


def test_what_a_full_ring_loses_is_counted(
    vpc: Any, settled: Callable[..., None], wait_until: Callable[..., None]
) -> None:
    """A ring of 128 places and a burst: every frame of the device was read or is in the count of what was lost."""

    def frames() -> int:
        received, sent = vpc.device_counters(vpc.a)
        return int(received[0] + sent[0])

    with Packets(FLOWS_MAX, vpc.host, FEW_SLOTS) as made:
        books = Books(made)
        made.attach(vpc.a.ifindex, Side.BEHIND)
        before = while_quiet(settled, frames, books.clear)
        vpc.a.send((vpc.c.ipv4, 7400), 5000, 100)

        def all_accounted() -> bool:
            grown = frames() - before
            books.drain()
            lost = books.uncounted.get(vpc.a.ifindex, Uncounted()).packets
            return grown > FEW_SLOTS and sum(way.frames for way in seen_by(books, vpc.a)) + lost == grown

        wait_until(all_accounted, 30)


def test_more_flows_than_may_be_held_are_in_uncounted_exactly(vpc: Any, wait_until: Callable[..., None]) -> None:
    with Packets(10, vpc.host) as made:
        books = Books(made)
        made.attach(vpc.a.ifindex, Side.BEHIND)
        books.clear()
        with vpc.a.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for port in range(40):
                sender.sendto(b"x" * 100, (vpc.c.ipv4, 6000 + port))
        wait_until(lambda: books.drain() or sum(way.packets for way in seen_by(books, vpc.a)) >= 40)
        packets, octets = books.total()
        beyond = books.uncounted.get(vpc.a.ifindex, Uncounted())
        assert packets + beyond.packets == sum(way.packets for way in seen_by(books, vpc.a))
        assert octets + beyond.bytes == sum(way.l3_bytes for way in seen_by(books, vpc.a))
        assert all(len(drained.flows) <= 10 for drained in books.drains)


def test_devices_come_and_go(quiet: str) -> None:
    shell("ip", "-n", quiet, "link", "add", "p0", "type", "veth", "peer", "name", "p1")
    (link,) = json.loads(shell("ip", "-n", quiet, "-j", "link", "show", "dev", "p0"))
    with Packets(FLOWS_MAX, quiet) as made:
        made.attach(link["ifindex"], Side.BEHIND)
        with pytest.raises(AttachError, match="already"):
            made.attach(link["ifindex"], Side.BEHIND)
        with pytest.raises(AttachError, match="device 4711"):
            made.attach(4711, Side.SELF)
        assert (made.attached, made.vanished()) == ({link["ifindex"]}, frozenset())
        shell("ip", "-n", quiet, "link", "del", "p0")
        assert made.vanished() == {link["ifindex"]}
        made.detach(link["ifindex"])
        made.drain()
        assert made.attached == frozenset()


def test_a_missing_namespace_is_named() -> None:
    with pytest.raises(NoSuchNamespace, match="no-such-place"):
        Packets(FLOWS_MAX, "no-such-place")


@pytest.mark.parametrize(("wanted", "source"), [("kernel", "kernel"), ("auto", "kernel"), ("packets", "packets")])
def test_the_source_is_what_was_asked_for(wanted: str, source: str, quiet: str) -> None:
    assert missing(Wanted(wanted)) == []
    made = opened(Asked(Wanted(wanted), How.AUTO, Sizes(), quiet))
    try:
        assert made.source == source
    finally:
        made.close()


WITHOUT_CAPABILITIES = """
from weir.capture.attach import How
from weir.capture.source import Asked, CannotCapture, Wanted, opened
from weir.capture.tables import Sizes
for wanted in Wanted:
    try:
        opened(Asked(wanted, How.AUTO, Sizes(1024), None))
    except CannotCapture as error:
        print(wanted, error)
"""


def test_without_any_capability_it_says_what_is_missing() -> None:
    bare = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
    said = dict(line.split(" ", 1) for line in shell(*bare, sys.executable, "-c", WITHOUT_CAPABILITIES).splitlines())
    assert said["packets"] == "The process lacks CAP_NET_RAW: run it as root or grant the capability."
    assert "lacks CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON" in said["kernel"]
    assert said["auto"] == said["kernel"]


def test_with_packet_sockets_alone_the_way_out_is_named_or_taken() -> None:
    raw = ("setpriv", "--bounding-set", "-all,+net_raw", "--inh-caps", "-all")
    said = dict(line.split(" ", 1) for line in shell(*raw, sys.executable, "-c", WITHOUT_CAPABILITIES).splitlines())
    assert list(said) == ["kernel"]
    assert "WEIR_CAPTURE_SOURCE=auto" in said["kernel"]
