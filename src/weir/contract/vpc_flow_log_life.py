"""What happens to a flow log after it was created, and the subscription; product Vpc 2016-04-28.

What enters: nothing. What leaves: one command and one answer class per operation, constraints and names as published
(source: the pages of ModifyFlowLogAttribute, ActiveFlowLog, DeactiveFlowLog, DeleteFlowLog, OpenFlowLogService and
GetFlowLogServiceStatus). Failures stand in the order in which they are checked.
"""

from __future__ import annotations

from weir.contract.declare import action, answer, param, structure
from weir.contract.shapes import OneOf
from weir.contract.terms import (
    DESCRIPTION,
    IDENTIFIER,
    LABEL,
    REGION_EXAMPLE,
    REGION_HAS_FLOW_LOGS,
    REGION_KNOWN,
    TOKEN,
    VPC,
    located,
)
from weir.contract.vpc_flow_logs import AGGREGATION_INTERVAL, FIELDS_EXIST, LOG_FORMAT, IpVersion
from weir.model.failures import (
    ILLEGAL_PARAM_AGGREGATION_INTERVAL,
    ILLEGAL_PARAM_IP_VERSION,
    INCORRECT_BUSINESS_STATUS_FLOW_LOG,
    INVALID_INSTANCE_ID,
    INVALID_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    INVALID_STATUS,
    MISSING_PARAMETER,
    OPERATION_DENIED_NIS_TRAFFIC_ANALYZER_AGGREGATION_INTERVAL_MISMATCH,
    OPERATION_FAILED_EXCEED_PURCHASE_LIMIT,
    OPERATION_UNSUPPORTED_ACTION,
    PARAMETER_INVALID,
    UNSUPPORTED_FEATURE_IP_VERSION,
    UNSUPPORTED_FEATURE_USER_DEFINED_TRAFFIC_PATH_IPV6,
)


@structure
class Succeeded:
    """The answer of a call that changes a flow log."""

    success: bool = answer("Whether the call was taken.", default=True, as_text=True, example="true")


ON_ONE_FLOW_LOG = (
    INCORRECT_BUSINESS_STATUS_FLOW_LOG,
    MISSING_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    OPERATION_UNSUPPORTED_ACTION,
    PARAMETER_INVALID,
    INVALID_INSTANCE_ID,
    INVALID_STATUS,
)
"""What a call on one flow log can answer. InvalidInstanceId says ``Instance does not exist.`` there."""


@action(
    VPC,
    returns=Succeeded,
    summary="Change the name, description, window or address families of a flow log.",
    fails=(
        INCORRECT_BUSINESS_STATUS_FLOW_LOG,
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        OPERATION_UNSUPPORTED_ACTION,
        INVALID_PARAMETER,
        PARAMETER_INVALID,
        ILLEGAL_PARAM_AGGREGATION_INTERVAL,
        ILLEGAL_PARAM_IP_VERSION,
        INVALID_INSTANCE_ID,
        INVALID_STATUS,
        UNSUPPORTED_FEATURE_USER_DEFINED_TRAFFIC_PATH_IPV6,
        UNSUPPORTED_FEATURE_IP_VERSION,
        OPERATION_DENIED_NIS_TRAFFIC_ANALYZER_AGGREGATION_INTERVAL_MISMATCH,
    ),
    rules=(REGION_KNOWN, REGION_HAS_FLOW_LOGS, FIELDS_EXIST),
    resources=(located("flowlog/{FlowLogId}"),),
)
class ModifyFlowLogAttribute:
    """Asynchronous: the flow log is `Modifying` until its agents have followed. What is absent stays as it is."""

    region_id: str = param(IDENTIFIER, "Region of the flow log.", example=REGION_EXAMPLE)
    flow_log_id: str = param(IDENTIFIER, "The flow log.", example="fl-m5e8vhz2t21sel1nq5kzd")
    flow_log_name: str | None = param(LABEL, "New name.", example="myFlowlog", default=None)
    description: str | None = param(DESCRIPTION, "New description.", example="This is my Flowlog.", default=None)
    aggregation_interval: int | None = param(
        AGGREGATION_INTERVAL,
        "New length of the window.",
        example="1",
        default=None,
        unit="minutes",
        invalid=ILLEGAL_PARAM_AGGREGATION_INTERVAL,
    )
    ip_version: IpVersion | None = param(
        OneOf(IpVersion), "New address families.", example="DualStack", default=None, invalid=ILLEGAL_PARAM_IP_VERSION
    )
    log_format: str | None = param(
        LOG_FORMAT,
        "New fields of its records.",
        example="${srcaddr}${dstaddr}",
        default=None,
    )


