"""What nftables' trace says of dropped packets.

What enters: datagrams of NFNLGRP_NFTRACE, in their order. What leaves: for every traced packet that a rule or a policy
dropped, the packet's flow and the place of what dropped it. Rule: a message that says less than all of this is passed
over; a drop is put to no packet but the one whose headers came before it under the same trace id. Pure. Messages and
attributes are those of linux/netfilter/nf_tables.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from weir.capture.nft import Place

HEADS_MAX = 4096
"""Traced packets whose headers are remembered until they are dropped. Above it the oldest are forgotten: their drops
are not told."""

NFNL_SUBSYS_NFTABLES, NFT_MSG_DELTABLE, NFT_MSG_TRACE = 10, 2, 17
TABLE_NAME = 1
TABLE, CHAIN, HANDLE, TYPE, VERDICT, ID = 1, 2, 3, 4, 5, 6
NETWORK, TRANSPORT, IIF, OIF, POLICY = 8, 9, 10, 12, 16
TYPE_POLICY, TYPE_RULE = 1, 3
VERDICT_CODE, NF_DROP = 1, 0
FAMILIES = {1: "inet", 2: "ip", 5: "netdev", 7: "bridge", 10: "ip6"}
NESTED_MASK = 0x3FFF
ICMP, ICMPV6 = 1, 58
PORTED = frozenset({6, 17, 33, 132, 136})
PLAIN_V6 = PORTED | {ICMPV6}
"""Protocols that can follow an IPv6 header at once; behind extension headers the packet is passed over."""
FRAGMENT = 0x3FFF
V4_PREFIX = bytes(10) + b"\xff\xff"

_HEADER, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=HH")
_FAMILY_BYTES = 4


@dataclass(frozen=True, slots=True)
class Flow:
    """A packet's flow in the terms of ``flows.FLOW``: addresses of 16 bytes, ICMP's type and code in ``dport``."""

    family: int
    protocol: int
    source: bytes
    destination: bytes
    sport: int
    dport: int


@dataclass(frozen=True, slots=True)
class TracedDrop:
    """``place`` and ``handle`` of the rule; ``handle`` 0: the policy of the base chain. ``iif`` and ``oif``: device
    indexes, 0 where the hook has none."""

    flow: Flow
    place: Place
    handle: int
    iif: int
    oif: int


def messages(data: bytes) -> Iterator[tuple[int, int, dict[int, bytes]]]:
    """(message of nftables, family, attributes) of each message in a datagram."""
    at = 0
    while at + _HEADER.size + _FAMILY_BYTES <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, at)
        if length < _HEADER.size + _FAMILY_BYTES:
            return
        if kind >> 8 == NFNL_SUBSYS_NFTABLES:
            body = at + _HEADER.size
            yield kind & 0xFF, data[body], _attributes(data[body + _FAMILY_BYTES : at + length])
        at += (length + 3) & ~3


def _attributes(body: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        found[kind & NESTED_MASK] = body[at + _ATTRIBUTE.size : at + length]
        at += max((length + 3) & ~3, _ATTRIBUTE.size)
    return found


def _number(value: bytes | None) -> int:
    return int.from_bytes(value or b"", "big")


def _text(value: bytes | None) -> str:
    return (value or b"").rstrip(b"\0").decode(errors="replace")


def table_gone(kind: int, attributes: dict[int, bytes], table: str) -> bool:
    """Whether the message says that a table of this name was deleted."""
    return kind == NFT_MSG_DELTABLE and _text(attributes.get(TABLE_NAME)) == table


class Traces:
    """Puts the messages of one subscription together. The kernel tells a packet's headers once a base chain."""

    def __init__(self) -> None:
        self._heads: dict[int, tuple[Flow, int, int]] = {}

    def drop(self, kind: int, family: int, said: dict[int, bytes]) -> TracedDrop | None:
        """The drop that a message tells, None if it tells none."""
        if kind != NFT_MSG_TRACE:
            return None
        number = _number(said.get(ID))
        if NETWORK in said:
            self._heads.pop(number, None)
            flow = flow_of(said[NETWORK], said.get(TRANSPORT, b""))
            if flow is not None:
                self._heads[number] = (flow, _number(said.get(IIF)), _number(said.get(OIF)))
                if len(self._heads) > HEADS_MAX:
                    del self._heads[next(iter(self._heads))]
        head = self._heads.get(number)
        handle = _dropped_by(said)
        if head is None or handle is None or family not in FAMILIES:
            return None
        del self._heads[number]
        flow, iif, oif = head
        place = (FAMILIES[family], _text(said.get(TABLE)), _text(said.get(CHAIN)))
        return TracedDrop(flow, place, handle, iif, oif)


def _dropped_by(said: dict[int, bytes]) -> int | None:
    """The rule's handle, 0 for a policy, None if the message is of no drop."""
    kind = _number(said.get(TYPE))
    if kind == TYPE_RULE and VERDICT in said and HANDLE in said:
        code = _attributes(said[VERDICT]).get(VERDICT_CODE)
        return _number(said[HANDLE]) if code is not None and _number(code) == NF_DROP else None
    if kind == TYPE_POLICY and POLICY in said:
        return 0 if _number(said[POLICY]) == NF_DROP else None
    return None


def flow_of(network: bytes, transport: bytes) -> Flow | None:
    """The flow of a packet by its headers; None for fragments, extension headers and what is cut short."""
    version = network[0] >> 4 if network else 0
    if version == 4 and len(network) >= 20:
        if int.from_bytes(network[6:8], "big") & FRAGMENT:
            return None
        family, protocol, ends = 4, network[9], (V4_PREFIX + network[12:16], V4_PREFIX + network[16:20])
    elif version == 6 and len(network) >= 40 and network[6] in PLAIN_V6:
        family, protocol, ends = 6, network[6], (network[8:24], network[24:40])
    else:
        return None
    if protocol in PORTED or protocol in (ICMP, ICMPV6):
        if len(transport) < 4:
            return None
        high, low = int.from_bytes(transport[:2], "big"), int.from_bytes(transport[2:4], "big")
        ports = (high, low) if protocol in PORTED else (0, high)
        return Flow(family, protocol, *ends, *ports)
    return Flow(family, protocol, *ends, 0, 0)
