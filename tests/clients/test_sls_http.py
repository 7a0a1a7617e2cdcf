"""The log service over raw HTTP: what no SDK sends, and the shape of every refusal."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import lz4.block
import pyarrow as pa
import pytest

from weir.contract import loggroup
from weir.contract.loggroup import Log, LogGroup
from weir.contract.sls_sign import Request
from weir.control.keys import AccessKey
from weir.logstore.schema import PUT_SCHEMA

PROJECT, STORE = "my-project", "flow-store"
PROTOBUF = {"content-type": "application/x-protobuf"}
ARROW = {"content-type": "application/vnd.apache.arrow.stream"}
JSON = {"content-type": "application/json"}


def put(service, rows, *, path="/shards/lb", headers=None, **options):
    body = loggroup.encode(LogGroup([Log(int(time.time()), None, row) for row in rows], b"t", b"s"))
    return service.send(
        "POST", f"/logstores/{STORE}{path}", body, project=PROJECT, headers=PROTOBUF | (headers or {}), **options
    )


def table(notes, now=None):
    """One row per note."""
    row = dict.fromkeys(PUT_SCHEMA.names)
    rows = [
        row
        | {"__time__": int(now or time.time()), "__source__": "log_service", "__topic__": "flow_log", "bytes": 7}
        | {"__extra__": [("note", note)]}
        for note in notes
    ]
    return pa.Table.from_pylist(rows, schema=PUT_SCHEMA)


def stream(rows, compression=None):
    """The bytes of an Arrow stream."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
        writer.write_table(rows)
    return sink.getvalue().to_pybytes()


def pulled(service):
    """Every row of the logstore, as sorted pairs."""
    found = []
    for shard in (0, 1):
        path = f"/logstores/{STORE}/shards/{shard}"
        cursor = service.send("GET", path, project=PROJECT, query={"type": "cursor", "from": "begin"}).json()["cursor"]
        answer = service.send("GET", path, project=PROJECT, query={"type": "logs", "cursor": cursor, "count": "1000"})
        groups = loggroup.decode_list(answer.content)
        assert int(answer.headers["x-log-count"]) == len(groups)
        assert int(answer.headers["x-log-bodyrawsize"]) == len(answer.content)
        found += [sorted(log.pairs) for group in groups for log in group.logs]
    return sorted(found)


@pytest.fixture
def store(service):
    """The server with a project and a logstore of two shards."""
    created = service.send("POST", "/", json.dumps({"projectName": PROJECT}).encode(), headers=JSON)
    assert (created.status_code, created.content) == (200, b"")
    body = json.dumps({"logstoreName": STORE, "ttl": 3, "shardCount": 2, "somethingNew": {"a": [1]}}).encode()
    assert service.send("POST", "/logstores", body, project=PROJECT, headers=JSON).status_code == 200
    return service


def refused(answer):
    """(status, code) of a refusal, after a look at its shape."""
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.headers["x-log-requestid"]) == 24
    error = answer.json()
    assert set(error) == {"errorCode", "errorMessage"}
    assert error["errorMessage"]
    return answer.status_code, error["errorCode"]


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_the_three_paths_of_putlogs(store, version):
    for path in ("", "/shards/lb", "/shards/route"):
        query = {"key": "00000000000000000000000000000001"} if path == "/shards/route" else {}
        answer = put(store, [[(b"path", path.encode())]], path=path, query=query, version=version)
        assert (answer.status_code, answer.content) == (200, b"")
        assert "content-type" not in answer.headers
        assert answer.headers["x-log-requestid"]
    assert pulled(store) == [[(b"path", b"")], [(b"path", b"/shards/lb")], [(b"path", b"/shards/route")]]


@pytest.mark.parametrize("service", ["httptools", "h11"], indirect=True)
def test_a_target_in_absolute_form_is_taken(store):
    answer = store.send("GET", "/", project=PROJECT)
    assert answer.json()["projectName"] == PROJECT
    # The SDK tests reach the server by a proxy variable and so always in absolute form.


