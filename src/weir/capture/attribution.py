"""The seam for record fields that do not lie in a counted flow: who else knows something about it.

What enters: the rows of one ENI and window as they are about to become records. What leaves: further columns for them.
Rule: a value belongs to the time of the flow; what was not known then is null, and the record has no such key. An
attribution is asked only for flow logs whose LogFormat names one of its fields, so a field nobody names costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from weir.capture.flows import Flows
from weir.capture.share import Bounds, Labels, Share
from weir.model.resources import Side


class Attribution(Protocol):
    """Knows some of ``model.fields.EXTENDED``. Called by the recorder's thread alone."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields it knows."""
        ...

    def attribute(self, rows: Flows, labels: Labels, bounds: Bounds) -> Mapping[str, pa.Array]:
        """Field -> column of shape (len(rows),) in ``rows``' order; a field that is left out is null in every row.

        ``rows``: of one ENI (``ifindex`` is its ordinal), folded, packets above 0.
        """
        ...


@dataclass(frozen=True, slots=True)
class Watched:
    """One captured ENI, for whoever watches more than its packets: the device, and all fields its flow logs name."""

    eni_id: str
    device: str
    side: Side
    addresses: tuple[str, ...]
    fields: frozenset[str]


class Watcher(Protocol):
    """What has to look at the host while flows run, so that it can attribute them later."""

    def watch(self, enis: tuple[Watched, ...]) -> None:
        """These ENIs, and no others, from now on. Begins or ends the work that their fields need."""
        ...

    def drained(self, until_ns: int) -> None:
        """Counting up to ``until_ns`` (Unix time, ns) has just been booked."""
        ...

    def close(self) -> None:
        """Lets go of everything; nothing is called afterwards."""
        ...


def extended(rows: Flows, share: Share, attributions: Iterable[Attribution]) -> dict[str, pa.Array]:
    """The columns beyond ``FIELDS`` that the share's flow log names, of those that ``attributions`` know."""
    columns: dict[str, pa.Array] = {}
    for attribution in attributions:
        wanted = share.keep.fields.intersection(attribution.fields)
        if wanted and len(rows):
            found = attribution.attribute(rows, share.labels, share.bounds)
            columns |= {name: column for name, column in found.items() if name in wanted}
    return columns
