"""What Terraform's ``alicloud_vpc_flow_log`` sends, call by call, over the RPC protocol that its provider uses.

The provider itself cannot be had here (docs/guide/clients.md). ``Resource`` follows the published source of its
resource: which parameters each step sends, what it waits for, what it reads back and compares with the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.clients.server import LOG_STORE, PROJECT, REGION, Server
from tests.clients.story import STATE_SECONDS, Call
from tests.clients.test_python_clients import snake, tea_rpc
from tests.waiting import until

Config = Mapping[str, Any]
IN_PLACE = ("description", "flow_log_name", "aggregation_interval", "ip_version")
READ = (
    *("aggregation_interval", "business_status", "description", "flow_log_id", "flow_log_name", "ip_version"),
    *("log_store_name", "project_name", "region_id", "resource_group_id", "resource_id", "resource_type", "status"),
    "traffic_type",
)


def wire(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


@dataclass
class Resource:
    """One managed flow log; ``calls`` counts what was sent to change it."""

    call: Call
    flow_log_id: str = ""
    calls: list[str] = field(default_factory=list)

    def read(self) -> dict[str, Any] | None:
        """The state, or None where nothing is found. The provider reads the list by its path without asking."""
        page = self.call("DescribeFlowLogs", {"RegionId": REGION, "FlowLogId": self.flow_log_id})
        found = page["FlowLogs"]["FlowLog"]
        if not found:
            return None
        (item,) = found
        assert {snake(name) for name in item} >= {*READ, "creation_time"}
        state = {name: item[wire(name)] for name in READ}
        state["aggregation_interval"] = str(state["aggregation_interval"])
        tags = {tag["Key"]: tag["Value"] for tag in item["Tags"]["Tag"]}
        return {**state, "tags": tags, "traffic_path": item["TrafficPath"]["TrafficPathList"]}

    def drift(self, config: Config) -> set[str]:
        """What a plan would show as changed: arguments of the configuration that the state does not have."""
        state = self.read()
        assert state is not None
        return {name for name, value in config.items() if state[name] != value}

    def apply(self, config: Config) -> None:
        if self.flow_log_id:
            self._update(config, self.drift(config))
        else:
            self._create(config)

    def destroy(self) -> None:
        self._say("DeleteFlowLog", RegionId=REGION, FlowLogId=self.flow_log_id)
        until(lambda: self.read() is None, STATE_SECONDS, "the flow log is gone")

    def _create(self, config: Config) -> None:
        tags = {
            f"Tag.{at}.{part}": text
            for at, pair in enumerate(config.get("tags", {}).items(), 1)
            for part, text in zip(("Key", "Value"), pair, strict=True)
        }
        rest = {wire(name): value for name, value in config.items() if name not in ("tags", "status")}
        self.flow_log_id = self._say("CreateFlowLog", RegionId=REGION, **rest, **tags)["FlowLogId"]
        self._wait("Active")

    def _update(self, config: Config, changed: set[str]) -> None:
        one = {"RegionId": REGION, "FlowLogId": self.flow_log_id}
        if "status" in changed:
            self._say({"Active": "ActiveFlowLog", "Inactive": "DeactiveFlowLog"}[config["status"]], **one)
            self._wait(config["status"])
        if in_place := {wire(name): config[name] for name in IN_PLACE if name in changed}:
            self._say("ModifyFlowLogAttribute", **one, **in_place)
            self._wait("Active")
        named = {"RegionId": REGION, "ResourceType": "FLOWLOG"}
        if "resource_group_id" in changed:
            group = config["resource_group_id"]
            self._say("MoveResourceGroup", **named, ResourceId=self.flow_log_id, NewResourceGroupId=group)
        if "tags" in changed:
            self._set_tags(named, config["tags"])

    def _set_tags(self, named: Config, tags: Mapping[str, str]) -> None:
        state = self.read()
        assert state is not None
        which = {**named, "ResourceId.1": self.flow_log_id}
        if gone := [key for key in state["tags"] if key not in tags]:
            self._say("UnTagResources", **which, **{f"TagKey.{at}": key for at, key in enumerate(gone, 1)})
        new = [pair for pair in tags.items() if pair not in state["tags"].items()]
        pairs = {
            f"Tag.{at}.{part}": text
            for at, pair in enumerate(new, 1)
            for part, text in zip(("Key", "Value"), pair, strict=True)
        }
        self._say("TagResources", **which, **pairs)

    def _wait(self, status: str) -> None:
        until(lambda: (self.read() or {}).get("status") == status, STATE_SECONDS, f"the flow log is {status}")

    def _say(self, action: str, **parameters: Any) -> Mapping[str, Any]:
        self.calls.append(action)
        return self.call(action, parameters)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_apply_change_apply_destroy(server: Server) -> None:
    with server.vpc() as vpc_id:
        resource = Resource(tea_rpc(server))
        config: dict[str, Any] = {
            "resource_type": "VPC",
            "resource_id": vpc_id,
            "traffic_type": "All",
            "project_name": PROJECT,
            "log_store_name": LOG_STORE,
            "flow_log_name": "terraform",
            "description": "made by terraform",
            "aggregation_interval": "1",
            "tags": {"Created": "TF", "For": "acceptance"},
            "traffic_path": ["all"],
        }
        resource.apply(config)
        assert resource.drift(config) == set()
        assert resource.calls == ["CreateFlowLog"]

        group = server.client().say("2020-03-31", "CreateResourceGroup", {"Name": "terraform", "DisplayName": "t"})
        config |= {"description": "changed", "aggregation_interval": "10", "tags": {"Created": "again", "New": "x"}}
        config["resource_group_id"] = group["ResourceGroup"]["Id"]
        resource.apply(config)
        assert resource.drift(config) == set()
        changes = ["ModifyFlowLogAttribute", "MoveResourceGroup", "UnTagResources", "TagResources"]
        assert resource.calls == ["CreateFlowLog", *changes]

        resource.apply(config)
        assert resource.calls == ["CreateFlowLog", *changes], "the second apply changes nothing"

        for status in ("Inactive", "Active"):
            resource.apply({**config, "status": status})
            assert resource.drift({**config, "status": status}) == set()
        assert resource.calls[-2:] == ["DeactiveFlowLog", "ActiveFlowLog"]
        resource.destroy()
        assert server.flow_logs(vpc_id) == []
