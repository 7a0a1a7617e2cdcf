"""Rows in and out: PutLogs, GetLogs, GetHistograms, and reading by cursor.

What enters: commands of ``contract.sls_commands`` and who calls. What leaves: results of ``contract.sls_answers``, or a
Refusal. Rules: an answered PutLogs is on disk, once per batch id; rows are searched only through the logstore's index;
what the store or the query engine calls by its own name is answered with the log service's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from weir.contract import sls_answers as answers
from weir.contract import sls_commands as say
from weir.control import consumers, coverage, log_rows, projects
from weir.control.access import Caller
from weir.control.desk import Desk
from weir.logstore.engine import QueryTimeout, QueryTooLarge
from weir.logstore.shards import Shard
from weir.logstore.troubles import (
    CursorError,
    DiskReserved,
    ShardReadOnly,
    ShardsFixed,
    ShardUnknown,
    StoreUnavailable,
    StoreUnknown,
)
from weir.model import sls_failures as failures
from weir.query import search
from weir.query.answer import Page, Range
from weir.query.coverage import Coverage
from weir.query.failures import QueryError
from weir.query.index import Index

AGE_SECONDS_MAX = 168 * 3600
"""Oldest row taken, in seconds before now; older ones are refused with InvalidTimestamp (source: PutLogs page)."""
AHEAD_SECONDS_MAX = 900
"""Newest row taken, in seconds after now (source: the same)."""


_InLogStore = (
    say.PutLogs
    | say.ListTopics
    | say.ListShards
    | say.SplitShard
    | say.MergeShards
    | say.GetCursor
    | say.GetCursorTime
    | say.PullLogs
)


@dataclass(frozen=True, slots=True)
class Writing:
    """A PutLogs with its rows: LogGroups, or the bytes of one Arrow stream."""

    command: say.PutLogs
    rows: tuple[log_rows.Group, ...] | bytes


def answer(desk: Desk, caller: Caller, command: object) -> object:
    """The result of one operation, which the caller may do."""
    try:
        return HANDLERS[type(command)](desk, caller, command)
    except DiskReserved as error:
        raise failures.refuse(failures.WRITE_QUOTA_EXCEED) from error
    except StoreUnavailable as error:
        raise failures.refuse(failures.SERVER_BUSY, trouble=str(error)) from error


def put_logs(desk: Desk, caller: Caller, writing: Writing) -> answers.Done:
    """Stores the rows. Groups of the batch form are stored one by one, each under its own part of the batch id."""
    command = writing.command
    store_id = _store_id(desk, caller, command)
    stream = b""
    if isinstance(writing.rows, bytes):
        stream = writing.rows
        tables = [log_rows.table_of_arrow(stream)]
    else:
        tables = [log_rows.table_of(group) for group in writing.rows]
    _check_rows(tables, desk.now())
    with _named(command.log_store):
        for place, table in enumerate(tables):
            batch_id = command.batch_id if place == 0 or command.batch_id is None else f"{command.batch_id}/{place}"
            if table.num_rows:
                desk.store.put(store_id, table, shard=command.hash_key, batch_id=batch_id, stream=stream)
    return answers.Done()


def get_logs(desk: Desk, caller: Caller, command: say.GetLogs) -> answers.Rows:
    """What the query finds, oldest first unless reversed."""
    return answers.Rows(**_found(desk, caller, command))


def get_logs_v2(desk: Desk, caller: Caller, command: say.GetLogsV2) -> answers.RowsV2:
    """The same, for the form of GetLogsV2."""
    return answers.RowsV2(**_found(desk, caller, command))


def get_histograms(desk: Desk, caller: Caller, command: say.GetHistograms) -> answers.Histogram:
    """How many rows the search finds in each part of the range."""
    window = _window(command)
    store_id, index = _searchable(desk, caller, command)
    with _named(command.log_store), _query_errors(has_sql=False):
        snapshot = desk.store.snapshot(store_id, window.from_s, window.to_s)
        buckets = desk.querier.histogram(snapshot, command.query, window, command.interval_seconds or None, index)
    return answers.Histogram(tuple(answers.Part(one.from_s, one.to_s, one.count) for one in buckets))


def list_topics(desk: Desk, caller: Caller, command: say.ListTopics) -> answers.Topics:
    """Topics in order, from ``token`` on; an index is not needed."""
    store_id = _store_id(desk, caller, command)
    first = unquote(command.token).replace("'", "''")
    text = (
        f"* | SELECT DISTINCT __topic__ AS topic WHERE __topic__ >= '{first}' ORDER BY topic LIMIT {command.line + 1}"
    )
    with _named(command.log_store), _query_errors(has_sql=True):
        found = desk.querier.run(desk.store.snapshot(store_id), text, Range(0, 2**32), Page(), Index())
    topics = [row["topic"] for row in found.rows]
    return answers.Topics(tuple(topics[: command.line]), "".join(topics[command.line :]))


def list_shards(desk: Desk, caller: Caller, command: say.ListShards) -> answers.Shards:
    """The logstore's shards in order."""
    store_id = _store_id(desk, caller, command)
    with _named(command.log_store):
        return _shards(desk.store.shards(store_id))


