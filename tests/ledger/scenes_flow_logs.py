"""The flow log family: every refusal that depends on what is there."""

from __future__ import annotations

from tests.ledger.door import BARE, ELSEWHERE, Tenant
from tests.ledger.scenes import Pairs, Scene, same, with_pairs
from weir.control import accounts


def of_eni(tenant: Tenant, **pairs: str) -> Pairs:
    return tenant.flow_log_of("NetworkInterface", tenant.eni(), **pairs)


def of_vpc(tenant: Tenant, **pairs: str) -> Pairs:
    return tenant.flow_log_of("VPC", tenant.vpc(), **pairs)


def locked(tenant: Tenant) -> Pairs:
    with tenant.door.writing() as connection:
        accounts.set_business_status(connection, tenant.account_id, accounts.FINANCIAL_LOCKED)
    return {}


def allow_paths(tenant: Tenant) -> None:
    with tenant.door.writing() as connection:
        accounts.allow_traffic_paths(connection, tenant.account_id, True)


def shared(tenant: Tenant) -> Pairs:
    owner = tenant.door.tenant()
    vswitch = owner.vswitch()
    owner.ok("ShareVSwitch", VSwitchId=vswitch, AccountId=tenant.account_id)
    return tenant.flow_log_of("VSwitch", vswitch)


def member(tenant: Tenant) -> Pairs:
    vswitch = tenant.vswitch()
    trunk, eni, vm = tenant.eni(vswitch, InstanceType="Trunk"), tenant.eni(vswitch), tenant.instance()
    tenant.ok("AttachNetworkInterface", NetworkInterfaceId=trunk, InstanceId=vm)
    tenant.ok("AttachNetworkInterface", NetworkInterfaceId=eni, InstanceId=vm, TrunkNetworkInstanceId=trunk)
    return tenant.flow_log_of("NetworkInterface", eni)


def deleting(tenant: Tenant) -> Pairs:
    eni = tenant.eni()
    held = {"Attached_1_NetworkInterfaceId": eni, "Attached_1_Generation": "g"}
    tenant.ok("SyncAgent", NodeName=f"node-{tenant.account_id}", **held)
    tenant.ok("DeleteNetworkInterface", NetworkInterfaceId=eni)
    return tenant.flow_log_of("NetworkInterface", eni)


def of_old_family(tenant: Tenant) -> Pairs:
    eni, vm = tenant.eni(), tenant.instance(InstanceType="ecs.sn1.large")
    tenant.ok("AttachNetworkInterface", NetworkInterfaceId=eni, InstanceId=vm)
    return tenant.flow_log_of("NetworkInterface", eni)


def without_features(tenant: Tenant) -> Pairs:
    vpc = tenant.vpc()
    tenant.ok("SetVpcAdvancedFeatures", VpcId=vpc, Enabled="false")
    return tenant.flow_log_of("VPC", vpc)


def elsewhere(tenant: Tenant) -> Pairs:
    return of_vpc(tenant, ProjectName=tenant.log_store(ELSEWHERE))


def two_paths_and_ipv6(tenant: Tenant) -> Pairs:
    allow_paths(tenant)
    return of_vpc(tenant, IpVersion="DualStack", TrafficPath_1="vbr")


def some_beside_all(tenant: Tenant) -> Pairs:
    allow_paths(tenant)
    vpc = tenant.vpc()
    tenant.flow_log(vpc)
    return tenant.flow_log_of("VPC", vpc, TrafficPath_1="vbr")


def same_path(tenant: Tenant) -> Pairs:
    allow_paths(tenant)
    vpc = tenant.vpc()
    tenant.flow_log(vpc, TrafficPath_1="vbr", TrafficPath_2="ecr")
    return tenant.flow_log_of("VPC", vpc, TrafficPath_1="natGateway", TrafficPath_2="ecr")


def twice(tenant: Tenant) -> Pairs:
    vpc = tenant.vpc()
    tenant.flow_log(vpc)
    return tenant.flow_log_of("VPC", vpc)


def over_quota(tenant: Tenant) -> Pairs:
    with tenant.door.writing() as connection:
        accounts.set_flow_log_quota(connection, tenant.account_id, 1)
    tenant.flow_log()
    return of_vpc(tenant)


