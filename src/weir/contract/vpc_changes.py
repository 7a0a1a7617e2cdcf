"""Changes of VPCs and VSwitches, product Vpc 2016-04-28.

What enters: nothing. What leaves: one command per operation (source: the pages of ModifyVpcAttribute and
ModifyVSwitchAttribute). What is absent stays as it is; an IPv6 block, once there, stays. Failures stand in the order in
which they are checked.
"""

from __future__ import annotations

from weir.contract.declare import action, param
from weir.contract.shapes import Flag, Integer, Network
from weir.contract.terms import DESCRIPTION, IDENTIFIER, LABEL, REGION_EXAMPLE, REGION_KNOWN, VPC, Done, located
from weir.contract.vpc_networks import VPC_EXAMPLE, VSWITCH_EXAMPLE
from weir.model.failures import (
    INVALID_IPV6_CIDR_BLOCK_MALFORMED,
    INVALID_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    INVALID_VPC_ID_NOT_FOUND,
    INVALID_VSWITCH_ID_NOT_FOUND,
    MISSING_PARAMETER,
    PARAMETER_INVALID,
)


@action(
    VPC,
    returns=Done,
    summary="Change the name or description of a VPC, or give it an IPv6 block.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        INVALID_VPC_ID_NOT_FOUND,
        INVALID_IPV6_CIDR_BLOCK_MALFORMED,
    ),
    rules=(REGION_KNOWN,),
    resources=(located("vpc/{VpcId}"),),
)
class ModifyVpcAttribute:
    """A VPC that has an IPv6 block keeps it: another one is refused."""

    vpc_id: str = param(IDENTIFIER, "The VPC.", example=VPC_EXAMPLE)
    region_id: str | None = param(IDENTIFIER, "Its region.", example=REGION_EXAMPLE, default=None)
    vpc_name: str | None = param(LABEL, "New name.", example="lab", default=None)
    description: str | None = param(DESCRIPTION, "New description.", example="This is my VPC.", default=None)
    enable_ipv6: bool = param(
        Flag(),
        "Give the VPC an IPv6 block, chosen by Weir unless Ipv6CidrBlock says it.",
        example="true",
        default=False,
        wire="EnableIPv6",
    )
    ipv6_cidr_block: str | None = param(
        Network(6, (56, 56)),
        "IPv6 block; implies EnableIPv6.",
        example="fd00:10::/56",
        default=None,
        invalid=INVALID_IPV6_CIDR_BLOCK_MALFORMED,
    )


@action(
    VPC,
    returns=Done,
    summary="Change the name or description of a VSwitch, or give it an IPv6 block.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        INVALID_VSWITCH_ID_NOT_FOUND,
        INVALID_IPV6_CIDR_BLOCK_MALFORMED,
    ),
    rules=(REGION_KNOWN,),
    resources=(located("vswitch/{VSwitchId}"),),
)
class ModifyVSwitchAttribute:
    """A VSwitch that has an IPv6 block keeps it: another one is refused."""

    v_switch_id: str = param(IDENTIFIER, "The VSwitch.", example=VSWITCH_EXAMPLE)
    region_id: str | None = param(IDENTIFIER, "Its region.", example=REGION_EXAMPLE, default=None)
    v_switch_name: str | None = param(LABEL, "New name.", example="bridged", default=None)
    description: str | None = param(DESCRIPTION, "New description.", example="This is my VSwitch.", default=None)
    ipv6_cidr_block: int | None = param(
        Integer(0, 255),
        "Last 8 bits of the VSwitch's IPv6 block, a /64 within the VPC's /56.",
        example="1",
        default=None,
        invalid=INVALID_IPV6_CIDR_BLOCK_MALFORMED,
    )


CHANGE_COMMANDS: tuple[type, ...] = (ModifyVpcAttribute, ModifyVSwitchAttribute)
