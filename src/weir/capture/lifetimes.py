"""Which of many short lives a flow belongs to: 5-tuples that come, go and come again, matched by time.

What enters: records, each a directional 5-tuple with the time it was in use, and flow rows. What leaves: every pair of
a row and a record that may belong together. Rule: a record's time is known as bounds, the earliest it can have begun
and the latest it can have ended; a pair is left out only when it is impossible. No clock, no I/O, whole columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weir.capture.flows import Flows

TUPLE = np.dtype([("src", "V16"), ("dst", "V16"), ("sport", "<u2"), ("dport", "<u2"), ("proto", "u1"), ("pad", "V3")])
"""A 5-tuple as a packet has it, fields as in ``flows.FLOW``."""
TICKS_NS = (1 << 20) + 10_000_000
"""How far a row's times may lie before the truth: floors of 2^20 ns of a clock that moves once per jiffy (10 ms)."""

Indexes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Pairs:
    """``row[i]`` may belong to ``record[i]``; sorted by row."""

    row: Indexes
    record: Indexes

    def starts(self) -> Indexes:
        """Where the pairs of each row that has any begin."""
        return np.flatnonzero(np.diff(self.row, prepend=-1))


def tuples_of(rows: Flows) -> NDArray[np.void]:
    """The rows' 5-tuples, shape (len(rows),), dtype ``TUPLE``."""
    found = np.zeros(len(rows), TUPLE)
    for name in ("src", "dst", "sport", "dport", "proto"):
        found[name] = rows[name]
    return found


class Lifetimes:
    """Records to be matched; ``tuples`` of ``TUPLE``, ``begun_ns`` and ``ended_ns`` (Unix time), all of shape (n,)."""

    def __init__(self, tuples: NDArray[np.void], begun_ns: NDArray[np.int64], ended_ns: NDArray[np.int64]) -> None:
        words = _words(tuples)
        hashes = _hashes(words)
        self._order = np.argsort(hashes, kind="stable")
        self._hashes, self._words = hashes[self._order], words[self._order]
        self._begun, self._ended = begun_ns[self._order], ended_ns[self._order]

    def match(self, rows: Flows) -> Pairs:
        """Every pair with equal 5-tuples whose times touch."""
        words = _words(tuples_of(rows))
        hashes = _hashes(words)
        first = np.searchsorted(self._hashes, hashes, "left")
        counts = np.searchsorted(self._hashes, hashes, "right") - first
        row = np.repeat(np.arange(len(rows)), counts)
        place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
        fits = (self._words[place] == words[row]).all(axis=1)
        fits &= self._begun[place] <= rows["last_ns"][row] + TICKS_NS
        fits &= self._ended[place] >= rows["first_ns"][row] - TICKS_NS
        return Pairs(row[fits], self._order[place[fits]])


def _words(tuples: NDArray[np.void]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(tuples).view("<u8").reshape(len(tuples), TUPLE.itemsize // 8)


def _hashes(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One number per tuple. Equal tuples have equal ones; the reverse is checked by the caller."""
    mixed = np.zeros(len(words), np.uint64)
    for column in range(words.shape[1]):
        mixed = (mixed ^ words[:, column]) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(32)
    return mixed
