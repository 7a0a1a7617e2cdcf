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

from weir.capture.flows import DIRECTION_OUT, FLOW, Flows, only
from weir.model.paths import EVERYWHERE, NOT_PUBLIC, PATH_CODES, PathKind

KINDS: tuple[PathKind, ...] = tuple(PathKind)
"""A kind's place here is its number in arrays."""
CODES = np.array([PATH_CODES[kind] for kind in KINDS], "i8")
TABLES_KEPT = 256
"""Tables of routes kept ready; ENIs of a VSwitch share one. Above it they are made again, a few ms each."""

WORDS = {4: (">u4", 32, (12,)), 6: (">u8", 64, (0, 8))}
"""Family -> type of a word, its bits, and where the words of an address begin within its 16 bytes."""

Kinds = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Route:
    """Where traffic goes next: to ``block`` (CIDR), or to everything behind ``device``; the other one is empty."""

    path: PathKind
    block: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    length: int
    mask: tuple[int, ...]  # as many words as the family's addresses have, see WORDS
    value: tuple[int, ...]
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
        self._rules = {family: sorted(found.values(), key=lambda rule: rule.length) for family, found in rules.items()}

    def kinds(self, rows: Flows) -> Kinds:
        """Number in ``KINDS`` of every row's path. Shape (len(rows),)."""
        found = np.zeros(len(rows), "u1")
        for family, rules in self._rules.items():
            here = rows["family"] == family
            if here.all():
                found = _decide(rules, rows, family)
            elif here.any():
                found[here] = _decide(rules, only(rows, here), family)
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
    _, bits, starts = WORDS[network.version]
    places = [bits * at for at in reversed(range(len(starts)))]
    mask, value = int(network.netmask), int(network.network_address)
    low = (1 << bits) - 1
    return _Rule(
        network.prefixlen, tuple(mask >> at & low for at in places), tuple(value >> at & low for at in places), kind
    )


def _decide(rules: list[_Rule], rows: Flows, family: int) -> Kinds:
    """Longer blocks overwrite shorter ones."""
    found = np.zeros(len(rows), "u1")
    words = _far_end(rows, family)
    for rule in rules:
        fits = np.ones(len(rows), bool)
        for word, mask, value in zip(words, rule.mask, rule.value, strict=True):
            fits &= word & word.dtype.type(mask) == word.dtype.type(value)
        np.putmask(found, fits, rule.kind)
    return found


def _far_end(rows: Flows, family: int) -> list[NDArray[np.unsignedinteger]]:
    """The far end's address as words, in the machine's byte order, each of shape (len(rows),)."""
    kind, _, starts = WORDS[family]
    out = rows["direction"] == DIRECTION_OUT
    assert FLOW.fields is not None
    src, dst = FLOW.fields["src"][1], FLOW.fields["dst"][1]
    read = [(rows.getfield(kind, dst + at), rows.getfield(kind, src + at)) for at in starts]
    return [np.where(out, to, of).astype(kind.replace(">", "=")) for to, of in read]


DEFAULT_PATHS = table_of(())
"""For an ENI of which no route is known."""
