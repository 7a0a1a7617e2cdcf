"""The kernel programs from the agent's side: load, attach to devices, drain.

What enters: devices to capture, by index. What leaves: the rows counted since the last drain (``flows.FLOW``) and what
no row holds. Rule: between two drains every packet is in exactly one of them; a drain switches the buffers, waits until
no program writes the old one any more, and only then reads it.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import ClassVar

import numpy as np

from weir.capture import hooks, libbpf, netns
from weir.capture.attach import AttachError, Attachment, How, check_ethernet, tc_hooks
from weir.capture.books import Books, Dropped
from weir.capture.clocks import both_now
from weir.capture.flows import Flows, joined
from weir.capture.layout import CONFIG, ENI, HOOK_PLACES, LIVE, tag_of, unmoved
from weir.capture.libbpf import BpfTrouble, Map
from weir.capture.probe import OBJECT
from weir.capture.skeleton import Loaded, load
from weir.capture.tables import FLOWS_MAX, SLOTS, Sizes, Tables, cpu_numbers
from weir.capture.totals import FIRST, EniCounters, Ignored, LossCounters
from weir.capture.window import Uncounted
from weir.model.resources import Side

PROGRAMS = {
    Side.BEHIND: ("behind_ingress", "behind_egress"),
    Side.SELF: ("self_ingress", "self_egress"),
}
SIDE_CODES = {Side.BEHIND: 0, Side.SELF: 1}


@dataclass(frozen=True, slots=True)
class Drained:
    """One drain. ``flows``: rows of ``FLOW``, keys may repeat, packets may be negative (drops after the last swap).

    ``uncounted``: ifindex -> what the device saw that is in no row; ENIs with nothing are left out. ``until_ns``: Unix
    time at which counting into this drain had ended. ``books``: ifindex -> what its hooks saw. ``dropped``: drops that
    are no verdict. ``folded``: ifindex -> number of flows that found no row of their own, an estimate (standard error
    6.5 %); their packets and bytes are exact, in the rows with ``fold`` above 0.
    """

    flows: Flows
    uncounted: Mapping[int, Uncounted]
    ignored: Ignored
    until_ns: int
    books: Mapping[int, Books] = field(default_factory=dict)
    dropped: Dropped = field(default_factory=dict)
    folded: Mapping[int, int] = field(default_factory=dict)


class Kernel:
    """The programs, loaded. One thread may use it at a time. Closing it detaches everything."""

    source: ClassVar[str] = "kernel"

    def __init__(
        self,
        flows_max: int = FLOWS_MAX,
        netns_name: str | None = None,
        path: Path = OBJECT,
        slots: int = SLOTS,
        how: How = How.AUTO,
    ) -> None:
        """Loads for the devices of one network namespace (a name of ``ip netns``, an absolute path, None: the own one).

        ``flows_max`` and ``slots``: see ``tables``. Raises ``BpfTrouble`` when the kernel refuses, ``OSError`` when
        neither libbpf nor a light skeleton is there, ``netns.NoSuchNamespace``.
        """
        sizes, cpus = Sizes(flows_max, slots), cpu_numbers()
        config = np.zeros(1, CONFIG)
        config["netns"] = netns.inode_of(netns_name)
        config["seed"], config["cpus"], config["pairs"] = secrets.randbits(64), cpus, sizes.pairs
        self._netns = netns_name
        self._object = load(path, sizes.entries(cpus), {".rodata": config})
        self._maps = {name: self._object.map(name) for name in ("enis", "addresses")}
        self._switch = _Switch(self._object)
        self._owners = _Owners(self._maps["addresses"])
        self._tables = Tables(self._object, sizes, cpus)
        self._enis, self._losses = EniCounters(self._object), LossCounters(self._object)
        self._links: dict[int, Attachment] = {}
        self._until_ns = 0
        self._traces: list[int] = []
        self._hooks = tc_hooks(how, netns_name)
        try:
            for name in ("netfilter_drop", "other_drop"):
                self._traces.append(self._object.attach_trace(name))
        except BpfTrouble:
            self.close()
            raise

    def __enter__(self) -> Kernel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def attached(self) -> frozenset[int]:
        """Indexes of the devices attached; one that has vanished since stays in until it is detached."""
        return frozenset(self._links)

    def vanished(self) -> frozenset[int]:
        """Indexes attached whose device is gone."""
        return frozenset(ifindex for ifindex, link in self._links.items() if link.is_gone())

    def attach(self, ifindex: int, side: Side, addresses: Iterable[str] = ()) -> None:
        """Counts at a device from now on. ``addresses``: of the ENI, used to charge drops before routing's end.

        Raises ``AttachError``; the device then is as before.
        """
        if ifindex in self._links:
            raise AttachError(f"device {ifindex} is already captured")
        packed = [_packed(address) for address in addresses] if side is Side.BEHIND else []
        try:
            netns.inside(self._netns, lambda: check_ethernet(ifindex))
            self._claim_tag(ifindex, side)
        except OSError as error:
            raise AttachError(f"device {ifindex}: {error.strerror}") from error
        try:
            self._enis.add(ifindex, side)
            self._owners.add(ifindex, packed)
            fds = tuple(self._object.program_fd(name) for name in PROGRAMS[side])
            self._links[ifindex] = self._hooks.attach(fds, ifindex)
        except OSError as error:
            self._forget(ifindex)
            raise AttachError(f"device {ifindex}: {error.strerror}") from error

    def _claim_tag(self, ifindex: int, side: Side) -> None:
        tag = np.array([tag_of(ifindex)], "<u4")
        entry = np.zeros(1, ENI)
        if any(tag_of(other) == tag[0] for other in self._links) or not tag[0]:
            raise AttachError(f"device {ifindex}: its 16-bit tag {tag[0]} is taken, make the device anew")
        entry["ifindex"], entry["side"] = ifindex, SIDE_CODES[side]
        self._maps["enis"].put(tag, entry)

    def detach(self, ifindex: int) -> None:
        """Stops counting at a device, also one that is gone. What was counted comes with the next drain."""
        if link := self._links.pop(ifindex, None):
            link.close()
        self._forget(ifindex)

    def _forget(self, ifindex: int) -> None:
        self._maps["enis"].remove(np.array([tag_of(ifindex)], "<u4"))
        self._owners.remove(ifindex)
        self._enis.remove(ifindex)
        self._losses.remove(ifindex)

    def ask_hooks(self, *, asked: bool) -> bool:
        """Whether the hook of every drop is found out from now on: it costs about 1.5 us a drop.

        False where the kernel hides the addresses of its functions (kernel.kptr_restrict); hooks then stay unknown.
        """
        places = hooks.resolve() if asked else np.zeros(1, HOOK_PLACES)
        self._object.map("hook_places").put(FIRST, places)
        return bool(places["nf_hook_slow"]["end"][0])

    def drain(self) -> Drained:
        """Takes what was counted since the last drain; costs some 20 ms and about 0.6 s per million rows."""
        old = self._switch.flip()
        now = both_now()
        rows = self._tables.take(old, now)
        gained = self._enis.gained(old, rows)
        last = gained.rows
        last["first_ns"], last["last_ns"] = self._until_ns or now.realtime_ns, now.realtime_ns
        self._until_ns = now.realtime_ns
        if len(last):
            rows = joined([rows, last])
        return Drained(
            unmoved(rows),
            {ifindex: _unrowed(seen) for ifindex, seen in gained.books.items() if _unrowed(seen) != Uncounted()},
            self._losses.ignored(),
            now.realtime_ns,
            {ifindex: seen for ifindex, seen in gained.books.items() if seen != Books()},
            self._losses.dropped(),
            gained.folded,
        )

    def try_frame(self, program: str, frame: bytes, repeat: int = 1) -> int:
        """Runs one tc program on one Ethernet frame, as if it had come by the loopback device of the namespace.

        Returns the nanoseconds that one of ``repeat`` runs took, the kernel's test bench included.
        """
        fd = self._object.program_fd(program)
        return netns.inside(self._netns, lambda: libbpf.run_on_frame(fd, frame, repeat))

    def close(self) -> None:
        """Detaches all and unloads."""
        for ifindex in tuple(self._links):
            self.detach(ifindex)
        self._hooks.close()
        for trace in self._traces:
            self._object.detach_trace(trace)
        self._object.close()


class _Switch:
    """Which buffer the programs write."""

    def __init__(self, loaded: Loaded) -> None:
        self._live = loaded.map(".bss")
        self._barrier = loaded.map("barrier")
        self._inner = np.array([loaded.map("barrier_inner").fd], "<u4")
        self._buffer = np.zeros(1, LIVE)

    def flip(self) -> int:
        """Switches; returns the buffer that nobody writes any more.

        Updating a map of maps makes the kernel wait for every program that began before, so after it none is left that
        may still have read the old switch.
        """
        old = int(self._buffer["buffer"][0])
        self._buffer["buffer"] = old ^ 1
        self._live.put(FIRST, self._buffer)
        self._barrier.put(FIRST, self._inner)
        return old


class _Owners:
    """Whose address is whose. An address of two ENIs (two VPCs on one host) is nobody's: drops then go by device."""

    def __init__(self, addresses: Map) -> None:
        self._map = addresses
        self._owners: defaultdict[bytes, set[int]] = defaultdict(set)

    def add(self, ifindex: int, addresses: Iterable[bytes]) -> None:
        for address in addresses:
            self._owners[address].add(ifindex)
            self._write(address)

    def remove(self, ifindex: int) -> None:
        for address in [address for address, owners in self._owners.items() if ifindex in owners]:
            self._owners[address].discard(ifindex)
            self._write(address)

    def _write(self, address: bytes) -> None:
        key = np.frombuffer(address, np.uint8)
        owners = self._owners[address]
        if owners:
            self._map.put(key, np.array([next(iter(owners)) if len(owners) == 1 else 0], "<u4"))
        else:
            del self._owners[address]
            self._map.remove(key)


def _unrowed(seen: Books) -> Uncounted:
    return Uncounted(not_ip=seen.rx.not_ip + seen.tx.not_ip, malformed=seen.rx.malformed + seen.tx.malformed)


def _packed(address: str) -> bytes:
    """16 bytes of an address; IPv4 as ::ffff:a.b.c.d."""
    parsed = ipaddress.ip_address(address)
    return parsed.packed if parsed.version == 6 else bytes(10) + b"\xff\xff" + parsed.packed
