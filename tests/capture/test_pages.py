"""What a window's rows add up to, against a naive sum over the same rows."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.capture.test_window import NOON, SECOND, flow
from weir.capture.flows import ACTION_ACCEPT, DIRECTION_IN, DIRECTION_OUT, empty, fold
from weir.capture.pages import Recorded, recorded
from weir.capture.window import Closed, Slice
from weir.model.resources import Side

SIDES = {1: Side.BEHIND, 2: Side.SELF, 7: Side.BEHIND}
Drawn = tuple[int, int, int, int, int]


def way(ordinal: int, direction: int, action: int) -> str:
    out_is_received = SIDES[ordinal] is Side.BEHIND
    if (direction == DIRECTION_OUT) == out_is_received:
        return "rx"
    return "tx" if action == ACTION_ACCEPT else "refused"


def window(*parts: list[Drawn]) -> Closed:
    slices = []
    for drawn in parts:
        rows = [
            flow(packets=packets, ifindex=ordinal, direction=direction, action=action, fold=level)
            for ordinal, direction, action, level, packets in drawn
        ]
        slices.append(Slice(NOON * SECOND, NOON * SECOND, fold(np.concatenate([empty(), *rows])), {}))
    return Closed(1, NOON, NOON + 60, tuple(slices))


Rows = st.lists(
    st.tuples(
        st.sampled_from(sorted(SIDES)),
        st.sampled_from([DIRECTION_IN, DIRECTION_OUT]),
        st.integers(1, 2),
        st.integers(0, 3),
        st.integers(-3, 9),
    ),
    max_size=30,
)


def flat(found: dict[int, Recorded]) -> dict[tuple[int, str], tuple[int, int]]:
    amounts = {}
    for ordinal, sums in found.items():
        for name, pair in zip(("rx", "tx", "refused", "folded"), [*sums.ways, sums.folded], strict=True):
            if pair.any():
                amounts[ordinal, name] = (int(pair[0]), int(pair[1]))
    return amounts


@settings(max_examples=100, deadline=None)
@given(Rows, Rows)
def test_rows_of_all_slices_by_way(first: list[Drawn], second: list[Drawn]) -> None:
    records: Counter[tuple[int, int, int, int]] = Counter()
    for ordinal, direction, action, level, packets in first + second:
        records[ordinal, direction, action, level] += packets
    wanted: Counter[tuple[int, str]] = Counter()
    for (ordinal, direction, action, level), packets in records.items():
        if packets > 0:
            wanted[ordinal, way(ordinal, direction, action)] += packets
            wanted[ordinal, "folded"] += packets if level else 0
    found = flat(recorded(window(first, second), SIDES))
    assert found == {key: (packets, packets * 100) for key, packets in wanted.items() if packets}


def test_a_window_without_rows_has_no_sums() -> None:
    assert recorded(window([]), SIDES) == {}
    assert recorded(Closed(1, NOON, NOON + 60, ()), SIDES) == {}
