"""Where counted packets come from: the kernel programs, or packet sockets where those cannot be had.

What enters: what the operator allows. What leaves: one open source, which the recorder drives without knowing which it
is. Rule: the last resort is never taken unasked, because its records know no REJECT; when it is taken, that is said
loudly here, and ``source`` says it to whoever keeps books.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol

from weir.capture.attach import How
from weir.capture.kernel import Drained, Kernel
from weir.capture.packets import Packets
from weir.capture.probe import packets_missing, probe
from weir.capture.tables import Sizes
from weir.model.resources import Side

log = logging.getLogger("weir.agent")


class Wanted(StrEnum):
    """``KERNEL``: the kernel programs or nothing. ``PACKETS``: packet sockets. ``AUTO``: the first that can be had."""

    KERNEL = "kernel"
    PACKETS = "packets"
    AUTO = "auto"


class CannotCapture(Exception):
    """This host lacks what the source needs (trouble); the text names all of it."""


class Source(Protocol):
    """Counts at devices. One thread may use it at a time."""

    source: ClassVar[str]
    """``kernel`` or ``packets``; records of the latter know no REJECT."""

    def attach(self, ifindex: int, side: Side, addresses: Iterable[str] = ()) -> None:
        """Counts at a device from now on. Raises ``attach.AttachError``; the device then is as before."""
        ...

    def detach(self, ifindex: int) -> None:
        """Stops counting at a device, also one that is gone. What was counted comes with the next drain."""
        ...

    def ask_hooks(self, *, asked: bool) -> bool:
        """Whether to find out at which hook packets are dropped. False where that cannot be known."""
        ...

    def drain(self) -> Drained:
        """Takes what was counted since the last drain."""
        ...

    def close(self) -> None:
        """Detaches all."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What the operator asks for. Packet sockets have but one table. ``netns``: see ``netns.path_of``."""

    wanted: Wanted
    how: How
    sizes: Sizes
    netns: str | None


def missing(wanted: Wanted) -> list[str]:
    """What this host lacks, one sentence each; empty when ``opened`` can succeed."""
    if wanted is Wanted.PACKETS:
        return packets_missing()
    lacking = probe()
    if not lacking or (wanted is Wanted.AUTO and not packets_missing()):
        return []
    if not packets_missing():
        lacking.append("Set WEIR_CAPTURE_SOURCE=auto to capture without it, with packet sockets: they know no REJECT.")
    return lacking


def opened(asked: Asked) -> Source:
    """Raises ``CannotCapture``, and what the source itself raises."""
    if lacking := missing(asked.wanted):
        raise CannotCapture(" ".join(lacking))
    if asked.wanted is not Wanted.PACKETS and not (reasons := probe()):
        return Kernel(asked.sizes.flows, asked.netns, how=asked.how, slots=asked.sizes.slots)
    why = "asked for" if asked.wanted is Wanted.PACKETS else " ".join(reasons)
    log.warning("capturing with packet sockets: no record will say REJECT (%s)", why)
    return Packets(asked.sizes.flows, asked.netns)
