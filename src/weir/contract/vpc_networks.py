"""The companions of flow logs in product Vpc 2016-04-28: regions and VPCs.

What enters: nothing. What leaves: one command and one answer class per operation: the part of the published ones that
a script needs to build its world (source: the pages of DescribeRegions, CreateVpc, DescribeVpcs, DeleteVpc).
Failures stand in the order in which they are checked.
"""

from __future__ import annotations

from weir.contract.declare import action, answer, param, structure
from weir.contract.shapes import Commas, Flag, Network
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
from weir.model.failures import (
    DEPENDENCY_VIOLATION_FLOW_LOG,
    DEPENDENCY_VIOLATION_VSWITCH,
    DRY_RUN_OPERATION,
    ILLEGAL_PARAM_RESOURCE_GROUP_ID,
    INVALID_CIDR_BLOCK_MALFORMED,
    INVALID_IPV6_CIDR_BLOCK_MALFORMED,
    INVALID_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    INVALID_VPC_ID_NOT_FOUND,
    MISSING_PARAMETER,
    PARAMETER_INVALID,
    QUOTA_EXCEEDED_VPC,
)

VPC_EXAMPLE = "vpc-bp1nwd16gvo1wgs7v5m2t"
VSWITCH_EXAMPLE = "vsw-bp1s5fnvk4gn2tws03624"
ZONE_EXAMPLE = "cn-hangzhou-b"
GROUP_EXAMPLE = "rg-acfmxazdjdhd123"
TOKEN_EXAMPLE = "123e4567-e89b-12d3-a456-426655440000"
TIME_EXAMPLE = "2026-11-22T03:08:50Z"
TOKEN_IGNORED = "a repeated call is carried out again"
VPC_DEFAULT_BLOCK = "172.16.0.0/12"
IDS_MAX = 20
"""Ids that one VpcId filter may list; above it the call is refused (source: the DescribeVpcs page)."""


@structure
class Region:
    """One region."""

    region_id: str = answer("The region.", example=REGION_EXAMPLE)
    local_name: str = answer("Its name in the language asked for.", example="China (Hangzhou)")
    region_endpoint: str = answer("Where its API answers.", example="127.0.0.1:8080")


@structure
class RegionList:
    """The answer of DescribeRegions."""

    regions: tuple[Region, ...] = answer("Every configured region.", item="Region")


@action(
    VPC,
    returns=RegionList,
    summary="List the configured regions.",
    writes=False,
    fails=(PARAMETER_INVALID,),
    resources=(located("*"),),
)
class DescribeRegions:
    """Names are Chinese unless AcceptLanguage asks for English."""

    accept_language: str = param(
        IDENTIFIER, "Language of the names: `zh-CN` or `en-US`.", example="en-US", default="zh-CN"
    )
    product_type: str = param(
        IDENTIFIER,
        "Product whose regions are asked for.",
        example="VPC",
        default="VPC",
        ignored="a region offers every product",
    )


@structure
class VpcCreated:
    """The answer of CreateVpc."""

    vpc_id: str = answer("The new VPC.", example=VPC_EXAMPLE)
    v_router_id: str = answer("Its router.", example="vrt-bp1jcg5cmxjbl9xgc9ns1", wire="VRouterId")
    route_table_id: str = answer("Its route table.", example="vtb-bp145q7glnuzdv83kb1x2")
    resource_group_id: str = answer("Its resource group.", example=GROUP_EXAMPLE)


@action(
    VPC,
    returns=VpcCreated,
    summary="Create a VPC.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        INVALID_CIDR_BLOCK_MALFORMED,
        INVALID_IPV6_CIDR_BLOCK_MALFORMED,
        ILLEGAL_PARAM_RESOURCE_GROUP_ID,
        QUOTA_EXCEEDED_VPC,
        DRY_RUN_OPERATION,
    ),
    rules=(REGION_KNOWN, TAG_KEYS_DIFFER),
    resources=(located("vpc/*"),),
)
class CreateVpc:
    """The VPC is `Available` at once."""

    region_id: str = param(IDENTIFIER, "Region of the VPC.", example=REGION_EXAMPLE)
    cidr_block: str = param(
        Network(4, (8, 28)),
        "IPv4 block.",
        example="10.0.0.0/16",
        default=VPC_DEFAULT_BLOCK,
        invalid=INVALID_CIDR_BLOCK_MALFORMED,
    )
    vpc_name: str | None = param(LABEL, "Name of the VPC.", example="lab", default=None)
    description: str | None = param(DESCRIPTION, "Description of the VPC.", example="This is my VPC.", default=None)
    enable_ipv6: bool = param(
        Flag(),
        "Give the VPC an IPv6 block, chosen by Weir unless Ipv6CidrBlock says it.",
        example="true",
        default=False,
    )
    ipv6_cidr_block: str | None = param(
        Network(6, (56, 56)),
        "IPv6 block; implies EnableIpv6.",
        example="fd00:10::/56",
        default=None,
        invalid=INVALID_IPV6_CIDR_BLOCK_MALFORMED,
    )
    resource_group_id: str | None = param(
        IDENTIFIER, "Resource group; the account's default group if absent.", example=GROUP_EXAMPLE, default=None
    )
    tag: tuple[Tag, ...] = param(TAG_LIST, "Tags of the VPC.", default=())
    dry_run: bool = param(
        Flag(), "Only check: change nothing and answer DryRunOperation.", example="false", default=False
    )
    client_token: str | None = param(
        TOKEN, "Idempotency token.", example=TOKEN_EXAMPLE, default=None, ignored=TOKEN_IGNORED
    )


