"""Rows that stand for several flows: which columns are still true of all of them, and how many flows they are.

What enters: rows with ``fold`` above 0, and the kernel's count of the flows that found no row of their own. What
leaves: the columns such a row does not have, and the field ``folded-flows``. Rule: what is not true of every packet of
a row is absent from its record; packets and bytes always are there, and exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from weir.capture.flows import DIRECTION_OUT, FOLDS, Chosen, Flows
from weir.capture.share import Bounds, Labels

FIELD = "folded-flows"
SECOND_NS = 1_000_000_000
MINUTES_KEPT = 12
"""Minutes whose counts are remembered: the longest window of a flow log, and the one that settles it."""
PORTS, PREFIX, ENI = (FOLDS.index(name) for name in ("ports", "prefix", "eni"))


def given_up(rows: Flows) -> Mapping[str, Chosen]:
    """Column of a record -> which of ``rows`` do not have it, shape (n,)."""
    fold, out = rows["fold"], rows["direction"] == DIRECTION_OUT
    remote, all_but_eni = fold >= PREFIX, fold >= ENI
    return {
        "srcport": fold >= PORTS,
        "dstport": fold >= PORTS,
        "srcaddr": (remote & ~out) | all_but_eni,
        "dstaddr": (remote & out) | all_but_eni,
        "traffic_path": remote,
        "protocol": all_but_eni,
        "tcp-flags": all_but_eni,
    }


class FoldedFlows:
    """Remembers how many flows were folded, per ENI and minute; the recorder's thread alone uses it. An attribution."""

    def __init__(self) -> None:
        self._flows: dict[str, dict[int, int]] = defaultdict(dict)

    @property
    def fields(self) -> tuple[str, ...]:
        return (FIELD,)

    def note(self, eni_id: str, flows: int, until_ns: int) -> None:
        """So many flows of the ENI found no row of their own in the drain that ended at ``until_ns``."""
        minute_s = (until_ns - 1) // (60 * SECOND_NS) * 60
        by_minute = self._flows[eni_id]
        by_minute[minute_s] = by_minute.get(minute_s, 0) + flows
        for old in [one for one in by_minute if one < minute_s - MINUTES_KEPT * 60]:
            del by_minute[old]

    def attribute(self, rows: Flows, labels: Labels, bounds: Bounds) -> Mapping[str, pa.Array]:
        """The window's count in its first row that stands for several flows."""
        by_minute = self._flows.get(labels.eni_id, {})
        flows = sum(count for start_s, count in by_minute.items() if bounds.start_s <= start_s < bounds.end_s)
        first = np.flatnonzero(rows["fold"] > 0)[:1]
        if not len(first) or not flows:
            return {}
        column = np.zeros(len(rows), np.int64)
        column[first] = flows
        return {FIELD: pa.array(column, mask=column == 0)}
