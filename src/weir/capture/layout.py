"""The kernel programs' tables as numpy sees them, and their translation into flow rows.

What enters: keys and values as they lie in the kernel's maps. What leaves: rows of ``flows.FLOW``. Rule: the layouts
here are those of ``bpf/flow.h``; a test compares both through the compiled object's type information. Everything is
done on whole columns, never row by row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weir.capture.flows import ACTION_ACCEPT, ACTION_REJECT, FLOW, FOLDS, Flows, coarsened, joined, taken

BLOCK_ROWS = 8192
"""Rows made at a time: what is read and written again stays in the processor's cache."""

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
COARSE = np.dtype(
    [
        ("ifindex", "<u4"),
        ("saddr", "V16"),
        ("daddr", "V16"),
        ("proto", "u1"),
        ("direction", "u1"),
        ("action", "u1"),
        ("fold", "u1"),
        ("family", "<u4"),
    ]
)
VAL = np.dtype(
    [
        ("packets", "<i8"),
        ("bytes", "<i8"),
        ("first", "<u4"),
        ("last", "<u4"),
        ("tcp_flags", "u1"),
        ("hook", "u1"),
        ("reason", "<u2"),
        ("rule_id", "<u4"),
    ]
)
SLOT = np.dtype(
    [
        ("address", "V32"),  # IPv4: source and destination in the first 8 bytes
        ("ifindex", "<u4"),
        ("sport", ">u2"),
        ("dport", ">u2"),
        ("proto", "u1"),
        ("direction", "u1"),
        ("family", "u1"),  # 0: free
        ("tcp_flags", "u1"),
        ("packets", "<u4"),
        ("bytes", "<u8"),
        ("first", "<u4"),
        ("last", "<u4"),
    ]
)
ACTION_MOVED = 3
"""A row of the kernel that is two: what was counted as ACCEPT and dropped later."""
FRAMES = np.dtype(
    [(name, "<i8") for name in ("excess", "excess_bytes", "not_ip", "not_ip_bytes", "malformed", "malformed_bytes")]
)
ENI_HALF = np.dtype(
    [
        ("frames", FRAMES, (2,)),  # by way: 0 rx, 1 tx
        ("packets", "<i8", (2, 2, ACTION_MOVED)),  # by family (0: IPv4), direction, action - 1
        ("bytes", "<i8", (2, 2, ACTION_MOVED)),
        ("folded_packets", "<i8"),
    ]
)
ENI_BOOKS = np.dtype([("half", ENI_HALF, (2,))])
"""One per CPU and ENI, running totals; ``half`` by buffer."""
SKETCH_KEY = np.dtype([("ifindex", "<u4"), ("buffer", "<u4")])
SKETCH = np.dtype([("rank", "u1", (256,))])
LOST_KEY = np.dtype([("ifindex", "<u4"), ("direction", "<u4"), ("reason", "<u4")])
LOST = np.dtype([("packets", "<i8"), ("bytes", "<i8")])
IGNORED = np.dtype([(name, "<i8") for name in ("unattributed", "copies", "unreadable", "unlisted")])
ENI = np.dtype([("ifindex", "<u4"), ("side", "<u4")])
CONFIG = np.dtype([("seed", "<u8"), ("netns", "<u4"), ("cpus", "<u4"), ("pairs", "<u4"), ("pad", "<u4")])
LIVE = np.dtype([("buffer", "<u4")])
HOOK_FUNCTIONS_MAX = 48
CODE = np.dtype([("start", "<u8"), ("end", "<u8")])
HOOK_FUNCTION = np.dtype([("code", CODE), ("hook", "<u8")])
HOOK_PLACES = np.dtype(
    [
        ("nf_hook_slow", CODE),
        ("br_handle_frame", CODE),
        ("nft_do_chain", CODE),
        ("function", HOOK_FUNCTION, (HOOK_FUNCTIONS_MAX,)),
    ]
)
"""Which kernel function asks which hook; ``hooks`` fills it."""

