"""Real traffic against what the senders, the TCP stack and the devices counted themselves. Everything is ``==``."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from weir.capture.flows import ACTION_ACCEPT, ACTION_REJECT, DIRECTION_IN, DIRECTION_OUT
from weir.capture.netns import inside

pytestmark = pytest.mark.root

ETHERNET_BYTES, ARP_FRAME_BYTES = 14, 42
TCP_CLOSED = 7
SO_RCVBUFFORCE = 33
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
SYN_OPTIONS_EXTRA = 8
"""A SYN carries 20 bytes of options; every other segment the 12 of its timestamps."""

SYN_ACK = 1
"""Sent before the accepting socket exists, so not in its count."""


def receive(sock: socket.socket, count: int) -> None:
    """Waits for that many datagrams."""
    sock.settimeout(10)
    for _ in range(count):
        sock.recv(65536)


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("receiver", ["b", "c"])
def test_udp_out_of_one_eni_is_into_the_other(
    family: int, receiver: str, vpc: Any, books: Any, wait_until: Callable[..., None]
) -> None:
    to, count, size = getattr(vpc, receiver), 500, 200
    address = to.ipv4 if family == 4 else to.ipv6
    with to.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as sink:
        sink.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
        sink.bind((address, 5000))
        port = vpc.a.send((address, 5000), count, size)
        receive(sink, count)
    books.drain()
    sent = (count, count * (size + (28 if family == 4 else 48)))
    flow = {"proto": UDP, "sport": port, "dport": 5000, "family": family, "dst": address}
    assert books.total(**flow, ifindex=vpc.a.ifindex, direction=DIRECTION_OUT, action=ACTION_ACCEPT) == sent
    assert books.total(**flow, ifindex=to.ifindex, direction=DIRECTION_IN, action=ACTION_ACCEPT) == sent
    assert books.total(**flow) == (2 * sent[0], 2 * sent[1])


def echo_request(family: int, sequence: int) -> bytes:
    """An ICMP echo request; its checksum is the kernel's work for IPv6."""
    if family == 6:
        return struct.pack(">BBHHH", 128, 0, 0, 77, sequence) + bytes(100)
    whole = struct.pack(">BBHHH", 8, 0, 0, 77, sequence) + bytes(100)
    folded = sum(struct.unpack(f">{len(whole) // 2}H", whole))
    folded = (folded & 0xFFFF) + (folded >> 16)
    return whole[:2] + struct.pack(">H", ~folded & 0xFFFF) + whole[4:]


@pytest.mark.parametrize("family", [4, 6])
def test_icmp_has_its_type_in_the_port(family: int, vpc: Any, books: Any) -> None:
    raw = (socket.AF_INET, ICMP) if family == 4 else (socket.AF_INET6, ICMP6)
    address = vpc.c.ipv4 if family == 4 else vpc.c.ipv6
    request, reply = (0x0800, 0x0000) if family == 4 else (0x8000, 0x8100)
    with vpc.a.socket(raw[0], socket.SOCK_RAW, raw[1]) as pinger:
        pinger.settimeout(10)
        for sequence in range(5):
            pinger.sendto(echo_request(family, sequence), (address, 0))
        replies = 0
        while replies < 5:
            answer = pinger.recv(4096)
            replies += (answer[20:22] if family == 4 else answer[:2]) == reply.to_bytes(2)
    books.drain()
    seen = {"proto": raw[1], "ifindex": vpc.c.ifindex, "family": family}
    length = 108 + (20 if family == 4 else 40)
    assert books.total(**seen, dport=request, direction=DIRECTION_IN) == (5, 5 * length)
    assert books.total(**seen, dport=reply, direction=DIRECTION_OUT) == (5, 5 * length)