def test_the_batch_form_of_putlogs(store):
    now = int(time.time())
    groups = [LogGroup([Log(now, None, [(b"n", b"%d" % number)])], b"t%d" % number) for number in range(3)]
    body = loggroup.encode_list(map(loggroup.encode, groups))
    headers = PROTOBUF | {"x-log-mode": "batch_group"}
    answer = store.send("POST", f"/logstores/{STORE}/shards/lb", body, project=PROJECT, headers=headers)
    assert answer.status_code == 200
    assert pulled(store) == [[(b"n", b"0")], [(b"n", b"1")], [(b"n", b"2")]]


def test_the_agent_writes_arrow_and_a_batch_id_is_stored_once(store):
    path = f"/logstores/{STORE}/shards/lb"
    for batch in ("one", "one", "two", "one"):
        # The agent leaves the columns out that none of its rows has.
        rows = table([batch]).drop_columns(["__tags__", "srcaddr"])
        answer = store.send(
            "POST",
            path,
            stream(rows, "zstd" if batch == "two" else None),
            project=PROJECT,
            headers=ARROW | {"x-log-batch-id": batch},
            version="v4",
            key=store.agent,
        )
        assert answer.status_code == 200
    put(store, [[(b"note", b"three")]], headers={"x-log-batch-id": "three"})
    put(store, [[(b"note", b"three")]], headers={"x-log-batch-id": "three"})
    assert sorted(dict(row)[b"note"] for row in pulled(store)) == [b"one", b"three", b"two"]


def test_the_agent_may_write_and_nothing_else(store):
    assert put(store, [[(b"a", b"1")]], key=store.agent).status_code == 200
    for method, path, query in [
        ("GET", "/", {}),
        ("GET", f"/logstores/{STORE}", {}),
        ("DELETE", f"/logstores/{STORE}", {}),
        ("GET", f"/logstores/{STORE}/shards/0", {"type": "cursor", "from": "begin"}),
    ]:
        answer = store.send(method, path, project=PROJECT, query=query, key=store.agent)
        assert refused(answer) == (401, "Unauthorized")


def test_another_account_sees_nothing(store):
    assert refused(store.send("GET", "/", project=PROJECT, key=store.stranger)) == (401, "Unauthorized")
    assert refused(put(store, [[(b"a", b"1")]], key=store.stranger)) == (401, "Unauthorized")
    assert store.send("GET", "/", key=store.stranger).json() == {"count": 0, "total": 0, "projects": []}
    taken = store.send("POST", "/", json.dumps({"projectName": PROJECT}).encode(), headers=JSON, key=store.stranger)
    assert refused(taken) == (400, "ProjectAlreadyExist")


def test_bad_bodies_of_putlogs_are_refused_and_store_nothing(store):
    good = loggroup.encode(LogGroup([Log(int(time.time()), None, [(b"a", b"1")])]))
    packed = lz4.block.compress(good * 50, store_size=False)

    def code(body, **headers):
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        answer = store.send("POST", f"/logstores/{STORE}/shards/lb", body, project=PROJECT, headers=PROTOBUF | named)
        return refused(answer)

    lz4_size = {"x_log_compresstype": "lz4", "x_log_bodyrawsize": str(len(good * 50))}
    assert code(b"no protobuf") == (400, "PostBodyInvalid")
    assert code(b"\x0a\x04\x12\x02\x0a\x00") == (400, "PostBodyInvalid")
    assert code(packed[:-5], **lz4_size) == (400, "PostBodyUncompressError")
    assert code(packed, x_log_compresstype="lz4") == (400, "MissingBodyRawSize")
    assert code(packed, **lz4_size | {"x_log_bodyrawsize": "-1"}) == (400, "InvalidBodyRawSize")
    assert code(packed, **lz4_size | {"x_log_bodyrawsize": str(2**40)}) == (400, "PostBodyTooLarge")
    assert code(packed, **lz4_size | {"x_log_compresstype": "br"}) == (400, "InvalidCompressType")
    assert code(good, content_type="text/plain") == (415, "InvalidContentType")
    assert code(good, content_type=ARROW["content-type"]) == (400, "PostBodyInvalid")
    assert code(bytes(11 * 2**20)) == (400, "PostBodyTooLarge")
    assert pulled(store) == []


