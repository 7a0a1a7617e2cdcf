"""CreateFlowLog: every check, in the published order, and nothing written by a refusal."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Table, select, update

from weir.contract.vpc import CreateFlowLog, IpVersion, TrafficPath
from weir.control import accounts as account_settings
from weir.control.creation import Analyzer, Facts, Resource, check
from weir.control.schema import METADATA, accounts, enis, service_status, vpcs
from weir.model.failures import PAGE, Refusal
from weir.model.resources import ResourceType, TrafficType

COMMAND = CreateFlowLog(
    region_id="cn-hangzhou",
    resource_type=ResourceType.ENI,
    resource_id="eni-1",
    traffic_type=TrafficType.ALL,
    project_name="flows",
    log_store_name="vpc",
)
FACTS = Facts(
    resource=Resource(
        status="InUse",
        eni_type="",
        instance_type="",
        has_ipv6_block=False,
        is_shared=False,
        vpc_has_advanced_features=True,
    ),
    traffic_paths_allowed=True,
    resource_group_exists=True,
    project_region_id="cn-hangzhou",
    has_log_store=True,
    paths_taken=frozenset(),
    flow_log_count=9,
    flow_log_quota=10,
)


def code_of(call: Callable[[], object]) -> str | None:
    """The code of the page's failure that ``call`` is refused with; None if it is not refused."""
    try:
        call()
    except Refusal as refusal:
        return PAGE[PAGE.index(refusal.failure)].code
    return None


def of_resource(**changes: Any) -> Callable[[CreateFlowLog, Facts], tuple[CreateFlowLog, Facts]]:
    def change(command: CreateFlowLog, facts: Facts) -> tuple[CreateFlowLog, Facts]:
        return command, replace(facts, resource=facts.resource and replace(facts.resource, **changes))

    return change


def of_facts(**changes: Any) -> Callable[[CreateFlowLog, Facts], tuple[CreateFlowLog, Facts]]:
    return lambda command, facts: (command, replace(facts, **changes))


def of_command(**changes: Any) -> Callable[[CreateFlowLog, Facts], tuple[CreateFlowLog, Facts]]:
    return lambda command, facts: (replace(command, **changes), facts)


def of_analyzer(analyzer: Analyzer | None) -> Callable[[CreateFlowLog, Facts], tuple[CreateFlowLog, Facts]]:
    return lambda command, facts: (replace(command, traffic_analyzer_id="nta-1"), replace(facts, analyzer=analyzer))


# In the order of the checks. Each fault may stand together with all that follow it.
FAULTS_OF_ENI = (
    ("InvalidInstanceId", of_facts(resource=None)),
    ("OperationDenied.OperateShareResource", of_resource(is_shared=True)),
    ("OperationFailed.EniTypeNotSupport", of_resource(eni_type="Member")),
    ("InvalidHdMonitorStatus", of_resource(status="Creating")),
    ("OperationUnsupported.AdvancedFeature", of_resource(instance_type="ecs.c1.large")),
    ("UnsupportedFeature.VpcAdvancedFeature", of_resource(vpc_has_advanced_features=False)),
    ("IllegalParam.ResourceGroupId", of_facts(resource_group_exists=False)),
    ("ProjectOrLogstoreNotExist", of_facts(has_log_store=False)),
    ("SourceProjectNotExist", of_facts(project_region_id="cn-beijing")),
    ("OperationDenied.NisTrafficAnalyzerNotFound", of_analyzer(None)),
    ("OperationDenied.NisTrafficAnalyzerNotActive", of_analyzer(Analyzer(is_active=False, aggregation_interval=1))),
    (
        "OperationDenied.NisTrafficAnalyzerAggregationIntervalMismatch",
        of_analyzer(Analyzer(is_active=True, aggregation_interval=1)),
    ),
    ("InvalidResourceId.NotFound", of_facts(paths_taken=frozenset({"all"}))),
    ("QuotaExceeded.FlowlogCount", of_facts(flow_log_count=10)),
)
SOME_PATHS = of_command(traffic_path=(TrafficPath.NAT_GATEWAY, TrafficPath.VBR))
FAULTS_OF_PATHS = (
    ("UnsupportedFeature.UserDefinedTrafficPath", of_facts(traffic_paths_allowed=False)),
    ("UnsupportedFeature.UserDefinedTrafficPathIpv6", of_command(ip_version=IpVersion.DUAL_STACK)),
    ("OperationDenied.AllTrafficPathOfManagedExist", of_facts(paths_taken=frozenset({"all"}))),
    ("RuleExist", of_facts(paths_taken=frozenset({"vbr"}))),
    ("QuotaExceeded.FlowlogCount", of_facts(flow_log_count=10)),
)


@pytest.mark.parametrize("first", range(len(FAULTS_OF_ENI)), ids=[code for code, _ in FAULTS_OF_ENI])
def test_the_first_fault_is_answered(first: int) -> None:
    command, facts = COMMAND, FACTS
    for _, fault in reversed(FAULTS_OF_ENI[first:]):
        command, facts = fault(command, facts)
    assert code_of(lambda: check(command, facts)) == FAULTS_OF_ENI[first][0]


