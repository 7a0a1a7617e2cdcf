"""VPCs, VSwitches, interfaces, instances, tags, resource groups: every refusal that depends on what is there."""

from __future__ import annotations

from tests.ledger.door import MODERN, Tenant
from tests.ledger.scenes import Pairs, Scene, same, with_pairs
from weir.control.desk import ENI_QUOTA, VPC_QUOTA, VSWITCH_QUOTA
from weir.control.groups import GROUP_QUOTA
from weir.control.routes import ROUTES_MAX

NAT = {"Path": "natGateway", "DestinationCidrBlock": "0.0.0.0/0"}
NO_VPC, NO_VSWITCH, NO_ENI = {"VpcId": "vpc-none"}, {"VSwitchId": "vsw-none"}, {"NetworkInterfaceId": "eni-none"}


def times(count: int, action: str, tenant: Tenant, **pairs: str) -> None:
    for number in range(count):
        tenant.ok(action, **{name: text.format(number) for name, text in pairs.items()})


def many_routes(tenant: Tenant) -> Pairs:
    vpc = tenant.vpc()
    times(ROUTES_MAX, "SetTrafficRoute", tenant, VpcId=vpc, Path="vbr", DestinationCidrBlock="10.{0}.0.0/16")
    return {"VpcId": vpc, **NAT}


def many_vpcs(tenant: Tenant) -> Pairs:
    times(VPC_QUOTA, "CreateVpc", tenant)
    return {}


def many_vswitches(tenant: Tenant) -> Pairs:
    inside = {"VpcId": tenant.vpc(), "ZoneId": "cn-hangzhou-b"}
    times(VSWITCH_QUOTA, "CreateVSwitch", tenant, **inside, CidrMask="24")
    return {**inside, "CidrMask": "24"}


def many_enis(tenant: Tenant) -> Pairs:
    vswitch = tenant.vswitch()
    times(ENI_QUOTA, "CreateNetworkInterface", tenant, VSwitchId=vswitch)
    return {"VSwitchId": vswitch}


def full_vswitch(tenant: Tenant) -> Pairs:
    vswitch = tenant.vswitch(block="10.0.1.0/29")
    times(4, "CreateNetworkInterface", tenant, VSwitchId=vswitch)
    return {"VSwitchId": vswitch}


def many_groups(tenant: Tenant) -> Pairs:
    times(GROUP_QUOTA - 1, "CreateResourceGroup", tenant, Name="group-{}")
    return {}


def many_tags(tenant: Tenant) -> Pairs:
    this = {"ResourceType": "VPC", "ResourceId_1": tenant.vpc()}
    tenant.ok("TagResources", **this, **{f"Tag_{n}_Key": f"k{n}" for n in range(1, 21)})
    return {**this, "Tag_1_Key": "one-more"}


def taken_ipv4(tenant: Tenant) -> Pairs:
    this = {"VSwitchId": tenant.vswitch(), "PrimaryIpAddress": "10.0.1.7"}
    tenant.ok("CreateNetworkInterface", **this)
    return this


def taken_ipv6(tenant: Tenant) -> Pairs:
    vpc = tenant.vpc(Ipv6CidrBlock="fd00:10::/56")
    this = {"VSwitchId": tenant.vswitch(vpc, Ipv6CidrBlock="1"), "Ipv6Address_1": "fd00:10:0:1::7"}
    tenant.ok("CreateNetworkInterface", **this)
    return this


def attached(tenant: Tenant) -> Pairs:
    this = {"NetworkInterfaceId": tenant.eni(), "InstanceId": tenant.instance()}
    tenant.ok("AttachNetworkInterface", **this)
    return this


def primary(tenant: Tenant) -> Pairs:
    eni = tenant.eni()
    vm = tenant.instance(InstanceType=MODERN, PrimaryNetworkInterfaceId=eni)
    return {"NetworkInterfaceId": eni, "InstanceId": vm}


def trunk_with_member(tenant: Tenant) -> Pairs:
    vswitch, vm = tenant.vswitch(), tenant.instance()
    trunk, eni = tenant.eni(vswitch, InstanceType="Trunk"), tenant.eni(vswitch)
    tenant.ok("AttachNetworkInterface", NetworkInterfaceId=trunk, InstanceId=vm)
    tenant.ok("AttachNetworkInterface", NetworkInterfaceId=eni, InstanceId=vm, TrunkNetworkInstanceId=trunk)
    return {"NetworkInterfaceId": trunk, "InstanceId": vm}


def no_trunk(tenant: Tenant) -> Pairs:
    vswitch = tenant.vswitch()
    other = tenant.eni(vswitch)
    return {
        "NetworkInterfaceId": tenant.eni(vswitch),
        "InstanceId": tenant.instance(),
        "TrunkNetworkInstanceId": other,
    }


