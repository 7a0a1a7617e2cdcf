"""Synthetic flow records: a day of a mid-size VPC, in order of arrival, the same rows for every engine.

What enters: how many rows, the second at which the day ends. What leaves: tables of ``PUT_SCHEMA`` one by one.
Rule: a row follows from (seed, number of its table) alone, so every engine of a benchmark reads the same rows and a
second run makes them again.

The shape: 500 ENIs and 200,000 addresses outside by a power law, traffic by hour of the day, a few per cent refused
(mostly scans), IPv6 in 4 % of the addresses. Peers, ports and sizes are drawn independently and ENIs are mixed row by
row, which compresses worse than a real agent's batches do.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weir.logstore.schema import PUT_SCHEMA

ENIS, OUTSIDE, VSWITCHES, VPCS = 500, 200_000, 20, 5
TABLE_ROWS = 100_000
DAY_SECONDS = 86_400
WINDOW_SECONDS = 60
NEEDLE = (21, 19)
"""Two ENIs of middling traffic; the needle is what flows from the first to the second: a hundred of 10 M rows."""
PORTS = np.array([443, 80, 53, 3306, 6379, 22, 9092, 5432, 8080, 9200, 2379, 6443, 123, 27017, 5672, 25])
BY_HOUR = np.array([5, 4, 3.5, 3, 3, 3.5, 5, 7, 10, 12, 13, 13, 12, 12, 13, 13, 12, 11, 11, 12, 12, 11, 9, 7])

Numbers = npt.NDArray[np.int64]


def tables(rows: int, end_s: int, seed: int = 1) -> Iterator[pa.Table]:
    """``rows`` (a multiple of ``TABLE_ROWS``) over the 24 hours before Unix second ``end_s``."""
    count = rows // TABLE_ROWS
    for number in range(count):
        dice = np.random.default_rng([seed, number])
        yield _table(dice, (number / count, (number + 1) / count), end_s // WINDOW_SECONDS * WINDOW_SECONDS)


def address(number: int) -> str:
    """The address of ENI ``number``."""
    vswitch = _vswitches()[number]
    if number < ENIS - 20:
        return f"10.{vswitch % VPCS}.{vswitch}.{10 + number % 240}"
    return str(ipaddress.ip_address(f"2408:4005:3{vswitch:02x}:{number:x}::{number % 250:x}"))


def _table(dice: np.random.Generator, share: tuple[float, float], end_s: int) -> pa.Table:
    rows = TABLE_ROWS
    eni, inside = _draw(dice, _shares(ENIS, 0.9)), dice.random(rows) < 0.65
    peer = np.where(inside, _draw(dice, _shares(ENIS, 0.9)), ENIS + _draw(dice, _shares(OUTSIDE, 1.05)))
    inbound, refused = dice.random(rows) < 0.5, dice.random(rows) < np.where(inside, 0.01, 0.12)
    protocol = dice.choice([6, 17, 1], rows, p=[0.86, 0.13, 0.01])
    ports = _ports(dice, refused, protocol)
    packets = np.where(refused, dice.integers(1, 4, rows), np.maximum(1, dice.lognormal(2.2, 1.6, rows)))
    packets = packets.astype(np.int64)
    start, end, window = _times(dice, share, end_s)
    flags = np.where(protocol == 6, np.where(refused, 2, dice.choice([18, 19, 3, 2, 24], rows)), 0)
    local, remote = np.where(inbound, peer, eni), np.where(inbound, eni, peer)
    columns: dict[str, pa.Array | Numbers] = {
        "__time__": window,
        "__source__": _texts(np.zeros(rows), ["log_service"]),
        "__topic__": _texts(np.zeros(rows), ["flow_log"]),
        "version": _texts(np.zeros(rows), ["1"]),
        "account-id": _texts(np.zeros(rows), ["1234567890123456"]),
        "eni-id": _texts(eni, _names("eni", ENIS)),
        "vm-id": _texts(eni, _names("i", ENIS)),
        "vswitch-id": _texts(_vswitches()[eni], _names("vsw", VSWITCHES)),
        "vpc-id": _texts(_vswitches()[eni] % VPCS, _names("vpc", VPCS)),
        "type": _texts(_is_ipv6()[local] | _is_ipv6()[remote], ["IPv4", "IPv6"]),
        "protocol": protocol,
        "srcaddr": _texts(local, _addresses()),
        "srcport": ports[0],
        "dstaddr": _texts(remote, _addresses()),
        "dstport": ports[1],
        "direction": _texts(inbound, ["out", "in"]),
        "action": _texts(refused, ["ACCEPT", "REJECT"]),
        "packets": packets,
        "bytes": packets * np.where(refused, 52, dice.integers(52, 1400, rows)),
        "start": start,
        "end": end,
        "tcp-flags": flags,
        "traffic_path": np.where(inside, 0, dice.integers(1, 5, rows)),
        "log-status": _texts(np.zeros(rows), ["OK"]),
    }
    arrays = [
        pa.array(columns[field.name], field.type) if field.name in columns else pa.nulls(rows, field.type)
        for field in PUT_SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=PUT_SCHEMA)


def _times(dice: np.random.Generator, share: tuple[float, float], end_s: int) -> tuple[Numbers, Numbers, Numbers]:
    """First and last second of each flow, and the last second of its window, which ascends."""
    place = np.sort(dice.random(TABLE_ROWS)) * (share[1] - share[0]) + share[0]
    hours = np.cumsum(BY_HOUR) / np.sum(BY_HOUR)
    moment = np.interp(place, np.concatenate([[0.0], hours]), np.arange(25) * 3600.0)
    window = end_s - DAY_SECONDS + moment.astype(np.int64) // WINDOW_SECONDS * WINDOW_SECONDS
    last = dice.integers(0, WINDOW_SECONDS, TABLE_ROWS)
    first = np.maximum(0, last - dice.exponential(25, TABLE_ROWS).astype(np.int64))
    return window + first, window + last, window + WINDOW_SECONDS - 1


def _ports(
    dice: np.random.Generator, refused: npt.NDArray[np.bool_], protocol: npt.NDArray[np.int64]
) -> tuple[Numbers, Numbers]:
    """(source, destination): the client's is ephemeral, the server's well known or, of a scan, any."""
    rows = TABLE_ROWS
    scan = refused & (dice.random(rows) < 0.6)
    server = np.where(scan, dice.integers(1, 10_000, rows), PORTS[_draw(dice, _shares(len(PORTS), 1.0))])
    client = dice.integers(32_768, 61_000, rows)
    from_client = refused | (dice.random(rows) < 0.5)
    has_ports = protocol != 1
    return np.where(from_client, client, server) * has_ports, np.where(from_client, server, client) * has_ports


def _draw(dice: np.random.Generator, shares: npt.NDArray[np.float64]) -> Numbers:
    return np.searchsorted(shares, dice.random(TABLE_ROWS)).clip(0, len(shares) - 1)


def _texts(numbers: npt.NDArray[np.generic], names: Sequence[str]) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(numbers.astype(np.int64)))


@cache
def _shares(count: int, power: float) -> npt.NDArray[np.float64]:
    """Cumulated shares of ``count`` things by a power law."""
    weights = 1 / np.arange(1, count + 1) ** power
    shares: npt.NDArray[np.float64] = np.cumsum(weights) / weights.sum()
    return shares


@cache
def _names(kind: str, count: int) -> tuple[str, ...]:
    letters = np.random.default_rng(len(kind)).choice(list("0123456789abcdefghijklmnopqrstuvwxyz"), (count, 17))
    return tuple(f"{kind}-{''.join(row)}" for row in letters)


@cache
def _vswitches() -> Numbers:
    return np.random.default_rng(7).integers(0, VSWITCHES, ENIS)


@cache
def _addresses() -> tuple[str, ...]:
    outside = np.random.default_rng(11).integers(0x0B000000, 0xDF000000, OUTSIDE)
    return tuple(address(number) for number in range(ENIS)) + tuple(
        str(ipaddress.ip_address(int(value) if number % 20 else 0x2001 << 112 | int(value) << 64 | number))
        for number, value in enumerate(outside)
    )


@cache
def _is_ipv6() -> npt.NDArray[np.bool_]:
    return np.array([":" in text for text in _addresses()])
