"""A recorder's chain without its thread and its clock: kernel, windows and ledger, a minute at a time.

``minute`` ends a minute whenever it is called, so no test waits for one.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.capture.conftest import shell
from weir.capture.bookkeeping import Bookkeeping, BookParts
from weir.capture.counters import Counters
from weir.capture.folded import FoldedFlows
from weir.capture.kernel import Kernel
from weir.capture.ledger import Held, Ledger
from weir.capture.roster import Eni, FlowLog, Roster
from weir.capture.share import Keep, Labels
from weir.capture.spool import Spool
from weir.capture.tally import PERSISTENT_READINGS
from weir.capture.window import Closed, Drained, Windows
from weir.model.ledger import EXPLAINED, LOGSTORE, LONG_NAMES, PROJECT, SEEN_BY_DEVICE, UNEXPLAINED
from weir.model.resources import Side, TrafficType

SECOND_NS = 1_000_000_000
BEGIN_S = 1_700_000_040
ALL = FlowLog("fl-1", 1, Keep(TrafficType.ALL, dual_stack=True), "flows", "vpc")

Row = dict[str, Any]


def eni(name: str, device: str, side: Side, addresses: tuple[str, ...] = ()) -> Eni:
    return Eni(Labels("100", f"eni-{name}", "-", "vsw-1", "vpc-1"), "g1", device, side, addresses, (ALL,))


@dataclass
class Minute:
    """What one minute left behind: each ENI's newest ledger row, all of them, and the flow records."""

    ledger: dict[str, Row]
    rows: list[Row]
    records: list[Row]

    def sums(self, eni_id: str, *statuses: str) -> tuple[int, int]:
        """(packets, bytes) of the ENI's records with these statuses."""
        chosen = [one for one in self.records if one["eni-id"] == eni_id and one["log-status"] in statuses]
        return sum(one["packets"] for one in chosen), sum(one["bytes"] for one in chosen)


class Rig:
    """One namespace's kernel, from ``BEGIN_S`` on."""

    def __init__(self, kernel: Kernel, netns: str, directory: Path) -> None:
        self.kernel, self.netns = kernel, netns
        self.spool = Spool(directory)
        self.ledger, self.folded = Ledger(), FoldedFlows()
        self.books = Bookkeeping(BookParts(Counters(netns), self.spool, "node", lambda: None, self.ledger, self.folded))
        self.roster = Roster((self.folded,))
        self.start_s = BEGIN_S
        self.windows = Windows(BEGIN_S * SECOND_NS)
        self.held: dict[str, Held] = {}
        self.complete: tuple[Closed, ...] = ()

    def attach(self, eni: Eni, ifindex: int) -> None:
        self.drain()
        self.windows.cut()
        self.kernel.attach(ifindex, eni.side, eni.addresses)
        self.roster.attached(eni.labels.eni_id, ifindex)
        self._hold(Held(eni, self.roster.ordinal(eni.labels.eni_id), ifindex))

    def detach(self, eni: Eni, error: str = "") -> None:
        held = self.held[eni.labels.eni_id]
        self.books.look()
        self.kernel.detach(held.ifindex)
        self.drain()
        self.windows.cut()
        self.roster.detached(held.ifindex)
        self._hold(Held(eni, held.ordinal, 0, error))

    def _hold(self, held: Held) -> None:
        self.held[held.eni.labels.eni_id] = held
        self.roster.subscribe([one.eni for one in self.held.values()], self.now_ns)
        self.books.hold(self.held.values(), self.now_ns)

    @property
    def now_ns(self) -> int:
        """The rig's clock stands still within a minute."""
        return self.start_s * SECOND_NS

    def drain(self) -> None:
        drained = self.books.drained(self.kernel.drain)
        rows, stray = self.roster.book(drained.flows)
        assert stray == 0
        uncounted = {self.roster.ordinal_of(ifindex): seen for ifindex, seen in drained.uncounted.items()}
        self.complete += self.windows.add(Drained(rows, uncounted, self.now_ns))

    def minute(self) -> Minute:
        """Ends a minute: the drain at its end, and the one that settles it. Long enough for a difference to last."""
        for _ in range(PERSISTENT_READINGS):
            self.drain()
        self.start_s += 60
        self.windows.end(self.start_s)
        self.books.end(self.start_s)
        self.complete = ()
        self.drain()
        tables = [one.table for window in self.complete for one in self.roster.deliveries(window)]
        for window in self.complete:
            self.books.close(window)
        rows = self.spooled()
        return Minute(
            {row["eni-id"]: row for row in rows}, rows, [row for table in tables for row in table.to_pylist()]
        )

    def spooled(self) -> list[Row]:
        """Ledger rows on disk, in their order; takes them away."""
        rows = []
        for batch in self.spool.waiting():
            assert (batch.target.project, batch.target.logstore) == (PROJECT, LOGSTORE)
            for row in pa.ipc.open_stream(batch.payload).read_all().to_pylist():
                flat = {**row, **dict(row.pop("__extra__"))}
                rows.append({name: int(value) if name in LONG_NAMES else value for name, value in flat.items()})
            self.spool.done(batch.path)
        return rows


def closes(row: Row) -> bool:
    """Whether the row's terms add up to the device's counters."""
    return all(
        sum(row[name] for name in SEEN_BY_DEVICE[unit])
        == sum(sign * row[name] for sign, name in EXPLAINED[unit]) + sum(row[name] for name in UNEXPLAINED[unit])
        for unit in ("packets", "bytes")
    )


def unexplained(row: Row) -> Row:
    """The columns that should be 0, as far as they are not. What is in flight is of two windows: see ``in_flight``."""
    return {name: row[name] for unit in UNEXPLAINED for name in UNEXPLAINED[unit] if row[name]}


def in_flight(row: Row) -> Row:
    """Frames between a device and our hooks when the window ended: 0 over windows, but a neighbour's question may come
    at any moment."""
    return {name: row[name] for name in ("in-flight-packets", "in-flight-bytes") if row[name]}


def device_counters(netns: str, device: str) -> Counter[str]:
    """As ``ip -s link`` has them, under the ledger's names."""
    stats = json.loads(shell("ip", "-n", netns, "-s", "-j", "link", "show", "dev", device))[0]["stats64"]
    return Counter({f"device-{way}-{unit}": stats[way][unit] for way in ("rx", "tx") for unit in ("packets", "bytes")})
