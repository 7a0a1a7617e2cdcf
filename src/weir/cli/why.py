"""``weir why``: what happened to a flow at a time, by which rule, and which rule would have let it pass.

What enters: the records and the stored rule set revisions of a server. What leaves: one answer as text or JSON. Rule:
what the records do not say is not made up; where the rule is unknown, those that can have been it are named as such.
"""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from weir.capture.nearest import nearest
from weir.capture.nft import Ruleset, Unreadable, parse
from weir.capture.nft_match import Facts
from weir.capture.ruleset_rows import listing
from weir.capture.verdict import Cause, Hook, TooDeep, possible
from weir.cli.context import CLIENT_OPTIONS, Trouble, client_of, options, settings_of
from weir.cli.queries import moment, rows_of, store_of
from weir.client import Client, ServerRefused
from weir.model.ledger import PROJECT
from weir.model.rulesets import LOGSTORE, REPEAT_HOURS

WINDOW_SECONDS = 600
"""The longest window: so long after a packet its record may be dated."""
RECORDS_MAX = 200
"""Records of one flow and moment that are read; there are as many as ENIs on its way and flow logs on these."""
REVISION_ROWS_MAX = 2_000
UNKNOWN = "unknown"
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}


@dataclass(frozen=True, slots=True)
class End:
    """One end of the flow. ``port``: None asks for any."""

    address: str
    port: int | None

    def __str__(self) -> str:
        if self.port is None:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Asked:
    """The flow and the moment, Unix seconds."""

    source: End
    destination: End
    protocol: int
    at: int


def end_of(text: str) -> End:
    """``ADDRESS``, ``ADDRESS:PORT``, ``[IPV6]:PORT``."""
    address, port = text, ""
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    try:
        return End(str(ipaddress.ip_address(address)), int(port) if port else None)
    except ValueError as error:
        raise Trouble(f"{text!r}: write ADDRESS, ADDRESS:PORT or [IPV6]:PORT") from error


@click.command()
@click.argument("source", metavar="SRC[:PORT]")
@click.argument("destination", metavar="DST[:PORT]")
@click.option("--proto", default="tcp", show_default=True, help="tcp, udp, icmp, icmpv6 or a number.")
@click.option("--at", default="now", show_default=True, help="now, -15m, a Unix time or an ISO date.")
@click.option("--store", default="weir/flowlog", show_default=True, help="PROJECT/LOGSTORE of the records.")
@click.option("--node", default=None, help="Host whose rule sets count where a record names none.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options(*CLIENT_OPTIONS)
def why(source: str, destination: str, proto: str, **given: Any) -> None:
    """What happened to the flow from SRC to DST at a time, by which rule, and what would have let it pass."""
    at, store, node, form = (given.pop(name) for name in ("at", "store", "node", "form"))
    if not proto.isdigit() and proto not in PROTOCOLS:
        raise Trouble(f"{proto!r} is no protocol: write tcp, udp, icmp, icmpv6 or a number")
    number = int(proto) if proto.isdigit() else PROTOCOLS[proto]
    asked = Asked(end_of(source), end_of(destination), number, moment(at, time.time()))
    with client_of(settings_of(**given)) as client:
        records = records_of(client, store_of(store), asked)
        told = [explained(client, record, asked, node) for record in records]
    if form == "json":
        click.echo(json.dumps({"at": asked.at, "records": told}, ensure_ascii=False, indent=1))
        return
    click.echo("\n".join(text_of(asked, told)))


def records_of(client: Client, store: tuple[str, str], asked: Asked) -> list[dict[str, str]]:
    """The records of the flow whose windows hold the moment, in the order of their ENIs."""
    query = f'srcaddr: "{asked.source.address}" and dstaddr: "{asked.destination.address}"'
    span = {"from": asked.at, "to": asked.at + WINDOW_SECONDS + 1, "query": query}
    found = rows_of(client, store, span, RECORDS_MAX).rows
    return sorted(
        (row for row in found if _is_of(row, asked)), key=lambda row: (row["direction"] == "in", row["eni-id"])
    )


def _is_of(row: Mapping[str, str], asked: Asked) -> bool:
    wanted = {
        "srcaddr": asked.source.address,
        "dstaddr": asked.destination.address,
        "protocol": str(asked.protocol),
        "srcport": asked.source.port,
        "dstport": asked.destination.port,
    }
    same = all(value is None or row.get(name) == str(value) for name, value in wanted.items())
    return same and int(row.get("start") or 0) <= asked.at


def explained(client: Client, record: Mapping[str, str], asked: Asked, node: str | None) -> dict[str, Any]:
    """A record with what can be said of its verdict."""
    kept = ("eni-id", "direction", "action", "srcport", "dstport", "packets", "bytes", "start", "end")
    told: dict[str, Any] = {name: record.get(name, "") for name in kept}
    if record.get("action") != "REJECT":
        return told
    told |= {name: record.get(name, UNKNOWN) for name in ("reject-reason", "hook", "rule", "ruleset")}
    ruleset = revision_of(client, told["ruleset"], asked.at, node)
    if ruleset is None:
        return told
    told["ruleset"] = ruleset.revision
    causes = _causes(ruleset, told["hook"], facts_of(record))
    cause = next((one for one in causes if str(one) == told["rule"]), causes[0] if len(causes) == 1 else None)
    if cause is None:
        told["possible-rules"] = sorted(map(str, causes))
        return told
    if cause.rule is not None:
        told["rule-text"] = cause.rule.text
    told["nearest"] = [
        {"rule": str(near.rule), "text": near.rule.text, "missed": [str(one) for one in near.missed]}
        for near in nearest(ruleset, cause, facts_of(record))
    ]
    return told


def _causes(ruleset: Ruleset, hook: str, facts: Facts) -> list[Cause]:
    try:
        return list(possible(ruleset, Hook(hook), facts).causes)
    except TooDeep:
        return []


def facts_of(record: Mapping[str, str]) -> Facts:
    """What a record says of its packets."""
    flags = int(record.get("tcp-flags") or 0)
    return Facts(
        family=4 if record.get("type") == "IPv4" else 6,
        protocol=int(record["protocol"]),
        source=int(ipaddress.ip_address(record["srcaddr"])),
        destination=int(ipaddress.ip_address(record["dstaddr"])),
        source_port=int(record["srcport"]),
        destination_port=int(record["dstport"]),
        flags=flags,
        flags_unknown=0 if record.get("packets") == "1" else flags,
    )


def revision_of(client: Client, name: str, at: int, node: str | None) -> Ruleset | None:
    """The revision of that name, or, where it is unknown, the one in force on the node; None if none is stored."""
    span = {"from": at - 2 * REPEAT_HOURS * 3600, "to": at + WINDOW_SECONDS}
    query = f"ruleset: {name}" if name != UNKNOWN else f'node: "{node}"' if node else ""
    if not query:
        return None
    try:
        rows = rows_of(client, (PROJECT, LOGSTORE), {**span, "query": query}, REVISION_ROWS_MAX).rows
    except ServerRefused:
        return None
    rows = [row for row in rows if int(row["since-ns"]) <= (at + 1) * 10**9 or name != UNKNOWN]
    if not rows:
        return None
    newest = max(rows, key=lambda row: int(row["since-ns"]))
    same = [row for row in rows if all(row[key] == newest[key] for key in ("node", "netns", "since-ns"))]
    try:
        listed = listing(same)
        return parse(listed.document, listed.text, listed.saved)
    except Unreadable:
        return None


def text_of(asked: Asked, told: list[dict[str, Any]]) -> list[str]:
    """The answer for a terminal."""
    when = datetime.fromtimestamp(asked.at, UTC).isoformat()
    said = [f"{asked.source} -> {asked.destination} protocol {asked.protocol} at {when}"]
    if not told:
        return [*said, "no record: the flow was not seen then, or no flow log covers its ENIs"]
    for one in told:
        span = f"{_clock(one['start'])} to {_clock(one['end'])}"
        said.append(f"{one['eni-id']} {one['direction']} {one['action']}: {one['packets']} packets, {span}")
        if one["action"] != "REJECT":
            continue
        said.append(f"  by {one['rule']} at hook {one['hook']} ({one['reject-reason']}), rule set {one['ruleset']}")
        if one.get("rule-text"):
            said.append(f"     {one['rule-text']}")
        said += [f"  can have been {rule}" for rule in one.get("possible-rules", ())]
        for near in one.get("nearest", ())[:1]:
            said.append(f"  would have passed by {near['rule']}: {near['text']}")
            said += [f"     but {missed}" for missed in near["missed"]]
    return said


def _clock(seconds: str) -> str:
    return datetime.fromtimestamp(int(seconds or 0), UTC).strftime("%H:%M:%S")


COMMANDS = (why,)
