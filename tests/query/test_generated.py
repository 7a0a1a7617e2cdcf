"""Queries that nobody wrote: their values equal those of a naive evaluation over the same rows."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.query.asking import FLOWS
from tests.query.corpus import START, WINDOW, Row, build, flow_rows
from tests.query.drawn import queries
from weir.model.fields import LONG_NAMES
from weir.query.answer import Page
from weir.query.run import Querier

QUERIES = 500
ODD = [
    {"eni-id": "eni-1", "start": str(START), "end": str(START + 59), "log-status": "NODATA"},
    {"eni-id": "eni-1", "packets": "7", "bytes": "0", "log-status": "SKIPDATA", "srcaddr": "-"},
    {"bytes": "-1", "action": "", "srcaddr": "2001:db8::4", "dstport": "443"},
]
ROWS = [*flow_rows(70, seed=9), *(Row(START + 59 + n, content) for n, content in enumerate(ODD))]
PLAIN = [{"__time__": row.time} | {k: int(v) if k in LONG_NAMES else v for k, v in row.content.items()} for row in ROWS]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return build(ROWS, tmp_path_factory.mktemp("generated"))


def printed(value):
    """As an answer prints it; a double as a number to compare."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_same(found, expected):
    if isinstance(expected, float):
        return found not in ("null", "NaN") and math.isclose(float(found), expected, rel_tol=1e-9)
    return found == printed(expected)


def bag(rows):
    """Comparable whatever the order: doubles cut to nine digits."""
    return Counter(tuple(f"{float(v):.9g}" if isinstance(v, float) else printed(v) for v in row) for row in rows)


def is_answered(querier, snapshot, drawn):
    """Whether the answer's rows are those of the naive evaluation; else both, to be shown."""
    expected = drawn.answer(PLAIN)
    answer = querier.run(snapshot, drawn.text, WINDOW, Page(), FLOWS)
    found = [tuple(row.values()) for row in answer.rows]
    if drawn.ordered:
        pairs = list(zip(found, expected, strict=False))
        same = len(found) == len(expected) and all(all(map(is_same, row, wanted)) for row, wanted in pairs)
    else:
        doubles = [kind == "double" for kind in answer.column_types]
        numbers = [
            tuple(float(v) if is_double and v != "null" else v for v, is_double in zip(row, doubles, strict=True))
            for row in found
        ]
        same = bag(numbers) == bag(expected)
    return same or (drawn.text, found, expected)


# Not shrunk: every query is short, and one that fails is shown whole.
PHASES = (Phase.explicit, Phase.generate)


@settings(max_examples=QUERIES, phases=PHASES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(queries())
def test_every_generated_query_is_answered_by_value(snapshot, drawn):
    assert is_answered(Querier(clock=lambda: START), snapshot, drawn) is True
