"""Arrow bodies whose texts are encoded by a dictionary, as agents send them: the same rows, or a refusal."""

from __future__ import annotations

import time
from dataclasses import replace

import pyarrow as pa
import pytest

from tests.clients.conftest import BASE, serving
from weir.capture.spool import stream_of
from weir.contract import loggroup
from weir.control.keys import KeyRing
from weir.control.projects import ensure_flow_index
from weir.doors.sls import SlsDoor
from weir.logstore.manifest import Manifest
from weir.logstore.schema import PUT_SCHEMA
from weir.logstore.store import Store

PROJECT = "my-project"
ARROW = {"content-type": "application/vnd.apache.arrow.stream"}
ROWS = 4100  # more than one group
WORDS = ("__source__", "__topic__", "eni-id", "srcaddr", "dstaddr", "direction", "action", "log-status", "vpc-id")


@pytest.fixture
def store(service):
    """Logstores ``plain`` and ``encoded`` of one shard, with the flow fields' index."""
    assert service.send("POST", "/", b'{"projectName": "my-project"}').status_code == 200
    for name in ("plain", "encoded"):
        body = b'{"logstoreName": "%s", "ttl": 3, "shardCount": 1}' % name.encode()
        assert service.send("POST", "/logstores", body, project=PROJECT).status_code == 200
        with service.desk.catalog.writing() as connection:
            ensure_flow_index(connection, (PROJECT, name), time.time())
    return service


def plain(now, rows=ROWS):
    """Records of which some lack a text, and none has a vpc-id."""
    return pa.Table.from_pylist(
        [
            dict.fromkeys(PUT_SCHEMA.names)
            | {"__time__": now - number % 60, "__source__": "log_service", "__topic__": "flow_log", "bytes": number}
            | {"eni-id": f"eni-{number % 3}", "srcaddr": f"10.0.{number % 251}.{number % 7}", "dstaddr": "fd00::1"}
            | {"direction": None if number % 5 == 0 else "in", "action": "REJECT" if number % 4 else "ACCEPT"}
            | {"log-status": "OK", "__extra__": [("note", f"{number}")]}
            for number in range(rows)
        ],
        PUT_SCHEMA,
    )


def encoded(table, index=None):
    """The same with dictionaries in the columns ``WORDS``."""
    kind = pa.dictionary(index or pa.int32(), pa.string())
    for name in WORDS:
        column = pa.chunked_array([table[name].combine_chunks().dictionary_encode().cast(kind)])
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def put(service, name, body):
    return service.send("POST", f"/logstores/{name}/shards/lb", body, project=PROJECT, headers=ARROW, key=service.agent)


def refusal(service, body):
    answer = put(service, "encoded", body)
    return answer.status_code, answer.json()["errorCode"]


def pulled(service, name):
    """Every group of the shard, in order."""
    path, found = f"/logstores/{name}/shards/0", []
    begin = service.send("GET", path, project=PROJECT, query={"type": "cursor", "from": "begin"}).json()["cursor"]
    answer = service.send("GET", path, project=PROJECT, query={"type": "logs", "cursor": begin, "count": "1000"})
    for group in loggroup.decode_list(answer.content):
        found.append((group.topic, group.source, [(log.time, log.pairs) for log in group.logs]))
    return found


def found(service, name, now, query):
    options = {"type": "log", "from": str(now - 600), "to": str(now + 600), "query": query}
    answer = service.send("GET", f"/logstores/{name}", project=PROJECT, query=options)
    assert answer.status_code == 200
    return answer.json()


def check(service, now):
    """Both logstores give the same rows, every one; returns what was pulled."""
    groups = pulled(service, "plain")
    assert sum(len(logs) for _, _, logs in groups) == 3 * ROWS
    assert pulled(service, "encoded") == groups
    for query in (
        "action: ACCEPT and srcaddr: 10.0.8.1",
        "* | SELECT srcaddr, direction, count(*) c, sum(bytes) b GROUP BY srcaddr, direction ORDER BY srcaddr, c, b",
    ):
        rows = found(service, "plain", now, query)
        assert rows
        assert found(service, "encoded", now, query) == rows
    return groups


