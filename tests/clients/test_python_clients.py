"""The official Python clients, unmodified, against a running server: each tells the whole story."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_rpc.client import Client as RpcClient
from alibabacloud_tea_rpc.models import Config as RpcConfig
from alibabacloud_tea_util.models import RuntimeOptions
from alibabacloud_vpc20160428 import models
from alibabacloud_vpc20160428.client import Client as VpcClient
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from Tea.exceptions import TeaException

from tests.clients.server import REGION, Server
from tests.clients.story import Call, Refused, Teller, check

PLURALS = {"TrafficPath": "TrafficPaths", "Tag": "Tags", "ResourceId": "ResourceIds"}


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def vpc20160428(server: Server, algorithm: str) -> Call:
    """The generated client of the current SDK generation; ACS3 unless told to sign with version 1."""
    config = Config(access_key_id=server.key[0], access_key_secret=server.key[1], protocol="http")
    config.endpoint, config.signature_algorithm = server.address, algorithm
    client = VpcClient(config)

    def call(action: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        request = getattr(models, f"{action}Request")().from_map(dict(parameters))
        try:
            answer = getattr(client, snake(action))(request)
        except AlibabaCloudException as error:
            raise Refused(error.status_code, error.code, error.message, error.data["RequestId"]) from error
        return dict(answer.body.to_map())

    return call


def sdk_vpc(server: Server) -> Call:
    """The older generation: a class per request on one core, version 1 signatures."""
    client = AcsClient(*server.key, REGION, auto_retry=False)

    def call(action: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        module = importlib.import_module(f"aliyunsdkvpc.request.v20160428.{action}Request")
        request = getattr(module, f"{action}Request")()
        request.set_endpoint(server.address)
        for name, value in parameters.items():
            if name != "RegionId":
                getattr(request, f"set_{PLURALS[name] if isinstance(value, list) else name}")(value)
        try:
            return dict(json.loads(client.do_action_with_exception(request)))
        except ServerException as error:
            raise Refused(
                error.get_http_status(), error.get_error_code(), error.get_error_msg(), error.get_request_id()
            ) from error

    return call


def tea_rpc(server: Server) -> Call:
    """The generic client under Terraform's provider: system parameters in the query, the others in a form."""
    config = RpcConfig(access_key_id=server.key[0], access_key_secret=server.key[1], region_id=REGION)
    config.protocol, config.endpoint = "http", server.address
    client = RpcClient(config)

    def call(action: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            runtime = RuntimeOptions(autoretry=False)
            return dict(client.do_request(action, "HTTP", "POST", "2016-04-28", "AK", {}, dict(parameters), runtime))
        except TeaException as error:
            # This client adds "Error" to the code and tells the status in its message alone.
            status = re.match(r"code: (\d+),", error.message)
            assert status is not None
            raise Refused(
                int(status[1]), error.code.removesuffix("Error"), error.message, error.data["RequestId"]
            ) from error

    return call


CLIENTS = {
    "alibabacloud_vpc20160428": lambda server: vpc20160428(server, ""),
    "alibabacloud_vpc20160428, version 1": lambda server: vpc20160428(server, "v2"),
    "aliyun-python-sdk-vpc": sdk_vpc,
    "alibabacloud_tea_rpc": tea_rpc,
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", CLIENTS)
def test_the_story(name: str, server: Server) -> None:
    with server.vpc() as vpc_id:
        check(Teller(CLIENTS[name](server), vpc_id).tell())
