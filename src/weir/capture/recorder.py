"""The one thread that owns kernel, windows and roster: it attaches, drains, closes windows and spools records.

What enters: the ENIs that should be captured (``apply``). What leaves: records on the spool's disk, and what is
attached now (``applied``). Rule: everything that changes what is counted happens here, one step after the other, each
change between a drain and a cut, so that no packet is on both sides of it.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from weir.capture.attach import AttachError
from weir.capture.attribution import Attribution, Watcher
from weir.capture.bookkeeping import Bookkeeping
from weir.capture.devices import Devices
from weir.capture.ledger import LEDGER_MINUTES, Held
from weir.capture.roster import Delivery, Eni, Roster
from weir.capture.source import Source
from weir.capture.spool import Spool, SpoolFull, Target
from weir.capture.totals import Ignored
from weir.capture.window import Closed, Drained, Uncounted, Windows, next_boundary_s

SECOND_NS = 1_000_000_000
SETTLE_NS = SECOND_NS // 5
"""How long after a boundary the settling drain comes: a drop decided later than this stays in the next window."""
DEVICE_CHECK_NS = SECOND_NS
"""How often devices are looked at: a device that came back is attached again within this time."""

log = logging.getLogger("weir.agent")


@dataclass(frozen=True, slots=True)
class Attached:
    """One ENI as it is now. ``error`` is empty when its hooks are attached."""

    eni_id: str
    generation: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """What the recorder holds: the revision of the targets it has applied and the ENIs of that revision."""

    revision: str = ""
    attached: tuple[Attached, ...] = ()


@dataclass(slots=True)
class Recorded:
    """Counters since the start. ``packets_stray``: of devices that were no ENI's; ``rows_lost``: the disk was full;
    ``drops``: netfilter's drops that changed no row, by kind as in ``kernel.Ignored``."""

    rows: int = 0
    windows: int = 0
    packets_stray: int = 0
    rows_lost: int = 0
    drops: Ignored = field(default_factory=Ignored)


@dataclass(slots=True)
class _Hold:
    eni: Eni
    ifindex: int = 0
    error: str = ""


