"""Rows of a table of resources, found, counted and paged the same way for every call.

What enters: a table with ``account_id``, ``region_id`` and ``created``, and what is asked for. What leaves: rows.
Rule: oldest first, rows of the same second by id, so a page never shuffles between two calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Connection, Integer, Row, Select, Table, bindparam, func, select

from weir.control.prepared import Prepared

AnyRow = Row[tuple[object, ...]]


class Paging(Protocol):
    """Any command that asks for a page; the first page is 1."""

    @property
    def page_number(self) -> int: ...
    @property
    def page_size(self) -> int: ...


class Owner(Protocol):
    """Whoever acts for an account."""

    @property
    def account_id(self) -> str: ...


def equal(wanted: Mapping[Column[object], object]) -> list[ColumnElement[bool]]:
    """A condition for every column whose wanted value is given (not None)."""
    return [column == value for column, value in wanted.items() if value is not None]


def count(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> int:
    """How many rows of the table match."""
    return connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def find(connection: Connection, table: Table, owner: Owner, key: str, region_id: str | None) -> AnyRow | None:
    """The row with that id, if it is the owner's and in the region (None: in any)."""
    (column,) = table.primary_key.columns
    conditions = equal({column: key, table.c.account_id: owner.account_id, table.c.region_id: region_id})
    return connection.execute(select(table).where(*conditions)).one_or_none()


def page_of(
    connection: Connection, table: Table, conditions: Sequence[ColumnElement[bool]], command: Paging
) -> tuple[int, Sequence[AnyRow]]:
    """The number of matching rows, and the rows of the page."""
    (key,) = table.primary_key.columns
    before = (command.page_number - 1) * command.page_size
    query = select(table).where(*conditions).order_by(table.c.created, key).limit(command.page_size).offset(before)
    rows = connection.execute(query).all()
    if 0 < len(rows) < command.page_size:
        return before + len(rows), rows
    return count(connection, table, *conditions), rows


def page_where(
    connection: Connection,
    table: Table,
    given: Mapping[str, object],
    further: Sequence[ColumnElement[bool]],
    at: Paging,
) -> tuple[int, Sequence[AnyRow]]:
    """As ``page_of``, for calls that are made often: ``given`` are wanted values by column name, None for any."""
    wanted = {name: value for name, value in given.items() if value is not None}
    before = (at.page_number - 1) * at.page_size
    values = {**wanted, "page_size": at.page_size, "before": before}
    if further:
        counting, listing = (each.where(*further) for each in _selects(table, tuple(wanted)))
        rows: Sequence[AnyRow] = connection.execute(listing, values).all()
        if 0 < len(rows) < at.page_size:
            return before + len(rows), rows
        return connection.scalar(counting, wanted) or 0, rows
    counted, listed = _prepared(table, tuple(wanted))
    rows = listed.all(connection, values)
    if 0 < len(rows) < at.page_size:
        return before + len(rows), rows
    return counted.first(connection, wanted).total, rows


@cache
def _prepared(table: Table, names: tuple[str, ...]) -> tuple[Prepared, Prepared]:
    counting, listing = _selects(table, names)
    return Prepared(counting), Prepared(listing)


@cache
def _selects(table: Table, names: tuple[str, ...]) -> tuple[Select[Any], Select[Any]]:
    """The count and the page, built once for every set of filters: building them takes longer than running them."""
    (key,) = table.primary_key.columns
    conditions = [table.c[name] == bindparam(name) for name in names]
    page = select(table).where(*conditions).order_by(table.c.created, key)
    return (
        select(func.count().label("total")).select_from(table).where(*conditions),
        page.limit(bindparam("page_size", type_=Integer)).offset(bindparam("before", type_=Integer)),
    )
