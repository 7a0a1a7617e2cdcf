"""Capture files, pcap and pcapng, as batches of frames.

What enters: an open file, plain or gzip. What leaves: ``Batch`` after ``Batch`` in the order of the file, each with the
time of every frame and, where the file says so, which way it went. Rule: nothing is guessed. A file that ends inside a
packet, or whose next packet cannot be right, gives everything before and then ``DamagedCapture``.

Formats: draft-ietf-opsawg-pcap (both byte orders, micro- and nanoseconds) and draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from weir.capture.headers import Frames, Link, Numbers
from weir.model.resources import Side

BLOCK_BYTES = 4 << 20
"""Read at once. Memory does not grow with the file; there is no limit to its size."""
FRAME_BYTES_MAX = 1 << 20
"""A longer packet (super-packets have up to 512 KiB) is taken for damage: the lengths behind it cannot be trusted."""

TIME_NS_MAX = 1 << 62
"""A packet stamped after the year 2116 is taken for damage."""

UNKNOWN, RECEIVED, SENT = 0, 1, 2
"""Which way a frame passed the device it was captured at."""
SLL_OUTGOING = 4
"""PACKET_OUTGOING of linux/if_packet.h, the packet type in a Linux cooked header."""

ORDERS: tuple[tuple[str, Literal["little", "big"]], ...] = (("<", "little"), (">", "big"))
PCAP_MAGIC = {0xA1B2C3D4: 1_000, 0xA1B23C4D: 1}
"""Magic number -> ns per unit of the fractional time."""
SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, PACKET = 0x0A0D0D0A, 1, 2, 3, 6
BYTE_ORDER_MAGIC = 0x1A2B3C4D
OPTION_END, OPTION_FLAGS, OPTION_RESOLUTION, OPTION_OFFSET = 0, 2, 9, 14
# BSD systems number raw IP 12 or 14 in their files.
_LINKS = {int(link): link for link in Link} | {12: Link.RAW, 14: Link.RAW}


class DamagedCapture(Exception):
    """The file ends early or cannot be right from here on (trouble); the text says where. All before was read."""


class UnreadableCapture(Exception):
    """Not a capture file, or of a kind that is not read (trouble); the text says which."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Frames with their times: ``time_ns`` (Unix) and ``way`` (``UNKNOWN``, ``RECEIVED``, ``SENT``), shape (n,)."""

    frames: Frames
    time_ns: Numbers
    way: Numbers


def way_out(side: Side) -> int:
    """Which way past the device is out of the ENI."""
    return RECEIVED if side is Side.BEHIND else SENT


@dataclass(slots=True)
class _Listing:
    """The frames found in one block of bytes, column by column."""

    start: list[int] = field(default_factory=list)
    captured: list[int] = field(default_factory=list)
    length: list[int] = field(default_factory=list)
    link: list[int] = field(default_factory=list)
    time_ns: list[int] = field(default_factory=list)
    way: list[int] = field(default_factory=list)

    def batch(self, data: bytes) -> Batch:
        start, captured, length, link, time_ns, way = (
            np.array(column, np.int64)
            for column in (self.start, self.captured, self.length, self.link, self.time_ns, self.way)
        )
        whole = np.frombuffer(data, np.uint8)
        frames = Frames(whole, start, captured, np.maximum(length, captured), link, np.zeros(len(start), np.int64))
        return Batch(frames, time_ns, np.where(way == UNKNOWN, _cooked_way(frames), way))


def _cooked_way(frames: Frames) -> NDArray[np.int64]:
    """What a Linux cooked header says about the way."""
    way = np.full(len(frames), UNKNOWN)
    for link, place, size in ((Link.LINUX_SLL, 1, 16), (Link.LINUX_SLL2, 10, 20)):
        which = np.flatnonzero(frames.link == link)
        outgoing = frames.byte(which, place) == SLL_OUTGOING
        way[which] = np.where(frames.has(which, 0, size), np.where(outgoing, SENT, RECEIVED), UNKNOWN)
    return way


def batches(file: BufferedReader) -> Iterator[Batch]:
    """All frames of the file. Raises ``UnreadableCapture``, and ``DamagedCapture`` after the last whole packet."""
    source: BufferedReader | gzip.GzipFile = file
    if file.peek(2).startswith(b"\x1f\x8b"):
        source = gzip.GzipFile(fileobj=file)
    try:
        start = source.read(4)
        if start == SECTION.to_bytes(4):
            yield from _parsed(_Pcapng(), start, source.read)
        else:
            yield from _parsed(_Pcap(start + source.read(20)), b"", source.read)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DamagedCapture(f"the gzip file is damaged in its first bytes: {error}") from error


def _parsed(parser: _Pcap | _Pcapng, data: bytes, read: Callable[[int], bytes]) -> Iterator[Batch]:
    damage = ""
    ended = False
    while not ended and not damage:
        try:
            more = read(BLOCK_BYTES)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            more, damage = b"", f"the gzip file is damaged: {error}"
        ended = not more
        data += more
        listing = _Listing()
        try:
            used = parser.take(data, listing)
        except DamagedCapture as error:
            used, damage = 0, str(error)
        if listing.start:
            yield listing.batch(data)
        data = data[used:]
    if data and not damage:
        damage = f"the file ends inside packet {parser.packets + 1}"
    if damage:
        raise DamagedCapture(f"{damage}; {parser.packets} packets before it were read")


