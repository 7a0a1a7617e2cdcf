"""What may be said to the log service: one frozen command per operation, its parameters declared in place.

What enters: nothing. What leaves: the commands, which ``sls_shapes.parse`` fills and the handlers of ``control`` take.
Rule: names, ranges and defaults are those of the log service's API pages; where the published SDKs differ from the
pages, the SDKs are followed.
"""

from __future__ import annotations

from typing import Any

from weir.contract.declare import structure
from weir.contract.shapes import Flag, Integer, Shape, Text
from weir.contract.sls_shapes import Cursor, CursorFrom, HashKey, JsonObject, parameter
from weir.contract.terms import LOG_STORE as LOG_STORE_NAME
from weir.contract.terms import PROJECT as PROJECT_NAME
from weir.model import sls_failures as failures

LINE_MAX = 100
"""Rows one search answers; a larger ``line`` is refused with InvalidLine (source: GetLogs page)."""
BODY_BYTES_MAX = 10 * 2**20
"""Bytes of a PutLogs after decompression; more are refused with PostBodyTooLarge (source: PutLogs page)."""
ROWS_MAX = 40_960
"""Rows of one PutLogs; more are refused with PostBodyTooLarge. Ten LogGroups as the store cuts them."""
COUNT_MAX = 1000
"""LogGroups one PullLogs answers; a larger ``count`` is refused with ParameterInvalid (source: PullLogs page)."""
SPLIT_MAX = 64
"""Shards that one SplitShard makes; a larger ``shardCount`` is refused with ParameterInvalid."""
LIST_SIZE_MAX = 500
"""Names one list call answers; a larger ``size`` is refused with ParameterInvalid (source: ListProject page)."""

_ANY = Text((0, None))
_TIME = Integer(0, 2**32 - 1)


def _project() -> Any:
    return parameter("project", _ANY, "The project, from the host name.")


def _log_store() -> Any:
    return parameter("logstore", _ANY, "The logstore, from the path.")


def _range_end(wire: str) -> Any:
    doc = f"{'Start (inclusive)' if wire == 'from' else 'End (exclusive)'} of the range, Unix time in seconds."
    return parameter(wire, _TIME, doc, failure=failures.INVALID_TIME_RANGE)


def _shard() -> Any:
    return parameter("shard", Integer(0, 2**15 - 1), "The shard.", failure=failures.SHARD_NOT_EXIST)


def _size(default: int) -> Any:
    return parameter("size", Integer(0, LIST_SIZE_MAX), "How many names are answered.", default=default)


def _offset() -> Any:
    return parameter("offset", Integer(0, 2**31 - 1), "How many names are skipped.", default=0)


@structure
class CreateProject:
    """Creates a project. Its name is in the body, whatever the host is."""

    project: str = parameter("projectName", PROJECT_NAME, "Unique name, across all accounts.")
    description: str = parameter("description", _ANY, "Free text.", default="")


@structure
class GetProject:
    """The properties of a project."""

    project: str = _project()


@structure
class UpdateProject:
    """Changes a project's description."""

    project: str = _project()
    description: str | None = parameter("description", _ANY, "Free text.", default=None)


@structure
class DeleteProject:
    """Deletes a project with its logstores and their rows."""

    project: str = _project()


@structure
class ListProject:
    """The caller's projects in the order of their names."""

    name: str = parameter("projectName", _ANY, "A part of the name.", default="")
    description: str = parameter("description", _ANY, "A part of the description.", default="")
    offset: int = _offset()
    size: int = _size(100)


def _property(wire: str, shape: Shape, doc: str, ignored: str = "") -> Any:
    return parameter(wire, shape, doc, default=None, failure=failures.LOG_STORE_INFO_INVALID, ignored=ignored)


KEPT = "kept and given back"


