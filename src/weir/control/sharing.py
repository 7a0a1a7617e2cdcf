"""VSwitches shared with other accounts, and the flag of a VPC's advanced features.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal`` and an unchanged catalog. Rules: a
shared VSwitch stays its owner's; the other account sees it and its VPC and makes interfaces of its own in it, so the
sharing ends only when it has none there.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from weir.contract.terms import Done
from weir.contract.weir_world import SetDefaultVpc, SetVpcAdvancedFeatures, ShareVSwitch, UnshareVSwitch
from weir.control.access import Caller
from weir.control.desk import Desk
from weir.control.listing import AnyRow, Owner, count, find
from weir.control.schema import accounts, enis, vpcs, vswitch_shares, vswitches
from weir.model.failures import (
    DEPENDENCY_VIOLATION_NETWORK_INTERFACE,
    INVALID_ACCOUNT_ID_NOT_FOUND,
    INVALID_VPC_ID_NOT_FOUND,
    INVALID_VSWITCH_ID_NOT_FOUND,
    Refusal,
)


def share_vswitch(desk: Desk, caller: Caller, command: ShareVSwitch) -> Done:
    """Lets another account use the VSwitch."""
    with desk.catalog.writing() as connection:
        row = _own_vswitch(connection, caller, command.v_switch_id)
        known = count(connection, accounts, accounts.c.account_id == command.account_id)
        if not known or command.account_id == caller.account_id:
            raise Refusal(INVALID_ACCOUNT_ID_NOT_FOUND)
        pair = {"v_switch_id": row.v_switch_id, "account_id": command.account_id}
        if not count(connection, vswitch_shares, *_is(pair)):
            connection.execute(insert(vswitch_shares).values(**pair))
    return Done()


def unshare_vswitch(desk: Desk, caller: Caller, command: UnshareVSwitch) -> Done:
    """Ends that."""
    with desk.catalog.writing() as connection:
        row = _own_vswitch(connection, caller, command.v_switch_id)
        theirs = (enis.c.v_switch_id == row.v_switch_id) & (enis.c.account_id == command.account_id)
        if command.account_id != caller.account_id and count(connection, enis, theirs):
            raise Refusal(DEPENDENCY_VIOLATION_NETWORK_INTERFACE)
        pair = {"v_switch_id": row.v_switch_id, "account_id": command.account_id}
        connection.execute(delete(vswitch_shares).where(*_is(pair)))
    return Done()


def set_vpc_advanced_features(desk: Desk, caller: Caller, command: SetVpcAdvancedFeatures) -> Done:
    """Sets the flag that CreateFlowLog asks for."""
    with desk.catalog.writing() as connection:
        row = find(connection, vpcs, caller, command.vpc_id, None)
        if row is None:
            raise Refusal(INVALID_VPC_ID_NOT_FOUND)
        this = vpcs.c.vpc_id == row.vpc_id
        connection.execute(update(vpcs).where(this).values(advanced_features=command.enabled))
    return Done()


def set_default_vpc(desk: Desk, caller: Caller, command: SetDefaultVpc) -> Done:
    """Moves the mark of the default VPC, and of the default VSwitches, within the VPC's region."""
    with desk.catalog.writing() as connection:
        row = find(connection, vpcs, caller, command.vpc_id, None)
        if row is None:
            raise Refusal(INVALID_VPC_ID_NOT_FOUND)
        for table in (vpcs, vswitches):
            here = (table.c.account_id == row.account_id) & (table.c.region_id == row.region_id)
            connection.execute(update(table).where(here).values(is_default=table.c.vpc_id == row.vpc_id))
    return Done()


def sees_vswitch(owner: Owner) -> ColumnElement[bool]:
    """Condition on ``vswitches``: the account's own, and those shared with it."""
    shared = select(vswitch_shares.c.v_switch_id).where(vswitch_shares.c.account_id == owner.account_id)
    return (vswitches.c.account_id == owner.account_id) | vswitches.c.v_switch_id.in_(shared)


def sees_vpc(owner: Owner) -> ColumnElement[bool]:
    """Condition on ``vpcs``: the account's own, and those of VSwitches shared with it."""
    shared = (
        select(vswitches.c.vpc_id)
        .join_from(vswitches, vswitch_shares)
        .where(vswitch_shares.c.account_id == owner.account_id)
    )
    return (vpcs.c.account_id == owner.account_id) | vpcs.c.vpc_id.in_(shared)


def _own_vswitch(connection: Connection, caller: Caller, v_switch_id: str) -> AnyRow:
    row = find(connection, vswitches, caller, v_switch_id, None)
    if row is None:
        raise Refusal(INVALID_VSWITCH_ID_NOT_FOUND)
    return row


def _is(pair: dict[str, str]) -> list[ColumnElement[bool]]:
    return [vswitch_shares.c[name] == value for name, value in pair.items()]
