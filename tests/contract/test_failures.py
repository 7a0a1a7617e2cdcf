"""The failure table: complete, unambiguous, named after its codes."""

from __future__ import annotations

import re

from weir.model import failures
from weir.model.failures import GATEWAY, PAGE, Failure, Refusal

ALL = {name: value for name, value in vars(failures).items() if isinstance(value, Failure)}

PAGE_CODES = [
    "IncorrectBusinessStatus.FlowLog",
    "OptInRequired.FlowLog",
    "OperationUnsupported.AdvancedFeature",
    "InvalidInstanceId",
    "ProjectOrLogstoreNotExist",
    "SourceProjectNotExist",
    "Unauthorized",
    "OperationUnsupported.action",
    "ParameterInvalid",
    "RuleExist",
    "InvalidHdMonitorStatus",
    "QuotaExceeded.FlowlogCount",
    "InvalidResourceId.NotFound",
    "INVALID_PARAMETER",
    "MissingParameter",
    "InvalidRegionId.NotFound",
    "InvalidResourceType.NotFound",
    "OperationUnsupported.ResourceType",
    "IllegalParam.AggregationInterval",
    "UnsupportedFeature.UserDefinedTrafficPath",
    "IllegalParam.TrafficPath",
    "DuplicatedParam.TrafficPath",
    "IllegalParam.ResourceGroupId",
    "OperationDenied.OperateShareResource",
    "UnsupportedFeature.IpVersion",
    "UnsupportedFeature.VpcAdvancedFeature",
    "OperationFailed.EniTypeNotSupport",
    "IllegalParam.IpVersion",
    "OperationDenied.NisTrafficAnalyzerAggregationIntervalMismatch",
    "OperationDenied.NisTrafficAnalyzerNotFound",
    "OperationDenied.NisTrafficAnalyzerNotActive",
    "OperationFailed.InternalError",
    "MissingParam.TrafficAnalyzerIdOrLogProjectOrLogStore",
    "OperationDenied.AllTrafficPathOfManagedExist",
    "UnsupportedFeature.UserDefinedTrafficPathIpv6",
]
"""Source: the error table of the CreateFlowLog page, in its order."""


def test_the_page_is_there_whole() -> None:
    assert len(PAGE_CODES) == 35
    assert sorted(failure.code for failure in PAGE) == sorted(PAGE_CODES)
    assert {failure.status for failure in PAGE} == {400}


def test_every_failure_says_when_it_is_given() -> None:
    for failure in ALL.values():
        assert failure.trigger.endswith("."), failure.code
        assert failure.message, failure.code


def test_a_code_stands_once_and_gives_its_constant_the_name() -> None:
    assert len({failure.code for failure in ALL.values()}) == len(ALL)
    for name, failure in ALL.items():
        if name != "REQUEST_TOO_LARGE":
            assert name.replace("_", "") == re.sub(r"[^A-Za-z0-9]", "", failure.code).upper()


def test_gateway_and_page_are_apart() -> None:
    assert not set(GATEWAY) & set(PAGE)


def test_a_refusal_speaks_for_itself() -> None:
    plain = Refusal(failures.RULE_EXIST)
    assert (plain.message, dict(plain.detail)) == ("The rule has already existed.", {})
    special = Refusal(failures.INVALID_INSTANCE_ID, "vpc does not exist.", param="ResourceId")
    assert (special.message, dict(special.detail)) == ("vpc does not exist.", {"param": "ResourceId"})
    assert str(special) == "InvalidInstanceId: vpc does not exist."
