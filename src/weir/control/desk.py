"""What every handler has at hand, and the checks that many of them begin with.

What enters: the catalog, the configured regions, the log store and the clock, put together once at start. What leaves:
``Desk``, passed to each handler beside the caller and the command. Rule: a handler reads the time once, through
``now()``; nothing below reads a clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from weir.control.access import Caller
from weir.control.catalog import Catalog
from weir.control.coverage import Coverages
from weir.control.keys import KeyRing
from weir.control.prepared import Prepared
from weir.control.regions import Region
from weir.control.schema import accounts, resource_groups
from weir.logstore.store import Store
from weir.model.cancel import Cancellation
from weir.model.failures import ILLEGAL_PARAM_RESOURCE_GROUP_ID, Refusal
from weir.query.run import Querier

VPC_QUOTA = 10
"""VPCs of an account in one region; above it CreateVpc answers QuotaExceeded.Vpc (source: VPC quotas page)."""
VSWITCH_QUOTA = 150
"""VSwitches of one VPC; above it CreateVSwitch answers QuotaExceeded.VSwitch (source: VPC quotas page)."""
ENI_QUOTA = 100
"""ENIs of an account in one region; above it CreateNetworkInterface answers QuotaExceeded.Eni (source: ECS quotas)."""


@dataclass(frozen=True, slots=True)
class Desk:
    """``clock``: Unix seconds. ``started``: when this server began to listen, for judging an agent's silence.
    ``querier``: the query language with its limits and time zone. ``keys``: needed by Ram and Sts alone."""

    catalog: Catalog
    regions: tuple[Region, ...]
    store: Store
    clock: Callable[[], float]
    started: float
    querier: Querier = field(default_factory=Querier)
    keys: KeyRing | None = None
    coverages: Coverages = field(default_factory=Coverages)

    def now(self) -> float:
        """Unix seconds."""
        return self.clock()

    def until(self, cancel: Cancellation) -> Desk:
        """The same desk, whose queries end when the caller is gone."""
        return replace(self, querier=replace(self.querier, cancel=cancel))

    def key_ring(self) -> KeyRing:
        """The AccessKeys, for the handlers that make them and change them."""
        assert self.keys is not None, "a desk that serves Ram and Sts has a key ring"
        return self.keys

    def region(self, region_id: str) -> Region:
        """The configured region of that id; a parsed command names no other."""
        return next(region for region in self.regions if region.region_id == region_id)


ACCOUNT = Prepared(select(accounts).where(accounts.c.account_id == bindparam("account_id")))


def account_of(connection: Connection, caller: Caller) -> Any:
    """The caller's row of ``accounts``; a verified caller always has one."""
    return ACCOUNT.first(connection, {"account_id": caller.account_id})


def group_of(connection: Connection, caller: Caller, asked: str | None) -> str:
    """The resource group of a new resource: the account's default one unless asked. Raises as ``check_group``."""
    if asked is None:
        return str(account_of(connection, caller).resource_group_id)
    check_group(connection, caller, asked)
    return asked


def check_group(connection: Connection, caller: Caller, resource_group_id: str) -> None:
    """Raises IllegalParam.ResourceGroupId unless it is one of the account's groups."""
    if not has_group(connection, caller.account_id, resource_group_id):
        raise Refusal(ILLEGAL_PARAM_RESOURCE_GROUP_ID, resource_group_id=resource_group_id)


def has_group(connection: Connection, account_id: str, resource_group_id: str) -> bool:
    """True if the account has that resource group."""
    columns = resource_groups.c
    this = (columns.resource_group_id == resource_group_id) & (columns.account_id == account_id)
    return connection.execute(select(columns.name).where(this)).first() is not None


def iso_time(unix_seconds: int) -> str:
    """As the API writes times: ``2022-01-21T03:08:50Z``."""
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
