"""The walk in Python against the kernel's own: the same frames through both, everything compared with ``==``."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.capture.test_kernel_frames import (
    DSTOPTS,
    ETH4,
    ETH6,
    FRAGMENT,
    FRAMES,
    LO,
    MACS,
    MALFORMED,
    NOT_IP,
    UDP,
    extension,
    fragment6,
    ip4,
    ip6,
    udp,
)
from weir.capture import headers
from weir.capture.flows import DIRECTION_OUT, Flows, fold
from weir.capture.headers import Frames, Link, Walk
from weir.capture.libbpf import BpfTrouble
from weir.capture.window import Uncounted
from weir.model.resources import Side

SEEDS = (
    *(frame.bytes for frame in FRAMES),
    *NOT_IP.values(),
    *MALFORMED.values(),
    ETH4 + ip4(b"r" * 21, UDP, frag=4),
    ETH6 + ip6(extension(FRAGMENT) + fragment6(UDP, 0, 1) + udp(8000, 40), DSTOPTS),
    ETH6 + ip6(extension(FRAGMENT) + fragment6(UDP, 6, 0) + b"q" * 33, DSTOPTS),
    ETH6 + ip6(extension(DSTOPTS) * 20 + udp(8000), DSTOPTS),
)


def frames_of(found: list[bytes], gso_size: int = 0) -> Frames:
    lengths = np.array([len(frame) for frame in found], np.int64)
    return Frames(
        data=np.frombuffer(b"".join(found), np.uint8),
        start=np.cumsum(lengths) - lengths,
        captured=lengths,
        length=lengths,
        link=np.full(len(found), int(Link.ETHERNET)),
        gso_size=np.full(len(found), gso_size),
    )


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A frame of a known kind with bytes changed, cut off, or added; mostly in its headers."""
    frame = bytearray(MACS + draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(12, min(len(frame), 90) - 1))
        value = draw(
            st.sampled_from((0, 1, 4, 6, 17, 44, 51, 60, 0x20, 0x45, 0x46, 0x60, 0x81, 0xFF)) | st.integers(0, 255)
        )
        frame[place] = value
    if draw(st.integers(0, 3)) == 0:
        del frame[draw(st.integers(15, len(frame))) :]
    return bytes(frame) + bytes(draw(st.sampled_from((0, 0, 2, 20))))


def comparable(rows: Flows) -> list[tuple[Any, ...]]:
    """Every column but the times, in a fixed order."""
    names = [name for name in rows.dtype.names or () if not name.endswith("_ns") and not name.startswith("pad")]
    return sorted(tuple(row[name].item() for name in names) for row in rows)


@pytest.fixture(scope="module")
def both(opened: Callable[..., Any], quiet: str) -> Callable[[list[bytes]], None]:
    """Puts the same frames through kernel and Python, one after the other, and compares what became of them."""
    books = opened(netns=quiet)
    books.kernel.attach(LO, Side.SELF)
    walk = Walk()

    def taken(frame: bytes) -> bool:
        """Whether the test bench runs it: some kernels refuse an IP frame too short for its header."""
        try:
            books.kernel.try_frame("behind_ingress", frame)
        except BpfTrouble as trouble:
            if trouble.errno != errno.EINVAL:
                raise
            return False
        return True

    def compare(found: list[bytes]) -> None:
        books.clear()
        found = [frame for frame in found if taken(frame)]
        books.drain()
        walked = walk.over(frames_of(found))
        rows = walked.rows
        rows["ifindex"], rows["direction"] = LO, DIRECTION_OUT
        assert comparable(fold(rows)) == comparable(books.rows)
        seen = books.uncounted.get(LO, Uncounted())
        assert int((walked.verdict == headers.NOT_IP).sum()) == seen.not_ip
        assert int((walked.verdict == headers.MALFORMED).sum()) == seen.malformed

    return compare


@pytest.mark.root
def test_every_known_frame_is_walked_as_the_kernel_does(both: Callable[[list[bytes]], None]) -> None:
    both([MACS + frame for frame in SEEDS])


@pytest.mark.root
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(mutated(), min_size=1, max_size=60))
def test_any_frame_is_walked_as_the_kernel_does(both: Callable[[list[bytes]], None], found: list[bytes]) -> None:
    both(found)


def test_a_super_packet_is_its_segments() -> None:
    """1000 bytes of payload in segments of 300: 4 packets, three more headers of 20 and 8 bytes."""
    (row,) = Walk().over(frames_of([MACS + ETH4 + ip4(udp(8000, 1000), UDP)], gso_size=300)).rows
    assert (row["packets"], row["bytes"]) == (4, 1028 + 3 * 28)


def test_fragments_are_remembered_for_a_bounded_number_of_datagrams() -> None:
    walk = Walk()
    first = MACS + ETH4 + ip4(udp(8000, 24), UDP, frag=0x2000)
    later = MACS + ETH4 + ip4(b"r" * 21, UDP, frag=4)
    identity_at = len(MACS) + 2 + 4
    others = [
        first[:identity_at] + number.to_bytes(2) + first[identity_at + 2 :]
        for number in range(100, 100 + headers.FRAGMENTS_MAX)
    ]
    assert walk.over(frames_of([first, later])).rows["dport"].tolist() == [8000, 8000]
    walk.over(frames_of(others))
    assert walk.over(frames_of([later])).rows["dport"].tolist() == [0]