def split_shard(desk: Desk, caller: Caller, command: say.SplitShard) -> answers.Shards:
    """Two or more shards take over the keys of one, which becomes read only. Answers it and them."""
    store_id = _store_id(desk, caller, command)
    with _named(command.log_store):
        return _shards(desk.store.split(store_id, command.shard, command.key, command.shard_count))


def merge_shards(desk: Desk, caller: Caller, command: say.MergeShards) -> answers.Shards:
    """One shard takes over the keys of the named one and its right neighbour, which become read only."""
    store_id = _store_id(desk, caller, command)
    with _named(command.log_store):
        return _shards(desk.store.merge(store_id, command.shard))


def _shards(found: list[Shard]) -> answers.Shards:
    return answers.Shards(
        tuple(answers.Shard(one.id, one.status, one.begin_key, one.end_key, one.create_time) for one in found)
    )


def get_cursor(desk: Desk, caller: Caller, command: say.GetCursor) -> answers.CursorAt:
    """The cursor of the begin, of the end, or of the first group that arrived at a time or later."""
    store_id = _store_id(desk, caller, command)
    with _named(command.log_store):
        if command.from_ == "begin":
            cursor = desk.store.cursor_begin(store_id, command.shard)
        elif command.from_ == "end":
            cursor = desk.store.cursor_end(store_id, command.shard)
        else:
            cursor = desk.store.cursor_at(store_id, command.shard, int(command.from_))
    return answers.CursorAt(cursor)


def get_cursor_time(desk: Desk, caller: Caller, command: say.GetCursorTime) -> answers.CursorTime:
    """When the group at the cursor arrived; now at the end of the shard."""
    store_id = _store_id(desk, caller, command)
    with _named(command.log_store):
        return answers.CursorTime(desk.store.cursor_time(store_id, command.shard, command.cursor))


def pull_logs(desk: Desk, caller: Caller, command: say.PullLogs) -> answers.Pulled:
    """Groups from the cursor on. The next cursor never passes ``end_cursor``: clients read until the two are equal."""
    if command.query.strip():
        raise failures.refuse(failures.PARAMETER_INVALID, "Parameter query is not supported: there is no SPL here.")
    store_id = _store_id(desk, caller, command)
    with _named(command.log_store):
        pulled = desk.store.pull(store_id, command.shard, command.cursor, command.count, command.end_cursor)
        end = desk.store.cursor_end(store_id, command.shard)
    groups = [log_rows.group_of(table) for table in pulled.groups]
    return answers.Pulled(groups, pulled.next_cursor, pulled.next_cursor >= end)


def _found(desk: Desk, caller: Caller, command: say.GetLogs) -> dict[str, Any]:
    window = _window(command)
    has_sql = search.split(command.query)[1] is not None
    if has_sql and command.offset:
        raise failures.refuse(
            failures.PARAMETER_INVALID,
            "ErrorType:OLSQueryParseError.ErrorMessage:offset is not available for pagination in sql query,"
            " please use limit x,y syntax for pagination.",
        )
    if not has_sql and command.line > say.LINE_MAX:
        raise failures.refuse(failures.INVALID_LINE)
    store_id, index = _searchable(desk, caller, command)
    page = Page() if has_sql else Page(command.line, command.offset, command.reverse)
    with _named(command.log_store), _query_errors(has_sql):
        from_s = window.from_s - desk.querier.lookback_seconds(command.query)
        snapshot = desk.store.snapshot(store_id, from_s, window.to_s)
        found = desk.querier.run(snapshot, command.query, window, page, index)
    covered = _coverage(desk, command, window)
    return {
        "rows": found.rows,
        "has_sql": found.has_sql,
        "where": found.where,
        "sql": found.agg,
        "keys": found.keys,
        "column_types": found.column_types,
        "terms": [{"key": term.key, "term": term.term} for term in found.terms],
        "processed_rows": found.processed_rows,
        "elapsed_ms": found.elapsed_ms,
        "coverage": covered and covered.document(found.reads),
    }


