"""VPCs and VSwitches: create, list, delete; and the list of regions.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal`` and an unchanged catalog. Rules: a
resource belongs to one account and is invisible to others unless shared; both kinds are ``Available`` at once; what
still holds something, or has a flow log, is not deleted. Checks are made in the order in which the contract lists
the failures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select

from weir.contract import vpc as say
from weir.control import tagging
from weir.control.access import Caller
from weir.control.addresses import (
    available_count,
    check_vpc_block,
    check_vswitch_block,
    draw_vpc_ipv6_block,
    first_free_block,
    vswitch_ipv6_block,
)
from weir.control.desk import VPC_QUOTA, VSWITCH_QUOTA, Desk, group_of, iso_time
from weir.control.identifiers import draw
from weir.control.listing import AnyRow, count, equal, find, page_of
from weir.control.schema import eni_addresses, enis, flow_logs, traffic_routes, vpcs, vswitch_shares, vswitches
from weir.control.sharing import sees_vpc, sees_vswitch
from weir.control.world import changing
from weir.model.failures import (
    DEPENDENCY_VIOLATION_FLOW_LOG,
    DEPENDENCY_VIOLATION_NETWORK_INTERFACE,
    DEPENDENCY_VIOLATION_VSWITCH,
    DRY_RUN_OPERATION,
    INVALID_VPC_ID_NOT_FOUND,
    INVALID_VSWITCH_ID_NOT_FOUND,
    INVALID_ZONE_ID_NOT_FOUND,
    QUOTA_EXCEEDED_VPC,
    QUOTA_EXCEEDED_VSWITCH,
    Refusal,
)

AVAILABLE = "Available"


def describe_regions(desk: Desk, caller: Caller, command: say.DescribeRegions) -> say.RegionList:
    """Every configured region, named in the language asked for."""
    return say.RegionList(
        regions=tuple(
            say.Region(
                region_id=region.region_id,
                local_name=region.local_name(command.accept_language),
                region_endpoint=region.endpoint,
            )
            for region in desk.regions
        )
    )


def create_vpc(desk: Desk, caller: Caller, command: say.CreateVpc) -> say.VpcCreated:
    """Makes a VPC of its own router and route table."""
    check_vpc_block(command.cidr_block)
    with desk.catalog.writing() as connection:
        group = group_of(connection, caller, command.resource_group_id)
        here = (vpcs.c.account_id == caller.account_id) & (vpcs.c.region_id == command.region_id)
        if count(connection, vpcs, here) >= VPC_QUOTA:
            raise Refusal(QUOTA_EXCEEDED_VPC)
        if command.dry_run:
            raise Refusal(DRY_RUN_OPERATION)
        made = say.VpcCreated(
            vpc_id=draw("vpc"), v_router_id=draw("vrt"), route_table_id=draw("vtb"), resource_group_id=group
        )
        connection.execute(
            insert(vpcs).values(
                vpc_id=made.vpc_id,
                account_id=caller.account_id,
                region_id=command.region_id,
                vpc_name=command.vpc_name or "",
                description=command.description or "",
                cidr_block=command.cidr_block,
                ipv6_cidr_block=command.ipv6_cidr_block or (draw_vpc_ipv6_block() if command.enable_ipv6 else ""),
                status=AVAILABLE,
                is_default=False,
                advanced_features=True,
                router_id=made.v_router_id,
                route_table_id=made.route_table_id,
                resource_group_id=group,
                created=int(desk.now()),
            )
        )
        tagging.write_tags(connection, tagging.VPC, made.vpc_id, command.tag)
    return made


def describe_vpcs(desk: Desk, caller: Caller, command: say.DescribeVpcs) -> say.VpcPage:
    """One page of the account's VPCs in the region."""
    conditions = equal(
        {
            vpcs.c.region_id: command.region_id,
            vpcs.c.vpc_name: command.vpc_name,
            vpcs.c.is_default: command.is_default,
            vpcs.c.resource_group_id: command.resource_group_id,
        }
    ) + tagging.has_tags(vpcs.c.vpc_id, tagging.VPC, command.tag)
    conditions.append(sees_vpc(caller))
    if command.vpc_id:
        conditions.append(vpcs.c.vpc_id.in_(command.vpc_id))
    with desk.catalog.reading() as connection:
        total, rows = page_of(connection, vpcs, conditions, command)
        return say.VpcPage(
            page_number=command.page_number,
            page_size=command.page_size,
            total_count=total,
            vpcs=_vpcs_shown(connection, rows),
        )