class _Pcap:
    """The older format: one header, one link type, one clock."""

    def __init__(self, header: bytes) -> None:
        self.packets = 0
        order = next((sign for sign, name in ORDERS if int.from_bytes(header[:4], name) in PCAP_MAGIC), None)
        if order is None:
            raise UnreadableCapture("the file is empty" if not header else "the file is neither pcap nor pcapng")
        if len(header) < 24:
            raise DamagedCapture("the file ends inside its header")
        magic, _major, _minor, _zone, _sigfigs, _snap, link = struct.unpack(order + "IHHiIII", header)
        self._unit_ns = PCAP_MAGIC[magic]
        self._link = _link_of(link & 0xFFFF)  # the upper bits describe a frame check sequence
        self._record = struct.Struct(order + "IIII")

    def take(self, data: bytes, listing: _Listing) -> int:
        """Lists every whole packet of ``data``; returns the bytes used."""
        place, size, unit_ns, link, unpack = 0, len(data), self._unit_ns, int(self._link), self._record.unpack_from
        units = 1_000_000_000 // unit_ns
        while place + 16 <= size:
            seconds, fraction, captured, length = unpack(data, place)
            if captured > FRAME_BYTES_MAX:
                raise DamagedCapture(f"packet {self.packets + 1} cannot be right: it would have {captured} bytes")
            if fraction >= units:
                raise DamagedCapture(f"packet {self.packets + 1} cannot be right: its time has {fraction}/{units} s")
            if place + 16 + captured > size:
                break
            listing.start.append(place + 16)
            listing.captured.append(captured)
            listing.length.append(length)
            listing.link.append(link)
            listing.time_ns.append(seconds * 1_000_000_000 + fraction * unit_ns)
            listing.way.append(UNKNOWN)
            place += 16 + captured
            self.packets += 1
        return place


def _link_of(number: int) -> Link:
    if number not in _LINKS:
        raise UnreadableCapture(f"frames of link type {number} are not read; Ethernet, raw IP and Linux cooked are")
    return _LINKS[number]


@dataclass(frozen=True, slots=True)
class _Interface:
    link: Link
    ticks_per_second: int
    offset_ns: int


class _Pcapng:
    """The newer format: sections of blocks, several interfaces, each with its own link type and clock."""

    def __init__(self) -> None:
        self.packets = 0
        self._order = "<"
        self._interfaces: list[_Interface] = []

    def take(self, data: bytes, listing: _Listing) -> int:
        """Lists every whole packet of ``data``; returns the bytes used."""
        place = 0
        while place + 12 <= len(data):
            if data[place : place + 4] == SECTION.to_bytes(4):
                self._begin_section(data[place + 8 : place + 12])
            kind, size = struct.unpack_from(self._order + "II", data, place)
            if size < 12 or size % 4 or size > FRAME_BYTES_MAX:
                raise DamagedCapture(f"the block behind packet {self.packets} cannot be right: {size} bytes long")
            if place + size > len(data):
                break
            if struct.unpack_from(self._order + "I", data, place + size - 4)[0] != size:
                raise DamagedCapture(f"the block behind packet {self.packets} cannot be right: its two lengths differ")
            try:
                self._block(kind, data, (place + 8, place + size - 4), listing)
            except struct.error:
                raise DamagedCapture(f"the block behind packet {self.packets} is too short for its kind") from None
            place += size
        return place

    def _begin_section(self, magic: bytes) -> None:
        order = next((o for o in "<>" if struct.unpack(o + "I", magic)[0] == BYTE_ORDER_MAGIC), None)
        if order is None:
            raise DamagedCapture(f"the section behind packet {self.packets} has no byte order")
        self._order = order
        self._interfaces = []

    def _block(self, kind: int, data: bytes, body: tuple[int, int], listing: _Listing) -> None:
        if kind == INTERFACE:
            self._interface(data, body)
        elif kind == PACKET:
            self._packet(data, body, listing)
        elif kind in (SIMPLE_PACKET, OLD_PACKET):
            raise UnreadableCapture("the file holds packets in blocks without a time or of an abandoned kind")

    def _interface(self, data: bytes, body: tuple[int, int]) -> None:
        link, _reserved, _snap = struct.unpack_from(self._order + "HHI", data, body[0])
        options = self._options(data, body[0] + 8, body[1])
        resolution = options.get(OPTION_RESOLUTION, b"\6")[0]
        ticks = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
        offset = struct.unpack(self._order + "q", options[OPTION_OFFSET])[0] if OPTION_OFFSET in options else 0
        self._interfaces.append(_Interface(_link_of(link), ticks, offset * 1_000_000_000))

    def _packet(self, data: bytes, body: tuple[int, int], listing: _Listing) -> None:
        number, high, low, captured, length = struct.unpack_from(self._order + "IIIII", data, body[0])
        start = body[0] + 20
        if number >= len(self._interfaces) or start + captured > body[1]:
            raise DamagedCapture(f"packet {self.packets + 1} cannot be right: interface {number}, {captured} bytes")
        interface = self._interfaces[number]
        time_ns = (high << 32 | low) * 1_000_000_000 // interface.ticks_per_second + interface.offset_ns
        if not 0 <= time_ns < TIME_NS_MAX:
            raise DamagedCapture(f"packet {self.packets + 1} cannot be right: its time is {time_ns // 1_000_000_000} s")
        flags = self._options(data, start + -(-captured // 4) * 4, body[1]).get(OPTION_FLAGS, bytes(4))
        way = struct.unpack(self._order + "I", flags)[0] & 3
        listing.start.append(start)
        listing.captured.append(captured)
        listing.length.append(length)
        listing.link.append(int(interface.link))
        listing.time_ns.append(time_ns)
        listing.way.append(way if way in (RECEIVED, SENT) else UNKNOWN)
        self.packets += 1

    def _options(self, data: bytes, place: int, end: int) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        while place + 4 <= end:
            code, size = struct.unpack_from(self._order + "HH", data, place)
            if code == OPTION_END or place + 4 + size > end:
                break
            found[code] = data[place + 4 : place + 4 + size]
            place += 4 + -(-size // 4) * 4
        return found
