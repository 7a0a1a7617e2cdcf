"""``weir firewall``: Weir's marks in the rules that drop, so that every drop names its rule.

What enters: the rule set of a network namespace. What leaves: the same rule set with marks, or without them again.
Rule: nothing is marked unasked; what was marked is on disk before the first rule changes; a rule set that is not what
it was but for the marks is taken back at once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Set
from pathlib import Path

import click

from weir.capture import own_table
from weir.capture.marking import Plan, lines, to_mark, to_unmark, unmarked
from weir.capture.rulesets import LIST, NoRulesets, nft
from weir.cli.context import Trouble, options, settings_of

STATE = "firewall-marks.json"
"""In the data directory: the marks that ``weir firewall mark`` has set."""

CHARGE = "Whose REJECT a marked drop is: as without a mark, by the hook; or always the sender's."

POLICIES = "Also end every filter chain whose policy is drop with a marked drop rule, commented weir."


@click.group()
def firewall() -> None:
    """Marks in nftables rules, so that every drop names its rule."""


@firewall.command()
@click.option("--dry-run", is_flag=True, help="Say what would be marked, and change nothing.")
@click.option("--charge", type=click.Choice(["hook", "sender"]), default="hook", show_default=True, help=CHARGE)
@click.option("--policies", is_flag=True, help=POLICIES)
@options("netns", "data")
def mark(dry_run: bool, charge: str, policies: bool, **given: str | None) -> None:
    """Marks every dropping rule that has no mark yet. The rules stay what they are; their handles change."""
    settings = settings_of(**given)
    netns, state = settings.netns or None, settings.data / STATE
    before = _listed(netns)
    plan = to_mark(before, sender_pays=charge == "sender", policies=policies)
    _say(plan, "marked", dry_run=dry_run)
    if dry_run or not plan.commands:
        return
    ours = _read(state)
    _write(state, ours | set(plan.marks))
    _apply(netns, plan)
    after = _listed(netns)
    if unmarked(after) != unmarked(before):
        _apply(netns, to_unmark(after, set(plan.marks)))
        _write(state, ours)
        raise Trouble("nft wrote a rule back differently; all marks of this call are taken out again")


@firewall.command()
@click.option("--dry-run", is_flag=True, help="Say which marks would be taken out, and change nothing.")
@options("netns", "data")
def unmark(dry_run: bool, **given: str | None) -> None:
    """Takes out every mark that ``weir firewall mark`` has set, and no other."""
    settings = settings_of(**given)
    netns, state = settings.netns or None, settings.data / STATE
    plan = to_unmark(_listed(netns), _read(state))
    _say(plan, "unmarked", dry_run=dry_run)
    if dry_run:
        return
    if plan.commands:
        _apply(netns, plan)
    state.unlink(missing_ok=True)


def _say(plan: Plan, done: str, *, dry_run: bool) -> None:
    for line in lines(plan):
        click.echo(line)
    click.echo(f"{'would be ' if dry_run else ''}{done}: {len(plan.rules)}, skipped: {len(plan.skipped)}")


def _listed(netns: str | None) -> str:
    try:
        return own_table.without(nft(netns, "-j", *LIST))
    except NoRulesets as trouble:
        raise Trouble(str(trouble)) from trouble


def _apply(netns: str | None, plan: Plan) -> None:
    """One transaction: all of it or nothing."""
    try:
        nft(netns, "-j", "-f", "-", text=plan.document)
    except NoRulesets as trouble:
        raise Trouble(f"nothing was changed: {trouble}") from trouble


def _read(state: Path) -> Set[int]:
    try:
        return {int(mark) for mark in json.loads(state.read_text(encoding="ascii"))["marks"]}
    except FileNotFoundError:
        return frozenset()
    except (ValueError, KeyError, TypeError) as error:
        raise Trouble(f"{state} is damaged: move it away; marks set before are then not taken out") from error


def _write(state: Path, marks: Set[int]) -> None:
    """On disk before a rule changes."""
    state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = state.with_suffix(".part")
    with part.open("w", encoding="ascii") as file:
        json.dump({"marks": sorted(marks)}, file)
        file.flush()
        os.fsync(file.fileno())
    part.rename(state)


COMMANDS = (firewall,)
