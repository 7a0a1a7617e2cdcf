"""Flow records beside the lab's truth, count by count. Pure: no namespace is touched here.

What enters: the truth, the records of the lab's ENIs, and which ENI belongs to which guest. What leaves: one
``Comparison`` per count. Rule: every count is compared with ``==``; the records must cover all that was sent since the
lab came up, each ENI once (one flow log), whatever the number of windows: rows of one flow are added up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from weir.lab.facts import ACCEPT, REJECT, Row

SYN_ANSWER = 1
"""A SYN is answered before its server has a socket, so TCP_INFO of the server lacks that one segment."""

_PROTOCOL_NAMES = {1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMP"}

Key = tuple[int, str, int | None, str, int | None]
"""Protocol, source address and port, destination address and port; a port ``None`` stands for all."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One count: what the truth says and what the records say, in ``unit`` (packets or bytes)."""

    topic: str
    name: str
    unit: str
    expected: int
    recorded: int

    @property
    def equal(self) -> bool:
        """Whether both are the same."""
        return self.expected == self.recorded


@dataclass(frozen=True, slots=True)
class Summary:
    """All comparisons of one topic and unit: their number, both sums, and whether each single one is equal."""

    topic: str
    unit: str
    count: int
    expected: int
    recorded: int
    equal: bool


@dataclass(slots=True)
class _Amount:
    packets: int = 0
    bytes: int = 0

    def add(self, packets: int, nbytes: int) -> None:
        self.packets += packets
        self.bytes += nbytes


@dataclass(slots=True)
class _Flow:
    """All facts about one key: the same flow may have been sent in several rounds."""

    topic: str
    rows: tuple[Row, ...]
    rule: str | None
    sent: _Amount
    bytes_known: bool = True


class _Records:
    """Records added up per flow and kind of row; a flow is found by all its ports or by one of them."""

    def __init__(self, records: Iterable[Mapping[str, Any]], guest_of: Mapping[str, str]) -> None:
        self._flows: dict[Key, dict[Row, _Amount]] = defaultdict(lambda: defaultdict(_Amount))
        self.rejected = _Amount()
        for record in records:
            guest = guest_of.get(record["eni-id"])
            if guest is None or record["log-status"] != "OK":
                continue
            row = Row(guest, record["direction"], record["action"])
            packets, nbytes = int(record["packets"]), int(record["bytes"])
            protocol, sport, dport = (int(record[name]) for name in ("protocol", "srcport", "dstport"))
            src, dst = _address(record["srcaddr"]), _address(record["dstaddr"])
            if row.action == REJECT:
                self.rejected.add(packets, nbytes)
            for ports in ((sport, dport), (None, dport), (sport, None)):
                self._flows[protocol, src, ports[0], dst, ports[1]][row].add(packets, nbytes)

    def of(self, key: Key) -> Mapping[Row, _Amount]:
        """What was recorded of a flow, by kind of row."""
        return self._flows.get(key, {})


def compare(
    truth: Mapping[str, Any], records: Iterable[Mapping[str, Any]], guest_of: Mapping[str, str]
) -> list[Comparison]:
    """Every count of ``truth`` (see ``truth.truth``) beside ``records``.

    ``records`` are mappings with the fields of a flow record, numbers as integers or as text; ``guest_of`` maps an
    ``eni-id`` to the guest's name, other ENIs are left out. The order is that of the truth: flows as sent, connections,
    rules.
    """
    found = _Records(records, guest_of)
    flows = _flows(truth["senders"])
    comparisons: list[Comparison] = []
    for key, flow in flows.items():
        comparisons += _compare_flow(key, flow, found)
    comparisons += _compare_servers(truth["tcp"], found)
    comparisons += _compare_rules(truth["rules"], flows, found)
    return comparisons


def summary(comparisons: Iterable[Comparison]) -> list[Summary]:
    """One line per topic and unit, in order of appearance."""
    groups: dict[tuple[str, str], list[Comparison]] = defaultdict(list)
    for comparison in comparisons:
        groups[comparison.topic, comparison.unit].append(comparison)
    return [
        Summary(
            topic=topic,
            unit=unit,
            count=len(group),
            expected=sum(comparison.expected for comparison in group),
            recorded=sum(comparison.recorded for comparison in group),
            equal=all(comparison.equal for comparison in group),
        )
        for (topic, unit), group in groups.items()
    ]


def _flows(senders: Iterable[Mapping[str, Any]]) -> dict[Key, _Flow]:
    flows: dict[Key, _Flow] = {}
    for sent in senders:
        key = _key(sent["protocol"], (sent["src"], sent["sport"]), (sent["dst"], sent["dport"]))
        if key not in flows:
            topic = f"{_protocol(sent)} {sent['verdict']}, counted by {sent['counted_by']}"
            rows = tuple(Row(**row) for row in sent["rows"])
            flows[key] = _Flow(topic, rows, sent["rule"], _Amount())
        flows[key].sent.add(sent["packets"], sent["bytes"] or 0)
        flows[key].bytes_known &= sent["bytes"] is not None
    return flows


