"""Ranking traffic and drawing it over time, product Nis 2021-12-16, over the records of a traffic analyzer.

What enters: nothing. What leaves: StartNisTrafficRanking, DescribeNisTrafficRanking and GetNisTrafficMetrics with the
published names and values (source: the pages of these three and the SDK's models). Where the pages are silent the doc
of the parameter says what Weir does; what Weir has no data for is refused by name, never answered with zeros.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from weir.contract.action import Regions
from weir.contract.declare import Rule, action, answer, param, structure
from weir.contract.nis_analyzers import ANALYZER_EXAMPLE, INTERVAL, NIS
from weir.contract.nis_shapes import (
    BOUNDS,
    GROUP_BY_MAX,
    NOT_RECORDED,
    AnyCase,
    Dimension,
    Filter,
    FilterKey,
    Filters,
    JsonList,
    Key,
)
from weir.contract.shapes import Integer, OneOf, Pattern, Text
from weir.contract.terms import IDENTIFIER, REGION_EXAMPLE, located, page_size
from weir.model.failures import (
    ILLEGAL_PARAM_STORAGE_INTERVAL,
    ILLEGAL_PARAM_TUPLE_DIMENSION,
    INVALID_NIS_TRAFFIC_RANKING_ID_NOT_FOUND,
    INVALID_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    INVALID_TRAFFIC_ANALYZER_ID_NOT_FOUND,
    MISSING_PARAMETER,
    OPERATION_FAILED_ANALYSIS_LIMIT,
    OPERATION_UNSUPPORTED_TRAFFIC_DATA,
    OPERATION_UNSUPPORTED_TRAFFIC_SCENARIO,
    PARAMETER_INVALID,
)

ENTRIES_MAX = 1000
"""Entries of one ranking, the first of its order; those behind are left out, and TopN may not be greater."""
POINTS_MAX = 1440
"""Points of one metric, (EndTime - BeginTime) / StepMinutes; above it the call is refused (source: the page)."""
STEP_MINUTES_MAX = 1440
UNIX_MS = Integer(0, 253_402_300_799_999)
PLACE = Text(
    length=(0, 9),
    pattern=Pattern(r"[0-9]*", "the NextToken of the page before", good=("20", "999999999"), bad=("x", "-1", "٣")),
)
FILTERS = Filters()
RANKING_EXAMPLE = "task-6462a7b4c4a54b0f9d1e2"
FILTER_EXAMPLE = '[{"Key":"FlowAction","Operator":"in","Value":["ACCEPT"]}]'


class Scenario(StrEnum):
    """Where traffic is looked at."""

    VPC_ALL = "VpcFlowLogAll"
    VPC_INTERNET = "VpcFlowLogInternet"
    TRANSIT_ROUTER = "TRFlowlog"
    SHARED_BANDWIDTH = "CbwpMetric"


class Direction(StrEnum):
    """As the network interface sees it."""

    IN = "In"
    OUT = "Out"


class OrderBy(StrEnum):
    """What a ranking is ordered by."""

    BYTES = "Bytes"
    PACKETS = "Packets"
    ROUND_TRIP_TIME = "RoundTripTime"


class Sort(StrEnum):
    """Which end comes first."""

    ASCENDING = "ASC"
    DESCENDING = "DESC"


class Metric(StrEnum):
    """What is drawn over time."""

    BPS = "bps"
    PPS = "pps"
    RTT = "rtt"
    RETRANSMIT_RATE = "RetransmitRate"


class ScanBy(StrEnum):
    """In which order points are listed."""

    ASCENDING = "TimestampAscending"
    DESCENDING = "TimestampDescending"


def _region_known(region_no: str, regions: Regions) -> str | None:
    return None if region_no in regions.known else "not a configured region"


def _scenario_is_of_a_vpc(traffic_scenario: Scenario) -> str | None:
    vpc = (Scenario.VPC_ALL, Scenario.VPC_INTERNET)
    return None if traffic_scenario in vpc else "only VPC flow logs are analysed"


def _flow_action_given(filters: tuple[Filter, ...]) -> str | None:
    return None if any(one.key is FilterKey.FLOW_ACTION for one in filters) else "Filter has no FlowAction"


def _recorded(keys: Iterable[Key | FilterKey]) -> str | None:
    missing = [key for key in keys if key in NOT_RECORDED]
    return f"no record holds {', '.join(missing)}" if missing else None


def _ranking_is_recorded(order_by: OrderBy, group_by: tuple[Key, ...], filters: tuple[Filter, ...]) -> str | None:
    if order_by is OrderBy.ROUND_TRIP_TIME:
        return "no record holds a round trip time"
    return _recorded((*group_by, *(one.key for one in filters)))


def _metric_is_recorded(metric_name: Metric, filters: tuple[Filter, ...]) -> str | None:
    if metric_name not in (Metric.BPS, Metric.PPS):
        return f"no record holds {metric_name}"
    return _recorded(one.key for one in filters)


def _begins_before_it_ends(begin_time: int | None, end_time: int | None) -> str | None:
    both = begin_time is not None and end_time is not None
    return "BeginTime is not before EndTime" if both and begin_time >= end_time else None  # type: ignore[operator]


def _metric_has_no_bounds(filters: tuple[Filter, ...]) -> str | None:
    return "bounds are for rankings" if any(one.key in BOUNDS for one in filters) else None


SHARED_FAILS = (
    MISSING_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    OPERATION_UNSUPPORTED_TRAFFIC_SCENARIO,
    INVALID_PARAMETER,
    OPERATION_UNSUPPORTED_TRAFFIC_DATA,
    ILLEGAL_PARAM_STORAGE_INTERVAL,
    ILLEGAL_PARAM_TUPLE_DIMENSION,
    PARAMETER_INVALID,
    INVALID_TRAFFIC_ANALYZER_ID_NOT_FOUND,
    OPERATION_FAILED_ANALYSIS_LIMIT,
)
SHARED_RULES = (
    Rule(INVALID_REGION_ID_NOT_FOUND, "RegionNo is a configured region.", _region_known),
    Rule(OPERATION_UNSUPPORTED_TRAFFIC_SCENARIO, "TrafficScenario is one of the VPC flow logs.", _scenario_is_of_a_vpc),
    Rule(MISSING_PARAMETER, "Filter names the FlowAction.", _flow_action_given),
    Rule(PARAMETER_INVALID, "BeginTime is before EndTime.", _begins_before_it_ends),
)
SCENARIO_DOC = "All traffic of the flow logs, or that with addresses outside the private ranges."
SCENARIO_REFUSED = "`TRFlowlog` and `CbwpMetric`; only VPC flow logs are analysed"
DIMENSION_DOC = (
    "View on the traffic, which decides on the keys of GroupBy and Filter: `Tuple1` has VpcId, VSwitchId,"
    " NetworkInterfaceId, EcsId, CloudIp; `Tuple2` SourceIp, DestinationIp, TrafficPath instead of CloudIp; `Tuple5`"
    " also SourcePort, DestinationPort, Protocol. The analyzer's own if absent."
)
INTERVAL_DOC = (
    "Step of the storage: the time range is widened to whole steps, counted in UTC. The analyzer's own if absent."
)
FILTER_DOC = (
    "Conditions, all of which must hold. FlowAction (`ACCEPT` or `REJECT`) must be among them. MinBytes, MaxBytes,"
    " MinPackages and MaxPackages bound the sums of a ranking's entries."
)


@structure
class TrafficRankingStarted:
    """The answer of StartNisTrafficRanking."""

    nis_traffic_ranking_id: str = answer("The ranking, for DescribeNisTrafficRanking.", example=RANKING_EXAMPLE)


@action(
    NIS,
    returns=TrafficRankingStarted,
    summary="Rank the traffic of an analyzer.",
    fails=SHARED_FAILS,
    rules=(
        *SHARED_RULES,
        Rule(OPERATION_UNSUPPORTED_TRAFFIC_DATA, "The records hold what is asked for.", _ranking_is_recorded),
    ),
    resources=(located("trafficanalyzer/{TrafficAnalyzerId}", "nis"),),
)
class StartNisTrafficRanking:
    """The ranking is complete when the call returns, and is kept for a day, at most the 100 newest of an account.
    Records count by their `__time__`, the last second of their window.
    """

    region_no: str = param(IDENTIFIER, "Region of the analyzer.", example=REGION_EXAMPLE)
    traffic_analyzer_id: str = param(IDENTIFIER, "The analyzer.", example=ANALYZER_EXAMPLE)
    traffic_scenario: Scenario = param(OneOf(Scenario), SCENARIO_DOC, example="VpcFlowLogAll", refused=SCENARIO_REFUSED)
    direction: Direction = param(AnyCase(Direction), "Into or out of the network interface.", example="In")
    begin_time: int = param(UNIX_MS, "Beginning of the time range.", example="1795316400000", unit="Unix milliseconds")
    end_time: int = param(UNIX_MS, "End of the time range.", example="1795320000000", unit="Unix milliseconds")
    order_by: OrderBy = param(
        OneOf(OrderBy),
        "What is summed up and compared.",
        example="Bytes",
        refused="`RoundTripTime`; no record holds it",
    )
    tuple_dimension: Dimension | None = param(
        OneOf(Dimension), DIMENSION_DOC, example="Tuple2", default=None, invalid=ILLEGAL_PARAM_TUPLE_DIMENSION
    )
    group_by: tuple[Key, ...] = param(
        JsonList(OneOf(Key), GROUP_BY_MAX),
        "What one entry stands for; the addresses (and ports and protocol) of the dimension if absent.",
        example='["SourceIp", "DestinationIp"]',
        default=(),
    )
    filters: tuple[Filter, ...] = param(FILTERS, FILTER_DOC, example=FILTER_EXAMPLE, default=(), wire="Filter")
    sort: Sort = param(AnyCase(Sort), "Which end comes first.", example="DESC", default=Sort.DESCENDING)
    top_n: int = param(
        Integer(1, ENTRIES_MAX), "Entries to keep, from the first.", example="10", default=ENTRIES_MAX, unit="entries"
    )
    storage_interval: int | None = param(
        INTERVAL, INTERVAL_DOC, example="10", default=None, unit="minutes", invalid=ILLEGAL_PARAM_STORAGE_INTERVAL
    )
    language: str | None = param(
        Text(length=(0, 16)), "Language of names.", example="en-US", default=None, ignored="no answer holds a name"
    )
    max_results: int | None = param(
        page_size(100), "Page size.", example="20", default=None, ignored="DescribeNisTrafficRanking pages"
    )
    next_token: str | None = param(
        Text(length=(0, 256)), "Page.", example="20", default=None, ignored="DescribeNisTrafficRanking pages"
    )


@structure
class FlowRanking:
    """One entry of a ranking. Keys that it is not grouped by are absent."""

    region_id: str = answer("Region of the analyzer.", example=REGION_EXAMPLE)
    direction: str = answer("`in` or `out`.", example="in")
    vpc_id: str | None = answer("VPC.", default=None, example="vpc-bp1nwd16gvo1wgs7v5m2t")
    v_switch_id: str | None = answer("VSwitch.", default=None, example="vsw-bp1s5fnvk4gn2tws03624")
    network_interface_id: str | None = answer("Network interface.", default=None, example="eni-bp1d66qjxb3qoin3a2b4")
    ecs_id: str | None = answer("Instance; `-` if none.", default=None, example="i-bp1a2b3c4d5e6f7g8h9i")
    cloud_ip: str | None = answer("Address of the interface.", default=None, example="10.0.1.7")
    source_ip: str | None = answer(
        "Source address; with CloudIp and direction `out` the cloud's.", default=None, example="10.0.2.9"
    )
    destination_ip: str | None = answer(
        "Destination address; with CloudIp and direction `in` the cloud's.", default=None, example="10.0.1.7"
    )
    traffic_path: str | None = answer("Code of the path, as in the records.", default=None, example="0")
    source_port: str | None = answer("Source port.", default=None, example="49152")
    destination_port: str | None = answer("Destination port.", default=None, example="443")
    protocol: str | None = answer("`TCP`, `UDP`, `ICMP`, `ICMPv6`, or a number.", default=None, example="TCP")
    bytes: int = answer("Bytes in the time range.", example=120000)
    packets: int = answer("Packets in the time range.", example=100)
    bytes_rate: float = answer("Its share of the bytes of all that the filter lets through, 0 to 1.", example=0.25)


@structure
class FlowRankingPage:
    """The answer of DescribeNisTrafficRanking."""

    nis_traffic_ranking_id: str = answer("The ranking.", example=RANKING_EXAMPLE)
    status: str = answer("`Complete`.", default="Complete", example="Complete")
    max_results: int = answer("Entries per page.", example=20)
    next_token: str = answer("For the next page; empty on the last one.", example="20")
    total_count: int = answer("Entries of the whole ranking.", example=72)
    flow_ranking_list: tuple[FlowRanking, ...] = answer("The page's entries, in order.")


@action(
    NIS,
    returns=FlowRankingPage,
    summary="Read a ranking.",
    writes=False,
    fails=(MISSING_PARAMETER, INVALID_PARAMETER, PARAMETER_INVALID, INVALID_NIS_TRAFFIC_RANKING_ID_NOT_FOUND),
    resources=(located("trafficranking/{NisTrafficRankingId}", "nis"),),
)
class DescribeNisTrafficRanking:
    """Any server of the same catalog has it."""

    nis_traffic_ranking_id: str = param(IDENTIFIER, "The ranking.", example=RANKING_EXAMPLE)
    max_results: int = param(page_size(100), "Entries per page.", example="20", default=20)
    next_token: str = param(PLACE, "NextToken of the page before; absent for the first.", example="20", default="")


@structure
class MetricPoint:
    """One point of a metric."""

    time_stamp: int = answer("Beginning of the step, Unix milliseconds.", example=1795316400000)
    value: float = answer("Mean over the step.", example=16000.0)


@structure
class TrafficMetric:
    """The answer of GetNisTrafficMetrics."""

    unit: str = answer("`Bits/Second` or `Packets/Second`.", example="Bits/Second")
    max_results: int = answer("Points per page.", example=1440)
    next_token: str = answer("For the next page; empty on the last one.", example="")
    total_count: int = answer("Points of the whole time range.", example=60)
    metric_statics: tuple[MetricPoint, ...] = answer("The page's points; a step without traffic is 0.")


@action(
    NIS,
    returns=TrafficMetric,
    summary="Draw bandwidth or packet rate of an analyzer over time.",
    writes=False,
    fails=SHARED_FAILS,
    rules=(
        *SHARED_RULES,
        Rule(OPERATION_UNSUPPORTED_TRAFFIC_DATA, "The records hold what is asked for.", _metric_is_recorded),
        Rule(PARAMETER_INVALID, "Filter has no bounds on sums.", _metric_has_no_bounds),
    ),
    resources=(located("trafficanalyzer/{TrafficAnalyzerId}", "nis"),),
)
class GetNisTrafficMetrics:
    """Without times the last hour; with one of them the hour behind BeginTime or before EndTime. The step is the
    greater of StepMinutes and the storage's; the last one may end after EndTime and counts whole.
    """

    region_no: str = param(IDENTIFIER, "Region of the analyzer.", example=REGION_EXAMPLE)
    traffic_analyzer_id: str = param(IDENTIFIER, "The analyzer.", example=ANALYZER_EXAMPLE)
    traffic_scenario: Scenario = param(OneOf(Scenario), SCENARIO_DOC, example="VpcFlowLogAll", refused=SCENARIO_REFUSED)
    direction: Direction = param(AnyCase(Direction), "Into or out of the network interface.", example="In")
    metric_name: Metric = param(
        OneOf(Metric), "What is drawn.", example="bps", refused="`rtt` and `RetransmitRate`; no record holds them"
    )
    begin_time: int | None = param(
        UNIX_MS, "Beginning of the time range.", example="1795316400000", default=None, unit="Unix milliseconds"
    )
    end_time: int | None = param(
        UNIX_MS, "End of the time range.", example="1795320000000", default=None, unit="Unix milliseconds"
    )
    step_minutes: int | None = param(
        Integer(1, STEP_MINUTES_MAX), "Time between two points.", example="10", default=None, unit="minutes"
    )
    tuple_dimension: Dimension | None = param(
        OneOf(Dimension), DIMENSION_DOC, example="Tuple2", default=None, invalid=ILLEGAL_PARAM_TUPLE_DIMENSION
    )
    filters: tuple[Filter, ...] = param(FILTERS, FILTER_DOC, example=FILTER_EXAMPLE, default=(), wire="Filter")
    storage_interval: int | None = param(
        INTERVAL, INTERVAL_DOC, example="10", default=None, unit="minutes", invalid=ILLEGAL_PARAM_STORAGE_INTERVAL
    )
    scan_by: ScanBy = param(
        OneOf(ScanBy), "Order of the points.", example="TimestampAscending", default=ScanBy.ASCENDING
    )
    max_results: int = param(
        Integer(1, POINTS_MAX), "Points per page.", example="1440", default=POINTS_MAX, unit="points"
    )
    next_token: str = param(PLACE, "NextToken of the page before; absent for the first.", example="20", default="")
