"""The companions of flow logs in product Vpc 2016-04-28: VSwitches.

What enters: nothing. What leaves: one command and one answer class per operation: the part of the published ones that
a script needs to build its world (source: the pages of CreateVSwitch, DescribeVSwitches, DeleteVSwitch). Failures
stand in the order in which they are checked.
"""

from __future__ import annotations

from weir.contract.declare import Rule, action, answer, param, structure
from weir.contract.shapes import Flag, Integer, Network
from weir.contract.terms import (
    DESCRIPTION,
    IDENTIFIER,
    LABEL,
    PAGE_NUMBER,
    REGION_EXAMPLE,
    REGION_KNOWN,
    TAG_FILTERS,
    TAG_KEYS_DIFFER,
    TAG_LIST,
    TOKEN,
    VPC,
    Done,
    Tag,
    TagFilter,
    located,
    page_size,
)
from weir.contract.vpc_networks import (
    GROUP_EXAMPLE,
    TIME_EXAMPLE,
    TOKEN_EXAMPLE,
    TOKEN_IGNORED,
    VPC_EXAMPLE,
    VSWITCH_EXAMPLE,
    ZONE_EXAMPLE,
)
from weir.model.failures import (
    DEPENDENCY_VIOLATION_FLOW_LOG,
    DEPENDENCY_VIOLATION_NETWORK_INTERFACE,
    DRY_RUN_OPERATION,
    INVALID_CIDR_BLOCK_MALFORMED,
    INVALID_CIDR_BLOCK_OVERLAPPED,
    INVALID_IPV6_CIDR_BLOCK_MALFORMED,
    INVALID_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    INVALID_VPC_ID_NOT_FOUND,
    INVALID_VSWITCH_ID_NOT_FOUND,
    INVALID_ZONE_ID_NOT_FOUND,
    MISSING_PARAMETER,
    PARAMETER_INVALID,
    QUOTA_EXCEEDED_VSWITCH,
)


def _has_block(cidr_block: str | None, cidr_mask: int | None) -> str | None:
    return "CidrBlock or CidrMask is required" if cidr_block is None and cidr_mask is None else None


@structure
class VSwitchCreated:
    """The answer of CreateVSwitch."""

    v_switch_id: str = answer("The new VSwitch.", example=VSWITCH_EXAMPLE)


@action(
    VPC,
    returns=VSwitchCreated,
    summary="Create a VSwitch in a VPC.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        INVALID_CIDR_BLOCK_MALFORMED,
        INVALID_VPC_ID_NOT_FOUND,
        INVALID_ZONE_ID_NOT_FOUND,
        INVALID_CIDR_BLOCK_OVERLAPPED,
        INVALID_IPV6_CIDR_BLOCK_MALFORMED,
        QUOTA_EXCEEDED_VSWITCH,
    ),
    rules=(
        REGION_KNOWN,
        TAG_KEYS_DIFFER,
        Rule(MISSING_PARAMETER, "CidrBlock or CidrMask is given.", _has_block),
    ),
    resources=(
        located("vpc/{VpcId}"),
        located("vswitch/*"),
    ),
)
class CreateVSwitch:
    """The VSwitch is `Available` at once. The first and the last three addresses of its block are reserved."""

    vpc_id: str = param(IDENTIFIER, "VPC of the VSwitch.", example=VPC_EXAMPLE)
    zone_id: str = param(IDENTIFIER, "Zone of the VSwitch.", example=ZONE_EXAMPLE)
    cidr_block: str | None = param(
        Network(4, (16, 29)),
        "IPv4 block, within the VPC's.",
        example="10.0.1.0/24",
        default=None,
        invalid=INVALID_CIDR_BLOCK_MALFORMED,
    )
    cidr_mask: int | None = param(
        Integer(16, 29),
        "Length of the IPv4 block; Weir takes the first free one. CidrBlock goes before.",
        example="24",
        default=None,
        invalid=INVALID_CIDR_BLOCK_MALFORMED,
    )
    ipv6_cidr_block: int | None = param(
        Integer(0, 255),
        "Last 8 bits of the VSwitch's IPv6 block, a /64 within the VPC's /56; absent: no IPv6.",
        example="1",
        default=None,
        invalid=INVALID_IPV6_CIDR_BLOCK_MALFORMED,
    )
    region_id: str | None = param(IDENTIFIER, "Region of the VPC.", example=REGION_EXAMPLE, default=None)
    v_switch_name: str | None = param(LABEL, "Name of the VSwitch.", example="bridged", default=None)
    description: str | None = param(
        DESCRIPTION, "Description of the VSwitch.", example="This is my VSwitch.", default=None
    )
    tag: tuple[Tag, ...] = param(TAG_LIST, "Tags of the VSwitch.", default=())
    client_token: str | None = param(
        TOKEN, "Idempotency token.", example=TOKEN_EXAMPLE, default=None, ignored=TOKEN_IGNORED
    )


