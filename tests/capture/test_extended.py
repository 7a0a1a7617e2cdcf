"""The whole of it, without a server: packets of real processes become records with the fields that are named."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

from tests.capture.conftest import Books, Vpc
from tests.waiting import until
from weir.capture.extended import extended_fields
from weir.capture.lifetimes import TICKS_NS
from weir.capture.path import Route
from weir.capture.roster import Eni, FlowLog, Roster
from weir.capture.share import Keep, Labels
from weir.capture.window import Drained, Windows
from weir.model.fields import EXTENDED_NAMES, NAMES
from weir.model.paths import PathKind
from weir.model.resources import Side, TrafficType

SECOND_NS = 1_000_000_000
EVERYTHING = Keep(TrafficType.ALL, dual_stack=True, fields=frozenset({*NAMES, *EXTENDED_NAMES}))
BEHIND_C = Keep(TrafficType.ALL, dual_stack=True, paths=frozenset({PathKind.VPN_GATEWAY}))
PLAIN = Keep(TrafficType.ALL, dual_stack=True)
NAT = """
table ip nat {
  chain pre { type nat hook prerouting priority dstnat;
    ip daddr 10.9.9.9 tcp dport 80 dnat to 10.9.1.3:8080
  }
}
"""


def record_of(row: dict[str, Any]) -> dict[str, Any]:
    """A record as its reader sees it: columns and pairs together, nothing absent."""
    pairs = dict(row.pop("__extra__", None) or ())
    return {name: value for name, value in (row | pairs).items() if value is not None}


@pytest.mark.root
def test_every_named_field_and_no_other_reaches_the_record(vpc: Vpc, books: Books) -> None:
    vpc.nft(NAT)
    logs = tuple(
        FlowLog(name, 1, keep, "flows", name)
        for name, keep in (("all", EVERYTHING), ("vpn", BEHIND_C), ("plain", PLAIN))
    )
    labels = Labels("100", "eni-a", "-", "vsw-1", "vpc-1")
    routes = (Route(PathKind.INSTANCE, "10.9.0.0/24"), Route(PathKind.VPN_GATEWAY, device=vpc.c.device))
    eni = Eni(labels, "g", vpc.a.device, Side.BEHIND, (vpc.a.ipv4,), logs, routes)
    extended = extended_fields(vpc.host, time.time_ns)
    roster = Roster(extended.attributions, extended.behind)
    with ExitStack() as stack:
        for watcher in extended.watchers:
            stack.callback(watcher.close)
            watcher.watch((eni.watched(),))
        begun_ns = time.time_ns()
        until(lambda: time.time_ns() > begun_ns + 2 * TICKS_NS, 10, "rows are told from those before")
        windows = Windows(begun_ns)
        roster.attached("eni-a", vpc.a.ifindex)
        roster.subscribe((eni,), begun_ns)
        port = _speak(vpc)
        _speak(vpc, to=("10.9.1.3", 8080))
        drained = books.kernel.drain()
        for watcher in extended.watchers:
            watcher.drained(drained.until_ns)
        rows, _ = roster.book(drained.flows)
        windows.add(Drained(rows[np.isin(rows["proto"], (1, 6))], {}, drained.until_ns))
        tables: dict[str, list[dict[str, Any]]] = {}
        for window in (one for one in windows.finish() if one.interval_minutes == 1):
            for delivery in roster.deliveries(window):
                tables.setdefault(delivery.logstore, []).extend(map(record_of, delivery.table.to_pylist()))
    asked = next(one for one in tables["all"] if one["srcport"] == port)
    names = ("pkt-srcaddr", "pkt-dstaddr", "initiator", "traffic_path")
    assert [asked[name] for name in names] == ["10.9.0.1", "10.9.1.3", "source", 0]
    assert {"pid", "comm", "rtt-us", "retransmits"} <= asked.keys()
    assert {(one["srcaddr"], one["dstaddr"], one["traffic_path"]) for one in tables["vpn"]} == {
        ("10.9.0.1", "10.9.1.3", 9), ("10.9.1.3", "10.9.0.1", 9),
    }  # fmt: skip
    assert not any(set(one) & set(EXTENDED_NAMES) for one in tables["plain"] + tables["vpn"])
    assert len(tables["plain"]) == len(tables["all"]) == 4


def _speak(vpc: Vpc, to: tuple[str, int] = ("10.9.9.9", 80)) -> int:
    """One connection from a to c, closed again; returns a's port."""
    with (
        vpc.c.socket(socket.AF_INET, socket.SOCK_STREAM) as listener,
        vpc.a.socket(socket.AF_INET, socket.SOCK_STREAM) as caller,
    ):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("10.9.1.3", 8080))
        listener.listen()
        caller.settimeout(10)
        caller.connect(to)
        with listener.accept()[0] as answerer:
            answerer.settimeout(10)
            caller.sendall(b"ask")
            assert answerer.recv(3) == b"ask"
            return int(caller.getsockname()[1])
