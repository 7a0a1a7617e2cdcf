"""What devices are: their VLAN, and the network namespace of whoever is behind them.

What enters: the captured namespace. What leaves: facts per device as the kernel has them now. Rule: read only when an
extended field asks for it; a device that is gone has no facts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

VETH, VLAN = "veth", "vlan"
NO_NSID = 0xFFFFFFFF
"""The kernel's answer for a namespace that the asking one has no number for."""


@dataclass(frozen=True, slots=True)
class Link:
    """One device. ``peer_nsid``: of a veth, the number of its other end's namespace; None: the same one. ``vlan``: of a
    VLAN sub-interface, its id."""

    kind: str = ""
    peer_nsid: int | None = None
    vlan: int | None = None


class Links:
    """Holds one netlink socket in the namespace; every call raises ``OSError`` when netlink fails."""

    def __init__(self, netns: str | None = None) -> None:
        self._route = IPRoute(netns=netns, flags=0) if netns else IPRoute()

    def read(self) -> Mapping[str, Link]:
        """Every device by name."""
        try:
            return links_of(self._route.get_links())
        except NetlinkError as error:
            raise OSError(error.code, "cannot list network devices") from error

    def nsid_of(self, path: Path) -> int | None:
        """The number that this namespace has for the one of ``path``; None: it has none, or that one is gone."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            nsid = self._route.get_netnsid(fd=descriptor)["nsid"]
        except NetlinkError:
            return None
        finally:
            os.close(descriptor)
        return None if nsid == NO_NSID else int(nsid)

    def close(self) -> None:
        self._route.close()


def links_of(messages: Iterable[Any]) -> dict[str, Link]:
    """Facts out of the kernel's link messages."""
    return {
        link.get("ifname"): Link(
            link.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") or "",
            link.get("link_netnsid"),
            link.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA", "IFLA_VLAN_ID"),
        )
        for link in messages
    }
