"""Accounts: the first start, and what an operator may set for one.

What enters: the catalog, the key ring, the time. What leaves: the account's and the agent's first AccessKeys. Rule: a
server that starts on an empty catalog makes exactly one account, also when several servers start at once; nothing is
made on a later start, so a key that was disabled stays so.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from weir.control.access import Principal
from weir.control.catalog import Catalog
from weir.control.identifiers import draw, draw_account_id
from weir.control.keys import AccessKey, KeyRing
from weir.control.schema import accounts, resource_groups

FLOW_LOG_QUOTA = 10
"""Flow logs of an account in one region unless set otherwise; above it: QuotaExceeded.FlowlogCount."""
NORMAL, FINANCIAL_LOCKED = "Normal", "FinancialLocked"


@dataclass(frozen=True, slots=True)
class Started:
    """The first account and the youngest active keys; a key is None where every one of its kind was disabled."""

    account_id: str
    account_key: AccessKey | None
    agent_key: AccessKey | None
    first: bool


def first_start(catalog: Catalog, keys: KeyRing, now: float) -> Started:
    """Makes the account and its two AccessKeys if the catalog is empty; ``first`` says whether it was."""
    with catalog.writing() as connection:
        known = connection.execute(select(accounts.c.account_id).order_by(accounts.c.created).limit(1)).scalar()
        if known is not None:
            return Started(
                known,
                keys.newest(connection, known, Principal.ACCOUNT),
                keys.newest(connection, known, Principal.AGENT),
                first=False,
            )
        account_id = create_account(connection, name="default", now=now)
        return Started(
            account_id,
            keys.issue(connection, account_id, Principal.ACCOUNT, name="account", now=now),
            keys.issue(connection, account_id, Principal.AGENT, name="agent", now=now),
            first=True,
        )


def create_account(connection: Connection, *, name: str, now: float) -> str:
    """Makes an account with default quota and its default resource group; returns its id of 16 digits."""
    account_id, group_id = draw_account_id(), draw("rg", 15)
    connection.execute(
        insert(accounts).values(
            account_id=account_id,
            name=name,
            business_status=NORMAL,
            flow_log_quota=FLOW_LOG_QUOTA,
            traffic_paths_allowed=False,
            resource_group_id=group_id,
            created=int(now),
        )
    )
    connection.execute(
        insert(resource_groups).values(
            resource_group_id=group_id,
            account_id=account_id,
            name="default",
            display_name="default resource group",
            created=int(now),
        )
    )
    return account_id


def set_flow_log_quota(connection: Connection, account_id: str, quota: int) -> None:
    """Sets how many flow logs the account may have in a region; existing ones stay where there are more."""
    assert quota >= 0
    _set(connection, account_id, flow_log_quota=quota)


def allow_traffic_paths(connection: Connection, account_id: str, allowed: bool) -> None:
    """Puts the account on the white list for paths other than ``all``, or takes it off."""
    _set(connection, account_id, traffic_paths_allowed=allowed)


def set_business_status(connection: Connection, account_id: str, status: str) -> None:
    """``Normal`` or ``FinancialLocked``; a locked account creates and changes no flow log."""
    assert status in (NORMAL, FINANCIAL_LOCKED)
    _set(connection, account_id, business_status=status)


def _set(connection: Connection, account_id: str, **values: object) -> None:
    connection.execute(update(accounts).where(accounts.c.account_id == account_id).values(**values))
