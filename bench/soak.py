"""A long run under change: does memory stay flat, and is every byte accounted for?

    sudo .venv/bin/python bench/soak.py [--seconds 1200]

What enters: how long, and how many packets a second each sender sends. What leaves: a line per minute, and a verdict;
exit status 0 only if the agent's memory stayed flat and no window of the ledger has anything unexplained. Server and
agent run as processes of their own over a host namespace with bridged guests. All the while every packet is a new flow
out of 60,000, TCP connections come and go, the rule set is replaced every 10 s (some of the traffic is rejected, by
another rule each time), and every 10 s one guest with its ENI goes and a new one comes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from weir.cli.ledgers import row_of, summary, unexplained
from weir.cli.queries import rows_of
from weir.cli.worlds import Interface, Place, eni_of, vpc_of, vswitch_of
from weir.client import Client, ServerRefused
from weir.contract.ecs import DeleteNetworkInterface
from weir.contract.sign import Credentials
from weir.contract.vpc_flow_log_life import OpenFlowLogService
from weir.contract.vpc_flow_logs import CreateFlowLog, IpVersion
from weir.contract.weir import DescribeAgents, UnbindNetworkInterface
from weir.model import ledger
from weir.model.resources import ResourceType, Side, TrafficType

GROWTH_MAX = 0.05
"""How much the agent's memory may grow from the second quarter of the run to its last."""
CHANGE_SECONDS = 10.0
SAMPLE_SECONDS = 2.0
STEADY_GUESTS, CHANGING_GUESTS = 3, 3
START_SECONDS, SETTLE_SECONDS = 60.0, 150.0
PLACE = Place("cn-hangzhou", "soak")
PROJECT, LOGSTORE = "soak", "flows"
PORTS = (5000, 65000)

SENDER = """
import random, socket, sys, time
peers, rate = sys.argv[1].split(","), float(sys.argv[2])
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
begun, sent = time.monotonic(), 0
while True:
    for _ in range(max(1, int(rate / 50))):
        try:
            udp.sendto(b"x" * random.choice((40, 400, 1200)), (random.choice(peers), random.randrange(5000, 65000)))
        except OSError:
            pass
        sent += 1
    with socket.socket() as tcp:
        tcp.settimeout(0.2)
        try:
            tcp.connect((peers[0], 80))
            tcp.sendall(b"x" * 20000)
        except OSError:
            pass
    time.sleep(max(0.0, begun + sent / rate - time.monotonic()))
"""
SINK = """
import socket
listener = socket.create_server(("", 80), backlog=64)
while True:
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(1)
        try:
            while connection.recv(65536):
                pass
        except OSError:
            pass
"""


