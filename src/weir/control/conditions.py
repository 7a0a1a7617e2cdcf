"""Conditions of a policy: operators over the facts of a request.

What enters: one condition (operator, key, values) and the request's facts as texts. What leaves: whether it holds.
Rules (source: RAM, "Policy structure and syntax"): values are ORed; a negated operator holds when none of its values
match. A fact or a value that is not of the operator's kind matches nothing. Pure; the facts every request has are
``acs:CurrentTime``, ``acs:SecureTransport``, ``acs:SourceIp`` and ``acs:MFAPresent``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from operator import eq, ge, gt, le, lt
from typing import Any

from weir.control.wildcards import matches


@dataclass(frozen=True, slots=True)
class Condition:
    """``operator`` is one of ``OPERATORS``; ``values`` has at least one."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operator:
    """``match`` takes the fact and one value; ``negated`` turns the whole around."""

    match: Callable[[str, str], bool]
    negated: bool = False


def facts_of(now: float, source_ip: str, *, secure: bool) -> Mapping[str, str]:
    """The facts of a request. ``now``: Unix seconds; ``source_ip`` '' if it is not known. Nobody signs an API call
    with a second factor here."""
    facts = {
        "acs:CurrentTime": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "acs:SecureTransport": "true" if secure else "false",
        "acs:MFAPresent": "false",
    }
    return {**facts, "acs:SourceIp": source_ip} if source_ip else facts


def holds(condition: Condition, facts: Mapping[str, str]) -> bool:
    """Whether the condition holds for a request with these facts."""
    operator = OPERATORS[condition.operator]
    fact = facts.get(condition.key)
    matched = fact is not None and any(operator.match(fact, value) for value in condition.values)
    return matched is not operator.negated


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _as(kind: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    def match(fact: str, value: str) -> bool:
        try:
            return compare(kind(fact), kind(value))
        except (ValueError, InvalidOperation):
            return False

    return match


def _in_network(fact: str, value: str) -> bool:
    try:
        return ip_address(fact) in ip_network(value, strict=False)
    except ValueError:
        return False


def _like(fact: str, value: str) -> bool:
    return matches(value, fact)


def _compared(name: str, kind: Callable[[str], Any]) -> dict[str, Operator]:
    """The six operators of numbers and of dates."""
    return {
        f"{name}Equals": Operator(_as(kind, eq)),
        f"{name}NotEquals": Operator(_as(kind, eq), negated=True),
        f"{name}LessThan": Operator(_as(kind, lt)),
        f"{name}LessThanEquals": Operator(_as(kind, le)),
        f"{name}GreaterThan": Operator(_as(kind, gt)),
        f"{name}GreaterThanEquals": Operator(_as(kind, ge)),
    }


OPERATORS: Mapping[str, Operator] = {
    "StringEquals": Operator(eq),
    "StringNotEquals": Operator(eq, negated=True),
    "StringEqualsIgnoreCase": Operator(_as(str.casefold, eq)),
    "StringNotEqualsIgnoreCase": Operator(_as(str.casefold, eq), negated=True),
    "StringLike": Operator(_like),
    "StringNotLike": Operator(_like, negated=True),
    **_compared("Numeric", _number),
    **_compared("Date", _moment),
    "Bool": Operator(_as(str.lower, eq)),
    "IpAddress": Operator(_in_network),
    "NotIpAddress": Operator(_in_network, negated=True),
}
