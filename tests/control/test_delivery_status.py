"""FlowLogDeliverStatus: what the catalog knows, then what live agents say of their last batch."""

from __future__ import annotations

from typing import Any

import pytest

from weir.contract import sls_commands
from weir.control import projects
from weir.control.targets import AGENT_SILENCE_SECONDS

HERE = "cn-hangzhou"


def shown(office: Any) -> tuple[str, str]:
    (log,) = office.call("DescribeFlowLogs", RegionId=HERE).flow_logs
    return log.flow_log_deliver_status, log.flow_log_deliver_error_message


def sync(office: Any, *codes: str, node: str = "host-a", logstore: str = "vpc") -> None:
    said = {"RegionId": HERE, "NodeName": node}
    for number, code in enumerate(codes, start=1):
        said[f"Undelivered_{number}_ProjectName"] = "flows"
        said[f"Undelivered_{number}_LogStoreName"] = logstore
        said[f"Undelivered_{number}_Code"] = code
    office.call("SyncAgent", **said)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("ProjectNotExist", "ProjectNotExist"),
        ("LogStoreNotExist", "UnavaliableTarget"),
        ("Unauthorized", "UnavaliableTarget"),
        ("Unreachable", "UnknownError"),
        ("InvalidTimestamp", "UnknownError"),
    ],
)
def test_the_last_batch_decides(office: Any, code: str, word: str) -> None:
    office.flow_log("VPC", office.vpc())
    assert shown(office) == ("SUCCESS", "")
    sync(office, code)
    assert shown(office) == ("FAILED", word)
    sync(office, code)
    assert shown(office) == ("FAILED", word)
    sync(office)
    assert shown(office) == ("SUCCESS", "")


def test_another_logstore_is_another_matter(office: Any) -> None:
    office.flow_log("VPC", office.vpc())
    sync(office, "ProjectNotExist", logstore="other")
    assert shown(office) == ("SUCCESS", "")


def test_of_two_agents_the_graver_trouble_is_shown(office: Any) -> None:
    office.flow_log("VPC", office.vpc())
    sync(office, "Unreachable", node="a")
    sync(office, "Unauthorized", node="b")
    assert shown(office) == ("FAILED", "UnavaliableTarget")
    sync(office, node="b")
    assert shown(office) == ("FAILED", "UnknownError")


def test_a_silent_agent_is_not_believed(office: Any) -> None:
    office.flow_log("VPC", office.vpc())
    sync(office, "Unauthorized")
    office.clock.now += AGENT_SILENCE_SECONDS
    assert shown(office) == ("FAILED", "UnavaliableTarget")
    office.clock.now += 1
    assert shown(office) == ("SUCCESS", "")


def test_what_the_catalog_knows_goes_first(office: Any) -> None:
    office.flow_log("VPC", office.vpc())
    sync(office, "Unreachable")
    projects.delete_log_store(office.desk, office.caller, sls_commands.DeleteLogStore(project="flows", log_store="vpc"))
    assert shown(office) == ("FAILED", "UnavaliableTarget")
    projects.delete_project(office.desk, office.caller, sls_commands.DeleteProject(project="flows"))
    assert shown(office) == ("FAILED", "ProjectNotExist")


def test_a_log_format_is_kept_given_back_and_sent_to_the_agents(office: Any) -> None:
    vpc = office.vpc()
    office.call("BindNetworkInterface", NetworkInterfaceId=office.eni(office.vswitch(vpc)), NodeName="a", Device="v")
    log = office.flow_log("VPC", vpc, LogFormat="${srcaddr}${packets}")
    asked = {"RegionId": HERE, "FlowLogId": log}

    def formats() -> tuple[str | None, str]:
        (target,) = office.call("SyncAgent", RegionId=HERE, NodeName="a").targets
        return office.call("DescribeFlowLogs", **asked).flow_logs[0].log_format, target.flow_logs[0].log_format

    assert formats() == ("${srcaddr}${packets}", "${srcaddr}${packets}")
    office.clock.now += AGENT_SILENCE_SECONDS + 1
    office.call("ModifyFlowLogAttribute", **asked, LogFormat="${bytes} ${tcp-flags}")
    assert formats() == ("${bytes} ${tcp-flags}", "${bytes} ${tcp-flags}")
