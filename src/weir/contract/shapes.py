"""Shapes: what the text of one parameter may be.

What enters: the text of one value as it stood on the wire. What leaves: a Python value, or ``Malformed`` (not of the
type at all: a word where an integer is due) or ``Outside`` (of the type, but not allowed). The two are kept apart
because the API answers them with different failures. Each shape also writes a value back as text, says its rule in
one sentence for the manual, and offers samples on both sides of the rule for the tests.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Protocol

INTEGER_DIGITS_MAX = 18
"""Longest integer that is looked at, in digits; a longer one is outside every range we declare."""


class BadText(ValueError):
    """A text that its shape does not take; the argument says why."""


class Malformed(BadText):
    """Not of the shape's type at all."""


class Outside(BadText):
    """Of the type, but outside the declared constraint."""


class Shape(Protocol):
    """What every shape offers. ``good`` and ``bad`` are wire texts; ``bad`` with the exception each one earns."""

    def parse(self, text: str) -> Any: ...
    def text(self, value: Any) -> str: ...
    def rule(self) -> str: ...
    def good(self) -> Sequence[str]: ...
    def bad(self) -> Sequence[tuple[str, type[BadText]]]: ...


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression for a whole text, in words, and samples on both sides of it."""

    regex: str
    rule: str
    good: tuple[str, ...]
    bad: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A text of ``length`` characters (Unicode code points, both ends included; no upper end: ``None``).

    ``pattern`` must match the whole text. ``barred_starts`` and ``barred`` may not
    stand at the start, or anywhere. NUL is never allowed: not every catalog can store it.
    """

    length: tuple[int, int | None] = (1, None)
    pattern: Pattern | None = None
    barred_starts: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()

    def parse(self, text: str) -> str:
        low, high = self.length
        if len(text) < low or (high is not None and len(text) > high):
            raise Outside(f"{len(text)} characters, allowed are {self._span()}")
        if self.pattern is not None and re.fullmatch(self.pattern.regex, text) is None:
            raise Outside(f"must be {self.pattern.rule}")
        if text.startswith(self.barred_starts) and self.barred_starts:
            raise Outside(f"must not start with {_alternatives(self.barred_starts)}")
        if any(word in text for word in (*self.barred, "\0")):
            raise Outside(f"must not contain {_alternatives((*self.barred, 'NUL'))}")
        return text

    def text(self, value: str) -> str:
        return value

    def rule(self) -> str:
        parts = [self._span() + " characters"] if self.length not in ((0, None), (1, None)) else ["text"]
        if self.pattern is not None:
            parts.append(self.pattern.rule)
        if self.barred_starts:
            parts.append(f"not starting with {_alternatives(self.barred_starts)}")
        if self.barred:
            parts.append(f"not containing {_alternatives(self.barred)}")
        return ", ".join(parts)

    def good(self) -> tuple[str, ...]:
        if self.pattern is not None:
            return self.pattern.good
        low, high = self.length
        return tuple("a" * size for size in {max(low, 1), high or 40})

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        low, high = self.length
        body = self.pattern.good[0] if self.pattern else "a" * max(low, 2)
        texts = [body[:-1] + "\0"]
        if low > 1:
            texts.append("a" * (low - 1))
        if high is not None:
            texts.append("a" * (high + 1))
        if self.pattern is not None:
            texts += self.pattern.bad
        texts += [start + body for start in self.barred_starts]
        texts += [body + word + body for word in self.barred]
        return tuple((text, Outside) for text in texts)

    def _span(self) -> str:
        low, high = self.length
        return f"{low} to {high}" if high is not None else f"at least {low}"


