"""Groups of RAM users, product Ram 2015-05-01.

What enters: nothing. What leaves: one command and one answer class per operation; names, shapes and failures are the
published ones (source: RAM's API pages of CreateGroup, AddUserToGroup and their siblings).
"""

from __future__ import annotations

from weir.contract.declare import action, answer, structure
from weir.contract.ram_terms import (
    CALLED,
    GROUP_EXAMPLE,
    LISTED,
    ON_GROUP,
    ON_USER,
    RAM,
    USER_EXAMPLE,
    date,
    free_text,
    group_name,
    is_truncated,
    marker,
    max_items,
    next_marker,
    on,
    user_name,
)
from weir.contract.terms import Done
from weir.model.ram_failures import (
    DELETE_CONFLICT_GROUP_POLICY,
    DELETE_CONFLICT_GROUP_USER,
    ENTITY_ALREADY_EXISTS_GROUP,
    ENTITY_ALREADY_EXISTS_USER_GROUP,
    ENTITY_NOT_EXIST_GROUP,
    ENTITY_NOT_EXIST_USER,
    ENTITY_NOT_EXIST_USER_GROUP,
    LIMIT_EXCEEDED_GROUP,
)


@structure
class Group:
    """One group."""

    group_id: str = answer("Its id.", example="g-FpMEHiMysofp1234")
    group_name: str = answer("Its name.", example=GROUP_EXAMPLE)
    comments: str = answer("Free text.", example="may look, not touch")
    create_date: str = date("When it was created")
    update_date: str = date("When it was last changed")


@structure
class GroupShown:
    """The answer of CreateGroup and GetGroup."""

    group: Group = answer("The group.")


@structure
class GroupList:
    """The answer of ListGroups."""

    is_truncated: bool = is_truncated()
    marker: str | None = next_marker()
    groups: tuple[Group, ...] = answer("The groups, by name.", item="Group")


@structure
class Member:
    """A user as a member of a group."""

    user_name: str = answer("Its name.", example=USER_EXAMPLE)
    display_name: str = answer("Its name for people.", example="Alice")
    join_date: str = date("When it joined")


@structure
class MemberList:
    """The answer of ListUsersForGroup."""

    is_truncated: bool = is_truncated()
    marker: str | None = next_marker()
    users: tuple[Member, ...] = answer("The members, by name.", item="User")


@structure
class Membership:
    """A group as one that a user is a member of."""

    group_name: str = answer("Its name.", example=GROUP_EXAMPLE)
    comments: str = answer("Free text.", example="may look, not touch")
    join_date: str = date("When the user joined")


@structure
class MembershipList:
    """The answer of ListGroupsForUser."""

    groups: tuple[Membership, ...] = answer("The groups, by name.", item="Group")


@action(
    RAM,
    returns=GroupShown,
    summary="Create a group.",
    fails=(*CALLED, ENTITY_ALREADY_EXISTS_GROUP, LIMIT_EXCEEDED_GROUP),
    resources=on("group/*"),
)
class CreateGroup:
    """Policies attached to a group hold for its members."""

    group_name: str = group_name()
    comments: str = free_text(128, "Free text.", "may look, not touch")


@action(
    RAM,
    returns=GroupShown,
    summary="Show a group.",
    writes=False,
    fails=(*CALLED, ENTITY_NOT_EXIST_GROUP),
    resources=ON_GROUP,
)
class GetGroup:
    """By name."""

    group_name: str = group_name()


@action(RAM, returns=GroupList, summary="List the groups.", writes=False, fails=LISTED[1:], resources=on("group/*"))
class ListGroups:
    """Of the caller's account."""

    marker: str | None = marker()
    max_items: int = max_items()


@action(
    RAM,
    returns=Done,
    summary="Delete a group.",
    fails=(*CALLED, ENTITY_NOT_EXIST_GROUP, DELETE_CONFLICT_GROUP_USER, DELETE_CONFLICT_GROUP_POLICY),
    resources=ON_GROUP,
)
class DeleteGroup:
    """Its members must be removed and its policies detached before."""

    group_name: str = group_name()


@action(
    RAM,
    returns=Done,
    summary="Make a RAM user a member of a group.",
    fails=(*CALLED, ENTITY_NOT_EXIST_USER, ENTITY_NOT_EXIST_GROUP, ENTITY_ALREADY_EXISTS_USER_GROUP),
    resources=(*ON_USER, *ON_GROUP),
)
class AddUserToGroup:
    """The group's policies hold for the user's next call."""

    user_name: str = user_name()
    group_name: str = group_name()


@action(
    RAM,
    returns=Done,
    summary="End a RAM user's membership of a group.",
    fails=(*CALLED, ENTITY_NOT_EXIST_USER, ENTITY_NOT_EXIST_GROUP, ENTITY_NOT_EXIST_USER_GROUP),
    resources=(*ON_USER, *ON_GROUP),
)
class RemoveUserFromGroup:
    """The group's policies no longer hold for the user's next call."""

    user_name: str = user_name()
    group_name: str = group_name()


@action(
    RAM,
    returns=MemberList,
    summary="List the members of a group.",
    writes=False,
    fails=(*LISTED, ENTITY_NOT_EXIST_GROUP),
    resources=ON_GROUP,
)
class ListUsersForGroup:
    """By name."""

    group_name: str = group_name()
    marker: str | None = marker()
    max_items: int = max_items()


@action(
    RAM,
    returns=MembershipList,
    summary="List the groups of a RAM user.",
    writes=False,
    fails=(*CALLED, ENTITY_NOT_EXIST_USER),
    resources=ON_USER,
)
class ListGroupsForUser:
    """By name."""

    user_name: str = user_name()
