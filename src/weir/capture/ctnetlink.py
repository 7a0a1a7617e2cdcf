"""The kernel's connection tracking over netlink: its table now, and what begins and ends in it.

What enters: a network namespace. What leaves: connections as packed bytes of ``CONNECTION``, and ``Lost`` when the
kernel could not tell everything. Rule: nothing is remembered here. Messages and attributes are those of
linux/netfilter/nfnetlink_conntrack.h; only those that name a connection are read.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
from collections.abc import Iterator

import numpy as np

from weir.capture import netns

CONNECTION = np.dtype(
    [
        ("osrc", "V16"),  # the original direction, as it came: who opened, and whom it addressed
        ("odst", "V16"),
        ("rsrc", "V16"),  # the reply direction, as it comes: who answers, and to whom
        ("rdst", "V16"),
        ("ports", "<u2", (4, 2)),  # (sport, dport) in flow rows: original before and after NAT, reply before and after
        ("proto", "u1"),
        ("pad", "V3"),
        ("id", "<u4"),  # the kernel's, tells two connections with equal tuples apart
    ]
)
RECEIVE_BUFFER_BYTES = 16 << 20
"""What the kernel may hold for us, some 20 000 events. Above it events are lost, and the kernel says so."""
READ_BYTES = 1 << 16
DUMP_TRIES = 5
"""A dump during which the table was rearranged is asked for again, so often."""
DUMP_WAIT_SECONDS = 10.0
"""How long the kernel may take for the next part of a dump."""

NETLINK_NETFILTER, SOL_NETLINK = 12, 270
SO_RCVBUFFORCE = 33
"""Of asm-generic/socket.h; Python does not know it."""
NETLINK_ADD_MEMBERSHIP = 1
GROUP_NEW, GROUP_DESTROY = 1, 3
CTNETLINK_NEW, CTNETLINK_GET, CTNETLINK_DELETE = 0x100, 0x101, 0x102
REQUEST_DUMP, DUMP_INTERRUPTED = 0x301, 0x10
NLMSG_ERROR, NLMSG_DONE = 2, 3
TUPLE_ORIGINAL, TUPLE_REPLY, CONNECTION_ID = 1, 2, 12
TUPLE_IP, TUPLE_PROTO = 1, 2
IP4_SRC, IP4_DST, IP6_SRC, IP6_DST = 1, 2, 3, 4
PROTO_NUMBER, PORT_SRC, PORT_DST = 1, 2, 3
ICMP_KINDS = ((5, 6), (8, 9))
"""Type and code of ICMP and of ICMPv6."""
NESTED_MASK = 0x3FFF

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_PACKED = struct.Struct("=16s16s16s16s8HB3xI")
assert _PACKED.size == CONNECTION.itemsize


class Lost(OSError):
    """The kernel could not tell everything: events were dropped, or the table could not be read in one piece."""


class Conntrack:
    """Two sockets in the namespace: one subscribed to events from now on, one to ask."""

    def __init__(self, netns_name: str | None = None) -> None:
        """Raises ``OSError`` where the kernel has no connection tracking over netlink."""
        self._events, self._asking = netns.inside(netns_name, lambda: (_socket(), _socket()))
        try:
            self._events.setblocking(False)
            self._events.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
            for group in (GROUP_NEW, GROUP_DESTROY):
                self._events.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)
            self._asking.settimeout(DUMP_WAIT_SECONDS)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        self._events.close()
        self._asking.close()

    def wait(self, seconds: float) -> None:
        """Returns when an event waits, or after ``seconds``."""
        select.select([self._events], [], [], seconds)

    def events(self) -> Iterator[tuple[bool, bytes]]:
        """(is it new, connection) for everything that waits. Raises ``Lost`` where events were dropped; the rest that
        waits comes with the next call."""
        while True:
            try:
                data = self._events.recv(READ_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    raise Lost(errno.ENOBUFS, "connection events were lost") from error
                raise
            for kind, _, body in _messages(data):
                if kind in (CTNETLINK_NEW, CTNETLINK_DELETE) and (connection := parsed(body)):
                    yield kind == CTNETLINK_NEW, connection

    def table(self) -> list[bytes]:
        """Every connection there is. Raises ``Lost`` if the table does not hold still, ``OSError`` if refused."""
        for _ in range(DUMP_TRIES):
            with contextlib.suppress(Lost):
                return self._dump()
        raise Lost(errno.EAGAIN, "the connection table changes faster than it can be read")

    def _dump(self) -> list[bytes]:
        self._asking.send(_HEADER.pack(_HEADER.size + 4, CTNETLINK_GET, REQUEST_DUMP, 0, 0) + bytes(4))
        found: list[bytes] = []
        interrupted = False
        while True:
            for kind, flags, body in _messages(self._asking.recv(READ_BYTES)):
                interrupted |= bool(flags & DUMP_INTERRUPTED)
                if kind == NLMSG_DONE:
                    if interrupted:
                        raise Lost(errno.EINTR, "the connection table was rearranged")
                    return found
                if kind == NLMSG_ERROR:
                    code = -struct.unpack_from("=i", body)[0]
                    raise OSError(code, "cannot read the connection table")
                if connection := parsed(body):
                    found.append(connection)


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_NETFILTER)
    made.bind((0, 0))
    return made


def _messages(data: bytes) -> Iterator[tuple[int, int, memoryview]]:
    """(type, flags, body) of each netlink message."""
    view = memoryview(data)
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, flags, _, _ = _HEADER.unpack_from(data, at)
        yield kind, flags, view[at + _HEADER.size : at + length]
        at += max(length + 3 & ~3, _HEADER.size)


def _attributes(body: memoryview) -> dict[int, memoryview]:
    found = {}
    at = 0
    while at + 4 <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        found[kind & NESTED_MASK] = body[at + 4 : at + length]
        at += max(length + 3 & ~3, 4)
    return found


def parsed(body: memoryview) -> bytes:
    """A connection message (behind its netlink header) as bytes of ``CONNECTION``; empty if it names no connection."""
    attributes = _attributes(body[4:])
    original, reply = attributes.get(TUPLE_ORIGINAL), attributes.get(TUPLE_REPLY)
    if original is None or reply is None:
        return b""
    osrc, odst, proto, *o = _tuple(original)
    rsrc, rdst, _, *r = _tuple(reply)
    number = int.from_bytes(attributes.get(CONNECTION_ID, b"\0\0\0\0"), "big")
    # ICMP has no ports to be exchanged: type and code go with the direction.
    inner, outer = (o, r) if proto in (1, 58) else (r[::-1], o[::-1])
    return _PACKED.pack(osrc, odst, rsrc, rdst, *o, *inner, *r, *outer, proto, number)


def _tuple(body: memoryview) -> tuple[bytes, bytes, int, int, int]:
    """(source, destination, protocol, sport, dport) as flow rows have them."""
    parts = _attributes(body)
    addresses, proto = _attributes(parts[TUPLE_IP]), _attributes(parts[TUPLE_PROTO])
    if IP4_SRC in addresses:
        ends = [bytes(10) + b"\xff\xff" + bytes(addresses[kind]) for kind in (IP4_SRC, IP4_DST)]
    else:
        ends = [bytes(addresses[kind]) for kind in (IP6_SRC, IP6_DST)]
    number = proto[PROTO_NUMBER][0]
    for kind, code in ICMP_KINDS:
        if kind in proto:
            return ends[0], ends[1], number, 0, proto[kind][0] << 8 | proto[code][0]
    ports = [int.from_bytes(proto.get(kind, b""), "big") for kind in (PORT_SRC, PORT_DST)]
    return ends[0], ends[1], number, ports[0], ports[1]
