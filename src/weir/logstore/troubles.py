"""What can go wrong in this room, by name.

``StoreUnavailable`` is the world's trouble (disk full, disk error, manifest unreachable, backlog): nothing of the call
was acknowledged, the same call may succeed later. The others say that the caller named something that is not there.
Rule: none of them leaves the store half changed.
"""

from __future__ import annotations


class StoreUnavailable(Exception):
    """The disk or the manifest refused. Nothing was stored for this call; it may be repeated with the same batch id."""


class DiskReserved(StoreUnavailable):
    """What is left of the disk is its reserve. Nothing was stored; writing goes on when there is room again."""


class StoreUnknown(LookupError):
    """There is no such logstore (never created, or dropped)."""


class ShardUnknown(LookupError):
    """The logstore has no shard of that number."""


class ShardReadOnly(Exception):
    """The shard was split or merged: its rows stay, new ones go to the shards in its place."""


class ShardsFixed(ValueError):
    """The shards cannot be changed in the way asked for; the message says why."""


class CursorError(ValueError):
    """The cursor is outside its shard: before the shard's creation or behind its end."""
