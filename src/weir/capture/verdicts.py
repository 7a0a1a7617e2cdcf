"""Why a packet was rejected: the fields reject-reason, hook, rule and ruleset of a record.

What enters: rows of dropped packets, the rule sets in force at their time, the devices of the namespace. What leaves:
columns of text. Rule: a rule is named when its own mark says so, or when no other cause is possible for any packet of
the row; else ``unknown``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from pyroute2 import IPRoute

from weir.capture import hooks, reasons, uplinks
from weir.capture.attribution import Watched
from weir.capture.flows import ACTION_REJECT, DIRECTION_OUT, HOOK_ALTERED, RULE_MIXED, Flows
from weir.capture.nft import Rule, Ruleset
from weir.capture.nft_match import PORTED, Facts
from weir.capture.ruleset_rows import Shelf
from weir.capture.rulesets import Revision, Rulesets
from weir.capture.share import Bounds, Labels
from weir.capture.trace import Flow
from weir.capture.tracing import Seen, Tracing
from weir.capture.uplinks import Uplinks
from weir.capture.verdict import BRIDGE, Cause, Hook, Possible, TooDeep, possible
from weir.capture.witness import Case, Outcome, cause_of, judged, stands_at
from weir.model.resources import Side
from weir.model.rulesets import REPEAT_HOURS

FIELDS = ("reject-reason", "hook", "rule", "ruleset")
ASKING_FOR_HOOKS = frozenset({"hook", "rule"})
ASKING_FOR_RULES = frozenset({"rule", "ruleset"})
UNKNOWN = "unknown"
VISITS_MAX = 200_000
"""Rules visited for one ENI and window, about a second: so many different drops are evaluated as this allows if each
visits every rule of the rule set. The rules of further ones are unknown."""
LINKS_NS = 30 * 10**9
"""How often the devices' bridges are read; a device that changed its bridge has no name in rules for that long."""
TELL_NS = 60 * 10**9
"""How often the counters are logged."""
CLOCK_NS = 2_000_000
"""Rows' times are in steps of 1.05 ms: so far from a change of rules a row must lie to belong to one side of it."""
SECOND_NS = 10**9
HOUR_NS = 3600 * SECOND_NS
ICMP = frozenset({1, 58})
TCP = 6
V4_PREFIX_BYTES = 12

log = logging.getLogger("weir.agent")


class AskHooks(Protocol):
    """As ``source.Source.ask_hooks``."""

    def __call__(self, *, asked: bool) -> bool: ...


@dataclass(frozen=True, slots=True)
class Drop:
    """What a row says of its drops. ``entered``: they were charged to the ENI by which they came in."""

    family: int
    protocol: int
    source: bytes
    destination: bytes
    source_port: int
    destination_port: int
    flags: int
    is_one: bool
    hook: int
    rule_id: int
    fold: int
    device: str
    entered: bool


@dataclass(frozen=True, slots=True)
class Named:
    """The answer for a drop. ``found``: of evaluation, where it was asked and answered; ``is_open``: the trace may say
    more."""

    hook: str
    rule: str = UNKNOWN
    found: Possible | None = None
    is_open: bool = False


def named(drop: Drop, ruleset: Ruleset | None, links: Uplinks, *, tells_conntrack: bool = True) -> Named:
    """The hook and the rule of a drop, as far as they are known. Pure.

    ``tells_conntrack``: the kernel tells drops of rules from those of conntrack (``hooks.STATES``' ``other``).
    """
    hook, state = hooks.name_of(drop.hook), hooks.state_of(drop.hook)
    if ruleset is None:
        return Named(hook)
    if drop.rule_id:
        rules = ruleset.marked.get(drop.rule_id, ()) if drop.rule_id != RULE_MIXED else ()
        return Named(_hook_of(rules[0], ruleset), str(rules[0])) if len(rules) == 1 else Named(hook)
    if hook == UNKNOWN or state == "other" or drop.hook & HOOK_ALTERED or drop.fold:
        return Named(hook)
    try:
        found = possible(ruleset, _hook(hook, drop, links), _facts(hook, state, drop, links))
    except TooDeep:
        return Named(hook, is_open=True)
    if len(found.causes) != 1 or not (tells_conntrack or found.certain):
        return Named(hook, UNKNOWN, found, is_open=True)
    (cause,) = found.causes
    return Named(hook, str(cause), found, is_open=True)


def _hook_of(rule: Rule, ruleset: Ruleset) -> str:
    """The hook of the base chains from which a packet can come to the rule, if it is the same for all."""
    found = {chain.hook for chain in ruleset.bases(rule.place)}
    if len(found) != 1:
        return UNKNOWN
    (hook,) = found
    return BRIDGE + hook if rule.place[0] == "bridge" else hook


def _hook(name: str, drop: Drop, links: Uplinks) -> Hook:
    devices = None
    if name == "ingress" and drop.entered:
        devices = links.on_the_way(drop.device)
    elif name == "egress" and not drop.entered:
        way = links.on_the_way(drop.device)
        devices = way and tuple(reversed(way))
    return Hook(name, devices)


