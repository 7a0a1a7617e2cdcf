"""One device against the hooks on it: what is on its way, what is explained, what is not.

What enters: at every drain, the device's counters right before and right after the moment the books were switched, and
what the hooks had seen up to then. What leaves: amounts of shape (2, 2), ``[rx, tx][packets, bytes]``. No clock.

Rule: device = hooks + offload - unsent + unexplained + in flight, exactly, after every reading. The device is taken to
stand at that point between its two readings that fits best, since the switch lies between them. A difference is in
flight until ``PERSISTENT_READINGS`` readings in a row have shown it; then it is unexplained.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from weir.capture.books import Books
from weir.capture.counters import Counted

Amounts = NDArray[np.int64]

PERSISTENT_READINGS = 6
"""Readings in a row that must show a difference before it counts as unexplained: a frame on its way through a queue has
passed at one of them. With a drain every 5 s, half a minute."""
ETHERNET_BYTES = 14
"""A device may count what it receives without this header, as veth does where it merges segments (GRO)."""
VLAN_TAG_BYTES = 4
"""A device may count a tag that is taken off before the hook sees the frame."""
SEGMENT_HEADER_BYTES_MAX = 142
"""Headers that one more segment may add, at most: Ethernet, two VLAN tags, and 120 bytes of IP and TCP."""
FRAME_BYTES_MAX = (1 << 19) + SEGMENT_HEADER_BYTES_MAX
"""Bytes of the largest frame that a device is given: a super-packet of segmentation offload."""
QUEUE_FRAMES_MAX = 1000
"""Frames that may wait before a receiving hook while it is attached (``net.core.netdev_max_backlog``)."""

RX, TX = 0, 1


def nothing() -> Amounts:
    """Zeros of shape (2, 2)."""
    return np.zeros((2, 2), np.int64)


def device_amounts(counted: Counted) -> Amounts:
    """A device's counters."""
    return np.array([[counted.rx_packets, counted.rx_bytes], [counted.tx_packets, counted.tx_bytes]], np.int64)


def hook_amounts(books: Books) -> Amounts:
    """What the two hooks saw, in the device's units."""
    return np.array([[one.frames, one.frame_bytes] for one in (books.rx, books.tx)], np.int64)


class _Allowance:
    """A known cause that may explain differences of one sign, up to what it amounted to lately: taken while it fits,
    given back when later readings show that it was too much."""

    def __init__(self) -> None:
        self.total = nothing()
        self._room, self._added = nothing(), nothing()
        self._back, self._taken = nothing(), nothing()

    def add(self, more: Amounts) -> None:
        self._room += more
        self._added += more

    def take(self, wanted: Amounts) -> Amounts:
        """As much of ``wanted`` as there is room for; what is below zero gives back."""
        taken = np.clip(wanted, -self._back, self._room)
        self._room -= taken
        self._back += taken
        self._taken += taken
        self.total += taken
        return taken

    def age(self) -> None:
        """Forgets what is older than the window that ends now."""
        self._room = np.minimum(self._room, self._added)
        self._back = np.clip(self._taken, 0, self._back)
        self._added, self._taken = nothing(), nothing()