def test_bad_rows_are_refused_and_none_of_their_group_is_stored(store):
    now = int(time.time())

    def code(*logs):
        group = loggroup.encode(LogGroup([Log(now, None, [(b"good", b"row")]), *logs]))
        return refused(store.send("POST", f"/logstores/{STORE}/shards/lb", group, project=PROJECT, headers=PROTOBUF))

    assert code(Log(now, None, [(b"k", b"\xff")])) == (400, "InvalidEncoding")
    assert code(Log(now, None, [(b"", b"v")])) == (400, "InvalidKey")
    assert code(Log(now, None, [(b"k" * 129, b"v")])) == (400, "InvalidKey")
    assert code(Log(now, None, [(b"__time__", b"v")])) == (400, "InvalidKey")
    assert code(Log(now - 169 * 3600, None, [])) == (400, "InvalidTimestamp")
    assert code(Log(now + 960, None, [])) == (400, "InvalidTimestamp")
    assert code(Log(now, 10**9, [])) == (400, "InvalidTimestamp")
    assert code(*[Log(now, None, [])] * 40_960) == (400, "PostBodyTooLarge")
    assert pulled(store) == []


def test_a_large_group_is_taken_and_refused_as_a_small_one(store):
    """Large groups of one shape are read column by column; whether they are must not show."""
    now = int(time.time())
    rows = [[(b"srcaddr", b"10.0.0.%d" % n), (b"bytes", b"%d" % n), (b"own", b"x%d" % n)] for n in range(100)]
    rows[7][1] = (b"bytes", b"007")

    def send(change=None, time_ns=None):
        logs = [Log(now, time_ns, row) for row in rows]
        if change:
            logs[50] = Log(now, None, [*rows[50][:2], change])
        body = loggroup.encode(LogGroup(logs, b"t", b"s", ((b"k", b"v"),)))
        return store.send("POST", f"/logstores/{STORE}/shards/lb", body, project=PROJECT, headers=PROTOBUF)

    assert refused(send((b"own", b"\xff"))) == (400, "InvalidEncoding")
    assert refused(send((b"__time__", b"1"))) == (400, "InvalidKey")
    assert refused(send(time_ns=10**9)) == (400, "InvalidTimestamp")
    assert pulled(store) == []
    assert send().status_code == 200
    assert send((b"other", b"1")).status_code == 200
    mixed = [*rows[:50], [*rows[50][:2], (b"other", b"1")], *rows[51:]]
    assert pulled(store) == sorted(map(sorted, [*rows, *mixed]))


def test_values_that_clients_send_for_nothing_are_taken(store):
    """Go asks for a histogram with interval 0, Java makes logstores with maxSplitShard -1."""
    body = json.dumps({"logstoreName": "java", "ttl": 1, "shardCount": 1, "maxSplitShard": -1}).encode()
    assert store.send("POST", "/logstores", body, project=PROJECT, headers=JSON).status_code == 200
    assert (
        store.send("POST", "/logstores/java/index", b'{"line": {}}', project=PROJECT, headers=JSON).status_code == 200
    )
    query = {"type": "histogram", "from": "1700000000", "to": "1700003600", "interval": "0"}
    answer = store.send("GET", "/logstores/java", project=PROJECT, query=query)
    assert sum(part["to"] - part["from"] for part in answer.json()) == 3600


