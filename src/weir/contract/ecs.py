"""Network interfaces, the companions of flow logs in product Ecs 2014-05-26.

What enters: nothing. What leaves: one command and one answer class per operation: the part of the published ones that
a script needs (source: the pages of CreateNetworkInterface, DescribeNetworkInterfaces, DeleteNetworkInterface). Note
Ecs's own spelling: a tag is sent as ``Key``/``Value`` and answered as ``TagKey``/``TagValue``; paging is in numbers.
"""

from __future__ import annotations

from enum import StrEnum

from weir.contract.declare import Rule, action, answer, param, structure
from weir.contract.shapes import Address, OneOf, Repeat
from weir.contract.terms import (
    DESCRIPTION,
    ECS,
    IDENTIFIER,
    LABEL,
    PAGE_NUMBER,
    REGION_EXAMPLE,
    REGION_KNOWN,
    TAG_FILTERS,
    TAG_KEYS_DIFFER,
    TAG_LIST,
    TOKEN,
    Done,
    Tag,
    TagFilter,
    located,
    page_size,
)
from weir.model.failures import (
    ILLEGAL_PARAM_RESOURCE_GROUP_ID,
    INVALID_ENI_ID_NOT_FOUND,
    INVALID_IPV6_ADDRESS_DUPLICATED,
    INVALID_IPV6_ADDRESS_MALFORMED,
    INVALID_OPERATION_INVALID_ENI_STATE,
    INVALID_PARAMETER,
    INVALID_PRIVATE_IP_ADDRESS_DUPLICATED,
    INVALID_PRIVATE_IP_ADDRESS_MALFORMED,
    INVALID_REGION_ID_NOT_FOUND,
    INVALID_VSWITCH_ID_NOT_FOUND,
    INVALID_VSWITCH_IP_ADDRESS_NOT_ENOUGH,
    MISSING_PARAMETER,
    PARAMETER_INVALID,
    QUOTA_EXCEEDED_ENI,
)


class EniStatus(StrEnum):
    """States of a network interface."""

    AVAILABLE = "Available"
    IN_USE = "InUse"
    CREATING = "Creating"
    ATTACHING = "Attaching"
    DETACHING = "Detaching"
    DELETING = "Deleting"
    CREATE_FAILED = "CreateFailed"


class EniType(StrEnum):
    """Kinds of network interface."""

    PRIMARY = "Primary"
    SECONDARY = "Secondary"
    TRUNK = "Trunk"
    MEMBER = "Member"


class NewEniType(StrEnum):
    """Kinds of network interface that CreateNetworkInterface makes."""

    SECONDARY = "Secondary"
    TRUNK = "Trunk"


ENI_EXAMPLE = "eni-bp1d66qjxb3qoin3a2b4"
VSWITCH_EXAMPLE = "vsw-bp1s5fnvk4gn2tws03624"
VPC_EXAMPLE = "vpc-bp1nwd16gvo1wgs7v5m2t"
GROUP_EXAMPLE = "sg-bp1fg655nh68xyz9i4x5"
ADDRESSES_MAX = 10
"""Addresses of one family besides the primary one that a call may ask for; above it the call is refused."""
SECURITY_GROUPS_MAX = 16
"""Security groups of one interface; above it the call is refused (source: ECS limits page)."""
ENI_IDS_MAX = 100
"""Ids that one filter may list; above it the call is refused (source: the DescribeNetworkInterfaces page)."""


def _addresses_differ(
    primary_ip_address: str | None, private_ip_address: tuple[str, ...], ipv6_address: tuple[str, ...]
) -> str | None:
    said = [primary_ip_address, *private_ip_address, *ipv6_address]
    return "an address is given twice" if len(set(said)) < len(said) else None


@structure
class EcsTag:
    """A tag in Ecs's answers."""

    tag_key: str = answer("Key of the tag.", example="FinanceDept")
    tag_value: str = answer("Value of the tag.", example="FinanceJoshua")


@structure
class PrivateIp:
    """One private IPv4 address of an interface."""

    private_ip_address: str = answer("The address.", example="10.0.1.7")
    primary: bool = answer("Whether it is the primary one.", example=True)


@structure
class Ipv6:
    """One IPv6 address of an interface."""

    ipv6_address: str = answer("The address.", example="fd00:10:0:1::7")


@structure
class Attachment:
    """What a network interface is attached to."""

    instance_id: str = answer("Instance; empty if none.", default="", example="i-bp1a5zr3u7nq9cx8t2ab")
    trunk_network_interface_id: str = answer("Trunk that it is a member of; empty if none.", default="")
    member_network_interface_ids: tuple[str, ...] = answer(
        "Its members, if it is a trunk.", item="MemberNetworkInterfaceId", default=()
    )


