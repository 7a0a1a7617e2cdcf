"""RAM users and AccessKeys.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal`` and an unchanged catalog. Rules: a
user is deleted only once nothing hangs on it any more; who names no user means itself, and the account has keys too;
an agent's keys are no keys of RAM, they are made and disabled by ``weir account``.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from weir.contract import ram_users as say
from weir.contract.terms import Done
from weir.control.access import Caller, Principal
from weir.control.desk import Desk, iso_time
from weir.control.identifiers import draw_digits
from weir.control.listing import AnyRow, count
from weir.control.permits import USER
from weir.control.ram_rows import check_new, page_of, user_of
from weir.control.ram_schema import ram_attachments, ram_members, ram_user_keys, ram_users
from weir.control.schema import access_keys
from weir.model.failures import Refusal
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

USERS_MAX = 1000
"""RAM users of an account; above it LimitExceeded.User (source: RAM limits page)."""
KEYS_MAX = 2
"""AccessKeys of a RAM user; above it LimitExceeded.User.AccessKey (source: RAM limits page)."""
ACCOUNT_KEYS_MAX = 5
"""AccessKeys of the account itself; above it LimitExceeded.User.AccessKey (source: RAM limits page)."""


def create_user(desk: Desk, caller: Caller, command: say.CreateUser) -> say.UserShown:
    """A new user without keys and permissions."""
    with desk.catalog.writing() as connection:
        check_new(
            connection,
            ram_users.c.user_name,
            (caller.account_id, command.user_name),
            (ENTITY_ALREADY_EXISTS_USER, LIMIT_EXCEEDED_USER),
            USERS_MAX,
        )
        connection.execute(
            insert(ram_users).values(
                user_id=draw_digits(18),
                account_id=caller.account_id,
                user_name=command.user_name,
                display_name=command.display_name,
                mobile_phone=command.mobile_phone,
                email=command.email,
                comments=command.comments,
                created=int(desk.now()),
            )
        )
        return say.UserShown(user=_shown(user_of(connection, caller.account_id, command.user_name)))


def get_user(desk: Desk, caller: Caller, command: say.GetUser) -> say.UserShown:
    """The user of that name."""
    with desk.catalog.reading() as connection:
        return say.UserShown(user=_shown(user_of(connection, caller.account_id, command.user_name)))


def list_users(desk: Desk, caller: Caller, command: say.ListUsers) -> say.UserList:
    """One page of the account's users."""
    mine = [ram_users.c.account_id == caller.account_id]
    with desk.catalog.reading() as connection:
        rows, marker = page_of(connection, ram_users.c.user_name, mine, command)
    return say.UserList(is_truncated=marker is not None, marker=marker, users=tuple(map(_shown, rows)))


def delete_user(desk: Desk, caller: Caller, command: say.DeleteUser) -> Done:
    """Deletes a user on which nothing hangs."""
    with desk.catalog.writing() as connection:
        user_id = user_of(connection, caller.account_id, command.user_name).user_id
        if count(connection, ram_user_keys, ram_user_keys.c.user_id == user_id):
            raise Refusal(DELETE_CONFLICT_USER_ACCESS_KEY)
        if count(connection, ram_members, ram_members.c.user_id == user_id):
            raise Refusal(DELETE_CONFLICT_USER_GROUP)
        attached = (ram_attachments.c.holder_kind == USER) & (ram_attachments.c.holder_id == user_id)
        if count(connection, ram_attachments, attached):
            raise Refusal(DELETE_CONFLICT_USER_POLICY)
        connection.execute(delete(ram_users).where(ram_users.c.user_id == user_id))
    return Done()


