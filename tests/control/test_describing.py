"""DescribeFlowLogs: filters, pages, and what an answer says beyond the row."""

from __future__ import annotations

from typing import Any

import pytest

from weir.contract import sls_commands
from weir.control import accounts, projects

HERE = "cn-hangzhou"


def listed(office: Any, **filters: str) -> list[str]:
    page = office.call("DescribeFlowLogs", RegionId=HERE, **filters)
    assert page.total_count == len(page.flow_logs)
    return [log.flow_log_id for log in page.flow_logs]


def test_a_flow_log_as_it_was_created(office: Any) -> None:
    vpc = office.vpc()
    flow_log = office.flow_log("VPC", vpc, FlowLogName="my", Description="mine", Tag_1_Key="b", Tag_2_Key="a")
    (shown,) = office.call("DescribeFlowLogs", RegionId=HERE).flow_logs
    assert (shown.flow_log_id, shown.flow_log_name, shown.description) == (flow_log, "my", "mine")
    assert (shown.resource_type, shown.resource_id, shown.traffic_type) == ("VPC", vpc, "All")
    assert (shown.project_name, shown.log_store_name) == ("flows", "vpc")
    assert (shown.aggregation_interval, shown.ip_version, shown.traffic_path) == (10, "IPv4", ("all",))
    assert (shown.status, shown.business_status, shown.service_type) == ("Active", "Normal", "")
    assert (shown.flow_log_deliver_status, shown.flow_log_deliver_error_message) == ("SUCCESS", "")
    assert shown.creation_time == "2027-01-15T08:00:00Z"
    assert shown.resource_group_id.startswith("rg-")
    assert [(tag.key, tag.value) for tag in shown.tags] == [("a", ""), ("b", "")]


@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        ({"FlowLogName": "my"}, True),
        ({"FlowLogName": "m"}, False),
        ({"Description": "mine"}, True),
        ({"ResourceType": "VPC"}, False),
        ({"ResourceType": "NetworkInterface"}, True),
        ({"TrafficType": "Drop"}, True),
        ({"TrafficType": "All"}, False),
        ({"ProjectName": "flows", "LogStoreName": "vpc"}, True),
        ({"LogStoreName": "other"}, False),
        ({"Status": "Active"}, True),
        ({"Status": "Inactive"}, False),
        ({"ResourceGroupId": "rg-x"}, False),
        ({"FlowLogId": "fl-unknown"}, False),
        ({"Tags_1_Key": "team"}, True),
        ({"Tags_1_Key": "team", "Tags_1_Value": "net"}, True),
        ({"Tags_1_Key": "team", "Tags_1_Value": "web"}, False),
    ],
)
def test_filters(office: Any, filters: dict[str, str], matches: bool) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    given = {"FlowLogName": "my", "Description": "mine", "TrafficType": "Drop", "Tag_1_Key": "team"}
    flow_log = office.flow_log("NetworkInterface", eni, **given, Tag_1_Value="net")
    assert listed(office, **filters) == ([flow_log] if matches else [])
    assert listed(office, ResourceId=eni) == [flow_log]


def test_the_vpc_filter_covers_what_is_in_it(office: Any) -> None:
    vpc, other = office.vpc(), office.vpc()
    vswitch = office.vswitch(vpc)
    eni = office.eni(vswitch)
    made = {
        office.flow_log("VPC", vpc),
        office.flow_log("VSwitch", vswitch),
        office.flow_log("NetworkInterface", eni),
    }
    elsewhere = office.flow_log("VPC", other)
    assert set(listed(office, VpcId=vpc)) == made
    assert listed(office, VpcId=other) == [elsewhere]


def test_pages_are_complete_and_in_order(office: Any) -> None:
    made = []
    for _ in range(5):
        made.append(office.flow_log("VPC", office.vpc()))
        office.clock.now += 1
    pages = [
        office.call("DescribeFlowLogs", RegionId=HERE, PageSize="2", PageNumber=str(number)) for number in range(1, 5)
    ]
    assert [[log.flow_log_id for log in page.flow_logs] for page in pages] == [made[:2], made[2:4], made[4:], []]
    assert {page.total_count for page in pages} == {5}


def test_delivery_and_business_status(office: Any) -> None:
    office.flow_log("VPC", office.vpc())

    def shown() -> Any:
        return office.call("DescribeFlowLogs", RegionId=HERE).flow_logs[0]

    projects.delete_log_store(office.desk, office.caller, sls_commands.DeleteLogStore(project="flows", log_store="vpc"))
    assert (shown().flow_log_deliver_status, shown().flow_log_deliver_error_message) == ("FAILED", "UnavaliableTarget")
    projects.delete_project(office.desk, office.caller, sls_commands.DeleteProject(project="flows"))
    assert (shown().flow_log_deliver_status, shown().flow_log_deliver_error_message) == ("FAILED", "ProjectNotExist")
    with office.desk.catalog.writing() as connection:
        accounts.set_business_status(connection, office.caller.account_id, "FinancialLocked")
    assert shown().business_status == "FinancialLocked"


def test_other_accounts_and_regions_are_not_shown(office: Any) -> None:
    office.flow_log("VPC", office.vpc())
    assert office.other_account().call("DescribeFlowLogs", RegionId=HERE).total_count == 0
    assert office.call("DescribeFlowLogs", RegionId="cn-beijing").total_count == 0
