"""AssumeRole and GetCallerIdentity.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal``. Rule: that the caller's own
policies allow ``sts:AssumeRole`` on the role was checked at the door; here the role's side is checked, its trust policy
and how long it lends itself. The role may belong to another account, if that account's trust policy says so.
"""

from __future__ import annotations

import re

from weir.contract import sts as say
from weir.control.access import Caller, Principal
from weir.control.desk import Desk, iso_time
from weir.control.policies import Asked, PolicyError, Verdict, read_policy, read_trust, trusts
from weir.control.ram_rows import role_of
from weir.control.sessions import Session, open_session
from weir.model.failures import Refusal
from weir.model.ram_failures import (
    INVALID_PARAMETER_DURATION_SECONDS,
    INVALID_PARAMETER_POLICY_GRAMMAR,
    NO_PERMISSION,
)


def assume_role(desk: Desk, caller: Caller, command: say.AssumeRole) -> say.RoleAssumed:
    """Temporary credentials of the role."""
    if command.policy is not None:
        try:
            read_policy(command.policy)
        except PolicyError as error:
            raise Refusal(INVALID_PARAMETER_POLICY_GRAMMAR, why=str(error)) from error
    if not caller.is_ram:
        raise Refusal(NO_PERMISSION, "Roles may not be assumed by root accounts.")
    now = desk.now()
    named = re.fullmatch(say.ROLE_ARN, command.role_arn, re.ASCII)
    assert named is not None, "the contract takes no other ARN"
    with desk.catalog.reading() as connection:
        role = role_of(connection, named[1], named[2])
    asked = Asked("sts:AssumeRole", command.role_arn, caller.facts)
    if trusts(read_trust(role.trust_document), _identities(caller), asked) is not Verdict.ALLOW:
        raise Refusal(NO_PERMISSION, why="the trust policy does not let the caller")
    if command.duration_seconds > role.session_seconds_max:
        raise Refusal(INVALID_PARAMETER_DURATION_SECONDS, at_most=str(role.session_seconds_max))
    session = Session(
        account_id=role.account_id,
        role_id=role.role_id,
        role_name=role.role_name,
        name=command.role_session_name,
        policy=command.policy or "",
        expires=int(now) + command.duration_seconds,
    )
    made = open_session(desk.key_ring(), session)
    return say.RoleAssumed(
        assumed_role_user=say.AssumedRoleUser(
            assumed_role_id=f"{role.role_id}:{session.name}",
            arn=f"acs:ram::{role.account_id}:assumed-role/{role.role_name}/{session.name}",
        ),
        credentials=say.Credentials(
            access_key_id=made.access_key_id,
            access_key_secret=made.secret,
            security_token=made.security_token,
            expiration=iso_time(session.expires),
        ),
    )


def get_caller_identity(desk: Desk, caller: Caller, command: say.GetCallerIdentity) -> say.CallerIdentity:
    """Who signed the call."""
    match caller.principal:
        case Principal.ROLE:
            return say.CallerIdentity(
                identity_type="AssumedRoleUser",
                account_id=caller.account_id,
                principal_id=f"{caller.principal_id}:{caller.session_name}",
                role_id=caller.principal_id,
                arn=caller.arn,
            )
        case Principal.USER:
            kind, own_id = "RAMUser", caller.principal_id
        case _:
            kind, own_id = "Account", caller.account_id
    return say.CallerIdentity(
        identity_type=kind, account_id=caller.account_id, principal_id=own_id, user_id=own_id, arn=caller.arn
    )


def _identities(caller: Caller) -> frozenset[str]:
    """Every ARN in a trust policy that means the caller: its account, and itself."""
    kind = "role" if caller.principal is Principal.ROLE else "user"
    return frozenset({f"acs:ram::{caller.account_id}:root", f"acs:ram::{caller.account_id}:{kind}/{caller.name}"})
