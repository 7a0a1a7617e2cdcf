"""A rule set of two hundred rules, each of which drops exactly one of two hundred packets.

What enters: nothing. What leaves: the rules as nft reads them, and for each the packet that it drops. Rule: every rule
has two ports of its own and its name as its comment, so that nftables' counters say which rule dropped which packet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

A4, A6, B4, B6, C4, C6 = "10.9.0.1", "fd09::1", "10.9.0.2", "fd09::2", "10.9.1.3", "fd0a::3"
GATEWAY4 = "10.9.0.254"
RULES = 200
FIRST_PORT = 20_000
POLICY_PORT, MARK = 19_999, 0x5F000000


@dataclass(frozen=True)
class Place:
    """A base chain. ``to``: where the packets go that meet it; ``by_host``: the host sends them, else guest a."""

    family: str
    hook: str
    to4: str
    to6: str
    by_host: bool = False
    device: str = ""
    priority: int = 0
    name: str = ""
    """What tells the device that the chain's rules see."""

    @property
    def chain(self) -> str:
        return f"{self.hook}_chain"

    @property
    def header(self) -> str:
        device = f' device "{self.device}"' if self.device else ""
        return f"type filter hook {self.hook}{device} priority {self.priority}; policy accept;"

    @property
    def seen_as(self) -> str:
        """The hook's name in records."""
        return f"bridge-{self.hook}" if self.family == "bridge" else self.hook


PLACES = (
    Place("bridge", "prerouting", B4, B6, priority=-300, name='iifname "eni-a"'),
    Place("bridge", "forward", B4, B6, name='oifname "eni-b"'),
    Place("bridge", "postrouting", B4, B6, name='oifname "eni-*"'),
    Place("bridge", "input", GATEWAY4, "fd09::fe", name='iifname { "eni-a", "eni-b" }'),
    Place("bridge", "output", B4, B6, by_host=True, name='oifname "eni-b"'),
    Place("inet", "prerouting", C4, C6, priority=-150, name='iifname "br0"'),
    Place("inet", "forward", C4, C6, name='oifname "eni-c"'),
    Place("inet", "input", GATEWAY4, "fd09::fe", name='iifname "br*"'),
    Place("inet", "output", C4, C6, by_host=True, name='oifname "eni-c"'),
    Place("inet", "postrouting", C4, C6, name='oifname "eni-c"'),
    Place("netdev", "ingress", B4, B6, device="eni-a", name='iifname "eni-a"'),
    Place("netdev", "egress", B4, B6, device="eni-b", name='oifname "eni-b"'),
)
"""Every hook there is; bridge hooks come before those of inet for the same packet."""


@dataclass(frozen=True)
class Case:
    """Rule number ``number``: its lines in the base chain, chains and sets of its own, and the packet it drops."""

    number: int
    place: Place
    shape: str
    lines: tuple[str, ...]
    own: tuple[str, ...] = ()
    chain: str = ""
    protocol: str = "udp"
    version: int = 4
    is_marked: bool = True

    @property
    def name(self) -> str:
        return f"r{self.number}"

    @property
    def port(self) -> int:
        return port_of(self.number)

    @property
    def to(self) -> str:
        return self.place.to4 if self.version == 4 else self.place.to6


def port_of(number: int) -> int:
    return FIRST_PORT + 2 * number


def _end(number: int, is_marked: bool) -> str:
    mark = f"meta mark set {MARK + number + 1:#x} " if is_marked else ""
    return f'{mark}counter drop comment "r{number}"'


Shape = Callable[[int, Place, str], Case]


def _simple(shape: str, text: str, **more: object) -> Shape:
    """``text`` with {p} the port, {q} the next one, {d} the chain's device."""

    def make(number: int, place: Place, end: str) -> Case:
        port = port_of(number)
        line = text.format(p=port, q=port + 1, d=place.device or "eni-a") + " " + end
        return Case(number, place, shape, (line,), **more)  # type: ignore[arg-type]

    return make


def _named_set(number: int, place: Place, end: str) -> Case:
    port = port_of(number)
    own = f"set s{number} {{\ntype inet_service; flags interval;\nelements = {{ {port}-{port + 1} }}\n}}"
    return Case(number, place, "named interval set", (f"udp dport @s{number} {end}",), (own,))


def _named_concat(number: int, place: Place, end: str) -> Case:
    own = (
        f"set s{number} {{\ntype ipv4_addr . inet_service; flags interval;\n"
        f"elements = {{ 10.0.0.0/8 . {port_of(number)}-{port_of(number) + 1} }}\n}}"
    )
    return Case(number, place, "named concatenation", (f"ip saddr . udp dport @s{number} {end}",), (own,))


def _named_map(number: int, place: Place, end: str) -> Case:
    own = (
        f"chain c{number} {{\n{end}\n}}",
        f"map m{number} {{\ntype inet_service : verdict;\nelements = {{ {port_of(number)} : jump c{number} }}\n}}",
    )
    return Case(number, place, "named verdict map", (f"udp dport vmap @m{number}",), own, f"c{number}")