class Tally:
    """A device from the moment its hooks were attached. All totals are since then, or since the last ``close``."""

    def __init__(self, before: Counted, base: Counted) -> None:
        """``before``, ``base``: the counters before and after the hooks were attached.

        Where they differ, the hooks may have seen frames that are in ``base`` already. These stay in flight, for good.
        """
        self._origin = device_amounts(base)
        self._tx_dropped = base.tx_dropped
        self._hooks, self._edge = nothing(), nothing()
        self._edge_room = _edge_max(self._origin - device_amounts(before))
        self._offload, self._unsent = _Allowance(), _Allowance()
        self._tagged, self._bare = _Allowance(), _Allowance()
        self._unexplained = nothing()
        self._recent: deque[Amounts] = deque(maxlen=PERSISTENT_READINGS)
        self.in_flight = nothing()

    @property
    def device(self) -> Amounts:
        """The device's counters since the beginning, at the moment of the last reading."""
        return self._explained() + self._unexplained + self.in_flight

    @property
    def hooks(self) -> Amounts:
        """What the hooks have seen since the beginning."""
        return self._hooks

    @property
    def offload(self) -> Amounts:
        """What the device counted beyond the hooks because it saw segments where they saw whole super-packets; of the
        bytes, also what it counts differently of the link layer."""
        return self._offload.total + self._tagged.total - self._bare.total

    @property
    def unsent(self) -> Amounts:
        """What the hooks saw and the device, or its queue, threw away."""
        return self._unsent.total

    def _explained(self) -> Amounts:
        return self._hooks + self.offload - self._unsent.total

    def read(self, before: Counted, after: Counted, books: Books, queue_dropped: int = 0) -> None:
        """One reading; ``books`` since the last one. ``queue_dropped``: frames lost between hook and device."""
        self._hooks += hook_amounts(books)
        self._offload.add(_segments(books))
        dropped = max(0, before.tx_dropped - self._tx_dropped) + queue_dropped
        self._tx_dropped = before.tx_dropped
        self._unsent.add(np.array([[0, 0], [dropped, dropped * FRAME_BYTES_MAX]], np.int64))
        booked = self._explained() + self._unexplained + self._edge
        low = device_amounts(before) - self._origin - booked
        high = device_amounts(after) - self._origin - booked
        rest = _nearest_to_zero(low, high)
        self._tagged.add(_received_bytes(books, VLAN_TAG_BYTES))
        self._bare.add(_received_bytes(books, ETHERNET_BYTES))
        rest -= self._offload.take(rest)
        rest += self._unsent.take(-rest)
        if rest[RX, 0] == 0:  # frame by frame the same: then the bytes may differ by the link layer
            rest -= self._tagged.take(rest)
            rest += self._bare.take(-rest)
        self._recent.append(rest)
        self._declare(rest)

    def miss(self, books: Books) -> None:
        """The device is gone, so are its counters: what the hooks had seen since the last reading stays in flight."""
        seen = hook_amounts(books)
        self._hooks += seen
        self._edge -= seen
        self.in_flight = self.in_flight - seen

    def _declare(self, rest: Amounts) -> None:
        lasting = self._lasting()
        edge = np.clip(lasting, -self._edge_room, 0)
        self._edge_room += edge
        self._edge += edge
        self._unexplained += lasting - edge
        for one in self._recent:
            one -= lasting
        self.in_flight = rest + self._edge

    def _lasting(self) -> Amounts:
        """What every one of the last readings has shown."""
        return common(list(self._recent)) if len(self._recent) == PERSISTENT_READINGS else nothing()

    def age(self) -> None:
        """A window ends."""
        for one in (self._offload, self._unsent, self._tagged, self._bare):
            one.age()


def _edge_max(moved: Amounts) -> Amounts:
    """The most that hooks may have seen of what the device had counted before, when so much passed while they were
    attached: all of that, and what waited in the queue before the receiving hook."""
    queued = np.where(moved[RX].any(), [QUEUE_FRAMES_MAX, QUEUE_FRAMES_MAX * FRAME_BYTES_MAX], 0)
    most: Amounts = moved + np.stack([queued, np.zeros(2, np.int64)])
    return most


def common(shown: list[Amounts]) -> Amounts:
    """The amount nearest to zero, element by element; 0 where the signs differ."""
    stacked = np.stack(shown)
    return _nearest_to_zero(stacked.min(axis=0), stacked.max(axis=0))


def _segments(books: Books) -> Amounts:
    """The most by which the device's count may exceed the hooks' because of segmentation offload."""
    more = [max(0, one.packets + one.not_ip + one.malformed - one.frames) for one in (books.rx, books.tx)]
    return np.array([[count, count * SEGMENT_HEADER_BYTES_MAX] for count in more], np.int64)


def _received_bytes(books: Books, each: int) -> Amounts:
    """So many bytes for every frame that may have been received."""
    frames = books.rx.packets + books.rx.not_ip + books.rx.malformed
    return np.array([[0, frames * each], [0, 0]], np.int64)


def _nearest_to_zero(low: Amounts, high: Amounts) -> Amounts:
    nearest: Amounts = np.maximum(low, 0) + np.minimum(high, 0)
    return nearest
