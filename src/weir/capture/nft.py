"""A recorded nftables rule set as its tables, chains, rules and sets.

What enters: what ``nft -j -n list ruleset`` and ``nft -a -n list ruleset`` printed of one generation. What leaves:
``Ruleset``. Rule: nothing is interpreted here beyond what is where; statements stay JSON (libnftables-json(5)).
Two things are taken from the text because not every nft says them in JSON: which tables are dormant, and which devices
a chain of the family netdev stands at.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from weir.capture import iptables

REVISION_DIGITS = 16
"""Hexadecimal digits of a revision's name: 64 bits of its SHA-256."""

Statement = Mapping[str, Any]
Place = tuple[str, str, str]
"""(family, table, chain or set)"""

MARK_MASK, MARK_MAGIC, MARK_RULE = 0xFF000000, 0x5F000000, 0x000FFFFF
"""A rule names itself by a mark set before its drop: 0x5fSRRRRR, S = 1 charges the sender, RRRRR is its id."""
SILENT = frozenset({"counter", "log"})
"""Statements that neither end a rule nor keep it from going on."""
DROPPING = frozenset({"drop", "reject"})
_VOLATILE = frozenset({"packets", "bytes", "expires", "used"})


class Unreadable(ValueError):
    """What was recorded is not what nft prints."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule. ``text`` as nft prints it, without its handle; empty where only JSON was recorded."""

    place: Place
    handle: int
    comment: str
    statements: tuple[Statement, ...]
    text: str = ""
    iptables: str = ""
    """The iptables rule behind it."""

    def __str__(self) -> str:
        family, table, chain = self.place
        if self.iptables:
            return f"{family} {table} {chain} handle {self.handle} ({self.iptables})"
        comment = f' "{self.comment}"' if self.comment else ""
        return f"{family} {table} {chain} handle {self.handle}{comment}"

    @property
    def mark_id(self) -> int:
        """The id by which its drops are known for certain: it sets that mark, then does nothing but drop. 0: none."""
        named = 0
        for statement in self.statements:
            ((kind, value),) = statement.items()
            if kind == "mangle":
                named = _weir_mark(value)
            elif kind in DROPPING:
                return named
            elif kind not in SILENT:
                named = 0
        return 0


def _weir_mark(mangle: Any) -> int:
    value = mangle.get("value")
    if mangle.get("key") != {"meta": {"key": "mark"}} or not isinstance(value, int):
        return 0
    return value & MARK_RULE if value & MARK_MASK == MARK_MAGIC else 0


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """One chain; a base chain has a ``hook``. ``devices``: of family netdev; None: not known."""

    place: Place
    kind: str = ""
    hook: str = ""
    priority: int = 0
    policy: str = "accept"
    devices: frozenset[str] | None = None
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedSet:
    """A named set, or a map when ``is_map``. ``is_fixed``: its elements only change with the rule set's revision."""

    elements: tuple[Any, ...]
    is_map: bool
    is_fixed: bool


@dataclass(frozen=True, slots=True)
class Ruleset:
    """One revision. ``marked``: rule id -> the rules that a drop with that mark can be of; ``rewrites``: some rule
    changes what rules ask for (addresses, ports, flags) by itself, without conntrack's knowledge."""

    revision: str
    chains: Mapping[Place, Chain]
    sets: Mapping[Place, NamedSet]
    marked: Mapping[int, tuple[Rule, ...]] = field(default_factory=dict)
    rewrites: bool = False
    asks_source_port: bool = True
    """Some rule asks for it; if none does, drops that differ in nothing else have one answer."""
    size: int = 0
    """Number of rules."""

    def bases(self, place: Place) -> list[Chain]:
        """The base chains from which a packet can come into this chain, itself included."""
        found, looked = {place}, [place]
        while looked:
            target = looked.pop()
            for chain in self.chains.values():
                if chain.place not in found and chain.place[:2] == target[:2] and target[2] in self._targets(chain):
                    found.add(chain.place)
                    looked.append(chain.place)
        return [self.chains[one] for one in found if one in self.chains and self.chains[one].hook]

    def _targets(self, chain: Chain) -> set[str]:
        """Names of the chains to which the chain's rules can jump or go, also by a map."""
        said = json.dumps([rule.statements for rule in chain.rules])
        maps = [place for place in self.sets if place[:2] == chain.place[:2] and f'"@{place[2]}"' in said]
        said += json.dumps([self.sets[place].elements for place in maps])
        return set(re.findall(r'"target": "([^"]*)"', said))

    @property
    def rules(self) -> Iterator[Rule]:
        for chain in self.chains.values():
            yield from chain.rules


def revision_of(document: str) -> str:
    """The name of a rule set: equal for the same rules (handles included), whatever they counted.

    ``document``: ``nft -j list ruleset``. Raises ``Unreadable``.
    """
    objects = _objects(document)
    rules = [one["rule"] for one in objects if "rule" in one]
    filled = {(rule["family"], rule["table"], name) for rule in rules for name in _filled_by(rule["expr"])}
    kept = []
    for one in (_lasting(one) for one in objects if "metainfo" not in one):
        ((kind, said),) = one.items()
        changing = kind == "meter" or (
            kind != "rule" and (said["family"], said.get("table"), said.get("name")) in filled
        )
        kept.append({kind: {key: value for key, value in said.items() if key != "elem" or not changing}})
    canonical = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:REVISION_DIGITS]


