"""Network interfaces (ENIs): create, list, delete.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal`` and an unchanged catalog. Rules:
an address belongs to one ENI of a VPC (a unique key of the catalog); an ENI is ``Available`` until it is bound to a
device or attached to an instance, ``InUse`` then; a deleted one is ``Deleting`` until no agent holds its device. Checks
come in the order in which the contract lists them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from ipaddress import ip_address

from sqlalchemy import ColumnElement, Connection, insert, select, update

from weir.contract import ecs as say
from weir.contract.terms import Done
from weir.control import tagging
from weir.control.access import Caller
from weir.control.addresses import check_address, lowest_free
from weir.control.attachments import write_groups
from weir.control.desk import ENI_QUOTA, Desk, group_of, iso_time
from weir.control.identifiers import draw, draw_mac
from weir.control.listing import AnyRow, count, equal, find, page_of
from weir.control.schema import eni_addresses, eni_security_groups, enis, vswitches
from weir.control.sharing import sees_vswitch
from weir.control.world import changing, is_due
from weir.model.failures import (
    INVALID_ENI_ID_NOT_FOUND,
    INVALID_IPV6_ADDRESS_DUPLICATED,
    INVALID_IPV6_ADDRESS_MALFORMED,
    INVALID_OPERATION_INVALID_ENI_STATE,
    INVALID_PRIVATE_IP_ADDRESS_DUPLICATED,
    INVALID_PRIVATE_IP_ADDRESS_MALFORMED,
    INVALID_VSWITCH_ID_NOT_FOUND,
    QUOTA_EXCEEDED_ENI,
    Refusal,
)


def create_network_interface(desk: Desk, caller: Caller, command: say.CreateNetworkInterface) -> say.NetworkInterface:
    """Makes an ENI with the addresses given; the lowest free IPv4 address is its primary one if none is given."""
    with desk.catalog.writing() as connection:
        vswitch = _find_vswitch(connection, caller, command)
        addresses = _addresses(connection, vswitch, command)
        group = group_of(connection, caller, command.resource_group_id)
        here = (enis.c.account_id == caller.account_id) & (enis.c.region_id == command.region_id)
        if count(connection, enis, here) >= ENI_QUOTA:
            raise Refusal(QUOTA_EXCEEDED_ENI)
        eni_id = draw("eni")
        connection.execute(
            insert(enis).values(
                network_interface_id=eni_id,
                account_id=caller.account_id,
                region_id=command.region_id,
                zone_id=vswitch.zone_id,
                vpc_id=vswitch.vpc_id,
                v_switch_id=vswitch.v_switch_id,
                network_interface_name=command.network_interface_name or "",
                description=command.description or "",
                mac_address=draw_mac(),
                status=say.EniStatus.AVAILABLE.value,
                type=command.instance_type.value,
                instance_id="",
                instance_type="",
                resource_group_id=group,
                created=int(desk.now()),
            )
        )
        _write_addresses(connection, vswitch.vpc_id, eni_id, addresses)
        first = () if command.security_group_id is None else (command.security_group_id,)
        write_groups(connection, eni_id, first + command.security_group_ids)
        tagging.write_tags(connection, tagging.ENI, eni_id, command.tag)
        rows = connection.execute(select(enis).where(enis.c.network_interface_id == eni_id)).all()
        (shown,) = _shown(connection, rows)
    return shown


def describe_network_interfaces(
    desk: Desk, caller: Caller, command: say.DescribeNetworkInterfaces
) -> say.NetworkInterfacePage:
    """One page of the account's ENIs in the region."""
    with desk.catalog.reading() as connection:
        if not is_due(connection, desk.now(), desk.started):
            return _page(connection, caller, command)
    with changing(desk) as (connection, _):
        return _page(connection, caller, command)


def delete_network_interface(desk: Desk, caller: Caller, command: say.DeleteNetworkInterface) -> Done:
    """Removes an ENI that is neither attached nor bound, once the agent that captured it has let go."""
    with changing(desk) as (connection, _):
        row = find(connection, enis, caller, command.network_interface_id, command.region_id)
        if row is None:
            raise Refusal(INVALID_ENI_ID_NOT_FOUND)
        if row.status != say.EniStatus.AVAILABLE:
            raise Refusal(INVALID_OPERATION_INVALID_ENI_STATE, status=row.status)
        this = enis.c.network_interface_id == row.network_interface_id
        connection.execute(update(enis).where(this).values(status=say.EniStatus.DELETING.value))
    return Done()


def _page(connection: Connection, caller: Caller, command: say.DescribeNetworkInterfaces) -> say.NetworkInterfacePage:
    total, rows = page_of(connection, enis, _matching(caller, command), command)
    return say.NetworkInterfacePage(
        page_number=command.page_number,
        page_size=command.page_size,
        total_count=total,
        network_interface_sets=_shown(connection, rows),
    )


def _find_vswitch(connection: Connection, caller: Caller, command: say.CreateNetworkInterface) -> AnyRow:
    this = (vswitches.c.v_switch_id == command.v_switch_id) & (vswitches.c.region_id == command.region_id)
    row = connection.execute(select(vswitches).where(this, sees_vswitch(caller))).one_or_none()
    if row is None:
        raise Refusal(INVALID_VSWITCH_ID_NOT_FOUND)
    return row


