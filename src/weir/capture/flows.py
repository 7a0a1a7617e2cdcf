"""A counted flow in memory: the one array layout between the kernel (or a pcap) and the window.

What enters: rows drained from the kernel maps. What leaves: the same rows with equal keys summed (``fold``) and the
negative rest that a later drop left behind taken out (``settle``). Rule: packets and bytes are only ever added, so the
sum over all rows never changes here; a row whose packets have come down to zero is a flow whose packets were all
re-booked, and is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FLOW = np.dtype(
    [
        ("ifindex", "<u4"),  # kernel side: the device; after the agent's booking: the ENI's ordinal
        ("family", "u1"),  # 4 or 6
        ("proto", "u1"),
        ("direction", "u1"),  # DIRECTION_IN, DIRECTION_OUT, as the ENI sees it
        ("action", "u1"),  # ACTION_ACCEPT, ACTION_REJECT
        ("sport", "<u2"),
        ("dport", "<u2"),  # ICMP: type * 256 + code
        ("fold", "u1"),  # 0: a flow; above it, several flows in one row: see FOLDS
        ("pad", "V3"),
        ("src", "V16"),  # IPv4 as ::ffff:a.b.c.d
        ("dst", "V16"),
        ("packets", "<i8"),  # may be negative: packets re-booked from ACCEPT to REJECT
        ("bytes", "<i8"),
        ("first_ns", "<i8"),  # CLOCK_REALTIME
        ("last_ns", "<i8"),
        ("tcp_flags", "u1"),
        ("hook", "u1"),  # of a REJECT: where and how it was dropped (``hooks``), 0 if not known
        ("reason", "<u2"),  # kernel drop reason, 0 for ACCEPT
        ("rule_id", "<u4"),  # from a rule's mark, 0 if none, RULE_MIXED if several
    ]
)
KEY_BYTES = 48
"""``FLOW`` begins with its key: two rows are the same flow when their first 48 bytes are equal."""
KEY_WORDS = KEY_BYTES // 8
assert FLOW.fields is not None
assert FLOW.fields["packets"][1] == KEY_BYTES

FOLDS = ("", "ports", "prefix", "eni")
"""What a row of that ``fold`` has given up because the tables were full: nothing; the ports; also the remote address
beyond its /24 or /64; everything but ENI, direction and action. Packets and bytes are exact at every one."""

BLOCK_ROWS = 1 << 16
"""Rows whose columns are worked on at a time: their intermediate values stay in the processor's cache."""
RULE_MIXED = 0xFFFFFFFF
"""``rule_id`` of a row whose packets were dropped by rules of different marks, or some of them without a mark."""
HOOK_NUMBER, HOOK_STATE, HOOK_ALTERED = 0x0F, 0x70, 0x80
"""Parts of ``hook``; what they mean is in ``hooks``. A row has what all its packets have in common."""

DIRECTION_IN, DIRECTION_OUT = 0, 1
ACTION_ACCEPT, ACTION_REJECT = 1, 2

Flows = NDArray[np.void]
Chosen = NDArray[np.bool_]


def empty() -> Flows:
    """No rows, shape (0,), dtype ``FLOW``."""
    return np.zeros(0, FLOW)


def taken(rows: Flows, places: NDArray[np.intp]) -> Flows:
    """The rows at ``places``, copied. As words: numpy copies structured rows field by field, ten times slower."""
    found: Flows = _words(rows).take(places, axis=0).view(FLOW).ravel()
    return found


def only(rows: Flows, wanted: Chosen) -> Flows:
    """The rows ``wanted``; the same array when that is all of them."""
    return rows if wanted.all() else taken(rows, np.flatnonzero(wanted))


def joined(parts: Sequence[Flows]) -> Flows:
    """All rows of ``parts`` in one array."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([_words(part) for part in parts]).view(FLOW).ravel() if parts else empty()


def fold(rows: Flows) -> Flows:
    """Rows with equal keys become one: packets and bytes summed, first and last widened, flags OR-ed.

    Rows that sum to zero packets and zero bytes are dropped; negative sums are kept (see ``settle``). The order of the
    result means nothing. Rows whose key nobody shares are not touched; if that is all, the array itself is returned.
    """
    rows = np.ascontiguousarray(rows)
    if not _may_repeat(rows):
        return _some(rows)
    order, alike = _grouping(_words(rows)[:, :KEY_WORDS])
    shared = np.append(False, alike) | np.append(alike, False)
    several = taken(rows, order[shared])
    starts = np.flatnonzero(~np.append(False, alike)[shared])
    if not len(starts):
        return _some(rows)
    out = taken(several, starts)
    for name, ufunc in _SUMMARY.items():
        out[name] = ufunc.reduceat(several[name], starts)
    out["rule_id"][np.minimum.reduceat(several["rule_id"], starts) != out["rule_id"]] = RULE_MIXED
    out["hook"] = _common_hook(np.bitwise_and.reduceat(several["hook"], starts), out["hook"])
    return _some(joined([taken(rows, order[~shared]), out]))


def _some(rows: Flows) -> Flows:
    """Rows that have packets or bytes."""
    return only(rows, (rows["packets"] != 0) | (rows["bytes"] != 0))


_SUMMARY = {
    "packets": np.add,
    "bytes": np.add,
    "first_ns": np.minimum,
    "last_ns": np.maximum,
    "tcp_flags": np.bitwise_or,
    "reason": np.maximum,
    "rule_id": np.maximum,
    "hook": np.bitwise_or,
}


def _common_hook(every: NDArray[np.uint8], some: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What the hook bytes of several rows have in common. ``every``: their bits' AND, ``some``: their OR."""
    differing = every ^ some
    common = some & np.uint8(HOOK_ALTERED)
    for part in (HOOK_NUMBER, HOOK_STATE):
        common |= np.where(differing & part, 0, every & part).astype(np.uint8)
    return common


