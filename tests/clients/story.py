"""The story that every client tells: create, describe, modify, tag, deactivate, activate, delete, and one refused call.

A client is one function, ``call(action, parameters) -> answer``, which raises ``Refused`` with what the client reports.
Clients in other languages tell the same story and print the report as JSON; ``check`` compares any report.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tests.clients.server import LOG_STORE, PROJECT, REGION
from tests.waiting import until
from weir.model.failures import INVALID_RESOURCE_ID_NOT_FOUND

NAME = "story"
DESCRIPTION = "流日志 a+b & c=d ~ * ü"
CHANGED = "changed: 'single' \"double\" %20 <tag>"
STATE_SECONDS = 20

Call = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


@dataclass
class Refused(Exception):
    """A refusal as a client reports it."""

    status: int
    code: str
    message: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells the story through one client."""

    call: Call
    vpc_id: str

    def tell(self) -> dict[str, Any]:
        """The report, in the form of ``EXPECTED``."""
        wanted = {
            "RegionId": REGION,
            "ResourceType": "VPC",
            "ResourceId": self.vpc_id,
            "TrafficType": "All",
            "ProjectName": PROJECT,
            "LogStoreName": LOG_STORE,
            "FlowLogName": NAME,
            "Description": DESCRIPTION,
            "AggregationInterval": 1,
            "TrafficPath": ["all"],
        }
        created = self.call("CreateFlowLog", wanted)
        one = {"RegionId": REGION, "FlowLogId": created["FlowLogId"]}
        self._reach(one, "Active")
        described = self._described(one)
        try:
            self.call("CreateFlowLog", wanted)
            refused = None
        except Refused as error:
            refused = vars(error)
        self.call("ModifyFlowLogAttribute", {**one, "Description": CHANGED, "AggregationInterval": 5})
        self._reach(one, "Active")
        modified = self._described(one)
        tagged = {"RegionId": REGION, "ResourceType": "FLOWLOG", "ResourceId": [created["FlowLogId"]]}
        self.call("TagResources", {**tagged, "Tag": [{"Key": "team", "Value": "a/b c"}]})
        listed = self.call("ListTagResources", tagged)["TagResources"]["TagResource"]
        self.call("DeactiveFlowLog", one)
        inactive = self._reach(one, "Inactive")
        self.call("ActiveFlowLog", one)
        active = self._reach(one, "Active")
        self.call("DeleteFlowLog", one)
        until(lambda: not self._page(one)["FlowLogs"]["FlowLog"], STATE_SECONDS, "the flow log is gone")
        return {
            "created": {"FlowLogId": created["FlowLogId"], "Success": created["Success"]},
            "described": {name: described[name] for name in EXPECTED["described"]},
            "refused": refused,
            "modified": {name: modified[name] for name in EXPECTED["modified"]},
            "tagged": {tag["TagKey"]: tag["TagValue"] for tag in listed},
            "states": [inactive, active],
            "left": self._page(one)["TotalCount"],
        }

    def _page(self, one: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.call("DescribeFlowLogs", one)

    def _described(self, one: Mapping[str, Any]) -> Mapping[str, Any]:
        (found,) = self._page(one)["FlowLogs"]["FlowLog"]
        return {**found, "TrafficPath": found["TrafficPath"]["TrafficPathList"]}

    def _reach(self, one: Mapping[str, Any], state: str) -> str:
        until(lambda: self._described(one)["Status"] == state, STATE_SECONDS, f"the flow log is {state}")
        return state


EXPECTED: dict[str, Any] = {
    "described": {
        "Status": "Active",
        "FlowLogName": NAME,
        "Description": DESCRIPTION,
        "RegionId": REGION,
        "ResourceType": "VPC",
        "TrafficType": "All",
        "ProjectName": PROJECT,
        "LogStoreName": LOG_STORE,
        "AggregationInterval": 1,
        "TrafficPath": ["all"],
        "IpVersion": "IPv4",
        "BusinessStatus": "Normal",
    },
    "modified": {"Status": "Active", "FlowLogName": NAME, "Description": CHANGED, "AggregationInterval": 5},
    "tagged": {"team": "a/b c"},
    "states": ["Inactive", "Active"],
    "left": "0",
}


def check(report: Mapping[str, Any], unknown: Collection[str] = ()) -> None:
    """Fails unless the report is what every client must tell; ``unknown``: fields the client's models do not have."""
    created, refused = report["created"], report["refused"]
    assert re.fullmatch(r"fl-[0-9a-z]{21}", created["FlowLogId"])
    assert created["Success"] == "true"
    assert refused is not None, "the second flow log on one resource was not refused"
    failure = INVALID_RESOURCE_ID_NOT_FOUND
    assert (refused["status"], refused["code"]) == (failure.status, failure.code)
    assert failure.message in refused["message"]
    assert re.fullmatch(r"[0-9A-F-]{36}", refused["request_id"])
    told = {name: part for name, part in report.items() if name not in ("created", "refused")}
    described = {name: value for name, value in EXPECTED["described"].items() if name not in unknown}
    assert told == {**EXPECTED, "described": described}
