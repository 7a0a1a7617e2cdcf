"""Pages, order, histograms and the form of an answer."""

from __future__ import annotations

from itertools import pairwise

import pytest
from sqlglot import exp

from tests.query.corpus import START, WINDOW, Row, build, index_with
from tests.query.published import QUERIES
from weir.query import search
from weir.query.answer import Page, Range, Term
from weir.query.failures import QueryError
from weir.query.functions import FUNCTIONS
from weir.query.grammar import Source
from weir.query.index import Index, IndexKey, IndexType
from weir.query.lookups import MISSING
from weir.query.plan import columns
from weir.query.run import Querier
from weir.query.series import Frame
from weir.query.sql import resolve

FLOWS = Index.for_flow_logs()


def pages(snapshot, line, reverse=False):
    found, offset = [], 0
    while True:
        answer = Querier().run(snapshot, "*", WINDOW, Page(line, offset, reverse), FLOWS)
        assert answer.count == len(answer.rows)
        if not answer.count:
            return found
        found += answer.rows
        offset += answer.count


def test_every_row_once_in_order_of_time_then_arrival(tmp_path):
    rows = [Row(START + (n * 7) % 5, {"note": str(n)}) for n in range(37)]
    snapshot = build(rows, tmp_path)
    expected = [row.content["note"] for row in sorted(rows, key=lambda row: row.time)]
    assert [row["note"] for row in pages(snapshot, 4)] == expected
    assert [row["note"] for row in pages(snapshot, 5, reverse=True)] == expected[::-1]


def test_a_row_comes_back_as_it_was_written(tmp_path):
    content = {"bytes": "007", "packets": "12", "srcaddr": "", "odd key": "x\ny", "end": "-", "start": "+1"}
    tags = {"__client_ip__": "10.0.0.1", "pack id": "z"}
    snapshot = build([Row(START, content, tags, "host-1", "")], tmp_path)
    [row] = Querier().run(snapshot, "*", WINDOW, Page(), FLOWS).rows
    assert row == {
        "__time__": str(START),
        "__source__": "host-1",
        "__topic__": "",
        "__tag__:__client_ip__": "10.0.0.1",
        "__tag__:pack id": "z",
        **content,
    }


def test_the_answer_describes_itself(flow_snapshot, flows):
    text = "action:REJECT and 10.0.0.1 | SELECT srcaddr, sum(bytes)/1 AS s, avg(bytes) AS a, bool_or(bytes > 5) AS o"
    text += " , current_date AS d, array_agg(dstport) AS l GROUP BY srcaddr"
    answer = Querier().run(flow_snapshot, text, WINDOW, Page(), FLOWS)
    assert answer.has_sql
    assert answer.where == "action:REJECT and 10.0.0.1"
    assert answer.agg.startswith("SELECT srcaddr")
    assert answer.keys == ["srcaddr", "s", "a", "o", "d", "l"]
    assert answer.column_types == ["varchar", "bigint", "double", "boolean", "date", "array(bigint)"]
    assert answer.terms == [Term("action", "REJECT"), Term("", "10.0.0.1")]
    assert answer.processed_rows == len(flows)


def test_no_row_still_has_columns(flow_snapshot):
    answer = Querier().run(flow_snapshot, "action:x | SELECT srcaddr, bytes", WINDOW, Page(), FLOWS)
    assert (answer.rows, answer.keys, answer.column_types) == ([], ["srcaddr", "bytes"], ["varchar", "bigint"])


@pytest.mark.parametrize("interval", [1, 60, 100, 3600, None])
def test_histogram_covers_the_window_and_adds_up(flow_snapshot, flows, interval):
    window = Range(START + 17, START + 3001)
    buckets = Querier().histogram(flow_snapshot, "action:REJECT | select 1", window, interval, FLOWS)
    there = [row.time for row in flows if row.content["action"] == "REJECT"]
    assert [bucket.count for bucket in buckets] == [
        sum(bucket.from_s <= time < bucket.to_s for time in there) for bucket in buckets
    ]
    assert (buckets[0].from_s, buckets[-1].to_s) == (window.from_s, window.to_s)
    assert all(a.to_s == b.from_s for a, b in pairwise(buckets))
    if interval is None:
        assert len(buckets) <= 61


