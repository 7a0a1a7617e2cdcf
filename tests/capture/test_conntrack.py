"""NAT addresses and openers: real translations by nft, IPv4 and IPv6; and the memory's rules over made-up times."""

from __future__ import annotations

import ipaddress
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.capture.conftest import Books, Vpc
from tests.capture.test_window import LABELS, NOON, SECOND, flow, packed, rows
from tests.waiting import until
from weir.capture.attribution import Watched
from weir.capture.conntrack import Memory, Tracking
from weir.capture.flows import ACTION_REJECT, Flows
from weir.capture.lifetimes import TICKS_NS
from weir.capture.netns import inside
from weir.capture.packet_fields import DESTINATION, SOURCE, UNKNOWN, Initiator
from weir.capture.share import Bounds
from weir.model.resources import Side

BOUNDS = Bounds(NOON, NOON + 60)
WANTED = (Watched("eni-a", "eni-a", Side.BEHIND, (), frozenset({"pkt-srcaddr", "initiator"})),)
NAT = """
table inet nat {
  chain pre { type nat hook prerouting priority dstnat;
    ip daddr 10.9.9.9 tcp dport 80 dnat ip to 10.9.1.3:8080
    ip6 daddr fd99::99 tcp dport 80 dnat ip6 to [fd0a::3]:8080
    ip daddr 10.9.9.9 udp dport 53 dnat ip to 10.9.1.3:5353
    ip6 daddr fd99::99 udp dport 53 dnat ip6 to [fd0a::3]:5353
  }
  chain post { type nat hook postrouting priority srcnat;
    oifname "eni-c" ip daddr 10.9.1.3 masquerade
    oifname "eni-c" ip6 daddr fd0a::3 masquerade
  }
}
"""
CASES = [
    (socket.AF_INET, "10.9.0.1", "10.9.9.9", "10.9.1.254", "10.9.1.3"),
    (socket.AF_INET6, "fd09::1", "fd99::99", "fd0a::fe", "fd0a::3"),
]
IDS = ["NAT44", "NAT66"]


@pytest.fixture
def tracking(vpc: Vpc) -> Iterator[Tracking]:
    with closing(Tracking(vpc.host, time.time_ns)) as made:
        made.watch(WANTED)
        until(lambda: made.is_whole, 30, "the table was read")
        begun_ns = time.time_ns()
        until(lambda: time.time_ns() > begun_ns + 2 * TICKS_NS, 10, "rows are told from those before")
        yield made


def ends(tracking: Tracking, found: Flows) -> set[tuple[str, int, str, int, str | None, str | None]]:
    """(src, sport, dst, dport, pkt-src, pkt-dst) of each row."""
    columns = tracking.attribute(found, LABELS, BOUNDS)
    texts = zip(columns["pkt-srcaddr"].to_pylist(), columns["pkt-dstaddr"].to_pylist(), strict=True)
    return {
        (_text(row["src"]), int(row["sport"]), _text(row["dst"]), int(row["dport"]), *pkt)
        for row, pkt in zip(found, texts, strict=True)
    }


def _text(value: np.void) -> str:
    address = ipaddress.IPv6Address(bytes(value))
    return str(address.ipv4_mapped or address)


def kernel_table(vpc: Vpc, proto: str) -> list[list[str]]:
    """The host's connections as the kernel prints them: source, destination and ports of both directions."""
    said = inside(vpc.host, lambda: Path("/proc/thread-self/net/nf_conntrack").read_text(encoding="ascii"))
    found = []
    for line in said.splitlines():
        words = line.split()
        if words[2] == proto:
            pairs = [word.split("=", 1) for word in words if "=" in word]
            found.append([value for key, value in pairs if key in ("src", "dst", "sport", "dport")])
    return found


def plain(address: str) -> str:
    return str(ipaddress.ip_address(address))


