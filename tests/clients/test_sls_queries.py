"""Queries of the log service by its SDKs: GetLogs in both versions, histograms, errors; truth is counted in Python."""

from __future__ import annotations

import json
import time
from collections import Counter

import pytest
from alibabacloud_sls20201230 import models
from alibabacloud_sls20201230.client import Client
from alibabacloud_tea_openapi import utils_models
from aliyun.log import GetHistogramsRequest, GetLogsRequest, LogClient, LogException, LogItem, PutLogsRequest
from aliyun.log.auth import AUTH_VERSION_1, AUTH_VERSION_4

from weir.control.projects import ensure_flow_index

PROJECT, STORE = "my-project", "flow-store"
ROWS = 250


def flow(number):
    """One record; every third was rejected."""
    return {
        "version": "1",
        "eni-id": f"eni-{number % 3}",
        "srcaddr": f"10.0.0.{number % 5}",
        "dstaddr": "192.168.1.9",
        "dstport": "443",
        "protocol": "6",
        "direction": "in" if number % 2 else "out",
        "packets": "3",
        "bytes": str(100 + number),
        "action": "REJECT" if number % 3 == 0 else "ACCEPT",
        "log-status": "OK",
        "note": f"row-{number}",
    }


def sdk(service, version=AUTH_VERSION_1):
    return LogClient(
        service.endpoint,
        service.key.access_key_id,
        service.key.secret,
        auth_version=version,
        region="cn-hangzhou",
    )


@pytest.fixture
def now():
    return int(time.time())


@pytest.fixture
def client(service, now):
    """A client of a logstore with ``ROWS`` rows, the oldest 250 s old, one per second, and the flow log's index."""
    made = sdk(service)
    made.create_project(PROJECT, "")
    made.create_logstore(PROJECT, STORE, ttl=7, shard_count=2)
    with service.desk.catalog.writing() as connection:
        ensure_flow_index(connection, (PROJECT, STORE), now)
    for start in range(0, ROWS, 50):
        items = [
            LogItem(now - ROWS + number, contents=list(flow(number).items())) for number in range(start, start + 50)
        ]
        made.put_logs(PutLogsRequest(PROJECT, STORE, "flow_log", "log_service", items))
    return made


def all_rows(client, now, query, **options):
    pages = client.get_log_all(PROJECT, STORE, now - 3600, now + 60, query=query, **options)
    return [log for page in pages for log in page.get_logs()]


def test_get_log_all_pages_through_every_row_once(client, now):
    found = all_rows(client, now, "*")
    assert [log.get_time() for log in found] == [now - ROWS + number for number in range(ROWS)]
    # The SDK stamps every row with the nanoseconds of its own clock.
    assert all(log.get_contents().pop("__time_ns_part__").isdigit() for log in found)
    assert [log.get_contents() for log in found] == [
        {**flow(number), "__topic__": "flow_log"} for number in range(ROWS)
    ]
    assert {log.get_source() for log in found} == {"log_service"}


@pytest.mark.parametrize(
    ("query", "keeps"),
    [
        ("action: REJECT", lambda row: row["action"] == "REJECT"),
        ("action: reject and direction: in", lambda row: row["action"] == "REJECT" and row["direction"] == "in"),
        ("not srcaddr: 10.0.0.4", lambda row: row["srcaddr"] != "10.0.0.4"),
        ("bytes > 200 and bytes in [150 300)", lambda row: 200 < int(row["bytes"]) < 300),
        ("eni-id: eni-1 or eni-id: eni-2", lambda row: row["eni-id"] != "eni-0"),
        ("dstport: 80", lambda row: False),
    ],
)
def test_a_search_finds_exactly_its_rows(client, now, query, keeps):
    wanted = sorted(flow(number)["note"] for number in range(ROWS) if keeps(flow(number)))
    assert sorted(log.get_contents()["note"] for log in all_rows(client, now, query)) == wanted
    histogram = client.get_histograms(GetHistogramsRequest(PROJECT, STORE, now - 3600, now + 60, "", query))
    assert histogram.is_completed()
    assert histogram.get_total_count() == len(wanted)
    assert sum(part.get_count() for part in histogram.get_histograms()) == len(wanted)


def test_sql_sums_are_exact_and_every_value_is_text(client, now):
    query = "action: REJECT | SELECT srcaddr, sum(bytes) AS total, count(*) AS c GROUP BY srcaddr ORDER BY total DESC"
    answer = client.get_logs(GetLogsRequest(PROJECT, STORE, now - 3600, now + 60, query=query))
    total, count = Counter(), Counter()
    for row in map(flow, range(ROWS)):
        if row["action"] == "REJECT":
            total[row["srcaddr"]] += int(row["bytes"])
            count[row["srcaddr"]] += 1
    assert [log.get_contents() for log in answer.get_logs()] == [
        {"srcaddr": address, "total": str(amount), "c": str(count[address])} for address, amount in total.most_common()
    ]
    assert answer.get_meta().get_has_sql()
    assert answer.get_meta()._to_dict()["keys"] == ["srcaddr", "total", "c"]


