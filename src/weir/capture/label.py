"""From counted flows to flow records: names, addresses, verdicts and statuses instead of ordinals and bytes.

What enters: the folded rows of one ENI in one window, who the ENI is, and what the flow log keeps. What leaves: an
Arrow table with exactly the columns of ``model.fields`` plus ``__time__``, ``__source__`` and ``__topic__``. Rule:
filtering happens here, after counting, so two flow logs over one ENI share one capture.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from weir.capture.flows import ACTION_ACCEPT, DIRECTION_OUT, Flows
from weir.capture.window import Uncounted
from weir.model.fields import FIELDS, NAMES, SOURCE, TOPIC, Kind
from weir.model.resources import TrafficType

TCP = 6
TCP_FIN, TCP_RST = 1, 4
PATH_UNLISTED = 0
"""``traffic_path`` of a flow whose path is none of the listed ones (source: SLS, VPC flow log page)."""

_ARROW = {Kind.TEXT: pa.string(), Kind.LONG: pa.int64()}
RECORD_SCHEMA = pa.schema(
    [("__time__", pa.int64()), ("__source__", pa.string()), ("__topic__", pa.string())]
    + [(field.name, _ARROW[field.kind]) for field in FIELDS]
)


@dataclass(frozen=True, slots=True)
class Labels:
    """Who an ENI is: the constant columns of its records."""

    account_id: str
    eni_id: str
    vm_id: str
    vswitch_id: str
    vpc_id: str


@dataclass(frozen=True, slots=True)
class Keep:
    """What a flow log keeps: verdicts, IPv6 only with ``dual_stack``, and of the columns ``fields`` (empty: all)."""

    traffic_type: TrafficType
    dual_stack: bool
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bounds:
    """A window: [start_s, end_s) in Unix seconds."""

    start_s: int
    end_s: int


def records(rows: Flows, uncounted: Uncounted, labels: Labels, keep: Keep, bounds: Bounds) -> pa.Table:
    """The records of one flow log for one ENI and window, schema ``RECORD_SCHEMA``.

    No traffic at all gives one NODATA row; packets that found no place in the tables give one SKIPDATA row that
    carries their exact number of packets and bytes. Negative rows (packets re-booked out of an earlier window that
    could not be settled) are not records and are left out.
    """
    tables = []
    if len(rows) == 0 and uncounted.packets == 0:
        tables.append(_status_row("NODATA", labels, bounds, {}))
    kept = rows[_kept(rows, keep) & (rows["packets"] > 0)]
    if len(kept):
        tables.append(_flow_rows(kept, labels, bounds))
    if uncounted.packets:
        amounts = {"packets": uncounted.packets, "bytes": uncounted.bytes}
        tables.append(_status_row("SKIPDATA", labels, bounds, amounts))
    return _narrowed(pa.concat_tables(tables), keep.fields) if tables else RECORD_SCHEMA.empty_table()


def _narrowed(table: pa.Table, fields: frozenset[str]) -> pa.Table:
    """Empties the columns of fields that are not kept; time, source and topic belong to every row."""
    if not fields:
        return table
    for place, name in enumerate(table.column_names):
        if name in NAMES and name not in fields:
            table = table.set_column(place, table.field(place), pa.nulls(len(table), table.field(place).type))
    return table


def _kept(rows: Flows, keep: Keep) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    kept = np.ones(len(rows), bool)
    if keep.traffic_type is not TrafficType.ALL:
        kept &= (rows["action"] == ACTION_ACCEPT) == (keep.traffic_type is TrafficType.ALLOW)
    if not keep.dual_stack:
        kept &= rows["family"] == 4
    return kept


def _constant_columns(labels: Labels, bounds: Bounds, count: int) -> dict[str, pa.Array]:
    # The last second of the window: rows of a window share it, and a reader of "the last minute" finds them.
    constants = {
        "__time__": pa.scalar(bounds.end_s - 1, pa.int64()),
        "__source__": SOURCE,
        "__topic__": TOPIC,
        "version": "1",
        "account-id": labels.account_id,
        "eni-id": labels.eni_id,
        "vm-id": labels.vm_id,
        "vswitch-id": labels.vswitch_id,
        "vpc-id": labels.vpc_id,
    }
    return {name: pa.repeat(value, count) for name, value in constants.items()}


def _table(columns: dict[str, pa.Array], count: int) -> pa.Table:
    arrays = [columns.get(column.name, pa.nulls(count, column.type)) for column in RECORD_SCHEMA]
    return pa.table(arrays, schema=RECORD_SCHEMA)


def _flow_rows(rows: Flows, labels: Labels, bounds: Bounds) -> pa.Table:
    count = len(rows)
    flags = np.where(rows["proto"] == TCP, rows["tcp_flags"], 0).astype("i8")
    start = np.clip(rows["first_ns"] // 1_000_000_000, bounds.start_s, bounds.end_s)
    last = np.clip(rows["last_ns"] // 1_000_000_000, start, bounds.end_s)
    over = (flags & (TCP_FIN | TCP_RST)) != 0
    columns = _constant_columns(labels, bounds, count) | {
        "type": pa.array(np.where(rows["family"] == 4, "IPv4", "IPv6"), pa.string()),
        "srcaddr": addresses(rows["src"]),
        "dstaddr": addresses(rows["dst"]),
        "direction": pa.array(np.where(rows["direction"] == DIRECTION_OUT, "out", "in"), pa.string()),
        "action": pa.array(np.where(rows["action"] == ACTION_ACCEPT, "ACCEPT", "REJECT"), pa.string()),
        "protocol": pa.array(rows["proto"].astype("i8")),
        "srcport": pa.array(rows["sport"].astype("i8")),
        "dstport": pa.array(rows["dport"].astype("i8")),
        "packets": pa.array(rows["packets"]),
        "bytes": pa.array(rows["bytes"]),
        "start": pa.array(start),
        "end": pa.array(np.where(over, last, bounds.end_s)),
        "tcp-flags": pa.array(flags),
        "traffic_path": pa.array(np.full(count, PATH_UNLISTED, "i8")),
        "log-status": pa.repeat("OK", count),
    }
    return _table(columns, count)


def _status_row(status: str, labels: Labels, bounds: Bounds, amounts: dict[str, int]) -> pa.Table:
    numbers = {"start": bounds.start_s, "end": bounds.end_s, **amounts}
    columns = _constant_columns(labels, bounds, 1) | {"log-status": pa.array([status])}
    columns |= {name: pa.array([value], pa.int64()) for name, value in numbers.items()}
    return _table(columns, 1)


def addresses(packed: np.ndarray[tuple[int], np.dtype[np.void]]) -> pa.Array:
    """Textual addresses of 16-byte packed ones; IPv4-mapped ones in dotted form. Each distinct one is printed once."""
    raw = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(16), len(packed), [None, pa.py_buffer(np.ascontiguousarray(packed).tobytes())]
    )
    encoded = raw.dictionary_encode()
    texts = pa.array([_text(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return texts.take(encoded.indices)


_MAPPED = b"\0" * 10 + b"\xff\xff"


def _text(value: bytes) -> str:
    if value.startswith(_MAPPED):
        return socket.inet_ntop(socket.AF_INET, value[12:])
    return socket.inet_ntop(socket.AF_INET6, value)
