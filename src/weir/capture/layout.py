"""The kernel programs' tables as numpy sees them, and their translation into flow rows.

What enters: keys and values as they lie in the kernel's maps. What leaves: rows of ``flows.FLOW``. Rule: the layouts
here are those of ``bpf/flow.h``; a test compares both through the compiled object's type information. Everything is
done on whole columns, never row by row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weir.capture.flows import FLOW, Flows

KEY4 = np.dtype(
    [
        ("ifindex", "<u4"),
        ("saddr", "V4"),
        ("daddr", "V4"),
        ("sport", ">u2"),
        ("dport", ">u2"),
        ("proto", "u1"),
        ("direction", "u1"),
        ("action", "u1"),
        ("vrf", "u1"),
    ]
)
KEY6 = np.dtype(
    [
        ("ifindex", "<u4"),
        ("saddr", "V16"),
        ("daddr", "V16"),
        ("sport", ">u2"),
        ("dport", ">u2"),
        ("proto", "u1"),
        ("direction", "u1"),
        ("action", "u1"),
        ("vrf", "u1"),
    ]
)
VAL = np.dtype(
    [
        ("packets", "<i8"),
        ("bytes", "<i8"),
        ("first", "<u4"),
        ("last", "<u4"),
        ("tcp_flags", "<u2"),
        ("reason", "<u2"),
        ("rule_id", "<u4"),
    ]
)
UNCOUNTED = np.dtype([("packets", "<i8", (2, 2)), ("bytes", "<i8", (2, 2)), ("not_ip", "<i8"), ("malformed", "<i8")])
"""One per CPU and ENI. ``packets`` and ``bytes`` are indexed [direction][action - 1]."""
IGNORED = np.dtype([("unattributed", "<i8"), ("copies", "<i8"), ("unreadable", "<i8")])
ENI = np.dtype([("ifindex", "<u4"), ("side", "<u4")])
CONFIG = np.dtype([("netns", "<u4")])
LIVE = np.dtype([("buffer", "<u4")])

STRUCTS: dict[str, np.dtype[np.void]] = {
    "key4": KEY4,
    "key6": KEY6,
    "val": VAL,
    "uncounted": UNCOUNTED,
    "ignored": IGNORED,
    "eni": ENI,
    "config": CONFIG,
    "live": LIVE,
}
"""C name -> layout, for every structure that both sides know."""

TICK_SHIFT = 20
"""Kernel times are in ticks of 2^20 ns (1.05 ms), modulo 2^32 (52 days)."""

V4_PREFIX = np.frombuffer(bytes(10) + b"\xff\xff", np.uint8)


@dataclass(frozen=True, slots=True)
class Clock:
    """One moment on both clocks, in ns: the kernel's monotonic one and the wall's."""

    monotonic_ns: int
    realtime_ns: int


def tag_of(ifindex: int) -> int:
    """The 16 bits that mark a packet as counted at this device (``TAG`` in ``bpf/flow.h``)."""
    return (ifindex ^ (ifindex >> 16)) & 0xFFFF


def rows4(keys: NDArray[np.void], values: NDArray[np.void], now: Clock) -> Flows:
    """IPv4 rows: ``keys`` of ``KEY4`` and ``values`` of ``VAL``, both of shape (n,)."""
    rows = _rows(4, keys, values, now)
    for name, column in (("src", "saddr"), ("dst", "daddr")):
        mapped = np.empty((len(keys), 16), np.uint8)
        mapped[:, :12] = V4_PREFIX
        mapped[:, 12:] = np.ascontiguousarray(keys[column]).view(np.uint8).reshape(-1, 4)
        rows[name] = mapped.view("V16").ravel()
    return rows


def rows6(keys: NDArray[np.void], values: NDArray[np.void], now: Clock) -> Flows:
    """IPv6 rows: ``keys`` of ``KEY6`` and ``values`` of ``VAL``, both of shape (n,)."""
    rows = _rows(6, keys, values, now)
    rows["src"], rows["dst"] = keys["saddr"], keys["daddr"]
    return rows


def _rows(family: int, keys: NDArray[np.void], values: NDArray[np.void], now: Clock) -> Flows:
    rows = np.zeros(len(keys), FLOW)
    rows["family"] = family
    for name in ("ifindex", "proto", "direction", "action", "sport", "dport"):
        rows[name] = keys[name]
    for name in ("packets", "bytes", "tcp_flags", "reason", "rule_id"):
        rows[name] = values[name]
    rows["first_ns"] = _wall_ns(values["first"], now)
    rows["last_ns"] = _wall_ns(values["last"], now)
    return rows


def _wall_ns(ticks: NDArray[np.uint32], now: Clock) -> NDArray[np.int64]:
    """Ticks as Unix ns. The difference to now is taken modulo 2^32 and signed, so the wrap every 52 days is unseen."""
    now_tick = np.uint32((now.monotonic_ns >> TICK_SHIFT) & 0xFFFFFFFF)
    age = (now_tick - ticks).astype(np.int32).astype(np.int64)
    start_of_tick_ns = now.realtime_ns - (now.monotonic_ns & ((1 << TICK_SHIFT) - 1))
    wall: NDArray[np.int64] = start_of_tick_ns - (age << TICK_SHIFT)
    return wall
