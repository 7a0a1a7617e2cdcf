"""Declared paths: what an agent hears of them, and how declarations replace one another."""

from __future__ import annotations

from typing import Any

BLOCKS = [("10.0.0.0/16", "", "instance")]


def heard(office: Any) -> list[list[tuple[str, str, str]]]:
    """Per target of node a, by interface: (block, device, path) of its routes."""
    targets = office.call("SyncAgent", RegionId="cn-hangzhou", NodeName="a").targets
    return [[(route.cidr_block, route.device, route.path) for route in target.routes] for target in targets]


def bound(office: Any, vswitch: str, device: str) -> str:
    eni: str = office.eni(vswitch)
    office.call("BindNetworkInterface", NetworkInterfaceId=eni, NodeName="a", Device=device)
    office.flow_log("NetworkInterface", eni)
    return eni


def shown(office: Any, **asked: str) -> list[tuple[str, str, str, str]]:
    return [
        (one.v_switch_id, one.destination_cidr_block, one.device, one.path)
        for one in office.call("DescribeTrafficRoutes", **asked).traffic_routes
    ]


def test_an_agent_hears_the_vpcs_blocks_and_what_is_declared(office: Any) -> None:
    vpc = office.vpc()
    bound(office, office.vswitch(vpc), "v1")
    assert heard(office) == [BLOCKS]
    everywhere = {"VpcId": vpc, "DestinationCidrBlock": "0.0.0.0/0", "DestinationIpv6CidrBlock": "::/0"}
    office.call("SetTrafficRoute", **everywhere, Path="natGateway")
    office.call("SetTrafficRoute", VpcId=vpc, Device="wg0", Path="vpnGateway")
    nat = [("0.0.0.0/0", "", "natGateway"), *BLOCKS, ("::/0", "", "natGateway"), ("", "wg0", "vpnGateway")]
    assert heard(office) == [nat]
    office.call("SetTrafficRoute", VpcId=vpc, DestinationCidrBlock="0.0.0.0/0", Path="vbr")
    assert heard(office)[0][0] == ("0.0.0.0/0", "", "vbr")
    office.call("DeleteTrafficRoute", **everywhere, Device="wg0")
    assert (heard(office), shown(office)) == ([BLOCKS], [])


def test_a_vswitchs_route_goes_before_its_vpcs_and_leaves_with_it(office: Any) -> None:
    vpc = office.vpc()
    one, other = office.vswitch(vpc, CidrBlock="10.0.1.0/24"), office.vswitch(vpc, CidrBlock="10.0.2.0/24")
    enis = {bound(office, one, "v1"): "one", bound(office, other, "v2"): "other"}
    office.call("SetTrafficRoute", VpcId=vpc, DestinationCidrBlock="10.0.0.0/16", Path="vpcResource")
    office.call("SetTrafficRoute", VpcId=vpc, DestinationCidrBlock="10.0.0.0/16", Path="haVip", VSwitchId=one)
    paths = dict(zip((enis[eni] for eni in sorted(enis)), heard(office), strict=True))
    assert paths == {"one": [("10.0.0.0/16", "", "haVip")], "other": [("10.0.0.0/16", "", "vpcResource")]}
    spare = office.vswitch(vpc, CidrBlock="10.0.3.0/24")
    office.call("SetTrafficRoute", VpcId=vpc, DestinationCidrBlock="10.9.0.0/16", Path="ecr", VSwitchId=spare)
    office.call("DeleteVSwitch", RegionId="cn-hangzhou", VSwitchId=spare)
    assert shown(office, VpcId=vpc) == [
        ("", "10.0.0.0/16", "", "vpcResource"),
        (one, "10.0.0.0/16", "", "haVip"),
    ]


def test_routes_go_with_their_vpc(office: Any) -> None:
    vpc = office.vpc()
    office.call("SetTrafficRoute", VpcId=vpc, Device="wg0", Path="vpnGateway")
    assert shown(office) == [("", "", "wg0", "vpnGateway")]
    office.call("DeleteVpc", RegionId="cn-hangzhou", VpcId=vpc)
    assert shown(office) == []
