"""Worlds declared through the API: the lab's VPC, and the default VPC around a device of this host.

What enters: a signed client and a description of what is there. What leaves: the ids of the declared resources. Rule:
only the public actions are used, as any script would; what is there already by its name is used again.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyroute2 import IPRoute

from weir.cli.context import Trouble
from weir.client import Client, ServerRefused
from weir.contract.ecs import CreateNetworkInterface, DescribeNetworkInterfaces
from weir.contract.vpc_flow_log_life import GetFlowLogServiceStatus, OpenFlowLogService
from weir.contract.vpc_flow_logs import CreateFlowLog, DescribeFlowLogs, IpVersion
from weir.contract.vpc_networks import CreateVpc, DescribeVpcs
from weir.contract.vpc_vswitches import CreateVSwitch, DescribeVSwitches
from weir.contract.weir import BindNetworkInterface
from weir.contract.weir_world import SetDefaultVpc
from weir.model.resources import ResourceType, Side, TrafficType

PROJECT, LOGSTORE = "weir", "flowlog"
"""Where ``weir up --device`` delivers."""
INTERVAL_MINUTES = 1
VSWITCH_PREFIX_MIN, VSWITCH_PREFIX_MAX = 16, 29
RESERVED_LAST = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are declared: region, and the node whose agent has the devices."""

    region: str
    node: str

    @property
    def zone(self) -> str:
        return self.region + "-a"


@dataclass(frozen=True, slots=True)
class Interface:
    """An ENI to be declared and bound."""

    name: str
    device: str
    side: Side
    ipv4: str
    ipv6: tuple[str, ...] = ()


def vpc_of(client: Client, place: Place, name: str, cidr: str, ipv6_cidr: str | None) -> str:
    """The id of the VPC of that name, made where it does not exist."""
    found = client.call(DescribeVpcs(region_id=place.region, vpc_name=name))["Vpcs"]["Vpc"]
    if found:
        return str(found[0]["VpcId"])
    made = CreateVpc(region_id=place.region, vpc_name=name, cidr_block=cidr, ipv6_cidr_block=ipv6_cidr)
    return str(client.call(made)["VpcId"])


def vswitch_of(client: Client, place: Place, vpc_id: str, name: str, blocks: tuple[str, int | None]) -> str:
    """The id of the VSwitch of that name; ``blocks``: its IPv4 CIDR and the last 8 bits of its IPv6 one."""
    asked = DescribeVSwitches(region_id=place.region, vpc_id=vpc_id, v_switch_name=name)
    if found := client.call(asked)["VSwitches"]["VSwitch"]:
        return str(found[0]["VSwitchId"])
    made = CreateVSwitch(
        region_id=place.region,
        vpc_id=vpc_id,
        zone_id=place.zone,
        v_switch_name=name,
        cidr_block=blocks[0],
        ipv6_cidr_block=blocks[1],
    )
    return str(client.call(made)["VSwitchId"])


def eni_of(client: Client, place: Place, vswitch_id: str, interface: Interface) -> str:
    """The id of the ENI of that name in the VSwitch, bound to its device."""
    asked = DescribeNetworkInterfaces(
        region_id=place.region, v_switch_id=vswitch_id, network_interface_name=interface.name
    )
    found = client.call(asked)["NetworkInterfaceSets"]["NetworkInterfaceSet"]
    if not found:
        made = CreateNetworkInterface(
            region_id=place.region,
            v_switch_id=vswitch_id,
            primary_ip_address=interface.ipv4,
            ipv6_address=interface.ipv6,
            network_interface_name=interface.name,
        )
        found = [client.call(made)]
    eni_id = str(found[0]["NetworkInterfaceId"])
    bind = BindNetworkInterface(
        network_interface_id=eni_id, node_name=place.node, device=interface.device, side=interface.side
    )
    client.call(bind)
    return eni_id


