"""Aggregation windows: from drained rows to the rows of one window.

What enters: rows drained from the kernel, the nanosecond up to which they count, and the wall-clock boundaries as they
pass. What leaves: ``Closed`` windows of 1, 5 or 10 minutes, aligned to the wall clock. No clock is read here.

Rule: a window that has ended waits for one more drain (``Windows.add``), so that a drop decided after the buffers were
swapped still lands in the window that counted its packet. A ``cut`` starts a new slice inside every open window; a flow
log that begins or ends at a cut gets exactly the packets on its side of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from weir.capture.flows import Flows, empty, fold, joined, only, settle

INTERVALS_MINUTES = (1, 5, 10)
"""Aggregation intervals (source: CreateFlowLog, AggregationInterval)."""

FOLD_ROWS_MAX = 1 << 18
"""Rows that wait in a slice beside those already folded, and as many as these where they are more, before equal keys
are summed. Above it a drain costs one fold (some 0.1 s per million rows); memory is at most twice what is folded."""
LEDGER_MINUTES = 1
"""Windows of this length are always kept: whoever sums up what was recorded reads them."""


@dataclass(frozen=True, slots=True)
class Uncounted:
    """What an ENI's hooks saw but put in no row since the last drain, in packets and L3 bytes."""

    packets: int = 0
    bytes: int = 0
    not_ip: int = 0
    malformed: int = 0

    def __add__(self, other: Uncounted) -> Uncounted:
        return Uncounted(
            self.packets + other.packets,
            self.bytes + other.bytes,
            self.not_ip + other.not_ip,
            self.malformed + other.malformed,
        )


@dataclass(frozen=True, slots=True)
class Drained:
    """One drain: ``rows`` of ``FLOW`` whose ``ifindex`` is the ENI's ordinal, counted up to ``until_ns`` (realtime)."""

    rows: Flows
    uncounted: Mapping[int, Uncounted]
    until_ns: int


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of a window between two cuts, folded."""

    start_ns: int
    end_ns: int
    rows: Flows
    uncounted: Mapping[int, Uncounted]


@dataclass(frozen=True, slots=True)
class Closed:
    """A finished window: [start_s, end_s) in Unix seconds, aligned to ``interval_minutes``."""

    interval_minutes: int
    start_s: int
    end_s: int
    slices: tuple[Slice, ...]

    def between(self, from_ns: int, to_ns: int | None, ordinal: int) -> tuple[Flows, Uncounted]:
        """Folded rows and uncounted of one ENI in the slices that lie within [from_ns, to_ns]."""
        chosen = [s for s in self.slices if s.start_ns >= from_ns and (to_ns is None or s.end_ns <= to_ns)]
        parts = [only(s.rows, s.rows["ifindex"] == ordinal) for s in chosen]
        uncounted = sum((s.uncounted.get(ordinal, Uncounted()) for s in chosen), Uncounted())
        return (parts[0] if len(parts) == 1 else fold(joined(parts))), uncounted


@dataclass(slots=True)
class _OpenSlice:
    start_ns: int
    end_ns: int
    parts: list[Flows] = field(default_factory=list)
    uncounted: dict[int, Uncounted] = field(default_factory=dict)

    def add(self, rows: Flows, uncounted: Mapping[int, Uncounted], until_ns: int) -> None:
        self.parts.append(rows)
        if sum(len(part) for part in self.parts[1:]) > max(FOLD_ROWS_MAX, len(self.parts[0])):
            self.parts = [fold(joined(self.parts))]
        for ordinal, seen in uncounted.items():
            self.uncounted[ordinal] = self.uncounted.get(ordinal, Uncounted()) + seen
        self.end_ns = until_ns

    def freeze(self) -> Slice:
        return Slice(self.start_ns, self.end_ns, fold(joined(self.parts)), dict(self.uncounted))


@dataclass(slots=True)
class _Open:
    start_s: int
    slices: list[_OpenSlice]


class Windows:
    """The open windows of all intervals, from ``begin_ns`` (Unix time, ns) on."""

    def __init__(self, begin_ns: int) -> None:
        self._until_ns = begin_ns
        self._open = {minutes: self._fresh(minutes, begin_ns) for minutes in INTERVALS_MINUTES}
        self._ended: dict[int, Closed] = {}
        self._wanted = frozenset(INTERVALS_MINUTES)

    def want(self, minutes: Iterable[int]) -> None:
        """Keeps rows for windows of these lengths alone from now on (call after ``cut``); the others come empty."""
        self._wanted = frozenset(minutes) | {LEDGER_MINUTES}

    @staticmethod
    def _fresh(minutes: int, start_ns: int) -> _Open:
        start_s = start_ns // 1_000_000_000
        return _Open(start_s - start_s % (minutes * 60), [_OpenSlice(start_ns, start_ns)])

    def add(self, drained: Drained) -> tuple[Closed, ...]:
        """Books one drain; returns the windows that had ended before and are now complete."""
        complete = []
        for minutes, window in self._open.items():
            rows = drained.rows
            if ended := self._ended.pop(minutes, None):
                ended, rows = _settle(ended, rows)
                complete.append(ended)
            rows = rows if minutes in self._wanted else empty()
            window.slices[-1].add(rows, drained.uncounted, drained.until_ns)
        self._until_ns = drained.until_ns
        return tuple(complete)

    def cut(self) -> None:
        """From here on, rows go to a new slice of every open window (call right after ``add``)."""
        for window in self._open.values():
            window.slices.append(_OpenSlice(self._until_ns, self._until_ns))

    def end(self, boundary_s: int) -> None:
        """Ends every window whose end is at or before ``boundary_s`` (call right after ``add``)."""
        for minutes, window in self._open.items():
            end_s = window.start_s + minutes * 60
            if end_s > boundary_s:
                continue
            slices = tuple(s.freeze() for s in window.slices)
            self._ended[minutes] = Closed(minutes, window.start_s, end_s, slices)
            self._open[minutes] = self._fresh(minutes, max(self._until_ns, boundary_s * 1_000_000_000))

    def finish(self) -> tuple[Closed, ...]:
        """Ends everything that is open, for an agent that stops: what was counted so far, in windows cut short."""
        ended = list(self._ended.values())
        for minutes, window in self._open.items():
            slices = tuple(s.freeze() for s in window.slices)
            end_s = min(window.start_s + minutes * 60, -(-self._until_ns // 1_000_000_000))
            ended.append(Closed(minutes, window.start_s, end_s, slices))
        return tuple(_settle(window, empty())[0] for window in ended)


def _settle(window: Closed, late: Flows) -> tuple[Closed, Flows]:
    """Applies negative rows, those of ``late`` and of the slices, to the newest slice that still has their packets."""
    slices: list[Slice] = []
    for part in reversed(window.slices):
        rows, late = settle(part.rows, late)
        slices.append(Slice(part.start_ns, part.end_ns, rows, part.uncounted))
    return Closed(window.interval_minutes, window.start_s, window.end_s, tuple(reversed(slices))), late


def next_boundary_s(now_ns: int, minutes: Iterable[int] = (1,)) -> int:
    """The next wall-clock end of a window of one of ``minutes``, in Unix seconds, strictly after ``now_ns``."""
    now_s = now_ns // 1_000_000_000
    return min(now_s - now_s % (m * 60) + m * 60 for m in minutes)
