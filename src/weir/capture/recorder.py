"""The one thread that owns kernel, windows and roster: it attaches, drains, closes windows and spools records.

What enters: the ENIs that should be captured (``apply``). What leaves: records on the spool's disk, and what is
attached now (``applied``). Rule: everything that changes what is counted happens here, one step after the other, each
change between a drain and a cut, so that no packet is on both sides of it.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from weir.capture.attach import AttachError
from weir.capture.attribution import Attribution, Watcher
from weir.capture.bookkeeping import Bookkeeping
from weir.capture.devices import Device, Devices
from weir.capture.ledger import LEDGER_MINUTES, Held
from weir.capture.roster import Delivery, Eni, Roster
from weir.capture.source import Source
from weir.capture.spool import Spool, SpoolFull, Target
from weir.capture.totals import Ignored
from weir.capture.window import Closed, Drained, Uncounted, Windows, next_boundary_s

SECOND_NS = 1_000_000_000
SETTLE_NS = SECOND_NS // 5
"""How long after a boundary the settling drain comes: a drop decided later than this stays in the next window."""
DEVICE_CHECK_NS = 30 * SECOND_NS
"""How often devices are looked at although the kernel has told of no change."""
ATTACHED_MAX = 32
"""Devices attached between two drains; the others wait for the next round. The kernel takes some 10 ms for each."""
DEVICE_PAUSE_NS = SECOND_NS // 5
"""How soon after one look the next one may follow; the kernel tells of each of many changes at once."""

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
    """``asked``: as the binding calls its device; ``eni``: with the device's own name."""

    asked: Eni
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
        self._devices_changed = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="weir-recorder", daemon=True)
        self._roster = Roster(parts.attributions, parts.behind)
        self._holds: dict[str, _Hold] = {}
        self._windows = Windows(parts.clock_ns())
        self._until_ns = 0
        self._boundary_s = next_boundary_s(parts.clock_ns())
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
        checked = next_check = next_drain = clock()
        self._parts.books.begin(clock() // SECOND_NS)
        self._parts.devices.watch(self._devices_change)
        while not self._stopping.is_set():
            wake_ns = min(next_drain, next_check, self._boundary_s * SECOND_NS)
            self._wake.wait(max(0, wake_ns - clock()) / SECOND_NS)
            self._wake.clear()
            self._take_mail()
            now = clock()
            if self._devices_changed.is_set():
                self._devices_changed.clear()
                next_check = min(next_check, checked + DEVICE_PAUSE_NS)
            if now >= next_check:
                self._check_devices()
                checked, next_check = now, now + DEVICE_CHECK_NS
            if now >= min(next_drain, self._boundary_s * SECOND_NS):
                has_ended = self._book()
                next_drain = now + (SETTLE_NS if has_ended else drain_ns)
        self._finish()

    def _devices_change(self) -> None:
        self._devices_changed.set()
        self._wake.set()

    def _take_mail(self) -> None:
        with self._mail.lock:
            enis, revision, fresh = self._mail.enis, self._mail.revision, self._mail.fresh
            self._mail.fresh = False
        if fresh:
            self._reconcile(enis)
            self._publish(revision)

    def _check_devices(self) -> None:
        """Attaches again what came back, lets go of what is gone; one device's trouble leaves the others alone."""
        found = self._parts.devices.found(hold.asked.device for hold in self._holds.values())
        if any(
            hold.ifindex != _ifindex(found, hold.asked)
            or hold.eni != _with_device(hold.asked, found.get(hold.asked.device))
            for hold in self._holds.values()
        ):
            self._reconcile(tuple(hold.asked for hold in self._holds.values()))
            self._publish(self._applied.revision)

    def _reconcile(self, asked: tuple[Eni, ...]) -> None:
        found = self._parts.devices.found(eni.device for eni in asked)
        enis = tuple(_with_device(eni, found.get(eni.device)) for eni in asked)
        # Before the cut: whatever a flow log that joins now will ask about is watched from its first packet on.
        for watcher in self._parts.watchers:
            watcher.watch(tuple(eni.watched() for eni in enis))
        generations = {eni.labels.eni_id: eni.generation for eni in asked}
        gone = [
            hold
            for eni_id, hold in self._holds.items()
            if hold.ifindex
            and (generations.get(eni_id) != hold.asked.generation or _ifindex(found, hold.asked) != hold.ifindex)
        ]
        self._parts.books.look()
        for hold in gone:
            self._parts.kernel.detach(hold.ifindex)
        self._book()
        self._windows.cut()
        for hold in gone:
            self._roster.detached(hold.ifindex)
            hold.ifindex = 0
        held = {eni_id: hold.ifindex for eni_id, hold in self._holds.items()}
        self._holds = {}
        attached = 0
        for call, eni in zip(asked, enis, strict=True):
            self._holds[eni.labels.eni_id] = hold = _Hold(call, eni, held.get(eni.labels.eni_id, 0))
            if not hold.ifindex and attached < ATTACHED_MAX:
                self._attach(hold, _ifindex(found, call))
                attached += bool(hold.ifindex)
            elif not hold.ifindex:
                hold.error = "waits for its turn to be attached"
                self._devices_changed.set()
        self._roster.subscribe(enis, self._until_ns)
        self._windows.want(self._roster.intervals())
        self._parts.books.hold(
            [
                Held(one.eni, self._roster.ordinal(eni_id), one.ifindex, one.error)
                for eni_id, one in self._holds.items()
            ],
            self._until_ns,
        )

    def _attach(self, hold: _Hold, ifindex: int) -> None:
        eni, eni_id = hold.eni, hold.eni.labels.eni_id
        other = self._roster.ordinal_of(ifindex)
        if not ifindex or other is not None:
            hold.error = f"{eni.device} is another ENI's device" if ifindex else f"no device {eni.device} on this host"
            return
        try:
            self._parts.kernel.attach(ifindex, eni.side, eni.addresses)
        except AttachError as trouble:
            log.warning("%s: cannot attach to %s: %s", eni_id, eni.device, trouble)
            hold.error = str(trouble)
            return
        hold.ifindex = ifindex
        self._roster.attached(eni_id, ifindex)
        log.info("%s: captured on %s (%s)", eni_id, eni.device, eni.side)

    def _publish(self, revision: str) -> None:
        attached = tuple(
            Attached(eni_id, hold.eni.generation, hold.error) for eni_id, hold in sorted(self._holds.items())
        )
        self._applied = Applied(revision, attached)
        self._parts.changed()

    def _book(self) -> bool:
        """One drain into the open windows; windows that are complete now go to disk.

        True if the drain ended windows: nothing may come between it and their end, or what joined between would have
        its first packets in a window from before its time.
        """
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
        if self._until_ns < self._boundary_s * SECOND_NS:
            return False
        self._windows.end(self._boundary_s)
        self._parts.books.end(self._boundary_s)
        self._boundary_s = next_boundary_s(self._until_ns)
        return True

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
        self._book()
        windows = self._windows.finish()
        self._parts.books.end(max(window.end_s for window in windows if window.interval_minutes == LEDGER_MINUTES))
        for window in windows:
            self._spool(window)
            self._parts.books.close(window)
        self._parts.books.stop()
        # Detaching takes long where there are many devices, and nobody should wait for it with records in hand.
        for watcher in self._parts.watchers:
            watcher.close()
        self._parts.kernel.close()
        self._parts.devices.close()


def _ifindex(found: Mapping[str, Device], eni: Eni) -> int:
    """Of the device that the ENI's binding calls; 0 if there is none such."""
    device = found.get(eni.device)
    return device.ifindex if device else 0


def _with_device(eni: Eni, device: Device | None) -> Eni:
    return replace(eni, device=device.name) if device else eni


def _store(delivery: Delivery) -> tuple[str, str]:
    return delivery.project, delivery.logstore
