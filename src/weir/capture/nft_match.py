"""Whether a packet matches what an nftables rule asks: yes, no, or not known.

What enters: a statement's expressions as JSON, and the facts of a dropped packet. What leaves: True, False or None.
Rule: None wherever a fact, a field or a notation is not known here; so whatever nft learns to say later, the answer
never becomes wrong, only less often known. An expression that cannot be loaded at all (a TCP port of a UDP packet) ends
the rule whatever is asked of it, as in the kernel.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from weir.capture.nft import NamedSet, Place

Answer = bool | None

PROTOCOLS = {"tcp": 6, "udp": 17, "udplite": 136, "sctp": 132, "dccp": 33, "icmp": 1, "icmpv6": 58}
PORTED = frozenset({6, 17, 33, 132, 136})
ETHERTYPES = {4: (0x0800, 0x0008, "ip"), 6: (0x86DD, 0xDD86, "ip6")}
"""Family -> the ways nft prints its EtherType: some versions print it in the machine's byte order."""
ADDRESSES_MAX = 1 << 14
"""Addresses of rules that are remembered as numbers; more are read again at every packet."""
LOOPBACK = "lo"
"""The one device whose index, 1, never changes hands."""
NFPROTO = {4: (2, "ipv4"), 6: (10, "ipv6")}
STATE_BITS = {"invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64}


@dataclass(frozen=True, slots=True)
class Number:
    """A number of which the bits in ``unknown`` are not known."""

    value: int
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """A name, as of an interface."""

    value: str


@dataclass(frozen=True, slots=True)
class Device:
    """A device asked for by its index: a name in a listing may by now be that of another one."""

    name: str


@dataclass(frozen=True, slots=True)
class Ethertype:
    """That of IPv4 or IPv6."""

    family: int


class _Absent:
    """The packet has no such field."""


class _Unknown:
    """The field's value is not known."""


ABSENT, UNKNOWN = _Absent(), _Unknown()
Value = Number | Text | Device | Ethertype | tuple["Value", ...] | _Absent | _Unknown


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a dropped packet as the hook's rules saw it. Unknown: None, an empty ``state``.

    ``source``, ``destination``: addresses as integers; ports in host order (ICMP: ``destination_port`` is
    type * 256 + code); ``iif`` and ``oif``: names of the devices as the hook's rules see them; ``flags``: TCP's, of
    which those in ``flags_unknown`` may be of other packets of the flow.
    """

    family: int
    protocol: int
    source: int | None = None
    destination: int | None = None
    source_port: int | None = None
    destination_port: int | None = None
    flags: int = 0
    flags_unknown: int = 0xFF
    iif: str | None = None
    oif: str | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a rule stands: its table's (family, name), the sets it may name, and the packet's mark so far."""

    table: tuple[str, str]
    sets: Mapping[Place, NamedSet]
    mark: Value = UNKNOWN

    def named(self, reference: str) -> NamedSet | None:
        return self.sets.get((*self.table, reference.removeprefix("@")))


def load(expression: Any, facts: Facts, scope: Scope) -> Value:
    """The value of a left-hand side."""
    if not isinstance(expression, dict) or len(expression) != 1:
        return UNKNOWN
    ((kind, said),) = expression.items()
    if kind == "concat":
        parts = tuple(load(part, facts, scope) for part in said)
        return ABSENT if ABSENT in parts else parts
    if kind == "&":
        return _masked(load(said[0], facts, scope), said[1])
    if kind == "payload":
        return _payload(said, facts)
    if kind == "meta":
        return _meta(said.get("key"), facts, scope)
    if kind == "ct" and said.get("key") == "state" and facts.state and set(said) == {"key"}:
        return Number(STATE_BITS[facts.state]) if facts.state in STATE_BITS else UNKNOWN
    if kind == "tcp option" and facts.protocol != PROTOCOLS["tcp"]:
        return ABSENT
    return UNKNOWN


def _masked(value: Value, mask: Any) -> Value:
    bits = _literal(mask)
    if isinstance(value, _Absent):
        return value
    if not isinstance(value, Number) or not isinstance(bits, Number):
        return UNKNOWN
    return Number(value.value & bits.value, value.unknown & bits.value)


def _payload(said: Mapping[str, Any], facts: Facts) -> Value:
    protocol, name = said.get("protocol"), said.get("field")
    if protocol in ("ip", "ip6"):
        return _network(str(protocol), str(name), facts)
    if protocol == "ether" and name == "type":
        return UNKNOWN
    if protocol == "th":
        return _port(name, facts) if facts.protocol in PORTED else UNKNOWN
    if protocol not in PROTOCOLS:
        return UNKNOWN
    if facts.protocol != PROTOCOLS[protocol]:
        return ABSENT
    if protocol in ("icmp", "icmpv6"):
        if facts.destination_port is None or name not in ("type", "code"):
            return UNKNOWN
        return Number(facts.destination_port >> 8 if name == "type" else facts.destination_port & 0xFF)
    if protocol == "tcp" and name == "flags":
        return Number(facts.flags, facts.flags_unknown)
    return _port(name, facts)


def _network(protocol: str, name: str, facts: Facts) -> Value:
    if (protocol == "ip") != (facts.family == 4):
        return ABSENT
    if name == "protocol" and facts.family == 4:
        return Number(facts.protocol)
    found = {"saddr": facts.source, "daddr": facts.destination}.get(name)
    return UNKNOWN if found is None else Number(found)


def _port(name: Any, facts: Facts) -> Value:
    found = {"sport": facts.source_port, "dport": facts.destination_port}.get(name)
    return UNKNOWN if found is None else Number(found)


def _meta(key: Any, facts: Facts, scope: Scope) -> Value:
    if key == "l4proto":
        return Number(facts.protocol)
    if key == "mark":
        return scope.mark
    if key in ("iifname", "iif", "oifname", "oif"):
        device = facts.iif if key.startswith("iif") else facts.oif
        if device is None:
            return UNKNOWN
        return Text(device) if key.endswith("name") else Device(device)
    if key == "protocol":
        return Ethertype(facts.family)
    if key == "nfproto" and scope.table[0] in ("ip", "ip6", "inet"):
        return Number(NFPROTO[facts.family][0])
    return UNKNOWN


def matches(statement: Mapping[str, Any], facts: Facts, scope: Scope) -> Answer:
    """Whether the rule goes on after this ``match`` statement."""
    left, right, operator = statement.get("left"), statement.get("right"), statement.get("op")
    value = load(left, facts, scope)
    if isinstance(value, _Absent):
        return False
    if isinstance(value, _Unknown):
        return None
    if operator in ("==", "!="):
        found = _equal(value, right, scope)
        return found if operator == "==" or found is None else not found
    if not isinstance(value, Number):
        return None
    bound = _literal(right)
    if not isinstance(bound, Number):
        return None
    if operator in ("in", "!"):
        found = _any_bit(value, bound.value)
        return found if operator == "in" or found is None else not found
    if value.unknown:
        return None
    compared = {
        "<": value.value < bound.value,
        ">": value.value > bound.value,
        "<=": value.value <= bound.value,
        ">=": value.value >= bound.value,
    }
    return compared.get(str(operator))


def lasts(statement: Mapping[str, Any], facts: Facts, scope: Scope) -> bool:
    """Of a match whose answer is not known: whether it is the same for all packets with these facts.

    It is where all that is asked of the packet is known, and only what it is compared with is not understood.
    """
    right = statement.get("right")
    if isinstance(right, str) and right.startswith("@"):
        named = scope.named(right)
        if named is None or not named.is_fixed:
            return False
    return _is_known(load(statement.get("left"), facts, scope))


def _is_known(value: Value) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_known, value))
    return not isinstance(value, _Unknown) and not (isinstance(value, Number) and value.unknown)


