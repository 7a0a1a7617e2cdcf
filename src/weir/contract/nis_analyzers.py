"""Making and removing traffic analyzers, product Nis 2021-12-16.

What enters: nothing. What leaves: one command and one answer class per operation. The published product makes analyzers
in its console alone; these actions are Weir's own, in the style of the flow-log family. An analyzer has a logstore of
its own; a flow log delivers to it by TrafficAnalyzerId (source: the CreateFlowLog page's failures).
"""

from __future__ import annotations

from enum import StrEnum

from weir.contract.declare import Product, action, answer, param, structure
from weir.contract.nis_shapes import Dimension
from weir.contract.shapes import Integer, OneOf
from weir.contract.terms import (
    DESCRIPTION,
    IDENTIFIER,
    LABEL,
    PAGE_NUMBER,
    REGION_EXAMPLE,
    REGION_HAS_FLOW_LOGS,
    REGION_KNOWN,
    Done,
    located,
    page_size,
)
from weir.model.failures import (
    DEPENDENCY_VIOLATION_FLOW_LOG,
    ILLEGAL_PARAM_AGGREGATION_INTERVAL,
    ILLEGAL_PARAM_TUPLE_DIMENSION,
    INVALID_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    INVALID_TRAFFIC_ANALYZER_ID_NOT_FOUND,
    MISSING_PARAMETER,
    OPERATION_UNSUPPORTED_ACTION,
    PARAMETER_INVALID,
    QUOTA_EXCEEDED_TRAFFIC_ANALYZER,
)

NIS = Product("Nis", "2021-12-16", "Network intelligence service")
ANALYZER_EXAMPLE = "nta-bp1x2y3z4a5b6c7d8e9f0"
ANALYZER_LOG_STORE = "flow_log"
"""The logstore of an analyzer, in the project that is named after it."""
INTERVAL = OneOf(1, 10, 60, 1440)
STORAGE_DAYS = Integer(1, 3650)


