"""Rows of RAM: found by name within an account, listed page by page.

What enters: a connection, an account, a name. What leaves: the row, or the refusal that says what is not there. Rule:
lists are in the order of names, and a marker is the last name of the page before, so a page never shuffles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Table, select

from weir.control.listing import AnyRow, count
from weir.control.ram_schema import ram_groups, ram_roles, ram_users
from weir.model.failures import Failure, Refusal
from weir.model.ram_failures import ENTITY_NOT_EXIST_GROUP, ENTITY_NOT_EXIST_ROLE, ENTITY_NOT_EXIST_USER

Named = TypeVar("Named")


class Page(Protocol):
    """Any command that asks for a page."""

    @property
    def marker(self) -> str | None: ...
    @property
    def max_items(self) -> int: ...


def user_of(connection: Connection, account_id: str, user_name: str) -> AnyRow:
    """The RAM user of that name. Raises EntityNotExist.User."""
    return _named(connection, ram_users.c.user_name, (account_id, user_name), ENTITY_NOT_EXIST_USER)


def group_of(connection: Connection, account_id: str, group_name: str) -> AnyRow:
    """The group of that name. Raises EntityNotExist.Group."""
    return _named(connection, ram_groups.c.group_name, (account_id, group_name), ENTITY_NOT_EXIST_GROUP)


def role_of(connection: Connection, account_id: str, role_name: str) -> AnyRow:
    """The role of that name. Raises EntityNotExist.Role."""
    return _named(connection, ram_roles.c.role_name, (account_id, role_name), ENTITY_NOT_EXIST_ROLE)


def check_new(
    connection: Connection, column: Column[str], said: tuple[str, str], failures: tuple[Failure, Failure], at_most: int
) -> None:
    """Raises ``failures[0]`` if the account (``said[0]``) has a row of that name (``said[1]``), ``failures[1]`` if it
    has ``at_most`` rows already."""
    table: Table = column.table
    of_account = table.c.account_id == said[0]
    if count(connection, table, of_account, column == said[1]):
        raise Refusal(failures[0], name=said[1])
    if count(connection, table, of_account) >= at_most:
        raise Refusal(failures[1], name=said[1])


def page_of(
    connection: Connection, column: Column[str], conditions: Sequence[ColumnElement[bool]], page: Page
) -> tuple[Sequence[AnyRow], str | None]:
    """The rows of the page in the order of ``column``, and the marker of the next one, None on the last."""
    table: Table = column.table
    return following(connection.execute(select(table).where(*conditions).order_by(column)).all(), column.name, page)


def following(rows: Sequence[Named], name: str, page: Page) -> tuple[Sequence[Named], str | None]:
    """The page's part of all rows, which are in the order of their ``name``."""
    names = [getattr(row, name) for row in rows]
    start = names.index(page.marker) + 1 if page.marker in names else 0
    end = start + page.max_items
    return rows[start:end], names[end - 1] if end < len(rows) else None


def _named(connection: Connection, column: Column[str], said: tuple[str, str], absent: Failure) -> AnyRow:
    table: Table = column.table
    row = connection.execute(select(table).where(table.c.account_id == said[0], column == said[1])).one_or_none()
    if row is None:
        raise Refusal(absent, name=said[1])
    return row
