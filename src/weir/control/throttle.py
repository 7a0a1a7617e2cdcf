"""How often an account may call an action.

What enters: an account, an action, the time. What leaves: whether the call may go on. Rule: a token bucket per account
and action, so a short burst passes and a steady flood does not, and no account slows another. ``take`` is a pure
function of the bucket and the time; ``Throttle`` keeps the buckets of this process. Several servers each grant the
whole rate: it protects a server, it is no quota.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """``per_second`` calls on end, and ``burst`` at once."""

    per_second: float
    burst: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """Calls that are left, as of ``at`` (Unix seconds)."""

    left: float
    at: float


RATE = Rate(per_second=2000, burst=10_000)
"""Calls of one action by one account; above it Throttling.User. More than one server can answer on two cores."""
RATES: Mapping[str, Rate] = {
    "ram:CreateAccessKey": Rate(per_second=50, burst=500),
    "sts:AssumeRole": Rate(per_second=200, burst=1000),
}
"""Actions with a limit of their own: those whose answers are secrets; above it Throttling.User."""
BUCKETS_MAX = 100_000
"""Buckets kept, about 20 MB; above it those that are full again are dropped, which changes no answer."""


def take(bucket: Bucket | None, rate: Rate, now: float) -> tuple[Bucket, bool]:
    """The bucket after one more call at ``now``, and whether the call may go on. None is a bucket never used; a clock
    that went back fills nothing."""
    if bucket is None:
        bucket = Bucket(rate.burst, now)
    passed = max(0.0, now - bucket.at)
    left = min(rate.burst, bucket.left + passed * rate.per_second)
    at = max(now, bucket.at)
    return (Bucket(left - 1, at), True) if left >= 1 else (Bucket(left, at), False)


class Throttle:
    """The buckets of one process. Thread-safe."""

    def __init__(self, rate: Rate = RATE, rates: Mapping[str, Rate] = RATES) -> None:
        self._rate = rate
        self._rates = rates
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._lock = threading.Lock()

    def admits(self, account_id: str, action: str, now: float) -> bool:
        """Counts one call; False if it is one too many. ``action`` in RAM's spelling; ``now``: Unix seconds."""
        key, rate = (account_id, action), self._rates.get(action, self._rate)
        with self._lock:
            if len(self._buckets) >= BUCKETS_MAX:
                self._drop_full(now)
            self._buckets[key], admitted = take(self._buckets.get(key), rate, now)
        return admitted

    def _drop_full(self, now: float) -> None:
        for key, bucket in list(self._buckets.items()):
            rate = self._rates.get(key[1], self._rate)
            if bucket.left + (now - bucket.at) * rate.per_second >= rate.burst:
                del self._buckets[key]
