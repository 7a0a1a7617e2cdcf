"""A small network for the kernel tests: a host namespace with guests a and b bridged and c routed, and its own books.

Everything carries the process's id in its name and is removed at the end. Little speaks here unless a test makes it:
no router solicitations, no duplicate address detection.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from weir.capture.books import Books as Seen
from weir.capture.flows import Flows, empty, fold
from weir.capture.kernel import Drained, Kernel
from weir.capture.netns import inside
from weir.capture.probe import probe
from weir.capture.tables import SLOTS_MIN
from weir.capture.window import Uncounted
from weir.model.resources import Side

Total = tuple[int, int]
"""(packets, bytes)"""

_QUIET = {
    "ipv6/conf/default/accept_dad": "0",
    "ipv6/conf/default/router_solicitations": "0",
    "ipv6/conf/default/accept_ra": "0",
    "ipv6/conf/default/mldv2_unsolicited_report_interval": "1",
}
_ROUTER = {
    "ipv4/ip_forward": "1",
    "ipv6/conf/all/forwarding": "1",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
}
_numbers = itertools.count()


def shell(*command: str, stdin: str | None = None) -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


def write_sysctls(netns: str, settings: dict[str, str]) -> None:
    def write() -> None:
        for name, value in settings.items():
            Path("/proc/sys/net", name).write_text(value, encoding="ascii")

    inside(netns, write)


@contextmanager
def namespace() -> Iterator[str]:
    """A quiet namespace with its loopback up."""
    name = f"wkt{os.getpid()}-{next(_numbers)}"
    shell("ip", "netns", "add", name)
    try:
        write_sysctls(name, _QUIET)
        shell("ip", "-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        shell("ip", "netns", "del", name)


@dataclass(frozen=True, slots=True)
class Guest:
    """One guest: its namespace, the host's end of its wire, and its addresses."""

    netns: str
    device: str
    ifindex: int
    ipv4: str
    ipv6: str

    def socket(self, family: int, kind: int, proto: int = 0) -> socket.socket:
        """A socket that lives in the guest."""
        return inside(self.netns, lambda: socket.socket(family, kind, proto))

    def send(self, to: tuple[str, int], count: int, size: int) -> int:
        """Sends datagrams of ``size`` bytes; returns the port they come from."""
        family = socket.AF_INET6 if ":" in to[0] else socket.AF_INET
        with self.socket(family, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
            for _ in range(count):
                # An output rule's drop is told to the sender, and it is what some tests are about.
                with_refusal(lambda: sender.sendto(b"x" * size, to))
            return int(sender.getsockname()[1])


def with_refusal(call: Callable[[], object]) -> None:
    try:
        call()
    except PermissionError:
        return


@dataclass(frozen=True, slots=True)
class Vpc:
    """The host and its guests."""

    host: str
    a: Guest
    b: Guest
    c: Guest

    def ip(self, *arguments: str) -> str:
        return shell("ip", "-n", self.host, *arguments)

    def nft(self, text: str, netns: str | None = None) -> None:
        """Replaces the rules of the host (or of another namespace)."""
        shell("ip", "netns", "exec", netns or self.host, "nft", "-f", "-", stdin=f"flush ruleset\n{text}\n")

    def nft_counters(self, netns: str | None = None) -> dict[str, Total]:
        """Comment of each rule -> what its counter counted."""
        said = json.loads(shell("ip", "netns", "exec", netns or self.host, "nft", "-j", "list", "ruleset"))
        counters = {}
        for rule in (one["rule"] for one in said["nftables"] if "rule" in one):
            for counter in (part["counter"] for part in rule["expr"] if "counter" in part):
                counters[rule["comment"]] = (counter["packets"], counter["bytes"])
        return counters

    def device_counters(self, guest: Guest) -> tuple[Total, Total]:
        """(received, sent) of the host's end, as ``ip -s link`` has them: frames and their bytes."""
        stats = json.loads(self.ip("-s", "-j", "link", "show", "dev", guest.device))[0]["stats64"]
        return (
            (stats["rx"]["packets"], stats["rx"]["bytes"]),
            (stats["tx"]["packets"], stats["tx"]["bytes"]),
        )

    def offloads(self, *, on: bool) -> None:
        """GSO, TSO and checksums on every wire, both ends."""
        state = "on" if on else "off"
        features = [word for name in ("tso", "gso", "gro", "tx") for word in (name, state)]
        for guest in (self.a, self.b, self.c):
            shell("ip", "netns", "exec", self.host, "ethtool", "-K", guest.device, *features)
            shell("ip", "netns", "exec", guest.netns, "ethtool", "-K", "eth0", *features)


def _guest(host: str, netns: str, name: str, ipv4: str, ipv6: str) -> Guest:
    device = f"eni-{name}"
    shell("ip", "-n", host, "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", netns)
    shell("ip", "-n", host, "link", "set", device, "up")
    for prefix in (f"{ipv4}/24", f"{ipv6}/64"):
        shell("ip", "-n", netns, "addr", "add", prefix, "dev", "eth0")
    shell("ip", "-n", netns, "link", "set", "eth0", "up")
    shell("ip", "-n", netns, "route", "add", "default", "via", ipv4.rpartition(".")[0] + ".254")
    shell("ip", "-n", netns, "-6", "route", "add", "default", "via", ipv6.rpartition(":")[0] + ":fe")
    return Guest(netns, device, inside(host, lambda: socket.if_nametoindex(device)), ipv4, ipv6)


@pytest.fixture(scope="session")
def vpc() -> Iterator[Vpc]:
    """The network, up for the whole session; a test that sets rules or offloads sets all it needs."""
    _need_capture()
    with ExitStack() as stack:
        host, a, b, c = (stack.enter_context(namespace()) for _ in range(4))
        write_sysctls(host, _ROUTER)
        shell("ip", "-n", host, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        guests = (
            _guest(host, a, "a", "10.9.0.1", "fd09::1"),
            _guest(host, b, "b", "10.9.0.2", "fd09::2"),
            _guest(host, c, "c", "10.9.1.3", "fd0a::3"),
        )
        for device in ("eni-a", "eni-b"):
            shell("ip", "-n", host, "link", "set", device, "master", "br0")
        for device, ipv4, ipv6 in (("br0", "10.9.0.254", "fd09::fe"), ("eni-c", "10.9.1.254", "fd0a::fe")):
            shell("ip", "-n", host, "addr", "add", f"{ipv4}/24", "dev", device)
            shell("ip", "-n", host, "addr", "add", f"{ipv6}/64", "dev", device)
        shell("ip", "-n", host, "link", "set", "br0", "up")
        greet(guests)
        yield Vpc(host, *guests)


def greet(guests: tuple[Guest, ...]) -> None:
    """Everybody learns everybody's hardware address: the first packet to a stranger may be thrown away."""
    for one, other in itertools.permutations(guests, 2):
        for family, address in ((socket.AF_INET, other.ipv4), (socket.AF_INET6, other.ipv6)):
            with other.socket(family, socket.SOCK_DGRAM) as sink:
                sink.settimeout(0.2)
                sink.bind((address, 9))
                deadline = time.monotonic() + 10
                while not _heard(one, sink, address):
                    assert time.monotonic() < deadline, f"{one.device} cannot reach {address}"


def _heard(sender: Guest, sink: socket.socket, address: str) -> bool:
    sender.send((address, 9), 1, 1)
    try:
        return bool(sink.recv(1))
    except TimeoutError:
        return False


def _need_capture() -> None:
    missing = probe()
    if missing:
        pytest.skip(" ".join(missing))


class Books:
    """A kernel and the sum of everything it counted."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.rows: Flows = empty()
        self.uncounted: dict[int, Uncounted] = {}
        self.seen: dict[int, Seen] = {}
        self.drains: list[Drained] = []

    def drain(self) -> None:
        drained = self.kernel.drain()
        self.drains.append(drained)
        self.rows = fold(np.concatenate([self.rows, drained.flows]))
        for ifindex, more in drained.uncounted.items():
            self.uncounted[ifindex] = self.uncounted.get(ifindex, Uncounted()) + more
        for ifindex, seen in drained.books.items():
            self.seen[ifindex] = self.seen.get(ifindex, Seen()) + seen

    def clear(self) -> None:
        """Forgets what was so far."""
        self.drain()
        self.rows, self.uncounted, self.seen, self.drains = empty(), {}, {}, []

    def select(self, **equal: Any) -> Flows:
        """Rows whose columns have these values; ``src`` and ``dst`` as text."""
        chosen = self.rows
        for name, value in equal.items():
            wanted = np.void(_packed(value)) if name in ("src", "dst") else value
            chosen = chosen[chosen[name] == wanted]
        return chosen

    def total(self, **equal: Any) -> Total:
        return total(self.select(**equal))


def total(rows: Flows) -> Total:
    return int(rows["packets"].sum()), int(rows["bytes"].sum())


def _packed(address: str) -> bytes:
    parsed = ipaddress.ip_address(address)
    return parsed.packed if parsed.version == 6 else bytes(10) + b"\xff\xff" + parsed.packed


@pytest.fixture(scope="module")
def opened() -> Iterator[Callable[..., Books]]:
    """``opened(netns=..., flows_max=..., slots=...)``: books over a kernel; closed with the test file."""
    _need_capture()
    with ExitStack() as stack:

        def make(netns: str, flows_max: int = 1 << 16, slots: int = SLOTS_MIN) -> Books:
            return Books(stack.enter_context(Kernel(flows_max, netns, slots=slots)))

        yield make


@pytest.fixture(scope="module")
def captured(vpc: Vpc, opened: Callable[..., Books]) -> Books:
    """Books over all three guests, side ``behind``."""
    made = opened(vpc.host)
    for guest in (vpc.a, vpc.b, vpc.c):
        made.kernel.attach(guest.ifindex, Side.BEHIND, (guest.ipv4, guest.ipv6))
    assert made.kernel.ask_hooks(asked=True)
    return made


@pytest.fixture
def books(vpc: Vpc, captured: Books) -> Books:
    """The same with nothing counted yet and no rules."""
    vpc.nft("")
    captured.clear()
    return captured


@pytest.fixture
def settled(wait_until: Callable[..., None]) -> Callable[[Callable[[], object]], None]:
    """``settled(read)``: waits until ``read()`` has answered the same for 50 ms: what was on its way has arrived."""

    def settle(read: Callable[[], object]) -> None:
        seen = read()
        since = time.monotonic()

        def steady() -> bool:
            nonlocal seen, since
            now = read()
            if now != seen:
                seen, since = now, time.monotonic()
            return time.monotonic() - since > 0.05

        wait_until(steady)

    return settle


@pytest.fixture(scope="module")
def quiet() -> Iterator[str]:
    """A namespace in which nothing happens."""
    _need_capture()
    with namespace() as name:
        yield name
