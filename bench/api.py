"""How fast the API creates and describes flow logs, beside moto doing the same for EC2.

What enters: ``--flow-logs`` in the catalog beforehand, ``--clients`` that ask at once, ``--requests`` per case,
``--catalog`` (empty: SQLite in a new directory). What leaves: requests/s and latency of CreateFlowLog (one ENI each),
of DescribeFlowLogs by id, by resource and by page, and ``moto_server``'s of CreateFlowLogs and DescribeFlowLogs with
answers of the same size. Both run as processes of their own with default settings and are asked by the same client
over kept connections, with requests that were signed before the clock starts. Weir verifies every signature, remembers
every nonce and has a flow log on disk before it answers; moto does none of the three. An answer that is not the
expected one ends the run.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from serving import served
from sqlalchemy import insert

from weir import settings
from weir.client import Client
from weir.contract.sign import Credentials, sign_acs3
from weir.control.accounts import set_flow_log_quota
from weir.control.catalog import Catalog
from weir.control.schema import enis, flow_log_paths, flow_logs

REGION, VERSION = "cn-hangzhou", "2016-04-28"
AWS_REGION, AWS_ACCOUNT, AWS_VERSION = "us-east-1", "123456789012", "2016-11-15"
PAGE_SIZE = 50
PROJECT, LOGSTORE, BUCKET = "bench", "flows", "bench"


@dataclass(frozen=True)
class Case:
    """One measurement: what, the ready requests, and what every answer must hold."""

    name: str
    requests: list[bytes]
    expected: bytes


@dataclass(frozen=True)
class Result:
    """``latencies_ms`` ascending, one per request."""

    per_second: float
    latencies_ms: list[float]

    def quantile_ms(self, share: float) -> float:
        return self.latencies_ms[min(len(self.latencies_ms) - 1, int(share * len(self.latencies_ms)))]


class Line:
    """One client's connection, kept as long as the server keeps it."""

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> bytes:
        """The answer's bytes, head and body."""
        if self._socket is None:
            self._socket = socket.create_connection(self._address)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        answer, end = b"", -1
        while end < 0 or len(answer) < end:
            received = self._socket.recv(1 << 18)
            if not received:
                raise SystemExit(f"the connection was closed within an answer: {answer[:300]!r}")
            answer += received
            head = answer.find(b"\r\n\r\n")
            if end < 0 <= head:
                end = head + 4 + _length(answer[:head])
        if b"connection: close" in answer[:head].lower():
            self.close()
        return answer

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise SystemExit(f"an answer without a length: {head!r}")


def measure(case: Case, port: int, clients: int) -> Result:
    """Every request once, ``clients`` at a time."""
    latencies: list[list[float]] = [[] for _ in range(clients)]
    wrong: list[bytes] = []

    def work(number: int) -> None:
        line = Line(port)
        for request in case.requests[number::clients]:
            before = time.perf_counter()
            answer = line.ask(request)
            latencies[number].append((time.perf_counter() - before) * 1e3)
            if not answer.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")) or case.expected not in answer:
                wrong.append(answer)
                break
        line.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - start
    if wrong:
        raise SystemExit(f"{case.name}: {wrong[0][:600]!r}")
    return Result(len(case.requests) / taken, sorted(value for part in latencies for value in part))


