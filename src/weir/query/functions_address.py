"""Functions of addresses: networks by macros, places and threats by look-ups outside the engine.

What enters: calls as parsed. What leaves: macros, or calls of ``lookups``. The rule: a network that is written out is
checked before the query runs; a look-up whose data the server has not been given is refused with the setting that
names it. Source: SLS, "IP functions", "Security check functions".
"""

from __future__ import annotations

import ipaddress

from sqlglot import exp

from weir.query.calls import Arguments, Build, Function, Unsuitable, call, literal, macro
from weir.query.lookups import ENGLISH, PLACES, THREATS
from weir.query.macros import PREFIX


def _cidr(index: int, build: Build) -> Build:
    """``build`` with the network at ``index`` checked, where it is written out."""

    def checked(args: Arguments) -> exp.Expr:
        node = args[index]
        if isinstance(node, exp.Literal):
            try:
                ipaddress.ip_network(literal(node, "the network"), strict=False)
            except ValueError as error:
                raise Unsuitable(f"{node.this!r} is no network: {error}") from error
            if "/" not in str(node.this):
                raise Unsuitable(f"{node.this!r} has no prefix length")
        return build(args)

    return checked


def _subnet_range(args: Arguments) -> exp.Expr:
    return exp.Array(expressions=[call(PREFIX + "ip_low", args[0]), call(PREFIX + "ip_high", args[0].copy())])


def _network(name: str, count: int, doc: str, result: str) -> Function:
    return Function(count, count, _cidr(0, lambda args: call(PREFIX + name, *args)), result, doc=doc)


def _place(name: str) -> Build:
    def build(args: Arguments) -> exp.Expr:
        if len(args) == 1:
            return call(PREFIX + name, args[0])
        if literal(args[1], "the language").lower() != "en":
            raise Unsuitable("the language is 'en'; without one names are Chinese")
        return call(PREFIX + name + ENGLISH, args[0])

    return build


ADDRESSES: dict[str, Function] = {
    "is_subnet_of": _network("is_subnet_of", 2, "(network, address) Whether it lies in the network.", "bool"),
    "is_prefix_subnet_of": _network(
        "is_prefix_subnet_of", 2, "(network, network) Whether the second lies in the first.", "bool"
    ),
    "ip_prefix": macro("ip_prefix", 2, "(address, bits) Its network of that length.", "text"),
    "ip_subnet_min": _network("ip_low", 1, "(network) First address.", "text"),
    "ip_subnet_max": _network("ip_high", 1, "(network) Last address.", "text"),
    "ip_subnet_range": Function(
        1, 1, _cidr(0, _subnet_range), "array", doc="(network) Array of first and last address."
    ),
    "ip_to_domain": macro("ip_to_domain", 1, "(address) intranet or internet.", "text"),
    **{
        name: Function(1, 2 if place.named else 1, _place(name), "text", doc=place.doc)
        for name, place in PLACES.items()
    },
    **{name: macro(name, 1, doc, "long") for name, doc in THREATS.items()},
}
