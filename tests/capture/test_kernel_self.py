"""Side ``self``: the device is the ENI. An agent inside a guest, and a host's uplink beside its guests.

What comes in and is dropped moves from IN ACCEPT to IN REJECT; what is made here and dropped on its way out never
reached the device and is added as OUT REJECT. The truth is each rule's own counter.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from weir.capture.flows import ACTION_ACCEPT, ACTION_REJECT, DIRECTION_IN, DIRECTION_OUT
from weir.capture.netns import inside
from weir.model.resources import Side

pytestmark = pytest.mark.root

UDP = 17
COUNT, SIZE = 11, 100
B4 = "10.9.0.2"

SELF_RULES = """table inet t {
  chain p { type filter hook prerouting priority -150; udp dport 7600 counter drop comment "prerouting"; }
  chain i { type filter hook input priority 0; udp dport 7601 counter drop comment "input";
            iifname "lo" udp dport 7602 counter drop comment "loopback"; }
  chain o { type filter hook output priority 0; udp dport 7603 counter drop comment "output"; }
  chain q { type filter hook postrouting priority 0; udp dport 7604 counter drop comment "postrouting"; }
  chain s { type filter hook output priority 1; udp dport 7605 meta mark set 0x5f100042 counter drop comment "sender"; }
}
table netdev n {
  chain g { type filter hook ingress device eth0 priority 0; udp dport 7606 counter drop comment "ingress"; }
  chain e { type filter hook egress device eth0 priority 0; udp dport 7607 counter drop comment "egress"; }
}
"""
SELF_CASES = (
    # comment, port, direction of the REJECT at the guest's own eth0, rule id
    ("prerouting", 7600, DIRECTION_IN, 0),
    ("input", 7601, DIRECTION_IN, 0),
    ("output", 7603, DIRECTION_OUT, 0),
    ("postrouting", 7604, DIRECTION_OUT, 0),
    ("sender", 7605, DIRECTION_OUT, 0x42),
    ("ingress", 7606, DIRECTION_IN, 0),
    ("egress", 7607, DIRECTION_OUT, 0),
)


@pytest.fixture(scope="module")
def own(vpc: Any, opened: Callable[..., Any]) -> Any:
    """Books of guest b over its own eth0, side ``self``: the agent inside the guest."""
    books = opened(vpc.b.netns)
    ifindex = inside(vpc.b.netns, lambda: socket.if_nametoindex("eth0"))
    books.kernel.attach(ifindex, Side.SELF, (vpc.b.ipv4, vpc.b.ipv6))
    books.ifindex = ifindex
    return books


@pytest.fixture
def guarded(vpc: Any, own: Any) -> Iterator[Any]:
    """Guest b with its own firewall."""
    vpc.nft("")
    vpc.nft(SELF_RULES, netns=vpc.b.netns)
    own.clear()
    yield own
    vpc.nft("", netns=vpc.b.netns)


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("case", SELF_CASES, ids=lambda case: case[0])
def test_self_the_eni_is_the_device(
    case: tuple[str, int, int, int], family: int, vpc: Any, guarded: Any, wait_until: Callable[..., None]
) -> None:
    comment, port, direction, rule_id = case
    sender, receiver = (vpc.a, vpc.b) if direction == DIRECTION_IN else (vpc.b, vpc.a)
    to = receiver.ipv4 if family == 4 else receiver.ipv6
    sender.send((to, port), COUNT, SIZE)
    wait_until(lambda: vpc.nft_counters(vpc.b.netns)[comment][0] >= COUNT)
    guarded.drain()
    expected = (COUNT, COUNT * (SIZE + 8 + (20 if family == 4 else 40)))
    flow = {"proto": UDP, "dport": port, "family": family}
    assert vpc.nft_counters(vpc.b.netns)[comment][0] == COUNT
    (row,) = guarded.select(**flow)
    assert (row["packets"], row["bytes"]) == expected
    assert (row["ifindex"], row["direction"], row["action"]) == (guarded.ifindex, direction, ACTION_REJECT)
    assert row["rule_id"] == rule_id


def test_self_what_passes_is_accepted_in_both_directions(vpc: Any, guarded: Any, settled: Callable[..., None]) -> None:
    vpc.a.send((B4, 7690), COUNT, SIZE)
    vpc.b.send((vpc.a.ipv4, 7691), COUNT, SIZE)
    settled(lambda: vpc.device_counters(vpc.b))
    guarded.drain()
    expected = (COUNT, COUNT * (SIZE + 28))
    assert guarded.total(proto=UDP, dport=7690, direction=DIRECTION_IN, action=ACTION_ACCEPT) == expected
    assert guarded.total(proto=UDP, dport=7691, direction=DIRECTION_OUT, action=ACTION_ACCEPT) == expected
    assert guarded.total(proto=UDP) == (2 * expected[0], 2 * expected[1])


def test_self_loopback_is_no_traffic_of_the_eni(vpc: Any, guarded: Any, wait_until: Callable[..., None]) -> None:
    """The guest talks to its own address: that never is on the wire, dropped or not."""
    vpc.b.send((B4, 7602), COUNT, SIZE)
    vpc.b.send((B4, 7603), COUNT, SIZE)
    vpc.b.send((B4, 7692), COUNT, SIZE)
    wait_until(lambda: vpc.nft_counters(vpc.b.netns)["loopback"][0] >= COUNT)
    guarded.drain()
    assert guarded.total(proto=UDP) == (0, 0)


def test_self_the_hosts_copy_of_its_own_multicast_is_not_incoming(vpc: Any, guarded: Any) -> None:
    vpc.b.send(("239.1.2.3", 7693), COUNT, SIZE)
    guarded.drain()
    expected = (COUNT, COUNT * (SIZE + 28))
    assert guarded.total(dport=7693, direction=DIRECTION_OUT) == expected
    assert guarded.total(dport=7693) == expected


UPLINK_RULES = """table inet t {
  chain p { type filter hook prerouting priority -150; udp dport 7900 counter drop comment "in, prerouting"; }
  chain f { type filter hook forward priority 0; udp dport 7901 counter drop comment "in, forward";
            udp dport 7903 counter drop comment "out, forward"; }
  chain q { type filter hook postrouting priority 0; udp dport 7902 counter drop comment "in, postrouting";
            udp dport 7904 counter drop comment "out, postrouting"; }
}
"""
UPLINK_CASES = (
    # comment, port, sender, who is charged (the uplink is c's device), its direction
    ("in, prerouting", 7900, "c", "c", DIRECTION_IN),
    ("in, forward", 7901, "c", "a", DIRECTION_IN),
    ("in, postrouting", 7902, "c", "a", DIRECTION_IN),
    ("out, forward", 7903, "a", "a", DIRECTION_OUT),
    ("out, postrouting", 7904, "a", "c", DIRECTION_OUT),
)


@pytest.fixture(scope="module")
def uplinked(vpc: Any, opened: Callable[..., Any]) -> Any:
    """Books of the host: guest a behind its device, and eni-c as the host's own way to the world."""
    books = opened(vpc.host)
    books.kernel.attach(vpc.a.ifindex, Side.BEHIND, (vpc.a.ipv4, vpc.a.ipv6))
    books.kernel.attach(vpc.c.ifindex, Side.SELF, ("10.9.1.254", "fd0a::fe"))
    return books


