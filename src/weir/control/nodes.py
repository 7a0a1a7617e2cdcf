"""Nodes and their agents: which device is which ENI, and the agents' one call.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal`` and an unchanged catalog. Rules: a
device of a node is at most one ENI; an agent's report replaces its last one, and the answer is everything the node
should have, worked out in the same transaction, so nothing is lost when an answer is. A report that says nothing new is
not written, but for the time of the call, and that only as often as silence is judged by.
"""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, delete, insert, select, update

from weir.contract import weir as say
from weir.contract.ecs import EniStatus
from weir.contract.terms import Done
from weir.control.access import Caller
from weir.control.desk import Desk, iso_time
from weir.control.listing import AnyRow, equal, find
from weir.control.schema import agents, attachments, bindings, enis, undelivered
from weir.control.targets import AGENT_SILENCE_SECONDS, SYNC_INTERVAL_SECONDS, revision_of, targets_of
from weir.control.world import changing, is_due, load_world
from weir.model.failures import BINDING_NOT_FOUND, DEVICE_ALREADY_BOUND, INVALID_ENI_ID_NOT_FOUND, Refusal

SEEN_WRITTEN_SECONDS = AGENT_SILENCE_SECONDS / 3
"""An agent with nothing new is written down this often; the catalog's ``last_seen`` is at most this much behind."""


def sync_agent(desk: Desk, caller: Caller, command: say.SyncAgent) -> say.SyncResult:
    """Takes the agent's report and answers with the node's targets."""
    now = desk.now()
    with desk.catalog.reading() as connection:
        if not _is_news(connection, command, now) and not is_due(connection, now, desk.started):
            return _answer(connection, desk, command.node_name)
    with changing(desk) as (connection, _):
        _write_report(connection, command, now)
        return _answer(connection, desk, command.node_name)


def bind_network_interface(desk: Desk, caller: Caller, command: say.BindNetworkInterface) -> Done:
    """Binds an ENI to a device, or moves it there."""
    with changing(desk) as (connection, now):
        row = _find_eni(connection, caller, command.network_interface_id)
        if row.status == EniStatus.DELETING:
            raise Refusal(INVALID_ENI_ID_NOT_FOUND, status=row.status)
        wanted = {"node_name": command.node_name, "device": command.device}
        holder = connection.scalar(
            select(bindings.c.network_interface_id).where(
                bindings.c.node_name == command.node_name, bindings.c.device == command.device
            )
        )
        if holder not in (None, row.network_interface_id):
            raise Refusal(DEVICE_ALREADY_BOUND, device=command.device)
        this = bindings.c.network_interface_id == row.network_interface_id
        present = connection.execute(select(bindings).where(this)).one_or_none()
        if present is None or (present.node_name, present.device, present.side) != (*wanted.values(), command.side):
            connection.execute(delete(bindings).where(this))
            connection.execute(
                insert(bindings).values(
                    network_interface_id=row.network_interface_id, side=command.side.value, bound=now, **wanted
                )
            )
        _set_status(connection, row.network_interface_id, EniStatus.IN_USE)
    return Done()


def unbind_network_interface(desk: Desk, caller: Caller, command: say.UnbindNetworkInterface) -> Done:
    """Releases an ENI from its device."""
    with changing(desk) as (connection, _):
        row = _find_eni(connection, caller, command.network_interface_id)
        this = bindings.c.network_interface_id == row.network_interface_id
        if connection.execute(delete(bindings).where(this)).rowcount == 0:
            raise Refusal(BINDING_NOT_FOUND)
        _set_status(connection, row.network_interface_id, EniStatus.IN_USE if row.instance_id else EniStatus.AVAILABLE)
    return Done()


def describe_network_interface_bindings(
    desk: Desk, caller: Caller, command: say.DescribeNetworkInterfaceBindings
) -> say.BindingList:
    """The bindings of the account's ENIs."""
    conditions = equal(
        {
            enis.c.account_id: caller.account_id,
            bindings.c.node_name: command.node_name,
            bindings.c.network_interface_id: command.network_interface_id,
        }
    )
    query = select(bindings).join(enis).where(*conditions).order_by(bindings.c.network_interface_id)
    with desk.catalog.reading() as connection:
        return say.BindingList(
            bindings=tuple(
                say.Binding(
                    network_interface_id=row.network_interface_id,
                    node_name=row.node_name,
                    device=row.device,
                    side=row.side,
                    bound_time=iso_time(row.bound),
                )
                for row in connection.execute(query)
            )
        )


