"""Writes a tiny file in MaxMind's format: a binary trie of 24-bit records, a data section, the metadata.

After the public description "MaxMind DB File Format Specification", version 2.0.
"""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path
from typing import Any

# Fields of the metadata whose width is prescribed: 5 is 16 bits, 6 is 32, 9 is 64.
NUMBERS = {
    "binary_format_major_version": 5,
    "binary_format_minor_version": 5,
    "build_epoch": 9,
    "ip_version": 5,
    "record_size": 5,
}
MARKER = b"\xab\xcd\xefMaxMind.com"


def write(path: Path, records: dict[str, dict[str, Any]]) -> Path:
    """Network -> record, both families in one trie of IPv6; later networks must not contain earlier ones."""
    tree: list[list[Any]] = [[None, None]]
    data, places = b"", {}
    for text, record in records.items():
        network = ipaddress.ip_network(text)
        places[text] = len(data)
        data += encoded(record)
        bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
        node = 0
        for place, bit in enumerate("0" * 96 + bits if network.version == 4 else bits):
            at = int(bit)
            if place == (96 if network.version == 4 else 0) + network.prefixlen - 1:
                tree[node][at] = ("data", text)
            else:
                if tree[node][at] is None:
                    tree.append([None, None])
                    tree[node][at] = len(tree) - 1
                node = tree[node][at]
    count = len(tree)

    def value(entry: Any) -> bytes:
        number = count if entry is None else count + 16 + places[entry[1]] if isinstance(entry, tuple) else entry
        return number.to_bytes(3, "big")

    section = b"".join(value(entry) for node in tree for entry in node)
    facts = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1_700_000_000,
        "database_type": "Test-City",
        "description": {"en": "made by a test"},
        "ip_version": 6,
        "languages": ["en", "zh-CN"],
        "node_count": count,
        "record_size": 24,
    }
    path.write_bytes(section + b"\0" * 16 + data + MARKER + encoded(facts))
    return path


def encoded(value: Any) -> bytes:
    """A value of the data section."""
    match value:
        case str():
            body = value.encode()
            return _control(2, len(body)) + body
        case float():
            return _control(3, 8) + struct.pack(">d", value)
        case int():
            return _number(value, 6)
        case dict():
            return _control(7, len(value)) + b"".join(
                encoded(k) + (_number(v, NUMBERS[k]) if k in NUMBERS else encoded(v)) for k, v in value.items()
            )
        case list():
            return _control(11, len(value)) + b"".join(map(encoded, value))
    raise TypeError(type(value))


def _number(value: int, kind: int) -> bytes:
    body = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return _control(kind, len(body)) + body


def _control(kind: int, size: int) -> bytes:
    """Type and size; sizes from 29 on have a byte of their own, types from 8 on too."""
    assert size < 285
    low = min(size, 29)
    first = bytes([kind << 5 | low]) if kind < 8 else bytes([low, kind - 7])
    return first + (bytes([size - 29]) if size >= 29 else b"")