@pytest.mark.root
@pytest.mark.parametrize(("family", "client", "vip", "inner", "server"), CASES, ids=IDS)
def test_tcp_through_dnat_and_snat(
    vpc: Vpc, books: Books, tracking: Tracking, family: int, client: str, vip: str, inner: str, server: str
) -> None:
    vpc.nft(NAT)
    with vpc.c.socket(family, socket.SOCK_STREAM) as listener, vpc.a.socket(family, socket.SOCK_STREAM) as caller:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((server, 8080))
        listener.listen()
        caller.settimeout(10)
        caller.connect((vip, 80))
        with listener.accept()[0] as answerer:
            answerer.settimeout(10)
            caller.sendall(b"ask")
            assert answerer.recv(3) == b"ask"
            sport, seen = caller.getsockname()[1], answerer.getpeername()[1]
            (truth,) = [one for one in kernel_table(vpc, "tcp") if one[2] == str(sport)]
    books.drain()
    tracking.drained(time.time_ns())
    assert [plain(truth[at]) for at in (0, 1, 4, 5)] == [client, vip, server, inner]
    assert [int(truth[at]) for at in (2, 3, 6, 7)] == [sport, 80, 8080, seen]
    found = books.select(proto=6)
    assert ends(tracking, found) == {
        (client, sport, vip, 80, client, server),
        (inner, seen, server, 8080, client, server),
        (server, 8080, inner, seen, server, client),
        (vip, 80, client, sport, server, client),
    }
    said = Initiator((tracking.opened,)).attribute(found, LABELS, BOUNDS)["initiator"]
    assert {(int(row["sport"]), who) for row, who in zip(found, said.to_pylist(), strict=True)} == {
        (sport, "source"), (seen, "source"), (8080, "destination"), (80, "destination"),
    }  # fmt: skip


@pytest.mark.root
@pytest.mark.parametrize(("family", "client", "vip", "inner", "server"), CASES, ids=IDS)
def test_udp_through_dnat_and_snat(
    vpc: Vpc, books: Books, tracking: Tracking, family: int, client: str, vip: str, inner: str, server: str
) -> None:
    vpc.nft(NAT)
    with vpc.c.socket(family, socket.SOCK_DGRAM) as sink, vpc.a.socket(family, socket.SOCK_DGRAM) as caller:
        sink.bind((server, 5353))
        sink.settimeout(10)
        caller.settimeout(10)
        caller.connect((vip, 53))
        caller.send(b"ask")
        _, peer = sink.recvfrom(3)
        sink.sendto(b"answer", peer)
        assert caller.recv(6) == b"answer"
        sport = caller.getsockname()[1]
    books.drain()
    tracking.drained(time.time_ns())
    assert plain(peer[0]) == inner
    assert ends(tracking, books.select(proto=17)) == {
        (client, sport, vip, 53, client, server),
        (inner, peer[1], server, 5353, client, server),
        (server, 5353, inner, peer[1], server, client),
        (vip, 53, client, sport, server, client),
    }


@pytest.mark.root
def test_what_was_there_before_is_known_from_then_on(vpc: Vpc, books: Books) -> None:
    vpc.nft(NAT)
    with (
        vpc.c.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink,
        vpc.a.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller,
    ):
        sink.bind(("10.9.1.3", 5353))
        sink.settimeout(10)
        caller.connect(("10.9.9.9", 53))
        caller.send(b"ask")
        assert sink.recv(3) == b"ask"
        books.drain()
        early = books.select(proto=17, dport=53)
        with closing(Tracking(vpc.host, time.time_ns)) as tracking:
            tracking.watch(WANTED)
            books.clear()
            time_ns = time.time_ns()
            caller.send(b"ask")
            assert sink.recv(3) == b"ask"
            books.drain()
            tracking.drained(time.time_ns())
            late = books.select(proto=17, dport=53)
            late = late[late["first_ns"] > time_ns - 2 * SECOND]
            assert {one[4:] for one in ends(tracking, early)} == {(None, None)}
            known = {one[4:] for one in ends(tracking, late)}
            assert known <= {("10.9.0.1", "10.9.1.3"), (None, None)}
            tracking.watch(())
            assert {one[4:] for one in ends(tracking, late)} == {(None, None)}


