"""A LogGroup read column by column: the usual one, all of whose logs have the same keys in the same order.

What enters: the bytes of a LogGroup. What leaves: where each key's values stand in them, or None for a group of any
other shape, which ``loggroup.decode`` reads log by log. Rule: a group is taken only where every byte of every log was
accounted for, so both ways of reading give the same rows. The protobuf library takes the group apart into logs; within
them all logs are walked at once, one content after the other, since a Python object per value takes ten times as long.
Source of the form: the log service's page "Data encoding"; protobuf, "Encoding".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from weir.contract import loggroup
from weir.contract.loggroup import Pair

LOGS_MIN = 32
"""Logs of a group that is worth it; a smaller one is read log by log."""
KEYS_MAX = 256
"""Keys of a log; a group with more is read log by log."""
_TIME, _CONTENT, _TIME_NS = 0x08, 0x12, 0x25
_KEY, _VALUE = 0x0A, 0x12
_VARINT_BYTES_MAX = 5
_PADDING = bytes(16)
"""Behind the last log, so that reading a number's next byte never leaves the array."""

Places = npt.NDArray[np.int64]
Octets = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Column:
    """The values of ``key``: that of log i is the ``lengths[i]`` bytes from ``starts[i]`` on."""

    key: bytes
    starts: Places
    lengths: Places


@dataclass(frozen=True, slots=True)
class Grid:
    """Logs of the same keys, none twice. ``octets``: what ``columns`` point into; ``times`` Unix seconds, ``times_ns``
    nanoseconds within them or None."""

    octets: Octets
    times: Places
    times_ns: Places | None
    columns: tuple[Column, ...]
    topic: bytes = b""
    source: bytes = b""
    tags: tuple[Pair, ...] = ()


class _OtherShape(Exception):
    """The logs differ, or are no logs."""


def decode(body: bytes) -> Grid | None:
    """The group in ``body`` as columns; None if it has another shape. Refuses with PostBodyInvalid as ``loggroup``."""
    group, logs = loggroup.split(body)
    if len(logs) < LOGS_MIN:
        return None
    lengths = np.fromiter(map(len, logs), np.int64, len(logs))
    octets = np.frombuffer(b"".join((*logs, _PADDING)), np.uint8)
    ends = np.cumsum(lengths)
    try:
        times, times_ns, columns = _walk(octets, ends - lengths, ends)
    except _OtherShape:
        return None
    if len({column.key for column in columns}) < len(columns):
        return None
    return Grid(octets, times, times_ns, columns, group.topic, group.source, group.tags)


def _walk(octets: Octets, at: Places, ends: Places) -> tuple[Places, Places | None, tuple[Column, ...]]:
    times: Places | None = None
    times_ns: Places | None = None
    columns: list[Column] = []
    while not np.array_equal(at, ends):
        if (at >= ends).any() or len(columns) > KEYS_MAX:
            raise _OtherShape
        tag, at = octets[at[0]], _behind(octets, at, int(octets[at[0]]))
        if tag == _CONTENT:
            size, at = _varint(octets, at)
            stops = at + size
            if (stops > ends).any():
                raise _OtherShape
            columns.append(_column(octets, at, stops))
            at = stops
        elif tag == _TIME and times is None:
            times, at = _varint(octets, at)
        elif tag == _TIME_NS and times_ns is None:
            if (at + 4 > ends).any():
                raise _OtherShape
            quads = octets[at[:, None] + np.arange(4)].astype(np.int64)
            times_ns, at = quads @ (1 << 8 * np.arange(4)), at + 4
        else:
            raise _OtherShape
    if times is None or (times >= 1 << 32).any():
        raise _OtherShape
    return times, times_ns, tuple(columns)


def _column(octets: Octets, at: Places, stops: Places) -> Column:
    """One content per log: a key, the same in all, and a value that ends at ``stops``."""
    at = _behind(octets, at, _KEY)
    sizes, at = _varint(octets, at)
    size = int(sizes[0])
    if (sizes != size).any() or (at + size >= stops).any():
        raise _OtherShape
    key = octets[at[0] : at[0] + size]
    if (octets[at[:, None] + np.arange(size)] != key).any():
        raise _OtherShape
    lengths, starts = _varint(octets, _behind(octets, at + size, _VALUE))
    if not np.array_equal(starts + lengths, stops):
        raise _OtherShape
    return Column(key.tobytes(), starts, lengths)


def _behind(octets: Octets, at: Places, tag: int) -> Places:
    """The places behind ``tag``, which must stand at all of ``at``."""
    if (octets[at] != tag).any():
        raise _OtherShape
    return at + 1


def _varint(octets: Octets, at: Places) -> tuple[Places, Places]:
    """The numbers at ``at`` and the places behind them."""
    byte = octets[at].astype(np.int64)
    value, at, is_more = byte & 0x7F, at + 1, byte > 0x7F
    for shift in range(7, 7 * _VARINT_BYTES_MAX, 7):
        if not is_more.any():
            break
        byte = np.where(is_more, octets[np.minimum(at, len(octets) - 1)], 0).astype(np.int64)
        value, at, is_more = value | (byte & 0x7F) << shift, at + is_more, byte > 0x7F
    if is_more.any():
        raise _OtherShape
    return value, at
