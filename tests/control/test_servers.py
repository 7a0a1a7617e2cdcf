"""Servers as processes of their own: one on SQLite, and two on one PostgreSQL catalog that behave as one.

Each test speaks to them as a client does. The two have data directories of their own and share the catalog's URL and
the key file, as the manual says.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pyarrow as pa
import pytest

from tests.control.conftest import new_database
from tests.waiting import until
from weir.client import Client, ServerRefused
from weir.contract.sign import Credentials, sign_acs3

REGION, VPC, WEIR = "cn-hangzhou", "2016-04-28", "2026-11-01"
CREATORS = 100
QUOTA = 10
"""An account's flow logs in a region, unless set otherwise."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Every server's client with the account's key, and with the agents'."""

    clients: tuple[Client, ...]
    agents: tuple[Client, ...]
    credentials: Credentials

    def say(self, number: int, action: str, **pairs: str) -> dict[str, object]:
        """Calls an action of the VPC product on one of the servers."""
        return self.clients[number].say(VPC, action, {"RegionId": REGION, **pairs})

    def make_world(self, switches: int) -> list[str]:
        """The service opened, a logstore, a VPC; returns as many VSwitches."""
        first = self.clients[0]
        self.say(0, "OpenFlowLogService")
        first.sls("POST", "/", body=json.dumps({"projectName": "shared", "description": ""}).encode())
        wanted = {"logstoreName": "flows", "ttl": 1, "shardCount": 1}
        first.sls("POST", "/logstores", "shared", body=json.dumps(wanted).encode())
        vpc = str(self.say(0, "CreateVpc", CidrBlock="10.0.0.0/8")["VpcId"])
        zone = f"{REGION}-b"
        return [
            str(self.say(0, "CreateVSwitch", VpcId=vpc, ZoneId=zone, CidrBlock=f"10.{number}.0.0/16")["VSwitchId"])
            for number in range(switches)
        ]

    def create(self, number: int, switch: str) -> str:
        """A flow log of the VSwitch; its id."""
        said = {"ResourceType": "VSwitch", "ResourceId": switch, "TrafficType": "All"}
        return str(self.say(number, "CreateFlowLog", **said, ProjectName="shared", LogStoreName="flows")["FlowLogId"])

    def status(self, number: int, flow_log_id: str) -> str | None:
        """As that server shows it; None when it is not listed."""
        listed = self.clients[number].say(VPC, "DescribeFlowLogs", {"RegionId": REGION, "FlowLogId": flow_log_id})
        return next((str(one["Status"]) for one in listed["FlowLogs"]["FlowLog"]), None)

    def race(self, switches: list[str]) -> Counter[str]:
        """As many creators at once as there are VSwitches, spread over the servers: how each was answered."""

        def attempt(number: int) -> str:
            try:
                self.create(number % len(self.clients), switches[number])
            except ServerRefused as refused:
                return refused.code
            return "created"

        with ThreadPoolExecutor(len(switches)) as creators:
            return Counter(creators.map(attempt, range(len(switches))))


@contextmanager
def process(data: Path, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """A ``weir server`` on a free port of loopback; yields what clients need to know, by variable name."""
    data.mkdir()
    log = data / "server.log"
    words = [sys.executable, "-m", "weir", "server", "--data", str(data), "--listen", "127.0.0.1:0", "--region", REGION]
    with log.open("wb") as file:
        server = subprocess.Popen(words, stdout=file, stderr=subprocess.STDOUT, env={**os.environ, **environment})
    try:
        until(lambda: server.poll() is not None or "weir: listening on" in log.read_text(), 60, "the server listens")
        assert server.poll() is None, log.read_text()[-3000:]
        lines = (data / "env").read_text().splitlines()
        facts = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        agent = next((line.split() for line in log.read_text().splitlines() if "agents' AccessKey" in line), None)
        yield facts | ({"agent_key": agent[-2], "agent_secret": agent[-1]} if agent else {})
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def started(directory: Path, urls: list[str]) -> Iterator[Servers]:
    """One server per URL, one after the other: the first makes the account and the key file."""
    with ExitStack() as stack:
        facts = []
        for number, url in enumerate(urls):
            shared = {"WEIR_CATALOG": url, "WEIR_KEY_FILE": str(directory / "secret.key")}
            facts.append(stack.enter_context(process(directory / f"server-{number}", shared)))
        account = Credentials(facts[0]["WEIR_ACCESS_KEY_ID"], facts[0]["WEIR_ACCESS_KEY_SECRET"], REGION)
        agent = Credentials(facts[0]["agent_key"], facts[0]["agent_secret"], REGION)

        def clients(credentials: Credentials) -> tuple[Client, ...]:
            return tuple(stack.enter_context(closing(Client(each["WEIR_ENDPOINT"], credentials))) for each in facts)

        yield Servers(clients(account), clients(agent), account)


@pytest.fixture
def pair(tmp_path: Path, postgresql_url: str) -> Iterator[Servers]:
    """Two servers on one PostgreSQL catalog."""
    url = new_database(postgresql_url)
    with started(tmp_path, [url, url]) as servers:
        yield servers


@pytest.fixture(params=["one on SQLite", "two on PostgreSQL"])
def servers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Servers]:
    if request.param == "two on PostgreSQL":
        yield request.getfixturevalue("pair")
    else:
        with started(tmp_path, [""]) as one:
            yield one


def test_of_a_hundred_creators_on_one_resource_one_succeeds(servers: Servers) -> None:
    (switch,) = servers.make_world(1)
    assert servers.race([switch] * CREATORS) == {"created": 1, "InvalidResourceId.NotFound": CREATORS - 1}


def test_of_a_hundred_creators_for_the_last_place_one_succeeds(servers: Servers) -> None:
    switches = servers.make_world(QUOTA - 1 + CREATORS)
    for switch in switches[: QUOTA - 1]:
        servers.create(0, switch)
    assert servers.race(switches[QUOTA - 1 :]) == {"created": 1, "QuotaExceeded.FlowlogCount": CREATORS - 1}


def test_what_one_server_creates_the_other_describes_changes_and_deletes(pair: Servers) -> None:
    (switch,) = pair.make_world(1)
    made = pair.create(0, switch)
    assert pair.status(1, made) == "Active"
    pair.say(1, "ModifyFlowLogAttribute", FlowLogId=made, FlowLogName="renamed")
    (shown,) = pair.clients[0].say(VPC, "DescribeFlowLogs", {"RegionId": REGION})["FlowLogs"]["FlowLog"]
    assert shown["FlowLogName"] == "renamed"
    pair.say(0, "DeactiveFlowLog", FlowLogId=made)
    assert pair.status(1, made) == "Inactive"
    pair.say(1, "DeleteFlowLog", FlowLogId=made)
    assert pair.status(0, made) is None


def test_a_request_replayed_on_the_other_server_is_refused(pair: Servers) -> None:
    form = urlencode({"RegionId": REGION}).encode()
    # One address before both, as a balancer has it: the signature covers the host that the client named.
    headers = sign_acs3("flow-logs.test", (VPC, "DescribeFlowLogs"), form, pair.credentials, time.time())
    answers = [httpx.post(client.endpoint, content=form, headers=headers, trust_env=False) for client in pair.clients]
    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].json()["Code"] == "SignatureNonceUsed"


def test_an_agent_may_speak_to_either_server(pair: Servers) -> None:
    """Its report to one server settles the flow log that the other shows; the lifecycle goes on by any call."""
    (switch,) = pair.make_world(1)
    wanted = {"RegionId": REGION, "VSwitchId": switch}
    eni = pair.clients[0].say("2014-05-26", "CreateNetworkInterface", wanted)["NetworkInterfaceId"]
    bound = {"NetworkInterfaceId": eni, "NodeName": "n", "Device": "d", "Side": "behind"}
    pair.clients[1].say(WEIR, "BindNetworkInterface", bound)

    node = {"RegionId": REGION, "NodeName": "n"}
    pair.agents[0].say(WEIR, "SyncAgent", node)
    made = pair.create(1, switch)
    assert pair.status(0, made) == "Activating"
    told = pair.agents[0].say(WEIR, "SyncAgent", node)
    (target,) = told["Targets"]["Target"]
    attached = {"Attached.1.NetworkInterfaceId": eni, "Attached.1.Generation": target["Generation"]}
    pair.agents[1].say(WEIR, "SyncAgent", {**node, "Revision": told["Revision"], **attached})
    assert {pair.status(0, made), pair.status(1, made)} == {"Active"}


def test_records_are_on_the_server_that_acknowledged_them(pair: Servers) -> None:
    """The logstore was made on one server; the other takes records for it all the same, and keeps them."""
    pair.make_world(1)
    sink = pa.BufferOutputStream()
    row = {"__time__": int(time.time()), "__source__": "n", "__topic__": "", "action": "ACCEPT"}
    rows = pa.Table.from_pylist([row])
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    pair.agents[1].put_arrow("shared", "flows", sink.getvalue().to_pybytes(), "batch")
    pulled = [each.pull("shared", "flows", 0, each.cursor("shared", "flows", 0, "begin")) for each in pair.clients]
    assert [len(one.groups) for one in pulled] == [0, 1]
