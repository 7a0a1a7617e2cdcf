"""Flow logs: create them and move them through their lifecycle.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal`` and an unchanged catalog. Rules:
every call is one writing transaction that first settles what the agents have finished, then checks, then writes the
flow log together with its lifecycle step; the step comes from ``model.resources.TRANSITIONS`` and nowhere else.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, exists, insert, select, update

from weir.contract.terms import Done
from weir.contract.vpc_flow_log_life import (
    ActiveFlowLog,
    DeactiveFlowLog,
    DeleteFlowLog,
    GetFlowLogServiceStatus,
    ModifyFlowLogAttribute,
    OpenFlowLogService,
    ServiceOpened,
    ServiceStatus,
    Succeeded,
)
from weir.contract.vpc_flow_logs import CreateFlowLog, FlowLogCreated, IpVersion, TrafficPath, extended_fields
from weir.contract.weir_world import ServiceType, SetFlowLogServiceType
from weir.control.access import Caller
from weir.control.accounts import FINANCIAL_LOCKED
from weir.control.creation import check, check_analyzer_interval, check_ip_version
from weir.control.desk import Desk, account_of
from weir.control.facts import analyzer_of, found_for, resource_of
from weir.control.identifiers import draw
from weir.control.listing import AnyRow, find
from weir.control.prepared import Prepared
from weir.control.projects import ensure_flow_index
from weir.control.ram_roles import has_service_role
from weir.control.schema import accounts, flow_log_paths, flow_logs, service_status
from weir.control.tagging import FLOW_LOG, write_tags
from weir.control.world import changing
from weir.model.failures import (
    INCORRECT_BUSINESS_STATUS_FLOW_LOG,
    INVALID_INSTANCE_ID,
    INVALID_STATUS,
    OPERATION_FAILED_EXCEED_PURCHASE_LIMIT,
    OPERATION_UNSUPPORTED_ACTION,
    OPT_IN_REQUIRED_FLOW_LOG,
    UNAUTHORIZED,
    UNSUPPORTED_FEATURE_USER_DEFINED_TRAFFIC_PATH_IPV6,
    Refusal,
)
from weir.model.resources import TRANSITIONS, Event, FlowLogStatus, ResourceType

OPENED = select(service_status.c.opened).where(service_status.c.account_id == bindparam("account_id"))
IS_OPENED = exists().where(service_status.c.account_id == accounts.c.account_id).label("is_opened")
ADMITTED = Prepared(
    select(accounts.c.business_status, IS_OPENED).where(accounts.c.account_id == bindparam("account_id"))
)
INSERT = Prepared(insert(flow_logs), [column.name for column in flow_logs.c if column is not flow_logs.c.service_type])
INSERT_PATHS = Prepared(insert(flow_log_paths))


def open_flow_log_service(desk: Desk, caller: Caller, command: OpenFlowLogService) -> ServiceOpened:
    """Opens the service for the account; a second time it refuses as the real one does."""
    with desk.catalog.writing() as connection:
        if _is_opened(connection, caller.account_id):
            raise Refusal(OPERATION_FAILED_EXCEED_PURCHASE_LIMIT)
        connection.execute(insert(service_status).values(account_id=caller.account_id, opened=int(desk.now())))
    return ServiceOpened()


def get_flow_log_service_status(desk: Desk, caller: Caller, command: GetFlowLogServiceStatus) -> ServiceStatus:
    """Whether the account has opened the service."""
    with desk.catalog.reading() as connection:
        return ServiceStatus(enabled=_is_opened(connection, caller.account_id))


def admit_creation(desk: Desk, caller: Caller) -> None:
    """The checks of CreateFlowLog that come before its parameters are looked at."""
    with desk.catalog.reading() as connection:
        if caller.is_ram and not has_service_role(connection, caller.account_id):
            raise Refusal(UNAUTHORIZED)
        account = ADMITTED.first(connection, {"account_id": caller.account_id})
        if not account.is_opened:
            raise Refusal(OPT_IN_REQUIRED_FLOW_LOG)
        _check_business_status(account.business_status)


def admit_change(desk: Desk, caller: Caller) -> None:
    """The check of every other call that changes a flow log, before its parameters are looked at."""
    with desk.catalog.reading() as connection:
        _check_business_status(account_of(connection, caller).business_status)


def create_flow_log(desk: Desk, caller: Caller, command: CreateFlowLog) -> FlowLogCreated:
    """Writes the flow log as ``Activating``; it is ``Active`` at once where no live agent hosts an ENI of its scope."""
    with changing(desk) as (connection, now):
        found = found_for(connection, caller, command)
        check(command, found.facts)
        flow_log_id = draw("fl")
        group = command.resource_group_id or found.default_group
        INSERT.write(
            connection,
            [
                {
                    "flow_log_id": flow_log_id,
                    "account_id": caller.account_id,
                    "region_id": command.region_id,
                    "flow_log_name": command.flow_log_name or "",
                    "description": command.description or "",
                    "resource_type": command.resource_type.value,
                    "resource_id": command.resource_id,
                    "traffic_type": command.traffic_type.value,
                    "project_name": command.project_name or "",
                    "log_store_name": command.log_store_name or "",
                    "traffic_analyzer_id": command.traffic_analyzer_id or "",
                    "aggregation_interval": command.aggregation_interval,
                    "ip_version": command.ip_version.value,
                    "log_format": command.log_format or "",
                    "resource_group_id": group,
                    "status": FlowLogStatus.ACTIVATING.value,
                    "since": now,
                    "created": now,
                }
            ],
        )
        INSERT_PATHS.write(
            connection,
            [
                {"flow_log_id": flow_log_id, "resource_id": command.resource_id, "path": path.value, "position": place}
                for place, path in enumerate(command.traffic_path)
            ],
        )
        write_tags(connection, FLOW_LOG, flow_log_id, command.tag)
        extended = extended_fields(command.log_format or "")
        if extended or not found.has_index:
            ensure_flow_index(connection, (command.project_name or "", command.log_store_name or ""), now, extended)
    return FlowLogCreated(flow_log_id=flow_log_id, resource_group_id=group)


def modify_flow_log_attribute(desk: Desk, caller: Caller, command: ModifyFlowLogAttribute) -> Succeeded:
    """Changes what is given; an active flow log is ``Modifying`` until its agents have followed."""
    with changing(desk) as (connection, now):
        row = _find_own(connection, caller, command.region_id, command.flow_log_id)
        step = _step(row, Event.MODIFY)
        if command.ip_version is not None:
            _check_modified_ip_version(connection, row, command.ip_version)
        if command.aggregation_interval is not None:
            analyzer = analyzer_of(connection, row, row.region_id, row.traffic_analyzer_id)
            if analyzer is not None:
                check_analyzer_interval(command.aggregation_interval, analyzer.aggregation_interval)
        given = {
            "flow_log_name": command.flow_log_name,
            "description": command.description,
            "aggregation_interval": command.aggregation_interval,
            "ip_version": command.ip_version,
            "log_format": command.log_format,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        _write(connection, row, status=step.value, **changes)
        if extended := extended_fields(command.log_format or ""):
            ensure_flow_index(connection, (row.project_name, row.log_store_name), now, extended)
    return Succeeded()


def active_flow_log(desk: Desk, caller: Caller, command: ActiveFlowLog) -> Succeeded:
    """Starts a stopped flow log; its capture counts from now."""
    with changing(desk) as (connection, now):
        row = _find_own(connection, caller, command.region_id, command.flow_log_id)
        _write(connection, row, status=_step(row, Event.ACTIVATE).value, since=now)
    return Succeeded()


def deactive_flow_log(desk: Desk, caller: Caller, command: DeactiveFlowLog) -> Succeeded:
    """Stops a flow log."""
    with changing(desk) as (connection, _):
        row = _find_own(connection, caller, command.region_id, command.flow_log_id)
        _write(connection, row, status=_step(row, Event.DEACTIVATE).value)
    return Succeeded()


def delete_flow_log(desk: Desk, caller: Caller, command: DeleteFlowLog) -> Succeeded:
    """Removes a flow log once its agents have let go; what it stored stays."""
    with changing(desk) as (connection, _):
        row = _find_own(connection, caller, command.region_id, command.flow_log_id)
        _write(connection, row, status=_step(row, Event.DELETE).value)
    return Succeeded()


def set_flow_log_service_type(desk: Desk, caller: Caller, command: SetFlowLogServiceType) -> Done:
    """Hands a flow log to the log service, or takes it back."""
    with changing(desk) as (connection, _):
        row = _find(connection, caller, command.region_id, command.flow_log_id)
        _write(connection, row, service_type="" if command.service_type is ServiceType.USER else ServiceType.SLS.value)
    return Done()


def _find(connection: Connection, caller: Caller, region_id: str, flow_log_id: str) -> AnyRow:
    row = find(connection, flow_logs, caller, flow_log_id, region_id)
    if row is None:
        raise Refusal(INVALID_INSTANCE_ID, "Instance does not exist.")
    return row


def _find_own(connection: Connection, caller: Caller, region_id: str, flow_log_id: str) -> AnyRow:
    """The flow log, if product Vpc may change it."""
    row = _find(connection, caller, region_id, flow_log_id)
    if row.service_type:
        raise Refusal(OPERATION_UNSUPPORTED_ACTION, service_type=row.service_type)
    return row


def _step(row: AnyRow, event: Event) -> FlowLogStatus:
    step = TRANSITIONS.get((FlowLogStatus(row.status), event))
    if step is None:
        raise Refusal(INVALID_STATUS, status=row.status)
    return step


def _write(connection: Connection, row: AnyRow, **values: object) -> None:
    this = flow_logs.c.flow_log_id == row.flow_log_id
    connection.execute(update(flow_logs).where(this).values(**values))


def _is_opened(connection: Connection, account_id: str) -> bool:
    return connection.execute(OPENED, {"account_id": account_id}).first() is not None


def _check_business_status(business_status: str) -> None:
    if business_status == FINANCIAL_LOCKED:
        raise Refusal(INCORRECT_BUSINESS_STATUS_FLOW_LOG)


def _check_modified_ip_version(connection: Connection, row: AnyRow, ip_version: IpVersion) -> None:
    if ip_version is IpVersion.DUAL_STACK:
        mine = flow_log_paths.c.flow_log_id == row.flow_log_id
        if set(connection.scalars(select(flow_log_paths.c.path).where(mine))) != {TrafficPath.ALL.value}:
            raise Refusal(UNSUPPORTED_FEATURE_USER_DEFINED_TRAFFIC_PATH_IPV6)
    kind = ResourceType(row.resource_type)
    resource = resource_of(connection, row, row.region_id, kind, row.resource_id)
    check_ip_version(ip_version, kind, resource is not None and resource.has_ipv6_block)
