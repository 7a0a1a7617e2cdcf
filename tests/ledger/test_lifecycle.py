"""Every pair of state and call, reached and tried by signed requests through the real door.

A live agent hosts the captured interface. It follows as long as a state has to be passed, and is late from then on, so
the flow log stays in the state that the test wants.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest

from tests.ledger.door import Door, Tenant
from weir.model.resources import TRANSITIONS, Event, FlowLogStatus

S, E = FlowLogStatus, Event
CALLS = [event for event in Event if event is not E.SETTLED]
WAYS: dict[FlowLogStatus, tuple[Event, ...]] = {
    S.ACTIVATING: (),
    S.ACTIVE: (E.SETTLED,),
    S.MODIFYING: (E.SETTLED, E.MODIFY),
    S.DEACTIVATING: (E.SETTLED, E.DEACTIVATE),
    S.INACTIVE: (E.SETTLED, E.DEACTIVATE, E.SETTLED),
    S.DELETING: (E.DELETE,),
}
"""State -> what leads there from CreateFlowLog."""


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    made = Door(tmp_path_factory.mktemp("door"))
    yield made
    made.close()


@dataclass
class Life:
    """One flow log, and the agent that hosts its interface."""

    tenant: Tenant
    flow_log_id: str = ""
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def node(self) -> str:
        return f"node-{self.tenant.account_id}"

    def begin(self) -> None:
        eni = self.tenant.eni()
        self.tenant.ok("BindNetworkInterface", NetworkInterfaceId=eni, NodeName=self.node, Device="veth1")
        self.sync()
        asked = self.tenant.flow_log_of("NetworkInterface", eni)
        self.flow_log_id = self.tenant.ok("CreateFlowLog", **asked)["FlowLogId"]

    def sync(self) -> None:
        """The agent says that it has done what it was told, and hears what to do next."""
        said = {"Revision": self.answer["Revision"]} if self.answer else {}
        for number, target in enumerate(self.answer["Targets"]["Target"] if self.answer else (), start=1):
            said[f"Attached_{number}_NetworkInterfaceId"] = target["NetworkInterfaceId"]
            said[f"Attached_{number}_Generation"] = target["Generation"]
        self.answer = self.tenant.ok("SyncAgent", NodeName=self.node, **said)

    def do(self, event: Event) -> str:
        """The call's code, empty when it was taken; ``SETTLED`` lets the agent follow."""
        if event is E.SETTLED:
            self.sync()
            self.sync()
            return ""
        # Something that agents see, so that a modification waits for them.
        interval = {E.MODIFY: "5" if self.status() == S.ACTIVE else "1"}
        pairs = {"AggregationInterval": interval[event]} if event in interval else {}
        return str(self.tenant.call(event.value, FlowLogId=self.flow_log_id, **pairs).document.get("Code", ""))

    def status(self) -> str | None:
        listed = self.tenant.ok("DescribeFlowLogs", FlowLogId=self.flow_log_id)["FlowLogs"]["FlowLog"]
        return listed[0]["Status"] if listed else None


@pytest.fixture
def life(door: Door) -> Life:
    made = Life(door.tenant())
    made.begin()
    return made


@pytest.mark.parametrize(("status", "event"), list(product(FlowLogStatus, CALLS)))
def test_every_call_in_every_state(life: Life, status: FlowLogStatus, event: Event) -> None:
    for step in WAYS[status]:
        assert life.do(step) == ""
    assert life.status() == status
    expected = TRANSITIONS.get((status, event))
    assert life.do(event) == ("InvalidStatus" if expected is None else "")
    # What is inactive is captured by nobody, so there is no agent to wait for.
    at_once_gone = (status, event) == (S.INACTIVE, E.DELETE)
    assert life.status() == (None if at_once_gone else expected or status)


@pytest.mark.parametrize("status", FlowLogStatus)
def test_every_state_once_the_agent_has_followed(life: Life, status: FlowLogStatus) -> None:
    for step in WAYS[status]:
        life.do(step)
    life.do(E.SETTLED)
    gone = status is S.DELETING
    assert life.status() == (None if gone else TRANSITIONS.get((status, E.SETTLED), status))
    if gone:
        assert life.do(E.DELETE) == "InvalidInstanceId"


@pytest.mark.parametrize("status", FlowLogStatus)
def test_every_state_once_the_agent_is_dead(life: Life, status: FlowLogStatus) -> None:
    for step in WAYS[status]:
        life.do(step)
    before, life.tenant.door.now = life.tenant.door.now, life.tenant.door.now + 31
    assert life.status() == (None if status is S.DELETING else TRANSITIONS.get((status, E.SETTLED), status))
    life.tenant.door.now = before