def used_device(tenant: Tenant) -> Pairs:
    place = {"NodeName": f"node-{tenant.account_id}", "Device": "veth1"}
    vswitch = tenant.vswitch()
    tenant.ok("BindNetworkInterface", NetworkInterfaceId=tenant.eni(vswitch), **place)
    return {"NetworkInterfaceId": tenant.eni(vswitch), **place}


def used_share(tenant: Tenant) -> Pairs:
    other, vswitch = tenant.door.tenant(), tenant.vswitch()
    pair = {"VSwitchId": vswitch, "AccountId": other.account_id}
    tenant.ok("ShareVSwitch", **pair)
    other.eni(vswitch)
    return pair


def vpc_with_vswitch(tenant: Tenant) -> Pairs:
    vpc = tenant.vpc()
    tenant.vswitch(vpc)
    return {"VpcId": vpc}


def vpc_with_flow_log(tenant: Tenant) -> Pairs:
    vpc = tenant.vpc()
    tenant.flow_log(vpc)
    return {"VpcId": vpc}


def vswitch_with_eni(tenant: Tenant) -> Pairs:
    vswitch = tenant.vswitch()
    tenant.eni(vswitch)
    return {"VSwitchId": vswitch}


def vswitch_with_flow_log(tenant: Tenant) -> Pairs:
    vswitch = tenant.vswitch()
    tenant.ok("CreateFlowLog", **tenant.flow_log_of("VSwitch", vswitch))
    return {"VSwitchId": vswitch}


def overlapping(tenant: Tenant) -> Pairs:
    vpc = tenant.vpc()
    tenant.vswitch(vpc)
    return {"VpcId": vpc, "ZoneId": "cn-hangzhou-b", "CidrBlock": "10.0.1.128/25"}


def in_vpc(tenant: Tenant, **pairs: str) -> Pairs:
    return {"VpcId": tenant.vpc(), "ZoneId": "cn-hangzhou-b", "CidrBlock": "10.0.1.0/24"} | pairs


NETWORKS = (
    Scene("CreateVpc", "IllegalParam.ResourceGroupId", with_pairs(ResourceGroupId="rg-none")),
    Scene("CreateVpc", "QuotaExceeded.Vpc", many_vpcs),
    Scene("CreateVpc", "DryRunOperation", with_pairs(DryRun="true")),
    *same(
        "DeleteVpc ModifyVpcAttribute SetVpcAdvancedFeatures SetDefaultVpc",
        "InvalidVpcId.NotFound",
        with_pairs(**NO_VPC),
    ),
    Scene("ModifyVpcAttribute", "InvalidIpv6CidrBlock.Malformed", with_pairs(Ipv6CidrBlock="fd00::/48")),
    Scene("DeleteVpc", "DependencyViolation.VSwitch", vpc_with_vswitch),
    Scene("DeleteVpc", "DependencyViolation.FlowLog", vpc_with_flow_log),
    Scene("DeleteVpc", "DryRunOperation", lambda t: {"VpcId": t.vpc(), "DryRun": "true"}),
    Scene("CreateVSwitch", "InvalidVpcId.NotFound", lambda t: in_vpc(t, **NO_VPC)),
    Scene("CreateVSwitch", "InvalidZoneId.NotFound", lambda t: in_vpc(t, ZoneId="cn-beijing-a")),
    Scene("CreateVSwitch", "InvalidCidrBlock.Overlapped", overlapping),
    Scene("CreateVSwitch", "InvalidIpv6CidrBlock.Malformed", lambda t: in_vpc(t, Ipv6CidrBlock="1")),
    Scene("CreateVSwitch", "QuotaExceeded.VSwitch", many_vswitches),
    *same(
        "DeleteVSwitch ModifyVSwitchAttribute ShareVSwitch UnshareVSwitch",
        "InvalidVSwitchId.NotFound",
        with_pairs(**NO_VSWITCH),
    ),
    Scene("DeleteVSwitch", "DependencyViolation.NetworkInterface", vswitch_with_eni),
    Scene("DeleteVSwitch", "DependencyViolation.FlowLog", vswitch_with_flow_log),
    Scene("DeleteVSwitch", "DryRunOperation", lambda t: {"VSwitchId": t.vswitch(), "DryRun": "true"}),
    Scene("SetTrafficRoute", "InvalidVpcId.NotFound", with_pairs(**NO_VPC, **NAT)),
    Scene("DeleteTrafficRoute", "InvalidVpcId.NotFound", with_pairs(**NO_VPC, **NAT)),
    Scene("SetTrafficRoute", "InvalidVSwitchId.NotFound", lambda t: {"VpcId": t.vpc(), **NO_VSWITCH, **NAT}),
    Scene("SetTrafficRoute", "QuotaExceeded.TrafficRoute", many_routes),
    Scene("ShareVSwitch", "InvalidAccountId.NotFound", lambda t: {"VSwitchId": t.vswitch(), "AccountId": "1"}),
    Scene("UnshareVSwitch", "DependencyViolation.NetworkInterface", used_share),
)

