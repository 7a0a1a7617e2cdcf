"""Coverage in the answers that SDKs read: in the meta of GetLogsV2, in a header of GetLogs, and not in their way."""

from __future__ import annotations

import json

import pytest
from aliyun.log import GetLogsRequest, LogClient, LogItem, PutLogsRequest
from sqlalchemy import insert

from weir.control.projects import ensure_flow_index
from weir.control.schema import flow_logs

PROJECT, STORE = "my-project", "flow-store"
MINUTE = 60


@pytest.fixture
def client(service):
    made = LogClient(service.endpoint, service.key.access_key_id, service.key.secret, region="cn-hangzhou")
    made.create_project(PROJECT, "")
    made.create_logstore(PROJECT, STORE, ttl=7, shard_count=1)
    return made


@pytest.fixture
def begin(service, client):
    """Ten minutes ago, a whole minute: three minutes of two ENIs in ledger and logstore, the last one folded."""
    now = int(service.desk.now())
    begin = now // MINUTE * MINUTE - 10 * MINUTE
    client.create_project("weir", "")
    client.create_logstore("weir", "ledger", ttl=7, shard_count=1)
    with service.desk.catalog.writing() as connection:
        ensure_flow_index(connection, (PROJECT, STORE), now)
        columns = {column.name: "" for column in flow_logs.columns if column.default is None}
        facts = {"flow_log_id": "fl-1", "account_id": owner(service), "aggregation_interval": 1, "status": "Active"}
        facts |= {"resource_type": "VPC", "resource_id": "vpc-1", "since": begin, "created": begin}
        facts |= {"project_name": PROJECT, "log_store_name": STORE}
        connection.execute(insert(flow_logs).values(**(columns | facts)))
    items = []
    for eni in ("eni-1", "eni-2"):
        for minute, status in enumerate(("full", "nodata", "skipdata")):
            start = begin + MINUTE * minute
            row = {"eni-id": eni, "vpc-id": "vpc-1", "start": start, "end": start + MINUTE, "status": status}
            items.append(LogItem(start + MINUTE - 1, contents=[(key, str(value)) for key, value in row.items()]))
    client.put_logs(PutLogsRequest("weir", "ledger", "ledger", "node-1", items))
    flow = [("eni-id", "eni-1"), ("bytes", "100"), ("dstport", "443"), ("log-status", "OK")]
    client.put_logs(PutLogsRequest(PROJECT, STORE, "flow_log", "log_service", [LogItem(begin + 59, contents=flow)]))
    return begin


def owner(service):
    with service.desk.catalog.reading() as connection:
        return connection.exec_driver_sql(
            "SELECT account_id FROM access_keys WHERE access_key_id = ?", (service.key.access_key_id,)
        ).scalar_one()


def asked(service, begin, query):
    body = json.dumps({"from": begin, "to": begin + 3 * MINUTE, "query": query}).encode()
    headers = {"content-type": "application/json"}
    return service.send("POST", f"/logstores/{STORE}/logs", body, project=PROJECT, headers=headers).json()


def test_the_meta_says_what_sums_are(service, client, begin):
    answer = asked(service, begin, "* | select sum(bytes) as b")
    assert answer["data"] == [{"b": "100"}]
    folded = {"skipdata": MINUTE}
    assert answer["meta"]["coverage"] == {
        "sums": "exact",
        "seconds": {"skipdata": 2 * MINUTE, "nodata": 2 * MINUTE, "full": 2 * MINUTE},
        "eniCount": 2,
        "enis": {eni: {"full": MINUTE, "nodata": MINUTE} | folded for eni in ("eni-1", "eni-2")},
        "until": begin + 3 * MINUTE,
        "limited": False,
    }
    by_port = asked(service, begin, "* | select dstport, sum(bytes) as b group by dstport")
    assert by_port["meta"]["coverage"]["sums"] == "lower-bound"


def test_unmodified_clients_read_on(service, client, begin):
    span = (begin, begin + 3 * MINUTE)
    answer = client.get_logs(GetLogsRequest(PROJECT, STORE, *span, query="* | select sum(bytes) as b"))
    assert [log.get_contents() for log in answer.get_logs()] == [{"b": "100"}]
    client._get_logs_v2_enabled = False
    answer = client.get_log(PROJECT, STORE, *span, query="* | select sum(bytes) as b")
    assert [log.get_contents() for log in answer.get_logs()] == [{"b": "100"}]
    headers = {key.lower(): value for key, value in answer.get_all_headers().items()}
    assert json.loads(headers["x-log-coverage"])["sums"] == "exact"


def test_where_no_flow_log_delivers_nothing_is_said(service, client, begin):
    client.create_logstore(PROJECT, "plain", ttl=7, shard_count=1)
    body = json.dumps({"line": {"token": [" "]}, "keys": {}}).encode()
    headers = {"content-type": "application/json"}
    service.send("POST", "/logstores/plain/index", body, project=PROJECT, headers=headers)
    body = json.dumps({"from": begin, "to": begin + 60, "query": "*"}).encode()
    answer = service.send("POST", "/logstores/plain/logs", body, project=PROJECT, headers=headers)
    assert "coverage" not in answer.json()["meta"]