@dataclass(frozen=True, slots=True)
class Integer:
    """A decimal integer without sign or leading zeros (one ``-`` for negatives), both ends of the range included."""

    low: int
    high: int

    def parse(self, text: str) -> int:
        value = _integer(text)
        if not self.low <= value <= self.high:
            raise Outside(f"must be {self.low} to {self.high}")
        return value

    def text(self, value: int) -> str:
        return str(value)

    def rule(self) -> str:
        return f"integer, {self.low} to {self.high}"

    def good(self) -> tuple[str, ...]:
        return str(self.low), str(self.high)

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        outside = (str(self.low - 1), str(self.high + 1), "9" * (INTEGER_DIGITS_MAX + 1))
        return tuple((text, Outside) for text in outside) + NOT_INTEGERS


class OneOf:
    """One of an enumeration's values (``OneOf(Colour)``), or one of the integers given (``OneOf(1, 5, 10)``).

    Spelling is exact: ``"05"`` and ``" 5"`` are no integers, ``"all"`` is not ``"All"``.
    """

    def __init__(self, *choices: type[Enum] | int) -> None:
        self.integers = isinstance(choices[0], int)
        members: list[Any] = [
            value for choice in choices for value in (list(choice) if isinstance(choice, type) else [choice])
        ]
        self.choices: dict[str, Any] = {self.text(member): member for member in members}

    def parse(self, text: str) -> Any:
        value = self.choices.get(text)
        if value is None:
            if self.integers:
                _integer(text)
            raise Outside(f"must be {_alternatives(self.choices)}")
        return value

    def text(self, value: Any) -> str:
        return str(value.value) if isinstance(value, Enum) else str(value)

    def rule(self) -> str:
        return ", ".join(f"`{choice}`" for choice in self.choices)

    def good(self) -> tuple[str, ...]:
        return tuple(self.choices)

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        if self.integers:
            outside = (str(max(self.choices.values()) + 1), "9" * (INTEGER_DIGITS_MAX + 1), "-1")
            return tuple((text, Outside) for text in outside) + NOT_INTEGERS
        first = next(iter(self.choices))
        return (first.swapcase(), Outside), (first + "x", Outside), (" " + first, Outside)


class AnyCase(OneOf):
    """One of an enumeration's values, written in any mixture of capitals and small letters."""

    def __init__(self, choices: type[Enum]) -> None:
        super().__init__(choices)
        self.folded = {text.casefold(): member for text, member in self.choices.items()}

    def parse(self, text: str) -> Any:
        value = self.folded.get(text.casefold())
        if value is None:
            raise Outside(f"must be {_alternatives(self.choices)}")
        return value

    def rule(self) -> str:
        return super().rule() + ", in any case"

    def good(self) -> tuple[str, ...]:
        return (*self.choices, *(choice.lower() for choice in self.choices))

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        first = next(iter(self.choices))
        return (first + "x", Outside), (" " + first, Outside)


@dataclass(frozen=True, slots=True)
class Flag:
    """``true`` or ``false``; capitals are taken too, because clients write their own language's spelling."""

    def parse(self, text: str) -> bool:
        if text.lower() not in ("true", "false"):
            raise Malformed("must be true or false")
        return text.lower() == "true"

    def text(self, value: bool) -> str:
        return "true" if value else "false"

    def rule(self) -> str:
        return "`true`, `false`"

    def good(self) -> tuple[str, ...]:
        return "true", "false", "True"

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        return ("1", Malformed), ("yes", Malformed), ("t", Malformed)