INTERFACES = (
    Scene("CreateNetworkInterface", "InvalidVSwitchId.NotFound", with_pairs(**NO_VSWITCH)),
    Scene("CreateNetworkInterface", "InvalidPrivateIpAddress.Duplicated", taken_ipv4),
    Scene("CreateNetworkInterface", "InvalidIpv6Address.Duplicated", taken_ipv6),
    Scene(
        "CreateNetworkInterface",
        "IllegalParam.ResourceGroupId",
        lambda t: {"VSwitchId": t.vswitch(), "ResourceGroupId": "rg-none"},
    ),
    Scene("CreateNetworkInterface", "InvalidVSwitch.IpAddressNotEnough", full_vswitch),
    Scene("CreateNetworkInterface", "QuotaExceeded.Eni", many_enis),
    *same(
        "DeleteNetworkInterface AttachNetworkInterface DetachNetworkInterface ModifyNetworkInterfaceAttribute"
        " BindNetworkInterface UnbindNetworkInterface",
        "InvalidEniId.NotFound",
        with_pairs(**NO_ENI),
    ),
    *same(
        "AttachNetworkInterface DetachNetworkInterface",
        "InvalidEcsId.NotFound",
        lambda t: {"NetworkInterfaceId": t.eni(), "InstanceId": "i-none"},
    ),
    *same("DeleteNetworkInterface AttachNetworkInterface", "InvalidOperation.InvalidEniState", attached),
    Scene(
        "DetachNetworkInterface",
        "InvalidOperation.InvalidEniState",
        lambda t: {"NetworkInterfaceId": t.eni(), "InstanceId": t.instance()},
    ),
    Scene("AttachNetworkInterface", "InvalidOperation.InvalidEniType", no_trunk),
    Scene("DetachNetworkInterface", "InvalidOperation.DetachPrimaryEniNotAllowed", primary),
    Scene("DetachNetworkInterface", "InvalidOperation.HasMemberEniAttached", trunk_with_member),
    Scene("BindNetworkInterface", "DeviceAlreadyBound", used_device),
    Scene("UnbindNetworkInterface", "BindingNotFound", lambda t: {"NetworkInterfaceId": t.eni()}),
)

INSTANCES = (
    Scene("RegisterInstance", "InstanceAlreadyRegistered", lambda t: {"InstanceId": t.instance()}),
    Scene("RegisterInstance", "InvalidEniId.NotFound", with_pairs(PrimaryNetworkInterfaceId="eni-none")),
    Scene(
        "RegisterInstance",
        "InvalidOperation.InvalidEniState",
        lambda t: {"PrimaryNetworkInterfaceId": attached(t)["NetworkInterfaceId"]},
    ),
    Scene(
        "RegisterInstance",
        "InvalidOperation.InvalidEniType",
        lambda t: {"PrimaryNetworkInterfaceId": t.eni(InstanceType="Trunk")},
    ),
    Scene("DeregisterInstance", "InvalidEcsId.NotFound", with_pairs(InstanceId="i-none")),
    Scene(
        "DeregisterInstance",
        "DependencyViolation.NetworkInterface",
        lambda t: {"InstanceId": attached(t)["InstanceId"]},
    ),
)

TAGS_AND_GROUPS = (
    *same("TagResources UnTagResources", "InvalidResourceId.NotFound", with_pairs(ResourceId_1="fl-none", All="true")),
    Scene("TagResources", "QuotaExceed.TagsPerResource", many_tags),
    Scene("MoveResourceGroup", "InvalidResourceId.NotFound", with_pairs(ResourceId="fl-none")),
    Scene(
        "MoveResourceGroup",
        "IllegalParam.ResourceGroupId",
        lambda t: {"ResourceType": "VPC", "ResourceId": t.vpc(), "NewResourceGroupId": "rg-none"},
    ),
    Scene("CreateResourceGroup", "EntityAlreadyExists.ResourceGroup", with_pairs(Name="default")),
    Scene("CreateResourceGroup", "LimitExceeded.ResourceGroup", many_groups),
    Scene("GetResourceGroup", "EntityNotExist.ResourceGroup", with_pairs(ResourceGroupId="rg-none")),
)

SCENES = NETWORKS + INTERFACES + INSTANCES + TAGS_AND_GROUPS
