"""The gateway before unmodified official SDKs, over a real uvicorn on loopback, with two small handlers of our own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

import httpx
import pytest
import uvicorn
from alibabacloud_tea_openapi import models as open_api
from alibabacloud_vpc20160428 import models as vpc_models
from alibabacloud_vpc20160428.client import Client as VpcClient
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkvpc.request.v20160428.ActiveFlowLogRequest import ActiveFlowLogRequest
from aliyunsdkvpc.request.v20160428.CreateFlowLogRequest import CreateFlowLogRequest
from aliyunsdkvpc.request.v20160428.DescribeFlowLogsRequest import DescribeFlowLogsRequest
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from weir.contract.action import Regions
from weir.contract.nonces import Nonces
from weir.contract.vpc import CreateFlowLog, DescribeFlowLogs, FlowLog, FlowLogCreated, FlowLogPage
from weir.control.access import Caller, Key, Principal
from weir.doors.rpc import BODY_BYTES_MAX, Gateway

KEY_ID, SECRET = "LTAI5tTestKey", "s3cret+/=&~ *"
ACCOUNT = "1234567890123456"
MINUTES_20 = 20 * 60


@dataclass
class Ledger:
    """What the two handlers keep: the desk of this test."""

    flow_logs: list[FlowLog] = field(default_factory=list)


def create(desk: Ledger, caller: Caller, command: CreateFlowLog) -> FlowLogCreated:
    made = FlowLogCreated(flow_log_id=f"fl-{len(desk.flow_logs)}", resource_group_id="rg-default")
    desk.flow_logs.append(
        FlowLog(
            flow_log_id=made.flow_log_id,
            flow_log_name=command.flow_log_name or "",
            description=command.description or "",
            creation_time="2026-11-22T03:08:50Z",
            region_id=command.region_id,
            resource_type=command.resource_type,
            resource_id=command.resource_id,
            traffic_type=command.traffic_type,
            project_name=command.project_name or "",
            log_store_name=command.log_store_name or "",
            status="Active",
            aggregation_interval=command.aggregation_interval,
            traffic_path=command.traffic_path,
            ip_version=command.ip_version,
            resource_group_id=made.resource_group_id,
            tags=command.tag,
        )
    )
    return made


def describe(desk: Ledger, caller: Caller, command: DescribeFlowLogs) -> FlowLogPage:
    found = tuple(one for one in desk.flow_logs if command.flow_log_id in (None, one.flow_log_id))
    return FlowLogPage(
        page_number=command.page_number, page_size=command.page_size, total_count=len(found), flow_logs=found
    )


@dataclass
class Served:
    """A running gateway: its address, its desk, its clock's error, and every request as it came over the wire."""

    port: int
    ledger: Ledger
    clock_error_seconds: float = 0.0
    seen: list[httpx.Request] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def replay(self) -> httpx.Response:
        """Sends the last request again, byte for byte."""
        with httpx.Client(trust_env=False) as client:
            return client.send(self.seen[-1])


