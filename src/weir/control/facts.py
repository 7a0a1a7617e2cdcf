"""What the catalog says about a flow log to be created, in three statements; a traffic analyzer is one more.

What enters: a connection, a caller and the parsed command. What leaves: ``creation.Facts``, or one resource of them.
Rule: the statements are built once and only bound here, since CreateFlowLog holds the turn to write while they run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import BindParameter, Connection, Select, Table, and_, bindparam, case, exists, func, select

from weir.contract.nis import AnalyzerStatus
from weir.contract.vpc_flow_logs import CreateFlowLog
from weir.control.access import Caller
from weir.control.creation import Analyzer, Facts, Resource
from weir.control.listing import AnyRow, Owner, find
from weir.control.prepared import Prepared
from weir.control.schema import (
    accounts,
    enis,
    flow_log_paths,
    flow_logs,
    indexes,
    logstores,
    projects,
    resource_groups,
    traffic_analyzers,
    vpcs,
    vswitches,
)
from weir.control.sharing import sees_vpc, sees_vswitch
from weir.model.resources import ResourceType

_ACCOUNT: BindParameter[str] = bindparam("account_id")
_REGION: BindParameter[str] = bindparam("region_id")
_LOG_STORE = and_(logstores.c.project == bindparam("project"), logstores.c.name == bindparam("log_store"))
_HERE = and_(flow_logs.c.account_id == _ACCOUNT, flow_logs.c.region_id == _REGION)
_ALL = select(func.count()).select_from(flow_logs).scalar_subquery()
_OWN = select(func.count()).select_from(flow_logs).where(_HERE).scalar_subquery()
_GROUP = and_(
    resource_groups.c.resource_group_id == bindparam("group"), resource_groups.c.account_id == accounts.c.account_id
)
_PROJECT = and_(projects.c.name == bindparam("project"), projects.c.account_id == accounts.c.account_id)

ACCOUNT = Prepared(
    select(
        accounts.c.traffic_paths_allowed,
        accounts.c.flow_log_quota,
        accounts.c.resource_group_id,
        select(projects.c.region_id).where(_PROJECT).scalar_subquery().label("project_region_id"),
        exists().where(_GROUP).label("has_group"),
        exists().where(_LOG_STORE).label("has_log_store"),
        exists().where(_LOG_STORE, indexes.c.logstore_id == logstores.c.id).label("has_index"),
        case((accounts.c.flow_log_quota > _ALL, _ALL), else_=_OWN).label("flow_log_count"),
    ).where(accounts.c.account_id == _ACCOUNT)
)
"""The account with everything that is asked of it, one row. The flow logs of all accounts are counted at once, those of
one account one by one, so the latter are counted only where the quota might be reached: ``flow_log_count`` is at or
above the quota exactly when the account is."""
TAKEN = Prepared(select(flow_log_paths.c.path).where(flow_log_paths.c.resource_id == bindparam("resource_id")))
TABLES: Mapping[ResourceType, Table] = {
    ResourceType.ENI: enis,
    ResourceType.VSWITCH: vswitches,
    ResourceType.VPC: vpcs,
}


def _of_kind(table: Table) -> Select[tuple[object, ...]]:
    (key,) = table.primary_key.columns
    of_vpc = vpcs.alias("of_vpc")
    query = select(table, of_vpc.c.advanced_features.label("vpc_has_advanced_features"))
    query = query.join_from(table, of_vpc, of_vpc.c.vpc_id == table.c.vpc_id)
    return query.where(key == bindparam("resource_id"), table.c.region_id == _REGION)


RESOURCES = {kind: _of_kind(table) for kind, table in TABLES.items()}
OWN = {kind: Prepared(query.where(TABLES[kind].c.account_id == _ACCOUNT)) for kind, query in RESOURCES.items()}


@dataclass(frozen=True, slots=True)
class Found:
    """``default_group``: the account's resource group; ``has_index``: the logstore has an index already."""

    facts: Facts
    default_group: str
    has_index: bool


def found_for(connection: Connection, caller: Caller, command: CreateFlowLog) -> Found:
    """Everything that ``creation.check`` decides on."""
    asked = {
        "account_id": caller.account_id,
        "region_id": command.region_id,
        "project": command.project_name,
        "log_store": command.log_store_name,
        "group": command.resource_group_id,
    }
    account = ACCOUNT.first(connection, asked)
    facts = Facts(
        resource=resource_of(connection, caller, command.region_id, command.resource_type, command.resource_id),
        traffic_paths_allowed=account.traffic_paths_allowed,
        resource_group_exists=command.resource_group_id is None or account.has_group,
        project_region_id=account.project_region_id,
        has_log_store=account.project_region_id is not None and account.has_log_store,
        paths_taken=frozenset(row.path for row in TAKEN.all(connection, {"resource_id": command.resource_id})),
        flow_log_count=account.flow_log_count,
        flow_log_quota=account.flow_log_quota,
        analyzer=analyzer_of(connection, caller, command.region_id, command.traffic_analyzer_id),
    )
    return Found(facts, account.resource_group_id, account.has_index)


def analyzer_of(
    connection: Connection, owner: Owner, region_id: str, traffic_analyzer_id: str | None
) -> Analyzer | None:
    """The owner's traffic analyzer of that id in the region; no id, no analyzer."""
    row = find(connection, traffic_analyzers, owner, traffic_analyzer_id, region_id) if traffic_analyzer_id else None
    return None if row is None else Analyzer(row.status == AnalyzerStatus.ACTIVE, row.aggregation_interval)


def resource_of(
    connection: Connection, owner: Owner, region_id: str, kind: ResourceType, resource_id: str
) -> Resource | None:
    """The VPC, VSwitch or ENI of that id in the region, if it is the owner's or shared with it."""
    asked = {"resource_id": resource_id, "region_id": region_id, "account_id": owner.account_id}
    row = OWN[kind].first(connection, asked) or _shared(connection, owner, kind, asked)
    if row is None:
        return None
    is_eni = kind is ResourceType.ENI
    return Resource(
        status=row.status,
        eni_type=row.type if is_eni else "",
        instance_type=row.instance_type if is_eni else "",
        has_ipv6_block=not is_eni and bool(row.ipv6_cidr_block),
        is_shared=row.account_id != owner.account_id,
        vpc_has_advanced_features=row.vpc_has_advanced_features,
    )


def _shared(connection: Connection, owner: Owner, kind: ResourceType, asked: Mapping[str, str]) -> AnyRow | None:
    """The VSwitch or VPC of another account that this one sees."""
    if kind is ResourceType.ENI:
        return None
    seen = sees_vswitch(owner) if kind is ResourceType.VSWITCH else sees_vpc(owner)
    query = RESOURCES[kind].where(seen)
    return connection.execute(
        query, {"resource_id": asked["resource_id"], "region_id": asked["region_id"]}
    ).one_or_none()