def delete_vpc(desk: Desk, caller: Caller, command: say.DeleteVpc) -> say.Done:
    """Removes an empty VPC."""
    with changing(desk) as (connection, _):
        row = _find_vpc(connection, caller, command.vpc_id, command.region_id)
        if count(connection, vswitches, vswitches.c.vpc_id == row.vpc_id):
            raise Refusal(DEPENDENCY_VIOLATION_VSWITCH)
        _check_no_flow_log(connection, row.vpc_id)
        if command.dry_run:
            raise Refusal(DRY_RUN_OPERATION)
        tagging.remove_tags(connection, tagging.VPC, row.vpc_id)
        connection.execute(delete(vpcs).where(vpcs.c.vpc_id == row.vpc_id))
    return say.Done()


def create_vswitch(desk: Desk, caller: Caller, command: say.CreateVSwitch) -> say.VSwitchCreated:
    """Makes a VSwitch with the block given, or the first free one of the length given."""
    with desk.catalog.writing() as connection:
        vpc = _find_vpc(connection, caller, command.vpc_id, command.region_id)
        if not desk.region(vpc.region_id).has_zone(command.zone_id):
            raise Refusal(INVALID_ZONE_ID_NOT_FOUND, zone_id=command.zone_id)
        siblings = connection.execute(select(vswitches).where(vswitches.c.vpc_id == vpc.vpc_id)).all()
        cidr_block = _cidr_block(command, vpc.cidr_block, [sibling.cidr_block for sibling in siblings])
        ipv6_block = ""
        if command.ipv6_cidr_block is not None:
            taken = [sibling.ipv6_cidr_block for sibling in siblings]
            ipv6_block = vswitch_ipv6_block(command.ipv6_cidr_block, vpc.ipv6_cidr_block, taken)
        if len(siblings) >= VSWITCH_QUOTA:
            raise Refusal(QUOTA_EXCEEDED_VSWITCH)
        v_switch_id = draw("vsw")
        connection.execute(
            insert(vswitches).values(
                v_switch_id=v_switch_id,
                vpc_id=vpc.vpc_id,
                account_id=caller.account_id,
                region_id=vpc.region_id,
                zone_id=command.zone_id,
                v_switch_name=command.v_switch_name or "",
                description=command.description or "",
                cidr_block=cidr_block,
                ipv6_cidr_block=ipv6_block,
                status=AVAILABLE,
                is_default=False,
                resource_group_id=vpc.resource_group_id,
                created=int(desk.now()),
            )
        )
        tagging.write_tags(connection, tagging.VSWITCH, v_switch_id, command.tag)
    return say.VSwitchCreated(v_switch_id=v_switch_id)


def describe_vswitches(desk: Desk, caller: Caller, command: say.DescribeVSwitches) -> say.VSwitchPage:
    """One page of the account's VSwitches."""
    conditions = equal(
        {
            vswitches.c.region_id: command.region_id,
            vswitches.c.vpc_id: command.vpc_id,
            vswitches.c.v_switch_id: command.v_switch_id,
            vswitches.c.zone_id: command.zone_id,
            vswitches.c.v_switch_name: command.v_switch_name,
            vswitches.c.is_default: command.is_default,
            vswitches.c.resource_group_id: command.resource_group_id,
        }
    ) + tagging.has_tags(vswitches.c.v_switch_id, tagging.VSWITCH, command.tag)
    conditions.append(sees_vswitch(caller))
    if command.route_table_id is not None:
        routed = select(vpcs.c.vpc_id).where(vpcs.c.route_table_id == command.route_table_id)
        conditions.append(vswitches.c.vpc_id.in_(routed))
    with desk.catalog.reading() as connection:
        total, rows = page_of(connection, vswitches, conditions, command)
        return say.VSwitchPage(
            page_number=command.page_number,
            page_size=command.page_size,
            total_count=total,
            v_switches=_vswitches_shown(connection, rows),
        )


