"""Words and shapes of the traffic analyzer's actions: tuple dimensions, keys, the filter document.

What enters: the text of one parameter. What leaves: enumerations and ``Filter`` values, or ``Malformed``/``Outside`` as
in ``shapes``. Rules: SDKs send ``Filter`` and ``GroupBy`` as one JSON text each; a key is known for the VPC scenarios
or refused (source: StartNisTrafficRanking page and the SDK's models).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from weir.contract.shapes import BadText, Malformed, OneOf, Outside, Shape


class Dimension(StrEnum):
    """What one stored row stands for, the coarsest first: a cloud address, an address pair, a flow."""

    TUPLE1 = "Tuple1"
    TUPLE2 = "Tuple2"
    TUPLE5 = "Tuple5"


class Key(StrEnum):
    """What traffic is grouped and filtered by. The last four need a geography of addresses."""

    VPC_ID = "VpcId"
    V_SWITCH_ID = "VSwitchId"
    NETWORK_INTERFACE_ID = "NetworkInterfaceId"
    ECS_ID = "EcsId"
    CLOUD_IP = "CloudIp"
    SOURCE_IP = "SourceIp"
    DESTINATION_IP = "DestinationIp"
    TRAFFIC_PATH = "TrafficPath"
    SOURCE_PORT = "SourcePort"
    DESTINATION_PORT = "DestinationPort"
    PROTOCOL = "Protocol"
    COUNTRY = "Country"
    PROVINCE = "Province"
    CITY = "City"
    ISP = "Isp"
    ASN = "Asn"


class FilterKey(StrEnum):
    """What only a filter may name, beside every ``Key``."""

    FLOW_ACTION = "FlowAction"
    MIN_BYTES = "MinBytes"
    MAX_BYTES = "MaxBytes"
    MIN_PACKAGES = "MinPackages"
    MAX_PACKAGES = "MaxPackages"
    MIN_ROUND_TRIP_TIME = "MinRoundTripTime"
    MAX_ROUND_TRIP_TIME = "MaxRoundTripTime"
    CLIENT_COUNTRY = "ClientCountry"
    CLIENT_PROVINCE = "ClientProvince"
    CLIENT_CITY = "ClientCity"
    CLIENT_ASN = "ClientAsn"
    CLIENT_ISP = "ClientIsp"


class Operator(StrEnum):
    """How a filter compares: one of the values, none of them, or containing one of them."""

    IN = "in"
    NOT_IN = "not in"
    LIKE = "like"


RESOURCE_KEYS = (Key.VPC_ID, Key.V_SWITCH_ID, Key.NETWORK_INTERFACE_ID, Key.ECS_ID)
PAIR_KEYS = (Key.SOURCE_IP, Key.DESTINATION_IP, Key.TRAFFIC_PATH)
PORT_KEYS = (Key.SOURCE_PORT, Key.DESTINATION_PORT, Key.PROTOCOL)
KEYS: dict[Dimension, tuple[Key, ...]] = {
    Dimension.TUPLE1: (*RESOURCE_KEYS, Key.CLOUD_IP),
    Dimension.TUPLE2: (*RESOURCE_KEYS, *PAIR_KEYS),
    Dimension.TUPLE5: (*RESOURCE_KEYS, *PAIR_KEYS, *PORT_KEYS),
}
"""What each dimension can be grouped and filtered by (source: StartNisTrafficRanking page)."""
ADDRESS_KEYS = (Key.CLOUD_IP, Key.SOURCE_IP, Key.DESTINATION_IP)
"""The keys that take ``like``."""
BOUNDS = (FilterKey.MIN_BYTES, FilterKey.MAX_BYTES, FilterKey.MIN_PACKAGES, FilterKey.MAX_PACKAGES)
"""Filters on the sums of a group."""
NOT_RECORDED = frozenset(
    {Key.COUNTRY, Key.PROVINCE, Key.CITY, Key.ISP, Key.ASN}
    | {key for key in FilterKey if key.startswith("Client") or key.endswith("RoundTripTime")}
)
"""Published keys whose data no record of ours holds."""

PROTOCOLS = {1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPv6"}
"""IANA numbers that have a name here; every other protocol is its number."""
NUMBER_MAX = 2**63 - 1
PORT_MAX = 65535
PROTOCOL_MAX = 255

FILTER_LENGTH_MAX = 8192
"""Characters of one ``Filter``; above it the call is refused. It keeps the query within what the language takes."""
FILTER_VALUES_MAX = 200
"""Values of one ``Filter``, all conditions together; above it the call is refused. It bounds the query's nesting."""
GROUP_BY_MAX = len(Key)


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition. ``values`` as they are compared: actions in capitals, protocols as numbers."""

    key: Key | FilterKey
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JsonList:
    """A JSON list of 1 to ``at_most`` texts in one parameter; a tuple in Python."""

    of: Shape
    at_most: int

    def parse(self, text: str) -> tuple[Any, ...]:
        words = _json_list(text)
        if not all(isinstance(word, str) for word in words):
            raise Malformed("must be a JSON list of texts")
        if not 1 <= len(words) <= self.at_most:
            raise Outside(f"{len(words)} elements, allowed are 1 to {self.at_most}")
        return tuple(self.of.parse(word) for word in words)

    def text(self, value: tuple[Any, ...]) -> str:
        return json.dumps([self.of.text(one) for one in value])

    def rule(self) -> str:
        return f"JSON list of 1 to {self.at_most} texts, each: {self.of.rule()}"

    def good(self) -> tuple[str, ...]:
        return json.dumps(list(self.of.good())[: self.at_most]), json.dumps([self.of.good()[0]])

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        one = self.of.good()[0]
        return (
            *NOT_LISTS,
            ("[1]", Malformed),
            ("[]", Outside),
            ('["no such"]', Outside),
            (json.dumps([one] * (self.at_most + 1)), Outside),
        )


@dataclass(frozen=True, slots=True)
class AnyCase:
    """One of an enumeration's values, in any case: the published page and its examples spell them differently."""

    of: type[Enum]

    def parse(self, text: str) -> Any:
        for member in self.of:
            if text.lower() == str(member.value).lower():
                return member
        raise Outside(f"must be {' or '.join(str(member.value) for member in self.of)}")

    def text(self, value: Enum) -> str:
        return str(value.value)

    def rule(self) -> str:
        return ", ".join(f"`{member.value}`" for member in self.of) + ", in any case"

    def good(self) -> tuple[str, ...]:
        values = tuple(str(member.value) for member in self.of)
        return *values, values[0].swapcase()

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        return (self.good()[0] + "x", Outside), (" " + self.good()[0], Outside)


