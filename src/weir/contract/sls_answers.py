"""What the log service answers: one frozen result per operation, and its form on the wire.

What enters: a result of a handler. What leaves: headers and bytes. Rules, each forced by a published client: success
is always 200; a JSON body says so and an empty one does not; every value of a row is a string; an answer is compressed
only by ``x-log-compresstype`` with ``x-log-bodyrawsize`` beside it, never by Content-Encoding; header names are in
lower case.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from weir.contract import compression, loggroup, sls_consumers
from weir.contract.sls_shapes import Cursor

COMPLETE = "Complete"
"""``progress`` of every answer: a query here either ends or fails, clients need not ask again."""

JSON = "application/json"
PROTOBUF = "application/x-protobuf"


@dataclass(frozen=True, slots=True)
class Answer:
    """Headers and bytes of a 200; ``media_type`` is empty exactly if ``body`` is."""

    body: bytes = b""
    media_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """The answer of an operation that has nothing to say."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project; times are Unix seconds."""

    name: str
    description: str
    region_id: str
    owner: str
    created: int
    modified: int


@dataclass(frozen=True, slots=True)
class Projects:
    """One page of projects; ``total`` counts all pages."""

    projects: tuple[Project, ...]
    total: int


@dataclass(frozen=True, slots=True)
class LogStore:
    """A logstore; ``extra`` holds the properties that are only kept, under their wire names."""

    name: str
    ttl_days: int
    shard_count: int
    extra: Mapping[str, Any]
    created: int
    modified: int


