"""What is known of addresses, domains and URLs outside the records: places and threats.

What enters: files that the user names, MaxMind's format for places, one address, network, domain or URL a line for
threats. What leaves: functions from text to value that a statement may call. The rule: what a file does not know is
NULL for a place and 0 for a threat; a function whose file is not named does not exist, and the refusal names the
setting. Nothing is ever fetched.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import maxminddb

from weir.logstore.engine import Lookup

ENGLISH = "_en"
"""Behind the name of a place's function: the same with English names."""
CACHED_MAX = 65_536
"""Addresses whose record is kept; above it the one used longest ago is read from the file again."""
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """``read`` takes the records of an address, one per file, and the language; ``named``: it has two languages."""

    doc: str
    read: Callable[[tuple[Record, ...], str], str | None]
    named: bool = False


def _name(key: str, records: tuple[Record, ...], language: str) -> str | None:
    for record in records:
        found = record.get(key)
        found = found[0] if isinstance(found, list) and found else found
        names = found.get("names", {}) if isinstance(found, dict) else {}
        if names:
            return str(names.get(language) or names.get("en") or next(iter(names.values())))
    return None


def _code(records: tuple[Record, ...], _: str) -> str | None:
    codes = (record["country"].get("iso_code") for record in records if "country" in record)
    return next((str(code) for code in codes if code), None)


def _point(records: tuple[Record, ...], _: str) -> str | None:
    for record in records:
        place = record.get("location", {})
        if "latitude" in place and "longitude" in place:
            return f"{place['latitude']},{place['longitude']}"
    return None


def _provider(records: tuple[Record, ...], _: str) -> str | None:
    keys = ("isp", "autonomous_system_organization", "organization")
    return next((str(record[key]) for key in keys for record in records if record.get(key)), None)


PLACES: dict[str, Place] = {
    "ip_to_country": Place("(address [, 'en']) Country, in Chinese or English.", partial(_name, "country"), True),
    "ip_to_country_code": Place("(address) Country in two letters.", _code),
    "ip_to_province": Place("(address [, 'en']) Province or state.", partial(_name, "subdivisions"), True),
    "ip_to_city": Place("(address [, 'en']) City.", partial(_name, "city"), True),
    "ip_to_geo": Place("(address) Latitude and longitude, with a comma between.", _point),
    "ip_to_city_geo": Place("(address) Latitude and longitude of its city.", _point),
    "ip_to_provider": Place("(address) Provider that the network belongs to.", _provider),
}
THREATS: dict[str, str] = {
    "security_check_ip": "(address) 1 if it is on the threat list, else 0.",
    "security_check_domain": "(domain) 1 if it or a domain above it is on the threat list, else 0.",
    "security_check_url": "(url) 1 if it, its domain or its address is on the threat list, else 0.",
}
MISSING = {
    **dict.fromkeys(PLACES, "no geography file is configured: name a MaxMind-format file in the setting geo_file"),
    **dict.fromkeys(THREATS, "no threat list is configured: name a file in the setting threat_file"),
}
"""Function -> why it cannot be called where its file is not named."""


class LookupFileError(ValueError):
    """A file of look-ups cannot be read; the message names it."""


def open_places(paths: Iterable[Path]) -> dict[str, Lookup]:
    """The functions of places over MaxMind-format files; what one file does not know the next may.

    Raises ``LookupFileError``.
    """
    readers = []
    for path in paths:
        try:
            readers.append(maxminddb.open_database(path))
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise LookupFileError(f"{path} is no MaxMind-format file: {error}") from error
    if not readers:
        return {}

    @lru_cache(CACHED_MAX)
    def records(address: str) -> tuple[Record, ...]:
        try:
            found = [reader.get(address) for reader in readers]
        except ValueError:  # no address, or an IPv6 address in an IPv4 file
            return ()
        return tuple(one for one in found if isinstance(one, dict))

    def lookup(place: Place, language: str) -> Callable[[str], str | None]:
        return lambda address: place.read(records(address), language)

    found = {}
    for name, place in PLACES.items():
        found[name] = Lookup(lookup(place, "zh-CN"))
        if place.named:
            found[name + ENGLISH] = Lookup(lookup(place, "en"))
    return found


def open_threats(path: Path) -> dict[str, Lookup]:
    """The security checks over a list of one address, network, domain or URL a line; ``#`` begins a remark.

    Raises ``LookupFileError``.
    """
    try:
        lines = [line.partition("#")[0].strip() for line in path.read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise LookupFileError(f"{path} cannot be read: {error}") from error
    threats = _Threats([line for line in lines if line])
    return {
        "security_check_ip": Lookup(lambda text: int(threats.has_address(text)), is_long=True),
        "security_check_domain": Lookup(lambda text: int(threats.has_domain(text)), is_long=True),
        "security_check_url": Lookup(lambda text: int(threats.has_url(text)), is_long=True),
    }


class _Threats:
    """The list, by kind. Networks are spans without overlap, found by bisection."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._urls: set[str] = set()
        self._domains: set[str] = set()
        spans: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
        for line in lines:
            try:
                network = ipaddress.ip_network(line, strict=False)
            except ValueError:
                (self._urls if "://" in line else self._domains).add(line.lower().rstrip("."))
            else:
                spans[network.version].append((int(network[0]), int(network[-1])))
        self._spans = {version: _merged(found) for version, found in spans.items()}

    def has_address(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        spans = self._spans[address.version]
        place = bisect_right(spans, (int(address), 2**128)) - 1
        return place >= 0 and spans[place][1] >= int(address)

    def has_domain(self, text: str) -> bool:
        labels = text.lower().rstrip(".").split(".")
        return any(".".join(labels[at:]) in self._domains for at in range(len(labels)))

    def has_url(self, text: str) -> bool:
        try:
            host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
        except ValueError:
            return False
        return text.lower() in self._urls or self.has_domain(host) or self.has_address(host)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged
