"""Pairs to columns and back: what was written is what is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weir.logstore.rows import LONG_MAX, LONG_MIN, canonical, from_arrow, from_logs, text, to_pairs
from weir.logstore.schema import PUT_SCHEMA, STORED_SCHEMA
from weir.logstore.tail import Arrival, stored
from weir.model.fields import NAMES

NUMBERS = st.integers(LONG_MIN - 2, LONG_MAX + 2).map(str)
ODD_NUMBERS = st.sampled_from(["-", "007", "+1", "-0", "1_0", " 1", "1.0", "", "٣", str(2**64), "1e3"])
VALUES = st.one_of(NUMBERS, ODD_NUMBERS, st.text(), st.binary())
KEYS = st.one_of(st.sampled_from([*NAMES, "__time__", "__extra__", ""]), st.text(), st.binary())
PAIRS = st.lists(st.tuples(KEYS, VALUES), max_size=8)
TIMES = st.tuples(st.integers(0, 2**32 - 1), st.none() | st.integers(0, 10**9 - 1))
Pair = tuple[str | bytes, str | bytes]


def by_key(pairs: Sequence[Pair]) -> dict[str, list[str]]:
    """Values per key in their order: all that a log promises to keep."""
    values: dict[str, list[str]] = defaultdict(list)
    for key, value in pairs:
        values[text(key)].append(text(value))
    return values


@given(st.lists(st.tuples(TIMES, PAIRS), max_size=5), st.lists(st.tuples(st.text(), VALUES), max_size=3))
@settings(max_examples=300)
def test_what_was_written_is_what_is_read(
    drawn: list[tuple[tuple[int, int | None], list[Pair]]], tags: list[Pair]
) -> None:
    logs = [(time, part, pairs) for (time, part), pairs in drawn]
    table = from_logs(logs, "topic", "source", tags)
    table.validate(full=True)
    assert table.schema.equals(PUT_SCHEMA)
    read = list(to_pairs(table))
    assert [(time, part) for time, part, _ in read] == [(time, part) for time, part, _ in logs]
    assert [by_key(pairs) for _, _, pairs in read] == [by_key(pairs) for _, _, pairs in logs]
    wanted_tags = [(text(key), text(value)) for key, value in tags] or None
    assert table["__tags__"].to_pylist() == [wanted_tags] * len(logs)


@given(st.lists(KEYS, max_size=6), st.data())
@settings(max_examples=200)
def test_groups_with_the_same_keys_in_each_log_keep_all_as_well(keys: list[str | bytes], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(*[VALUES for _ in keys]), min_size=1, max_size=5))
    logs = [(7, None, list(zip(keys, row, strict=True))) for row in rows]
    read = [pairs for _, _, pairs in to_pairs(from_logs(logs, b"t", b"s", []))]
    assert [by_key(pairs) for pairs in read] == [by_key(pairs) for _, _, pairs in logs]


@given(st.lists(st.tuples(TIMES, PAIRS), min_size=1, max_size=5))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_parquet_file_keeps_all_as_well(
    tmp_path: Path, drawn: list[tuple[tuple[int, int | None], list[Pair]]]
) -> None:
    table = stored(from_logs([(time, part, pairs) for (time, part), pairs in drawn], "t", "s", []), Arrival(0, 0, 0))
    pq.write_table(table, tmp_path / "a.parquet")
    assert pq.read_table(tmp_path / "a.parquet").cast(STORED_SCHEMA).equals(table)


@given(st.one_of(NUMBERS, ODD_NUMBERS, st.text()))
def test_canonical_is_what_a_number_prints(value: str) -> None:
    try:
        number = int(value)
    except ValueError:
        number = 2**63
    assert canonical(value) == (LONG_MIN <= number <= LONG_MAX and str(number) == value)


def test_flow_fields_go_to_their_columns_and_the_rest_to_extra() -> None:
    pairs: list[Pair] = [("packets", "12"), ("srcport", "-"), ("srcaddr", b"10.0.0.1"), ("x", b"\xff"), ("x", "2")]
    table = from_logs([(5, 6, pairs)], "t", "s", [("host", "a")])
    row = {name: value for name, value in table.to_pylist()[0].items() if value is not None}
    assert row == {
        "__time__": 5,
        "__time_ns__": 6,
        "__topic__": "t",
        "__source__": "s",
        "__tags__": [("host", "a")],
        "packets": 12,
        "srcaddr": "10.0.0.1",
        "__extra__": [("srcport", "-"), ("x", "\ufffd"), ("x", "2")],
    }


def test_a_wire_table_is_completed_and_checked() -> None:
    whole = from_logs([(5, None, [("packets", "1")])], "t", "s", [])
    some = whole.select(["packets", "__topic__", "__time__", "__source__"])
    assert from_arrow(some).equals(whole)
    dictionary = some.set_column(1, "__topic__", some["__topic__"].dictionary_encode())
    assert from_arrow(dictionary).equals(whole)
    for wrong in (
        some.append_column("unknown", [["x"]]),
        some.append_column("bytes", [["x"]]),
        some.append_column("packets", [[1]]),
        some.drop_columns(["__time__"]),
        some.set_column(1, "__topic__", pa.array([None], pa.string())),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            from_arrow(wrong)


def test_invalid_bytes_from_the_wire_are_refused_not_read() -> None:
    bad = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")])
    whole = from_logs([(5, None, [])], "t", "s", [])
    with pytest.raises(ValueError, match="UTF8"):
        from_arrow(whole.set_column(PUT_SCHEMA.get_field_index("srcaddr"), PUT_SCHEMA.field("srcaddr"), bad))
