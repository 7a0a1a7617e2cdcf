"""The hash-key ranges of shards: the 128-bit space of MD5, cut in parts that are split and merged.

What enters: shards, and what is to be changed. What leaves: their ranges, which one takes a key, and which new ranges
take the place of old ones. Rules (source: the log service's pages ListShards, SplitShard and MergeShards): keys are 32
hex digits, ranges are left-closed and right-open, the last one ends with ``f`` 32 times and holds that key too; a shard
that was split or merged is read only, and its numbers are never used again. Pure.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import hexdigits

from weir.logstore.manifest import ShardRow
from weir.logstore.troubles import ShardReadOnly, ShardsFixed, ShardUnknown

KEY_DIGITS = 32
KEYS = 1 << (4 * KEY_DIGITS)
LAST_KEY = KEYS - 1
WRITABLE_MAX = 256
"""Shards of a logstore that take rows; a split that would make more is refused with ShardsFixed."""
NUMBERS_MAX = 2**15
"""Shards that a logstore may ever have had (the manifest's 16 bits); a change beyond is refused with ShardsFixed."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard as ListShards shows it. ``create_time``: Unix seconds; ``status``: ``readwrite`` or ``readonly``.

    ``parents``: the shards in whose place it came, empty for a shard of the beginning.
    """

    id: int
    begin_key: str
    end_key: str
    status: str
    create_time: int
    parents: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Shards ``closed`` become read only, and shards of ``ranges`` take their place."""

    closed: tuple[int, ...]
    ranges: tuple[tuple[str, str], ...]


def key_ranges(shard_count: int) -> list[tuple[str, str]]:
    """(begin, end) of each of ``shard_count`` (at least 1) shards, equal parts of all keys."""
    return _ranges([number * KEYS // shard_count for number in range(shard_count)] + [LAST_KEY])


def shown(rows: Sequence[ShardRow]) -> list[Shard]:
    """The shards of one logstore as ListShards shows them."""
    return [
        Shard(
            row.shard,
            row.begin_key,
            row.end_key,
            "readwrite" if row.closed_ns is None else "readonly",
            row.created_ns // 10**9,
            tuple(one.shard for one in rows if one.closed_ns == row.created_ns and _overlap(one, row)),
        )
        for row in rows
    ]


def writable(rows: Iterable[ShardRow]) -> list[ShardRow]:
    """Those that take rows."""
    return [row for row in rows if row.closed_ns is None]


def shard_of(rows: Iterable[ShardRow], key: str) -> int:
    """The shard that takes rows of ``key``; a shorter key is filled up with zeros. Raises ValueError."""
    wanted = _number(key)
    return max(writable(rows), key=lambda row: (int(row.begin_key, 16) <= wanted, int(row.begin_key, 16))).shard


def split(rows: Sequence[ShardRow], number: int, key: str | None, count: int) -> Change:
    """Cuts a shard at ``key``, or in ``count`` equal parts. Raises ShardUnknown, ShardReadOnly, ShardsFixed."""
    shard = _row(rows, number)
    begin, end = int(shard.begin_key, 16), int(shard.end_key, 16)
    if count < 2:
        raise ShardsFixed("a shard is split into two or more")
    if len(writable(rows)) - 1 + count > WRITABLE_MAX or len(rows) + count > NUMBERS_MAX:
        raise ShardsFixed(f"a logstore has at most {WRITABLE_MAX} shards")
    if key is None:
        whole = end - begin + (end == LAST_KEY)
        inner = [begin + whole * part // count for part in range(1, count)]
    elif count > 2:
        raise ShardsFixed("a key splits a shard into two")
    else:
        inner = [_number(key)]
    bounds = [begin, *inner, end]
    if any(low >= high for low, high in itertools.pairwise(bounds)):
        raise ShardsFixed(f"invalid mid hash: it must lie between {shard.begin_key} and {shard.end_key}")
    return Change((number,), tuple(_ranges(bounds)))


def merge(rows: Sequence[ShardRow], number: int) -> Change:
    """Joins a shard with its right neighbour. Raises ShardUnknown, ShardReadOnly, ShardsFixed."""
    shard = _row(rows, number)
    right = next((row for row in writable(rows) if row.begin_key == shard.end_key), None)
    if right is None or len(rows) + 1 > NUMBERS_MAX:
        raise ShardsFixed(f"shard {number} has no right neighbour to be merged with")
    return Change((number, right.shard), ((shard.begin_key, right.end_key),))


def _row(rows: Sequence[ShardRow], number: int) -> ShardRow:
    if not 0 <= number < len(rows):
        raise ShardUnknown(f"there is no shard {number}")
    if rows[number].closed_ns is not None:
        raise ShardReadOnly(f"shard {number} is read only")
    return rows[number]


def _number(key: str) -> int:
    if not 0 < len(key) <= KEY_DIGITS or not set(key) <= set(hexdigits):
        raise ValueError(f"a hash key has 1 to {KEY_DIGITS} hex digits")
    return int(key.ljust(KEY_DIGITS, "0"), 16)


def _ranges(bounds: Sequence[int]) -> list[tuple[str, str]]:
    return list(itertools.pairwise(f"{bound:0{KEY_DIGITS}x}" for bound in bounds))


def _overlap(one: ShardRow, other: ShardRow) -> bool:
    return one.begin_key < other.end_key and other.begin_key < one.end_key
