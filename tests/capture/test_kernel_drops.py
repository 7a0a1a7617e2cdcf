"""What nftables drops, in every hook there is, is REJECT of exactly one ENI and nobody's ACCEPT beyond that point.

One table of cases: a rule with a counter, what guest a sends, and on whose account it must be. The truth is the rule's
own counter.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from weir.capture.flows import ACTION_ACCEPT, ACTION_REJECT, DIRECTION_IN, DIRECTION_OUT, fold
from weir.capture.hooks import name_of
from weir.capture.netns import inside

pytestmark = pytest.mark.root

UDP = 17
UDP_SEGMENT = 103
COUNT, SIZE = 11, 100
B4, B6, C4, C6 = "10.9.0.2", "fd09::2", "10.9.1.3", "fd0a::3"
BRIDGE_GATEWAY, BRIDGE_GATEWAY6 = "10.9.0.254", "fd09::fe"
BEHIND_C = "10.9.7.7"
"""An address that guest c routes, but which is no ENI's."""

SENDER_PAYS = "meta mark set 0x5f1001"


@dataclass(frozen=True)
class Case:
    """``rule`` in ``chain`` drops what a sends ``to``; it is REJECT of ``eni``, named by ``rule_id``."""

    name: str
    chain: str
    rule: str
    to: str
    eni: str
    rule_id: int = 0
    size: int = SIZE
    fragments: int = 1


CHAINS = {
    "bridge prerouting": "bridge type filter hook prerouting priority -300",
    "bridge forward": "bridge type filter hook forward priority 0",
    "bridge postrouting": "bridge type filter hook postrouting priority 0",
    "bridge input": "bridge type filter hook input priority 0",
    "inet prerouting": "inet type filter hook prerouting priority -150",
    "inet nat": "inet type nat hook prerouting priority -100",
    "inet forward": "inet type filter hook forward priority 0",
    "inet input": "inet type filter hook input priority 0",
    "inet postrouting": "inet type filter hook postrouting priority 0",
    "netdev ingress": "netdev type filter hook ingress device eni-a priority 0",
    "netdev egress": "netdev type filter hook egress device eni-b priority 0",
}

CASES = (
    Case("bridge prerouting", "bridge prerouting", "counter drop", B4, "a"),
    Case("bridge forward", "bridge forward", "counter drop", B4, "b"),
    Case("bridge forward, rule named", "bridge forward", "meta mark set 0x5f000123 counter drop", B4, "b", 0x123),
    Case("bridge forward, sender pays", "bridge forward", "meta mark set 0x5f100124 counter drop", B4, "a", 0x124),
    Case("bridge forward, IPv6", "bridge forward", "counter drop", B6, "b"),
    Case("bridge postrouting", "bridge postrouting", 'oifname "eni-b" counter drop', B4, "b"),
    Case("bridge input", "bridge input", "counter drop", BRIDGE_GATEWAY, "a"),
    Case("inet prerouting", "inet prerouting", 'iifname "br0" counter drop', C4, "a"),
    Case("inet forward", "inet forward", "counter drop", C4, "c"),
    Case("inet forward, reject", "inet forward", "counter reject", C4, "c"),
    Case("inet forward, IPv6", "inet forward", "counter drop", C6, "c"),
    Case("inet forward, to no ENI", "inet forward", "counter drop", BEHIND_C, "a"),
    Case("inet forward, fragments", "inet forward", "counter drop", C4, "c", size=4000, fragments=3),
    Case("inet forward, IPv6 fragments", "inet forward", "counter drop", C6, "c", size=4000, fragments=3),
    Case("sender pays, fragments", "inet forward", f"{SENDER_PAYS}25 counter drop", C4, "a", 0x125, 4000, 3),
    Case("sender pays, IPv6 fragments", "inet forward", f"{SENDER_PAYS}26 counter drop", C6, "a", 0x126, 4000, 3),
    Case("inet input", "inet input", "counter drop", BRIDGE_GATEWAY, "a"),
    Case("inet postrouting", "inet postrouting", 'oifname "eni-c" counter drop', C4, "c"),
    Case("netdev ingress", "netdev ingress", "counter drop", B4, "a"),
    Case("netdev egress", "netdev egress", "counter drop", B4, "b"),
)  # fmt: skip
PORTS = {case.name: 7000 + number for number, case in enumerate(CASES)}


