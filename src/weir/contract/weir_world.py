"""What a script declares of a world that other products would know, product Weir 2026-11-01.

What enters: nothing. What leaves: one command and one answer class per operation. Weir runs no instances, sells no
features and has no console of the log service; whether such things stand behind a network is said with these calls,
because failures and records depend on them. Failures stand in the order in which they are checked.
"""

from __future__ import annotations

from enum import StrEnum

from weir.contract.declare import action, answer, param, structure
from weir.contract.ecs import ENI_EXAMPLE
from weir.contract.ecs_attachments import INSTANCE_EXAMPLE
from weir.contract.shapes import Flag, OneOf, Pattern, Text
from weir.contract.terms import IDENTIFIER, REGION_EXAMPLE, REGION_KNOWN, WEIR, Done, located
from weir.contract.vpc_networks import VPC_EXAMPLE, VSWITCH_EXAMPLE
from weir.model.failures import (
    DEPENDENCY_VIOLATION_NETWORK_INTERFACE,
    INSTANCE_ALREADY_REGISTERED,
    INVALID_ACCOUNT_ID_NOT_FOUND,
    INVALID_ECS_ID_NOT_FOUND,
    INVALID_ENI_ID_NOT_FOUND,
    INVALID_INSTANCE_ID,
    INVALID_OPERATION_INVALID_ENI_STATE,
    INVALID_OPERATION_INVALID_ENI_TYPE,
    INVALID_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    INVALID_VPC_ID_NOT_FOUND,
    INVALID_VSWITCH_ID_NOT_FOUND,
    MISSING_PARAMETER,
    PARAMETER_INVALID,
)

ACCOUNT_EXAMPLE = "1234567890123456"
INSTANCE_TYPE = Text(
    length=(1, 64),
    pattern=Pattern(
        r"ecs\.[a-z0-9-]+\.[a-z0-9.-]+",
        "`ecs.`, a family, a dot and a size",
        good=("ecs.g7.xlarge", "ecs.sn1ne.large", "ecs.c8y-s.2xlarge"),
        bad=("g7.xlarge", "ecs.g7", "ecs.G7.large", "ecs..large", "ecs.g7.large\n"),
    ),
)
INSTANCE = Text(
    length=(1, 64),
    pattern=Pattern(
        r"[A-Za-z0-9][A-Za-z0-9._-]*",
        "letters, digits, dots, hyphens and underscores, the first a letter or digit",
        good=("i-bp1a5zr3u7nq9cx8t2ab", "vm.7"),
        bad=("-", "a b", "ä", "a\n"),
    ),
)


class ServiceType(StrEnum):
    """Whose a flow log is: the user's, or the log service's."""

    USER = "user"
    SLS = "sls"


@structure
class InstanceRegistered:
    """The answer of RegisterInstance."""

    instance_id: str = answer("The instance.", example=INSTANCE_EXAMPLE)


@action(
    WEIR,
    returns=InstanceRegistered,
    summary="Make an instance known, so that network interfaces can be attached to it.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        PARAMETER_INVALID,
        INSTANCE_ALREADY_REGISTERED,
        INVALID_ENI_ID_NOT_FOUND,
        INVALID_OPERATION_INVALID_ENI_STATE,
        INVALID_OPERATION_INVALID_ENI_TYPE,
    ),
    rules=(REGION_KNOWN,),
    resources=(located("instance/*", "weir"),),
)
class RegisterInstance:
    """Its family decides whether its interfaces can have flow logs. Stands where RunInstances would."""

    region_id: str = param(IDENTIFIER, "Region of the instance.", example=REGION_EXAMPLE)
    instance_type: str = param(INSTANCE_TYPE, "Type of the instance.", example="ecs.g7.xlarge")
    instance_id: str | None = param(INSTANCE, "Its id; drawn if absent.", example=INSTANCE_EXAMPLE, default=None)
    primary_network_interface_id: str | None = param(
        IDENTIFIER,
        "Interface that becomes its primary one: `Primary` and `InUse` until the instance is deregistered.",
        example=ENI_EXAMPLE,
        default=None,
    )


