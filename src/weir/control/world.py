"""Reads the view that ``targets`` decides on, and writes down what it decided.

What enters: a catalog connection. What leaves: a ``World`` of one node or of all, and flow logs moved on. Rule:
``settle`` is level-triggered; whoever looks at flow logs or changes one calls it first, so the state that anybody sees
follows from the agents' reports and the clock alone, and no timer is needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, or_, select, union, update

from weir.contract.ecs import EniStatus
from weir.contract.nis import ANALYZER_LOG_STORE, AnalyzerStatus
from weir.control.desk import Desk
from weir.control.prepared import Prepared
from weir.control.routes import Routes
from weir.control.schema import (
    agents,
    attachments,
    bindings,
    eni_addresses,
    eni_security_groups,
    enis,
    flow_log_paths,
    flow_logs,
    traffic_analyzers,
)
from weir.control.tagging import ENI, FLOW_LOG, remove_tags
from weir.control.targets import AGENT_SILENCE_SECONDS, SETTLING, Agent, Attached, Bound, Wanted, World, settled
from weir.model.resources import CAPTURING, TRANSITIONS, Event, FlowLogStatus, Side

IS_SETTLING = or_(*(flow_logs.c.status == status.value for status in sorted(SETTLING)))
IS_DELETING = enis.c.status == EniStatus.DELETING.value
WAITING = Prepared(select(exists().where(IS_SETTLING).label("flow_logs"), exists().where(IS_DELETING).label("enis")))
"""What waits for agents, as two truth values. Asked with every call, so it is built once and answered by indexes."""
STEP = Prepared(update(flow_logs).where(flow_logs.c.flow_log_id == bindparam("id")).values(status=bindparam("step")))
LOGS = Prepared(select(flow_logs.c.flow_log_id, flow_logs.c.status).where(IS_SETTLING))

_SCOPES = select(flow_logs.c.resource_id).where(IS_SETTLING)
_CONCERNED = or_(enis.c.network_interface_id.in_(_SCOPES), enis.c.v_switch_id.in_(_SCOPES), enis.c.vpc_id.in_(_SCOPES))
HOSTS = Prepared(
    union(
        select(bindings.c.node_name).join_from(bindings, enis).where(_CONCERNED),
        select(attachments.c.node_name)
        .join_from(attachments, enis, attachments.c.network_interface_id == enis.c.network_interface_id)
        .where(_CONCERNED),
    )
)
"""The nodes that host, or say that they hold, an ENI in the scope of a flow log that settles."""


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
    logs, eni_ids = _due(connection, now, started)
    return bool(logs) or bool(eni_ids)


def settle(connection: Connection, now: float, started: float) -> None:
    """Takes the ``SETTLED`` step for every flow log whose agents are done; a deleted one is gone with it, and so are
    deleted ENIs that no live agent holds any more."""
    logs, eni_ids = _due(connection, now, started)
    for eni_id in eni_ids:
        _remove_eni(connection, eni_id)
    for flow_log_id, status in logs:
        if status is FlowLogStatus.DELETING:
            _remove(connection, flow_log_id)
        else:
            step = TRANSITIONS[status, Event.SETTLED]
            STEP.write(connection, [{"id": flow_log_id, "step": step.value}])


def _due(connection: Connection, now: float, started: float) -> tuple[list[tuple[str, FlowLogStatus]], list[str]]:
    """The flow logs that are settled, with the state they leave, and the deleted ENIs that nobody holds."""
    waiting = WAITING.first(connection)
    logs = _settled(connection, now, started) if waiting.flow_logs else []
    return logs, _released(connection, now, started) if waiting.enis else []


def _settled(connection: Connection, now: float, started: float) -> list[tuple[str, FlowLogStatus]]:
    nodes = [row.node_name for row in HOSTS.all(connection)]
    if not nodes:
        return [(row.flow_log_id, FlowLogStatus(row.status)) for row in LOGS.all(connection)]
    world = _load(connection, started, nodes)
    others = tuple(log for log in world.wanted if log.status not in SETTLING)
    waiting = _wanted(connection, IS_SETTLING)
    return [(log.flow_log_id, log.status) for log in settled(replace(world, wanted=others + waiting), now)]


def _released(connection: Connection, now: float, started: float) -> list[str]:
    ids = list(connection.scalars(select(enis.c.network_interface_id).where(IS_DELETING)))
    query = select(attachments.c.network_interface_id, agents.c.last_seen).join_from(attachments, agents)
    held = {
        row.network_interface_id
        for row in connection.execute(query.where(attachments.c.network_interface_id.in_(ids)))
        if now - max(row.last_seen, started) <= AGENT_SILENCE_SECONDS
    }
    return [eni_id for eni_id in ids if eni_id not in held]


def load_world(connection: Connection, started: float, node_name: str) -> World:
    """Everything ``targets`` needs for one node.

    ``started``: Unix seconds when this server began; an agent's silence before that is not held against it.
    """
    return _load(connection, started, [node_name])


def _load(connection: Connection, started: float, nodes: Collection[str]) -> World:
    bound = _bound(connection, nodes)
    scopes = {scope for eni in bound for scope in eni.scopes}
    # By resource alone, since most flow logs are in a capturing state: the few that are not are left out here.
    covering = _wanted(connection, flow_logs.c.resource_id.in_(scopes)) if scopes else ()
    return World(
        bound=bound,
        wanted=tuple(log for log in covering if log.status in CAPTURING),
        agents={
            row.node_name: Agent(row.node_name, max(row.last_seen, started), row.revision)
            for row in connection.execute(select(agents).where(agents.c.node_name.in_(nodes)))
        },
        attached=_attached(connection, nodes),
    )


def _bound(connection: Connection, nodes: Collection[str]) -> tuple[Bound, ...]:
    here = bindings.c.node_name.in_(nodes)
    query = select(enis, bindings.c.node_name, bindings.c.device, bindings.c.side).join_from(enis, bindings).where(here)
    held = select(eni_addresses).join(bindings, bindings.c.network_interface_id == eni_addresses.c.network_interface_id)
    rows = connection.execute(query).all()
    if not rows:
        return ()
    addresses: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(held.where(here).order_by(eni_addresses.c.family, eni_addresses.c.position)):
        addresses[row.network_interface_id].append(row.address)
    routes = Routes(connection, {row.vpc_id for row in rows})
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
            routes=routes.of(row.vpc_id, row.v_switch_id),
        )
        for row in rows
    )


def _wanted(connection: Connection, condition: ColumnElement[bool]) -> tuple[Wanted, ...]:
    analyzed = flow_logs.c.traffic_analyzer_id == traffic_analyzers.c.traffic_analyzer_id
    query = select(flow_logs, traffic_analyzers.c.status.label("analyzer_status"))
    rows = connection.execute(query.outerjoin_from(flow_logs, traffic_analyzers, analyzed).where(condition)).all()
    if not rows:
        return ()
    paths: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(
        select(flow_log_paths).join(flow_logs).where(condition).order_by(flow_log_paths.c.position)
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
            analyzer=(row.traffic_analyzer_id, ANALYZER_LOG_STORE)
            if row.analyzer_status == AnalyzerStatus.ACTIVE
            else None,
        )
        for row in rows
    )


def _attached(connection: Connection, nodes: Collection[str]) -> tuple[Attached, ...]:
    query = select(
        attachments.c.node_name,
        attachments.c.generation,
        attachments.c.error,
        enis.c.network_interface_id,
        enis.c.v_switch_id,
        enis.c.vpc_id,
    ).join_from(attachments, enis, attachments.c.network_interface_id == enis.c.network_interface_id)
    return tuple(
        Attached(
            row.node_name,
            (row.network_interface_id, row.v_switch_id, row.vpc_id),
            row.generation,
            row.error,
        )
        for row in connection.execute(query.where(attachments.c.node_name.in_(nodes)))
    )


def _remove_eni(connection: Connection, eni_id: str) -> None:
    remove_tags(connection, ENI, eni_id)
    for table in (eni_addresses, eni_security_groups, enis):
        connection.execute(delete(table).where(table.c.network_interface_id == eni_id))


def _remove(connection: Connection, flow_log_id: str) -> None:
    remove_tags(connection, FLOW_LOG, flow_log_id)
    connection.execute(delete(flow_log_paths).where(flow_log_paths.c.flow_log_id == flow_log_id))
    connection.execute(delete(flow_logs).where(flow_logs.c.flow_log_id == flow_log_id))