def test_a_page_is_chosen_by_line_offset_and_reverse(client, now):
    def notes(**options):
        answer = client.get_log(PROJECT, STORE, now - 3600, now + 60, query="*", **options)
        return [log.get_contents()["note"] for log in answer.get_logs()]

    assert notes(size=3) == ["row-0", "row-1", "row-2"]
    assert notes(size=3, offset=5) == ["row-5", "row-6", "row-7"]
    assert notes(size=3, reverse=True) == ["row-249", "row-248", "row-247"]
    assert notes(size=250) == [f"row-{number}" for number in range(ROWS)]


def test_the_range_is_half_open_and_a_topic_keeps_its_rows(client, now):
    def count(start, end, topic=None):
        return client.get_log(PROJECT, STORE, start, end, topic=topic, query="*").get_count()

    assert count(now - ROWS, now - ROWS + 1) == 1
    assert count(now - ROWS, now - ROWS + 10) == 10
    assert count(now - ROWS, now - ROWS + 10, topic="flow_log") == 10
    assert count(now - ROWS, now - ROWS + 10, topic="other") == 0


def test_getlogs_version_1_answers_the_same(client, now):
    client._get_logs_v2_enabled = False
    answer = client.get_log(PROJECT, STORE, now - 3600, now + 60, query="action: REJECT", size=100)
    assert answer.is_completed()
    assert [log.get_contents()["note"] for log in answer.get_logs()] == [
        f"row-{number}" for number in range(ROWS) if number % 3 == 0
    ][:100]
    sql = client.get_log(PROJECT, STORE, now - 3600, now + 60, query="* | SELECT count(*) AS c")
    assert [log.get_contents() for log in sql.get_logs()] == [{"c": str(ROWS)}]
    assert sql.get_meta().get_has_sql()


def test_signature_version_4_queries_too(service, client, now):
    answer = sdk(service, AUTH_VERSION_4).get_log(
        PROJECT, STORE, now - 3600, now + 60, query="note: 'row-7' or note: \"row-7\" | SELECT 'a&b=ü +%' AS c"
    )
    assert answer.get_logs()[0].get_contents() == {"c": "a&b=ü +%"}


@pytest.mark.parametrize(
    ("query", "options", "code"),
    [
        ("* | SELECT nothing FROM", {}, "ParameterInvalid"),
        ("* | SELECT absent_column", {}, "ParameterInvalid"),
        ("* | DROP TABLE log", {}, "ParameterInvalid"),
        ("* | SELECT * FROM read_csv('/etc/passwd')", {}, "ParameterInvalid"),
        ("* | SELECT 1", {"offset": 5}, "ParameterInvalid"),
        ("action: (REJECT", {}, "InvalidQueryString"),
    ],
)
def test_a_bad_query_is_the_callers_fault_and_says_where(client, now, query, options, code):
    with pytest.raises(LogException) as refused:
        client.get_log(PROJECT, STORE, now - 3600, now + 60, query=query, **options)
    assert (refused.value.get_resp_status(), refused.value.get_error_code()) == (400, code)
    assert refused.value.get_error_message()
    assert refused.value.get_request_id()


def test_without_an_index_nothing_is_searched(client, now):
    client.delete_index(PROJECT, STORE)
    for ask in (
        lambda: client.get_log(PROJECT, STORE, now - 60, now, query="*"),
        lambda: client.get_histograms(GetHistogramsRequest(PROJECT, STORE, now - 60, now, "", "*")),
    ):
        with pytest.raises(LogException) as refused:
            ask()
        assert refused.value.get_error_code() == "IndexConfigNotExist"


def test_the_index_of_flow_logs_is_read_by_the_sdk(client):
    index = client.get_index_config(PROJECT, STORE).get_index_config()
    assert index.key_config_list["bytes"].index_type == "long"
    assert index.key_config_list["eni-id"].index_type == "text"


@pytest.mark.parametrize("version", [None, "v4"])
def test_the_second_sdk_queries(service, client, now, version):
    second = Client(
        utils_models.Config(
            access_key_id=service.key.access_key_id,
            access_key_secret=service.key.secret,
            endpoint="sls.local",
            protocol="HTTP",
            region_id="cn-hangzhou",
            signature_version=version,
            http_proxy=f"http://127.0.0.1:{service.port}",
        )
    )
    span = {"from_": now - 3600, "to": now + 60}
    answer = second.get_logs_v2(PROJECT, STORE, models.GetLogsV2Request(**span, query="* | select sum(bytes) as b"))
    assert answer.body.data == [{"b": str(sum(100 + number for number in range(ROWS)))}]
    assert answer.body.meta.has_sql
    rows = second.get_logs(PROJECT, STORE, models.GetLogsRequest(**span, query="*", line=2)).body
    assert [row["note"] for row in rows.data] == ["row-0", "row-1"]
    parts = second.get_histograms(PROJECT, STORE, models.GetHistogramsRequest(**span, query="action: REJECT")).body
    assert sum(part.count for part in parts) == sum(number % 3 == 0 for number in range(ROWS))


def test_an_answer_over_raw_http(service, client, now):
    body = json.dumps({"from": now - 3600, "to": now + 60, "query": "*", "reverse": "True", "line": 1}).encode()
    answer = service.send(
        "POST", f"/logstores/{STORE}/logs", body, project=PROJECT, headers={"content-type": "application/json"}
    )
    assert answer.headers["content-type"] == "application/json"
    assert {type(value) for row in answer.json()["data"] for value in row.values()} == {str}
    assert answer.json()["data"][0]["note"] == "row-249"
    assert answer.json()["meta"]["progress"] == "Complete"
