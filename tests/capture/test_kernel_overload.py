"""More flows than the tables hold, several processors on one flow, frames as devices count them, drops by reason."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.capture.conftest import greet
from weir.capture.flows import (
    ACTION_ACCEPT,
    ACTION_REJECT,
    DIRECTION_IN,
    DIRECTION_OUT,
    FOLDS,
    absorb,
)
from weir.capture.tables import SLOTS_MIN
from weir.model.resources import Side

pytestmark = pytest.mark.root

LO, UDP = 1, 17
PASSED, REFUSED, TAKEN_BACK = 7000, 7001, 7002
"""Destination ports: forwarded; dropped on the receiver's account; dropped on the sender's."""
RULES = """table inet t {
chain c {
type filter hook forward priority 0
udp dport 7001 counter drop comment "refused"
udp dport 7002 meta mark set 0x5f100009 counter drop comment "taken back"
}
}"""
SILENT = "table inet t {\nchain c {\ntype filter hook prerouting priority -300\nmeta l4proto udp drop\n}\n}"
SIZE = 30


def datagram(number: int, family: int, dport: int) -> bytes:
    """One UDP packet whose source address and port are its number's."""
    udp = struct.pack(">HHHH", 1024 + number % 60_000, dport, 8 + SIZE, 0) + bytes(SIZE)
    if family == 6:
        ends = b"".join(socket.inet_pton(socket.AF_INET6, end) for end in (f"fd77:0:0:{number:x}::5", "fd0a::3"))
        return struct.pack(">IHBB", 6 << 28, len(udp), UDP, 64) + ends + udp
    ends = socket.inet_aton(f"10.{77 + (number >> 8)}.{number & 255}.5") + socket.inet_aton("10.9.1.3")
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, UDP, 0) + ends + udp


def shell(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def send(vpc: Any, flows: int, times: int) -> None:
    """Guest a sends ``times`` packets of each flow to c, of both families."""
    with (
        vpc.a.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as v4,
        vpc.a.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW) as v6,
    ):
        for sender in (v4, v6):
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        for number in range(flows):
            dport = (PASSED, REFUSED, TAKEN_BACK)[number % 3]
            for _ in range(times):
                v4.sendto(datagram(number, 4, dport), ("10.9.1.3", 0))
                v6.sendto(datagram(number, 6, dport), ("fd0a::3", 0))


@contextmanager
def known_neighbours(vpc: Any) -> Iterator[None]:
    """Nobody asks for a hardware address meanwhile: every packet is a test's."""
    known = [
        (netns, one)
        for netns in (vpc.a.netns, vpc.b.netns, vpc.c.netns, vpc.host)
        for one in json.loads(shell("ip", "-n", netns, "-j", "neigh", "show"))
        if "lladdr" in one
    ]

    def set_all(state: str) -> None:
        for netns, one in known:
            place = (one["dst"], "lladdr", one["lladdr"], "dev", one["dev"])
            shell("ip", "-n", netns, "neigh", "replace", *place, "nud", state)

    set_all("permanent")
    try:
        yield
    finally:
        set_all("stale")