def _any_bit(value: Number, mask: int) -> Answer:
    if value.value & ~value.unknown & mask:
        return True
    return None if value.unknown & mask else False


def _equal(value: Value, right: Any, scope: Scope) -> Answer:
    if isinstance(right, str) and right.startswith("@"):
        named = scope.named(right)
        return member(value, named.elements) if named and named.is_fixed else None
    if isinstance(right, dict) and "set" in right:
        return member(value, right["set"])
    return is_in(value, right)


def member(value: Value, elements: Iterable[Any]) -> Answer:
    """Whether the value is one of a set's elements; ``*`` stands for whatever the others do not hold."""
    answer: Answer = False
    for element in elements:
        if element == "*":
            return True
        found = is_in(value, element)
        if found:
            return True
        if found is None:
            answer = None
    return answer


def is_in(value: Value, element: Any) -> Answer:
    """Whether the value is this element: a literal, a prefix, a range, or a concatenation of them."""
    if isinstance(element, dict) and "elem" in element:
        inner = element["elem"]
        return None if "expires" in inner or "timeout" in inner else is_in(value, inner.get("val"))
    if isinstance(value, tuple):
        parts = element.get("concat") if isinstance(element, dict) else None
        if not isinstance(parts, list) or len(parts) != len(value):
            return None
        return _all(is_in(one, part) for one, part in zip(value, parts, strict=True))
    if isinstance(value, Text | Device | Ethertype):
        return _same(value, element)
    if not isinstance(value, Number):
        return None
    bounds = _bounds(element)
    if bounds is None:
        return None
    low, high = bounds
    if value.unknown:
        if low != high:
            return None
        return None if (value.value ^ low) & ~value.unknown == 0 else False
    return low <= value.value <= high