@structure
class RouteTable:
    """The route table a VSwitch uses."""

    route_table_id: str = answer("The route table.", example="vtb-bp145q7glnuzdv83kb1x2")
    route_table_type: str = answer("Always `System`.", default="System", example="System")


@structure
class VSwitch:
    """One VSwitch as DescribeVSwitches shows it."""

    v_switch_id: str = answer("The VSwitch.", example=VSWITCH_EXAMPLE)
    v_switch_name: str = answer("Its name; empty if it has none.", example="bridged")
    description: str = answer("Its description; empty if it has none.", example="This is my VSwitch.")
    vpc_id: str = answer("Its VPC.", example=VPC_EXAMPLE)
    zone_id: str = answer("Its zone.", example=ZONE_EXAMPLE)
    status: str = answer("`Pending` or `Available`.", example="Available")
    cidr_block: str = answer("Its IPv4 block.", example="10.0.1.0/24")
    ipv6_cidr_block: str = answer("Its IPv6 block; empty if it has none.", default="", example="fd00:10:0:1::/64")
    enabled_ipv6: bool = answer("Whether it has an IPv6 block.", default=False, example=True)
    is_default: bool = answer("Whether it is the zone's default VSwitch.", default=False, example=False)
    available_ip_address_count: int = answer("IPv4 addresses still free.", example=249)
    creation_time: str = answer("When it was created, `YYYY-MM-DDThh:mm:ssZ`.", example=TIME_EXAMPLE)
    owner_id: int = answer("Its account.", example=1234567890123456)
    resource_group_id: str = answer("Its resource group.", example=GROUP_EXAMPLE)
    network_acl_id: str = answer("Always empty.", default="")
    route_table: RouteTable = answer("Its route table.")
    tags: tuple[Tag, ...] = answer("Its tags.", item="Tag", default=())


@structure
class VSwitchPage:
    """The answer of DescribeVSwitches; its numbers are numbers."""

    page_number: int = answer("The page shown.", example=1)
    page_size: int = answer("VSwitches per page.", example=10)
    total_count: int = answer("VSwitches that match.", example=1)
    v_switches: tuple[VSwitch, ...] = answer("The page's VSwitches, oldest first.", item="VSwitch")


@action(
    VPC,
    returns=VSwitchPage,
    summary="List VSwitches.",
    writes=False,
    fails=(INVALID_REGION_ID_NOT_FOUND, INVALID_PARAMETER, PARAMETER_INVALID),
    rules=(REGION_KNOWN,),
    resources=(located("vswitch/*"),),
)
class DescribeVSwitches:
    """Every filter must match, each exactly; without RegionId the VSwitches of all regions are listed."""

    region_id: str | None = param(IDENTIFIER, "Region of the VSwitches.", example=REGION_EXAMPLE, default=None)
    vpc_id: str | None = param(IDENTIFIER, "Its VPC.", example=VPC_EXAMPLE, default=None)
    v_switch_id: str | None = param(IDENTIFIER, "The VSwitch.", example=VSWITCH_EXAMPLE, default=None)
    zone_id: str | None = param(IDENTIFIER, "Its zone.", example=ZONE_EXAMPLE, default=None)
    v_switch_name: str | None = param(IDENTIFIER, "Its name.", example="bridged", default=None)
    route_table_id: str | None = param(
        IDENTIFIER, "Its route table.", example="vtb-bp145q7glnuzdv83kb1x2", default=None
    )
    is_default: bool | None = param(Flag(), "Only default VSwitches, or all others.", example="false", default=None)
    resource_group_id: str | None = param(IDENTIFIER, "Its resource group.", example=GROUP_EXAMPLE, default=None)
    tag: tuple[TagFilter, ...] = param(TAG_FILTERS, "Tags that it has, all of them.", default=())
    page_number: int = param(PAGE_NUMBER, "Page to show, the first is 1.", example="1", default=1)
    page_size: int = param(page_size(50), "VSwitches per page.", example="10", default=10)


@action(
    VPC,
    returns=Done,
    summary="Delete a VSwitch that holds no network interface and has no flow log.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        INVALID_VSWITCH_ID_NOT_FOUND,
        DEPENDENCY_VIOLATION_NETWORK_INTERFACE,
        DEPENDENCY_VIOLATION_FLOW_LOG,
        DRY_RUN_OPERATION,
    ),
    rules=(REGION_KNOWN,),
    resources=(located("vswitch/{VSwitchId}"),),
)
class DeleteVSwitch:
    """The VSwitch is gone at once."""

    v_switch_id: str = param(IDENTIFIER, "The VSwitch.", example=VSWITCH_EXAMPLE)
    region_id: str | None = param(IDENTIFIER, "Its region.", example=REGION_EXAMPLE, default=None)
    dry_run: bool = param(
        Flag(), "Only check: change nothing and answer DryRunOperation.", example="false", default=False
    )
