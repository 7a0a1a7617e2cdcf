"""The ledger of one agent: per ENI and minute, the device's own counters against everything that was recorded.

What enters: who is captured where (``hold``), a reading at every drain (``read``), the end of a minute (``end``), and
that minute's finished rows (``close``). What leaves: entries with the columns of ``model.ledger``. No clock, no I/O.
Rule: what is unexplained is left when all named terms are taken out of the device's count, so a packet that got lost
anywhere between the device and its record shows up here, whatever lost it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from weir.capture.books import Books, Dropped
from weir.capture.counters import Counted
from weir.capture.flows import DIRECTION_IN
from weir.capture.pages import Page, Recorded, Stand, columns, nothing_recorded, outstanding, recorded
from weir.capture.roster import Eni
from weir.capture.tally import Amounts, Tally, common, nothing
from weir.capture.window import Closed, Uncounted
from weir.model.ledger import Status
from weir.model.resources import Side

SECOND_NS = 1_000_000_000
LEDGER_MINUTES = 1
"""Length of the ledger's windows; the longer windows of flow logs are whole numbers of them."""

PERSISTENT_WINDOWS = 3
"""Windows in a row whose records must lack packets that the hooks saw before these count as unexplained."""

Entry = dict[str, int | str]
"""One row: every column of ``model.ledger`` but the node."""


