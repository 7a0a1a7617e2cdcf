"""Weir's mark in the rules that drop, on request, and out of them again.

What enters: what nft lists, and the marks set before. What leaves: the commands for nft that add or take out marks, and
for every rule left alone the reason. Rule: the mark stands directly before the verdict, so that it is on no packet that
is not dropped there; a rule that could change by being written again is left alone. Pure, no I/O.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from weir.capture.nft import DROPPING, MARK_MAGIC, MARK_RULE

RULE_ID_MAX = MARK_RULE
"""Rules that can be marked; further ones are refused by name."""
SENDER = 0x00100000
"""In a mark: the drop is charged to the sender, whatever the hook says."""

POLICY_COMMENT = "weir"
DROP: Mapping[str, Any] = {"drop": None}
"""The rule that stands for a policy: a mark, a drop, this comment."""
KNOWN = frozenset({"match", "counter", "log", "limit", "drop", "reject", "mangle"})
"""Statements that nft reads back as it prints them, and that lose nothing by it."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A dropping rule that is left as it is, and why."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to tell nft, in one transaction. ``marks``: those it sets or takes out, in the order of ``rules``."""

    commands: tuple[Mapping[str, Any], ...] = ()
    rules: tuple[str, ...] = ()
    marks: tuple[int, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def document(self) -> str:
        """As ``nft -j -f`` reads it."""
        return json.dumps({"nftables": list(self.commands)})


def to_mark(listed: str, *, sender_pays: bool, policies: bool = False) -> Plan:
    """Marks for every dropping rule of a listing (``nft -j list ruleset``) that has none.

    ``policies``: also a marked drop rule at the end of each filter chain whose policy is drop.
    """
    rules = _rules(listed)
    taken = {mark & MARK_RULE for mark in (_mark_of(rule) for rule in rules) if mark}
    free = (number for number in range(1, RULE_ID_MAX + 1) if number not in taken)
    commands, named, marks, skipped = [], [], [], []
    for rule in rules:
        if _mark_of(rule) or not _drops(rule):
            continue
        reason = _why_not(rule)
        number = 0 if reason else next(free, 0)
        if not number:
            skipped.append(Skipped(_name(rule), reason or "all rule ids are taken"))
            continue
        mark = MARK_MAGIC | (SENDER if sender_pays else 0) | number
        marks.append(mark)
        commands.extend(_replaced(rule, _with_mark(rule["expr"], mark)))
        named.append(f"{number:#07x} {_name(rule)}")
    for chain in _unended(listed, rules):
        name = f"{chain['family']} {chain['table']} {chain['name']} policy drop"
        reason = _why_not_its_policy(chain, policies=policies)
        number = 0 if reason else next(free, 0)
        if not number:
            skipped.append(Skipped(name, reason or "all rule ids are taken"))
            continue
        mark = MARK_MAGIC | (SENDER if sender_pays else 0) | number
        marks.append(mark)
        where = {"family": chain["family"], "table": chain["table"], "chain": chain["name"]}
        commands.append({"add": {"rule": {**where, "comment": POLICY_COMMENT, "expr": [_statement(mark), DROP]}}})
        named.append(f"{number:#07x} {name}")
    return Plan(tuple(commands), tuple(named), tuple(marks), tuple(skipped))


def to_unmark(listed: str, ours: Set[int]) -> Plan:
    """Takes out the marks ``ours``, which ``to_mark`` has set, wherever they still stand as it put them."""
    commands, named, marks, skipped = [], [], [], []
    for rule in _rules(listed):
        mark = _mark_of(rule)
        if not mark:
            continue
        place = _verdict_place(rule["expr"])
        if mark not in ours or not place or rule["expr"][place - 1] != _statement(mark):
            skipped.append(Skipped(_name(rule), "its mark was not set by weir firewall mark"))
            continue
        marks.append(mark)
        if _ends_for_policy(rule):
            commands.append({"delete": {"rule": {**_where(rule), "handle": rule["handle"]}}})
            named.append(f"{mark & MARK_RULE:#07x} {_name(rule)}")
            continue
        commands.extend(_replaced(rule, [*rule["expr"][: place - 1], *rule["expr"][place:]]))
        named.append(f"{mark & MARK_RULE:#07x} {_name(rule)}")
    return Plan(tuple(commands), tuple(named), tuple(marks), tuple(skipped))


def unmarked(listed: str) -> list[Any]:
    """The rule set as if no rule had a mark of Weir's: what ``to_mark`` and ``to_unmark`` leave as it is.

    Handles and counters are not part of it: nft gives a rule that it replaces a new handle.
    """
    kept = []
    for one in _objects(listed):
        ((kind, said),) = one.items()
        if kind == "rule" and _ends_for_policy(said):
            continue
        if kind == "rule":
            said = {**said, "expr": [_still(part) for part in said["expr"] if not _is_mark(part)]}
        kept.append({kind: {name: value for name, value in said.items() if name != "handle"}})
    return kept


def _objects(listed: str, kind: str = "") -> list[dict[str, Any]]:
    said = [one for one in json.loads(listed)["nftables"] if "metainfo" not in one]
    return [one[kind] for one in said if kind in one] if kind else said


def _rules(listed: str) -> list[dict[str, Any]]:
    return _objects(listed, "rule")


def _place(rule: Mapping[str, Any]) -> tuple[str, str, str]:
    return rule["family"], rule["table"], rule["chain"]


def _where(rule: Mapping[str, Any]) -> dict[str, str]:
    return dict(zip(("family", "table", "chain"), _place(rule), strict=True))


def _ends_for_policy(rule: Mapping[str, Any]) -> bool:
    """Whether it is the rule that stands for a chain's policy."""
    marked = len(rule["expr"]) == 2 and _is_mark(rule["expr"][0]) and rule["expr"][1] == DROP
    return marked and rule.get("comment") == POLICY_COMMENT