def run(*words: str, text: str | None = None) -> None:
    subprocess.run(words, input=text, text=True, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def namespace(name: str) -> Iterator[str]:
    run("ip", "netns", "add", name)
    try:
        yield name
    finally:
        run("ip", "netns", "del", name)


@contextmanager
def process(*words: str, netns: str | None = None, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    inside = ["ip", "netns", "exec", netns] if netns else []
    running = subprocess.Popen([*inside, *words], **more)
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def weir(*words: str) -> list[str]:
    return [sys.executable, "-m", "weir", *words]


@dataclass
class Host:
    """A bridge in a namespace of its own, and the guests on it."""

    name: str
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def prepare(self) -> None:
        run("ip", "-n", self.name, "link", "add", "br0", "type", "bridge")
        run("ip", "-n", self.name, "link", "set", "br0", "up")

    @contextmanager
    def guest(self) -> Iterator[Interface]:
        number = next(self.numbers)
        address = f"10.5.{number // 200}.{number % 200 + 10}"
        device = f"soak{number}"
        with namespace(f"{self.name}-{number}") as guest:
            run("ip", "-n", self.name, "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", guest)
            run("ip", "-n", self.name, "link", "set", device, "master", "br0", "up")
            run("ip", "-n", guest, "addr", "add", f"{address}/16", "dev", "eth0")
            run("ip", "-n", guest, "link", "set", "eth0", "up")
            yield Interface(device, device, Side.BEHIND, address)

    def netns_of(self, guest: Interface) -> str:
        return f"{self.name}-{guest.device.removeprefix('soak')}"

    def rules(self, turn: int) -> None:
        """Every turn another hook rejects a tenth of the ports, beside rules that match nothing."""
        low = PORTS[0] + 6000 * (turn % 10)
        hook = ("prerouting", "forward", "postrouting")[turn % 3]
        idle = "\n".join(f"udp dport {port} ip saddr 192.0.2.{port} accept" for port in range(1, 50))
        text = f"flush ruleset\ntable bridge soak {{\nchain c {{\ntype filter hook {hook} priority 0\n{idle}\n"
        run(
            "ip",
            "netns",
            "exec",
            self.name,
            "nft",
            "-f",
            "-",
            text=text + f"udp dport {low}-{low + 5999} drop\n}}\n}}\n",
        )


@dataclass
class Control:
    """The server, as a client of the account sees it."""

    client: Client
    vswitch_id: str = ""

    def declare(self) -> None:
        for path, body in (
            ("/", {"projectName": PROJECT, "description": ""}),
            ("/logstores", {"logstoreName": LOGSTORE}),
        ):
            self.client.sls("POST", path, PROJECT, body=json.dumps({"ttl": 1, "shardCount": 1, **body}).encode())
        vpc_id = vpc_of(self.client, PLACE, "soak", "10.5.0.0/16", "fd05::/56")
        self.vswitch_id = vswitch_of(self.client, PLACE, vpc_id, "soak", ("10.5.0.0/16", None))
        self.client.call(OpenFlowLogService(region_id=PLACE.region))
        self.client.call(
            CreateFlowLog(
                region_id=PLACE.region,
                resource_type=ResourceType.VPC,
                resource_id=vpc_id,
                traffic_type=TrafficType.ALL,
                project_name=PROJECT,
                log_store_name=LOGSTORE,
                aggregation_interval=1,
                ip_version=IpVersion.DUAL_STACK,
            )
        )

    def bind(self, guest: Interface) -> str:
        return eni_of(self.client, PLACE, self.vswitch_id, guest)

    def release(self, eni_id: str) -> None:
        self.client.call(UnbindNetworkInterface(network_interface_id=eni_id))
        self.client.call(DeleteNetworkInterface(region_id=PLACE.region, network_interface_id=eni_id))

    def ledger(self, from_s: int) -> list[Any]:
        asked = {"from": from_s, "to": int(time.time()) + 60, "query": "*"}
        return [row_of(said) for said in rows_of(self.client, (ledger.PROJECT, ledger.LOGSTORE), asked, 10**6).rows]


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def until(condition: Any, seconds: float, what: str) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"soak: not within {seconds:.0f} s: {what}")
        time.sleep(0.2)
    return value


def started(stack: ExitStack, data: Path, host: Host) -> tuple[Control, dict[str, int]]:
    """Server and agent as processes; their ids by name."""
    log = stack.enter_context((data / "log").open("wb"))
    output: dict[str, Any] = {"stdout": log, "stderr": subprocess.STDOUT}
    server = stack.enter_context(process(*weir("server", "--data", str(data), "--listen", "127.0.0.1:0"), **output))
    until(lambda: "agents' AccessKey" in (data / "log").read_text(), START_SECONDS, f"the server ({data / 'log'})")
    env = dict(line.removeprefix("export ").split("=", 1) for line in (data / "env").read_text().splitlines())
    key = next(line for line in (data / "log").read_text().splitlines() if "agents' AccessKey" in line).split()[-2:]
    agent_env = {**os.environ, "WEIR_ACCESS_KEY_ID": key[0], "WEIR_ACCESS_KEY_SECRET": key[1]}
    words = weir(
        "agent", "--server", env["WEIR_ENDPOINT"], "--data", str(data), "--netns", host.name, "--node", PLACE.node
    )
    agent = stack.enter_context(process(*words, env=agent_env, **output))
    credentials = Credentials(env["WEIR_ACCESS_KEY_ID"], env["WEIR_ACCESS_KEY_SECRET"], PLACE.region)
    control = Control(Client(env["WEIR_ENDPOINT"], credentials))
    stack.callback(control.client.close)
    until(lambda: control.client.call(DescribeAgents())["Agents"]["Agent"], START_SECONDS, "the agent")
    return control, {"server": server.pid, "agent": agent.pid}


@dataclass
class Changes:
    """Guests that come and go, and rule sets; ``turn`` makes one change of each kind."""

    host: Host
    control: Control
    guests: list[tuple[str, ExitStack]] = field(default_factory=list)
    turns: int = 0

    def turn(self) -> None:
        self.host.rules(self.turns)
        self.turns += 1
        if len(self.guests) >= CHANGING_GUESTS:
            eni_id, held = self.guests.pop(0)
            # Now the device goes first, now the binding: an operator may do either.
            if self.turns % 2:
                held.close()
            self.control.release(eni_id)
            held.close()
        held = ExitStack()
        self.guests.append((self.control.bind(held.enter_context(self.host.guest())), held))

    def close(self) -> None:
        for _, held in self.guests:
            held.close()


def soak(seconds: float, rate: float, data: Path) -> bool:
    """The whole run; whether it is to be believed."""
    with ExitStack() as stack:
        host = Host(stack.enter_context(namespace(f"wsoak{os.getpid()}")))
        host.prepare()
        control, pids = started(stack, data, host)
        control.declare()
        guests = [stack.enter_context(host.guest()) for _ in range(STEADY_GUESTS)]
        enis = [control.bind(guest) for guest in guests]
        changes = Changes(host, control)
        stack.callback(changes.close)
        begun = int(time.time())
        with ExitStack() as traffic:
            addresses = [guest.ipv4 for guest in guests]
            for place, guest in enumerate(guests):
                peers = ",".join(addresses[place + 1 :] + addresses[:place])
                for code, more in ((SINK, ()), (SENDER, (peers, str(rate)))):
                    words = (sys.executable, "-c", code, *more)
                    traffic.enter_context(process(*words, netns=host.netns_of(guest), stderr=subprocess.DEVNULL))
            samples = watch(seconds, pids, changes)
        ended = time.time()
        until(lambda: settled(control, enis, ended), SETTLE_SECONDS, "the last windows")
        return verdict(control.ledger(begun - 60), samples, changes.turns)


def watch(seconds: float, pids: dict[str, int], changes: Changes) -> dict[str, list[int]]:
    """Lets it run; the processes' memory in bytes, every ``SAMPLE_SECONDS``."""
    samples: dict[str, list[int]] = {name: [] for name in pids}
    begun = time.monotonic()
    next_change = next_line = begun
    while (now := time.monotonic()) < begun + seconds:
        if now >= next_change:
            changes.turn()
            next_change += CHANGE_SECONDS
        for name, pid in pids.items():
            samples[name].append(resident_bytes(pid))
        if now >= next_line:
            said = ", ".join(f"{name} {values[-1] >> 20} MiB" for name, values in samples.items())
            print(f"{now - begun:6.0f} s  {said}  {changes.turns} changes", flush=True)
            next_line += 60
        time.sleep(SAMPLE_SECONDS)
    return samples


def settled(control: Control, enis: list[str], ended: float) -> bool:
    """Whether the lasting ENIs have a row of a window that began after everything had ended."""
    try:
        rows = control.ledger(int(ended))
    except ServerRefused:
        return False
    return {row["eni-id"] for row in rows if row["start"] >= ended - 60} >= set(enis)


def verdict(rows: list[Any], samples: dict[str, list[int]], changes: int) -> bool:
    """Prints it."""
    print(f"ledger: {summary(rows)}")
    for row in rows:
        if found := unexplained(row):
            print(f"  {row['start']} {row['eni-id']} {row['device']} {row['status']}: {found}")
    totals = {
        name: sum(row[name] for row in rows) for name in ("recorded-packets", "refused-packets", "unsent-packets")
    }
    totals |= {name: sum(row[name] for row in rows) for name in ("in-flight-packets", "folded-packets", "lost-rows")}
    enis = len({row["eni-id"] for row in rows})
    print(f"{totals}; {enis} ENIs, {changes} changes")
    closes = bool(rows) and not any(unexplained(row) for row in rows)
    growth = {}
    for name, values in samples.items():
        quarter = max(1, len(values) // 4)
        early, late = (statistics.mean(part) for part in (values[quarter : 2 * quarter] or values, values[-quarter:]))
        growth[name] = late / early - 1
        print(f"{name}: second quarter {early / 2**20:.1f} MiB, last {late / 2**20:.1f} MiB ({growth[name]:+.1%})")
    flat = growth["agent"] <= GROWTH_MAX
    print(f"verdict: memory {'flat' if flat else 'GROWS'}, ledger {'closes' if closes else 'DOES NOT CLOSE'}")
    return flat and closes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1200.0)
    parser.add_argument("--rate", type=float, default=300.0, help="datagrams a second of each of the senders")
    parser.add_argument("--directory", type=Path, help="for data and logs; left as it is")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="weir-soak-") as made:
        sys.exit(0 if soak(given.seconds, given.rate, given.directory or Path(made)) else 1)


if __name__ == "__main__":
    main()
