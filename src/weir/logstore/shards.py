"""The hash-key ranges of shards: the 128-bit space of MD5 in equal parts.

What enters: how many shards. What leaves: their ranges and which one holds a key. Rule (source: the log service's
ListShards page): keys are 32 hex digits, ranges are left-closed and right-open, the last one ends with ``f`` 32 times.
Pure.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from string import hexdigits

KEY_DIGITS = 32
KEYS = 1 << (4 * KEY_DIGITS)


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard as ListShards shows it. ``create_time``: Unix seconds; ``status``: ``readwrite``."""

    id: int
    begin_key: str
    end_key: str
    status: str
    create_time: int


def key_ranges(shard_count: int) -> list[tuple[str, str]]:
    """(begin, end) of each of ``shard_count`` (at least 1) shards."""
    bounds = [number * KEYS // shard_count for number in range(shard_count)] + [KEYS - 1]
    keys = [f"{bound:0{KEY_DIGITS}x}" for bound in bounds]
    return list(itertools.pairwise(keys))


def shard_of(shard_count: int, key: str) -> int:
    """The shard whose range holds ``key``; a shorter key is filled up with zeros. Raises ValueError."""
    if not 0 < len(key) <= KEY_DIGITS or not set(key) <= set(hexdigits):
        raise ValueError(f"a hash key has 1 to {KEY_DIGITS} hex digits")
    wanted = int(key.ljust(KEY_DIGITS, "0"), 16)
    return sum(int(begin, 16) <= wanted for begin, _ in key_ranges(shard_count)) - 1
