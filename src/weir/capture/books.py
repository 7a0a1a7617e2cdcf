"""What an ENI's two hooks saw, in the units of the wire and in those of the device.

What enters: counters drained from the kernel. What leaves: ``Books``, which a ledger sets against the device's own
counters. Rule: a buffer is what the device counts as one packet, its Ethernet header included; on the wire a buffer of
segmentation offload is several packets, and a padded or tagged one has other bytes than its IP packet. Every buffer a
hook saw is in ``frames`` exactly once: as IP, as ``not_ip`` or as ``malformed``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self


class _Sums:
    """Adds field by field."""

    def __add__(self, other: Self) -> Self:
        return type(self)(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Seen(_Sums):
    """One hook's. ``frames`` and ``frame_bytes``: every buffer, as the device counts it.

    ``packets`` and ``l3_bytes``: what of it is IP, on the wire, as the rows hold it. Bytes of ``not_ip`` and
    ``malformed`` are the buffers'.
    """

    frames: int = 0
    frame_bytes: int = 0
    packets: int = 0
    l3_bytes: int = 0
    not_ip: int = 0
    not_ip_bytes: int = 0
    malformed: int = 0
    malformed_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Books(_Sums):
    """Both hooks of one device: ``rx`` what it received (tcx ingress), ``tx`` what it was given to send (tcx egress).

    For an ENI behind its device ``rx`` is its OUT and ``tx`` its IN; for side ``self`` it is the other way round.
    """

    rx: Seen = Seen()
    tx: Seen = Seen()


Dropped = dict[tuple[int, int, int], tuple[int, int]]
"""(ifindex, direction of the ENI, kernel drop reason) -> (packets, L3 bytes on the wire; of a frame that is no IP, its
own). Drops that are no verdict of a rule set: no route, TTL, checksum, queue full. The packet stays ACCEPT."""
