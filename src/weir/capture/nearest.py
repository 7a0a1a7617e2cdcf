"""The rule that would have let a packet pass, had one thing been different.

What enters: a rule set, a drop's cause and the packet's facts. What leaves: the accepting rules that were asked before
the drop, the one with the fewest fields that failed first. Rule: only rules of the base chain that dropped count, for
an accept elsewhere saves no packet from it; a match that is not known here is not called failed. Pure.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from weir.capture.nft import Rule, Ruleset
from weir.capture.nft_match import ABSENT, Device, Ethertype, Facts, Number, Scope, Text, Value, load, matches
from weir.capture.verdict import Cause

DEPTH_MAX = 16
"""Jumps in jumps that are followed; the kernel allows no more."""
NEAR_MAX = 3
"""Rules answered."""


@dataclass(frozen=True, slots=True)
class Missed:
    """One field that kept a rule from matching: what it is, what the rule wants of it, and what the packet had."""

    field: str
    wanted: str
    had: str

    def __str__(self) -> str:
        return f"{self.field} is {self.had}, the rule wants {self.wanted}"


@dataclass(frozen=True, slots=True)
class Near:
    """An accepting rule and what kept the packet from it."""

    rule: Rule
    missed: tuple[Missed, ...]


class _Dropped(Exception):
    """The rule that dropped is reached; what stands behind it was not asked."""


def nearest(ruleset: Ruleset, cause: Cause, facts: Facts) -> list[Near]:
    """At most ``NEAR_MAX`` rules, the nearest first; of equals the one asked first."""
    found: list[Near] = []
    scope = Scope(cause.chain.place[:2], ruleset.sets)
    try:
        for near in _accepting(_Walk(ruleset, facts, scope, cause.rule), cause.chain.rules, ()):
            found.append(near)  # one at a time: the walk ends by an exception
    except _Dropped:
        pass
    return sorted((near for near in found if near.missed), key=lambda near: len(near.missed))[:NEAR_MAX]


@dataclass(frozen=True, slots=True)
class _Walk:
    ruleset: Ruleset
    facts: Facts
    scope: Scope
    end: Rule | None


def _accepting(walk: _Walk, rules: tuple[Rule, ...], path: tuple[Missed, ...], depth: int = 0) -> Iterator[Near]:
    for rule in rules:
        if rule is walk.end:
            raise _Dropped
        missed = (*path, *_missed(walk, rule))
        for statement in rule.statements:
            ((kind, said),) = statement.items()
            if kind == "accept":
                yield Near(rule, missed)
            elif kind in ("jump", "goto") and depth < DEPTH_MAX:
                chain = walk.ruleset.chains.get((*rule.place[:2], str(said.get("target"))))
                if chain is not None:
                    yield from _accepting(walk, chain.rules, missed, depth + 1)


def _missed(walk: _Walk, rule: Rule) -> Iterator[Missed]:
    for statement in rule.statements:
        said = statement.get("match")
        if said is not None and matches(said, walk.facts, walk.scope) is False:
            operator = "" if said.get("op") in ("==", "in") else f"{said.get('op')} "
            had = load(said.get("left"), walk.facts, walk.scope)
            yield Missed(field_of(said.get("left")), operator + words(said.get("right")), _value(had, said.get("left")))


def field_of(left: Any) -> str:
    """A left-hand side as nft writes it."""
    if not isinstance(left, Mapping) or len(left) != 1:
        return str(left)
    ((kind, said),) = left.items()
    if kind == "payload":
        return f"{said.get('protocol', 'payload')} {said.get('field', '')}".strip()
    if kind in ("meta", "ct"):
        key = str(said.get("key"))
        return key if kind == "meta" and key in ("iifname", "oifname", "iif", "oif") else f"{kind} {key}"
    if kind == "concat":
        return " . ".join(field_of(part) for part in said)
    if kind == "&":
        return f"{field_of(said[0])} & {words(said[1])}"
    return str(kind)


def words(right: Any) -> str:
    """A right-hand side as nft writes it."""
    if isinstance(right, list):
        return ",".join(words(one) for one in right)
    if not isinstance(right, Mapping) or len(right) != 1:
        return str(right)
    ((kind, said),) = right.items()
    if kind == "prefix":
        return f"{said['addr']}/{said['len']}"
    if kind == "range":
        return f"{words(said[0])}-{words(said[1])}"
    if kind == "set":
        return "{ " + ", ".join(words(one) for one in said) + " }"
    if kind == "concat":
        return " . ".join(words(one) for one in said)
    if kind == "elem":
        return words(said.get("val"))
    return str(said)


def _value(value: Value, left: Any) -> str:
    if value is ABSENT:
        return "not in the packet"
    if isinstance(value, tuple):
        parts = left.get("concat", ()) if isinstance(left, Mapping) else ()
        return " . ".join(_value(one, part) for one, part in zip(value, parts, strict=False))
    if isinstance(value, Text):
        return value.value
    if isinstance(value, Device):
        return value.name
    if isinstance(value, Ethertype):
        return "ip" if value.family == 4 else "ip6"
    if isinstance(value, Number):
        name = left.get("payload", {}).get("field", "") if isinstance(left, Mapping) else ""
        if name in ("saddr", "daddr"):
            is_v4 = left["payload"].get("protocol") == "ip"
            return str(ipaddress.IPv4Address(value.value) if is_v4 else ipaddress.IPv6Address(value.value))
        return str(value.value)
    return "not known"
