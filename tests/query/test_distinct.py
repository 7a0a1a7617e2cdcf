"""Distinct values per group: the two-step form gives what the one-step form means, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.query.corpus import WINDOW, Row, build, flow_rows
from weir.query.answer import Page
from weir.query.index import Index
from weir.query.run import run

PEER = "CASE WHEN direction = 'in' THEN srcaddr ELSE dstaddr END"


def answer(rows: list[Row], directory: Path, sql: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = run(build(rows, directory), f"* | {sql}", WINDOW, Page(), Index.for_flow_logs()).rows
    return found


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("action",), "srcaddr"),
        (("action", "direction"), PEER),
        (("dstport",), "nullif(srcaddr, srcaddr)"),
        (("srcaddr",), "protocol % 7"),
    ],
)
def test_both_forms_agree(tmp_path: Path, keys: tuple[str, ...], value: str) -> None:
    names, where = ", ".join(keys), "WHERE packets > 1 or packets <= 1"
    order = f"ORDER BY n DESC, {names} LIMIT 1000"
    # A second aggregate keeps the one-step form.
    plain = f"SELECT {names}, count(DISTINCT {value}) AS n, max(1) AS x {where} GROUP BY {names} {order}"
    split = f"SELECT {names}, count(DISTINCT {value}) AS n {where} GROUP BY {names} {order}"
    wanted = [{key: text for key, text in row.items() if key != "x"} for row in answer(flow_rows(40), tmp_path, plain)]
    assert wanted
    assert answer(flow_rows(40), tmp_path, split) == wanted


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(DISTINCT srcaddr) AS n",
        "SELECT action AS a, count(DISTINCT srcaddr) AS n GROUP BY a ORDER BY a",
        "SELECT action, count(DISTINCT srcaddr) AS n GROUP BY action HAVING count(*) > 0 ORDER BY action",
        "SELECT action, count(DISTINCT srcaddr) AS n, count(DISTINCT dstaddr) AS m GROUP BY action ORDER BY action",
        "SELECT action, count(DISTINCT srcaddr) + 1 AS n GROUP BY action ORDER BY action",
        "SELECT count(DISTINCT srcaddr) AS n GROUP BY action ORDER BY count(DISTINCT srcaddr)",
        "SELECT action, count(DISTINCT srcaddr) AS n GROUP BY action ORDER BY count(DISTINCT srcaddr), action",
    ],
)
def test_other_forms_still_run(tmp_path: Path, sql: str) -> None:
    rows = flow_rows(40)
    found = answer(rows, tmp_path, sql)
    assert found
    sources = {row.content["srcaddr"] for row in rows if "srcaddr" in row.content}
    assert all(int(row["n"]) <= len(sources) + 1 for row in found)
