"""Traffic analyzers: make them, stop and start them, remove them.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal`` and an unchanged catalog. Rules:
an analyzer's records lie in a logstore of its own, in a project named after it, made and removed with it; only an
active analyzer takes records, which the agents learn with their next targets; an analyzer that a flow log names stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from weir.contract import nis as say
from weir.contract.sls_commands import CreateLogStore, CreateProject
from weir.contract.terms import Done
from weir.control import projects
from weir.control.access import Caller
from weir.control.desk import Desk, iso_time
from weir.control.identifiers import draw
from weir.control.listing import AnyRow, Owner, count, equal, find, page_of
from weir.control.schema import flow_logs, logstores, traffic_analyzers
from weir.control.world import changing
from weir.model.failures import (
    DEPENDENCY_VIOLATION_FLOW_LOG,
    INVALID_TRAFFIC_ANALYZER_ID_NOT_FOUND,
    QUOTA_EXCEEDED_TRAFFIC_ANALYZER,
    Refusal,
)

ANALYZER_QUOTA = 10
"""Analyzers of an account in one region; above it CreateTrafficAnalyzer answers QuotaExceeded.TrafficAnalyzer."""


def create_traffic_analyzer(
    desk: Desk, caller: Caller, command: say.CreateTrafficAnalyzer
) -> say.TrafficAnalyzerCreated:
    """An active analyzer with an empty logstore."""
    now = int(desk.now())
    analyzer_id = draw("nta")
    project = CreateProject(project=analyzer_id, description=f"Records of traffic analyzer {analyzer_id}")
    log_store = CreateLogStore(
        project=analyzer_id,
        log_store=say.ANALYZER_LOG_STORE,
        ttl_days=command.storage_days,
        shard_count=projects.SHARD_COUNT,
    )
    with desk.catalog.writing() as connection:
        here = equal(
            {
                traffic_analyzers.c.account_id: caller.account_id,
                traffic_analyzers.c.region_id: command.region_id,
            }
        )
        if count(connection, traffic_analyzers, *here) >= ANALYZER_QUOTA:
            raise Refusal(QUOTA_EXCEEDED_TRAFFIC_ANALYZER)
        projects.add_project(connection, project, caller.account_id, command.region_id, now)
        store_id = projects.add_log_store(connection, log_store, now)
        projects.ensure_flow_index(connection, (analyzer_id, say.ANALYZER_LOG_STORE), now)
        connection.execute(
            insert(traffic_analyzers).values(
                traffic_analyzer_id=analyzer_id,
                account_id=caller.account_id,
                region_id=command.region_id,
                traffic_analyzer_name=command.traffic_analyzer_name or "",
                description=command.description or "",
                aggregation_interval=command.aggregation_interval,
                tuple_dimension=command.tuple_dimension.value,
                status=say.AnalyzerStatus.ACTIVE.value,
                created=now,
            )
        )
    desk.store.create(store_id, projects.SHARD_COUNT)
    return say.TrafficAnalyzerCreated(traffic_analyzer_id=analyzer_id)


def describe_traffic_analyzers(
    desk: Desk, caller: Caller, command: say.DescribeTrafficAnalyzers
) -> say.TrafficAnalyzerPage:
    """One page of the account's analyzers in the region."""
    columns = traffic_analyzers.c
    matching = equal(
        {
            columns.account_id: caller.account_id,
            columns.region_id: command.region_id,
            columns.traffic_analyzer_id: command.traffic_analyzer_id,
            columns.traffic_analyzer_name: command.traffic_analyzer_name,
            columns.status: command.status,
        }
    )
    with desk.catalog.reading() as connection:
        total, rows = page_of(connection, traffic_analyzers, matching, command)
        return say.TrafficAnalyzerPage(
            page_number=command.page_number,
            page_size=command.page_size,
            total_count=total,
            traffic_analyzers=_shown(connection, rows),
        )


