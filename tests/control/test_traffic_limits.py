"""What a ranking or a metric refuses, and how long a ranking is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from tests.control.conftest import Office
from tests.control.traffic_asking import ROWS, also, analyzer, asked, entries, rank, refused, sums
from tests.control.traffic_rows import BEGIN
from weir.control.schema import traffic_rankings
from weir.control.traffic import RANKING_SECONDS, RANKINGS_MAX
from weir.logstore.duck import DuckEngine
from weir.logstore.engine import Limits
from weir.query.run import Querier


@pytest.fixture
def catalog_url(tmp_path: Path) -> str:
    """SQLite alone: what is told here lies in the records, not in the catalog."""
    return f"sqlite:///{tmp_path / 'catalog.db'}"


def test_too_many_points(office: Office) -> None:
    made = analyzer(office, rows=[])
    said = asked(made, MetricName="bps", StepMinutes="1", BeginTime=str((BEGIN - 82_800) * 1000))
    assert len(office.call("GetNisTrafficMetrics", **said).metric_statics) == 1440
    more = said | {"BeginTime": str((BEGIN - 82_801) * 1000)}
    assert refused(lambda: office.call("GetNisTrafficMetrics", **more)) == "ParameterInvalid"


def test_the_analyzer_bounds_the_view(office: Office) -> None:
    made = analyzer(office, TupleDimension="Tuple2", AggregationInterval="10")
    start = asked(made, OrderBy="Bytes")
    finer_tuple, finer_step = {"TupleDimension": "Tuple5"}, {"StorageInterval": "1"}
    for action, said in (("StartNisTrafficRanking", start), ("GetNisTrafficMetrics", start | {"MetricName": "bps"})):
        assert refused(lambda a=action, s=said: office.call(a, **s | finer_tuple)) == "IllegalParam.TupleDimension"
        assert refused(lambda a=action, s=said: office.call(a, **s | finer_step)) == "IllegalParam.StorageInterval"
    assert sums(rank(office, made), ["SourceIp", "DestinationIp"])
    assert sums(rank(office, made, TupleDimension="Tuple1"), ["CloudIp"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"TrafficAnalyzerId": "nta-nope"}, "InvalidTrafficAnalyzerId.NotFound"),
        ({"RegionNo": "cn-beijing"}, "InvalidTrafficAnalyzerId.NotFound"),
        ({"RegionNo": "cn-nowhere"}, "InvalidRegionId.NotFound"),
        ({"TrafficScenario": "TRFlowlog"}, "OperationUnsupported.TrafficScenario"),
        ({"TrafficScenario": "CbwpMetric"}, "OperationUnsupported.TrafficScenario"),
        ({"Filter": "[]"}, "MissingParameter"),
        ({"Filter": "["}, "INVALID_PARAMETER"),
        (also({"Key": "MinRoundTripTime", "Value": ["1"]}), "OperationUnsupported.TrafficData"),
        (also({"Key": "ClientCountry", "Value": ["x"]}), "OperationUnsupported.TrafficData"),
        (also({"Key": "CloudIp", "Value": ["10.0.0.1"]}), "ParameterInvalid"),
        ({"EndTime": str(BEGIN * 1000)}, "ParameterInvalid"),
    ],
)
def test_refusals_of_both(office: Office, changes: dict[str, str], code: str) -> None:
    said = asked(analyzer(office, rows=[])) | changes
    assert refused(lambda: office.call("StartNisTrafficRanking", **{"OrderBy": "Bytes"} | said)) == code
    assert refused(lambda: office.call("GetNisTrafficMetrics", **{"MetricName": "bps"} | said)) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"OrderBy": "RoundTripTime"}, "OperationUnsupported.TrafficData"),
        ({"GroupBy": '["Country"]'}, "OperationUnsupported.TrafficData"),
        ({"GroupBy": '["CloudIp"]'}, "ParameterInvalid"),
        ({"GroupBy": '["SourcePort"]', "TupleDimension": "Tuple2"}, "ParameterInvalid"),
        ({"GroupBy": '["SourceIp", "SourceIp"]'}, "ParameterInvalid"),
    ],
)
def test_refusals_of_a_ranking(office: Office, changes: dict[str, str], code: str) -> None:
    said = asked(analyzer(office, rows=[]), OrderBy="Bytes") | changes
    assert refused(lambda: office.call("StartNisTrafficRanking", **said)) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"MetricName": "rtt"}, "OperationUnsupported.TrafficData"),
        ({"MetricName": "RetransmitRate"}, "OperationUnsupported.TrafficData"),
        (also({"Key": "MinBytes", "Value": ["1"]}), "ParameterInvalid"),
    ],
)
def test_refusals_of_a_metric(office: Office, changes: dict[str, str], code: str) -> None:
    said = asked(analyzer(office, rows=[]), MetricName="bps") | changes
    assert refused(lambda: office.call("GetNisTrafficMetrics", **said)) == code


def test_the_engines_limits_are_a_refusal(office: Office) -> None:
    made = analyzer(office)
    busy = Querier(DuckEngine(Limits(seconds_max=0.01, running_max=0)))
    hurried = replace(office, desk=replace(office.desk, querier=busy))
    said = asked(made, OrderBy="Bytes", MetricName="bps")
    assert refused(lambda: hurried.call("StartNisTrafficRanking", **said)) == "OperationFailed.AnalysisLimit"
    assert refused(lambda: hurried.call("GetNisTrafficMetrics", **said)) == "OperationFailed.AnalysisLimit"


def test_rankings_expire_are_bounded_and_belong_to_their_account(office: Office) -> None:
    made = analyzer(office, rows=[])
    said = asked(made, OrderBy="Bytes")

    def start() -> str:
        office.clock.now += 1
        found: str = office.call("StartNisTrafficRanking", **said).nis_traffic_ranking_id
        return found

    def read(by: Office, ranking_id: str) -> Any:
        return by.call("DescribeNisTrafficRanking", NisTrafficRankingId=ranking_id)

    missing = "InvalidNisTrafficRankingId.NotFound"
    first = start()
    other = office.other_account()
    assert refused(lambda: read(other, first)) == missing
    others = analyzer(other, rows=[])
    kept = other.call("StartNisTrafficRanking", **asked(others, OrderBy="Bytes")).nis_traffic_ranking_id
    with office.desk.catalog.writing() as connection:
        row = {"account_id": office.caller.account_id, "entries": [], "created": office.clock() + 1}
        full = [{"nis_traffic_ranking_id": f"task-{number}", **row} for number in range(RANKINGS_MAX - 1)]
        connection.execute(insert(traffic_rankings), full)
    assert read(office, first).total_count == 0
    office.clock.now += 1
    later = [start(), start()]
    assert refused(lambda: read(office, first)) == missing
    assert [read(office, one).total_count for one in later] == [0, 0]
    with office.desk.catalog.reading() as connection:
        mine = traffic_rankings.c.account_id == office.caller.account_id
        assert connection.scalar(select(func.count()).where(mine)) == RANKINGS_MAX
    assert read(other, kept).status == "Complete"
    office.clock.now += RANKING_SECONDS
    assert refused(lambda: read(office, later[-1])) == missing
    last = start()
    with office.desk.catalog.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(traffic_rankings)) == 1
    assert read(office, last).nis_traffic_ranking_id == last


def test_a_page_behind_the_end_is_empty(office: Office) -> None:
    made = analyzer(office)
    started = office.call("StartNisTrafficRanking", **asked(made, OrderBy="Bytes", GroupBy='["EcsId"]'))
    said = {"NisTrafficRankingId": started.nis_traffic_ranking_id}
    page = office.call("DescribeNisTrafficRanking", **said, NextToken="999999999")
    assert (page.flow_ranking_list, page.next_token, page.total_count) == ((), "", 2)


@pytest.mark.parametrize(
    "times",
    [
        {"BeginTime": "0", "EndTime": "1"},
        {"EndTime": "0"},
        {"BeginTime": "253402300799999"},
        {"BeginTime": "253402300799998", "EndTime": "253402300799999"},
        {"BeginTime": "0", "EndTime": "253402300799999"},
    ],
)
@pytest.mark.parametrize("interval", ["1", "1440"])
def test_the_ends_of_time(office: Office, times: dict[str, str], interval: str) -> None:
    made = analyzer(office, rows=ROWS[:50])
    said = asked(made, StorageInterval=interval, OrderBy="Bytes", MetricName="bps")
    either = {name: text for name, text in said.items() if not name.endswith("Time")} | times
    if len(times) == 2:
        ranking = office.call("StartNisTrafficRanking", **either).nis_traffic_ranking_id
        everything = times == {"BeginTime": "0", "EndTime": "253402300799999"}
        assert bool(entries(office, ranking)) == everything
        if everything:
            assert refused(lambda: office.call("GetNisTrafficMetrics", **either)) == "ParameterInvalid"
            return
    points = office.call("GetNisTrafficMetrics", **either).metric_statics
    assert {point.value for point in points} == {0.0}
