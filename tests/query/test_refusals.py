"""What a query cannot do: leave the logstore, name a function that is not listed, or crash the server."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.query.corpus import START, WINDOW, Row, build
from weir.query.answer import Page, Range
from weir.query.failures import QueryError
from weir.query.functions import FUNCTIONS
from weir.query.index import Index
from weir.query.run import Querier

FLOWS = Index.for_flow_logs()


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return build([Row(START, {"bytes": "5", "start": "1", "end": "1"})], tmp_path_factory.mktemp("refused"))


def ask(snapshot, text, window=WINDOW, page=Page()):  # noqa: B008
    return Querier().run(snapshot, text, window, page, FLOWS)


@pytest.mark.parametrize(
    ("sql", "column", "part"),
    [
        ("select * from read_csv('/etc/passwd')", 19, "only the table log"),
        ("select * from read_parquet('/etc/passwd')", 19, "only the table log"),
        ("select * from read_text('/etc/passwd')", 19, "only the table log"),
        ("select * from '/etc/passwd'", None, ""),
        ("select * from \"/etc/passwd\"", 19, "does not exist"),
        ("select * from `file.parquet`", 19, "does not exist"),
        ("select * from __stored__", 19, "does not exist"),
        ("select * from __tail__", 19, "does not exist"),
        ("select * from information_schema.tables", 19, "only the table log"),
        ("select * from duckdb_settings()", 19, "only the table log"),
        ("select getenv('HOME')", 12, "'getenv' does not exist"),
        ("select current_setting('home_directory')", 12, "does not exist"),
        ("select getvariable('x')", 12, "does not exist"),
        ("select weir_ip('1.1.1.1')", 12, "does not exist"),
        ("select query('select 1')", 12, "does not exist"),
        ("select x from log, query_table('log')", 24, "only the table log"),
        ("select sum(bytes) from log where nextval('x') = 1", 38, "does not exist"),
        ("copy log to '/tmp/out.csv'", None, ""),
        ("copy (select 1) to '/tmp/out.csv'", None, ""),
        ("attach '/tmp/x.db'", None, ""),
        ("pragma database_list", None, ""),
        ("set memory_limit = '100GB'", None, ""),
        ("install httpfs", None, ""),
        ("load httpfs", None, ""),
        ("create table x as select 1", None, "only SELECT"),
        ("create macro f() as 1", None, ""),
        ("drop view log", None, ""),
        ("insert into log values (1)", None, ""),
        ("delete from log", None, ""),
        ("explain select 1", None, ""),
        ("describe log", None, ""),
        ("show tables", None, ""),
        ("call x()", None, ""),
        ("export database '/tmp/x'", None, ""),
        ("select 1; select 2", None, "only one statement"),
        ("select 1; drop view log", None, ""),
        ("with log as (select 1 as x) select * from log", 10, "cannot be defined"),
        ("with recursive x as (select 1) select * from x", None, "RECURSIVE"),
        ("select ? from log", None, ""),
        ("select $1 from log", None, ""),
        ("select :p0 from log", None, ""),
        ("select @x from log", None, ""),
        ("select * from log tablesample (10 percent)", None, ""),
        ("select * from log pivot (sum(bytes) for action in ('a'))", None, ""),
        ("select * exclude (bytes) from log", None, ""),
        ("select columns('.*') from log", 12, "does not exist"),
        ("select bytes from a.log", None, "only the table log"),
        ("select a.b.c.d from log", None, "cannot be resolved"),
        ("select cast(bytes as blob)", None, "type"),
        ("select cast('x' as json)", None, "type"),
        ("select bytes limit 1000001", None, "at most 1000000"),
        ("select bytes limit bytes", None, ""),
        ("select bytes limit (select 5)", None, ""),
        ("select sum(bytes, 2)", 12, "takes 1 arguments"),
        ("select date_format(__time__, action)", 12, "text in single quotes"),
        ("select date_format(__time__, '%D')", 12, "%D is not supported"),
        ("select date_trunc('fortnight', __time__)", 12, "must be one of"),
        ("select is_subnet_of('10.0.0.0', srcaddr)", 12, "prefix length"),
        ("select is_subnet_of('10.0.0.0/33', srcaddr)", 12, "is no network"),
        ("select ip_to_city(srcaddr)", 12, "setting geo_file"),
        ("select security_check_ip(srcaddr)", 12, "setting threat_file"),
        ("select unnest(array[1,2])", 12, "does not exist"),
        ("select * from unnest(array[1]) as t", None, "UNNEST needs names"),
        ("select nosuch from log", 12, "'nosuch' cannot be resolved"),
        ("select a.nosuch from log a", None, "cannot be resolved"),
        ("select bytes from", None, "SQL:"),
        ("select 'open", None, "never closed"),
        ("selec 1", None, "SQL"),
        ("", None, "expected SELECT"),
        ("   ", None, "expected SELECT"),
        ("/* nothing */", None, "expected SELECT"),
        ("select bytes / (start - \"end\")", None, "division by zero"),
        ("select 5 % 0", None, "division by zero"),
        ("select cast('x' as bigint)", None, "Could not convert"),
        ("select 9223372036854775807 + bytes", None, "Overflow"),
        ("select sum(action)", None, "SQL:"),
        ("select " + "(" * 3000 + "1" + ")" * 3000, None, "nested too deeply"),
        ("select " + "-" * 3001 + "1", None, ""),
        ("select " + "+".join(["bytes"] * 4000), None, ""),
    ],
)  # fmt: skip
def test_refused_with_its_place(snapshot, sql, column, part):
    with pytest.raises(QueryError) as caught:
        ask(snapshot, f"* | {sql}")
    assert part in caught.value.message
    assert "stored" not in caught.value.message or "__stored__" in sql
    if column is not None:
        assert (caught.value.line, caught.value.column) == (1, column)


def test_places_in_later_lines(snapshot):
    with pytest.raises(QueryError) as caught:
        ask(snapshot, "action:x\nor *\n | select bytes,\n  getenv('HOME')\n from log")
    assert (caught.value.line, caught.value.column) == (4, 3)
    with pytest.raises(QueryError) as caught:
        ask(snapshot, "*\n| select bytes,\n  action as x y z from log")
    assert caught.value.line == 3


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("| select 1", "must follow the search"),
        ("  | select 1", "must follow the search"),
        ("* | select 1 | select 2", "SQL"),
        ("a" * 70000, "at most 65536"),
        ("a\0b", "zero character"),
    ],
)
def test_refused_as_a_whole(snapshot, text, part):
    with pytest.raises(QueryError, match=part):
        ask(snapshot, text)


def test_window_and_page(snapshot):
    with pytest.raises(QueryError, match="from must be before to"):
        ask(snapshot, "*", Range(5, 5))
    with pytest.raises(QueryError, match="line must be"):
        ask(snapshot, "*", page=Page(line=101))
    with pytest.raises(QueryError, match="offset must not"):
        ask(snapshot, "*", page=Page(offset=-1))
    with pytest.raises(QueryError, match="offset must be 0"):
        ask(snapshot, "* | select 1", page=Page(offset=1))


def test_text_of_the_caller_stays_text(snapshot):
    hostile = "'; drop view log; --"
    [row] = ask(snapshot, f'* | select \'{hostile.replace(chr(39), chr(39) * 2)}\' as a, `bytes` as "b""c"').rows
    assert row == {"a": hostile, 'b"c': "5"}
    [row] = ask(snapshot, "* | select 1 /* ' */ as x -- ' or 1").rows
    assert row == {"x": "1"}
    assert ask(snapshot, f'"{hostile}" or action:"{hostile}"').rows == []


def test_no_listed_function_reaches_outside():
    names = " ".join(FUNCTIONS)
    outside = ("read", "file", "glob", "getenv", "query", "copy", "sniff", "pragma")
    assert not [word for word in outside if word in names]


FRAGMENTS = [
    "*", "|", "select", "from", "log", "where", "(", ")", "'", '"', "`", ",", "bytes", "sum(bytes)", "group by", "1",
    ";", "order by", "limit", "5,6",
    "--", "/*", "*/", "and", "not", "or", ":", "action:", "in [1 2]", "[", "]", "unnest(",
    "time_series(__time__, '1m', '%H', '0')", "as t", "order by t", "compare(",
    "case when", "end", "with x as (", "union all", "date_format(", "'%H'", "::", "\\", "||", "$p0", "?",
    "read_csv('x')",
    "interval '1' day", "over (", "distinct", "cast(", "as bigint)", "if(", "array[", "is null", "\n", "0x1", "1e999",
]  # fmt: skip


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=14))
def test_any_text_is_answered_or_refused(snapshot, pieces):
    text = "* | select bytes " + " ".join(pieces) if len(pieces) % 2 else " ".join(pieces)
    try:
        answer = ask(snapshot, text)
    except QueryError as error:
        answer = None
        place = (error.line, error.column)
    else:
        place = (1, 1)
    assert place >= (1, 1)
    assert answer is None or all(isinstance(value, str) for row in answer.rows for value in row.values())


def test_every_function_is_described():
    for name, function in FUNCTIONS.items():
        assert function.doc.startswith("("), name
        assert ") " in function.doc, name
        assert function.doc.endswith("."), name