CREATION = (
    Scene("CreateFlowLog", "OptInRequired.FlowLog", with_pairs(), opened=False),
    Scene("CreateFlowLog", "IncorrectBusinessStatus.FlowLog", locked),
    Scene("CreateFlowLog", "OperationUnsupported.action", lambda t: of_vpc(t, RegionId=BARE)),
    Scene("CreateFlowLog", "InvalidResourceType.NotFound", lambda t: t.flow_log_of("VSwitch", t.vpc())),
    Scene("CreateFlowLog", "IllegalParam.TrafficPath", lambda t: of_vpc(t, TrafficPath_1="all", TrafficPath_2="vbr")),
    Scene(
        "CreateFlowLog", "DuplicatedParam.TrafficPath", lambda t: of_vpc(t, TrafficPath_1="vbr", TrafficPath_2="vbr")
    ),
    Scene(
        "CreateFlowLog",
        "MissingParam.TrafficAnalyzerIdOrLogProjectOrLogStore",
        lambda t: {"ResourceType": "VPC", "ResourceId": t.vpc(), "ProjectName": t.project},
    ),
    Scene("CreateFlowLog", "ParameterInvalid", lambda t: of_vpc(t, LogFormat="${srcaddr}${colour}")),
    Scene("CreateFlowLog", "InvalidInstanceId", lambda t: t.flow_log_of("VPC", t.door.tenant().vpc())),
    Scene("CreateFlowLog", "OperationDenied.OperateShareResource", shared),
    Scene("CreateFlowLog", "OperationFailed.EniTypeNotSupport", member),
    Scene("CreateFlowLog", "InvalidHdMonitorStatus", deleting),
    Scene("CreateFlowLog", "OperationUnsupported.AdvancedFeature", of_old_family),
    Scene("CreateFlowLog", "UnsupportedFeature.VpcAdvancedFeature", without_features),
    Scene("CreateFlowLog", "UnsupportedFeature.UserDefinedTrafficPath", lambda t: of_eni(t, TrafficPath_1="vbr")),
    Scene("CreateFlowLog", "UnsupportedFeature.UserDefinedTrafficPathIpv6", two_paths_and_ipv6),
    Scene("CreateFlowLog", "UnsupportedFeature.IpVersion", lambda t: of_vpc(t, IpVersion="DualStack")),
    Scene("CreateFlowLog", "IllegalParam.ResourceGroupId", lambda t: of_vpc(t, ResourceGroupId="rg-none")),
    Scene("CreateFlowLog", "ProjectOrLogstoreNotExist", lambda t: of_vpc(t, LogStoreName="none")),
    Scene("CreateFlowLog", "SourceProjectNotExist", elsewhere),
    Scene(
        "CreateFlowLog", "OperationDenied.NisTrafficAnalyzerNotFound", lambda t: of_vpc(t, TrafficAnalyzerId="nta-none")
    ),
    Scene("CreateFlowLog", "OperationDenied.AllTrafficPathOfManagedExist", some_beside_all),
    Scene("CreateFlowLog", "RuleExist", same_path),
    Scene("CreateFlowLog", "InvalidResourceId.NotFound", twice),
    Scene("CreateFlowLog", "QuotaExceeded.FlowlogCount", over_quota),
)


def locked_log(tenant: Tenant) -> Pairs:
    return {"FlowLogId": tenant.flow_log()} | locked(tenant)


def of_log_service(tenant: Tenant) -> Pairs:
    log = tenant.flow_log()
    tenant.ok("SetFlowLogServiceType", FlowLogId=log, ServiceType="sls")
    return {"FlowLogId": log}


def inactive(tenant: Tenant) -> Pairs:
    log = tenant.flow_log()
    tenant.ok("DeactiveFlowLog", FlowLogId=log)
    return {"FlowLogId": log}


def held_and_deleted(tenant: Tenant) -> Pairs:
    """Deleted, and an agent that has not let go keeps it Deleting."""
    eni, node = tenant.eni(), f"node-{tenant.account_id}"
    tenant.ok("BindNetworkInterface", NetworkInterfaceId=eni, NodeName=node, Device="veth1")
    tenant.ok("SyncAgent", NodeName=node)
    log = tenant.ok("CreateFlowLog", **tenant.flow_log_of("NetworkInterface", eni))["FlowLogId"]
    tenant.ok("DeleteFlowLog", FlowLogId=log)
    return {"FlowLogId": log}


def of_some_paths(tenant: Tenant) -> Pairs:
    allow_paths(tenant)
    return {"FlowLogId": tenant.flow_log(TrafficPath_1="vbr"), "IpVersion": "DualStack"}


CHANGING = "ModifyFlowLogAttribute ActiveFlowLog DeactiveFlowLog DeleteFlowLog"
LIFE = (
    *same(CHANGING, "IncorrectBusinessStatus.FlowLog", locked_log),
    *same(CHANGING, "OperationUnsupported.action", of_log_service),
    *same(CHANGING, "InvalidInstanceId", with_pairs(FlowLogId="fl-none")),
    Scene("ActiveFlowLog", "InvalidStatus", lambda t: {"FlowLogId": t.flow_log()}),
    Scene("DeactiveFlowLog", "InvalidStatus", inactive),
    *same("ModifyFlowLogAttribute DeleteFlowLog", "InvalidStatus", held_and_deleted),
    Scene("ModifyFlowLogAttribute", "UnsupportedFeature.UserDefinedTrafficPathIpv6", of_some_paths),
    Scene(
        "ModifyFlowLogAttribute",
        "UnsupportedFeature.IpVersion",
        lambda t: {"FlowLogId": t.flow_log(), "IpVersion": "DualStack"},
    ),
    Scene("OpenFlowLogService", "OperationFailed.ExceedPurchaseLimit", with_pairs()),
    Scene("SetFlowLogServiceType", "InvalidInstanceId", with_pairs(FlowLogId="fl-none")),
)

SCENES = CREATION + LIFE
