"""Whether the records of flow logs arrive, in the API's own words.

What enters: the logstores that flow logs deliver to, and the time. What leaves: for those that do not take records,
why. Rules: what the catalog knows goes first (a project that is gone takes nothing, whatever was reported last); then
what the agents say of their last batches, of which only live agents are believed.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, and_, select

from weir.control.prepared import PreparedFor
from weir.control.schema import agents, logstores, projects, undelivered
from weir.control.targets import AGENT_SILENCE_SECONDS

PROJECT_NOT_EXIST, UNAVAILABLE_TARGET, UNKNOWN_ERROR = "ProjectNotExist", "UnavaliableTarget", "UnknownError"
"""The values of FlowLogDeliverErrorMessage, spelt as published (source: the DescribeFlowLogs page)."""

WORDS = {
    "ProjectNotExist": PROJECT_NOT_EXIST,
    "LogStoreNotExist": UNAVAILABLE_TARGET,
    "Unauthorized": UNAVAILABLE_TARGET,
    "WriteQuotaExceed": UNAVAILABLE_TARGET,
    "ShardWriteQuotaExceed": UNAVAILABLE_TARGET,
}
"""Code of a refused PutLogs -> its word; every other code is UnknownError (source: PutLogs page, error codes)."""
GRAVITY = (PROJECT_NOT_EXIST, UNAVAILABLE_TARGET, UNKNOWN_ERROR)
"""Where agents say different things of one logstore, the first of these is shown."""

Target = tuple[str, str]
"""Project and logstore."""

_REPORTED = undelivered.join(agents)
_OF_LOG_STORE = and_(undelivered.c.project == projects.c.name, undelivered.c.logstore == logstores.c.name)
PLACES = PreparedFor(
    lambda names: (
        select(
            projects.c.name.label("project"), logstores.c.name.label("logstore"), undelivered.c.code, agents.c.last_seen
        )
        .select_from(projects.outerjoin(logstores).outerjoin(_REPORTED, _OF_LOG_STORE))
        .where(projects.c.name.in_(names))
    )
)
"""The projects of these names with their logstores and what agents report of each; what is not there is NULL."""


def delivery_troubles(
    connection: Connection, targets: Iterable[Target], now: float, started: float
) -> dict[Target, str]:
    """Targets that do not take records now, with the word for why; a flow log without a logstore has no trouble.

    ``started``: Unix seconds when this server began; an agent's silence before that is not held against it.
    """
    asked = {target for target in targets if all(target)}
    names = {project for project, _ in asked}
    places = PLACES.all(connection, list(names))
    known = {row.project for row in places}
    stores = {(row.project, row.logstore) for row in places}
    troubles = {
        target: PROJECT_NOT_EXIST if target[0] not in known else UNAVAILABLE_TARGET for target in asked - stores
    }
    for row in places:
        target = (row.project, row.logstore)
        if row.code is not None and target in asked and now - max(row.last_seen, started) <= AGENT_SILENCE_SECONDS:
            words = WORDS.get(row.code, UNKNOWN_ERROR), troubles.get(target, UNKNOWN_ERROR)
            troubles[target] = min(words, key=GRAVITY.index)
    return troubles