@action(
    WEIR,
    returns=Done,
    summary="Forget an instance.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        PARAMETER_INVALID,
        INVALID_ECS_ID_NOT_FOUND,
        DEPENDENCY_VIOLATION_NETWORK_INTERFACE,
    ),
    rules=(REGION_KNOWN,),
    resources=(located("instance/{InstanceId}", "weir"),),
)
class DeregisterInstance:
    """Its primary interface is released and `Secondary` again; any other must be detached before."""

    region_id: str = param(IDENTIFIER, "Region of the instance.", example=REGION_EXAMPLE)
    instance_id: str = param(IDENTIFIER, "The instance.", example=INSTANCE_EXAMPLE)


@action(
    WEIR,
    returns=Done,
    summary="Share a VSwitch with another account.",
    fails=(MISSING_PARAMETER, PARAMETER_INVALID, INVALID_VSWITCH_ID_NOT_FOUND, INVALID_ACCOUNT_ID_NOT_FOUND),
    resources=(located("vswitch/{VSwitchId}", "weir"),),
)
class ShareVSwitch:
    """The other account sees the VSwitch and makes its own interfaces in it; it cannot have flow logs of the VSwitch or
    its VPC, and the owner's flow logs of those cover its interfaces. Sharing twice changes nothing.
    """

    v_switch_id: str = param(IDENTIFIER, "The VSwitch.", example=VSWITCH_EXAMPLE)
    account_id: str = param(IDENTIFIER, "The other account.", example=ACCOUNT_EXAMPLE)


@action(
    WEIR,
    returns=Done,
    summary="End the sharing of a VSwitch with another account.",
    fails=(
        MISSING_PARAMETER,
        PARAMETER_INVALID,
        INVALID_VSWITCH_ID_NOT_FOUND,
        DEPENDENCY_VIOLATION_NETWORK_INTERFACE,
    ),
    resources=(located("vswitch/{VSwitchId}", "weir"),),
)
class UnshareVSwitch:
    """Refused while the other account has interfaces in it. Unsharing what is not shared changes nothing."""

    v_switch_id: str = param(IDENTIFIER, "The VSwitch.", example=VSWITCH_EXAMPLE)
    account_id: str = param(IDENTIFIER, "The other account.", example=ACCOUNT_EXAMPLE)


@action(
    WEIR,
    returns=Done,
    summary="Say whether a VPC supports advanced features, flow logs among them.",
    fails=(MISSING_PARAMETER, INVALID_PARAMETER, PARAMETER_INVALID, INVALID_VPC_ID_NOT_FOUND),
    resources=(located("vpc/{VpcId}", "weir"),),
)
class SetVpcAdvancedFeatures:
    """A new VPC does. Flow logs that are there already go on."""

    vpc_id: str = param(IDENTIFIER, "The VPC.", example=VPC_EXAMPLE)
    enabled: bool = param(Flag(), "Whether it supports them.", example="true")


@action(
    WEIR,
    returns=Done,
    summary="Make a VPC the default one of its region.",
    fails=(MISSING_PARAMETER, PARAMETER_INVALID, INVALID_VPC_ID_NOT_FOUND),
    resources=(located("vpc/{VpcId}", "weir"),),
)
class SetDefaultVpc:
    """Its VSwitches are the default ones of their zones then. A VPC that was the default before is so no more."""

    vpc_id: str = param(IDENTIFIER, "The VPC.", example=VPC_EXAMPLE)


@action(
    WEIR,
    returns=Done,
    summary="Hand a flow log to the log service, or take it back.",
    fails=(MISSING_PARAMETER, INVALID_REGION_ID_NOT_FOUND, PARAMETER_INVALID, INVALID_INSTANCE_ID),
    rules=(REGION_KNOWN,),
    resources=(located("flowlog/{FlowLogId}", "weir"),),
)
class SetFlowLogServiceType:
    """A flow log of the log service is listed with ServiceType `sls` and cannot be changed, started, stopped or deleted
    through product Vpc.
    """

    region_id: str = param(IDENTIFIER, "Region of the flow log.", example=REGION_EXAMPLE)
    flow_log_id: str = param(IDENTIFIER, "The flow log.", example="fl-m5e8vhz2t21sel1nq5kzd")
    service_type: ServiceType = param(OneOf(ServiceType), "Whose it is.", example="sls")


WORLD_COMMANDS: tuple[type, ...] = (
    RegisterInstance,
    DeregisterInstance,
    ShareVSwitch,
    UnshareVSwitch,
    SetVpcAdvancedFeatures,
    SetDefaultVpc,
    SetFlowLogServiceType,
)
