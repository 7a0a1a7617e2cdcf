"""RAM users and STS sessions through unmodified official clients, against a running server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.models import Config
from alibabacloud_vpc20160428 import models
from alibabacloud_vpc20160428.client import Client as VpcClient
from aliyun.log import LogClient, LogException, LogItem, PutLogsRequest
from aliyun.log.auth import AUTH_VERSION_1, AUTH_VERSION_4
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from tests.clients.server import LOG_STORE, PROJECT, REGION, VPC, Server
from weir.client import Client, ServerRefused
from weir.contract.sign import Credentials

RAM, STS = "2015-05-01", "2015-04-01"


@dataclass(frozen=True, slots=True)
class Signer:
    """What a client signs with; ``token`` is empty without STS."""

    key_id: str
    secret: str
    token: str = ""


def core(server: Server, signer: Signer, version: str, action: str, **said: str) -> dict[str, Any]:
    """Any action through the core of the older SDK generation."""
    if signer.token:
        client = AcsClient(
            region_id=REGION,
            credential=StsTokenCredential(signer.key_id, signer.secret, signer.token),
            auto_retry=False,
        )
    else:
        client = AcsClient(signer.key_id, signer.secret, REGION, auto_retry=False)
    request = CommonRequest(domain=server.address, version=version, action_name=action)
    request.set_protocol_type("http")
    request.set_method("POST")
    for name, value in said.items():
        request.add_query_param(name, value)
    answer: dict[str, Any] = json.loads(client.do_action_with_exception(request))
    return answer


def vpc(server: Server, signer: Signer, algorithm: str = "") -> VpcClient:
    """The generated client; ACS3 unless told to sign with version 1."""
    config = Config(access_key_id=signer.key_id, access_key_secret=signer.secret, protocol="http")
    if signer.token:
        config.type, config.security_token = "sts", signer.token
    config.endpoint, config.signature_algorithm = server.address, algorithm
    return VpcClient(config)


def describe(client: VpcClient) -> int:
    found = client.describe_flow_logs(models.DescribeFlowLogsRequest(region_id=REGION))
    return int(found.status_code)


def allow(*actions: str, resource: str = "*") -> str:
    return json.dumps(
        {"Version": "1", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource}]}
    )


@contextmanager
def user(server: Server, name: str, document: str) -> Iterator[Signer]:
    """A RAM user that holds one policy; everything is taken away at the end."""
    root = Signer(*server.key)
    attached = {"PolicyType": "Custom", "PolicyName": name, "UserName": name}
    core(server, root, RAM, "CreateUser", UserName=name)
    core(server, root, RAM, "CreatePolicy", PolicyName=name, PolicyDocument=document)
    core(server, root, RAM, "AttachPolicyToUser", **attached)
    key = core(server, root, RAM, "CreateAccessKey", UserName=name)["AccessKey"]
    try:
        yield Signer(key["AccessKeyId"], key["AccessKeySecret"])
    finally:
        core(server, root, RAM, "DeleteAccessKey", UserName=name, UserAccessKeyId=key["AccessKeyId"])
        core(server, root, RAM, "DetachPolicyFromUser", **attached)
        core(server, root, RAM, "DeletePolicy", PolicyName=name)
        core(server, root, RAM, "DeleteUser", UserName=name)


@contextmanager
def role(server: Server, name: str, document: str) -> Iterator[str]:
    """A role that trusts the whole account and holds one policy; its ARN."""
    root = Signer(*server.key)
    account = core(server, root, STS, "GetCallerIdentity")["AccountId"]
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [f"acs:ram::{account}:root"]}}
    said = json.dumps({"Version": "1", "Statement": [trust]})
    attached = {"PolicyType": "Custom", "PolicyName": name, "RoleName": name}
    made = core(server, root, RAM, "CreateRole", RoleName=name, AssumeRolePolicyDocument=said)["Role"]
    core(server, root, RAM, "CreatePolicy", PolicyName=name, PolicyDocument=document)
    core(server, root, RAM, "AttachPolicyToRole", **attached)
    try:
        yield made["Arn"]
    finally:
        core(server, root, RAM, "DetachPolicyFromRole", **attached)
        core(server, root, RAM, "DeletePolicy", PolicyName=name)
        core(server, root, RAM, "DeleteRole", RoleName=name)


def assume(server: Server, signer: Signer, arn: str, **said: str) -> Signer:
    given = core(server, signer, STS, "AssumeRole", RoleArn=arn, RoleSessionName="batch", **said)["Credentials"]
    return Signer(given["AccessKeyId"], given["AccessKeySecret"], given["SecurityToken"])


@pytest.fixture(params=["", "v2"], ids=["ACS3", "version 1"])
def algorithm(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_ram_user_may_what_its_policy_says(server: Server, algorithm: str) -> None:
    with user(server, "reader", allow("vpc:Describe*")) as signer:
        client = vpc(server, signer, algorithm)
        assert describe(client) == 200
        with pytest.raises(AlibabaCloudException) as refused:
            client.delete_flow_log(models.DeleteFlowLogRequest(region_id=REGION, flow_log_id="fl-1"))
        error = refused.value
        assert (error.status_code, error.code) == (403, "Forbidden.RAM")
        assert error.access_denied_detail["AuthAction"] == "vpc:DeleteFlowLog"
        assert error.access_denied_detail["NoPermissionType"] == "ImplicitDeny"
        identity = core(server, signer, STS, "GetCallerIdentity")
        assert (identity["IdentityType"], identity["Arn"].rpartition(":")[2]) == ("RAMUser", "user/reader")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_ram_user_creates_flow_logs_once_the_service_role_is_granted(server: Server) -> None:
    with server.vpc() as vpc_id, user(server, "maker", allow("vpc:*")) as signer:
        client = vpc(server, signer)
        request = models.CreateFlowLogRequest(
            region_id=REGION,
            resource_type="VPC",
            resource_id=vpc_id,
            traffic_type="All",
            project_name=PROJECT,
            log_store_name=LOG_STORE,
        )
        with pytest.raises(AlibabaCloudException) as refused:
            client.create_flow_log(request)
        assert (refused.value.status_code, refused.value.code) == (400, "Unauthorized")
        with role(server, "AliyunVPCLogArchiveRole", allow("log:PostLogStoreLogs")):
            assert client.create_flow_log(request).body.success == "true"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_disabled_key_stops_at_once(server: Server) -> None:
    root = Signer(*server.key)
    with user(server, "paused", allow("vpc:*")) as signer:
        key = {"UserName": "paused", "UserAccessKeyId": signer.key_id}
        assert describe(vpc(server, signer)) == 200
        core(server, root, RAM, "UpdateAccessKey", **key, Status="Inactive")
        with pytest.raises(AlibabaCloudException) as refused:
            describe(vpc(server, signer))
        assert refused.value.code == "InvalidAccessKeyId.Inactive"
        core(server, root, RAM, "UpdateAccessKey", **key, Status="Active")
        assert describe(vpc(server, signer)) == 200


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_sts_credentials_work_and_are_cut_down_by_their_session_policy(server: Server, algorithm: str) -> None:
    with (
        user(server, "climber", allow("sts:AssumeRole")) as climber,
        role(server, "observer", allow("vpc:Describe*")) as arn,
    ):
        session = assume(server, climber, arn)
        client = vpc(server, session, algorithm)
        assert describe(client) == 200
        identity = core(server, session, STS, "GetCallerIdentity")
        assert identity["Arn"] == arn.replace(":role/", ":assumed-role/") + "/batch"
        narrow = assume(server, climber, arn, Policy=allow("vpc:DescribeVpcs"), DurationSeconds="900")
        with pytest.raises(AlibabaCloudException) as refused:
            describe(vpc(server, narrow, algorithm))
        assert refused.value.access_denied_detail["PolicyType"] == "SessionPolicy"
        assert vpc(server, narrow).describe_vpcs(models.DescribeVpcsRequest(region_id=REGION)).status_code == 200
        with pytest.raises(ServerException) as cannot:
            core(server, Signer(session.key_id, session.secret, narrow.token), STS, "GetCallerIdentity")
        assert cannot.value.get_error_code() == "InvalidSecurityToken.MismatchWithAccessKey"
        with pytest.raises(ServerException) as bare:
            core(server, Signer(session.key_id, session.secret), STS, "GetCallerIdentity")
        assert bare.value.get_error_code() == "InvalidAccessKeyId.NotFound"


def test_our_own_client_speaks_as_a_session(server: Server) -> None:
    with (
        user(server, "operator", allow("sts:AssumeRole")) as operator,
        role(server, "watch", allow("vpc:Describe*", "log:List*")) as arn,
    ):
        session = assume(server, operator, arn)
        given = Credentials(session.key_id, session.secret, REGION, session.token)
        client = Client(f"http://{server.address}", given)
        assert client.say(VPC, "DescribeFlowLogs", {"RegionId": REGION})["PageNumber"] == "1"
        assert LOG_STORE in json.loads(client.sls("GET", "/logstores", PROJECT))["logstores"]
        with pytest.raises(ServerRefused) as refused:
            client.say(VPC, "DeleteVpc", {"VpcId": "vpc-1"})
        assert (refused.value.status, refused.value.code) == (403, "Forbidden.RAM")
        client.close()


@pytest.fixture
def through_proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leads the service's public names to the server, so that no test needs a name server."""
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://{server.address}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")


