"""The log service as the unmodified ``alibabacloud_sls20201230`` sees it: v1 with hmac-sha256, and v4."""

from __future__ import annotations

import base64
import time

import pytest
from alibabacloud_sls20201230 import models
from alibabacloud_sls20201230.client import Client
from alibabacloud_tea_openapi import utils_models
from Tea.exceptions import TeaException

PROJECT, STORE = "my-project", "flow-store"


@pytest.fixture(params=[None, "v4"])
def client(service, request):
    """A client with a project and a logstore of one shard."""
    config = utils_models.Config(
        access_key_id=service.key.access_key_id,
        access_key_secret=service.key.secret,
        endpoint="sls.local",
        protocol="HTTP",
        region_id="cn-hangzhou",
        signature_version=request.param,
        http_proxy=f"http://127.0.0.1:{service.port}",
    )
    made = Client(config)
    made.create_project(models.CreateProjectRequest(project_name=PROJECT, description="d"))
    made.create_log_store(PROJECT, models.CreateLogStoreRequest(logstore_name=STORE, ttl=7, shard_count=1))
    return made


def put(client, now, count=20):
    rows = [
        models.LogItem(
            time=now - number,
            contents=[
                models.LogContent(key="srcaddr", value="10.0.0.1"),
                models.LogContent(key="bytes", value=str(number)),
            ],
        )
        for number in range(count)
    ]
    group = models.LogGroup(topic="flow_log", source="s", log_tags=[], log_items=rows)
    client.put_logs(PROJECT, STORE, models.PutLogsRequest(body=group))


def test_projects_and_logstores(client):
    assert client.get_project(PROJECT, models.GetProjectRequest()).body.description == "d"
    listed = client.list_project(models.ListProjectRequest(offset=0, size=10)).body
    assert [project.project_name for project in listed.projects] == [PROJECT]
    store = client.get_log_store(PROJECT, STORE).body
    assert (store.logstore_name, store.ttl, store.shard_count) == (STORE, 7, 1)
    with pytest.raises(TeaException) as missing:
        client.get_log_store(PROJECT, "absent")
    assert missing.value.code == "LogStoreNotExist"
    client.delete_log_store(PROJECT, STORE)
    client.delete_project(PROJECT, models.DeleteProjectRequest())


def test_rows_are_put_and_counted_by_cursor(client):
    """Its PullLogs reads the answer as JSON, which the log service never sends; so the cursors tell what arrived."""
    begin = client.get_cursor(PROJECT, STORE, "0", models.GetCursorRequest(from_="begin")).body.cursor
    put(client, int(time.time()))
    end = client.get_cursor(PROJECT, STORE, "0", models.GetCursorRequest(from_="end")).body.cursor
    shards = client.list_shards(PROJECT, STORE).body
    assert [shard.shard_id for shard in shards] == [0]
    assert int(base64.b64decode(end)) - int(base64.b64decode(begin)) == 1


def test_consumer_groups(client):
    made = models.CreateConsumerGroupRequest(consumer_group="g", order=False, timeout=30)
    client.create_consumer_group(PROJECT, STORE, made)
    client.update_consumer_group(PROJECT, STORE, "g", models.UpdateConsumerGroupRequest(order=True, timeout=40))
    (group,) = client.list_consumer_group(PROJECT, STORE).body
    assert (group.name, group.order, group.timeout) == ("g", True, 40)
    beat = models.ConsumerGroupHeartBeatRequest(consumer="one", body=[])
    assert client.consumer_group_heart_beat(PROJECT, STORE, "g", beat).body == [0]
    cursor = base64.b64encode(b"1447299606896632356").decode()
    saved = models.ConsumerGroupUpdateCheckPointRequest(consumer="one", shard=0, checkpoint=cursor)
    client.consumer_group_update_check_point(PROJECT, STORE, "g", saved)
    (found,) = client.get_check_point(PROJECT, STORE, "g", models.GetCheckPointRequest()).body
    assert (found.shard, found.checkpoint, found.consumer) == (0, cursor, "one")
    client.delete_consumer_group(PROJECT, STORE, "g")
    assert client.list_consumer_group(PROJECT, STORE).body == []