@action(
    VPC,
    returns=Succeeded,
    summary="Start a stopped flow log.",
    fails=ON_ONE_FLOW_LOG,
    rules=(REGION_KNOWN, REGION_HAS_FLOW_LOGS),
    resources=(located("flowlog/{FlowLogId}"),),
)
class ActiveFlowLog:
    """Asynchronous: the flow log is `Activating` until its agents have attached, then `Active`."""

    region_id: str = param(IDENTIFIER, "Region of the flow log.", example=REGION_EXAMPLE)
    flow_log_id: str = param(IDENTIFIER, "The flow log.", example="fl-m5e8vhz2t21sel1nq5kzd")


@action(
    VPC,
    returns=Succeeded,
    summary="Stop a flow log; it can be started again.",
    fails=ON_ONE_FLOW_LOG,
    rules=(REGION_KNOWN, REGION_HAS_FLOW_LOGS),
    resources=(located("flowlog/{FlowLogId}"),),
)
class DeactiveFlowLog:
    """Asynchronous: the flow log is `Deactivating` until its agents have let go, then `Inactive`."""

    region_id: str = param(IDENTIFIER, "Region of the flow log.", example=REGION_EXAMPLE)
    flow_log_id: str = param(IDENTIFIER, "The flow log.", example="fl-m5e8vhz2t21sel1nq5kzd")


@action(
    VPC,
    returns=Succeeded,
    summary="Delete a flow log; its stored records stay.",
    fails=ON_ONE_FLOW_LOG,
    rules=(REGION_KNOWN, REGION_HAS_FLOW_LOGS),
    resources=(located("flowlog/{FlowLogId}"),),
)
class DeleteFlowLog:
    """Asynchronous: the flow log is `Deleting` until its agents have let go, then it is no longer listed. It need not
    be stopped first.
    """

    region_id: str = param(IDENTIFIER, "Region of the flow log.", example=REGION_EXAMPLE)
    flow_log_id: str = param(IDENTIFIER, "The flow log.", example="fl-m5e8vhz2t21sel1nq5kzd")


@structure
class ServiceOpened:
    """The answer of OpenFlowLogService."""

    code: str = answer("Always `200`.", default="200", example="200")
    message: str = answer("Always `successful`.", default="successful", example="successful")


@action(
    VPC,
    returns=ServiceOpened,
    summary="Subscribe the account to flow logs; needed once.",
    fails=(
        MISSING_PARAMETER,
        INVALID_REGION_ID_NOT_FOUND,
        PARAMETER_INVALID,
        OPERATION_FAILED_EXCEED_PURCHASE_LIMIT,
    ),
    rules=(REGION_KNOWN,),
    resources=(located("flowlog/*"),),
)
class OpenFlowLogService:
    """Holds for the whole account and every region, and cannot be taken back."""

    region_id: str = param(IDENTIFIER, "Any configured region.", example=REGION_EXAMPLE)
    client_token: str | None = param(
        TOKEN,
        "Idempotency token.",
        example="123e4567-e89b-12d3-a456-426655440000",
        default=None,
        ignored="a second call is refused in any case",
    )


@structure
class ServiceStatus:
    """The answer of GetFlowLogServiceStatus."""

    enabled: bool = answer("Whether the account is subscribed to flow logs.", example=True)


@action(
    VPC,
    returns=ServiceStatus,
    summary="Whether the account is subscribed to flow logs.",
    writes=False,
    fails=(MISSING_PARAMETER, INVALID_REGION_ID_NOT_FOUND, PARAMETER_INVALID),
    rules=(REGION_KNOWN,),
    resources=(located("flowlog/*"),),
)
class GetFlowLogServiceStatus:
    """Holds for the whole account and every region."""

    region_id: str = param(IDENTIFIER, "Any configured region.", example=REGION_EXAMPLE)
    client_token: str | None = param(
        TOKEN,
        "Idempotency token.",
        example="123e4567-e89b-12d3-a456-426655440000",
        default=None,
        ignored="the call changes nothing",
    )
