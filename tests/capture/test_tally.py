"""A device against its hooks: what is in flight, what is explained, what is not; every sum is exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from weir.capture.books import Books, Seen
from weir.capture.counters import Counted
from weir.capture.tally import PERSISTENT_READINGS, RX, TX, Tally

QUIET = Books()


def seen(frames: int, *, segments: int = 0) -> Seen:
    """Frames of 100 bytes on the device; ``segments``: how many more packets they are on the wire."""
    return Seen(frames, frames * 100, frames + segments, frames * 86 + segments * 40)


def received(frames: int) -> Counted:
    return Counted(rx_packets=frames, rx_bytes=frames * 100)


def sent(frames: int, dropped: int = 0) -> Counted:
    return Counted(tx_packets=frames, tx_bytes=frames * 100, tx_dropped=dropped)


def settle(tally: Tally, device: Counted, readings: int = PERSISTENT_READINGS) -> None:
    for _ in range(readings):
        tally.read(device, device, QUIET)


def unexplained(tally: Tally) -> list[list[int]]:
    rest = tally.device - tally.hooks - tally.offload + tally.unsent - tally.in_flight
    return rest.tolist()  # type: ignore[no-any-return]


def test_what_both_saw_is_explained() -> None:
    tally = Tally(received(7), received(7))
    tally.read(received(12), received(12), Books(rx=seen(5)))
    assert tally.device.tolist() == [[5, 500], [0, 0]]
    assert tally.in_flight.tolist() == unexplained(tally) == [[0, 0], [0, 0]]


def test_the_switch_lies_between_the_two_readings() -> None:
    tally = Tally(received(0), received(0))
    tally.read(received(10), received(30), Books(rx=seen(20)))
    assert tally.device.tolist() == [[20, 2000], [0, 0]]
    assert not tally.in_flight.any()


def test_a_difference_is_in_flight_until_it_has_lasted() -> None:
    tally = Tally(received(0), received(0))
    for _ in range(PERSISTENT_READINGS - 1):
        tally.read(received(3), received(3), QUIET)
        assert (tally.in_flight[RX, 0], unexplained(tally)[RX][0]) == (3, 0)
    tally.read(received(3), received(3), QUIET)
    assert (tally.in_flight[RX, 0], unexplained(tally)[RX]) == (0, [3, 300])


def test_a_queue_that_is_empty_now_and_then_is_never_unexplained() -> None:
    """Up to four frames wait before the hook; at every fifth reading none does."""
    tally = Tally(received(0), received(0))
    for number in range(1, 51):
        tally.read(received(number), received(number), Books(rx=seen(5 if number % 5 == 0 else 0)))
        assert tally.in_flight[RX, 0] == number % 5
    assert unexplained(tally) == [[0, 0], [0, 0]]


def test_segments_that_only_the_device_saw_are_offload() -> None:
    tally = Tally(sent(0), sent(0))
    device = Counted(tx_packets=44, tx_bytes=44 * 100)
    tally.read(device, device, Books(tx=seen(1, segments=43)))
    assert tally.offload[TX].tolist() == [43, 4300]
    settle(tally, device)
    assert unexplained(tally) == [[0, 0], [0, 0]]


def test_segments_that_the_device_did_not_see_are_nothing() -> None:
    tally = Tally(sent(0), sent(0))
    tally.read(sent(1), sent(1), Books(tx=seen(1, segments=43)))
    assert not tally.offload.any()
    settle(tally, sent(1))
    assert unexplained(tally) == [[0, 0], [0, 0]]


def test_offload_that_was_taken_too_early_is_given_back() -> None:
    """Three frames wait before the hook while super-packets pass: they look like segments until they have passed."""
    tally = Tally(received(0), received(0))
    tally.read(received(13), received(13), Books(rx=seen(10, segments=430)))
    assert tally.offload[RX, 0] == 3
    tally.read(received(13), received(13), Books(rx=seen(3)))
    assert tally.offload[RX].tolist() == [0, 0]
    settle(tally, received(13))
    assert unexplained(tally) == [[0, 0], [0, 0]]


def test_an_allowance_ends_with_the_window_after() -> None:
    tally = Tally(received(0), received(0))
    tally.read(received(10), received(10), Books(rx=seen(10, segments=430)))
    tally.age()
    tally.age()
    settle(tally, received(15))
    assert unexplained(tally)[RX] == [5, 500]


def test_what_the_device_threw_away_is_unsent() -> None:
    tally = Tally(sent(0), sent(0))
    tally.read(sent(90, dropped=10), sent(90, dropped=10), Books(tx=seen(100)))
    assert tally.unsent[TX].tolist() == [10, 1000]
    settle(tally, sent(90, dropped=10))
    assert unexplained(tally) == [[0, 0], [0, 0]]


def test_what_nobody_threw_away_and_is_not_sent_is_unexplained() -> None:
    tally = Tally(sent(0), sent(0))
    tally.read(sent(90), sent(90), Books(tx=seen(100)))
    settle(tally, sent(90))
    assert unexplained(tally)[TX] == [-10, -1000]


def test_frames_of_the_moment_of_attaching_stay_in_flight() -> None:
    """Up to as many as passed meanwhile, and as the queue may have held."""
    tally = Tally(received(90), received(100))
    tally.read(received(110), received(200), Books(rx=seen(12)))
    settle(tally, received(110))
    assert tally.in_flight[RX].tolist() == [-2, -200]
    assert unexplained(tally) == [[0, 0], [0, 0]]
    settle(tally, received(113))
    assert unexplained(tally)[RX] == [3, 300]
    assert tally.in_flight[RX].tolist() == [-2, -200]


def test_a_quiet_moment_of_attaching_excuses_nothing() -> None:
    tally = Tally(received(100), received(100))
    tally.read(received(110), received(110), Books(rx=seen(12)))
    settle(tally, received(110))
    assert unexplained(tally)[RX] == [-2, -200]


def test_a_device_that_is_gone_leaves_its_last_frames_in_flight() -> None:
    tally = Tally(received(0), received(0))
    tally.read(received(5), received(5), Books(rx=seen(5)))
    tally.miss(Books(rx=seen(2)))
    assert tally.device[RX].tolist() == [5, 500]
    assert tally.in_flight[RX].tolist() == [-2, -200]
    assert unexplained(tally) == [[0, 0], [0, 0]]


Step = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 5), st.integers(0, 3), st.integers(0, 2))


@settings(max_examples=200, deadline=None)
@given(st.lists(Step, max_size=40), st.booleans())
def test_whatever_comes_the_device_stands_where_it_was_read(drawn: list[tuple[int, ...]], busy: bool) -> None:
    tally, device = Tally(Counted(), Counted(rx_packets=busy, rx_bytes=busy * 100)), Counted(busy, busy * 100)
    for rx, tx, segments, dropped, late in drawn:
        device = replace(
            device,
            rx_packets=device.rx_packets + rx,
            rx_bytes=device.rx_bytes + rx * 100,
            tx_packets=device.tx_packets + tx,
            tx_bytes=device.tx_bytes + tx * 100,
            tx_dropped=device.tx_dropped + dropped,
        )
        after = replace(device, rx_packets=device.rx_packets + late, rx_bytes=device.rx_bytes + late * 100)
        tally.read(device, after, Books(rx=seen(rx, segments=segments), tx=seen(max(0, tx + dropped - late))))
        counted = np.array(
            [[device.rx_packets - busy, device.rx_bytes - busy * 100], [device.tx_packets, device.tx_bytes]]
        )
        margin = np.array([[late, late * 100], [0, 0]])
        assert (tally.device >= counted).all()
        assert (tally.device <= counted + margin).all()
        if late == 2:
            tally.age()
