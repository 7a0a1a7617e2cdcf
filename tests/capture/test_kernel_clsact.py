"""The same programs hung in by clsact filters, as on kernels without tcx: the tests that matter most, once more."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.capture.conftest import Books, shell

# Collected here too, over this file's books.
from tests.capture.test_kernel_drops import (  # noqa: F401
    ruled,
    test_a_drop_is_one_enis_reject,
    test_a_translated_packet_is_charged_as_it_was_sent,
)
from tests.capture.test_kernel_traffic import (  # noqa: F401
    test_everything_equals_the_device_counters,
    test_tcp_segments_of_gso_super_packets,
    test_udp_out_of_one_eni_is_into_the_other,
)
from weir.capture.attach import AttachError, How
from weir.capture.kernel import Kernel
from weir.capture.netns import inside
from weir.model.resources import Side

pytestmark = pytest.mark.root

FLOWS_MAX = 1 << 14


@pytest.fixture(scope="module")
def captured(vpc: Any) -> Iterator[Books]:
    """Books over all three guests, side ``behind``, without tcx."""
    with Kernel(FLOWS_MAX, vpc.host, how=How.CLSACT) as kernel:
        assert kernel.ask_hooks(asked=True)
        made = Books(kernel)
        for guest in (vpc.a, vpc.b, vpc.c):
            kernel.attach(guest.ifindex, Side.BEHIND, (guest.ipv4, guest.ipv6))
        yield made


@pytest.fixture
def device(quiet: str) -> Iterator[Callable[[], int]]:
    """``device()``: the index of a new veth in a namespace of its own, which is there until the test ends."""
    shell("ip", "-n", quiet, "link", "add", "d0", "type", "veth", "peer", "name", "d1")
    yield lambda: inside(quiet, lambda: socket.if_nametoindex("d0"))
    shell("ip", "netns", "exec", quiet, "sh", "-c", "ip link del d0 2>/dev/null || true")


def filters(netns: str, way: str) -> list[str]:
    """Names of the filters at d0, in their order."""
    said = json.loads(shell("ip", "netns", "exec", netns, "tc", "-j", "filter", "show", "dev", "d0", way))
    return [one["options"].get("bpf_name", one["kind"]) for one in said if "options" in one]


def disciplines(netns: str) -> list[str]:
    said = json.loads(shell("ip", "netns", "exec", netns, "tc", "-j", "qdisc", "show", "dev", "d0"))
    return [one["kind"] for one in said if one["kind"] == "clsact"]


def tc(netns: str, *words: str) -> None:
    shell("ip", "netns", "exec", netns, "tc", *words)


def test_nothing_is_left_behind(quiet: str, device: Callable[[], int]) -> None:
    with Kernel(FLOWS_MAX, quiet, how=How.CLSACT) as kernel:
        kernel.attach(device(), Side.BEHIND)
        assert [filters(quiet, way) for way in ("ingress", "egress")] == [["weir"], ["weir"]]
        with pytest.raises(AttachError):
            kernel.attach(4711, Side.BEHIND)
        kernel.detach(device())
        assert disciplines(quiet) == []
        kernel.attach(device(), Side.SELF)
    assert disciplines(quiet) == []


def test_what_others_made_is_not_removed(quiet: str, device: Callable[[], int]) -> None:
    device()
    tc(quiet, "qdisc", "add", "dev", "d0", "clsact")
    nothing = ("bpf", "bytecode", "1,6 0 0 0")  # classic BPF: matches no packet
    tc(quiet, "filter", "add", "dev", "d0", "egress", "protocol", "all", "pref", "5", *nothing)
    with Kernel(FLOWS_MAX, quiet, how=How.CLSACT) as kernel:
        kernel.attach(device(), Side.BEHIND)
        assert filters(quiet, "egress") == ["weir", "bpf"]
    assert (disciplines(quiet), filters(quiet, "egress")) == (["clsact"], ["bpf"])


def test_the_next_agent_replaces_what_a_killed_one_left(quiet: str, device: Callable[[], int]) -> None:
    killed = Kernel(FLOWS_MAX, quiet, how=How.CLSACT)
    killed.attach(device(), Side.BEHIND)
    with Kernel(FLOWS_MAX, quiet, how=How.CLSACT) as kernel:
        kernel.attach(device(), Side.BEHIND)
        assert [filters(quiet, way) for way in ("ingress", "egress")] == [["weir"], ["weir"]]
    assert filters(quiet, "ingress") == []
    killed.close()


def test_a_device_that_vanishes_is_let_go(quiet: str, device: Callable[[], int]) -> None:
    with Kernel(FLOWS_MAX, quiet, how=How.CLSACT) as kernel:
        ifindex = device()
        kernel.attach(ifindex, Side.BEHIND)
        assert kernel.vanished() == frozenset()
        shell("ip", "-n", quiet, "link", "del", "d0")
        assert kernel.vanished() == {ifindex}
        kernel.detach(ifindex)
        assert kernel.attached == frozenset()