def _addresses(connection: Connection, vswitch: AnyRow, command: say.CreateNetworkInterface) -> list[str]:
    in_vpc = select(eni_addresses.c.address).where(eni_addresses.c.vpc_id == vswitch.vpc_id)
    taken = frozenset(connection.scalars(in_vpc))
    asked = [command.primary_ip_address] if command.primary_ip_address is not None else []
    asked += command.private_ip_address
    for address in asked:
        check_address(
            address,
            vswitch.cidr_block,
            taken,
            malformed=INVALID_PRIVATE_IP_ADDRESS_MALFORMED,
            duplicated=INVALID_PRIVATE_IP_ADDRESS_DUPLICATED,
        )
    for address in command.ipv6_address:
        check_address(
            address,
            vswitch.ipv6_cidr_block,
            taken,
            malformed=INVALID_IPV6_ADDRESS_MALFORMED,
            duplicated=INVALID_IPV6_ADDRESS_DUPLICATED,
        )
    if command.primary_ip_address is None:
        asked.insert(0, lowest_free(vswitch.cidr_block, taken | set(asked)))
    return asked + list(command.ipv6_address)


def _write_addresses(connection: Connection, vpc_id: str, eni_id: str, addresses: list[str]) -> None:
    connection.execute(
        insert(eni_addresses),
        [
            {
                "vpc_id": vpc_id,
                "address": address,
                "network_interface_id": eni_id,
                "family": ip_address(address).version,
                "position": position,
            }
            for position, address in enumerate(addresses)
        ],
    )


def _matching(caller: Caller, command: say.DescribeNetworkInterfaces) -> list[ColumnElement[bool]]:
    conditions = equal(
        {
            enis.c.account_id: caller.account_id,
            enis.c.region_id: command.region_id,
            enis.c.network_interface_name: command.network_interface_name,
            enis.c.vpc_id: command.vpc_id,
            enis.c.v_switch_id: command.v_switch_id,
            enis.c.instance_id: command.instance_id,
            enis.c.type: command.type,
            enis.c.status: command.status,
            enis.c.resource_group_id: command.resource_group_id,
        }
    ) + tagging.has_tags(enis.c.network_interface_id, tagging.ENI, command.tag)
    key = enis.c.network_interface_id
    if command.network_interface_id:
        conditions.append(key.in_(command.network_interface_id))
    held = select(eni_addresses.c.network_interface_id)
    if command.primary_ip_address is not None:
        primary = (eni_addresses.c.position == 0) & (eni_addresses.c.address == command.primary_ip_address)
        conditions.append(key.in_(held.where(primary)))
    if command.private_ip_address:
        conditions.append(key.in_(held.where(eni_addresses.c.address.in_(command.private_ip_address))))
    if command.security_group_id is not None:
        member = eni_security_groups.c.security_group_id == command.security_group_id
        conditions.append(key.in_(select(eni_security_groups.c.network_interface_id).where(member)))
    return conditions


def _shown(connection: Connection, rows: Sequence[AnyRow]) -> tuple[say.NetworkInterface, ...]:
    ids = [row.network_interface_id for row in rows]
    held: dict[tuple[str, int], list[str]] = defaultdict(list)
    of_rows = eni_addresses.c.network_interface_id.in_(ids)
    for row in connection.execute(select(eni_addresses).where(of_rows).order_by(eni_addresses.c.position)):
        held[row.network_interface_id, row.family].append(row.address)
    groups: dict[str, list[str]] = defaultdict(list)
    grouped = eni_security_groups.c.network_interface_id.in_(ids)
    for row in connection.execute(select(eni_security_groups).where(grouped).order_by(eni_security_groups.c.position)):
        groups[row.network_interface_id].append(row.security_group_id)
    members: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(select(enis).where(enis.c.trunk_id.in_(ids)).order_by(enis.c.network_interface_id)):
        members[row.trunk_id].append(row.network_interface_id)
    tags = tagging.read_tags(connection, tagging.ENI, ids)
    return tuple(
        say.NetworkInterface(
            network_interface_id=row.network_interface_id,
            network_interface_name=row.network_interface_name,
            description=row.description,
            creation_time=iso_time(row.created),
            status=row.status,
            type=row.type,
            vpc_id=row.vpc_id,
            v_switch_id=row.v_switch_id,
            zone_id=row.zone_id,
            instance_id=row.instance_id,
            attachment=say.Attachment(
                instance_id=row.instance_id,
                trunk_network_interface_id=row.trunk_id,
                member_network_interface_ids=tuple(members[row.network_interface_id]),
            ),
            mac_address=row.mac_address,
            private_ip_address=ipv4[0],
            private_ip_sets=tuple(
                say.PrivateIp(private_ip_address=address, primary=place == 0) for place, address in enumerate(ipv4)
            ),
            ipv6_sets=tuple(say.Ipv6(ipv6_address=address) for address in held[row.network_interface_id, 6]),
            security_group_ids=tuple(groups[row.network_interface_id]),
            owner_id=row.account_id,
            resource_group_id=row.resource_group_id,
            tags=tuple(say.EcsTag(tag_key=tag.key, tag_value=tag.value) for tag in tags[row.network_interface_id]),
        )
        for row in rows
        for ipv4 in [held[row.network_interface_id, 4]]
    )
