"""The main job end to end: official SDKs, real kernel, real packets, real store; every comparison with ``==``.

One stage for the whole file. Three flow logs over the same traffic (ENI, VSwitch, VPC) and two that keep one verdict;
one ENI joins after the flow logs are Active. Traffic runs across a window's boundary, so two windows in a row are
compared with what was sent.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_vpc20160428.models import (
    ActiveFlowLogRequest,
    CreateFlowLogRequest,
    DeactiveFlowLogRequest,
    DeleteFlowLogRequest,
    OpenFlowLogServiceRequest,
)
from aliyunsdkvpc.request.v20160428.CreateFlowLogRequest import CreateFlowLogRequest as CreateFlowLogV1
from aliyunsdkvpc.request.v20160428.DescribeFlowLogsRequest import DescribeFlowLogsRequest as DescribeFlowLogsV1

from tests.lab.stage import PROJECT, REGION, Stage
from tests.waiting import until
from weir.capture.window import next_boundary_s
from weir.cli.worlds import Interface, declare_lab, eni_of, vpc_of, vswitch_of
from weir.contract.weir import UnbindNetworkInterface
from weir.lab import traffic
from weir.lab.compare import Comparison, compare
from weir.lab.senders import Pair, udp
from weir.lab.topology import Lab
from weir.lab.truth import truth
from weir.model.fields import NAMES
from weir.model.resources import Side

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

STORES = ("eni", "vswitch", "vpc", "allow", "drop")
Row = dict[str, str]


class Story:
    """What was done, in order; the tests look at what came of it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.logs: dict[str, str] = {}
        self.since = int(time.time()) - 60

    def declare(self) -> None:
        """The world without guest c, whose ENI joins later."""
        description = self.stage.lab.description()
        early = description | {"guests": [guest for guest in description["guests"] if guest["name"] != "c"]}
        client = self.stage.client()
        self.world = declare_lab(client, self.stage.place, early)
        self.stage.enis.update(self.world["enis"])
        sls = self.stage.sls()
        sls.create_project(PROJECT, "the stage")
        for store in STORES:
            sls.create_logstore(PROJECT, store, ttl=1)

    def create_flow_logs(self) -> None:
        self.stage.acs3().open_flow_log_service(OpenFlowLogServiceRequest(region_id=REGION))
        self.logs["eni"] = self.create("eni", "NetworkInterface", self.stage.enis["a"])
        self.logs["vpc"] = self.create("vpc", "VPC", self.world["vpc"])
        self.logs["allow"] = self.create("allow", "NetworkInterface", self.stage.enis["b"], "Allow")
        self.logs["vswitch"] = self.create_by_v1("vswitch", "VSwitch", self.world["vswitches"]["bridged"])
        for name in self.logs:
            self.await_active(name)

    def create(self, store: str, kind: str, resource_id: str, traffic_type: str = "All") -> str:
        request = CreateFlowLogRequest(
            region_id=REGION,
            resource_type=kind,
            resource_id=resource_id,
            traffic_type=traffic_type,
            ip_version="DualStack",
            project_name=PROJECT,
            log_store_name=store,
            aggregation_interval=1,
        )
        return str(self.stage.acs3().create_flow_log(request).body.flow_log_id)

    def create_by_v1(self, store: str, kind: str, resource_id: str) -> str:
        request = CreateFlowLogV1()
        request.set_endpoint(self.stage.endpoint.removeprefix("http://"))
        for name, value in {
            "ResourceType": kind,
            "ResourceId": resource_id,
            "TrafficType": "All",
            "ProjectName": PROJECT,
            "LogStoreName": store,
            "AggregationInterval": 1,
            "IpVersion": "DualStack",
        }.items():
            request.add_query_param(name, value)
        return str(self.ask_v1(request)["FlowLogId"])

    def ask_v1(self, request: Any) -> Mapping[str, Any]:
        request.set_protocol_type("http")
        answer = json.loads(self.stage.v1().do_action_with_exception(request))
        assert isinstance(answer, dict)
        return answer

    def status_by_v1(self, flow_log_id: str) -> str:
        request = DescribeFlowLogsV1()
        request.set_endpoint(self.stage.endpoint.removeprefix("http://"))
        request.add_query_param("FlowLogId", flow_log_id)
        (found,) = self.ask_v1(request)["FlowLogs"]["FlowLog"]
        return str(found["Status"])

    def await_status(self, name: str, status: str) -> None:
        until(lambda: self.stage.status(self.logs[name]) == status, 30, f"{name} {status}")

    def await_active(self, name: str) -> None:
        self.await_status(name, "Active")
        assert self.status_by_v1(self.logs[name]) == "Active"

    def join_late(self) -> None:
        """Guest c's ENI is created in a VSwitch of the VPC whose flow log is Active already."""
        guest = self.stage.lab.guests["c"]
        client = self.stage.client()
        interface = Interface("c", guest.device, Side.BEHIND, guest.ipv4, (guest.ipv6,))
        self.stage.enis["c"] = eni_of(client, self.stage.place, self.world["vswitches"]["routed"], interface)
        until(lambda: self.stage.is_captured("c"), 30, "guest c captured")
        self.logs["drop"] = self.create("drop", "NetworkInterface", self.stage.enis["c"], "Drop")
        self.await_active("drop")

    def send(self) -> None:
        """The whole set, then a steady stream across the next boundary of a window."""
        traffic.run(self.stage.lab)
        boundary_s = next_boundary_s(time.time_ns())
        self.boundaries = (boundary_s, boundary_s + 60)
        seconds = boundary_s - time.time() + 8
        traffic.steady(self.stage.lab, seconds)
        self.sent = time.time()
        self.truth = truth(self.stage.lab)
        until(lambda: self.stage.covered("vpc", self.sent), 100, "the window delivered\n" + self.stage.log_text())
        for store, guests in {"eni": "a", "vswitch": "ab", "allow": "b"}.items():
            until(lambda s=store, g=guests: self.stage.covered(s, self.sent, tuple(g)), 10, store)

    def rows(self, store: str) -> list[Row]:
        return self.stage.rows(store, self.since)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    stage = Stage(Path(tmp_path_factory.mktemp("stage")), Lab(f"wt{os.getpid()}"))
    try:
        stage.lab.up()
        stage.start_server()
        stage.start_agent()
        made = Story(stage)
        made.declare()
        made.create_flow_logs()
        made.join_late()
        made.send()
        yield made
    finally:
        stage.close()


