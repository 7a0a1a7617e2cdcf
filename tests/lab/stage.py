"""A stage for end-to-end tests: server and agent as processes of their own, a lab, official clients.

Everything has a name of its own (the test process's id), so stages do not meet; ``close`` leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from alibabacloud_tea_openapi.models import Config
from alibabacloud_vpc20160428.client import Client as VpcClient
from alibabacloud_vpc20160428.models import DescribeFlowLogsRequest
from aliyun.log import LogClient
from aliyunsdkcore.client import AcsClient

from tests.waiting import until
from weir.cli.worlds import Place
from weir.client import Client
from weir.contract.sign import Credentials
from weir.lab.topology import Lab

REGION = "cn-hangzhou"
NODE = "stage"
PROJECT = "stage-project"
START_SECONDS = 150
"""A process may take so long to answer: on a machine full of others, importing and loading alone take half a minute."""


@dataclass
class Stage:
    """``data`` holds everything the processes write, their logs included."""

    data: Path
    lab: Lab
    enis: dict[str, str] = field(default_factory=dict)
    server: subprocess.Popen[bytes] | None = None
    agent: subprocess.Popen[bytes] | None = None
    endpoint: str = "http://127.0.0.1:0"
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        return Place(REGION, NODE)

    def start_server(self) -> None:
        """Starts it (again on the same port) and waits until it answers."""
        log = self.data / "server.log"
        before = log.read_text().count("weir: listening on") if log.exists() else 0
        listen = self.endpoint.removeprefix("http://")
        command = ["server", "--data", str(self.data), "--listen", listen, "--region", REGION]
        self.server = self._spawn(command, "server.log", {})
        until(
            lambda: self._lives("server") and log.read_text().count("weir: listening on") > before,
            START_SECONDS,
            "server",
        )
        lines = (self.data / "env").read_text().splitlines()
        self.env = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        self.endpoint = self.env["WEIR_ENDPOINT"]

    def agent_key(self) -> tuple[str, str]:
        """Printed at the first start, this once."""
        words = next(
            line.split() for line in (self.data / "server.log").read_text().splitlines() if "agents' AccessKey" in line
        )
        return words[-2], words[-1]

    def start_agent(self) -> None:
        key, secret = self.agent_key()
        environment = {"WEIR_ACCESS_KEY_ID": key, "WEIR_ACCESS_KEY_SECRET": secret}
        command = ["agent", "--server", self.endpoint, "--region", REGION, "--node", NODE, "--data", str(self.data)]
        self.agent = self._spawn([*command, "--netns", self.lab.host_netns], "agent.log", environment)
        started = time.time()
        until(lambda: self._lives("agent") and self._heard_since(started), START_SECONDS, "the agent")

    def _heard_since(self, moment: float) -> bool:
        """Whether the agent has called: a flow log waits for agents that were heard, not for those to come."""
        agents = self.client().say("2026-11-01", "DescribeAgents", {})["Agents"]["Agent"]
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
        return any(agent["LastSeenTime"] >= at for agent in agents)

    def _spawn(self, words: list[str], log: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with (self.data / log).open("ab") as file:
            return subprocess.Popen(
                [sys.executable, "-m", "weir", *words],
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
            )

    def _lives(self, name: str) -> bool:
        process = getattr(self, name)
        assert process.poll() is None, f"{name} ended:\n" + (self.data / f"{name}.log").read_text()[-3000:]
        return True

    def kill(self, name: str) -> None:
        """``kill -9``, and waits until the process is gone."""
        process = getattr(self, name)
        process.kill()
        process.wait()

    def close(self) -> None:
        for process in (self.agent, self.server):
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self.lab.down()

    # Clients

    @property
    def key(self) -> tuple[str, str]:
        return self.env["WEIR_ACCESS_KEY_ID"], self.env["WEIR_ACCESS_KEY_SECRET"]

    def client(self) -> Client:
        return Client(self.endpoint, Credentials(*self.key, REGION))

    def acs3(self) -> VpcClient:
        """The official SDK that signs with ACS3."""
        host = self.endpoint.removeprefix("http://")
        return VpcClient(
            Config(access_key_id=self.key[0], access_key_secret=self.key[1], protocol="http", endpoint=host)
        )

    def v1(self) -> AcsClient:
        """The official SDK that signs with HMAC-SHA1."""
        return AcsClient(*self.key, REGION)

    def sls(self) -> LogClient:
        """The official SLS SDK; it comes through the proxy variable, which needs no name service."""
        os.environ["http_proxy"], os.environ["no_proxy"] = self.endpoint, "127.0.0.1"
        return LogClient("http://sls.local", *self.key)

    def status(self, flow_log_id: str) -> str:
        asked = DescribeFlowLogsRequest(region_id=REGION, flow_log_id=flow_log_id)
        found = self.acs3().describe_flow_logs(asked).body.flow_logs.flow_log
        return str(found[0].status) if found else "gone"

    def is_captured(self, guest: str) -> bool:
        """Whether the agent has said that the guest's ENI is attached, without error."""
        agents = self.client().say("2026-11-01", "DescribeAgents", {})["Agents"]["Agent"]
        attached = [each for agent in agents for each in agent["Attachments"]["Attachment"]]
        return any(a["NetworkInterfaceId"] == self.enis[guest] and not a.get("Error") for a in attached)

    def rows(self, logstore: str, since: int, query: str = "*") -> list[dict[str, str]]:
        """By get_log_all of the official SDK."""
        pages = self.sls().get_log_all(PROJECT, logstore, since, int(time.time()) + 900, query=query)
        return [{"__time__": str(row.get_time()), **row.get_contents()} for page in pages for row in page.get_logs()]

    def pulled(self, logstore: str, since: int) -> list[dict[str, str]]:
        """By pull_log of the official SDK, all shards."""
        client = self.sls()
        return [
            row
            for shard in client.list_shards(PROJECT, logstore).get_shards_info()
            for pulled in client.pull_log(PROJECT, logstore, shard["shardID"], since, int(time.time()) + 60)
            for row in pulled.get_flatten_logs_json()
        ]

    def covered(self, logstore: str, moment: float, guests: tuple[str, ...] = ("a", "b", "c")) -> bool:
        """Whether each guest's ENI has a row of a window that ended after ``moment``."""
        rows = self.rows(logstore, int(moment) - 60, f"__time__ >= {int(moment)}")
        return {row["eni-id"] for row in rows} >= {self.enis[guest] for guest in guests}

    def log_text(self) -> str:
        """Both processes' logs, for a failure's message."""
        return json.dumps({n: (self.data / n).read_text()[-4000:] for n in ("server.log", "agent.log")}, indent=1)
