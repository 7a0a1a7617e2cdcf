"""Creating and listing flow logs, product Vpc 2016-04-28.

What enters: nothing. What leaves: one command and one answer class per operation. Names, constraints, defaults and
the 35 failures of CreateFlowLog are the published ones (source: the CreateFlowLog page and its siblings; parameters
from the official SDKs). Failures stand in the order in which they are checked.
"""

from __future__ import annotations

import re
from enum import StrEnum

from weir.contract.declare import Rule, action, answer, param, structure
from weir.contract.shapes import OneOf, Pattern, Repeat, Text
from weir.contract.terms import (
    DESCRIPTION,
    IDENTIFIER,
    LABEL,
    LOG_STORE,
    PAGE_NUMBER,
    PROJECT,
    REGION_EXAMPLE,
    REGION_HAS_FLOW_LOGS,
    REGION_KNOWN,
    TAG_FILTERS,
    TAG_KEYS_DIFFER,
    TAG_LIST,
    VPC,
    Tag,
    TagFilter,
    located,
    page_size,
)
from weir.model.failures import (
    DUPLICATED_PARAM_TRAFFIC_PATH,
    ILLEGAL_PARAM_AGGREGATION_INTERVAL,
    ILLEGAL_PARAM_IP_VERSION,
    ILLEGAL_PARAM_TRAFFIC_PATH,
    INVALID_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    INVALID_RESOURCE_TYPE_NOT_FOUND,
    MISSING_PARAM_TRAFFIC_ANALYZER_ID_OR_LOG_PROJECT_OR_LOG_STORE,
    MISSING_PARAMETER,
    OPERATION_UNSUPPORTED_ACTION,
    OPERATION_UNSUPPORTED_RESOURCE_TYPE,
    PAGE,
    PARAMETER_INVALID,
)
from weir.model.fields import ALL_FIELDS, EXTENDED_NAMES
from weir.model.resources import FlowLogStatus, ResourceType, TrafficType


class TrafficPath(StrEnum):
    """Paths a flow log can be narrowed to."""

    ALL = "all"
    INTERNET_GATEWAY = "internetGateway"
    NAT_GATEWAY = "natGateway"
    VPN_GATEWAY = "vpnGateway"
    TRANSIT_ROUTER = "transitRouter"
    GATEWAY_ENDPOINT = "gatewayEndpoint"
    VBR = "vbr"
    ECR = "ecr"
    IPV4_GATEWAY = "ipv4Gateway"
    GATEWAY_LOAD_BALANCER_ENDPOINT = "gatewayLoadBalancerEndpoint"


class IpVersion(StrEnum):
    """Address families a flow log captures."""

    IPV4 = "IPv4"
    DUAL_STACK = "DualStack"


AGGREGATION_INTERVAL = OneOf(1, 5, 10)
LOG_FORMAT = Text(
    length=(1, 1024),
    pattern=Pattern(
        r"\$\{[a-z0-9_-]+\}( ?\$\{[a-z0-9_-]+\})*",
        "a list of ${field}",
        good=("${srcaddr}", "${srcaddr}${tcp-flags}", "${traffic_path} ${eni-id}"),
        bad=("srcaddr", "${}", "${srcaddr", "${src addr}", "${srcaddr},${dstaddr}", " ${srcaddr}"),
    ),
)
TRAFFIC_PATHS_MAX = 2 * len(TrafficPath)
"""Paths one call may list; above it the call is refused. Roomy, so that a path given twice gets its own failure."""
RESOURCE_PREFIXES = {ResourceType.ENI: "eni-", ResourceType.VSWITCH: "vsw-", ResourceType.VPC: "vpc-"}


def _fields_exist(log_format: str | None) -> str | None:
    unknown = sorted(set(log_fields(log_format or "")) - set(ALL_FIELDS))
    return f"no such field: {', '.join(unknown)}" if unknown else None


def log_fields(log_format: str) -> tuple[str, ...]:
    """The names in a LogFormat, in its order."""
    return tuple(re.findall(r"\$\{([a-z0-9_-]+)\}", log_format))


def extended_fields(log_format: str) -> frozenset[str]:
    """The names in a LogFormat that are extended fields."""
    return frozenset(log_fields(log_format)).intersection(EXTENDED_NAMES)


FIELDS_EXIST = Rule(PARAMETER_INVALID, "Every field that LogFormat names exists.", _fields_exist)


def _id_fits_type(resource_type: ResourceType, resource_id: str) -> str | None:
    for kind, prefix in RESOURCE_PREFIXES.items():
        if resource_id.startswith(prefix) and kind is not resource_type:
            return f"the id of a {kind}"
    return None


def _all_stands_alone(traffic_path: tuple[TrafficPath, ...]) -> str | None:
    return "'all' beside another path" if TrafficPath.ALL in traffic_path and len(set(traffic_path)) > 1 else None


def _paths_differ(traffic_path: tuple[TrafficPath, ...]) -> str | None:
    return "a path is given twice" if len(set(traffic_path)) < len(traffic_path) else None


