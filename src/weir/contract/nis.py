"""Product Nis 2021-12-16 in one name space: everything a handler or a client says and hears.

What enters: the declarations of the two files beside it. What leaves: the same names, and ``NIS_COMMANDS``.
"""

from __future__ import annotations

from weir.contract.nis_analyzers import (
    ANALYZER_LOG_STORE,
    NIS,
    ActiveTrafficAnalyzer,
    AnalyzerStatus,
    CreateTrafficAnalyzer,
    DeactiveTrafficAnalyzer,
    DeleteTrafficAnalyzer,
    DescribeTrafficAnalyzers,
    TrafficAnalyzer,
    TrafficAnalyzerCreated,
    TrafficAnalyzerPage,
)
from weir.contract.nis_traffic import (
    DescribeNisTrafficRanking,
    FlowRanking,
    FlowRankingPage,
    GetNisTrafficMetrics,
    MetricPoint,
    StartNisTrafficRanking,
    TrafficMetric,
    TrafficRankingStarted,
)

NIS_COMMANDS: tuple[type, ...] = (
    CreateTrafficAnalyzer,
    DescribeTrafficAnalyzers,
    ActiveTrafficAnalyzer,
    DeactiveTrafficAnalyzer,
    DeleteTrafficAnalyzer,
    StartNisTrafficRanking,
    DescribeNisTrafficRanking,
    GetNisTrafficMetrics,
)

__all__ = [
    "ANALYZER_LOG_STORE",
    "NIS",
    "NIS_COMMANDS",
    "ActiveTrafficAnalyzer",
    "AnalyzerStatus",
    "CreateTrafficAnalyzer",
    "DeactiveTrafficAnalyzer",
    "DeleteTrafficAnalyzer",
    "DescribeNisTrafficRanking",
    "DescribeTrafficAnalyzers",
    "FlowRanking",
    "FlowRankingPage",
    "GetNisTrafficMetrics",
    "MetricPoint",
    "StartNisTrafficRanking",
    "TrafficAnalyzer",
    "TrafficAnalyzerCreated",
    "TrafficAnalyzerPage",
    "TrafficMetric",
    "TrafficRankingStarted",
]
