"""The life of a flow log: every pair of state and event, and the states that agents move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select, update

from weir.contract.weir import SyncResult
from weir.control.schema import flow_log_paths, flow_logs, tags
from weir.control.targets import AGENT_SILENCE_SECONDS
from weir.model.failures import INVALID_INSTANCE_ID, INVALID_STATUS, Refusal
from weir.model.resources import TRANSITIONS, Event, FlowLogStatus, Side

CALLS = [event for event in Event if event is not Event.SETTLED]


class Host:
    """An agent of one node, as slow or as broken as a test wants it."""

    def __init__(self, office: Any, node_name: str = "host-a") -> None:
        self.office = office
        self.node_name = node_name
        self.answer: SyncResult | None = None
        self.error: dict[str, str] = {}

    def bind(self, eni: str, device: str = "veth1", side: Side = Side.BEHIND) -> None:
        self.office.call(
            "BindNetworkInterface",
            NetworkInterfaceId=eni,
            NodeName=self.node_name,
            Device=device,
            Side=side.value,
        )

    def sync(self) -> SyncResult:
        """Says that the last answer is applied, and takes the next one."""
        said = {"RegionId": "cn-hangzhou", "NodeName": self.node_name}
        if self.answer is not None:
            said["Revision"] = self.answer.revision
            for number, target in enumerate(self.answer.targets, start=1):
                said[f"Attached_{number}_NetworkInterfaceId"] = target.network_interface_id
                said[f"Attached_{number}_Generation"] = target.generation
                said[f"Attached_{number}_Error"] = self.error.get(target.network_interface_id, "")
        self.answer = self.office.call("SyncAgent", **said)
        return self.answer

    def captured(self) -> dict[str, list[str]]:
        """ENI -> flow logs, as the last answer has it."""
        assert self.answer is not None
        return {
            target.network_interface_id: [log.flow_log_id for log in target.flow_logs] for target in self.answer.targets
        }


@pytest.fixture
def make_host(office: Any) -> Callable[..., Host]:
    return lambda node_name="host-a": Host(office, node_name)


def set_status(office: Any, flow_log: str, status: FlowLogStatus) -> None:
    with office.desk.catalog.writing() as connection:
        this = flow_logs.c.flow_log_id == flow_log
        connection.execute(update(flow_logs).where(this).values(status=status.value))


def stored_status(office: Any, flow_log: str) -> str | None:
    with office.desk.catalog.reading() as connection:
        this = flow_logs.c.flow_log_id == flow_log
        return connection.scalar(select(flow_logs.c.status).where(this))


def act(office: Any, event: Event, flow_log: str) -> None:
    office.call(event.value, RegionId="cn-hangzhou", FlowLogId=flow_log)


@pytest.mark.parametrize(("status", "event"), list(product(FlowLogStatus, CALLS)))
def test_every_call_in_every_state(
    office: Any, make_host: Callable[..., Host], status: FlowLogStatus, event: Event
) -> None:
    """A live agent that never follows keeps every step where the call put it."""
    eni = office.eni(office.vswitch(office.vpc()))
    host = make_host()
    host.bind(eni)
    host.sync()
    flow_log = office.flow_log("NetworkInterface", eni)
    host.answer = None
    set_status(office, flow_log, status)
    expected = TRANSITIONS.get((status, event))
    if expected is None:
        with pytest.raises(Refusal) as refused:
            act(office, event, flow_log)
        assert refused.value.failure is INVALID_STATUS
        assert stored_status(office, flow_log) == status
    else:
        act(office, event, flow_log)
        assert stored_status(office, flow_log) == expected


@pytest.mark.parametrize("status", FlowLogStatus)
def test_without_an_agent_every_step_settles_at_once(office: Any, status: FlowLogStatus) -> None:
    flow_log = office.flow_log("VPC", office.vpc(), Tag_1_Key="team", Tag_1_Value="net")
    set_status(office, flow_log, status)
    expected = TRANSITIONS.get((status, Event.SETTLED), status)
    shown = office.status(flow_log)
    if status is FlowLogStatus.DELETING:
        assert shown is None
        with office.desk.catalog.reading() as connection:
            for table in (flow_logs, flow_log_paths, tags):
                assert connection.execute(select(table)).all() == []
    else:
        assert shown == expected == stored_status(office, flow_log)


def test_a_flow_log_without_anything_to_attach_is_active_at_once(office: Any) -> None:
    assert office.status(office.flow_log("VPC", office.vpc())) == "Active"


def test_activating_until_the_agent_reports_its_hooks_attached(office: Any, make_host: Callable[..., Host]) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    host = make_host()
    host.bind(eni)
    host.sync()
    flow_log = office.flow_log("NetworkInterface", eni)
    assert office.status(flow_log) == "Activating"
    host.sync()
    assert host.captured() == {eni: [flow_log]}
    assert office.status(flow_log) == "Activating"
    host.error[eni] = "no such device"
    host.sync()
    assert office.status(flow_log) == "Activating"
    host.error.clear()
    host.sync()
    assert stored_status(office, flow_log) == "Active"
    assert office.status(flow_log) == "Active"


def test_a_second_flow_log_waits_though_the_hooks_are_attached_already(
    office: Any, make_host: Callable[..., Host]
) -> None:
    vpc = office.vpc()
    eni = office.eni(office.vswitch(vpc))
    host = make_host()
    host.bind(eni)
    first = office.flow_log("NetworkInterface", eni)
    host.sync()
    host.sync()
    generation = host.sync().targets[0].generation
    second = office.flow_log("VPC", vpc)
    assert (office.status(first), office.status(second)) == ("Active", "Activating")
    host.sync()
    assert office.status(second) == "Activating"
    host.sync()
    assert office.status(second) == "Active"
    assert host.sync().targets[0].generation == generation, "the attachment itself did not change"


def test_deactivating_modifying_and_deleting_wait_for_the_agent(office: Any, make_host: Callable[..., Host]) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    host = make_host()
    host.bind(eni)
    flow_log = office.flow_log("NetworkInterface", eni)
    host.sync()
    host.sync()
    assert office.status(flow_log) == "Active"

    office.call("ModifyFlowLogAttribute", RegionId="cn-hangzhou", FlowLogId=flow_log, AggregationInterval="1")
    assert office.status(flow_log) == "Modifying"
    host.sync()
    assert host.answer.targets[0].flow_logs[0].aggregation_interval == 1
    assert office.status(flow_log) == "Modifying"
    host.sync()
    assert office.status(flow_log) == "Active"

    act(office, Event.DEACTIVATE, flow_log)
    assert office.status(flow_log) == "Deactivating"
    host.sync()
    assert host.captured() == {}
    assert office.status(flow_log) == "Deactivating"
    host.sync()
    assert office.status(flow_log) == "Inactive"

    office.clock.now += 5
    act(office, Event.ACTIVATE, flow_log)
    host.sync()
    assert host.answer.targets[0].flow_logs[0].since == int(office.clock.now)
    host.sync()
    assert office.status(flow_log) == "Active"

    act(office, Event.DELETE, flow_log)
    assert office.status(flow_log) == "Deleting"
    host.sync()
    host.sync()
    assert office.status(flow_log) is None
    with pytest.raises(Refusal) as refused:
        act(office, Event.DELETE, flow_log)
    assert (refused.value.failure, refused.value.message) == (INVALID_INSTANCE_ID, "Instance does not exist.")


def test_modifying_what_agents_do_not_see_settles_at_once(office: Any, make_host: Callable[..., Host]) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    host = make_host()
    host.bind(eni)
    flow_log = office.flow_log("NetworkInterface", eni)
    host.sync()
    host.sync()
    office.call("ModifyFlowLogAttribute", RegionId="cn-hangzhou", FlowLogId=flow_log, FlowLogName="renamed")
    assert office.status(flow_log) == "Active"


def test_an_eni_made_later_joins_by_itself(office: Any, make_host: Callable[..., Host]) -> None:
    vpc = office.vpc()
    vswitch = office.vswitch(vpc)
    of_vpc, of_vswitch = office.flow_log("VPC", vpc), office.flow_log("VSwitch", vswitch)
    host = make_host()
    assert host.sync().targets == ()
    eni = office.eni(vswitch)
    host.bind(eni)
    host.sync()
    assert host.captured() == {eni: [of_vswitch, of_vpc]}
    elsewhere = office.eni(office.vswitch(vpc, "10.0.2.0/24"))
    host.bind(elsewhere, "veth2")
    host.sync()
    assert host.captured() == {eni: [of_vswitch, of_vpc], elsewhere: [of_vpc]}
    office.call("UnbindNetworkInterface", NetworkInterfaceId=eni)
    host.sync()
    assert host.captured() == {elsewhere: [of_vpc]}


def test_every_live_agent_of_the_scope_must_report(office: Any, make_host: Callable[..., Host]) -> None:
    vpc = office.vpc()
    vswitch = office.vswitch(vpc)
    one, two, stranger = make_host("one"), make_host("two"), make_host("three")
    one.bind(office.eni(vswitch))
    two.bind(office.eni(vswitch))
    stranger.bind(office.eni(office.vswitch(office.vpc())))
    for host in (one, two, stranger):
        host.sync()
    flow_log = office.flow_log("VPC", vpc)
    for _ in range(2):
        one.sync()
    assert office.status(flow_log) == "Activating"
    for _ in range(2):
        two.sync()
    assert office.status(flow_log) == "Active"


def test_an_agent_that_dies_does_not_block_and_one_that_returns_follows(
    office: Any, make_host: Callable[..., Host]
) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    host = make_host()
    host.bind(eni)
    host.sync()
    flow_log = office.flow_log("NetworkInterface", eni)
    office.clock.now += AGENT_SILENCE_SECONDS
    assert office.status(flow_log) == "Activating"
    office.clock.now += 1
    assert office.status(flow_log) == "Active"

    host.answer = None
    host.sync()
    assert host.captured() == {eni: [flow_log]}
    act(office, Event.DEACTIVATE, flow_log)
    assert office.status(flow_log) == "Deactivating"
    host.sync()
    host.sync()
    assert office.status(flow_log) == "Inactive"


def test_a_server_that_was_away_does_not_hold_the_silence_against_the_agents(
    office: Any, make_host: Callable[..., Host]
) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    host = make_host()
    host.bind(eni)
    host.sync()
    flow_log = office.flow_log("NetworkInterface", eni)
    office.clock.now += 3600
    office.desk = replace(office.desk, started=office.clock.now)
    assert office.status(flow_log) == "Activating"


def test_an_agent_that_still_holds_an_eni_which_moved_away_blocks(office: Any, make_host: Callable[..., Host]) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    old, new = make_host("old"), make_host("new")
    old.bind(eni)
    flow_log = office.flow_log("NetworkInterface", eni)
    for _ in range(2):
        old.sync()
    assert office.status(flow_log) == "Active"
    new.sync()
    new.bind(eni)
    act(office, Event.DEACTIVATE, flow_log)
    new.sync()
    new.sync()
    assert office.status(flow_log) == "Deactivating"
    old.sync()
    old.sync()
    assert office.status(flow_log) == "Inactive"


def test_a_binding_that_changes_changes_the_generation(office: Any, make_host: Callable[..., Host]) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    office.flow_log("NetworkInterface", eni)
    host = make_host()
    generations = []
    for device, side in (("veth1", Side.BEHIND), ("veth1", Side.BEHIND), ("veth2", Side.BEHIND), ("veth2", Side.SELF)):
        host.bind(eni, device, side)
        generations.append(host.sync().targets[0].generation)
    assert generations[0] == generations[1]
    assert len(set(generations)) == 3


def test_an_agent_with_nothing_new_is_not_written_every_time(office: Any, make_host: Callable[..., Host]) -> None:
    host = make_host()
    host.sync()
    host.sync()

    def last_seen() -> str:
        return office.call("DescribeAgents").agents[0].last_seen_time

    before = last_seen()
    office.clock.now += AGENT_SILENCE_SECONDS / 3 - 1
    host.sync()
    assert last_seen() == before
    office.clock.now += 1
    host.sync()
    assert last_seen() > before
    assert office.call("DescribeAgents").agents[0].status == "Live"
    office.clock.now += AGENT_SILENCE_SECONDS + 1
    assert office.call("DescribeAgents").agents[0].status == "Silent"