@dataclass(frozen=True, slots=True)
class Filters:
    """The filter document: ``[{"Key": "VpcId", "Operator": "in", "Value": ["vpc-1"]}]``; every entry must hold."""

    def parse(self, text: str) -> tuple[Filter, ...]:
        if len(text) > FILTER_LENGTH_MAX:
            raise Outside(f"{len(text)} characters, allowed are {FILTER_LENGTH_MAX}")
        filters = tuple(_filter(entry) for entry in _json_list(text))
        if sum(len(one.values) for one in filters) > FILTER_VALUES_MAX:
            raise Outside(f"more than {FILTER_VALUES_MAX} values")
        return filters

    def text(self, value: tuple[Filter, ...]) -> str:
        return json.dumps([{"Key": one.key, "Operator": one.operator, "Value": list(one.values)} for one in value])

    def rule(self) -> str:
        return (
            f"JSON list of objects with `Key`, `Operator` (`in`, which is the default, `not in`, or for addresses"
            f" `like`: contains) and `Value` (list of texts), at most {FILTER_LENGTH_MAX} characters and"
            f" {FILTER_VALUES_MAX} values"
        )

    def good(self) -> tuple[str, ...]:
        return (
            '[{"Key":"FlowAction","Value":["ACCEPT"]}]',
            '[{"Key":"FlowAction","Operator":"in","Value":["Reject"]},'
            '{"Key":"SourceIp","Operator":"like","Value":["10.0.","\'"]},'
            '{"Key":"Protocol","Operator":"not in","Value":["TCP","udp","47"]}]',
        )

    def bad(self) -> tuple[tuple[str, type[BadText]], ...]:
        def one(**entry: object) -> str:
            return json.dumps([entry])

        action: dict[str, object] = {"Key": "FlowAction", "Value": ["ACCEPT"]}
        return (
            *NOT_LISTS,
            ("[1]", Malformed),
            (one(**action, Odd=1), Malformed),
            (one(Key="VpcId", Value="vpc-1"), Malformed),
            (one(Key="VpcId", Value=[1]), Malformed),
            (one(Key="VpcId"), Malformed),
            (one(Key=1, Value=["x"]), Malformed),
            (one(Key="Nope", Value=["x"]), Outside),
            (one(Key="VpcId", Operator="=", Value=["x"]), Outside),
            (one(Key="VpcId", Operator="like", Value=["x"]), Outside),
            (one(Key="VpcId", Value=[]), Outside),
            (one(Key="VpcId", Value=["\ud800"]), Outside),
            (one(Key="VpcId", Value=["a\0"]), Outside),
            (one(Key="FlowAction", Value=["ACCEPT", "REJECT"]), Outside),
            (one(Key="FlowAction", Operator="not in", Value=["ACCEPT"]), Outside),
            (one(Key="FlowAction", Value=["DROP"]), Outside),
            (one(Key="SourcePort", Value=["65536"]), Outside),
            (one(Key="Protocol", Value=["QUIC"]), Outside),
            (one(Key="MinBytes", Value=["-1"]), Outside),
            (one(Key="VpcId", Value=["x" * FILTER_LENGTH_MAX]), Outside),
            (one(Key="SourceIp", Operator="like", Value=["x"] * (FILTER_VALUES_MAX + 1)), Outside),
        )