def _compare_flow(key: Key, flow: _Flow, found: _Records) -> list[Comparison]:
    """Each row the flow must make, nothing in any other, and out of one ENI what goes into the other."""
    rows = found.of(key)
    text = _text(key)
    comparisons = []
    for row in flow.rows:
        recorded = rows.get(row, _Amount())
        name = f"{text} {row.direction} {row.guest} {row.action}"
        comparisons.append(Comparison(flow.topic, name, "packets", flow.sent.packets, recorded.packets))
        if flow.bytes_known:
            comparisons.append(Comparison(flow.topic, name, "bytes", flow.sent.bytes, recorded.bytes))
    strays = sum(amount.packets for row, amount in rows.items() if row not in flow.rows)
    comparisons.append(Comparison("rows that must not be", text, "packets", 0, strays))
    if [row.action for row in flow.rows] == [ACCEPT, ACCEPT]:
        out, into = (rows.get(row, _Amount()) for row in flow.rows)
        name = f"{text} out of {flow.rows[0].guest} = into {flow.rows[1].guest}"
        comparisons.append(Comparison("out = in", name, "packets", out.packets, into.packets))
        comparisons.append(Comparison("out = in", name, "bytes", out.bytes, into.bytes))
    return comparisons


def _compare_servers(connections: Iterable[Mapping[str, Any]], found: _Records) -> list[Comparison]:
    """The accepting ends of connections; their opening ends are the witnesses of the flows."""
    there: dict[tuple[Key, Row], int] = defaultdict(int)
    back: dict[tuple[Key, Row], int] = defaultdict(int)
    for flow in connections:
        if flow["server_end"] is None:
            continue
        client, server = (flow["src"], flow["sport"]), (flow["dst"], flow["dport"])
        there[_key(6, client, server), Row(flow["server"], "in", ACCEPT)] += flow["server_end"]["segs_in"]
        back[_key(6, server, client), Row(flow["server"], "out", ACCEPT)] += flow["server_end"]["segs_out"] + SYN_ANSWER
    return [
        Comparison(
            topic="TCP_INFO of the server",
            name=f"{_text(key)} {row.direction} {row.guest}",
            unit="packets",
            expected=segments,
            recorded=found.of(key).get(row, _Amount()).packets,
        )
        for (key, row), segments in (*there.items(), *back.items())
    ]


def _compare_rules(rules: Iterable[Mapping[str, Any]], flows: Mapping[Key, _Flow], found: _Records) -> list[Comparison]:
    """Per rule what nftables dropped beside what is REJECT, and nothing of it in ACCEPT at the ENI that is charged."""
    comparisons = []
    dropped = _Amount()
    for rule in rules:
        rejected = _Amount()
        accepted = 0
        for key, flow in flows.items():
            if flow.rule != rule["comment"]:
                continue
            charged = {(row.guest, row.direction) for row in flow.rows if row.action == REJECT}
            for row, amount in found.of(key).items():
                if row.action == REJECT:
                    rejected.add(amount.packets, amount.bytes)
                elif (row.guest, row.direction) in charged:
                    accepted += amount.packets
        name = f"{rule['table']} {rule['chain']} {rule['comment']}"
        dropped.add(rule["packets"], rule["bytes"])
        comparisons += [
            Comparison("nftables drops = REJECT", name, "packets", rule["packets"], rejected.packets),
            Comparison("nftables drops = REJECT", name, "bytes", rule["bytes"], rejected.bytes),
            Comparison("nftables drops in ACCEPT", name, "packets", 0, accepted),
        ]
    name = "all rules = all REJECT"
    return [
        *comparisons,
        Comparison("nftables drops in total", name, "packets", dropped.packets, found.rejected.packets),
        Comparison("nftables drops in total", name, "bytes", dropped.bytes, found.rejected.bytes),
    ]


def _address(text: str) -> str:
    return str(ip_address(text))


def _key(protocol: int, source: tuple[str, int | None], target: tuple[str, int | None]) -> Key:
    return protocol, _address(source[0]), source[1], _address(target[0]), target[1]


def _protocol(sent: Mapping[str, Any]) -> str:
    return f"{_PROTOCOL_NAMES[sent['protocol']]} over IPv{ip_address(sent['src']).version}"


def _text(key: Key) -> str:
    protocol, src, sport, dst, dport = key
    ports = ["*" if port is None else str(port) for port in (sport, dport)]
    return f"{_PROTOCOL_NAMES[protocol]} {src} {ports[0]} > {dst} {ports[1]}"
