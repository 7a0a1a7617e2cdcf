"""The lab's VPC: one host namespace, two guests behind a bridge, one guest behind a routed interface.

What enters: a name. What leaves: namespaces ``<name>-host``, ``<name>-a``, ``<name>-b``, ``<name>-c`` with IPv4 and
IPv6, and ``description()``, all anybody needs to declare the same VPC through the API and to bind its ENIs. Everything
is derived from the name, so another process finds the same lab. Rule: the network is silent unless somebody sends -
neighbours and bridge entries are fixed, router solicitation and duplicate detection are off - so counters compare
exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pyroute2 import IPRoute, netns

from weir.lab import facts, rules
from weir.lab.netns import NETNS_DIR, LabTrouble, end_processes, inside, mounted, present

VPC_CIDR = "10.77.0.0/16"
VPC_IPV6_CIDR = "fd77::/56"
GUEST_DEVICE = "eth0"
BRIDGE = "br0"
STATE_DIR = Path("/run/weir-lab")
"""What the lab sent, one file per lab; ``/run`` is emptied at boot, as the namespaces are."""

NTF_MASTER = 0x04  # the entry belongs to the bridge, not to its port
NUD_NOARP = 0x40  # a static entry: never learned, never aged

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class VSwitch:
    """One subnet. ``mode`` is ``bridged`` (guests share a bridge) or ``routed``; ``gateway`` is the host's address."""

    name: str
    mode: str
    cidr: str
    ipv6_cidr: str
    gateway: str
    ipv6_gateway: str


@dataclass(frozen=True, slots=True)
class Guest:
    """One virtual machine: its namespace, and ``device``, the host end of its interface (the ENI, side ``behind``)."""

    name: str
    netns: str
    device: str
    mac: str
    ipv4: str
    ipv6: str
    vswitch: VSwitch

    def address(self, family: int) -> str:
        """Its address of IP version 4 or 6."""
        return self.ipv4 if family == 4 else self.ipv6

    def gateway(self, family: int) -> str:
        """The host's address in its subnet, of IP version 4 or 6."""
        return self.vswitch.gateway if family == 4 else self.vswitch.ipv6_gateway


BRIDGED = VSwitch("bridged", "bridged", "10.77.1.0/24", "fd77:0:0:1::/64", "10.77.1.253", "fd77:0:0:1::fd")
ROUTED = VSwitch("routed", "routed", "10.77.2.0/24", "fd77:0:0:2::/64", "10.77.2.253", "fd77:0:0:2::fd")

_GUESTS = (
    # name, vswitch, last part of both addresses, last byte of the MAC addresses
    ("a", BRIDGED, "11", "0a"),
    ("b", BRIDGED, "12", "0b"),
    ("c", ROUTED, "13", "0c"),
)
_GUEST_MAC = "02:77:00:00:00:"
_HOST_MAC = "02:77:00:00:01:"
_BRIDGE_MAC = "02:77:00:00:01:01"

_QUIET = {
    # Before any device is there: every device made later inherits these.
    "ipv6/conf/default/accept_ra": 0,
    "ipv6/conf/default/autoconf": 0,
    "ipv6/conf/default/router_solicitations": 0,
    "ipv6/conf/default/accept_dad": 0,
    "ipv6/conf/default/addr_gen_mode": 1,  # no link-local address, so nothing to announce
    "ipv6/conf/default/mldv2_unsolicited_report_interval": 1,  # group reports of new addresses are over in ms
    "ipv4/tcp_timestamps": 1,  # every TCP header has the same length,
    "ipv4/tcp_dsack": 0,  # also after a probe that turned out needless
}
_ROUTER = {
    "ipv4/ip_forward": 1,
    "ipv6/conf/all/forwarding": 1,
    "ipv4/conf/all/rp_filter": 0,
    "ipv4/conf/default/rp_filter": 0,
}
_BRIDGE_CALLS = ("bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables")


