"""Whatever a caller filters by, the statement made of it is one that the query language takes and means."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weir.contract.nis_shapes import ADDRESS_KEYS, BOUNDS, FILTER_VALUES_MAX, KEYS, Dimension, Filters, Key, Operator
from weir.contract.nis_traffic import Direction, OrderBy, Scenario
from weir.contract.shapes import BadText
from weir.control.traffic_query import NUMBERS, Selection, ranking, steps, total
from weir.logstore.snapshot import Snapshot
from weir.query.answer import Page, Range
from weir.query.index import Index
from weir.query.run import Querier

EMPTY, WINDOW, INDEX, QUERIER = Snapshot((), ()), Range(0, 3600), Index.for_flow_logs(), Querier()
ODD = st.sampled_from(["'", "''", "\\", "' OR '1'='1", "*|--", "$p1", "%s", "{}", "/*", "漢", ""])


def rows(text: str) -> list[dict[str, str]]:
    return QUERIER.run(EMPTY, text, WINDOW, Page(), INDEX).rows


def parsed(entries: list[Any]) -> Any:
    return Filters().parse(json.dumps(entries))


def entry(key: Key) -> st.SearchStrategy[Any]:
    values = st.integers(0, 255).map(str) if key in NUMBERS else ODD | st.text(max_size=20)
    operators = list(Operator) if key in ADDRESS_KEYS else [Operator.IN, Operator.NOT_IN]
    return st.fixed_dictionaries(
        {"Key": st.just(key), "Operator": st.sampled_from(operators), "Value": st.lists(values, min_size=1, max_size=4)}
    )


ENTRIES = st.lists(
    st.sampled_from(KEYS[Dimension.TUPLE5]).flatmap(entry)
    | st.sampled_from(BOUNDS).map(lambda key: {"Key": key, "Value": ["9" * 18]}),
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ENTRIES, st.sampled_from(Direction), st.sampled_from(list(Scenario)[:2]), st.sampled_from(list(OrderBy)[:2]))
def test_any_filter_is_a_statement(
    entries: list[Any], direction: Direction, scenario: Scenario, order_by: OrderBy
) -> None:
    try:
        filters = parsed([{"Key": "FlowAction", "Value": ["ACCEPT"]}, *entries])
    except BadText:
        return
    selection = Selection(direction, scenario, filters)
    keys = KEYS[Dimension.TUPLE5]
    assert rows(ranking(selection, keys, order_by, ascending=True, at_most=10)) == []
    assert rows(total(selection)) == [{"Bytes": "0", "Packets": "0"}]
    assert rows(steps(selection, 0, 60, 60)) == []


def test_the_greatest_filter_is_a_statement() -> None:
    values = ["'" * 30] * (FILTER_VALUES_MAX - 1)
    filters = parsed(
        [{"Key": "FlowAction", "Value": ["ACCEPT"]}, {"Key": "SourceIp", "Operator": "like", "Value": values}]
    )
    selection = Selection(Direction.IN, Scenario.VPC_INTERNET, filters)
    assert rows(total(selection)) == [{"Bytes": "0", "Packets": "0"}]