@structure
class LogStoreProperties:
    """What a logstore can be told; None leaves a property as it is, or at its default when the logstore is new."""

    ttl_days: int | None = _property("ttl", Integer(1, 3650), "Days that rows are kept; 3650 is for ever.")
    shard_count: int | None = _property("shardCount", Integer(1, 10), "Number of shards.")
    enable_tracking: bool | None = _property("enable_tracking", Flag(), "Web tracking.", f"{KEPT}; there is none here")
    append_meta: bool | None = _property("appendMeta", Flag(), "Senders' addresses.", f"{KEPT}; none is recorded here")
    auto_split: bool | None = _property("autoSplit", Flag(), "Splitting shards.", f"{KEPT}; SplitShard does it")
    max_split_shard: int | None = _property(
        "maxSplitShard", Integer(-1, 256), "Most shards after splitting; -1: not said.", KEPT
    )
    mode: str | None = _property("mode", _ANY, "Kind of index service.", KEPT)
    telemetry_type: str | None = _property("telemetryType", _ANY, "Kind of data.", KEPT)
    hot_ttl: int | None = _property(
        "hot_ttl", Integer(-1, 3650), "Days in the hot storage class.", f"{KEPT}; there is one storage class"
    )


@structure
class CreateLogStore(LogStoreProperties):
    """Creates a logstore, without an index."""

    project: str = _project()
    log_store: str = parameter(
        "logstoreName", LOG_STORE_NAME, "Unique name in the project.", failure=failures.LOG_STORE_INFO_INVALID
    )


@structure
class UpdateLogStore(LogStoreProperties):
    """Changes a logstore's properties; the number of shards stays."""

    project: str = _project()
    log_store: str = _log_store()


@structure
class GetLogStore:
    """The properties of a logstore."""

    project: str = _project()
    log_store: str = _log_store()


@structure
class DeleteLogStore:
    """Deletes a logstore with its rows."""

    project: str = _project()
    log_store: str = _log_store()


@structure
class ListLogStores:
    """The names of a project's logstores, in order."""

    project: str = _project()
    name: str = parameter("logstoreName", _ANY, "A part of the name.", default="")
    telemetry_type: str = parameter("telemetryType", _ANY, "Only logstores of this kind.", default="")
    offset: int = _offset()
    size: int = _size(LIST_SIZE_MAX)


@structure
class CreateIndex:
    """Gives a logstore its index: what GetLogs can search and analyse."""

    project: str = _project()
    log_store: str = _log_store()
    line: dict[str, Any] | None = parameter(
        "line", JsonObject(), "Full-text index.", default=None, failure=failures.INDEX_INFO_INVALID
    )
    keys: dict[str, Any] | None = parameter(
        "keys", JsonObject(), "Field indexes by key.", default=None, failure=failures.INDEX_INFO_INVALID
    )
    max_text_len: int | None = parameter(
        "max_text_len",
        Integer(64, 16384),
        "Bytes of a text that can be analysed.",
        default=None,
        failure=failures.INDEX_INFO_INVALID,
    )
    log_reduce: bool | None = parameter(
        "log_reduce", Flag(), "Pattern index.", default=None, failure=failures.INDEX_INFO_INVALID, ignored=KEPT
    )


@structure
class UpdateIndex(CreateIndex):
    """Replaces a logstore's index."""


@structure
class GetIndex:
    """A logstore's index, as it was given."""

    project: str = _project()
    log_store: str = _log_store()


@structure
class DeleteIndex:
    """Takes a logstore's index away; its rows stay."""

    project: str = _project()
    log_store: str = _log_store()


@structure
class PutLogs:
    """Writes the rows of the body; answered when they are on disk."""

    project: str = _project()
    log_store: str = _log_store()
    hash_key: str | None = parameter(
        "key", HashKey(), "Or header x-log-hashkey: chooses the shard; the next in turn if absent.", default=None
    )
    batch_id: str | None = parameter(
        "x-log-batch-id", Text((1, 128)), "Header: a batch of this id is stored once, however often sent.", default=None
    )