class Lab:
    """The VPC of that name. ``up`` makes it, ``down`` removes all of it; as a context manager it does both.

    Needs root. Raises ``ValueError`` for a name that is not lower case letters, digits and dashes (32 at most).
    """

    def __init__(self, name: str = "weir") -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"lab name {name!r}: lower case letters, digits, dashes; at most 32")
        self.name = name
        self.host_netns = f"{name}-host"
        self.vswitches = (BRIDGED, ROUTED)
        self.guests: Mapping[str, Guest] = {
            guest: Guest(
                name=guest,
                netns=f"{name}-{guest}",
                device=f"eni-{guest}",
                mac=_GUEST_MAC + mac,
                ipv4=_in_subnet(vswitch.gateway, last),
                ipv6=_in_subnet(vswitch.ipv6_gateway, last),
                vswitch=vswitch,
            )
            for guest, vswitch, last, mac in _GUESTS
        }

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Every namespace of this lab, host first."""
        return (self.host_netns, *(guest.netns for guest in self.guests.values()))

    @property
    def state_path(self) -> Path:
        """The file that keeps what the lab's senders sent, across processes: one line of JSON per round."""
        return STATE_DIR / f"{self.name}.jsonl"

    def is_up(self) -> bool:
        """Whether all its namespaces are there."""
        return all(present(name) for name in self.namespaces)

    def up(self) -> None:
        """Make the VPC. Raises ``LabTrouble`` if it, or a part of it, is there already; a failure leaves nothing."""
        there = [name for name in self.namespaces if present(name)]
        if there:
            raise LabTrouble(f"lab {self.name!r} is there already ({', '.join(there)}): take it down first")
        with ExitStack() as undo:
            undo.callback(self.down)
            for name in self.namespaces:
                netns.create(name)
                self._loopback_up(name)
            self._make_host()
            for guest in self.guests.values():
                self._make_guest(guest)
            self._fix_neighbours()
            rules.load(self.host_netns)
            undo.pop_all()

    def down(self) -> None:
        """Remove everything of this name, also what a crashed run left; does nothing where nothing is."""
        for name in self.namespaces:
            if mounted(name):
                end_processes(name, self.name)
        if mounted(self.host_netns):
            self._delete_links()
        for name in self.namespaces:
            if present(name):
                netns.remove(name)
        facts.forget(self.state_path)

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def description(self) -> dict[str, Any]:
        """The world as JSON: what to declare through the API, and the device each ENI is to be bound to."""
        return {
            "name": self.name,
            "host_netns": self.host_netns,
            "vpc": {"cidr": VPC_CIDR, "ipv6_cidr": VPC_IPV6_CIDR},
            "vswitches": [
                {
                    "name": vswitch.name,
                    "mode": vswitch.mode,
                    "cidr": vswitch.cidr,
                    "ipv6_cidr": vswitch.ipv6_cidr,
                    "gateway": vswitch.gateway,
                    "ipv6_gateway": vswitch.ipv6_gateway,
                }
                for vswitch in self.vswitches
            ],
            "guests": [
                {
                    "name": guest.name,
                    "netns": guest.netns,
                    "device": guest.device,
                    "side": "behind",
                    "mac": guest.mac,
                    "ipv4": guest.ipv4,
                    "ipv6": guest.ipv6,
                    "vswitch": guest.vswitch.name,
                }
                for guest in self.guests.values()
            ],
        }

    def _loopback_up(self, name: str) -> None:
        with inside(name):
            _sysctl(_QUIET)
            with IPRoute() as route:
                route.link("set", index=1, state="up")

    def _make_host(self) -> None:
        """The bridge with its gateway addresses, and forwarding between the two VSwitches."""
        with inside(self.host_netns), IPRoute() as route:
            _sysctl(_ROUTER)
            _sysctl({path: 0 for path in _BRIDGE_CALLS if Path("/proc/sys/net", path).exists()})
            route.link("add", ifname=BRIDGE, kind="bridge", address=_BRIDGE_MAC, br_mcast_snooping=0)
            bridge = _index(route, BRIDGE)
            _add_addresses(route, bridge, (BRIDGED.gateway, BRIDGED.ipv6_gateway))
            route.link("set", index=bridge, state="up")

    def _make_guest(self, guest: Guest) -> None:
        """The veth pair, the host end into the bridge or with a gateway address of its own, and the guest's routes."""
        with inside(self.host_netns), IPRoute() as route:
            with open(NETNS_DIR / guest.netns, "rb") as namespace:
                peer = {"ifname": GUEST_DEVICE, "address": guest.mac, "net_ns_fd": namespace.fileno()}
                route.link("add", ifname=guest.device, kind="veth", address=_host_mac(guest), peer=peer)
            device = _index(route, guest.device)
            if guest.vswitch.mode == "bridged":
                # A port speaks no IP itself.
                _sysctl({f"ipv6/conf/{guest.device}/disable_ipv6": 1})
                route.link("set", index=device, master=_index(route, BRIDGE))
            else:
                _add_addresses(route, device, (guest.vswitch.gateway, guest.vswitch.ipv6_gateway))
            route.link("set", index=device, state="up")
        with inside(guest.netns), IPRoute() as route:
            device = _index(route, GUEST_DEVICE)
            _add_addresses(route, device, (guest.ipv4, guest.ipv6))
            route.link("set", index=device, state="up")
            for family in (4, 6):
                default = "0.0.0.0/0" if family == 4 else "::/0"
                route.route("add", dst=default, gateway=guest.gateway(family), oif=device)

    def _fix_neighbours(self) -> None:
        """Permanent neighbours and bridge entries everywhere: no ARP, no neighbour discovery, no flooding."""
        for guest in self.guests.values():
            mates = [mate for mate in self.guests.values() if mate.vswitch == guest.vswitch and mate != guest]
            known = [(mate.address(family), mate.mac) for mate in mates for family in (4, 6)]
            gateway_mac = _BRIDGE_MAC if guest.vswitch.mode == "bridged" else _host_mac(guest)
            known += [(guest.gateway(family), gateway_mac) for family in (4, 6)]
            with inside(guest.netns), IPRoute() as route:
                _add_neighbours(route, GUEST_DEVICE, known)
            with inside(self.host_netns), IPRoute() as route:
                bridged = guest.vswitch.mode == "bridged"
                own = [(guest.ipv4, guest.mac), (guest.ipv6, guest.mac)]
                _add_neighbours(route, BRIDGE if bridged else guest.device, own)
                if bridged:
                    port = _index(route, guest.device)
                    route.fdb("replace", ifindex=port, lladdr=guest.mac, flags=NTF_MASTER, state=NUD_NOARP)

    def _delete_links(self) -> None:
        """End the traffic at once: a socket of a running sender would keep its namespace and devices alive."""
        with inside(self.host_netns), IPRoute() as route:
            for device in (*(guest.device for guest in self.guests.values()), BRIDGE):
                for index in route.link_lookup(ifname=device):
                    route.link("del", index=index)


def _in_subnet(gateway: str, last: str) -> str:
    return re.sub(r"[^.:]+$", last, gateway)


def _host_mac(guest: Guest) -> str:
    return _HOST_MAC + guest.mac[-2:]


def _index(route: IPRoute, device: str) -> int:
    (index,) = route.link_lookup(ifname=device)
    return int(index)


def _add_addresses(route: IPRoute, device: int, addresses: Iterable[str]) -> None:
    for address in addresses:
        route.addr("add", index=device, address=address, prefixlen=64 if ":" in address else 24)


def _add_neighbours(route: IPRoute, device: str, known: Iterable[tuple[str, str]]) -> None:
    index = _index(route, device)
    for address, mac in known:
        route.neigh("replace", dst=address, lladdr=mac, ifindex=index, state="permanent")


def _sysctl(values: Mapping[str, int]) -> None:
    """Kernel settings under ``/proc/sys/net`` of the namespace the thread is in."""
    for path, value in values.items():
        Path("/proc/sys/net", path).write_text(str(value))
