"""Addresses as text: every distinct one is printed once.

What enters: packed addresses of 16 bytes, IPv4 as ::ffff:a.b.c.d. What leaves: their text as an Arrow column. Rule:
IPv4 is dotted decimal without leading zeros, IPv6 as ``inet_ntop`` prints it (source: RFC 5952). Whole columns; only
IPv6 is printed one by one.
"""

from __future__ import annotations

import socket
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_MAPPED = bytes(10) + b"\xff\xff"


def encoded(packed: NDArray[np.void]) -> pa.DictionaryArray:
    """Column of texts in which each is there once: dictionary of int32 to string, shape (n,). ``packed``: dtype V16."""
    words = np.ascontiguousarray(packed).view("<u4").reshape(len(packed), 4)
    if _mapped(words).all():
        numbers, places = np.unique(words[:, 3], return_inverse=True)
        return pa.DictionaryArray.from_arrays(pa.array(places.astype("i4")), _dotted(numbers))
    raw = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(words), [None, pa.py_buffer(words)])
    found = raw.dictionary_encode()
    return pa.DictionaryArray.from_arrays(found.indices, _printed(found.dictionary))


def _mapped(words: NDArray[np.uint32]) -> NDArray[np.bool_]:
    first, second, third = np.frombuffer(_MAPPED, "<u4")
    found: NDArray[np.bool_] = (words[:, 0] == first) & (words[:, 1] == second) & (words[:, 2] == third)
    return found


@cache
def _halves() -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """By the number of half an address, as it lies in memory: ``.a.b`` in eight bytes, the last ones zero, and its
    length."""
    texts = [f".{number & 255}.{number >> 8}".encode() for number in range(1 << 16)]
    return np.array(texts, "S8").view("<u8"), np.array([len(text) for text in texts], "i4")


def _dotted(numbers: NDArray[np.uint32]) -> pa.StringArray:
    """IPv4 addresses. ``numbers``: their four octets in memory as on the wire."""
    texts, lengths = _halves()
    halves = numbers.view("<u2").reshape(len(numbers), 2)
    words = texts[halves]
    words[:, 0] >>= np.uint64(8)  # no dot before the first
    offsets = np.zeros(len(numbers) + 1, "i4")
    np.cumsum(lengths[halves[:, 0]] + lengths[halves[:, 1]] - 1, out=offsets[1:])
    text = words.tobytes().translate(None, b"\0")
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(text))


def _printed(distinct: pa.FixedSizeBinaryArray) -> pa.StringArray:
    """IPv6 and IPv4 addresses, one by one."""
    texts = []
    for octets in distinct.to_pylist():
        mapped = octets[:12] == _MAPPED
        texts.append(
            socket.inet_ntop(socket.AF_INET, octets[12:]) if mapped else socket.inet_ntop(socket.AF_INET6, octets)
        )
    return pa.array(texts, pa.string())
