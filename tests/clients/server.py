"""A real ``weir server`` process for client tests, and the small world that a flow log needs.

``Server.vpc()`` makes a VPC for every client, so clients do not meet; the project and the logstore are shared.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import until
from weir.client import Client
from weir.contract.sign import Credentials

REGION = "cn-hangzhou"
PROJECT, LOG_STORE = "client-matrix", "flow_log"
VPC = "2016-04-28"


@dataclass(frozen=True, slots=True)
class Server:
    """``address``: HOST:PORT; ``key``: id and secret of the account."""

    address: str
    key: tuple[str, str]

    def client(self) -> Client:
        """Our own client, for what surrounds the story."""
        return Client(f"http://{self.address}", Credentials(*self.key, REGION))

    @contextmanager
    def vpc(self) -> Iterator[str]:
        """A VPC; its flow logs are gone and it is deleted at the end."""
        client = self.client()
        made = client.say(VPC, "CreateVpc", {"RegionId": REGION, "CidrBlock": "10.0.0.0/16"})["VpcId"]
        try:
            yield made
        finally:
            for flow_log in self.flow_logs(made):
                client.say(VPC, "DeleteFlowLog", {"RegionId": REGION, "FlowLogId": flow_log})
            until(lambda: not self.flow_logs(made), 20, "the flow logs of the VPC are gone")
            client.say(VPC, "DeleteVpc", {"RegionId": REGION, "VpcId": made})

    def flow_logs(self, vpc_id: str) -> list[str]:
        """Ids of the flow logs of the VPC."""
        found = self.client().say(VPC, "DescribeFlowLogs", {"RegionId": REGION, "ResourceId": vpc_id})
        return [one["FlowLogId"] for one in found["FlowLogs"]["FlowLog"]]

    def environment(self, vpc_id: str) -> Mapping[str, str]:
        """What the stories in other languages are told."""
        return {
            **os.environ,
            "WEIR_ADDRESS": self.address,
            "WEIR_ACCESS_KEY_ID": self.key[0],
            "WEIR_ACCESS_KEY_SECRET": self.key[1],
            "WEIR_REGION": REGION,
            "WEIR_VPC_ID": vpc_id,
            "WEIR_PROJECT": PROJECT,
            "WEIR_LOG_STORE": LOG_STORE,
            "NO_PROXY": "127.0.0.1",
        }


@contextmanager
def running(data: Path) -> Iterator[Server]:
    """A server over ``data`` on a free port of loopback, flow logs opened, project and logstore made."""
    log = data / "server.log"
    command = [sys.executable, "-m", "weir", "server", "--data", str(data), "--listen", "127.0.0.1:0"]
    with log.open("wb") as file:
        process = subprocess.Popen([*command, "--region", REGION], stdout=file, stderr=subprocess.STDOUT)
    try:
        until(lambda: process.poll() is not None or "weir: listening on" in log.read_text(), 60, "the server listens")
        assert process.poll() is None, log.read_text()[-3000:]
        lines = (data / "env").read_text().splitlines()
        facts = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        key = facts["WEIR_ACCESS_KEY_ID"], facts["WEIR_ACCESS_KEY_SECRET"]
        server = Server(facts["WEIR_ENDPOINT"].removeprefix("http://"), key)
        client = server.client()
        client.say(VPC, "OpenFlowLogService", {"RegionId": REGION})
        client.sls("POST", "/", body=json.dumps({"projectName": PROJECT, "description": ""}).encode())
        store = {"logstoreName": LOG_STORE, "ttl": 7, "shardCount": 1}
        client.sls("POST", "/logstores", PROJECT, body=json.dumps(store).encode())
        yield server
    finally:
        process.terminate()
        process.wait(30)