@structure
class NetworkInterface:
    """One network interface, as CreateNetworkInterface and DescribeNetworkInterfaces show it."""

    network_interface_id: str = answer("The interface.", example=ENI_EXAMPLE)
    network_interface_name: str = answer("Its name; empty if it has none.", example="guest-1")
    description: str = answer("Its description; empty if it has none.", example="This is my ENI.")
    creation_time: str = answer("When it was created, `YYYY-MM-DDThh:mm:ssZ`.", example="2026-11-22T03:08:50Z")
    status: str = answer("`Available`, `InUse`, `Creating`, ...", example="InUse")
    type: str = answer("`Primary`, `Secondary`, `Trunk` or `Member`.", default="Secondary", example="Secondary")
    vpc_id: str = answer("Its VPC.", example=VPC_EXAMPLE)
    v_switch_id: str = answer("Its VSwitch.", example=VSWITCH_EXAMPLE)
    zone_id: str = answer("Its zone.", example="cn-hangzhou-b")
    instance_id: str = answer(
        "Instance it is attached to; empty if none.", default="", example="i-bp1a5zr3u7nq9cx8t2ab"
    )
    attachment: Attachment = answer("What it is attached to.", default=Attachment())
    mac_address: str = answer("Its MAC address.", example="00:16:3e:12:34:56")
    private_ip_address: str = answer("Its primary private IPv4 address.", example="10.0.1.7")
    private_ip_sets: tuple[PrivateIp, ...] = answer(
        "All its private IPv4 addresses, the primary one first.", item="PrivateIpSet"
    )
    ipv6_sets: tuple[Ipv6, ...] = answer("Its IPv6 addresses.", item="Ipv6Set", default=())
    security_group_ids: tuple[str, ...] = answer(
        "Its security groups.", item="SecurityGroupId", default=(), example=GROUP_EXAMPLE
    )
    owner_id: str = answer("Its account.", example="1234567890123456")
    resource_group_id: str = answer("Its resource group.", example="rg-acfmxazdjdhd123")
    tags: tuple[EcsTag, ...] = answer("Its tags.", item="Tag", default=())


@action(
    ECS,
    returns=NetworkInterface,
    summary="Create a network interface in a VSwitch.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        INVALID_PRIVATE_IP_ADDRESS_MALFORMED,
        INVALID_IPV6_ADDRESS_MALFORMED,
        INVALID_VSWITCH_ID_NOT_FOUND,
        INVALID_PRIVATE_IP_ADDRESS_DUPLICATED,
        INVALID_IPV6_ADDRESS_DUPLICATED,
        ILLEGAL_PARAM_RESOURCE_GROUP_ID,
        INVALID_VSWITCH_IP_ADDRESS_NOT_ENOUGH,
        QUOTA_EXCEEDED_ENI,
    ),
    rules=(
        REGION_KNOWN,
        TAG_KEYS_DIFFER,
        Rule(
            INVALID_PRIVATE_IP_ADDRESS_DUPLICATED,
            "No address is given twice among PrimaryIpAddress, PrivateIpAddress and Ipv6Address.",
            _addresses_differ,
        ),
    ),
    resources=(
        located("eni/*", "ecs"),
        located("vswitch/{VSwitchId}"),
    ),
)
class CreateNetworkInterface:
    """The interface is `Available` at once, and `InUse` while it is bound to a device of a node. The published
    ECS requires a security group; here the rules of the host's netfilter decide, and groups are only kept.
    """

    region_id: str = param(IDENTIFIER, "Region of the VSwitch.", example=REGION_EXAMPLE)
    v_switch_id: str = param(IDENTIFIER, "VSwitch of the interface.", example=VSWITCH_EXAMPLE)
    primary_ip_address: str | None = param(
        Address(4),
        "Primary private IPv4 address; Weir takes the first free one if absent.",
        example="10.0.1.7",
        default=None,
        invalid=INVALID_PRIVATE_IP_ADDRESS_MALFORMED,
    )
    private_ip_address: tuple[str, ...] = param(
        Repeat(Address(4), at_most=ADDRESSES_MAX),
        "Further private IPv4 addresses.",
        example="10.0.1.8",
        default=(),
        invalid=INVALID_PRIVATE_IP_ADDRESS_MALFORMED,
    )
    ipv6_address: tuple[str, ...] = param(
        Repeat(Address(6), at_most=ADDRESSES_MAX),
        "IPv6 addresses.",
        example="fd00:10:0:1::7",
        default=(),
        invalid=INVALID_IPV6_ADDRESS_MALFORMED,
    )
    instance_type: NewEniType = param(
        OneOf(NewEniType),
        "Kind of the interface. An interface becomes a member by AttachNetworkInterface, primary by RegisterInstance.",
        example="Secondary",
        default=NewEniType.SECONDARY,
    )
    network_interface_name: str | None = param(LABEL, "Name of the interface.", example="guest-1", default=None)
    description: str | None = param(
        DESCRIPTION, "Description of the interface.", example="This is my ENI.", default=None
    )
    security_group_id: str | None = param(
        IDENTIFIER,
        "Security group of the interface; kept and given back, the host's rules decide.",
        example=GROUP_EXAMPLE,
        default=None,
    )
    security_group_ids: tuple[str, ...] = param(
        Repeat(IDENTIFIER, at_most=SECURITY_GROUPS_MAX),
        "Security groups of the interface, likewise.",
        example=GROUP_EXAMPLE,
        default=(),
    )
    resource_group_id: str | None = param(
        IDENTIFIER, "Resource group; the account's default group if absent.", example="rg-acfmxazdjdhd123", default=None
    )
    tag: tuple[Tag, ...] = param(TAG_LIST, "Tags of the interface.", default=())
    client_token: str | None = param(
        TOKEN,
        "Idempotency token.",
        example="123e4567-e89b-12d3-a456-426655440000",
        default=None,
        ignored="a repeated call is carried out again",
    )


