"""The log service as the unmodified ``aliyun-log-python-sdk`` sees it, over HTTP on loopback."""

from __future__ import annotations

import time

import pytest
from aliyun.log import (
    IndexConfig,
    IndexKeyConfig,
    IndexLineConfig,
    ListLogstoresRequest,
    LogClient,
    LogException,
    LogItem,
    PutLogsRequest,
)
from aliyun.log.auth import AUTH_VERSION_1, AUTH_VERSION_4

PROJECT, STORE = "my-project", "flow_store"


def client_of(service, version=AUTH_VERSION_1, secret=None):
    return LogClient(
        service.endpoint,
        service.key.access_key_id,
        secret or service.key.secret,
        auth_version=version,
        region="cn-hangzhou",
    )


@pytest.fixture(params=[AUTH_VERSION_1, AUTH_VERSION_4])
def client(service, request):
    """A client with a project and a logstore of two shards."""
    made = client_of(service, request.param)
    made.create_project(PROJECT, "first")
    made.create_logstore(PROJECT, STORE, ttl=7, shard_count=2)
    return made


def flow(number, now):
    """One record; every third was rejected."""
    return {
        "version": "1",
        "eni-id": f"eni-{number % 3}",
        "srcaddr": f"10.0.0.{number % 5}",
        "dstaddr": "192.168.1.9",
        "dstport": "443",
        "protocol": "6",
        "packets": "3",
        "bytes": str(100 + number),
        "start": str(now - 60),
        "end": str(now),
        "action": "REJECT" if number % 3 == 0 else "ACCEPT",
        "log-status": "OK",
        "note": f"row {number}",
    }


def put(client, rows, now, **options):
    items = [LogItem(now, contents=list(row.items())) for row in rows]
    client.put_logs(PutLogsRequest(PROJECT, STORE, "flow_log", "log_service", items, **options))


def contents(pulled):
    """The rows of PullLogResponses, without what the service adds."""
    return [
        {key: value for key, value in row.items() if not key.startswith("__")}
        for response in pulled
        for row in response.get_flatten_logs_json_auto()
    ]


def pulled_from_all_shards(client):
    found = []
    for shard in (0, 1):
        begin = client.get_begin_cursor(PROJECT, STORE, shard).get_cursor()
        found += contents([client.pull_logs(PROJECT, STORE, shard, begin)])
    return found


def by_note(rows):
    return sorted(rows, key=lambda row: row["note"])


@pytest.mark.parametrize("service", ["httptools", "h11"], indirect=True)
def test_projects_and_logstores_live_and_die(client):
    assert client.get_project(PROJECT).get_description() == "first"
    assert [one["projectName"] for one in client.list_project().get_projects()] == [PROJECT]
    store = client.get_logstore(PROJECT, STORE)
    assert (store.logstore_name, store.ttl, store.shard_count) == (STORE, 7, 2)
    client.update_logstore(PROJECT, STORE, ttl=30)
    assert client.get_logstore(PROJECT, STORE).ttl == 30
    assert client.list_logstores(ListLogstoresRequest(PROJECT)).get_logstores() == [STORE]
    client.delete_logstore(PROJECT, STORE)
    assert client.list_logstore(PROJECT).get_logstores() == []
    client.delete_project(PROJECT)
    assert client.list_project().get_count() == 0


def test_an_index_is_given_back_as_it_was_made(client):
    index = IndexConfig(
        line_config=IndexLineConfig([",", " "]),
        key_config_list={
            "bytes": IndexKeyConfig(index_type="long", doc_value=True),
            "srcaddr": IndexKeyConfig([","], index_type="text", doc_value=True),
        },
    )
    with pytest.raises(LogException) as missing:
        client.get_index_config(PROJECT, STORE)
    assert missing.value.get_error_code() == "IndexConfigNotExist"
    client.create_index(PROJECT, STORE, index)
    found = client.get_index_config(PROJECT, STORE).get_index_config()
    assert sorted(found.key_config_list) == ["bytes", "srcaddr"]
    assert found.line_config.token_list == [",", " "]
    client.update_index(PROJECT, STORE, index)
    client.delete_index(PROJECT, STORE)
    with pytest.raises(LogException):
        client.delete_index(PROJECT, STORE)