def _has_target(traffic_analyzer_id: str | None, project_name: str | None, log_store_name: str | None) -> str | None:
    has_log_store = project_name is not None and log_store_name is not None
    return None if traffic_analyzer_id is not None or has_log_store else "nowhere to deliver to"


@structure
class FlowLogCreated:
    """The answer of CreateFlowLog."""

    success: bool = answer("Whether the call was taken.", default=True, as_text=True, example="true")
    flow_log_id: str = answer("The new flow log.", example="fl-m5e8vhz2t21sel1nq5kzd")
    resource_group_id: str = answer("Its resource group.", example="rg-acfmxazdjdhd123")


@action(
    VPC,
    returns=FlowLogCreated,
    summary="Create a flow log and start capturing the traffic of one resource.",
    fails=PAGE,
    rules=(
        REGION_KNOWN,
        REGION_HAS_FLOW_LOGS,
        TAG_KEYS_DIFFER,
        FIELDS_EXIST,
        Rule(INVALID_RESOURCE_TYPE_NOT_FOUND, "ResourceId is the id of a resource of ResourceType.", _id_fits_type),
        Rule(ILLEGAL_PARAM_TRAFFIC_PATH, "`all` stands alone in TrafficPath.", _all_stands_alone),
        Rule(DUPLICATED_PARAM_TRAFFIC_PATH, "No path is given twice in TrafficPath.", _paths_differ),
        Rule(
            MISSING_PARAM_TRAFFIC_ANALYZER_ID_OR_LOG_PROJECT_OR_LOG_STORE,
            "TrafficAnalyzerId, or both ProjectName and LogStoreName, are given.",
            _has_target,
        ),
    ),
    resources=(
        located("flowlog/*"),
        located("vswitch/{ResourceId}", when=("ResourceType", "VSwitch")),
        located("vpc/{ResourceId}", when=("ResourceType", "VPC")),
    ),
)
class CreateFlowLog:
    """Asynchronous: the flow log is `Activating` until every live agent that hosts an interface in its scope has
    attached its hooks, then `Active`. Interfaces made later in a VSwitch or VPC join by themselves. There is no
    idempotency token: a resource has one flow log of all paths, so a repeated call is refused.
    """

    region_id: str = param(IDENTIFIER, "Region of the flow log.", example=REGION_EXAMPLE)
    resource_type: ResourceType = param(
        OneOf(ResourceType),
        "What ResourceId names: one network interface, all interfaces of a VSwitch, or all of a VPC.",
        example="NetworkInterface",
        invalid=OPERATION_UNSUPPORTED_RESOURCE_TYPE,
    )
    resource_id: str = param(IDENTIFIER, "Resource whose traffic is captured.", example="eni-bp1d66qjxb3qoin3a2b4")
    traffic_type: TrafficType = param(
        OneOf(TrafficType),
        "Verdicts to keep: all traffic, what access control allowed, or what it dropped.",
        example="All",
    )
    project_name: str | None = param(PROJECT, "Project that receives the records.", example="flow-logs", default=None)
    log_store_name: str | None = param(LOG_STORE, "Logstore in that project.", example="vpc_flow_log", default=None)
    flow_log_name: str | None = param(LABEL, "Name of the flow log.", example="myFlowlog", default=None)
    description: str | None = param(
        DESCRIPTION, "Description of the flow log.", example="This is my Flowlog.", default=None
    )
    aggregation_interval: int = param(
        AGGREGATION_INTERVAL,
        "Length of the window that one record sums up.",
        example="10",
        default=10,
        unit="minutes",
        invalid=ILLEGAL_PARAM_AGGREGATION_INTERVAL,
    )
    traffic_path: tuple[TrafficPath, ...] = param(
        Repeat(OneOf(TrafficPath), at_most=TRAFFIC_PATHS_MAX),
        "Paths whose traffic is captured; other than `all` only for accounts on the white list.",
        example="all",
        default=(TrafficPath.ALL,),
        invalid=ILLEGAL_PARAM_TRAFFIC_PATH,
    )
    ip_version: IpVersion = param(
        OneOf(IpVersion),
        "Address families to capture: IPv4 alone, or IPv4 and IPv6.",
        example="IPv4",
        default=IpVersion.IPV4,
        invalid=ILLEGAL_PARAM_IP_VERSION,
    )
    resource_group_id: str | None = param(
        IDENTIFIER, "Resource group; the account's default group if absent.", example="rg-acfmxazdjdhd123", default=None
    )
    tag: tuple[Tag, ...] = param(TAG_LIST, "Tags of the flow log.", default=())
    traffic_analyzer_id: str | None = param(
        IDENTIFIER,
        "Traffic analyzer that receives the records, beside the logstore or alone.",
        example="nta-bp1x2y3z",
        default=None,
    )
    log_format: str | None = param(
        LOG_FORMAT,
        "Fields of its records; the published ones if absent.",
        example="${srcaddr}${dstaddr}",
        default=None,
    )


