"""The peers of ``query``: each loads the same rows from Parquet in a process of its own and answers what it can.

What enters: name, directory of the rows, a directory to work in, rows, the second at which the day ends, repetitions,
the needle's two addresses. What leaves: one line of JSON with milliseconds and digest by question and bytes per record.
nfdump gets the rows as NetFlow version 9 over loopback, action as type of service, every address as an IPv6 one; its
questions are command lines, and what it cannot say (timeline by action, distinct peers) is left out. flowlogs-reader
reads AWS flow log files row by row; it is timed on half a million and scaled. Runs under any Python with the peer.
"""

from __future__ import annotations

import gzip
import hashlib
import ipaddress
import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

NAMES = ("top talkers", "rejected, last hour", "timeline", "needle", "peers per ENI", "last 100")
HOUR_SECONDS = 3600
DAY_SECONDS = 86_400
READER_ROWS = 500_000
NETFLOW_RATE = 1_000_000
"""Rows/s sent to nfcapd: loopback drops nothing at that rate."""
PORT = 19_995


@dataclass(frozen=True)
class Day:
    """``end_s``: Unix second; ``times``: repetitions, the best of which counts."""

    rows: int
    end_s: int
    times: int


def digest(rows: list[list[Any]]) -> str:
    """The same for the same values, whatever their types."""
    return hashlib.sha1(repr([[str(value) for value in row] for row in rows]).encode()).hexdigest()[:10]


def statements(day: Day, needle: list[str], quote: str) -> dict[str, str]:
    eni, end = f"{quote}eni-id{quote}", f"{quote}end{quote}"
    peer = "CASE WHEN direction = 'in' THEN srcaddr ELSE dstaddr END"
    hour_s = day.end_s - HOUR_SECONDS
    return {
        "top talkers": "SELECT srcaddr, sum(bytes) AS b FROM flow GROUP BY srcaddr ORDER BY b DESC, srcaddr LIMIT 10",
        "rejected, last hour": "SELECT dstport, count(*) AS c, sum(packets) AS p FROM flow WHERE action = 'REJECT'"
        f" AND __time__ >= {hour_s} GROUP BY dstport ORDER BY c DESC, dstport LIMIT 20",
        "timeline": "SELECT __time__ - __time__ % 60 AS m, action, sum(bytes) AS b FROM flow GROUP BY m, action"
        " ORDER BY m, action",
        "needle": f"SELECT count(*), sum(bytes), min(start), max({end}) FROM flow"
        f" WHERE srcaddr = '{needle[0]}' AND dstaddr = '{needle[1]}'",
        "peers per ENI": f"SELECT {eni}, count(DISTINCT {peer}) AS p FROM flow GROUP BY {eni} ORDER BY p DESC, {eni}",
        "last 100": "SELECT * FROM flow ORDER BY __time__ DESC LIMIT 100",
    }


def timed(ask: Callable[[], list[list[Any]]], times: int) -> tuple[float, list[list[Any]]]:
    best, found = float("inf"), []
    for _ in range(times):
        before = time.perf_counter()
        found = ask()
        best = min(best, (time.perf_counter() - before) * 1e3)
    return best, found


def answered(asks: Mapping[str, Callable[[], list[list[Any]]]], times: int, with_digest: bool) -> dict[str, Any]:
    results = {name: timed(ask, times) for name, ask in asks.items()}
    digests = {name: digest(rows) for name, (_, rows) in results.items() if with_digest and name != "last 100"}
    return {"ms": {name: ms for name, (ms, _) in results.items()}, "digest": digests}


def duck(day: Day, rows: Path, work: Path, needle: list[str]) -> dict[str, Any]:
    """DuckDB's own table, in process."""
    import duckdb

    path = work / "duck.db"
    connection = duckdb.connect(str(path), config={"threads": 2})
    connection.execute(f"CREATE TABLE flow AS SELECT * FROM read_parquet('{rows}/*.parquet')")
    connection.execute("CHECKPOINT")
    texts = statements(day, needle, '"')

    def ask(text: str) -> list[list[Any]]:
        return [list(row) for row in connection.execute(text).fetchall()]

    asks = {name: partial(ask, text) for name, text in texts.items()}
    return answered(asks, day.times, True) | {"bytes": path.stat().st_size / day.rows}


