"""The resources of a call, as ARNs."""

from __future__ import annotations

import pytest

from weir.contract.arns import arns_of
from weir.contract.declare import PLACEHOLDER, Spec
from weir.contract.products import ACTIONS
from weir.contract.sls import OPERATIONS, find

ACCOUNT = "1234567890123456"
BY_NAME = {spec.name: spec for spec in ACTIONS.values()}

CASES = [
    ("CreateFlowLog", {"RegionId": "cn-hangzhou"}, ["acs:vpc:cn-hangzhou:{}:flowlog/*"]),
    (
        "CreateFlowLog",
        {"RegionId": "cn-hangzhou", "ResourceType": "VSwitch", "ResourceId": "vsw-1"},
        ["acs:vpc:cn-hangzhou:{}:flowlog/*", "acs:vpc:cn-hangzhou:{}:vswitch/vsw-1"],
    ),
    (
        "CreateFlowLog",
        {"RegionId": "cn-hangzhou", "ResourceType": "VPC", "ResourceId": "vpc-1"},
        ["acs:vpc:cn-hangzhou:{}:flowlog/*", "acs:vpc:cn-hangzhou:{}:vpc/vpc-1"],
    ),
    (
        "CreateFlowLog",
        {"RegionId": "cn-hangzhou", "ResourceType": "NetworkInterface", "ResourceId": "eni-1"},
        ["acs:vpc:cn-hangzhou:{}:flowlog/*"],
    ),
    ("DeleteFlowLog", {"RegionId": "cn-hangzhou", "FlowLogId": "fl-1"}, ["acs:vpc:cn-hangzhou:{}:flowlog/fl-1"]),
    ("DeleteFlowLog", {"FlowLogId": "fl-1"}, ["acs:vpc:*:{}:flowlog/fl-1"]),
    ("DeleteFlowLog", {"RegionId": "", "FlowLogId": ""}, ["acs:vpc:*:{}:flowlog/*"]),
    ("DeleteFlowLog", {"RegionId": "a:9:b", "FlowLogId": "fl:1"}, ["acs:vpc:*:{}:flowlog/fl:1"]),
    ("DeleteFlowLog", {"RegionId": "cn-hangzhou", "AccountId": "9"}, ["acs:vpc:cn-hangzhou:{}:flowlog/*"]),
    (
        "TagResources",
        {"RegionId": "r", "ResourceType": "vpc", "ResourceId.1": "vpc-1", "ResourceId.2": "vpc-2"},
        ["acs:vpc:r:{}:vpc/vpc-1", "acs:vpc:r:{}:vpc/vpc-2"],
    ),
    ("TagResources", {"RegionId": "r", "ResourceType": "VPC"}, ["acs:vpc:r:{}:vpc/*"]),
    ("TagResources", {"RegionId": "r", "ResourceType": "nothing"}, ["acs:vpc:*:{}:*"]),
    ("ShareVSwitch", {"VSwitchId": "vsw-1", "AccountId": "9", "RegionId": "r"}, ["acs:weir:*:{}:vswitch/vsw-1"]),
    ("CreateUser", {"UserName": "a", "RegionId": "r"}, ["acs:ram:*:{}:user/*"]),
    ("GetUser", {"UserName": "alice"}, ["acs:ram:*:{}:user/alice"]),
    ("AddUserToGroup", {"UserName": "a", "GroupName": "g"}, ["acs:ram:*:{}:user/a", "acs:ram:*:{}:group/g"]),
    ("AssumeRole", {"RoleArn": "acs:ram::9:role/reader"}, ["acs:ram::9:role/reader"]),
    ("AssumeRole", {}, ["*"]),
    ("GetCallerIdentity", {}, []),
]


@pytest.mark.parametrize(("action", "said", "expected"), CASES)
def test_the_resources_of_a_call(action: str, said: dict[str, str], expected: list[str]) -> None:
    assert list(arns_of(BY_NAME[action], said, ACCOUNT)) == [arn.format(ACCOUNT) for arn in expected]


@pytest.mark.parametrize("spec", [pytest.param(spec, id=spec.name) for spec in ACTIONS.values()])
def test_every_action_has_its_row_of_the_authorisation_table(spec: Spec) -> None:
    whole = f"acs:{spec.product.name.lower()}:*:{{AccountId}}:*"
    assert whole not in [resource.template for resource in spec.resources], "declare resources="
    for arn in arns_of(spec, {}, ACCOUNT):
        assert not PLACEHOLDER.search(arn)
        assert arn == "*" or arn.count(":") == 4
    assert spec.resources or spec.name == "GetCallerIdentity"


FLOW_LOG_FAMILY = {
    "CreateFlowLog": ["flowlog/*", "vswitch/{ResourceId}", "vpc/{ResourceId}"],
    "DescribeFlowLogs": ["flowlog/*"],
    "ModifyFlowLogAttribute": ["flowlog/{FlowLogId}"],
    "ActiveFlowLog": ["flowlog/{FlowLogId}"],
    "DeactiveFlowLog": ["flowlog/{FlowLogId}"],
    "DeleteFlowLog": ["flowlog/{FlowLogId}"],
    "OpenFlowLogService": ["flowlog/*"],
    "GetFlowLogServiceStatus": ["flowlog/*"],
}
"""Source: the authorisation tables of the pages."""


def test_the_flow_log_family_is_the_pages() -> None:
    for name, paths in FLOW_LOG_FAMILY.items():
        templates = [resource.template for resource in BY_NAME[name].resources]
        assert templates == [f"acs:vpc:{{RegionId}}:{{AccountId}}:{path}" for path in paths]
        assert BY_NAME[name].ram_action == f"vpc:{name}"


@pytest.mark.parametrize(
    ("method", "path", "said", "expected"),
    [
        ("POST", "/", {"projectName": "new"}, "project/new"),
        ("GET", "/", {}, "project/*"),
        ("GET", "/logstores", {}, "project/p/logstore/*"),
        ("POST", "/logstores", {"logstoreName": "l"}, "project/p/logstore/*"),
        ("GET", "/logstores/l", {}, "project/p/logstore/l"),
        ("POST", "/logstores/l/shards/lb", {}, "project/p/logstore/l"),
    ],
)
def test_the_resources_of_the_log_service(method: str, path: str, said: dict[str, str], expected: str) -> None:
    project = "" if path == "/" else "p"
    operation, texts = find(method, path, said, bool(project))
    arn = operation.arn("cn-hangzhou", ACCOUNT, {**said, **texts, "project": project})
    assert arn == f"acs:log:cn-hangzhou:{ACCOUNT}:{expected}"


def test_every_operation_of_the_log_service_names_an_action_and_a_resource() -> None:
    for operation in OPERATIONS:
        assert operation.ram.startswith("log:")
        assert operation.arn("r", "1", {}).startswith("acs:log:r:1:project/")
