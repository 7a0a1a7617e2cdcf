"""Broken queries and bombs: an error with its place or an answer, within the limits, and nothing else."""

from __future__ import annotations

import os
import random
import re

import pytest

from tests.query import mmdb
from tests.query.asking import FLOWS
from tests.query.corpus import START, WINDOW, build, flow_rows
from tests.query.published import QUERIES
from weir.logstore.duck import DuckEngine
from weir.logstore.engine import Limits, QueryTimeout, QueryTooLarge
from weir.query.answer import Answer, Page
from weir.query.failures import QueryError
from weir.query.lookups import open_places
from weir.query.run import Querier

MUTANTS = int(os.environ.get("WEIR_TEST_MUTANTS", "3000"))
"""The whole of it is 10,000; every hundredth of a second counts in a suite that runs at every commit."""
TOKEN = re.compile(r"\s+|\w+|'[^']*'|\"[^\"]*\"|.", re.DOTALL)
ODD = (
    "'", '"', "`", "(", ")", "[", "]", ",", ";", "|", "--", "/*", "*/", "\\", "\n", "%", "{}", "\u202e", "\U0001f4a5",
    "null", "-1", "0", "1e308", "9223372036854775807", "99999999999999999999999", "1e999", "''", "*", "not", "and",
    "union all select 1", "over ()", "distinct", "cast(null as bigint)", "array[]", "interval '1' day", "x'00'",
    "read_csv('/etc/passwd')", "'/etc/passwd'", "getenv('HOME')", "/0", "in (select 1)", "[1]", ":: text", "$1", "?",
    "lpad('x', 100000, 'y')", "sequence(1, 100000)", "current_date", "exists (select 1)", "date '2020-13-45'",
    "from log a, log b", "json_extract('{', '$')", "regexp_like(srcaddr, '(')", "chr(-1)", "ip_prefix(srcaddr, 999)",
)  # fmt: skip


def mutant(draw):
    """A published query with one to three wounds."""
    tokens = TOKEN.findall(draw.choice(QUERIES))
    for _ in range(draw.randint(1, 3)):
        at, other = draw.randrange(len(tokens)), draw.randrange(len(tokens))
        match draw.randrange(7):
            case 0:
                del tokens[at]
            case 1:
                tokens[at] = draw.choice(ODD)
            case 2:
                tokens.insert(at, draw.choice(ODD))
            case 3:
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case 4:
                tokens[at:at] = tokens[min(at, other) : max(at, other)]
            case 5:
                tokens[at] = tokens[other]
            case 6:
                tokens = tokens[: at + 1]
        tokens = tokens or ["*"]
    return "".join(tokens)


@pytest.fixture(scope="module")
def querier(tmp_path_factory):
    path = mmdb.write(tmp_path_factory.mktemp("geo") / "geo", {"8.8.0.0/16": {"country": {"iso_code": "US"}}})
    limits = Limits(memory_bytes_max=256 * 2**20)
    return Querier(DuckEngine(limits), clock=lambda: START, lookups=open_places([path]))


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    built = build(flow_rows(12), tmp_path_factory.mktemp("mutated"))
    return type(built)((), (*built.tail, *built.tail))


def outcome(querier, snapshot, text):
    """The answer, or the error with its place. Anything else is a fault."""
    found = asked(querier, snapshot, text)
    if isinstance(found, QueryError):
        assert min(found.line, found.column) >= 1
        assert found.message
    elif isinstance(found, Answer):
        values = [value for row in found.rows for value in row.values()]
        assert all(isinstance(value, str) for value in values)
        assert not any("root:" in value for value in values)
    return found


def asked(querier, snapshot, text):
    try:
        return querier.run(snapshot, text, WINDOW, Page(), FLOWS)
    except (QueryError, QueryTimeout, QueryTooLarge) as error:
        return error


