"""Published parameters that no declaration reads: accepted, because unknown parameters are, and without effect.

What enters: nothing. What leaves: ``UNREAD``, for the coverage page. A test compares the list with the request models
of the official SDK, so a parameter that is published is either declared or listed here.
"""

from __future__ import annotations

OWNER_FIELDS = ("OwnerId", "OwnerAccount", "ResourceOwnerId", "ResourceOwnerAccount")
"""Of an older way to act for another account; every published action has them, none needs them."""

UNREAD: dict[tuple[str, str], tuple[str, ...]] = {
    ("Vpc", "CreateVpc"): (
        *("EnableDnsHostname", "Ipv4CidrMask", "Ipv4IpamPoolId", "Ipv6CidrMask", "Ipv6IpamPoolId", "Ipv6Isp"),
        "UserCidr",
    ),
    ("Vpc", "ModifyVpcAttribute"): ("CidrBlock", "EnableDnsHostname", "Ipv6Isp"),
    ("Vpc", "DescribeVpcs"): ("DhcpOptionsSetId", "DryRun", "EnableIpv6", "VpcOwnerId"),
    ("Vpc", "CreateVSwitch"): ("Ipv6CidrMask", "VpcIpv6CidrBlock"),
    ("Vpc", "ModifyVSwitchAttribute"): ("EnableIPv6", "Ipv6CidrMask", "VpcIpv6CidrBlock"),
    ("Vpc", "DescribeVSwitches"): ("DryRun", "EnableIpv6", "VSwitchOwnerId"),
}
"""(product, action) -> names on the wire, without the owner fields."""
