"""Address arithmetic against brute force."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.control import addresses
from weir.model.failures import INVALID_PRIVATE_IP_ADDRESS_DUPLICATED, INVALID_PRIVATE_IP_ADDRESS_MALFORMED, Refusal


def code_of(call: Callable[[], object]) -> str | None:
    try:
        call()
    except Refusal as refusal:
        return refusal.failure.code
    return None


@pytest.mark.parametrize("block", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.0.0.0/12", "203.0.113.0/24"])
def test_blocks_that_a_vpc_may_have(block: str) -> None:
    assert code_of(lambda: addresses.check_vpc_block(block)) is None


@pytest.mark.parametrize("block", ["127.0.0.0/8", "100.64.0.0/16", "100.0.0.0/8", "169.254.0.0/24", "224.0.0.0/8"])
def test_blocks_that_a_vpc_may_not_have(block: str) -> None:
    assert code_of(lambda: addresses.check_vpc_block(block)) == "InvalidCidrBlock.Malformed"


@pytest.mark.parametrize(
    ("block", "siblings", "expected"),
    [
        ("10.0.1.0/24", ["10.0.0.0/24", "10.0.2.0/24"], None),
        ("10.0.1.0/24", ["10.0.0.0/22"], "InvalidCidrBlock.Overlapped"),
        ("10.0.0.0/16", ["10.0.9.0/24"], "InvalidCidrBlock.Overlapped"),
        ("10.1.0.0/24", [], "InvalidCidrBlock.Overlapped"),
    ],
)
def test_a_vswitch_lies_in_its_vpc_beside_the_others(block: str, siblings: list[str], expected: str | None) -> None:
    assert code_of(lambda: addresses.check_vswitch_block(block, "10.0.0.0/16", siblings)) == expected


@st.composite
def disjoint_blocks(draw: st.DrawFn) -> list[str]:
    blocks: list[IPv4Network] = []
    for _ in range(draw(st.integers(0, 6))):
        size = draw(st.integers(23, 29))
        choices = list(IPv4Network("10.0.0.0/22").subnets(new_prefix=size))
        block = draw(st.sampled_from(choices))
        if not any(block.overlaps(other) for other in blocks):
            blocks.append(block)
    return [str(block) for block in blocks]


@given(disjoint_blocks(), st.integers(22, 29))
def test_the_first_free_block_is_the_first_free_block(taken: list[str], size: int) -> None:
    vpc = IPv4Network("10.0.0.0/22")
    networks = [IPv4Network(block) for block in taken]
    free = [
        str(block) for block in vpc.subnets(new_prefix=size) if not any(block.overlaps(network) for network in networks)
    ]
    if free:
        assert addresses.first_free_block(size, str(vpc), taken) == free[0]
    else:
        code = code_of(lambda: addresses.first_free_block(size, str(vpc), taken))
        assert code == "InvalidCidrBlock.Overlapped"


def test_a_vswitch_larger_than_its_vpc_has_no_room() -> None:
    assert code_of(lambda: addresses.first_free_block(16, "10.0.0.0/24", [])) == "InvalidCidrBlock.Overlapped"


def test_ipv6_blocks() -> None:
    vpc = addresses.draw_vpc_ipv6_block()
    assert IPv6Network(vpc).prefixlen == 56
    assert IPv6Network(vpc).subnet_of(IPv6Network("fd00::/8"))
    assert addresses.vswitch_ipv6_block(255, "fd00:10::/56", []) == "fd00:10:0:ff::/64"
    taken = ["fd00:10:0:1::/64"]
    assert code_of(lambda: addresses.vswitch_ipv6_block(1, "fd00:10::/56", taken)) == "InvalidIpv6CidrBlock.Malformed"
    assert code_of(lambda: addresses.vswitch_ipv6_block(1, "", [])) == "InvalidIpv6CidrBlock.Malformed"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.1.1", None),
        ("10.0.1.254", None),
        ("10.0.1.0", "InvalidPrivateIpAddress.Malformed"),
        ("10.0.1.255", "InvalidPrivateIpAddress.Malformed"),
        ("10.0.2.7", "InvalidPrivateIpAddress.Malformed"),
        ("10.0.1.9", "InvalidPrivateIpAddress.Duplicated"),
    ],
)
def test_an_address_that_is_asked_for(address: str, expected: str | None) -> None:
    def check(block: str) -> None:
        addresses.check_address(
            address,
            block,
            frozenset({"10.0.1.9"}),
            malformed=INVALID_PRIVATE_IP_ADDRESS_MALFORMED,
            duplicated=INVALID_PRIVATE_IP_ADDRESS_DUPLICATED,
        )

    assert code_of(lambda: check("10.0.1.0/24")) == expected
    assert code_of(lambda: check("")) == "InvalidPrivateIpAddress.Malformed"


def test_addresses_are_handed_out_from_the_lowest_and_the_reserved_are_kept() -> None:
    taken: set[str] = set()
    for _ in range(4):
        taken.add(addresses.lowest_free("10.0.0.8/29", taken))
    assert taken == {"10.0.0.9", "10.0.0.10", "10.0.0.11", "10.0.0.12"}
    assert code_of(lambda: addresses.lowest_free("10.0.0.8/29", taken)) == "InvalidVSwitch.IpAddressNotEnough"
    assert addresses.available_count("10.0.0.8/29", len(taken)) == 0
    assert addresses.available_count("10.0.1.0/24", 0) == 252