def spare_world(story: Story) -> dict[str, str]:
    """A second VPC with a VSwitch and an ENI, which no flow log covers."""
    client, place = story.stage.client(), story.stage.place
    vpc_id = vpc_of(client, place, "spare", "10.90.0.0/16", "fd90::/56")
    vswitch_id = vswitch_of(client, place, vpc_id, "spare", ("10.90.1.0/24", 1))
    eni_id = eni_of(client, place, vswitch_id, Interface("spare", "spare0", Side.BEHIND, "10.90.1.7"))
    return {"VPC": vpc_id, "VSwitch": vswitch_id, "NetworkInterface": eni_id}


@pytest.mark.parametrize("sdk", ["acs3", "v1"])
def test_both_sdks_create_on_every_kind_of_resource(story: Story, sdk: str) -> None:
    """Nothing is bound there that exists, so nothing has to be attached but what the agent reports as missing."""
    world = spare_world(story)
    story.stage.client().call(UnbindNetworkInterface(network_interface_id=world["NetworkInterface"]))
    for kind, resource_id in world.items():
        create = story.create if sdk == "acs3" else story.create_by_v1
        story.logs[f"spare-{kind}"] = create("vpc", kind, resource_id)
        story.await_active(f"spare-{kind}")
    for kind in world:
        flow_log_id = story.logs.pop(f"spare-{kind}")
        story.stage.acs3().delete_flow_log(DeleteFlowLogRequest(region_id=REGION, flow_log_id=flow_log_id))
        until(lambda deleted=flow_log_id: story.stage.status(deleted) == "gone", 30, "deleted")


def flows(rows: list[Row], keep: Callable[[Row], bool] = lambda row: True) -> Counter[tuple[str, ...]]:
    """The records as a multiset; the NODATA rows left out."""
    return Counter(
        tuple(row.get(name, "") for name in NAMES) for row in rows if row["log-status"] == "OK" and keep(row)
    )


def compared(story: Story, rows: list[Row]) -> list[Comparison]:
    guest_of = {eni: guest for guest, eni in story.stage.enis.items()}
    return compare(story.truth, [row for row in rows if row["log-status"] == "OK"], guest_of)


def test_every_count_of_the_lab_is_in_the_records(story: Story) -> None:
    counts = compared(story, story.rows("vpc"))
    assert len({count.topic for count in counts}) > 5
    assert [count for count in counts if not count.equal] == []


