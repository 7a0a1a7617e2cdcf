"""Analysing the traffic in an analyzer's logstore: rankings and metrics.

What enters: a caller and a parsed command. What leaves: the answer, worked out by the query language over the stored
records. Rules: sums are exact integers; a time range is widened to whole steps of the storage; what is equal in the
measure is ordered by its keys, so the same records give the same ranking; a finished ranking lies in the catalog, so
every server can show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from weir.contract import nis as say
from weir.contract.nis_shapes import KEYS, PROTOCOLS, Dimension, Filter, Key
from weir.contract.nis_traffic import POINTS_MAX, Direction, Metric, ScanBy, Sort
from weir.control import traffic_query
from weir.control.access import Caller
from weir.control.analyzers import own_analyzer
from weir.control.desk import Desk
from weir.control.identifiers import draw
from weir.control.listing import AnyRow
from weir.control.logs import present
from weir.control.schema import logstores, traffic_rankings
from weir.control.traffic_query import Selection
from weir.logstore.engine import QueryTimeout, QueryTooLarge
from weir.logstore.troubles import StoreUnknown
from weir.model.failures import (
    ILLEGAL_PARAM_STORAGE_INTERVAL,
    ILLEGAL_PARAM_TUPLE_DIMENSION,
    INVALID_NIS_TRAFFIC_RANKING_ID_NOT_FOUND,
    INVALID_TRAFFIC_ANALYZER_ID_NOT_FOUND,
    OPERATION_FAILED_ANALYSIS_LIMIT,
    PARAMETER_INVALID,
    Refusal,
)
from weir.query.answer import Page, Range
from weir.query.index import Index

RANKINGS_MAX = 100
"""Finished rankings kept for an account; one more drops the oldest."""
RANKING_SECONDS = 86_400
"""How long a finished ranking is kept."""
HOUR_MS = 3_600_000
INDEX = Index.for_flow_logs()
"""Not the logstore's own index: its owner may change that."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What may be asked of one analyzer: its logstore, the view and the storage's step in seconds."""

    store_id: int
    dimension: Dimension
    storage_seconds: int


def start_nis_traffic_ranking(
    desk: Desk, caller: Caller, command: say.StartNisTrafficRanking
) -> say.TrafficRankingStarted:
    """Works the ranking out and keeps it."""
    analysis = _analysis(desk, caller, command)
    group_by = command.group_by or traffic_query.TUPLES[analysis.dimension]
    _check_keys(analysis.dimension, group_by, command.filters)
    selection = Selection(command.direction, command.traffic_scenario, command.filters)
    window = whole_steps(command.begin_time, command.end_time, analysis.storage_seconds)
    ascending = command.sort is Sort.ASCENDING
    ranking = traffic_query.ranking(selection, group_by, command.order_by, ascending=ascending, at_most=command.top_n)
    total_bytes = int(_rows(desk, analysis, window, traffic_query.total(selection))[0]["Bytes"])
    entries = [asdict(_entry(row, command, total_bytes)) for row in _rows(desk, analysis, window, ranking)]
    ranking_id = draw("task")
    now = desk.now()
    with desk.catalog.writing() as connection:
        _make_room(connection, caller, now)
        connection.execute(
            insert(traffic_rankings).values(
                nis_traffic_ranking_id=ranking_id, account_id=caller.account_id, entries=entries, created=now
            )
        )
    return say.TrafficRankingStarted(nis_traffic_ranking_id=ranking_id)


def describe_nis_traffic_ranking(
    desk: Desk, caller: Caller, command: say.DescribeNisTrafficRanking
) -> say.FlowRankingPage:
    """One page of a kept ranking. Raises InvalidNisTrafficRankingId.NotFound."""
    columns = traffic_rankings.c
    with desk.catalog.reading() as connection:
        entries = connection.scalar(
            select(columns.entries).where(
                columns.nis_traffic_ranking_id == command.nis_traffic_ranking_id,
                columns.account_id == caller.account_id,
                columns.created > desk.now() - RANKING_SECONDS,
            )
        )
    if entries is None:
        raise Refusal(INVALID_NIS_TRAFFIC_RANKING_ID_NOT_FOUND)
    begin, end = _page(command.next_token, command.max_results)
    return say.FlowRankingPage(
        nis_traffic_ranking_id=command.nis_traffic_ranking_id,
        max_results=command.max_results,
        next_token=str(end) if end < len(entries) else "",
        total_count=len(entries),
        flow_ranking_list=tuple(say.FlowRanking(**entry) for entry in entries[begin:end]),
    )


def get_nis_traffic_metrics(desk: Desk, caller: Caller, command: say.GetNisTrafficMetrics) -> say.TrafficMetric:
    """The whole line, every step of it, then the page asked for."""
    analysis = _analysis(desk, caller, command)
    _check_keys(analysis.dimension, (), command.filters)
    begin_ms, end_ms = times_of(command, desk.now())
    step_s = max((command.step_minutes or 1) * 60, analysis.storage_seconds)
    if end_ms - begin_ms > POINTS_MAX * step_s * 1000:
        raise Refusal(PARAMETER_INVALID, why=f"more than {POINTS_MAX} points")
    from_s = whole_steps(begin_ms, end_ms, analysis.storage_seconds).from_s
    starts = range(from_s, -(-end_ms // 1000), step_s)
    window = Range(from_s, starts[-1] + step_s)
    selection = Selection(command.direction, command.traffic_scenario, command.filters)
    rows = _rows(desk, analysis, window, traffic_query.steps(selection, from_s, step_s, len(starts)))
    column, factor, unit = MEASURES[command.metric_name]
    sums = {int(row["Step"]): int(row[column]) for row in rows}
    points = [say.MetricPoint(time_stamp=at * 1000, value=sums.get(at, 0) * factor / step_s) for at in starts]
    if command.scan_by is ScanBy.DESCENDING:
        points.reverse()
    begin, end = _page(command.next_token, command.max_results)
    return say.TrafficMetric(
        unit=unit,
        max_results=command.max_results,
        next_token=str(end) if end < len(points) else "",
        total_count=len(points),
        metric_statics=tuple(points[begin:end]),
    )


MEASURES: Mapping[Metric, tuple[str, int, str]] = {
    Metric.BPS: ("Bytes", 8, "Bits/Second"),
    Metric.PPS: ("Packets", 1, "Packets/Second"),
}
"""Metric -> the sum it is made of, its factor, its unit's published name."""


