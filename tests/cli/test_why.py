"""``weir why`` against a running server: the record, its rule in the revision in force, and the rule nearest to it."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from tests.clients import server as server_process
from weir.capture.nft import parse
from weir.capture.ruleset_rows import Recorder, table
from weir.capture.rulesets import Listing, Revision
from weir.cli import cli
from weir.cli.why import end_of
from weir.logstore.schema import PUT_SCHEMA
from weir.model.ledger import PROJECT
from weir.model.rulesets import LOGSTORE

SOURCE, DESTINATION = "10.9.0.1", "10.9.1.3"


def rule(handle: int, comment: str, *statements: Any) -> dict[str, Any]:
    place = {"family": "inet", "table": "t", "chain": "f", "handle": handle, "comment": comment}
    return {"rule": place | {"expr": list(statements)}}


def asks(protocol: str, field: str, right: Any) -> dict[str, Any]:
    return {"match": {"op": "==", "left": {"payload": {"protocol": protocol, "field": field}}, "right": right}}


LAN = {"prefix": {"addr": "10.0.0.0", "len": 8}}
WEB = {"set": [80, {"range": [443, 444]}]}
DOCUMENT = json.dumps(
    {
        "nftables": [
            {"table": {"family": "inet", "name": "t", "handle": 1}},
            {"chain": {"family": "inet", "table": "t", "name": "f", "handle": 1, "type": "filter", "hook": "forward",
                       "prio": 0, "policy": "drop"}},
            rule(2, "far", asks("ip", "saddr", "192.0.2.1"), asks("tcp", "dport", WEB), {"accept": None}),
            rule(3, "web", asks("ip", "saddr", LAN), asks("tcp", "dport", WEB), {"accept": None}),
            rule(4, "telnet", asks("tcp", "dport", 23), {"drop": None}),
            rule(5, "behind", asks("tcp", "dport", 23), {"accept": None}),
        ]
    }
)  # fmt: skip
TEXT = """table inet t { # handle 1
\tchain f { # handle 1
\t\ttype filter hook forward priority 0; policy drop;
\t\tip saddr 192.0.2.1 tcp dport { 80, 443-444 } accept comment "far" # handle 2
\t\tip saddr 10.0.0.0/8 tcp dport { 80, 443-444 } accept comment "web" # handle 3
\t\ttcp dport 23 drop comment "telnet" # handle 4
\t\ttcp dport 23 accept comment "behind" # handle 5
\t}
}
"""
RULESET = parse(DOCUMENT, TEXT)
TELNET = 'inet t f handle 4 "telnet"'


def record(eni: str, end: int, port: int, **more: str) -> dict[str, Any]:
    rejected = bool(more)
    return {
        "__time__": end - 1, "__source__": "log_service", "__topic__": "flow_log", "eni-id": eni, "type": "IPv4",
        "protocol": 6, "srcaddr": SOURCE, "srcport": 4711, "dstaddr": DESTINATION, "dstport": port,
        "direction": "in" if rejected else "out", "action": "REJECT" if rejected else "ACCEPT", "packets": 1,
        "bytes": 60, "start": end - 60, "end": end, "tcp-flags": 2, "log-status": "OK", "__extra__": list(more.items()),
    }  # fmt: skip


def payload(rows: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return sink.getvalue()


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[str], int]]:
    """(options of the client, end of the window) of a server that holds two flows and one revision."""
    data: Path = tmp_path_factory.mktemp("why")
    with server_process.running(data) as server:
        client, end = server.client(), int(time.time()) // 60 * 60
        known = {"reject-reason": "NETFILTER_DROP", "hook": "forward", "ruleset": RULESET.revision}
        rows = [
            record("eni-a", end, 23),
            record("eni-c", end, 23, rule=TELNET, **known),
            record("eni-c", end, 22, rule="inet t f policy drop", **known),
        ]
        schema = pa.schema([field for field in PUT_SCHEMA if field.name in rows[0]])
        made = pa.Table.from_pylist(rows, schema=schema)
        client.put_arrow(server_process.PROJECT, server_process.LOG_STORE, payload(made), "records")
        index = {"keys": {name: {"type": "text", "token": []} for name in ("srcaddr", "dstaddr")}, "line": None}
        store = f"/logstores/{server_process.LOG_STORE}"
        client.sls("POST", f"{store}/index", server_process.PROJECT, body=json.dumps(index).encode())
        revision = Revision(7, (end - 3600) * 10**9, 0, RULESET, Listing(DOCUMENT, TEXT))
        kept = table(revision, Recorder("n1", ""), (end - 3600) * 10**9)
        client.put_arrow(PROJECT, LOGSTORE, payload(kept), "revision")
        options = ["--endpoint", f"http://{server.address}", "--access-key-id", server.key[0]]
        options += ["--access-key-secret", server.key[1], "--region", server_process.REGION]
        yield [*options, "--store", f"{server_process.PROJECT}/{server_process.LOG_STORE}"], end


def why(asked: tuple[list[str], int], *words: str) -> str:
    options, end = asked
    done = CliRunner().invoke(cli, ["why", *words, "--at", str(end - 30), *options])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_drop_by_a_rule(asked: tuple[list[str], int]) -> None:
    said = json.loads(why(asked, SOURCE, f"{DESTINATION}:23", "--format", "json"))["records"]
    assert [(one["eni-id"], one["action"]) for one in said] == [("eni-a", "ACCEPT"), ("eni-c", "REJECT")]
    dropped = said[1]
    assert (dropped["rule"], dropped["hook"], dropped["ruleset"]) == (TELNET, "forward", RULESET.revision)
    assert dropped["rule-text"] == 'tcp dport 23 drop comment "telnet"'
    assert [(near["rule"], near["missed"]) for near in dropped["nearest"]] == [
        ('inet t f handle 3 "web"', ["tcp dport is 23, the rule wants { 80, 443-444 }"]),
        (
            'inet t f handle 2 "far"',
            ["ip saddr is 10.9.0.1, the rule wants 192.0.2.1", "tcp dport is 23, the rule wants { 80, 443-444 }"],
        ),
    ]


def test_a_drop_by_policy_as_text(asked: tuple[list[str], int]) -> None:
    said = why(asked, f"{SOURCE}:4711", f"{DESTINATION}:22")
    assert "by inet t f policy drop at hook forward (NETFILTER_DROP)" in said
    assert "would have passed by inet t f handle 3" in said
    assert "but tcp dport is 22" in said


def test_a_flow_that_was_not_seen(asked: tuple[list[str], int]) -> None:
    assert "no record" in why(asked, SOURCE, f"{DESTINATION}:25")
    assert "no record" in why(asked, SOURCE, f"{DESTINATION}:23", "--proto", "udp")


def test_ends_are_written_as_usual() -> None:
    assert [str(end_of(text)) for text in ("10.0.0.1", "10.0.0.1:80", "fd00::1", "[fd00::1]:80")] == [
        "10.0.0.1",
        "10.0.0.1:80",
        "fd00::1",
        "[fd00::1]:80",
    ]