def _facts(hook: str, state: str, drop: Drop, links: Uplinks) -> Facts:
    seen = (drop.device or None) if hook.startswith(BRIDGE) else links.seen_as(drop.device)
    place = hook.removeprefix(BRIDGE)
    ported = drop.protocol in PORTED and (drop.source_port or drop.destination_port)
    start = V4_PREFIX_BYTES if drop.family == 4 else 0
    return Facts(
        drop.family,
        drop.protocol,
        int.from_bytes(drop.source[start:]),
        int.from_bytes(drop.destination[start:]),
        drop.source_port if ported else None,
        drop.destination_port if ported or drop.protocol in ICMP else None,
        drop.flags,
        0 if drop.is_one else drop.flags,
        seen if drop.entered and place in ("prerouting", "input", "forward") else None,
        seen if not drop.entered and place in ("forward", "output", "postrouting") else None,
        state,
    )


@dataclass(slots=True)
class Counted:
    """Drops since the start, in rows. ``unasked``: beyond ``VISITS_MAX``. By trace: ``confirmed`` and ``traced`` are
    among the known ones, ``contradicted`` among the unknown."""

    rules_known: int = 0
    rules_unknown: int = 0
    unasked: int = 0
    confirmed: int = 0
    traced: int = 0
    contradicted: int = 0


@dataclass(frozen=True, slots=True)
class Sources:
    """What an attribution of verdicts asks. ``ask_hooks``: as ``Kernel.ask_hooks``; ``netns``: the captured one."""

    rulesets: Rulesets
    ask_hooks: AskHooks
    netns: str | None
    tells_conntrack: bool
    publish: Callable[[Revision, int], None]
    """Keeps a revision for good; the second argument is the time now. Called by the recorder's thread."""
    tracing: Tracing


@dataclass(slots=True)
class _Devices:
    """ENI -> its device and side, and the devices' names as rules see them, now and a drain ago."""

    of: Mapping[str, Watched] = field(default_factory=dict)
    before: Uplinks = field(default_factory=Uplinks)
    now: Uplinks = field(default_factory=Uplinks)
    read_ns: int = 0


