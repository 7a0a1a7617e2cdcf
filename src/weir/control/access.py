"""Who calls, and what they may.

What enters: a ``Caller`` (found by its AccessKey once the signature is verified) and the name of an action in RAM's
spelling, ``product:Action``. What leaves: nothing, or ``Forbidden.RAM``. Rule: the account itself may do everything
within the account; the agent's key carries one fixed policy, so a stolen agent key reads no record and changes no
resource. Pure: no catalog, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from weir.model.failures import FORBIDDEN_RAM, Refusal


class Principal(StrEnum):
    """What kind of identity an AccessKey belongs to."""

    ACCOUNT = "account"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Caller:
    """The identity behind a verified request. ``account_id``: 16 digits; ``name``: for logs and pages only."""

    account_id: str
    principal: Principal
    access_key_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Key:
    """One AccessKey in the clear, for verifying a signature. Never logged, never rendered."""

    secret: str = field(repr=False)
    caller: Caller
    active: bool


AGENT_ACTIONS: frozenset[str] = frozenset({"weir:SyncAgent", "log:PostLogStoreLogs"})
"""The agent's whole policy. ``log:PostLogStoreLogs`` is RAM's name for PutLogs (source: SLS, RAM action list)."""


def allowed(caller: Caller, action: str) -> bool:
    """True if the policy of ``caller`` lets it call ``action``, for example ``vpc:CreateFlowLog``."""
    return caller.principal is Principal.ACCOUNT or action in AGENT_ACTIONS


def allows(caller: Caller, action: str) -> None:
    """Raises ``Forbidden.RAM`` unless ``caller`` may call ``action``."""
    if not allowed(caller, action):
        raise Refusal(FORBIDDEN_RAM, action=action, principal=caller.principal.value)
