"""Who is captured for whom: ENIs, their devices, and the flow logs that subscribe to them.

What enters: the target list the server gave, the moment it took effect, and closed windows. What leaves: the batches of
records each flow log gets. No clock, no I/O. Rule: a flow log gets the packets between the cut at which it joined and
the cut at which it left, also inside a window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from weir.capture.attribution import Attribution, Watched
from weir.capture.flows import BLOCK_ROWS, Flows, only
from weir.capture.label import records
from weir.capture.path import Route, blocks_of, table_of
from weir.capture.share import Bounds, Keep, Labels, Share
from weir.capture.window import Closed, Uncounted
from weir.model.resources import Side

BATCH_ROWS_MAX = 20_000
"""Rows of one delivery. A window with more rows is delivered in several batches, so a lost answer repeats little."""


@dataclass(frozen=True, slots=True)
class FlowLog:
    """What one flow log wants of one ENI."""

    flow_log_id: str
    interval_minutes: int
    keep: Keep
    project: str
    logstore: str


@dataclass(frozen=True, slots=True)
class Eni:
    """An ENI bound to a device of this host. ``generation`` changes when the attachment must be made anew."""

    labels: Labels
    generation: str
    device: str
    side: Side
    addresses: tuple[str, ...]
    flow_logs: tuple[FlowLog, ...]
    routes: tuple[Route, ...] = ()

    def watched(self) -> Watched:
        """The ENI as watchers see it."""
        fields = frozenset().union(*(flow_log.keep.fields for flow_log in self.flow_logs))
        return Watched(self.labels.eni_id, self.device, self.side, self.addresses, fields)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A flow log on an ENI from ``joined_ns`` until ``left_ns`` (None: still there)."""

    ordinal: int
    flow_log: FlowLog
    joined_ns: int
    left_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Records for one logstore."""

    project: str
    logstore: str
    table: pa.Table


class Roster:
    """ENIs get an ordinal once and keep it, so rows stay with their ENI however devices come and go."""

    def __init__(
        self, attributions: tuple[Attribution, ...] = (), behind: Callable[[str], tuple[str, ...]] = lambda device: ()
    ) -> None:
        """``behind``: blocks that the host has behind a device, for the ENIs' routes by device."""
        self._attributions = attributions
        self._behind = behind
        self._routes: dict[int, tuple[Route, ...]] = {}
        self._ordinals: dict[str, int] = {}
        self._labels: dict[int, Labels] = {}
        self._by_ifindex: dict[int, int] = {}
        self._subscriptions: list[Subscription] = []

    def attached(self, eni_id: str, ifindex: int) -> None:
        """Rows of this device are this ENI's from now on (call after a cut)."""
        self._by_ifindex[ifindex] = self.ordinal(eni_id)

    def detached(self, ifindex: int) -> None:
        self._by_ifindex.pop(ifindex, None)

    def ordinal_of(self, ifindex: int) -> int | None:
        """The ENI that a device's rows belong to; None for a device of ours no more."""
        return self._by_ifindex.get(ifindex)

    def ordinal(self, eni_id: str) -> int:
        """The number by which rows know the ENI; a new one's is drawn."""
        return self._ordinals.setdefault(eni_id, len(self._ordinals) + 1)

    def book(self, rows: Flows) -> tuple[Flows, int]:
        """Replaces each row's ifindex by its ENI's ordinal, in the rows themselves.

        Returns (rows, packets of devices that are nobody's).
        """
        if not self._by_ifindex:
            return rows[:0], int(rows["packets"].sum())
        indexes = np.array(sorted(self._by_ifindex), "u4")
        ordinals = np.array([self._by_ifindex[ifindex] for ifindex in indexes.tolist()], "u4")
        known = np.empty(len(rows), bool)
        for at in range(0, len(rows), BLOCK_ROWS):
            ifindex = rows["ifindex"][at : at + BLOCK_ROWS]
            place = np.searchsorted(indexes, ifindex).clip(max=len(indexes) - 1)
            known[at : at + BLOCK_ROWS] = indexes[place] == ifindex
            rows["ifindex"][at : at + BLOCK_ROWS] = ordinals[place]
        stray = int(rows["packets"][~known].sum())
        return only(rows, known), stray

    def subscribe(self, enis: Iterable[Eni], at_ns: int) -> None:
        """Makes the subscriptions those of ``enis``: new ones join at ``at_ns``, missing or changed ones leave."""
        wanted = set()
        for eni in enis:
            ordinal = self.ordinal(eni.labels.eni_id)
            self._labels[ordinal], self._routes[ordinal] = eni.labels, eni.routes
            wanted |= {(ordinal, flow_log) for flow_log in eni.flow_logs}
        kept = {(s.ordinal, s.flow_log) for s in self._subscriptions if s.left_ns is None} & wanted
        self._subscriptions = [
            s if s.left_ns is not None or (s.ordinal, s.flow_log) in kept else replace(s, left_ns=at_ns)
            for s in self._subscriptions
        ]
        self._subscriptions += [
            Subscription(ordinal, flow_log, at_ns)
            for ordinal, flow_log in sorted(wanted - kept, key=lambda w: (w[0], w[1].flow_log_id))
        ]

    def intervals(self) -> frozenset[int]:
        """Minutes of the windows that somebody gets records of."""
        return frozenset(one.flow_log.interval_minutes for one in self._subscriptions)

    def deliveries(self, window: Closed) -> Iterator[Delivery]:
        """The records of one finished window, in batches; forgets who has left before its end.

        They are made as they are asked for: never are more labelled than one batch of a logstore and one piece.
        """
        subscriptions, end_ns = self._subscriptions, window.end_s * 1_000_000_000
        self._subscriptions = [
            s
            for s in subscriptions
            if s.left_ns is None or s.flow_log.interval_minutes != window.interval_minutes or s.left_ns > end_ns
        ]
        waiting: dict[tuple[str, str], pa.Table] = {}
        for subscription in subscriptions:
            flow_log = subscription.flow_log
            if flow_log.interval_minutes != window.interval_minutes or subscription.joined_ns >= end_ns:
                continue
            store = flow_log.project, flow_log.logstore
            for table in self._labelled(window, subscription):
                rows = (
                    pa.concat_tables([waiting[store], table], promote_options="default") if store in waiting else table
                )
                while rows.num_rows >= BATCH_ROWS_MAX:
                    yield Delivery(*store, rows.slice(0, BATCH_ROWS_MAX))
                    rows = rows.slice(BATCH_ROWS_MAX)
                waiting[store] = rows
        for store, rows in waiting.items():
            if rows.num_rows:
                yield Delivery(*store, rows)

    def _labelled(self, window: Closed, subscription: Subscription) -> Iterator[pa.Table]:
        """One flow log's records of one ENI, a piece at a time."""
        rows, uncounted = window.between(subscription.joined_ns, subscription.left_ns, subscription.ordinal)
        bounds = Bounds(window.start_s, window.end_s)
        paths = table_of(blocks_of(self._routes[subscription.ordinal], self._behind))
        share = Share(self._labels[subscription.ordinal], subscription.flow_log.keep, bounds, paths)
        for at in range(0, max(len(rows), 1), BATCH_ROWS_MAX):
            piece = rows[at : at + BATCH_ROWS_MAX]
            yield records(piece, uncounted if at == 0 else Uncounted(), share, self._attributions)
