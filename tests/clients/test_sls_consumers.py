"""Consumer groups as the unmodified ``aliyun-log-python-sdk`` uses them: its calls, and its ConsumerWorker."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack

import pytest
from aliyun.log import ListTopicsRequest, LogClient, LogException, LogItem, PutLogsRequest

from tests.clients import consuming

PROJECT, STORE, GROUP = "my-project", "flow_store", "readers"
SHARD_KEYS = ("0" * 32, "f" * 32)


@pytest.fixture
def client(service):
    """A client with a project and a logstore of two shards."""
    made = LogClient(service.endpoint, service.key.access_key_id, service.key.secret)
    made.create_project(PROJECT, "")
    made.create_logstore(PROJECT, STORE, ttl=7, shard_count=2)
    return made


def put(client, numbers):
    """One row per number, each a group of its own, in both shards by turns; returns their notes."""
    for number in numbers:
        row = [LogItem(int(time.time()), contents=[("note", f"row-{number}")])]
        client.put_logs(PutLogsRequest(PROJECT, STORE, "t", "s", row, hashKey=SHARD_KEYS[number % 2]))
    return {f"row-{number}" for number in numbers}


def read(path):
    """How often each note was read."""
    return Counter(line.split()[1] for line in path.read_text().splitlines()) if path.exists() else Counter()


def shards(path):
    return {line.split()[0] for line in path.read_text().splitlines()} if path.exists() else set()


def refused(call, *arguments):
    with pytest.raises(LogException) as error:
        call(*arguments)
    return error.value.get_error_code()


def access(service):
    return service.endpoint, service.key.access_key_id, service.key.secret


def test_groups_by_the_sdks_calls(client):
    client.create_consumer_group(PROJECT, STORE, GROUP, 40, True)
    assert refused(client.create_consumer_group, PROJECT, STORE, GROUP, 40) == "ConsumerGroupAlreadyExist"
    client.update_consumer_group(PROJECT, STORE, GROUP, timeout=60)
    client.update_consumer_group(PROJECT, STORE, GROUP, in_order=False)
    (group,) = client.list_consumer_group(PROJECT, STORE).get_consumer_groups()
    assert (group.get_consumer_group_name(), group.get_timeout(), group.is_in_order()) == (GROUP, 60, False)
    assert client.heart_beat(PROJECT, STORE, GROUP, "one", []).get_shards() == [0, 1]
    assert client.heart_beat(PROJECT, STORE, GROUP, "one", [0, 1]).get_shards() == [0, 1]
    assert refused(client.heart_beat, PROJECT, STORE, GROUP, "late", [0]) == "NotExistConsumerWithBody"
    client.delete_consumer_group(PROJECT, STORE, GROUP)
    assert client.list_consumer_group(PROJECT, STORE).get_count() == 0
    assert refused(client.delete_consumer_group, PROJECT, STORE, GROUP) == "ConsumerGroupNotExist"
    assert refused(client.create_consumer_group, PROJECT, STORE, "", 40) == "JsonInfoInvalid"
    assert refused(client.create_consumer_group, PROJECT, STORE, GROUP, 0) == "JsonInfoInvalid"
    assert refused(client.create_consumer_group, PROJECT, "absent", GROUP, 40) == "LogStoreNotExist"


def test_checkpoints_by_the_sdks_calls(client):
    client.create_consumer_group(PROJECT, STORE, GROUP, 40)
    never = [{"shard": shard, "checkpoint": "", "updateTime": 0, "consumer": ""} for shard in (0, 1)]
    assert client.get_check_point(PROJECT, STORE, GROUP).get_consumer_group_check_points() == never
    put(client, range(4))
    before = time.time()
    end = client.get_end_cursor(PROJECT, STORE, 1).get_cursor()
    client.update_check_point(PROJECT, STORE, GROUP, 1, end, "one")
    (saved,) = client.get_check_point(PROJECT, STORE, GROUP, 1).get_consumer_group_check_points()
    assert (saved["shard"], saved["checkpoint"], saved["consumer"]) == (1, end, "one")
    assert before <= saved["updateTime"] / 1e6 <= time.time()
    fixed = client.get_check_point_fixed(PROJECT, STORE, GROUP).get_consumer_group_check_points()
    assert fixed[0] == never[0]
    assert before - 1 <= fixed[1]["checkpoint_previous_cursor_time"] <= time.time()
    assert refused(client.update_check_point, PROJECT, STORE, GROUP, 1, "?", "one") == "InvalidShardCheckPoint"
    assert refused(client.update_check_point, PROJECT, STORE, GROUP, 7, end, "one") == "ShardNotExist"
    assert refused(client.update_check_point, PROJECT, STORE, GROUP, 1, end, "one", False) == "ConsumerNotExist"


def test_two_workers_share_the_shards_and_one_takes_over_when_the_other_is_killed(
    service, client, tmp_path, wait_until
):
    notes = {name: tmp_path / name for name in ("victim", "heir")}
    place = (PROJECT, STORE, GROUP)
    command = [sys.executable, consuming.__file__, *access(service), *place]
    with ExitStack() as running:
        processes = {}
        for name, path in notes.items():
            processes[name] = running.enter_context(subprocess.Popen([*command, name, str(path)]))
            running.callback(processes[name].kill)
        # Each reads one shard: what is put is read while they settle, so the shards are looked at after that.
        written = put(client, range(2))
        wait_until(lambda: all(client_holds(service, name) for name in notes), 15)
        first = {path: read(path) for path in notes.values()}
        written |= put(client, range(2, 10))
        wait_until(lambda: written == set(read(notes["victim"]) | read(notes["heir"])))
        fresh = {path: read(path) - first[path] for path in notes.values()}
        assert sorted(len({int(note[4:]) % 2 for note in each}) for each in fresh.values()) == [1, 1]
        written |= put(client, range(10, 20))
        wait_until(lambda: written == set(read(notes["victim"]) | read(notes["heir"])))
        processes["victim"].kill()
        processes["victim"].wait()
        secured = checkpointed(client)
        written |= put(client, range(20, 30))
        wait_until(lambda: written == set(read(notes["victim"]) | read(notes["heir"])), 15)
    total = read(notes["victim"]) + read(notes["heir"])
    assert secured
    assert {note: total[note] for note in secured} == dict.fromkeys(secured, 1)
    assert set(total) == written
    assert max(total.values()) <= 2


def client_holds(service, name):
    """True once the worker is the one that reads exactly one of the shards, as the catalog has it."""
    with service.desk.catalog.reading() as connection:
        found = connection.exec_driver_sql("SELECT owner, holder FROM consumer_claims").all()
    return [(name, name)] == [claim for claim in found if name in claim]


def checkpointed(client):
    """Notes of all rows before the group's checkpoints."""
    found = []
    for saved in client.get_check_point(PROJECT, STORE, GROUP).get_consumer_group_check_points():
        if saved["checkpoint"]:
            begin = client.get_begin_cursor(PROJECT, STORE, saved["shard"]).get_cursor()
            pulled = client.pull_logs(PROJECT, STORE, saved["shard"], begin, end_cursor=saved["checkpoint"])
            found += [row["note"] for row in pulled.get_flatten_logs_json_auto()]
    return set(found)