def active_traffic_analyzer(desk: Desk, caller: Caller, command: say.ActiveTrafficAnalyzer) -> Done:
    """Its flow logs deliver to it from the agents' next targets on."""
    return _set_status(desk, caller, command, say.AnalyzerStatus.ACTIVE)


def deactive_traffic_analyzer(desk: Desk, caller: Caller, command: say.DeactiveTrafficAnalyzer) -> Done:
    """Its flow logs stop delivering to it with the agents' next targets; what is on its way still arrives."""
    return _set_status(desk, caller, command, say.AnalyzerStatus.INACTIVE)


def delete_traffic_analyzer(desk: Desk, caller: Caller, command: say.DeleteTrafficAnalyzer) -> Done:
    """Removes the analyzer, its project and its records."""
    with changing(desk) as (connection, _):
        row = own_analyzer(connection, caller, command.traffic_analyzer_id, command.region_id)
        if count(connection, flow_logs, flow_logs.c.traffic_analyzer_id == row.traffic_analyzer_id):
            raise Refusal(DEPENDENCY_VIOLATION_FLOW_LOG)
        dropped = projects.remove_project(connection, row.traffic_analyzer_id)
        this = traffic_analyzers.c.traffic_analyzer_id == row.traffic_analyzer_id
        connection.execute(delete(traffic_analyzers).where(this))
    for store_id in dropped:
        desk.store.drop(store_id)
    return Done()


def own_analyzer(connection: Connection, owner: Owner, analyzer_id: str, region_id: str) -> AnyRow:
    """The analyzer's row. Raises InvalidTrafficAnalyzerId.NotFound."""
    row = find(connection, traffic_analyzers, owner, analyzer_id, region_id)
    if row is None:
        raise Refusal(INVALID_TRAFFIC_ANALYZER_ID_NOT_FOUND, traffic_analyzer_id=analyzer_id)
    return row


def _set_status(
    desk: Desk,
    caller: Caller,
    command: say.ActiveTrafficAnalyzer | say.DeactiveTrafficAnalyzer,
    status: say.AnalyzerStatus,
) -> Done:
    with desk.catalog.writing() as connection:
        row = own_analyzer(connection, caller, command.traffic_analyzer_id, command.region_id)
        this = traffic_analyzers.c.traffic_analyzer_id == row.traffic_analyzer_id
        connection.execute(update(traffic_analyzers).where(this).values(status=status.value))
    return Done()


def _shown(connection: Connection, rows: Sequence[AnyRow]) -> tuple[say.TrafficAnalyzer, ...]:
    ids = [row.traffic_analyzer_id for row in rows]
    sources: dict[str, list[str]] = defaultdict(list)
    delivering = select(flow_logs.c.traffic_analyzer_id, flow_logs.c.flow_log_id)
    of_rows = delivering.where(flow_logs.c.traffic_analyzer_id.in_(ids)).order_by(flow_logs.c.flow_log_id)
    for source in connection.execute(of_rows):
        sources[source.traffic_analyzer_id].append(source.flow_log_id)
    stores = select(logstores.c.project, logstores.c.ttl_days).where(
        logstores.c.project.in_(ids), logstores.c.name == say.ANALYZER_LOG_STORE
    )
    ttl_days = {store.project: store.ttl_days for store in connection.execute(stores)}
    return tuple(
        say.TrafficAnalyzer(
            traffic_analyzer_id=row.traffic_analyzer_id,
            traffic_analyzer_name=row.traffic_analyzer_name,
            description=row.description,
            region_id=row.region_id,
            status=row.status,
            aggregation_interval=row.aggregation_interval,
            tuple_dimension=row.tuple_dimension,
            storage_days=ttl_days[row.traffic_analyzer_id],
            project_name=row.traffic_analyzer_id,
            log_store_name=say.ANALYZER_LOG_STORE,
            creation_time=iso_time(row.created),
            flow_log_ids=tuple(sources[row.traffic_analyzer_id]),
        )
        for row in rows
    )
