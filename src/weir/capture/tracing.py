"""Sampled nft trace in the captured namespace: which rule really dropped a packet, for a few packets a second.

What enters: how many packets a second, and what the kernel says of them (NFNLGRP_NFTRACE). What leaves: the drops seen,
by flow. Rule: the sampling has tables of its own, see ``own_table``; no rule of the user's is touched. A drop lies
between the last moment at which nothing waited to be read and the moment at which it was read.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from weir.capture import netns, own_table
from weir.capture.ctnetlink import SO_RCVBUFFORCE
from weir.capture.rulesets import NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTABLES, SOL_NETLINK, netlink, nft
from weir.capture.trace import Flow, TracedDrop, Traces, messages, table_gone

NFNLGRP_NFTRACE = 9
DROPS_MAX = 1 << 16
"""Traced drops remembered, some 0.5 kB each. Above it the oldest are forgotten: their rows stay as evaluated."""
RECEIVE_BUFFER_BYTES = 4 << 20
"""What the kernel may hold for us, some 4000 messages. Above it messages are lost, which is counted."""
READ_BYTES = 1 << 16
TICK_SECONDS = 0.2
"""How long nothing may be read before it is noted that nothing waits."""

log = logging.getLogger("weir.agent")


@dataclass(frozen=True, slots=True)
class Seen:
    """A drop, and between which moments (Unix ns) it happened."""

    drop: TracedDrop
    since_ns: int
    until_ns: int


@dataclass(slots=True)
class Counted:
    """Since the start. ``lost``: how often the kernel had more messages than it could hold."""

    drops: int = 0
    lost: int = 0


@dataclass(slots=True)
class Memory:
    """The last drops, by flow. The caller takes turns."""

    by_flow: dict[Flow, deque[Seen]] = field(default_factory=dict)
    order: deque[Flow] = field(default_factory=deque)

    def add(self, seen: Seen) -> None:
        self.by_flow.setdefault(seen.drop.flow, deque()).append(seen)
        self.order.append(seen.drop.flow)
        if len(self.order) > DROPS_MAX:
            oldest = self.order.popleft()
            self.by_flow[oldest].popleft()
            if not self.by_flow[oldest]:
                del self.by_flow[oldest]

    def between(self, flow: Flow, first_ns: int, last_ns: int) -> list[Seen]:
        return [one for one in self.by_flow.get(flow, ()) if one.since_ns <= last_ns and one.until_ns >= first_ns]


class Tracing:
    """Follows one namespace's trace from a thread of its own, between ``start`` and ``stop``. 0 a second: never."""

    def __init__(self, netns_name: str | None, per_second: int, clock_ns: Callable[[], int]) -> None:
        self.netns, self._per_second, self._clock_ns = netns_name, per_second, clock_ns
        self.counted = Counted()
        self.read_ns = 0
        """Everything the kernel told before this moment (Unix ns) has been read."""
        self._memory = Memory()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def clean(self) -> None:
        """Takes out tables that an agent before has left behind."""
        left = [family for family in own_table.FAMILIES if self._is_there(family)]
        if left:
            with contextlib.suppress(OSError):
                nft(self.netns, "-f", "-", text="".join(map(own_table.removing, left)))

    def start(self) -> None:
        """Begins to sample; where that cannot be, says so and stays without."""
        if self._thread is not None or not self._per_second:
            return
        try:
            following = self._subscribed()
        except OSError as trouble:
            log.warning("drops are not traced: %s", trouble)
            return
        if not self._installed():
            following.close()
            return
        self._stopping.clear()
        self._thread = threading.Thread(target=self._follow, args=(following,), name="weir-trace", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._thread is not None:
            self._stopping.set()
            self._thread.join()
            self._thread = None
            self.clean()

    def drops(self, flow: Flow, first_ns: int, last_ns: int) -> list[Seen]:
        """Drops of this flow that can have been between these moments."""
        with self._lock:
            return self._memory.between(flow, first_ns, last_ns)

    def _subscribed(self) -> socket.socket:
        made = netns.inside(self.netns, netlink)
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
        for group in (NFNLGRP_NFTABLES, NFNLGRP_NFTRACE):
            made.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)
        return made

    def _is_there(self, family: str) -> bool:
        try:
            nft(self.netns, "list", "table", family, own_table.TABLE)
        except OSError:
            return False
        return True

    def _installed(self) -> bool:
        """Adds our tables, as many as this kernel takes, in one transaction."""
        for families in (own_table.FAMILIES, own_table.FAMILIES[:1]):
            script = "".join(own_table.adding(family, self._per_second) for family in families)
            try:
                nft(self.netns, "-f", "-", text=script)
            except OSError as trouble:
                log.warning("drops of the families %s are not traced: %s", ", ".join(families), trouble)
            else:
                return True
        return False

    def _follow(self, following: socket.socket) -> None:
        traces, self.read_ns = Traces(), self._clock_ns()
        while not self._stopping.is_set():
            select.select([following], [], [], TICK_SECONDS)
            gone = False
            while True:
                asked_ns = self._clock_ns()
                try:
                    data = following.recv(READ_BYTES)
                except BlockingIOError:
                    self.read_ns = asked_ns
                    break
                except OSError:
                    # ENOBUFS. What comes after the gap must not be put to headers from before it.
                    self.counted.lost += 1
                    following.close()
                    following, traces, gone = self._subscribed(), Traces(), True
                    continue
                gone |= self._read(data, traces)
            if gone and not self._is_there(own_table.FAMILIES[0]):
                self._installed()  # somebody has flushed all rules
        following.close()

    def _read(self, data: bytes, traces: Traces) -> bool:
        """Remembers what one datagram tells; True if a table of ours is gone."""
        gone, until_ns = False, self._clock_ns()
        for kind, family, said in messages(data):
            gone |= table_gone(kind, said, own_table.TABLE)
            drop = traces.drop(kind, family, said)
            if drop is not None:
                with self._lock:
                    self.counted.drops += 1
                    self._memory.add(Seen(drop, self.read_ns, until_ns))
        return gone
