"""From counted flows to flow records: names, addresses, verdicts and statuses instead of ordinals and bytes.

What enters: the folded rows of one ENI in one window, who the ENI is, and what the flow log keeps. What leaves: an
Arrow table with exactly the columns of ``model.fields.FIELDS`` plus ``__time__``, ``__source__`` and ``__topic__``, and
where the flow log names extended fields, ``__extra__`` with their pairs. Rule: filtering happens here, after counting,
so two flow logs over one ENI share one capture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa

from weir.capture.addresses import encoded
from weir.capture.attribution import Attribution, extended
from weir.capture.flows import ACTION_ACCEPT, DIRECTION_OUT, Chosen, Flows, only
from weir.capture.folded import given_up
from weir.capture.path import CODES, KINDS, Kinds
from weir.capture.share import Bounds, Keep, Labels, Share
from weir.capture.window import Uncounted
from weir.model.fields import EXTENDED_NAMES, FIELDS, NAMES, SOURCE, TOPIC, Kind
from weir.model.resources import TrafficType

TCP = 6
TCP_FIN, TCP_RST = 1, 4

WORD = pa.dictionary(pa.int32(), pa.string())
"""Texts of records repeat: each is there once, and a row has its number, a fraction to make and compress."""
_ARROW = {Kind.TEXT: WORD, Kind.LONG: pa.int64()}
RECORD_SCHEMA = pa.schema(
    [("__time__", pa.int64()), ("__source__", WORD), ("__topic__", WORD)]
    + [(field.name, _ARROW[field.kind]) for field in FIELDS]
)

EXTRA = pa.field("__extra__", pa.map_(pa.string(), pa.string()))
"""Pairs of a record beyond the columns."""


def records(rows: Flows, uncounted: Uncounted, share: Share, attributions: Iterable[Attribution] = ()) -> pa.Table:
    """The records of one flow log for one ENI and window, schema ``RECORD_SCHEMA``, with ``EXTRA`` where it is named.

    No traffic at all gives one NODATA row. A row that stands for several flows is a SKIPDATA row with their exact
    packets and bytes and the columns that are true of all of them; packets in no row at all give one more. Negative
    rows (packets re-booked out of an earlier window that could not be settled) are not records and are left out.
    """
    tables = []
    if len(rows) == 0 and uncounted.packets == 0:
        tables.append(_status_row("NODATA", share, {}))
    kept = only(rows, _kept(rows, share.keep) & (rows["packets"] > 0))
    kinds = share.paths.kinds(kept)
    if share.keep.paths:
        on_path = _on_paths(kept, kinds, share.keep)
        kept, kinds = only(kept, on_path), kinds[on_path]
    if len(kept):
        more = {"traffic_path": pa.array(CODES[kinds]), **extended(kept, share, attributions)}
        tables.append(_flow_rows(kept, share, more))
    if uncounted.packets:
        amounts = {"packets": uncounted.packets, "bytes": uncounted.bytes}
        tables.append(_status_row("SKIPDATA", share, amounts))
    return pa.concat_tables(tables) if tables else _schema(share.keep.fields).empty_table()


def _kept(rows: Flows, keep: Keep) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    kept = np.ones(len(rows), bool)
    if keep.traffic_type is not TrafficType.ALL:
        kept &= (rows["action"] == ACTION_ACCEPT) == (keep.traffic_type is TrafficType.ALLOW)
    if not keep.dual_stack:
        kept &= rows["family"] == 4
    return kept


def _on_paths(rows: Flows, kinds: Kinds, keep: Keep) -> Chosen:
    """Rows of the paths that are kept, and rows that stand for flows of several, where nobody can tell."""
    return np.isin(kinds, [KINDS.index(kind) for kind in keep.paths]) | given_up(rows)["traffic_path"]


def _constant_columns(labels: Labels, bounds: Bounds, count: int) -> dict[str, pa.Array]:
    words = {
        "__source__": SOURCE,
        "__topic__": TOPIC,
        "version": "1",
        "account-id": labels.account_id,
        "eni-id": labels.eni_id,
        "vm-id": labels.vm_id,
        "vswitch-id": labels.vswitch_id,
        "vpc-id": labels.vpc_id,
    }
    first = np.zeros(count, "i4")
    columns = {name: _worded(first, value) for name, value in words.items()}
    # The last second of the window: rows of a window share it, and a reader of "the last minute" finds them.
    return columns | {"__time__": pa.array(np.full(count, bounds.end_s - 1))}


def _worded(numbers: np.ndarray[tuple[int], np.dtype[np.generic]], *words: str) -> pa.DictionaryArray:
    """The column that has ``words[number]`` for every number. Shape (n,)."""
    return pa.DictionaryArray.from_arrays(pa.array(numbers.astype("i4", copy=False)), pa.array(words, pa.string()))


def _schema(fields: frozenset[str]) -> pa.Schema:
    return RECORD_SCHEMA.append(EXTRA) if fields.intersection(EXTENDED_NAMES) else RECORD_SCHEMA


def _table(columns: Mapping[str, pa.Array], count: int, fields: frozenset[str]) -> pa.Table:
    """A table of the columns that ``fields`` names; time, source and topic belong to every row."""
    schema = _schema(fields)
    kept = {name: column for name, column in columns.items() if not fields or name not in NAMES or name in fields}
    if EXTRA.name in schema.names:
        kept[EXTRA.name] = _pairs(
            {name: columns[name] for name in EXTENDED_NAMES if name in columns and name in fields}, count
        )
    arrays = [kept.get(column.name, pa.nulls(count, column.type)) for column in schema]
    return pa.table(arrays, schema=schema)


def _pairs(columns: Mapping[str, pa.Array], count: int) -> pa.Array:
    """The values that are there as pairs of texts, row by row; a row without any has null. Shape (count,)."""
    if not columns:
        return pa.nulls(count, EXTRA.type)
    there = np.column_stack([column.is_valid().to_numpy(zero_copy_only=False) for column in columns.values()])
    row, column = np.nonzero(there)
    values = pa.concat_arrays([column.cast(pa.string()) for column in columns.values()])
    offsets = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype("i4")
    empty = np.append(~there.any(axis=1), False)
    return pa.MapArray.from_arrays(
        pa.array(offsets, mask=empty),
        pa.array(list(columns)).take(pa.array(column)),
        values.take(pa.array(column * count + row)),
    )


def _flow_rows(rows: Flows, share: Share, more: Mapping[str, pa.Array]) -> pa.Table:
    count, bounds = len(rows), share.bounds
    flags = np.where(rows["proto"] == TCP, rows["tcp_flags"], 0).astype("i8")
    start = np.clip(rows["first_ns"] // 1_000_000_000, bounds.start_s, bounds.end_s)
    last = np.clip(rows["last_ns"] // 1_000_000_000, start, bounds.end_s)
    over = ((flags & (TCP_FIN | TCP_RST)) != 0) & (rows["fold"] == 0)
    columns = {**_constant_columns(share.labels, bounds, count), **more} | {
        "type": _worded(rows["family"] == 4, "IPv6", "IPv4"),
        "srcaddr": encoded(rows["src"]),
        "dstaddr": encoded(rows["dst"]),
        "direction": _worded(rows["direction"] == DIRECTION_OUT, "in", "out"),
        "action": _worded(rows["action"] == ACTION_ACCEPT, "REJECT", "ACCEPT"),
        "protocol": pa.array(rows["proto"].astype("i8")),
        "srcport": pa.array(rows["sport"].astype("i8")),
        "dstport": pa.array(rows["dport"].astype("i8")),
        "packets": pa.array(rows["packets"]),
        "bytes": pa.array(rows["bytes"]),
        "start": pa.array(start),
        "end": pa.array(np.where(over, last, bounds.end_s)),
        "tcp-flags": pa.array(flags),
        "log-status": _worded(rows["fold"] == 0, "SKIPDATA", "OK"),
    }
    if rows["fold"].any():
        columns |= {name: without(columns[name], absent) for name, absent in given_up(rows).items()}
    return _table(columns, count, share.keep.fields)


def without(column: pa.Array, absent: Chosen) -> pa.Array:
    """The column, of numbers or encoded texts and without nulls, with nulls where ``absent``."""
    if isinstance(column, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(without(column.indices, absent), column.dictionary)
    return pa.array(column.to_numpy(), mask=absent)


def _status_row(status: str, share: Share, amounts: dict[str, int]) -> pa.Table:
    numbers = {"start": share.bounds.start_s, "end": share.bounds.end_s, **amounts}
    columns = _constant_columns(share.labels, share.bounds, 1) | {"log-status": _worded(np.zeros(1, "i4"), status)}
    columns |= {name: pa.array([value], pa.int64()) for name, value in numbers.items()}
    return _table(columns, 1, share.keep.fields)