@dataclass(frozen=True, slots=True)
class Network:
    """A network in CIDR notation without host bits, IPv4 or IPv6, its prefix length within ``prefix``; stays text."""

    version: int
    prefix: tuple[int, int]

    def parse(self, text: str) -> str:
        if "/" not in text:
            raise Outside("must be a network in CIDR notation")
        try:
            network = IPv4Network(text) if self.version == 4 else IPv6Network(text)
        except ValueError as error:
            raise Outside(f"must be an IPv{self.version} network in CIDR notation: {error}") from error
        if not self.prefix[0] <= network.prefixlen <= self.prefix[1]:
            raise Outside(f"the prefix length must be {self.prefix[0]} to {self.prefix[1]}")
        return str(network)

    def text(self, value: str) -> str:
        return value

    def rule(self) -> str:
        return f"IPv{self.version} network in CIDR notation, /{self.prefix[0]} to /{self.prefix[1]}"

    def good(self) -> tuple[str, ...]:
        start = "0.0.0.0" if self.version == 4 else "::"
        return tuple(f"{start}/{length}" for length in sorted(set(self.prefix)))

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        start = "0.0.0.0" if self.version == 4 else "::"
        host = "10.0.0.1" if self.version == 4 else "2001:db8::1"
        other = "2001:db8::/48" if self.version == 4 else "10.0.0.0/16"
        texts = (f"{start}/{self.prefix[0] - 1}", f"{host}/{self.prefix[0]}", other, start, "x", f"{start}/x")
        return tuple((text, Outside) for text in texts)


@dataclass(frozen=True, slots=True)
class Address:
    """An IPv4 or IPv6 address; stays text, in its canonical spelling."""

    version: int

    def parse(self, text: str) -> str:
        try:
            address = ip_address(text)
        except ValueError as error:
            raise Outside(f"must be an IPv{self.version} address") from error
        if address.version != self.version or "%" in text:
            raise Outside(f"must be an IPv{self.version} address")
        return str(address)

    def text(self, value: str) -> str:
        return value

    def rule(self) -> str:
        return f"IPv{self.version} address"

    def good(self) -> tuple[str, ...]:
        return ("10.0.0.7",) if self.version == 4 else ("2001:db8::7",)

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        other = "2001:db8::7" if self.version == 4 else "10.0.0.7"
        return tuple((text, Outside) for text in (other, "10.0.0", "10.0.0.0/24", "x", "fe80::1%eth0"))


@dataclass(frozen=True, slots=True)
class Commas:
    """Several values in one text, separated by commas: 1 to ``at_most`` of them; a tuple in Python."""

    of: Shape
    at_most: int

    def parse(self, text: str) -> tuple[Any, ...]:
        parts = text.split(",")
        if len(parts) > self.at_most:
            raise Outside(f"{len(parts)} values, allowed are {self.at_most}")
        return tuple(self.of.parse(part) for part in parts)

    def text(self, value: tuple[Any, ...]) -> str:
        return ",".join(self.of.text(part) for part in value)

    def rule(self) -> str:
        return f"1 to {self.at_most} values separated by commas, each: {self.of.rule()}"

    def good(self) -> tuple[str, ...]:
        one = self.of.good()[0]
        return one, ",".join([one] * self.at_most)

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        one = self.of.good()[0]
        return (",".join([one] * (self.at_most + 1)), Outside), (one + ",", Outside)


@dataclass(frozen=True, slots=True)
class Repeat:
    """A list parameter: ``Name.1``, ``Name.2``, ... (or ``Name.1.Field`` where ``of`` is a ``@structure``).

    Numbered from 1 without gaps; more than ``at_most`` elements are outside. It reads several pairs, not one text, so
    it is not itself a ``Shape``: the engine in ``action`` reads it.
    """

    of: Shape | type
    at_most: int

    def rule(self) -> str:
        inner = "" if isinstance(self.of, type) else f", each: {self.of.rule()}"
        return f"list of at most {self.at_most}{inner}"


NOT_INTEGERS: tuple[tuple[str, type[BadText]], ...] = tuple(
    (text, Malformed) for text in ("ten", "1.0", "05", " 5", "1_0", "+5", "٣")
)
"""What Python's ``int`` partly takes and an API must not."""


def _integer(text: str) -> int:
    if re.fullmatch(r"0|-?[1-9][0-9]*", text, re.ASCII) is None:
        raise Malformed("must be an integer")
    if len(text) > INTEGER_DIGITS_MAX:
        raise Outside("integer too large")
    return int(text)


def _alternatives(words: Sequence[str] | dict[str, Any]) -> str:
    return " or ".join(words)
