"""What to do about a failure, in English and Chinese, once for every family of codes.

What enters: a ``Failure``. What leaves: its ``Advice``: the meaning in Chinese where the published page has none, and
the remedy in both languages. Rule: ``ADVICE`` is read from the top and the first pattern that matches the whole code
counts, so single codes stand before their family; ``{0}`` is what the pattern's group found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from weir.model.failures import Failure


@dataclass(frozen=True, slots=True)
class Advice:
    """``meaning_zh`` stands in for an explanation that was never published; ``remedy`` is one or two sentences."""

    meaning_zh: str
    remedy: str
    remedy_zh: str


def advice(failure: Failure) -> Advice:
    """The advice for ``failure``; the last row matches every code."""
    for pattern, row in ADVICE:
        if found := re.fullmatch(pattern, failure.code):
            groups = found.groups("")
            return Advice(
                failure.zh or row.meaning_zh.format(*groups),
                row.remedy.format(*groups),
                row.remedy_zh.format(*groups),
            )
    raise AssertionError("the last row matches every code")


ADVICE: tuple[tuple[str, Advice], ...] = (
    # Who calls
    (
        r"Unauthorized|Forbidden\.RAM|NoPermission",
        Advice(
            "调用者没有执行该操作的权限。",
            "Let the account's owner attach a policy that allows the action on the resource, or use a key that has it.",
            "请主账号为调用者授予包含该操作和资源的权限策略，或改用具有权限的AccessKey。",
        ),
    ),
    (
        r"InvalidAccessKeyId\.NotFound|MissAccessKeyId|MissingAccessKeyId",
        Advice(
            "未提供AccessKey，或指定的AccessKey不存在。",
            "Check the AccessKey id; `weir account show` lists the keys of this server.",
            "请检查AccessKey ID；`weir account show`会列出本服务器的AccessKey。",
        ),
    ),
    (
        r"InvalidAccessKeyId\.Inactive",
        Advice(
            "指定的AccessKey已被禁用。",
            "Use another AccessKey or enable this one.",
            "请启用该AccessKey或使用其他AccessKey。",
        ),
    ),
    (
        r"InvalidSecurityToken\..*|SecurityTokenExpired",
        Advice(
            "安全令牌（SecurityToken）无效或已过期。",
            "Ask AssumeRole for new credentials and send all three parts of them.",
            "请重新调用AssumeRole获取临时凭证，并同时使用其三个部分。",
        ),
    ),
    # Signature, clock, replay
    (
        r"SignatureDoesNotMatch|SignatureNotMatch",
        Advice(
            "请求签名与服务端计算的签名不一致。",
            "Check the AccessKey secret first, then that nothing changes the request after it was signed (a proxy that "
            "rewrites the Host header, for one).",
            "请先检查AccessKey Secret，再确认签名之后请求未被修改（例如代理改写了Host请求头）。",
        ),
    ),
    (
        r"SignatureNonceUsed",
        Advice(
            "该签名随机数已被使用过。",
            "Sign every request anew with a fresh nonce, repeated ones included.",
            "每个请求（包括重试）都必须使用新的随机数重新签名。",
        ),
    ),
    (
        r"InvalidTimeStamp\.Expired|RequestTimeExpired",
        Advice(
            "请求时间与服务器时间相差超过15分钟。",
            "Set the client's clock (NTP); times are UTC.",
            "请校准客户端时钟（NTP），时间使用UTC。",
        ),
    ),
    (
        r"InvalidTimeStamp\.Format|InvalidDateFormat|MissingDate|MissingTimestamp",
        Advice(
            "请求缺少时间，或时间格式不正确。",
            "Send the time in the documented form; any official SDK does.",
            "请按文档规定的格式发送时间；官方SDK会自动处理。",
        ),
    ),
    (
        r"(?:Missing|Invalid)(Signature\w*|APIVersion|Host|ContentType|BodyRawSize|CompressType)",
        Advice(
            "请求的{0}缺失或无效。",
            "Let an official SDK build and sign the request, or correct {0} by the table of the gateway.",
            "建议使用官方SDK构造并签名请求，或按照文档修正{0}。",
        ),
    ),
    # Which action
    (
        r"(?:Missing|Invalid)(Action|Version)",
        Advice(
            "请求的{0}缺失或无效。",
            "Send the {0} of the product's API; the reference lists products with their versions.",
            "请发送该产品API的{0}；参考手册列出了各产品及其版本。",
        ),
    ),
    (
        r"InvalidApi\.NotFound|InvalidMethod|NotFound|UnsupportedHTTPMethod",
        Advice(
            "请求的接口或HTTP方法不存在。",
            "Check the spelling of the action and the API version; the reference lists every action that is served.",
            "请检查接口名称的拼写和API版本；参考手册列出了全部可用接口。",
        ),
    ),
    # Limits of rate and size
    (
        r"Throttling.*|ServerBusy|ServiceUnavailable",
        Advice(
            "请求过于频繁，或服务暂时不可用。",
            "Wait and repeat with growing pauses; official SDKs can do so by themselves.",
            "请稍候，以逐渐增加的间隔重试；官方SDK可自动重试。",
        ),
    ),
    (
        r"RequestEntityTooLarge|PostBodyTooLarge",
        Advice("请求体过大。", "Send less with one call.", "请减少单次请求的数据量。"),
    ),
    (
        r"(?:Quota|Limit)Exceed(?:ed)?\.(.+)|(\w+)QuotaExceed",
        Advice(
            "{0}{1}的数量已达到配额上限。",
            "Delete what is no longer needed, or have the quota raised.",
            "请删除不再需要的资源，或申请提高配额。",
        ),
    ),
    # States of the flow log service and of flow logs
    (
        r"OptInRequired\.FlowLog",
        Advice(
            "", "Call OpenFlowLogService once for the account.", "请为账号调用一次OpenFlowLogService开通流日志服务。"
        ),
    ),
    (
        r"OperationFailed\.ExceedPurchaseLimit",
        Advice("该服务已经开通。", "Nothing: the service is open already.", "无需操作：流日志服务已开通。"),
    ),
    (
        r"IncorrectBusinessStatus\.FlowLog",
        Advice("", "Have the account's business status set back to Normal.", "请将账号的业务状态恢复为Normal。"),
    ),
    (
        r"InvalidStatus|IncorrectStatus.*|InvalidHdMonitorStatus|Incorrect\w+Status",
        Advice(
            "实例的当前状态不允许执行该操作。",
            "Wait until the resource has reached a lasting state, look at it with a Describe call, then call again.",
            "请等待资源进入稳定状态，通过Describe接口确认后再重试。",
        ),
    ),
    (
        r"InvalidResourceId\.NotFound|RuleExist|OperationDenied\.AllTrafficPathOfManagedExist",
        Advice(
            "该规则已存在。",
            "The resource has a flow log already: find it with DescribeFlowLogs, then use, modify or delete it.",
            "该资源已有流日志：请用DescribeFlowLogs按ResourceId查询，然后使用、修改或删除它。",
        ),
    ),
    (
        r"(?:Project|SourceProject)(?:OrLogstore)?NotExist|LogStoreNotExist",
        Advice(
            "指定的Project或Logstore不存在。",
            "Create the project and the logstore in the flow log's region, or correct their names.",
            "请在流日志所在地域创建Project和Logstore，或更正其名称。",
        ),
    ),
    (
        r"MissingParam\.TrafficAnalyzerIdOrLogProjectOrLogStore",
        Advice(
            "",
            "Say where to deliver: ProjectName with LogStoreName, TrafficAnalyzerId, or all of them.",
            "请指定投递目标：ProjectName和LogStoreName，或TrafficAnalyzerId，或同时指定。",
        ),
    ),
    (
        r"OperationDenied\.NisTrafficAnalyzer\w+",
        Advice(
            "",
            "Look at the analyzer with DescribeTrafficAnalyzers: it must exist, be Active, and have an interval no "
            "shorter than the flow log's.",
            "请用DescribeTrafficAnalyzers查看流量分析实例：它必须存在、处于Active状态，且采样间隔不小于流日志的采样间隔。",
        ),
    ),
    (
        r"UnsupportedFeature\.UserDefinedTrafficPath(?:Ipv6)?",
        Advice(
            "",
            "Leave TrafficPath out (all paths), or have the account put on the white list and use IPv4.",
            "请不要设置TrafficPath（即采集全部路径），或申请将账号加入白名单并使用IPv4。",
        ),
    ),
    (
        r"UnsupportedFeature\.IpVersion",
        Advice("", "Give the VPC or VSwitch an IPv6 block, or use IPv4.", "请为VPC或交换机分配IPv6网段，或使用IPv4。"),
    ),
    (
        r"OperationUnsupported\.action",
        Advice(
            "",
            "Choose a region that has flow logs; DescribeRegions lists them.",
            "请选择支持流日志的地域，可通过DescribeRegions查询。",
        ),
    ),
    (
        r"\w+\.(?:AdvancedFeature|VpcAdvancedFeature|EniTypeNotSupport)",
        Advice(
            "", "Capture another resource; this one cannot have a flow log.", "请选择其他资源；该资源不支持流日志。"
        ),
    ),
    (
        r"OperationUnsupported\.Traffic(?:Data|Scenario)",
        Advice(
            "本系统没有该请求所需的数据。",
            "Ask for what flow records hold; the reference of the action names it.",
            "请查询流日志记录中包含的数据，具体见该接口的参考手册。",
        ),
    ),
    (
        r"OperationFailed\.AnalysisLimit",
        Advice(
            "分析的数据量超出限制。",
            "Ask for a shorter time, a narrower filter or fewer groups.",
            "请缩短时间范围、收窄过滤条件或减少分组。",
        ),
    ),
    (
        r"OperationDenied\.OperateShareResource",
        Advice("", "Let the owner of the shared resource create the flow log.", "请由共享资源的所有者创建流日志。"),
    ),
    (
        r"(?:OperationUnsupported\.ResourceType|InvalidResourceType\.NotFound)",
        Advice(
            "资源类型不支持，或与资源ID不一致。",
            "Name the type that belongs to the id: NetworkInterface for eni-, VSwitch for vsw-, VPC for vpc-.",
            "请填写与资源ID对应的类型：eni-为NetworkInterface，vsw-为VSwitch，vpc-为VPC。",
        ),
    ),
    # Values
    (
        r"InvalidRegionId\.NotFound",
        Advice(
            "指定的地域不存在。",
            "DescribeRegions lists the regions of this server.",
            "请通过DescribeRegions查询本服务器支持的地域。",
        ),
    ),
    (
        r"(?:Illegal|Duplicated)Param\..*|InvalidParameter\..*",
        Advice(
            "参数不合法。", "Correct the parameter; the reference gives its values.", "请按参考手册修正该参数的取值。"
        ),
    ),
    (
        r"MissingParameter",
        Advice("缺少必填参数。", "Send every required parameter of the action.", "请补充该接口的全部必填参数。"),
    ),
    (
        r"INVALID_PARAMETER|ParameterInvalid",
        Advice(
            "参数不合法。",
            "Compare every parameter with its constraint in the reference; lists are numbered from 1 without gaps.",
            "请对照参考手册检查各参数的约束；列表元素从1开始连续编号。",
        ),
    ),
    (
        r"Invalid\w+\.NotFound|EntityNotExist\..*|InvalidInstanceId|BindingNotFound|\w*NotExist\w*",
        Advice(
            "指定的资源不存在。",
            "Check id and region with the Describe call of the resource, and that it belongs to the calling account.",
            "请用相应的查询接口检查资源ID和地域，并确认资源属于当前账号。",
        ),
    ),
    (
        r"EntityAlreadyExists\..*|\w+AlreadyExist|\w+AlreadyRegistered|DeviceAlreadyBound|Invalid\w+\.Duplicated",
        Advice(
            "同名或相同的资源已存在。",
            "Use the one that is there, remove it, or choose another name.",
            "请使用已有的资源，或将其删除，或换一个名称。",
        ),
    ),
    (
        r"DependencyViolation\..*|DeleteConflict\..*",
        Advice(
            "该资源仍被其他资源依赖。",
            "Delete or detach what depends on the resource first.",
            "请先删除或解绑依赖该资源的对象。",
        ),
    ),
    (
        r"InvalidOperation\..*",
        Advice(
            "资源的当前状态或类型不允许执行该操作。",
            "Look at status, type and attachments of the network interface; where needed, detach or unbind it first.",
            "请检查弹性网卡的状态、类型和挂载关系，必要时先将其卸载或解绑。",
        ),
    ),
    (
        r"InvalidVSwitch\.IpAddressNotEnough",
        Advice(
            "交换机的可用IP地址不足。",
            "Free addresses of the VSwitch or use another one.",
            "请释放交换机中的IP地址或使用其他交换机。",
        ),
    ),
    (
        r"DryRunOperation",
        Advice("试运行检查已通过。", "Nothing: call again without DryRun.", "检查已通过：去掉DryRun后再次调用即可。"),
    ),
    (
        r"(?:Post|LogStore|Malformed)\w+|\w+InfoInvalid|Invalid\w+(?:\..*)?",
        Advice("请求内容不合法。", "Correct the value that the message names.", "请修正错误信息中指出的内容。"),
    ),
    (
        r".*",
        Advice(
            "请求处理失败。",
            "Repeat the call; if it fails again, give the request id to the operator: the server's log has the cause.",
            "请重试；若仍失败，请将RequestId提供给服务器管理员，日志中有具体原因。",
        ),
    ),
)
