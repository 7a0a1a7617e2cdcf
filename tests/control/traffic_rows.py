"""Flow records for the tests of the traffic analyzer, and the sums that plain Python makes of them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyarrow as pa

from tests.control.conftest import Office
from weir.control.schema import logstores
from weir.logstore.schema import PUT_SCHEMA
from weir.model.fields import SOURCE, TOPIC

Record = dict[str, Any]
BEGIN = 1_799_996_400
"""A full hour, one hour before the tests' clock."""
PUBLIC = ("93.184.216.34", "2606:2800:220:1::1")


def records(count: int, seed: int = 7, begin: int = BEGIN) -> list[Record]:
    """``count`` records of the hour from ``begin`` in one-minute windows, a few of them NODATA and SKIPDATA."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        window = begin + 60 * draw.randrange(60)
        status = draw.choices(["OK", "NODATA", "SKIPDATA"], [20, 1, 1])[0]
        record: Record = {
            "__time__": window + 59,
            "version": "1",
            "eni-id": draw.choice(["eni-a", "eni-b", "eni-c"]),
            "vm-id": draw.choice(["-", "i-1"]),
            "vswitch-id": draw.choice(["vsw-1", "vsw-2"]),
            "vpc-id": "vpc-1",
            "start": window,
            "end": window + 60,
            "log-status": status,
        }
        if status == "SKIPDATA":
            record |= {"packets": 1_000_000, "bytes": 1_000_000_000}
        if status == "OK":
            inside = f"10.0.{draw.randrange(2)}.{draw.randrange(4)}"
            outside = draw.choice(["10.0.9.9", "192.168.0.1", "100.64.0.1", *PUBLIC])
            direction = draw.choice(["in", "out"])
            record |= {
                "type": "IPv4",
                "protocol": draw.choice([1, 6, 17, 47]),
                "srcaddr": outside if direction == "in" else inside,
                "srcport": draw.choice([22, 443, 50_000]),
                "dstaddr": inside if direction == "in" else outside,
                "dstport": draw.choice([22, 443, 65_535]),
                "direction": direction,
                "action": draw.choice(["ACCEPT", "ACCEPT", "REJECT"]),
                "packets": draw.choice([1, 2, 3, 10**6, 2**40]),
                "bytes": draw.choice([40, 1500, 10**9, 2**52 + 1]),
                "tcp-flags": 0,
                "traffic_path": draw.choice([0, 1, 4]),
            }
        made.append(record)
    return made


def table_of(rows: Iterable[Record]) -> pa.Table:
    """The records as an agent sends them."""
    return pa.Table.from_pylist([{"__source__": SOURCE, "__topic__": TOPIC, **row} for row in rows], schema=PUT_SCHEMA)


def put(office: Office, analyzer_id: str, rows: Iterable[Record]) -> None:
    """Stores the records where the agents deliver them to."""
    with office.desk.catalog.reading() as connection:
        query = logstores.select().where(logstores.c.project == analyzer_id)
        store_id = connection.execute(query).one().id
    office.desk.store.put(store_id, table_of(rows))


COLUMNS: Mapping[str, str] = {
    "VpcId": "vpc-id",
    "VSwitchId": "vswitch-id",
    "NetworkInterfaceId": "eni-id",
    "EcsId": "vm-id",
    "SourceIp": "srcaddr",
    "DestinationIp": "dstaddr",
    "TrafficPath": "traffic_path",
    "SourcePort": "srcport",
    "DestinationPort": "dstport",
    "Protocol": "protocol",
}
PROTOCOLS = {1: "ICMP", 6: "TCP", 17: "UDP", 47: "47"}


def value(record: Record, key: str) -> Any:
    """What a record has under an API key."""
    if key == "CloudIp":
        return record["dstaddr" if record["direction"] == "in" else "srcaddr"]
    return record[COLUMNS[key]]


def selected(rows: Iterable[Record], direction: str, action: str, keep: Callable[[Record], bool]) -> list[Record]:
    """The records that count."""
    return [
        row
        for row in rows
        if row["log-status"] == "OK" and row["direction"] == direction and row["action"] == action and keep(row)
    ]


def ranked(rows: Iterable[Record], keys: list[str], order_by: str, *, ascending: bool = False) -> list[Record]:
    """Every group with its sums, in the order of the ranking; values as they are compared, not as they are shown."""
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        group = sums[tuple(value(row, key) for key in keys)]
        group[0] += row["bytes"]
        group[1] += row["packets"]
    entries = [
        dict(zip(keys, group, strict=True)) | {"Bytes": total[0], "Packets": total[1]} for group, total in sums.items()
    ]
    sign = 1 if ascending else -1
    return sorted(entries, key=lambda entry: (sign * entry[order_by], [entry[key] for key in keys]))


def shown(entry: Record) -> Record:
    """As the API writes the values."""
    texts = {key: str(text) for key, text in entry.items() if key not in ("Bytes", "Packets")}
    if "Protocol" in entry:
        texts["Protocol"] = PROTOCOLS[entry["Protocol"]]
    return texts | {name: entry[name] for name in ("Bytes", "Packets")}