@structure
class Vpc:
    """One VPC as DescribeVpcs shows it."""

    vpc_id: str = answer("The VPC.", example=VPC_EXAMPLE)
    vpc_name: str = answer("Its name; empty if it has none.", example="lab")
    description: str = answer("Its description; empty if it has none.", example="This is my VPC.")
    region_id: str = answer("Its region.", example=REGION_EXAMPLE)
    status: str = answer("`Pending` or `Available`.", example="Available")
    cidr_block: str = answer("Its IPv4 block.", example="10.0.0.0/16")
    ipv6_cidr_block: str = answer("Its IPv6 block; empty if it has none.", default="", example="fd00:10::/56")
    enabled_ipv6: bool = answer("Whether it has an IPv6 block.", default=False, example=True)
    is_default: bool = answer("Whether it is the region's default VPC.", default=False, example=False)
    creation_time: str = answer("When it was created, `YYYY-MM-DDThh:mm:ssZ`.", example=TIME_EXAMPLE)
    v_router_id: str = answer("Its router.", example="vrt-bp1jcg5cmxjbl9xgc9ns1")
    owner_id: int = answer("Its account.", example=1234567890123456)
    resource_group_id: str = answer("Its resource group.", example=GROUP_EXAMPLE)
    v_switch_ids: tuple[str, ...] = answer("Its VSwitches.", item="VSwitchId", default=(), example=VSWITCH_EXAMPLE)
    router_table_ids: tuple[str, ...] = answer(
        "Its route tables.", item="RouterTableIds", default=(), example="vtb-bp145q7glnuzdv83kb1x2"
    )
    secondary_cidr_blocks: tuple[str, ...] = answer("Always empty.", item="SecondaryCidrBlock", default=())
    user_cidrs: tuple[str, ...] = answer("Always empty.", item="UserCidr", default=())
    nat_gateway_ids: tuple[str, ...] = answer("Always empty.", item="NatGatewayIds", default=())
    tags: tuple[Tag, ...] = answer("Its tags.", item="Tag", default=())


@structure
class VpcPage:
    """The answer of DescribeVpcs; its numbers are numbers."""

    page_number: int = answer("The page shown.", example=1)
    page_size: int = answer("VPCs per page.", example=10)
    total_count: int = answer("VPCs that match.", example=1)
    vpcs: tuple[Vpc, ...] = answer("The page's VPCs, oldest first.", item="Vpc")


@action(
    VPC,
    returns=VpcPage,
    summary="List VPCs.",
    writes=False,
    fails=(MISSING_PARAMETER, INVALID_REGION_ID_NOT_FOUND, INVALID_PARAMETER, PARAMETER_INVALID),
    rules=(REGION_KNOWN,),
    resources=(located("vpc/*"),),
)
class DescribeVpcs:
    """Every filter must match, each exactly; without filters all VPCs of the region are listed."""

    region_id: str = param(IDENTIFIER, "Region of the VPCs.", example=REGION_EXAMPLE)
    vpc_id: tuple[str, ...] = param(
        Commas(IDENTIFIER, at_most=IDS_MAX), "VPCs to list.", example=VPC_EXAMPLE, default=()
    )
    vpc_name: str | None = param(IDENTIFIER, "Its name.", example="lab", default=None)
    is_default: bool | None = param(Flag(), "Only the default VPC, or all others.", example="false", default=None)
    resource_group_id: str | None = param(IDENTIFIER, "Its resource group.", example=GROUP_EXAMPLE, default=None)
    tag: tuple[TagFilter, ...] = param(TAG_FILTERS, "Tags that it has, all of them.", default=())
    page_number: int = param(PAGE_NUMBER, "Page to show, the first is 1.", example="1", default=1)
    page_size: int = param(page_size(50), "VPCs per page.", example="10", default=10)


@action(
    VPC,
    returns=Done,
    summary="Delete a VPC that holds no VSwitch and has no flow log.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        INVALID_VPC_ID_NOT_FOUND,
        DEPENDENCY_VIOLATION_VSWITCH,
        DEPENDENCY_VIOLATION_FLOW_LOG,
        DRY_RUN_OPERATION,
    ),
    rules=(REGION_KNOWN,),
    resources=(located("vpc/{VpcId}"),),
)
class DeleteVpc:
    """The VPC is gone at once."""

    vpc_id: str = param(IDENTIFIER, "The VPC.", example=VPC_EXAMPLE)
    region_id: str | None = param(IDENTIFIER, "Its region.", example=REGION_EXAMPLE, default=None)
    force_delete: bool = param(
        Flag(),
        "Delete gateways in the VPC too.",
        example="false",
        default=False,
        ignored="Weir keeps nothing in a VPC that force would remove",
    )
    dry_run: bool = param(
        Flag(), "Only check: change nothing and answer DryRunOperation.", example="false", default=False
    )
    client_token: str | None = param(
        TOKEN, "Idempotency token.", example=TOKEN_EXAMPLE, default=None, ignored=TOKEN_IGNORED
    )