STRUCTS: dict[str, np.dtype[np.void]] = {
    "key4": KEY4,
    "key6": KEY6,
    "coarse": COARSE,
    "val": VAL,
    "slot": SLOT,
    "frames": FRAMES,
    "eni_half": ENI_HALF,
    "eni_books": ENI_BOOKS,
    "sketch_key": SKETCH_KEY,
    "sketch": SKETCH,
    "lost_key": LOST_KEY,
    "lost": LOST,
    "ignored": IGNORED,
    "eni": ENI,
    "config": CONFIG,
    "live": LIVE,
    "code": CODE,
    "hook_function": HOOK_FUNCTION,
    "hook_places": HOOK_PLACES,
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
    rows = _rows(keys, values, now)
    rows["family"] = 4
    rows["sport"], rows["dport"] = keys["sport"], keys["dport"]
    octets = keys.view(np.uint8).reshape(-1, KEY4.itemsize)
    _set_addresses4(rows, octets[:, 4:8], octets[:, 8:12])
    return rows


def rows6(keys: NDArray[np.void], values: NDArray[np.void], now: Clock) -> Flows:
    """IPv6 rows: ``keys`` of ``KEY6`` and ``values`` of ``VAL``, both of shape (n,)."""
    rows = _rows(keys, values, now)
    rows["family"] = 6
    for name, column in (("sport", "sport"), ("dport", "dport"), ("src", "saddr"), ("dst", "daddr")):
        rows[name] = keys[column]
    return rows


def rows_coarse(keys: NDArray[np.void], values: NDArray[np.void], now: Clock) -> Flows:
    """Folded rows: ``keys`` of ``COARSE`` and ``values`` of ``VAL``, both of shape (n,)."""
    rows = _rows(keys, values, now)
    for name, column in (("family", "family"), ("fold", "fold"), ("src", "saddr"), ("dst", "daddr")):
        rows[name] = keys[column]
    return rows


def rows_of_slots(slots: NDArray[np.void], now: Clock) -> Flows:
    """ACCEPT rows of the processors' own tables: ``slots`` of ``SLOT``, shape (n,), none of them free."""
    rows = np.zeros(len(slots), FLOW)
    for at in range(0, len(slots), BLOCK_ROWS):
        _fill_rows(rows[at : at + BLOCK_ROWS], slots[at : at + BLOCK_ROWS], now)
    return rows


def _fill_rows(rows: Flows, slots: NDArray[np.void], now: Clock) -> None:
    rows["action"] = ACTION_ACCEPT
    for name in ("ifindex", "family", "proto", "direction", "sport", "dport", "packets", "bytes", "tcp_flags"):
        rows[name] = slots[name]
    rows["first_ns"] = _wall_ns(slots["first"], now)
    rows["last_ns"] = _wall_ns(slots["last"], now)
    octets = slots.view(np.uint8).reshape(-1, SLOT.itemsize)
    v6 = slots["family"] == 6
    if not v6.any():
        _set_addresses4(rows, octets[:, 0:4], octets[:, 4:8])
        return
    pair = np.ascontiguousarray(octets[:, :32]).view("V16")
    rows["src"], rows["dst"] = pair[:, 0], pair[:, 1]
    v4 = np.flatnonzero(~v6)
    if len(v4):
        some = rows[v4]
        _set_addresses4(some, octets[v4, 0:4], octets[v4, 4:8])
        rows[v4] = some


def unmoved(rows: Flows) -> Flows:
    """Rows without ``ACTION_MOVED``: each such one becomes a REJECT and takes its packets out of an ACCEPT.

    Where a drop was folded, its packets may be of any flow that the coarser key covers: the ACCEPT of all of them is
    folded as far. A row of a single flow never says ACCEPT of what was dropped.
    """
    moved = rows["action"] == ACTION_MOVED
    if not moved.any():
        return rows
    lost = taken(rows, np.flatnonzero(moved))
    lost["action"] = ACTION_ACCEPT
    for name in ("packets", "bytes"):
        lost[name] = -lost[name]
    for name in ("tcp_flags", "reason", "rule_id", "hook"):
        lost[name] = 0
    rows["action"][moved] = ACTION_REJECT
    both = joined([rows, lost])
    for level in range(1, len(FOLDS)):
        into = np.concatenate([np.zeros(len(rows), bool), lost["fold"] == level])
        both = coarsened(both, (both["action"] == ACTION_ACCEPT) & (both["fold"] < level), level, into)
    return both


def _rows(keys: NDArray[np.void], values: NDArray[np.void], now: Clock) -> Flows:
    rows = np.zeros(len(keys), FLOW)
    for name in ("ifindex", "proto", "direction", "action"):
        rows[name] = keys[name]
    for name in ("packets", "bytes", "tcp_flags", "reason", "rule_id", "hook"):
        rows[name] = values[name]
    rows["first_ns"] = _wall_ns(values["first"], now)
    rows["last_ns"] = _wall_ns(values["last"], now)
    return rows


def _set_addresses4(rows: Flows, sources: NDArray[np.uint8], targets: NDArray[np.uint8]) -> None:
    """Shapes (n, 4) into the mapped form."""
    for name, octets in (("src", sources), ("dst", targets)):
        mapped = np.empty((len(rows), 16), np.uint8)
        mapped[:, :12] = V4_PREFIX
        mapped[:, 12:] = octets
        rows[name] = mapped.view("V16").ravel()


def _wall_ns(ticks: NDArray[np.uint32], now: Clock) -> NDArray[np.int64]:
    """Ticks as Unix ns. The difference to now is taken modulo 2^32 and signed, so the wrap every 52 days is unseen."""
    now_tick = np.uint32((now.monotonic_ns >> TICK_SHIFT) & 0xFFFFFFFF)
    age = (now_tick - ticks).astype(np.int32).astype(np.int64)
    start_of_tick_ns = now.realtime_ns - (now.monotonic_ns & ((1 << TICK_SHIFT) - 1))
    wall: NDArray[np.int64] = start_of_tick_ns - (age << TICK_SHIFT)
    return wall
