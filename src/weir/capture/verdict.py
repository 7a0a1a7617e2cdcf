"""Which rule dropped a packet: a recorded rule set, evaluated for what is known of the packet.

What enters: a rule set, the hook, and the facts of a packet that was dropped there. What leaves: every cause that can
have dropped it. Rule: the set of causes is never too small, so a cause that stands alone is the one; wherever a match
is not known, both ways are followed. No clock, no I/O.

The order of things is the kernel's (nft(8)): base chains of a hook by priority; an accept ends only its own base chain,
a drop everything; chains of equal priority in an order that is not recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from weir.capture.nft import DROPPING, Chain, Place, Rule, Ruleset
from weir.capture.nft_match import ABSENT, UNKNOWN, Facts, Number, Scope, is_in, lasts, load, matches

VISITS_MAX = 20_000
"""Rules visited for one packet. Above it nothing is known: jumps that multiply would cost seconds a packet."""
CONNTRACK_PRIORITY = -200
"""Where conntrack stands in prerouting and output: a chain before it has not seen the state that the drop had."""
BRIDGE = "bridge-"
_INET = {4: ("ip", "inet"), 6: ("ip6", "inet")}
_HARMLESS = frozenset(
    {"counter", "log", "notrack", "ct helper", "ct timeout", "ct expectation", "secmark", "flow", "dup", "last"}
)
"""Statements after which the rule always goes on, and that change nothing a rule asks for here."""
_PASSING = frozenset({"accept", "queue", "fwd"})
"""Verdicts that end the base chain without a drop of its own."""
_VERDICTS = DROPPING | _PASSING | {"return", "continue", "jump", "goto"}
REJECT_TARGET = {"xt": {"type": "target", "name": "REJECT"}}
_TARGETS_GOING_ON = frozenset({"LOG", "NFLOG", "MARK", "CONNMARK", "TCPMSS", "CT", "TRACE", "CHECKSUM", "CLASSIFY"})
"""Targets of iptables after which the chain goes on."""
_STOPPING = frozenset({"limit", "quota", "ct count", "set", "map", "meter", "tproxy"})
"""Statements that may end the rule, depending on what is not recorded."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What drops: a rule, or (``rule`` is None) the policy of a base chain."""

    chain: Chain
    rule: Rule | None = None

    def __str__(self) -> str:
        if self.rule is not None:
            return str(self.rule)
        family, table, name = self.chain.place
        return f"{family} {table} {name} policy drop"


@dataclass(frozen=True, slots=True)
class Hook:
    """Where the packet was dropped: a name of ``hooks.HOOKS``; for ingress and egress also the devices whose chains it
    can have met, in that order (None: any)."""

    name: str
    devices: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Possible:
    """Everything that can have dropped the packet. ``certain``: the rules drop every such packet, whoever else may.

    ``varies``: two packets with these facts can meet different rules.
    """

    causes: frozenset[Cause]
    certain: bool
    varies: bool = True


class TooDeep(Exception):
    """The rule set asks for more than ``VISITS_MAX`` visits (trouble)."""


@dataclass(slots=True)
class _Walk:
    """What can have happened so far in one base chain."""

    base: Chain
    ruleset: Ruleset
    facts: Facts
    scope: Scope
    drops: set[Rule] = field(default_factory=set)
    accepts: bool = False
    meets_policy: bool = False
    varies: bool = False
    visits: int = 0


def possible(ruleset: Ruleset, hook: Hook, facts: Facts) -> Possible:
    """What can have dropped a packet with these facts at this hook. Raises ``TooDeep``.

    No cause at all means that nothing in the rule set drops such a packet there: then the facts or the rule set are not
    those of the drop.
    """
    if ruleset.rewrites:
        facts = _forgotten(facts)
    found: set[Cause] = set()
    varies = False
    for _, group in groupby(base_chains(ruleset, hook, facts.family), key=lambda one: one[0]):
        certain = False
        for _, chain, applies in group:
            ended, walk = _base(ruleset, chain, facts)
            found |= {Cause(chain, rule) for rule in walk.drops}
            if walk.meets_policy:
                found.add(Cause(chain))
            varies |= walk.varies or not applies
            certain |= ended and applies
        if certain:
            return Possible(frozenset(found), certain=True, varies=varies)
    return Possible(frozenset(found), certain=False, varies=varies)


def _forgotten(facts: Facts) -> Facts:
    """As if nothing were known of what a rule can rewrite."""
    unknown: dict[str, Any] = dict.fromkeys(("source", "destination", "source_port", "destination_port"))
    return replace(facts, **unknown, flags_unknown=0xFF)


def base_chains(ruleset: Ruleset, hook: Hook, family: int) -> list[tuple[tuple[int, int], Chain, bool]]:
    """The base chains a packet meets at a hook, in order: (rank, chain, whether it meets it for certain).

    Chains of one rank may be met in any order.
    """
    name = hook.name.removeprefix(BRIDGE)
    at_device = name in ("ingress", "egress")
    families = ("bridge",) if hook.name.startswith(BRIDGE) else ("netdev", "inet") if at_device else _INET[family]
    met = []
    for chain in ruleset.chains.values():
        if chain.hook != name or chain.place[0] not in families:
            continue
        rank, certain = 0, chain.kind != "nat"
        if at_device:
            known = hook.devices is not None and chain.devices is not None
            places = [at for at, device in enumerate(hook.devices or ()) if device in (chain.devices or ())]
            if known and not places:
                continue
            rank, certain = (places[0], places[0] == 0) if places else (0, False)
        met.append(((rank, chain.priority), chain, certain))
    return sorted(met, key=lambda one: one[0])