def _still(part: Any) -> Any:
    return {"counter": None} if isinstance(part, dict) and "counter" in part else part


def _statement(mark: int) -> dict[str, Any]:
    return {"mangle": {"key": {"meta": {"key": "mark"}}, "value": mark}}


def _is_mark(part: Any) -> bool:
    value = part.get("mangle", {}).get("value") if isinstance(part, dict) else None
    return isinstance(value, int) and value >> 24 == MARK_MAGIC >> 24 and part == _statement(value)


def _mark_of(rule: Mapping[str, Any]) -> int:
    return next((int(part["mangle"]["value"]) for part in rule["expr"] if _is_mark(part)), 0)


def _drops(rule: Mapping[str, Any]) -> bool:
    return '"drop"' in json.dumps(rule["expr"]) or '"reject"' in json.dumps(rule["expr"])


def _verdict_place(parts: Sequence[Any]) -> int | None:
    """Where the drop stands, None if there is none at the rule's own level."""
    return next((at for at, part in enumerate(parts) if isinstance(part, dict) and DROPPING & set(part)), None)


def _unended(listed: str, rules: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The chains whose policy is drop, without those where a rule of ours stands for it."""
    ended = {_place(rule) for rule in rules if _ends_for_policy(rule)}
    chains = [chain for chain in _objects(listed, "chain") if chain.get("policy") == "drop"]
    return [chain for chain in chains if (chain["family"], chain["table"], chain["name"]) not in ended]


def _why_not_its_policy(chain: Mapping[str, Any], *, policies: bool) -> str:
    if not policies:
        return "a policy has no place for a mark"
    return "" if chain.get("type") == "filter" else "a mark in its chain would change routes"


def _why_not(rule: Mapping[str, Any]) -> str:
    """Why the rule cannot be marked; empty if it can."""
    kinds = [kind for part in rule["expr"] for kind in (part if isinstance(part, dict) else {"?": part})]
    strange = sorted(set(kinds) - KNOWN - {"vmap"})
    if list(rule["expr"]) == [DROP] and rule.get("comment") == POLICY_COMMENT:
        return "with a mark it would look like a rule of ours that stands for a policy"
    if "vmap" in kinds:
        return "its verdict lies in a map: a mark would be on packets that pass"
    if strange:
        return f"nft does not read its {', '.join(strange)} back as it prints it"
    if '"mark"' in json.dumps(rule["expr"]):
        return "it uses a mark already"
    return ""


def _with_mark(parts: Sequence[Any], mark: int) -> list[Any]:
    place = _verdict_place(parts) or 0
    return [*parts[:place], _statement(mark), *parts[place:]]


def _replaced(rule: Mapping[str, Any], parts: Sequence[Any]) -> list[dict[str, Any]]:
    """The new rule before the old one, and the old one away: some versions of nft fail at "replace" with a set."""
    place = {**_where(rule), "handle": rule["handle"]}
    comment = {"comment": rule["comment"]} if rule.get("comment") else {}
    return [{"insert": {"rule": {**place, **comment, "expr": list(parts)}}}, {"delete": {"rule": place}}]


def _name(rule: Mapping[str, Any]) -> str:
    comment = f' "{rule["comment"]}"' if rule.get("comment") else ""
    return f"{rule['family']} {rule['table']} {rule['chain']} handle {rule['handle']}{comment}"


def lines(plan: Plan) -> Iterable[str]:
    """For the operator: one line per rule."""
    yield from plan.rules
    yield from (f"skipped: {one.rule}: {one.reason}" for one in plan.skipped)
