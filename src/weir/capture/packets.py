"""Capture without our kernel programs, through packet sockets: the declared last resort.

What enters: devices, as for ``kernel.Kernel``. What leaves: the same drains. Rule: it counts what the kernel programs
count, in the same units, but sees no verdict: what a rule drops stays ACCEPT, and what it drops before the device is
not seen at all. Frames that the kernel had no room for are counted in ``uncounted``, so their windows say SKIPDATA;
their bytes are not known and stand as 0, and a super-packet among them counts as one.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import ClassVar

import numpy as np

from weir.capture import netns
from weir.capture.attach import AttachError, check_ethernet
from weir.capture.books import Books, Seen
from weir.capture.flows import DIRECTION_IN, DIRECTION_OUT, Flows, empty, fold
from weir.capture.headers import MALFORMED, NOT_IP, PARSED, Walk, Walked
from weir.capture.kernel import Drained
from weir.capture.pcap import RECEIVED, SENT, Batch, way_out
from weir.capture.ring import SLOTS, Ring
from weir.capture.totals import Ignored
from weir.capture.window import FOLD_ROWS_MAX, Uncounted
from weir.model.resources import Side

RINGS_MAX = 128
"""Devices captured at once; one more is refused. Each takes 8 MiB of the kernel's memory."""
GATHER_SECONDS = 0.01
"""How long frames gather before they are read together; a ring holds what comes meanwhile at 1.6 million a second."""
IDLE_SECONDS = 0.5
"""How long the reader waits for a first frame before it looks for rings that were added or taken away."""


@dataclass(slots=True)
class _Port:
    """One device. ``side`` says which way is out of the ENI."""

    ifindex: int
    side: Side
    ring: Ring


@dataclass(slots=True)
class _Taken:
    """What was read since the last drain."""

    parts: list[Flows] = field(default_factory=list)
    books: defaultdict[int, Books] = field(default_factory=lambda: defaultdict(Books))
    uncounted: defaultdict[int, Uncounted] = field(default_factory=lambda: defaultdict(Uncounted))