def ruleset() -> str:
    """One table per family, one chain per hook, one rule per case with its own port and its name as comment."""
    families = sorted({chain.split()[0] for chain in CHAINS.values()})
    return "\n".join(f"table {family} t {{\n{chains_of(family)}\n}}" for family in families)


def chains_of(family: str) -> str:
    text = []
    for name, declared in CHAINS.items():
        of, _, hook = declared.partition(" ")
        if of != family:
            continue
        rules = [
            f'udp dport {PORTS[case.name]} {case.rule} comment "{case.name}"' for case in CASES if case.chain == name
        ]
        if name == "inet nat":
            rules = [
                f"ip daddr {BRIDGE_GATEWAY} udp dport 7100 dnat ip to {C4}:7101",
                f"ip6 daddr {BRIDGE_GATEWAY6} udp dport 7100 dnat ip6 to [{C6}]:7101",
            ]
        if name == "inet forward":
            rules += [
                'udp dport 7101 meta mark set 0x5f1000aa counter drop comment "after DNAT"',
                "ct state established accept",  # conntrack, and with it defragmentation, is on
            ]
        chain = re.sub(r"\W", "_", name)
        text.append("\n".join([f"chain {chain} {{", hook, *rules, "}"]))
    return "\n".join(text)


def hook_of(chain: str) -> str:
    """The hook's name in records of a chain of ``CHAINS``."""
    family, hook = chain.split()
    return f"bridge-{hook}" if family == "bridge" else hook


def one_chain(hook: str, rule: str) -> str:
    return f"table inet t {{\nchain c {{\ntype filter hook {hook} priority 0\n{rule}\n}}\n}}"


@pytest.fixture
def ruled(vpc: Any, books: Any) -> Any:
    """The network with every case's rule; offloads on."""
    vpc.offloads(on=True)
    vpc.ip("route", "replace", "10.9.7.0/24", "via", C4, "dev", "eni-c")
    vpc.nft(ruleset())
    books.clear()
    return vpc


def l3_bytes(case: Case, count: int) -> int:
    """Of all packets of a case: the payload, one UDP header, and each fragment's headers."""
    v6 = ":" in case.to
    per_packet = 20 if not v6 else 40 if case.fragments == 1 else 48
    return count * (case.size + 8 + case.fragments * per_packet)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_drop_is_one_enis_reject(case: Case, ruled: Any, books: Any, wait_until: Callable[..., None]) -> None:
    ruled.a.send((case.to, PORTS[case.name]), COUNT, case.size)
    wait_until(lambda: ruled.nft_counters()[case.name][0] >= COUNT)
    books.drain()
    packets, octets = ruled.nft_counters()[case.name]
    assert packets == COUNT
    expected = (COUNT * case.fragments, l3_bytes(case, COUNT))
    if case.fragments == 1 and case.name != "netdev egress":  # that hook counts the Ethernet header
        assert octets == expected[1]
    flow = {"proto": UDP, "dport": PORTS[case.name]}
    eni = getattr(ruled, case.eni)
    direction = DIRECTION_OUT if case.eni == "a" else DIRECTION_IN
    rejected = books.select(**flow, action=ACTION_REJECT)
    assert books.total(**flow, action=ACTION_REJECT, ifindex=eni.ifindex, direction=direction) == expected
    assert {(int(row["ifindex"]), int(row["rule_id"])) for row in rejected} == {(eni.ifindex, case.rule_id)}
    named = bool(case.rule_id)  # a rule that names itself names its hook, and nobody looks for it
    assert {name_of(int(row["hook"])) for row in rejected} == {"unknown" if named else hook_of(case.chain)}
    accepted = {(int(r["ifindex"]), int(r["direction"])) for r in books.select(**flow, action=ACTION_ACCEPT)}
    assert accepted == (set() if case.eni == "a" else {(ruled.a.ifindex, DIRECTION_OUT)})
    if accepted:
        assert books.total(**flow, action=ACTION_ACCEPT) == expected


