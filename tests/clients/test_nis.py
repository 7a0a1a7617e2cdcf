"""The traffic analyzer through a running server: signed requests, records put as agents put them, and the CLI."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from tests.clients.server import REGION, VPC, Server
from tests.control.traffic_rows import Record, ranked, records, selected, shown, table_of
from weir.client import ServerRefused

NIS = "2021-12-16"
KEYS = ["SourceIp", "DestinationIp", "Protocol"]


@dataclass(frozen=True)
class Analyzed:
    """An analyzer with the records of one past hour, and a flow log that names it."""

    server: Server
    analyzer_id: str
    flow_log_id: str
    begin_s: int
    rows: list[Record]

    def asked(self, **pairs: str) -> dict[str, str]:
        return {
            "RegionNo": REGION,
            "TrafficAnalyzerId": self.analyzer_id,
            "TrafficScenario": "VpcFlowLogAll",
            "Direction": "Out",
            "BeginTime": str(self.begin_s * 1000),
            "EndTime": str((self.begin_s + 3600) * 1000),
            "Filter": '[{"Key":"FlowAction","Operator":"in","Value":["ACCEPT"]}]',
        } | pairs

    def say(self, action: str, pairs: dict[str, str]) -> dict[str, Any]:
        return self.server.client().say(NIS, action, pairs)

    @property
    def expected(self) -> list[Record]:
        return [
            shown(entry) for entry in ranked(selected(self.rows, "out", "ACCEPT", lambda row: True), KEYS, "Packets")
        ]


@pytest.fixture(scope="module")
def analyzed(server: Server) -> Iterator[Analyzed]:
    begin_s = int(time.time()) // 3600 * 3600 - 7200
    rows = records(400, begin=begin_s)
    client = server.client()
    here = {"RegionId": REGION}
    with server.vpc() as vpc_id:
        made = client.say(NIS, "CreateTrafficAnalyzer", here | {"AggregationInterval": "1"})["TrafficAnalyzerId"]
        flow_log = {"ResourceType": "VPC", "ResourceId": vpc_id, "TrafficType": "All", "AggregationInterval": "1"}
        flow_log_id = client.say(VPC, "CreateFlowLog", here | flow_log | {"TrafficAnalyzerId": made})["FlowLogId"]
        table = table_of(rows)
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        client.put_arrow(made, "flow_log", sink.getvalue(), "batch-1")
        yield Analyzed(server, made, flow_log_id, begin_s, rows)
    client.say(NIS, "DeleteTrafficAnalyzer", here | {"TrafficAnalyzerId": made})


def test_a_ranking_over_signed_requests(analyzed: Analyzed) -> None:
    said = analyzed.asked(OrderBy="Packets", TupleDimension="Tuple5", GroupBy=json.dumps(KEYS))
    ranking_id = analyzed.say("StartNisTrafficRanking", said)["NisTrafficRankingId"]
    listed: list[Record] = []
    token = ""
    while True:
        page = {"NisTrafficRankingId": ranking_id, "MaxResults": "9", "NextToken": token}
        document = analyzed.say("DescribeNisTrafficRanking", page)
        assert (document["Status"], document["TotalCount"]) == ("Complete", len(analyzed.expected))
        listed += document["FlowRankingList"]
        token = document["NextToken"]
        if not token:
            break
    assert [{name: one[name] for name in (*KEYS, "Bytes", "Packets")} for one in listed] == analyzed.expected


def test_a_metric_over_signed_requests(analyzed: Analyzed) -> None:
    document = analyzed.say("GetNisTrafficMetrics", analyzed.asked(MetricName="bps", StepMinutes="60"))
    total = sum(one["Bytes"] for one in analyzed.expected)
    assert document["MetricStatics"] == [{"TimeStamp": analyzed.begin_s * 1000, "Value": total * 8 / 3600}]


def test_its_flow_log_is_active_and_shows_it(analyzed: Analyzed) -> None:
    asked = {"RegionId": REGION, "FlowLogId": analyzed.flow_log_id}
    (log,) = analyzed.server.client().say(VPC, "DescribeFlowLogs", asked)["FlowLogs"]["FlowLog"]
    told = {name: log[name] for name in ("Status", "TrafficAnalyzerId", "ProjectName", "FlowLogDeliverStatus")}
    assert told == {
        "Status": "Active",
        "TrafficAnalyzerId": analyzed.analyzer_id,
        "ProjectName": "",
        "FlowLogDeliverStatus": "SUCCESS",
    }


def test_its_records_are_rows_of_its_logstore(analyzed: Analyzed) -> None:
    query = {"from": analyzed.begin_s, "to": analyzed.begin_s + 3600, "query": "* | SELECT count(*) AS n FROM log"}
    rows = analyzed.server.client().get_logs(analyzed.analyzer_id, "flow_log", query)
    assert [row["n"] for row in rows.rows] == [str(len(analyzed.rows))]


def test_a_refusal_over_signed_requests(analyzed: Analyzed) -> None:
    here = {"RegionId": REGION, "TrafficAnalyzerId": analyzed.analyzer_id}
    with pytest.raises(ServerRefused) as refused:
        analyzed.say("DeleteTrafficAnalyzer", here)
    assert (refused.value.status, refused.value.code) == (400, "DependencyViolation.FlowLog")


def test_the_cli_speaks_it(analyzed: Analyzed) -> None:
    asked = analyzed.asked(OrderBy="Bytes", GroupBy='["EcsId"]')
    region = asked.pop("RegionNo")
    words = [word for name, text in asked.items() for word in (f"--{name}", text)]
    command = [sys.executable, "-m", "weir", "nis", "StartNisTrafficRanking", *words]
    environment = os.environ | {
        "WEIR_ENDPOINT": f"http://{analyzed.server.address}",
        "WEIR_ACCESS_KEY_ID": analyzed.server.key[0],
        "WEIR_ACCESS_KEY_SECRET": analyzed.server.key[1],
        "WEIR_REGION": region,
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    started = json.loads(done.stdout)
    page = analyzed.say("DescribeNisTrafficRanking", {"NisTrafficRankingId": started["NisTrafficRankingId"]})
    assert {entry["EcsId"] for entry in page["FlowRankingList"]} == {"-", "i-1"}
