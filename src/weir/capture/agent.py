"""The agent of one host: asks the server what to capture, says what it has, delivers what it counted.

What enters: a client with the agent's key, the recorder, the delivery. What leaves: ``SyncAgent`` calls. Rule: level
triggered, every call tells the whole state and hears the whole truth, so a lost answer or a restarted server costs
nothing but time.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from weir.capture.delivery import Delivery
from weir.capture.path import Route
from weir.capture.recorder import Recorder
from weir.capture.roster import Eni, FlowLog
from weir.capture.share import Keep, Labels
from weir.client import Client, ServerRefused, ServerUnreachable
from weir.contract.render import Unreadable, read
from weir.contract.vpc_flow_logs import TrafficPath, log_fields
from weir.contract.weir import (
    UNDELIVERED_MAX,
    AttachedItem,
    SyncAgent,
    SyncResult,
    Target,
    TargetFlowLog,
    UndeliveredItem,
)
from weir.model.paths import PathKind
from weir.model.resources import Side, TrafficType

RETRY_SECONDS = 1.0
"""Pause after a call that failed; the recorder goes on capturing for the last known targets meanwhile."""
ERROR_LENGTH_MAX = 1024
"""Characters of an attachment's error that the server takes."""

log = logging.getLogger("weir.agent")


@dataclass(frozen=True, slots=True)
class Node:
    """Where the agent runs."""

    region_id: str
    node_name: str


class Agent:
    """Runs ``run`` in the caller's thread until ``stop``; the recorder's thread changing something wakes it at once."""

    def __init__(self, node: Node, client: Client, recorder: Recorder, delivery: Delivery, changed: threading.Event):
        self._node = node
        self._client = client
        self._recorder = recorder
        self._delivery = delivery
        self._changed = changed
        self._stopping = threading.Event()
        self._asked = ""
        self._targets: frozenset[tuple[str, str]] = frozenset()
        self._silent = False

    def stop(self) -> None:
        self._stopping.set()
        self._changed.set()

    def run(self) -> None:
        """Returns after ``stop``; raises ``RecorderDied`` if the recorder's thread ended by itself."""
        self._recorder.start()
        self._delivery.start()
        try:
            while not self._stopping.is_set():
                if not self._recorder.alive:
                    raise RecorderDied("the capture thread ended; its last message is in the log")
                self._changed.clear()
                self._changed.wait(self._synchronise())
        finally:
            if self._recorder.alive:
                self._recorder.stop()
            self._delivery.stop()

    def _synchronise(self) -> float:
        """One call; returns the seconds until the next."""
        applied = self._recorder.applied
        command = SyncAgent(
            region_id=self._node.region_id,
            node_name=self._node.node_name,
            revision=applied.revision,
            attached=tuple(
                AttachedItem(
                    network_interface_id=one.eni_id, generation=one.generation, error=one.error[:ERROR_LENGTH_MAX]
                )
                for one in applied.attached
            ),
            undelivered=tuple(
                UndeliveredItem(project_name=project, log_store_name=logstore, code=code)
                for (project, logstore), code in sorted(self._delivery.undelivered(self._targets).items())
            )[:UNDELIVERED_MAX],
        )
        try:
            result = read(SyncResult, self._client.call(command))
        except (ServerRefused, ServerUnreachable, Unreadable) as trouble:
            if not self._silent:
                log.warning("no targets from the server, going on with the last ones: %s", trouble)
            self._silent = True
            return RETRY_SECONDS
        if self._silent:
            log.info("the server answers again")
        self._silent = False
        if result.revision != self._asked:
            self._asked = result.revision
            self._targets = frozenset(
                (log.project_name, log.log_store_name) for target in result.targets for log in target.flow_logs
            )
            self._recorder.apply(tuple(eni_of(target) for target in result.targets), result.revision)
        return result.sync_interval_seconds


class RecorderDied(RuntimeError):
    """The thread that captures has ended by an unforeseen fault; the process must not pretend to capture."""


def eni_of(target: Target) -> Eni:
    """A target as the server says it, as the recorder takes it."""
    return Eni(
        labels=Labels(
            target.account_id, target.network_interface_id, target.instance_id, target.v_switch_id, target.vpc_id
        ),
        generation=target.generation,
        device=target.device,
        side=Side(target.side),
        addresses=target.addresses,
        flow_logs=tuple(map(_flow_log_of, target.flow_logs)),
        routes=tuple(Route(PathKind(route.path), route.cidr_block, route.device) for route in target.routes),
    )


def _flow_log_of(said: TargetFlowLog) -> FlowLog:
    return FlowLog(
        flow_log_id=said.flow_log_id,
        interval_minutes=said.aggregation_interval,
        keep=Keep(
            TrafficType(said.traffic_type),
            said.ip_version == "DualStack",
            frozenset(log_fields(said.log_format)),
            frozenset(PathKind(path) for path in said.traffic_path if path != TrafficPath.ALL),
        ),
        project=said.project_name,
        logstore=said.log_store_name,
    )
