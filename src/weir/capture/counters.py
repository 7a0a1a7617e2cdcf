"""What the devices themselves have counted, all at one moment.

What enters: a network namespace. What leaves: per ifindex the kernel's 64-bit counters, which no program of ours has a
hand in. Rule: one netlink dump (RTM_GETSTATS, IFLA_STATS_LINK_64) for all devices, so that a reading is short and
costs the same for one device or hundreds. The layouts are those of linux/if_link.h.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from weir.capture import netns

NETLINK_ROUTE = 0
RTM_GETSTATS, RTM_NEWSTATS = 94, 92
NLM_F_REQUEST, NLM_F_DUMP = 1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
IFLA_STATS_LINK_64 = 1
RECEIVE_BYTES = 1 << 16
"""Size of one read; the kernel fills dumps in parts of at most 32 kB."""

_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_STATS = struct.Struct("=BxHII")  # if_stats_msg: family, ifindex, filter mask
_ATTRIBUTE = struct.Struct("=HH")
_LINK_64 = struct.Struct("=8Q")  # rx_packets tx_packets rx_bytes tx_bytes rx_errors tx_errors rx_dropped tx_dropped


@dataclass(frozen=True, slots=True)
class Counted:
    """One device since it was made: frames and their bytes, link-layer headers included. ``tx_dropped``: frames given
    to the device that it did not send."""

    rx_packets: int = 0
    rx_bytes: int = 0
    tx_packets: int = 0
    tx_bytes: int = 0
    tx_dropped: int = 0


class Counters:
    """Holds one netlink socket in the namespace (a name of ``ip netns``, an absolute path, None: the own one)."""

    def __init__(self, netns_name: str | None = None) -> None:
        self._socket = netns.inside(
            netns_name, lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_ROUTE)
        )
        self._sequence = 0

    def read(self) -> Mapping[int, Counted]:
        """ifindex -> its counters, for every device there is. Raises ``OSError`` when netlink fails."""
        self._sequence += 1
        body = _STATS.pack(0, 0, 0, 1 << (IFLA_STATS_LINK_64 - 1))
        size = _HEADER.size + len(body)
        self._socket.send(_HEADER.pack(size, RTM_GETSTATS, NLM_F_REQUEST | NLM_F_DUMP, self._sequence, 0) + body)
        found: dict[int, Counted] = {}
        while True:
            for kind, message in _messages(self._socket.recv(RECEIVE_BYTES), self._sequence):
                if kind == NLMSG_DONE:
                    return found
                if kind == NLMSG_ERROR:
                    raise OSError(-struct.unpack_from("=i", message)[0], "cannot read the devices' counters")
                if kind == RTM_NEWSTATS:
                    found |= _counted(message)

    def close(self) -> None:
        self._socket.close()


def _messages(data: bytes, sequence: int) -> Iterator[tuple[int, bytes]]:
    """(type, payload) of the messages that answer this request; what an earlier, broken off one left is skipped."""
    at = 0
    while at + _HEADER.size <= len(data):
        size, kind, _, number, _ = _HEADER.unpack_from(data, at)
        if number == sequence:
            yield kind, data[at + _HEADER.size : at + size]
        at += (size + 3) & ~3


def _counted(message: bytes) -> dict[int, Counted]:
    _, _, ifindex, _ = _STATS.unpack_from(message)  # what follows are attributes
    at = _STATS.size
    while at + _ATTRIBUTE.size <= len(message):
        size, kind = _ATTRIBUTE.unpack_from(message, at)
        if kind == IFLA_STATS_LINK_64:
            rx, tx, rx_bytes, tx_bytes, _, _, _, tx_dropped = _LINK_64.unpack_from(message, at + _ATTRIBUTE.size)
            return {ifindex: Counted(rx, rx_bytes, tx, tx_bytes, tx_dropped)}
        at += (size + 3) & ~3
    return {}
