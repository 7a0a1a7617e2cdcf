"""May this flow log be created? One table of checks over facts read beforehand.

What enters: the parsed command and ``Facts`` of the catalog. What leaves: nothing, or the ``Refusal`` of the first
check that applies. Rule: ``CHECKS`` is in the order in which the failures of the CreateFlowLog page are given in the
contract; what concerns the request alone was checked when it was parsed. Pure, so every row is tested by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from weir.contract.vpc_flow_logs import CreateFlowLog, IpVersion, TrafficPath
from weir.model.failures import (
    ILLEGAL_PARAM_RESOURCE_GROUP_ID,
    INVALID_HD_MONITOR_STATUS,
    INVALID_INSTANCE_ID,
    INVALID_RESOURCE_ID_NOT_FOUND,
    OPERATION_DENIED_ALL_TRAFFIC_PATH_OF_MANAGED_EXIST,
    OPERATION_DENIED_NIS_TRAFFIC_ANALYZER_AGGREGATION_INTERVAL_MISMATCH,
    OPERATION_DENIED_NIS_TRAFFIC_ANALYZER_NOT_ACTIVE,
    OPERATION_DENIED_NIS_TRAFFIC_ANALYZER_NOT_FOUND,
    OPERATION_DENIED_OPERATE_SHARE_RESOURCE,
    OPERATION_FAILED_ENI_TYPE_NOT_SUPPORT,
    OPERATION_UNSUPPORTED_ADVANCED_FEATURE,
    PROJECT_OR_LOGSTORE_NOT_EXIST,
    QUOTA_EXCEEDED_FLOWLOG_COUNT,
    RULE_EXIST,
    SOURCE_PROJECT_NOT_EXIST,
    UNSUPPORTED_FEATURE_IP_VERSION,
    UNSUPPORTED_FEATURE_USER_DEFINED_TRAFFIC_PATH,
    UNSUPPORTED_FEATURE_USER_DEFINED_TRAFFIC_PATH_IPV6,
    UNSUPPORTED_FEATURE_VPC_ADVANCED_FEATURE,
    Refusal,
)
from weir.model.resources import ResourceType

AVAILABLE = "Available"
MEMBER = "Member"
ENI_UNUSABLE = frozenset({"Creating", "Deleting", "CreateFailed"})
KIND_NAMES = {ResourceType.ENI: "eni", ResourceType.VSWITCH: "vswitch", ResourceType.VPC: "vpc"}

LEGACY_FAMILIES = "c1 c2 c4 ce4 cm4 d1 e3 e4 ga1 gn4 gn5 i1 m1 m2 mn4 n1 n2 n4 s1 s2 s3 se1 sn1 sn2 t1 xn4"
FAMILIES_WITHOUT_FLOW_LOGS = frozenset("ecs." + family for family in LEGACY_FAMILIES.split())
"""Instance families whose ENIs have no flow logs (source: VPC flow log overview, limits)."""


@dataclass(frozen=True, slots=True)
class Resource:
    """The VPC, VSwitch or ENI to be captured; ``eni_type`` and ``instance_type`` are empty for the other two.

    ``is_shared``: it is another account's, shared with this one.
    """

    status: str
    eni_type: str
    instance_type: str
    has_ipv6_block: bool
    is_shared: bool
    vpc_has_advanced_features: bool


@dataclass(frozen=True, slots=True)
class Analyzer:
    """The traffic analyzer to deliver to. ``aggregation_interval``: minutes."""

    is_active: bool
    aggregation_interval: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What the catalog says. ``resource``, ``project_region_id`` and ``analyzer`` are None where the account has none
    such; ``flow_log_count`` may be more than the account's as long as it is below the quota."""

    resource: Resource | None
    traffic_paths_allowed: bool
    resource_group_exists: bool
    project_region_id: str | None
    has_log_store: bool
    paths_taken: frozenset[str]
    flow_log_count: int
    flow_log_quota: int
    analyzer: Analyzer | None = None


def check(command: CreateFlowLog, facts: Facts) -> None:
    """Raises the ``Refusal`` of the first check that applies."""
    for each in CHECKS:
        each(command, facts)


def _resource_exists(command: CreateFlowLog, facts: Facts) -> None:
    if facts.resource is None:
        raise Refusal(INVALID_INSTANCE_ID, f"{KIND_NAMES[command.resource_type]} does not exist.")


def _resource_is_own(command: CreateFlowLog, facts: Facts) -> None:
    if _resource(facts).is_shared:
        raise Refusal(OPERATION_DENIED_OPERATE_SHARE_RESOURCE)


def _eni_is_no_member(command: CreateFlowLog, facts: Facts) -> None:
    if _resource(facts).eni_type == MEMBER:
        raise Refusal(OPERATION_FAILED_ENI_TYPE_NOT_SUPPORT)


def _resource_is_usable(command: CreateFlowLog, facts: Facts) -> None:
    status = _resource(facts).status
    is_eni = command.resource_type is ResourceType.ENI
    if status in ENI_UNUSABLE if is_eni else status != AVAILABLE:
        raise Refusal(INVALID_HD_MONITOR_STATUS, status=status)


def _instance_family_has_flow_logs(command: CreateFlowLog, facts: Facts) -> None:
    if ".".join(_resource(facts).instance_type.split(".")[:2]) in FAMILIES_WITHOUT_FLOW_LOGS:
        raise Refusal(OPERATION_UNSUPPORTED_ADVANCED_FEATURE)