@pytest.mark.parametrize(
    "options", [{}, {"compress": False}, {"compress_type": "zstd"}, {"compress_type": "lz4"}, {"hashKey": "e" * 32}]
)
def test_what_is_put_is_pulled_character_by_character(client, options):
    now = int(time.time())
    rows = [flow(number, now) for number in range(50)]
    rows[0] |= {"bytes": "-", "packets": "007", "note": "row 0 ü 流量 \u0000"}
    put(client, rows, now, **options)
    assert by_note(pulled_from_all_shards(client)) == by_note(rows)


def test_a_hash_key_chooses_the_shard(client):
    now = int(time.time())
    put(client, [flow(1, now)], now, hashKey="0" * 32)
    put(client, [flow(2, now)], now, hashKey="f" * 32)
    per_shard = []
    for shard in (0, 1):
        begin = client.get_begin_cursor(PROJECT, STORE, shard).get_cursor()
        per_shard.append([row["note"] for row in contents([client.pull_logs(PROJECT, STORE, shard, begin)])])
    assert per_shard == [["row 1"], ["row 2"]]


def test_tags_topic_and_source_come_back(client):
    now = int(time.time())
    put(client, [flow(1, now)], now, logtags=[("__pack_id__", "A-1"), ("host", "h")])
    group = None
    for shard in (0, 1):
        begin = client.get_begin_cursor(PROJECT, STORE, shard).get_cursor()
        response = client.pull_logs(PROJECT, STORE, shard, begin)
        if response.get_loggroup_count():
            group = response.get_loggroup_list().LogGroups[0]
    assert (group.Topic, group.Source) == ("flow_log", "log_service")
    assert [(tag.Key, tag.Value) for tag in group.LogTags] == [("__pack_id__", "A-1"), ("host", "h")]


@pytest.mark.parametrize("accept", ["lz4", "zstd", "gzip", ""])
def test_pulling_by_cursor_stops_exactly_at_the_end(client, accept):
    now = int(time.time())
    for number in range(6):
        put(client, [flow(number, now)], now, hashKey="0" * 32)
    begin = client.get_begin_cursor(PROJECT, STORE, 0).get_cursor()
    end = client.get_end_cursor(PROJECT, STORE, 0).get_cursor()
    options = {"accept_compress_type": accept} if accept else {"compress": False}
    first = client.pull_logs(PROJECT, STORE, 0, begin, count=2, **options)
    assert (first.get_loggroup_count(), first.get_log_count()) == (2, 2)
    rest = client.pull_logs(PROJECT, STORE, 0, first.get_next_cursor(), end_cursor=end, **options)
    assert (rest.get_loggroup_count(), rest.get_next_cursor()) == (4, end)
    nothing = client.pull_logs(PROJECT, STORE, 0, end, **options)
    assert (nothing.get_loggroup_count(), nothing.get_next_cursor()) == (0, end)
    notes = [row["note"] for row in contents([first, rest])]
    assert notes == [f"row {number}" for number in range(6)]


def test_pull_log_reads_a_range_of_arrival_times(client):
    now = int(time.time())
    for number in range(10):
        put(client, [flow(number, now)], now)
    found = [row for shard in (0, 1) for row in contents(client.pull_log(PROJECT, STORE, shard, now - 100, now + 100))]
    assert by_note(found) == by_note(flow(number, now) for number in range(10))


def test_cursors_tell_when_their_group_arrived(client):
    before = int(time.time())
    put(client, [flow(1, before)], before, hashKey="0" * 32)
    begin = client.get_begin_cursor(PROJECT, STORE, 0).get_cursor()
    end = client.get_end_cursor(PROJECT, STORE, 0).get_cursor()
    assert before <= client.get_cursor_time(PROJECT, STORE, 0, begin).get_cursor_time() <= time.time()
    assert before <= client.get_previous_cursor_time(PROJECT, STORE, 0, end).get_cursor_time() <= time.time()
    assert client.get_cursor(PROJECT, STORE, 0, before - 60).get_cursor() == begin
    assert client.get_cursor(PROJECT, STORE, 0, before + 3600).get_cursor() == end
    with pytest.raises(LogException) as wrong:
        client.get_cursor_time(PROJECT, STORE, 0, "not-a-cursor")
    assert wrong.value.get_error_code() == "InvalidCursor"


def test_shards_cover_all_keys(client):
    shards = client.list_shards(PROJECT, STORE).get_shards_info()
    assert [one["shardID"] for one in shards] == [0, 1]
    assert {one["status"] for one in shards} == {"readwrite"}
    bounds = [(one["inclusiveBeginKey"], one["exclusiveEndKey"]) for one in shards]
    assert bounds == [("0" * 32, "8" + "0" * 31), ("8" + "0" * 31, "f" * 32)]
