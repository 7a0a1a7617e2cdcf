"""One device's frames through a packet socket and the memory it shares with the kernel.

What enters: a device. What leaves: batches of frames, cut after their headers, with their times and which way each
went. Rule: a frame is either handed out once or counted as lost by the kernel; a slot goes back to the kernel as soon
as its bytes are copied. The layouts are those of linux/if_packet.h (TPACKET_V2) and linux/virtio_net.h.

Slots of one size (TPACKET_V2) are read as columns of one array; every frame is there at once, without waiting for a
block to fill. The virtio header before each frame tells the segments of a super-packet.
"""

from __future__ import annotations

import mmap
import socket
import struct
import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from weir.capture.headers import Frames, Link
from weir.capture.pcap import RECEIVED, SENT, Batch

SLOT_BYTES = 512
"""One frame's place. What of it is left behind the headers of the ring holds 430 bytes of the frame: every header the
walk reads, but for chains of IPv6 extension headers longer than 350 bytes, whose ports are then 0."""
SLOTS = 1 << 14
"""Frames that may wait: 8 MiB for each device. Above it frames are lost, and counted."""
BLOCK_BYTES = 1 << 16

SOL_PACKET = 263
PACKET_RX_RING, PACKET_STATISTICS, PACKET_VERSION, PACKET_VNET_HDR = 5, 6, 10, 15
TPACKET_V2 = 1
PACKET_OUTGOING = 4
ETH_P_ALL = 3
STATUS_KERNEL, STATUS_USER = 0, 1
VNET_HEADER_BYTES = 10

SLOT = np.dtype(
    {
        "names": ["status", "len", "snaplen", "mac", "sec", "nsec", "pkttype"],
        "formats": ["=u4", "=u4", "=u4", "=u2", "=u4", "=u4", "u1"],
        "offsets": [0, 4, 8, 12, 16, 20, 32 + 10],  # the socket address begins at 32, its packet type 10 behind
        "itemsize": SLOT_BYTES,
    }
)
GSO_TYPE_AT, GSO_SIZE_AT = 1, 4
"""In the virtio header, whose byte order is the machine's."""
SIZE_PLACES = (0, 1) if sys.byteorder == "little" else (1, 0)
"""Where the low and the high byte of such a number are."""


class Ring:
    """Counts from the moment it is made until ``close``. Raises ``OSError`` where the kernel refuses it."""

    def __init__(self, device: str, slots: int = SLOTS) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        try:
            self._socket.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
            self._socket.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
            size = slots * SLOT_BYTES
            ring = struct.pack("IIII", BLOCK_BYTES, size // BLOCK_BYTES, SLOT_BYTES, slots)
            self._socket.setsockopt(SOL_PACKET, PACKET_RX_RING, ring)
            self._memory = mmap.mmap(self._socket.fileno(), size)
            self._socket.bind((device, ETH_P_ALL))
        except OSError:
            self._socket.close()
            raise
        self._slots: NDArray[np.void] = np.frombuffer(self._memory, SLOT)
        self._bytes = np.frombuffer(self._memory, np.uint8).reshape(slots, SLOT_BYTES)
        self._next = 0

    def fileno(self) -> int:
        """For waiting until a frame is there."""
        return self._socket.fileno()

    def read(self) -> Iterator[Batch]:
        """All frames that are there, in at most one pass through the ring."""
        left = len(self._slots)
        while left:
            run = self._slots["status"][self._next : self._next + left] & STATUS_USER != 0
            count = len(run) if run.all() else int(run.argmin())
            if not count:
                return
            place = slice(self._next, self._next + count)
            copied = self._bytes[place].copy()
            self._slots["status"][place] = STATUS_KERNEL
            self._next = (self._next + count) % len(self._slots)
            left -= count
            yield _batch(copied)

    def clear_error(self) -> None:
        """Takes note that the device went down or away; else every wait would end at once."""
        self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def lost(self) -> int:
        """Frames since the last call for which there was no place."""
        _seen, lost = struct.unpack("II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        return int(lost)

    def close(self) -> None:
        del self._slots, self._bytes
        self._memory.close()
        self._socket.close()


def _batch(copied: NDArray[np.uint8]) -> Batch:
    """``copied``: slots, shape (n, SLOT_BYTES)."""
    slots = copied.view(SLOT).ravel()
    data = copied.ravel()
    start = np.arange(len(slots)) * SLOT_BYTES + slots["mac"]
    vnet = start - VNET_HEADER_BYTES
    low, high = (data[vnet + GSO_SIZE_AT + place].astype(np.int64) for place in SIZE_PLACES)
    gso_size = np.where(data[vnet + GSO_TYPE_AT], high << 8 | low, 0)
    frames = Frames(
        data=data,
        start=start,
        captured=slots["snaplen"].astype(np.int64),
        length=slots["len"].astype(np.int64),
        link=np.full(len(slots), int(Link.ETHERNET)),
        gso_size=gso_size,
    )
    time_ns = slots["sec"].astype(np.int64) * 1_000_000_000 + slots["nsec"]
    return Batch(frames, time_ns, np.where(slots["pkttype"] == PACKET_OUTGOING, SENT, RECEIVED))