def delete_vswitch(desk: Desk, caller: Caller, command: say.DeleteVSwitch) -> say.Done:
    """Removes an empty VSwitch."""
    with changing(desk) as (connection, _):
        row = find(connection, vswitches, caller, command.v_switch_id, command.region_id)
        if row is None:
            raise Refusal(INVALID_VSWITCH_ID_NOT_FOUND)
        if count(connection, enis, enis.c.v_switch_id == row.v_switch_id):
            raise Refusal(DEPENDENCY_VIOLATION_NETWORK_INTERFACE)
        _check_no_flow_log(connection, row.v_switch_id)
        if command.dry_run:
            raise Refusal(DRY_RUN_OPERATION)
        tagging.remove_tags(connection, tagging.VSWITCH, row.v_switch_id)
        for table in (vswitch_shares, traffic_routes):
            connection.execute(delete(table).where(table.c.v_switch_id == row.v_switch_id))
        connection.execute(delete(vswitches).where(vswitches.c.v_switch_id == row.v_switch_id))
    return say.Done()


def _cidr_block(command: say.CreateVSwitch, vpc_block: str, taken: list[str]) -> str:
    if command.cidr_block is not None:
        check_vswitch_block(command.cidr_block, vpc_block, taken)
        return command.cidr_block
    assert command.cidr_mask is not None, "the contract asks for one of the two"
    return first_free_block(command.cidr_mask, vpc_block, taken)


def _find_vpc(connection: Connection, caller: Caller, vpc_id: str, region_id: str | None) -> AnyRow:
    row = find(connection, vpcs, caller, vpc_id, region_id)
    if row is None:
        raise Refusal(INVALID_VPC_ID_NOT_FOUND)
    return row


def _check_no_flow_log(connection: Connection, resource_id: str) -> None:
    if count(connection, flow_logs, flow_logs.c.resource_id == resource_id):
        raise Refusal(DEPENDENCY_VIOLATION_FLOW_LOG)


def _vpcs_shown(connection: Connection, rows: Sequence[AnyRow]) -> tuple[say.Vpc, ...]:
    ids = [row.vpc_id for row in rows]
    inside: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(select(vswitches).where(vswitches.c.vpc_id.in_(ids)).order_by(vswitches.c.created)):
        inside[row.vpc_id].append(row.v_switch_id)
    tags = tagging.read_tags(connection, tagging.VPC, ids)
    return tuple(
        say.Vpc(
            vpc_id=row.vpc_id,
            vpc_name=row.vpc_name,
            description=row.description,
            region_id=row.region_id,
            status=row.status,
            cidr_block=row.cidr_block,
            ipv6_cidr_block=row.ipv6_cidr_block,
            enabled_ipv6=bool(row.ipv6_cidr_block),
            is_default=row.is_default,
            creation_time=iso_time(row.created),
            v_router_id=row.router_id,
            owner_id=int(row.account_id),
            resource_group_id=row.resource_group_id,
            v_switch_ids=tuple(inside[row.vpc_id]),
            router_table_ids=(row.route_table_id,),
            tags=tags[row.vpc_id],
        )
        for row in rows
    )


def _vswitches_shown(connection: Connection, rows: Sequence[AnyRow]) -> tuple[say.VSwitch, ...]:
    ids = [row.v_switch_id for row in rows]
    of_rows = vpcs.c.vpc_id.in_({row.vpc_id for row in rows})
    tables = {row.vpc_id: row.route_table_id for row in connection.execute(select(vpcs).where(of_rows))}
    counted = connection.execute(
        select(enis.c.v_switch_id, func.count().label("addresses"))
        .join_from(enis, eni_addresses)
        .where(enis.c.v_switch_id.in_(ids), eni_addresses.c.family == 4)
        .group_by(enis.c.v_switch_id)
    )
    used = {row.v_switch_id: row.addresses for row in counted}
    tags = tagging.read_tags(connection, tagging.VSWITCH, ids)
    return tuple(
        say.VSwitch(
            v_switch_id=row.v_switch_id,
            v_switch_name=row.v_switch_name,
            description=row.description,
            vpc_id=row.vpc_id,
            zone_id=row.zone_id,
            status=row.status,
            cidr_block=row.cidr_block,
            ipv6_cidr_block=row.ipv6_cidr_block,
            enabled_ipv6=bool(row.ipv6_cidr_block),
            is_default=row.is_default,
            available_ip_address_count=available_count(row.cidr_block, used.get(row.v_switch_id, 0)),
            creation_time=iso_time(row.created),
            owner_id=int(row.account_id),
            resource_group_id=row.resource_group_id,
            route_table=say.RouteTable(route_table_id=tables[row.vpc_id]),
            tags=tags[row.v_switch_id],
        )
        for row in rows
    )
