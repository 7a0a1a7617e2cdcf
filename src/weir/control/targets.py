"""What every agent should capture, and when a flow log has settled: pure functions of one view of the catalog.

What enters: a ``World`` (bound ENIs, flow logs, what the agents reported). What leaves: the targets of a node with
their revision, and the flow logs that may take the ``SETTLED`` step. Rules: a flow log covers every ENI of its scope,
also one made later, since scope is evaluated anew each time; a flow log has settled when every live agent that hosts
(or still holds) an ENI of its scope says that it has applied the present targets and, where capture is wanted, that
its hooks are attached without error. An agent that is dead or was never seen does not block: a flow log whose scope
holds no ENI of a live agent settles at once, since there is nothing to attach.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from weir.contract.weir import Target, TargetFlowLog, TargetRoute
from weir.model.resources import CAPTURING, TRANSITIONS, Event, FlowLogStatus, Side

SYNC_INTERVAL_SECONDS = 2
"""How often an agent asks for its targets: the longest delay of a change on its way to a healthy agent."""
AGENT_SILENCE_SECONDS = 30.0
"""An agent that has not asked for this long counts as dead: it no longer blocks, and its ENIs are uncovered."""

SETTLING: frozenset[FlowLogStatus] = frozenset(
    {status for status, event in TRANSITIONS if event is Event.SETTLED} | {FlowLogStatus.DELETING}
)
"""States that wait for the agents."""


@dataclass(frozen=True, slots=True)
class Bound:
    """An ENI and the device it is bound to. ``addresses``: canonical, IPv4 before IPv6, primary first."""

    network_interface_id: str
    v_switch_id: str
    vpc_id: str
    account_id: str
    instance_id: str
    addresses: tuple[str, ...]
    node_name: str
    device: str
    side: Side
    routes: tuple[TargetRoute, ...] = ()

    @property
    def scopes(self) -> tuple[str, str, str]:
        """The resources whose flow logs cover this ENI."""
        return self.network_interface_id, self.v_switch_id, self.vpc_id

    @property
    def generation(self) -> str:
        """Changes when the attachment itself must change, and only then."""
        return _digest([self.device, self.side.value, *self.addresses])


@dataclass(frozen=True, slots=True)
class Wanted:
    """A flow log as far as agents are concerned. ``since``: Unix seconds when capture was asked for. ``analyzer``:
    project and logstore of its traffic analyzer, while that is active; without a logstore of its own
    ``project_name`` is empty."""

    flow_log_id: str
    resource_id: str
    status: FlowLogStatus
    aggregation_interval: int
    traffic_type: str
    project_name: str
    log_store_name: str
    ip_version: str
    log_format: str
    traffic_path: tuple[str, ...]
    since: int
    analyzer: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as last heard of. ``heard``: Unix seconds, but not before this server could have heard of it."""

    node_name: str
    heard: float
    revision: str

    def is_live(self, now: float) -> bool:
        """True while the agent has not been silent for too long."""
        return now - self.heard <= AGENT_SILENCE_SECONDS


@dataclass(frozen=True, slots=True)
class Attached:
    """One ENI that an agent says it holds. ``scopes`` as in ``Bound``; ``error`` is empty when it is attached."""

    node_name: str
    scopes: tuple[str, str, str]
    generation: str
    error: str


@dataclass(frozen=True, slots=True)
class World:
    """One view of the catalog. ``wanted`` holds at least every flow log in a settling or capturing state in scope."""

    bound: tuple[Bound, ...]
    wanted: tuple[Wanted, ...]
    agents: Mapping[str, Agent]
    attached: tuple[Attached, ...]


def targets_of(world: World, node_name: str) -> tuple[Target, ...]:
    """What the agent of that node should have attached, ordered by ENI; ENIs that no flow log covers are left out.

    The flow logs of a target: those of the ENI itself, of its VSwitch, of its VPC, each by id.
    """
    covering = _by_resource(log for log in world.wanted if log.status in CAPTURING)
    return tuple(
        _target(eni, logs)
        for eni in sorted(world.bound, key=lambda eni: eni.network_interface_id)
        if eni.node_name == node_name and (logs := [log for scope in eni.scopes for log in covering.get(scope, ())])
    )


def revision_of(targets: tuple[Target, ...]) -> str:
    """A name for exactly these targets: equal lists, equal names, on every server."""
    return _digest([asdict(target) for target in targets])


def settled(world: World, now: float) -> tuple[Wanted, ...]:
    """The flow logs in a settling state that every live agent concerned is done with."""
    bound, attached = defaultdict(list), defaultdict(list)
    for eni in world.bound:
        for scope in eni.scopes:
            bound[scope].append(eni)
    for item in world.attached:
        for scope in item.scopes:
            attached[scope].append(item)
    live = {name for name, agent in world.agents.items() if agent.is_live(now)}
    current = {name for name in live if world.agents[name].revision == revision_of(targets_of(world, name))}
    held = {(item.node_name, item.scopes[0], item.generation) for item in world.attached if not item.error}

    def is_done(log: Wanted) -> bool:
        hosts = {eni.node_name for eni in bound[log.resource_id]} | {
            item.node_name for item in attached[log.resource_id]
        }
        if not hosts & live <= current:
            return False
        return log.status not in CAPTURING or all(
            (eni.node_name, eni.network_interface_id, eni.generation) in held
            for eni in bound[log.resource_id]
            if eni.node_name in live
        )

    return tuple(log for log in world.wanted if log.status in SETTLING and is_done(log))


def _by_resource(logs: Iterable[Wanted]) -> dict[str, list[Wanted]]:
    by_resource: dict[str, list[Wanted]] = defaultdict(list)
    for log in sorted(logs, key=lambda log: log.flow_log_id):
        by_resource[log.resource_id].append(log)
    return by_resource


def _target(eni: Bound, logs: list[Wanted]) -> Target:
    return Target(
        network_interface_id=eni.network_interface_id,
        generation=eni.generation,
        device=eni.device,
        side=eni.side.value,
        addresses=eni.addresses,
        account_id=eni.account_id,
        instance_id=eni.instance_id or "-",
        v_switch_id=eni.v_switch_id,
        vpc_id=eni.vpc_id,
        routes=eni.routes,
        flow_logs=tuple(
            TargetFlowLog(
                flow_log_id=log.flow_log_id,
                aggregation_interval=log.aggregation_interval,
                traffic_type=log.traffic_type,
                project_name=log.project_name,
                log_store_name=log.log_store_name,
                ip_version=log.ip_version,
                log_format=log.log_format,
                traffic_path=log.traffic_path,
                since=log.since,
            )
            for wanted in logs
            for log in _by_delivery(wanted)
        ),
    )


def _by_delivery(log: Wanted) -> Iterator[Wanted]:
    """The flow log once for everything it delivers to: its logstore, its traffic analyzer, or both. An analyzer needs
    every field, whatever the flow log's records hold."""
    if log.project_name:
        yield log
    if log.analyzer is not None:
        project, log_store = log.analyzer
        yield replace(log, project_name=project, log_store_name=log_store, log_format="")


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
