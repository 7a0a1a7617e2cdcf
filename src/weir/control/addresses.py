"""Address arithmetic of the inventory: blocks checked, blocks cut, addresses handed out.

What enters: CIDR texts and what is taken already. What leaves: canonical texts, or a ``Refusal``. Pure. Rules (sources:
the CreateVpc, CreateVSwitch and CreateNetworkInterface pages, the VPC and VSwitch planning page): a VPC is a /8 to /28,
a VSwitch a /16 to /29 inside it, VSwitches do not overlap; the first and the last three addresses of a VSwitch are the
cloud's own; an IPv6 VPC is a /56 (Weir takes any /40 to /60 that is given), an IPv6 VSwitch a /64 of it.
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

VPC_PREFIX = range(8, 29)
VSWITCH_PREFIX = range(16, 30)
VPC_IPV6_PREFIX = range(40, 61)
VSWITCH_IPV6_PREFIX = 64
DRAWN_IPV6_PREFIX = 56
FIRST_HOST = 1
RESERVED_LAST = 3
NEVER_A_VPC = tuple(
    IPv4Network(block) for block in ("0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
)
"""Blocks that no VPC may touch: loopback, link-local, the cloud's own, multicast and reserved."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def vpc_block(text: str) -> str:
    """The block as a VPC's, canonical. Raises InvalidCidrBlock.Malformed."""
    block = _ipv4(text)
    if block.prefixlen not in VPC_PREFIX or any(block.overlaps(other) for other in NEVER_A_VPC):
        raise Refusal(INVALID_CIDR_BLOCK_MALFORMED, why="size or range not allowed for a VPC")
    return str(block)


def vswitch_block(text: str, vpc: str, siblings: Iterable[str]) -> str:
    """The block as a VSwitch's of ``vpc``. Raises InvalidCidrBlock.Malformed or .Overlapped."""
    block = _ipv4(text)
    if block.prefixlen not in VSWITCH_PREFIX:
        raise Refusal(INVALID_CIDR_BLOCK_MALFORMED, why="a VSwitch is a /16 to /29")
    if not block.subnet_of(IPv4Network(vpc)):
        raise Refusal(INVALID_CIDR_BLOCK_OVERLAPPED, why="outside the VPC's block")
    if any(block.overlaps(IPv4Network(sibling)) for sibling in siblings):
        raise Refusal(INVALID_CIDR_BLOCK_OVERLAPPED, why="overlaps another VSwitch")
    return str(block)


def vpc_ipv6_block(text: str) -> str:
    """The block as a VPC's IPv6 block. Raises InvalidIpv6CidrBlock.Malformed."""
    block = _ipv6(text)
    if block.prefixlen not in VPC_IPV6_PREFIX:
        raise Refusal(INVALID_IPV6_CIDR_BLOCK_MALFORMED, why="an IPv6 VPC is a /40 to /60")
    return str(block)


def draw_vpc_ipv6_block() -> str:
    """A random /56 of the unique local range (RFC 4193), for EnableIpv6 without a block."""
    high = (0xFD << 48) | (secrets.randbits(40) << 8) | secrets.randbits(8)
    return str(IPv6Network((high << 72, DRAWN_IPV6_PREFIX)))


def vswitch_ipv6_block(text: str, vpc: str, siblings: Iterable[str]) -> str:
    """The /64 as a VSwitch's: given whole, or as its number within the VPC's block (0 to 255 in a /56).

    Raises InvalidIpv6CidrBlock.Malformed, also where the VPC has no IPv6 block (``vpc`` empty).
    """
    if not vpc:
        raise Refusal(INVALID_IPV6_CIDR_BLOCK_MALFORMED, why="the VPC has no IPv6 block")
    outer = IPv6Network(vpc)
    if text.isascii() and text.isdigit():
        count = 1 << (VSWITCH_IPV6_PREFIX - outer.prefixlen)
        if len(text) > 8 or int(text) >= count:
            raise Refusal(INVALID_IPV6_CIDR_BLOCK_MALFORMED, why=f"the VPC holds {count} blocks")
        block = IPv6Network((int(outer.network_address) + (int(text) << 64), VSWITCH_IPV6_PREFIX))
    else:
        block = _ipv6(text)
    if block.prefixlen != VSWITCH_IPV6_PREFIX or not block.subnet_of(outer):
        raise Refusal(INVALID_IPV6_CIDR_BLOCK_MALFORMED, why="an IPv6 VSwitch is a /64 of the VPC's block")
    if str(block) in set(siblings):
        raise Refusal(INVALID_IPV6_CIDR_BLOCK_MALFORMED, why="taken by another VSwitch")
    return str(block)


def available_count(block: str, taken: int) -> int:
    """Addresses of an IPv4 VSwitch that are still free (AvailableIpAddressCount)."""
    return IPv4Network(block).num_addresses - FIRST_HOST - RESERVED_LAST - taken


def given(text: str, block: str, taken: Set[str], *, malformed: Failure, duplicated: Failure) -> str:
    """``text`` as a free address of the VSwitch's ``block``, canonical. Raises one of the two failures."""
    if not block:
        raise Refusal(malformed, why="the VSwitch has no block of this family")
    network = _network(block)
    try:
        address = ip_address(text)
    except ValueError as error:
        raise Refusal(malformed, why=str(error)) from error
    if address.version != network.version or address not in network or not _is_free_host(address, network):
        raise Refusal(malformed, why="not an address of the VSwitch that can be given out")
    if str(address) in taken:
        raise Refusal(duplicated, why="the address is taken")
    return str(address)


def lowest_free(block: str, taken: Set[str]) -> str:
    """The lowest free address of the VSwitch's block. Raises InvalidVSwitch.IpAddressNotEnough."""
    network = _network(block)
    for offset in range(FIRST_HOST, network.num_addresses - RESERVED_LAST):
        address = str(network[offset])
        if address not in taken:
            return address
    raise Refusal(INVALID_VSWITCH_IP_ADDRESS_NOT_ENOUGH)


def _is_free_host(address: Address, network: Network) -> bool:
    offset = int(address) - int(network.network_address)
    return FIRST_HOST <= offset < network.num_addresses - RESERVED_LAST


def _network(block: str) -> Network:
    return IPv6Network(block) if ":" in block else IPv4Network(block)


def _ipv4(text: str) -> IPv4Network:
    try:
        network = IPv4Network(text)
    except ValueError as error:
        raise Refusal(INVALID_CIDR_BLOCK_MALFORMED, why=str(error)) from error
    if "/" not in text:
        raise Refusal(INVALID_CIDR_BLOCK_MALFORMED, why="no prefix length")
    return network


def _ipv6(text: str) -> IPv6Network:
    try:
        network = IPv6Network(text)
    except ValueError as error:
        raise Refusal(INVALID_IPV6_CIDR_BLOCK_MALFORMED, why=str(error)) from error
    if "/" not in text:
        raise Refusal(INVALID_IPV6_CIDR_BLOCK_MALFORMED, why="no prefix length")
    return network
