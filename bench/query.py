"""How fast six questions over a day of flow records are answered, beside other engines over the same rows.

What enters: ``--rows`` (synthetic, see ``rows``), ``--peers`` (see ``query_peers``; installed by ``scripts/peers``),
``--directory`` on the disk to be used. What leaves: milliseconds, best of ``--times``, of each query through HTTP and
signature on a running server, of each peer in its own process without either, and their ratios; bytes per record on
disk, the server's memory while it took the rows, how long a row takes to be seen, and whether all answers agree.
Machines differ and are noisy: the ratios count.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import rows as generator
from query_peers import HOUR_SECONDS, NAMES, Day, digest
from serving import served

from weir.client import Client
from weir.query.index import Index

PROJECT, LOGSTORE = "bench", "flows"
PUT_ROWS = 20_000
VENV = Path(__file__).parent.parent / ".venv-peers" / "bin" / "python"
PEERS = {"duckdb": sys.executable, "chdb": str(VENV), "nfdump": sys.executable, "flowlogs-reader": str(VENV)}


@dataclass
class Weir:
    """A running server with the rows in it. ``anonymous_mb``: its private memory, the highest seen."""

    client: Client
    process_id: int
    anonymous_mb: list[float] = field(default_factory=list)

    def watch(self, done: threading.Event) -> None:
        while not done.wait(0.1):
            text = Path(f"/proc/{self.process_id}/status").read_text()
            kilobytes = next(line for line in text.splitlines() if line.startswith("RssAnon")).split()[1]
            self.anonymous_mb.append(int(kilobytes) / 1024)

    def metric(self, name: str) -> float:
        text = httpx.get(self.client.endpoint + "/metrics").text
        return float(next(line for line in text.splitlines() if line.startswith(name)).split()[-1])

    def ask(self, text: str, from_s: int, to_s: int, **more: Any) -> list[dict[str, Any]]:
        return self.client.get_logs(PROJECT, LOGSTORE, {"from": from_s, "to": to_s, "query": text, **more}).rows


def fill(weir: Weir, day: Day, parquet: Path) -> float:
    """Puts the rows and writes them as Parquet for the peers; returns the rows/s of the server alone."""
    client = weir.client
    client.sls("POST", "/", body=json.dumps({"projectName": PROJECT, "description": ""}).encode())
    wanted = {"logstoreName": LOGSTORE, "ttl": 7, "shardCount": 2}
    client.sls("POST", "/logstores", PROJECT, body=json.dumps(wanted).encode())
    index = json.dumps(Index.for_flow_logs().to_document()).encode()
    client.sls("POST", f"/logstores/{LOGSTORE}/index", PROJECT, body=index)
    taken, pieces = 0.0, []
    for number, table in enumerate(generator.tables(day.rows, day.end_s)):
        for start in range(0, table.num_rows, PUT_ROWS):
            body = stream(table.slice(start, PUT_ROWS))
            before = time.perf_counter()
            client.put_arrow(PROJECT, LOGSTORE, body, f"{number}/{start}")
            taken += time.perf_counter() - before
        pieces.append(table.drop_columns(["__tags__", "__extra__", "__time_ns__"]))
        if len(pieces) == 10 or (number + 1) * table.num_rows == day.rows:
            pq.write_table(pa.concat_tables(pieces), parquet / f"{number:06d}.parquet", compression="lz4")
            pieces = []
    return day.rows / taken


def stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def settle(weir: Weir, seconds: float) -> None:
    """Returns when nothing was sealed or compacted for so long."""
    seen, since = (-1.0, -1.0), time.monotonic()
    while time.monotonic() - since < seconds:
        now = (weir.metric("weir_store_seals"), weir.metric("weir_store_compactions"))
        if now != seen:
            seen, since = now, time.monotonic()
        time.sleep(0.5)


def questions(weir: Weir, day: Day) -> dict[str, Callable[[], list[list[Any]]]]:
    """The six, each giving its rows as lists."""
    from_s, to_s, hour_s = day.end_s - generator.DAY_SECONDS, day.end_s, day.end_s - HOUR_SECONDS

    def sql(text: str, since_s: int = from_s) -> Callable[[], list[list[Any]]]:
        return lambda: [list(row.values()) for row in weir.ask(f"* | {text}", since_s, to_s)]

    peer = "CASE WHEN direction = 'in' THEN srcaddr ELSE dstaddr END"
    source, target = (generator.address(number) for number in generator.NEEDLE)
    return {
        "top talkers": sql(
            "SELECT srcaddr, sum(bytes) AS b GROUP BY srcaddr ORDER BY b DESC, srcaddr LIMIT 10",
        ),
        "rejected, last hour": sql(
            "SELECT dstport, count(*) AS c, sum(packets) AS p WHERE action = 'REJECT'"
            " GROUP BY dstport ORDER BY c DESC, dstport LIMIT 20",
            hour_s,
        ),
        "timeline": sql(
            "SELECT __time__ - __time__ % 60 AS m, action, sum(bytes) AS b GROUP BY m, action"
            " ORDER BY m, action LIMIT 10000",
        ),
        "needle": sql(
            'SELECT count(*) AS c, sum(bytes) AS b, min(start) AS s, max("end") AS e'
            f" WHERE srcaddr = '{source}' AND dstaddr = '{target}'",
        ),
        "peers per ENI": sql(
            f'SELECT "eni-id", count(DISTINCT {peer}) AS p GROUP BY "eni-id" ORDER BY p DESC, "eni-id" LIMIT 1000',
        ),
        "last 100": lambda: [[row["__time__"]] for row in weir.ask("*", from_s, to_s, reverse=True, line=100)],
    }


def measured(ask: Callable[[], list[list[Any]]], times: int) -> tuple[float, str]:
    """(best milliseconds, digest of the answer)"""
    taken = []
    for _ in range(times):
        before = time.perf_counter()
        found = ask()
        taken.append((time.perf_counter() - before) * 1e3)
    return min(taken), digest(found)


def seen_after_ms(weir: Weir) -> float:
    """From the acknowledgement of a row until a query sees it."""
    table = next(generator.tables(generator.TABLE_ROWS, int(time.time()))).slice(0, 1)
    now = int(time.time())
    table = table.set_column(0, table.schema.field(0), pa.array([now]))
    table = table.set_column(table.schema.names.index("eni-id"), table.schema.field("eni-id"), pa.array(["eni-new"]))
    weir.client.put_arrow(PROJECT, LOGSTORE, stream(table), f"new/{now}")
    before = time.perf_counter()
    while not weir.ask("eni-id: eni-new", now - 60, now + 60):
        pass
    return (time.perf_counter() - before) * 1e3


def peer(name: str, day: Day, parquet: Path, work: Path) -> dict[str, Any]:
    """What a peer says in a process of its own: milliseconds and digest by question, bytes per record."""
    script = Path(__file__).parent / "query_peers.py"
    names = [generator.address(number) for number in generator.NEEDLE]
    given = [name, parquet, work, day.rows, day.end_s, day.times, *names]
    done = subprocess.run([PEERS[name], script, *map(str, given)], capture_output=True, text=True, check=False)
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1:]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def report(found: dict[str, dict[str, Any]]) -> None:
    names = list(found)
    print(f"{'ms':<20}" + "".join(f"{name:>16}" for name in names))
    for question in NAMES:
        cells = [found[name].get("ms", {}).get(question) for name in names]
        print(f"{question:<20}" + "".join(f"{'-' if cell is None else format(cell, '.1f'):>16}" for cell in cells))
    sums = [sum(found[name].get("ms", {}).values()) for name in names]
    print(f"{'sum':<20}" + "".join(f"{total:>16.1f}" for total in sums))
    sizes = [found[name].get("bytes", 0.0) for name in names]
    print(f"{'bytes/record':<20}" + "".join(f"{size:>16.1f}" for size in sizes))
    mine = found["weir"]
    for name in names[1:]:
        theirs = found[name]
        if "error" in theirs:
            print(f"{name}: {theirs['error']}")
            continue
        if "held" in theirs:
            print(f"{name} took {theirs['held']:,} rows")
        both = [question for question in NAMES if question in theirs["ms"]]
        ratio = sum(mine["ms"][q] for q in both) / max(1e-9, sum(theirs["ms"][q] for q in both))
        slower = [f"{q} {mine['ms'][q] / theirs['ms'][q]:.2f} x" for q in both if mine["ms"][q] > theirs["ms"][q]]
        other = [q for q in both if theirs["digest"].get(q) not in (None, mine["digest"][q])]
        print(f"weir / {name}: {ratio:.2f} x over {len(both)}; slower in: {slower or 'none'}; answers differ: {other}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000, help=f"a multiple of {generator.TABLE_ROWS}")
    parser.add_argument("--settled", type=float, default=8.0, help="seconds without a seal or a compaction")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--peers", nargs="*", choices=sorted(PEERS), default=list(PEERS))
    parser.add_argument("--directory", type=Path, default=None)
    options = parser.parse_args()
    day = Day(options.rows, int(time.time()) // 60 * 60, options.times)
    with tempfile.TemporaryDirectory(dir=options.directory) as name:
        parquet, work = Path(name) / "rows", Path(name) / "peers"
        parquet.mkdir()
        with served(Path(name) / "weir") as server, closing(Client(server.endpoint, server.key)) as client:
            weir = Weir(client, server.process_id)
            done = threading.Event()
            threading.Thread(target=weir.watch, args=(done,), daemon=True).start()
            rate = fill(weir, day, parquet)
            highest = max(weir.anonymous_mb)
            settle(weir, options.settled)
            done.set()
            lake = list((Path(name) / "weir" / "logs").glob("*/lake/*/*.parquet"))
            sealed = weir.metric("weir_store_sealed_rows")
            answers = {question: measured(ask, day.times) for question, ask in questions(weir, day).items()}
            after_ms = seen_after_ms(weir)
        mine = {
            "ms": {question: ms for question, (ms, _) in answers.items()},
            "digest": {question: text for question, (_, text) in answers.items()},
            "bytes": compacted_bytes(lake),
        }
        found: dict[str, dict[str, Any]] = {"weir": mine}
        for one in options.peers:
            work.mkdir(exist_ok=True)
            found[one] = peer(one, day, parquet, work)
        print(f"{day.rows:,} rows, {sealed:,.0f} of them sealed; PutLogs {rate:,.0f} rows/s")
        print(f"a row is seen {after_ms:.0f} ms after its acknowledgement, the query's own time included")
        print(f"memory of the server: {highest:.0f} MB while it took the rows, {max(weir.anonymous_mb):.0f} MB in all")
        report(found)


def compacted_bytes(lake: list[Path]) -> float:
    """Bytes per record of the compacted files, of all where there are none."""
    footers = [(path.stat().st_size, pq.read_metadata(path)) for path in lake if path.exists()]
    merged = [(size, one) for size, one in footers if b"weir.sources" in (one.metadata or {})] or footers
    return float(sum(size for size, _ in merged) / max(1, sum(one.num_rows for _, one in merged)))


if __name__ == "__main__":
    main()
