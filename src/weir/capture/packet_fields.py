"""Extended fields that lie in the row itself or in the device: ICMP type and code, who opened, VLAN.

What enters: flow rows, and for the VLAN the captured devices. What leaves: columns. Rule: who opened a TCP connection
is said by a SYN that nobody answered with this flow's own acknowledgement, or by whoever followed the connection;
flags of a whole window alone do not tell, and then the answer is ``unknown``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from weir.capture.attribution import Watched
from weir.capture.flows import Flows
from weir.capture.lifetimes import tuples_of
from weir.capture.links import Link, Links
from weir.capture.share import Bounds, Labels

log = logging.getLogger("weir.agent")

TCP, ICMP, ICMPV6 = 6, 1, 58
TCP_SYN, TCP_ACK = 2, 16

UNKNOWN, SOURCE, DESTINATION = 0, 1, 2
"""Who opened a connection, seen from a row."""
OPENERS = pa.array(["unknown", "source", "destination"])


class Icmp:
    """``icmp-type`` and ``icmp-code`` from the row's dport."""

    fields = ("icmp-type", "icmp-code")

    def attribute(self, rows: Flows, labels: Labels, bounds: Bounds) -> Mapping[str, pa.Array]:
        """Null for every other protocol, and where several flows share a row."""
        other = ~np.isin(rows["proto"], (ICMP, ICMPV6)) | (rows["fold"] != 0)
        dport = rows["dport"].astype("i8")
        return {"icmp-type": pa.array(dport >> 8, mask=other), "icmp-code": pa.array(dport & 255, mask=other)}


Openers = Callable[[Flows, Labels], NDArray[np.uint8]]
"""Who opened, as far as somebody knows: ``UNKNOWN``, ``SOURCE`` or ``DESTINATION`` per row."""


class Initiator:
    """``initiator``: by the row's own flags, else by the first of ``openers`` that knows."""

    fields = ("initiator",)

    def __init__(self, openers: tuple[Openers, ...] = ()) -> None:
        self._openers = (opened_by_flags, *openers)

    def attribute(self, rows: Flows, labels: Labels, bounds: Bounds) -> Mapping[str, pa.Array]:
        """Null for every protocol but TCP."""
        found = np.zeros(len(rows), "u1")
        for opened in self._openers:
            found = np.where(found == UNKNOWN, opened(rows, labels), found)
        return {"initiator": OPENERS.take(pa.array(found, pa.int32(), mask=rows["proto"] != TCP))}


def opened_by_flags(rows: Flows, labels: Labels) -> NDArray[np.uint8]:
    """A row of SYNs without ACK is the opener's, and the row of the other direction is the answer to it."""
    alone = (rows["proto"] == TCP) & (rows["tcp_flags"] & (TCP_SYN | TCP_ACK) == TCP_SYN) & (rows["fold"] == 0)
    found = np.where(alone, SOURCE, UNKNOWN).astype("u1")
    if alone.any():
        asked = tuples_of(rows[alone])
        answers = asked.copy()
        for name, other in (("src", "dst"), ("dst", "src"), ("sport", "dport"), ("dport", "sport")):
            answers[name] = asked[other]
        found[~alone & np.isin(tuples_of(rows).view("V40"), answers.view("V40"))] = DESTINATION
    return found


class Vlan:
    """``vlan``: that of the ENI's device; a device that carries several VLANs is in none."""

    fields = ("vlan",)

    def __init__(self, links: Links) -> None:
        self._links = links
        self._enis: tuple[Watched, ...] = ()
        self._vlans: Mapping[str, int | None] = {}

    def watch(self, enis: tuple[Watched, ...]) -> None:
        """Reads the devices of these ENIs from now on."""
        self._enis = tuple(eni for eni in enis if "vlan" in eni.fields)
        self.drained(0)

    def drained(self, until_ns: int) -> None:
        """Reads the devices again: one may have been made anew in another VLAN."""
        if not self._enis:
            return
        try:
            links = self._links.read()
        except OSError as error:
            log.warning("the devices' VLANs stay as they were: %s", error)
            return
        self._vlans = {eni.eni_id: links.get(eni.device, Link()).vlan for eni in self._enis}

    def close(self) -> None:
        self._enis = ()
        self._links.close()

    def attribute(self, rows: Flows, labels: Labels, bounds: Bounds) -> Mapping[str, pa.Array]:
        """The same for all rows."""
        return {"vlan": pa.array([self._vlans.get(labels.eni_id)] * len(rows), pa.int64())}
