"""Network interfaces and instances: registered, attached, detached; and ModifyNetworkInterfaceAttribute.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal`` and an unchanged catalog. Rules:
an ENI is ``InUse`` while it is attached to an instance or bound to a device, ``Available`` otherwise; its type follows
from how it is attached: ``Primary`` with its instance's registration, ``Member`` through a trunk. Checks come in the
order in which the contract lists them.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from weir.contract import ecs_attachments as say
from weir.contract.ecs import EniStatus, EniType
from weir.contract.terms import Done
from weir.contract.weir_world import DeregisterInstance, InstanceRegistered, RegisterInstance
from weir.control.access import Caller
from weir.control.desk import Desk
from weir.control.identifiers import draw
from weir.control.listing import AnyRow, count, find
from weir.control.schema import bindings, eni_security_groups, enis, instances
from weir.control.world import changing
from weir.model.failures import (
    DEPENDENCY_VIOLATION_NETWORK_INTERFACE,
    INSTANCE_ALREADY_REGISTERED,
    INVALID_ECS_ID_NOT_FOUND,
    INVALID_ENI_ID_NOT_FOUND,
    INVALID_OPERATION_DETACH_PRIMARY_ENI_NOT_ALLOWED,
    INVALID_OPERATION_HAS_MEMBER_ENI_ATTACHED,
    INVALID_OPERATION_INVALID_ENI_STATE,
    INVALID_OPERATION_INVALID_ENI_TYPE,
    Refusal,
)


def register_instance(desk: Desk, caller: Caller, command: RegisterInstance) -> InstanceRegistered:
    """Makes the instance known, with its primary interface if it has one."""
    with changing(desk) as (connection, now):
        instance_id = command.instance_id or draw("i", 20)
        if count(connection, instances, instances.c.instance_id == instance_id):
            raise Refusal(INSTANCE_ALREADY_REGISTERED)
        connection.execute(
            insert(instances).values(
                instance_id=instance_id,
                account_id=caller.account_id,
                region_id=command.region_id,
                instance_type=command.instance_type,
                created=now,
            )
        )
        if command.primary_network_interface_id is not None:
            eni = _find_eni(connection, caller, command.region_id, command.primary_network_interface_id)
            _check_free(eni)
            if eni.type != EniType.SECONDARY:
                raise Refusal(INVALID_OPERATION_INVALID_ENI_TYPE, type=eni.type)
            instance = _find_instance(connection, caller, command.region_id, instance_id)
            _attach(connection, eni, instance, EniType.PRIMARY)
    return InstanceRegistered(instance_id=instance_id)


def deregister_instance(desk: Desk, caller: Caller, command: DeregisterInstance) -> Done:
    """Forgets the instance and releases its primary interface."""
    with changing(desk) as (connection, _):
        instance = _find_instance(connection, caller, command.region_id, command.instance_id)
        attached = connection.execute(select(enis).where(enis.c.instance_id == instance.instance_id)).all()
        if any(eni.type != EniType.PRIMARY for eni in attached):
            raise Refusal(DEPENDENCY_VIOLATION_NETWORK_INTERFACE)
        for eni in attached:
            _release(connection, eni, EniType.SECONDARY)
        connection.execute(delete(instances).where(instances.c.instance_id == instance.instance_id))
    return Done()


def attach_network_interface(desk: Desk, caller: Caller, command: say.AttachNetworkInterface) -> Done:
    """Attaches the interface, directly or as the member of a trunk."""
    with changing(desk) as (connection, _):
        eni = _find_eni(connection, caller, command.region_id, command.network_interface_id)
        trunk = None
        if command.trunk_network_instance_id is not None:
            trunk = _find_eni(connection, caller, command.region_id, command.trunk_network_instance_id)
        instance = _find_instance(connection, caller, command.region_id, command.instance_id)
        _check_free(eni)
        kind, trunk_id = EniType(eni.type), ""
        if trunk is not None:
            is_ours = trunk.type == EniType.TRUNK and trunk.instance_id == instance.instance_id
            if not is_ours or kind is not EniType.SECONDARY:
                raise Refusal(INVALID_OPERATION_INVALID_ENI_TYPE, type=eni.type, trunk_type=trunk.type)
            kind, trunk_id = EniType.MEMBER, trunk.network_interface_id
        _attach(connection, eni, instance, kind, trunk_id)
    return Done()


def detach_network_interface(desk: Desk, caller: Caller, command: say.DetachNetworkInterface) -> Done:
    """Detaches the interface; a member is an ordinary interface again."""
    with changing(desk) as (connection, _):
        eni = _find_eni(connection, caller, command.region_id, command.network_interface_id)
        instance = _find_instance(connection, caller, command.region_id, command.instance_id)
        if eni.instance_id != instance.instance_id:
            raise Refusal(INVALID_OPERATION_INVALID_ENI_STATE, status=eni.status)
        if eni.type == EniType.PRIMARY:
            raise Refusal(INVALID_OPERATION_DETACH_PRIMARY_ENI_NOT_ALLOWED)
        if count(connection, enis, enis.c.trunk_id == eni.network_interface_id):
            raise Refusal(INVALID_OPERATION_HAS_MEMBER_ENI_ATTACHED)
        _release(connection, eni, EniType.SECONDARY if eni.type == EniType.MEMBER else EniType(eni.type))
    return Done()


def modify_network_interface_attribute(
    desk: Desk, caller: Caller, command: say.ModifyNetworkInterfaceAttribute
) -> Done:
    """Renames an interface, or replaces its security groups."""
    with desk.catalog.writing() as connection:
        eni = _find_eni(connection, caller, command.region_id, command.network_interface_id)
        given = {"network_interface_name": command.network_interface_name, "description": command.description}
        _write(connection, eni, **{name: value for name, value in given.items() if value is not None})
        if command.security_group_id:
            mine = eni_security_groups.c.network_interface_id == eni.network_interface_id
            connection.execute(delete(eni_security_groups).where(mine))
            write_groups(connection, eni.network_interface_id, command.security_group_id)
    return Done()


def write_groups(connection: Connection, eni_id: str, groups: tuple[str, ...]) -> None:
    """Puts an interface that is in no group into these."""
    rows = [
        {"network_interface_id": eni_id, "security_group_id": group, "position": position}
        for position, group in enumerate(dict.fromkeys(groups))
    ]
    if rows:
        connection.execute(insert(eni_security_groups), rows)


def _find_eni(connection: Connection, caller: Caller, region_id: str, eni_id: str) -> AnyRow:
    row = find(connection, enis, caller, eni_id, region_id)
    if row is None:
        raise Refusal(INVALID_ENI_ID_NOT_FOUND)
    return row


def _find_instance(connection: Connection, caller: Caller, region_id: str, instance_id: str) -> AnyRow:
    row = find(connection, instances, caller, instance_id, region_id)
    if row is None:
        raise Refusal(INVALID_ECS_ID_NOT_FOUND)
    return row


def _check_free(eni: AnyRow) -> None:
    """An interface that is bound to a device may be attached all the same: both say what it is, not where."""
    if eni.instance_id or eni.status not in (EniStatus.AVAILABLE, EniStatus.IN_USE):
        raise Refusal(INVALID_OPERATION_INVALID_ENI_STATE, status=eni.status)


def _attach(connection: Connection, eni: AnyRow, instance: AnyRow, kind: EniType, trunk_id: str = "") -> None:
    attached = {"instance_id": instance.instance_id, "instance_type": instance.instance_type, "trunk_id": trunk_id}
    _write(connection, eni, type=kind.value, status=EniStatus.IN_USE.value, **attached)


def _release(connection: Connection, eni: AnyRow, kind: EniType) -> None:
    is_bound = count(connection, bindings, bindings.c.network_interface_id == eni.network_interface_id)
    status = EniStatus.IN_USE if is_bound else EniStatus.AVAILABLE
    _write(connection, eni, type=kind.value, status=status.value, instance_id="", instance_type="", trunk_id="")


def _write(connection: Connection, eni: AnyRow, **values: object) -> None:
    if values:
        this = enis.c.network_interface_id == eni.network_interface_id
        connection.execute(update(enis).where(this).values(**values))
