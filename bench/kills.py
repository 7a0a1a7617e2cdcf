"""``kill -9`` of a running server under write load from four clients, again and again: is what it acknowledged there?

What enters: ``--kills`` (how many), ``--seconds`` (a time after which no further one is made), ``--rows`` per batch.
What leaves: how many rows were acknowledged, lost, doubled and half written (all three must be 0; else the exit status
is 1), and how long the server took from its start to its first answer. Four clients send signed Arrow batches, each
under its batch id, a fifth splits and merges shards meanwhile; after a kill every client sends its last batch again, as
an agent does. Some kills hit the server while it starts. What is there is asked by SQL over a new server.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from weir.client import Client, ServerRefused, ServerUnreachable
from weir.contract.sign import Credentials
from weir.logstore.schema import PUT_SCHEMA

CLIENTS = 4
PROJECT, LOGSTORE = "bench", "flows"
LOAD_SECONDS = (0.05, 1.5)
START_KILL_SHARE = 0.1
"""Share of kills that hit the server before it answers."""
LISTEN_SECONDS = 60.0
SEED = 20261122


@dataclass
class Found:
    """What all rounds together saw. ``start_ms``: from the start of the process to the first answer."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    half_written: int = 0
    unacknowledged_kept: int = 0
    changes: int = 0
    start_ms: list[float] = field(default_factory=list)