@pytest.mark.parametrize("gateway", [BRIDGE_GATEWAY, BRIDGE_GATEWAY6])
def test_a_translated_packet_is_charged_as_it_was_sent(
    gateway: str, ruled: Any, books: Any, wait_until: Callable[..., None]
) -> None:
    """DNAT, then dropped on the sender's account: the record has the address the sender used."""
    ruled.a.send((gateway, 7100), COUNT, SIZE)
    wait_until(lambda: ruled.nft_counters()["after DNAT"][0] >= COUNT)
    books.drain()
    sent = {"proto": UDP, "dport": 7100, "dst": gateway, "ifindex": ruled.a.ifindex}
    expected = (COUNT, COUNT * (SIZE + (48 if ":" in gateway else 28)))
    assert books.total(**sent, action=ACTION_REJECT, direction=DIRECTION_OUT) == expected
    assert len(books.select(**sent, action=ACTION_ACCEPT)) == 0
    assert len(books.select(proto=UDP, dport=7101)) == 0


@pytest.mark.parametrize("gateway", [BRIDGE_GATEWAY, BRIDGE_GATEWAY6])
def test_a_translated_packet_has_one_address_at_each_eni(
    gateway: str, vpc: Any, books: Any, settled: Callable[..., None]
) -> None:
    """DNAT that passes: at the sender the address it used, at the receiver its own; the counts are the same."""
    to = C6 if ":" in gateway else C4
    family = "ip6" if ":" in gateway else "ip"
    rule = f"{family} daddr {gateway} udp dport 7110 dnat {family} to [{to}]:7111".replace(f"[{C4}]", C4)
    vpc.nft(f"table {family} n {{\nchain c {{\ntype nat hook prerouting priority -100\n{rule}\n}}\n}}")
    vpc.a.send((gateway, 7110), COUNT, SIZE)
    settled(lambda: vpc.device_counters(vpc.c))
    books.drain()
    expected = (COUNT, COUNT * (SIZE + (48 if ":" in gateway else 28)))
    sent = {"proto": UDP, "dport": 7110, "dst": gateway, "ifindex": vpc.a.ifindex, "direction": DIRECTION_OUT}
    assert books.total(**sent, action=ACTION_ACCEPT) == expected
    arrived = {"proto": UDP, "dport": 7111, "dst": to, "ifindex": vpc.c.ifindex, "direction": DIRECTION_IN}
    assert books.total(**arrived, action=ACTION_ACCEPT) == expected
    assert len(books.select(proto=UDP, action=ACTION_REJECT)) == 0


