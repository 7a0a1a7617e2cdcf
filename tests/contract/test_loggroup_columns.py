"""A group read column by column holds what the same group read log by log holds, or is not read so at all."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weir.contract import loggroup, loggroup_columns
from weir.contract.loggroup import Log, LogGroup
from weir.contract.loggroup_columns import KEYS_MAX, LOGS_MIN, Grid
from weir.model.failures import Refusal

KEYS = st.lists(st.binary(max_size=200), max_size=6, unique=True)
VALUES = st.binary(max_size=3) | st.binary(min_size=120, max_size=300)
TIMES = st.integers(0, 2**32 - 1)


@st.composite
def groups(draw: st.DrawFn) -> LogGroup:
    """Groups of one shape: the same keys in all logs, nanoseconds in all or in none."""
    keys = draw(KEYS)
    with_ns = draw(st.booleans())
    dice = random.Random(draw(st.integers(0, 2**32)))
    pool = draw(st.lists(VALUES, min_size=1, max_size=5))
    logs = [
        Log(
            dice.randrange(2**32),
            dice.randrange(2**32) if with_ns else None,
            [(key, dice.choice(pool)) for key in keys],
        )
        for _ in range(draw(st.integers(LOGS_MIN, LOGS_MIN + 20)))
    ]
    tags = tuple(draw(st.lists(st.tuples(st.binary(max_size=5), st.binary(max_size=5)), max_size=2)))
    return LogGroup(logs, draw(st.binary(max_size=5)), draw(st.binary(max_size=5)), tags)


def read_back(grid: Grid) -> LogGroup:
    octets = grid.octets.tobytes()
    columns = [
        [(one.key, octets[start : start + size]) for start, size in zip(one.starts, one.lengths, strict=True)]
        for one in grid.columns
    ]
    rows = zip(*columns, strict=True) if columns else iter([()] * len(grid.times))
    parts = grid.times_ns.tolist() if grid.times_ns is not None else [None] * len(grid.times)
    logs = [Log(*log[:2], list(log[2])) for log in zip(grid.times.tolist(), parts, rows, strict=True)]
    return LogGroup(logs, grid.topic, grid.source, grid.tags)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(groups())
def test_groups_of_one_shape_are_read_whole(group: LogGroup) -> None:
    grid = loggroup_columns.decode(loggroup.encode(group))
    assert grid is not None
    assert read_back(grid) == group


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(groups(), st.integers(0, 2**32))
def test_bytes_changed_anywhere_never_give_other_rows(group: LogGroup, seed: int) -> None:
    dice = random.Random(seed)
    body = bytearray(loggroup.encode(group))
    for _ in range(dice.randrange(1, 4)):
        body[dice.randrange(len(body))] = dice.randrange(256)
    try:
        grid = loggroup_columns.decode(bytes(body))
    except Refusal:
        with pytest.raises(Refusal):
            loggroup.decode(bytes(body))
        return
    if grid is not None:
        assert read_back(grid) == loggroup.decode(bytes(body))


@pytest.mark.parametrize(
    "odd",
    [
        Log(7, None, [(b"a", b"1")]),
        Log(7, None, [(b"a", b"1"), (b"c", b"2")]),
        Log(7, None, [(b"b", b"2"), (b"a", b"1")]),
        Log(7, None, [(b"a", b"1"), (b"b", b"2"), (b"b", b"3")]),
        Log(7, 5, [(b"a", b"1"), (b"b", b"2")]),
        Log(7, None, []),
    ],
)
@pytest.mark.parametrize("place", [0, 20, LOGS_MIN])
def test_a_log_of_another_shape_makes_it_a_group_for_the_other_way(odd: Log, place: int) -> None:
    usual = Log(6, None, [(b"a", b"1"), (b"b", b"22")])
    logs = [usual] * LOGS_MIN
    assert loggroup_columns.decode(loggroup.encode(LogGroup(logs))) is not None
    logs = [*logs[:place], odd, *logs[place:]]
    assert loggroup_columns.decode(loggroup.encode(LogGroup(logs))) is None


def test_few_logs_many_keys_and_keys_that_repeat_are_read_the_other_way() -> None:
    def read(count: int, keys: list[bytes]) -> Grid | None:
        log = Log(1, None, [(key, b"v") for key in keys])
        return loggroup_columns.decode(loggroup.encode(LogGroup([log] * count)))

    assert read(LOGS_MIN, [b"a"]) is not None
    assert read(LOGS_MIN - 1, [b"a"]) is None
    assert read(LOGS_MIN, [b"a", b"a"]) is None
    assert read(LOGS_MIN, [b"%d" % number for number in range(KEYS_MAX + 2)]) is None
