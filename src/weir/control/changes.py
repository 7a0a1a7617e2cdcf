"""ModifyVpcAttribute, ModifyVSwitchAttribute.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal`` and an unchanged catalog. Rules:
what the command leaves out stays as it is; an IPv6 block is given once and stays, since addresses hang on it.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table, select, update

from weir.contract.terms import Done
from weir.contract.vpc_changes import ModifyVpcAttribute, ModifyVSwitchAttribute
from weir.control.access import Caller
from weir.control.addresses import draw_vpc_ipv6_block, vswitch_ipv6_block
from weir.control.desk import Desk
from weir.control.listing import AnyRow, find
from weir.control.schema import vpcs, vswitches
from weir.model.failures import (
    INVALID_IPV6_CIDR_BLOCK_MALFORMED,
    INVALID_VPC_ID_NOT_FOUND,
    INVALID_VSWITCH_ID_NOT_FOUND,
    Refusal,
)


def modify_vpc_attribute(desk: Desk, caller: Caller, command: ModifyVpcAttribute) -> Done:
    """Renames a VPC, or gives it an IPv6 block."""
    with desk.catalog.writing() as connection:
        row = find(connection, vpcs, caller, command.vpc_id, command.region_id)
        if row is None:
            raise Refusal(INVALID_VPC_ID_NOT_FOUND)
        block = command.ipv6_cidr_block
        if block is None and command.enable_ipv6:
            block = row.ipv6_cidr_block or draw_vpc_ipv6_block()
        given = {"vpc_name": command.vpc_name, "description": command.description}
        _write(connection, vpcs, row, given, block)
    return Done()


def modify_vswitch_attribute(desk: Desk, caller: Caller, command: ModifyVSwitchAttribute) -> Done:
    """Renames a VSwitch, or gives it an IPv6 block."""
    with desk.catalog.writing() as connection:
        row = find(connection, vswitches, caller, command.v_switch_id, command.region_id)
        if row is None:
            raise Refusal(INVALID_VSWITCH_ID_NOT_FOUND)
        block = None
        if command.ipv6_cidr_block is not None:
            of_vpc = connection.scalar(select(vpcs.c.ipv6_cidr_block).where(vpcs.c.vpc_id == row.vpc_id)) or ""
            others = (vswitches.c.vpc_id == row.vpc_id) & (vswitches.c.v_switch_id != row.v_switch_id)
            taken = connection.scalars(select(vswitches.c.ipv6_cidr_block).where(others)).all()
            block = vswitch_ipv6_block(command.ipv6_cidr_block, of_vpc, taken)
        given = {"v_switch_name": command.v_switch_name, "description": command.description}
        _write(connection, vswitches, row, given, block)
    return Done()


def _write(connection: Connection, table: Table, row: AnyRow, given: dict[str, str | None], block: str | None) -> None:
    if block is not None and row.ipv6_cidr_block not in ("", block):
        raise Refusal(INVALID_IPV6_CIDR_BLOCK_MALFORMED, why="there is another block already")
    changes = {name: value for name, value in {**given, "ipv6_cidr_block": block}.items() if value is not None}
    if changes:
        (key,) = table.primary_key.columns
        connection.execute(update(table).where(key == row._mapping[key]).values(**changes))
