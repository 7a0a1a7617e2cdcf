"""Address arithmetic of the inventory: blocks checked, blocks cut, addresses handed out.

What enters: blocks and addresses in canonical text, as the contract's shapes give them, and what is taken already.
What leaves: canonical texts, or a ``Refusal``. Pure but for the one random draw. Rules (sources: the CreateVpc,
CreateVSwitch and CreateNetworkInterface pages): a VSwitch lies inside its VPC, VSwitches do not overlap, the first and
the last three addresses of a VSwitch are not handed out, an IPv6 VPC is a /56 and an IPv6 VSwitch one /64 of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Set
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

from weir.model.failures import (
    INVALID_CIDR_BLOCK_MALFORMED,
    INVALID_CIDR_BLOCK_OVERLAPPED,
    INVALID_IPV6_CIDR_BLOCK_MALFORMED,
    INVALID_VSWITCH_IP_ADDRESS_NOT_ENOUGH,
    Failure,
    Refusal,
)

FIRST_HOST = 1
RESERVED_LAST = 3
NEVER_A_VPC = tuple(
    IPv4Network(block) for block in ("0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
)
"""Blocks that no VPC may touch: loopback, link-local, the cloud's own, multicast and reserved."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def check_vpc_block(block: str) -> None:
    """Raises InvalidCidrBlock.Malformed for a block that touches a range which is never a VPC's."""
    if any(IPv4Network(block).overlaps(other) for other in NEVER_A_VPC):
        raise Refusal(INVALID_CIDR_BLOCK_MALFORMED, why="the range is never a VPC's")


def check_vswitch_block(block: str, vpc: str, siblings: Iterable[str]) -> None:
    """Raises InvalidCidrBlock.Overlapped for a block outside ``vpc`` or overlapping another VSwitch's."""
    network = IPv4Network(block)
    if not network.subnet_of(IPv4Network(vpc)):
        raise Refusal(INVALID_CIDR_BLOCK_OVERLAPPED, why="outside the VPC's block")
    if any(network.overlaps(IPv4Network(sibling)) for sibling in siblings):
        raise Refusal(INVALID_CIDR_BLOCK_OVERLAPPED, why="overlaps another VSwitch")


def first_free_block(prefix_length: int, vpc: str, siblings: Iterable[str]) -> str:
    """The lowest block of that length in ``vpc`` beside the other VSwitches. Raises InvalidCidrBlock.Overlapped."""
    outer = IPv4Network(vpc)
    size = 1 << (outer.max_prefixlen - prefix_length)
    start, end = int(outer.network_address), int(outer.broadcast_address)
    for taken in sorted(map(IPv4Network, siblings)):
        if start + size <= int(taken.network_address):
            break
        start = max(start, -(-(int(taken.broadcast_address) + 1) // size) * size)
    if start + size - 1 > end:
        raise Refusal(INVALID_CIDR_BLOCK_OVERLAPPED, why="no free block of that size")
    return str(IPv4Network((start, prefix_length)))


def draw_vpc_ipv6_block() -> str:
    """A random /56 of the unique local range (RFC 4193), for EnableIpv6 without a block."""
    high = (0xFD << 48) | (secrets.randbits(40) << 8) | secrets.randbits(8)
    return str(IPv6Network((high << 72, 56)))


def vswitch_ipv6_block(number: int, vpc: str, siblings: Iterable[str]) -> str:
    """The /64 with that number (0 to 255) in the VPC's /56.

    Raises InvalidIpv6CidrBlock.Malformed where it is taken, or where the VPC has no IPv6 block (``vpc`` empty).
    """
    if not vpc:
        raise Refusal(INVALID_IPV6_CIDR_BLOCK_MALFORMED, why="the VPC has no IPv6 block")
    block = str(IPv6Network((int(IPv6Network(vpc).network_address) + (number << 64), 64)))
    if block in set(siblings):
        raise Refusal(INVALID_IPV6_CIDR_BLOCK_MALFORMED, why="taken by another VSwitch")
    return block


def available_count(block: str, taken: int) -> int:
    """Addresses of an IPv4 VSwitch that are still free (AvailableIpAddressCount)."""
    return max(0, IPv4Network(block).num_addresses - FIRST_HOST - RESERVED_LAST - taken)


def check_address(text: str, block: str, taken: Set[str], *, malformed: Failure, duplicated: Failure) -> None:
    """Raises one of the two failures unless ``text`` is a free address of the VSwitch's ``block``.

    The reserved addresses may be asked for, except those of the network itself and its broadcast: an ENI can stand for
    a device that is there already.
    """
    network = _network(block) if block else None
    if network is None or ip_address(text) not in network:
        raise Refusal(malformed, why="outside the VSwitch's block")
    if text in (str(network.network_address), str(network.broadcast_address)) and network.version == 4:
        raise Refusal(malformed, why="the network's own or its broadcast address")
    if text in taken:
        raise Refusal(duplicated, why="the address is taken")


def lowest_free(block: str, taken: Set[str]) -> str:
    """The lowest free address of the VSwitch's block. Raises InvalidVSwitch.IpAddressNotEnough."""
    network = _network(block)
    for offset in range(FIRST_HOST, network.num_addresses - RESERVED_LAST):
        address = str(network[offset])
        if address not in taken:
            return address
    raise Refusal(INVALID_VSWITCH_IP_ADDRESS_NOT_ENOUGH)


def _network(block: str) -> Network:
    return IPv6Network(block) if ":" in block else IPv4Network(block)
