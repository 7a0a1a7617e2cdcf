"""Shapes that only the log service has, and how a command is read from its texts.

What enters: declarations of ``sls_commands``, and the texts of path, query, JSON body and headers under their wire
names. What leaves: a finished command, or a Refusal with the parameter's own failure. Rule: the log service answers the
first bad parameter in declared order, and a name that a command does not declare is ignored, because every client sends
some of its own.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from typing import Any, TypeVar

from weir.contract.declare import param, params_of
from weir.contract.shapes import BadText, Integer, Malformed, Outside, Repeat, Shape
from weir.model import sls_failures as failures
from weir.model.failures import Failure


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a shard: base64 of a decimal integer, as clients compute with it; an integer in Python."""

    def parse(self, text: str) -> int:
        try:
            digits = base64.b64decode(text, validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Malformed("not a cursor") from error
        return Integer(0, 2**63 - 1).parse(digits) if len(digits) < 19 else _nineteen_digits(digits)

    def text(self, value: int) -> str:
        return base64.b64encode(str(value).encode()).decode()

    def rule(self) -> str:
        return "base64 of a decimal integer"

    def good(self) -> tuple[str, ...]:
        return "MTQ0NzI5OTYwNjg5NjYzMjM1Ng==", "MA=="

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        return ("not-a-cursor", Malformed), ("eA==", Malformed), ("MA", Malformed)


def _nineteen_digits(digits: str) -> int:
    """A cursor has the size of a time in nanoseconds, one digit more than a plain integer parameter may have."""
    if not (digits.isascii() and digits.isdecimal()) or digits.startswith("0"):
        raise Malformed("not a cursor")
    if int(digits) >= 2**63:
        raise Outside("not a cursor")
    return int(digits)


@dataclass(frozen=True, slots=True)
class CursorFrom:
    """Where a cursor shall point: ``begin``, ``end``, or the Unix time in seconds at which a group arrived."""

    def parse(self, text: str) -> str | int:
        return text if text in ("begin", "end") else Integer(0, 2**40).parse(text)

    def text(self, value: str | int) -> str:
        return str(value)

    def rule(self) -> str:
        return "`begin`, `end`, or Unix time in seconds"

    def good(self) -> tuple[str, ...]:
        return "begin", "end", "1700000000"

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        return ("Begin", Malformed), ("1.5", Malformed)


@dataclass(frozen=True, slots=True)
class HashKey:
    """A place in the key space of the shards: 1 to 32 hexadecimal digits, in either case."""

    def parse(self, text: str) -> str:
        if re.fullmatch("[0-9A-Fa-f]{1,32}", text) is None:
            raise Outside("must be 1 to 32 hexadecimal digits")
        return text.lower()

    def text(self, value: str) -> str:
        return value

    def rule(self) -> str:
        return "1 to 32 hexadecimal digits"

    def good(self) -> tuple[str, ...]:
        return "0", "F" * 32

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        return ("", Outside), ("0x1", Outside), ("f" * 33, Outside)


@dataclass(frozen=True, slots=True)
class JsonObject:
    """A JSON object, kept as it was sent."""

    def parse(self, text: str) -> dict[str, Any]:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Malformed("not JSON") from error
        if not isinstance(value, dict):
            raise Malformed("not a JSON object")
        return value

    def text(self, value: dict[str, Any]) -> str:
        return json.dumps(value)

    def rule(self) -> str:
        return "JSON object"

    def good(self) -> tuple[str, ...]:
        return "{}", '{"a": {"type": "text"}}'

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        return ("[]", Malformed), ("text", Malformed), ("{", Malformed)


@dataclass(frozen=True, slots=True)
class IntegerList:
    """A JSON array of integers, each within the range; what is there twice counts once."""

    low: int
    high: int

    def parse(self, text: str) -> tuple[int, ...]:
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Malformed("not JSON") from error
        if not isinstance(values, list) or any(type(value) is not int for value in values):
            raise Malformed("not an array of integers")
        if not all(self.low <= value <= self.high for value in values):
            raise Outside(f"each must be {self.low} to {self.high}")
        return tuple(sorted(set(values)))

    def text(self, value: tuple[int, ...]) -> str:
        return json.dumps(value)

    def rule(self) -> str:
        return f"JSON array of integers, {self.low} to {self.high}"

    def good(self) -> tuple[str, ...]:
        return "[]", f"[{self.high}, {self.low}]"

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        outside = (f"[{self.low - 1}]", f"[{self.high + 1}]")
        return tuple((text, Outside) for text in outside) + tuple(
            (text, Malformed) for text in ("", "{}", '["1"]', "[1.0]", "[true]", "[[1]]", "1")
        )


def parameter(wire: str, shape: Shape, doc: str, *, default: Any = MISSING, **facts: Any) -> Any:
    """Declares one parameter under its name on the wire; without ``default`` it is required.

    ``facts``: ``failure`` (of a bad value; ParameterInvalid if absent), ``ignored``, ``refused``, as in ``Param``.
    """
    failure: Failure = facts.pop("failure", failures.PARAMETER_INVALID)
    return param(shape, doc, default=default, wire=wire, missing=failures.PARAMETER_INVALID, invalid=failure, **facts)


C = TypeVar("C")


def parse(command: type[C], texts: Mapping[str, str]) -> C:
    """The command that ``texts`` spell. A bad value is answered with its parameter's failure, an absent one with
    ParameterInvalid."""
    values: dict[str, Any] = {}
    declared: type = command
    for one in params_of(declared):
        text = texts.get(one.wire)
        if text is None and one.required:
            raise failures.refuse(one.missing, f"Parameter {one.wire} is required.", param=one.wire)
        if text is None:
            continue
        assert not isinstance(one.shape, Repeat), "the log service has no numbered lists"
        try:
            values[one.name] = one.shape.parse(text)
        except BadText as error:
            if one.invalid.message == "{}":
                sentence = f"Parameter {one.wire} is not valid: {error}."
                raise failures.refuse(one.invalid, sentence, param=one.wire) from error
            raise failures.refuse(one.invalid, text, param=one.wire, why=str(error)) from error
    return command(**values)


def texts_of(body: bytes) -> dict[str, str]:
    """The members of a JSON object as texts: what ``parse`` takes. A null member is absent."""
    try:
        members = json.loads(body)
    except (ValueError, RecursionError) as error:  # the second for a body nested deeper than Python's stack
        raise failures.refuse(failures.JSON_INFO_INVALID, why=str(error)) from error
    if not isinstance(members, dict):
        raise failures.refuse(failures.JSON_INFO_INVALID, why="not an object")
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in members.items()
        if value is not None
    }