def chdb(day: Day, rows: Path, work: Path, needle: list[str]) -> dict[str, Any]:
    """ClickHouse's engine in process: MergeTree by start, ENI and source, low-cardinality columns declared."""
    import pyarrow.parquet as pq
    from chdb import session  # type: ignore[import-not-found]

    opened = session.Session(str(work / "chdb"))
    opened.query("CREATE DATABASE d")
    low = {"version", "account-id", "eni-id", "vm-id", "vswitch-id", "vpc-id", "type", "direction", "action"}
    low |= {"log-status", "__source__", "__topic__"}
    columns = []
    for field in pq.read_schema(next(iter(sorted(rows.glob("*.parquet"))))):
        is_text = str(field.type) == "string"
        kind = "LowCardinality(String)" if field.name in low else "String" if is_text else "Int64"
        codec = "Delta, ZSTD(1)" if field.name in ("start", "end", "__time__") else "ZSTD(1)"
        columns.append(f"`{field.name}` {kind} CODEC({codec})")
    order = "ENGINE = MergeTree ORDER BY (__time__, `eni-id`, srcaddr)"
    opened.query(f"CREATE TABLE d.flow ({', '.join(columns)}) {order}")
    opened.query(f"INSERT INTO d.flow SELECT * FROM file('{rows}/*.parquet')")

    def ask(text: str) -> list[list[Any]]:
        answer = opened.query(text.replace("FROM flow", "FROM d.flow"), "JSONCompact")
        return list(json.loads(str(answer))["data"])

    asks = {name: partial(ask, text) for name, text in statements(day, needle, "`").items()}
    size = ask("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'flow'")[0][0]
    return answered(asks, day.times, True) | {"bytes": float(size) / day.rows}


def nfdump(day: Day, rows: Path, work: Path, needle: list[str]) -> dict[str, Any]:
    """nfcapd's files, one an hour of arrival; each question is one command."""
    files = work / "nfcapd"
    files.mkdir()
    command = ["nfcapd", "-w", str(files), "-p", str(PORT), "-b", "127.0.0.1", "-B", "67108864", "-y", "-t", "3600"]
    collector = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        send_netflow(day, rows)
        time.sleep(2)
    finally:
        collector.terminate()
        collector.wait()
    hour = time.strftime("%Y/%m/%d.%H:%M:%S", time.localtime(day.end_s - HOUR_SECONDS))
    end = time.strftime("%Y/%m/%d.%H:%M:%S", time.localtime(day.end_s))
    mapped = [text if ":" in text else f"::{text}" for text in needle]
    options = {
        "top talkers": ["-s", "srcip/bytes", "-n", "10"],
        "rejected, last hour": ["-t", f"{hour}-{end}", "-s", "dstport/flows", "-n", "20", "tos 1"],
        "needle": ["-q", "-o", "line", f"src ip {mapped[0]} and dst ip {mapped[1]}"],
        "last 100": ["-O", "tstart", "-n", "100", "-o", "line"],
    }

    def ask(more: list[str]) -> list[list[Any]]:
        done = subprocess.run(["nfdump", "-R", str(files), *more], capture_output=True, text=True, check=True)
        return [[line] for line in done.stdout.splitlines()]

    held = [int(line[0].split(":")[1]) for line in ask(["-I"]) if line[0].startswith("Flows:")]
    size = sum(path.stat().st_size for path in files.rglob("*") if path.is_file())
    found = answered({name: partial(ask, more) for name, more in options.items()}, day.times, False)
    return found | {"bytes": size / day.rows, "held": sum(held)}