def tcp_info(sock: socket.socket) -> dict[str, int]:
    """The kernel's own counts for one connection; offsets in struct tcp_info of linux/tcp.h."""
    raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return {
        "state": raw[0],
        "segs_out": struct.unpack_from("<I", raw, 136)[0],
        "segs_in": struct.unpack_from("<I", raw, 140)[0],
        "bytes_sent": struct.unpack_from("<Q", raw, 200)[0],
    }


@contextmanager
def connection(client: Any, server: Any, address: str) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of one TCP connection."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with server.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, 5001))
        listener.listen(1)
        near = client.socket(family, socket.SOCK_STREAM)
        near.connect((address, 5001))
        far, _ = listener.accept()
    with closing(near), closing(far):
        yield near, far


@pytest.mark.parametrize(("receiver", "family"), [("b", 4), ("c", 4), ("b", 6), ("c", 6)])
def test_tcp_segments_of_gso_super_packets(
    receiver: str, family: int, vpc: Any, books: Any, wait_until: Callable[..., None], settled: Callable[..., None]
) -> None:
    """On the wire they are segments, as the sockets count them; as buffers they are what the devices count."""
    vpc.offloads(on=True)
    to = getattr(vpc, receiver)
    address = to.ipv4 if family == 4 else to.ipv6
    before = while_quiet(vpc, (vpc.a, to), settled, books.clear)
    with connection(vpc.a, to, address) as (near, far):
        port = near.getsockname()[1]
        pump(near, far, 40 << 20)
        wait_until(lambda: tcp_info(near)["state"] == TCP_CLOSED and tcp_info(far)["state"] == TCP_CLOSED)
        sent, received = tcp_info(near), tcp_info(far)
    after = while_quiet(vpc, (vpc.a, to), settled, books.drain)
    for guest in (vpc.a, to):
        assert_books_are_the_devices(books.seen[guest.ifindex], before[guest.device], after[guest.device])
    buffers = after[vpc.a.device][0][0] - before[vpc.a.device][0][0]
    header = 52 if family == 4 else 72
    there = {"proto": TCP, "sport": port, "dport": 5001, "family": family, "action": ACTION_ACCEPT}
    back = {"proto": TCP, "sport": 5001, "dport": port, "family": family, "action": ACTION_ACCEPT}
    expected = (sent["segs_out"], sent["bytes_sent"] + sent["segs_out"] * header + SYN_OPTIONS_EXTRA)
    assert books.total(**there, ifindex=vpc.a.ifindex, direction=DIRECTION_OUT) == expected
    assert books.total(**there, ifindex=to.ifindex, direction=DIRECTION_IN) == expected
    assert books.total(**there)[0] == 2 * received["segs_in"]
    assert books.total(**back, ifindex=to.ifindex, direction=DIRECTION_OUT)[0] == received["segs_out"] + SYN_ACK
    assert books.total(**back, ifindex=vpc.a.ifindex, direction=DIRECTION_IN)[0] == sent["segs_in"]
    assert buffers < sent["segs_out"] / 2, "the kernel handed over no super-packets; the test proves nothing"
    assert int(books.select(**there, ifindex=vpc.a.ifindex)["tcp_flags"][0]) == 0x1B  # SYN, ACK, PSH, FIN


def assert_books_are_the_devices(seen: Any, before: Any, after: Any) -> None:
    """Frames and bytes that the hooks saw, received and sent, are those that the device counted meanwhile."""
    counted = [tuple(after[way][i] - before[way][i] for i in (0, 1)) for way in (0, 1)]
    assert [(hook.frames, hook.frame_bytes) for hook in (seen.rx, seen.tx)] == counted


def pump(near: socket.socket, far: socket.socket, size: int) -> None:
    """Sends ``size`` bytes one way, then closes both directions in order."""
    child = os.fork()
    if child == 0:
        chunk = bytes(1 << 20)
        for _ in range(size >> 20):
            near.sendall(chunk)
        near.shutdown(socket.SHUT_WR)
        os._exit(0)
    while far.recv(1 << 20):
        pass
    far.shutdown(socket.SHUT_WR)
    assert near.recv(1) == b""
    assert os.waitpid(child, 0)[1] == 0