class Verdicts:
    """An attribution and a watcher (see ``attribution``)."""

    def __init__(self, sources: Sources) -> None:
        self.fields = FIELDS
        self.counted, self._told, self._told_ns = Counted(), Counted(), 0
        self._sources = sources
        self._devices = _Devices()
        self._route: IPRoute | None = None
        self._asks_hooks = False
        self._modules: frozenset[str] | None = None

    @property
    def tracing(self) -> Tracing:
        return self._sources.tracing

    def watch(self, enis: tuple[Watched, ...]) -> None:
        wanted = frozenset().union(*(eni.fields for eni in enis))
        self._devices.of = {eni.eni_id: eni for eni in enis}
        if bool(wanted & ASKING_FOR_HOOKS) != self._asks_hooks:
            self._asks_hooks = not self._asks_hooks
            self._modules = None
            if not self._asks_hooks:
                self._sources.ask_hooks(asked=False)
            self._find_hooks()
        if wanted & ASKING_FOR_RULES:
            self._sources.tracing.start()
            self._sources.rulesets.start()
            if self._route is None:
                netns = self._sources.netns
                self._route = IPRoute(netns=netns, flags=0) if netns else IPRoute()
                self._devices.before = self._devices.now = uplinks.read(self._route)
        else:
            self._rest()

    def drained(self, until_ns: int) -> None:
        if self._route is None:
            return
        self._sources.rulesets.confirm()
        for revision in self._sources.rulesets.to_publish(until_ns, REPEAT_HOURS * HOUR_NS):
            self._sources.publish(revision, until_ns)
        self._tell(until_ns)
        if until_ns - self._devices.read_ns >= LINKS_NS:
            self._devices.read_ns = until_ns
            self._find_hooks()
            self._devices.before, self._devices.now = self._devices.now, uplinks.read(self._route)

    def _tell(self, now_ns: int) -> None:
        """Says what became of the drops so far, once a minute where there were some."""
        if self.counted != self._told and now_ns - self._told_ns >= TELL_NS:
            self._told, self._told_ns = replace(self.counted), now_ns
            log.info("rules of drops: %s; by trace: %s", self.counted, self.tracing.counted)

    def _find_hooks(self) -> None:
        """Has the kernel's functions looked up, again where a module was loaded since: it may ask a hook."""
        modules = hooks.modules()
        if self._asks_hooks and modules != self._modules:
            self._modules = modules
            if not self._sources.ask_hooks(asked=True):
                log.warning("the kernel hides its addresses (kernel.kptr_restrict): hooks of drops stay unknown")

    def close(self) -> None:
        self._rest()

    def _rest(self) -> None:
        self._sources.rulesets.stop()
        self._sources.tracing.stop()
        if self._route is not None:
            self._route.close()
            self._route = None

    def attribute(self, rows: Flows, labels: Labels, bounds: Bounds) -> Mapping[str, pa.Array]:
        """Null in rows that are no REJECT."""
        rejected = np.flatnonzero(rows["action"] == ACTION_REJECT)
        columns: dict[str, list[str | None]] = {name: [None] * len(rows) for name in FIELDS}
        eni = self._devices.of.get(labels.eni_id)
        known: dict[tuple[Drop, str], Named] = {}
        for at in rejected.tolist():
            row = rows[at]
            revision = self._sources.rulesets.in_force(int(row["first_ns"]) - CLOCK_NS, int(row["last_ns"]) + CLOCK_NS)
            drop = _drop(row, eni)
            if revision is not None and not revision.ruleset.asks_source_port:
                drop = replace(drop, source_port=0)
            key = (drop, revision.ruleset.revision if revision else "")
            if key not in known:
                if drop.rule_id or revision is None or len(known) * revision.ruleset.size < VISITS_MAX:
                    known[key] = self._named(drop, revision.ruleset if revision else None)
                else:
                    self.counted.unasked += 1
            answer = known.get(key, Named(hooks.name_of(drop.hook)))
            if revision is not None and answer.is_open:
                answer = self._witnessed(row, drop, answer, revision, bounds)
            columns["reject-reason"][at] = reasons.name_of(int(row["reason"]))
            columns["hook"][at], columns["rule"][at] = answer.hook, answer.rule
            columns["ruleset"][at] = key[1] or UNKNOWN
        unknown = columns["rule"].count(UNKNOWN)
        self.counted.rules_unknown += unknown
        self.counted.rules_known += len(rejected) - unknown
        return {name: pa.array(values, pa.string()) for name, values in columns.items()}

    def _witnessed(self, row: Any, drop: Drop, answer: Named, revision: Revision, bounds: Bounds) -> Named:
        """The answer after what the trace saw of the row's flow."""
        flow = Flow(
            drop.family,
            drop.protocol,
            drop.source,
            drop.destination,
            int(row["sport"]),
            int(row["dport"]),
        )
        seen = []
        first_ns, last_ns = int(row["first_ns"]) - CLOCK_NS, int(row["last_ns"]) + CLOCK_NS
        for one in self.tracing.drops(flow, first_ns, last_ns):
            cause = self._cause(one, drop, answer.hook, revision)
            if cause is not None:
                seen.append((one, cause))
        window_ns = (bounds.start_s * SECOND_NS, bounds.end_s * SECOND_NS)
        is_known = answer.rule != UNKNOWN
        case = Case(answer.found, is_known, int(row["packets"]), self._sources.tells_conntrack, window_ns)
        outcome, rule = judged(case, seen)
        if outcome is Outcome.CONTRADICTED:
            self.counted.contradicted += 1
            traced = ", ".join(sorted({str(cause) for _, cause in seen}))
            log.warning("a drop at %s by %s was evaluated as %s: its rule is unknown", answer.hook, traced, answer.rule)
            return Named(answer.hook)
        self.counted.confirmed += outcome is Outcome.CONFIRMED
        self.counted.traced += outcome is Outcome.TRACED
        return Named(answer.hook, rule) if outcome is Outcome.TRACED else answer

    def _cause(self, seen: Seen, drop: Drop, hook: str, revision: Revision) -> Cause | None:
        """What the trace saw, if it was at the row's hook, by its device and under its revision."""
        then = self._sources.rulesets.in_force(seen.since_ns - CLOCK_NS, seen.until_ns + CLOCK_NS)
        if then is None or then.ruleset.revision != revision.ruleset.revision:
            return None
        links = uplinks.common(self._devices.before, self._devices.now)
        names = {drop.device} if hook.startswith(BRIDGE) else {drop.device, links.seen_as(drop.device)}
        index = seen.drop.iif if drop.entered else seen.drop.oif
        if not index or index not in {links.indexes.get(name) for name in names if name}:
            return None
        cause = cause_of(seen.drop, revision.ruleset)
        return cause if cause is not None and stands_at(cause, hook, revision.ruleset) else None

    def _named(self, drop: Drop, ruleset: Ruleset | None) -> Named:
        links = uplinks.common(self._devices.before, self._devices.now)
        return named(drop, ruleset, links, tells_conntrack=self._sources.tells_conntrack)


def verdicts_of(tracing: Tracing, ask_hooks: AskHooks, shelf: Shelf, clock_ns: Callable[[], int]) -> Verdicts:
    """For the captured namespace, which is the trace's. Nothing is followed before a flow log asks."""
    tracing.clean()
    netns = tracing.netns
    return Verdicts(
        Sources(Rulesets(netns, clock_ns), ask_hooks, netns, hooks.tells_conntrack(), shelf.publish, tracing)
    )


def _drop(row: Any, eni: Watched | None) -> Drop:
    entered = eni is None or (int(row["direction"]) == DIRECTION_OUT) == (eni.side is Side.BEHIND)
    return Drop(
        int(row["family"]),
        int(row["proto"]),
        row["src"].tobytes(),
        row["dst"].tobytes(),
        int(row["sport"]),
        int(row["dport"]),
        int(row["tcp_flags"]) if int(row["proto"]) == TCP else 0,
        int(row["packets"]) == 1,
        int(row["hook"]),
        int(row["rule_id"]),
        int(row["fold"]),
        "" if eni is None else eni.device,
        entered,
    )
