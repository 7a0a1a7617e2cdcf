"""Writes capture files for the tests, both formats, byte for byte as their specifications have them."""

from __future__ import annotations

import struct
from collections.abc import Iterable

SECOND = 1_000_000_000
Packet = tuple[int, bytes]
"""(Unix time in ns, frame)"""


def pcap(
    packets: Iterable[Packet], order: str = "<", *, nano: bool = False, link: int = 1, snap: int = 262144
) -> bytes:
    magic, unit = (0xA1B23C4D, 1) if nano else (0xA1B2C3D4, 1000)
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap, link)]
    for time_ns, frame in packets:
        seconds, rest = divmod(time_ns, SECOND)
        out.append(struct.pack(order + "IIII", seconds, rest // unit, min(len(frame), snap), len(frame)))
        out.append(frame[:snap])
    return b"".join(out)


def block(order: str, kind: int, body: bytes) -> bytes:
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def option(order: str, code: int, value: bytes) -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def pcapng(packets: Iterable[Packet], order: str = "<", *, nano: bool = False, ways: Iterable[int] = ()) -> bytes:
    """``ways``: of every packet 1 inbound or 2 outbound; empty: not said."""
    said = iter(ways)
    out = [block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))]
    resolution = option(order, 9, b"\x09") if nano else b""
    out.append(block(order, 1, struct.pack(order + "HHI", 1, 0, 0) + resolution))
    out.append(block(order, 5, bytes(12)))  # interface statistics: to be passed over
    for time_ns, frame in packets:
        ticks = time_ns if nano else time_ns // 1000
        head = struct.pack(order + "IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
        way = next(said, 0)
        flags = option(order, 2, struct.pack(order + "I", way)) if way else b""
        out.append(block(order, 6, head + frame + bytes(-len(frame) % 4) + flags))
    return b"".join(out)