@dataclass(frozen=True, slots=True)
class LogStores:
    """One page of logstore names; ``total`` counts all pages."""

    names: tuple[str, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Index:
    """An index as it was given, with what the log service adds."""

    body: Mapping[str, Any]
    ttl_days: int
    modified: int


@dataclass(frozen=True, slots=True)
class Rows:
    """What a query found. ``where`` and ``sql`` are the halves of the query; ``coverage``, which clients do not know,
    says how much of the traffic the rows stand for, where flow logs deliver to the logstore."""

    rows: list[dict[str, str]]
    has_sql: bool
    where: str
    sql: str
    keys: list[str]
    column_types: list[str]
    terms: list[dict[str, str]]
    processed_rows: int
    elapsed_ms: int
    coverage: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class RowsV2(Rows):
    """The same, answered in the form of GetLogsV2."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a histogram: [from_, to) in Unix seconds."""

    from_: int
    to: int
    count: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """The parts, in order."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Topics:
    """A page of topics; ``next_token`` is the first of the next page, empty after the last."""

    topics: tuple[str, ...]
    next_token: str


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard; the keys are 32 hexadecimal digits, ``created`` Unix seconds."""

    number: int
    status: str
    begin_key: str
    end_key: str
    created: int


@dataclass(frozen=True, slots=True)
class Shards:
    """The shards of a logstore."""

    shards: tuple[Shard, ...]


@dataclass(frozen=True, slots=True)
class CursorAt:
    """A place in a shard."""

    cursor: int


@dataclass(frozen=True, slots=True)
class CursorTime:
    """When the group at a cursor arrived, Unix seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Pulled:
    """LogGroups in wire form, the cursor after the last one, and whether that is the end of the shard."""

    groups: list[bytes]
    next_cursor: int
    is_end: bool


def render(result: object, accept_encoding: str) -> Answer:
    """The wire form of a result; ``accept_encoding`` counts for GetLogsV2 and PullLogs only."""
    answer = _FORMS[type(result)](result)
    if not isinstance(result, RowsV2 | Pulled):
        return answer
    kind = compression.accepted(accept_encoding)
    if not kind or not answer.body:
        return answer
    headers = {
        **answer.headers,
        "x-log-bodyrawsize": str(len(answer.body)),
        "x-log-compresstype": kind,
    }
    return Answer(compression.compress(answer.body, kind), answer.media_type, headers)


def _json(value: object, **headers: object) -> Answer:
    """``value`` as JSON; a header ``has_sql`` becomes ``x-log-has-sql``."""
    named = {f"x-log-{name.replace('_', '-')}": str(text) for name, text in headers.items()}
    return Answer(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), JSON, named)


def _done(_: Done) -> Answer:
    return Answer()


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _project_fields(project: Project) -> dict[str, str]:
    return {
        "projectName": project.name,
        "status": "Normal",
        "description": project.description,
        "region": project.region_id,
        "owner": project.owner,
        "createTime": _time(project.created),
        "lastModifyTime": _time(project.modified),
        "resourceGroupId": "",
        "dataRedundancyType": "LRS",
    }


def _project(project: Project) -> Answer:
    return _json(_project_fields(project))


def _projects(page: Projects) -> Answer:
    projects = [_project_fields(project) for project in page.projects]
    return _json({"count": len(projects), "total": page.total, "projects": projects})


def _log_store(store: LogStore) -> Answer:
    return _json(
        {
            "logstoreName": store.name,
            "ttl": store.ttl_days,
            "shardCount": store.shard_count,
            **store.extra,
            "createTime": store.created,
            "lastModifyTime": store.modified,
        }
    )


def _log_stores(page: LogStores) -> Answer:
    return _json({"count": len(page.names), "total": page.total, "logstores": page.names})


def _index(index: Index) -> Answer:
    return _json({**index.body, "ttl": index.ttl_days, "storage": "pg", "lastModifyTime": index.modified})


def _rows(answer: Rows) -> Answer:
    info = {"keys": answer.keys, "terms": [[each["term"], each["key"]] for each in answer.terms], "limited": "0"}
    covered = {} if answer.coverage is None else {"coverage": json.dumps({**answer.coverage, "enis": {}})}
    return _json(
        answer.rows,
        **covered,
        progress=COMPLETE,
        count=len(answer.rows),
        processed_rows=answer.processed_rows,
        elapsed_millisecond=answer.elapsed_ms,
        has_sql=str(answer.has_sql).lower(),
        where_query=quote(answer.where),
        agg_query=quote(answer.sql),
        cpu_sec="0",
        cpu_cores="0",
        query_info=json.dumps(info),
    )


def _rows_v2(answer: RowsV2) -> Answer:
    meta: dict[str, object] = {
        "progress": COMPLETE,
        "count": len(answer.rows),
        "processedRows": answer.processed_rows,
        "elapsedMillisecond": answer.elapsed_ms,
        "hasSQL": answer.has_sql,
        "whereQuery": answer.where,
        "aggQuery": answer.sql,
        "cpuSec": 0.0,
        "cpuCores": 0,
        "mode": 0,
        "scanBytes": 0,
        "limited": 0,
        "processedBytes": 0,
        # Spelled so by the service and by its SDKs.
        "telementryType": "None",
        "powerSql": False,
        "insertedSQL": "",
        "keys": answer.keys,
        "marker": None,
        "isAccurate": True,
        "columnTypes": answer.column_types,
        "highlights": [],
        "terms": answer.terms,
    }
    if answer.coverage is not None:
        meta["coverage"] = answer.coverage
    return _json({"meta": meta, "data": answer.rows})


def _histogram(histogram: Histogram) -> Answer:
    parts = [{"from": part.from_, "to": part.to, "count": part.count, "progress": COMPLETE} for part in histogram.parts]
    return _json(parts, progress=COMPLETE, count=sum(part.count for part in histogram.parts))


def _topics(answer: Topics) -> Answer:
    return _json(answer.topics, count=len(answer.topics), nexttoken=quote(answer.next_token))


def _shards(answer: Shards) -> Answer:
    return _json(
        [
            {
                "shardID": shard.number,
                "status": shard.status,
                "inclusiveBeginKey": shard.begin_key,
                "exclusiveEndKey": shard.end_key,
                "createTime": shard.created,
            }
            for shard in answer.shards
        ]
    )


def _cursor(answer: CursorAt) -> Answer:
    return _json({"cursor": Cursor().text(answer.cursor)})


def _cursor_time(answer: CursorTime) -> Answer:
    return _json({"cursor_time": answer.seconds})


def _pulled(answer: Pulled) -> Answer:
    body = loggroup.encode_list(answer.groups)
    headers = {
        "x-log-cursor": Cursor().text(answer.next_cursor),
        "x-log-count": str(len(answer.groups)),
        "x-log-bodyrawsize": str(len(body)),
        "x-log-end-of-cursor": "1" if answer.is_end else "0",
    }
    return Answer(body, PROTOBUF if body else "", headers)


def _as_json(form: Callable[[Any], object]) -> Callable[[Any], Answer]:
    """The form of a result that is a JSON value and nothing else."""
    return lambda result: _json(form(result))


_FORMS: dict[type, Callable[[Any], Answer]] = {
    Done: _done,
    Project: _project,
    Projects: _projects,
    LogStore: _log_store,
    LogStores: _log_stores,
    Index: _index,
    Rows: _rows,
    RowsV2: _rows_v2,
    Histogram: _histogram,
    Shards: _shards,
    CursorAt: _cursor,
    CursorTime: _cursor_time,
    Pulled: _pulled,
    Topics: _topics,
    **{result: _as_json(form) for result, form in sls_consumers.FORMS.items()},
}