def test_encoded_rows_are_the_same_rows_before_and_after_a_restart(store, tmp_path):
    now = int(time.time())
    table = plain(now)
    for index in (pa.int16(), pa.int32()):
        assert put(store, "plain", stream_of(table)).status_code == 200
        assert put(store, "encoded", stream_of(encoded(table, index))).status_code == 200
    # In two chunks, one dictionary each: the agent puts them together.
    halves = pa.concat_tables([encoded(table.slice(0, 100)), encoded(table.slice(100))])
    assert put(store, "plain", stream_of(table)).status_code == 200
    assert put(store, "encoded", stream_of(halves)).status_code == 200
    before = check(store, now)

    store.desk.store.stop()
    reopened = Store(tmp_path / "store", Manifest(store.desk.catalog.engine), time.time)
    reopened.start()
    keys = KeyRing(store.desk.catalog, tmp_path / "key", time.monotonic)
    try:
        with serving(SlsDoor(replace(store.desk, store=reopened), keys.secret_of, (BASE,))) as port:
            again = replace(store, port=port)
            assert check(again, now) == before
            for store_id in (1, 2):
                reopened.seal(store_id)
            assert check(again, now) == before
    finally:
        reopened.stop()


def test_a_number_beyond_the_dictionary_is_refused(store):
    table = plain(int(time.time()), 10)
    for name in ("srcaddr", "__source__"):
        for number in (1, 2**31 - 1, -1):
            numbers = pa.array([0] * 9 + [number], pa.int32())
            column = pa.DictionaryArray.from_arrays(numbers, pa.array(["10.0.0.1"]), safe=False)
            hostile = table.set_column(table.column_names.index(name), name, column)
            assert refusal(store, stream_of(hostile)) == (400, "PostBodyInvalid")
    assert pulled(store, "encoded") == []


def test_a_dictionary_that_is_replaced_or_extended_is_refused(store):
    table = plain(int(time.time()), 10)
    first, second = encoded(table.slice(0, 5)), encoded(table.slice(5))
    for deltas in (False, True):
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=deltas)
        with pa.ipc.new_stream(sink, first.schema, options=options) as writer:
            writer.write_table(first)
            writer.write_table(pa.concat_tables([first, second]).unify_dictionaries().slice(5) if deltas else second)
        assert refusal(store, sink.getvalue().to_pybytes()) == (400, "PostBodyInvalid")
    assert pulled(store, "encoded") == []


def test_other_dictionaries_are_refused(store):
    table = plain(int(time.time()), 10)
    numbers = table["bytes"].combine_chunks().dictionary_encode()
    wide = pa.dictionary(pa.uint64(), pa.string())
    octets = table["srcaddr"].combine_chunks().cast(pa.binary()).dictionary_encode()
    for name, column in (
        ("bytes", numbers),
        ("srcaddr", table["srcaddr"].combine_chunks().dictionary_encode().cast(wide)),
        ("srcaddr", octets),
        ("__source__", pa.array([None] * 10, pa.string()).dictionary_encode()),
        ("__source__", pa.DictionaryArray.from_arrays([0] * 10, pa.array([None], pa.string()))),
    ):
        odd = table.set_column(table.column_names.index(name), name, column)
        assert refusal(store, stream_of(odd)) == (400, "PostBodyInvalid")
    damaged = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")])
    column = pa.DictionaryArray.from_arrays([0] * 10, damaged)
    odd = table.set_column(table.column_names.index("srcaddr"), "srcaddr", column)
    assert refusal(store, stream_of(odd)) == (400, "PostBodyInvalid")
    assert pulled(store, "encoded") == []


def test_a_dictionary_that_unfolds_to_too_much_is_refused(store):
    table = plain(int(time.time()), 40_000)
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 40_000, pa.int32()), pa.array(["x" * 1_000_000]))
    bomb = stream_of(table.set_column(table.column_names.index("srcaddr"), "srcaddr", column))
    assert len(bomb) < 4 * 2**20
    assert refusal(store, bomb) == (400, "PostBodyTooLarge")
    assert pulled(store, "encoded") == []
