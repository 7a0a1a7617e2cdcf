"""What the actions of RAM have in common: names, paging by marker, resources, the failures of every call.

What enters: nothing. What leaves: constants and small makers for the declarations in ``ram_users``, ``ram_groups``,
``ram_policies`` and ``ram_roles``. Constraints are the published ones (source: RAM's API pages, "Error codes").
"""

from __future__ import annotations

from typing import Any

from weir.contract.declare import Product, Resource, answer, param
from weir.contract.shapes import Integer, Pattern, Shape, Text
from weir.model.failures import INVALID_PARAMETER, MISSING_PARAMETER, PARAMETER_INVALID

RAM = Product("Ram", "2015-05-01", "Resource access management")

DATE_EXAMPLE = "2026-11-22T03:08:50Z"
USER_EXAMPLE, GROUP_EXAMPLE, ROLE_EXAMPLE = "alice", "observers", "flow-reader"
POLICY_EXAMPLE = "ReadFlows"
DOCUMENT_EXAMPLE = (
    '{"Version":"1","Statement":[{"Effect":"Allow","Action":"vpc:DescribeFlowLogs",'
    '"Resource":"acs:vpc:*:*:flowlog/*"}]}'
)
TRUST_EXAMPLE = (
    '{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
    '"Principal":{"RAM":["acs:ram::1234567890123456:root"]}}]}'
)
ITEMS_MAX = 1000
"""Most items one page may hold (source: MaxItems of RAM's lists)."""
ITEMS = 100
DOCUMENT_LENGTH_MAX = 6144
"""Characters of a policy document; above it the call is refused (source: RAM limits page)."""


def _name(length_max: int, marks: str, words: str) -> Text:
    return Text(
        length=(1, length_max),
        pattern=Pattern(
            rf"[A-Za-z0-9{marks}-]+",
            f"letters, digits and {words}",
            good=("a", "Ab-9", "a" * length_max),
            bad=("a b", "ä", "a/b", "a:b", "a\n"),
        ),
    )


USER_NAME = _name(64, "._@", "any of . - _ @")
GROUP_NAME = _name(64, "._", "any of . - _")
ROLE_NAME = _name(64, "._", "any of . - _")
POLICY_NAME = _name(128, "", "hyphens")
DOCUMENT = Text(length=(1, DOCUMENT_LENGTH_MAX))

CALLED = (MISSING_PARAMETER, PARAMETER_INVALID)
"""What a call with text parameters can answer."""
LISTED = (MISSING_PARAMETER, INVALID_PARAMETER, PARAMETER_INVALID)
"""What a call with a page can answer."""


def on(path: str) -> tuple[Resource, ...]:
    """One resource of RAM, which knows no regions."""
    return (Resource(f"acs:ram:*:{{AccountId}}:{path}"),)


ON_USER, ON_GROUP, ON_ROLE, ON_POLICY = (
    on("user/{UserName}"),
    on("group/{GroupName}"),
    on("role/{RoleName}"),
    on("policy/{PolicyName}"),
)


def user_name(doc: str = "The RAM user.", **facts: Any) -> Any:
    """The parameter UserName."""
    return param(USER_NAME, doc, example=USER_EXAMPLE, **facts)


def group_name() -> Any:
    """The parameter GroupName."""
    return param(GROUP_NAME, "The group.", example=GROUP_EXAMPLE)


def role_name() -> Any:
    """The parameter RoleName."""
    return param(ROLE_NAME, "The role.", example=ROLE_EXAMPLE)


def free_text(length_max: int, doc: str, example: str) -> Any:
    """An optional text, empty unless given."""
    shape: Shape = Text(length=(1, length_max))
    return param(shape, doc, example=example, default="")


def marker() -> Any:
    """The parameter Marker."""
    return param(Text(length=(1, 128)), "Marker of the page before.", example=USER_EXAMPLE, default=None)


def max_items() -> Any:
    """The parameter MaxItems."""
    return param(Integer(1, ITEMS_MAX), "Items per page.", example=str(ITEMS), default=ITEMS)


def is_truncated() -> Any:
    """The answer IsTruncated."""
    return answer("Whether there are more items.", example=False)


def next_marker() -> Any:
    """The answer Marker."""
    return answer("Where the next page begins; absent on the last one.", default=None, example=USER_EXAMPLE)


def date(doc: str) -> Any:
    """A point in time in an answer."""
    return answer(f"{doc}, `YYYY-MM-DDThh:mm:ssZ`.", example=DATE_EXAMPLE)
