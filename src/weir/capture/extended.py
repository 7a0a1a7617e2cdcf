"""Everybody who knows extended fields, put together for one captured namespace.

What enters: the namespace and a clock. What leaves: the attributions that the roster asks, the watchers that the
recorder tells, and the host's routes. Rule: whoever comes first in ``attributions`` does not matter; no field has two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from weir.capture.attribution import Attribution, Watcher
from weir.capture.conntrack import Tracking
from weir.capture.links import Links
from weir.capture.next_hops import NextHops
from weir.capture.packet_fields import Icmp, Initiator, Vlan
from weir.capture.sockets import LocalSockets


@dataclass(frozen=True, slots=True)
class Extended:
    """See ``attribution``; most objects are in both. ``behind``: see ``next_hops``."""

    attributions: tuple[Attribution, ...]
    watchers: tuple[Watcher, ...]
    behind: Callable[[str], tuple[str, ...]]


def extended_fields(netns: str | None, clock_ns: Callable[[], int]) -> Extended:
    """For the devices of one network namespace (None: the own one). Nothing is loaded or followed yet."""
    tracking, sockets, vlan = Tracking(netns, clock_ns), LocalSockets(netns, clock_ns), Vlan(Links(netns))
    initiator = Initiator((tracking.opened, sockets.opened))
    next_hops = NextHops(netns)
    return Extended(
        (Icmp(), initiator, vlan, tracking, sockets), (vlan, tracking, sockets, next_hops), next_hops.behind
    )
