"""What a script declares of the paths that traffic takes, product Weir 2026-11-01.

What enters: nothing. What leaves: one command and one answer class per operation. Weir runs no gateways; which one
traffic takes decides the field ``traffic_path`` and what a flow log of some TrafficPath keeps, so it is said here.
Failures stand in the order in which they are checked.
"""

from __future__ import annotations

from weir.contract.declare import Rule, action, answer, param, structure
from weir.contract.shapes import Network, OneOf
from weir.contract.terms import IDENTIFIER, WEIR, Done, located
from weir.contract.vpc_networks import VPC_EXAMPLE, VSWITCH_EXAMPLE
from weir.contract.weir import DEVICE
from weir.model.failures import (
    INVALID_VPC_ID_NOT_FOUND,
    INVALID_VSWITCH_ID_NOT_FOUND,
    MISSING_PARAMETER,
    PARAMETER_INVALID,
    QUOTA_EXCEEDED_TRAFFIC_ROUTE,
)
from weir.model.paths import PathKind

BLOCK, IPV6_BLOCK = Network(4, (0, 32)), Network(6, (0, 128))


def _has_destination(
    destination_cidr_block: str | None, destination_ipv6_cidr_block: str | None, device: str | None
) -> str | None:
    given = (destination_cidr_block, destination_ipv6_cidr_block, device)
    return "no destination" if all(one is None for one in given) else None


HAS_DESTINATION = Rule(
    MISSING_PARAMETER, "DestinationCidrBlock, DestinationIpv6CidrBlock or Device is given.", _has_destination
)


@action(
    WEIR,
    returns=Done,
    summary="Say which path the traffic of a VPC's interfaces takes to a destination.",
    fails=(
        MISSING_PARAMETER,
        PARAMETER_INVALID,
        INVALID_VPC_ID_NOT_FOUND,
        INVALID_VSWITCH_ID_NOT_FOUND,
        QUOTA_EXCEEDED_TRAFFIC_ROUTE,
    ),
    rules=(HAS_DESTINATION,),
    resources=(located("vpc/{VpcId}", "weir"),),
)
class SetTrafficRoute:
    """The longest block that holds the far end's address decides, and among equal blocks that of the VSwitch. Without
    routes the VPC's own blocks are `instance`, public addresses `internetGateway`, everything else `unlisted`. Setting
    a destination again replaces its path.
    """

    vpc_id: str = param(IDENTIFIER, "The VPC.", example=VPC_EXAMPLE)
    path: PathKind = param(OneOf(PathKind), "The path that traffic takes.", example="natGateway")
    destination_cidr_block: str | None = param(
        BLOCK, "IPv4 addresses at the far end.", example="0.0.0.0/0", default=None
    )
    destination_ipv6_cidr_block: str | None = param(
        IPV6_BLOCK, "IPv6 addresses at the far end.", example="::/0", default=None
    )
    device: str | None = param(
        DEVICE,
        "Everything that the interface's node has in its routing tables behind this device.",
        example="wg0",
        default=None,
    )
    v_switch_id: str | None = param(
        IDENTIFIER, "Only for the interfaces of this VSwitch.", example=VSWITCH_EXAMPLE, default=None
    )


@action(
    WEIR,
    returns=Done,
    summary="Forget the path to a destination.",
    fails=(MISSING_PARAMETER, PARAMETER_INVALID, INVALID_VPC_ID_NOT_FOUND),
    rules=(HAS_DESTINATION,),
    resources=(located("vpc/{VpcId}", "weir"),),
)
class DeleteTrafficRoute:
    """Forgetting what is not there changes nothing."""

    vpc_id: str = param(IDENTIFIER, "The VPC.", example=VPC_EXAMPLE)
    destination_cidr_block: str | None = param(BLOCK, "The IPv4 block of the route.", example="0.0.0.0/0", default=None)
    destination_ipv6_cidr_block: str | None = param(
        IPV6_BLOCK, "The IPv6 block of the route.", example="::/0", default=None
    )
    device: str | None = param(DEVICE, "The device of the route.", example="wg0", default=None)
    v_switch_id: str | None = param(
        IDENTIFIER, "VSwitch of the route, if it has one.", example=VSWITCH_EXAMPLE, default=None
    )


@structure
class TrafficRoute:
    """One declared route."""

    vpc_id: str = answer("The VPC.", example=VPC_EXAMPLE)
    v_switch_id: str = answer("Its VSwitch; empty: the whole VPC.", default="", example=VSWITCH_EXAMPLE)
    destination_cidr_block: str = answer("Far end, IPv4 or IPv6; empty for a device.", default="", example="0.0.0.0/0")
    device: str = answer("Device; empty for a block.", default="", example="wg0")
    path: str = answer("The path that traffic takes.", example="natGateway")


@structure
class TrafficRouteList:
    """The answer of DescribeTrafficRoutes."""

    traffic_routes: tuple[TrafficRoute, ...] = answer("The routes, by VPC and destination.", item="TrafficRoute")


@action(
    WEIR,
    returns=TrafficRouteList,
    summary="List the declared paths.",
    writes=False,
    fails=(PARAMETER_INVALID,),
    resources=(located("vpc/*", "weir"),),
)
class DescribeTrafficRoutes:
    """Those of all VPCs of the account unless one is named."""

    vpc_id: str | None = param(IDENTIFIER, "The VPC.", example=VPC_EXAMPLE, default=None)


ROUTE_COMMANDS: tuple[type, ...] = (SetTrafficRoute, DeleteTrafficRoute, DescribeTrafficRoutes)