def _lasting(value: Any) -> Any:
    """``value`` without counters, and without the elements of sets that packets fill."""
    if isinstance(value, dict):
        kept = {key: _lasting(one) for key, one in value.items() if key not in _VOLATILE or not isinstance(one, int)}
        if "timeout" in value and "elem" in value:
            del kept["elem"]
        return kept
    return [_lasting(one) for one in value] if isinstance(value, list) else value


def _objects(document: str) -> list[dict[str, Any]]:
    try:
        said = json.loads(document)["nftables"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"not a rule set of nft: {error}") from error
    return list(said)


def parse(document: str, listing: str, saved: str = "") -> Ruleset:
    """The rule set of all listings of one generation; ``saved``: see ``iptables``. Raises ``Unreadable``."""
    objects = _objects(document)
    try:
        headers = _headers(listing.splitlines())
        headers.iptables = iptables.rules(saved)
        return _parsed(objects, headers, revision_of(document))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unreadable(f"not a rule set of nft: {error!r}") from error


def _parsed(objects: list[dict[str, Any]], headers: _Headers, revision: str) -> Ruleset:
    rules: dict[Place, list[Rule]] = {}
    for said in (one["rule"] for one in objects if "rule" in one):
        place = (said["family"], said["table"], said["chain"])
        text = headers.rules.get((place, said["handle"]), "")
        statements = tuple(one if isinstance(one, dict) and len(one) == 1 else {"?": one} for one in said["expr"])
        rules.setdefault(place, []).append(Rule(place, said["handle"], said.get("comment", ""), statements, text))
    for place, behind in headers.iptables.items():
        if len(rules.get(place, ())) == len(behind):
            rules[place] = [_named(rule, words) for rule, words in zip(rules[place], behind, strict=True)]
    chains = {}
    for said in (one["chain"] for one in objects if "chain" in one):
        place = (said["family"], said["table"], said["name"])
        chains[place] = Chain(
            place,
            said.get("type", ""),
            "" if place[:2] in headers.dormant else said.get("hook", ""),
            said.get("prio", 0),
            said.get("policy", "accept"),
            _devices(said.get("dev")) or headers.devices.get(place),
            tuple(rules.get(place, ())),
        )
    filled = {
        (*place[:2], name) for place, group in rules.items() for rule in group for name in _filled_by(rule.statements)
    }
    sets = {}
    for kind in ("set", "map", "meter"):
        for said in (one[kind] for one in objects if kind in one):
            place = (said["family"], said["table"], said["name"])
            changing = (
                {"timeout", "dynamic"} & {*_words(said.get("flags")), *said} or place in filled or kind == "meter"
            )
            sets[place] = NamedSet(tuple(said.get("elem", ())), kind == "map", not changing)
    marked: dict[int, list[Rule]] = {}
    for rule in (rule for group in rules.values() for rule in group):
        if rule.mark_id:
            marked.setdefault(rule.mark_id, []).append(rule)
    rewrites = any(_rewrites(one) for group in rules.values() for rule in group for one in rule.statements)
    said = json.dumps([one for group in rules.values() for rule in group for one in rule.statements])
    asks_source_port = '"sport"' in said or '"base"' in said
    by_mark = {number: tuple(several) for number, several in marked.items()}
    size = sum(map(len, rules.values()))
    return Ruleset(revision, chains, sets, by_mark, rewrites, asks_source_port, size)


_ASKED = frozenset({"saddr", "daddr", "sport", "dport", "flags", "type", "code", "protocol", "nexthdr"})


def _rewrites(statement: Statement) -> bool:
    key = statement["mangle"].get("key") if "mangle" in statement else None
    return isinstance(key, dict) and "payload" in key and key["payload"].get("field", "saddr") in _ASKED


def _named(rule: Rule, words: str) -> Rule:
    return replace(rule, statements=tuple(iptables.translated(rule.statements, words)), iptables=words)


def _words(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _devices(value: Any) -> frozenset[str] | None:
    return frozenset(_words(value)) or None


def _filled_by(statements: Iterable[Any]) -> Iterable[str]:
    """Names of the sets to which a rule adds what its packets carry."""
    for statement in statements:
        for kind in ("set", "map"):
            if isinstance(statement, dict) and isinstance(statement.get(kind), dict):
                yield str(statement[kind].get(kind, "")).removeprefix("@")


@dataclass(slots=True)
class _Headers:
    """What only the text says."""

    dormant: set[tuple[str, str]] = field(default_factory=set)
    devices: dict[Place, frozenset[str]] = field(default_factory=dict)
    rules: dict[tuple[Place, int], str] = field(default_factory=dict)
    iptables: Mapping[Place, Sequence[str]] = field(default_factory=dict)


_TABLE = re.compile(r"table (\w+) (\S+) \{")
_BLOCK = re.compile(r"\t(chain|set|map|flowtable|counter|\w+) (\S+) \{")
_HOOK = re.compile(r"\t\ttype \w+ hook \w+ devices? (?:= )?(\{[^}]*\}|\S+) priority")
_RULE = re.compile(r"\t\t(.*) # handle (\d+)")


def _headers(lines: Iterable[str]) -> _Headers:
    headers = _Headers()
    table, chain = ("", ""), ""
    for line in lines:
        if found := _TABLE.match(line):
            table, chain = (found[1], found[2]), ""
        elif found := _BLOCK.match(line):
            chain = found[2] if found[1] == "chain" else ""
        elif line.startswith("\tflags ") and "dormant" in line:
            headers.dormant.add(table)
        elif chain and (found := _HOOK.match(line)):
            headers.devices[*table, chain] = frozenset(re.findall(r'[^\s"{},]+', found[1]))
        elif chain and (found := _RULE.fullmatch(line)):
            headers.rules[(*table, chain), int(found[2])] = found[1]
    return headers