@pytest.mark.parametrize("first", range(len(FAULTS_OF_PATHS)), ids=[code for code, _ in FAULTS_OF_PATHS])
def test_the_first_fault_of_some_paths_is_answered(first: int) -> None:
    command, facts = SOME_PATHS(COMMAND, FACTS)
    for _, fault in reversed(FAULTS_OF_PATHS[first:]):
        command, facts = fault(command, facts)
    assert code_of(lambda: check(command, facts)) == FAULTS_OF_PATHS[first][0]


@pytest.mark.parametrize("kind", [ResourceType.VPC, ResourceType.VSWITCH])
def test_a_vpc_or_vswitch_must_be_available_and_have_ipv6_for_dual_stack(kind: ResourceType) -> None:
    command = replace(COMMAND, resource_type=kind, ip_version=IpVersion.DUAL_STACK)
    pending = replace(FACTS, resource=replace(FACTS.resource, status="Pending"))
    ready = replace(FACTS, resource=replace(FACTS.resource, status="Available"))
    with_ipv6 = replace(ready, resource=replace(ready.resource, has_ipv6_block=True))
    assert code_of(lambda: check(command, pending)) == "InvalidHdMonitorStatus"
    assert code_of(lambda: check(command, ready)) == "UnsupportedFeature.IpVersion"
    assert code_of(lambda: check(command, with_ipv6)) is None


def test_an_eni_takes_dual_stack_without_a_block() -> None:
    assert code_of(lambda: check(replace(COMMAND, ip_version=IpVersion.DUAL_STACK), FACTS)) is None


@pytest.mark.parametrize("status", ["Available", "InUse", "Attaching", "Detaching"])
def test_an_eni_is_usable_while_it_is_attached_or_detached(status: str) -> None:
    command, facts = of_resource(status=status)(COMMAND, FACTS)
    assert code_of(lambda: check(command, facts)) is None


def test_flow_logs_of_different_paths_stand_side_by_side() -> None:
    command, facts = SOME_PATHS(COMMAND, replace(FACTS, paths_taken=frozenset({"ecr"})))
    assert code_of(lambda: check(command, facts)) is None
    assert code_of(lambda: check(COMMAND, facts)) == "InvalidResourceId.NotFound"


def test_the_message_names_the_kind_of_resource_that_does_not_exist() -> None:
    nothing = replace(FACTS, resource=None)
    for kind, message in ((ResourceType.VSWITCH, "vswitch"), (ResourceType.VPC, "vpc"), (ResourceType.ENI, "eni")):
        with pytest.raises(Refusal) as refused:
            check(replace(COMMAND, resource_type=kind), nothing)
        assert refused.value.message == f"{message} does not exist."


# --- through admission and parsing, on a real catalog ---

FAULTS_OF_REQUEST: tuple[tuple[str, dict[str, str | None]], ...] = (
    ("MissingParameter", {"TrafficType": None}),
    ("InvalidRegionId.NotFound", {"RegionId": "mars"}),
    ("OperationUnsupported.action", {"RegionId": "cn-shanghai"}),
    ("INVALID_PARAMETER", {"AggregationInterval": "ten"}),
    ("ParameterInvalid", {"FlowLogName": "http://x"}),
    ("OperationUnsupported.ResourceType", {"ResourceType": "Subnet"}),
    ("InvalidResourceType.NotFound", {"ResourceType": "VPC"}),
    ("IllegalParam.AggregationInterval", {"AggregationInterval": "7"}),
    ("IllegalParam.TrafficPath", {"TrafficPath_1": "moon"}),
    ("DuplicatedParam.TrafficPath", {"TrafficPath_1": "vbr", "TrafficPath_2": "vbr"}),
    ("IllegalParam.IpVersion", {"IpVersion": "IPv9"}),
    ("MissingParam.TrafficAnalyzerIdOrLogProjectOrLogStore", {"ProjectName": None}),
    ("InvalidInstanceId", {"ResourceId": "eni-0"}),
)


def everything(office: Any) -> dict[Table, list[Any]]:
    with office.desk.catalog.reading() as connection:
        return {table: connection.execute(select(table)).all() for table in METADATA.sorted_tables}


@pytest.mark.parametrize("first", range(len(FAULTS_OF_REQUEST)), ids=[code for code, _ in FAULTS_OF_REQUEST])
def test_faults_of_the_request_come_in_order_and_change_nothing(office: Any, first: int) -> None:
    given: dict[str, str | None] = {
        "RegionId": "cn-hangzhou",
        "ResourceType": "NetworkInterface",
        "ResourceId": office.eni(office.vswitch(office.vpc())),
        "TrafficType": "All",
        "ProjectName": "flows",
        "LogStoreName": "vpc",
    }
    for _, fault in reversed(FAULTS_OF_REQUEST[first:]):
        given |= fault
    said = {name: value for name, value in given.items() if value is not None}
    before = everything(office)
    assert code_of(lambda: office.call("CreateFlowLog", **said)) == FAULTS_OF_REQUEST[first][0]
    assert everything(office) == before


