"""``weir ledger``: whether every byte is accounted for, per ENI and window.

What enters: rows of ``weir/ledger``. What leaves: their equations, and with ``--check`` an exit status for scripts.
Rule: a row is believed only as far as its own terms add up, so the sum is made anew here.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import click

from weir.cli.context import CLIENT_OPTIONS, Trouble, client_of, options, settings_of
from weir.cli.queries import moment, rows_of
from weir.model.ledger import (
    EXPLAINED,
    LOGSTORE,
    LONG_NAMES,
    NAMES,
    PROJECT,
    SEEN_BY_DEVICE,
    UNEXPLAINED,
    Status,
)

Row = Mapping[str, int | str]


def row_of(said: Mapping[str, str]) -> Row:
    """A row as it comes over the wire: amounts as numbers, absent texts empty."""
    return {name: int(said.get(name) or 0) if name in LONG_NAMES else said.get(name, "") for name in NAMES}


def remainder(row: Row, unit: str) -> int:
    """What the row's own terms leave over: 0, or the row is damaged."""
    device = sum(int(row[name]) for name in SEEN_BY_DEVICE[unit])
    said = sum(sign * int(row[name]) for sign, name in EXPLAINED[unit])
    return device - said - sum(int(row[name]) for name in UNEXPLAINED[unit])


def unexplained(row: Row) -> dict[str, int]:
    """Column -> amount, of what is not explained; ``remainder-...`` for what the terms leave over."""
    found = {name: int(row[name]) for names in UNEXPLAINED.values() for name in names}
    found |= {f"remainder-{unit}": remainder(row, unit) for unit in UNEXPLAINED}
    return {name: amount for name, amount in found.items() if amount}


def equation(row: Row, unit: str) -> str:
    """``592 = 601 recorded - 4 refused - 5 segments``; terms that are 0 are left out."""
    device = sum(int(row[name]) for name in SEEN_BY_DEVICE[unit])
    terms = [(sign * int(row[name]), name.removesuffix(f"-{unit}")) for sign, name in EXPLAINED[unit]]
    terms += [(int(row[name]), name.removesuffix(f"-{unit}")) for name in UNEXPLAINED[unit]]
    words = [f"{'-' if amount < 0 else '+'} {abs(amount)} {name}" for amount, name in terms if amount]
    return f"{device} {unit} = " + (" ".join(words).removeprefix("+ ") or "0")


def lines_of(row: Row) -> list[str]:
    """A row for people."""
    start, end = (datetime.fromtimestamp(int(row[name]), UTC) for name in ("start", "end"))
    head = (
        f"{start:%Y-%m-%d %H:%M:%S} - {end:%H:%M:%S}  {row['eni-id']}  {row['node']}/{row['device']}  {row['status']}"
    )
    if row["reason"]:
        head += f": {row['reason']} ({row['covered-seconds']} s counted)"
    lines = [head]
    if row["status"] != Status.UNCOVERED:
        lines += [f"    {equation(row, unit)}" for unit in SEEN_BY_DEVICE]
    if row["folded-packets"]:
        lines.append(f"    folded: {row['folded-flows']} flows, {row['folded-packets']} packets of the recorded ones")
    if row["dropped"]:
        lines.append(f"    dropped, no verdict: {row['dropped']}")
    if found := unexplained(row):
        lines.append("    UNEXPLAINED: " + ", ".join(f"{name} {amount:+d}" for name, amount in found.items()))
    return lines


def summary(rows: list[Row]) -> str:
    """One line over all rows."""
    counts = Counter(str(row["status"]) for row in rows)
    open_rows = sum(bool(unexplained(row)) for row in rows)
    told = ", ".join(f"{counts[status]} {status}" for status in Status if counts[status]) or "none"
    return f"{len(rows)} windows ({told}); " + (f"{open_rows} do not close" if open_rows else "all close")


@click.command()
@click.option("--eni", help="This ENI only.")
@click.option("--from", "from_", default="-15m", show_default=True, help="Start: now, -15m, Unix time or ISO date.")
@click.option("--to", default="now", show_default=True, help="End, exclusive.")
@click.option("--limit", default=10_000, show_default=True, help="Rows at most.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@click.option("--check", is_flag=True, help="Exit with status 1 if something is unexplained, or nothing is known.")
@options(*CLIENT_OPTIONS)
def ledger(eni: str | None, from_: str, to: str, limit: int, form: str, check: bool, **given: str | None) -> None:
    """Sets what the devices counted against what was recorded, per ENI and window."""
    settings, now = settings_of(**given), time.time()
    if eni is not None and '"' in eni:
        raise Trouble(f"{eni!r} is no ENI")
    asked = {
        "from": moment(from_, now),
        "to": moment(to, now) + (to == "now"),
        "query": f'eni-id: "{eni}"' if eni else "*",
    }
    with client_of(settings) as client:
        rows = [row_of(said) for said in rows_of(client, (PROJECT, LOGSTORE), asked, limit).rows]
    rows.sort(key=lambda row: (row["start"], row["eni-id"]))
    for row in rows:
        if form == "json":
            click.echo(json.dumps({**row, "closes": not unexplained(row)}))
        else:
            click.echo("\n".join(lines_of(row)))
    if form == "table":
        click.echo(summary(rows))
    if check and (not rows or any(unexplained(row) for row in rows)):
        raise SystemExit(1)


COMMANDS = (ledger,)
