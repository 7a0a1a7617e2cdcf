"""Temporary credentials, product Sts 2015-04-01.

What enters: nothing. What leaves: one command and one answer class per operation; names, shapes and failures are the
published ones (source: STS's API pages of AssumeRole and GetCallerIdentity).
"""

from __future__ import annotations

from weir.contract.declare import Product, Resource, action, answer, param, structure
from weir.contract.ram_terms import DATE_EXAMPLE, DOCUMENT_EXAMPLE, ROLE_EXAMPLE
from weir.contract.shapes import Integer, Pattern, Text
from weir.model.failures import INVALID_PARAMETER, MISSING_PARAMETER, PARAMETER_INVALID
from weir.model.ram_failures import (
    ENTITY_NOT_EXIST_ROLE,
    INVALID_PARAMETER_DURATION_SECONDS,
    INVALID_PARAMETER_POLICY_GRAMMAR,
    INVALID_PARAMETER_ROLE_ARN,
    INVALID_PARAMETER_ROLE_SESSION_NAME,
    NO_PERMISSION,
)

STS = Product("Sts", "2015-04-01", "Temporary credentials")

SESSION_SECONDS_MIN = 900
"""Shortest session; below it InvalidParameter.DurationSeconds."""
SESSION_SECONDS = 3600
POLICY_LENGTH_MAX = 2048
"""Characters of a session policy; above it the call is refused (source: the AssumeRole page)."""
ROLE_ARN = r"acs:ram::([0-9]{16}):role/([A-Za-z0-9._-]{1,64})"
ARN_EXAMPLE = f"acs:ram::1234567890123456:role/{ROLE_EXAMPLE}"


@structure
class AssumedRoleUser:
    """The session as an identity."""

    assumed_role_id: str = answer("Id of the role, a colon, name of the session.", example="901234567890123456:batch")
    arn: str = answer("Its ARN.", example=f"acs:ram::1234567890123456:assumed-role/{ROLE_EXAMPLE}/batch")


@structure
class Credentials:
    """Temporary credentials."""

    access_key_id: str = answer("AccessKey id, begins with `STS.`.", example="STS.ExampleExampleExampleExam")
    access_key_secret: str = answer("Its secret.", example="ExampleSecretExampleSecretExampleSecretExamp")
    security_token: str = answer("To be sent with every call.", example="gAAAAABexample")
    expiration: str = answer("When they end, `YYYY-MM-DDThh:mm:ssZ`.", example=DATE_EXAMPLE)


@structure
class RoleAssumed:
    """The answer of AssumeRole."""

    assumed_role_user: AssumedRoleUser = answer("Who the session is.")
    credentials: Credentials = answer("What it signs with.")


@action(
    STS,
    returns=RoleAssumed,
    summary="Become a role for a while.",
    fails=(
        MISSING_PARAMETER,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        INVALID_PARAMETER_ROLE_ARN,
        INVALID_PARAMETER_ROLE_SESSION_NAME,
        INVALID_PARAMETER_POLICY_GRAMMAR,
        NO_PERMISSION,
        ENTITY_NOT_EXIST_ROLE,
        INVALID_PARAMETER_DURATION_SECONDS,
    ),
    resources=(Resource("{RoleArn}"),),
)
class AssumeRole:
    """The caller's policies must allow `sts:AssumeRole` on the role, and the role's trust policy must name the caller.
    The session may what both the role's policies and its own session policy allow. The account itself cannot become a
    role.
    """

    role_arn: str = param(
        Text(
            length=(1, 128),
            pattern=Pattern(
                ROLE_ARN,
                "acs:ram::ACCOUNT:role/NAME",
                good=(ARN_EXAMPLE,),
                bad=("a", "acs:ram::1:role/a", "acs:ram:*:1234567890123456:role/a", "acs:ram::1234567890123456:user/a"),
            ),
        ),
        "The role.",
        example=ARN_EXAMPLE,
        invalid=INVALID_PARAMETER_ROLE_ARN,
    )
    role_session_name: str = param(
        Text(
            length=(2, 64),
            pattern=Pattern(
                r"[A-Za-z0-9._@-]+", "letters, digits and any of . @ - _", good=("ab", "a@B.c-_9"), bad=("a b", "a/b")
            ),
        ),
        "Name of the session, for logs.",
        example="batch",
        invalid=INVALID_PARAMETER_ROLE_SESSION_NAME,
    )
    policy: str | None = param(
        Text(length=(1, POLICY_LENGTH_MAX)), "Session policy.", example=DOCUMENT_EXAMPLE, default=None
    )
    duration_seconds: int = param(
        Integer(SESSION_SECONDS_MIN, 43_200),
        "Length of the session; at most the role's MaxSessionDuration.",
        example=str(SESSION_SECONDS),
        default=SESSION_SECONDS,
        unit="seconds",
        invalid=INVALID_PARAMETER_DURATION_SECONDS,
    )


@structure
class CallerIdentity:
    """The answer of GetCallerIdentity."""

    identity_type: str = answer("`Account`, `RAMUser` or `AssumedRoleUser`.", example="RAMUser")
    account_id: str = answer("The account.", example="1234567890123456")
    principal_id: str = answer("Id of the account, user, or role and session.", example="222748924538431234")
    user_id: str | None = answer("Id of the account or user; absent for a role.", default=None, example="222748924538")
    role_id: str | None = answer("Id of the role, if it is one.", default=None, example="901234567890123456")
    arn: str = answer("Its ARN.", example="acs:ram::1234567890123456:user/alice")


@action(STS, returns=CallerIdentity, summary="Who signed this call.", writes=False, resources=())
class GetCallerIdentity:
    """Needs no permission."""


STS_COMMANDS: tuple[type, ...] = (AssumeRole, GetCallerIdentity)
