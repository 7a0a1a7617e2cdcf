"""How fast rows are acknowledged, each put on disk before its answer.

What enters: ``--batch`` rows per put (several), ``--threads`` of writers, ``--seconds`` per case, ``--directory``
on the disk to be measured. What leaves: rows/s and latency of ``Store.put`` with sealing in the background, beside
two floors in the same run on the same disk: the same log bytes written and synced by nothing else, and the same
rows inserted into a SQLite table (WAL mode, synchronous=FULL, one transaction per batch). ``--http`` adds the way
of an agent: PutLogs with an Arrow body, signed, to a server in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from serving import served
from sqlalchemy import create_engine

from weir.client import Client
from weir.logstore import wal
from weir.logstore.manifest import METADATA, Manifest
from weir.logstore.schema import PUT_SCHEMA
from weir.logstore.store import Store

BATCHES = 24
"""Different batches that the writers take in turn."""
ENIS, PEERS = 200, 20_000
START_S = int(time.time()) - BATCHES * 60
PROJECT, LOGSTORE = "bench", "flows"


@dataclass(frozen=True)
class Case:
    """One measurement: rows of a put, threads that put, seconds that they do."""

    rows: int
    threads: int
    seconds: float


@dataclass(frozen=True)
class Result:
    """``latencies_ms`` ascending, one per put."""

    rows_per_second: float
    latencies_ms: list[float]

    def quantile_ms(self, share: float) -> float:
        return self.latencies_ms[min(len(self.latencies_ms) - 1, int(share * len(self.latencies_ms)))]


def flows(rows: int, seed: int) -> pa.Table:
    """Flow records as a busy host sends them: few ENIs, peers and ports by a power law."""
    dice = np.random.default_rng(seed)
    eni = dice.integers(0, ENIS, rows)
    inbound = dice.random(rows) < 0.5
    local = [f"10.{number % 4}.0.{number % 250}" for number in eni]
    numbers = np.minimum(dice.zipf(1.2, rows), PEERS).astype(np.int64)
    peers = [f"203.{number % 200}.{number // 200}.{number % 7}" for number in numbers]
    packets = np.maximum(1, dice.lognormal(2.2, 1.6, rows).astype(np.int64))
    start = START_S + seed * 60 + dice.integers(0, 60, rows)
    columns = {
        "__time__": np.full(rows, START_S + seed * 60),
        "__source__": ["log_service"] * rows,
        "__topic__": ["flow_log"] * rows,
        "version": ["1"] * rows,
        "account-id": ["1234567890123456"] * rows,
        "eni-id": [f"eni-{number:017d}" for number in eni],
        "vm-id": [f"i-{number:017d}" for number in eni],
        "vswitch-id": [f"vsw-{number % 4:017d}" for number in eni],
        "vpc-id": [f"vpc-{number % 2:017d}" for number in eni],
        "type": ["IPv4"] * rows,
        "protocol": dice.choice([6, 17, 1], rows, p=[0.86, 0.13, 0.01]),
        "srcaddr": [p if i else a for i, a, p in zip(inbound, local, peers, strict=True)],
        "srcport": dice.integers(32_768, 61_000, rows),
        "dstaddr": [a if i else p for i, a, p in zip(inbound, local, peers, strict=True)],
        "dstport": dice.choice([443, 80, 53, 22, 3306], rows),
        "direction": ["in" if i else "out" for i in inbound],
        "action": ["REJECT" if r else "ACCEPT" for r in dice.random(rows) < 0.05],
        "packets": packets,
        "bytes": packets * dice.integers(52, 1400, rows),
        "start": start,
        "end": np.minimum(start + dice.integers(0, 59, rows), START_S + seed * 60 + 60),
        "tcp-flags": dice.choice([18, 19, 2, 24], rows),
        "traffic_path": np.zeros(rows, np.int64),
        "log-status": ["OK"] * rows,
    }
    arrays = [
        pa.array(columns[field.name], field.type) if field.name in columns else pa.nulls(rows, field.type)
        for field in PUT_SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=PUT_SCHEMA)


def measure(case: Case, put: Callable[[int, int], None]) -> Result:
    """``put(thread, number)`` again and again from every thread until the time is over."""
    latencies: list[list[float]] = [[] for _ in range(case.threads)]
    start = time.perf_counter()

    def work(thread: int) -> None:
        number = 0
        while time.perf_counter() - start < case.seconds:
            before = time.perf_counter()
            put(thread, number)
            latencies[thread].append((time.perf_counter() - before) * 1e3)
            number += 1

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(case.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - start
    return Result(sum(map(len, latencies)) * case.rows / taken, sorted(value for part in latencies for value in part))


def store(case: Case, tables: list[pa.Table], directory: Path) -> Result:
    """``Store.put`` with batch ids, one logstore of two shards, sealing in the background."""
    engine = create_engine(f"sqlite:///{directory / 'manifest.db'}")
    METADATA.create_all(engine)
    opened = Store(directory / "store", Manifest(engine), time.time)
    opened.create(1, 2)
    opened.start()
    try:
        return measure(case, lambda t, n: _put(opened, tables[n % BATCHES], f"{t}/{n}"))
    finally:
        opened.stop()
        engine.dispose()


def raw(case: Case, tables: list[pa.Table], directory: Path) -> Result:
    """The bytes that the log writes for the same rows, appended and synced, one file per thread."""
    payloads = [wal.pack(table)[1] for table in tables]
    files = [os.open(directory / f"raw{thread}", os.O_WRONLY | os.O_CREAT) for thread in range(case.threads)]

    def put(thread: int, number: int) -> None:
        os.write(files[thread], payloads[number % BATCHES])
        os.fdatasync(files[thread])

    try:
        return measure(case, put)
    finally:
        for file in files:
            os.close(file)


def sqlite(case: Case, tables: list[pa.Table], directory: Path) -> Result:
    """The same rows, ready as tuples, inserted by one connection (SQLite takes one writer at a time)."""
    names = [field.name for field in PUT_SCHEMA if not pa.types.is_map(field.type)]
    batches = [list(zip(*(table[name].to_pylist() for name in names), strict=True)) for table in tables]
    connection = sqlite3.connect(directory / "peer.db", check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    quoted = ", ".join(f'"{name}"' for name in names)
    connection.execute(f"CREATE TABLE flows ({quoted})")
    insert = f"INSERT INTO flows VALUES ({', '.join('?' * len(names))})"
    turn = threading.Lock()

    def put(_: int, number: int) -> None:
        with turn:
            connection.execute("BEGIN")
            connection.executemany(insert, batches[number % BATCHES])
            connection.execute("COMMIT")

    try:
        return measure(case, put)
    finally:
        connection.close()


def http(case: Case, tables: list[pa.Table], directory: Path) -> Result:
    """PutLogs in the Arrow form, signed, through a server of its own process; one logstore of two shards."""
    payloads = [_stream(table) for table in tables]
    with served(directory) as server, closing(Client(server.endpoint, server.key)) as client:
        client.sls("POST", "/", body=json.dumps({"projectName": PROJECT, "description": ""}).encode())
        wanted = {"logstoreName": LOGSTORE, "ttl": 1, "shardCount": 2}
        client.sls("POST", "/logstores", PROJECT, body=json.dumps(wanted).encode())
        return measure(case, lambda t, n: client.put_arrow(PROJECT, LOGSTORE, payloads[n % BATCHES], f"{t}/{n}"))


def _stream(table: pa.Table) -> bytes:
    """As the agent's spool writes it."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _put(opened: Store, table: pa.Table, batch_id: str) -> None:
    assert not opened.put(1, table, batch_id=batch_id).duplicate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--directory", type=Path, default=None)
    parser.add_argument("--http", action="store_true", help="also PutLogs through a running server")
    options = parser.parse_args()
    measured = [("store", store), ("raw write+fsync", raw), ("SQLite WAL FULL", sqlite)]
    if options.http:
        measured.insert(1, ("PutLogs, HTTP", http))
    print(f"{'rows/put':>8} {'writers':>7} {'what':<16} {'rows/s':>10} {'p50 ms':>7} {'p99 ms':>7}  store is")
    for rows in options.batch:
        tables = [flows(rows, seed) for seed in range(BATCHES)]
        for threads in options.threads:
            case = Case(rows, threads, options.seconds)
            results = {}
            for name, what in measured:
                with tempfile.TemporaryDirectory(dir=options.directory) as directory:
                    results[name] = what(case, tables, Path(directory))
            for name, result in results.items():
                ratio = results["store"].rows_per_second / result.rows_per_second
                times = f"{result.quantile_ms(0.5):7.2f} {result.quantile_ms(0.99):7.2f}"
                print(
                    f"{rows:8} {threads:7} {name:<16} {result.rows_per_second:10,.0f} {times}  {ratio:.2f} x",
                    flush=True,
                )


if __name__ == "__main__":
    main()
