"""Terms that several actions share: shapes, paging, tags, the region rules, the empty answer.

What enters: nothing. What leaves: constants for the declarations in ``vpc_flow_logs``, ``vpc_networks``, ``ecs`` and
``weir``. Constraints are those of the published pages (source: the CreateFlowLog page and the pages of the
companions named there); where a page is silent, the rule says what Weir does.
"""

from __future__ import annotations

from weir.contract.action import Regions
from weir.contract.declare import Product, Resource, Rule, param, structure
from weir.contract.shapes import Integer, Pattern, Repeat, Text
from weir.model.failures import (
    INVALID_REGION_ID_NOT_FOUND,
    OPERATION_UNSUPPORTED_ACTION,
    PARAMETER_INVALID,
)

VPC = Product("Vpc", "2016-04-28", "Virtual private cloud")
ECS = Product("Ecs", "2014-05-26", "Elastic compute service")
WEIR = Product("Weir", "2026-11-01", "Agents and their devices")

URLS = ("http://", "https://")
LABEL = Text(length=(1, 128), barred_starts=URLS)
DESCRIPTION = Text(length=(1, 256), barred_starts=URLS)
IDENTIFIER = Text()
BAD_NAMES = ("-abc", "abc-", "aBc", "a c", "a.c", "abc\n", "äbc")
PROJECT = Text(
    length=(3, 63),
    pattern=Pattern(
        r"[a-z0-9][a-z0-9-]*[a-z0-9]",
        "lowercase letters, digits and hyphens, the first and last a letter or digit",
        good=("abc", "0-9", "a" * 63),
        bad=(*BAD_NAMES, "a_c", "a" * 62 + "-"),
    ),
)
LOG_STORE = Text(
    length=(3, 63),
    pattern=Pattern(
        r"[a-z0-9][a-z0-9_-]*[a-z0-9]",
        "lowercase letters, digits, hyphens and underscores, the first and last a letter or digit",
        good=("abc", "0_9", "a-c", "a" * 63),
        bad=(*BAD_NAMES, "_abc", "abc_"),
    ),
)
TOKEN = Text(
    length=(1, 64),
    pattern=Pattern(r"[!-~]+", "ASCII without blanks", good=("123e4567-e89b", "~" * 64), bad=("a b", "ü", "a\t")),
)
REGION_EXAMPLE = "cn-hangzhou"

TAGS_MAX = 20
"""Tags one call may name; above it the call is refused (source: the CreateFlowLog page)."""
TAG_BARRED_STARTS = ("aliyun", "acs:")


@structure
class Tag:
    """A tag of a resource."""

    key: str = param(
        Text(length=(1, 128), barred_starts=TAG_BARRED_STARTS, barred=URLS),
        "Key of the tag.",
        example="FinanceDept",
        missing=PARAMETER_INVALID,
    )
    value: str = param(
        Text(length=(0, 128), barred_starts=TAG_BARRED_STARTS, barred=URLS),
        "Value of the tag; may be empty.",
        example="FinanceJoshua",
        default="",
    )


@structure
class TagFilter:
    """A tag that a listed resource must have."""

    key: str = param(Text(length=(1, 128)), "Key of the tag.", example="FinanceDept", missing=PARAMETER_INVALID)
    value: str | None = param(
        Text(length=(0, 128)), "Value of the tag; absent: any.", example="FinanceJoshua", default=None
    )


TAG_LIST = Repeat(Tag, at_most=TAGS_MAX)
TAG_FILTERS = Repeat(TagFilter, at_most=TAGS_MAX)
PAGE_NUMBER = Integer(1, 2**31 - 1)


def located(path: str, service: str = "vpc", when: tuple[str, str] | None = None) -> Resource:
    """A resource of a region; ``path`` may hold placeholders, ``when`` as in ``Resource``."""
    return Resource(f"acs:{service}:{{RegionId}}:{{AccountId}}:{path}", when)


def page_size(at_most: int) -> Integer:
    """How many items one page may hold."""
    return Integer(1, at_most)


@structure
class Done:
    """The answer of a call that returns nothing but its request id."""


def _region_known(region_id: str | None, regions: Regions) -> str | None:
    return "not a configured region" if region_id is not None and region_id not in regions.known else None


def _region_has_flow_logs(region_id: str, regions: Regions) -> str | None:
    return "the region has no flow logs" if region_id in regions.without_flow_logs else None


def _tag_keys_differ(tag: tuple[Tag, ...]) -> str | None:
    keys = [one.key for one in tag]
    return "a key is given twice" if len(set(keys)) < len(keys) else None


REGION_KNOWN = Rule(INVALID_REGION_ID_NOT_FOUND, "RegionId is a configured region.", _region_known)
REGION_HAS_FLOW_LOGS = Rule(
    OPERATION_UNSUPPORTED_ACTION, "The region is configured with flow logs.", _region_has_flow_logs
)
TAG_KEYS_DIFFER = Rule(PARAMETER_INVALID, "No two tags have the same key.", _tag_keys_differ)
