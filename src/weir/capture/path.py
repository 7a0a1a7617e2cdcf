"""Which path a flow took: the route with the longest block that holds the far end's address.

What enters: the routes of an ENI, and flow rows. What leaves: for every row a kind of path. Rule: the far end is the
destination of what went out and the source of what came in, so both directions of a flow have the same path. Without a
route of its own, a public address is behind the internet gateway and any other is unlisted. No clock, no I/O, whole
columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

import numpy as np
from numpy.typing import NDArray

from weir.capture.flows import DIRECTION_OUT, Flows
from weir.model.paths import EVERYWHERE, NOT_PUBLIC, PATH_CODES, PathKind

KINDS: tuple[PathKind, ...] = tuple(PathKind)
"""A kind's place here is its number in arrays."""
CODES = np.array([PATH_CODES[kind] for kind in KINDS], "i8")
TABLES_KEPT = 256
"""Tables of routes kept ready; ENIs of a VSwitch share one. Above it they are made again, a few ms each."""

Kinds = NDArray[np.uint8]
Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Route:
    """Where traffic goes next: to ``block`` (CIDR), or to everything behind ``device``; the other one is empty."""

    path: PathKind
    block: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    length: int
    mask: tuple[int, int]  # 64 high and 64 low bits; IPv4 only low
    value: tuple[int, int]
    kind: int


class PathTable:
    """Routes ready to be asked. Of equal blocks the first one decides."""

    def __init__(self, routes: Iterable[tuple[str, PathKind]]) -> None:
        defaults = [(block, PathKind.UNLISTED) for block in NOT_PUBLIC]
        defaults += [(block, PathKind.INTERNET_GATEWAY) for block in EVERYWHERE]
        rules: dict[int, dict[str, _Rule]] = {4: {}, 6: {}}
        for block, path in (*routes, *defaults):
            network = ip_network(block)
            rules[network.version].setdefault(str(network), _rule(network, KINDS.index(path)))
        self._rules = {family: sorted(found.values(), key=lambda rule: -rule.length) for family, found in rules.items()}

    def kinds(self, rows: Flows) -> Kinds:
        """Number in ``KINDS`` of every row's path. Shape (len(rows),)."""
        far = np.where(rows["direction"] == DIRECTION_OUT, rows["dst"], rows["src"])
        words = np.ascontiguousarray(far).view(">u8").reshape(-1, 2).astype("u8")
        found = np.zeros(len(rows), "u1")
        for family in (4, 6):
            here = np.flatnonzero(rows["family"] == family)
            found[here] = _decide(self._rules[family], words[here], family)
        return found


@lru_cache(TABLES_KEPT)
def table_of(blocks: tuple[tuple[str, PathKind], ...]) -> PathTable:
    """The table of these routes; equal routes, one table."""
    return PathTable(blocks)


def blocks_of(routes: Iterable[Route], behind: Callable[[str], tuple[str, ...]]) -> tuple[tuple[str, PathKind], ...]:
    """Routes as blocks, ``behind`` telling what the host has behind a device. What is said of a block goes first."""
    said = [(route.block, route.path) for route in routes if route.block]
    found = [(block, route.path) for route in routes if route.device for block in behind(route.device)]
    return (*said, *found)


def _rule(network: IPv4Network | IPv6Network, kind: int) -> _Rule:
    mask, value = int(network.netmask), int(network.network_address)
    low = (1 << 64) - 1
    return _Rule(network.prefixlen, (mask >> 64, mask & low), (value >> 64, value & low), kind)


def _decide(rules: list[_Rule], words: Words, family: int) -> Kinds:
    """The first rule that fits decides. Each asks only for the rows that none before it fitted."""
    found = np.zeros(len(words), "u1")
    left = np.arange(len(words))
    high, low = words[:, 0], words[:, 1] & np.uint64(0xFFFFFFFF) if family == 4 else words[:, 1]
    for rule in rules:
        fits = low & np.uint64(rule.mask[1]) == np.uint64(rule.value[1])
        if family == 6:
            fits &= high & np.uint64(rule.mask[0]) == np.uint64(rule.value[0])
        found[left[fits]] = rule.kind
        left, high, low = left[~fits], high[~fits], low[~fits]
        if not len(left):
            break
    return found


DEFAULT_PATHS = table_of(())
"""For an ENI of which no route is known."""