def _base(ruleset: Ruleset, chain: Chain, facts: Facts) -> tuple[bool, _Walk]:
    """(whether the packet certainly ends here, what can have happened)."""
    before = chain.priority <= CONNTRACK_PRIORITY or chain.place[0] == "bridge"
    if chain.hook in ("prerouting", "output") and before:
        facts = replace(facts, state="")
    walk = _Walk(chain, ruleset, facts, Scope(chain.place[:2], ruleset.sets))
    falls = _chain(walk, chain, certain=True)
    walk.meets_policy = falls and chain.policy == "drop"
    return not (walk.accepts or (falls and not walk.meets_policy)), walk


def _chain(walk: _Walk, chain: Chain, *, certain: bool) -> bool:
    """Follows a chain; returns whether a packet can leave it by its end or a return. ``certain``: it surely enters."""
    leaves = False
    for rule in chain.rules:
        walk.visits += 1
        if walk.visits > VISITS_MAX:
            raise TooDeep
        ended, left = _rule(walk, rule, certain=certain)
        leaves |= left
        if ended:
            return leaves
    return True


def _rule(walk: _Walk, rule: Rule, *, certain: bool) -> tuple[bool, bool]:
    """(whether no packet goes on to the next rule, whether a packet can leave the chain here)."""
    surely, leaves = True, False
    for statement in rule.statements:
        ((kind, said),) = statement.items()
        if kind == "match":
            answer = matches(said, walk.facts, walk.scope)
            if answer is False:
                return False, leaves
            walk.varies |= answer is None and not lasts(said, walk.facts, walk.scope)
            surely &= answer is True
        elif kind in _STOPPING or (kind == "xt" and isinstance(said, Mapping) and said.get("type") == "match"):
            walk.varies = True
            surely = False
        elif kind == "xt" and isinstance(said, Mapping) and said.get("name") in _TARGETS_GOING_ON:
            walk.scope = replace(walk.scope, mark=UNKNOWN)
        elif kind == "mangle":
            surely &= _set_mark(walk, said, certain=certain and surely)
        elif kind == "vmap":
            ended, left = _vmap(walk, rule, said, certain=certain and surely)
            return ended and surely, leaves | left
        elif kind not in _HARMLESS:
            ended, left = _decide(walk, rule, statement, certain=certain and surely)
            leaves |= left
            if kind in _VERDICTS or statement == REJECT_TARGET:
                return ended and surely, leaves
            surely = False
    return False, leaves


def _set_mark(walk: _Walk, said: Mapping[str, Any], *, certain: bool) -> bool:
    """Whether the rule surely goes on: a value that has to be looked up may be missing."""
    plain = isinstance(said.get("value"), int)
    if said.get("key") == {"meta": {"key": "mark"}}:
        mark = Number(said["value"]) if certain and plain else UNKNOWN
        walk.scope = replace(walk.scope, mark=mark)
    walk.varies |= not plain
    return plain


def _decide(walk: _Walk, rule: Rule, verdict: Mapping[str, Any], *, certain: bool) -> tuple[bool, bool]:
    """(whether the verdict lets no packet go on in this chain, whether a packet can leave the chain by it)."""
    ((kind, said),) = verdict.items()
    if kind in DROPPING or verdict == REJECT_TARGET:
        walk.drops.add(rule)
        return True, False
    if kind in _PASSING:
        walk.accepts = True
        return True, False
    if kind in ("return", "continue"):
        return kind == "return", kind == "return"
    target = walk.ruleset.chains.get(_target(rule, said)) if kind in ("jump", "goto") else None
    if target is not None:
        falls = _chain(walk, target, certain=certain)
        return (not falls, False) if kind == "jump" else (True, falls)
    # Anything else may do anything: a match of iptables, an address translation that fails, what a later nft knows.
    walk.drops.add(rule)
    walk.accepts = walk.varies = True
    return False, True


def _target(rule: Rule, said: Any) -> Place:
    return (*rule.place[:2], str(said.get("target")) if isinstance(said, dict) else str(said))


def _vmap(walk: _Walk, rule: Rule, said: Mapping[str, Any], *, certain: bool) -> tuple[bool, bool]:
    """As ``_decide``, for the verdict that a map has for the packet; without one the rule ends."""
    value, data = load(said.get("key"), walk.facts, walk.scope), said.get("data")
    if value is ABSENT:
        return False, False
    named = walk.scope.named(data) if isinstance(data, str) else None
    inline = data.get("set") if isinstance(data, dict) else None
    elements = named.elements if named and named.is_fixed else inline
    if not isinstance(elements, list | tuple):
        return _decide(walk, rule, {"?": None}, certain=False)
    all_end, leaves = True, False
    default = [verdict for key, verdict in elements if key == "*"]
    for key, verdict in elements:
        found = is_in(value, key) if key != "*" else False
        if found is False:
            continue
        walk.varies |= found is None
        ended, left = _decide(walk, rule, verdict, certain=certain and found is True)
        all_end, leaves = all_end and ended, leaves | left
        if found:
            return all_end, leaves
    for verdict in default:
        ended, left = _decide(walk, rule, verdict, certain=False)
        return all_end and ended, leaves | left
    return False, leaves
