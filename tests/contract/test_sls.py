"""Operations of the log service: hosts, routes, parameters, answers."""

from __future__ import annotations

import inspect
import json
import zlib
from dataclasses import fields

import pytest

from weir.contract import sls, sls_answers, sls_commands, sls_consumers, sls_shapes
from weir.contract.declare import PARAM, params_of
from weir.contract.loggroup import LogGroup, decode_list, encode
from weir.model.failures import Refusal

BASES = ("sls.local", "localhost", "127.0.0.1", "log.sls.local")


@pytest.mark.parametrize(
    ("host", "project"),
    [
        ("sls.local", ""),
        ("SLS.local:8080", ""),
        ("my-project.sls.local", "my-project"),
        ("my-project.sls.local:8080", "my-project"),
        ("my-project.log.sls.local", "my-project"),
        ("my-project.127.0.0.1", "my-project"),
        ("127.0.0.1:9080", ""),
        ("[::1]:9080", ""),
        ("10.1.2.3", ""),
        ("my-project.localhost:80", "my-project"),
        ("my-project.elsewhere.example", "my-project"),
        ("my-project.cn-hangzhou.log.aliyuncs.com", "my-project"),
        ("cn-hangzhou.log.aliyuncs.com", ""),
        ("weir", ""),
    ],
)
def test_the_project_of_a_host(host: str, project: str) -> None:
    assert sls.project_of(host, BASES) == project


def found(method: str, path: str, has_project: bool = True, **query: str) -> tuple[str, dict[str, str]]:
    operation, texts = sls.find(method, path, query, has_project)
    return operation.name, texts


def test_operations_are_found_by_method_path_and_type() -> None:
    store = {"logstore": "flow-store"}
    shard = {**store, "shard": "1"}
    assert found("GET", "/") == ("GetProject", {})
    assert found("GET", "/", has_project=False) == ("ListProject", {})
    assert found("POST", "/", has_project=False) == found("POST", "/") == ("CreateProject", {})
    assert found("GET", "/logstores/flow-store") == ("GetLogStore", store)
    assert found("GET", "/logstores/flow-store", type="log") == ("GetLogs", store)
    assert found("GET", "/logstores/flow-store/index", type="histogram") == ("GetHistograms", store)
    assert found("POST", "/logstores/flow-store/shards/lb") == ("PutLogs", store)
    assert found("GET", "/logstores/flow-store/shards/1", type="logs") == ("PullLogs", shard)
    group = {**store, "consumerGroup": "g"}
    assert found("POST", "/logstores/flow-store/consumergroups/g", type="heartbeat") == (
        "ConsumerGroupHeartBeat",
        group,
    )
    assert found("GET", "/logstores/flow-store/consumergroups/g") == ("GetConsumerGroupCheckPoint", group)
    assert found("GET", "/logstores/flow-store", type="topic") == ("ListTopics", store)
    assert found("GET", "/logstores/flow-store/shards/1", type="cursor_time") == ("GetCursorTime", shard)


def test_every_operation_is_reached_and_every_command_is_an_operation() -> None:
    for each in sls.OPERATIONS:
        path = each.template.replace("{logstore}", "a").replace("{shard}", "0").replace("{consumerGroup}", "g")
        query = {"type": sorted(each.kinds)[0]}
        operation, _ = sls.find(each.method, path, query, has_project=each.command is not sls_commands.ListProject)
        assert operation is each
    commands = {
        value
        for module in (sls_commands, sls_consumers)
        for value in vars(module).values()
        if inspect.isclass(value) and value.__module__ == module.__name__ and PARAM in fields(value)[0].metadata
    }
    shared = {sls_commands.LogStoreProperties, sls_consumers.InLogStore, sls_consumers.OfGroup}
    assert {each.command for each in sls.OPERATIONS} == commands - shared


def sample(command: type) -> dict[str, str]:
    """A text for every parameter."""
    return {one.wire: one.shape.good()[0] for one in params_of(command)}


