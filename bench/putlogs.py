"""PutLogs as a whole, HTTP and signature included: how many rows a second are on disk, and how long an answer takes.

What enters: ``--seconds`` per case, ``--connections``. What leaves, each by clients in processes of their own that send
requests signed beforehand: rows/s and latency at full speed for the Arrow form (1 k and 10 k rows) and for protobuf
LogGroups of 4,096 rows, beside what the server's process spent of a core; latency at half of the goal's rate (requests
sent at fixed times, whatever the answers do); latency of a reader's query without and under full ingest; how long after
its answer a row is found.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlsplit

import lz4.block
import pyarrow as pa
from ingest import flows
from serving import served

from weir.client import Client
from weir.contract import loggroup, sls_sign
from weir.contract.loggroup import Log, LogGroup
from weir.contract.sign import Credentials
from weir.logstore import rows as log_rows

PROJECT, LOGSTORE = "bench", "flows"
BODIES = 8
"""Different bodies that the clients send in turn."""
SIGNED = 200
"""Requests that a connection has ready; when they are used up it signs anew, outside the measured time of a request."""
READ_SECONDS = 4.0


@dataclass(frozen=True)
class Form:
    """One form of PutLogs and its goal in rows/s. ``rows`` per request; ``compression`` of the body."""

    name: str
    rows: int
    goal: int
    compression: str

    def body(self, seed: int) -> bytes:
        table = flows(self.rows, seed)
        if self.name == "protobuf":
            logs = [
                Log(seconds, part, [(key.encode(), value.encode()) for key, value in pairs])
                for seconds, part, pairs in log_rows.to_pairs(table)
            ]
            return loggroup.encode(LogGroup(logs, b"flow_log", b"log_service"))
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression=self.compression)
        with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
            writer.write_table(table)
        return bytes(sink.getvalue())

    def packed(self, body: bytes) -> tuple[bytes, dict[str, str]]:
        """The body on the wire with its headers."""
        if self.name != "protobuf":
            return body, {"content-type": "application/vnd.apache.arrow.stream", "x-log-bodyrawsize": str(len(body))}
        headers = {"content-type": "application/x-protobuf", "x-log-bodyrawsize": str(len(body))}
        return lz4.block.compress(body, store_size=False), headers | {"x-log-compresstype": "lz4"}


FORMS = (
    Form("arrow", 1_000, 250_000, "lz4"),
    Form("arrow", 10_000, 500_000, "lz4"),
    Form("arrow", 1_000, 250_000, "zstd"),
    Form("arrow", 10_000, 500_000, "zstd"),
    Form("protobuf", 4_096, 60_000, "lz4"),
)


@dataclass(frozen=True)
class Server:
    """Where the server is, the account's key, and its process, whose processor time is read from /proc."""

    endpoint: str
    key: Credentials
    process_id: int

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process_id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """What one client process does: ``connections`` at once; ``pace_seconds`` between two requests of a connection
    (0: as fast as answers come)."""

    form: Form
    connections: int
    seconds: float
    pace_seconds: float = 0.0


class Sender:
    """One connection. Requests are signed beforehand, each with a batch id of its own."""

    def __init__(self, server: Server, form: Form, name: str) -> None:
        self._netloc = urlsplit(server.endpoint).netloc
        host, port = self._netloc.split(":")
        self._server, self._form, self._name, self._signed = server, form, name, 0
        self._bodies = [form.packed(form.body(seed)) for seed in range(BODIES)]
        self._ready: list[tuple[bytes, bytes]] = []
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sign()

    def sign(self) -> None:
        signer = sls_sign.Signer(self._server.key.access_key_id, self._server.key.access_key_secret)
        for _ in range(SIGNED):
            body, headers = self._bodies[self._signed % BODIES]
            self._signed += 1
            headers = headers | {"host": f"{PROJECT}.{self._netloc}", "x-log-batch-id": f"{self._name}/{self._signed}"}
            path = f"/logstores/{LOGSTORE}/shards/lb"
            bare = sls_sign.Request("POST", path, (), headers, body)
            signed = sls_sign.sign_v1(bare, signer, time.time())
            lines = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
            head = f"POST {path} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n"
            self._ready.append((head.encode(), body))

    def send(self) -> None:
        head, body = self._ready.pop()
        self._socket.sendmsg([head, body]) if len(body) < 1 << 16 else self._socket.sendall(head + body)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._socket.recv(1 << 16)
        assert answer.startswith(b"HTTP/1.1 200"), answer

    def run(self, load: Load, latencies: list[float]) -> None:
        start = time.perf_counter()
        due = start
        while (now := time.perf_counter()) - start < load.seconds:
            if not self._ready:
                self.sign()
            if load.pace_seconds:
                due += load.pace_seconds
                time.sleep(max(0.0, due - now))
            before = due if load.pace_seconds else time.perf_counter()
            self.send()
            latencies.append((time.perf_counter() - before) * 1e3)


