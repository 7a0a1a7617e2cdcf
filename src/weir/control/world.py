"""Reads the view that ``targets`` decides on, and writes down what it decided.

What enters: a catalog connection. What leaves: a ``World`` of one node or of all, and flow logs moved on. Rule:
``settle`` is level-triggered; whoever looks at flow logs or changes one calls it first, so the state that anybody sees
follows from the agents' reports and the clock alone, and no timer is needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, delete, select, update

from weir.contract.ecs import EniStatus
from weir.control.desk import Desk
from weir.control.schema import (
    agents,
    attachments,
    bindings,
    eni_addresses,
    eni_security_groups,
    enis,
    flow_log_paths,
    flow_logs,
)
from weir.control.tagging import ENI, FLOW_LOG, remove_tags
from weir.control.targets import AGENT_SILENCE_SECONDS, SETTLING, Agent, Attached, Bound, Wanted, World, settled
from weir.model.resources import CAPTURING, TRANSITIONS, Event, FlowLogStatus, Side


@contextmanager
def changing(desk: Desk) -> Iterator[tuple[Connection, int]]:
    """A writing transaction and its Unix time; flow logs are settled when it begins and again before it commits."""
    now = desk.now()
    with desk.catalog.writing() as connection:
        settle(connection, now, desk.started)
        yield connection, int(now)
        settle(connection, now, desk.started)


def is_due(connection: Connection, now: float, started: float) -> bool:
    """True if ``settle`` would change something; for readers, which may not write."""
    return bool(_due(connection, now, started)) or bool(_released(connection, now, started))


def settle(connection: Connection, now: float, started: float) -> None:
    """Takes the ``SETTLED`` step for every flow log whose agents are done; a deleted one is gone with it, and so are
    deleted ENIs that no live agent holds any more."""
    for eni_id in _released(connection, now, started):
        _remove_eni(connection, eni_id)
    for log in _due(connection, now, started):
        if log.status is FlowLogStatus.DELETING:
            _remove(connection, log.flow_log_id)
        else:
            step = TRANSITIONS[log.status, Event.SETTLED]
            this = flow_logs.c.flow_log_id == log.flow_log_id
            connection.execute(update(flow_logs).where(this).values(status=step.value))


def _released(connection: Connection, now: float, started: float) -> list[str]:
    deleting = enis.c.status == EniStatus.DELETING.value
    ids = list(connection.scalars(select(enis.c.network_interface_id).where(deleting)))
    if not ids:
        return []
    query = select(attachments.c.network_interface_id, agents.c.last_seen).join_from(attachments, agents)
    held = {
        row.network_interface_id
        for row in connection.execute(query.where(attachments.c.network_interface_id.in_(ids)))
        if now - max(row.last_seen, started) <= AGENT_SILENCE_SECONDS
    }
    return [eni_id for eni_id in ids if eni_id not in held]


def _due(connection: Connection, now: float, started: float) -> tuple[Wanted, ...]:
    waiting = select(flow_logs.c.flow_log_id).where(flow_logs.c.status.in_(SETTLING)).limit(1)
    if connection.execute(waiting).first() is None:
        return ()
    return settled(load_world(connection, started), now)


def load_world(connection: Connection, started: float, node_name: str | None = None) -> World:
    """Everything ``targets`` needs: of one node, or of all nodes with every flow log that settles.

    ``started``: Unix seconds when this server began; an agent's silence before that is not held against it.
    """
    bound = _bound(connection, node_name)
    scopes = {scope for eni in bound for scope in eni.scopes}
    return World(
        bound=bound,
        wanted=_wanted(connection, scopes, with_settling=node_name is None),
        agents={
            row.node_name: Agent(row.node_name, max(row.last_seen, started), row.revision)
            for row in connection.execute(select(agents))
        },
        attached=_attached(connection, node_name),
    )


def _bound(connection: Connection, node_name: str | None) -> tuple[Bound, ...]:
    query = select(enis, bindings.c.node_name, bindings.c.device, bindings.c.side).join_from(enis, bindings)
    held = select(eni_addresses).join(bindings, bindings.c.network_interface_id == eni_addresses.c.network_interface_id)
    if node_name is not None:
        query = query.where(bindings.c.node_name == node_name)
        held = held.where(bindings.c.node_name == node_name)
    rows = connection.execute(query).all()
    if not rows:
        return ()
    addresses: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(held.order_by(eni_addresses.c.family, eni_addresses.c.position)):
        addresses[row.network_interface_id].append(row.address)
    return tuple(
        Bound(
            network_interface_id=row.network_interface_id,
            v_switch_id=row.v_switch_id,
            vpc_id=row.vpc_id,
            account_id=row.account_id,
            instance_id=row.instance_id,
            addresses=tuple(addresses[row.network_interface_id]),
            node_name=row.node_name,
            device=row.device,
            side=Side(row.side),
        )
        for row in rows
    )


def _wanted(connection: Connection, scopes: Iterable[str], *, with_settling: bool) -> tuple[Wanted, ...]:
    wanted = flow_logs.c.status.in_(CAPTURING) & flow_logs.c.resource_id.in_(list(scopes))
    if with_settling:
        wanted |= flow_logs.c.status.in_(SETTLING)
    rows = connection.execute(select(flow_logs).where(wanted)).all()
    if not rows:
        return ()
    paths: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(
        select(flow_log_paths).join(flow_logs).where(wanted).order_by(flow_log_paths.c.position)
    ):
        paths[row.flow_log_id].append(row.path)
    return tuple(
        Wanted(
            flow_log_id=row.flow_log_id,
            resource_id=row.resource_id,
            status=FlowLogStatus(row.status),
            aggregation_interval=row.aggregation_interval,
            traffic_type=row.traffic_type,
            project_name=row.project_name,
            log_store_name=row.log_store_name,
            ip_version=row.ip_version,
            log_format=row.log_format,
            traffic_path=tuple(paths[row.flow_log_id]),
            since=row.since,
        )
        for row in rows
    )


def _attached(connection: Connection, node_name: str | None) -> tuple[Attached, ...]:
    query = select(
        attachments.c.node_name,
        attachments.c.generation,
        attachments.c.error,
        enis.c.network_interface_id,
        enis.c.v_switch_id,
        enis.c.vpc_id,
    ).join_from(attachments, enis, attachments.c.network_interface_id == enis.c.network_interface_id)
    if node_name is not None:
        query = query.where(attachments.c.node_name == node_name)
    return tuple(
        Attached(
            row.node_name,
            (row.network_interface_id, row.v_switch_id, row.vpc_id),
            row.generation,
            row.error,
        )
        for row in connection.execute(query)
    )


def _remove_eni(connection: Connection, eni_id: str) -> None:
    remove_tags(connection, ENI, eni_id)
    for table in (eni_addresses, eni_security_groups, enis):
        connection.execute(delete(table).where(table.c.network_interface_id == eni_id))


def _remove(connection: Connection, flow_log_id: str) -> None:
    remove_tags(connection, FLOW_LOG, flow_log_id)
    connection.execute(delete(flow_log_paths).where(flow_log_paths.c.flow_log_id == flow_log_id))
    connection.execute(delete(flow_logs).where(flow_logs.c.flow_log_id == flow_log_id))
