"""The operations of the log service, each declared once: method, path, name in RAM, command.

What enters: method, path and query of a request. What leaves: the operation it means, and the texts its path holds.
Rule: an operation is found by method, path template and the ``type`` or ``action`` parameter, never by a header,
because clients send content types of their own. Source: the log service's API pages and "Action list" of its RAM pages.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address

from weir.contract import sls_commands as say
from weir.contract import sls_consumers as groups
from weir.model import sls_failures as failures


@dataclass(frozen=True, slots=True)
class Operation:
    """One row. ``template``: path with ``{logstore}`` and ``{shard}``. ``kinds``: values of the parameter ``type`` or
    ``action`` that choose it. ``ram``: its action in a RAM policy, ``resource``: what it is on. ``needs_project``: the
    host must name a project."""

    method: str
    template: str
    command: type
    ram: str
    kinds: frozenset[str] = frozenset({""})
    needs_project: bool = True
    resource: str = "project/{project}/logstore/{logstore}"

    @property
    def name(self) -> str:
        """As the API page calls it, for the manual and for logs."""
        return self.command.__name__

    def arn(self, region_id: str, account_id: str, texts: Mapping[str, str]) -> str:
        """The resource that a policy must allow it on; what the request does not name is ``*``."""
        path = re.sub(r"\{(\w+)\}", lambda found: texts.get(found[1]) or "*", self.resource)
        return f"acs:log:{region_id}:{account_id}:{path}"

    def match(self, path: str) -> dict[str, str] | None:
        """The texts in ``path``, or None if it is not this operation's."""
        found = _pattern(self.template).fullmatch(path)
        return found.groupdict() if found else None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


_STORE = "/logstores/{logstore}"
_SHARD = _STORE + "/shards/{shard}"
_NEW_PROJECT, _PROJECT, _PROJECTS = "project/{projectName}", "project/{project}", "project/*"
_STORES = _PROJECT + "/logstore/*"
_GROUPS = _STORE + "/consumergroups"
_GROUP = _GROUPS + "/{consumerGroup}"
_ALL_GROUPS = _PROJECT + "/logstore/{logstore}/consumergroup/*"
_ONE_GROUP = _PROJECT + "/logstore/{logstore}/consumergroup/{consumerGroup}"
_BEAT, _SAVE = frozenset({"heartbeat"}), frozenset({"checkpoint"})