def test_the_account_is_looked_at_before_the_parameters(office: Any) -> None:
    with office.desk.catalog.writing() as connection:
        account_settings.set_business_status(connection, office.caller.account_id, "FinancialLocked")
    assert code_of(lambda: office.call("CreateFlowLog")) == "IncorrectBusinessStatus.FlowLog"
    with office.desk.catalog.writing() as connection:
        connection.execute(service_status.delete())
    assert code_of(lambda: office.call("CreateFlowLog")) == "OptInRequired.FlowLog"


def test_every_fact_is_read_from_the_catalog(office: Any) -> None:
    vpc = office.vpc()
    eni = office.eni(office.vswitch(vpc))

    def code(**pairs: str) -> str | None:
        return code_of(lambda: office.flow_log("NetworkInterface", eni, **pairs))

    def write(table: Table, **values: object) -> None:
        with office.desk.catalog.writing() as connection:
            connection.execute(update(table).values(**values))

    write(enis, type="Member")
    assert code() == "OperationFailed.EniTypeNotSupport"
    write(enis, type="Secondary", status="Creating")
    assert code() == "InvalidHdMonitorStatus"
    write(enis, status="Available", instance_type="ecs.sn1.xlarge")
    assert code() == "OperationUnsupported.AdvancedFeature"
    write(enis, instance_type="ecs.g7.xlarge")
    write(vpcs, advanced_features=False)
    assert code() == "UnsupportedFeature.VpcAdvancedFeature"
    write(vpcs, advanced_features=True)
    assert code(TrafficPath_1="vbr") == "UnsupportedFeature.UserDefinedTrafficPath"
    assert code_of(lambda: office.flow_log("VPC", vpc, IpVersion="DualStack")) == "UnsupportedFeature.IpVersion"
    assert code(ResourceGroupId="rg-other") == "IllegalParam.ResourceGroupId"
    assert code(LogStoreName="other") == "ProjectOrLogstoreNotExist"
    assert code(ProjectName="other") == "ProjectOrLogstoreNotExist"
    assert code(RegionId="cn-beijing") == "InvalidInstanceId"
    assert code(TrafficAnalyzerId="nta-1") == "OperationDenied.NisTrafficAnalyzerNotFound"
    write(accounts, flow_log_quota=0)
    assert code() == "QuotaExceeded.FlowlogCount"
    write(accounts, flow_log_quota=1)
    assert code() is None
    assert code() == "InvalidResourceId.NotFound"


def test_paths_of_one_resource(office: Any) -> None:
    vpc = office.vpc()
    with office.desk.catalog.writing() as connection:
        account_settings.allow_traffic_paths(connection, office.caller.account_id, True)
    office.flow_log("VPC", vpc, TrafficPath_1="vbr", TrafficPath_2="ecr")
    office.flow_log("VPC", vpc, TrafficPath_1="natGateway")
    assert code_of(lambda: office.flow_log("VPC", vpc, TrafficPath_1="vpnGateway", TrafficPath_2="ecr")) == "RuleExist"
    assert code_of(lambda: office.flow_log("VPC", vpc)) == "InvalidResourceId.NotFound"
    other = office.vpc()
    office.flow_log("VPC", other)
    code = code_of(lambda: office.flow_log("VPC", other, TrafficPath_1="vbr"))
    assert code == "OperationDenied.AllTrafficPathOfManagedExist"


def test_another_accounts_resources_and_projects_do_not_exist(office: Any) -> None:
    vpc = office.vpc()
    other = office.other_account()
    assert code_of(lambda: other.flow_log("VPC", vpc)) == "InvalidInstanceId"
    assert code_of(lambda: other.flow_log("VPC", other.vpc())) == "ProjectOrLogstoreNotExist"


def test_a_hundred_creators_of_one_resource_give_one_flow_log(office: Any) -> None:
    vpc = office.vpc()
    with ThreadPoolExecutor(100) as pool:
        codes = list(pool.map(lambda _: code_of(lambda: office.flow_log("VPC", vpc)), range(100)))
    assert sorted(codes, key=str) == ["InvalidResourceId.NotFound"] * 99 + [None]
    assert office.call("DescribeFlowLogs", RegionId="cn-hangzhou").total_count == 1


def test_the_last_place_of_the_quota_is_given_once(office: Any) -> None:
    vpcs_made = [office.vpc() for _ in range(10)]
    with office.desk.catalog.writing() as connection:
        account_settings.set_flow_log_quota(connection, office.caller.account_id, 3)
    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(lambda vpc: code_of(lambda: office.flow_log("VPC", vpc)), vpcs_made))
    assert sorted(codes, key=str) == [None] * 3 + ["QuotaExceeded.FlowlogCount"] * 7


def test_the_quota_is_of_one_region(office: Any) -> None:
    with office.desk.catalog.writing() as connection:
        account_settings.set_flow_log_quota(connection, office.caller.account_id, 1)
    office.flow_log("VPC", office.vpc())
    there = office.vpc(RegionId="cn-beijing")
    # The project is in cn-hangzhou, and that is checked before the quota.
    assert code_of(lambda: office.flow_log("VPC", there, RegionId="cn-beijing")) == "SourceProjectNotExist"