@structure
class NetworkInterfacePage:
    """The answer of DescribeNetworkInterfaces; its numbers are numbers."""

    page_number: int = answer("The page shown.", example=1)
    page_size: int = answer("Interfaces per page.", example=10)
    total_count: int = answer("Interfaces that match.", example=1)
    network_interface_sets: tuple[NetworkInterface, ...] = answer(
        "The page's interfaces, oldest first.", item="NetworkInterfaceSet"
    )


@action(
    ECS,
    returns=NetworkInterfacePage,
    summary="List network interfaces.",
    writes=False,
    fails=(MISSING_PARAMETER, INVALID_REGION_ID_NOT_FOUND, INVALID_PARAMETER, PARAMETER_INVALID),
    rules=(REGION_KNOWN,),
    resources=(located("eni/*", "ecs"),),
)
class DescribeNetworkInterfaces:
    """Every filter must match, each exactly; without filters all interfaces of the region are listed."""

    region_id: str = param(IDENTIFIER, "Region of the interfaces.", example=REGION_EXAMPLE)
    network_interface_id: tuple[str, ...] = param(
        Repeat(IDENTIFIER, at_most=ENI_IDS_MAX), "Interfaces to list.", example=ENI_EXAMPLE, default=()
    )
    network_interface_name: str | None = param(IDENTIFIER, "Its name.", example="guest-1", default=None)
    vpc_id: str | None = param(IDENTIFIER, "Its VPC.", example=VPC_EXAMPLE, default=None)
    v_switch_id: str | None = param(IDENTIFIER, "Its VSwitch.", example=VSWITCH_EXAMPLE, default=None)
    instance_id: str | None = param(
        IDENTIFIER, "Instance it is attached to.", example="i-bp1a5zr3u7nq9cx8t2ab", default=None
    )
    type: EniType | None = param(OneOf(EniType), "Its kind.", example="Secondary", default=None)
    status: EniStatus | None = param(OneOf(EniStatus), "Its state.", example="InUse", default=None)
    primary_ip_address: str | None = param(
        Address(4), "Its primary private IPv4 address.", example="10.0.1.7", default=None
    )
    private_ip_address: tuple[str, ...] = param(
        Repeat(Address(4), at_most=ENI_IDS_MAX),
        "Any of its private IPv4 addresses.",
        example="10.0.1.8",
        default=(),
    )
    security_group_id: str | None = param(IDENTIFIER, "Its security group.", example=GROUP_EXAMPLE, default=None)
    resource_group_id: str | None = param(IDENTIFIER, "Its resource group.", example="rg-acfmxazdjdhd123", default=None)
    tag: tuple[TagFilter, ...] = param(TAG_FILTERS, "Tags that it has, all of them.", default=())
    page_number: int = param(PAGE_NUMBER, "Page to show, the first is 1.", example="1", default=1)
    page_size: int = param(page_size(100), "Interfaces per page.", example="10", default=10)


@action(
    ECS,
    returns=Done,
    summary="Delete a network interface that is bound to no device.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        PARAMETER_INVALID,
        INVALID_ENI_ID_NOT_FOUND,
        INVALID_OPERATION_INVALID_ENI_STATE,
    ),
    rules=(REGION_KNOWN,),
    resources=(located("eni/{NetworkInterfaceId}", "ecs"),),
)
class DeleteNetworkInterface:
    """The interface is gone at once, or is `Deleting` until the agent that captured it has let go of its device."""

    region_id: str = param(IDENTIFIER, "Region of the interface.", example=REGION_EXAMPLE)
    network_interface_id: str = param(IDENTIFIER, "The interface.", example=ENI_EXAMPLE)


ECS_COMMANDS: tuple[type, ...] = (CreateNetworkInterface, DescribeNetworkInterfaces, DeleteNetworkInterface)
