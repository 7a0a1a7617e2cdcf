"""The coverage of an answer: which flow logs deliver to a logstore, and what the ledger says of their ENIs.

What enters: a logstore and a range. What leaves: a ``Coverage``, or None where no flow log delivers there. Rules: the
ledger is asked at most once in ``KEPT_SECONDS`` for a range; an answer never fails for want of its coverage.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, select

from weir.control.schema import enis, flow_logs, logstores
from weir.logstore.engine import QueryTimeout, QueryTooLarge
from weir.logstore.store import Store
from weir.logstore.troubles import StoreUnknown
from weir.model.ledger import LOGSTORE, PROJECT
from weir.query import coverage
from weir.query.answer import Page, Range
from weir.query.coverage import Coverage, Scope
from weir.query.failures import QueryError
from weir.query.run import Querier

KEPT_SECONDS = 10.0
"""How long the coverage of a range is kept: pages of one answer, and dashboards that ask again, cost nothing."""
KEPT_MAX = 256
"""Ranges whose coverage is kept; one more drops the oldest."""
FLOW_LOGS_MAX = 200
"""Flow logs of a logstore that are looked at; with more its coverage is not known."""
SPAN_SECONDS_MAX = 31 * 86_400
"""Longest range whose coverage is worked out; for a longer one it is not known."""
LEAD_SECONDS = 660
"""A ledger row's time is the end of its window: rows of windows that reach into the range lie so far around it."""
COLUMNS = {"VPC": "vpc-id", "VSwitch": "vswitch-id", "NetworkInterface": "eni-id"}
"""Resource type of a flow log -> column of the ledger."""
_SCOPES = (
    select(flow_logs.c.account_id, flow_logs.c.resource_type, flow_logs.c.resource_id, flow_logs.c.since)
    .where(flow_logs.c.project_name == bindparam("project"), flow_logs.c.log_store_name == bindparam("log_store"))
    .where(flow_logs.c.status == "Active")
    .order_by(flow_logs.c.flow_log_id)
    .limit(FLOW_LOGS_MAX + 1)
)
_ENIS = select(enis.c.network_interface_id).where(enis.c.account_id.in_(bindparam("accounts", expanding=True)))
_LEDGER = select(logstores.c.id).where(logstores.c.project == PROJECT, logstores.c.name == LOGSTORE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What delivers to a logstore, where the ledger is, and the account's ENIs there are now."""

    scopes: tuple[Scope, ...]
    ledger_id: int
    enis: frozenset[str]


def asked(connection: Connection, project: str, log_store: str) -> Asked | None:
    """What is to be asked about a logstore; None where no flow log delivers to it or there is no ledger."""
    rows = connection.execute(_SCOPES, {"project": project, "log_store": log_store}).all()
    if not rows or len(rows) > FLOW_LOGS_MAX:
        return None
    ledger_id = connection.scalar(_LEDGER)
    if ledger_id is None:
        return None
    scopes = tuple((COLUMNS[row.resource_type], row.resource_id, row.since) for row in rows)
    there = connection.scalars(_ENIS, {"accounts": [row.account_id for row in rows]})
    return Asked(scopes, ledger_id, frozenset(there))


@dataclass(slots=True)
class Coverages:
    """What was worked out lately. Safe to use from many threads."""

    _kept: OrderedDict[tuple[Asked, int, int], tuple[float, Coverage]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, wanted: Asked, window: Range, sources: tuple[Store, Querier], now: float) -> Coverage | None:
        """The coverage of a range; None where it cannot be known. ``now``: Unix seconds."""
        if window.to_s - window.from_s > SPAN_SECONDS_MAX:
            return None
        key = (wanted, window.from_s, window.to_s)
        with self._lock:
            made, found = self._kept.get(key, (0.0, None))
        if found is not None and now - made < KEPT_SECONDS:
            return found
        found = _worked_out(wanted, window, sources, int(now))
        if found is not None:
            with self._lock:
                self._kept[key] = (now, found)
                while len(self._kept) > KEPT_MAX:
                    self._kept.popitem(last=False)
        return found


def _worked_out(wanted: Asked, window: Range, sources: tuple[Store, Querier], now: int) -> Coverage | None:
    store, querier = sources
    around = Range(max(0, window.from_s - LEAD_SECONDS), window.to_s + LEAD_SECONDS)
    text = coverage.question(window, wanted.scopes)
    try:
        snapshot = store.snapshot(wanted.ledger_id, around.from_s, around.to_s)
        rows = querier.run(snapshot, text, around, Page(), coverage.LEDGER_INDEX).rows
    except (StoreUnknown, QueryTimeout, QueryTooLarge, QueryError):
        return None
    return coverage.of_ledger(rows, window, now, wanted.enis)
