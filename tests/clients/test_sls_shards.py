"""Shards that are split and merged, as the unmodified ``aliyun-log-python-sdk`` and ``aliyunlog`` see it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aliyun.log import LogClient, LogException, LogItem, PutLogsRequest

PROJECT, STORE, GROUP = "my-project", "flow_store", "readers"
LOW, MIDDLE, HIGH = "0" * 32, "8" + "0" * 31, "f" * 32


@pytest.fixture
def client(service):
    """A client with a project and a logstore of one shard."""
    made = LogClient(service.endpoint, service.key.access_key_id, service.key.secret)
    made.create_project(PROJECT, "")
    made.create_logstore(PROJECT, STORE, ttl=7, shard_count=1)
    return made


def put(client, note, key):
    row = [LogItem(int(time.time()), contents=[("note", note)])]
    client.put_logs(PutLogsRequest(PROJECT, STORE, "t", "s", row, hashKey=key))


def notes(client, shard):
    found = []
    for part in client.pull_log(PROJECT, STORE, shard, int(time.time()) - 60, int(time.time()) + 60):
        found += [row["note"] for row in part.get_flatten_logs_json_auto()]
    return found


def states(response):
    return [(one["shardID"], one["status"]) for one in response.get_shards_info()]


def test_split_and_merge_by_the_sdk(client):
    put(client, "a", LOW)
    split = client.split_shard(PROJECT, STORE, 0, MIDDLE)
    assert states(split) == [(0, "readonly"), (1, "readwrite"), (2, "readwrite")]
    put(client, "b", LOW)
    put(client, "c", HIGH)
    assert client.get_logstore(PROJECT, STORE).shard_count == 2
    assert states(client.merge_shard(PROJECT, STORE, 1)) == [(3, "readwrite"), (1, "readonly"), (2, "readonly")]
    put(client, "d", HIGH)
    assert [notes(client, shard) for shard in range(4)] == [["a"], ["b"], ["c"], ["d"]]
    assert client.get_logstore(PROJECT, STORE).shard_count == 1
    for call in (
        lambda: client.split_shard(PROJECT, STORE, 0, MIDDLE),
        lambda: client.split_shard(PROJECT, STORE, 3, LOW),
        lambda: client.merge_shard(PROJECT, STORE, 3),
    ):
        with pytest.raises(LogException) as refused:
            call()
        assert refused.value.get_error_code() == "ParameterInvalid"
    with pytest.raises(LogException) as refused:
        client.split_shard(PROJECT, STORE, 9, MIDDLE)
    assert refused.value.get_error_code() == "ShardNotExist"


@pytest.mark.parametrize("in_order", [True, False])
def test_a_group_goes_on_over_the_new_shards(client, in_order):
    client.create_consumer_group(PROJECT, STORE, GROUP, 60, in_order)
    put(client, "a", LOW)

    def given(held):
        return client.heart_beat(PROJECT, STORE, GROUP, "one", held).get_shards()

    assert given([]) == [0]
    client.split_shard(PROJECT, STORE, 0, MIDDLE)
    assert given([0]) == ([0] if in_order else [0, 1, 2])
    end = client.get_end_cursor(PROJECT, STORE, 0).get_cursor()
    client.update_check_point(PROJECT, STORE, GROUP, 0, end, "one")
    assert given([0]) == [1, 2]  # the old one is read to its end
    client.merge_shard(PROJECT, STORE, 1)
    assert given([1, 2]) == [3]  # nothing was ever in the two
    saved = client.get_check_point(PROJECT, STORE, GROUP).get_consumer_group_check_points()
    assert [one["checkpoint"] for one in saved] == [end, "", "", ""]


def test_the_command_line_tool(service, client):
    """``aliyunlog`` creates, lists, splits, searches and pulls (it has no put); a page of an answer is a line."""
    environment = {**os.environ, "ALIYUN_LOG_CLI_SIGN_VERSION": "v1"}

    def say(*words):
        access = [f"--access-id={service.key.access_key_id}", f"--access-key={service.key.secret}"]
        tool = Path(sys.executable).with_name("aliyunlog")
        command = [str(tool), "log", *words, *access, f"--region-endpoint={service.endpoint}"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr + done.stdout
        return [json.loads(line) for line in done.stdout.splitlines()]

    place = [f"--project_name={PROJECT}", f"--logstore_name={STORE}"]
    say("create_logstore", f"--project_name={PROJECT}", "--logstore_name=second", "--ttl=1", "--shard_count=3")
    assert say("list_logstore", place[0])[0]["logstores"] == [STORE, "second"]
    index = {"keys": {"note": {"type": "text", "token": [","], "doc_value": True, "caseSensitive": False}}}
    say("create_index", *place, f"--index_detail={json.dumps(index)}")
    put(client, "a", LOW)
    split = say("split_shard", *place, "--shardId=0", f"--split_hash={MIDDLE}")[0]
    assert [one["status"] for one in split] == ["readonly", "readwrite", "readwrite"]
    put(client, "b", HIGH)
    span = [f"--from_time={int(time.time()) - 600}", f"--to_time={int(time.time()) + 60}"]
    where = [f"--project={PROJECT}", f"--logstore={STORE}"]
    found = [row["note"] for page in say("get_log_all", *where, *span, "--query=*") for row in page]
    assert sorted(found) == ["a", "b"]
    pulled = say("pull_log", *place, "--shard_id=2", *span)
    assert "note" in json.dumps(pulled)
