"""From an answer's value to the document on the wire, and back for our own client.

What enters: an answer class's instance (``render``), or a document (``read``). What leaves: the document with wire
names, wrapped lists (``FlowLogs.FlowLog[]``) and strings where the published API has strings; or the instance. Rule:
a list is always there, even when empty, since clients read the path without asking; only a None is left out.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from weir.contract.declare import Answer, answers_of

T = TypeVar("T")


class Unreadable(ValueError):
    """A document that is not the answer it should be; the message names the field."""


PLAIN = (str, int, bool)
"""What most fields are; asked first, since a page has thousands of them."""


def render(result: Any, request_id: str) -> dict[str, Any]:
    """The whole answer of a call, ``RequestId`` first."""
    return {"RequestId": request_id, **_document(result)}


def read(cls: type[T], document: Mapping[str, Any]) -> T:
    """``read(type(x), render(x, any_id)) == x``. Unknown keys are ignored. Raises ``Unreadable``."""
    structure: type = cls
    hints = _hints(structure)
    values = {}
    for one in answers_of(cls):
        if one.wire not in document:
            continue
        value = document[one.wire]
        if one.item:
            value = value.get(one.item) if isinstance(value, Mapping) else None
        values[one.name] = _value(hints[one.name], value, f"{cls.__name__}.{one.wire}")
    try:
        return cls(**values)
    except TypeError as error:
        raise Unreadable(str(error)) from error


def _document(value: Any) -> dict[str, Any]:
    document = {}
    for one in answers_of(type(value)):
        field = getattr(value, one.name)
        if field is not None:
            document[one.wire] = _field(one, field)
    return document


def _field(one: Answer, value: Any) -> Any:
    if one.as_text:
        return str(value).lower() if isinstance(value, bool) else str(value)
    plain = _plain(value)
    return {one.item: plain} if one.item else plain


def _plain(value: Any) -> Any:
    if type(value) in PLAIN:
        return value
    if isinstance(value, tuple):
        return [_plain(element) for element in value]
    if isinstance(value, Enum):
        return value.value
    return _document(value) if is_dataclass(value) else value


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _value(hint: Any, value: Any, path: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        return None if value is None else _value(arguments[0], value, path)
    if origin is tuple:
        if not isinstance(value, list):
            raise Unreadable(f"{path} is no list")
        return tuple(_value(arguments[0], element, path) for element in value)
    if is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise Unreadable(f"{path} is no object")
        assert isinstance(hint, type)
        return read(hint, value)
    if hint is bool:
        return _boolean(value, path)
    try:
        return hint(value)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"{path}: {error}") from error


def _boolean(value: Any, path: str) -> bool:
    known = {True: True, False: False, "true": True, "false": False}
    if not isinstance(value, bool | str) or value not in known:
        raise Unreadable(f"{path} is no boolean")
    return known[value]
