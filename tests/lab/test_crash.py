"""``kill -9`` of the server, then of the agent, in the middle of a window and of a delivery.

Rule under test: what was acknowledged is there exactly once, what was spooled arrives, and as long as the agent lives
nothing that was sent is missing.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from alibabacloud_vpc20160428.models import CreateFlowLogRequest, OpenFlowLogServiceRequest

from tests.lab.stage import PROJECT, REGION, Stage
from tests.waiting import until
from weir.capture.window import next_boundary_s
from weir.cli.ledgers import row_of, unexplained
from weir.cli.queries import rows_of
from weir.cli.worlds import declare_lab
from weir.lab import traffic
from weir.lab.compare import compare
from weir.lab.senders import Pair, udp
from weir.lab.topology import Lab
from weir.lab.truth import truth
from weir.model.fields import NAMES, TOPIC

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
STORE = "records"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = Stage(Path(tmp_path_factory.mktemp("crash")), Lab(f"wtc{os.getpid()}"))
    try:
        made.lab.up()
        made.start_server()
        made.start_agent()
        world = declare_lab(made.client(), made.place, made.lab.description())
        made.enis.update(world["enis"])
        made.sls().create_project(PROJECT, "crash")
        made.sls().create_logstore(PROJECT, STORE, ttl=1)
        vpc = made.acs3()
        vpc.open_flow_log_service(OpenFlowLogServiceRequest(region_id=REGION))
        request = CreateFlowLogRequest(
            region_id=REGION,
            resource_type="VPC",
            resource_id=world["vpc"],
            traffic_type="All",
            ip_version="DualStack",
            project_name=PROJECT,
            log_store_name=STORE,
            aggregation_interval=1,
        )
        flow_log_id = vpc.create_flow_log(request).body.flow_log_id
        until(lambda: made.status(flow_log_id) == "Active", 30, "Active")
        yield made
    finally:
        made.close()


def spooled(stage: Stage) -> list[Path]:
    return sorted((stage.data / "spool").glob("*.arrow"))


def in_flight(stage: Stage, boundary_s: int) -> list[Path]:
    """Freezes the server just before the window closes; returns the batches that the agent now tries to deliver."""
    assert stage.server is not None
    until(lambda: time.time() > boundary_s - 2, 70, "shortly before the boundary")
    stage.server.send_signal(signal.SIGSTOP)
    return list(until(lambda: spooled(stage), 30, "the window spooled\n" + stage.log_text()))


def ledger(stage: Stage, since: int) -> list[Mapping[str, Any]]:
    asked = {"from": since, "to": int(time.time()) + 60, "query": "*"}
    with closing(stage.client()) as client:
        return [row_of(said) for said in rows_of(client, ("weir", "ledger"), asked, 1000).rows]


def keys(rows: list[dict[str, str]]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(row.get(name) or "" for name in NAMES) for row in rows)


def test_a_killed_server_loses_and_doubles_nothing(stage: Stage) -> None:
    since, stop = int(time.time()) - 60, threading.Event()
    boundary_s = next_boundary_s(time.time_ns())
    sender = threading.Thread(target=traffic.steady, args=(stage.lab, 180, stop))
    sender.start()
    try:
        in_flight(stage, boundary_s)
        stage.kill("server")
        until(lambda: time.time() > boundary_s + 5, 30, "the next window has begun")
    finally:
        stop.set()
        sender.join()
    assert spooled(stage)
    stage.start_server()
    until(lambda: not spooled(stage), 30, "the spool drained\n" + stage.log_text())
    sent = time.time()
    until(lambda: stage.covered(STORE, sent), 100, "the last window\n" + stage.log_text())
    guest_of = {eni: guest for guest, eni in stage.enis.items()}
    rows = [row for row in stage.rows(STORE, since) if row["log-status"] == "OK"]
    assert set(keys(rows).values()) == {1}
    assert [count for count in compare(truth(stage.lab), rows, guest_of) if not count.equal] == []


def test_a_killed_agents_spool_arrives_once(stage: Stage) -> None:
    since = int(time.time()) - 60
    udp(stage.lab, Pair("a", "b", 4), 9801, count=5, size=100)
    boundary_s = next_boundary_s(time.time_ns())
    batches = in_flight(stage, boundary_s)
    waiting = [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for path in batches
        for row in pa.ipc.open_stream(path.read_bytes()).read_all().to_pylist()
        if row["__topic__"] == TOPIC
    ]
    stage.kill("agent")
    assert stage.server is not None
    stage.server.send_signal(signal.SIGCONT)
    stage.start_agent()
    until(lambda: not spooled(stage), 30, "the spool drained\n" + stage.log_text())
    stored = [row for row in stage.rows(STORE, since) if int(row["__time__"]) + 1 == boundary_s]
    assert keys(stored) == keys(waiting)
    until(lambda: all(stage.is_captured(guest) for guest in "abc"), 30, "captured again")
    udp(stage.lab, Pair("a", "b", 4), 9802, count=9, size=100)
    sent = time.time()
    until(lambda: stage.covered(STORE, sent), 100, "the window after\n" + stage.log_text())
    after = [row for row in stage.rows(STORE, since, "dstport: 9802") if row["log-status"] == "OK"]
    assert sorted((row["direction"], row["packets"]) for row in after) == [("in", "9"), ("out", "9")]
    books = ledger(stage, since)
    assert [row for row in books if unexplained(row)] == []
    begun_late = [row for row in books if row["start"] == boundary_s]
    assert {row["eni-id"] for row in begun_late} == set(stage.enis.values())
    assert all(row["status"] == "partial" and 0 < row["covered-seconds"] < 60 for row in begun_late)