OPERATIONS: tuple[Operation, ...] = (
    Operation("POST", "/", say.CreateProject, "log:CreateProject", needs_project=False, resource=_NEW_PROJECT),
    Operation("GET", "/", say.GetProject, "log:GetProject", resource=_PROJECT),
    Operation("GET", "/", say.ListProject, "log:ListProject", needs_project=False, resource=_PROJECTS),
    Operation("PUT", "/", say.UpdateProject, "log:UpdateProject", resource=_PROJECT),
    Operation("DELETE", "/", say.DeleteProject, "log:DeleteProject", resource=_PROJECT),
    Operation("POST", "/logstores", say.CreateLogStore, "log:CreateLogStore", resource=_STORES),
    Operation("GET", "/logstores", say.ListLogStores, "log:ListLogStores", resource=_STORES),
    Operation("GET", _STORE, say.GetLogs, "log:GetLogStoreLogs", frozenset({"log"})),
    Operation("GET", _STORE, say.GetHistograms, "log:GetLogStoreHistogram", frozenset({"histogram"})),
    Operation("GET", _STORE, say.ListTopics, "log:GetLogStoreLogs", frozenset({"topic"})),
    Operation("GET", _STORE, say.GetLogStore, "log:GetLogStore"),
    Operation("PUT", _STORE, say.UpdateLogStore, "log:UpdateLogStore"),
    Operation("DELETE", _STORE, say.DeleteLogStore, "log:DeleteLogStore"),
    Operation("POST", _STORE, say.PutLogs, "log:PostLogStoreLogs"),
    Operation("POST", _STORE + "/shards/lb", say.PutLogs, "log:PostLogStoreLogs"),
    Operation("POST", _STORE + "/shards/route", say.PutLogs, "log:PostLogStoreLogs"),
    Operation("POST", _STORE + "/logs", say.GetLogsV2, "log:GetLogStoreLogs"),
    Operation("POST", _STORE + "/index", say.CreateIndex, "log:CreateIndex"),
    Operation("GET", _STORE + "/index", say.GetHistograms, "log:GetLogStoreHistogram", frozenset({"histogram"})),
    Operation("GET", _STORE + "/index", say.GetIndex, "log:GetIndex"),
    Operation("PUT", _STORE + "/index", say.UpdateIndex, "log:UpdateIndex"),
    Operation("DELETE", _STORE + "/index", say.DeleteIndex, "log:DeleteIndex"),
    Operation("GET", _STORE + "/shards", say.ListShards, "log:ListShards"),
    Operation("POST", _SHARD, say.SplitShard, "log:SplitShard", frozenset({"split"})),
    Operation("POST", _SHARD, say.MergeShards, "log:MergeShard", frozenset({"merge"})),
    Operation("GET", _SHARD, say.GetCursor, "log:GetCursorOrData", frozenset({"cursor"})),
    Operation("GET", _SHARD, say.GetCursorTime, "log:GetCursorOrData", frozenset({"cursor_time"})),
    Operation("GET", _SHARD, say.PullLogs, "log:GetCursorOrData", frozenset({"log", "logs"})),
    Operation("POST", _GROUPS, groups.CreateConsumerGroup, "log:CreateConsumerGroup", resource=_ALL_GROUPS),
    Operation("GET", _GROUPS, groups.ListConsumerGroup, "log:ListConsumerGroup", resource=_ALL_GROUPS),
    Operation("PUT", _GROUP, groups.UpdateConsumerGroup, "log:UpdateConsumerGroup", resource=_ONE_GROUP),
    Operation("DELETE", _GROUP, groups.DeleteConsumerGroup, "log:DeleteConsumerGroup", resource=_ONE_GROUP),
    Operation("POST", _GROUP, groups.ConsumerGroupHeartBeat, "log:ConsumerGroupHeartBeat", _BEAT, resource=_ONE_GROUP),
    Operation(
        "POST",
        _GROUP,
        groups.ConsumerGroupUpdateCheckPoint,
        "log:ConsumerGroupUpdateCheckPoint",
        _SAVE,
        resource=_ONE_GROUP,
    ),
    Operation("GET", _GROUP, groups.GetConsumerGroupCheckPoint, "log:GetConsumerGroupCheckPoint", resource=_ONE_GROUP),
)
"""In the order in which they are tried: what needs a project in the host comes before what does not."""


def find(method: str, path: str, query: Mapping[str, str], has_project: bool) -> tuple[Operation, dict[str, str]]:
    """The operation and the texts of its path.

    Refuses with NotFound (no such path), InvalidMethod (path known, method not), InvalidHost (a project is missing) or
    ParameterInvalid (no operation for this ``type``).
    """
    on_path = [(each, texts) for each in OPERATIONS if (texts := each.match(path)) is not None]
    if not on_path:
        raise failures.refuse(failures.NOT_FOUND, path)
    by_method = [(each, texts) for each, texts in on_path if each.method == method]
    if not by_method:
        raise failures.refuse(failures.INVALID_METHOD, method)
    kind = query.get("type") or query.get("action", "")
    chosen = [(each, texts) for each, texts in by_method if kind in each.kinds]
    if not chosen:
        raise failures.refuse(failures.PARAMETER_INVALID, f"Parameter type is not valid: {kind}.")
    for operation, texts in chosen:
        if has_project or not operation.needs_project:
            return operation, texts
    raise failures.refuse(failures.INVALID_HOST, "without a project")


def project_of(host: str, bases: Collection[str]) -> str:
    """The project that a Host header names: what stands before a base name, '' for a base name alone.

    The port does not count. A host without any of the ``bases`` is read as ``PROJECT.anything``; a single word and a
    bare address name no project.
    """
    name = re.sub(r":\d+$", "", host.strip().lower())
    for base in sorted(bases, key=len, reverse=True):
        if name == base:
            return ""
        if name.endswith("." + base):
            return name[: -len(base) - 1]
    if _PUBLIC.fullmatch(name) or _is_address(name):
        return ""
    return name.partition(".")[0] if "." in name else ""


_PUBLIC = re.compile(r"[a-z0-9-]+\.log\.aliyuncs\.com")
"""The service's own endpoint of a region, where a resolver or a proxy leads it here."""


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