def _may_repeat(rows: Flows) -> bool:
    """Whether two keys have one hash; False is certain. Costs half of ``_grouping`` and a tenth of its memory."""
    mixed = _mixed(_words(rows)[:, :KEY_WORDS])
    mixed.sort()
    return bool((mixed[1:] == mixed[:-1]).any())


def _grouping(words: NDArray[np.uint64]) -> tuple[NDArray[np.intp], Chosen]:
    """An order in which equal keys are neighbours, and which are equal to the one before (shape (n - 1,)).

    ``words``: shape (n, 6). Sorting one 64-bit hash is several times faster than sorting six words; should two
    different keys ever share a hash, the slow order is taken instead, so the answer never depends on luck.
    """
    mixed = _mixed(words)
    order = np.argsort(mixed)
    mixed = mixed[order]
    alike = mixed[1:] == mixed[:-1]
    places = np.flatnonzero(alike)
    if (words[order[places]] == words[order[places + 1]]).all():
        return order, alike
    order = np.asarray(np.lexsort(words.T))
    return order, (words[order[1:]] == words[order[:-1]]).all(axis=1)


def _words(rows: Flows) -> NDArray[np.uint64]:
    """The rows, shape (n, 11), the key first. ``rows`` are contiguous."""
    return np.ascontiguousarray(rows).view("<u8").reshape(len(rows), FLOW.itemsize // 8)


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A 64-bit hash of every row. ``words``: shape (n, 6)."""
    mixed = np.zeros(len(words), np.uint64)
    for at in range(0, len(words), BLOCK_ROWS):
        block = mixed[at : at + BLOCK_ROWS]
        for column in range(words.shape[1]):
            block ^= words[at : at + BLOCK_ROWS, column]
            block *= np.uint64(0x9E3779B97F4A7C15)
            block ^= block >> np.uint64(32)
    return mixed


def absorb(rows: Flows) -> Flows:
    """Books drops of folded flows where their packets were counted. ``rows`` are folded; so is the result.

    A drop takes its packets out of the ACCEPT row of its own key. If the tables were full for one of the two only, they
    do not meet. Then a negative row gives up what the coarser row of its packets has given up, and the rows of single
    flows under a coarser negative row give up what that has: nobody knows whose packets were dropped. Sums stay. What
    is negative in the end was counted in another window.
    """
    for level in range(1, len(FOLDS)):
        if not (rows["packets"] < 0).any():
            return rows
        rows = fold(coarsened(rows, (rows["packets"] < 0) & (rows["fold"] < level), level, rows["fold"] == level))
        negative = (rows["packets"] < 0) & (rows["fold"] == level)
        rows = fold(coarsened(rows, rows["fold"] < level, level, negative))
    return rows


def coarsened(rows: Flows, chosen: Chosen, level: int, into: Chosen) -> Flows:
    """Gives up what fold ``level`` gives up in the rows ``chosen`` that then have the key of a row ``into``.

    The rows keep their places; those of one key are not summed.
    """
    if not chosen.any() or not into.any():
        return rows
    places = np.flatnonzero(chosen)
    coarse = rows[places]
    coarse["fold"] = level
    coarse["sport"] = coarse["dport"] = 0
    if level == FOLDS.index("prefix"):
        octets = coarse.view(np.uint8).reshape(len(coarse), FLOW.itemsize)
        out, v4 = coarse["direction"] == DIRECTION_OUT, coarse["family"] == 4
        for end, remote in (("src", ~out), ("dst", out)):
            at = FLOW.fields[end][1] if FLOW.fields else 0
            octets[remote & v4, at + 15] = 0
            octets[remote & ~v4, at + 8 : at + 16] = 0
    elif level == FOLDS.index("eni"):
        coarse["proto"] = 0
        coarse["src"] = coarse["dst"] = np.void(bytes(16))
    # Two keys with one hash are harmless: a flow more gives something up, and rows are summed by their whole keys.
    found = np.isin(_mixed(_words(coarse)[:, :KEY_WORDS]), _mixed(_words(rows[into])[:, :KEY_WORDS]))
    if not found.any():
        return rows
    rows = rows.copy()
    rows[places[found]] = coarse[found]
    return rows


def settle(closed: Flows, late: Flows) -> tuple[Flows, Flows]:
    """Books drops that crossed the end of a window back into it.

    ``closed`` are the folded rows of a window that has ended, ``late`` the rows drained just after. A row of ``late``
    with negative packets takes packets out of an ACCEPT that was counted before the swap: it is applied to ``closed``.
    Returns (closed, late), each folded; a negative row that finds nothing to be taken from stays in ``late``.
    """
    late = absorb(fold(late))
    negative = late["packets"] < 0
    if not negative.any() and not (closed["packets"] < 0).any():
        return closed, late
    both = absorb(fold(joined([closed, only(late, negative)])))
    unmatched = both["packets"] < 0
    return only(both, ~unmatched), joined([only(late, ~negative), only(both, unmatched)])
