"""A client that goes away in the middle of its query: the query ends, and its turn is free for the next one."""

from __future__ import annotations

import json
import socket
import time

import pytest

from tests.waiting import until
from weir.contract.sls_sign import Request, Signer, sign_v1
from weir.control.projects import ensure_flow_index
from weir.logstore.duck import DuckEngine
from weir.logstore.engine import Limits

PROJECT, STORE = "my-project", "flow-store"
SLOW = "* | select count(*) from " + ", ".join(f"unnest(sequence(1, 10000)) as t{n}(x{n})" for n in range(4))
JSON = {"content-type": "application/json"}


@pytest.fixture
def engine():
    """One query at a time, and none would end by itself while the test runs."""
    return DuckEngine(Limits(seconds_max=3600.0, running_max=1))


@pytest.fixture
def service(service):
    """The server with a logstore that is indexed."""
    service.send("POST", "/", json.dumps({"projectName": PROJECT}).encode(), headers=JSON)
    body = json.dumps({"logstoreName": STORE, "ttl": 3, "shardCount": 1}).encode()
    assert service.send("POST", "/logstores", body, project=PROJECT, headers=JSON).status_code == 200
    with service.desk.catalog.writing() as connection:
        ensure_flow_index(connection, (PROJECT, STORE), int(time.time()))
    return service


def asking(service, text):
    """A connection on which a query was sent, its answer not waited for."""
    now = int(time.time())
    body = json.dumps({"from": now - 60, "to": now, "query": text}).encode()
    bare = Request("POST", f"/logstores/{STORE}/logs", (), {"host": f"{PROJECT}.sls.local", **JSON}, body)
    signed = sign_v1(bare, Signer(service.key.access_key_id, service.key.secret, "cn-hangzhou"), time.time())
    lines = [f"{name}: {value}" for name, value in (signed | {"content-length": str(len(body))}).items()]
    connection = socket.create_connection(("127.0.0.1", service.port))
    connection.sendall(f"POST {bare.path} HTTP/1.1\r\n".encode() + "\r\n".join([*lines, "", ""]).encode() + body)
    return connection


def test_a_query_ends_with_its_connection(service, engine):
    running, waiting = asking(service, SLOW), asking(service, SLOW)
    until(lambda: engine.running == 1, 60, "the query runs")
    waiting.close()
    running.close()
    until(lambda: engine.running == 0, 60, "the query has ended")
    now = int(time.time())
    body = json.dumps(
        {"from": now - 60, "to": now, "query": "* | select 1 as x from unnest(array[1]) as t(y)"}
    ).encode()
    answer = service.send("POST", f"/logstores/{STORE}/logs", body, project=PROJECT, headers=JSON)
    assert answer.json()["data"] == [{"x": "1"}]