@pytest.mark.parametrize("text", [text for text in QUERIES if "select" in text.lower()])
def test_a_plan_speaks_no_engine_s_words(text):
    where, sql = search.split(text)
    kinds = {name: kind for name, (_, kind) in columns(FLOWS).items()}
    resolved = resolve(Source(text, len(where) + 1, sql), kinds, Frame(START, START + 3600, START), MISSING)
    called = {str(node.this).lower() for node in resolved.query.find_all(exp.Anonymous)}
    assert called <= FUNCTIONS.keys()


def test_histogram_refuses_too_many_bars(flow_snapshot):
    for interval in (0, -1, 1):
        with pytest.raises(QueryError, match="buckets"):
            Querier().histogram(flow_snapshot, "*", Range(0, 10**9), interval, FLOWS)


def test_default_limit_is_100_and_a_limit_is_kept(flow_snapshot, flows):
    ask = lambda sql: Querier().run(flow_snapshot, f"* | {sql}", WINDOW, Page(), FLOWS).count  # noqa: E731
    assert ask("select bytes") == 100
    assert ask("select bytes limit 10000") == len(flows)
    assert ask("select bytes limit 850, 100") == len(flows) - 850
    assert ask("select bytes from (select bytes from log)") == 100
    assert ask("(select bytes)") == 100
    assert ask("select bytes union all select bytes") == 100


def test_columns_of_log(tmp_path):
    keys = {
        "host": IndexKey(alias="h"),
        "hidden": IndexKey(doc_value=False),
        "n": IndexKey(IndexType.LONG),
        "N": IndexKey(IndexType.TEXT),
        "d": IndexKey(IndexType.DOUBLE),
        "j": IndexKey(IndexType.JSON),
        "bytes": IndexKey(IndexType.DOUBLE),
    }
    content = {"host": "a", "hidden": "b", "n": "+07", "d": "1e2", "j": '{"a":{"b":[1]}}', "bytes": "1.5", "z": "y"}
    index = Index(keys)
    snapshot = build([Row(START, content, {"pod": "p"}), Row(START + 1, {"n": "x", "d": "x", "bytes": "3"})], tmp_path)
    answer = Querier().run(snapshot, "* | select * from log order by __time__", WINDOW, Page(), index)
    assert answer.keys == ["__time__", "__source__", "__topic__", "host", "h", "n", "d", "j", "bytes"]
    assert [list(row.values())[3:] for row in answer.rows] == [
        ["a", "a", "7", "100.0", '{"a":{"b":[1]}}', "1.5"],
        ["null", "null", "null", "null", "null", "3.0"],
    ]
    text = "* | select \"__tag__:pod\" as pod, json_extract_scalar(j, '$.a.b[0]') as x, count(*) group by 1, 2"
    text += " order by 1"
    answer = Querier().run(snapshot, text, WINDOW, Page(), index)
    assert answer.rows == [
        {"pod": "p", "x": "1", "_col2": "1"},
        {"pod": "null", "x": "null", "_col2": "1"},
    ]
    with pytest.raises(QueryError, match="hidden"):
        Querier().run(snapshot, "* | select hidden", WINDOW, Page(), index)


def test_repeated_names_do_not_hide_a_column(flow_snapshot):
    text = "* | select a.bytes, b.bytes from log a join log b on a.srcport = b.srcport limit 1"
    assert Querier().run(flow_snapshot, text, WINDOW, Page(), FLOWS).keys in (["bytes", "_col1"], ["bytes", "bytes_1"])


def test_index_document_there_and_back():
    document = {
        "line": {"token": [",", " "], "caseSensitive": True},
        "keys": {
            "a": {"type": "text", "token": [",", "\n"], "caseSensitive": True, "alias": "", "doc_value": True},
            "b": {"type": "long", "alias": "bb", "doc_value": False},
        },
    }
    assert Index.from_document(document).to_document() == document
    assert Index.from_document({"keys": {}}).line is None
    for wrong in ({"keys": []}, {"keys": {"a": 1}}, {"keys": {"a": {"type": "blob"}}}, {"line": {"token": "x"}}):
        with pytest.raises(ValueError, match="must"):
            Index.from_document(wrong)


def test_full_text_without_a_line_index_covers_only_the_keys(tmp_path):
    rows = [Row(START, {"host": "needle"}), Row(START + 1, {"note": "needle"}), Row(START + 2, {"srcaddr": "needle"})]
    snapshot = build(rows, tmp_path)
    find = lambda index: [  # noqa: E731
        int(row["__time__"]) - START for row in Querier().run(snapshot, "needle", WINDOW, Page(), index).rows
    ]
    assert find(index_with(host="text")) == [0, 1, 2]
    assert find(Index({"host": IndexKey()}, None)) == [0]