def logs(signer: Signer, version: str) -> LogClient:
    return LogClient(
        f"http://{REGION}.log.aliyuncs.com",
        signer.key_id,
        signer.secret,
        securityToken=signer.token or None,
        auth_version=version,
        region=REGION,
    )


def refusal(call: Callable[[], object]) -> tuple[int, str, str]:
    with pytest.raises(LogException) as refused:
        call()
    return refused.value.resp_status, refused.value.get_error_code(), refused.value.get_error_message()


@pytest.mark.usefixtures("through_proxy")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [AUTH_VERSION_1, AUTH_VERSION_4])
def test_the_log_service_honours_security_tokens(server: Server, version: str) -> None:
    wanted = allow("log:PostLogStoreLogs", "log:ListLogStores", resource=f"acs:log:*:*:project/{PROJECT}/logstore/*")
    with user(server, "writer", allow("sts:AssumeRole")) as writer, role(server, "log-writer", wanted) as arn:
        client = logs(assume(server, writer, arn), version)
        assert LOG_STORE in client.list_logstore(PROJECT).get_logstores()
        now = int(time.time())
        client.put_logs(PutLogsRequest(PROJECT, LOG_STORE, "", "", [LogItem(now, contents=[("note", "by a session")])]))
        status, code, message = refusal(lambda: client.get_logstore(PROJECT, LOG_STORE))
        account = core(server, Signer(*server.key), STS, "GetCallerIdentity")["AccountId"]
        arn_of_store = f"acs:log:{REGION}:{account}:project/{PROJECT}/logstore/{LOG_STORE}"
        assert (status, code) == (401, "Unauthorized")
        assert message == f"denied by sts or ram, action: log:GetLogStore, resource: {arn_of_store}"
        forged = assume(server, writer, arn)
        broken = logs(Signer(forged.key_id, forged.secret, "not-a-token"), version)
        assert refusal(lambda: broken.list_logstore(PROJECT))[:2] == (401, "Unauthorized")


@pytest.mark.usefixtures("through_proxy")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_ram_user_of_the_log_service(server: Server) -> None:
    with user(server, "log-reader", allow("log:Get*", "log:List*")) as signer:
        client = logs(signer, AUTH_VERSION_4)
        assert client.get_logstore(PROJECT, LOG_STORE).logstore_name == LOG_STORE
        assert refusal(lambda: client.delete_logstore(PROJECT, LOG_STORE))[:2] == (401, "Unauthorized")
