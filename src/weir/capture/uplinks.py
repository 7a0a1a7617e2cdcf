"""Under which name a hook's rules see the device a packet came in by or leaves by.

What enters: the devices of the captured namespace. What leaves: for a device, the name that rules of IPv4 and IPv6
see: its own, or its bridge's. Rule: None wherever something else may stand between (a VLAN, a tunnel, a VRF, a device
that moved meanwhile), for then the name is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

PLAIN = frozenset({"", "veth", "bridge", "dummy", "tun"})
"""Kinds of device that hand a packet on under their own name or their bridge's."""


@dataclass(frozen=True, slots=True)
class Uplinks:
    """``masters``: device -> its bridge, empty for none. ``is_plain``: no device of another kind is there.
    ``indexes``: device -> its number."""

    masters: Mapping[str, str] = field(default_factory=dict)
    is_plain: bool = False
    indexes: Mapping[str, int] = field(default_factory=dict)

    def seen_as(self, device: str) -> str | None:
        """The name by which rules of IPv4 and IPv6 know it."""
        if not self.is_plain or device not in self.masters:
            return None
        return self.masters[device] or device

    def on_the_way(self, device: str) -> tuple[str, ...] | None:
        """Devices whose ingress hooks a packet passes that enters by ``device``, in that order."""
        seen = self.seen_as(device)
        return None if seen is None else (device,) if seen == device else (device, seen)


def read(route: IPRoute) -> Uplinks:
    """As the kernel has them now; nothing known where netlink fails."""
    try:
        links = list(route.get_links())
    except (NetlinkError, OSError):
        return Uplinks()
    names = {link["index"]: str(link.get("ifname")) for link in links}
    kinds: dict[int, str] = {}
    for link in links:
        info = link.get("linkinfo")
        kinds[link["index"]] = str((info.get("kind") if info else "") or "")
    masters = {}
    for link in links:
        master = link.get("master")
        if master and kinds.get(master) != "bridge":
            return Uplinks()
        masters[str(link.get("ifname"))] = names.get(master, "") if master else ""
    return Uplinks(masters, all(kind in PLAIN for kind in kinds.values()), {name: at for at, name in names.items()})


def common(one: Uplinks, other: Uplinks) -> Uplinks:
    """What holds before and after: a device that changed its bridge is left out."""
    kept = {name: master for name, master in one.masters.items() if other.masters.get(name) == master}
    indexes = {name: at for name, at in one.indexes.items() if other.indexes.get(name) == at}
    return Uplinks(kept, one.is_plain and other.is_plain, indexes)
