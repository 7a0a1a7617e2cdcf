"""Whose sockets flows are: real processes in guests against /proc and TCP_INFO, and the memory over made-up records."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.capture.conftest import Books, Guest, Vpc
from tests.capture.test_kernel_abi import Btf, section
from tests.capture.test_window import NOON, flow, rows
from tests.waiting import until
from weir.capture.attribution import Watched
from weir.capture.cgroups import Cgroups, container_of, mount_of
from weir.capture.flows import Flows
from weir.capture.homes import Homes
from weir.capture.links import Links
from weir.capture.packet_fields import Initiator
from weir.capture.share import Bounds, Labels
from weir.capture.socket_programs import SOCKET_OBJECT, STRUCTS
from weir.capture.sockets import FIELDS, LocalSockets
from weir.model.resources import Side

BOUNDS = Bounds(NOON, NOON + 60)
CLIENT = """
import json, socket, struct, sys
kind, address, port, close, group = sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:]
if group:
    open(group + "/cgroup.procs", "w").write("0")
family = socket.AF_INET6 if ":" in address else socket.AF_INET
made = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
made.settimeout(30)
def info():
    if kind != "tcp":
        return {}
    said = made.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232)
    return {"rtt-us": struct.unpack_from("=I", said, 68)[0], "retransmits": struct.unpack_from("=I", said, 100)[0]}
def say():
    print(json.dumps({"port": made.getsockname()[1], **info()}), flush=True)
if kind == "any":
    made.sendto(b"x", (address, port))
else:
    made.connect((address, port))
    made.sendall(b"x" * 1000)
    assert made.recv(1) == b"y"
if close == "reset":
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("=ii", 1, 0))
say()
sys.stdin.readline()
if close != "stay":
    made.close()
    print("closed", flush=True)
    sys.stdin.readline()
