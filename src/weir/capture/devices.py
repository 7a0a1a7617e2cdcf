"""The network devices of one namespace, by name.

What enters: a namespace's name (empty: the process's own). What leaves: device names and their indexes as the kernel
has them now. Rule: a device is known by name in bindings and by index in the kernel; whoever holds an index asks here
whether it still is that device.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError


class Devices:
    """Holds one netlink socket in the namespace."""

    def __init__(self, netns: str = "") -> None:
        self._route = IPRoute(netns=netns, flags=0) if netns else IPRoute()

    def indexes(self) -> Mapping[str, int]:
        """Device name -> ifindex, for every device there is. Raises ``OSError`` when netlink fails."""
        try:
            return {link.get("ifname"): link["index"] for link in self._route.get_links()}
        except NetlinkError as error:
            raise OSError(error.code, "cannot list network devices") from error

    def close(self) -> None:
        self._route.close()