def send_netflow(day: Day, rows: Path) -> None:
    """Version 9, one template: addresses, ports, protocol, type of service, flags, packets, bytes, first and last."""
    import numpy as np
    import pyarrow.parquet as pq

    record = np.dtype(
        [("src", "S16"), ("dst", "S16"), ("ports", ">u2", 2), ("small", "u1", 3), ("n", ">u8", 2), ("at", ">u4", 2)]
    )
    fields = [(27, 16), (28, 16), (7, 2), (11, 2), (4, 1), (5, 1), (6, 1), (2, 8), (1, 8), (22, 4), (21, 4)]
    template = struct.pack(">HHHH", 0, 8 + 4 * len(fields), 256, len(fields))
    template += b"".join(struct.pack(">HH", *one) for one in fields)
    start_s = day.end_s - DAY_SECONDS - HOUR_SECONDS
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.connect(("127.0.0.1", PORT))
    sent, sequence, began = 0, 0, time.perf_counter()

    def head() -> bytes:
        return struct.pack(">HHIIII", 9, 1, DAY_SECONDS * 2000, start_s + DAY_SECONDS * 2, sequence, 7)

    out.send(head() + template)
    for path in sorted(rows.glob("*.parquet")):
        table = pq.read_table(path)
        block = np.zeros(table.num_rows, record)
        block["src"], block["dst"] = packed(table["srcaddr"]), packed(table["dstaddr"])
        block["ports"] = np.stack([table["srcport"].to_numpy(), table["dstport"].to_numpy()], 1)
        rejected = (table["action"].to_numpy(zero_copy_only=False) == "REJECT").astype("u1")
        block["small"] = np.stack([table["protocol"].to_numpy(), rejected, table["tcp-flags"].to_numpy()], 1)
        block["n"] = np.stack([table["packets"].to_numpy(), table["bytes"].to_numpy()], 1)
        block["at"] = np.stack([(table[name].to_numpy() - start_s) * 1000 for name in ("start", "end")], 1)
        data, step = block.tobytes(), 20 * record.itemsize
        for at in range(0, len(data), step):
            body = data[at : at + step]
            pad = -len(body) % 4
            sequence += 1
            out.send(head() + struct.pack(">HH", 256, 4 + len(body) + pad) + body + b"\0" * pad)
            if sequence % 100 == 0:
                sent = sequence * 20
                time.sleep(max(0.0, began + sent / NETFLOW_RATE - time.perf_counter()))


def packed(column: Any) -> Any:
    """A text column of addresses as 16 bytes each."""
    import numpy as np

    encoded = column.combine_chunks().dictionary_encode()
    numbers = [ipaddress.ip_address(text) for text in encoded.dictionary.to_pylist()]
    raw = b"".join(int(one).to_bytes(16, "big") for one in numbers)
    return np.frombuffer(raw, "V16").astype("V16").view("S16")[encoded.indices.to_numpy()]


def reader(day: Day, rows: Path, work: Path, _: list[str]) -> dict[str, Any]:
    """flowlogs-reader's own aggregation is by source and more; here: sum of bytes by source over its records."""
    import pyarrow.parquet as pq
    from flowlogs_reader import FlowRecord  # type: ignore[import-not-found]

    table = pq.read_table(next(iter(sorted(rows.glob("*.parquet"))))).slice(0, READER_ROWS)
    names = ("eni-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end")
    lists = [table[name].to_pylist() for name in (*names, "action")]
    path = work / "flows.log.gz"
    with gzip.open(path, "wt", compresslevel=1) as file:
        for row in zip(*lists, strict=True):
            file.write("2 1234567890 " + " ".join(map(str, row)) + " OK\n")

    def ask() -> list[list[Any]]:
        totals: dict[str, int] = {}
        with gzip.open(path, "rt") as file:
            for line in file:
                record = FlowRecord.from_cwl_event({"message": line})
                totals[record.srcaddr] = totals.get(record.srcaddr, 0) + record.bytes
        return [[name, total] for name, total in sorted(totals.items(), key=lambda one: -one[1])[:10]]

    found = answered({"top talkers": ask}, 1, False)
    scale = day.rows / table.num_rows
    return {
        "ms": {name: ms * scale for name, ms in found["ms"].items()},
        "digest": {},
        "bytes": path.stat().st_size / table.num_rows,
    }


ENGINES = {"duckdb": duck, "chdb": chdb, "nfdump": nfdump, "flowlogs-reader": reader}

if __name__ == "__main__":
    name, rows_of, work_in, count, end, repeats, *between = sys.argv[1:]
    asked = Day(int(count), int(end), int(repeats))
    print(json.dumps(ENGINES[name](asked, Path(rows_of), Path(work_in), between)))
