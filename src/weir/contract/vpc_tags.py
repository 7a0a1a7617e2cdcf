"""Tags and resource groups of flow logs and their companions, product Vpc 2016-04-28.

What enters: nothing. What leaves: one command and one answer class per operation (source: the pages of TagResources,
UnTagResources, ListTagResources and MoveResourceGroup). ResourceType is taken in any case, since the published pages,
examples and clients spell it differently. Failures stand in the order in which they are checked.
"""

from __future__ import annotations

from enum import StrEnum

from weir.contract.declare import Rule, action, answer, param, structure
from weir.contract.shapes import AnyCase, Flag, Integer, Repeat, Text
from weir.contract.terms import (
    IDENTIFIER,
    REGION_EXAMPLE,
    REGION_KNOWN,
    TAG_FILTERS,
    TAG_KEYS_DIFFER,
    TAG_LIST,
    TAGS_MAX,
    VPC,
    Done,
    Tag,
    TagFilter,
    located,
)
from weir.model.failures import (
    ILLEGAL_PARAM_RESOURCE_GROUP_ID,
    INVALID_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    INVALID_RESOURCE_ID_NOT_FOUND,
    MISSING_PARAMETER,
    OPERATION_UNSUPPORTED_RESOURCE_TYPE,
    PARAMETER_INVALID,
    QUOTA_EXCEED_TAGS_PER_RESOURCE,
)

RESOURCES_MAX = 50
"""Resources that one call may name; above it the call is refused (source: the TagResources page)."""
FLOW_LOG_EXAMPLE = "fl-m5e8vhz2t21sel1nq5kzd"


class Kind(StrEnum):
    """Kinds of resource that have tags and a resource group in this product."""

    FLOW_LOG = "FLOWLOG"
    VPC = "VPC"
    VSWITCH = "VSWITCH"


def _says_which(tag_key: tuple[str, ...], all_: bool) -> str | None:
    return None if tag_key or all_ else "neither TagKey nor All"


def _says_what(resource_id: tuple[str, ...], tag: tuple[TagFilter, ...]) -> str | None:
    return None if resource_id or tag else "neither ResourceId nor Tag"


TAGGED = (
    located("flowlog/{ResourceId.N}", when=("ResourceType", "FLOWLOG")),
    located("vpc/{ResourceId.N}", when=("ResourceType", "VPC")),
    located("vswitch/{ResourceId.N}", when=("ResourceType", "VSWITCH")),
)
MOVED = (
    located("flowlog/{ResourceId}", when=("ResourceType", "FLOWLOG")),
    located("vpc/{ResourceId}", when=("ResourceType", "VPC")),
    located("vswitch/{ResourceId}", when=("ResourceType", "VSWITCH")),
)


@action(
    VPC,
    returns=Done,
    summary="Tag resources.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        OPERATION_UNSUPPORTED_RESOURCE_TYPE,
        INVALID_RESOURCE_ID_NOT_FOUND,
        QUOTA_EXCEED_TAGS_PER_RESOURCE,
    ),
    rules=(REGION_KNOWN, TAG_KEYS_DIFFER),
    resources=TAGGED,
)
class TagResources:
    """A key that a resource has already gets the new value. A resource has at most 20 tags. All resources are tagged
    or none is.
    """

    region_id: str = param(IDENTIFIER, "Region of the resources.", example=REGION_EXAMPLE)
    resource_type: Kind = param(
        AnyCase(Kind), "Kind of the resources.", example="FLOWLOG", invalid=OPERATION_UNSUPPORTED_RESOURCE_TYPE
    )
    resource_id: tuple[str, ...] = param(
        Repeat(IDENTIFIER, at_most=RESOURCES_MAX), "The resources.", example=FLOW_LOG_EXAMPLE
    )
    tag: tuple[Tag, ...] = param(TAG_LIST, "Their new tags.")