def whole_steps(begin_ms: int, end_ms: int, step_s: int) -> Range:
    """The least range of whole steps that holds [begin, end); steps begin at multiples of their length."""
    return Range(begin_ms // (1000 * step_s) * step_s, -(-end_ms // (1000 * step_s)) * step_s)


def times_of(command: say.GetNisTrafficMetrics, now_s: float) -> tuple[int, int]:
    """The time range in Unix milliseconds: the last hour, or the hour behind or before the one time that is given."""
    begin_ms, end_ms = command.begin_time, command.end_time
    if end_ms is None:
        end_ms = int(now_s * 1000) if begin_ms is None else begin_ms + HOUR_MS
    return (end_ms - HOUR_MS if begin_ms is None else begin_ms), end_ms


def _analysis(desk: Desk, caller: Caller, command: say.StartNisTrafficRanking | say.GetNisTrafficMetrics) -> Analysis:
    with desk.catalog.reading() as connection:
        row = own_analyzer(connection, caller, command.traffic_analyzer_id, command.region_no)
        this = (logstores.c.project == row.traffic_analyzer_id) & (logstores.c.name == say.ANALYZER_LOG_STORE)
        store = connection.execute(select(logstores.c.id, logstores.c.shard_count).where(this)).one()
    store_id = present(desk, store.id, store.shard_count)
    return Analysis(store_id, _dimension(row, command.tuple_dimension), _storage_seconds(row, command.storage_interval))


def _dimension(row: AnyRow, asked: Dimension | None) -> Dimension:
    own = Dimension(row.tuple_dimension)
    views = list(Dimension)
    if asked is not None and views.index(asked) > views.index(own):
        raise Refusal(ILLEGAL_PARAM_TUPLE_DIMENSION, why=f"finer than the analyzer's {own}")
    return asked or own


def _storage_seconds(row: AnyRow, asked: int | None) -> int:
    if asked is not None and asked < row.aggregation_interval:
        raise Refusal(ILLEGAL_PARAM_STORAGE_INTERVAL, why=f"finer than the analyzer's {row.aggregation_interval}")
    minutes: int = asked or row.aggregation_interval
    return minutes * 60


def _check_keys(dimension: Dimension, group_by: tuple[Key, ...], filters: tuple[Filter, ...]) -> None:
    named = (*group_by, *(one.key for one in filters if isinstance(one.key, Key)))
    strange = [key for key in named if key not in KEYS[dimension]]
    if strange:
        raise Refusal(PARAMETER_INVALID, why=f"{dimension} has no {', '.join(strange)}")
    if len(set(group_by)) < len(group_by):
        raise Refusal(PARAMETER_INVALID, why="GroupBy names a key twice")


def _rows(desk: Desk, analysis: Analysis, window: Range, text: str) -> list[dict[str, str]]:
    try:
        snapshot = desk.store.snapshot(analysis.store_id, window.from_s, window.to_s)
        return desk.querier.run(snapshot, text, window, Page(), INDEX).rows
    except StoreUnknown as error:
        # Deleted since we looked.
        raise Refusal(INVALID_TRAFFIC_ANALYZER_ID_NOT_FOUND) from error
    except (QueryTimeout, QueryTooLarge) as error:
        raise Refusal(OPERATION_FAILED_ANALYSIS_LIMIT, trouble=str(error)) from error


def _entry(row: Mapping[str, str], command: say.StartNisTrafficRanking, total_bytes: int) -> say.FlowRanking:
    cloud_ip = row.get(Key.CLOUD_IP)
    own_side = Key.DESTINATION_IP if command.direction is Direction.IN else Key.SOURCE_IP
    addresses: dict[str, Any] = {key: row.get(key) for key in (Key.SOURCE_IP, Key.DESTINATION_IP)}
    if cloud_ip is not None:
        addresses[own_side] = cloud_ip
    protocol = row.get(Key.PROTOCOL)
    bytes_sum = int(row["Bytes"])
    return say.FlowRanking(
        region_id=command.region_no,
        direction=command.direction.value.lower(),
        vpc_id=row.get(Key.VPC_ID),
        v_switch_id=row.get(Key.V_SWITCH_ID),
        network_interface_id=row.get(Key.NETWORK_INTERFACE_ID),
        ecs_id=row.get(Key.ECS_ID),
        cloud_ip=cloud_ip,
        source_ip=addresses[Key.SOURCE_IP],
        destination_ip=addresses[Key.DESTINATION_IP],
        traffic_path=row.get(Key.TRAFFIC_PATH),
        source_port=row.get(Key.SOURCE_PORT),
        destination_port=row.get(Key.DESTINATION_PORT),
        protocol=None if protocol is None else PROTOCOLS.get(int(protocol), protocol),
        bytes=bytes_sum,
        packets=int(row["Packets"]),
        bytes_rate=bytes_sum / total_bytes if total_bytes else 0.0,
    )


def _page(next_token: str, max_results: int) -> tuple[int, int]:
    begin = int(next_token or 0)
    return begin, begin + max_results


def _make_room(connection: Connection, caller: Caller, now: float) -> None:
    """Expired rankings go, whoever's they are, and of the caller's all but the newest."""
    columns = traffic_rankings.c
    connection.execute(delete(traffic_rankings).where(columns.created <= now - RANKING_SECONDS))
    newest_first = (columns.created.desc(), columns.nis_traffic_ranking_id)
    mine = select(columns.nis_traffic_ranking_id).where(columns.account_id == caller.account_id)
    surplus = list(connection.scalars(mine.order_by(*newest_first).offset(RANKINGS_MAX - 1)))
    connection.execute(delete(traffic_rankings).where(columns.nis_traffic_ranking_id.in_(surplus)))