@pytest.fixture
def served(wait_until) -> Iterator[Served]:  # type: ignore[no-untyped-def]
    ledger = Ledger()
    state = Served(0, ledger)
    caller = Caller(ACCOUNT, Principal.ACCOUNT, KEY_ID, "test")
    keys = {KEY_ID: Key(SECRET, caller, active=True), "LTAI5tOff": Key(SECRET, caller, active=False)}
    gateway = Gateway(
        handlers={CreateFlowLog: create, DescribeFlowLogs: describe},
        desk=ledger,
        key_of=keys.get,
        nonces=Nonces(),
        clock=lambda: time.time() + state.clock_error_seconds,
        regions=Regions(frozenset({"cn-hangzhou"})),
        admissions={},
    )

    async def recording(scope: Scope, receive: Receive, send: Send) -> None:
        chunks: list[Message] = []

        async def tapped() -> Message:
            chunks.append(await receive())
            return chunks[-1]

        await gateway(scope, tapped, send)
        request = Request(scope)
        body = b"".join(chunk.get("body", b"") for chunk in chunks)
        state.seen.append(httpx.Request(request.method, str(request.url), headers=request.headers.raw, content=body))

    server = uvicorn.Server(uvicorn.Config(recording, port=0, lifespan="off", log_level="warning", http="httptools"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started)
    state.port = server.servers[0].sockets[0].getsockname()[1]
    yield state
    server.should_exit = True
    thread.join()


def tea_client(served: Served, secret: str = SECRET, key_id: str = KEY_ID, **more: str) -> VpcClient:
    config = open_api.Config(access_key_id=key_id, access_key_secret=secret, **more)
    config.endpoint, config.protocol, config.region_id = served.address, "http", "cn-hangzhou"
    return VpcClient(config)


def core_client(secret: str = SECRET, key_id: str = KEY_ID) -> AcsClient:
    return AcsClient(key_id, secret, "cn-hangzhou", auto_retry=False)


def wanted(**changes: object) -> vpc_models.CreateFlowLogRequest:
    facts = {
        "region_id": "cn-hangzhou",
        "resource_type": "VPC",
        "resource_id": "vpc-1",
        "traffic_type": "All",
        "project_name": "flow-logs",
        "log_store_name": "store",
        "description": "ein Versuch: a+b & c=d ~ * ü 流日志",
        "aggregation_interval": 1,
        "traffic_path": ["natGateway", "vpnGateway"],
        "tag": [vpc_models.CreateFlowLogRequestTag(key="a b", value="c/d")],
    }
    return vpc_models.CreateFlowLogRequest(**{**facts, **changes})


def core_wanted(served: Served, method: str = "POST") -> CreateFlowLogRequest:
    request = CreateFlowLogRequest()
    request.set_endpoint(served.address)
    request.set_method(method)
    request.set_accept_format("json")
    request.set_ResourceType("VPC")
    request.set_ResourceId("vpc-1")
    request.set_TrafficType("All")
    request.set_ProjectName("flow-logs")
    request.set_LogStoreName("store")
    request.set_Description("ein Versuch: a+b & c=d ~ * ü 流日志")
    request.set_AggregationInterval(5)
    request.set_TrafficPaths(["all"])
    request.set_Tags([{"Key": "a b", "Value": "c/d"}])
    return request


def failure(call, *arguments):  # type: ignore[no-untyped-def]
    """(HTTP status, code, request id) of the refusal an SDK reports."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - each SDK has its own exception; the code is checked
        call(*arguments)
    error = caught.value
    if isinstance(error, ServerException):
        return error.get_http_status(), error.get_error_code(), error.get_request_id()
    return error.status_code, error.code, error.data["RequestId"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("algorithm", ["acs3", "v2"])
def test_tea_creates_and_describes(served: Served, algorithm: str) -> None:
    client = tea_client(served, **({"signature_algorithm": algorithm} if algorithm == "v2" else {}))
    created = client.create_flow_log(wanted()).body
    assert (created.success, created.flow_log_id, created.resource_group_id) == ("true", "fl-0", "rg-default")
    assert len(created.request_id) == 36

    listed = client.describe_flow_logs(vpc_models.DescribeFlowLogsRequest(region_id="cn-hangzhou")).body
    assert (listed.success, listed.total_count, listed.page_number, listed.page_size) == ("true", "1", "1", "20")
    (log,) = listed.flow_logs.flow_log
    assert log.description == "ein Versuch: a+b & c=d ~ * ü 流日志"
    assert log.aggregation_interval == 1
    assert log.traffic_path.traffic_path_list == ["natGateway", "vpnGateway"]
    assert [(tag.key, tag.value) for tag in log.tags.tag] == [("a b", "c/d")]
    assert (log.ip_version, log.business_status, log.service_type) == ("IPv4", "Normal", "")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_core_creates_and_describes(served: Served, method: str) -> None:
    created = json.loads(core_client().do_action_with_exception(core_wanted(served, method)))
    assert created["FlowLogId"] == "fl-0"
    request = DescribeFlowLogsRequest()
    request.set_endpoint(served.address)
    listed = json.loads(core_client().do_action_with_exception(request))
    (log,) = listed["FlowLogs"]["FlowLog"]
    assert log["Description"] == "ein Versuch: a+b & c=d ~ * ü 流日志"
    assert log["Tags"] == {"Tag": [{"Key": "a b", "Value": "c/d"}]}
    assert log["TrafficPath"] == {"TrafficPathList": ["all"]}


@pytest.mark.filterwarnings("ignore:do_action")
def test_core_reads_xml_when_it_asks_for_xml(served: Served) -> None:
    request = core_wanted(served)
    request.set_accept_format("XML")
    created = ElementTree.fromstring(core_client().do_action(request))
    assert (created.tag, created.findtext("FlowLogId")) == ("CreateFlowLogResponse", "fl-0")
    request = DescribeFlowLogsRequest()
    request.set_endpoint(served.address)
    request.set_accept_format("xml")
    listed = ElementTree.fromstring(core_client().do_action(request))
    assert listed.findtext("TotalCount") == "1"
    assert [log.findtext("Description") for log in listed.findall("FlowLogs/FlowLog")] == [
        "ein Versuch: a+b & c=d ~ * ü 流日志"
    ]
    assert [tag.findtext("Value") for tag in listed.iter("Tag")] == ["c/d"]
    refused = core_wanted(served)
    refused.set_accept_format("XML")
    refused.set_ResourceId("")
    error = ElementTree.fromstring(core_client().do_action(refused))
    assert (error.tag, error.findtext("Code")) == ("Error", "MissingParameter")
    assert error.findtext("Recommend") == f"http://{served.address}/errors/MissingParameter"


def test_nothing_found_is_an_empty_list(served: Served) -> None:
    body = tea_client(served).describe_flow_logs(vpc_models.DescribeFlowLogsRequest(region_id="cn-hangzhou")).body
    assert body.flow_logs.flow_log == []
    assert body.total_count == "0"


def test_wrong_secret(served: Served) -> None:
    assert failure(tea_client(served, secret="wrong").create_flow_log, wanted())[:2] == (400, "SignatureDoesNotMatch")
    v1 = tea_client(served, secret="wrong", signature_algorithm="v2")
    assert failure(v1.create_flow_log, wanted())[:2] == (400, "SignatureDoesNotMatch")
    # The core compares the string to sign in our message with its own, and then knows that it is the secret.
    core = core_client(secret="wrong").do_action_with_exception
    assert failure(core, core_wanted(served))[:2] == (400, "InvalidAccessKeySecret")
    assert served.ledger.flow_logs == []


def test_unknown_and_disabled_key(served: Served) -> None:
    assert failure(tea_client(served, key_id="nobody").create_flow_log, wanted())[:2] == (
        404,
        "InvalidAccessKeyId.NotFound",
    )
    core = core_client(key_id="LTAI5tOff").do_action_with_exception
    assert failure(core, core_wanted(served))[:2] == (400, "InvalidAccessKeyId.Inactive")


def test_replayed_nonce(served: Served) -> None:
    tea_client(served).create_flow_log(wanted())
    again = served.replay()
    assert (again.status_code, again.json()["Code"]) == (400, "SignatureNonceUsed")
    core_client().do_action_with_exception(core_wanted(served))
    again = served.replay()
    assert (again.status_code, again.json()["Code"]) == (400, "SignatureNonceUsed")
    assert len(served.ledger.flow_logs) == 2


@pytest.mark.parametrize("error_seconds", [MINUTES_20, -MINUTES_20])
def test_clock_twenty_minutes_off(served: Served, error_seconds: int) -> None:
    served.clock_error_seconds = error_seconds
    assert failure(tea_client(served).create_flow_log, wanted())[:2] == (400, "InvalidTimeStamp.Expired")
    core = core_client().do_action_with_exception
    assert failure(core, core_wanted(served))[:2] == (400, "InvalidTimeStamp.Expired")
    assert served.ledger.flow_logs == []


def test_unknown_action(served: Served) -> None:
    request = vpc_models.DeleteVpnGatewayRequest(region_id="cn-hangzhou", vpn_gateway_id="vpn-1")
    assert failure(tea_client(served).delete_vpn_gateway, request)[:2] == (404, "InvalidApi.NotFound")


def test_missing_parameter_and_error_shape(served: Served) -> None:
    status, code, request_id = failure(tea_client(served).create_flow_log, wanted(resource_id=None))
    assert (status, code) == (400, "MissingParameter")
    assert len(request_id) == 36
    answer = served.replay()
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert list(answer.json()) == ["RequestId", "HostId", "Code", "Message", "Recommend"]
    assert answer.json()["HostId"] == served.address


def test_a_handler_that_is_missing_is_our_fault(served: Served) -> None:
    request = ActiveFlowLogRequest()
    request.set_endpoint(served.address)
    request.set_FlowLogId("fl-0")
    status, code, request_id = failure(core_client().do_action_with_exception, request)
    assert (status, code, len(request_id)) == (500, "InternalError", 36)


def test_a_body_too_long_is_refused_unread(served: Served) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    with httpx.Client(trust_env=False) as client:
        address = f"http://{served.address}/?Format=JSON"
        answer = client.post(address, content=b"a" * (BODY_BYTES_MAX + 1), headers=form)
        assert (answer.status_code, answer.json()["Code"]) == (413, "RequestEntityTooLarge")
        answer = client.post(address, content=b"a" * BODY_BYTES_MAX, headers=form)
        assert (answer.status_code, answer.json()["Code"]) == (400, "MissingAction")
