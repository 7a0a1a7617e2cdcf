"""The header walk without the kernel: from frames in memory to one flow row per packet.

What enters: frames of any link type in one buffer. What leaves: a verdict per frame and rows of ``flows.FLOW``, one per
IP packet. Rule: what is counted, and as what, is exactly what ``bpf/parse.h`` does with the same bytes; a property test
runs both over the same frames. Everything is done on whole columns; only fragments are looked at one by one.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from weir.capture.flows import ACTION_ACCEPT, FLOW, Flows, empty
from weir.capture.layout import V4_PREFIX

PARSED, NOT_IP, MALFORMED = 0, 1, 2
"""Verdicts, as in ``bpf/parse.h``."""
VLAN_TAGS_MAX = 2
"""Deeper tags are counted as not IP."""
V6_EXTENSIONS_MAX = 8
"""Behind more the walk stops; ports are 0, the protocol is the next header met."""
FRAGMENTS_MAX = 16384
"""Datagrams whose ports are remembered for their later fragments; the oldest give way, and fragments of a forgotten one
are counted without ports."""

ETH_IPV4, ETH_IPV6 = 0x0800, 0x86DD
ETH_TAGS = (0x8100, 0x88A8)
TCP = 6
WITH_PORTS = (TCP, 17, 33, 132, 136)
"""TCP, UDP, DCCP, SCTP, UDP-Lite."""
ICMPS = (1, 58)
FRAGMENT, AH = 44, 51
EXTENSIONS = (0, 43, FRAGMENT, AH, 60, 135)
L4_START_BYTES, L4_PORTS_BYTES, DATAGRAM_HEADER_BYTES = 14, 4, 8
WHOLE, FIRST_FRAGMENT, LATER_FRAGMENT = 0, 1, 2

Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Link(IntEnum):
    """What a frame begins with; numbers of the pcap link-layer header types (tcpdump.org/linktypes.html)."""

    ETHERNET = 1
    RAW = 101
    LINUX_SLL = 113
    RAW_IPV4 = 228
    RAW_IPV6 = 229
    LINUX_SLL2 = 276


_PROTOCOL_AND_L3 = {Link.ETHERNET: (12, 14), Link.LINUX_SLL: (14, 16), Link.LINUX_SLL2: (0, 20)}
"""Where these keep the EtherType, and where what it names begins."""


@dataclass(frozen=True, slots=True)
class Frames:
    """n frames. ``data``: one buffer with all of them; the rest has shape (n,).

    ``start``: first byte in ``data``; ``captured``: bytes that are there; ``length``: bytes the frame had, at least
    ``captured``; ``link``: its ``Link``; ``gso_size``: payload of one segment where it is a super-packet, else 0.
    """

    data: NDArray[np.uint8]
    start: Numbers
    captured: Numbers
    length: Numbers
    link: Numbers
    gso_size: Numbers

    def __len__(self) -> int:
        return len(self.start)

    def has(self, which: Numbers, at: Numbers | int, size: int) -> Mask:
        """Of the frames ``which``: are the ``size`` bytes from ``at`` there?"""
        there: Mask = at + size <= self.captured[which]
        return there

    def byte(self, which: Numbers, at: Numbers | int) -> Numbers:
        """The byte at ``at``; any value where ``has`` says no."""
        return self.data.take(self.start[which] + at, mode="clip").astype(np.int64)

    def word(self, which: Numbers, at: Numbers | int) -> Numbers:
        """The two bytes at ``at`` in network order; any value where ``has`` says no."""
        return self.byte(which, at) << 8 | self.byte(which, at + 1)

    def bytes(self, which: Numbers, at: Numbers | int, size: int) -> NDArray[np.uint8]:
        """Shape (len(which), size); any values where ``has`` says no."""
        places = (self.start[which] + at)[:, None] + np.arange(size)
        return self.data.take(places, mode="clip")


@dataclass(frozen=True, slots=True)
class Walked:
    """``verdict``: of every frame, shape (n,). ``rows``: of the frames that are ``PARSED``, in their order; ifindex,
    direction and times are left 0, the action is ACCEPT."""

    verdict: NDArray[np.uint8]
    rows: Flows


class Walk:
    """Walks batches of frames in the order they were seen; remembers the ports of first fragments in between."""

    def __init__(self) -> None:
        self._ports: OrderedDict[bytes, tuple[int, int]] = OrderedDict()

    def over(self, frames: Frames) -> Walked:
        """One batch."""
        if not len(frames):
            return Walked(np.zeros(0, np.uint8), empty())
        sheet = _Sheet(frames)
        which, eth, at = _past_tags(sheet)
        four, six = eth == ETH_IPV4, eth == ETH_IPV6
        sheet.verdict[which[~four & ~six]] = NOT_IP
        self._transport(sheet, _walk4(sheet, which[four], at[four]))
        self._transport(sheet, _walk6(sheet, which[six], at[six]))
        return Walked(sheet.verdict, sheet.finished())

    def _transport(self, sheet: _Sheet, found: _Transport) -> None:
        frames, rows, at = sheet.frames, sheet.rows, found.at
        which, proto = found.which, rows["proto"][found.which]
        first = found.kind != LATER_FRAGMENT
        there = frames.has(which, at, L4_PORTS_BYTES) & first
        whole = frames.has(which, at, L4_START_BYTES) & first & (proto == TCP)
        ported = np.isin(proto, WITH_PORTS) & there
        word = frames.word(which, at)
        rows["sport"][which] = np.where(ported, word, 0)
        rows["dport"][which] = np.where(
            ported, frames.word(which, at + 2), np.where(np.isin(proto, ICMPS) & there, word, 0)
        )
        rows["tcp_flags"][which] = np.where(whole, frames.byte(which, at + 13), 0)
        tcp_header = np.where(whole, (frames.byte(which, at + 12) >> 4) * 4, 0)
        sheet.header[which] += np.where(ported & (proto != TCP), DATAGRAM_HEADER_BYTES, tcp_header)
        for place in np.flatnonzero(found.kind != WHOLE):
            self._fragment(rows, int(which[place]), int(found.identity[place]), later=not first[place])

    def _fragment(self, rows: Flows, index: int, identity: int, *, later: bool) -> None:
        row = rows[index]
        key = row["src"].tobytes() + row["dst"].tobytes() + identity.to_bytes(4) + bytes([row["proto"]])
        if not later:
            self._ports[key] = int(row["sport"]), int(row["dport"])
        elif key in self._ports:
            rows["sport"][index], rows["dport"][index] = self._ports[key]
        else:
            return
        self._ports.move_to_end(key)
        if len(self._ports) > FRAGMENTS_MAX:
            self._ports.popitem(last=False)


class _Sheet:
    """What the walk fills in, one line per frame."""

    def __init__(self, frames: Frames) -> None:
        count = len(frames)
        self.frames = frames
        self.verdict = np.zeros(count, np.uint8)
        self.rows = np.zeros(count, FLOW)
        self.l3_bytes = np.zeros(count, np.int64)
        self.header = np.zeros(count, np.int64)

    def kept(self, which: Numbers, good: Mask) -> Numbers:
        """Those of ``which`` that are good; the others are malformed."""
        self.verdict[which[~good]] = MALFORMED
        return which[good]

    def l3_length(self, which: Numbers, claimed: Numbers, at: Numbers) -> Numbers:
        """A padded frame is longer than its packet; a forged length may claim more than there is; that of a
        super-packet does not count."""
        available = self.frames.length[which] - at
        no_claim = (self.frames.gso_size[which] != 0) | (claimed == 0) | (claimed > available)
        return np.where(no_claim, available, claimed)

    def finished(self) -> Flows:
        """The rows with their amounts on the wire: a super-packet is its segments, each with all headers."""
        rows, size = self.rows, self.frames.gso_size
        payload = np.maximum(self.l3_bytes - self.header, 0)
        packets = np.where(size > 0, np.maximum(-(-payload // np.maximum(size, 1)), 1), 1)
        rows["packets"] = packets
        rows["bytes"] = self.l3_bytes + (packets - 1) * self.header
        rows["action"] = ACTION_ACCEPT
        parsed: Flows = rows[self.verdict == PARSED]
        return parsed


@dataclass(frozen=True, slots=True)
class _Transport:
    """Where the transport headers of the frames ``which`` are. ``kind``: fragment or not; ``identity``: its number."""

    which: Numbers
    at: Numbers
    kind: Numbers
    identity: Numbers


def _past_tags(sheet: _Sheet) -> tuple[Numbers, Numbers, Numbers]:
    """(frames that are not too short, EtherType of each, where what it names begins)."""
    frames = sheet.frames
    eth = np.zeros(len(frames), np.int64)
    at = np.zeros(len(frames), np.int64)
    good = np.ones(len(frames), bool)
    for link in np.unique(frames.link):
        which = np.flatnonzero(frames.link == link)
        if link in _PROTOCOL_AND_L3:
            protocol, at[which] = _PROTOCOL_AND_L3[Link(link)]
            good[which] = frames.has(which, 0, int(at[which[0]]))
            eth[which] = frames.word(which, protocol)
        else:
            good[which] = frames.has(which, 0, 1)
            eth[which] = _raw_type(int(link), frames.byte(which, 0) >> 4)
            good[which] &= eth[which] != 0
    for _ in range(VLAN_TAGS_MAX):
        tagged = np.flatnonzero(np.isin(eth, ETH_TAGS) & good)
        good[tagged] = frames.has(tagged, at[tagged] + 2, 2)
        eth[tagged] = frames.word(tagged, at[tagged] + 2)
        at[tagged] += 4
    which = sheet.kept(np.arange(len(frames)), good)
    return which, eth[which], at[which]


def _raw_type(link: int, version: Numbers) -> Numbers:
    """Frames without a link header: the IP version stands for the EtherType; 0 where it is neither 4 nor 6."""
    if link == Link.RAW_IPV4:
        return np.full(len(version), ETH_IPV4)
    if link == Link.RAW_IPV6:
        return np.full(len(version), ETH_IPV6)
    return np.where(version == 4, ETH_IPV4, np.where(version == 6, ETH_IPV6, 0))


def _walk4(sheet: _Sheet, which: Numbers, at: Numbers) -> _Transport:
    frames, rows = sheet.frames, sheet.rows
    good = frames.has(which, at, 20)
    which, at = sheet.kept(which, good), at[good]
    first = frames.byte(which, at)
    header = (first & 15) * 4
    length = sheet.l3_length(which, frames.word(which, at + 2), at)
    good = (first >> 4 == 4) & (header >= 20) & (length >= header)
    which, at, header = sheet.kept(which, good), at[good], header[good]
    rows["family"][which] = 4
    rows["proto"][which] = frames.byte(which, at + 9)
    for name, place in (("src", 12), ("dst", 16)):
        mapped = np.empty((len(which), 16), np.uint8)
        mapped[:, :12] = V4_PREFIX
        mapped[:, 12:] = frames.bytes(which, at + place, 4)
        rows[name][which] = mapped.view("V16").ravel()
    sheet.l3_bytes[which], sheet.header[which] = length[good], header
    offset = frames.word(which, at + 6)
    kind = np.where(offset & 0x1FFF, LATER_FRAGMENT, np.where(offset & 0x2000, FIRST_FRAGMENT, WHOLE))
    return _Transport(which, at + header, kind, frames.word(which, at + 4))


def _walk6(sheet: _Sheet, which: Numbers, at: Numbers) -> _Transport:
    frames, rows = sheet.frames, sheet.rows
    good = frames.has(which, at, 40) & (frames.byte(which, at) >> 4 == 6)
    which, at = sheet.kept(which, good), at[good]
    claimed = frames.word(which, at + 4)
    rows["family"][which] = 6
    for name, place in (("src", 8), ("dst", 24)):
        rows[name][which] = frames.bytes(which, at + place, 16).view("V16").ravel()
    sheet.l3_bytes[which] = sheet.l3_length(which, np.where(claimed, claimed + 40, 0), at)
    following, found = _past_extensions(frames, which, at)
    rows["proto"][which] = following
    sheet.header[which] = found.at - at
    return found


def _past_extensions(frames: Frames, which: Numbers, l3: Numbers) -> tuple[Numbers, _Transport]:
    """(the first header that is no extension, where it is); where the walk stops early, what it stopped at."""
    at, following = l3 + 40, frames.byte(which, l3 + 6)
    kind, identity = np.zeros(len(which), np.int64), np.zeros(len(which), np.int64)
    for _ in range(V6_EXTENSIONS_MAX):
        going = np.isin(following, EXTENSIONS) & frames.has(which, at, 8) & (kind != LATER_FRAGMENT)
        on = np.flatnonzero(going)
        if not len(on):
            break
        some, here, header = which[on], at[on], following[on]
        length = frames.byte(some, here + 1)
        is_fragment = header == FRAGMENT
        offset = frames.word(some, here + 2)
        seen = np.where(offset & 0xFFF8, LATER_FRAGMENT, np.where(offset & 1, FIRST_FRAGMENT, kind[on]))
        number = frames.word(some, here + 4) << 16 | frames.word(some, here + 6)
        kind[on] = np.where(is_fragment, seen, kind[on])
        identity[on] = np.where(is_fragment, number, identity[on])
        sized = np.where(header == AH, (length + 2) * 4, (length + 1) * 8)
        at[on] += np.where(is_fragment, 8, sized)
        following[on] = frames.byte(some, here)
    return following, _Transport(which, at, kind, identity)