NOT_LISTS: tuple[tuple[str, type[BadText]], ...] = tuple(
    (text, Malformed) for text in ("x", "{}", "1", "[", "[" * 5000, f"[{'9' * 5000}]")
)
"""What is no JSON list, also what a JSON reader may stumble over."""


def _json_list(text: str) -> Sequence[Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("must be a JSON list") from error
    if not isinstance(document, list):
        raise Malformed("must be a JSON list")
    return document


def _filter(entry: Any) -> Filter:
    if not isinstance(entry, dict) or not entry.keys() <= {"Key", "Operator", "Value"}:
        raise Malformed("every element must be an object of Key, Operator and Value")
    name, values = entry.get("Key"), entry.get("Value")
    operator_text = entry.get("Operator") or Operator.IN.value
    if not isinstance(name, str) or not isinstance(operator_text, str):
        raise Malformed("Key and Operator must be texts")
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise Malformed("Value must be a list of texts")
    key: Key | FilterKey = OneOf(Key, FilterKey).parse(name)
    operator: Operator = OneOf(Operator).parse(operator_text)
    if not values:
        raise Outside(f"{key} has no value")
    if operator is Operator.LIKE and key not in ADDRESS_KEYS:
        raise Outside(f"{key} does not take like")
    if isinstance(key, FilterKey) and key not in NOT_RECORDED and (len(values) > 1 or operator is not Operator.IN):
        raise Outside(f"{key} takes one value and the operator in")
    return Filter(key, operator, tuple(_compared(key, value) for value in values))


def _compared(key: Key | FilterKey, text: str) -> str:
    """The value as the stored column has it."""
    if not text.isprintable():
        raise Outside(f"{key}: control characters")
    if key is FilterKey.FLOW_ACTION:
        if text.upper() not in ("ACCEPT", "REJECT"):
            raise Outside("FlowAction must be ACCEPT or REJECT")
        return text.upper()
    if key is Key.PROTOCOL:
        named = {name.lower(): str(number) for number, name in PROTOCOLS.items()}
        return _number(key, named.get(text.lower(), text), PROTOCOL_MAX)
    if key in (Key.SOURCE_PORT, Key.DESTINATION_PORT):
        return _number(key, text, PORT_MAX)
    if key in BOUNDS or key is Key.TRAFFIC_PATH:
        return _number(key, text, NUMBER_MAX)
    return text


def _number(key: Key | FilterKey, text: str, at_most: int) -> str:
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(at_most)) and int(text) <= at_most):
        raise Outside(f"{key} must be a number up to {at_most}")
    return str(int(text))