@pytest.mark.parametrize("part", range(10))
def test_mutants(querier, snapshot, part):
    draw = random.Random(part)
    for _ in range(MUTANTS // 10):
        text = mutant(draw)
        found = None
        try:
            found = outcome(querier, snapshot, text)
        finally:
            if found is None:
                print(text)  # pytest shows it with the fault


NESTED = 3000
BOMBS = {
    "padding": "select lpad(srcaddr, 1000000000, 'x')",
    "padding of many columns": "select " + ", ".join(f"lpad('', {60_000 + n}, 'x')" for n in range(1000)),
    "replacing": "select replace(lpad('', 60000, 'a'), 'a', lpad('', 60000, 'b'))",
    "replacing by a pattern": "select regexp_replace(lpad('', 60000, 'a'), 'a', '" + "b" * 2000 + "')",
    "escaping": "select " + "url_encode(" * 30 + "'%'" + ")" * 30,
    "sequence": "select sequence(1, 1000000000000)",
    "sequence of no step": "select sequence(1, 5, 0)",
    "sequence downwards": "select sequence(9223372036854775807, -9223372036854775807, -1)",
    "doubling": "select a from " + "(select a || a as a from " * 40 + "(select action as a)" + ")" * 40,
    "doubling of arrays": "select a from " + "(select a || a as a from " * 40 + "(select array[1] as a)" + ")" * 40,
    "cross join": "select count(*) from " + ", ".join(f"log t{n}" for n in range(12)),
    "cross join of sequences": "select count(*) from " + ", ".join(
        f"unnest(sequence(1, 10000)) as t{n}(x{n})" for n in range(5)),
    "collected cross join": "select array_agg(a.srcaddr) from " + ", ".join(
        f"log {name}" for name in "abcdefgh"),
    "parentheses": "select " + "(" * NESTED + "1" + ")" * NESTED,
    "functions": "select " + "abs(" * NESTED + "1" + ")" * NESTED,
    "greatest in greatest": "select " + "greatest(1, " * 200 + "1" + ")" * 200,
    "sub-queries": "select * from " + "(select * from " * 500 + "log" + ")" * 500,
    "cases": "select " + "case when true then " * 500 + "1" + " end" * 500,
    "signs": "select " + "-" * 3001 + "1",
    "nots": "select " + "not " * NESTED + "true",
    "sum of many": "select " + " + ".join(["bytes"] * 6000),
    "text of many": "select " + " || ".join(["action"] * 6000),
    "list of many": "select count(*) where bytes in (" + ", ".join(map(str, range(9000))) + ")",
    "unions": " union all ".join(["select 1"] * 2000),
    "columns": "select " + ", ".join(["*"] * 2000),
    "literal": "select " + "9" * 60000,
    "exponent": "select 1e" + "9" * 5000,
    "text": "select '" + "x" * 65000 + "'",
    "pattern": "select regexp_like(srcaddr, '" + "(a*)*" * 5000 + "b')",
    "repetition": "select regexp_like(srcaddr, '((((a{1000}){1000}){1000}){1000})')",
    "groups": "select regexp_extract(srcaddr, '" + "(" * 10000 + ")" * 10000 + "', 1)",
    "json": "select json_extract('" + "[" * 30000 + "]" * 30000 + "', '$[0]')",
    "grouping sets": "select count(*) group by cube(" + ", ".join(["srcaddr"] * 30) + ")",
    "windows": "select " + ", ".join(f"sum(bytes) over (order by bytes, {n})" for n in range(800)),
    "unbound name": "select " + "x" * 60000,
    "time series": "select time_series(__time__, '1s', '%H', '0') as t, count(*) group by t, srcaddr order by t",
}  # fmt: skip


@pytest.fixture(scope="module")
def strict():
    return Querier(DuckEngine(Limits(seconds_max=2.0, memory_bytes_max=128 * 2**20)), clock=lambda: START)


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_within_the_limits(strict, querier, snapshot, name):
    outcome(strict, snapshot, f"* | {BOMBS[name]}")
    assert strict.engine.running == 0
    assert querier.run(snapshot, "* | select 1 as x limit 1", WINDOW, Page(), FLOWS).rows == [{"x": "1"}]


@pytest.mark.parametrize(
    ("sql", "part"),
    [
        ("select lpad('', 65537, 'x')", "at most 65536 characters"),
        ("select replace(lpad('', 60000, 'a'), 'a', 'bb')", "at most 65536 characters"),
        ("select sequence(1, 10001)", "at most 10000 entries"),
        (BOMBS["padding of many columns"], "at most 16 calls"),
    ],
)
def test_what_grows_has_a_limit(querier, snapshot, sql, part):
    found = outcome(querier, snapshot, f"* | {sql}")
    assert isinstance(found, QueryError)
    assert part in found.message
    exact = "* | select length(lpad('', 65536, 'x')) as a, cardinality(sequence(1, 10000)) as b limit 1"
    assert outcome(querier, snapshot, exact).rows == [{"a": "65536", "b": "10000"}]
