"""Snapshots of real Parquet segments and tail tables, built from plain rows that the tests compute with."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from weir.logstore.schema import STORED_SCHEMA
from weir.logstore.snapshot import Segment, Snapshot
from weir.model.fields import LONG_NAMES, NAMES
from weir.query.answer import Range
from weir.query.index import Index, IndexKey, IndexType

START = 1_700_000_000


@dataclass
class Row:
    """One log as its writer wrote it: every value of ``content`` is text."""

    time: int
    content: dict[str, str]
    tags: dict[str, str] = field(default_factory=dict)
    source: str = "log_service"
    topic: str = "flow_log"

    def long(self, key: str) -> int:
        return int(self.content[key])


def _stored(row: Row, group: int) -> dict[str, object]:
    """The row in the stored layout: what a typed column cannot give back goes to ``__extra__``."""
    stored: dict[str, object] = dict.fromkeys(STORED_SCHEMA.names)
    extra = {}
    for key, value in row.content.items():
        if key in LONG_NAMES:
            if re.fullmatch(r"0|-?[1-9][0-9]*", value) and -(2**63) <= int(value) < 2**63:
                stored[key] = int(value)
            else:
                extra[key] = value
        elif key in NAMES:
            stored[key] = value
        else:
            extra[key] = value
    stored |= {
        "__shard__": 0,
        "__group__": group,
        "__arrival__": (START + 10_000) * 10**9 + group,
        "__time__": row.time,
        "__source__": row.source,
        "__topic__": row.topic,
        "__tags__": list(row.tags.items()) or None,
        "__extra__": list(extra.items()) or None,
    }
    return stored


def build(rows: list[Row], directory: Path) -> Snapshot:
    """Two thirds of the rows in two segments, the rest in two tail tables; arrival is the order of ``rows``."""
    cut = max(1, len(rows) // 3)
    # Groups of at most seven rows, none of them in two parts.
    groups = [place // cut * 10**6 + place % cut // 7 for place in range(len(rows))]
    table = pa.Table.from_pylist(list(map(_stored, rows, groups)), schema=STORED_SCHEMA)
    segments = []
    for number, (begin, end) in enumerate(((0, cut), (cut, 2 * cut))):
        part = table.slice(begin, end - begin)
        if part.num_rows == 0:
            continue
        path = directory / f"it's segment {number}.parquet"
        pq.write_table(part, path, compression="zstd", row_group_size=50)
        times = part.column("__time__").to_pylist()
        segments.append(Segment(path, part.num_rows, path.stat().st_size, min(times), max(times), 0, 0, len(rows) // 7))
    rest = table.slice(2 * cut)
    tail = (rest.slice(0, rest.num_rows // 2), rest.slice(rest.num_rows // 2)) if rest.num_rows else ()
    return Snapshot(tuple(segments), tail)


def flow_rows(count: int, seed: int = 1, span: int = 3600) -> list[Row]:
    """Flow records as the agent writes them, in order of time."""
    draw = random.Random(seed)
    rows = []
    for time in sorted(draw.randrange(START, START + span) for _ in range(count)):
        v6 = draw.random() < 0.2
        begin = time - draw.randrange(0, 50)
        prefix = "2001:db8::" if v6 else draw.choice(["192.168.1.", "192.168.2.", "10.0.0.", "8.8.4."])
        eni = draw.randrange(4)
        content = {
            "version": "1",
            "account-id": "1234567890123456",
            "eni-id": f"eni-{eni}",
            "vm-id": f"i-{eni}",
            "vswitch-id": f"vsw-{eni % 2}",
            "vpc-id": "vpc-1",
            "type": "IPv6" if v6 else "IPv4",
            "protocol": draw.choice(["6", "6", "6", "17", "1", "58"]),
            "srcaddr": prefix + str(draw.randrange(1, 9)),
            "srcport": str(draw.randrange(1024, 1034)),
            "dstaddr": prefix + str(draw.randrange(1, 9)),
            "dstport": draw.choice(["80", "443", "22", "53", "8080"]),
            "direction": draw.choice(["in", "out"]),
            "action": draw.choice(["ACCEPT", "ACCEPT", "ACCEPT", "REJECT"]),
            "packets": str(draw.randrange(1, 1000)),
            "bytes": str(draw.randrange(40, 1_500_000)),
            "start": str(begin),
            "end": str(begin + draw.randrange(1, 60)),
            "tcp-flags": str(draw.choice([2, 18, 16, 24, 0])),
            "traffic_path": "0",
            "log-status": "OK",
        }
        rows.append(Row(time, content))
    return rows


WINDOW = Range(START, START + 3600)


def index_with(**kinds: str) -> Index:
    """The flow index with further keys: name -> text, long or double."""
    keys = {name: IndexKey(IndexType(kind)) for name, kind in kinds.items()}
    return Index({**Index.for_flow_logs().keys, **keys})
