"""Resource groups: made, listed, and resources moved between them.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal`` and an unchanged catalog. Rules:
an account has its default group from the beginning; a resource is in exactly one group; a group is never deleted.
"""

from __future__ import annotations

from sqlalchemy import insert, update

from weir.contract import resource_groups as say
from weir.contract.terms import Done
from weir.contract.vpc_tags import MoveResourceGroup
from weir.control.access import Caller
from weir.control.desk import Desk, check_group, iso_time
from weir.control.identifiers import draw
from weir.control.listing import AnyRow, count, equal, page_of
from weir.control.schema import resource_groups
from weir.control.tag_calls import TABLES, check_own
from weir.model.failures import (
    ENTITY_ALREADY_EXISTS_RESOURCE_GROUP,
    ENTITY_NOT_EXIST_RESOURCE_GROUP,
    LIMIT_EXCEEDED_RESOURCE_GROUP,
    Refusal,
)

GROUP_QUOTA = 30
"""Resource groups of an account; above it CreateResourceGroup answers LimitExceeded.ResourceGroup (source: Resource
Management, limits)."""


def create_resource_group(desk: Desk, caller: Caller, command: say.CreateResourceGroup) -> say.OneResourceGroup:
    """Makes a group; its name is the account's only one of that spelling."""
    mine = resource_groups.c.account_id == caller.account_id
    made = say.ResourceGroup(
        id=draw("rg", 15),
        name=command.name,
        display_name=command.display_name,
        account_id=caller.account_id,
        create_date=iso_time(int(desk.now())),
    )
    with desk.catalog.writing() as connection:
        if count(connection, resource_groups, mine, resource_groups.c.name == command.name):
            raise Refusal(ENTITY_ALREADY_EXISTS_RESOURCE_GROUP)
        if count(connection, resource_groups, mine) >= GROUP_QUOTA:
            raise Refusal(LIMIT_EXCEEDED_RESOURCE_GROUP)
        connection.execute(
            insert(resource_groups).values(
                resource_group_id=made.id,
                account_id=made.account_id,
                name=made.name,
                display_name=made.display_name,
                created=int(desk.now()),
            )
        )
    return say.OneResourceGroup(resource_group=made)


def get_resource_group(desk: Desk, caller: Caller, command: say.GetResourceGroup) -> say.OneResourceGroup:
    """The group of that id."""
    listed = list_resource_groups(
        desk, caller, say.ListResourceGroups(resource_group_id=command.resource_group_id)
    ).resource_groups
    if not listed:
        raise Refusal(ENTITY_NOT_EXIST_RESOURCE_GROUP)
    return say.OneResourceGroup(resource_group=listed[0])


def list_resource_groups(desk: Desk, caller: Caller, command: say.ListResourceGroups) -> say.ResourceGroupPage:
    """One page of the account's groups."""
    columns = resource_groups.c
    conditions = equal(
        {
            columns.account_id: caller.account_id,
            columns.resource_group_id: command.resource_group_id,
            columns.name: command.name,
            columns.display_name: command.display_name,
        }
    )
    with desk.catalog.reading() as connection:
        total, rows = page_of(connection, resource_groups, conditions, command)
    return say.ResourceGroupPage(
        page_number=command.page_number,
        page_size=command.page_size,
        total_count=total,
        resource_groups=tuple(map(_shown, rows)),
    )


def move_resource_group(desk: Desk, caller: Caller, command: MoveResourceGroup) -> Done:
    """Puts the resource into another group of its account."""
    table = TABLES[command.resource_type]
    (key,) = table.primary_key.columns
    with desk.catalog.writing() as connection:
        check_own(connection, caller, command.resource_type, command.region_id, [command.resource_id])
        check_group(connection, caller, command.new_resource_group_id)
        this = key == command.resource_id
        connection.execute(update(table).where(this).values(resource_group_id=command.new_resource_group_id))
    return Done()


def _shown(row: AnyRow) -> say.ResourceGroup:
    return say.ResourceGroup(
        id=row.resource_group_id,
        name=row.name,
        display_name=row.display_name,
        account_id=row.account_id,
        create_date=iso_time(row.created),
    )