def test_two_windows_in_a_row_were_under_load(story: Story) -> None:
    ends = Counter(int(row["__time__"]) + 1 for row in story.rows("vpc") if row["log-status"] == "OK")
    first, second = story.boundaries
    assert ends[first] > 20
    assert ends[second] > 20


def test_a_record_has_exactly_the_published_fields(story: Story) -> None:
    for row in story.rows("vpc"):
        keys = set(row) - {"__time__", "__source__", "__topic__", "__time_ns_part__"}
        if row["log-status"] == "OK":
            assert keys == set(NAMES)
        else:
            assert keys < set(NAMES)


def test_nothing_was_skipped(story: Story) -> None:
    assert {row["log-status"] for row in story.rows("vpc")} <= {"OK", "NODATA"}


def test_eni_and_vswitch_flow_logs_have_their_part_of_the_vpcs_rows(story: Story) -> None:
    vpc, enis = story.rows("vpc"), story.stage.enis
    assert flows(story.rows("eni")) == flows(vpc, lambda row: row["eni-id"] == enis["a"])
    assert flows(story.rows("vswitch")) == flows(vpc, lambda row: row["eni-id"] in (enis["a"], enis["b"]))


def test_an_eni_created_later_joined_the_vpcs_flow_log(story: Story) -> None:
    assert flows(story.rows("vpc"), lambda row: row["eni-id"] == story.stage.enis["c"])


def test_traffic_type_keeps_exactly_the_matching_rows(story: Story) -> None:
    vpc, enis = story.rows("vpc"), story.stage.enis
    allow, drop = flows(story.rows("allow")), flows(story.rows("drop"))
    assert allow == flows(vpc, lambda row: row["eni-id"] == enis["b"] and row["action"] == "ACCEPT")
    assert drop == flows(vpc, lambda row: row["eni-id"] == enis["c"] and row["action"] == "REJECT")
    assert allow
    assert drop


def test_pull_log_gives_the_same_rows_as_get_log_all(story: Story) -> None:
    """The Drop store too, which has no index of its own making but the flow log's."""
    for store in ("vpc", "drop"):
        assert flows(story.stage.pulled(store, story.since)) == flows(story.rows(store))


def test_sql_over_the_records_is_the_sum_of_the_records(story: Story) -> None:
    rows = [row for row in story.rows("vpc") if row["log-status"] == "OK"]
    sql = 'log-status: OK | SELECT "eni-id", direction, sum(bytes) AS b GROUP BY "eni-id", direction LIMIT 1000'
    answered = {(row["eni-id"], row["direction"]): int(row["b"]) for row in story.stage.rows("vpc", story.since, sql)}
    naive: Counter[tuple[str, str]] = Counter()
    for row in rows:
        naive[row["eni-id"], row["direction"]] += int(row["bytes"])
    assert answered == naive


def test_deactive_stops_active_resumes_delete_keeps(story: Story) -> None:
    """One after the other on the ENI's flow log, with the VPC's flow log as the witness that traffic went on."""
    stage, vpc_api, eni_log = story.stage, story.stage.acs3(), story.logs["eni"]
    vpc_api.deactive_flow_log(DeactiveFlowLogRequest(region_id=REGION, flow_log_id=eni_log))
    story.await_status("eni", "Inactive")
    before = flows(story.rows("eni"))
    stopped = next_boundary_s(time.time_ns())
    until(lambda: stage.covered("vpc", stopped - 1), 100, "the window in which it was stopped")
    after_stop = flows(story.rows("eni")) - before
    udp(stage.lab, Pair("a", "b", 4), 9700, count=7, size=100)
    vpc_api.active_flow_log(ActiveFlowLogRequest(region_id=REGION, flow_log_id=eni_log))
    story.await_status("eni", "Active")
    udp(stage.lab, Pair("a", "b", 4), 9711, count=11, size=100)
    sent = time.time()
    until(lambda: stage.covered("vpc", sent), 100, "the next window")
    until(lambda: stage.covered("eni", sent, ("a",)), 10, "the resumed flow log")
    resumed = flows(story.rows("eni")) - before - after_stop
    packets = NAMES.index("packets")
    assert sum(int(key[packets]) * n for key, n in resumed.items()) == 11
    vpc_api.delete_flow_log(DeleteFlowLogRequest(region_id=REGION, flow_log_id=eni_log))
    until(lambda: stage.status(eni_log) == "gone", 30, "deleted")
    assert flows(story.rows("eni")) == before + after_stop + resumed
