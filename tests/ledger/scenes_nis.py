"""Traffic analyzers: every refusal that depends on which analyzers there are."""

from __future__ import annotations

from dataclasses import replace

from tests.ledger.door import Tenant
from tests.ledger.scenes import Pairs, Scene, same, with_pairs
from weir.control.analyzers import ANALYZER_QUOTA
from weir.control.desk import Desk
from weir.logstore.duck import DuckEngine
from weir.logstore.engine import Limits
from weir.query.run import Querier

ASKED = {"Filter": '[{"Key":"FlowAction","Operator":"in","Value":["ACCEPT"]}]'}
ASKING = "StartNisTrafficRanking GetNisTrafficMetrics"


def analyzer(tenant: Tenant, **pairs: str) -> str:
    return str(tenant.ok("CreateTrafficAnalyzer", **pairs)["TrafficAnalyzerId"])


def many(tenant: Tenant) -> Pairs:
    for _ in range(ANALYZER_QUOTA):
        analyzer(tenant)
    return {}


def fed(tenant: Tenant, **pairs: str) -> Pairs:
    """A flow log that asks for an analyzer made with ``pairs``."""
    return {"ResourceType": "VPC", "ResourceId": tenant.vpc(), "TrafficAnalyzerId": analyzer(tenant, **pairs)}


def stopped(tenant: Tenant) -> Pairs:
    asked = fed(tenant)
    tenant.ok("DeactiveTrafficAnalyzer", TrafficAnalyzerId=asked["TrafficAnalyzerId"])
    return asked


def used(tenant: Tenant) -> Pairs:
    asked = fed(tenant)
    tenant.ok("CreateFlowLog", **asked)
    return {"TrafficAnalyzerId": asked["TrafficAnalyzerId"]}


def slower(tenant: Tenant) -> Pairs:
    """A longer interval for a flow log whose analyzer has a short one."""
    asked = fed(tenant, AggregationInterval="1") | {"AggregationInterval": "1"}
    return {"FlowLogId": str(tenant.ok("CreateFlowLog", **asked)["FlowLogId"]), "AggregationInterval": "10"}


def narrow(desk: Desk) -> Desk:
    """A server that runs no query."""
    return replace(desk, querier=Querier(DuckEngine(Limits(seconds_max=0.01, running_max=0))))


def asking(tenant: Tenant, **pairs: str) -> Pairs:
    return {**ASKED, "TrafficAnalyzerId": analyzer(tenant), **pairs}


SCENES = (
    Scene("CreateTrafficAnalyzer", "QuotaExceeded.TrafficAnalyzer", many),
    *same(
        f"ActiveTrafficAnalyzer DeactiveTrafficAnalyzer DeleteTrafficAnalyzer {ASKING}",
        "InvalidTrafficAnalyzerId.NotFound",
        with_pairs(TrafficAnalyzerId="nta-none", **ASKED),
    ),
    Scene("DeleteTrafficAnalyzer", "DependencyViolation.FlowLog", used),
    Scene("CreateFlowLog", "OperationDenied.NisTrafficAnalyzerNotActive", stopped),
    Scene(
        "CreateFlowLog",
        "OperationDenied.NisTrafficAnalyzerAggregationIntervalMismatch",
        lambda t: fed(t, AggregationInterval="1") | {"AggregationInterval": "10"},
    ),
    Scene("ModifyFlowLogAttribute", "OperationDenied.NisTrafficAnalyzerAggregationIntervalMismatch", slower),
    Scene("DescribeNisTrafficRanking", "InvalidNisTrafficRankingId.NotFound", with_pairs(NisTrafficRankingId="task-0")),
    *same(ASKING, "InvalidRegionId.NotFound", lambda t: asking(t, RegionNo="mars")),
    *same(ASKING, "OperationUnsupported.TrafficScenario", lambda t: asking(t, TrafficScenario="TRFlowlog")),
    Scene("StartNisTrafficRanking", "OperationUnsupported.TrafficData", lambda t: asking(t, OrderBy="RoundTripTime")),
    Scene("GetNisTrafficMetrics", "OperationUnsupported.TrafficData", lambda t: asking(t, MetricName="rtt")),
    *same(ASKING, "OperationFailed.AnalysisLimit", asking, narrow),
)