@action(
    VPC,
    returns=Done,
    summary="Take tags from resources.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        OPERATION_UNSUPPORTED_RESOURCE_TYPE,
        INVALID_RESOURCE_ID_NOT_FOUND,
    ),
    rules=(REGION_KNOWN, Rule(MISSING_PARAMETER, "TagKey is given, or All is true.", _says_which)),
    resources=TAGGED,
)
class UnTagResources:
    """A key that a resource does not have is passed over."""

    region_id: str = param(IDENTIFIER, "Region of the resources.", example=REGION_EXAMPLE)
    resource_type: Kind = param(
        AnyCase(Kind), "Kind of the resources.", example="FLOWLOG", invalid=OPERATION_UNSUPPORTED_RESOURCE_TYPE
    )
    resource_id: tuple[str, ...] = param(
        Repeat(IDENTIFIER, at_most=RESOURCES_MAX), "The resources.", example=FLOW_LOG_EXAMPLE
    )
    tag_key: tuple[str, ...] = param(
        Repeat(Text(length=(1, 128)), at_most=TAGS_MAX), "Keys to take.", example="FinanceDept", default=()
    )
    all_: bool = param(
        Flag(), "Take every tag; without meaning beside TagKey.", example="true", default=False, wire="All"
    )


@structure
class TagResource:
    """One tag of one resource."""

    resource_id: str = answer("The resource.", example=FLOW_LOG_EXAMPLE)
    resource_type: str = answer("Its kind, in capitals.", example="FLOWLOG")
    tag_key: str = answer("Key of the tag.", example="FinanceDept")
    tag_value: str = answer("Value of the tag.", example="FinanceJoshua")


@structure
class TagResourceList:
    """The answer of ListTagResources."""

    next_token: str = answer("Where the next page begins; empty on the last one.", default="")
    tag_resources: tuple[TagResource, ...] = answer("Tags by resource, then by key.", item="TagResource")


@action(
    VPC,
    returns=TagResourceList,
    summary="List the tags of resources.",
    writes=False,
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        OPERATION_UNSUPPORTED_RESOURCE_TYPE,
    ),
    rules=(REGION_KNOWN, Rule(MISSING_PARAMETER, "ResourceId or Tag is given.", _says_what)),
    resources=TAGGED,
)
class ListTagResources:
    """All tags of the resources named, or of those that have all the tags given, or both. A resource that does not
    exist has no tags. MaxResults counts tags.
    """

    region_id: str = param(IDENTIFIER, "Region of the resources.", example=REGION_EXAMPLE)
    resource_type: Kind = param(
        AnyCase(Kind), "Kind of the resources.", example="FLOWLOG", invalid=OPERATION_UNSUPPORTED_RESOURCE_TYPE
    )
    resource_id: tuple[str, ...] = param(
        Repeat(IDENTIFIER, at_most=RESOURCES_MAX), "The resources.", example=FLOW_LOG_EXAMPLE, default=()
    )
    tag: tuple[TagFilter, ...] = param(TAG_FILTERS, "Tags that they have, all of them.", default=())
    next_token: str | None = param(
        Text(length=(1, 1024)),
        "NextToken of the page before.",
        example="WyJmbC1tNWU4dmh6MnQyMXNlbDFucTVremQiLCJGaW5hbmNlRGVwdCJd",
        default=None,
    )
    max_results: int = param(Integer(1, RESOURCES_MAX), "Tags per page.", example="50", default=50)


@action(
    VPC,
    returns=Done,
    summary="Move a resource to another resource group.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        PARAMETER_INVALID,
        OPERATION_UNSUPPORTED_RESOURCE_TYPE,
        INVALID_RESOURCE_ID_NOT_FOUND,
        ILLEGAL_PARAM_RESOURCE_GROUP_ID,
    ),
    rules=(REGION_KNOWN,),
    resources=MOVED,
)
class MoveResourceGroup:
    """What is in a VPC does not move with it."""

    region_id: str = param(IDENTIFIER, "Region of the resource.", example=REGION_EXAMPLE)
    resource_type: Kind = param(
        AnyCase(Kind), "Kind of the resource.", example="FLOWLOG", invalid=OPERATION_UNSUPPORTED_RESOURCE_TYPE
    )
    resource_id: str = param(IDENTIFIER, "The resource.", example=FLOW_LOG_EXAMPLE)
    new_resource_group_id: str = param(IDENTIFIER, "Its new resource group.", example="rg-acfmxazdjdhd123")


TAG_COMMANDS: tuple[type, ...] = (TagResources, UnTagResources, ListTagResources, MoveResourceGroup)
