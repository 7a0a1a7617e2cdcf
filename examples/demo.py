"""The main job, on real packets: `make demo` runs this.

A server and an agent, a VPC of network namespaces, a flow log created through the official Python SDK, TCP, UDP and
ICMP over IPv4 and IPv6, some of it forbidden. Ends with the records, the top talkers and a comparison with what the
senders, the sockets and the firewall counted. Exit status 0 only if every count is equal. DEMO_SECONDS=n stays up
for n seconds after that (0: not at all); without it the demo stays up until Ctrl-C. Leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alibabacloud_tea_openapi.models import Config
from alibabacloud_vpc20160428.client import Client as VpcClient
from alibabacloud_vpc20160428.models import CreateFlowLogRequest, DescribeFlowLogsRequest, OpenFlowLogServiceRequest
from aliyun.log import LogClient
from rich.console import Console
from rich.table import Table

from weir.cli.queries import TOP_TALKERS
from weir.lab.compare import compare, summary

WEIR = [sys.executable, "-m", "weir"]
REGION = "cn-hangzhou"
PROJECT, LOGSTORE = "demo-project", "flow-records"
RECORD_COLUMNS = (
    "eni-id", "direction", "protocol", "srcaddr", "srcport", "dstaddr", "dstport",
    "packets", "bytes", "action", "tcp-flags", "start", "end",
)  # fmt: skip
START_SECONDS, ACTIVE_SECONDS, WINDOW_SECONDS = 60, 30, 90

console = Console(width=200, highlight=False)
begun = time.monotonic()


def say(text: str) -> None:
    console.print(f"[{time.monotonic() - begun:6.1f} s] {text}", markup=False)


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Polls until ``condition`` is true; ends the demo when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"demo: {what} did not happen within {seconds} s")
        time.sleep(0.2)
    return value


@contextmanager
def weir_up(data: Path) -> Iterator[dict[str, str]]:
    """``weir up --lab`` with its log in a file; yields the lines of DIR/env."""
    log = (data / "up.log").open("w")
    command = [*WEIR, "up", "--data", str(data), "--listen", os.environ.get("DEMO_LISTEN", "127.0.0.1:0"), "--lab"]
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    declared = data / "up.log"

    def ready() -> bool:
        if process.poll() is not None:
            raise SystemExit("demo: weir up ended:\n" + declared.read_text())
        return "weir: lab VPC" in declared.read_text()

    try:
        until(ready, START_SECONDS, "the start of server, agent and lab")
        yield dict(line.removeprefix("export ").split("=", 1) for line in (data / "env").read_text().splitlines())
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()


def weir(*words: str) -> Any:
    """A ``weir`` command's JSON answer."""
    done = subprocess.run([*WEIR, *words], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"demo: weir {shlex.join(words)}: {done.stderr}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def create_flow_log(vpc: VpcClient, vpc_id: str) -> str:
    """Through the official SDK: open the service, create, poll until Active."""
    vpc.open_flow_log_service(OpenFlowLogServiceRequest(region_id=REGION))
    created = vpc.create_flow_log(
        CreateFlowLogRequest(
            region_id=REGION,
            resource_type="VPC",
            resource_id=vpc_id,
            traffic_type="All",
            ip_version="DualStack",
            project_name=PROJECT,
            log_store_name=LOGSTORE,
            aggregation_interval=1,
            flow_log_name="demo",
        )
    )
    flow_log_id = created.body.flow_log_id
    asked = DescribeFlowLogsRequest(region_id=REGION, flow_log_id=flow_log_id)

    def active() -> bool:
        (found,) = vpc.describe_flow_logs(asked).body.flow_logs.flow_log
        return bool(found.status == "Active")

    until(active, ACTIVE_SECONDS, "Active")
    return str(flow_log_id)


def all_rows(sls: LogClient, since: int, query: str = "*") -> list[dict[str, str]]:
    pages = sls.get_log_all(PROJECT, LOGSTORE, since, int(time.time()) + 120, query=query)
    return [dict(row.get_contents()) for page in pages for row in page.get_logs()]


def print_rows(title: str, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column in ("packets", "bytes") else "left")
    for row in rows:
        table.add_row(*(str(row.get(column, "")) for column in columns))
    console.print(table)
    console.print()


def show(sls: LogClient, since: int, enis: dict[str, str]) -> bool:
    """The three last things the demo prints; True if every count is equal."""
    records = [row for row in all_rows(sls, since) if row["log-status"] == "OK"]
    rejected = [row for row in records if row["action"] == "REJECT"]
    print_rows(
        f"{len(records)} records, {len(rejected)} of them REJECT; some of each:",
        RECORD_COLUMNS,
        [row for row in records if row["action"] == "ACCEPT"][:8] + rejected[:6],
    )
    talkers = all_rows(sls, since, TOP_TALKERS.format(rows=10))
    print_rows("Top talkers:", tuple(talkers[0]) if talkers else (), talkers)
    counts = compare(weir("lab", "truth"), records, {eni: guest for guest, eni in enis.items()})
    lines = [
        {
            "what": line.topic, "unit": line.unit, "counts": str(line.count), "truth": f"{line.expected:,}",
            "records": f"{line.recorded:,}", "": "equal" if line.equal else "DIFFERENT",
        }
        for line in summary(counts)
    ]  # fmt: skip
    print_rows("Records beside what senders, sockets and firewall counted:", tuple(lines[0]), lines)
    for count in counts:
        if not count.equal:
            say(f"DIFFERENT: {count.topic} {count.name}: {count.expected} {count.unit}, recorded {count.recorded}")
    return bool(counts) and all(count.equal for count in counts)


def stay(environment: dict[str, str], data: Path) -> None:
    """Keeps everything up for DEMO_SECONDS, or until Ctrl-C."""
    seconds = os.environ.get("DEMO_SECONDS", "")
    if seconds == "0":
        return
    console.print(f"endpoint  {environment['WEIR_ENDPOINT']}")
    console.print(f"key       {environment['WEIR_ACCESS_KEY_ID']} {environment['WEIR_ACCESS_KEY_SECRET']}")
    console.print(f"try       source {data}/env; weir query {PROJECT}/{LOGSTORE} 'action: REJECT'")
    console.print("stays up until Ctrl-C" if not seconds else f"stays up for {seconds} s")
    threading.Event().wait(float(seconds) if seconds else None)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="weir-demo-") as directory:
        data = Path(directory)
        with weir_up(data) as environment:
            os.environ.update(environment)
            endpoint = environment["WEIR_ENDPOINT"].removeprefix("http://")
            key, secret = environment["WEIR_ACCESS_KEY_ID"], environment["WEIR_ACCESS_KEY_SECRET"]
            os.environ |= {"http_proxy": environment["WEIR_ENDPOINT"], "no_proxy": "127.0.0.1"}
            say(f"server and agent are up at {endpoint}, the lab stands")
            enis = {
                each["NetworkInterfaceName"]: each["NetworkInterfaceId"]
                for each in weir("ecs", "DescribeNetworkInterfaces")["NetworkInterfaceSets"]["NetworkInterfaceSet"]
            }
            (vpc_found,) = weir("vpc", "DescribeVpcs")["Vpcs"]["Vpc"]
            sls = LogClient("http://sls.local", key, secret)
            sls.create_project(PROJECT, "the demo")
            sls.create_logstore(PROJECT, LOGSTORE, ttl=1)
            vpc = VpcClient(
                Config(
                    access_key_id=key, access_key_secret=secret, protocol="http", endpoint=endpoint, region_id=REGION
                )
            )
            since = int(time.time()) - 60
            flow_log_id = create_flow_log(vpc, vpc_found["VpcId"])
            say(f"flow log {flow_log_id} over {vpc_found['VpcId']} is Active")
            subprocess.run([*WEIR, "lab", "traffic"], check=True)
            sent_s = int(time.time())
            say("traffic sent; waiting for the window to close")

            def delivered() -> bool:
                """Every ENI has a row of the window in which the last packet was sent, or of a later one."""
                rows = all_rows(sls, since, f"__time__ >= {sent_s}")
                return {row["eni-id"] for row in rows} >= set(enis.values())

            until(delivered, WINDOW_SECONDS, "delivery of the window")
            say("first records\n")
            equal = show(sls, since, enis)
            say("every count is equal" if equal else "counts differ")
            try:
                stay(environment, data)
            except KeyboardInterrupt:
                console.print()
    return 0 if equal else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
