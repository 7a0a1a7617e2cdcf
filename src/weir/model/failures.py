"""Every way to refuse a call, once: code, HTTP status, message, explanation, trigger.

What enters: nothing. What leaves: one ``Failure`` constant per code, and ``Refusal``, the exception that
brings one to the door. A constant is named after its code: ``InvalidRegionId.NotFound`` is
``INVALID_REGION_ID_NOT_FOUND``. Messages are the published English texts (sources: the error tables of the
CreateFlowLog page and its siblings, Alibaba Cloud's common error codes, the VPC and ECS error pages);
``zh`` is the page's Chinese explanation; ``trigger`` says when Weir answers so, because the pages do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """One row. ``code`` and ``status`` go on the wire, ``message`` too unless the refusal has its own."""

    code: str
    status: int
    message: str
    zh: str = ""
    trigger: str = ""


class Refusal(Exception):
    """The caller's fault, as a declared failure.

    ``message`` replaces the failure's text on the wire; ``detail`` (``param``, ``why``) says what was
    wrong, for the log and the tests, and never travels. Whoever refuses has changed nothing.
    """

    def __init__(self, failure: Failure, message: str | None = None, **detail: str) -> None:
        self.failure = failure
        self.message = failure.message if message is None else message
        self.detail: Mapping[str, str] = detail
        super().__init__(f"{failure.code}: {self.message}")


# --- The 35 failures of the CreateFlowLog page, in the order in which they are checked ---

UNAUTHORIZED = Failure(
    "Unauthorized",
    400,
    "This api does not support sub user or role.",
    "API不支持子用户或角色。",
    "The caller is a RAM user or an assumed role and the account has not granted the flow-log service role.",
)
OPT_IN_REQUIRED_FLOW_LOG = Failure(
    "OptInRequired.FlowLog",
    400,
    "You are not authorized to use the requested service of flowLog."
    " Ensure that you have subscribed to the service you are trying to use.",
    "您无权使用请求的 flowLog 服务。 确保您已经订阅了您尝试使用的服务。",
    "OpenFlowLogService was never called for the account.",
)
INCORRECT_BUSINESS_STATUS_FLOW_LOG = Failure(
    "IncorrectBusinessStatus.FlowLog",
    400,
    "The business status of flowLog is incorrect.",
    "当前业务状态不支持创建流日志实例",
    "The account's business status is FinancialLocked.",
)
MISSING_PARAMETER = Failure(
    "MissingParameter",
    400,
    "Missing mandatory parameter",
    "",
    "A required parameter is absent or empty.",
)
INVALID_REGION_ID_NOT_FOUND = Failure(
    "InvalidRegionId.NotFound",
    400,
    "The RegionId provided does not exist in our records.",
    "",
    "RegionId is not a configured region.",
)
OPERATION_UNSUPPORTED_ACTION = Failure(
    "OperationUnsupported.action",
    400,
    "This action is not support.",
    "此操作不支持。",
    "The region is configured without flow logs, or the log service alone may change the flow log (ServiceType sls).",
)
INVALID_PARAMETER = Failure(
    "INVALID_PARAMETER",
    400,
    "The parameter invalid.",
    "",
    "Malformed structure: a non-integer where an integer is due, an index gap or index 0 in a list parameter,"
    " an unknown sub-field.",
)
PARAMETER_INVALID = Failure(
    "ParameterInvalid",
    400,
    "Invalid parameter.",
    "入参非法",
    "A value outside its declared constraint: length, characters, prefix, enumeration, list size.",
)
OPERATION_UNSUPPORTED_RESOURCE_TYPE = Failure(
    "OperationUnsupported.ResourceType",
    400,
    "This resource type is not supported.",
    "",
    "ResourceType is none of NetworkInterface, VSwitch, VPC; for tags and groups none of FLOWLOG, VPC, VSWITCH.",
)
INVALID_RESOURCE_TYPE_NOT_FOUND = Failure(
    "InvalidResourceType.NotFound",
    400,
    "Resource type no the same.",
    "",
    "ResourceType is known, but ResourceId names a resource of another type.",
)
ILLEGAL_PARAM_AGGREGATION_INTERVAL = Failure(
    "IllegalParam.AggregationInterval",
    400,
    "The param of aggregationInterval is illegal.",
    "采样间隔参数输入不合法",
    "AggregationInterval is an integer other than 1, 5, 10.",
)
ILLEGAL_PARAM_TRAFFIC_PATH = Failure(
    "IllegalParam.TrafficPath",
    400,
    "The param of trafficPath is illegal.",
    "传入的trafficPath参数非法。",
    "TrafficPath names an unknown path, or 'all' beside another path.",
)
DUPLICATED_PARAM_TRAFFIC_PATH = Failure(
    "DuplicatedParam.TrafficPath",
    400,
    "The param of trafficPath is duplicated.",
    "传入的trafficPath参数中存在重复的数值。",
    "TrafficPath names one path twice.",
)
ILLEGAL_PARAM_IP_VERSION = Failure(
    "IllegalParam.IpVersion",
    400,
    "The parameter of IpVersion is illegal.",
    "参数IpVersion非法。",
    "IpVersion is none of IPv4, DualStack.",
)
MISSING_PARAM_TRAFFIC_ANALYZER_ID_OR_LOG_PROJECT_OR_LOG_STORE = Failure(
    "MissingParam.TrafficAnalyzerIdOrLogProjectOrLogStore",
    400,
    "TrafficAnalyzerId and ProjectName and LogStoreName parameters are not passed in.",
    "TrafficAnalyzerIdProjectNameLogStoreName 参数都未传入。",
    "Neither TrafficAnalyzerId nor both ProjectName and LogStoreName are given.",
)
INVALID_INSTANCE_ID = Failure(
    "InvalidInstanceId",
    400,
    "vswitch does not exist.",
    "vSwitch实例不存在。",
    "The resource does not exist or is another account's and not shared; the message names its kind.",
)
OPERATION_DENIED_OPERATE_SHARE_RESOURCE = Failure(
    "OperationDenied.OperateShareResource",
    400,
    "The operation is not allowed because of OperateShareResource.",
    "操作共享资源导致操作失败",
    "The resource is shared by another account.",
)
OPERATION_FAILED_ENI_TYPE_NOT_SUPPORT = Failure(
    "OperationFailed.EniTypeNotSupport",
    400,
    "Operation failed because the ENI type is not supported.",
    "弹性辅助网卡的类型不支持当前操作",
    "The ENI is a member interface of a trunk.",
)
INVALID_HD_MONITOR_STATUS = Failure(
    "InvalidHdMonitorStatus",
    400,
    "Current instance status is not valid for this action.",
    "",
    "The VPC or VSwitch is not Available, or the ENI is Creating, Deleting or CreateFailed.",
)
OPERATION_UNSUPPORTED_ADVANCED_FEATURE = Failure(
    "OperationUnsupported.AdvancedFeature",
    400,
    "Advanced features of the vpc is unsupported.",
    "不支持该高级特性。",
    "The ENI is attached to an instance family without flow logs.",
)
UNSUPPORTED_FEATURE_VPC_ADVANCED_FEATURE = Failure(
    "UnsupportedFeature.VpcAdvancedFeature",
    400,
    "The VPC does not support some advanced features.",
    "VPC不支持某些高级功能,请提交工单处理。",
    "The VPC is flagged as not supporting advanced features.",
)
UNSUPPORTED_FEATURE_USER_DEFINED_TRAFFIC_PATH = Failure(
    "UnsupportedFeature.UserDefinedTrafficPath",
    400,
    "The feature of UserDefinedTrafficPath is not supported.",
    "本用户暂不支持自定义流日志trafficPath功能。",
    "A path other than 'all', and the account is not on the white list.",
)
UNSUPPORTED_FEATURE_USER_DEFINED_TRAFFIC_PATH_IPV6 = Failure(
    "UnsupportedFeature.UserDefinedTrafficPathIpv6",
    400,
    "Dual-stack flow log instances do not support custom trafficPath.",
    "双栈流日志实例暂不支持自定义trafficPath功能。",
    "A path other than 'all' together with DualStack.",
)
UNSUPPORTED_FEATURE_IP_VERSION = Failure(
    "UnsupportedFeature.IpVersion",
    400,
    "The ipversion type is not supported.",
    "输入的ipVersion不支持",
    "DualStack on a VPC or VSwitch without an IPv6 block.",
)
ILLEGAL_PARAM_RESOURCE_GROUP_ID = Failure(
    "IllegalParam.ResourceGroupId",
    400,
    "Invalid ResourceGroupld value.",
    "指定的资源组非法或不存在",
    "No such resource group.",
)
PROJECT_OR_LOGSTORE_NOT_EXIST = Failure(
    "ProjectOrLogstoreNotExist",
    400,
    "The specified project or logstore does not exist.",
    "指定的项目或logstore不存在。",
    "No such project, or no such logstore in it.",
)
SOURCE_PROJECT_NOT_EXIST = Failure(
    "SourceProjectNotExist",
    400,
    "The Source Project or logstore does not exist.",
    "SLS源项目或日志库不存在。",
    "The project exists, but in another region.",
)
OPERATION_DENIED_NIS_TRAFFIC_ANALYZER_NOT_FOUND = Failure(
    "OperationDenied.NisTrafficAnalyzerNotFound",
    400,
    "The specified NIS Traffic Analyzer does not exist.",
    "指定的NIS流量分析器不存在。",
    "No such traffic analyzer.",
)
OPERATION_DENIED_NIS_TRAFFIC_ANALYZER_NOT_ACTIVE = Failure(
    "OperationDenied.NisTrafficAnalyzerNotActive",
    400,
    "The specified NIS Traffic Analyzer is not enabled.",
    "指定的NIS流量分析器处于非开启状态。",
    "The traffic analyzer is not Active.",
)
OPERATION_DENIED_NIS_TRAFFIC_ANALYZER_AGGREGATION_INTERVAL_MISMATCH = Failure(
    "OperationDenied.NisTrafficAnalyzerAggregationIntervalMismatch",
    400,
    "The sampling interval of the FlowLog is greater than the sampling interval of the NIS Traffic Analyzer.",
    "FlowLog的采样间隔大于NIS流量分析器的采样间隔。",
    "The flow log's interval is greater than the traffic analyzer's.",
)
OPERATION_DENIED_ALL_TRAFFIC_PATH_OF_MANAGED_EXIST = Failure(
    "OperationDenied.AllTrafficPathOfManagedExist",
    400,
    "The resource you specified has created a flow log instance that collects the traffic of all scenarios."
    " You cannot create a flow log instance that collects only some scenarios.",
    "您指定的资源已经创建了采集全部场景的流量的流日志实例,不能再创建仅采集部分场景的流日志实例。",
    "The resource has a flow log of all paths and this one asks for some paths.",
)
RULE_EXIST = Failure(
    "RuleExist",
    400,
    "The rule has already existed.",
    "",
    "The resource has a flow log of some paths and this one repeats one of them.",
)
INVALID_RESOURCE_ID_NOT_FOUND = Failure(
    "InvalidResourceId.NotFound",
    400,
    "This resourceId already has flowlog instance existed.",
    "要指定的资源已经存在flowlog实例",
    "The resource already has a flow log of all paths, or of some paths while this one asks for all."
    " In calls on tags and resource groups, as its own message says: no such resource.",
)
QUOTA_EXCEEDED_FLOWLOG_COUNT = Failure(
    "QuotaExceeded.FlowlogCount",
    400,
    "This user has reached the maximum instance number of flowlog.",
    "已达到流日志的最大实例数。",
    "The region already holds the account's quota of flow logs (10 unless set).",
)
OPERATION_FAILED_INTERNAL_ERROR = Failure(
    "OperationFailed.InternalError",
    400,
    "The request processing has failed due to some unknown error.",
    "未知错误,请重试操作,错误仍存在请提交工单处理。",
    "A fault of Weir's: logged with the request id; nothing was written.",
)

PAGE: tuple[Failure, ...] = (
    UNAUTHORIZED,
    OPT_IN_REQUIRED_FLOW_LOG,
    INCORRECT_BUSINESS_STATUS_FLOW_LOG,
    MISSING_PARAMETER,
    INVALID_REGION_ID_NOT_FOUND,
    OPERATION_UNSUPPORTED_ACTION,
    INVALID_PARAMETER,
    PARAMETER_INVALID,
    OPERATION_UNSUPPORTED_RESOURCE_TYPE,
    INVALID_RESOURCE_TYPE_NOT_FOUND,
    ILLEGAL_PARAM_AGGREGATION_INTERVAL,
    ILLEGAL_PARAM_TRAFFIC_PATH,
    DUPLICATED_PARAM_TRAFFIC_PATH,
    ILLEGAL_PARAM_IP_VERSION,
    MISSING_PARAM_TRAFFIC_ANALYZER_ID_OR_LOG_PROJECT_OR_LOG_STORE,
    INVALID_INSTANCE_ID,
    OPERATION_DENIED_OPERATE_SHARE_RESOURCE,
    OPERATION_FAILED_ENI_TYPE_NOT_SUPPORT,
    INVALID_HD_MONITOR_STATUS,
    OPERATION_UNSUPPORTED_ADVANCED_FEATURE,
    UNSUPPORTED_FEATURE_VPC_ADVANCED_FEATURE,
    UNSUPPORTED_FEATURE_USER_DEFINED_TRAFFIC_PATH,
    UNSUPPORTED_FEATURE_USER_DEFINED_TRAFFIC_PATH_IPV6,
    UNSUPPORTED_FEATURE_IP_VERSION,
    ILLEGAL_PARAM_RESOURCE_GROUP_ID,
    PROJECT_OR_LOGSTORE_NOT_EXIST,
    SOURCE_PROJECT_NOT_EXIST,
    OPERATION_DENIED_NIS_TRAFFIC_ANALYZER_NOT_FOUND,
    OPERATION_DENIED_NIS_TRAFFIC_ANALYZER_NOT_ACTIVE,
    OPERATION_DENIED_NIS_TRAFFIC_ANALYZER_AGGREGATION_INTERVAL_MISMATCH,
    OPERATION_DENIED_ALL_TRAFFIC_PATH_OF_MANAGED_EXIST,
    RULE_EXIST,
    INVALID_RESOURCE_ID_NOT_FOUND,
    QUOTA_EXCEEDED_FLOWLOG_COUNT,
    OPERATION_FAILED_INTERNAL_ERROR,
)
"""The 35 failures of the CreateFlowLog page in the order of the checks; the first that applies is given."""

# --- The gateway: before any action is looked at ---

UNSUPPORTED_HTTP_METHOD = Failure(
    "UnsupportedHTTPMethod",
    400,
    "This http method is not supported.",
    trigger="The method is neither GET nor POST.",
)
REQUEST_TOO_LARGE = Failure(
    "RequestEntityTooLarge",
    413,
    "The request body is too large.",
    trigger="The body is longer than the gateway reads.",
)
INVALID_PARAMETER_FORMAT = Failure(
    "InvalidParameter.Format",
    400,
    "The specified parameter is malformed.",
    trigger="Query or form is not valid percent-encoded UTF-8, a name is given twice, or Format is not JSON or XML.",
)
MISSING_ACTION = Failure(
    "MissingAction", 400, "Action is mandatory for this action.", trigger="Action is absent or empty."
)
MISSING_VERSION = Failure(
    "MissingVersion", 400, "Version is mandatory for this action.", trigger="Version is absent or empty."
)
MISSING_ACCESS_KEY_ID = Failure(
    "MissingAccessKeyId",
    400,
    "AccessKeyId is mandatory for this action.",
    trigger="AccessKeyId is absent or empty, and there is no Authorization header.",
)
MISSING_SIGNATURE = Failure(
    "MissingSignature",
    400,
    "Signature is mandatory for this action.",
    trigger="Signature is absent or empty.",
)
MISSING_SIGNATURE_METHOD = Failure(
    "MissingSignatureMethod",
    400,
    "SignatureMethod is mandatory for this action.",
    trigger="SignatureMethod is absent or empty.",
)
MISSING_SIGNATURE_VERSION = Failure(
    "MissingSignatureVersion",
    400,
    "SignatureVersion is mandatory for this action.",
    trigger="SignatureVersion is absent or empty.",
)
MISSING_SIGNATURE_NONCE = Failure(
    "MissingSignatureNonce",
    400,
    "SignatureNonce is mandatory for this action.",
    trigger="SignatureNonce (ACS3: x-acs-signature-nonce) is absent or empty.",
)
MISSING_TIMESTAMP = Failure(
    "MissingTimestamp",
    400,
    "Timestamp is mandatory for this action.",
    trigger="Timestamp (ACS3: x-acs-date) is absent or empty.",
)
INVALID_SIGNATURE_METHOD = Failure(
    "InvalidSignatureMethod",
    400,
    "Specified signature method is not supported.",
    trigger="SignatureMethod is not HMAC-SHA1, or the Authorization header names no ACS3-HMAC-SHA256.",
)
INVALID_SIGNATURE_VERSION = Failure(
    "InvalidSignatureVersion",
    400,
    "Specified signature version is not supported.",
    trigger="SignatureVersion is not 1.0.",
)
INVALID_SIGNATURE_NONCE = Failure(
    "InvalidSignatureNonce",
    400,
    "Specified signature nonce is not valid.",
    trigger="The nonce is longer than 128 characters.",
)
INVALID_TIME_STAMP_FORMAT = Failure(
    "InvalidTimeStamp.Format",
    400,
    "Specified time stamp or date value is not well formatted.",
    trigger="The time is not of the form YYYY-MM-DDThh:mm:ssZ.",
)
INVALID_TIME_STAMP_EXPIRED = Failure(
    "InvalidTimeStamp.Expired",
    400,
    "Specified time stamp or date value is expired.",
    trigger="The time is more than 15 minutes before or after the server's clock.",
)
INVALID_ACCESS_KEY_ID_NOT_FOUND = Failure(
    "InvalidAccessKeyId.NotFound", 404, "Specified access key is not found.", trigger="No such AccessKey."
)
INVALID_ACCESS_KEY_ID_INACTIVE = Failure(
    "InvalidAccessKeyId.Inactive",
    400,
    "Specified access key is disabled.",
    trigger="The AccessKey is disabled.",
)
INVALID_SECURITY_TOKEN_MALFORMED = Failure(
    "InvalidSecurityToken.Malformed",
    400,
    "Specified SecurityToken is malformed.",
    trigger="The security token is none that this service gave out.",
)
INVALID_SECURITY_TOKEN_MISMATCH_WITH_ACCESS_KEY = Failure(
    "InvalidSecurityToken.MismatchWithAccessKey",
    400,
    "Specified SecurityToken mismatch with the AccessKey.",
    trigger="The security token belongs to another AccessKey.",
)
INVALID_SECURITY_TOKEN_EXPIRED = Failure(
    "InvalidSecurityToken.Expired",
    400,
    "Specified SecurityToken is expired.",
    trigger="The session that the security token stands for is over.",
)
SIGNATURE_DOES_NOT_MATCH = Failure(
    "SignatureDoesNotMatch",
    400,
    "Specified signature is not matched with our calculation.",
    trigger="The signature differs from ours, covers too little, or the body's hash is not the signed one.",
)
SIGNATURE_NONCE_USED = Failure(
    "SignatureNonceUsed",
    400,
    "Specified signature nonce was used already.",
    trigger="The same key sent the same nonce within the last 31 minutes.",
)
INVALID_VERSION = Failure(
    "InvalidVersion", 400, "Specified parameter Version is not valid.", trigger="No product has this Version."
)
INVALID_API_NOT_FOUND = Failure(
    "InvalidApi.NotFound",
    404,
    "Specified api is not found,please check your url and method.",
    trigger="The product of this Version has no such Action.",
)
THROTTLING = Failure("Throttling", 400, "Request was denied due to request throttling.", trigger="Too many requests.")
THROTTLING_USER = Failure(
    "Throttling.User",
    400,
    "Request was denied due to user flow control.",
    trigger="The account sent more requests of this action than its limit.",
)
FORBIDDEN_RAM = Failure(
    "Forbidden.RAM",
    403,
    "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
    trigger="The policies of the caller do not allow the action on every resource it needs.",
)
INTERNAL_ERROR = Failure(
    "InternalError",
    500,
    "The request processing has failed due to some unknown error.",
    trigger="A fault of Weir's: logged with the request id; nothing was written.",
)

GATEWAY: tuple[Failure, ...] = (
    UNSUPPORTED_HTTP_METHOD,
    REQUEST_TOO_LARGE,
    INVALID_PARAMETER_FORMAT,
    MISSING_ACTION,
    MISSING_VERSION,
    MISSING_ACCESS_KEY_ID,
    MISSING_SIGNATURE,
    MISSING_SIGNATURE_METHOD,
    MISSING_SIGNATURE_VERSION,
    MISSING_SIGNATURE_NONCE,
    MISSING_TIMESTAMP,
    INVALID_SIGNATURE_METHOD,
    INVALID_SIGNATURE_VERSION,
    INVALID_SIGNATURE_NONCE,
    INVALID_TIME_STAMP_FORMAT,
    INVALID_TIME_STAMP_EXPIRED,
    INVALID_ACCESS_KEY_ID_NOT_FOUND,
    INVALID_ACCESS_KEY_ID_INACTIVE,
    INVALID_SECURITY_TOKEN_MALFORMED,
    INVALID_SECURITY_TOKEN_MISMATCH_WITH_ACCESS_KEY,
    INVALID_SECURITY_TOKEN_EXPIRED,
    SIGNATURE_DOES_NOT_MATCH,
    SIGNATURE_NONCE_USED,
    INVALID_VERSION,
    INVALID_API_NOT_FOUND,
    THROTTLING,
    THROTTLING_USER,
    FORBIDDEN_RAM,
    INTERNAL_ERROR,
)
"""What any action may answer."""

# --- The other calls of the flow-log family ---

INVALID_STATUS = Failure(
    "InvalidStatus",
    400,
    "Current instance status is not valid for this action.",
    trigger="The flow log's state does not take this call: Active wants Inactive, Deactive wants Active.",
)
OPERATION_FAILED_EXCEED_PURCHASE_LIMIT = Failure(
    "OperationFailed.ExceedPurchaseLimit",
    400,
    "You have reached the limit of purchase quantity.",
    trigger="OpenFlowLogService was already called for the account; clients treat this as success.",
)

# --- Any call that has the parameter ---

DRY_RUN_OPERATION = Failure(
    "DryRunOperation",
    400,
    "Request validation has been passed with DryRun flag set.",
    trigger="DryRun is true and nothing else stands against the call; nothing was changed.",
)

# --- Tags and resource groups ---

QUOTA_EXCEED_TAGS_PER_RESOURCE = Failure(
    "QuotaExceed.TagsPerResource",
    400,
    "The maximum number of tags for each resource is exceeded.",
    trigger="A resource named by TagResources would have more than 20 tags.",
)
ENTITY_NOT_EXIST_RESOURCE_GROUP = Failure(
    "EntityNotExist.ResourceGroup",
    404,
    "The resource group does not exist.",
    trigger="The account has no such resource group.",
)
ENTITY_ALREADY_EXISTS_RESOURCE_GROUP = Failure(
    "EntityAlreadyExists.ResourceGroup",
    409,
    "The resource group already exists.",
    trigger="The account has a resource group of that name.",
)
LIMIT_EXCEEDED_RESOURCE_GROUP = Failure(
    "LimitExceeded.ResourceGroup",
    409,
    "The maximum number of resource groups is exceeded.",
    trigger="The account already has its quota of resource groups.",
)

# --- Companions: VPC and VSwitch (Vpc 2016-04-28) ---

INVALID_VPC_ID_NOT_FOUND = Failure(
    "InvalidVpcId.NotFound",
    404,
    "Specified VPC does not exist.",
    trigger="No such VPC in the account and region.",
)
INVALID_VSWITCH_ID_NOT_FOUND = Failure(
    "InvalidVSwitchId.NotFound",
    404,
    "Specified vSwitch does not exist.",
    trigger="No such VSwitch in the account and region.",
)
INVALID_ZONE_ID_NOT_FOUND = Failure(
    "InvalidZoneId.NotFound",
    404,
    "Specified zone does not exist.",
    trigger="The zone is not one of the region's.",
)
INVALID_CIDR_BLOCK_MALFORMED = Failure(
    "InvalidCidrBlock.Malformed",
    400,
    "Specified CIDR block is not valid.",
    trigger="The block is no IPv4 network in CIDR notation, has host bits set, or its size is not allowed.",
)
INVALID_CIDR_BLOCK_OVERLAPPED = Failure(
    "InvalidCidrBlock.Overlapped",
    400,
    "Specified CIDR block is overlapped with other subnets.",
    trigger="The block overlaps that of another VSwitch of the VPC, or lies outside the VPC's.",
)
INVALID_IPV6_CIDR_BLOCK_MALFORMED = Failure(
    "InvalidIpv6CidrBlock.Malformed",
    400,
    "Specified IPv6 CIDR block is not valid.",
    trigger="The IPv6 block is malformed, of a wrong size, outside the VPC's, or the VPC has none.",
)
QUOTA_EXCEEDED_VPC = Failure(
    "QuotaExceeded.Vpc",
    400,
    "VPC quota exceeded.",
    trigger="The region already holds the account's quota of VPCs.",
)
QUOTA_EXCEEDED_TRAFFIC_ROUTE = Failure(
    "QuotaExceeded.TrafficRoute",
    400,
    "Traffic route quota exceeded.",
    trigger="The VPC already holds its quota of declared traffic routes.",
)
QUOTA_EXCEEDED_VSWITCH = Failure(
    "QuotaExceeded.VSwitch",
    400,
    "VSwitch quota exceeded.",
    trigger="The VPC already holds its quota of VSwitches.",
)
DEPENDENCY_VIOLATION_VSWITCH = Failure(
    "DependencyViolation.VSwitch",
    400,
    "Specified object has dependent resources.",
    trigger="The VPC to be deleted still has VSwitches.",
)
DEPENDENCY_VIOLATION_NETWORK_INTERFACE = Failure(
    "DependencyViolation.NetworkInterface",
    400,
    "Specified object has dependent resources.",
    trigger="The VSwitch to be deleted still has network interfaces.",
)
DEPENDENCY_VIOLATION_FLOW_LOG = Failure(
    "DependencyViolation.FlowLog",
    400,
    "Specified object has dependent resources.",
    trigger="The resource to be deleted still has a flow log.",
)

# --- Companions: network interfaces (Ecs 2014-05-26) ---

INVALID_ENI_ID_NOT_FOUND = Failure(
    "InvalidEniId.NotFound",
    404,
    "The specified ENI is not found.",
    trigger="No such network interface in the account and region.",
)
INVALID_PRIVATE_IP_ADDRESS_MALFORMED = Failure(
    "InvalidPrivateIpAddress.Malformed",
    400,
    "Specified private IP address is malformed.",
    trigger="The address is not an IPv4 address, or lies outside the VSwitch's block.",
)
INVALID_PRIVATE_IP_ADDRESS_DUPLICATED = Failure(
    "InvalidPrivateIpAddress.Duplicated",
    400,
    "Specified private IP address is duplicated.",
    trigger="The address belongs to another network interface of the VSwitch.",
)
INVALID_IPV6_ADDRESS_MALFORMED = Failure(
    "InvalidIpv6Address.Malformed",
    400,
    "Specified IPv6 address is malformed.",
    trigger="The address is not an IPv6 address, or lies outside the VSwitch's IPv6 block.",
)
INVALID_IPV6_ADDRESS_DUPLICATED = Failure(
    "InvalidIpv6Address.Duplicated",
    400,
    "Specified IPv6 address is duplicated.",
    trigger="The address belongs to another network interface of the VSwitch.",
)
INVALID_OPERATION_INVALID_ENI_STATE = Failure(
    "InvalidOperation.InvalidEniState",
    403,
    "The operation is not allowed in the current status of the ENI.",
    trigger="The network interface to be deleted is attached or bound to a device, the one to be attached is attached"
    " already, the one to be detached is not attached to that instance, or it is being deleted.",
)
QUOTA_EXCEEDED_ENI = Failure(
    "QuotaExceeded.Eni",
    400,
    "The maximum number of ENIs is exceeded.",
    trigger="The region already holds the account's quota of network interfaces.",
)
INVALID_VSWITCH_IP_ADDRESS_NOT_ENOUGH = Failure(
    "InvalidVSwitch.IpAddressNotEnough",
    400,
    "The VSwitch does not have enough IP addresses.",
    trigger="Every address of the VSwitch's block is taken.",
)

INVALID_ECS_ID_NOT_FOUND = Failure(
    "InvalidEcsId.NotFound",
    404,
    "The specified instance ID does not exist.",
    trigger="No instance of that id was registered in the account and region.",
)
INVALID_OPERATION_INVALID_ENI_TYPE = Failure(
    "InvalidOperation.InvalidEniType",
    403,
    "The operation is not allowed in the current ENI type.",
    trigger="TrunkNetworkInstanceId is no trunk interface of the instance, or a trunk is to be a member or primary.",
)
INVALID_OPERATION_DETACH_PRIMARY_ENI_NOT_ALLOWED = Failure(
    "InvalidOperation.DetachPrimaryEniNotAllowed",
    400,
    "Detaching primary ENI from ECS instance is not allowed.",
    trigger="The network interface is the primary one of the instance.",
)
INVALID_OPERATION_HAS_MEMBER_ENI_ATTACHED = Failure(
    "InvalidOperation.HasMemberEniAttached",
    403,
    "The operation is not allowed while member ENIs are attached to the trunk ENI.",
    trigger="The trunk interface to be detached still has member interfaces.",
)

# --- Traffic analyzers (Nis 2021-12-16) ---

INVALID_TRAFFIC_ANALYZER_ID_NOT_FOUND = Failure(
    "InvalidTrafficAnalyzerId.NotFound",
    404,
    "The specified traffic analyzer does not exist.",
    trigger="No such traffic analyzer in the account and region.",
)
INVALID_NIS_TRAFFIC_RANKING_ID_NOT_FOUND = Failure(
    "InvalidNisTrafficRankingId.NotFound",
    404,
    "The specified traffic ranking does not exist.",
    trigger="The account has no such ranking, or it has expired.",
)
QUOTA_EXCEEDED_TRAFFIC_ANALYZER = Failure(
    "QuotaExceeded.TrafficAnalyzer",
    400,
    "The maximum number of traffic analyzers is exceeded.",
    trigger="The region already holds the account's quota of traffic analyzers.",
)
ILLEGAL_PARAM_STORAGE_INTERVAL = Failure(
    "IllegalParam.StorageInterval",
    400,
    "The StorageInterval parameter is invalid.",
    trigger="StorageInterval is none of 1, 10, 60 and 1440, or finer than the analyzer's interval.",
)
ILLEGAL_PARAM_TUPLE_DIMENSION = Failure(
    "IllegalParam.TupleDimension",
    400,
    "The TupleDimension parameter is invalid.",
    trigger="TupleDimension is none of Tuple1, Tuple2 and Tuple5, or finer than the analyzer's dimension.",
)
OPERATION_UNSUPPORTED_TRAFFIC_SCENARIO = Failure(
    "OperationUnsupported.TrafficScenario",
    400,
    "The traffic scenario is not supported.",
    trigger="TrafficScenario is TRFlowlog or CbwpMetric: there is no transit router and no shared bandwidth here.",
)
OPERATION_UNSUPPORTED_TRAFFIC_DATA = Failure(
    "OperationUnsupported.TrafficData",
    400,
    "The requested data is not part of the stored records.",
    trigger="A round trip time, a rate of retransmissions or the place of a client is asked for.",
)
OPERATION_FAILED_ANALYSIS_LIMIT = Failure(
    "OperationFailed.AnalysisLimit",
    400,
    "The analysis needs too much time or memory. Narrow its time range or its filters.",
    trigger="The query behind a ranking or a metric ran into the limits of the query engine.",
)

# --- Agents and the declared world (Weir 2026-11-01) ---

INSTANCE_ALREADY_REGISTERED = Failure(
    "InstanceAlreadyRegistered",
    409,
    "An instance of this id is registered already.",
    trigger="RegisterInstance names an id that is taken, by this account or another.",
)
INVALID_ACCOUNT_ID_NOT_FOUND = Failure(
    "InvalidAccountId.NotFound",
    404,
    "The specified account does not exist.",
    trigger="ShareVSwitch names an account that does not exist, or the VSwitch's own.",
)

DEVICE_ALREADY_BOUND = Failure(
    "DeviceAlreadyBound",
    409,
    "The device of this node is bound to another network interface.",
    trigger="BindNetworkInterface names a node and device that another network interface is bound to.",
)
BINDING_NOT_FOUND = Failure(
    "BindingNotFound",
    404,
    "The network interface is not bound to a device.",
    trigger="UnbindNetworkInterface names a network interface without a binding.",
)