@pytest.mark.parametrize("case", UPLINK_CASES, ids=lambda case: case[0])
def test_an_uplink_beside_a_guest(
    case: tuple[str, int, str, str, int], vpc: Any, uplinked: Any, wait_until: Callable[..., None]
) -> None:
    """One drop, one REJECT; a packet that passed one ENI before stays accepted there."""
    comment, port, sender, charged, direction = case
    vpc.nft(UPLINK_RULES)
    uplinked.clear()
    source, target = (vpc.a, vpc.c) if sender == "a" else (vpc.c, vpc.a)
    source.send((target.ipv4, port), COUNT, SIZE)
    wait_until(lambda: vpc.nft_counters()[comment][0] >= COUNT)
    uplinked.drain()
    expected = (COUNT, COUNT * (SIZE + 28))
    eni = getattr(vpc, charged)
    flow = {"proto": UDP, "dport": port}
    assert vpc.nft_counters()[comment] == expected
    assert uplinked.total(**flow, action=ACTION_REJECT, ifindex=eni.ifindex, direction=direction) == expected
    assert uplinked.total(**flow, action=ACTION_REJECT) == expected
    passed = uplinked.select(**flow, action=ACTION_ACCEPT)
    entered = DIRECTION_IN if sender == "c" else DIRECTION_OUT
    assert [(row["ifindex"], row["direction"]) for row in passed] == (
        [] if sender == charged else [(source.ifindex, entered)]
    )
