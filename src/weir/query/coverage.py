"""How much of the traffic an answer stands for.

What enters: rows of the ledger, one per ENI and window, and the columns that a query reads. What leaves: seconds of
ENIs by status, and whether sums are exact. The rule: a sum is exact where every packet of the range is in a row that
has the columns the query reads; where packets were not counted, or were folded into rows without those columns, it is a
lower bound; where nothing is known it is said to be unknown. Nothing here reads a clock or a store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from weir.model.fields import Kind
from weir.model.ledger import LEDGER, Status
from weir.query.answer import Range
from weir.query.index import Index, IndexKey, IndexType

ENIS_MAX = 2000
"""ENIs looked at for one answer; with more the coverage is of these, and says that it is limited."""
ENIS_NAMED_MAX = 20
"""ENIs that an answer names, those with the most seconds not in full first. The others are in the sums."""
UNKNOWN = "unknown"
"""Beside the ledger's own statuses: seconds between an ENI's first window and the end that no row speaks of yet."""
STATUSES = (*Status, UNKNOWN)
KEPT_WHEN_FOLDED = frozenset({
    "account-id", "eni-id", "vm-id", "vswitch-id", "vpc-id", "packets", "bytes", "start", "end", "__time__",
    "__source__", "__topic__", "version",
})  # fmt: skip
"""Columns that a SKIPDATA row has too, so that sums by them hold everything."""
LEDGER_INDEX = Index(
    {column.name: IndexKey(IndexType.LONG if column.kind is Kind.LONG else IndexType.TEXT) for column in LEDGER}
)
"""Not the ledger's own index: its owner may change that."""
Scope = tuple[str, str, int]
"""Column of the ledger, its value, and the second from which a flow log records it."""


class Sums(StrEnum):
    """What a sum over the answer's rows is."""

    EXACT = "exact"
    LOWER_BOUND = "lower-bound"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Coverage:
    """``seconds``: of all ENIs, by status. ``enis``: the same for ENIs that are not all full or without traffic,
    at most ``ENIS_NAMED_MAX``. ``until``: Unix second up to which the ledger speaks, 0 where it says nothing.
    """

    seconds: Mapping[str, int]
    enis: Mapping[str, Mapping[str, int]]
    eni_count: int
    until: int
    limited: bool = False

    def sums(self, reads: Collection[str]) -> Sums:
        """What the sums of a query that reads these columns are."""
        if not self.eni_count:
            return Sums.UNKNOWN
        if any(self.seconds.get(status) for status in (Status.UNCOVERED, Status.PARTIAL, UNKNOWN)):
            return Sums.LOWER_BOUND
        folded = bool(self.seconds.get(Status.SKIPDATA))
        if folded and not KEPT_WHEN_FOLDED.issuperset(reads):
            return Sums.LOWER_BOUND
        return Sums.UNKNOWN if self.limited else Sums.EXACT

    def document(self, reads: Collection[str]) -> dict[str, object]:
        """As an answer carries it."""
        return {
            "sums": str(self.sums(reads)),
            "seconds": dict(self.seconds),
            "eniCount": self.eni_count,
            "enis": {eni: dict(seconds) for eni, seconds in self.enis.items()},
            "until": self.until,
            "limited": self.limited,
        }


def question(window: Range, scopes: Iterable[Scope]) -> str:
    """The query that the ledger is asked: seconds per ENI and status, within the window and the scopes."""
    parts = [f'("{column}" = {_text(value)} and "end" > {since})' for column, value, since in scopes]
    clipped = f'least("end", {window.to_s}) - greatest(start, {window.from_s})'
    return (
        f'* | select "eni-id" as eni, status, sum({clipped}) as seconds, min(start) as first, max("end") as last'
        f' where "end" > {window.from_s} and start < {window.to_s} and ({" or ".join(parts)})'
        f' group by "eni-id", status order by eni, status limit {(ENIS_MAX + 1) * len(Status)}'
    )


def of_ledger(rows: Iterable[Mapping[str, str]], window: Range, now_s: int, alive: Collection[str]) -> Coverage:
    """The coverage that the rows of ``question`` say. ``alive``: the ENIs there are; of others nothing more will come.
    What is behind the newest row of all is not judged: ``until`` says so.
    """
    found: dict[str, Counter[str]] = {}
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for row in rows:
        eni = row["eni"]
        found.setdefault(eni, Counter())[row["status"]] += int(row["seconds"])
        first[eni] = min(first.get(eni, window.to_s), int(row["first"]))
        last[eni] = max(last.get(eni, 0), int(row["last"]))
    limited = len(found) > ENIS_MAX
    end = min(window.to_s, now_s, max(last.values(), default=0))
    for eni, seconds in found.items():
        heard = end if eni in alive else min(end, last[eni])
        silent = heard - max(window.from_s, first[eni]) - seconds.total()
        if silent > 0:
            seconds[UNKNOWN] += silent
    total = Counter[str]()
    for seconds in found.values():
        total += seconds
    lacking = sorted(found, key=lambda eni: (-_lacking(found[eni]), eni))[:ENIS_NAMED_MAX]
    named = {eni: found[eni] for eni in lacking if _lacking(found[eni])}
    return Coverage({s: total[s] for s in STATUSES if total[s]}, named, len(found), end, limited)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _lacking(seconds: Mapping[str, int]) -> int:
    return sum(amount for status, amount in seconds.items() if status not in (Status.FULL, Status.NODATA))
