"""Declared paths of traffic, and what they come to for one interface.

What enters: a caller and a parsed command, or the interfaces of a node. What leaves: the answer, or the routes that the
node's agent labels with. Rule: what is declared is kept as it was said; which route decides is the agent's to find, by
the longest block, so only the VSwitch's own routes are preferred here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, and_, delete, insert, select

from weir.contract.terms import Done
from weir.contract.weir import TargetRoute
from weir.contract.weir_routes import (
    DeleteTrafficRoute,
    DescribeTrafficRoutes,
    SetTrafficRoute,
    TrafficRoute,
    TrafficRouteList,
)
from weir.control.access import Caller
from weir.control.desk import Desk
from weir.control.listing import AnyRow, count, find
from weir.control.schema import traffic_routes, vpcs, vswitches
from weir.model.failures import (
    INVALID_VPC_ID_NOT_FOUND,
    INVALID_VSWITCH_ID_NOT_FOUND,
    QUOTA_EXCEEDED_TRAFFIC_ROUTE,
    Refusal,
)
from weir.model.paths import PathKind

ROUTES_MAX = 200
"""Routes of one VPC; above it SetTrafficRoute answers QuotaExceeded.TrafficRoute. An agent tries every one for every
row."""


def set_traffic_route(desk: Desk, caller: Caller, command: SetTrafficRoute) -> Done:
    """Writes a route for every destination given."""
    with desk.catalog.writing() as connection:
        _own_vpc(connection, caller, command.vpc_id)
        if command.v_switch_id is not None:
            row = find(connection, vswitches, caller, command.v_switch_id, None)
            if row is None or row.vpc_id != command.vpc_id:
                raise Refusal(INVALID_VSWITCH_ID_NOT_FOUND)
        _delete(connection, command)
        wanted = _destinations(command)
        if count(connection, traffic_routes, traffic_routes.c.vpc_id == command.vpc_id) + len(wanted) > ROUTES_MAX:
            raise Refusal(QUOTA_EXCEEDED_TRAFFIC_ROUTE)
        said = {"vpc_id": command.vpc_id, "v_switch_id": command.v_switch_id or "", "path": command.path.value}
        connection.execute(
            insert(traffic_routes), [{"destination": name, "is_device": device, **said} for name, device in wanted]
        )
    return Done()


def delete_traffic_route(desk: Desk, caller: Caller, command: DeleteTrafficRoute) -> Done:
    """Removes the routes of the destinations given."""
    with desk.catalog.writing() as connection:
        _own_vpc(connection, caller, command.vpc_id)
        _delete(connection, command)
    return Done()


def describe_traffic_routes(desk: Desk, caller: Caller, command: DescribeTrafficRoutes) -> TrafficRouteList:
    """The account's routes."""
    query = select(traffic_routes).join(vpcs).where(vpcs.c.account_id == caller.account_id)
    if command.vpc_id is not None:
        query = query.where(traffic_routes.c.vpc_id == command.vpc_id)
    with desk.catalog.reading() as connection:
        rows = connection.execute(query.order_by(*traffic_routes.primary_key.columns)).all()
    return TrafficRouteList(
        traffic_routes=tuple(
            TrafficRoute(
                vpc_id=row.vpc_id,
                v_switch_id=row.v_switch_id,
                destination_cidr_block="" if row.is_device else row.destination,
                device=row.destination if row.is_device else "",
                path=row.path,
            )
            for row in rows
        )
    )


class Routes:
    """The routes of some VPCs, read at once."""

    def __init__(self, connection: Connection, vpc_ids: Collection[str]) -> None:
        self._declared: dict[str, list[AnyRow]] = defaultdict(list)
        self._blocks: dict[str, tuple[str, ...]] = {}
        for row in connection.execute(select(traffic_routes).where(traffic_routes.c.vpc_id.in_(vpc_ids))):
            self._declared[row.vpc_id].append(row)
        for row in connection.execute(select(vpcs).where(vpcs.c.vpc_id.in_(vpc_ids))):
            self._blocks[row.vpc_id] = tuple(block for block in (row.cidr_block, row.ipv6_cidr_block) if block)

    def of(self, vpc_id: str, v_switch_id: str) -> tuple[TargetRoute, ...]:
        """Those of an interface in that VSwitch, each destination once, in order."""
        return routes_for(self._blocks[vpc_id], self._declared[vpc_id], v_switch_id)


def routes_for(blocks: Iterable[str], declared: Iterable[AnyRow], v_switch_id: str) -> tuple[TargetRoute, ...]:
    """The VPC's own blocks, what is declared for the VPC over them, what is declared for the VSwitch over that."""
    found = {(block, False): PathKind.INSTANCE.value for block in blocks}
    for row in sorted(declared, key=lambda row: row.v_switch_id):  # the empty VSwitch comes first
        if row.v_switch_id in ("", v_switch_id):
            found[row.destination, row.is_device] = row.path
    return tuple(
        TargetRoute(cidr_block="" if is_device else name, device=name if is_device else "", path=path)
        for (name, is_device), path in sorted(found.items())
    )


def _own_vpc(connection: Connection, caller: Caller, vpc_id: str) -> None:
    if find(connection, vpcs, caller, vpc_id, None) is None:
        raise Refusal(INVALID_VPC_ID_NOT_FOUND)


def _destinations(command: SetTrafficRoute | DeleteTrafficRoute) -> list[tuple[str, bool]]:
    """(destination, is it a device) for everything that the command names."""
    blocks = (command.destination_cidr_block, command.destination_ipv6_cidr_block)
    found = [(block, False) for block in blocks if block is not None]
    return found if command.device is None else [*found, (command.device, True)]


def _delete(connection: Connection, command: SetTrafficRoute | DeleteTrafficRoute) -> None:
    columns = traffic_routes.c
    here = (columns.vpc_id == command.vpc_id) & (columns.v_switch_id == (command.v_switch_id or ""))
    for name, is_device in _destinations(command):
        this = and_(here, columns.destination == name, columns.is_device == is_device)
        connection.execute(delete(traffic_routes).where(this))