@pytest.mark.parametrize("command", sorted({each.command for each in sls.OPERATIONS}, key=lambda each: each.__name__))
def test_every_parameter_takes_its_good_texts_and_refuses_its_bad_ones(command: type) -> None:
    for one in params_of(command):
        for text in one.shape.good():
            value = sls_shapes.parse(command, {**sample(command), one.wire: text})
            assert getattr(value, one.name) == one.shape.parse(text)
        for text, _ in one.shape.bad():
            with pytest.raises(Refusal) as refused:
                sls_shapes.parse(command, {**sample(command), one.wire: text})
            assert refused.value.failure is one.invalid
            assert "{}" not in refused.value.message
        absent = {wire: text for wire, text in sample(command).items() if wire != one.wire}
        if one.required:
            with pytest.raises(Refusal) as refused:
                sls_shapes.parse(command, absent)
            assert refused.value.message == f"Parameter {one.wire} is required."
        else:
            assert getattr(sls_shapes.parse(command, absent), one.name) == one.default


def test_json_members_become_texts_and_null_is_absent() -> None:
    body = {"from": 1, "reverse": True, "query": "a", "topic": None, "keys": {"a": {"type": "text"}}}
    texts = sls_shapes.texts_of(json.dumps(body).encode())
    assert texts == {"from": "1", "reverse": "true", "query": "a", "keys": '{"a": {"type": "text"}}'}


ROWS = {
    "rows": [{"bytes": "1"}],
    "has_sql": True,
    "where": "a: ü",
    "sql": "select 1",
    "keys": ["bytes"],
    "column_types": ["bigint"],
    "terms": [{"key": "a", "term": "ü"}],
    "processed_rows": 5,
    "elapsed_ms": 2,
}


def test_an_answer_is_compressed_with_both_headers_or_with_neither() -> None:
    plain = sls_answers.render(sls_answers.RowsV2(**ROWS), "identity")
    assert not {"x-log-compresstype", "x-log-bodyrawsize"} & set(plain.headers)
    packed = sls_answers.render(sls_answers.RowsV2(**ROWS), "gzip")
    assert zlib.decompress(packed.body) == plain.body
    assert packed.headers["x-log-compresstype"] == "gzip"
    assert packed.headers["x-log-bodyrawsize"] == str(len(plain.body))
    assert sls_answers.render(sls_answers.Rows(**ROWS), "gzip").media_type == "application/json"


def test_headers_of_getlogs_are_plain_ascii() -> None:
    headers = sls_answers.render(sls_answers.Rows(**ROWS), "").headers
    assert all(text.isascii() for text in headers.values())
    assert headers["x-log-where-query"] == "a%3A%20%C3%BC"
    assert headers["x-log-has-sql"] == "true"


def test_pulled_groups_say_their_size_in_every_form() -> None:
    groups = [encode(LogGroup([], b"t")), encode(LogGroup([], b"u"))]
    for accept in ("", "lz4"):
        answer = sls_answers.render(sls_answers.Pulled(groups, 7, False), accept)
        assert answer.headers["x-log-count"] == "2"
        assert answer.headers["x-log-bodyrawsize"] == str(2 * 7)
    assert decode_list(sls_answers.render(sls_answers.Pulled(groups, 7, False), "").body)[1].topic == b"u"
    empty = sls_answers.render(sls_answers.Pulled([], 7, True), "lz4")
    assert (empty.body, empty.media_type, empty.headers["x-log-bodyrawsize"]) == (b"", "", "0")
    assert "x-log-compresstype" not in empty.headers


def test_every_result_has_a_form() -> None:
    results = {
        value
        for value in vars(sls_answers).values()
        if inspect.isclass(value) and value.__module__ == sls_answers.__name__ and fields(value) is not None
    }
    parts = {sls_answers.Answer, sls_answers.Part, sls_answers.Shard}
    assert results - parts | set(sls_consumers.FORMS) == set(sls_answers._FORMS)


def test_lists_of_consumer_groups_are_bare_arrays() -> None:
    groups = sls_consumers.ConsumerGroups((sls_consumers.ConsumerGroup("g", 40, False),))
    assert sls_answers.render(groups, "").body == b'[{"name":"g","timeout":40,"order":false}]'
    assert sls_answers.render(sls_consumers.Assigned((0, 2)), "").body == b"[0,2]"
    assert sls_answers.render(sls_consumers.Assigned(()), "").body == b"[]"
    never = sls_answers.render(sls_consumers.CheckPoints((sls_consumers.CheckPoint(3),)), "")
    assert never.body == b'[{"shard":3,"checkpoint":"","updateTime":0,"consumer":""}]'
