"""DescribeFlowLogs: filters, paging, and what an answer adds to the row.

What enters: a caller and the parsed command. What leaves: one page, oldest first. Rules: every filter matches exactly
and all must match; the states shown, and whether delivery works, follow from the agents' reports up to now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, or_, select

from weir.contract.nis import ANALYZER_LOG_STORE
from weir.contract.vpc_flow_logs import DescribeFlowLogs, FlowLog, FlowLogPage
from weir.control import tagging
from weir.control.access import Caller
from weir.control.delivery_status import Target, delivery_troubles
from weir.control.desk import Desk, account_of, iso_time
from weir.control.listing import AnyRow, page_where
from weir.control.prepared import PreparedFor
from weir.control.schema import enis, flow_log_paths, flow_logs, vswitches
from weir.control.tagging import has_tags, read_tags
from weir.control.world import changing, is_due

PATHS = PreparedFor(
    lambda ids: select(flow_log_paths).where(flow_log_paths.c.flow_log_id.in_(ids)).order_by(flow_log_paths.c.position)
)


def describe_flow_logs(desk: Desk, caller: Caller, command: DescribeFlowLogs) -> FlowLogPage:
    """One page of the account's flow logs in the region."""
    with desk.catalog.reading() as connection:
        if not is_due(connection, desk.now(), desk.started):
            return _page(connection, desk, caller, command)
    with changing(desk) as (connection, _):
        return _page(connection, desk, caller, command)


def _page(connection: Connection, desk: Desk, caller: Caller, command: DescribeFlowLogs) -> FlowLogPage:
    total, rows = page_where(connection, flow_logs, _given(caller, command), _further(command), command)
    targets = {target for row in rows for target in _targets(row)}
    troubles = delivery_troubles(connection, targets, desk.now(), desk.started)
    return FlowLogPage(
        page_number=command.page_number,
        page_size=command.page_size,
        total_count=total,
        flow_logs=_shown(connection, rows, account_of(connection, caller).business_status, troubles),
    )


def _given(caller: Caller, command: DescribeFlowLogs) -> dict[str, object]:
    """The filters on columns of the flow log itself."""
    return {
        "account_id": caller.account_id,
        "region_id": command.region_id,
        "flow_log_id": command.flow_log_id,
        "flow_log_name": command.flow_log_name,
        "description": command.description,
        "resource_type": command.resource_type,
        "resource_id": command.resource_id,
        "traffic_type": command.traffic_type,
        "project_name": command.project_name,
        "log_store_name": command.log_store_name,
        "status": command.status,
        "resource_group_id": command.resource_group_id,
    }


def _further(command: DescribeFlowLogs) -> list[ColumnElement[bool]]:
    """The filters that look elsewhere."""
    matching = has_tags(flow_logs.c.flow_log_id, tagging.FLOW_LOG, command.tags)
    if command.vpc_id is not None:
        in_vpc = (
            select(vswitches.c.v_switch_id)
            .where(vswitches.c.vpc_id == command.vpc_id)
            .union_all(select(enis.c.network_interface_id).where(enis.c.vpc_id == command.vpc_id))
        )
        matching.append(or_(flow_logs.c.resource_id == command.vpc_id, flow_logs.c.resource_id.in_(in_vpc)))
    return matching


def _shown(
    connection: Connection, rows: Sequence[AnyRow], business_status: str, troubles: Mapping[Target, str]
) -> tuple[FlowLog, ...]:
    ids = [row.flow_log_id for row in rows]
    paths: dict[str, list[str]] = defaultdict(list)
    for path in PATHS.all(connection, ids):
        paths[path.flow_log_id].append(path.path)
    tagged = read_tags(connection, tagging.FLOW_LOG, ids)
    return tuple(
        FlowLog(
            flow_log_id=row.flow_log_id,
            flow_log_name=row.flow_log_name,
            description=row.description,
            creation_time=iso_time(row.created),
            region_id=row.region_id,
            resource_type=row.resource_type,
            resource_id=row.resource_id,
            traffic_type=row.traffic_type,
            project_name=row.project_name,
            log_store_name=row.log_store_name,
            traffic_analyzer_id=row.traffic_analyzer_id or None,
            status=row.status,
            business_status=business_status,
            aggregation_interval=row.aggregation_interval,
            traffic_path=tuple(paths[row.flow_log_id]),
            ip_version=row.ip_version,
            resource_group_id=row.resource_group_id,
            service_type=row.service_type,
            flow_log_deliver_status="FAILED" if trouble else "SUCCESS",
            flow_log_deliver_error_message=trouble,
            log_format=row.log_format or None,
            tags=tagged[row.flow_log_id],
        )
        for row in rows
        for trouble in [next((troubles[target] for target in _targets(row) if target in troubles), "")]
    )


def _targets(row: AnyRow) -> tuple[Target, Target]:
    """Its logstore and its traffic analyzer's; what it does not have is not complete."""
    return (row.project_name, row.log_store_name), (row.traffic_analyzer_id, ANALYZER_LOG_STORE)