@structure
class GetLogs:
    """Rows that a search finds, or the result of an SQL query."""

    project: str = _project()
    log_store: str = _log_store()
    from_: int = _range_end("from")
    to: int = _range_end("to")
    query: str = parameter("query", _ANY, "Search, or search | SQL.", default="")
    topic: str = parameter("topic", _ANY, "Only rows of this topic.", default="")
    line: int = parameter(
        "line", Integer(0, 2**31 - 1), "How many rows.", default=LINE_MAX, failure=failures.INVALID_LINE
    )
    offset: int = parameter(
        "offset", Integer(0, 2**31 - 1), "How many rows are skipped.", default=0, failure=failures.INVALID_OFFSET
    )
    reverse: bool = parameter("reverse", Flag(), "Newest rows first.", default=False, failure=failures.INVALID_REVERSE)


@structure
class GetLogsV2(GetLogs):
    """GetLogs with its parameters in a JSON body and a richer answer."""


@structure
class GetHistograms:
    """How many rows a search finds, per part of the range."""

    project: str = _project()
    log_store: str = _log_store()
    from_: int = _range_end("from")
    to: int = _range_end("to")
    query: str = parameter("query", _ANY, "Search; what follows a | is not looked at.", default="")
    topic: str = parameter("topic", _ANY, "Only rows of this topic.", default="")
    interval_seconds: int = parameter(
        "interval", Integer(0, 2**31 - 1), "Length of a part in seconds; chosen by the range if 0 or absent.", default=0
    )


@structure
class ListTopics:
    """The topics of a logstore's rows, in order."""

    project: str = _project()
    log_store: str = _log_store()
    token: str = parameter("token", _ANY, "The first topic to be listed, or what stands after it.", default="")
    line: int = parameter(
        "line", Integer(0, LINE_MAX), "How many topics.", default=LINE_MAX, failure=failures.INVALID_LINE
    )


@structure
class ListShards:
    """The shards of a logstore."""

    project: str = _project()
    log_store: str = _log_store()


@structure
class SplitShard:
    """Shares the keys of a shard out to new ones; it becomes read only and is read to its end."""

    project: str = _project()
    log_store: str = _log_store()
    shard: int = _shard()
    key: str | None = parameter(
        "key", HashKey(), "First key of the second new shard; the middle if absent.", default=None
    )
    shard_count: int = parameter("shardCount", Integer(2, SPLIT_MAX), "How many new shards, equal parts.", default=2)


@structure
class MergeShards:
    """Joins a shard with its right neighbour in a new one; both become read only and are read to their end."""

    project: str = _project()
    log_store: str = _log_store()
    shard: int = _shard()


@structure
class GetCursor:
    """The cursor of the first group that arrived at a time or later."""

    project: str = _project()
    log_store: str = _log_store()
    shard: int = _shard()
    from_: str | int = parameter("from", CursorFrom(), "Where the cursor shall point.")


@structure
class GetCursorTime:
    """When the group at a cursor arrived."""

    project: str = _project()
    log_store: str = _log_store()
    shard: int = _shard()
    cursor: int = parameter("cursor", Cursor(), "The cursor.", failure=failures.INVALID_CURSOR)


@structure
class PullLogs:
    """Groups of a shard in the order of their arrival."""

    project: str = _project()
    log_store: str = _log_store()
    shard: int = _shard()
    cursor: int = parameter("cursor", Cursor(), "First group.", failure=failures.INVALID_CURSOR)
    end_cursor: int | None = parameter(
        "end_cursor", Cursor(), "Group to stop before.", default=None, failure=failures.INVALID_CURSOR
    )
    count: int = parameter("count", Integer(0, COUNT_MAX), "How many groups.", default=COUNT_MAX)
    query: str = parameter("query", _ANY, "SPL.", default="", refused="any but an empty one; there is no SPL here")
