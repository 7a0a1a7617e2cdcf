"""Which segments have outlived their logstore's retention.

What enters: sealed segments, days, the time. What leaves: those to remove, whole. Rule: a segment goes when its
*newest* row is too old by arrival, so no row goes early; it stays longer than the days say by at most the age of
its oldest row. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from weir.logstore.manifest import Sealed

DAYS_FOREVER = 3650
"""Days of retention that mean for ever (source: the log service's CreateLogStore page, ttl)."""
NS_PER_DAY = 86_400 * 10**9


def choose(sealed: Iterable[Sealed], ttl_days: int, now_ns: int) -> tuple[Sealed, ...]:
    """The segments whose newest row arrived more than ``ttl_days`` days before ``now_ns`` (Unix nanoseconds)."""
    if ttl_days >= DAYS_FOREVER:
        return ()
    return tuple(one for one in sealed if one.arrival_max_ns < now_ns - ttl_days * NS_PER_DAY)
