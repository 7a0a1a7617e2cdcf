"""Groups of RAM users and their members.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal`` and an unchanged catalog. Rule: a
group is deleted only once it has neither members nor policies.
"""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from weir.contract import ram_groups as say
from weir.contract.terms import Done
from weir.control.access import Caller
from weir.control.desk import Desk, iso_time
from weir.control.identifiers import draw
from weir.control.listing import AnyRow, count
from weir.control.permits import GROUP
from weir.control.ram_rows import check_new, following, group_of, page_of, user_of
from weir.control.ram_schema import ram_attachments, ram_groups, ram_members, ram_users
from weir.model.failures import Refusal
from weir.model.ram_failures import (
    DELETE_CONFLICT_GROUP_POLICY,
    DELETE_CONFLICT_GROUP_USER,
    ENTITY_ALREADY_EXISTS_GROUP,
    ENTITY_ALREADY_EXISTS_USER_GROUP,
    ENTITY_NOT_EXIST_USER_GROUP,
    LIMIT_EXCEEDED_GROUP,
)

GROUPS_MAX = 50
"""Groups of an account; above it LimitExceeded.Group (source: RAM limits page)."""


def create_group(desk: Desk, caller: Caller, command: say.CreateGroup) -> say.GroupShown:
    """A new group without members and policies."""
    with desk.catalog.writing() as connection:
        check_new(
            connection,
            ram_groups.c.group_name,
            (caller.account_id, command.group_name),
            (ENTITY_ALREADY_EXISTS_GROUP, LIMIT_EXCEEDED_GROUP),
            GROUPS_MAX,
        )
        connection.execute(
            insert(ram_groups).values(
                group_id=draw("g", 16),
                account_id=caller.account_id,
                group_name=command.group_name,
                comments=command.comments,
                created=int(desk.now()),
            )
        )
        return say.GroupShown(group=_shown(group_of(connection, caller.account_id, command.group_name)))


def get_group(desk: Desk, caller: Caller, command: say.GetGroup) -> say.GroupShown:
    """The group of that name."""
    with desk.catalog.reading() as connection:
        return say.GroupShown(group=_shown(group_of(connection, caller.account_id, command.group_name)))


def list_groups(desk: Desk, caller: Caller, command: say.ListGroups) -> say.GroupList:
    """One page of the account's groups."""
    mine = [ram_groups.c.account_id == caller.account_id]
    with desk.catalog.reading() as connection:
        rows, marker = page_of(connection, ram_groups.c.group_name, mine, command)
    return say.GroupList(is_truncated=marker is not None, marker=marker, groups=tuple(map(_shown, rows)))


def delete_group(desk: Desk, caller: Caller, command: say.DeleteGroup) -> Done:
    """Deletes a group without members and policies."""
    with desk.catalog.writing() as connection:
        group_id = group_of(connection, caller.account_id, command.group_name).group_id
        if count(connection, ram_members, ram_members.c.group_id == group_id):
            raise Refusal(DELETE_CONFLICT_GROUP_USER)
        attached = (ram_attachments.c.holder_kind == GROUP) & (ram_attachments.c.holder_id == group_id)
        if count(connection, ram_attachments, attached):
            raise Refusal(DELETE_CONFLICT_GROUP_POLICY)
        connection.execute(delete(ram_groups).where(ram_groups.c.group_id == group_id))
    return Done()


def add_user_to_group(desk: Desk, caller: Caller, command: say.AddUserToGroup) -> Done:
    """Makes the user a member."""
    with desk.catalog.writing() as connection:
        user_id = user_of(connection, caller.account_id, command.user_name).user_id
        group_id = group_of(connection, caller.account_id, command.group_name).group_id
        if count(connection, ram_members, ram_members.c.user_id == user_id, ram_members.c.group_id == group_id):
            raise Refusal(ENTITY_ALREADY_EXISTS_USER_GROUP)
        connection.execute(insert(ram_members).values(group_id=group_id, user_id=user_id, joined=int(desk.now())))
    return Done()


def remove_user_from_group(desk: Desk, caller: Caller, command: say.RemoveUserFromGroup) -> Done:
    """Ends the membership."""
    with desk.catalog.writing() as connection:
        user_id = user_of(connection, caller.account_id, command.user_name).user_id
        group_id = group_of(connection, caller.account_id, command.group_name).group_id
        membership = (ram_members.c.user_id == user_id) & (ram_members.c.group_id == group_id)
        if not connection.execute(delete(ram_members).where(membership)).rowcount:
            raise Refusal(ENTITY_NOT_EXIST_USER_GROUP)
    return Done()


def list_users_for_group(desk: Desk, caller: Caller, command: say.ListUsersForGroup) -> say.MemberList:
    """One page of the group's members."""
    with desk.catalog.reading() as connection:
        group_id = group_of(connection, caller.account_id, command.group_name).group_id
        found = connection.execute(
            select(ram_users.c.user_name, ram_users.c.display_name, ram_members.c.joined)
            .join_from(ram_members, ram_users)
            .where(ram_members.c.group_id == group_id)
            .order_by(ram_users.c.user_name)
        ).all()
    rows, marker = following(found, "user_name", command)
    members = tuple(
        say.Member(user_name=row.user_name, display_name=row.display_name, join_date=iso_time(row.joined))
        for row in rows
    )
    return say.MemberList(is_truncated=marker is not None, marker=marker, users=members)


def list_groups_for_user(desk: Desk, caller: Caller, command: say.ListGroupsForUser) -> say.MembershipList:
    """The groups that the user is a member of."""
    with desk.catalog.reading() as connection:
        user_id = user_of(connection, caller.account_id, command.user_name).user_id
        rows = connection.execute(
            select(ram_groups.c.group_name, ram_groups.c.comments, ram_members.c.joined)
            .join_from(ram_members, ram_groups)
            .where(ram_members.c.user_id == user_id)
            .order_by(ram_groups.c.group_name)
        ).all()
    return say.MembershipList(
        groups=tuple(
            say.Membership(group_name=row.group_name, comments=row.comments, join_date=iso_time(row.joined))
            for row in rows
        )
    )


def _shown(row: AnyRow) -> say.Group:
    return say.Group(
        group_id=row.group_id,
        group_name=row.group_name,
        comments=row.comments,
        create_date=iso_time(row.created),
        update_date=iso_time(row.created),
    )