def test_bad_arrow_is_refused(store):
    def code(body):
        path = f"/logstores/{STORE}/shards/lb"
        return refused(store.send("POST", path, body, project=PROJECT, headers=ARROW))

    for kind in (None, "zstd", "lz4"):
        whole = stream(table(["a", "b"]), kind)
        assert code(whole[: len(whole) // 2]) == (400, "PostBodyInvalid")
        assert code(whole[:-8]) == (400, "PostBodyInvalid")
    assert code(b"") == (400, "PostBodyInvalid")
    assert code(b"\xff\xff\xff\xff" + bytes(60)) == (400, "PostBodyInvalid")
    assert code(stream(table(["a"], now=time.time() - 169 * 3600))) == (400, "InvalidTimestamp")
    assert code(stream(table(["a"]).drop_columns(["__time__"]))) == (400, "PostBodyInvalid")
    assert code(stream(table(["a"]).append_column("own", pa.array(["x"])))) == (400, "PostBodyInvalid")
    mixed = pa.concat_tables([table(["a"]), table(["b"]).set_column(3, PUT_SCHEMA.field(3), pa.array(["other"]))])
    assert code(stream(mixed)) == (400, "PostBodyInvalid")
    assert pulled(store) == []


def test_an_arrow_stream_that_unfolds_to_too_much_is_refused(store):
    bomb = stream(table(["x" * 100_000_000]), "zstd")
    assert len(bomb) < 100_000
    answer = store.send("POST", f"/logstores/{STORE}/shards/lb", bomb, project=PROJECT, headers=ARROW)
    assert refused(answer) == (400, "PostBodyTooLarge")
    many = stream(pa.concat_tables([table(["a"])] * 40_961).combine_chunks(), "zstd")
    answer = store.send("POST", f"/logstores/{STORE}/shards/lb", many, project=PROJECT, headers=ARROW)
    assert refused(answer) == (400, "PostBodyTooLarge")
    assert pulled(store) == []


def test_signatures_that_do_not_hold(store):
    path = f"/logstores/{STORE}"
    assert refused(store.send("GET", path, project=PROJECT, skew_seconds=-1200)) == (400, "RequestTimeExpired")
    assert refused(store.send("GET", path, project=PROJECT, skew_seconds=1200, version="v4")) == (
        400,
        "RequestTimeExpired",
    )
    wrong = replace(store.key, secret="wrong")
    for version in ("v1", "v4"):
        answer = store.send("DELETE", path, project=PROJECT, key=wrong, version=version)
        assert refused(answer) == (401, "SignatureNotMatch")
    unknown = AccessKey("LTAI5tUnknown", "x")
    answer = store.send("DELETE", path, project=PROJECT, key=unknown)
    assert refused(answer) == (401, "Unauthorized")
    assert answer.json()["errorMessage"] == "AccessKeyId not found: LTAI5tUnknown"
    bare = {"host": f"{PROJECT}.sls.local", "x-log-apiversion": "0.6.0"}
    assert refused(store.send_as_is(Request("DELETE", path), bare)) == (400, "MissAccessKeyId")
    assert store.send("GET", path, project=PROJECT).status_code == 200


def test_a_disabled_key_is_refused(store):
    with store.desk.catalog.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE access_keys SET active = 0 WHERE access_key_id = ?", (store.stranger.access_key_id,)
        )
    answer = store.send("GET", "/", key=store.stranger)
    assert refused(answer) == (401, "Unauthorized")
    assert answer.json()["errorMessage"] == f"AccessKeyId is disabled: {store.stranger.access_key_id}"


MEANINGLESS = (
    ("GET", "/nowhere", {}, (404, "NotFound")),
    ("PATCH", f"/logstores/{STORE}", {}, (405, "InvalidMethod")),
    ("GET", "/logstores/absent", {}, (404, "LogStoreNotExist")),
    ("GET", f"/logstores/{STORE}", {"type": "context_log"}, (400, "ParameterInvalid")),
    ("GET", f"/logstores/{STORE}", {"type": "log"}, (400, "ParameterInvalid")),
    ("GET", f"/logstores/{STORE}", {"type": "log", "from": "2", "to": "x"}, (400, "InvalidTimeRange")),
    ("GET", f"/logstores/{STORE}", {"type": "log", "from": "2", "to": "2"}, (400, "InvalidTimeRange")),
    ("GET", f"/logstores/{STORE}", {"type": "log", "from": "1", "to": "2"}, (400, "IndexConfigNotExist")),
    ("GET", f"/logstores/{STORE}", {"type": "log", "from": "1", "to": "2", "line": "101"}, (400, "InvalidLine")),
    ("GET", f"/logstores/{STORE}", {"type": "log", "from": "1", "to": "2", "offset": "-1"}, (400, "InvalidOffset")),
    (
        "GET",
        f"/logstores/{STORE}",
        {"type": "log", "from": "1", "to": "2", "reverse": "1"},
        (400, "InvalidReverse"),
    ),
    ("GET", f"/logstores/{STORE}/index", {}, (400, "IndexConfigNotExist")),
    ("DELETE", f"/logstores/{STORE}/index", {}, (400, "IndexConfigNotExist")),
    ("GET", f"/logstores/{STORE}/shards/7", {"type": "cursor", "from": "end"}, (400, "ShardNotExist")),
    ("GET", f"/logstores/{STORE}/shards/x", {"type": "cursor", "from": "end"}, (400, "ShardNotExist")),
    ("GET", f"/logstores/{STORE}/shards/0", {"type": "cursor", "from": "now"}, (400, "ParameterInvalid")),
    ("GET", f"/logstores/{STORE}/shards/0", {"type": "log", "cursor": "MQ=="}, (400, "InvalidCursor")),
    ("GET", f"/logstores/{STORE}/shards/0", {"type": "log", "cursor": "?"}, (400, "InvalidCursor")),
    (
        "GET",
        f"/logstores/{STORE}/shards/0",
        {"type": "log", "cursor": "MQ==", "count": "1001"},
        (400, "ParameterInvalid"),
    ),
)


def test_requests_that_mean_nothing(store):
    found = [
        (method, path, query, refused(store.send(method, path, project=PROJECT, query=query)))
        for method, path, query, _ in MEANINGLESS
    ]
    assert tuple(found) == MEANINGLESS


def test_a_host_without_its_project(store):
    assert refused(store.send("GET", f"/logstores/{STORE}")) == (400, "InvalidHost")
    assert refused(store.send("GET", "/", project="absent")) == (404, "ProjectNotExist")


def test_bad_logstores(store):
    bodies = {
        "LogStoreAlreadyExist": [{"logstoreName": STORE}],
        "LogStoreInfoInvalid": [
            {"logstoreName": "Upper"},
            {"logstoreName": "ab"},
            {"logstoreName": "new-one", "ttl": 0},
            {"logstoreName": "new-one", "shardCount": 11},
        ],
        "ParameterInvalid": [{"ttl": 1}],
    }
    for code, each in bodies.items():
        for body in each:
            answer = store.send("POST", "/logstores", json.dumps(body).encode(), project=PROJECT, headers=JSON)
            assert refused(answer) == (400, code)


def test_bad_projects(service):
    nested = b'{"projectName": ' + b"[" * 100_000
    for body in (b"{", b"[]", b"\xff", nested, b'{"projectName": "UPPER"}', b'{"projectName": "a.b.c"}', b"{}"):
        assert refused(service.send("POST", "/", body, headers=JSON)) == (400, "ParameterInvalid")


def test_bad_indexes(store):
    entry = {"a": {"type": "number"}}
    for body in ({}, {"keys": entry}, {"keys": []}, {"line": "x"}, {"keys": {}, "max_text_len": 5}):
        path = f"/logstores/{STORE}/index"
        answer = store.send("POST", path, json.dumps(body).encode(), project=PROJECT, headers=JSON)
        assert refused(answer) == (400, "IndexInfoInvalid")


def test_an_index_is_made_once(store):
    path, body = f"/logstores/{STORE}/index", json.dumps({"line": {"token": [","]}}).encode()
    assert store.send("POST", path, body, project=PROJECT, headers=JSON).status_code == 200
    assert refused(store.send("POST", path, body, project=PROJECT, headers=JSON)) == (400, "IndexAlreadyExist")
    shown = store.send("GET", path, project=PROJECT).json()
    assert (shown["line"], shown["ttl"], shown["storage"]) == ({"token": [","]}, 3, "pg")


def test_a_logstore_that_is_made_again_is_empty(store):
    put(store, [[(b"a", b"1")]])
    path = f"/logstores/{STORE}"
    assert store.send("DELETE", path, project=PROJECT).status_code == 200
    assert refused(put(store, [[(b"a", b"1")]])) == (404, "LogStoreNotExist")
    body = json.dumps({"logstoreName": STORE, "ttl": 3, "shardCount": 2}).encode()
    assert store.send("POST", "/logstores", body, project=PROJECT, headers=JSON).status_code == 200
    assert pulled(store) == []
