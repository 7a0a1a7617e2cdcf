"""What connection tracking knows of a flow: the addresses on the far side of NAT, and who opened it.

What enters: events and dumps of the captured namespace's connection table, flow rows. What leaves: columns for
pkt-srcaddr and pkt-dstaddr, and each row's opener. Rule: a row is attributed only by what was true all its time. Where
two connections that used its tuple differ, where a translation began or ended while it ran, or where events were lost
meanwhile, nothing is said. Nothing is kept, and no socket open, while no flow log asks.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from weir.capture import ctnetlink
from weir.capture.addresses import encoded
from weir.capture.attribution import Watched
from weir.capture.flows import ACTION_ACCEPT, Flows
from weir.capture.label import without
from weir.capture.lifetimes import TICKS_NS, TUPLE, Indexes, Lifetimes, Pairs
from weir.capture.packet_fields import DESTINATION, SOURCE, UNKNOWN
from weir.capture.share import Bounds, Labels

FIELDS = ("pkt-srcaddr", "pkt-dstaddr")
OPENER_FIELD = "initiator"
CONNECTIONS_MAX = 1 << 18
"""Connections remembered, the ended ones of the last ``HISTORY_NS`` included; some 70 MB when it is reached. Above it
no more are taken until some have been forgotten, and flows of that time are not attributed."""
HISTORY_NS = 660 * 10**9
"""How long an ended connection is remembered: the longest window and a minute."""
GATHER_SECONDS = 0.05
"""Events are read in batches this far apart; also how exactly the beginning of a connection is known."""
WAIT_SECONDS = 0.5

log = logging.getLogger("weir.agent")


@dataclass(slots=True)
class Counted:
    """Counters since the start. ``gaps``: times in which connections were missed; ``refused``: connections that found
    no place."""

    gaps: int = 0
    refused: int = 0


class Memory:
    """Connections and when they lived. Times are Unix ns; no clock, no I/O, one caller at a time."""

    def __init__(self, limit: int = CONNECTIONS_MAX) -> None:
        self._limit = limit
        self._live: dict[bytes, int] = {}
        self._ended: list[tuple[bytes, int, int]] = []
        self.gaps: list[tuple[int, int]] = []
        self.counted = Counted()

    @property
    def is_full(self) -> bool:
        return len(self._live) + len(self._ended) >= self._limit

    def begin(self, connection: bytes, since_ns: int) -> bool:
        """A connection that began after ``since_ns``; False where there is no place for it."""
        if connection in self._live:
            return True
        if self.is_full:
            self.counted.refused += 1
            return False
        self._live[connection] = since_ns
        return True

    def end(self, connection: bytes, until_ns: int) -> None:
        """A connection that ended before ``until_ns``; one that was never known is no matter."""
        since_ns = self._live.pop(connection, None)
        if since_ns is not None:
            self._ended.append((connection, since_ns, until_ns))

    def replace(self, table: list[bytes], since_ns: int, until_ns: int) -> bool:
        """The whole table as it is at ``until_ns``, after a time (from ``since_ns``) in which events were missed."""
        self.gaps.append((since_ns, until_ns))
        self.counted.gaps += 1
        for connection in self._live.keys() - set(table):
            self.end(connection, until_ns)
        taken = [self.begin(connection, since_ns) for connection in table]
        return all(taken)

    def forget(self, before_ns: int) -> None:
        """Drops what had ended by then."""
        self._ended = [one for one in self._ended if one[2] >= before_ns]
        self.gaps = [gap for gap in self.gaps if gap[1] >= before_ns]

    def known(self, open_gap_ns: int | None) -> Known:
        """All of it now. ``open_gap_ns``: since when events are being missed, None: they are not."""
        everything = [*((c, since, _NEVER) for c, since in self._live.items()), *self._ended]
        gaps = self.gaps if open_gap_ns is None else [*self.gaps, (open_gap_ns, _NEVER)]
        return Known(
            np.frombuffer(b"".join(one[0] for one in everything), ctnetlink.CONNECTION),
            np.array([one[1] for one in everything], "i8"),
            np.array([one[2] for one in everything], "i8"),
            tuple(gaps),
        )


_NEVER = 2**62
ENDS = np.dtype([("src", "V16"), ("dst", "V16"), ("opener", "u1")])


class Known:
    """What ``Memory`` held at one moment, ready to be asked."""

    def __init__(
        self,
        connections: NDArray[np.void],
        begun_ns: NDArray[np.int64],
        ended_ns: NDArray[np.int64],
        gaps: tuple[tuple[int, int], ...],
    ) -> None:
        self._connections, self._begun, self._ended, self._gaps = connections, begun_ns, ended_ns, gaps
        ends = (("osrc", "odst"), ("rdst", "rsrc"), ("rsrc", "rdst"), ("odst", "osrc"))
        tuples = np.zeros((4, len(connections)), TUPLE)
        for view, (src, dst) in enumerate(ends):
            tuples[view]["src"], tuples[view]["dst"] = connections[src], connections[dst]
            tuples[view]["sport"], tuples[view]["dport"] = connections["ports"][:, view].T
            tuples[view]["proto"] = connections["proto"]
        self._lifetimes = Lifetimes(tuples.ravel(), np.tile(begun_ns, 4), np.tile(ended_ns, 4))

    def resolve(self, rows: Flows) -> Resolved:
        """What is known of every row."""
        missed = self._missed(rows)
        src, dst, opener = rows["src"].copy(), rows["dst"].copy(), np.zeros(len(rows), "u1")
        # What connection tracking has not confirmed was translated for nobody; but a drop may have come in between.
        certain = (rows["action"] == ACTION_ACCEPT) & (rows["fold"] == 0)
        pairs = self._lifetimes.match(rows)
        if len(pairs.row):
            starts = pairs.starts()
            found = pairs.row[starts]
            ends = self._ends(pairs.record)
            src[found], dst[found] = ends["src"][starts], ends["dst"][starts]
            certain[found] = _agree(ends, ("src", "dst"), starts) & self._whole(rows[found], ends[starts], pairs)
            opener[found] = np.where(_agree(ends, ("opener",), starts), ends["opener"][starts], UNKNOWN)
        opener[missed] = UNKNOWN
        return Resolved(src, dst, certain & ~missed, opener)

    def _missed(self, rows: Flows) -> NDArray[np.bool_]:
        """Rows that ran while events were missed. Shape (len(rows),)."""
        touched = np.zeros(len(rows), bool)
        for since_ns, until_ns in self._gaps:
            touched |= (rows["last_ns"] + TICKS_NS >= since_ns) & (rows["first_ns"] - TICKS_NS <= until_ns)
        return touched

    def _ends(self, record: Indexes) -> NDArray[np.void]:
        """Who sends to whom, for each record of ``_lifetimes``. Shape (len(record),), dtype ``ENDS``."""
        count = len(self._connections)
        connection, is_reply = self._connections[record % count], record // count >= 2
        ends = np.zeros(len(record), ENDS)
        ends["src"] = np.where(is_reply, connection["rsrc"], connection["osrc"])
        ends["dst"] = np.where(is_reply, connection["osrc"], connection["rsrc"])
        ends["opener"] = np.where(is_reply, DESTINATION, SOURCE)
        return ends

    def _whole(self, rows: Flows, ends: NDArray[np.void], pairs: Pairs) -> NDArray[np.bool_]:
        """Rows without translation, and rows that were translated all their time. ``ends``: those of each row."""
        starts, record = pairs.starts(), pairs.record % len(self._connections)
        whole = np.minimum.reduceat(self._begun[record], starts) <= rows["first_ns"] + TICKS_NS
        whole &= np.maximum.reduceat(self._ended[record], starts) >= rows["last_ns"] - TICKS_NS
        untranslated: NDArray[np.bool_] = (ends["src"] == rows["src"]) & (ends["dst"] == rows["dst"])
        return whole | untranslated


def _agree(ends: NDArray[np.void], names: tuple[str, ...], starts: Indexes) -> NDArray[np.bool_]:
    """Whether all records of a row, which begin at ``starts``, have the same ``names``. Shape (len(starts),)."""
    lengths = np.diff(np.append(starts, len(ends)))
    first = np.repeat(ends[starts], lengths)
    same = np.logical_and.reduce([ends[name] == first[name] for name in names])
    agree: NDArray[np.bool_] = np.logical_and.reduceat(same, starts)
    return agree


@dataclass(frozen=True, slots=True)
class Resolved:
    """Per row. ``src`` and ``dst`` (V16): the ends that sent and received, true where ``certain``; ``opener``."""

    src: NDArray[np.void]
    dst: NDArray[np.void]
    certain: NDArray[np.bool_]
    opener: NDArray[np.uint8]


class Tracking:
    """Follows the connection table in a thread of its own while an ENI's flow logs ask; attributes what it saw."""

    fields = FIELDS

    def __init__(self, netns_name: str | None, clock_ns: Callable[[], int]) -> None:
        self._netns = netns_name
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._source: ctnetlink.Conntrack | None = None
        self._memory = Memory()
        self._empty_ns = 0
        self._gap_ns: int | None = 0
        self._known: Known | None = None

    @property
    def counted(self) -> Counted:
        return self._memory.counted

    @property
    def is_whole(self) -> bool:
        """Whether the table is followed and no connection is being missed now."""
        return self._source is not None and self._gap_ns is None

    def watch(self, enis: tuple[Watched, ...]) -> None:
        """Begins or ends to follow. Where the kernel refuses, that is said and nothing is attributed."""
        wanted = any(eni.fields.intersection((*FIELDS, OPENER_FIELD)) for eni in enis)
        if wanted and self._source is None:
            self._begin()
        elif not wanted:
            self.close()

    def _begin(self) -> None:
        try:
            self._source = ctnetlink.Conntrack(self._netns)
        except OSError as error:
            log.warning("connections are not followed, NAT addresses stay unknown: %s", error)
            return
        self._memory, self._known = Memory(), None
        self._gap_ns, self._empty_ns = 0, 0
        self._stop.clear()
        self._read()
        self._thread = threading.Thread(target=self._follow, name="weir-conntrack", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread and forgets."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self._source is not None:
            self._source.close()
        self._thread = self._source = self._known = None

    def drained(self, until_ns: int) -> None:
        """Reads everything that happened up to now, so that rows up to ``until_ns`` can be attributed."""
        self._known = None
        if self._source is not None:
            self._read()

    def _follow(self) -> None:
        source = self._source
        assert source is not None, "the thread lives between _begin and close"
        while not self._stop.wait(GATHER_SECONDS):
            source.wait(WAIT_SECONDS)
            self._read()

    def _read(self) -> None:
        with self._lock:
            assert self._source is not None, "read only while it is followed"
            try:
                self._read_events(self._source)
                if self._gap_ns is not None and not self._memory.is_full:
                    self._fill_gap(self._source)
            except ctnetlink.Lost as trouble:
                log.warning("%s: flows of this time are not attributed", trouble.strerror)
                self._gap_ns = self._empty_ns if self._gap_ns is None else self._gap_ns
            except OSError as error:
                log.warning("connections cannot be read: %s", error)
                self._gap_ns = self._empty_ns if self._gap_ns is None else self._gap_ns
            self._memory.forget(self._clock_ns() - HISTORY_NS)

    def _read_events(self, source: ctnetlink.Conntrack) -> None:
        since_ns = self._empty_ns
        now = self._clock_ns()
        for is_new, connection in source.events():
            if not is_new:
                self._memory.end(connection, self._clock_ns())
            elif not self._memory.begin(connection, since_ns) and self._gap_ns is None:
                self._gap_ns = since_ns
                log.warning("more than %d connections: flows of this time are not attributed", CONNECTIONS_MAX)
        self._empty_ns = now

    def _fill_gap(self, source: ctnetlink.Conntrack) -> None:
        assert self._gap_ns is not None, "called in a gap"
        since_ns = self._gap_ns
        if self._memory.replace(source.table(), since_ns, self._clock_ns()):
            self._gap_ns = None

    def resolve(self, rows: Flows) -> Resolved:
        """What is known of every row; of none while nothing is followed."""
        with self._lock:
            if self._known is None:
                following = self._source is not None
                memory = self._memory if following else Memory()
                self._known = memory.known(self._gap_ns if following else 0)
        return self._known.resolve(rows)

    def opened(self, rows: Flows, labels: Labels) -> NDArray[np.uint8]:
        """Who opened each row's connection: ``UNKNOWN``, ``SOURCE`` or ``DESTINATION``."""
        return self.resolve(rows).opener

    def attribute(self, rows: Flows, labels: Labels, bounds: Bounds) -> Mapping[str, pa.Array]:
        """The ends that really talk. ``labels`` and ``bounds`` do not matter: a tuple is one connection's everywhere in
        the namespace."""
        resolved = self.resolve(rows)
        return {
            "pkt-srcaddr": without(encoded(resolved.src), ~resolved.certain),
            "pkt-dstaddr": without(encoded(resolved.dst), ~resolved.certain),
        }