class Server:
    """``weir server`` over ``data``; every start takes a free port."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._key: Credentials | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        (self._data / "server.log").unlink(missing_ok=True)
        command = [sys.executable, "-m", "weir", "server", "--data", str(self._data), "--listen", "127.0.0.1:0"]
        with (self._data / "server.log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)

    def start(self) -> Client:
        """A client of the started server, which answers."""
        self.spawn()
        deadline = time.monotonic() + LISTEN_SECONDS
        while (endpoint := self._endpoint()) is None:
            assert self.process is not None
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._data / "server.log").read_text()[-3000:])
            time.sleep(0.01)
        lines = (self._data / "env").read_text().splitlines()
        facts = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        if self._key is None:
            self._key = Credentials(facts["WEIR_ACCESS_KEY_ID"], facts["WEIR_ACCESS_KEY_SECRET"], facts["WEIR_REGION"])
        client = Client(endpoint, self._key)
        client.sls("GET", "/")
        return client

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def _endpoint(self) -> str | None:
        for line in (self._data / "server.log").read_text().splitlines():
            if line.startswith("weir: listening on "):
                return line.removeprefix("weir: listening on ").split(",")[0]
        return None


@dataclass
class Writer:
    """One client of one round: batches from 0 on until the server is gone."""

    name: str
    rows: int
    acknowledged: int = 0

    def payload(self, number: int) -> bytes:
        """Row i of batch b: packets b, bytes i, and i again as an extra key, so a row that is not whole shows."""
        columns: dict[str, object] = {
            "__time__": [int(time.time())] * self.rows,
            "__source__": ["bench"] * self.rows,
            "__topic__": ["flow_log"] * self.rows,
            "eni-id": [self.name] * self.rows,
            "packets": [number] * self.rows,
            "bytes": list(range(self.rows)),
            "__extra__": [[("twin", str(row))] for row in range(self.rows)],
        }
        schema = pa.schema([each for each in PUT_SCHEMA if each.name in columns])
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema) as writer:
            writer.write_table(pa.table([columns[name] for name in schema.names], schema=schema))
        return bytes(sink.getvalue())

    def send(self, client: Client, number: int) -> None:
        client.put_arrow(PROJECT, LOGSTORE, self.payload(number), f"{self.name}/{number}")

    def run(self, client: Client) -> None:
        with contextlib.suppress(ServerUnreachable):
            for number in itertools.count():
                self.send(client, number)
                self.acknowledged = number + 1


def load(client: Client, writers: list[Writer], found: Found, dice: random.Random) -> Iterator[threading.Thread]:
    """Starts the clients, and one that changes shards until the server is gone."""

    def change() -> None:
        with contextlib.suppress(ServerUnreachable):
            while True:
                shards = json.loads(client.sls("GET", f"/logstores/{LOGSTORE}/shards", PROJECT))
                writable = [one["shardID"] for one in shards if one["status"] == "readwrite"]
                action = "merge" if len(writable) > 4 else "split"
                path = f"/logstores/{LOGSTORE}/shards/{dice.choice(writable)}"
                with contextlib.suppress(ServerRefused):  # the last shard has no neighbour to be merged with
                    client.sls("POST", path, PROJECT, query={"action": action})
                    found.changes += 1
                time.sleep(dice.uniform(0.1, 1.0))

    for target in (*(writer.run for writer in writers), None):
        thread = threading.Thread(target=target, args=(client,)) if target else threading.Thread(target=change)
        thread.start()
        yield thread


def check(client: Client, writers: list[Writer], found: Found) -> None:
    """Sends again what had no answer, and the last that had one; then counts what is there."""
    before = stored(client, writers)
    for writer in writers:
        for number in range(max(0, writer.acknowledged - 1), writer.acknowledged + 1):
            writer.send(client, number)
    after = stored(client, writers)
    for writer in writers:
        whole = (writer.rows, writer.rows, sum(range(writer.rows)), sum(range(writer.rows)))
        found.acknowledged += writer.rows * writer.acknowledged
        found.unacknowledged_kept += (writer.name, writer.acknowledged) in before
        for number in range(writer.acknowledged + 1):
            for seen, is_due in ((before, number < writer.acknowledged), (after, True)):
                batch = seen.get((writer.name, number))
                if batch is None:
                    found.lost += writer.rows if is_due else 0
                elif batch[0] > batch[1]:
                    found.doubled += batch[0] - batch[1]
                elif batch != whole:
                    found.half_written += 1


def stored(client: Client, writers: list[Writer]) -> dict[tuple[str, int], tuple[int, ...]]:
    """(writer, batch) -> rows, different rows, sum of their numbers, sum of their twins."""
    names = ", ".join(f"'{writer.name}'" for writer in writers)
    sums = "count(1) AS n, count(DISTINCT bytes) AS d, sum(bytes) AS s, sum(twin) AS t"
    query = f'* | SELECT "eni-id" AS w, packets AS b, {sums} FROM log WHERE "eni-id" IN ({names})'
    now = int(time.time())
    wanted = {"from": now - 86_400, "to": now + 60, "query": f"{query} GROUP BY w, b LIMIT 1000000"}
    rows = client.get_logs(PROJECT, LOGSTORE, wanted).rows
    return {(row["w"], int(row["b"])): tuple(int(row[name]) for name in "ndst") for row in rows}


def prepare(client: Client) -> None:
    """Project, logstore of two shards, and an index of the four fields that ``stored`` asks for."""
    client.sls("POST", "/", body=json.dumps({"projectName": PROJECT, "description": ""}).encode())
    wanted = {"logstoreName": LOGSTORE, "ttl": 1, "shardCount": 2}
    client.sls("POST", "/logstores", PROJECT, body=json.dumps(wanted).encode())
    kinds = {"eni-id": "text", "packets": "long", "bytes": "long", "twin": "long"}
    keys = {name: {"type": kind, "doc_value": True} for name, kind in kinds.items()}
    client.sls("POST", f"/logstores/{LOGSTORE}/index", PROJECT, body=json.dumps({"keys": keys}).encode())


@contextmanager
def killed_at_start(server: Server, dice: random.Random) -> Iterator[None]:
    server.spawn()
    time.sleep(dice.uniform(0.1, 2.5))
    yield
    server.kill()


def run(options: argparse.Namespace, data: Path) -> Found:
    found, dice, server = Found(), random.Random(SEED), Server(data)
    started = time.monotonic()
    client = server.start()
    prepare(client)
    while found.kills < options.kills and time.monotonic() - started < options.seconds:
        writers = [Writer(f"r{found.kills}-c{number}", options.rows) for number in range(CLIENTS)]
        threads = list(load(client, writers, found, dice))
        time.sleep(dice.uniform(*LOAD_SECONDS))
        server.kill()
        found.kills += 1
        for thread in threads:
            thread.join()
        client.close()
        if dice.random() < START_KILL_SHARE:
            with killed_at_start(server, dice):
                found.kills += 1
        before = time.monotonic()
        client = server.start()
        found.start_ms.append((time.monotonic() - before) * 1000)
        check(client, writers, found)
        if found.kills % 20 < 2:
            print(f"{found.kills} kills, {time.monotonic() - started:.0f} s: {found.acknowledged:,} rows", flush=True)
    client.close()
    server.kill()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--directory", type=Path, default=None, help="on the disk to be tested")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as data:
        found = run(options, Path(data))
    starts = sorted(found.start_ms)
    print(
        f"{found.kills} kills, {found.changes} changes of shards, {found.acknowledged:,} rows acknowledged:"
        f" {found.lost} lost, {found.doubled} doubled, {found.half_written} half written;"
        f" {found.unacknowledged_kept} batches were on disk before their answer"
    )
    print(f"start to first answer: {starts[len(starts) // 2]:.0f} ms in the middle, {starts[-1]:.0f} ms at most")
    sys.exit(1 if found.lost or found.doubled or found.half_written else 0)


if __name__ == "__main__":
    main()