def _coverage(desk: Desk, command: say.GetLogs, window: Range) -> Coverage | None:
    """What the answer stands for, where flow logs deliver to the logstore."""
    with desk.catalog.reading() as connection:
        wanted = coverage.asked(connection, command.project, command.log_store)
    if wanted is None:
        return None
    return desk.coverages.of(wanted, window, (desk.store, desk.querier), desk.now())


def _window(command: say.GetLogs | say.GetHistograms) -> Range:
    if command.from_ >= command.to:
        raise failures.refuse(failures.INVALID_TIME_RANGE)
    return Range(command.from_, command.to, command.topic)


def _searchable(desk: Desk, caller: Caller, command: say.GetLogs | say.GetHistograms) -> tuple[int, Index]:
    with desk.catalog.reading() as connection:
        row = projects.own_log_store(connection, caller, command.project, command.log_store)
        index = projects.index_of(connection, row.id)
    return present(desk, row.id, row.shard_count), index


def _store_id(desk: Desk, caller: Caller, command: _InLogStore) -> int:
    with desk.catalog.reading() as connection:
        row = projects.own_log_store(connection, caller, command.project, command.log_store)
    return present(desk, row.id, row.shard_count)


def present(desk: Desk, store_id: int, shard_count: int) -> int:
    """The same id. A logstore that another server of the catalog made begins here, empty, with its first use."""
    if desk.catalog.is_shared:
        desk.store.create(store_id, shard_count)
    return store_id


def _check_rows(tables: list[pa.Table], now: float) -> None:
    """All rows of a PutLogs are taken or none is."""
    if sum(table.num_rows for table in tables) > say.ROWS_MAX:
        raise log_rows.too_large()
    for table in tables:
        if not table.num_rows:
            continue
        times = pc.min_max(table["__time__"])
        if times["min"].as_py() < now - AGE_SECONDS_MAX or times["max"].as_py() > now + AHEAD_SECONDS_MAX:
            raise failures.refuse(failures.INVALID_TIMESTAMP, why="a row is older than 168 h or over 15 min ahead")


@contextmanager
def _named(log_store: str) -> Iterator[None]:
    """The store's own words become the log service's. A logstore that was deleted meanwhile does not exist."""
    try:
        yield
    except StoreUnknown as error:
        raise failures.refuse(failures.LOG_STORE_NOT_EXIST, log_store) from error
    except ShardUnknown as error:
        raise failures.refuse(failures.SHARD_NOT_EXIST, error.args[0]) from error
    except (ShardReadOnly, ShardsFixed) as error:
        raise failures.refuse(failures.PARAMETER_INVALID, error) from error
    except CursorError as error:
        raise failures.refuse(failures.INVALID_CURSOR, error) from error


@contextmanager
def _query_errors(has_sql: bool) -> Iterator[None]:
    """A bad search is InvalidQueryString, bad SQL ParameterInvalid (source: GetLogs page), both with the place."""
    try:
        yield
    except QueryError as error:
        where = f"ErrorPosition,line:{error.line},column:{error.column}.ErrorMessage:{error.message}"
        if has_sql:
            raise failures.refuse(failures.PARAMETER_INVALID, f"ErrorType:OLSQueryParseError.{where}") from error
        raise failures.refuse(failures.INVALID_QUERY_STRING, where) from error
    except (QueryTimeout, QueryTooLarge) as error:
        # Not a 5xx: the same query would end the same way, and clients repeat a 5xx.
        raise failures.refuse(failures.PARAMETER_INVALID, f"ErrorType:{type(error).__name__}.{error}") from error


HANDLERS: dict[type, Callable[[Desk, Caller, Any], object]] = {
    **projects.HANDLERS,
    **consumers.HANDLERS,
    Writing: put_logs,
    say.GetLogs: get_logs,
    say.GetLogsV2: get_logs_v2,
    say.GetHistograms: get_histograms,
    say.ListTopics: list_topics,
    say.ListShards: list_shards,
    say.SplitShard: split_shard,
    say.MergeShards: merge_shards,
    say.GetCursor: get_cursor,
    say.GetCursorTime: get_cursor_time,
    say.PullLogs: pull_logs,
}
"""Command -> what answers it, for the whole log service."""