def _vpc_has_advanced_features(command: CreateFlowLog, facts: Facts) -> None:
    if not _resource(facts).vpc_has_advanced_features:
        raise Refusal(UNSUPPORTED_FEATURE_VPC_ADVANCED_FEATURE)


def _paths_are_allowed(command: CreateFlowLog, facts: Facts) -> None:
    if not wants_all(command) and not facts.traffic_paths_allowed:
        raise Refusal(UNSUPPORTED_FEATURE_USER_DEFINED_TRAFFIC_PATH)


def _paths_are_not_dual_stack(command: CreateFlowLog, facts: Facts) -> None:
    if not wants_all(command) and command.ip_version is IpVersion.DUAL_STACK:
        raise Refusal(UNSUPPORTED_FEATURE_USER_DEFINED_TRAFFIC_PATH_IPV6)


def _ip_version_is_supported(command: CreateFlowLog, facts: Facts) -> None:
    check_ip_version(command.ip_version, command.resource_type, _resource(facts).has_ipv6_block)


def _resource_group_exists(command: CreateFlowLog, facts: Facts) -> None:
    if not facts.resource_group_exists:
        raise Refusal(ILLEGAL_PARAM_RESOURCE_GROUP_ID)


def _log_store_exists(command: CreateFlowLog, facts: Facts) -> None:
    if (command.project_name or command.log_store_name) and not facts.has_log_store:
        raise Refusal(PROJECT_OR_LOGSTORE_NOT_EXIST, project=str(command.project_name))


def _project_is_in_the_region(command: CreateFlowLog, facts: Facts) -> None:
    if command.project_name and facts.project_region_id != command.region_id:
        raise Refusal(SOURCE_PROJECT_NOT_EXIST)


def _analyzer_exists(command: CreateFlowLog, facts: Facts) -> None:
    if command.traffic_analyzer_id and facts.analyzer is None:
        raise Refusal(OPERATION_DENIED_NIS_TRAFFIC_ANALYZER_NOT_FOUND)


def _analyzer_is_active(command: CreateFlowLog, facts: Facts) -> None:
    if facts.analyzer is not None and not facts.analyzer.is_active:
        raise Refusal(OPERATION_DENIED_NIS_TRAFFIC_ANALYZER_NOT_ACTIVE)


def _analyzer_takes_the_interval(command: CreateFlowLog, facts: Facts) -> None:
    if facts.analyzer is not None:
        check_analyzer_interval(command.aggregation_interval, facts.analyzer.aggregation_interval)


def _no_flow_log_of_all_paths_stands_before_some(command: CreateFlowLog, facts: Facts) -> None:
    if TrafficPath.ALL in facts.paths_taken and not wants_all(command):
        raise Refusal(OPERATION_DENIED_ALL_TRAFFIC_PATH_OF_MANAGED_EXIST)


def _no_path_is_repeated(command: CreateFlowLog, facts: Facts) -> None:
    if not wants_all(command) and facts.paths_taken & set(command.traffic_path):
        raise Refusal(RULE_EXIST)


def _no_flow_log_stands_before_all(command: CreateFlowLog, facts: Facts) -> None:
    if wants_all(command) and facts.paths_taken:
        raise Refusal(INVALID_RESOURCE_ID_NOT_FOUND)


def _quota_is_free(command: CreateFlowLog, facts: Facts) -> None:
    if facts.flow_log_count >= facts.flow_log_quota:
        raise Refusal(QUOTA_EXCEEDED_FLOWLOG_COUNT)


CHECKS: tuple[Callable[[CreateFlowLog, Facts], None], ...] = (
    _resource_exists,
    _resource_is_own,
    _eni_is_no_member,
    _resource_is_usable,
    _instance_family_has_flow_logs,
    _vpc_has_advanced_features,
    _paths_are_allowed,
    _paths_are_not_dual_stack,
    _ip_version_is_supported,
    _resource_group_exists,
    _log_store_exists,
    _project_is_in_the_region,
    _analyzer_exists,
    _analyzer_is_active,
    _analyzer_takes_the_interval,
    _no_flow_log_of_all_paths_stands_before_some,
    _no_path_is_repeated,
    _no_flow_log_stands_before_all,
    _quota_is_free,
)


def wants_all(command: CreateFlowLog) -> bool:
    """True for a flow log of all paths, the default."""
    return command.traffic_path == (TrafficPath.ALL,)


def check_ip_version(ip_version: IpVersion, resource_type: ResourceType, has_ipv6_block: bool) -> None:
    """DualStack on a VPC or VSwitch wants an IPv6 block; an ENI may get its address later."""
    if ip_version is IpVersion.DUAL_STACK and resource_type is not ResourceType.ENI and not has_ipv6_block:
        raise Refusal(UNSUPPORTED_FEATURE_IP_VERSION)


def check_analyzer_interval(minutes: int, analyzer_minutes: int) -> None:
    """An analyzer cannot tell apart what happened within a window of the flow log."""
    if minutes > analyzer_minutes:
        raise Refusal(OPERATION_DENIED_NIS_TRAFFIC_ANALYZER_AGGREGATION_INTERVAL_MISMATCH)


def _resource(facts: Facts) -> Resource:
    assert facts.resource is not None, "the first check refuses otherwise"
    return facts.resource
