"""Statements of frequent calls, compiled once per dialect and run by the driver itself.

What enters: a Core statement, and the values of its parameters (one list of them, with ``PreparedFor``). What leaves:
rows with named columns, of the types the table declares. Rule: nothing but speed is different from
``connection.execute``: the statement, its transaction and its types are SQLAlchemy's, which takes several times as long
to run a short statement as SQLite does.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from sqlalchemy import BindParameter, Connection, Dialect, Select, bindparam
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any]
Statement = SelectBase | UpdateBase


class _Compiled:
    """A statement in one dialect. ``given``: the parameters that the statement itself holds a value for."""

    def __init__(self, statement: Statement, dialect: Dialect, names: Sequence[str] | None) -> None:
        made = statement.compile(dialect=dialect, column_keys=names)
        assert isinstance(made, SQLCompiler)
        self.text = str(made)
        self._given = dict(made.params)
        self._names = tuple(made.positiontup or self._given)
        self._positional = made.positiontup is not None
        self._binds = {name: do for name, bind in made.binds.items() if (do := _bind(bind.type, dialect))}
        self._columns = [] if isinstance(statement, UpdateBase) else list(statement.selected_columns)
        self._row: Any = namedtuple("Row", [str(column.key) for column in self._columns])  # type: ignore[misc]
        self._dialect = dialect
        self._converts: list[tuple[int, Convert]] | None = None

    def bound(self, values: Mapping[str, object]) -> Any:
        """The values as the driver takes them: a tuple or a mapping."""
        pairs = {name: values.get(name, self._given[name]) for name in self._names}
        for name, convert in self._binds.items():
            pairs[name] = convert(pairs[name])
        return tuple(pairs[name] for name in self._names) if self._positional else pairs

    def rows(self, cursor: Any) -> list[Any]:
        """What the cursor still has to give."""
        if self._converts is None:
            codes = [column[1] for column in cursor.description]  # the driver knows its types once it has answered
            found = [
                _result(column.type, self._dialect, code) for column, code in zip(self._columns, codes, strict=True)
            ]
            self._converts = [(place, convert) for place, convert in enumerate(found) if convert]
        if not self._converts:
            return [self._row._make(row) for row in cursor.fetchall()]
        rows = []
        for row in cursor.fetchall():
            values = list(row)
            for place, convert in self._converts:
                values[place] = convert(values[place])
            rows.append(self._row._make(values))
        return rows


def _bind(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    found: Convert | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found


def _result(kind: TypeEngine[Any], dialect: Dialect, code: object) -> Convert | None:
    found: Convert | None = kind.dialect_impl(dialect).result_processor(dialect, code)
    return found


@contextmanager
def _cursor(connection: Connection, text: str) -> Iterator[Any]:
    """The driver's cursor; its errors become SQLAlchemy's."""
    driver: Any = connection.dialect.loaded_dbapi
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except driver.Error as trouble:
        raise DBAPIError.instance(text, None, trouble, driver.Error, dialect=connection.dialect) from trouble
    finally:
        cursor.close()


def tell(connection: Connection, text: str) -> None:
    """Carries out a command that concerns the transaction itself."""
    with _cursor(connection, text) as cursor:
        cursor.execute(text)


class Prepared:
    """One statement. Thread-safe; holds nothing but its compiled forms."""

    def __init__(self, statement: Statement, names: Sequence[str] | None = None) -> None:
        """``names``: the columns that an insert gives; None: all."""
        self._statement = statement
        self._names = names
        self._compiled: dict[str, _Compiled] = {}

    def all(self, connection: Connection, values: Mapping[str, object] = MappingProxyType({})) -> list[Any]:
        """Every row, as a named tuple. ``values``: one for every parameter; more of them do no harm."""
        compiled = self._of(connection.dialect)
        if not connection.in_transaction():
            connection.begin()
        with _cursor(connection, compiled.text) as cursor:
            cursor.execute(compiled.text, compiled.bound(values))
            return compiled.rows(cursor)

    def first(self, connection: Connection, values: Mapping[str, object] = MappingProxyType({})) -> Any:
        """The first row, None if there is none."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def write(self, connection: Connection, values: Sequence[Mapping[str, object]]) -> None:
        """Carries a statement that changes rows out once for each of ``values``."""
        compiled = self._of(connection.dialect)
        with _cursor(connection, compiled.text) as cursor:
            cursor.executemany(compiled.text, [compiled.bound(each) for each in values])

    def _of(self, dialect: Dialect) -> _Compiled:
        known = self._compiled.get(dialect.name)
        if known is None:
            known = self._compiled[dialect.name] = _Compiled(self._statement, dialect, self._names)
        return known


class PreparedFor:
    """A statement about several things. ``statement_of``: the statement for parameters that stand for each of them.

    Lists are made up to a power of two by repeating their last value, so that few forms of it are kept.
    """

    def __init__(self, statement_of: Callable[[Sequence[BindParameter[Any]]], Select[Any]]) -> None:
        self._statement_of = statement_of
        self._forms: dict[int, Prepared] = {}

    def all(
        self, connection: Connection, asked: Sequence[object], values: Mapping[str, object] = MappingProxyType({})
    ) -> list[Any]:
        """Every row about those ``asked`` of; none when nothing is asked."""
        if not asked:
            return []
        size = 1 << (len(asked) - 1).bit_length()
        form = self._forms.get(size)
        if form is None:
            places: list[BindParameter[Any]] = [bindparam(f"asked_{place}") for place in range(size)]
            form = self._forms[size] = Prepared(self._statement_of(places))
        padded = [*asked, *[asked[-1]] * (size - len(asked))]
        return form.all(connection, {**values, **{f"asked_{place}": value for place, value in enumerate(padded)}})
