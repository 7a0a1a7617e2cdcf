"""The token bucket as a function, and the buckets of one process."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from weir.control.throttle import BUCKETS_MAX, Bucket, Rate, Throttle, take

RATE = Rate(per_second=2, burst=3)


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    bucket, answers = None, []
    for now in (0.0, 0.0, 0.0, 0.0, 0.4, 0.5, 0.5, 1.0):
        bucket, admitted = take(bucket, RATE, now)
        answers.append(admitted)
    assert answers == [True, True, True, False, False, True, False, True]


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket, _ = take(None, RATE, 0.0)
    bucket, _ = take(bucket, RATE, 1000.0)
    assert bucket == Bucket(2, 1000.0)


def test_a_clock_that_goes_back_fills_nothing() -> None:
    bucket = Bucket(0.0, 100.0)
    assert take(bucket, RATE, 50.0) == (bucket, False)
    assert not take(bucket, RATE, 100.4)[1]


@given(st.lists(st.floats(0, 1000), max_size=60))
def test_no_span_admits_more_than_burst_and_rate(moments: list[float]) -> None:
    bucket, admitted = None, []
    for now in sorted(moments):
        bucket, good = take(bucket, RATE, now)
        if good:
            admitted.append(now)
    for first, start in enumerate(admitted):
        for last, end in enumerate(admitted[first:], first):
            assert last - first + 1 <= RATE.burst + RATE.per_second * (end - start) + 1e-6


def test_accounts_and_actions_do_not_slow_each_other() -> None:
    throttle = Throttle(Rate(1, 1), {"sts:AssumeRole": Rate(1, 2)})
    assert throttle.admits("1", "vpc:CreateFlowLog", 0.0)
    assert not throttle.admits("1", "vpc:CreateFlowLog", 0.0)
    assert throttle.admits("2", "vpc:CreateFlowLog", 0.0)
    assert throttle.admits("1", "vpc:DeleteFlowLog", 0.0)
    assert [throttle.admits("1", "sts:AssumeRole", 0.0) for _ in range(3)] == [True, True, False]
    assert throttle.admits("1", "vpc:CreateFlowLog", 1.0)


def test_full_buckets_are_forgotten_when_there_are_many() -> None:
    throttle = Throttle(Rate(1, 1))
    for number in range(BUCKETS_MAX):
        assert throttle.admits(str(number), "a", 0.0)
    assert throttle.admits("another", "a", 10.0)
    assert len(throttle._buckets) == 1
