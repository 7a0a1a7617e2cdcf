"""Delivery: what is acknowledged leaves the disk, what is refused for good gives way, and how the last batch ended."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pytest

from tests.waiting import until
from weir.capture.delivery import Delivery
from weir.capture.spool import Spool, Target
from weir.client import Client
from weir.contract.sign import Credentials

TARGETS = frozenset({("p", "one"), ("p", "two")})


class LogService(BaseHTTPRequestHandler):
    """Answers each logstore with the code set for it; a logstore without one takes everything."""

    codes: dict[str, str] = {}  # noqa: RUF012
    taken: list[str] = []  # noqa: RUF012

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        logstore = self.path.split("/")[2]
        code = self.codes.get(logstore, "")
        body = json.dumps({"errorCode": code, "errorMessage": "no"} if code else {}).encode()
        if not code:
            self.taken.append(logstore)
        self.send_response(400 if code else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@pytest.fixture
def service() -> Iterator[ThreadingHTTPServer]:
    LogService.codes, LogService.taken = {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), LogService)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def delivery(service: ThreadingHTTPServer, tmp_path: Path) -> Iterator[Delivery]:
    client = Client(f"http://127.0.0.1:{service.server_port}", Credentials("key", "secret", "cn-hangzhou"))
    made = Delivery(Spool(tmp_path), client)
    made.start()
    yield made
    made.stop()
    client.close()


def give(delivery: Delivery, logstore: str, batch: str) -> None:
    delivery.spool.keep(pa.table({"packets": [1]}), Target("p", logstore, batch))
    delivery.wake()


def test_a_batch_for_a_logstore_that_is_gone_gives_way(delivery: Delivery) -> None:
    LogService.codes["one"] = "LogStoreNotExist"
    give(delivery, "one", "a")
    give(delivery, "two", "b")
    until(lambda: LogService.taken == ["two"] and delivery.spool.batches == 0, seconds=10)
    assert delivery.undelivered(TARGETS) == {("p", "one"): "LogStoreNotExist"}
    assert delivery.counted.rows_refused == 1


def test_the_trouble_is_over_with_the_next_batch_taken(delivery: Delivery) -> None:
    LogService.codes["one"] = "Unauthorized"
    give(delivery, "one", "a")
    until(lambda: delivery.undelivered(TARGETS) == {("p", "one"): "Unauthorized"}, seconds=10)
    assert delivery.spool.batches == 1, "it may be allowed later"
    LogService.codes.clear()
    until(lambda: delivery.spool.batches == 0, seconds=10)
    assert delivery.undelivered(TARGETS) == {}


def test_targets_of_no_flow_log_are_forgotten(delivery: Delivery) -> None:
    LogService.codes["one"] = "ProjectNotExist"
    give(delivery, "one", "a")
    until(lambda: bool(delivery.undelivered(TARGETS)), seconds=10)
    assert delivery.undelivered(frozenset({("p", "two")})) == {}
    assert delivery.undelivered(TARGETS) == {}


def test_a_server_that_does_not_answer(tmp_path: Path, service: ThreadingHTTPServer) -> None:
    client = Client("http://127.0.0.1:1", Credentials("key", "secret", "cn-hangzhou"))
    made = Delivery(Spool(tmp_path / "spool"), client)
    made.start()
    give(made, "one", "a")
    until(lambda: made.undelivered(TARGETS) == {("p", "one"): "Unreachable"}, seconds=10)
    made.stop()
    client.close()
