"""``weir up`` while it runs: the server in this process, the agent in a child, the lab or the device declared.

What enters: a running server and what to adopt. What leaves: nothing behind: the child ends with its parent, a lab that
was made here is taken down again. Rule: an agent that ends by itself is started again; its loss is logged.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

from weir.cli.context import Trouble
from weir.cli.worlds import Place, declare_device, declare_lab
from weir.client import Client, ServerRefused, ServerUnreachable
from weir.compose import Running
from weir.contract.render import read
from weir.contract.sign import Credentials
from weir.contract.weir import AgentList, DescribeAgents
from weir.lab.netns import LabTrouble
from weir.lab.topology import Lab

AGENT_RESTART_SECONDS = 1.0
AGENT_START_SECONDS = 30.0
"""How long the agent may take to load its programs and to call; above it, ``weir up`` gives up."""
AGENT_POLL_SECONDS = 0.1
AGENT_STOP_SECONDS = 15.0
"""How long the agent may take to spool its last windows; above it, it is killed and those windows are lost."""
PR_SET_PDEATHSIG = 1

log = logging.getLogger("weir.up")


@dataclass(frozen=True, slots=True)
class UpPlan:
    """What ``weir up`` adopts."""

    device: str | None
    lab: bool


class Up:
    """``run`` returns after ``stop`` (call it from a signal handler)."""

    def __init__(self, running: Running, plan: UpPlan) -> None:
        self._running = running
        self._plan = plan
        self._stopping = threading.Event()
        self._lab = Lab() if plan.lab else None

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        made_lab = self._make_lab()
        agent = self._start_agent()
        try:
            self._declare()
            while not self._stopping.wait(AGENT_RESTART_SECONDS):
                if agent.poll() is not None:
                    log.error("the agent ended with status %s, starting it again", agent.returncode)
                    agent = self._start_agent()
        finally:
            agent.terminate()
            try:
                agent.wait(AGENT_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                agent.kill()
                agent.wait()
            if made_lab and self._lab is not None:
                self._lab.down()

    def _make_lab(self) -> bool:
        if self._lab is None or self._lab.is_up():
            return False
        try:
            self._lab.up()
        except LabTrouble as trouble:
            raise Trouble(str(trouble)) from trouble
        return True

    def _start_agent(self) -> subprocess.Popen[bytes]:
        settings = self._running.server.settings
        key = self._running.server.started.agent_key
        if key is None:
            raise Trouble("every AccessKey for agents is disabled: make one with weir account create-key --agent")
        environment = os.environ | {
            "WEIR_ENDPOINT": self._running.endpoint,
            "WEIR_ACCESS_KEY_ID": key.access_key_id,
            "WEIR_ACCESS_KEY_SECRET": key.secret,
            "WEIR_REGION": settings.region,
            "WEIR_DATA": str(settings.data),
            "WEIR_NODE": settings.node,
            "WEIR_NETNS": self._lab.host_netns if self._lab else settings.netns,
            "WEIR_CAPTURE_SOURCE": settings.capture_source,
            "WEIR_ATTACH": settings.attach,
            "WEIR_SPOOL": str(settings.spool_directory),
            "WEIR_FLOWS_MAX": str(settings.flows_max),
            "WEIR_FLOW_SLOTS": str(settings.flow_slots),
            "WEIR_TRACE_PER_SECOND": str(settings.trace_per_second),
            "WEIR_DRAIN_SECONDS": str(settings.drain_seconds),
        }
        return subprocess.Popen([sys.executable, "-m", "weir", "agent"], env=environment, preexec_fn=_end_with_parent)

    def _declare(self) -> None:
        server = self._running.server
        place = Place(server.settings.region, server.settings.node)
        key = server.started.account_key
        if key is None or not (self._plan.device or self._lab):
            return
        client = Client(self._running.endpoint, Credentials(key.access_key_id, key.secret, place.region))
        try:
            self._await_agent(client)
            if self._lab is not None:
                made = declare_lab(client, place, self._lab.description())
                print(f"weir: lab VPC {made['vpc']}, ENIs {made['enis']}", flush=True)
            elif self._plan.device:
                ids = declare_device(client, place, self._plan.device)
                print(f"weir: {self._plan.device} is {ids['eni']}, flow log {ids['flow_log']}", flush=True)
        except (ServerRefused, ServerUnreachable) as error:
            raise Trouble(f"cannot declare what to capture: {error}") from error
        finally:
            client.close()

    def _await_agent(self, client: Client) -> None:
        """A flow log waits for live agents only; one created before the agent was heard would be Active too early."""
        deadline = time.monotonic() + AGENT_START_SECONDS
        node = self._running.server.settings.node
        while not self._stopping.is_set():
            agents = read(AgentList, client.call(DescribeAgents())).agents
            if any(agent.node_name == node and agent.status == "Live" for agent in agents):
                return
            if time.monotonic() > deadline:
                raise Trouble(f"the agent did not call within {AGENT_START_SECONDS:.0f} s; its messages are above")
            self._stopping.wait(AGENT_POLL_SECONDS)


def _end_with_parent() -> None:
    """The agent gets SIGTERM when ``weir up`` dies, and does not get the terminal's Ctrl-C a second time."""
    os.setpgrp()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
