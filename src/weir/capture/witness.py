"""What drops seen by trace mean for a row of dropped packets.

What enters: what evaluation found for the row, and the drops that the trace saw of its flow at its hook, by its device,
under its revision. What leaves: the rule, and how it is known. Rule: what trace and evaluation say together is never a
guess: a rule that evaluation excludes makes the row's rule unknown; a rule seen for some of several packets is the
row's only where the packets of a row cannot differ in what decides. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from weir.capture.nft import Ruleset
from weir.capture.trace import TracedDrop
from weir.capture.tracing import Seen
from weir.capture.verdict import BRIDGE, Cause, Possible

WINDOW_MARGIN_NS = 10**9
"""A drop seen so near to the window's ends may have been counted in another one, so it is left aside."""


class Outcome(StrEnum):
    """``traced``: known by trace alone. ``contradicted``: it cannot be as evaluation says."""

    UNCHANGED = "unchanged"
    CONFIRMED = "confirmed"
    TRACED = "traced"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True)
class Case:
    """A row. ``found``: what can have dropped it, None if not evaluated. ``tells_conntrack``: nothing but a rule can
    have."""

    found: Possible | None
    is_known: bool
    packets: int
    tells_conntrack: bool
    window_ns: tuple[int, int]


def cause_of(drop: TracedDrop, ruleset: Ruleset) -> Cause | None:
    """What dropped it, None if the rule set does not have it."""
    chain = ruleset.chains.get(drop.place)
    if chain is None:
        return None
    if drop.handle:
        rule = next((one for one in chain.rules if one.handle == drop.handle), None)
        return Cause(chain, rule) if rule else None
    return Cause(chain)


def stands_at(cause: Cause, hook: str, ruleset: Ruleset) -> bool:
    """Whether a packet can come to it from this hook."""
    prefix = BRIDGE if cause.chain.place[0] == "bridge" else ""
    return hook in {prefix + chain.hook for chain in ruleset.bases(cause.chain.place)}


def judged(case: Case, seen: Sequence[tuple[Seen, Cause]]) -> tuple[Outcome, str]:
    """(how it is known now, the rule where that is new)."""
    start_ns, end_ns = (case.window_ns[0] + WINDOW_MARGIN_NS, case.window_ns[1] - WINDOW_MARGIN_NS)
    seen = [(one, cause) for one, cause in seen if start_ns <= one.since_ns and one.until_ns <= end_ns]
    named = {str(cause) for _, cause in seen}
    if not named:
        return Outcome.UNCHANGED, ""
    if case.found is not None and not named <= {str(cause) for cause in case.found.causes}:
        return Outcome.CONTRADICTED, ""
    if case.is_known:
        return Outcome.CONFIRMED, ""
    if len(named) > 1:
        return Outcome.UNCHANGED, ""
    (rule,) = named
    same = case.found is not None and not case.found.varies and (case.found.certain or case.tells_conntrack)
    return (Outcome.TRACED, rule) if same or len(seen) == case.packets else (Outcome.UNCHANGED, "")
