"""The policy language: what a policy document says about one request.

What enters: the text of policy documents, and one action on one resource with the facts of the request. What leaves: a
verdict. Rules (source: RAM, "Policy structure and syntax" and "Policy evaluation process"): an explicit Deny wins over
every Allow; what nobody allows is denied; a session policy can only take away; names of actions are compared without
regard to case, everything else with. Where the pages are silent: a condition on a fact that the request does not have
does not hold, unless its operator is a negated one, and a negated operator holds when none of its values match. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from weir.control.conditions import OPERATORS, Condition, holds
from weir.control.wildcards import matches

DOCUMENTS_KEPT = 1024
"""Parsed documents kept in memory; above it the one not used for longest is parsed again."""
SEGMENTS = 5
"""Parts of an ARN: ``acs:service:region:account:relative-id``; the last one may hold colons itself."""
_STATEMENT_KEYS = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "Condition", "Principal"})


class PolicyError(ValueError):
    """Not a policy document; the argument says why."""


class Verdict(StrEnum):
    """What policies say about a request; the values are the API's words (``NoPermissionType``)."""

    ALLOW = "Allow"
    IMPLICIT_DENY = "ImplicitDeny"
    EXPLICIT_DENY = "ExplicitDeny"


class PolicyType(StrEnum):
    """Which policy decided; the values are the API's words."""

    IDENTITY = "AccountLevelIdentityBasedPolicy"
    SESSION = "SessionPolicy"
    TRUST = "AssumeRolePolicy"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and the kind of policy that it comes from."""

    verdict: Verdict
    policy_type: PolicyType


@dataclass(frozen=True, slots=True)
class Asked:
    """One action (``vpc:CreateFlowLog``) on one resource (a whole ARN); ``facts`` by condition key."""

    action: str
    resource: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """``actions`` are those it is about, or with ``all_but`` those it is not about. ``principals``: ARNs of RAM
    identities, in trust policies alone."""

    allow: bool
    actions: tuple[str, ...]
    all_but: bool
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...]
    principals: tuple[str, ...]

    def is_about(self, asked: Asked) -> bool:
        """Whether action, resource and conditions all apply; principals are not looked at."""
        action = asked.action.lower()
        named = any(matches(pattern.lower(), action) for pattern in self.actions)
        return (
            named is not self.all_but
            and any(covers(pattern, asked.resource) for pattern in self.resources)
            and all(holds(condition, asked.facts) for condition in self.conditions)
        )


Policy = tuple[Statement, ...]


@lru_cache(maxsize=DOCUMENTS_KEPT)
def read_policy(text: str) -> Policy:
    """The policy that grants or denies. Raises ``PolicyError``."""
    return tuple(_statement(one, trust=False) for one in _statements(text))


@lru_cache(maxsize=DOCUMENTS_KEPT)
def read_trust(text: str) -> Policy:
    """The trust policy of a role (AssumeRolePolicyDocument): who may assume it. Raises ``PolicyError``."""
    return tuple(_statement(one, trust=True) for one in _statements(text))


def verdict(statements: Iterable[Statement], asked: Asked) -> Verdict:
    """What these statements together say."""
    found = {statement.allow for statement in statements if statement.is_about(asked)}
    if False in found:
        return Verdict.EXPLICIT_DENY
    return Verdict.ALLOW if True in found else Verdict.IMPLICIT_DENY


def decide(identity: Iterable[Policy], session: Policy | None, asked: Asked) -> Decision:
    """The verdict over everything attached to a user or role, cut down by its session policy if there is one."""
    said = verdict((statement for policy in identity for statement in policy), asked)
    kept = Verdict.ALLOW if session is None else verdict(session, asked)
    if kept is Verdict.EXPLICIT_DENY or (kept is Verdict.IMPLICIT_DENY and said is not Verdict.EXPLICIT_DENY):
        return Decision(kept, PolicyType.SESSION)
    return Decision(said, PolicyType.IDENTITY)


def trusts(trust: Policy, identities: frozenset[str], asked: Asked) -> Verdict:
    """Whether a trust policy lets one of these identities (ARNs that all mean the caller) do what is asked."""
    return verdict((statement for statement in trust if identities & set(statement.principals)), asked)


def covers(pattern: str, resource: str) -> bool:
    """Whether a Resource of a policy covers an ARN, part by part; an empty region or account of it is any."""
    if pattern == "*":
        return True
    said, asked = pattern.split(":", SEGMENTS - 1), resource.split(":", SEGMENTS - 1)
    return len(said) == len(asked) and all(matches(one or "*", other) for one, other in zip(said, asked, strict=True))


def _statements(text: str) -> list[Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError("not JSON") from error
    if not isinstance(document, dict) or set(document) - {"Version", "Statement"}:
        raise PolicyError("must be an object with Version and Statement")
    if document.get("Version") != "1":
        raise PolicyError('Version must be "1"')
    statements = document.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        raise PolicyError("Statement must be a list of at least one statement")
    return statements


def _statement(said: Any, *, trust: bool) -> Statement:
    if not isinstance(said, dict) or set(said) - _STATEMENT_KEYS:
        raise PolicyError("a statement has Effect, Action or NotAction, Resource and Condition")
    if said.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError("Effect must be Allow or Deny")
    if ("Action" in said) == ("NotAction" in said):
        raise PolicyError("a statement has either Action or NotAction")
    if trust and ("Resource" in said or "Principal" not in said):
        raise PolicyError("a statement of a trust policy has a Principal and no Resource")
    if not trust and ("Principal" in said or "Resource" not in said):
        raise PolicyError("a statement has a Resource and no Principal")
    actions = _texts(said.get("Action", said.get("NotAction")), "Action")
    if not all(action == "*" or ":" in action for action in actions):
        raise PolicyError("an action is written service:Action")
    resources = ("*",) if trust else _texts(said["Resource"], "Resource")
    if not all(one == "*" or one.count(":") >= SEGMENTS - 1 for one in resources):
        raise PolicyError("a resource is written acs:service:region:account:relative-id")
    return Statement(
        allow=said["Effect"] == "Allow",
        actions=actions,
        all_but="NotAction" in said,
        resources=resources,
        conditions=tuple(_conditions(said.get("Condition", {}))),
        principals=_principals(said["Principal"]) if trust else (),
    )


def _conditions(said: Any) -> Iterable[Condition]:
    if not isinstance(said, dict):
        raise PolicyError("Condition must be an object")
    for operator, keys in said.items():
        if operator not in OPERATORS:
            raise PolicyError(f"no such condition operator: {operator}")
        if not isinstance(keys, dict):
            raise PolicyError(f"{operator} must be an object")
        for key, values in keys.items():
            yield Condition(operator, key, _texts(values, key))


def _principals(said: Any) -> tuple[str, ...]:
    if not isinstance(said, dict) or not said or set(said) - {"RAM", "Service", "Federated"}:
        raise PolicyError("Principal must be an object with RAM, Service or Federated")
    return tuple(name for kind, names in said.items() for name in _texts(names, kind))


def _texts(said: Any, name: str) -> tuple[str, ...]:
    """One text, number or boolean, or a list of them, as texts."""
    values = said if isinstance(said, list) else [said]
    if not values or not all(isinstance(value, str | int | float) for value in values):
        raise PolicyError(f"{name} must be a text or a list of texts")
    return tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in values)
