"""When Weir gives a failure, in Chinese, for the CreateFlowLog page and the gateway.

What enters: a failure. What leaves: a sentence that says what its ``trigger`` says. Rule: every failure of the page and
of the gateway has one, by code; the others keep their English sentence, as do the log service's of equal code.
"""

from __future__ import annotations

from collections.abc import Mapping

from weir.model.failures import GATEWAY, PAGE, Failure

INTERNAL = "Weir自身的故障：已按RequestId写入日志，未写入任何数据。"


def trigger_zh(failure: Failure) -> str:
    """When Weir gives ``failure``."""
    return TRIGGERS_ZH[failure.code] if failure in (*PAGE, *GATEWAY) else failure.trigger


TRIGGERS_ZH: Mapping[str, str] = {
    # CreateFlowLog
    "Unauthorized": "调用者是RAM用户或角色，而账号尚未授予流日志服务角色。",
    "OptInRequired.FlowLog": "账号从未调用过OpenFlowLogService。",
    "IncorrectBusinessStatus.FlowLog": "账号的业务状态为FinancialLocked。",
    "MissingParameter": "必填参数缺失或为空。",
    "InvalidRegionId.NotFound": "RegionId不是已配置的地域。",
    "OperationUnsupported.action": "该地域未配置流日志，或该流日志只能由日志服务修改（ServiceType为sls）。",
    "INVALID_PARAMETER": "结构错误：应为整数处不是整数，列表参数的序号有间断或为0，或列表元素含有未知字段。",
    "ParameterInvalid": "取值超出约束：长度、字符、前缀、枚举值或列表大小。",
    "OperationUnsupported.ResourceType": (
        "ResourceType不是NetworkInterface、VSwitch、VPC之一；标签和资源组接口中不是FLOWLOG、VPC、VSWITCH之一。"
    ),
    "InvalidResourceType.NotFound": "ResourceType有效，但ResourceId是另一种资源的ID。",
    "IllegalParam.AggregationInterval": "AggregationInterval是整数，但不是1、5、10之一。",
    "IllegalParam.TrafficPath": "TrafficPath包含未知路径，或all与其他路径同时出现。",
    "DuplicatedParam.TrafficPath": "TrafficPath中同一路径出现两次。",
    "IllegalParam.IpVersion": "IpVersion不是IPv4、DualStack之一。",
    "MissingParam.TrafficAnalyzerIdOrLogProjectOrLogStore": (
        "既未指定TrafficAnalyzerId，也未同时指定ProjectName和LogStoreName。"
    ),
    "InvalidInstanceId": "资源不存在，或属于其他账号且未共享；错误信息会指明资源类型。",
    "OperationDenied.OperateShareResource": "该资源由其他账号共享。",
    "OperationFailed.EniTypeNotSupport": "该弹性网卡是中继网卡的成员网卡。",
    "InvalidHdMonitorStatus": "VPC或交换机不处于Available状态，或弹性网卡处于Creating、Deleting、CreateFailed状态。",
    "OperationUnsupported.AdvancedFeature": "该弹性网卡挂载在不支持流日志的实例规格族上。",
    "UnsupportedFeature.VpcAdvancedFeature": "该VPC被标记为不支持高级功能。",
    "UnsupportedFeature.UserDefinedTrafficPath": "指定了all以外的路径，而账号不在白名单中。",
    "UnsupportedFeature.UserDefinedTrafficPathIpv6": "指定了all以外的路径，同时IpVersion为DualStack。",
    "UnsupportedFeature.IpVersion": "IpVersion为DualStack，而VPC或交换机没有IPv6网段。",
    "IllegalParam.ResourceGroupId": "指定的资源组不存在。",
    "ProjectOrLogstoreNotExist": "Project不存在，或其中没有该Logstore。",
    "SourceProjectNotExist": "Project存在，但位于其他地域。",
    "OperationDenied.NisTrafficAnalyzerNotFound": "指定的流量分析实例不存在。",
    "OperationDenied.NisTrafficAnalyzerNotActive": "流量分析实例不处于Active状态。",
    "OperationDenied.NisTrafficAnalyzerAggregationIntervalMismatch": "流日志的采样间隔大于流量分析实例的采样间隔。",
    "OperationDenied.AllTrafficPathOfManagedExist": "该资源已有采集全部路径的流日志，而本次请求只采集部分路径。",
    "RuleExist": "该资源已有采集部分路径的流日志，本次请求重复了其中的路径。",
    "InvalidResourceId.NotFound": (
        "该资源已有采集全部路径的流日志，或已有采集部分路径的流日志而本次请求采集全部路径；"
        "在标签和资源组接口中表示资源不存在。"
    ),
    "QuotaExceeded.FlowlogCount": "该地域的流日志数量已达到账号配额（默认10个）。",
    "OperationFailed.InternalError": INTERNAL,
    # Gateway
    "UnsupportedHTTPMethod": "HTTP方法不是GET或POST。",
    "RequestEntityTooLarge": "请求体超过网关读取的上限。",
    "InvalidParameter.Format": "查询串或表单不是合法的百分号编码UTF-8，某个参数出现两次，或Format不是JSON或XML。",
    "MissingAction": "Action缺失或为空。",
    "MissingVersion": "Version缺失或为空。",
    "MissingAccessKeyId": "AccessKeyId缺失或为空，且没有Authorization请求头。",
    "MissingSignature": "Signature缺失或为空。",
    "MissingSignatureMethod": "SignatureMethod缺失或为空。",
    "MissingSignatureVersion": "SignatureVersion缺失或为空。",
    "MissingSignatureNonce": "SignatureNonce（ACS3为x-acs-signature-nonce）缺失或为空。",
    "MissingTimestamp": "Timestamp（ACS3为x-acs-date）缺失或为空。",
    "InvalidSignatureMethod": "SignatureMethod不是HMAC-SHA1，或Authorization请求头不是ACS3-HMAC-SHA256。",
    "InvalidSignatureVersion": "SignatureVersion不是1.0。",
    "InvalidSignatureNonce": "随机数超过128个字符。",
    "InvalidTimeStamp.Format": "时间格式不是YYYY-MM-DDThh:mm:ssZ。",
    "InvalidTimeStamp.Expired": "时间与服务器时钟相差超过15分钟。",
    "InvalidAccessKeyId.NotFound": "该AccessKey不存在。",
    "InvalidAccessKeyId.Inactive": "该AccessKey已被禁用。",
    "InvalidSecurityToken.Malformed": "该安全令牌不是由本服务颁发的。",
    "InvalidSecurityToken.MismatchWithAccessKey": "该安全令牌属于另一个AccessKey。",
    "InvalidSecurityToken.Expired": "该安全令牌对应的会话已结束。",
    "SignatureDoesNotMatch": "签名与服务端计算结果不同、覆盖范围不足，或请求体的摘要与签名时不符。",
    "SignatureNonceUsed": "同一AccessKey在最近31分钟内使用过相同的随机数。",
    "InvalidVersion": "没有产品使用该Version。",
    "InvalidApi.NotFound": "该Version对应的产品没有该Action。",
    "Throttling": "请求过多。",
    "Throttling.User": "账号对该接口的请求超过限制。",
    "Forbidden.RAM": "调用者的权限策略未允许对所需的全部资源执行该操作。",
    "InternalError": INTERNAL,
}