def test_the_hosts_own_packet_to_a_guest(vpc: Any, books: Any, wait_until: Callable[..., None]) -> None:
    """Dropped in the host's output hook: into the guest, REJECT, and out of nobody."""
    vpc.nft(one_chain("output", 'udp dport 7200 counter drop comment "o"'))
    with inside(vpc.host, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender:
        for to in (B4, C4):
            for _ in range(COUNT):
                with pytest.raises(PermissionError):
                    sender.sendto(b"x" * SIZE, (to, 7200))
    wait_until(lambda: vpc.nft_counters()["o"][0] >= 2 * COUNT)
    books.drain()
    expected = (COUNT, COUNT * (SIZE + 28))
    for guest in (vpc.b, vpc.c):
        into = {"dport": 7200, "ifindex": guest.ifindex, "direction": DIRECTION_IN, "action": ACTION_REJECT}
        assert books.total(**into) == expected
        assert {name_of(int(row["hook"])) for row in books.select(**into)} == {"output"}
    assert books.total(dport=7200) == (2 * expected[0], 2 * expected[1])


def test_a_rejected_connection(vpc: Any, books: Any) -> None:
    """A SYN answered by the rule's reset: IN REJECT at the server's ENI, and the reset is IN ACCEPT at the client's."""
    vpc.nft(one_chain("forward", "tcp dport 7300 reject with tcp reset"))
    with vpc.a.socket(socket.AF_INET, socket.SOCK_STREAM) as client, pytest.raises(ConnectionRefusedError):
        client.connect((C4, 7300))
    books.drain()
    (refused,) = books.select(dport=7300, action=ACTION_REJECT)
    assert (refused["ifindex"], refused["direction"], refused["packets"]) == (vpc.c.ifindex, DIRECTION_IN, 1)
    assert (refused["bytes"], refused["tcp_flags"]) == (60, 0x02)
    (reset,) = books.select(sport=7300)
    assert (reset["ifindex"], reset["direction"], reset["packets"]) == (vpc.a.ifindex, DIRECTION_IN, 1)


def test_a_guests_own_firewall_is_not_the_enis(vpc: Any, books: Any, wait_until: Callable[..., None]) -> None:
    """What the guest drops inside was accepted by its ENI."""
    vpc.nft(one_chain("input", 'udp dport 7400 counter drop comment "i"'), netns=vpc.b.netns)
    try:
        vpc.a.send((B4, 7400), COUNT, SIZE)
        wait_until(lambda: vpc.nft_counters(vpc.b.netns)["i"][0] >= COUNT)
    finally:
        vpc.nft("", netns=vpc.b.netns)
    books.drain()
    assert books.total(dport=7400, action=ACTION_ACCEPT) == (2 * COUNT, 2 * COUNT * (SIZE + 28))
    assert len(books.select(action=ACTION_REJECT)) == 0


def test_a_drop_after_the_swap_is_taken_from_what_was_counted_before(
    ruled: Any, books: Any, wait_until: Callable[..., None]
) -> None:
    """The first fragment is counted, the buffers are swapped, the second completes the datagram and it is dropped."""
    port = PORTS["sender pays, fragments"]
    payload = struct.pack(">HHHH", 1111, port, 8 + 40, 0) + bytes(40)
    with ruled.a.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for offset, part, more in ((0, payload[:24], 0x2000), (3, payload[24:], 0)):
            header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(part), 4711, more | offset, 64, UDP, 0)
            header += socket.inet_aton(ruled.a.ipv4) + socket.inet_aton(C4)
            raw.sendto(header + part, (C4, 0))
            books.drain()
    first, second = (fold(drained.flows[drained.flows["proto"] == UDP]) for drained in books.drains[-2:])
    assert [(r["action"], r["packets"], r["bytes"]) for r in first] == [(ACTION_ACCEPT, 1, 44)]
    assert sorted((r["action"], r["packets"], r["bytes"]) for r in second) == [
        (ACTION_ACCEPT, -1, -44),
        (ACTION_REJECT, 2, 88),
    ]
    assert books.total(proto=UDP, action=ACTION_ACCEPT) == (0, 0)


def test_a_dropped_super_packet_is_its_segments(ruled: Any, books: Any, wait_until: Callable[..., None]) -> None:
    """UDP GSO: one buffer for nftables, ten packets on the wire."""
    for name in ("inet prerouting", "inet forward"):
        with ruled.a.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1000)
            sender.sendto(bytes(9_500), (C4, PORTS[name]))
        wait_until(lambda name=name: ruled.nft_counters()[name][0] >= 1)
    books.drain()
    expected = (10, 9_500 + 10 * 28)
    for name, guest, direction in (
        ("inet prerouting", ruled.a, DIRECTION_OUT),
        ("inet forward", ruled.c, DIRECTION_IN),
    ):
        assert ruled.nft_counters()[name][0] == 1
        flow = {"dport": PORTS[name], "ifindex": guest.ifindex, "direction": direction}
        assert books.total(**flow, action=ACTION_REJECT) == expected
    assert books.total(proto=UDP, action=ACTION_ACCEPT) == expected
    assert books.total(action=ACTION_ACCEPT, dport=PORTS["inet forward"], ifindex=ruled.a.ifindex) == expected


def test_one_copy_of_a_broadcast_is_no_verdict_on_the_packet(
    vpc: Any, books: Any, wait_until: Callable[..., None]
) -> None:
    """The host drops its copy, guest b gets the other: the packet passed."""
    vpc.nft(one_chain("input", 'udp dport 7800 counter drop comment "i"'))
    with vpc.a.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for _ in range(COUNT):
            sender.sendto(bytes(SIZE), ("10.9.0.255", 7800))
    wait_until(lambda: vpc.nft_counters()["i"][0] >= COUNT)
    books.drain()
    expected = (COUNT, COUNT * (SIZE + 28))
    assert books.total(dport=7800, ifindex=vpc.a.ifindex, action=ACTION_ACCEPT) == expected
    assert books.total(dport=7800, ifindex=vpc.b.ifindex, action=ACTION_ACCEPT) == expected
    assert len(books.select(action=ACTION_REJECT)) == 0
    assert books.drains[-1].ignored.copies == COUNT