def describe_agents(desk: Desk, caller: Caller, command: say.DescribeAgents) -> say.AgentList:
    """Every agent ever heard of, with what it last reported."""
    now = desk.now()
    with desk.catalog.reading() as connection:
        reported: dict[str, list[say.AgentAttachment]] = defaultdict(list)
        for row in connection.execute(select(attachments).order_by(attachments.c.network_interface_id)):
            reported[row.node_name].append(
                say.AgentAttachment(
                    network_interface_id=row.network_interface_id, generation=row.generation, error=row.error
                )
            )
        return say.AgentList(
            agents=tuple(
                say.Agent(
                    node_name=row.node_name,
                    region_id=row.region_id,
                    status="Live" if now - row.last_seen <= AGENT_SILENCE_SECONDS else "Silent",
                    first_seen_time=iso_time(int(row.first_seen)),
                    last_seen_time=iso_time(int(row.last_seen)),
                    attachments=tuple(reported[row.node_name]),
                )
                for row in connection.execute(select(agents).order_by(agents.c.node_name))
            )
        )


def _answer(connection: Connection, desk: Desk, node_name: str) -> say.SyncResult:
    targets = targets_of(load_world(connection, desk.started, node_name), node_name)
    return say.SyncResult(sync_interval_seconds=SYNC_INTERVAL_SECONDS, revision=revision_of(targets), targets=targets)


def _is_news(connection: Connection, command: say.SyncAgent, now: float) -> bool:
    this = agents.c.node_name == command.node_name
    known = connection.execute(select(agents).where(this)).one_or_none()
    if known is None or known.revision != command.revision or known.region_id != command.region_id:
        return True
    if abs(now - known.last_seen) >= SEEN_WRITTEN_SECONDS:
        return True
    mine = attachments.c.node_name == command.node_name
    stored = {
        (row.network_interface_id, row.generation, row.error)
        for row in connection.execute(select(attachments).where(mine))
    }
    if stored != {(item.network_interface_id, item.generation, item.error) for item in command.attached}:
        return True
    failing = undelivered.c.node_name == command.node_name
    known_codes = {
        (row.project, row.logstore): row.code for row in connection.execute(select(undelivered).where(failing))
    }
    return known_codes != _codes(command)


def _write_report(connection: Connection, command: say.SyncAgent, now: float) -> None:
    said = {"region_id": command.region_id, "revision": command.revision, "last_seen": now}
    this = agents.c.node_name == command.node_name
    if connection.execute(update(agents).where(this).values(**said)).rowcount == 0:
        connection.execute(insert(agents).values(node_name=command.node_name, first_seen=now, **said))
    connection.execute(delete(attachments).where(attachments.c.node_name == command.node_name))
    rows = {
        item.network_interface_id: {
            "node_name": command.node_name,
            "network_interface_id": item.network_interface_id,
            "generation": item.generation,
            "error": item.error,
            "reported": now,
        }
        for item in command.attached
    }
    if rows:
        connection.execute(insert(attachments), list(rows.values()))
    connection.execute(delete(undelivered).where(undelivered.c.node_name == command.node_name))
    if codes := _codes(command):
        connection.execute(
            insert(undelivered),
            [
                {"node_name": command.node_name, "project": project, "logstore": logstore, "code": code}
                for (project, logstore), code in codes.items()
            ],
        )


def _codes(command: say.SyncAgent) -> dict[tuple[str, str], str]:
    return {(item.project_name, item.log_store_name): item.code for item in command.undelivered}


def _find_eni(connection: Connection, caller: Caller, network_interface_id: str) -> AnyRow:
    row = find(connection, enis, caller, network_interface_id, None)
    if row is None:
        raise Refusal(INVALID_ENI_ID_NOT_FOUND)
    return row


def _set_status(connection: Connection, network_interface_id: str, status: EniStatus) -> None:
    this = enis.c.network_interface_id == network_interface_id
    connection.execute(update(enis).where(this).values(status=status.value))