"""


@dataclass(frozen=True, slots=True)
class Child:
    """A process in a guest with one socket. ``said``: its port, and what TCP_INFO said last."""

    process: subprocess.Popen[str]
    said: dict[str, int]

    @property
    def comm(self) -> str:
        return Path(f"/proc/{self.process.pid}/comm").read_text(encoding="utf-8").strip()

    def close(self) -> None:
        """The child closes its socket and goes on living."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "closed\n"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a client does: ``kind`` tcp, udp, or any (an unconnected datagram); ``close`` stay, close or reset; in the
    control group of that directory."""

    kind: str
    to: tuple[str, int]
    close: str = "stay"
    group: str = ""


@contextmanager
def child(guest: Guest, plan: Plan, answer: Callable[[], object]) -> Iterator[Child]:
    """A client in the guest; ``answer`` runs once it was started and has to let it come to its end."""
    inside_guest = ["nsenter", f"--net=/run/netns/{guest.netns}", sys.executable, "-c", CLIENT]
    command = [*inside_guest, plan.kind, plan.to[0], str(plan.to[1]), plan.close, plan.group]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            answer()
            assert process.stdout is not None
            yield Child(process, json.loads(process.stdout.readline()))
        finally:
            process.kill()


class Server:
    """A listener in guest c that belongs to this process, and the connections it has accepted."""

    def __init__(self, vpc: Vpc, address: str) -> None:
        self._listener = vpc.c.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        self._listener.settimeout(30)
        self._listener.bind((address, 0))
        self._listener.listen()
        self.to = (address, self._listener.getsockname()[1])
        self.accepted: list[socket.socket] = []

    def answer(self) -> None:
        """Accepts one client, hears it out and says ``y``."""
        one, _ = self._listener.accept()
        self.accepted.append(one)
        one.settimeout(30)
        left = 1000
        while left:
            left -= len(one.recv(left))
        one.sendall(b"y")

    def close(self) -> None:
        for one in (self._listener, *self.accepted):
            one.close()


def watched(*fields: str) -> tuple[Watched, ...]:
    return tuple(Watched(f"eni-{name}", f"eni-{name}", Side.BEHIND, (), frozenset(fields)) for name in "abc")


def labels(name: str) -> Labels:
    return Labels("100", f"eni-{name}", "-", "vsw-1", "vpc-1")


@pytest.fixture
def sockets(vpc: Vpc) -> Iterator[LocalSockets]:
    with closing(LocalSockets(vpc.host, time.time_ns)) as made:
        made.watch(watched(*FIELDS))
        yield made


def asked(sockets: LocalSockets, name: str, found: Flows, *fields: str) -> list[tuple[Any, ...]]:
    """The distinct values of the fields over all rows of an ENI."""
    columns = sockets.attribute(found, labels(name), BOUNDS)
    return sorted(set(zip(*(columns[field].to_pylist() for field in fields), strict=True)))


@pytest.mark.root
@pytest.mark.parametrize("address", ["10.9.1.3", "fd0a::3"], ids=["IPv4", "IPv6"])
def test_open_tcp_sockets_on_both_ends(vpc: Vpc, books: Books, sockets: LocalSockets, address: str) -> None:
    with closing(Server(vpc, address)) as server, child(vpc.a, Plan("tcp", server.to), server.answer) as client:
        comm = client.comm
        until(lambda: info(server.accepted[0])["unacked"] == 0, 10, "the answer is acknowledged")
        truth = info(server.accepted[0])
        books.drain()
        sockets.drained(time.time_ns())
    port = client.said["port"]
    at_client = rows(books.select(ifindex=vpc.a.ifindex, sport=port), books.select(ifindex=vpc.a.ifindex, dport=port))
    at_server = rows(books.select(ifindex=vpc.c.ifindex, sport=port), books.select(ifindex=vpc.c.ifindex, dport=port))
    assert (len(at_client), len(at_server)) == (2, 2)
    assert asked(sockets, "a", at_client, "pid", "comm", "rtt-us", "retransmits") == [
        (client.process.pid, comm, client.said["rtt-us"], client.said["retransmits"])
    ]
    mine = Path("/proc/self/comm").read_text(encoding="utf-8").strip()
    assert asked(sockets, "c", at_server, "pid", "comm", "rtt-us", "retransmits") == [
        (os.getpid(), mine, truth["rtt-us"], truth["retransmits"])
    ]
    assert asked(sockets, "b", at_client, "pid", "cgroup") == [(None, None)]
    said = Initiator((sockets.opened,)).attribute(at_client, labels("a"), BOUNDS)["initiator"].to_pylist()
    assert sorted(zip(at_client["direction"].tolist(), said, strict=True)) == [(0, "destination"), (1, "source")]


def info(one: socket.socket) -> dict[str, int]:
    """TCP_INFO (linux/tcp.h)."""
    words = np.frombuffer(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232)[:104], "<u4")
    return {"unacked": int(words[6]), "rtt-us": int(words[17]), "retransmits": int(words[25])}


@pytest.mark.root
def test_a_connection_between_two_drains_with_its_retransmissions(
    vpc: Vpc, books: Books, sockets: LocalSockets
) -> None:
    server = Server(vpc, "10.9.1.3")
    vpc.nft(
        "table inet t {\n chain f { type filter hook forward priority 0;\n"
        f'tcp dport {server.to[1]} tcp flags syn counter drop comment "syn"\n }}\n}}'
    )

    def heal_and_answer() -> None:
        until(lambda: vpc.nft_counters()["syn"][0] > 0, 30, "the first SYN is dropped")
        vpc.nft("")
        server.answer()

    with closing(server), child(vpc.a, Plan("tcp", server.to, "reset"), heal_and_answer) as client:
        comm = client.comm
        client.close()
        # A reset tells the server's end that it is over, so both ends are closed before the drain.
        until(lambda: ended(server.accepted[0]), 10, "the reset has arrived")
        server.accepted[0].close()
        books.drain()
        sockets.drained(time.time_ns())
    port = client.said["port"]
    assert client.said["retransmits"] > 0
    outward = books.select(ifindex=vpc.a.ifindex, sport=port, action=1)
    assert asked(sockets, "a", outward, "pid", "comm", "rtt-us", "retransmits") == [
        (client.process.pid, comm, client.said["rtt-us"], client.said["retransmits"])
    ]


def ended(one: socket.socket) -> bool:
    try:
        return one.recv(1, socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


@pytest.mark.root
@pytest.mark.parametrize(("kind", "close"), [("udp", "stay"), ("udp", "close"), ("any", "stay"), ("any", "close")])
def test_udp_sockets(vpc: Vpc, books: Books, sockets: LocalSockets, kind: str, close: str) -> None:
    with vpc.c.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("10.9.1.3", 0))
        port = sink.getsockname()[1]
        sink.settimeout(30)

        def answer() -> None:
            _, peer = sink.recvfrom(1000)
            sink.sendto(b"y", peer)

        with child(vpc.a, Plan(kind, ("10.9.1.3", port), close), answer) as client:
            comm = client.comm
            if close == "close":
                client.close()
            books.drain()
            sockets.drained(time.time_ns())
    outward = books.select(ifindex=vpc.a.ifindex, sport=client.said["port"])
    assert asked(sockets, "a", outward, *FIELDS) == [
        (client.process.pid, comm, *asked(sockets, "a", outward, "cgroup", "container-id")[0], None, None)
    ]
    inward = books.select(ifindex=vpc.c.ifindex, dport=port)
    assert asked(sockets, "c", inward, "pid") == [(os.getpid(),)]


@pytest.mark.root
def test_an_interface_that_is_the_captured_device_itself(vpc: Vpc, books: Books) -> None:
    with (
        closing(LocalSockets(vpc.a.netns, time.time_ns)) as sockets,
        vpc.a.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller,
    ):
        sockets.watch((Watched("eni-a", "eth0", Side.SELF, (), frozenset({"pid"})),))
        caller.connect((vpc.c.ipv4, 9))
        caller.send(b"x")
        books.drain()
        sockets.drained(time.time_ns())
        outward = books.select(ifindex=vpc.a.ifindex, sport=caller.getsockname()[1])
        assert asked(sockets, "a", outward, "pid") == [(os.getpid(),)]


@pytest.mark.root
def test_behind_a_tap_there_is_nobody(vpc: Vpc) -> None:
    vpc.ip("tuntap", "add", "mode", "tap", "name", "eni-t")
    try:
        with closing(Links(vpc.host)) as links:
            homes = Homes(vpc.host, links)
            homes.look((*watched("pid"), Watched("eni-t", "eni-t", Side.BEHIND, (), frozenset({"pid"}))))
            inodes = [Path("/run/netns", guest.netns).stat().st_ino for guest in (vpc.a, vpc.b, vpc.c)]
            assert [homes.of(f"eni-{name}") for name in "abct"] == [*inodes, None]
            homes.look((Watched("eni-a", "gone", Side.BEHIND, (), frozenset({"pid"})),))
            assert [homes.of(f"eni-{name}") for name in "ab"] == [inodes[0], None]
    finally:
        vpc.ip("link", "del", "eni-t")


@pytest.mark.root
def test_the_control_group_of_a_container(vpc: Vpc, books: Books, sockets: LocalSockets) -> None:
    mount = mount_of(Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    if mount is None:
        pytest.skip("cgroup2 is not mounted")
    group = mount / f"weir-test-{os.getpid()}" / ("0123456789abcdef" * 4)
    try:
        group.mkdir(parents=True)
    except OSError as error:
        pytest.skip(f"no control group can be made: {error}")
    try:
        with (
            closing(Server(vpc, "10.9.1.3")) as server,
            child(vpc.a, Plan("tcp", server.to, group=str(group)), server.answer) as client,
        ):
            books.drain()
            sockets.drained(time.time_ns())
            stated = Path(f"/proc/{client.process.pid}/cgroup").read_text(encoding="utf-8").splitlines()
        outward = books.select(ifindex=vpc.a.ifindex, sport=client.said["port"])
        path = next(line.removeprefix("0::") for line in stated if line.startswith("0::"))
        assert asked(sockets, "a", outward, "cgroup", "container-id") == [(path, "0123456789abcdef" * 4)]
    finally:
        until(lambda: not (group / "cgroup.procs").read_text(encoding="ascii"), 10, "the group is empty")
        group.rmdir()
        group.parent.rmdir()


@pytest.mark.root
def test_nothing_is_loaded_while_nobody_asks(vpc: Vpc, books: Books) -> None:
    with closing(LocalSockets(vpc.host, time.time_ns)) as sockets:
        sockets.watch(watched("pkt-srcaddr"))
        sockets.drained(time.time_ns())
        assert sockets.attribute(flow(80), labels("a"), BOUNDS) == {}
        sockets.watch(watched("pid"))
        assert sockets.attribute(flow(80), labels("a"), BOUNDS)["pid"].to_pylist() == [None]
        sockets.watch(())
        assert sockets.attribute(flow(80), labels("a"), BOUNDS) == {}


@pytest.mark.skipif(not SOCKET_OBJECT.exists(), reason=f"kernel programs not compiled: {SOCKET_OBJECT}")
@pytest.mark.parametrize("name", STRUCTS)
def test_structures_agree(name: str) -> None:
    btf = Btf(section(SOCKET_OBJECT, b".BTF"))
    layout = STRUCTS[name]
    assert layout.fields is not None
    assert btf.members(name) == {key: (at, kind.itemsize) for key, (kind, at, *_) in layout.fields.items()}


def test_containers_by_path(tmp_path: Path) -> None:
    name = "f" * 64
    (tmp_path / "kubepods" / f"cri-containerd-{name}.scope").mkdir(parents=True)
    groups = Cgroups(tmp_path)
    deepest = tmp_path / "kubepods" / f"cri-containerd-{name}.scope"
    groups.learn([deepest.stat().st_ino])
    assert groups.path_of(deepest.stat().st_ino) == f"/kubepods/cri-containerd-{name}.scope"
    assert groups.path_of(tmp_path.stat().st_ino) == "/"
    assert (container_of(f"/docker/{name}"), container_of("/user.slice")) == (name, None)
