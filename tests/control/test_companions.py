"""What a script declares around its flow logs: changes, instances, trunks, shared VSwitches, features."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from weir.control.targets import AGENT_SILENCE_SECONDS
from weir.model.failures import Refusal

HERE = "cn-hangzhou"


def code_of(call: Callable[[], object]) -> str | None:
    try:
        call()
    except Refusal as refusal:
        return refusal.failure.code
    return None


def shown(office: Any, eni: str) -> Any:
    (one,) = office.call("DescribeNetworkInterfaces", RegionId=HERE, NetworkInterfaceId_1=eni).network_interface_sets
    return one


def attach(office: Any, eni: str, instance: str, action: str = "AttachNetworkInterface", **pairs: str) -> str | None:
    said = {"RegionId": HERE, "NetworkInterfaceId": eni, "InstanceId": instance}
    return code_of(lambda: office.call(action, **said, **pairs))


def detach(office: Any, eni: str, instance: str) -> str | None:
    return attach(office, eni, instance, "DetachNetworkInterface")


def instance(office: Any, instance_type: str = "ecs.g7.xlarge", **pairs: str) -> str:
    return office.call("RegisterInstance", RegionId=HERE, InstanceType=instance_type, **pairs).instance_id


def test_a_vpc_and_a_vswitch_are_renamed_and_given_ipv6(office: Any) -> None:
    vpc = office.vpc(VpcName="old", Description="kept")
    vswitch = office.vswitch(vpc)
    office.call("ModifyVpcAttribute", VpcId=vpc, VpcName="new", Ipv6CidrBlock="fd00:10::/56")
    office.call("ModifyVpcAttribute", VpcId=vpc, EnableIPv6="true")
    office.call("ModifyVSwitchAttribute", VSwitchId=vswitch, VSwitchName="vsw", Ipv6CidrBlock="3")
    (of_vpc,) = office.call("DescribeVpcs", RegionId=HERE).vpcs
    assert (of_vpc.vpc_name, of_vpc.description, of_vpc.ipv6_cidr_block) == ("new", "kept", "fd00:10::/56")
    (of_vswitch,) = office.call("DescribeVSwitches", RegionId=HERE).v_switches
    assert (of_vswitch.v_switch_name, of_vswitch.ipv6_cidr_block) == ("vsw", "fd00:10:0:3::/64")
    assert code_of(lambda: office.flow_log("VSwitch", vswitch, IpVersion="DualStack")) is None

    for again in (
        lambda: office.call("ModifyVpcAttribute", VpcId=vpc, Ipv6CidrBlock="fd00:20::/56"),
        lambda: office.call("ModifyVSwitchAttribute", VSwitchId=vswitch, Ipv6CidrBlock="4"),
        lambda: office.call("ModifyVSwitchAttribute", VSwitchId=office.vswitch(office.vpc()), Ipv6CidrBlock="4"),
        lambda: office.call("ModifyVSwitchAttribute", VSwitchId=office.vswitch(vpc, "10.0.2.0/24"), Ipv6CidrBlock="3"),
    ):
        assert code_of(again) == "InvalidIpv6CidrBlock.Malformed"
    assert code_of(lambda: office.call("ModifyVpcAttribute", VpcId="vpc-none")) == "InvalidVpcId.NotFound"
    assert code_of(lambda: office.call("ModifyVSwitchAttribute", VSwitchId="vsw-x")) == "InvalidVSwitchId.NotFound"


def test_an_interface_is_renamed_and_moved_between_security_groups(office: Any) -> None:
    eni = office.eni(office.vswitch(office.vpc()), SecurityGroupId="sg-1", Description="kept")
    said = {"RegionId": HERE, "NetworkInterfaceId": eni}
    office.call("ModifyNetworkInterfaceAttribute", **said, NetworkInterfaceName="new")
    assert shown(office, eni).security_group_ids == ("sg-1",)
    groups = {"SecurityGroupId_1": "sg-3", "SecurityGroupId_2": "sg-2", "SecurityGroupId_3": "sg-3"}
    office.call("ModifyNetworkInterfaceAttribute", **said, **groups)
    one = shown(office, eni)
    assert (one.network_interface_name, one.description, one.security_group_ids) == ("new", "kept", ("sg-3", "sg-2"))


def test_states_follow_attaching_and_binding(office: Any) -> None:
    vm = instance(office)
    eni = office.eni(office.vswitch(office.vpc()))
    bind = {"NetworkInterfaceId": eni, "NodeName": "host-a", "Device": "veth1"}
    delete = {"RegionId": HERE, "NetworkInterfaceId": eni}
    assert shown(office, eni).status == "Available"
    assert attach(office, eni, vm) is None
    assert (shown(office, eni).status, shown(office, eni).instance_id) == ("InUse", vm)
    assert attach(office, eni, vm) == "InvalidOperation.InvalidEniState"
    assert code_of(lambda: office.call("DeleteNetworkInterface", **delete)) == "InvalidOperation.InvalidEniState"
    office.call("BindNetworkInterface", **bind)
    assert detach(office, eni, vm) is None
    assert (shown(office, eni).status, shown(office, eni).instance_id) == ("InUse", "")
    assert detach(office, eni, vm) == "InvalidOperation.InvalidEniState"
    assert attach(office, eni, vm) is None
    office.call("UnbindNetworkInterface", NetworkInterfaceId=eni)
    assert shown(office, eni).status == "InUse"
    assert detach(office, eni, vm) is None
    assert shown(office, eni).status == "Available"
    assert attach(office, "eni-none", vm) == "InvalidEniId.NotFound"
    assert attach(office, eni, "i-none") == "InvalidEcsId.NotFound"


def test_the_instance_stands_in_the_targets(office: Any) -> None:
    vm = instance(office, InstanceId="vm.7")
    eni = office.eni(office.vswitch(office.vpc()))
    office.call("BindNetworkInterface", NetworkInterfaceId=eni, NodeName="host-a", Device="veth1")
    office.flow_log("NetworkInterface", eni)
    seen = []
    for change in (lambda: None, lambda: attach(office, eni, vm), lambda: detach(office, eni, vm)):
        change()
        (target,) = office.call("SyncAgent", RegionId=HERE, NodeName="host-a").targets
        seen.append(target.instance_id)
    assert seen == ["-", "vm.7", "-"]


def test_a_primary_interface_lives_and_dies_with_its_instance(office: Any) -> None:
    vswitch = office.vswitch(office.vpc())
    eni, second = office.eni(vswitch), office.eni(vswitch)
    vm = instance(office, PrimaryNetworkInterfaceId=eni)
    assert (shown(office, eni).type, shown(office, eni).status) == ("Primary", "InUse")
    assert detach(office, eni, vm) == "InvalidOperation.DetachPrimaryEniNotAllowed"
    attach(office, second, vm)
    gone = {"RegionId": HERE, "InstanceId": vm}
    assert code_of(lambda: office.call("DeregisterInstance", **gone)) == "DependencyViolation.NetworkInterface"
    detach(office, second, vm)
    office.call("DeregisterInstance", **gone)
    assert (shown(office, eni).type, shown(office, eni).status) == ("Secondary", "Available")
    assert code_of(lambda: office.call("DeregisterInstance", **gone)) == "InvalidEcsId.NotFound"


def test_what_an_instance_refuses(office: Any) -> None:
    vswitch = office.vswitch(office.vpc())
    trunk, used = office.eni(vswitch, InstanceType="Trunk"), office.eni(vswitch)
    attach(office, used, instance(office, InstanceId="i-1"))
    for pairs, code in (
        ({"InstanceId": "i-1"}, "InstanceAlreadyRegistered"),
        ({"PrimaryNetworkInterfaceId": "eni-none"}, "InvalidEniId.NotFound"),
        ({"PrimaryNetworkInterfaceId": used}, "InvalidOperation.InvalidEniState"),
        ({"PrimaryNetworkInterfaceId": trunk}, "InvalidOperation.InvalidEniType"),
        ({"InstanceType": "large"}, "ParameterInvalid"),
    ):
        said = {"RegionId": HERE, "InstanceType": "ecs.g7.large", **pairs}
        assert code_of(partial(office.call, "RegisterInstance", **said)) == code
    assert attach(office.other_account(), used, "i-1") == "InvalidEniId.NotFound"


def test_a_member_of_a_trunk_has_no_flow_logs(office: Any) -> None:
    vswitch = office.vswitch(office.vpc())
    trunk, member, plain = office.eni(vswitch, InstanceType="Trunk"), office.eni(vswitch), office.eni(vswitch)
    vm, other = instance(office), instance(office)
    assert attach(office, member, vm, TrunkNetworkInstanceId=trunk) == "InvalidOperation.InvalidEniType"
    assert attach(office, trunk, vm) is None
    assert attach(office, member, other, TrunkNetworkInstanceId=trunk) == "InvalidOperation.InvalidEniType"
    assert attach(office, member, vm, TrunkNetworkInstanceId=plain) == "InvalidOperation.InvalidEniType"
    assert attach(office, member, vm, TrunkNetworkInstanceId=trunk) is None
    assert (shown(office, member).type, shown(office, trunk).type) == ("Member", "Trunk")
    assert shown(office, trunk).attachment.member_network_interface_ids == (member,)
    assert shown(office, member).attachment.trunk_network_interface_id == trunk
    assert detach(office, trunk, vm) == "InvalidOperation.HasMemberEniAttached"

    def create(eni: str) -> str | None:
        return code_of(lambda: office.flow_log("NetworkInterface", eni))

    assert create(member) == "OperationFailed.EniTypeNotSupport"
    assert create(trunk) is None
    assert detach(office, member, vm) is None
    assert create(member) is None
    assert detach(office, trunk, vm) is None
    assert shown(office, trunk).type == "Trunk"


@pytest.mark.parametrize(
    ("instance_type", "code"),
    [
        ("ecs.sn1.large", "OperationUnsupported.AdvancedFeature"),
        ("ecs.c4.xlarge", "OperationUnsupported.AdvancedFeature"),
        ("ecs.sn1ne.large", None),
        ("ecs.g7.xlarge", None),
    ],
)
def test_an_old_instance_family_has_no_flow_logs(office: Any, instance_type: str, code: str | None) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    attach(office, eni, instance(office, instance_type))
    assert code_of(lambda: office.flow_log("NetworkInterface", eni)) == code


def test_a_vpc_without_advanced_features_has_no_flow_logs(office: Any) -> None:
    vpc = office.vpc()
    eni = office.eni(office.vswitch(vpc))
    office.call("SetVpcAdvancedFeatures", VpcId=vpc, Enabled="false")
    for kind, resource in (("VPC", vpc), ("NetworkInterface", eni)):
        code = code_of(partial(office.flow_log, kind, resource))
        assert code == "UnsupportedFeature.VpcAdvancedFeature"
    office.call("SetVpcAdvancedFeatures", VpcId=vpc, Enabled="true")
    assert code_of(lambda: office.flow_log("VPC", vpc)) is None


def test_one_vpc_of_a_region_is_the_default_one(office: Any) -> None:
    first, second = office.vpc(), office.vpc()
    inside = office.vswitch(second)
    for vpc in (first, second, second):
        office.call("SetDefaultVpc", VpcId=vpc)
        shown = office.call("DescribeVpcs", RegionId="cn-hangzhou", IsDefault="true").vpcs
        assert [each.vpc_id for each in shown] == [vpc]
    inner = office.call("DescribeVSwitches", RegionId="cn-hangzhou", IsDefault="true").v_switches
    assert [each.v_switch_id for each in inner] == [inside]
    assert code_of(partial(office.call, "SetDefaultVpc", VpcId="vpc-none")) == "InvalidVpcId.NotFound"


def test_a_shared_vswitch(office: Any) -> None:
    vpc = office.vpc()
    vswitch = office.vswitch(vpc)
    other, third = office.other_account(), office.other_account()
    pair = {"VSwitchId": vswitch, "AccountId": other.caller.account_id}
    for _ in range(2):
        office.call("ShareVSwitch", **pair)
    assert [one.owner_id for one in other.call("DescribeVSwitches", RegionId=HERE).v_switches] == [
        int(office.caller.account_id)
    ]
    assert [one.vpc_id for one in other.call("DescribeVpcs", RegionId=HERE).vpcs] == [vpc]
    assert third.call("DescribeVpcs", RegionId=HERE).vpcs == ()

    eni = other.eni(vswitch)
    assert code_of(lambda: third.eni(vswitch)) == "InvalidVSwitchId.NotFound"
    assert code_of(lambda: other.call("DeleteVSwitch", VSwitchId=vswitch)) == "InvalidVSwitchId.NotFound"
    for kind, resource in (("VSwitch", vswitch), ("VPC", vpc)):
        for account, code in ((other, "OperationDenied.OperateShareResource"), (third, "InvalidInstanceId")):
            assert code_of(partial(account.flow_log, kind, resource)) == code
    assert code_of(lambda: other.flow_log("NetworkInterface", eni)) == "ProjectOrLogstoreNotExist", "its own ENI"

    assert code_of(lambda: office.call("UnshareVSwitch", **pair)) == "DependencyViolation.NetworkInterface"
    other.call("DeleteNetworkInterface", RegionId=HERE, NetworkInterfaceId=eni)
    for _ in range(2):
        office.call("UnshareVSwitch", **pair)
    assert other.call("DescribeVSwitches", RegionId=HERE).v_switches == ()
    office.call("ShareVSwitch", **pair)
    office.call("DeleteVSwitch", VSwitchId=vswitch)


def test_the_owners_flow_log_covers_the_other_accounts_interfaces(office: Any) -> None:
    vswitch = office.vswitch(office.vpc())
    other = office.other_account()
    office.call("ShareVSwitch", VSwitchId=vswitch, AccountId=other.caller.account_id)
    eni = other.eni(vswitch)
    other.call("BindNetworkInterface", NetworkInterfaceId=eni, NodeName="host-a", Device="veth1")
    log = office.flow_log("VSwitch", vswitch)
    (target,) = other.call("SyncAgent", RegionId=HERE, NodeName="host-a").targets
    assert (target.network_interface_id, target.account_id) == (eni, other.caller.account_id)
    assert [one.flow_log_id for one in target.flow_logs] == [log]


def test_what_sharing_refuses(office: Any) -> None:
    vswitch = office.vswitch(office.vpc())
    other = office.other_account()

    def share(who: Any, vswitch: str, account: str) -> str | None:
        return code_of(lambda: who.call("ShareVSwitch", VSwitchId=vswitch, AccountId=account))

    assert share(office, vswitch, "1") == "InvalidAccountId.NotFound"
    assert share(office, vswitch, office.caller.account_id) == "InvalidAccountId.NotFound"
    assert share(other, vswitch, office.caller.account_id) == "InvalidVSwitchId.NotFound"
    assert share(office, "vsw-none", other.caller.account_id) == "InvalidVSwitchId.NotFound"


def test_a_deleted_interface_stays_until_its_agent_has_let_go(office: Any) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    office.call("BindNetworkInterface", NetworkInterfaceId=eni, NodeName="host-a", Device="veth1")
    held = {"Attached_1_NetworkInterfaceId": eni, "Attached_1_Generation": "g"}
    sync = {"RegionId": HERE, "NodeName": "host-a"}
    delete = {"RegionId": HERE, "NetworkInterfaceId": eni}

    def there() -> list[str]:
        page = office.call("DescribeNetworkInterfaces", RegionId=HERE)
        return [one.status for one in page.network_interface_sets]

    office.call("SyncAgent", **sync, **held)
    office.call("UnbindNetworkInterface", NetworkInterfaceId=eni)
    office.call("DeleteNetworkInterface", **delete)
    assert there() == ["Deleting"]
    assert code_of(lambda: office.flow_log("NetworkInterface", eni)) == "InvalidHdMonitorStatus"
    assert code_of(lambda: office.call("DeleteNetworkInterface", **delete)) == "InvalidOperation.InvalidEniState"
    assert attach(office, eni, instance(office)) == "InvalidOperation.InvalidEniState"
    bind = {"NetworkInterfaceId": eni, "NodeName": "host-a", "Device": "veth1"}
    assert code_of(lambda: office.call("BindNetworkInterface", **bind)) == "InvalidEniId.NotFound"
    office.call("SyncAgent", **sync)
    assert there() == []


def test_a_silent_agent_does_not_keep_a_deleted_interface(office: Any) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    held = {"Attached_1_NetworkInterfaceId": eni, "Attached_1_Generation": "g"}
    office.call("SyncAgent", RegionId=HERE, NodeName="host-a", **held)
    office.call("DeleteNetworkInterface", RegionId=HERE, NetworkInterfaceId=eni)
    asked = {"RegionId": HERE, "NetworkInterfaceId_1": eni}
    assert office.call("DescribeNetworkInterfaces", **asked).total_count == 1
    office.clock.now += AGENT_SILENCE_SECONDS + 1
    assert office.call("DescribeNetworkInterfaces", **asked).total_count == 0


def test_a_flow_log_of_the_log_service_is_listed_and_left_alone(office: Any) -> None:
    log = office.flow_log("VPC", office.vpc())
    this = {"RegionId": HERE, "FlowLogId": log}
    office.call("SetFlowLogServiceType", **this, ServiceType="sls")
    assert office.call("DescribeFlowLogs", **this).flow_logs[0].service_type == "sls"
    for action in ("ModifyFlowLogAttribute", "ActiveFlowLog", "DeactiveFlowLog", "DeleteFlowLog"):
        assert code_of(partial(office.call, action, **this)) == "OperationUnsupported.action"
    office.call("SetFlowLogServiceType", **this, ServiceType="user")
    office.call("DeleteFlowLog", **this)
    assert code_of(lambda: office.call("SetFlowLogServiceType", **this, ServiceType="sls")) == "InvalidInstanceId"
