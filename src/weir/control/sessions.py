"""Sessions of assumed roles: temporary credentials that carry themselves.

What enters: a role and what AssumeRole was asked for; later an AccessKey id and a security token. What leaves: the
credentials; later the ``Key`` behind them. Rule: nothing of a session is stored. The token is the session, sealed under
the key file as the secrets are, so every server that shares the key file honours it and it ends by its own date. What a
session may do is looked up at each call, so policies that are detached and roles that are deleted end it sooner.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import Enum, auto

from weir.control.access import Caller, Key, Principal
from weir.control.keys import KeyRing, draw_text


class TokenFault(Enum):
    """Why a security token is not taken."""

    MALFORMED = auto()
    MISMATCH = auto()
    EXPIRED = auto()


class BadToken(Exception):
    """A security token that stands for no session of this AccessKey now."""

    def __init__(self, fault: TokenFault) -> None:
        super().__init__(fault.name)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Session:
    """An assumed role. ``policy``: text of the session policy, may be empty; ``expires``: Unix seconds."""

    account_id: str
    role_id: str
    role_name: str
    name: str
    policy: str
    expires: int


@dataclass(frozen=True, slots=True)
class Temporary:
    """The credentials of a session, as AssumeRole gives them out."""

    access_key_id: str
    secret: str = field(repr=False)
    security_token: str = field(repr=False)


def open_session(keys: KeyRing, session: Session) -> Temporary:
    """Credentials for the session."""
    access_key_id, secret = "STS." + draw_text(24), draw_text(44)
    sealed = keys.seal(json.dumps({"key": access_key_id, "secret": secret, "session": asdict(session)}))
    return Temporary(access_key_id, secret, sealed)


class Sessions:
    """Reads tokens back. ``clock``: Unix seconds. Thread-safe."""

    def __init__(self, keys: KeyRing, clock: Callable[[], float]) -> None:
        self._keys = keys
        self._clock = clock

    def key_of(self, access_key_id: str, security_token: str) -> Key:
        """The key of a session. Raises ``BadToken``."""
        text = self._keys.unseal(security_token)
        if text is None:
            raise BadToken(TokenFault.MALFORMED)
        found = json.loads(text)
        if found["key"] != access_key_id:
            raise BadToken(TokenFault.MISMATCH)
        session = Session(**found["session"])
        if self._clock() >= session.expires:
            raise BadToken(TokenFault.EXPIRED)
        caller = Caller(
            session.account_id,
            Principal.ROLE,
            access_key_id,
            session.role_name,
            principal_id=session.role_id,
            session_name=session.name,
            session_policy=session.policy,
        )
        return Key(found["secret"], caller, active=True)


def no_sessions(access_key_id: str, security_token: str) -> Key:
    """For a door without STS: takes no token."""
    raise BadToken(TokenFault.MALFORMED)
