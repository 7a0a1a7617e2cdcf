"""What any engine behind the seam must do: the suite that a second engine is held against.

``class TestMyEngine(EngineSuite)`` with a method ``make(limits)`` that gives an engine. The suite speaks plans, never
an engine's SQL, so it says nothing about how; truth is computed in Python over the same rows.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace

import pytest

from tests.query.corpus import START, WINDOW, Row, build, flow_rows
from tests.waiting import until
from weir.logstore.engine import Engine, Limits, Lookup, QueryTimeout, QueryTooLarge, StatementError, prune
from weir.logstore.snapshot import Snapshot
from weir.model.cancel import Cancellation, Cancelled
from weir.query.answer import Page
from weir.query.dialects import DIALECTS
from weir.query.failures import QueryError
from weir.query.index import Index
from weir.query.run import Querier

FLOWS = Index.for_flow_logs()
ENDLESS = "* | select count(*) from " + ", ".join(f"unnest(sequence(1, 10000)) as t{n}(x{n})" for n in range(4))
LARGE = "* | select array_agg(a.srcaddr || b.srcaddr) from " + ", ".join(f"log {name}" for name in "abcd")
ROWS = flow_rows(40, seed=3)


class EngineSuite:
    """``make`` is the engine under test."""

    def make(self, limits: Limits) -> Engine:
        raise AssertionError("a suite for an engine makes it")

    @pytest.fixture
    def snapshot(self, tmp_path_factory):
        return build(ROWS, tmp_path_factory.mktemp("engine"))

    @pytest.fixture
    def engine(self):
        return self.make(Limits())

    def rows(self, engine, snapshot, text, **known):
        querier = Querier(engine, clock=lambda: START, **known)
        return [tuple(row.values()) for row in querier.run(snapshot, text, WINDOW, Page(), FLOWS).rows]

    def test_its_dialect_is_known(self, engine):
        assert engine.dialect in DIALECTS

    def test_segments_and_tail_are_one_relation(self, engine, snapshot):
        total = sum(row.long("bytes") for row in ROWS)
        assert self.rows(engine, snapshot, "* | select count(*), sum(bytes)") == [("40", str(total))]
        parts = [replace(snapshot, tail=()), replace(snapshot, segments=())]
        counts = [self.rows(engine, part, "* | select count(*)") for part in parts]
        assert counts == [[("26",)], [("14",)]]
        assert self.rows(engine, Snapshot((), ()), "* | select count(*)") == [("0",)]

    def test_rows_come_in_the_order_of_their_arrival(self, engine, tmp_path):
        made = [Row(START, {"note": str(n)}) for n in range(30)]
        found = Querier(engine).run(build(made, tmp_path), "*", WINDOW, Page(), FLOWS).rows
        assert [row["note"] for row in found] == [str(n) for n in range(30)]

    def test_what_a_typed_column_cannot_hold_is_kept(self, engine, tmp_path):
        snapshot = build([Row(START, {"bytes": "007", "packets": "3", "odd": "x"})], tmp_path)
        assert engine.extra_keys(snapshot) != frozenset()
        [row] = Querier(engine).run(snapshot, "odd: x", WINDOW, Page(), FLOWS).rows
        assert (row["bytes"], row["packets"]) == ("007", "3")
        assert self.rows(engine, snapshot, "* | select bytes, packets") == [("7", "3")]

    def test_presto_s_meaning(self, engine, snapshot):
        text = (
            "* | select 7/2, 1e0/0, cast(2.5 as bigint), concat('a', null), greatest(1, null),"
            " date_format(1795320065, '%H:%i:%S'), element_at(array[1], 5), from_unixtime(0) limit 1"
        )
        expected = ("3", "Infinity", "3", "null", "null", "04:01:05", "null", "1970-01-01 00:00:00.000")
        assert self.rows(engine, snapshot, text) == [expected]
        with pytest.raises(QueryError, match="division by zero"):
            self.rows(engine, snapshot, "* | select 1/0")

    def test_groups_windows_joins(self, engine, snapshot):
        counts = Counter(row.content["action"] for row in ROWS)
        text = "* | select action, count(*) as c, sum(count(*)) over () as s group by action order by action"
        assert self.rows(engine, snapshot, text) == [(a, str(n), "40") for a, n in sorted(counts.items())]
        text = (
            "* | select a.action, count(*) from log a join (select distinct action from log) b on a.action = b.action"
            " group by 1 order by 1"
        )
        assert self.rows(engine, snapshot, text) == [(a, str(n)) for a, n in sorted(counts.items())]

    def test_texts_are_bound(self, engine, snapshot):
        hostile = "'; drop view log; --"
        assert self.rows(engine, snapshot, f'action: "{hostile}" | select count(*)') == [("0",)]

    def test_look_ups_are_asked_with_every_text(self, engine, snapshot):
        asked = []

        def place(address):
            asked.append(address)
            return None if address.startswith("10.") else f"<{address}>"

        lookups = {"ip_to_city": Lookup(place)}
        text = "* | select ip_to_city(srcaddr) as p, count(*) group by p"
        counts = Counter("null" if (a := row.content["srcaddr"]).startswith("10.") else f"<{a}>" for row in ROWS)
        expected = sorted((p, str(n)) for p, n in counts.items())
        assert sorted(self.rows(engine, snapshot, text, lookups=lookups)) == expected
        assert set(asked) == {row.content["srcaddr"] for row in ROWS}
        # A look-up belongs to its statement: the next one may bring another of that name.
        other = {"ip_to_city": Lookup(lambda address: "one")}
        assert self.rows(engine, snapshot, text, lookups=other) == [("one", "40")]

    def test_a_slow_query_ends_and_the_next_one_runs(self, snapshot):
        engine = self.make(Limits(seconds_max=0.5, running_max=1))
        with pytest.raises(QueryTimeout):
            self.rows(engine, snapshot, ENDLESS)
        patient = self.make(replace(engine.limits, seconds_max=55.0))
        assert self.rows(patient, snapshot, "* | select count(*)") == [("40",)]

    def test_a_large_query_fails_alone(self, snapshot):
        engine = self.make(Limits(memory_bytes_max=64 * 2**20))
        with pytest.raises(QueryTooLarge):
            self.rows(engine, snapshot, LARGE)
        assert self.rows(engine, snapshot, "* | select count(*)") == [("40",)]

    def test_more_rows_than_allowed(self, snapshot):
        engine = self.make(Limits(rows_max=39))
        with pytest.raises(QueryTooLarge, match="39 rows"):
            self.rows(engine, snapshot, "* | select bytes limit 40")
        assert len(self.rows(engine, snapshot, "* | select bytes limit 39")) == 39

    def test_a_cancelled_query_ends(self, snapshot):
        engine, cancel, ended = self.make(Limits(seconds_max=3600.0, running_max=1)), Cancellation(), []

        def run(text, by):
            try:
                self.rows(engine, snapshot, text, cancel=by)
            except Cancelled:
                ended.append(text)

        threads = [threading.Thread(target=run, args=(ENDLESS, cancel), daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        # One of them runs, the other one waits for its turn; both are told.
        cancel.cancel()
        until(lambda: len(ended) == 2, 60, "both queries have ended")
        with pytest.raises(Cancelled):
            self.rows(engine, snapshot, "* | select 1", cancel=cancel)
        assert self.rows(engine, snapshot, "* | select count(*)") == [("40",)]

    def test_many_at_once(self, snapshot):
        engine, found = self.make(Limits(running_max=2)), []
        read = lambda: found.append(self.rows(engine, snapshot, "* | select count(*)"))  # noqa: E731
        threads = [threading.Thread(target=read) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [[("40",)]] * 6

    def test_a_statement_s_own_fault_is_named(self, engine, snapshot):
        with pytest.raises(QueryError, match="nosuch"):
            self.rows(engine, snapshot, "* | select nosuch")
        assert issubclass(StatementError, Exception)

    def test_pruning_loses_no_row(self, engine, snapshot):
        window = (START + 900, START + 1800)
        kept = prune(snapshot, [window])
        expected = sum(window[0] <= row.time < window[1] for row in ROWS)
        text = f"* | select count_if(__time__ >= {window[0]} and __time__ < {window[1]})"
        assert self.rows(engine, kept, text) == self.rows(engine, snapshot, text) == [(str(expected),)]
