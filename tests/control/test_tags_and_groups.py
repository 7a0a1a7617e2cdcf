"""Tags and resource groups: set, taken, listed page by page, refused whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from weir.control import groups
from weir.model.failures import Refusal

HERE = "cn-hangzhou"


def code_of(call: Callable[[], object]) -> str | None:
    try:
        call()
    except Refusal as refusal:
        return refusal.failure.code
    return None


def listed(office: Any, **asked: str) -> list[tuple[str, str, str]]:
    """(resource, key, value) of every page, MaxResults at a time."""
    found, token = [], ""
    while True:
        page = office.call("ListTagResources", RegionId=HERE, NextToken=token, **asked)
        found += [(tag.resource_id, tag.tag_key, tag.tag_value) for tag in page.tag_resources]
        token = page.next_token
        if not token:
            return found


def tags(*pairs: tuple[str, str]) -> dict[str, str]:
    said = {}
    for number, (key, value) in enumerate(pairs, start=1):
        said |= {f"Tag_{number}_Key": key, f"Tag_{number}_Value": value}
    return said


def test_tags_are_set_changed_listed_and_taken(office: Any) -> None:
    vpc = office.vpc()
    log = office.flow_log("VPC", vpc, **tags(("team", "net")))
    both = {"ResourceType": "FlowLog", "ResourceId_1": log}
    office.call("TagResources", RegionId=HERE, **both, **tags(("team", "web"), ("cost", "")))
    assert listed(office, **both) == [(log, "cost", ""), (log, "team", "web")]
    shown = office.call("DescribeFlowLogs", RegionId=HERE, Tags_1_Key="team", Tags_1_Value="web").flow_logs
    assert [one.flow_log_id for one in shown] == [log]
    office.call("UnTagResources", RegionId=HERE, **both, TagKey_1="cost", TagKey_2="unknown", All="true")
    assert listed(office, **both) == [(log, "team", "web")]
    office.call("UnTagResources", RegionId=HERE, **both, All="true")
    assert listed(office, **both) == []
    assert listed(office, ResourceType="vpc", ResourceId_1=vpc) == []


@pytest.mark.parametrize("kind", ["VPC", "vpc", "Vpc"])
def test_the_type_is_taken_in_any_case(office: Any, kind: str) -> None:
    vpc = office.vpc()
    office.call("TagResources", RegionId=HERE, ResourceType=kind, ResourceId_1=vpc, **tags(("a", "1")))
    assert listed(office, ResourceType=kind, ResourceId_1=vpc) == [(vpc, "a", "1")]


@pytest.mark.parametrize("size", ["1", "2", "5", "50"])
def test_pages_are_complete_whatever_their_size(office: Any, size: str) -> None:
    made = sorted(office.vpc(**tags(("a", "1"), ("b", str(n % 2)))) for n in range(5))
    of_all = listed(office, ResourceType="VPC", Tag_1_Key="a", MaxResults=size)
    assert [one[:2] for one in of_all] == [(vpc, key) for vpc in made for key in "ab"]
    of_some = listed(office, ResourceType="VPC", Tag_1_Key="b", Tag_1_Value="1", MaxResults=size)
    assert len(of_some) == 4
    assert {vpc for vpc, _, _ in of_some} == {vpc for vpc, key, value in of_all if (key, value) == ("b", "1")}


def test_a_call_tags_every_resource_or_none(office: Any) -> None:
    vpc, other = office.vpc(), office.vpc()
    full = {f"Tag_{n}_{part}": f"k{n}" for n in range(1, 21) for part in ("Key", "Value")}
    named = {"RegionId": HERE, "ResourceType": "VPC", "ResourceId_1": other, "ResourceId_2": vpc}
    office.call("TagResources", RegionId=HERE, ResourceType="VPC", ResourceId_1=vpc, **full)
    office.call("TagResources", **named, **tags(("k1", "again")))
    assert code_of(lambda: office.call("TagResources", **named, **tags(("k21", "")))) == "QuotaExceed.TagsPerResource"
    named["ResourceId_1"] = "vpc-unknown"
    assert code_of(lambda: office.call("TagResources", **named, **tags(("k2", "x")))) == "InvalidResourceId.NotFound"
    assert code_of(lambda: office.call("UnTagResources", **named, TagKey_1="k2")) == "InvalidResourceId.NotFound"
    assert listed(office, ResourceType="VPC", ResourceId_1=other) == [(other, "k1", "again")]
    assert dict(one[1:] for one in listed(office, ResourceType="VPC", ResourceId_1=vpc))["k2"] == "k2"


def test_another_accounts_tags_are_not_seen_and_not_changed(office: Any) -> None:
    vpc = office.vpc(**tags(("a", "1")))
    other = office.other_account()
    named = {"RegionId": HERE, "ResourceType": "VPC", "ResourceId_1": vpc}
    assert listed(other, ResourceType="VPC", Tag_1_Key="a") == []
    assert code_of(lambda: other.call("UnTagResources", **named, All="true")) == "InvalidResourceId.NotFound"
    assert listed(office, ResourceType="VPC", Tag_1_Key="a") == [(vpc, "a", "1")]


@pytest.mark.parametrize("token", ["x", "AAAA", "e30=", "WzEsMl0=", "ü", "WyJhIl0="])
def test_a_token_that_is_none_of_ours(office: Any, token: str) -> None:
    asked = {"RegionId": HERE, "ResourceType": "VPC", "Tag_1_Key": "a", "NextToken": token}
    assert code_of(lambda: office.call("ListTagResources", **asked)) == "ParameterInvalid"


def test_resources_live_in_groups_and_move_between_them(office: Any) -> None:
    (default,) = office.call("ListResourceGroups").resource_groups
    made = office.call("CreateResourceGroup", Name="blue", DisplayName="Blue team").resource_group
    assert office.call("GetResourceGroup", ResourceGroupId=made.id).resource_group == made
    vpc = office.vpc(ResourceGroupId=made.id)
    assert office.vpc() != vpc
    log = office.flow_log("VPC", vpc, ResourceGroupId=made.id)

    def inside(group: str) -> tuple[list[str], list[str]]:
        logs = office.call("DescribeFlowLogs", RegionId=HERE, ResourceGroupId=group).flow_logs
        networks = office.call("DescribeVpcs", RegionId=HERE, ResourceGroupId=group).vpcs
        return [one.flow_log_id for one in logs], [one.vpc_id for one in networks]

    assert inside(made.id) == ([log], [vpc])
    moved = {"RegionId": HERE, "ResourceId": log, "ResourceType": "FLOWLOG"}
    office.call("MoveResourceGroup", **moved, NewResourceGroupId=default.id)
    assert inside(made.id) == ([], [vpc])
    assert log in inside(default.id)[0]

    def refused(**pairs: str) -> str | None:
        return code_of(lambda: office.call("MoveResourceGroup", **moved | pairs))

    assert refused(NewResourceGroupId="rg-none") == "IllegalParam.ResourceGroupId"
    assert refused(NewResourceGroupId=made.id, ResourceId="fl-none") == "InvalidResourceId.NotFound"
    assert refused(NewResourceGroupId=made.id, ResourceType="EIP") == "OperationUnsupported.ResourceType"


def test_groups_are_named_once_and_counted(office: Any) -> None:
    def make(name: str) -> str | None:
        return code_of(lambda: office.call("CreateResourceGroup", Name=name, DisplayName="x"))

    assert make("default") == "EntityAlreadyExists.ResourceGroup"
    assert [make(f"group-{n}") for n in range(groups.GROUP_QUOTA - 1)] == [None] * (groups.GROUP_QUOTA - 1)
    assert make("one-more") == "LimitExceeded.ResourceGroup"
    page = office.call("ListResourceGroups", PageSize="100")
    assert page.total_count == len(page.resource_groups) == groups.GROUP_QUOTA
    other = office.other_account()
    theirs = office.call("ListResourceGroups", Name="group-1").resource_groups[0].id
    assert code_of(lambda: other.call("GetResourceGroup", ResourceGroupId=theirs)) == "EntityNotExist.ResourceGroup"
    assert code_of(lambda: other.vpc(ResourceGroupId=theirs)) == "IllegalParam.ResourceGroupId"


def test_an_account_begins_with_its_default_group(office: Any) -> None:
    (group,) = office.other_account().call("ListResourceGroups").resource_groups
    assert (group.name, group.status) == ("default", "OK")
