"""Who calls, and what the account and the agent may.

What enters: a ``Caller`` (found by its AccessKey once the signature is verified) and the name of an action in RAM's
spelling, ``product:Action``. What leaves: yes or no. Rule: the account itself may do everything
within the account; the agent's key carries one fixed policy, so a stolen agent key reads no record and changes no
resource; RAM users and roles may what ``control.permits`` finds attached to them. Pure: no catalog, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from weir.model.failures import FORBIDDEN_RAM, Refusal


class Principal(StrEnum):
    """What kind of identity an AccessKey belongs to."""

    ACCOUNT = "account"
    AGENT = "agent"
    USER = "user"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class Caller:
    """The identity behind a verified request. ``account_id``: 16 digits; ``name``: the RAM user's or role's.

    ``principal_id``: id of the RAM user or role, else empty. ``session_name`` and ``session_policy`` (its text, may be
    empty) belong to an assumed role. ``facts`` of the request by condition key, once it has come through a door.
    """

    account_id: str
    principal: Principal
    access_key_id: str
    name: str
    principal_id: str = ""
    session_name: str = ""
    session_policy: str = ""
    facts: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def arn(self) -> str:
        """As STS and trust policies spell it; an agent acts for its account."""
        match self.principal:
            case Principal.USER:
                return f"acs:ram::{self.account_id}:user/{self.name}"
            case Principal.ROLE:
                return f"acs:ram::{self.account_id}:assumed-role/{self.name}/{self.session_name}"
            case _:
                return f"acs:ram::{self.account_id}:root"

    @property
    def is_ram(self) -> bool:
        """True for RAM users and assumed roles, which need policies."""
        return self.principal in (Principal.USER, Principal.ROLE)


@dataclass(frozen=True, slots=True)
class Key:
    """One AccessKey in the clear, for verifying a signature. Never logged, never rendered."""

    secret: str = field(repr=False)
    caller: Caller
    active: bool


class Denied(Refusal):
    """``Forbidden.RAM``; ``shown`` is what the answer's ``AccessDeniedDetail`` says about it."""

    def __init__(self, shown: Mapping[str, str], **detail: str) -> None:
        super().__init__(FORBIDDEN_RAM, **detail)
        self.shown = shown


AGENT_ACTIONS: frozenset[str] = frozenset({"weir:SyncAgent", "log:PostLogStoreLogs"})
"""The agent's whole policy. ``log:PostLogStoreLogs`` is RAM's name for PutLogs (source: SLS, RAM action list)."""


def allowed(caller: Caller, action: str) -> bool:
    """True if an account or an agent may call ``action``, for example ``vpc:CreateFlowLog``; never true for RAM users
    and roles, whose policies only ``control.permits`` knows."""
    return caller.principal is Principal.ACCOUNT or (caller.principal is Principal.AGENT and action in AGENT_ACTIONS)
