"""VPCs, VSwitches, ENIs, bindings and regions: made, listed, refused, deleted."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from weir.control import desk
from weir.model.failures import Refusal

HERE = "cn-hangzhou"


def code_of(call: Callable[[], object]) -> str | None:
    try:
        call()
    except Refusal as refusal:
        return refusal.failure.code
    return None


def test_regions_are_named_in_both_languages(office: Any) -> None:
    english = office.call("DescribeRegions", AcceptLanguage="en-US").regions
    chinese = office.call("DescribeRegions").regions
    assert [region.region_id for region in english] == ["cn-hangzhou", "cn-beijing", "cn-shanghai"]
    assert (english[0].local_name, chinese[0].local_name) == ("China (Hangzhou)", "华东1（杭州）")
    assert english[0].region_endpoint == "127.0.0.1:8080"


def test_a_vpc_from_creation_to_deletion(office: Any) -> None:
    made = office.call(
        "CreateVpc",
        RegionId=HERE,
        CidrBlock="10.0.0.0/16",
        VpcName="lab",
        EnableIpv6="true",
        Tag_1_Key="team",
        Tag_1_Value="net",
    )
    vswitch = office.vswitch(made.vpc_id, Ipv6CidrBlock="7")
    (shown,) = office.call("DescribeVpcs", RegionId=HERE).vpcs
    assert (shown.vpc_id, shown.vpc_name, shown.cidr_block) == (made.vpc_id, "lab", "10.0.0.0/16")
    assert (shown.v_router_id, shown.router_table_ids) == (made.v_router_id, (made.route_table_id,))
    assert (shown.status, shown.v_switch_ids, shown.enabled_ipv6) == ("Available", (vswitch,), True)
    assert [(tag.key, tag.value) for tag in shown.tags] == [("team", "net")]
    assert shown.owner_id == int(office.caller.account_id)
    (inside,) = office.call("DescribeVSwitches", VpcId=made.vpc_id).v_switches
    assert inside.route_table.route_table_id == made.route_table_id
    assert inside.ipv6_cidr_block == shown.ipv6_cidr_block.replace("00::/56", "07::/64")

    assert code_of(lambda: office.call("DeleteVpc", VpcId=made.vpc_id)) == "DependencyViolation.VSwitch"
    eni = office.eni(vswitch)
    assert code_of(lambda: office.call("DeleteVSwitch", VSwitchId=vswitch)) == "DependencyViolation.NetworkInterface"
    office.call("DeleteNetworkInterface", RegionId=HERE, NetworkInterfaceId=eni)
    of_vpc, of_vswitch = office.flow_log("VPC", made.vpc_id), office.flow_log("VSwitch", vswitch)
    assert code_of(lambda: office.call("DeleteVSwitch", VSwitchId=vswitch)) == "DependencyViolation.FlowLog"
    office.call("DeleteFlowLog", RegionId=HERE, FlowLogId=of_vswitch)
    assert code_of(lambda: office.call("DeleteVSwitch", VSwitchId=vswitch, DryRun="true")) == "DryRunOperation"
    office.call("DeleteVSwitch", VSwitchId=vswitch)
    assert code_of(lambda: office.call("DeleteVpc", VpcId=made.vpc_id)) == "DependencyViolation.FlowLog"
    office.call("DeleteFlowLog", RegionId=HERE, FlowLogId=of_vpc)
    assert code_of(lambda: office.call("DeleteVpc", VpcId=made.vpc_id, DryRun="true")) == "DryRunOperation"
    office.call("DeleteVpc", VpcId=made.vpc_id)
    assert code_of(lambda: office.call("DeleteVpc", VpcId=made.vpc_id)) == "InvalidVpcId.NotFound"
    assert office.call("DescribeVpcs", RegionId=HERE).vpcs == ()


def test_what_a_vpc_and_a_vswitch_refuse(office: Any) -> None:
    vpc = office.vpc()
    office.vswitch(vpc, "10.0.1.0/24")
    assert code_of(lambda: office.vpc(CidrBlock="127.0.0.0/16")) == "InvalidCidrBlock.Malformed"
    assert code_of(lambda: office.vpc(ResourceGroupId="rg-x")) == "IllegalParam.ResourceGroupId"
    assert code_of(lambda: office.vpc(DryRun="true")) == "DryRunOperation"
    assert code_of(lambda: office.vswitch(vpc, "10.0.0.0/23")) == "InvalidCidrBlock.Overlapped"
    assert code_of(lambda: office.vswitch(vpc, "10.9.0.0/24")) == "InvalidCidrBlock.Overlapped"
    assert code_of(lambda: office.vswitch(vpc, "10.0.2.0/24", Ipv6CidrBlock="1")) == "InvalidIpv6CidrBlock.Malformed"
    assert code_of(lambda: office.vswitch(vpc, "10.0.2.0/24", ZoneId="cn-beijing-b")) == "InvalidZoneId.NotFound"
    assert code_of(lambda: office.vswitch("vpc-0", "10.0.2.0/24")) == "InvalidVpcId.NotFound"
    assert code_of(lambda: office.vswitch(vpc, "10.0.2.0/24", RegionId="cn-beijing")) == "InvalidVpcId.NotFound"
    masked = office.call("CreateVSwitch", VpcId=vpc, ZoneId="cn-hangzhou-b", CidrMask="24").v_switch_id
    (shown,) = office.call("DescribeVSwitches", VSwitchId=masked).v_switches
    assert shown.cidr_block == "10.0.0.0/24"


def test_quotas(office: Any) -> None:
    for _ in range(desk.VPC_QUOTA):
        vpc = office.vpc()
    assert code_of(office.vpc) == "QuotaExceeded.Vpc"
    assert office.vpc(RegionId="cn-beijing")
    vswitch = office.vswitch(vpc)
    for _ in range(desk.ENI_QUOTA):
        office.eni(vswitch)
    assert code_of(lambda: office.eni(vswitch)) == "QuotaExceeded.Eni"


def test_an_eni_from_creation_to_deletion(office: Any) -> None:
    vpc = office.vpc(Ipv6CidrBlock="fd00:10::/56")
    vswitch = office.vswitch(vpc, Ipv6CidrBlock="1")
    made = office.call(
        "CreateNetworkInterface",
        RegionId=HERE,
        VSwitchId=vswitch,
        PrimaryIpAddress="10.0.1.7",
        PrivateIpAddress_1="10.0.1.8",
        Ipv6Address_1="fd00:10:0:1::7",
        NetworkInterfaceName="guest",
        SecurityGroupId="sg-1",
        Tag_1_Key="team",
    )
    assert made.private_ip_address == "10.0.1.7"
    assert [(ip.private_ip_address, ip.primary) for ip in made.private_ip_sets] == [
        ("10.0.1.7", True),
        ("10.0.1.8", False),
    ]
    assert [ip.ipv6_address for ip in made.ipv6_sets] == ["fd00:10:0:1::7"]
    assert (made.vpc_id, made.v_switch_id, made.zone_id, made.status) == (vpc, vswitch, "cn-hangzhou-b", "Available")
    assert [(tag.tag_key, tag.tag_value) for tag in made.tags] == [("team", "")]
    (shown,) = office.call("DescribeNetworkInterfaces", RegionId=HERE).network_interface_sets
    assert shown == made
    other = office.eni(vswitch)
    (second,) = office.call(
        "DescribeNetworkInterfaces", RegionId=HERE, NetworkInterfaceId_1=other
    ).network_interface_sets
    assert second.private_ip_address == "10.0.1.1"
    (of_switch,) = office.call("DescribeVSwitches", VSwitchId=vswitch).v_switches
    assert of_switch.available_ip_address_count == 252 - 3

    def refused(**pairs: str) -> str | None:
        return code_of(lambda: office.eni(vswitch, **pairs))

    assert refused(PrimaryIpAddress="10.0.1.8") == "InvalidPrivateIpAddress.Duplicated"
    assert refused(PrimaryIpAddress="10.0.2.8") == "InvalidPrivateIpAddress.Malformed"
    assert refused(Ipv6Address_1="fd00:10:0:1::7") == "InvalidIpv6Address.Duplicated"
    assert refused(Ipv6Address_1="fd00:10:0:2::7") == "InvalidIpv6Address.Malformed"
    assert refused(VSwitchId="vsw-0") == "InvalidVSwitchId.NotFound"
    assert refused(ResourceGroupId="rg-x") == "IllegalParam.ResourceGroupId"

    delete = {"RegionId": HERE, "NetworkInterfaceId": made.network_interface_id}
    bind = {"NetworkInterfaceId": made.network_interface_id, "NodeName": "a", "Device": "veth1"}
    office.call("BindNetworkInterface", **bind)
    assert code_of(lambda: office.call("DeleteNetworkInterface", **delete)) == "InvalidOperation.InvalidEniState"
    office.call("UnbindNetworkInterface", NetworkInterfaceId=made.network_interface_id)
    office.call("DeleteNetworkInterface", **delete)
    assert code_of(lambda: office.call("DeleteNetworkInterface", **delete)) == "InvalidEniId.NotFound"
    assert office.eni(vswitch, PrimaryIpAddress="10.0.1.7")


@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        ({}, True),
        ({"Status": "Available"}, True),
        ({"Status": "InUse"}, False),
        ({"Type": "Primary"}, False),
        ({"PrimaryIpAddress": "10.0.1.7"}, True),
        ({"PrimaryIpAddress": "10.0.1.8"}, False),
        ({"PrivateIpAddress_1": "10.0.1.8"}, True),
        ({"SecurityGroupId": "sg-1"}, True),
        ({"SecurityGroupId": "sg-2"}, False),
        ({"Tag_1_Key": "team"}, True),
        ({"Tag_1_Key": "team", "Tag_1_Value": "net"}, True),
        ({"Tag_1_Key": "team", "Tag_1_Value": "web"}, False),
        ({"Tag_1_Key": "team", "Tag_2_Key": "other"}, False),
        ({"NetworkInterfaceName": "guest"}, True),
        ({"NetworkInterfaceName": "gues"}, False),
    ],
)
def test_filters_of_network_interfaces(office: Any, filters: dict[str, str], matches: bool) -> None:
    eni = office.eni(
        office.vswitch(office.vpc()),
        PrimaryIpAddress="10.0.1.7",
        PrivateIpAddress_1="10.0.1.8",
        NetworkInterfaceName="guest",
        SecurityGroupId="sg-1",
        Tag_1_Key="team",
        Tag_1_Value="net",
    )
    page = office.call("DescribeNetworkInterfaces", RegionId=HERE, **filters)
    assert [each.network_interface_id for each in page.network_interface_sets] == ([eni] if matches else [])
    assert page.total_count == int(matches)


def test_fifty_creators_get_fifty_addresses_and_one_gets_the_same(office: Any) -> None:
    vswitch = office.vswitch(office.vpc())
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda _: office.eni(vswitch), range(50)))
        asked = list(pool.map(lambda _: code_of(lambda: office.eni(vswitch, PrimaryIpAddress="10.0.1.99")), range(20)))
    page = office.call("DescribeNetworkInterfaces", RegionId=HERE, PageSize="100")
    assert {each.private_ip_address for each in page.network_interface_sets} == {
        f"10.0.1.{host}" for host in [*range(1, 51), 99]
    }
    assert sorted(asked, key=str) == ["InvalidPrivateIpAddress.Duplicated"] * 19 + [None]


def test_a_device_is_one_eni_and_binding_again_moves_it(office: Any) -> None:
    vswitch = office.vswitch(office.vpc())
    one, two = office.eni(vswitch), office.eni(vswitch)

    def bind(eni: str, device: str) -> str | None:
        return code_of(lambda: office.call("BindNetworkInterface", NetworkInterfaceId=eni, NodeName="a", Device=device))

    assert [bind(one, "veth1"), bind(one, "veth1"), bind(two, "veth1")] == [None, None, "DeviceAlreadyBound"]
    assert [bind(one, "veth9"), bind(two, "veth1")] == [None, None]
    bindings = office.call("DescribeNetworkInterfaceBindings", NodeName="a").bindings
    assert {each.network_interface_id: each.device for each in bindings} == {one: "veth9", two: "veth1"}
    office.call("UnbindNetworkInterface", NetworkInterfaceId=one)
    code = code_of(lambda: office.call("UnbindNetworkInterface", NetworkInterfaceId=one))
    assert code == "BindingNotFound"
    (shown,) = office.call("DescribeNetworkInterfaces", RegionId=HERE, NetworkInterfaceId_1=two).network_interface_sets
    assert shown.status == "InUse"


def test_another_account_sees_and_touches_nothing(office: Any) -> None:
    vpc = office.vpc()
    vswitch = office.vswitch(vpc)
    eni = office.eni(vswitch)
    other = office.other_account()
    assert other.call("DescribeVpcs", RegionId=HERE).total_count == 0
    assert other.call("DescribeVSwitches").total_count == 0
    assert other.call("DescribeNetworkInterfaces", RegionId=HERE).total_count == 0
    assert code_of(lambda: other.vswitch(vpc)) == "InvalidVpcId.NotFound"
    assert code_of(lambda: other.eni(vswitch)) == "InvalidVSwitchId.NotFound"
    bind = {"NetworkInterfaceId": eni, "NodeName": "a", "Device": "veth1"}
    assert code_of(lambda: other.call("BindNetworkInterface", **bind)) == "InvalidEniId.NotFound"
    assert code_of(lambda: other.call("DeleteVpc", VpcId=vpc)) == "InvalidVpcId.NotFound"
