"""Sockets inside guests, and what can be read from them: one message, TCP's own counts, an ICMP header.

What enters: a guest and an IP version. What leaves: a socket that belongs to the guest's namespace while its thread
does not. Rule: nothing waits longer than ``PEER_SECONDS``; then it raises ``LabTrouble`` and says what did not happen.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

from weir.lab.facts import TcpEnd
from weir.lab.netns import LabTrouble, inside
from weir.lab.rules import PROTOCOL
from weir.lab.topology import Guest

PEER_SECONDS = 10.0
"""How long a sender waits for its peer before it raises."""

UDP_HEADER_BYTES = 8
ICMP_HEADER_BYTES = 8
TCP_HEADER_BYTES = 32  # with the time stamp option, as the lab's guests always send it
SYN_EXTRA_BYTES = 8  # a SYN carries MSS, SACK permitted, time stamp, window scale: 40 bytes of header
RST_HEADER_BYTES = 20
TCP_CLOSE = 7  # TCP_CLOSE of include/net/tcp_states.h
RECEIVE_BYTES = 1 << 20

_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}


def open_socket(guest: Guest, version: int, kind: socket.SocketKind) -> socket.socket:
    """An unbound socket of ``kind`` in the guest, with the common deadline."""
    with inside(guest.netns):
        opened = socket.socket(_FAMILY[version], kind)
    opened.settimeout(PEER_SECONDS)
    return opened


def open_raw(guest: Guest, version: int) -> socket.socket:
    """A raw socket of the guest that sends and receives ICMP of that IP version."""
    with inside(guest.netns):
        opened = socket.socket(_FAMILY[version], socket.SOCK_RAW, PROTOCOL["icmp", version])
    opened.settimeout(PEER_SECONDS)
    return opened


def receive(receiver: socket.socket, what: str) -> bytes:
    """One message or piece of a stream; ``what`` names it in the error."""
    try:
        return receiver.recv(RECEIVE_BYTES)
    except TimeoutError as error:
        raise LabTrouble(f"{what}: nothing arrived within {PEER_SECONDS} s") from error


def tcp_end(end: socket.socket) -> TcpEnd:
    """TCP_INFO of a socket (offsets of ``struct tcp_info``, linux/tcp.h, fixed since Linux 5.5)."""
    info = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)

    def u32(offset: int) -> int:
        return int(struct.unpack_from("=I", info, offset)[0])

    def u64(offset: int) -> int:
        return int(struct.unpack_from("=Q", info, offset)[0])

    return TcpEnd(
        segs_out=u32(136),
        segs_in=u32(140),
        data_segs_out=u32(156),
        data_segs_in=u32(152),
        bytes_sent=u64(200),
        bytes_received=u64(128),
        retransmitted_segs=u32(100),
        out_of_order_segs=u32(224),
    )


def tcp_state(end: socket.socket) -> int:
    """State of a TCP socket as in include/net/tcp_states.h."""
    return end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[0]


def until(condition: Callable[[], bool], what: str) -> None:
    """Return once ``condition()`` holds; ``what`` names it in the error."""
    deadline = time.monotonic() + PEER_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise LabTrouble(f"not within {PEER_SECONDS} s: {what}")
        time.sleep(0.002)


def icmp_packet(version: int, kind: int, marks: tuple[int, int], size: int) -> bytes:
    """Header and ``size`` zero bytes; ``marks`` are identifier and sequence. The kernel sums ICMPv6 itself."""
    header = struct.pack("!BBHHH", kind, 0, 0, *marks)
    if version == 4:
        total = sum(struct.unpack("!4H", header))
        total = (total & 0xFFFF) + (total >> 16)
        header = struct.pack("!BBHHH", kind, 0, ~total & 0xFFFF, *marks)
    return header + bytes(size)


def icmp_head(version: int, packet: bytes) -> tuple[int, int, int]:
    """Type, identifier, sequence of what a raw socket received (IPv4 comes with its IP header, IPv6 without)."""
    offset = (packet[0] & 0x0F) * 4 if version == 4 else 0
    kind, _, _, ident, sequence = struct.unpack_from("!BBHHH", packet, offset)
    return kind, ident, sequence