def test_everything_equals_the_device_counters(vpc: Any, books: Any, settled: Callable[..., None]) -> None:
    """iperf3 both ways, IPv4 and IPv6, without offloads: device frames are packets then.

    Small windows: what a guest's backlog cannot take is lost behind our hook and before the device's counter.
    """
    vpc.offloads(on=False)
    guests = (vpc.a, vpc.b, vpc.c)
    before = while_quiet(vpc, guests, settled, books.clear)
    try:
        sent = iperf(vpc.a, vpc.b, vpc.b.ipv4, "-u", "-l", "200", "-b", "40M", "-t", "1")
        iperf(vpc.a, vpc.c, vpc.c.ipv6, "-w", "64K", "-t", "1")
        iperf(vpc.b, vpc.c, vpc.c.ipv4, "-w", "64K", "-t", "1", "--bidir")
        after = while_quiet(vpc, guests, settled, books.drain)
    finally:
        vpc.offloads(on=True)
    for guest in guests:
        assert_books_are_the_devices(books.seen[guest.ifindex], before[guest.device], after[guest.device])
        frames, octets = (
            sum(after[guest.device][way][i] - before[guest.device][way][i] for way in (0, 1)) for i in (0, 1)
        )
        packets, l3_bytes = books.total(ifindex=guest.ifindex)
        arp = books.uncounted[guest.ifindex].not_ip if guest.ifindex in books.uncounted else 0
        assert packets + arp == frames
        assert l3_bytes + packets * ETHERNET_BYTES + arp * ARP_FRAME_BYTES == octets
    assert len(books.select(action=ACTION_REJECT)) == 0
    udp = {"proto": UDP, "dport": 5201, "dst": vpc.b.ipv4}
    hello = 1  # iperf3 opens a UDP test with one datagram of 4 bytes
    expected = (sent["packets"] + hello, sent["packets"] * 228 + hello * 32)
    assert books.total(**udp, ifindex=vpc.a.ifindex) == expected
    assert books.total(**udp, ifindex=vpc.b.ifindex) == expected


def wait_for_listener(server: Any, port: int) -> None:
    """Until somebody listens; asks the kernel's table, so no packet is sent."""
    wanted, deadline = f":{port:04X}", time.monotonic() + 10
    while not any(line.split()[1].endswith(wanted) for line in inside(server.netns, _listeners)):
        assert time.monotonic() < deadline, f"nobody listens on {port}"


def _listeners() -> list[str]:
    return [
        line
        for family in ("tcp", "tcp6")
        for line in Path(f"/proc/thread-self/net/{family}").read_text(encoding="ascii").splitlines()[1:]
    ]


def while_quiet(
    vpc: Any, guests: tuple[Any, ...], settled: Callable[..., None], act: Callable[[], None]
) -> dict[str, Any]:
    """The device counters at a moment at which ``act`` was done and no frame passed meanwhile."""

    def read() -> dict[str, Any]:
        return {guest.device: vpc.device_counters(guest) for guest in guests}

    while True:
        settled(read)
        before = read()
        act()
        if read() == before:
            return before


def iperf(client: Any, server: Any, address: str, *options: str) -> dict[str, Any]:
    """Runs iperf3 to its end; returns the sums of the report."""
    listening = subprocess.Popen(
        ["ip", "netns", "exec", server.netns, "iperf3", "-s", "-1", "-J"], stdout=subprocess.DEVNULL
    )
    try:
        wait_for_listener(server, 5201)
        done = subprocess.run(
            ["ip", "netns", "exec", client.netns, "iperf3", "-c", address, "-J", *options],
            capture_output=True,
            text=True,
            check=False,
        )
        report = json.loads(done.stdout)
        assert "error" not in report, report["error"]
        listening.wait(10)
    finally:
        listening.kill()
        listening.wait()
    return dict(report["end"].get("sum") or report["end"]["sum_sent"])
