"""The engine seam by itself: even a statement that passed every other wall reaches no file, setting or variable."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.query.corpus import START, WINDOW, Row, build, flow_rows
from weir.logstore.duck import DuckEngine
from weir.logstore.engine import Limits, QueryTimeout, QueryTooLarge, Statement, StatementError, prune, times
from weir.logstore.snapshot import Snapshot
from weir.query.answer import Page
from weir.query.index import Index
from weir.query.run import Querier

ENGINE = DuckEngine()
in_scope = "a Python table in scope"


def answer(snapshot, sql, **parameters):
    return ENGINE.execute(snapshot, Statement(sql, parameters)).to_pylist()


@pytest.fixture
def snapshot(tmp_path):
    return build(flow_rows(30), tmp_path)


def test_segments_and_tail_are_one_relation(snapshot):
    assert answer(snapshot, 'SELECT count(*) AS n, sum("bytes") AS b FROM __stored__') == [
        {"n": 30, "b": sum(row.long("bytes") for row in flow_rows(30))}
    ]
    only_segments, only_tail = replace(snapshot, tail=()), replace(snapshot, segments=())
    counts = [answer(part, "SELECT count(*) AS n FROM __stored__")[0]["n"] for part in (only_segments, only_tail)]
    assert counts == [20, 10]
    assert answer(Snapshot((), ()), "SELECT count(*) AS n FROM __stored__") == [{"n": 0}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{outside}')",
        "SELECT * FROM read_csv('{outside}')",
        "SELECT * FROM read_blob('{directory}/*')",
        "SELECT * FROM '{other}'",
        "SELECT * FROM read_parquet('{other}')",
        "SELECT * FROM parquet_metadata('{other}')",
        "SELECT * FROM read_text('/proc/self/environ')",
        "SELECT getenv('HOME')",
        "COPY (SELECT 1) TO '{directory}/written.csv'",
        "EXPORT DATABASE '{directory}/export'",
        "ATTACH '{directory}/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_paths = ['/etc/passwd']",
        "SET memory_limit = '100GB'",
        "SET lock_configuration = false",
        "SET TimeZone = 'Asia/Tokyo'",
        "SELECT * FROM in_scope",
    ],
)
def test_nothing_outside_is_reached(snapshot, tmp_path, sql):
    outside, other = tmp_path / "secret.txt", tmp_path / "other.parquet"
    outside.write_text("secret")
    pq.write_table(snapshot.tail[0], other)
    statement = sql.format(outside=outside, other=other, directory=tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises((StatementError, duckdb.PermissionException)):
        answer(snapshot, statement)
    assert sorted(tmp_path.iterdir()) == before


def test_globs_show_no_directory(snapshot, tmp_path):
    with pytest.raises(duckdb.PermissionException):
        answer(snapshot, f"SELECT * FROM glob('{tmp_path}/*')")


def test_a_slow_query_ends_and_the_next_one_runs(snapshot):
    engine = DuckEngine(Limits(seconds_max=0.3, running_max=1))
    slow = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range % 7 = b.range % 11"
    started = time.monotonic()
    with pytest.raises(QueryTimeout):
        engine.execute(snapshot, Statement(slow))
    assert time.monotonic() - started < 10
    assert engine.execute(snapshot, Statement("SELECT 1 AS x")).to_pylist() == [{"x": 1}]


def test_a_large_query_fails_alone(snapshot):
    engine = DuckEngine(Limits(memory_bytes_max=64 * 2**20))
    with pytest.raises(QueryTooLarge):
        engine.execute(snapshot, Statement("SELECT list(range) AS l FROM range(100000000)"))
    assert engine.execute(snapshot, Statement("SELECT 1 AS x")).to_pylist() == [{"x": 1}]


def test_many_threads_at_once(snapshot):
    found, expected = [], sum(row.long("bytes") for row in flow_rows(30))
    engine = DuckEngine(Limits(running_max=2))
    read = lambda: found.append(  # noqa: E731
        engine.execute(snapshot, Statement('SELECT sum("bytes")::BIGINT AS b FROM __stored__')).to_pylist()[0]["b"]
    )
    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8


def test_statements_are_bound_not_spliced(snapshot):
    assert answer(snapshot, "SELECT $a AS a", a="'; DROP VIEW __stored__; --") == [{"a": "'; DROP VIEW __stored__; --"}]


def test_pruning_keeps_every_segment_that_may_match(snapshot):
    first = snapshot.segments[0]
    assert prune(snapshot, [(first.time_max, first.time_max + 1)]).segments[0] == first
    assert first not in prune(snapshot, [(first.time_max + 1, first.time_max + 2)]).segments
    assert prune(snapshot, [(first.time_min - 5, first.time_min)]).segments == ()
    assert prune(snapshot, [(0, 2**40)]) == snapshot


def test_pruning_keeps_every_table_of_the_tail_that_may_match(snapshot):
    table = pa.concat_tables(snapshot.tail)
    snapshot = replace(snapshot, tail=(table,))
    first, last = times(table)
    assert (first, last) == (min(table["__time__"].to_pylist()), max(table["__time__"].to_pylist()))
    for kept in [(first - 5, first + 1), (last, last + 1)]:
        assert prune(snapshot, [(0, 1), kept]).tail == (table,)
    for left_out in [(first - 5, first), (last + 1, last + 9)]:
        assert prune(snapshot, [left_out]).tail == ()
    assert prune(replace(snapshot, tail=(table.slice(0, 0), table)), [(0, 2**40)]).tail == (table,)


def test_extra_keys_are_noticed_wherever_they_are(tmp_path):
    plain, odd = Row(START, {"bytes": "1"}), Row(START, {"bytes": "-"})
    for place in range(6):
        directory = tmp_path / str(place)
        directory.mkdir()
        rows = [plain] * 6
        rows[place] = odd
        assert ENGINE.extra_keys(build(rows, directory)) != frozenset()
    (tmp_path / "none").mkdir()
    assert ENGINE.extra_keys(build([plain] * 6, tmp_path / "none")) == frozenset()


def test_a_segment_that_is_gone_is_trouble_not_a_wrong_text(snapshot):
    snapshot.segments[0].path.unlink()
    with pytest.raises((OSError, duckdb.Error)):
        Querier().run(snapshot, "*", WINDOW, Page(), Index.for_flow_logs())
