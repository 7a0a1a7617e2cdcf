"""What the next agent says about the time without one."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.capture import gaps
from weir.capture.gaps import State
from weir.model.ledger import NAMES

HOUR = 1_700_002_800 - 1_700_002_800 % 3600
ENI = {"account-id": "1", "eni-id": "e", "vswitch-id": "v", "vpc-id": "p", "device": "d", "side": "behind"}


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_windows_cover_the_gap_without_a_hole(begin: int, length: int) -> None:
    found = list(gaps.windows(HOUR + begin, HOUR + begin + length))
    to_s = HOUR + begin + length - (begin + length) % 60
    if not found:
        assert to_s <= HOUR + begin
        return
    assert (found[0][0], found[-1][1]) == (HOUR + begin, to_s)
    assert all(one[1] == after[0] for one, after in itertools.pairwise(found))
    for start_s, end_s, minutes in found:
        assert end_s % (minutes * 60) == 0
        assert end_s - start_s == minutes * 60 or start_s == found[0][0]


def test_a_long_gap_takes_long_windows() -> None:
    assert list(gaps.windows(HOUR - 70, HOUR + 660)) == [
        (HOUR - 70, HOUR - 60, 1),
        (HOUR - 60, HOUR, 1),
        (HOUR, HOUR + 600, 10),
        (HOUR + 600, HOUR + 660, 1),
    ]


def test_every_eni_has_a_row_per_window_with_every_column() -> None:
    entries = gaps.entries(State(HOUR, (ENI, {**ENI, "eni-id": "f"})), HOUR + 130)
    assert [(one["eni-id"], one["start"], one["status"]) for one in entries] == [
        ("e", HOUR, "uncovered"),
        ("f", HOUR, "uncovered"),
        ("e", HOUR + 60, "uncovered"),
        ("f", HOUR + 60, "uncovered"),
    ]
    assert all(set(one) == set(NAMES) - {"node"} for one in entries)


def test_an_agent_that_was_away_for_less_than_a_minute_books_no_gap() -> None:
    assert gaps.entries(State(HOUR, (ENI,)), HOUR + 59) == []


def test_what_the_store_would_refuse_is_not_booked() -> None:
    entries = gaps.entries(State(HOUR - 40 * 86_400, (ENI,)), HOUR)
    assert entries[0]["start"] == HOUR - gaps.GAP_SECONDS_MAX


def test_the_state_comes_back(tmp_path: Path) -> None:
    path = tmp_path / gaps.STATE_NAME
    assert gaps.read(path) is None
    gaps.write(path, State(HOUR, (ENI,)))
    assert gaps.read(path) == State(HOUR, (ENI,))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"until": 1}', '{"until": "x", "enis": []}', '{"until":1,"enis":[{}]}']
)
def test_a_damaged_state_says_nothing(text: str, tmp_path: Path) -> None:
    path = tmp_path / gaps.STATE_NAME
    path.write_text(text)
    assert gaps.read(path) is None
