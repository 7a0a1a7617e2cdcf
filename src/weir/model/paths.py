"""The paths that traffic takes out of a network interface, with their codes in a record.

What enters: nothing. What leaves: the names under which a path is declared and chosen, and for each the number of the
field ``traffic_path``. Rule: numbers are those of the published list; a path that has none there is 0, "none of those
listed" (source: SLS, VPC flow log page; names of TrafficPath from the CreateFlowLog page).
"""

from __future__ import annotations

from enum import StrEnum


class PathKind(StrEnum):
    """Where a packet goes next. The first nine can be chosen with TrafficPath."""

    INTERNET_GATEWAY = "internetGateway"
    NAT_GATEWAY = "natGateway"
    VPN_GATEWAY = "vpnGateway"
    TRANSIT_ROUTER = "transitRouter"
    GATEWAY_ENDPOINT = "gatewayEndpoint"
    VBR = "vbr"
    ECR = "ecr"
    IPV4_GATEWAY = "ipv4Gateway"
    GATEWAY_LOAD_BALANCER_ENDPOINT = "gatewayLoadBalancerEndpoint"
    VPC_RESOURCE = "vpcResource"
    INSTANCE = "instance"
    NETWORK_INTERFACE = "networkInterface"
    HA_VIP = "haVip"
    CLOUD_SERVICE = "cloudService"
    CEN_SAME_REGION = "cenSameRegion"
    CEN_OTHER = "cenOther"
    UNLISTED = "unlisted"


PATH_CODES: dict[PathKind, int] = {
    PathKind.UNLISTED: 0,
    PathKind.INTERNET_GATEWAY: 0,
    PathKind.IPV4_GATEWAY: 0,
    PathKind.ECR: 0,
    PathKind.GATEWAY_LOAD_BALANCER_ENDPOINT: 0,
    PathKind.VPC_RESOURCE: 1,
    PathKind.INSTANCE: 2,
    PathKind.NETWORK_INTERFACE: 3,
    PathKind.HA_VIP: 4,
    PathKind.CLOUD_SERVICE: 5,
    PathKind.GATEWAY_ENDPOINT: 6,
    PathKind.NAT_GATEWAY: 7,
    PathKind.TRANSIT_ROUTER: 8,
    PathKind.VPN_GATEWAY: 9,
    PathKind.VBR: 10,
    PathKind.CEN_SAME_REGION: 11,
    PathKind.CEN_OTHER: 12,
}
"""Kind -> ``traffic_path``. Kinds of 0 have no number in the published list."""

NOT_PUBLIC: tuple[str, ...] = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
    "::/8",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
)
"""Destinations on no internet path unless a route says so (source: IANA special-purpose address registries)."""
EVERYWHERE: tuple[str, ...] = ("0.0.0.0/0", "::/0")