class Packets:
    """The interface of ``kernel.Kernel``. A thread of its own reads the rings, so that they do not run full."""

    source: ClassVar[str] = "packets"

    def __init__(self, flows_max: int, netns_name: str | None = None, slots: int = SLOTS) -> None:
        """``flows_max``: flows held between two drains; packets of further ones are in ``uncounted``, exactly.

        ``slots``: of each ring, a multiple of 128.

        Raises ``netns.NoSuchNamespace``.
        """
        netns.inode_of(netns_name)
        self._netns = netns_name
        self._flows_max, self._slots = flows_max, slots
        self._ports: dict[int, _Port] = {}
        self._walk = Walk()
        self._taken = _Taken()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name="weir-packets", daemon=True)
        self._thread.start()

    def __enter__(self) -> Packets:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def attached(self) -> frozenset[int]:
        """Indexes of the devices attached; one that has vanished since stays in until it is detached."""
        return frozenset(self._ports)

    def vanished(self) -> frozenset[int]:
        """Indexes attached whose device is gone."""
        return frozenset(ifindex for ifindex in self._ports if not self._is_there(ifindex))

    def _is_there(self, ifindex: int) -> bool:
        try:
            netns.inside(self._netns, lambda: socket.if_indextoname(ifindex))
        except OSError:
            return False
        return True

    def attach(self, ifindex: int, side: Side, addresses: Iterable[str] = ()) -> None:
        """Counts at a device from now on. ``addresses`` are for charging drops, of which none is seen here.

        Raises ``AttachError``; the device then is as before.
        """
        if ifindex in self._ports:
            raise AttachError(f"device {ifindex} is already captured")
        if len(self._ports) >= RINGS_MAX:
            raise AttachError(f"device {ifindex}: {RINGS_MAX} devices are captured through packet sockets already")
        try:
            ring = netns.inside(self._netns, lambda: _opened(ifindex, self._slots))
        except OSError as error:
            raise AttachError(f"device {ifindex}: {error.strerror}") from error
        with self._lock:
            self._ports[ifindex] = _Port(ifindex, side, ring)
        os.eventfd_write(self._wake, 1)

    def detach(self, ifindex: int) -> None:
        """Stops counting at a device, also one that is gone. What was counted comes with the next drain."""
        with self._lock:
            if port := self._ports.pop(ifindex, None):
                self._take(port)
                self._take_losses(port)
                port.ring.close()

    def ask_hooks(self, *, asked: bool) -> bool:
        """False: no drop is seen here, and no hook."""
        return False

    def drain(self) -> Drained:
        """Takes what was counted since the last drain."""
        with self._lock:
            for port in self._ports.values():
                self._take(port)
                self._take_losses(port)
            taken, self._taken = self._taken, _Taken()
        until_ns = time.time_ns()
        rows = fold(np.concatenate(taken.parts)) if taken.parts else empty()
        rows = self._held(rows, taken)
        books = {ifindex: seen for ifindex, seen in taken.books.items() if seen != Books()}
        return Drained(rows, dict(taken.uncounted), Ignored(), until_ns, books)

    def close(self) -> None:
        """Detaches all; what was not drained is gone."""
        self._stopping.set()
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        for ifindex in tuple(self._ports):
            self.detach(ifindex)
        os.close(self._wake)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._await_frames()
            self._stopping.wait(GATHER_SECONDS)
            with self._lock:
                for port in self._ports.values():
                    self._take(port)
                if sum(map(len, self._taken.parts)) > FOLD_ROWS_MAX:
                    folded = fold(np.concatenate(self._taken.parts))
                    self._taken.parts = [self._held(folded, self._taken)]

    def _await_frames(self) -> None:
        """Until a frame is there, or something has changed."""
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        with self._lock:
            rings = {port.ring.fileno(): port.ring for port in self._ports.values()}
        for number in rings:
            poll.register(number, select.POLLIN)
        for number, event in poll.poll(IDLE_SECONDS * 1000):
            if number == self._wake:
                os.eventfd_read(self._wake)
            elif event & select.POLLERR:
                with self._lock:
                    rings[number].clear_error()

    def _take(self, port: _Port) -> None:
        for batch in port.ring.read():
            walked = self._walk.over(batch.frames)
            parsed = walked.verdict == PARSED
            rows = walked.rows
            rows["ifindex"] = port.ifindex
            rows["direction"] = np.where(batch.way[parsed] == way_out(port.side), DIRECTION_OUT, DIRECTION_IN)
            rows["first_ns"] = rows["last_ns"] = batch.time_ns[parsed]
            seen = Books(*(_seen(batch, walked, way) for way in (RECEIVED, SENT)))
            self._taken.parts.append(fold(rows))
            self._taken.books[port.ifindex] += seen
            unrowed = Uncounted(not_ip=seen.rx.not_ip + seen.tx.not_ip, malformed=seen.rx.malformed + seen.tx.malformed)
            if unrowed != Uncounted():
                self._taken.uncounted[port.ifindex] += unrowed

    def _take_losses(self, port: _Port) -> None:
        if lost := port.ring.lost():
            self._taken.uncounted[port.ifindex] += Uncounted(packets=lost)

    def _held(self, rows: Flows, taken: _Taken) -> Flows:
        """The flows seen first, as many as may be held; the rest goes to ``uncounted``."""
        if len(rows) <= self._flows_max:
            return rows
        rows = rows[np.argsort(rows["first_ns"], kind="stable")]
        rows, beyond = rows[: self._flows_max], rows[self._flows_max :]
        for ifindex in np.unique(beyond["ifindex"]):
            of = beyond[beyond["ifindex"] == ifindex]
            more = Uncounted(packets=int(of["packets"].sum()), bytes=int(of["bytes"].sum()))
            taken.uncounted[int(ifindex)] += more
        return rows


def _opened(ifindex: int, slots: int) -> Ring:
    check_ethernet(ifindex)
    return Ring(socket.if_indextoname(ifindex), slots)


def _seen(batch: Batch, walked: Walked, way: int) -> Seen:
    """What of a batch went this way."""
    here = batch.way == way
    length = batch.frames.length
    rows = walked.rows[here[walked.verdict == PARSED]]
    not_ip, malformed = here & (walked.verdict == NOT_IP), here & (walked.verdict == MALFORMED)
    return Seen(
        frames=int(here.sum()),
        frame_bytes=int(length[here].sum()),
        packets=int(rows["packets"].sum()),
        l3_bytes=int(rows["bytes"].sum()),
        not_ip=int(not_ip.sum()),
        not_ip_bytes=int(length[not_ip].sum()),
        malformed=int(malformed.sum()),
        malformed_bytes=int(length[malformed].sum()),
    )
