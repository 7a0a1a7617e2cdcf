"""The log service's door where something goes wrong behind it: what the client hears and what the log keeps."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from weir.contract import loggroup
from weir.contract.loggroup import Log, LogGroup
from weir.contract.sls_sign import Request, Signer, sign_v1
from weir.control.access import Key
from weir.control.accounts import first_start
from weir.control.catalog import Catalog
from weir.control.desk import Desk
from weir.control.keys import AccessKey, KeyRing
from weir.control.regions import Region
from weir.control.upkeep import round_of
from weir.doors.sls import SlsDoor
from weir.logstore.limits import Limits
from weir.logstore.manifest import Manifest
from weir.logstore.store import Store

BASE = "sls.local"


class Service:
    """A door over a store of its own that nothing seals, so that two rows are more than it takes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.catalog = Catalog(f"sqlite:///{root / 'catalog.db'}")
        self.keys = KeyRing(self.catalog, root / "key", time.monotonic)
        account = first_start(self.catalog, self.keys, time.time()).account_key
        assert account is not None
        self.key: AccessKey = account
        limits = Limits(tail_rows_max=1, backlog_wait_seconds=0.05)
        self.store = Store(root / "store", Manifest(self.catalog.engine), time.time, limits)
        self.desk = Desk(self.catalog, (Region("cn-hangzhou", BASE),), self.store, time.time, time.time())
        self.door = SlsDoor(self.desk, self.keys.secret_of, (BASE,))

    def send(self, method: str, path: str, body: bytes = b"", *, project: str = "my-project", kind: str = ""):
        headers = {"host": f"{project}.{BASE}" if project else BASE, "content-type": kind or "application/json"}
        bare = Request(method, path, (), headers, body)
        signed = sign_v1(bare, Signer(self.key.access_key_id, self.key.secret), time.time())

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.door)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{BASE}") as client:
                return await client.request(method, path, content=body, headers=signed)

        return asyncio.run(ask())

    def put(self, note: bytes):
        body = loggroup.encode(LogGroup([Log(int(time.time()), None, [(b"note", note)])]))
        return self.send("POST", "/logstores/flow-store/shards/lb", body, kind="application/x-protobuf")

    def close(self) -> None:
        self.store.stop()
        self.catalog.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """With a project and a logstore of one shard."""
    made = Service(tmp_path)
    created = made.send("POST", "/", json.dumps({"projectName": "my-project"}).encode(), project="")
    assert created.status_code == 200
    body = json.dumps({"logstoreName": "flow-store", "ttl": 1, "shardCount": 1}).encode()
    assert made.send("POST", "/logstores", body).status_code == 200
    yield made
    made.close()


def test_a_store_that_cannot_take_more_is_busy_and_the_cause_stays_inside(service, caplog):
    answers = [service.put(b"%d" % number) for number in range(4)]
    assert answers[0].status_code == 200
    busy = answers[-1]
    assert (busy.status_code, busy.json()["errorCode"]) == (503, "ServerBusy")
    assert busy.json()["errorMessage"] == "The server is busy, please try again later."
    assert busy.headers["x-log-requestid"] in caplog.text


def test_a_disk_at_its_reserve_refuses_rows_and_answers_readers(service):
    assert service.put(b"kept").status_code == 200
    service.store.stop()
    manifest = Manifest(service.catalog.engine)
    service.store = Store(service.root / "store", manifest, time.time, Limits(disk_reserve_bytes=2**62))
    service.desk = replace(service.desk, store=service.store)
    service.door = SlsDoor(service.desk, service.keys.secret_of, (BASE,))
    refused = service.put(b"refused")
    assert (refused.status_code, refused.json()["errorCode"]) == (403, "WriteQuotaExceed")
    shards = service.send("GET", "/logstores/flow-store/shards")
    assert (shards.status_code, len(shards.json())) == (200, 1)
    assert service.store.counters.refused_disk == 1


def test_a_bug_is_an_internal_error_with_its_request_id_in_the_log(service, caplog):
    def broken(access_key_id: str) -> Key | None:
        raise ZeroDivisionError(access_key_id)

    service.door = SlsDoor(service.desk, broken, (BASE,))
    with caplog.at_level(logging.ERROR):
        answer = service.send("GET", "/")
    assert (answer.status_code, answer.json()["errorCode"]) == (500, "InternalServerError")
    assert "ZeroDivision" not in answer.text
    assert answer.headers["x-log-requestid"] in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_logstore_that_a_crash_left_without_shards_is_made_whole_at_start(service):
    store_id = 1
    service.store.drop(store_id)
    assert service.put(b"lost").json()["errorCode"] == "LogStoreNotExist"
    round_of(service.desk)
    assert service.put(b"kept").status_code == 200
