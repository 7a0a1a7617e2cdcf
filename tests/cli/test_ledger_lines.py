"""``weir ledger``: what it prints, and what it lets a script believe."""

from __future__ import annotations

from weir.cli.ledgers import equation, lines_of, remainder, row_of, summary, unexplained

ROW = {
    "eni-id": "eni-1",
    "node": "host-a",
    "device": "veth7",
    "start": "1700000040",
    "end": "1700000100",
    "status": "full",
    "device-rx-packets": "300",
    "device-tx-packets": "292",
    "device-rx-bytes": "50000",
    "device-tx-bytes": "8000",
    "recorded-packets": "601",
    "recorded-bytes": "50712",
    "refused-packets": "4",
    "refused-bytes": "400",
    "segments-packets": "-9",
    "framing-bytes": "7520",
    "not-ip-packets": "4",
    "not-ip-bytes": "168",
}


def test_the_equation_has_the_terms_that_are_there() -> None:
    row = row_of(ROW)
    assert equation(row, "packets") == "592 packets = 601 recorded - 4 refused - 9 segments + 4 not-ip"
    assert equation(row, "bytes") == "58000 bytes = 50712 recorded - 400 refused + 7520 framing + 168 not-ip"
    assert unexplained(row) == {}


def test_a_row_is_not_believed_where_its_terms_do_not_add_up() -> None:
    row = row_of({**ROW, "recorded-packets": "600"})
    assert remainder(row, "packets") == 1
    assert unexplained(row) == {"remainder-packets": 1}


def test_opposite_amounts_do_not_make_each_other_good() -> None:
    row = row_of({**ROW, "unexplained-rx-packets": "5", "unexplained-tx-packets": "-5"})
    assert unexplained(row) == {"unexplained-rx-packets": 5, "unexplained-tx-packets": -5}
    assert lines_of(row)[-1] == "    UNEXPLAINED: unexplained-rx-packets +5, unexplained-tx-packets -5"


def test_an_uncovered_window_says_why_and_no_amounts() -> None:
    said = {"eni-id": "eni-1", "node": "n", "device": "d", "start": "60", "end": "120"}
    row = row_of({**said, "status": "uncovered", "reason": "no agent was running"})
    assert lines_of(row) == [
        "1970-01-01 00:01:00 - 00:02:00  eni-1  n/d  uncovered: no agent was running (0 s counted)"
    ]


def test_the_summary_counts() -> None:
    rows = [row_of(ROW), row_of({**ROW, "status": "skipdata"}), row_of({**ROW, "unexplained-tx-bytes": "1"})]
    assert summary(rows) == "3 windows (1 skipdata, 2 full); 1 do not close"
    assert summary([]) == "0 windows (none); all close"