def _jump(number: int, place: Place, end: str) -> Case:
    own = (f"chain c{number} {{\nudp dport {port_of(number) + 1} return\n{end}\n}}",)
    return Case(number, place, "jump", (f"udp dport {port_of(number)} jump c{number}",), own, f"c{number}")


def _goto(number: int, place: Place, end: str) -> Case:
    own = (f"chain c{number} {{\nip daddr 192.0.2.1 accept\n{end}\n}}",)
    return Case(number, place, "goto", (f"udp dport {port_of(number)} goto c{number}",), own, f"c{number}")


def _set_mark(number: int, place: Place, end: str) -> Case:
    port = port_of(number)
    return Case(number, place, "mark", (f"udp dport {port} meta mark set 7", f"meta mark 7 udp dport {port} {end}"))


def _vmap(number: int, place: Place, end: str) -> Case:
    """The verdict lies in the map: there is no place for a mark."""
    line = f'udp dport {port_of(number)} counter ip saddr vmap {{ 10.9.0.0/16 : drop }} comment "r{number}"'
    return Case(number, place, "verdict map", (line,), is_marked=False)


def _device(number: int, place: Place, end: str) -> Case:
    """Another device's rule comes first."""
    port, key = port_of(number), place.name.split()[0]
    lines = (f'{key} "other*" udp dport {port} drop', f"{place.name} udp dport {port} {end}")
    return Case(number, place, "device name", lines)


def _state(number: int, place: Place, end: str) -> Case:
    """Where there is conntrack, another state's rule comes first."""
    port = port_of(number)
    if place.family != "inet":
        return Case(number, place, "no state", (f"udp dport {port} meta protocol ip {end}",))
    lines = (f"udp dport {port} ct state established,related,invalid drop", f"udp dport {port} ct state new {end}")
    return Case(number, place, "conntrack state", lines)


def _undecidable(number: int, place: Place, end: str) -> Case:
    """Two rules could have dropped it, for all that a record says; only the length tells."""
    port = port_of(number)
    return Case(number, place, "undecidable", (f"udp dport {port} meta length > 1000 drop", f"udp dport {port} {end}"))


def _passed_before(number: int, place: Place, end: str) -> Case:
    port = port_of(number)
    lines = (f"udp dport {port} ip saddr 192.0.2.0/24 accept", f"udp dport {port} {end}")
    return Case(number, place, "accept before", lines)


SHAPES: tuple[Shape, ...] = (
    _simple("port", "udp dport {p}"),
    _simple("set", "udp dport {{ {p}, {q} }}"),
    _simple("range", "udp dport {p}-{q}"),
    _simple("prefix", "ip saddr 10.9.0.0/16 udp dport {p}"),
    _simple("negation", "udp dport {p} udp sport != {{ 1, 2-9 }} ip daddr != 192.0.2.1"),
    _simple("concatenation", "meta l4proto . udp dport {{ udp . {p} }}"),
    _vmap,
    _simple("TCP flags", "tcp dport {p} tcp flags & (syn | ack) == syn", protocol="tcp"),
    _simple("IPv6", "ip6 saddr != 2001:db8::/32 udp dport {p}", version=6),
    _simple("transport header", "meta l4proto {{ tcp, udp }} th dport {p}"),
    _simple("not recorded", "udp dport {p} ip ttl 1-255"),
    _simple("limit", "udp dport {p} limit rate 1000/second"),
    _named_set,
    _named_concat,
    _named_map,
    _jump,
    _goto,
    _set_mark,
    _device,
    _state,
    _undecidable,
    _passed_before,
)  # fmt: skip


def cases() -> list[Case]:
    """All rules: every hook with every shape, a third of them marked."""
    made = []
    for number in range(RULES):
        place, shape = PLACES[number % len(PLACES)], SHAPES[(number // len(PLACES) + number) % len(SHAPES)]
        marks = number % 3 == 0
        case = shape(number, place, _end(number, marks))
        made.append(replace(case, is_marked=case.is_marked and marks))
    return made


def ruleset(made: list[Case]) -> str:
    """As nft reads it. The chain with policy drop stands behind all others of its hook."""
    return "\n".join([*_tables(made), _policy()])


def _tables(made: list[Case]) -> Iterator[str]:
    for family in sorted({place.family for place in PLACES}):
        text = [f"table {family} t {{"]
        of = [case for case in made if case.place.family == family]
        text += [own for case in of for own in case.own]
        for place in (place for place in PLACES if place.family == family):
            lines = [line for case in of if case.place == place for line in case.lines]
            text.append("\n".join([f"chain {place.chain} {{", place.header, *lines, "}"]))
        yield "\n".join([*text, "}"])


def _policy() -> str:
    return f"""table inet last {{
chain closed {{
type filter hook forward priority 50; policy drop;
ct state established accept
meta l4proto != udp accept
udp dport != {POLICY_PORT} accept
}}
}}"""
