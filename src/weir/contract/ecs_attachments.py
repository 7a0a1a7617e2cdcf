"""Network interfaces and the instances they are attached to, product Ecs 2014-05-26.

What enters: nothing. What leaves: one command per operation (source: the pages of AttachNetworkInterface,
DetachNetworkInterface and ModifyNetworkInterfaceAttribute). Attaching is a statement about an instance, which Weir does
not run; which device of which host the interface is, BindNetworkInterface says. Failures stand in the order in which
they are checked.
"""

from __future__ import annotations

from weir.contract.declare import action, param
from weir.contract.ecs import ENI_EXAMPLE, GROUP_EXAMPLE, SECURITY_GROUPS_MAX
from weir.contract.shapes import Flag, Repeat
from weir.contract.terms import DESCRIPTION, ECS, IDENTIFIER, LABEL, REGION_EXAMPLE, REGION_KNOWN, Done, located
from weir.model.failures import (
    INVALID_ECS_ID_NOT_FOUND,
    INVALID_ENI_ID_NOT_FOUND,
    INVALID_OPERATION_DETACH_PRIMARY_ENI_NOT_ALLOWED,
    INVALID_OPERATION_HAS_MEMBER_ENI_ATTACHED,
    INVALID_OPERATION_INVALID_ENI_STATE,
    INVALID_OPERATION_INVALID_ENI_TYPE,
    INVALID_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    MISSING_PARAMETER,
    PARAMETER_INVALID,
)

INSTANCE_EXAMPLE = "i-bp1a5zr3u7nq9cx8t2ab"


@action(
    ECS,
    returns=Done,
    summary="Attach a network interface to an instance.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        INVALID_ENI_ID_NOT_FOUND,
        INVALID_ECS_ID_NOT_FOUND,
        INVALID_OPERATION_INVALID_ENI_STATE,
        INVALID_OPERATION_INVALID_ENI_TYPE,
    ),
    rules=(REGION_KNOWN,),
    resources=(
        located("eni/{NetworkInterfaceId}", "ecs"),
        located("instance/{InstanceId}", "ecs"),
    ),
)
class AttachNetworkInterface:
    """The interface is `InUse` at once, and its records carry the instance. The instance was made known by Weir's
    RegisterInstance.
    """

    region_id: str = param(IDENTIFIER, "Region of the interface.", example=REGION_EXAMPLE)
    network_interface_id: str = param(IDENTIFIER, "The interface.", example=ENI_EXAMPLE)
    instance_id: str = param(IDENTIFIER, "The instance.", example=INSTANCE_EXAMPLE)
    trunk_network_instance_id: str | None = param(
        IDENTIFIER,
        "Trunk interface of the same instance; the interface becomes its member.",
        example="eni-bp14v2sdd3v8htlnw6x9",
        default=None,
    )
    wait_for_network_configuration_ready: bool = param(
        Flag(), "Wait inside the instance.", example="false", default=False, ignored="Weir runs no instances"
    )


@action(
    ECS,
    returns=Done,
    summary="Detach a network interface from its instance.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        PARAMETER_INVALID,
        INVALID_ENI_ID_NOT_FOUND,
        INVALID_ECS_ID_NOT_FOUND,
        INVALID_OPERATION_INVALID_ENI_STATE,
        INVALID_OPERATION_DETACH_PRIMARY_ENI_NOT_ALLOWED,
        INVALID_OPERATION_HAS_MEMBER_ENI_ATTACHED,
    ),
    rules=(REGION_KNOWN,),
    resources=(
        located("eni/{NetworkInterfaceId}", "ecs"),
        located("instance/{InstanceId}", "ecs"),
    ),
)
class DetachNetworkInterface:
    """The interface is `Available` at once, or stays `InUse` while it is bound to a device. A member becomes
    `Secondary` again.
    """

    region_id: str = param(IDENTIFIER, "Region of the interface.", example=REGION_EXAMPLE)
    network_interface_id: str = param(IDENTIFIER, "The interface.", example=ENI_EXAMPLE)
    instance_id: str = param(IDENTIFIER, "The instance.", example=INSTANCE_EXAMPLE)
    trunk_network_instance_id: str | None = param(
        IDENTIFIER,
        "Trunk interface it is a member of.",
        example="eni-bp14v2sdd3v8htlnw6x9",
        default=None,
        ignored="an interface is a member of one trunk at most",
    )


@action(
    ECS,
    returns=Done,
    summary="Change the name, description or security groups of a network interface.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        INVALID_ENI_ID_NOT_FOUND,
    ),
    rules=(REGION_KNOWN,),
    resources=(located("eni/{NetworkInterfaceId}", "ecs"),),
)
class ModifyNetworkInterfaceAttribute:
    """What is absent stays as it is."""

    region_id: str = param(IDENTIFIER, "Region of the interface.", example=REGION_EXAMPLE)
    network_interface_id: str = param(IDENTIFIER, "The interface.", example=ENI_EXAMPLE)
    network_interface_name: str | None = param(LABEL, "New name.", example="guest-1", default=None)
    description: str | None = param(DESCRIPTION, "New description.", example="This is my ENI.", default=None)
    security_group_id: tuple[str, ...] = param(
        Repeat(IDENTIFIER, at_most=SECURITY_GROUPS_MAX),
        "New security groups, in place of all present ones; kept and given back.",
        example=GROUP_EXAMPLE,
        default=(),
    )


ATTACHMENT_COMMANDS: tuple[type, ...] = (
    AttachNetworkInterface,
    DetachNetworkInterface,
    ModifyNetworkInterfaceAttribute,
)
