"""RAM users and AccessKeys, product Ram 2015-05-01.

What enters: nothing. What leaves: one command and one answer class per operation; names, shapes and failures are the
published ones (source: RAM's API pages of CreateUser, CreateAccessKey and their siblings).
"""

from __future__ import annotations

from enum import StrEnum

from weir.contract.declare import action, answer, param, structure
from weir.contract.ram_terms import (
    CALLED,
    LISTED,
    ON_USER,
    RAM,
    USER_EXAMPLE,
    date,
    free_text,
    is_truncated,
    marker,
    max_items,
    next_marker,
    on,
    user_name,
)
from weir.contract.shapes import OneOf
from weir.contract.terms import IDENTIFIER, Done
from weir.model.ram_failures import (
    DELETE_CONFLICT_USER_ACCESS_KEY,
    DELETE_CONFLICT_USER_GROUP,
    DELETE_CONFLICT_USER_POLICY,
    ENTITY_ALREADY_EXISTS_USER,
    ENTITY_NOT_EXIST_USER,
    ENTITY_NOT_EXIST_USER_ACCESS_KEY,
    LIMIT_EXCEEDED_USER,
    LIMIT_EXCEEDED_USER_ACCESS_KEY,
)

KEY_EXAMPLE = "LTAI5tExampleExampleExam"
WHOSE = "The RAM user; the caller's own keys if absent."


@structure
class User:
    """One RAM user."""

    user_id: str = answer("Its id.", example="222748924538431234")
    user_name: str = answer("Its name.", example=USER_EXAMPLE)
    display_name: str = answer("Its name for people.", example="Alice")
    mobile_phone: str = answer("Its phone number.", example="86-18600008888")
    email: str = answer("Its mail address.", example="alice@example.com")
    comments: str = answer("Free text.", example="reads flow logs")
    create_date: str = date("When it was created")
    update_date: str = date("When it was last changed")


@structure
class UserShown:
    """The answer of CreateUser and GetUser."""

    user: User = answer("The user.")


@structure
class UserList:
    """The answer of ListUsers."""

    is_truncated: bool = is_truncated()
    marker: str | None = next_marker()
    users: tuple[User, ...] = answer("The users, by name.", item="User")


@action(
    RAM,
    returns=UserShown,
    summary="Create a RAM user.",
    fails=(*CALLED, ENTITY_ALREADY_EXISTS_USER, LIMIT_EXCEEDED_USER),
    resources=on("user/*"),
)
class CreateUser:
    """The user has no AccessKey and no permission until it is given some."""

    user_name: str = user_name("Name of the new user.")
    display_name: str = free_text(128, "Name for people.", "Alice")
    mobile_phone: str = free_text(32, "Phone number; kept and given back.", "86-18600008888")
    email: str = free_text(128, "Mail address; kept and given back.", "alice@example.com")
    comments: str = free_text(128, "Free text.", "reads flow logs")


@action(
    RAM,
    returns=UserShown,
    summary="Show a RAM user.",
    writes=False,
    fails=(*CALLED, ENTITY_NOT_EXIST_USER),
    resources=ON_USER,
)
class GetUser:
    """By name."""

    user_name: str = user_name()


@action(RAM, returns=UserList, summary="List the RAM users.", writes=False, fails=LISTED[1:], resources=on("user/*"))
class ListUsers:
    """Of the caller's account."""

    marker: str | None = marker()
    max_items: int = max_items()


@action(
    RAM,
    returns=Done,
    summary="Delete a RAM user.",
    fails=(
        *CALLED,
        ENTITY_NOT_EXIST_USER,
        DELETE_CONFLICT_USER_ACCESS_KEY,
        DELETE_CONFLICT_USER_GROUP,
        DELETE_CONFLICT_USER_POLICY,
    ),
    resources=ON_USER,
)
class DeleteUser:
    """Its AccessKeys must be deleted, its policies detached and its groups left before."""

    user_name: str = user_name()


class KeyStatus(StrEnum):
    """States of an AccessKey."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


@structure
class NewAccessKey:
    """An AccessKey as it is shown this once."""

    access_key_id: str = answer("Its id.", example=KEY_EXAMPLE)
    access_key_secret: str = answer("Its secret; shown nowhere else.", example="ExampleSecretExampleSecretExam")
    status: str = answer("`Active` or `Inactive`.", example="Active")
    create_date: str = date("When it was created")


@structure
class AccessKeyCreated:
    """The answer of CreateAccessKey."""

    access_key: NewAccessKey = answer("The new AccessKey.")


@structure
class AccessKeyInfo:
    """An AccessKey without its secret."""

    access_key_id: str = answer("Its id.", example=KEY_EXAMPLE)
    status: str = answer("`Active` or `Inactive`.", example="Active")
    create_date: str = date("When it was created")


@structure
class AccessKeyList:
    """The answer of ListAccessKeys."""

    access_keys: tuple[AccessKeyInfo, ...] = answer("The AccessKeys, oldest first.", item="AccessKey")


@action(
    RAM,
    returns=AccessKeyCreated,
    summary="Make an AccessKey.",
    fails=(*CALLED[1:], ENTITY_NOT_EXIST_USER, LIMIT_EXCEEDED_USER_ACCESS_KEY),
    resources=ON_USER,
)
class CreateAccessKey:
    """To rotate: make a second key, move to it, make the first one `Inactive`, delete it."""

    user_name: str | None = user_name(WHOSE, default=None)


@action(
    RAM,
    returns=Done,
    summary="Disable or enable an AccessKey.",
    fails=(*CALLED, ENTITY_NOT_EXIST_USER, ENTITY_NOT_EXIST_USER_ACCESS_KEY),
    resources=ON_USER,
)
class UpdateAccessKey:
    """This server follows at once, others that share its catalog within seconds."""

    user_name: str | None = user_name(WHOSE, default=None)
    user_access_key_id: str = param(IDENTIFIER, "The AccessKey.", example=KEY_EXAMPLE)
    status: KeyStatus = param(OneOf(KeyStatus), "`Inactive` disables it, `Active` enables it.", example="Inactive")


@action(
    RAM,
    returns=Done,
    summary="Delete an AccessKey.",
    fails=(*CALLED, ENTITY_NOT_EXIST_USER, ENTITY_NOT_EXIST_USER_ACCESS_KEY),
    resources=ON_USER,
)
class DeleteAccessKey:
    """It need not be disabled first, and cannot be had back."""

    user_name: str | None = user_name(WHOSE, default=None)
    user_access_key_id: str = param(IDENTIFIER, "The AccessKey.", example=KEY_EXAMPLE)


@action(
    RAM,
    returns=AccessKeyList,
    summary="List AccessKeys.",
    writes=False,
    fails=(*CALLED[1:], ENTITY_NOT_EXIST_USER),
    resources=ON_USER,
)
class ListAccessKeys:
    """Secrets are never shown."""

    user_name: str | None = user_name(WHOSE, default=None)
