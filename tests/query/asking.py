"""Asking a snapshot, and writing a time as the answer writes it."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.query.corpus import START, WINDOW
from weir.query.answer import Page
from weir.query.index import Index
from weir.query.run import Querier

FLOWS = Index.for_flow_logs()


def ask(snapshot, text, index=FLOWS, zone="UTC"):
    return Querier(time_zone=zone, clock=lambda: START + 0.5).run(snapshot, text, WINDOW, Page(), index)


def rows(snapshot, text, index=FLOWS):
    return [tuple(row.values()) for row in ask(snapshot, text, index).rows]


def stamp(seconds, form="%Y-%m-%d %H:%M:%S.000", zone=UTC):
    return datetime.fromtimestamp(seconds, zone).strftime(form)
