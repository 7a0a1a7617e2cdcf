"""Rows that stand for several flows: nothing in their records is untrue, and no packet is missing."""

from __future__ import annotations

import pytest

from tests.capture.test_window import LABELS, NOON, SECOND, flow, packed, rows
from weir.capture.flows import DIRECTION_IN, DIRECTION_OUT
from weir.capture.folded import FIELD, FoldedFlows
from weir.capture.label import records
from weir.capture.share import Bounds, Keep, Share
from weir.capture.window import Uncounted
from weir.model.fields import NAMES
from weir.model.resources import TrafficType

TCP, FIN = 6, 1
WINDOW = Bounds(NOON, NOON + 60)
SHARE = Share(LABELS, Keep(TrafficType.ALL, dual_stack=True), WINDOW)
WITH_FLOWS = Share(LABELS, Keep(TrafficType.ALL, dual_stack=True, fields=frozenset({*NAMES, FIELD})), WINDOW)

ALWAYS = {"version", "account-id", "eni-id", "vm-id", "vswitch-id", "vpc-id", "type", "direction", "action"} | {
    "packets",
    "bytes",
    "start",
    "end",
    "log-status",
}


@pytest.mark.parametrize(
    ("fold", "direction", "further"),
    [
        (1, DIRECTION_OUT, {"srcaddr", "dstaddr", "protocol", "tcp-flags", "traffic_path"}),
        (2, DIRECTION_OUT, {"srcaddr", "protocol", "tcp-flags"}),
        (2, DIRECTION_IN, {"dstaddr", "protocol", "tcp-flags"}),
        (3, DIRECTION_IN, set()),
    ],
)
def test_a_row_of_several_flows_has_what_is_true_of_all(fold: int, direction: int, further: set[str]) -> None:
    row = flow(0, 5, fold=fold, direction=direction, proto=TCP, tcp_flags=FIN, sport=0)
    (record,) = records(row, Uncounted(), SHARE).to_pylist()
    there = {name for name in NAMES if record[name] is not None}
    assert there == ALWAYS | further
    assert (record["log-status"], record["packets"], record["bytes"]) == ("SKIPDATA", 5, 500)
    assert record["end"] == WINDOW.end_s


def test_a_row_of_one_flow_is_ok_beside_them() -> None:
    found = records(rows(flow(80, 2), flow(0, 5, fold=1, sport=0)), Uncounted(packets=7, bytes=700), SHARE).to_pylist()
    assert [(one["log-status"], one["dstport"], one["packets"]) for one in found] == [
        ("OK", 80, 2),
        ("SKIPDATA", None, 5),
        ("SKIPDATA", None, 7),
    ]


def test_the_first_row_says_how_many_flows_were_folded() -> None:
    folded = FoldedFlows()
    folded.note(LABELS.eni_id, 9, NOON * SECOND)
    folded.note(LABELS.eni_id, 40, NOON * SECOND + 1)
    folded.note(LABELS.eni_id, 2, (NOON + 60) * SECOND)
    folded.note("eni-other", 5, (NOON + 60) * SECOND)
    folded.note(LABELS.eni_id, 1000, (NOON + 60) * SECOND + 1)
    found = rows(flow(80, 2), flow(0, 5, fold=1, sport=0), flow(0, 6, fold=2, src=packed("10.0.0.0")))
    table = records(found, Uncounted(), WITH_FLOWS, (folded,))
    assert [dict(one["__extra__"] or ()) for one in table.to_pylist()] == [{}, {FIELD: "42"}, {}]


def test_nothing_folded_says_nothing() -> None:
    folded = FoldedFlows()
    assert folded.attribute(flow(), LABELS, WINDOW) == {}
    assert folded.attribute(flow(fold=1), LABELS, WINDOW) == {}
