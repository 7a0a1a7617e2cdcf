"""Databases that queries share one after the other: nothing of one is left for the next, nothing outside is reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from weir.logstore.duck import DuckEngine
from weir.logstore.engine import Limits as QueryLimits
from weir.logstore.engine import Lookup, QueryTooLarge, Statement, StatementError
from weir.logstore.limits import Limits
from weir.logstore.snapshot import Snapshot

COUNT = "SELECT count(*) AS n, sum(packets)::BIGINT AS p FROM __stored__"


@pytest.fixture
def snapshot(place: Any, flows: Callable[..., pa.Table]) -> Snapshot:
    store = place.open(Limits(compact_rows=1_000))
    store.create(1, 1)
    store.create(2, 1)
    for number in range(8):
        for store_id in (1, 2):
            store.put(store_id, flows(number * 10, 10))
            store.seal(store_id)
    assert store.compact(1) == 1
    store.put(1, flows(80, 10))
    store.seal(1)
    store.put(1, flows(90, 10))
    found: Snapshot = store.snapshot(1)
    assert [one.compacted for one in found.segments] == [True, False]
    return found


def answer(engine: DuckEngine, snapshot: Snapshot, sql: str, **more: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = engine.execute(snapshot, Statement(sql, **more)).to_pylist()
    return rows


def test_compacted_files_other_files_and_the_tail_are_one_relation(snapshot: Snapshot) -> None:
    engine = DuckEngine()
    for _ in range(3):
        assert answer(engine, snapshot, COUNT) == [{"n": 100, "p": sum(range(100))}]
    order = "SELECT packets FROM __stored__ ORDER BY __arrival__, __group__, __row__"
    assert [row["packets"] for row in answer(engine, snapshot, order)] == list(range(100))
    assert answer(engine, replace(snapshot, tail=()), COUNT) == [{"n": 90, "p": sum(range(90))}]
    assert answer(engine, Snapshot((), (), snapshot.directory), COUNT) == [{"n": 0, "p": None}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_parquet('{other}')",
        "SELECT * FROM read_text('{root}/manifest.db')",
        "SELECT * FROM read_text('{directory}/../../../manifest.db')",
        "SELECT * FROM read_parquet('{directory}/../../2/lake/*/*.parquet')",
        "COPY (SELECT 1) TO '{root}/written.csv'",
        "COPY (SELECT 1 AS x) TO '{directory}/written.parquet'",
        "CREATE TABLE kept AS SELECT 1 AS x",
        "SELECT 1; SELECT 2",
        "ATTACH '{root}/other.db'",
        "SET allowed_directories = ['/']",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "SET lock_configuration = false",
        "SELECT * FROM __tail__1",
    ],
)
def test_nothing_of_another_logstore_is_reached(place: Any, snapshot: Snapshot, sql: str) -> None:
    engine = DuckEngine()
    assert answer(engine, snapshot, COUNT)[0]["n"] == 100
    other = next(path for path in place.lake_files(2))
    with pytest.raises((StatementError, duckdb.PermissionException, duckdb.IOException)):
        answer(engine, snapshot, sql.format(other=other, root=place.root, directory=snapshot.directory))
    assert answer(engine, snapshot, COUNT)[0]["n"] == 100


def test_what_a_query_defines_is_gone_with_it(snapshot: Snapshot) -> None:
    engine = DuckEngine()
    twice = ("CREATE TEMP MACRO weir_x(a) AS a * 2",)
    thrice = ("CREATE TEMP MACRO weir_x(a) AS a * 3",)
    assert answer(engine, snapshot, "SELECT weir_x(2) AS x", macros=twice) == [{"x": 4}]
    assert answer(engine, snapshot, "SELECT weir_x(2) AS x", macros=thrice) == [{"x": 6}]
    with pytest.raises(StatementError):
        answer(engine, snapshot, "SELECT weir_x(2) AS x")
    lookups = {"weir_length": Lookup(len, is_long=True)}
    for _ in range(2):
        assert answer(engine, snapshot, "SELECT weir_length('abc') AS x", lookups=lookups) == [{"x": 3}]


def test_time_zones_do_not_mix(snapshot: Snapshot) -> None:
    engine = DuckEngine()
    for zone, hour in [("UTC", 0), ("Asia/Shanghai", 8), ("UTC", 0)]:
        sql = "SELECT extract('hour' FROM to_timestamp(1763683200)) AS h"
        assert answer(engine, snapshot, sql, time_zone=zone) == [{"h": hour}]


def test_a_database_that_ran_out_of_memory_is_not_used_again(snapshot: Snapshot) -> None:
    engine = DuckEngine(QueryLimits(memory_bytes_max=64 * 2**20))
    with pytest.raises(QueryTooLarge):
        answer(engine, snapshot, "SELECT list(range) AS l FROM range(100000000)")
    assert answer(engine, snapshot, COUNT)[0]["n"] == 100