@structure
class FlowLog:
    """One flow log as DescribeFlowLogs shows it."""

    flow_log_id: str = answer("The flow log.", example="fl-m5e8vhz2t21sel1nq5kzd")
    flow_log_name: str = answer("Its name; empty if it has none.", example="myFlowlog")
    description: str = answer("Its description; empty if it has none.", example="This is my Flowlog.")
    creation_time: str = answer("When it was created, `YYYY-MM-DDThh:mm:ssZ`.", example="2026-11-22T03:08:50Z")
    region_id: str = answer("Its region.", example=REGION_EXAMPLE)
    resource_type: str = answer("What is captured.", example="NetworkInterface")
    resource_id: str = answer("Which one.", example="eni-bp1d66qjxb3qoin3a2b4")
    traffic_type: str = answer("Verdicts kept.", example="All")
    project_name: str = answer("Project that receives the records.", example="flow-logs")
    log_store_name: str = answer("Logstore that receives the records.", example="vpc_flow_log")
    traffic_analyzer_id: str | None = answer(
        "Traffic analyzer that receives the records; absent if none does.", default=None, example="nta-bp1x2y3z"
    )
    status: str = answer("State, see the manual's diagram.", example="Active")
    business_status: str = answer("`Normal` or `FinancialLocked`.", default="Normal", example="Normal")
    aggregation_interval: int = answer("Window in minutes.", example=10)
    traffic_path: tuple[str, ...] = answer("Paths captured.", item="TrafficPathList", example="all")
    ip_version: str = answer("Address families captured.", default="IPv4", example="IPv4")
    resource_group_id: str = answer("Its resource group.", example="rg-acfmxazdjdhd123")
    service_type: str = answer("Empty: created by a user; `sls`: by the log service.", default="")
    flow_log_deliver_status: str = answer("`SUCCESS` or `FAILED`.", default="SUCCESS", example="SUCCESS")
    flow_log_deliver_error_message: str = answer(
        "Why delivery fails: `UnavaliableTarget` (so spelt), `ProjectNotExist`, `UnknownError`; else empty.", default=""
    )
    log_format: str | None = answer(
        "Fields of its records, if it names them.", default=None, example="${srcaddr}${dstaddr}"
    )
    tags: tuple[Tag, ...] = answer("Its tags.", item="Tag", default=())


@structure
class FlowLogPage:
    """The answer of DescribeFlowLogs; its numbers are strings."""

    success: bool = answer("Whether the call succeeded.", default=True, as_text=True, example="true")
    page_number: int = answer("The page shown.", as_text=True, example="1")
    page_size: int = answer("Flow logs per page.", as_text=True, example="20")
    total_count: int = answer("Flow logs that match.", as_text=True, example="1")
    flow_logs: tuple[FlowLog, ...] = answer("The page's flow logs, oldest first.", item="FlowLog")


@action(
    VPC,
    returns=FlowLogPage,
    summary="List flow logs.",
    writes=False,
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        OPERATION_UNSUPPORTED_ACTION,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
    ),
    rules=(REGION_KNOWN, REGION_HAS_FLOW_LOGS),
    resources=(located("flowlog/*"),),
)
class DescribeFlowLogs:
    """Every filter must match, each exactly; without filters all flow logs of the region are listed. An id that does
    not exist gives an empty list. Note `Tags.N`: this call alone has the plural.
    """

    region_id: str = param(IDENTIFIER, "Region of the flow logs.", example=REGION_EXAMPLE)
    flow_log_id: str | None = param(IDENTIFIER, "The flow log.", example="fl-m5e8vhz2t21sel1nq5kzd", default=None)
    flow_log_name: str | None = param(IDENTIFIER, "Its name.", example="myFlowlog", default=None)
    description: str | None = param(IDENTIFIER, "Its description.", example="This is my Flowlog.", default=None)
    resource_type: ResourceType | None = param(OneOf(ResourceType), "What it captures.", example="VPC", default=None)
    resource_id: str | None = param(IDENTIFIER, "Which one.", example="vpc-bp1nwd16gvo1wgs7v5m2t", default=None)
    traffic_type: TrafficType | None = param(OneOf(TrafficType), "Verdicts it keeps.", example="All", default=None)
    project_name: str | None = param(IDENTIFIER, "Its project.", example="flow-logs", default=None)
    log_store_name: str | None = param(IDENTIFIER, "Its logstore.", example="vpc_flow_log", default=None)
    status: FlowLogStatus | None = param(OneOf(FlowLogStatus), "Its state.", example="Active", default=None)
    vpc_id: str | None = param(
        IDENTIFIER,
        "VPC that it captures, wholly or a VSwitch or an interface in it.",
        example="vpc-bp1nwd16gvo1wgs7v5m2t",
        default=None,
    )
    resource_group_id: str | None = param(IDENTIFIER, "Its resource group.", example="rg-acfmxazdjdhd123", default=None)
    tags: tuple[TagFilter, ...] = param(TAG_FILTERS, "Tags that it has, all of them.", default=())
    page_number: int = param(PAGE_NUMBER, "Page to show, the first is 1.", example="1", default=1)
    page_size: int = param(page_size(50), "Flow logs per page.", example="20", default=20)