@pytest.mark.parametrize("slots", [0, SLOTS_MIN])
def test_many_times_more_flows_than_the_tables_hold(
    slots: int, vpc: Any, opened: Callable[..., Any], settled: Callable[..., None]
) -> None:
    """Packets and bytes by ENI, direction and verdict are exact at every fold; a row of one flow is never wrong."""
    flows, times = 9000, 2
    books = opened(vpc.host, flows_max=64, slots=slots)
    for guest in (vpc.a, vpc.c):
        books.kernel.attach(guest.ifindex, Side.BEHIND, (guest.ipv4, guest.ipv6))
    vpc.nft("")
    greet((vpc.a, vpc.b, vpc.c))  # a neighbour that is not known yet, or no more, would be asked for
    vpc.nft(RULES)
    vpc.nft(SILENT, netns=vpc.c.netns)
    try:
        with known_neighbours(vpc):
            books.clear()
            send(vpc, flows, times)
            settled(lambda: (vpc.device_counters(vpc.a), vpc.device_counters(vpc.c), vpc.nft_counters()))
    finally:
        vpc.nft("", netns=vpc.c.netns)
    books.drain()
    third = flows // 3 * times
    assert [vpc.nft_counters()[name][0] for name in ("refused", "taken back")] == [2 * third, 2 * third]
    rows = absorb(books.rows)
    assert rows["packets"].min() > 0
    assert set(rows["fold"].tolist()) == set(range(len(FOLDS)))
    for family, header in ((4, 28), (6, 48)):
        for guest, direction, action, packets in (
            (vpc.a, DIRECTION_OUT, ACTION_ACCEPT, 2 * third),
            (vpc.a, DIRECTION_OUT, ACTION_REJECT, third),
            (vpc.c, DIRECTION_IN, ACTION_ACCEPT, third),
            (vpc.c, DIRECTION_IN, ACTION_REJECT, third),
        ):
            place = {"ifindex": guest.ifindex, "direction": direction, "action": action, "family": family}
            chosen = rows
            for name, value in place.items():
                chosen = chosen[chosen[name] == value]
            assert (int(chosen["packets"].sum()), int(chosen["bytes"].sum())) == (packets, packets * (SIZE + header))
    single = rows[(rows["fold"] == 0) & (rows["proto"] == UDP)]
    assert single["packets"].max() <= times
    accepted = single[single["action"] == ACTION_ACCEPT]
    assert set(accepted[accepted["ifindex"] == vpc.a.ifindex]["dport"].tolist()) <= {PASSED, REFUSED}
    assert set(accepted[accepted["ifindex"] == vpc.c.ifindex]["dport"].tolist()) <= {PASSED}
    folded = sum(drained.folded.get(vpc.a.ifindex, 0) for drained in books.drains)
    assert 0 < folded <= rows[(rows["fold"] > 0)]["packets"].sum()


def frame(family: int) -> bytes:
    return b"\2" * 12 + (b"\x08\x00" if family == 4 else b"\x86\xdd") + datagram(1, family, PASSED)


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("slots", [0, SLOTS_MIN])
def test_several_processors_count_one_flow_at_once(
    slots: int, family: int, quiet: str, opened: Callable[..., Any]
) -> None:
    """One runner per processor, on one flow, while the buffers are swapped: nothing lost, nothing doubled."""
    books = opened(quiet, slots=slots)
    books.kernel.attach(LO, Side.SELF)
    books.clear()
    count, cpus = 300_000, sorted(os.sched_getaffinity(0))

    def run(cpu: int) -> None:
        os.sched_setaffinity(0, {cpu})
        books.kernel.try_frame("self_ingress", frame(family), count)

    runners = [threading.Thread(target=run, args=(cpu,)) for cpu in cpus for _ in (1, 2)]
    for runner in runners:
        runner.start()
    while any(runner.is_alive() for runner in runners):
        books.drain()
    for runner in runners:
        runner.join()
    books.drain()
    packets = len(runners) * count
    (row,) = books.rows
    assert (row["packets"], row["bytes"]) == (packets, packets * (SIZE + (28 if family == 4 else 48)))
    books.kernel.detach(LO)


@pytest.mark.parametrize(("to", "reason_of"), [("192.0.2.1", "no route"), ("fd99::1", "no route")])
def test_a_drop_that_is_no_verdict_is_counted_by_its_reason(
    to: str, reason_of: str, vpc: Any, books: Any, wait_until: Callable[..., None]
) -> None:
    """The host has no route there: the packets stay ACCEPT, and are in ``dropped``."""
    count, size = 11, 60
    port = vpc.a.send((to, 9), count, size)
    expected = (count, count * (size + (48 if ":" in to else 28)))
    place = (vpc.a.ifindex, DIRECTION_OUT)

    def dropped() -> tuple[int, int]:
        books.drain()
        found = [
            amount for one in books.drains for key, amount in one.dropped.items() if key[:2] == place and key[2] > 0
        ]
        return sum(packets for packets, _ in found), sum(octets for _, octets in found)

    wait_until(lambda: dropped()[0] >= count)
    assert dropped() == expected, reason_of
    assert books.total(sport=port, action=ACTION_ACCEPT, ifindex=vpc.a.ifindex) == expected
    assert len(books.select(action=ACTION_REJECT)) == 0
