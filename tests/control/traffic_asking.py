"""How the tests ask a traffic analyzer, and how they read what it answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.control.conftest import Office
from tests.control.traffic_rows import BEGIN, Record, put, records
from weir.contract.render import render
from weir.model.failures import Refusal

ROWS = records(1200)
ACCEPT = ({"Key": "FlowAction", "Operator": "in", "Value": ["ACCEPT"]},)


def analyzer(office: Office, rows: list[Record] = ROWS, **pairs: str) -> str:
    given = {"RegionId": "cn-hangzhou", "AggregationInterval": "1"}
    made: str = office.call("CreateTrafficAnalyzer", **given | pairs).traffic_analyzer_id
    put(office, made, rows)
    return made


def also(*filters: Record) -> dict[str, str]:
    """Filters beside the one that must be there."""
    return {"Filter": json.dumps([*ACCEPT, *filters])}


def asked(analyzer_id: str, *filters: Record, **pairs: str) -> dict[str, str]:
    """The parameters of a ranking or a metric over the hour of the records."""
    return {
        "RegionNo": "cn-hangzhou",
        "TrafficAnalyzerId": analyzer_id,
        "TrafficScenario": "VpcFlowLogAll",
        "Direction": "In",
        "BeginTime": str(BEGIN * 1000),
        "EndTime": str((BEGIN + 3600) * 1000),
        **also(*filters),
        **pairs,
    }


def entries(office: Office, ranking_id: str) -> list[Record]:
    """The whole ranking as it goes over the wire, read in pages of 100."""
    listed: list[Record] = []
    token = ""
    while True:
        page = office.call(
            "DescribeNisTrafficRanking", NisTrafficRankingId=ranking_id, MaxResults="100", NextToken=token
        )
        document = render(page, "id")
        assert (document["Status"], document["MaxResults"]) == ("Complete", 100)
        listed += document["FlowRankingList"]
        token = document["NextToken"]
        if not token:
            assert len(listed) == document["TotalCount"]
            return listed


def rank(office: Office, analyzer_id: str, *filters: Record, **pairs: str) -> list[Record]:
    said = asked(analyzer_id, *filters, OrderBy="Bytes") | pairs
    return entries(office, office.call("StartNisTrafficRanking", **said).nis_traffic_ranking_id)


def sums(listed: list[Record], keys: list[str]) -> list[Record]:
    return [{name: entry[name] for name in (*keys, "Bytes", "Packets")} for entry in listed]


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.failure.code
