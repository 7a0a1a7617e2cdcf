"""Coverage of an answer: the seconds of every ENI, counted again second by second."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.query.corpus import START, Row, build
from weir.model.ledger import Status
from weir.query.answer import Page, Range
from weir.query.coverage import ENIS_NAMED_MAX, KEPT_WHEN_FOLDED, LEDGER_INDEX, UNKNOWN, Sums, of_ledger, question
from weir.query.index import Index
from weir.query.run import Querier

BEGIN = START // 60 * 60
WINDOW = Range(BEGIN + 630, BEGIN + 2400)
SINCE = BEGIN + 1200
SCOPES = (("vpc-id", "vpc-1", 0), ("eni-id", "eni-7", SINCE))


def line(eni, begin, status, minutes=1, vpc="vpc-1"):
    """A row of the ledger."""
    facts = {"eni-id": eni, "vpc-id": vpc, "start": begin, "end": begin + 60 * minutes, "status": status}
    return Row(begin + 60 * minutes - 1, {key: str(value) for key, value in facts.items()})


def covered(rows, tmp_path, now=BEGIN + 10_000, alive=("eni-0", "eni-1", "eni-2", "eni-7")):
    snapshot = build(sorted(rows, key=lambda row: row.time), tmp_path)
    around = Range(WINDOW.from_s - 660, WINDOW.to_s + 660)
    found = Querier().run(snapshot, question(WINDOW, SCOPES), around, Page(), LEDGER_INDEX).rows
    return of_ledger(found, WINDOW, now, alive)


def test_every_second_is_counted_once_under_its_status(tmp_path):
    draw = random.Random(4)
    rows, seconds = [], {}
    for eni, vpc in (("eni-0", "vpc-1"), ("eni-1", "vpc-1"), ("eni-7", "vpc-2"), ("eni-8", "vpc-2")):
        at = BEGIN
        while at < BEGIN + 3600:
            minutes, status = draw.choice([(1, "full"), (1, "nodata"), (1, "skipdata"), (7, "uncovered"), (1, "")])
            if status:
                rows.append(line(eni, at, status, minutes, vpc))
                for second in range(at, at + 60 * minutes):
                    seconds[eni, second] = status
            at += 60 * minutes
    expected, by_eni = Counter(), {}
    for eni in ("eni-0", "eni-1", "eni-7"):
        mine = {s: status for (e, s), status in seconds.items() if e == eni}
        if eni == "eni-7":
            kept = [
                row.long("start") for row in rows if row.content["eni-id"] == eni and row.long("end") > BEGIN + 1200
            ]
            mine = {s: status for s, status in mine.items() if s >= min(kept)}
        inside = range(max(WINDOW.from_s, min(s for s in mine if s >= WINDOW.from_s)), WINDOW.to_s)
        by_eni[eni] = Counter(mine.get(second, UNKNOWN) for second in inside)
        expected += by_eni[eni]
    found = covered(rows, tmp_path)
    assert found.seconds == dict(expected)
    assert found.eni_count == 3
    assert {eni: dict(counts) for eni, counts in found.enis.items()} == {e: dict(c) for e, c in by_eni.items()}
    assert found.until == WINDOW.to_s


LAST = BEGIN + 2340


def full(eni, until, status="full"):
    return [line(eni, begin, status) for begin in range(BEGIN, until, 60)]


@pytest.mark.parametrize(
    ("rows", "reads", "sums"),
    [
        ([], set(), Sums.UNKNOWN),
        (full("eni-0", BEGIN + 2400), {"dstport", "bytes"}, Sums.EXACT),
        ([*full("eni-0", BEGIN + 2400), *full("eni-1", BEGIN + 2400, "nodata")], {"dstport"}, Sums.EXACT),
        ([*full("eni-0", LAST), line("eni-0", LAST, "skipdata")], {"bytes", "eni-id"}, Sums.EXACT),
        ([*full("eni-0", LAST), line("eni-0", LAST, "skipdata")], {"bytes", "dstport"}, Sums.LOWER_BOUND),
        ([*full("eni-0", LAST), line("eni-0", LAST, "skipdata")], {""}, Sums.LOWER_BOUND),
        ([*full("eni-0", LAST), line("eni-0", LAST, "uncovered")], {"bytes"}, Sums.LOWER_BOUND),
        ([*full("eni-0", LAST), line("eni-0", LAST, "partial")], {"bytes"}, Sums.LOWER_BOUND),
        # An ENI that has fallen silent is missing; one that is gone is not.
        ([*full("eni-0", BEGIN + 2400), *full("eni-1", BEGIN + 1500)], {"bytes"}, Sums.LOWER_BOUND),
        ([*full("eni-0", BEGIN + 2400), *full("eni-9", BEGIN + 1500)], {"bytes"}, Sums.EXACT),
    ],
)  # fmt: skip
def test_what_a_sum_is(tmp_path, rows, reads, sums):
    assert covered(rows, tmp_path).sums(reads) is sums


def test_what_is_not_over_yet_is_not_judged(tmp_path):
    found = covered(full("eni-0", BEGIN + 1200), tmp_path, now=BEGIN + 1234)
    assert (found.until, found.seconds) == (BEGIN + 1200, {"full": 570})
    assert found.sums({"bytes"}) is Sums.EXACT


def test_an_answer_names_the_worst(tmp_path):
    rows = [row for n in range(30) for row in full(f"eni-{n}", BEGIN + 2400 - 60 * n)]
    found = covered(rows, tmp_path, alive=[f"eni-{n}" for n in range(30)])
    assert list(found.enis) == [f"eni-{n}" for n in range(29, 29 - ENIS_NAMED_MAX, -1)]
    assert found.eni_count == 30


def test_the_columns_a_query_reads(tmp_path):
    snapshot = build([Row(START, {"bytes": "1"})], tmp_path)
    reads = lambda text: Querier().run(snapshot, text, WINDOW, Page(), Index.for_flow_logs()).reads  # noqa: E731
    assert reads('* | select "eni-id", sum(bytes) as b group by "eni-id" order by b') == {"eni-id", "bytes"}
    assert reads("action: REJECT and not x or bytes > 5 | select count(*) as n") == {"action", "", "bytes"}
    assert reads("*") == frozenset()
    assert "dstport" not in KEPT_WHEN_FOLDED
    assert set(Status) == {"uncovered", "partial", "skipdata", "nodata", "full"}