@contextmanager
def _process(serve: Callable[..., None], *words: object) -> Iterator[Any]:
    """Runs ``serve(*words, pipe)`` in a process of its own; yields what it says once it is ready."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(*words, there))
    process.start()
    try:
        yield here.recv()
    finally:
        here.send("stop")
        process.join()


# Weir


def weir(catalog_url: str, options: argparse.Namespace) -> list[tuple[str, Result]]:
    """The cases on a server of ours."""
    with (
        tempfile.TemporaryDirectory(dir=options.directory) as directory,
        served(Path(directory), catalog=catalog_url, region=REGION) as server,
    ):
        endpoint, credentials = server.endpoint, server.key
        client = Client(endpoint, credentials)
        url = catalog_url or settings.load({}, {"data": directory}).catalog_url
        free = _fill_weir(client, url, server.account_id, options)
        request = partial(_signed, endpoint.removeprefix("http://"), credentials)
        known = [f"fl-bench{number:013d}" for number in range(options.flow_logs)]
        steps = [number * 7919 % options.flow_logs for number in range(options.requests)]
        pages = options.flow_logs // PAGE_SIZE
        target = {"ResourceType": "NetworkInterface", "TrafficType": "All"}
        target |= {"ProjectName": PROJECT, "LogStoreName": LOGSTORE}
        describe = partial(request, "DescribeFlowLogs")
        cases = [
            Case("create", [request("CreateFlowLog", {**target, "ResourceId": eni}) for eni in free], b'"FlowLogId"'),
            Case("describe by id", [describe({"FlowLogId": known[step]}) for step in steps], b'"FlowLogName"'),
            Case("by resource", [describe({"ResourceId": _eni(step)}) for step in steps], b'"FlowLogName"'),
            Case(
                f"page of {PAGE_SIZE}",
                [
                    describe({"PageSize": str(PAGE_SIZE), "PageNumber": str(step % pages + 1)})
                    for step in steps[: options.requests // 10]
                ],
                b'"FlowLogName"',
            ),
        ]
        client.close()
        return [(case.name, measure(case, _port(endpoint), options.clients)) for case in cases]


def _signed(host: str, credentials: Credentials, action: str, pairs: Mapping[str, str]) -> bytes:
    form = urlencode({"RegionId": REGION, **pairs}).encode()
    return _post(sign_acs3(host, (VERSION, action), form, credentials, time.time()), form)


def _post(headers: Mapping[str, str], form: bytes) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST / HTTP/1.1\r\n{lines}content-length: {len(form)}\r\n\r\n".encode() + form


def _fill_weir(client: Client, url: str, account_id: str, options: argparse.Namespace) -> list[str]:
    """Flow logs as they would stand had each been created, written at once; returns ENIs without one."""
    client.say(VERSION, "OpenFlowLogService", {"RegionId": REGION})
    client.sls("POST", "/", body=json.dumps({"projectName": PROJECT, "description": ""}).encode())
    wanted = {"logstoreName": LOGSTORE, "ttl": 1, "shardCount": 1}
    client.sls("POST", "/logstores", PROJECT, body=json.dumps(wanted).encode())
    vpc = client.say(VERSION, "CreateVpc", {"RegionId": REGION, "CidrBlock": "10.0.0.0/8"})["VpcId"]
    net = {"RegionId": REGION, "VpcId": vpc, "ZoneId": f"{REGION}-b", "CidrBlock": "10.0.0.0/16"}
    switch = client.say(VERSION, "CreateVSwitch", net)["VSwitchId"]
    made = client.say("2014-05-26", "CreateNetworkInterface", {"RegionId": REGION, "VSwitchId": switch})
    first = client.say(
        VERSION,
        "CreateFlowLog",
        {
            "RegionId": REGION,
            "ResourceType": "NetworkInterface",
            "ResourceId": made["NetworkInterfaceId"],
            "TrafficType": "All",
            "ProjectName": PROJECT,
            "LogStoreName": LOGSTORE,
        },
    )["FlowLogId"]
    numbers = range(options.flow_logs + options.requests)
    catalog = Catalog(url)
    with catalog.writing() as connection:
        set_flow_log_quota(connection, account_id, len(numbers) + 1)
        eni = connection.execute(enis.select()).one()._asdict()
        connection.execute(
            insert(enis),
            [eni | {"network_interface_id": _eni(number), "mac_address": f"bench-{number}"} for number in numbers],
        )
        log = connection.execute(flow_logs.select().where(flow_logs.c.flow_log_id == first)).one()._asdict()
        ids = [(f"fl-bench{number:013d}", _eni(number)) for number in numbers[: options.flow_logs]]
        connection.execute(insert(flow_logs), [log | {"flow_log_id": fl, "resource_id": eni} for fl, eni in ids])
        connection.execute(
            insert(flow_log_paths),
            [{"flow_log_id": fl, "resource_id": eni, "path": "all", "position": 0} for fl, eni in ids],
        )
    catalog.close()
    return [_eni(number) for number in numbers[options.flow_logs :]]


def _eni(number: int) -> str:
    return f"eni-bench{number:012d}"


def _port(endpoint: str) -> int:
    return int(endpoint.rpartition(":")[2])


# moto


def _serve_moto(flow_log_count: int, eni_count: int, pipe: Connection) -> None:
    """What ``moto_server`` runs, its EC2 filled beforehand."""
    from moto.ec2.models import ec2_backends
    from moto.ec2.models.flow_logs import FlowLogs
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer
    from moto.s3.models import s3_backends

    backend = ec2_backends[AWS_ACCOUNT][AWS_REGION]
    s3_backends[AWS_ACCOUNT]["aws"].create_bucket(BUCKET, AWS_REGION)
    vpc = backend.create_vpc("10.0.0.0/16")
    subnet = backend.create_subnet(vpc.id, "10.0.0.0/16", availability_zone=f"{AWS_REGION}a")
    free = [backend.create_network_interface(subnet, None).id for _ in range(eni_count)]
    backend.create_flow_logs("NetworkInterface", free[:1], "ALL", None, "s3", f"arn:aws:s3:::{BUCKET}", None, None, 60)
    one = next(iter(backend.flow_logs.values()))
    for number in range(flow_log_count):
        kept = FlowLogs(
            backend,
            f"fl-{number:017x}",
            _eni(number),
            one.traffic_type,
            one.log_destination,
            one.log_group_name,
            one.deliver_logs_permission_arn,
            one.max_aggregation_interval,
            one.log_destination_type,
            one.log_format,
            one.deliver_logs_status,
            one.deliver_logs_error_message,
        )
        backend.flow_logs[kept.id] = kept
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it writes a line per request otherwise
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    pipe.send((server.get_host_and_port()[1], free[1:]))
    pipe.recv()
    server.stop()


def moto(options: argparse.Namespace) -> list[tuple[str, Result]]:
    """The same on moto, as many answers of the same size."""
    count = options.moto_requests
    with _process(_serve_moto, options.flow_logs, count + 1) as (port, free):
        target = {"ResourceType": "NetworkInterface", "TrafficType": "ALL"}
        target |= {"LogDestinationType": "s3", "LogDestination": f"arn:aws:s3:::{BUCKET}"}
        target |= {"MaxAggregationInterval": "60"}
        describe = partial(_aws, port, "DescribeFlowLogs")
        steps = [number * 7919 % options.flow_logs for number in range(count)]
        fifty = [
            {f"FlowLogId.{n + 1}": f"fl-{(step + n) % options.flow_logs:017x}" for n in range(PAGE_SIZE)}
            for step in steps[: count // 10]
        ]
        by_resource = [{"Filter.1.Name": "resource-id", "Filter.1.Value.1": _eni(step)} for step in steps]
        cases = [
            Case("create", [_aws(port, "CreateFlowLogs", {**target, "ResourceId.1": eni}) for eni in free], b">fl-"),
            Case("describe by id", [describe({"FlowLogId.1": f"fl-{step:017x}"}) for step in steps], b">fl-"),
            Case("by resource", [describe(pairs) for pairs in by_resource], b">fl-"),
            Case(f"page of {PAGE_SIZE}", [describe(pairs) for pairs in fifty], b">fl-"),
        ]
        return [(case.name, measure(case, port, options.clients)) for case in cases]


def _aws(port: int, action: str, pairs: Mapping[str, str]) -> bytes:
    """moto reads service and region from the signature's scope and looks at nothing else of it."""
    form = urlencode({"Action": action, "Version": AWS_VERSION, **pairs}).encode()
    scope = f"Credential=AKIABENCH/20260101/{AWS_REGION}/ec2/aws4_request"
    headers = {
        "host": f"127.0.0.1:{port}",
        "content-type": "application/x-www-form-urlencoded",
        "authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
    }
    return _post(headers, form)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flow-logs", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--requests", type=int, default=3_000)
    parser.add_argument("--moto-requests", type=int, default=1_000, help="fewer, since it takes longer")
    parser.add_argument("--catalog", default="", help="URL of an empty database; default: SQLite")
    parser.add_argument("--directory", type=Path, default=None, help="where Weir's data goes, on the disk to measure")
    options = parser.parse_args()
    ours = weir(options.catalog, options)
    theirs = dict(moto(options))
    print(f"{options.flow_logs} flow logs in the catalog, {options.clients} clients at once")
    print(f"{'':<16}{'Weir/s':>9} {'p50 ms':>8} {'p99 ms':>8}{'moto/s':>9} {'p50 ms':>8} {'p99 ms':>8}  Weir is")
    for name, result in ours:
        line = f"{name:<16}"
        for one in (result, theirs[name]):
            line += f"{one.per_second:9,.0f} {one.quantile_ms(0.5):8.2f} {one.quantile_ms(0.99):8.2f}"
        print(f"{line}  {result.per_second / theirs[name].per_second:.2f} x")


if __name__ == "__main__":
    main()