def _all(answers: Iterable[Answer]) -> Answer:
    answer: Answer = True
    for one in answers:
        if one is False:
            return False
        if one is None:
            answer = None
    return answer


def _same(value: Text | Device | Ethertype, element: Any) -> Answer:
    if isinstance(value, Ethertype):
        return element in ETHERTYPES[value.family] if isinstance(element, int | str) else None
    if not isinstance(element, str):
        return None
    if isinstance(value, Device):
        return value.name == LOOPBACK if element == LOOPBACK else None
    return value.value.startswith(element[:-1]) if element.endswith("*") else value.value == element


def _bounds(element: Any) -> tuple[int, int] | None:
    """The lowest and the highest number of an element."""
    if isinstance(element, dict) and "prefix" in element:
        said = element["prefix"]
        base, size = _literal(said["addr"]), 128 if ":" in str(said["addr"]) else 32
        if not isinstance(base, Number) or not isinstance(said["addr"], str):
            return None
        host = (1 << size - said["len"]) - 1
        return base.value & ~host, base.value | host
    if isinstance(element, dict) and "range" in element:
        low, high = (_literal(end) for end in element["range"])
        return (low.value, high.value) if isinstance(low, Number) and isinstance(high, Number) else None
    literal = _literal(element)
    return (literal.value, literal.value) if isinstance(literal, Number) else None


@lru_cache(ADDRESSES_MAX)
def _address(said: str) -> Value:
    try:
        return Number(int(ipaddress.ip_address(said)))
    except ValueError:
        return UNKNOWN


def _literal(said: Any) -> Value:
    """A number as nft prints it: an integer, an address, or flags of which all are meant."""
    if isinstance(said, bool):
        return UNKNOWN
    if isinstance(said, int):
        return Number(said)
    if isinstance(said, str):
        return _address(said)
    flags = said.get("|") if isinstance(said, dict) and len(said) == 1 else said
    if not isinstance(flags, list):
        return UNKNOWN
    together = 0
    for one in flags:
        bit = _literal(one)
        if not isinstance(bit, Number):
            return UNKNOWN
        together |= bit.value
    return Number(together)