@dataclass(slots=True)
class _Mail:
    enis: tuple[Eni, ...] = ()
    revision: str = ""
    fresh: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a recorder works with. ``clock_ns``: Unix time in ns; ``spooled`` and ``changed`` are only called.

    ``attributions`` know the extended fields; those of them that must look at the host meanwhile are also ``watchers``.
    ``behind``: blocks that the host has behind a device.
    """

    kernel: Source
    devices: Devices
    books: Bookkeeping
    spool: Spool
    clock_ns: Callable[[], int]
    drain_ns: int
    spooled: Callable[[], None]
    changed: Callable[[], None]
    attributions: tuple[Attribution, ...] = ()
    watchers: tuple[Watcher, ...] = ()
    behind: Callable[[str], tuple[str, ...]] = lambda device: ()


class Recorder:
    """Runs from ``start`` to ``stop``; ``apply`` and ``applied`` may be called from any thread."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.counted = Recorded()
        self._applied = Applied()
        self._mail = _Mail()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="weir-recorder", daemon=True)
        self._roster = Roster(parts.attributions, parts.behind)
        self._holds: dict[str, _Hold] = {}
        self._windows = Windows(parts.clock_ns())
        self._until_ns = 0
        self._batch_prefix = uuid.uuid4().hex
        self._batches = 0

    @property
    def applied(self) -> Applied:
        return self._applied

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def apply(self, enis: tuple[Eni, ...], revision: str) -> None:
        """Asks for exactly these ENIs; ``applied`` and the ``changed`` call tell when it is done."""
        with self._mail.lock:
            self._mail.enis, self._mail.revision, self._mail.fresh = enis, revision, True
        self._wake.set()

    def stop(self) -> None:
        """Drains a last time, spools the windows cut short, detaches everything."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        clock, drain_ns = self._parts.clock_ns, self._parts.drain_ns
        next_check = next_drain = clock()
        boundary_s = next_boundary_s(clock())
        self._parts.books.begin(clock() // SECOND_NS)
        while not self._stopping.is_set():
            wake_ns = min(next_drain, next_check, boundary_s * SECOND_NS)
            self._wake.wait(max(0, wake_ns - clock()) / SECOND_NS)
            self._wake.clear()
            self._take_mail()
            now = clock()
            if now >= next_check:
                self._check_devices()
                next_check = now + DEVICE_CHECK_NS
            if now >= boundary_s * SECOND_NS:
                self._book()
                self._windows.end(boundary_s)
                self._parts.books.end(boundary_s)
                boundary_s = next_boundary_s(now)
                next_drain = now + SETTLE_NS
            elif now >= next_drain:
                self._book()
                next_drain = now + drain_ns
        self._finish()

    def _take_mail(self) -> None:
        with self._mail.lock:
            enis, revision, fresh = self._mail.enis, self._mail.revision, self._mail.fresh
            self._mail.fresh = False
        if fresh:
            self._reconcile(enis)
            self._publish(revision)

    def _check_devices(self) -> None:
        """Attaches again what came back, lets go of what is gone; one device's trouble leaves the others alone."""
        indexes = self._parts.devices.indexes()
        if any(hold.ifindex != indexes.get(hold.eni.device, 0) for hold in self._holds.values()):
            self._reconcile(tuple(hold.eni for hold in self._holds.values()))
            self._publish(self._applied.revision)

    def _reconcile(self, enis: tuple[Eni, ...]) -> None:
        # Before the cut: whatever a flow log that joins now will ask about is watched from its first packet on.
        for watcher in self._parts.watchers:
            watcher.watch(tuple(eni.watched() for eni in enis))
        indexes = self._parts.devices.indexes()
        wanted = {eni.labels.eni_id: eni for eni in enis}
        gone = [
            hold
            for eni_id, hold in self._holds.items()
            if hold.ifindex
            and (
                eni_id not in wanted
                or wanted[eni_id].generation != hold.eni.generation
                or indexes.get(hold.eni.device) != hold.ifindex
            )
        ]
        self._parts.books.look()
        for hold in gone:
            self._parts.kernel.detach(hold.ifindex)
        self._book()
        self._windows.cut()
        for hold in gone:
            self._roster.detached(hold.ifindex)
            hold.ifindex = 0
        held = self._holds
        self._holds = {}
        for eni_id, eni in wanted.items():
            ifindex = held[eni_id].ifindex if eni_id in held else 0
            self._holds[eni_id] = _Hold(eni, ifindex) if ifindex else self._attach(eni, indexes.get(eni.device, 0))
        self._roster.subscribe(enis, self._until_ns)
        self._windows.want(self._roster.intervals())
        self._parts.books.hold(
            [
                Held(one.eni, self._roster.ordinal(eni_id), one.ifindex, one.error)
                for eni_id, one in self._holds.items()
            ],
            self._until_ns,
        )

    def _attach(self, eni: Eni, ifindex: int) -> _Hold:
        if not ifindex:
            return _Hold(eni, error=f"no device {eni.device} on this host")
        try:
            self._parts.kernel.attach(ifindex, eni.side, eni.addresses)
        except AttachError as trouble:
            log.warning("%s: cannot attach to %s: %s", eni.labels.eni_id, eni.device, trouble)
            return _Hold(eni, error=str(trouble))
        self._roster.attached(eni.labels.eni_id, ifindex)
        log.info("%s: captured on %s (%s)", eni.labels.eni_id, eni.device, eni.side)
        return _Hold(eni, ifindex)

    def _publish(self, revision: str) -> None:
        attached = tuple(
            Attached(eni_id, hold.eni.generation, hold.error) for eni_id, hold in sorted(self._holds.items())
        )
        self._applied = Applied(revision, attached)
        self._parts.changed()

    def _book(self) -> None:
        """One drain into the open windows; windows that are complete now go to disk."""
        drained = self._parts.books.drained(self._parts.kernel.drain)
        self._until_ns = drained.until_ns
        rows, stray = self._roster.book(drained.flows)
        self.counted.packets_stray += stray
        self._count_ignored(drained.ignored)
        uncounted: dict[int, Uncounted] = {}
        for ifindex, seen in drained.uncounted.items():
            ordinal = self._roster.ordinal_of(ifindex)
            if ordinal is not None:
                uncounted[ordinal] = seen
        for watcher in self._parts.watchers:
            watcher.drained(self._until_ns)
        for window in self._windows.add(Drained(rows, uncounted, self._until_ns)):
            self._spool(window)
            self._parts.books.close(window)

    def _count_ignored(self, ignored: Ignored) -> None:
        """A drop that could not be read, or not be seen, leaves its packet in ACCEPT: that is said, not hidden."""
        self.counted.drops += ignored
        if ignored.unreadable or ignored.missed:
            log.warning(
                "%d dropped packets stay ACCEPT: their drop was not readable", ignored.unreadable + ignored.missed
            )

    def _spool(self, window: Closed) -> None:
        self.counted.windows += 1
        for delivery in self._roster.deliveries(window):
            self._keep(delivery)

    def _keep(self, delivery: Delivery) -> None:
        self._batches += 1
        batch_id = f"{self._batch_prefix}-{self._batches}"
        try:
            self._parts.spool.keep(delivery.table, Target(delivery.project, delivery.logstore, batch_id))
        except SpoolFull as trouble:
            self.counted.rows_lost += delivery.table.num_rows
            self._parts.books.lost(delivery.table)
            log.error("lost %d rows for %s/%s: %s", delivery.table.num_rows, *_store(delivery), trouble)
            return
        self.counted.rows += delivery.table.num_rows
        self._parts.spooled()

    def _finish(self) -> None:
        self._parts.books.look()
        for hold in self._holds.values():
            if hold.ifindex:
                self._parts.kernel.detach(hold.ifindex)
        self._book()
        windows = self._windows.finish()
        self._parts.books.end(max(window.end_s for window in windows if window.interval_minutes == LEDGER_MINUTES))
        for window in windows:
            self._spool(window)
            self._parts.books.close(window)
        self._parts.books.stop()
        for watcher in self._parts.watchers:
            watcher.close()
        self._parts.kernel.close()
        self._parts.devices.close()


def _store(delivery: Delivery) -> tuple[str, str]:
    return delivery.project, delivery.logstore
