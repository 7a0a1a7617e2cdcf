"""Whose local sockets the flows of this host are: process, control group, container, and how well TCP fares.

What enters: what the socket programs saw, drain after drain, and flow rows. What leaves: columns. Rule: a flow belongs
to a socket that lived while it ran, in the network namespace that is the ENI: the captured one for a device that is the
ENI itself, the other end's for a veth. A virtual machine behind a tap has its sockets elsewhere: nothing is said of it.
Nothing is loaded while no flow log asks.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from weir.capture.attribution import Watched
from weir.capture.cgroups import Cgroups, container_of
from weir.capture.clocks import both_now
from weir.capture.flows import DIRECTION_OUT, Flows
from weir.capture.homes import Homes
from weir.capture.lifetimes import Pairs
from weir.capture.links import Links
from weir.capture.packet_fields import DESTINATION, SOURCE, UNKNOWN
from weir.capture.share import Bounds, Labels
from weir.capture.socket_memory import KnownSockets, Seen, SocketMemory, only_of
from weir.capture.socket_programs import OPENED_HERE, OPENED_THERE, SocketPrograms

FIELDS = ("pid", "comm", "cgroup", "container-id", "rtt-us", "retransmits")
TCP = 6

log = logging.getLogger("weir.agent")


@dataclass(slots=True)
class Counted:
    """Counters since the start. ``missed``: sockets that found no place in the kernel's tables; ``forgotten``: closed
    ones that gave way before their time."""

    missed: int = 0
    forgotten: int = 0


@dataclass(slots=True)
class _Running:
    programs: SocketPrograms
    links: Links
    cgroups: Cgroups
    memory: SocketMemory
    homes: Homes


class LocalSockets:
    """Looks at every drain while a flow log asks; attributes what it saw. Used by the recorder's thread alone."""

    fields = FIELDS

    def __init__(self, netns_name: str | None, clock_ns: Callable[[], int]) -> None:
        self._netns = netns_name
        self._clock_ns = clock_ns
        self._running: _Running | None = None
        self._enis: Mapping[str, Watched] = {}
        self._known: KnownSockets | None = None
        self.counted = Counted()

    def watch(self, enis: tuple[Watched, ...]) -> None:
        """Begins or ends to look. Where the kernel refuses, that is said and nothing is attributed."""
        self._enis = {eni.eni_id: eni for eni in enis if eni.fields.intersection((*FIELDS, "initiator"))}
        if self._enis and self._running is None:
            self._begin()
        elif not self._enis:
            self.close()

    def _begin(self) -> None:
        try:
            programs = SocketPrograms()
        except OSError as error:
            log.warning("local sockets are not looked at, their fields stay absent: %s", error)
            return
        links = Links(self._netns)
        self._running = _Running(programs, links, Cgroups(), SocketMemory(), Homes(self._netns, links))
        self.drained(self._clock_ns())

    def close(self) -> None:
        """Unloads and forgets."""
        if self._running is not None:
            self._running.programs.close()
            self._running.links.close()
        self._running = self._known = None

    def drained(self, until_ns: int) -> None:
        """Looks again, so that rows up to ``until_ns`` can be attributed."""
        if self._running is not None:
            try:
                self._look(self._running)
            except OSError as error:
                log.warning("local sockets could not be read this time: %s", error)

    def _look(self, running: _Running) -> None:
        self._known = None
        programs, memory = running.programs, running.memory
        # Open ones first: a socket that closes in between is then in both, and its end is what counts.
        live = programs.open_sockets()
        closed = np.concatenate([programs.closed(), programs.datagrams()])
        memory.add(Seen(live, closed, time.monotonic_ns()))
        running.homes.look(tuple(self._enis.values()))
        running.cgroups.learn(np.unique(np.concatenate([live["cgroup"], closed["cgroup"]])).tolist())
        self.counted = Counted(sum(programs.missed()), memory.forgotten)

    def _matched(self, rows: Flows, labels: Labels) -> tuple[KnownSockets, Pairs] | None:
        home = self._running.homes.of(labels.eni_id) if self._running is not None else None
        if self._running is None or home is None:
            return None
        if self._known is None:
            now = both_now(self._clock_ns)
            self._known = self._running.memory.known(now.realtime_ns - now.monotonic_ns)
        pairs = self._known.match(rows)
        return self._known, only_of(pairs, self._known.records, home)

    def opened(self, rows: Flows, labels: Labels) -> NDArray[np.uint8]:
        """Who opened, as far as the socket was seen to be opened: ``UNKNOWN``, ``SOURCE`` or ``DESTINATION``."""
        found = np.zeros(len(rows), "u1")
        matched = self._matched(rows, labels)
        if matched is None:
            return found
        known, pairs = matched
        opener, certain = known.values(pairs, len(rows))["opener"]
        outward = rows["direction"] == DIRECTION_OUT
        by_source = ((opener == OPENED_HERE) & outward) | ((opener == OPENED_THERE) & ~outward)
        by_destination = ((opener == OPENED_HERE) & ~outward) | ((opener == OPENED_THERE) & outward)
        return np.select([certain & by_source, certain & by_destination], [SOURCE, DESTINATION], UNKNOWN).astype("u1")

    def attribute(self, rows: Flows, labels: Labels, bounds: Bounds) -> Mapping[str, pa.Array]:
        """``rtt-us`` and ``retransmits`` only for TCP; a round trip of 0 was not measured yet and is null."""
        matched = self._matched(rows, labels)
        if matched is None or self._running is None:
            return {}
        known, pairs = matched
        values = known.values(pairs, len(rows))
        (pid, has_pid), (comm, has_comm) = values["pid"], values["comm"]
        (srtt, has_srtt), (sent_again, has_sent_again) = values["srtt_us"], values["retransmits"]
        paths = _texts(*values["cgroup"], self._running.cgroups.path_of)
        is_tcp = rows["proto"] == TCP
        return {
            "pid": pa.array(pid.astype("i8"), mask=~has_pid | (pid == 0)),
            "comm": _texts(comm.astype("V16"), has_comm & has_pid & (pid != 0), _comm),
            "cgroup": paths,
            "container-id": pa.array([path and container_of(path) for path in paths.to_pylist()], pa.string()),
            "rtt-us": pa.array(srtt.astype("i8"), mask=~has_srtt | ~is_tcp | (srtt == 0)),
            "retransmits": pa.array(sent_again.astype("i8"), mask=~has_sent_again | ~is_tcp),
        }


def _comm(value: bytes) -> str:
    return value.partition(b"\0")[0].decode(errors="replace")


def _texts(values: NDArray[np.generic], known: NDArray[np.bool_], text_of: Callable[[Any], str | None]) -> pa.Array:
    """One text per value, null where it is not known. Each distinct value is looked up once."""
    plain = values.tolist()
    texts = {value: text_of(value) for value in set(plain)}
    return pa.array([texts[value] if sure else None for value, sure in zip(plain, known, strict=True)], pa.string())