def test_nothing_is_read_twice_when_a_worker_joins_and_when_one_starts_again(service, client, tmp_path, wait_until):
    notes = tmp_path / "notes"
    place = (PROJECT, STORE, GROUP)
    workers = [consuming.worker(access(service), place, name, path=str(notes), always=True) for name in "ab"]
    try:
        workers[0].start()
        written = put(client, range(10))
        wait_until(lambda: written == set(read(notes)))
        workers[1].start()
        number = 10
        while not all(client_holds(service, name) for name in "ab"):
            written |= put(client, [number])
            number += 1
        wait_until(lambda: written == set(read(notes)))
    finally:
        stop(workers)
    written |= put(client, range(1000, 1010))
    again = consuming.worker(access(service), place, "c", path=str(notes), always=True)
    try:
        again.start()
        wait_until(lambda: written == set(read(notes)), 15)
    finally:
        stop([again])
    assert read(notes) == Counter(written)


def stop(workers):
    """Lets them end as their users do; one that was never started has nothing to end."""
    for worker in workers:
        worker.shutdown()
    for worker in workers:
        if worker.ident is not None:
            worker.join()


def test_topics_come_in_order_and_in_pages(service, client):
    topics = ["", "a", "b c", "it's", "ü/%20"]
    for topic in (*topics[::-1], "a"):
        client.put_logs(PutLogsRequest(PROJECT, STORE, topic, "s", [LogItem(int(time.time()), contents=[("n", "1")])]))
    answer = client.list_topics(ListTopicsRequest(PROJECT, STORE))
    assert (answer.get_topics(), int(answer.get_count()), answer.get_next_token()) == (topics, 5, "")
    found, token = [], None
    for _ in range(3):
        page = client.list_topics(ListTopicsRequest(PROJECT, STORE, token=token, line=2))
        found += page.get_topics()
        token = page.get_next_token()
    assert (found, token) == (topics, "")
    assert refused(client.list_topics, ListTopicsRequest(PROJECT, STORE, line=101)) == "InvalidLine"


def test_bodies_of_heartbeats_are_bare_arrays(service, client):
    client.create_consumer_group(PROJECT, STORE, GROUP, 40)
    path = f"/logstores/{STORE}/consumergroups/{GROUP}"

    def beat(body, consumer="one"):
        query = {"type": "heartbeat", "consumer": consumer}
        return service.send("POST", path, body, project=PROJECT, query=query)

    answer = beat(b"")
    assert (answer.status_code, answer.headers["content-type"], answer.json()) == (200, "application/json", [0, 1])
    assert beat(b"[0, 1, 0]").json() == [0, 1]
    for body in (b'{"shards": [0]}', b'["0"]', b"[-1]", b"[", b"\xff", b"[" * 100_000):
        assert (beat(body).status_code, beat(body).json()["errorCode"]) == (400, "ParameterInvalid")
    assert beat(b"[]", consumer="").json()["errorCode"] == "ParameterInvalid"
    for body in (b"{}", b'{"consumerGroup": "a/b", "timeout": 1}', b'{"consumerGroup": "a", "timeout": "x"}'):
        answer = service.send("POST", path.rpartition("/")[0], body, project=PROJECT)
        assert answer.status_code == 400
        assert answer.json()["errorCode"] == ("ParameterInvalid" if json.loads(body) == {} else "JsonInfoInvalid")
    assert service.send("POST", path, b"{}", project=PROJECT).json()["errorCode"] == "ParameterInvalid"