def connection(sport: int, server: str, number: int = 1) -> bytes:
    """10.0.0.1:sport to 10.0.0.2:80, translated to ``server``:8080."""
    o, r = (sport, 80), (8080, sport)
    return struct.pack(
        "=16s16s16s16s8HB3xI",
        packed("10.0.0.1"), packed("10.0.0.2"), packed(server), packed("10.0.0.1"),
        *o, *r[::-1], *r, *o[::-1], 6, number,
    )  # fmt: skip


def at(first_s: float, last_s: float, **more: Any) -> Flows:
    found = flow(80, 1, proto=6, src=packed("10.0.0.1"), dst=packed("10.0.0.2"), sport=9, **more)
    found["first_ns"], found["last_ns"] = int(first_s * SECOND), int(last_s * SECOND)
    return found


def resolved(memory: Memory, *found: Flows, gap_ns: int | None = None) -> list[tuple[str | None, int]]:
    """(destination behind the translation, opener) per row; None where nothing is said."""
    known = memory.known(gap_ns).resolve(rows(*found))
    return [
        (_text(dst) if certain else None, int(opener))
        for dst, certain, opener in zip(known.dst, known.certain, known.opener, strict=True)
    ]


def test_a_tuple_used_again_is_attributed_only_where_it_is_certain() -> None:
    memory = Memory()
    memory.begin(connection(9, "10.0.1.1"), 10 * SECOND)
    memory.end(connection(9, "10.0.1.1"), 20 * SECOND)
    memory.begin(connection(9, "10.0.1.2", 2), 21 * SECOND)
    assert resolved(memory, at(11, 19), at(22, 30), at(11, 30)) == [
        ("10.0.1.1", SOURCE), ("10.0.1.2", SOURCE), (None, SOURCE),
    ]  # fmt: skip


def test_a_row_from_before_the_translation_is_not_attributed() -> None:
    memory = Memory()
    memory.begin(connection(9, "10.0.1.1"), 10 * SECOND)
    assert resolved(memory, at(5, 9), at(5, 15), at(10, 15)) == [
        ("10.0.0.2", UNKNOWN), (None, SOURCE), ("10.0.1.1", SOURCE),
    ]  # fmt: skip


def test_the_answers_come_from_the_server_and_the_destination_opened() -> None:
    memory = Memory()
    memory.begin(connection(9, "10.0.1.1"), 10 * SECOND)
    answer = at(11, 12)
    answer["src"], answer["dst"] = np.void(packed("10.0.0.2")), np.void(packed("10.0.0.1"))
    answer["sport"], answer["dport"] = 80, 9
    known = memory.known(None).resolve(answer)
    assert (_text(known.src[0]), _text(known.dst[0])) == ("10.0.1.1", "10.0.0.1")
    assert (bool(known.certain[0]), int(known.opener[0])) == (True, DESTINATION)


def test_untranslated_flows_keep_their_addresses_and_unconfirmed_drops_say_nothing() -> None:
    assert resolved(Memory(), at(1, 2), at(1, 2, action=ACTION_REJECT)) == [("10.0.0.2", UNKNOWN), (None, UNKNOWN)]


def test_nothing_is_said_of_a_time_in_which_events_were_missed() -> None:
    memory = Memory()
    memory.begin(connection(9, "10.0.1.1"), 10 * SECOND)
    assert memory.replace([connection(9, "10.0.1.3", 3)], 20 * SECOND, 30 * SECOND)
    assert resolved(memory, at(11, 12), at(25, 26), at(31, 32)) == [
        ("10.0.1.1", SOURCE), (None, UNKNOWN), ("10.0.1.3", SOURCE),
    ]  # fmt: skip
    assert resolved(memory, at(41, 42), gap_ns=40 * SECOND) == [(None, UNKNOWN)]


def test_the_memory_is_bounded_and_counts_what_it_refuses() -> None:
    memory = Memory(limit=2)
    taken = [memory.begin(connection(port, "10.0.1.1"), port * SECOND) for port in (1, 2, 3)]
    assert (taken, memory.counted.refused, memory.is_full) == ([True, True, False], 1, True)
    memory.end(connection(1, "10.0.1.1"), 10 * SECOND)
    memory.forget(11 * SECOND)
    assert memory.begin(connection(3, "10.0.1.1"), 3 * SECOND)