def declare_lab(client: Client, place: Place, lab: Mapping[str, Any]) -> dict[str, Any]:
    """The lab's VPC, VSwitches and ENIs, bound; returns {"vpc": id, "vswitches": {name: id}, "enis": {guest: id}}."""
    vpc_id = vpc_of(client, place, lab["name"], lab["vpc"]["cidr"], lab["vpc"]["ipv6_cidr"])
    vswitches = {}
    for each in lab["vswitches"]:
        last_bits = int(ipaddress.ip_network(each["ipv6_cidr"]).network_address) >> 64 & 0xFF
        vswitches[each["name"]] = vswitch_of(client, place, vpc_id, each["name"], (each["cidr"], last_bits))
    enis = {
        guest["name"]: eni_of(
            client,
            place,
            vswitches[guest["vswitch"]],
            Interface(guest["name"], guest["device"], Side(guest["side"]), guest["ipv4"], (guest["ipv6"],)),
        )
        for guest in lab["guests"]
    }
    return {"vpc": vpc_id, "vswitches": vswitches, "enis": enis}


def declare_device(client: Client, place: Place, device: str) -> dict[str, str]:
    """A default VPC around ``device``, its ENI (side self) and a flow log to ``weir/flowlog``; ids by kind."""
    address = _first_address(device)
    block = vswitch_block(address)
    vpc_id = vpc_of(client, place, "default", str(_vpc_block(block)), None)
    vswitch_id = vswitch_of(client, place, vpc_id, f"default-{device}", (str(block), None))
    client.call(SetDefaultVpc(vpc_id=vpc_id))
    eni_id = eni_of(client, place, vswitch_id, Interface(device, device, Side.SELF, str(address.ip)))
    _open_service(client, place)
    _make_store(client)
    asked = DescribeFlowLogs(region_id=place.region, resource_id=eni_id)
    found = client.call(asked)["FlowLogs"]["FlowLog"]
    if not found:
        wanted = CreateFlowLog(
            region_id=place.region,
            resource_type=ResourceType.ENI,
            resource_id=eni_id,
            traffic_type=TrafficType.ALL,
            flow_log_name=device,
            project_name=PROJECT,
            log_store_name=LOGSTORE,
            aggregation_interval=INTERVAL_MINUTES,
            ip_version=IpVersion.DUAL_STACK,
        )
        found = [client.call(wanted)]
    return {"vpc": vpc_id, "vswitch": vswitch_id, "eni": eni_id, "flow_log": str(found[0]["FlowLogId"])}


def _open_service(client: Client, place: Place) -> None:
    if not client.call(GetFlowLogServiceStatus(region_id=place.region))["Enabled"]:
        client.call(OpenFlowLogService(region_id=place.region))


def _make_store(client: Client) -> None:
    project = {"projectName": PROJECT, "description": "flow logs of this host"}
    logstore = {"logstoreName": LOGSTORE, "ttl": 30, "shardCount": 2}
    for path, body in (("/", project), ("/logstores", logstore)):
        try:
            client.sls("POST", path, PROJECT, body=json.dumps(body).encode())
        except ServerRefused as refused:
            if refused.code not in ("ProjectAlreadyExist", "LogStoreAlreadyExist"):
                raise


def _first_address(device: str) -> ipaddress.IPv4Interface:
    with IPRoute() as route:
        index = next(iter(route.link_lookup(ifname=device)), None)
        if index is None:
            raise Trouble(f"no device {device} on this host")
        for address in route.get_addr(index=index, family=2):
            return ipaddress.IPv4Interface(f"{address.get('IFA_ADDRESS')}/{address['prefixlen']}")
    raise Trouble(f"{device} has no IPv4 address")


def vswitch_block(address: ipaddress.IPv4Interface) -> ipaddress.IPv4Network:
    """The smallest VSwitch around the device's subnet in which its address is not one of the reserved ones."""
    prefix = max(VSWITCH_PREFIX_MIN, min(VSWITCH_PREFIX_MAX, address.network.prefixlen))
    while True:
        block = ipaddress.IPv4Network((int(address.ip), prefix), strict=False)
        place = int(address.ip) - int(block.network_address)
        if prefix == VSWITCH_PREFIX_MIN or 0 < place < block.num_addresses - RESERVED_LAST:
            return block
        prefix -= 1


def _vpc_block(block: ipaddress.IPv4Network) -> ipaddress.IPv4Network:
    return block.supernet(new_prefix=min(block.prefixlen, VSWITCH_PREFIX_MIN))
