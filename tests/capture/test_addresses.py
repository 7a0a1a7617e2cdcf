"""Addresses as text, against the standard library."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from weir.capture.addresses import encoded

MAPPED = bytes(10) + b"\xff\xff"


def packed(found: list[IPv4Address | IPv6Address]) -> np.ndarray:
    octets = b"".join(MAPPED + one.packed if isinstance(one, IPv4Address) else one.packed for one in found)
    return np.frombuffer(octets, "V16")


@given(st.lists(st.ip_addresses(v=4), max_size=40) | st.lists(st.ip_addresses(), max_size=40))
def test_the_text_is_that_of_the_address(found: list[IPv4Address | IPv6Address]) -> None:
    found += found[: len(found) // 2]
    column = encoded(packed(found))
    assert [ip_address(text) for text in column.to_pylist()] == [_plain(one) for one in found]
    assert len(set(column.dictionary.to_pylist())) == len(column.dictionary)


def test_every_octet_at_every_place() -> None:
    found = [IPv4Address(bytes((a, b, a ^ b, 255 - a))) for a in range(256) for b in range(0, 256, 5)]
    assert encoded(packed(found)).to_pylist() == [str(one) for one in found]


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """IPv4-mapped IPv6 is how IPv4 is packed."""
    return getattr(address, "ipv4_mapped", None) or address