@dataclass(frozen=True, slots=True)
class Held:
    """An ENI as the recorder holds it: on which device, or why on none (``ifindex`` 0)."""

    eni: Eni
    ordinal: int
    ifindex: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One drain: the devices' counters right before and after the switch, and what the kernel said beside rows."""

    before: Mapping[int, Counted]
    after: Mapping[int, Counted]
    books: Mapping[int, Books] = field(default_factory=dict)
    dropped: Dropped = field(default_factory=dict)
    folded: Mapping[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Standing:
    """An ENI with its open page; ``tally`` while its device is attached, since ``since_ns``."""

    held: Held
    page: Page = field(default_factory=Page)
    tally: Tally | None = None
    stand: Stand = field(default_factory=Stand)
    since_ns: int = 0
    gone: bool = False
    owed: deque[Amounts] = field(default_factory=lambda: deque(maxlen=PERSISTENT_WINDOWS))

    def attach(self, tally: Tally, at_ns: int) -> None:
        self.tally, self.stand, self.since_ns = tally, Stand(), at_ns

    def detach(self, at_ns: int) -> None:
        self._cover(at_ns)
        self.tally = None

    def turn(self, at_ns: int) -> Page:
        """The page as it is; the next one begins."""
        self._cover(at_ns)
        if self.tally is not None:
            self.tally.age()
        page, self.page = self.page, Page()
        page.reason = page.reason or self.held.error
        return page

    def between_windows(self, more: Amounts) -> Amounts:
        """Adds what this window's records lack to what those before lacked; returns the part that is still on its way:
        what every one of the last windows lacked is no longer."""
        self.owed.append(more + (self.owed[-1] if self.owed else nothing()))
        lasting = common(list(self.owed)) if len(self.owed) == PERSISTENT_WINDOWS else nothing()
        for one in self.owed:
            one -= lasting
        return more - lasting

    def _cover(self, at_ns: int) -> None:
        if self.tally is not None:
            self.page.covered_ns += max(0, at_ns - self.since_ns)
            self.since_ns = max(self.since_ns, at_ns)


@dataclass(frozen=True, slots=True)
class _Turned:
    standing: _Standing
    page: Page


class Ledger:
    """The books of all ENIs of an agent. One thread uses it. ``source``: where packets are counted."""

    def __init__(self, source: str = "kernel", reason_name: Callable[[int], str] = str) -> None:
        self._source, self._reason_name = source, reason_name
        self._standings: dict[str, _Standing] = {}
        self._by_ifindex: dict[int, _Standing] = {}
        self._turned: deque[list[_Turned]] = deque()
        self._lost: Counter[str] = Counter()

    def hold(self, held: Iterable[Held], at_ns: int, seen: tuple[Mapping[int, Counted], Mapping[int, Counted]]) -> None:
        """These ENIs, and no others, from now on. ``seen``: the devices' counters before and after they were attached.

        Call between a ``read`` that has booked everything up to ``at_ns`` and the next one.
        """
        before, after = seen
        wanted = {one.eni.labels.eni_id: one for one in held}
        for eni_id, standing in self._standings.items():
            standing.gone = eni_id not in wanted
        for eni_id, one in wanted.items():
            standing = self._standings.setdefault(eni_id, _Standing(one))
            if standing.held.ifindex != one.ifindex:
                standing.detach(at_ns)
            standing.held = one
            if one.error:
                standing.page.reason = one.error
            if one.ifindex and standing.tally is None and one.ifindex in after:
                standing.attach(Tally(before.get(one.ifindex, Counted()), after[one.ifindex]), at_ns)
        for standing in self._standings.values():
            if standing.gone:
                standing.detach(at_ns)
        self._by_ifindex = {one.held.ifindex: one for one in self._standings.values() if one.tally is not None}

    def read(self, reading: Reading) -> None:
        """Books one drain."""
        sides = {ifindex: one.held.eni.side for ifindex, one in self._by_ifindex.items()}
        thrown = _on_the_way_out(reading.dropped, sides)
        for ifindex, standing in self._by_ifindex.items():
            tally, page = standing.tally, standing.page
            assert tally is not None, "only attached devices are known by index"
            books = reading.books.get(ifindex, Books())
            page.books += books
            page.source = self._source
            page.folded_flows += reading.folded.get(ifindex, 0)
            if ifindex in reading.before:
                before = reading.before[ifindex]
                after = reading.after.get(ifindex, before)
                tally.read(before, after, books, thrown[ifindex])
            else:
                page.reason = page.reason or "the device's counters are gone"
                tally.miss(books)
            standing.stand = page.add(tally, standing.stand)
        for (ifindex, direction, reason), amounts in reading.dropped.items():
            if found := self._by_ifindex.get(ifindex):
                found.page.drop(direction, reason, amounts)

    def enis(self, by_ifindex: Mapping[int, int]) -> dict[str, int]:
        """The same by ENI, for attached devices."""
        known = self._by_ifindex
        return {known[one].held.eni.labels.eni_id: value for one, value in by_ifindex.items() if one in known}

    def lost(self, eni_id: str, rows: int) -> None:
        """Records of the ENI that found no place on disk; they are named in its next row."""
        self._lost[eni_id] += rows

    def end(self, boundary_s: int) -> None:
        """A minute has ended (call right after the ``read`` at its boundary)."""
        at_ns = boundary_s * SECOND_NS
        self._turned.append([_Turned(one, one.turn(at_ns)) for one in self._standings.values()])
        self._standings = {eni_id: one for eni_id, one in self._standings.items() if not one.gone}

    def close(self, window: Closed) -> list[Entry]:
        """The entries of the minute that ``end`` ended first of those not closed yet."""
        turned = self._turned.popleft()
        found = recorded(window, {one.standing.held.ordinal: one.standing.held.eni.side for one in turned})
        entries = []
        for one in turned:
            ordinal = one.standing.held.ordinal
            rows = found.get(ordinal, nothing_recorded())
            uncounted = sum((part.uncounted.get(ordinal, Uncounted()) for part in window.slices), Uncounted())
            one.page.in_flight += one.standing.between_windows(outstanding(one.page, rows, uncounted))
            entries.append(self._entry(one, window, rows, uncounted))
        return entries

    def _entry(self, one: _Turned, window: Closed, rows: Recorded, uncounted: Uncounted) -> Entry:
        page, eni = one.page, one.standing.held.eni
        lost = self._lost.pop(eni.labels.eni_id, 0)
        amounts = columns(page, rows, uncounted, self._reason_name)
        status = _status(page, window, amounts, lost)
        in_doubt = status in (Status.UNCOVERED, Status.PARTIAL)
        return {
            "account-id": eni.labels.account_id,
            "eni-id": eni.labels.eni_id,
            "vswitch-id": eni.labels.vswitch_id,
            "vpc-id": eni.labels.vpc_id,
            "device": eni.device,
            "side": eni.side.value,
            "source": page.source,
            "start": window.start_s,
            "end": window.end_s,
            "interval": window.interval_minutes,
            "status": status.value,
            "covered-seconds": page.covered_ns // SECOND_NS,
            "reason": _reason(page, lost) if in_doubt else "",
            **amounts,
            "lost-rows": lost,
        }


def _status(page: Page, window: Closed, amounts: Entry, lost: int) -> Status:
    if not page.covered_ns:
        return Status.UNCOVERED
    if page.covered_ns < (window.end_s - window.start_s) * SECOND_NS or lost:
        return Status.PARTIAL
    if amounts["folded-packets"] or amounts["uncounted-packets"]:
        return Status.SKIPDATA
    return Status.FULL if amounts["recorded-packets"] else Status.NODATA


def _reason(page: Page, lost: int) -> str:
    words = [page.reason] if page.reason else []
    if lost:
        words.append(f"{lost} records found no place on disk")
    return "; ".join(words) or "captured for a part of the window"


def _on_the_way_out(dropped: Dropped, sides: Mapping[int, Side]) -> Counter[int]:
    """Ifindex -> packets dropped on their way out through the device; those that its hook had counted are among them.
    ``sides``: ifindex -> side."""
    found: Counter[int] = Counter()
    for (ifindex, direction, _), (packets, _) in dropped.items():
        if ifindex in sides and (direction == DIRECTION_IN) == (sides[ifindex] is Side.BEHIND):
            found[ifindex] += packets
    return found