def _client(server: Server, load: Load, name: str, pipe: Connection) -> None:
    senders = [Sender(server, load.form, f"{name}-{number}") for number in range(load.connections)]
    latencies: list[list[float]] = [[] for _ in senders]
    pipe.send("ready")
    pipe.recv()
    threads = [
        threading.Thread(target=sender.run, args=(load, mine)) for sender, mine in zip(senders, latencies, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send([value for mine in latencies for value in mine])


@contextmanager
def loaded(server: Server, load: Load, name: str) -> Iterator[Connection]:
    """A client process that is ready; it begins with the first message and answers with its latencies."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_client, args=(server, load, name, there))
    process.start()
    assert here.recv() == "ready"
    yield here
    process.join()


def measure(server: Server, load: Load, name: str) -> None:
    with loaded(server, load, name) as client:
        cpu, start = server.cpu_seconds(), time.perf_counter()
        client.send("go")
        latencies = sorted(client.recv())
        taken, cpu = time.perf_counter() - start, server.cpu_seconds() - cpu
    per_second = len(latencies) * load.form.rows / taken
    label = f"{load.form.name} {load.form.compression} {load.form.rows}" + (" at half" if load.pace_seconds else "")
    print(
        f"{label:<26} {per_second:10,.0f} rows/s ({per_second / load.form.goal:.2f} of the goal)"
        f"  p50 {quantile(latencies, 0.5):7.2f} ms  p99 {quantile(latencies, 0.99):7.2f} ms"
        f"  {cpu / taken:.2f} cores, {cpu / len(latencies) * 1e3:.2f} ms a request",
        flush=True,
    )


def quantile(ascending: Sequence[float], share: float) -> float:
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))]


def reading(server: Server, seconds: float) -> list[float]:
    """Latencies of one reader that asks for the last minute's rejected records again and again, ascending."""
    client = Client(server.endpoint, server.key)
    latencies, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds:
        before, now = time.perf_counter(), int(time.time())
        query = "action: REJECT | SELECT srcaddr, count(1) AS n GROUP BY srcaddr ORDER BY n DESC LIMIT 10"
        client.get_logs(PROJECT, LOGSTORE, {"from": now - 7200, "to": now + 60, "query": query})
        latencies.append((time.perf_counter() - before) * 1e3)
    client.close()
    return sorted(latencies)


def readers(server: Server, form: Form, connections: int) -> None:
    idle = reading(server, READ_SECONDS)
    with loaded(server, Load(form, connections, READ_SECONDS + 1), "readers") as client:
        client.send("go")
        busy = reading(server, READ_SECONDS)
        client.recv()
    ratio = quantile(busy, 0.99) / quantile(idle, 0.99)
    print(f"a reader's p99: {quantile(idle, 0.99):.0f} ms idle, {quantile(busy, 0.99):.0f} under ingest, {ratio:.1f} x")


def visible(server: Server) -> None:
    """From the answer to a PutLogs to the first query that finds its row."""
    client, waits = Client(server.endpoint, server.key), []
    for number in range(20):
        table = flows(1, 1).set_column(5, "version", pa.array([f"v{number}"]))
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        client.put_arrow(PROJECT, LOGSTORE, bytes(sink.getvalue()), f"visible/{number}")
        answered, now = time.perf_counter(), int(time.time())
        query = {"from": now - 86_400, "to": now + 60, "query": f"version: v{number}"}
        while not client.get_logs(PROJECT, LOGSTORE, query).rows:
            pass
        waits.append((time.perf_counter() - answered) * 1e3)
    client.close()
    print(f"a row is found {max(waits):.0f} ms after its answer at most, the query included")


@contextmanager
def prepared(directory: Path) -> Iterator[Server]:
    """A server with the logstore that the rows go to."""
    with served(directory) as started, closing(Client(started.endpoint, started.key)) as client:
        client.sls("POST", "/", body=json.dumps({"projectName": PROJECT, "description": ""}).encode())
        client.sls("POST", "/logstores", PROJECT, body=json.dumps({"logstoreName": LOGSTORE, "ttl": 1}).encode())
        keys = {name: {"type": "text", "doc_value": True} for name in ("action", "srcaddr", "version")}
        client.sls("POST", f"/logstores/{LOGSTORE}/index", PROJECT, body=json.dumps({"keys": keys}).encode())
        yield Server(started.endpoint, started.key, started.process_id)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--forms", type=int, nargs="*", default=range(len(FORMS)), help="which of them, by number")
    parser.add_argument("--directory", type=Path, default=None, help="on the disk to be measured")
    parser.add_argument("--speed-only", action="store_true")
    options = parser.parse_args()
    for number in options.forms:
        form = FORMS[number]
        # A disk of its own for every case, so that none pays for the sealing of the one before.
        with tempfile.TemporaryDirectory(dir=options.directory) as directory, prepared(Path(directory)) as server:
            measure(server, Load(form, options.connections, options.seconds), "full")
            if options.speed_only:
                continue
            pace = options.connections * form.rows / (form.goal / 2)
            measure(server, Load(form, options.connections, options.seconds, pace), "half")
            if number == options.forms[-1]:
                visible(server)
                readers(server, FORMS[0], options.connections)


if __name__ == "__main__":
    main()
