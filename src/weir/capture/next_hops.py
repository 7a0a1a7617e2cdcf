"""What the host's routing tables have behind a device.

What enters: the captured namespace. What leaves: blocks per device. Rule: the tables are read when a declared route
names a device, once between two drains, so that a route of the host that comes or goes is followed.
"""

from __future__ import annotations

import logging
import socket
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from weir.capture.attribution import Watched

UNICAST = 1
"""RTN_UNICAST of linux/rtnetlink.h: routes that lead somewhere."""
EVERYTHING = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}

log = logging.getLogger("weir.agent")


class NextHops:
    """Holds one netlink socket in the namespace. Used by the recorder's thread alone."""

    def __init__(self, netns: str | None = None) -> None:
        self._route = IPRoute(netns=netns, flags=0) if netns else IPRoute()
        self._behind: dict[str, tuple[str, ...]] | None = None

    def behind(self, device: str) -> tuple[str, ...]:
        """Blocks routed out by the device, IPv4 and IPv6; none for a device that is not there."""
        if self._behind is None:
            try:
                self._behind = self._read()
            except NetlinkError as error:
                log.warning("the host's routes cannot be read, nothing is behind %s: %s", device, error)
                return ()
        return self._behind.get(device, ())

    def _read(self) -> dict[str, tuple[str, ...]]:
        names = {link["index"]: link.get("ifname") for link in self._route.get_links()}
        found: dict[str, list[str]] = defaultdict(list)
        for family in EVERYTHING:
            for index, block in blocks_of(self._route.get_routes(family=family)):
                if index in names:
                    found[names[index]].append(block)
        return {name: tuple(blocks) for name, blocks in found.items()}

    def watch(self, enis: tuple[Watched, ...]) -> None:
        """Forgets, as after every drain."""
        self._behind = None

    def drained(self, until_ns: int) -> None:
        self._behind = None

    def close(self) -> None:
        self._route.close()


def blocks_of(messages: Iterable[Any]) -> Iterator[tuple[int, str]]:
    """(device index, block) out of the kernel's route messages; a route over several devices is behind each."""
    for route in messages:
        if route["type"] != UNICAST or route["family"] not in EVERYTHING:
            continue
        block = f"{route.get('dst') or EVERYTHING[route['family']]}/{route['dst_len']}"
        hops = route.get("multipath") or ()
        for index in (route.get("oif"), *(hop["oif"] for hop in hops)):
            if index is not None:
                yield index, block