def create_access_key(desk: Desk, caller: Caller, command: say.CreateAccessKey) -> say.AccessKeyCreated:
    """A new active key; its secret is in this answer and nowhere else."""
    now = int(desk.now())
    with desk.catalog.writing() as connection:
        user_id = _owner(connection, caller, command.user_name)
        most = KEYS_MAX if user_id else ACCOUNT_KEYS_MAX
        if count(connection, access_keys, *_owned(caller.account_id, user_id)) >= most:
            raise Refusal(LIMIT_EXCEEDED_USER_ACCESS_KEY)
        principal = Principal.USER if user_id else Principal.ACCOUNT
        keys = desk.key_ring()
        key = keys.issue(connection, caller.account_id, principal, name=command.user_name or principal.value, now=now)
        if user_id:
            keys.give(connection, key, user_id)
    return say.AccessKeyCreated(
        access_key=say.NewAccessKey(
            access_key_id=key.access_key_id,
            access_key_secret=key.secret,
            status=say.KeyStatus.ACTIVE.value,
            create_date=iso_time(now),
        )
    )


def update_access_key(desk: Desk, caller: Caller, command: say.UpdateAccessKey) -> Done:
    """Disables or enables a key."""
    with desk.catalog.writing() as connection:
        _check_key(connection, caller, command.user_name, command.user_access_key_id)
        active = command.status is say.KeyStatus.ACTIVE
        desk.key_ring().set_active(connection, command.user_access_key_id, active)
    desk.key_ring().forget(command.user_access_key_id)
    return Done()


def delete_access_key(desk: Desk, caller: Caller, command: say.DeleteAccessKey) -> Done:
    """Deletes a key."""
    with desk.catalog.writing() as connection:
        _check_key(connection, caller, command.user_name, command.user_access_key_id)
        desk.key_ring().delete(connection, command.user_access_key_id)
    desk.key_ring().forget(command.user_access_key_id)
    return Done()


def list_access_keys(desk: Desk, caller: Caller, command: say.ListAccessKeys) -> say.AccessKeyList:
    """The keys of a user, or of the caller itself."""
    with desk.catalog.reading() as connection:
        user_id = _owner(connection, caller, command.user_name)
        rows = connection.execute(
            select(access_keys)
            .where(*_owned(caller.account_id, user_id))
            .order_by(access_keys.c.created, access_keys.c.access_key_id)
        ).all()
    return say.AccessKeyList(
        access_keys=tuple(
            say.AccessKeyInfo(
                access_key_id=row.access_key_id,
                status=(say.KeyStatus.ACTIVE if row.active else say.KeyStatus.INACTIVE).value,
                create_date=iso_time(row.created),
            )
            for row in rows
        )
    )


def _owner(connection: Connection, caller: Caller, user_name: str | None) -> str:
    """Id of the user whose keys are meant; empty for the account's own. A role has no keys."""
    if user_name is not None:
        user_id: str = user_of(connection, caller.account_id, user_name).user_id
        return user_id
    if caller.principal is Principal.ROLE:
        raise Refusal(ENTITY_NOT_EXIST_USER)
    return caller.principal_id


def _owned(account_id: str, user_id: str) -> list[ColumnElement[bool]]:
    """Conditions on ``access_keys``: of that user, or of the account itself."""
    if not user_id:
        return [access_keys.c.account_id == account_id, access_keys.c.principal == Principal.ACCOUNT.value]
    keys = select(ram_user_keys.c.access_key_id).where(ram_user_keys.c.user_id == user_id)
    return [access_keys.c.access_key_id.in_(keys)]


def _check_key(connection: Connection, caller: Caller, user_name: str | None, access_key_id: str) -> None:
    owned = _owned(caller.account_id, _owner(connection, caller, user_name))
    if not count(connection, access_keys, access_keys.c.access_key_id == access_key_id, *owned):
        raise Refusal(ENTITY_NOT_EXIST_USER_ACCESS_KEY, key=access_key_id)


def _shown(row: AnyRow) -> say.User:
    return say.User(
        user_id=row.user_id,
        user_name=row.user_name,
        display_name=row.display_name,
        mobile_phone=row.mobile_phone,
        email=row.email,
        comments=row.comments,
        create_date=iso_time(row.created),
        update_date=iso_time(row.created),
    )