class AnalyzerStatus(StrEnum):
    """States of a traffic analyzer. An inactive one takes no records; what it has can still be analysed."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


@structure
class TrafficAnalyzerCreated:
    """The answer of CreateTrafficAnalyzer."""

    traffic_analyzer_id: str = answer("The new analyzer.", example=ANALYZER_EXAMPLE)


@action(
    NIS,
    returns=TrafficAnalyzerCreated,
    summary="Create a traffic analyzer, to which flow logs can deliver.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        OPERATION_UNSUPPORTED_ACTION,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        ILLEGAL_PARAM_AGGREGATION_INTERVAL,
        ILLEGAL_PARAM_TUPLE_DIMENSION,
        QUOTA_EXCEEDED_TRAFFIC_ANALYZER,
    ),
    rules=(REGION_KNOWN, REGION_HAS_FLOW_LOGS),
    resources=(located("trafficanalyzer/*", "nis"),),
)
class CreateTrafficAnalyzer:
    """The analyzer is `Active` at once. Its records lie in the logstore `flow_log` of a project that is named after it,
    where they can be queried with SQL as well; the project goes with the analyzer and cannot be deleted alone.
    """

    region_id: str = param(IDENTIFIER, "Region of the analyzer and of its flow logs.", example=REGION_EXAMPLE)
    traffic_analyzer_name: str | None = param(LABEL, "Name of the analyzer.", example="edge", default=None)
    description: str | None = param(
        DESCRIPTION, "Description of the analyzer.", example="Traffic of the edge.", default=None
    )
    aggregation_interval: int = param(
        INTERVAL,
        "Finest step in which traffic is analysed; a flow log with a greater window cannot deliver to the analyzer.",
        example="10",
        default=10,
        unit="minutes",
        invalid=ILLEGAL_PARAM_AGGREGATION_INTERVAL,
    )
    tuple_dimension: Dimension = param(
        OneOf(Dimension),
        "Finest view on the traffic: by cloud address, by address pair, or by flow.",
        example="Tuple5",
        default=Dimension.TUPLE5,
        invalid=ILLEGAL_PARAM_TUPLE_DIMENSION,
    )
    storage_days: int = param(STORAGE_DAYS, "How long records are kept.", example="30", default=30, unit="days")


@structure
class TrafficAnalyzer:
    """One analyzer."""

    traffic_analyzer_id: str = answer("The analyzer.", example=ANALYZER_EXAMPLE)
    traffic_analyzer_name: str = answer("Its name; empty if it has none.", example="edge")
    description: str = answer("Its description; empty if it has none.", example="Traffic of the edge.")
    region_id: str = answer("Its region.", example=REGION_EXAMPLE)
    status: str = answer("`Active` or `Inactive`.", example="Active")
    aggregation_interval: int = answer("Finest step in minutes.", example=10)
    tuple_dimension: str = answer("Finest view on the traffic.", example="Tuple5")
    storage_days: int = answer("Days that records are kept.", example=30)
    project_name: str = answer("Project of its records.", example=ANALYZER_EXAMPLE)
    log_store_name: str = answer("Logstore of its records.", example=ANALYZER_LOG_STORE)
    creation_time: str = answer("When it was created, `YYYY-MM-DDThh:mm:ssZ`.", example="2026-11-22T03:08:50Z")
    flow_log_ids: tuple[str, ...] = answer(
        "Flow logs that deliver to it.", item="FlowLogId", example="fl-m5e8vhz2t21sel1nq5kzd"
    )


@structure
class TrafficAnalyzerPage:
    """The answer of DescribeTrafficAnalyzers."""

    page_number: int = answer("The page shown.", example=1)
    page_size: int = answer("Analyzers per page.", example=20)
    total_count: int = answer("Analyzers that match.", example=1)
    traffic_analyzers: tuple[TrafficAnalyzer, ...] = answer(
        "The page's analyzers, oldest first.", item="TrafficAnalyzer"
    )


@action(
    NIS,
    returns=TrafficAnalyzerPage,
    summary="List traffic analyzers.",
    writes=False,
    fails=(MISSING_PARAMETER, INVALID_REGION_ID_NOT_FOUND, INVALID_PARAMETER, PARAMETER_INVALID),
    rules=(REGION_KNOWN,),
    resources=(located("trafficanalyzer/*", "nis"),),
)
class DescribeTrafficAnalyzers:
    """Every filter must match, each exactly."""

    region_id: str = param(IDENTIFIER, "Region of the analyzers.", example=REGION_EXAMPLE)
    traffic_analyzer_id: str | None = param(IDENTIFIER, "The analyzer.", example=ANALYZER_EXAMPLE, default=None)
    traffic_analyzer_name: str | None = param(IDENTIFIER, "Its name.", example="edge", default=None)
    status: AnalyzerStatus | None = param(OneOf(AnalyzerStatus), "Its state.", example="Active", default=None)
    page_number: int = param(PAGE_NUMBER, "Page to show, the first is 1.", example="1", default=1)
    page_size: int = param(page_size(50), "Analyzers per page.", example="20", default=20)


ON_ONE_ANALYZER = (
    MISSING_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    PARAMETER_INVALID,
    INVALID_TRAFFIC_ANALYZER_ID_NOT_FOUND,
)


@action(
    NIS,
    returns=Done,
    summary="Start a stopped traffic analyzer.",
    fails=ON_ONE_ANALYZER,
    rules=(REGION_KNOWN,),
    resources=(located("trafficanalyzer/{TrafficAnalyzerId}", "nis"),),
)
class ActiveTrafficAnalyzer:
    """Its flow logs deliver to it again; the same call twice changes nothing."""

    region_id: str = param(IDENTIFIER, "Region of the analyzer.", example=REGION_EXAMPLE)
    traffic_analyzer_id: str = param(IDENTIFIER, "The analyzer.", example=ANALYZER_EXAMPLE)


@action(
    NIS,
    returns=Done,
    summary="Stop a traffic analyzer; it can be started again.",
    fails=ON_ONE_ANALYZER,
    rules=(REGION_KNOWN,),
    resources=(located("trafficanalyzer/{TrafficAnalyzerId}", "nis"),),
)
class DeactiveTrafficAnalyzer:
    """Its flow logs no longer deliver to it, and no new one may; what else they deliver to goes on. The same call twice
    changes nothing.
    """

    region_id: str = param(IDENTIFIER, "Region of the analyzer.", example=REGION_EXAMPLE)
    traffic_analyzer_id: str = param(IDENTIFIER, "The analyzer.", example=ANALYZER_EXAMPLE)


@action(
    NIS,
    returns=Done,
    summary="Delete a traffic analyzer and its records.",
    fails=(*ON_ONE_ANALYZER, DEPENDENCY_VIOLATION_FLOW_LOG),
    rules=(REGION_KNOWN,),
    resources=(located("trafficanalyzer/{TrafficAnalyzerId}", "nis"),),
)
class DeleteTrafficAnalyzer:
    """Refused while a flow log delivers to it, whatever state they are in. Finished rankings stay till they expire."""

    region_id: str = param(IDENTIFIER, "Region of the analyzer.", example=REGION_EXAMPLE)
    traffic_analyzer_id: str = param(IDENTIFIER, "The analyzer.", example=ANALYZER_EXAMPLE)
