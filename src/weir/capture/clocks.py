"""The kernel's clock and the wall's, read together.

What enters: a clock of Unix time. What leaves: one moment on both. Rule: a busy machine may stop us between the two
readings, by longer than a flow lasts; of a few pairs the closest one is taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from weir.capture.layout import Clock

READINGS = 5


def both_now(realtime_ns: Callable[[], int] = time.time_ns) -> Clock:
    """This moment."""
    pairs = []
    for _ in range(READINGS):
        before, wall, after = time.monotonic_ns(), realtime_ns(), time.monotonic_ns()
        pairs.append((after - before, Clock((before + after) // 2, wall)))
    return min(pairs, key=lambda pair: pair[0])[1]
