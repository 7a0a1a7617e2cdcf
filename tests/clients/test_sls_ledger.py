"""Every operation of the log service, said once to a running server in an order in which all of them succeed."""

from __future__ import annotations

import json
import time

from weir.contract import loggroup, sls
from weir.contract.loggroup import Log, LogGroup

PROJECT, STORE = "ledger", "flow-store"
NOW = int(time.time())
S = f"/logstores/{STORE}"
G = f"{S}/consumergroups"
RANGE = {"from": str(NOW - 3600), "to": str(NOW + 60)}
INDEX = {"line": {"token": [","]}, "keys": {"note": {"type": "text", "doc_value": True}}}
ROWS = loggroup.encode(LogGroup([Log(NOW, None, [(b"note", b"x")])], b"t", b"s"))

# operation, method, path, query, body; in order
CALLS = (
    ("CreateProject", "POST", "/", {}, {"projectName": PROJECT}),
    ("GetProject", "GET", "/", {}, None),
    ("UpdateProject", "PUT", "/", {}, {"description": "d"}),
    ("CreateLogStore", "POST", "/logstores", {}, {"logstoreName": STORE, "ttl": 1, "shardCount": 1}),
    ("GetLogStore", "GET", S, {}, None),
    ("UpdateLogStore", "PUT", S, {}, {"ttl": 2}),
    ("ListLogStores", "GET", "/logstores", {}, None),
    ("CreateIndex", "POST", f"{S}/index", {}, INDEX),
    ("GetIndex", "GET", f"{S}/index", {}, None),
    ("UpdateIndex", "PUT", f"{S}/index", {}, INDEX),
    ("PutLogs", "POST", S, {}, ROWS),
    ("PutLogs", "POST", f"{S}/shards/lb", {}, ROWS),
    ("PutLogs", "POST", f"{S}/shards/route", {"key": "f" * 32}, ROWS),
    ("GetLogs", "GET", S, {"type": "log", "query": "*", **RANGE}, None),
    ("GetLogsV2", "POST", f"{S}/logs", {}, {"from": NOW - 3600, "to": NOW + 60, "query": "*"}),
    ("GetHistograms", "GET", S, {"type": "histogram", **RANGE}, None),
    ("GetHistograms", "GET", f"{S}/index", {"type": "histogram", **RANGE}, None),
    ("ListTopics", "GET", S, {"type": "topic"}, None),
    ("SplitShard", "POST", f"{S}/shards/0", {"action": "split", "key": "8" + "0" * 31}, None),
    ("MergeShards", "POST", f"{S}/shards/1", {"action": "merge"}, None),
    ("ListShards", "GET", f"{S}/shards", {}, None),
    ("GetCursor", "GET", f"{S}/shards/0", {"type": "cursor", "from": "begin"}, None),
    ("GetCursorTime", "GET", f"{S}/shards/0", {"type": "cursor_time"}, None),
    ("PullLogs", "GET", f"{S}/shards/0", {"type": "log", "count": "10"}, None),
    ("PullLogs", "GET", f"{S}/shards/0", {"type": "logs", "count": "10"}, None),
    ("CreateConsumerGroup", "POST", G, {}, {"consumerGroup": "g", "timeout": 60, "order": True}),
    ("ListConsumerGroup", "GET", G, {}, None),
    ("UpdateConsumerGroup", "PUT", f"{G}/g", {}, {"timeout": 30}),
    ("ConsumerGroupHeartBeat", "POST", f"{G}/g", {"type": "heartbeat", "consumer": "c"}, []),
    ("ConsumerGroupUpdateCheckPoint", "POST", f"{G}/g", {"type": "checkpoint", "consumer": "c"}, {"shard": 0}),
    ("GetConsumerGroupCheckPoint", "GET", f"{G}/g", {}, None),
    ("DeleteConsumerGroup", "DELETE", f"{G}/g", {}, None),
    ("DeleteIndex", "DELETE", f"{S}/index", {}, None),
    ("DeleteLogStore", "DELETE", S, {}, None),
    ("DeleteProject", "DELETE", "/", {}, None),
)
BARE = ("ListProject", "CreateProject")
"""What is said to the service itself, without a project in the host."""
RAW = {"PutLogs"}


def test_every_operation_is_said_and_answered(service):
    assert {name for name, *_ in CALLS} | {"ListProject"} == {one.name for one in sls.OPERATIONS}
    cursor = ""
    for name, method, path, query, body in CALLS:
        if name in ("GetCursorTime", "PullLogs"):
            query = {**query, "cursor": cursor}
        if name == "ConsumerGroupUpdateCheckPoint":
            body = {**body, "checkpoint": cursor}
        kind = "application/x-protobuf" if name in RAW else "application/json"
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        answer = service.send(
            method, path, content, project="" if name in BARE else PROJECT, query=query, headers={"content-type": kind}
        )
        assert answer.status_code == 200, (name, answer.text)
        # Clients parse what says it is JSON, and stumble over an empty text that says so.
        assert (answer.headers.get("content-type") == "application/json") <= (answer.content != b""), name
        assert answer.headers["x-log-requestid"], name
        if name == "GetCursor":
            cursor = answer.json()["cursor"]
    assert service.send("GET", "/", query={"offset": "0", "size": "10"}).json()["total"] == 0
