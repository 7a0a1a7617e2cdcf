"""Resource groups, product ResourceManager 2020-03-31: as much of it as scripts need to place flow logs.

What enters: nothing. What leaves: one command and one answer class per operation (source: the pages of
CreateResourceGroup, GetResourceGroup and ListResourceGroups). The product is global: no call names a region. Failures
stand in the order in which they are checked.
"""

from __future__ import annotations

from weir.contract.declare import Product, action, answer, param, structure
from weir.contract.shapes import Pattern, Text
from weir.contract.terms import IDENTIFIER, PAGE_NUMBER, located, page_size
from weir.model.failures import (
    ENTITY_ALREADY_EXISTS_RESOURCE_GROUP,
    ENTITY_NOT_EXIST_RESOURCE_GROUP,
    INVALID_PARAMETER,
    LIMIT_EXCEEDED_RESOURCE_GROUP,
    MISSING_PARAMETER,
    PARAMETER_INVALID,
)

RESOURCE_MANAGER = Product("ResourceManager", "2020-03-31", "Resource groups")
GROUP_EXAMPLE = "rg-acfmxazdjdhd123"
GROUP_NAME = Text(
    length=(3, 50),
    pattern=Pattern(
        r"[A-Za-z][A-Za-z0-9_-]*",
        "letters, digits, hyphens and underscores, the first a letter",
        good=("abc", "A-1_b", "a" * 50),
        bad=("1abc", "-abc", "a bc", "äbc", "abc\n"),
    ),
)


@structure
class ResourceGroup:
    """One resource group."""

    id: str = answer("The group.", example=GROUP_EXAMPLE)
    name: str = answer("Its name, unique in the account.", example="my-project")
    display_name: str = answer("Its name for people.", example="My project")
    account_id: str = answer("Its account.", example="1234567890123456")
    status: str = answer("Always `OK`.", default="OK", example="OK")
    create_date: str = answer("When it was created, `YYYY-MM-DDThh:mm:ssZ`.", example="2026-11-22T03:08:50Z")


@structure
class OneResourceGroup:
    """The answer of CreateResourceGroup and GetResourceGroup."""

    resource_group: ResourceGroup = answer("The group.")


@action(
    RESOURCE_MANAGER,
    returns=OneResourceGroup,
    summary="Create a resource group.",
    fails=(
        MISSING_PARAMETER,
        PARAMETER_INVALID,
        ENTITY_ALREADY_EXISTS_RESOURCE_GROUP,
        LIMIT_EXCEEDED_RESOURCE_GROUP,
    ),
    resources=(located("resourcegroup/*", "resourcemanager"),),
)
class CreateResourceGroup:
    """Every account has a group `default` from its beginning. The new group is usable at once."""

    name: str = param(GROUP_NAME, "Name of the group.", example="my-project")
    display_name: str = param(Text(length=(1, 50)), "Name for people.", example="My project")


@action(
    RESOURCE_MANAGER,
    returns=OneResourceGroup,
    summary="Show one resource group.",
    writes=False,
    fails=(MISSING_PARAMETER, PARAMETER_INVALID, ENTITY_NOT_EXIST_RESOURCE_GROUP),
    resources=(located("resourcegroup/{ResourceGroupId}", "resourcemanager"),),
)
class GetResourceGroup:
    """By its id."""

    resource_group_id: str = param(IDENTIFIER, "The group.", example=GROUP_EXAMPLE)


@structure
class ResourceGroupPage:
    """The answer of ListResourceGroups; its numbers are numbers."""

    page_number: int = answer("The page shown.", example=1)
    page_size: int = answer("Groups per page.", example=10)
    total_count: int = answer("Groups that match.", example=1)
    resource_groups: tuple[ResourceGroup, ...] = answer("The page's groups, oldest first.", item="ResourceGroup")


@action(
    RESOURCE_MANAGER,
    returns=ResourceGroupPage,
    summary="List the account's resource groups.",
    writes=False,
    fails=(INVALID_PARAMETER, PARAMETER_INVALID),
    resources=(located("resourcegroup/*", "resourcemanager"),),
)
class ListResourceGroups:
    """Every filter must match, each exactly."""

    resource_group_id: str | None = param(IDENTIFIER, "The group.", example=GROUP_EXAMPLE, default=None)
    name: str | None = param(IDENTIFIER, "Its name.", example="my-project", default=None)
    display_name: str | None = param(IDENTIFIER, "Its name for people.", example="My project", default=None)
    status: str | None = param(IDENTIFIER, "Its state.", example="OK", default=None, ignored="every group is usable")
    page_number: int = param(PAGE_NUMBER, "Page to show, the first is 1.", example="1", default=1)
    page_size: int = param(page_size(100), "Groups per page.", example="10", default=10)


RESOURCE_GROUP_COMMANDS: tuple[type, ...] = (CreateResourceGroup, GetResourceGroup, ListResourceGroups)
