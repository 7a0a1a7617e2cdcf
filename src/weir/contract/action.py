"""From the pairs of a request to one finished command, and back.

What enters: a ``Spec`` and the request's parameters as text. What leaves: the frozen command, every value parsed and
every default filled in, or a ``Refusal``. Rule: all violations are found first, then the one whose failure comes
first in ``Spec.fails`` is answered, so the order of the checks is the declared one and not that of the parameters.
Unknown parameters are ignored (as the published gateway does), unknown sub-fields of a list element are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from weir.contract.declare import Param, Spec, params_of, spec_of
from weir.contract.shapes import Malformed, Outside, Repeat, Shape
from weir.model.failures import INVALID_PARAMETER, Failure, Refusal


@dataclass(frozen=True, slots=True)
class Regions:
    """The configured regions. ``without_flow_logs`` is a subset of ``known``."""

    known: frozenset[str]
    without_flow_logs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken constraint: the failure it is answered with, the parameter's path on the wire, and why."""

    failure: Failure
    path: str
    why: str


Group = Mapping[str | None, Any]
"""Pairs by their dotted path: ``Tag.1.Key=a`` is ``{"Tag": {"1": {"Key": {None: "a"}}}}``; None holds the own text."""

PATH_PARTS_MAX = 5
"""Parts a dotted name is split into; the rest stays in the last part, deeper than any declaration reaches."""


@dataclass(slots=True)
class Reading:
    """One request being read: what was found wrong so far. ``blank_is_absent``: an optional empty value is no value."""

    blank_is_absent: bool
    violations: list[Violation] = field(default_factory=list)

    def structure(self, params: tuple[Param, ...], group: Group, path: str) -> dict[str, Any]:
        """The well-formed values of these parameters; what is not well-formed is left out and noted."""
        values: dict[str, Any] = {}
        for one in params:
            at = path + one.wire
            below = group.get(one.wire, {})
            before = len(self.violations)
            if isinstance(one.shape, Repeat):
                value: Any = self.repeated(one, below, at)
            else:
                value = self.single(one, one.shape, below, at)
            if len(self.violations) == before:
                values[one.name] = value
        return values

    def single(self, one: Param, shape: Shape, below: Group, at: str) -> Any:
        """One parameter that is not a list. A dotted name below it is an unknown parameter and ignored."""
        text = below.get(None)
        if one.required and not text:
            return self.note(one.missing, at, "required")
        if text is None or (not text and self.blank_is_absent):
            return one.default
        return self.parsed(shape, text, one.invalid, at)

    def repeated(self, one: Param, below: Group, at: str) -> Any:
        """A list parameter, elements in order."""
        assert isinstance(one.shape, Repeat)
        if not below or below == {None: ""}:
            return self.note(one.missing, at, "required") if one.required else one.default
        numbers = self.numbers(below, at)
        if numbers is None:
            return None
        if len(numbers) > one.shape.at_most:
            return self.note(one.invalid, at, f"{len(numbers)} elements, allowed are {one.shape.at_most}")
        return tuple(self.element(one, below[str(number)], f"{at}.{number}") for number in numbers)

    def numbers(self, below: Group, at: str) -> range | None:
        """The element numbers, or None if they are not 1, 2, 3, ... without a gap."""
        for key in below:
            if key is None or re.fullmatch(r"[1-9][0-9]{0,8}", key, re.ASCII) is None:
                self.note(INVALID_PARAMETER, at if key is None else f"{at}.{key}", "expected NAME.1, NAME.2, ...")
                return None
        expected = range(1, len(below) + 1)
        for number in expected:
            if str(number) not in below:
                self.note(INVALID_PARAMETER, f"{at}.{number}", "gap in the numbering")
                return None
        return expected

    def element(self, one: Param, group: Group, at: str) -> Any:
        """One element of a list: a value, or a structure of its own."""
        assert isinstance(one.shape, Repeat)
        subs = params_of(one.shape.of) if isinstance(one.shape.of, type) else ()
        known: set[str | None] = {sub.wire for sub in subs} or {None}
        for key in group:
            if key not in known:
                self.note(INVALID_PARAMETER, at if key is None else f"{at}.{key}", "unknown field")
        if not isinstance(one.shape.of, type):
            return self.parsed(one.shape.of, group.get(None, ""), one.invalid, at)
        values = self.structure(subs, group, at + ".")
        return one.shape.of(**values) if len(values) == len(subs) else None

    def parsed(self, shape: Shape, text: str, invalid: Failure, at: str) -> Any:
        """The value of one text."""
        try:
            return shape.parse(text)
        except Malformed as error:
            return self.note(INVALID_PARAMETER, at, str(error))
        except Outside as error:
            return self.note(invalid, at, str(error))

    def note(self, failure: Failure, at: str, why: str) -> None:
        """Remembers a violation."""
        self.violations.append(Violation(failure, at, why))


def violations(spec: Spec, pairs: Mapping[str, str], regions: Regions) -> tuple[dict[str, Any], list[Violation]]:
    """The well-formed values, and everything that is wrong with the request, the answer to give first."""
    reading = Reading(blank_is_absent=not spec.writes)
    values = reading.structure(spec.params, _grouped(pairs), "")
    context: dict[str, Any] = {**values, "regions": regions}
    for rule in spec.rules:
        if all(name in context for name in rule.reads):
            why = rule.check(**{name: context[name] for name in rule.reads})
            if why is not None:
                reading.note(rule.failure, ", ".join(name for name in rule.reads if name != "regions"), why)
    return values, sorted(reading.violations, key=lambda violation: spec.fails.index(violation.failure))


def parse(spec: Spec, pairs: Mapping[str, str], regions: Regions) -> Any:
    """The command that the request's parameters (wire name -> text) say. Raises ``Refusal``."""
    values, wrong = violations(spec, pairs, regions)
    if wrong:
        first = wrong[0]
        raise Refusal(first.failure, param=first.path, why=first.why)
    return spec.command(**values)


def pairs(command: Any) -> dict[str, str]:
    """The parameters that say ``command``, for our own client; values equal to their default are left out.

    ``parse(spec_of(type(command)), pairs(command), regions) == command``.
    """
    return dict(_said(spec_of(type(command)).params, command, ""))


def _said(params: tuple[Param, ...], values: Any, path: str) -> Iterator[tuple[str, str]]:
    for one in params:
        value = getattr(values, one.name)
        if not one.required and value == one.default:
            continue
        if not isinstance(one.shape, Repeat):
            yield path + one.wire, one.shape.text(value)
            continue
        for number, element in enumerate(value, start=1):
            at = f"{path}{one.wire}.{number}"
            if isinstance(one.shape.of, type):
                yield from _said(params_of(one.shape.of), element, at + ".")
            else:
                yield at, one.shape.of.text(element)


def _grouped(pairs: Mapping[str, str]) -> Group:
    tree: dict[str | None, Any] = {}
    for path, text in pairs.items():
        node = tree
        for part in path.split(".", PATH_PARTS_MAX - 1):
            node = node.setdefault(part, {})
        node[None] = text
    return tree
