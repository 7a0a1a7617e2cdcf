"""Every way the log service refuses a request, once: code, HTTP status, message, trigger.

What enters: nothing. What leaves: one ``Failure`` constant per code, raised inside ``Refusal``. Codes and messages are
those of the log service's public pages ("Common error codes" and the error table of each API page); where a page
leaves a placeholder in its message, the text here has ``{}`` for it and ``refuse`` fills it in. None of these is a 5xx
except the two at the end: clients repeat a 5xx for minutes or for ever.
"""

from __future__ import annotations

from weir.model.failures import Failure, Refusal


def refuse(failure: Failure, *values: object, **detail: str) -> Refusal:
    """The refusal with ``values`` in the message's placeholders; the caller raises it."""
    return Refusal(failure, failure.message.format(*values), **detail)


# --- Headers and signature ---

MISSING_CONTENT_TYPE = Failure(
    "MissingContentType",
    400,
    "Content-Type does not exist in http header when body is not empty.",
    trigger="PutLogs without Content-Type.",
)
INVALID_CONTENT_TYPE = Failure(
    "InvalidContentType", 415, "Content-Type {} is unsupported.", trigger="PutLogs in a form we do not read."
)
MISSING_BODY_RAW_SIZE = Failure(
    "MissingBodyRawSize",
    400,
    "x-log-bodyrawsize does not exist in header when it is necessary.",
    trigger="A compressed body whose header does not tell its size.",
)
INVALID_BODY_RAW_SIZE = Failure(
    "InvalidBodyRawSize",
    400,
    "x-log-bodyrawsize is invalid.",
    trigger="The size of a compressed body is not a number, above the limit, or not what came out.",
)
INVALID_COMPRESS_TYPE = Failure(
    "InvalidCompressType",
    400,
    "x-log-compresstype {} is unsupported.",
    trigger="Not lz4, zstd, deflate or gzip.",
)
INVALID_HOST = Failure(
    "InvalidHost", 400, "host header {} is invalid.", trigger="The operation needs a project and the host names none."
)
MISSING_HOST = Failure("MissingHost", 400, "Host does not exist in http header.", trigger="A request without Host.")
MISSING_DATE = Failure(
    "MissingDate", 400, "Date does not exist in http header.", trigger="Neither Date nor x-log-date."
)
INVALID_DATE_FORMAT = Failure(
    "InvalidDateFormat", 400, "Date {} must follow RFC822.", trigger="A date that cannot be read."
)
MISSING_API_VERSION = Failure(
    "MissingAPIVersion", 400, "x-log-apiversion does not exist in http header.", trigger="No x-log-apiversion."
)
INVALID_API_VERSION = Failure(
    "InvalidAPIVersion", 400, "x-log-apiversion {} is unsupported.", trigger="x-log-apiversion is not known."
)
MISS_ACCESS_KEY_ID = Failure(
    "MissAccessKeyId",
    400,
    "x-log-accesskeyid does not exist in header.",
    trigger="No Authorization header, or one without an AccessKey id.",
)
MISSING_SIGNATURE_METHOD = Failure(
    "MissingSignatureMethod",
    400,
    "x-log-signaturemethod does not exist in http header.",
    trigger="Signature v1 without its method.",
)
INVALID_SIGNATURE_METHOD = Failure(
    "InvalidSignatureMethod",
    400,
    "signature method {} is unsupported.",
    trigger="A signature that is neither v1 (hmac-sha1, hmac-sha256) nor v4.",
)
REQUEST_TIME_EXPIRED = Failure(
    "RequestTimeExpired",
    400,
    "Request time {} has been expired while server time is {}.",
    trigger="The request's date is more than 15 minutes away (until 2021: RequestTimeTooSkewed).",
)
SIGNATURE_NOT_MATCH = Failure(
    "SignatureNotMatch",
    401,
    "Signature {} not matched.",
    trigger="Any part of the request is not what was signed, its body included.",
)
ACCESS_KEY_NOT_FOUND = Failure("Unauthorized", 401, "AccessKeyId not found: {}", trigger="No such AccessKey.")
ACCESS_KEY_DISABLED = Failure("Unauthorized", 401, "AccessKeyId is disabled: {}", trigger="The AccessKey is inactive.")
SECURITY_TOKEN_INVALID = Failure(
    "Unauthorized",
    401,
    "The security token you provided is invalid.",
    trigger="The security token is none that this service gave out, or belongs to another AccessKey.",
)
SECURITY_TOKEN_EXPIRED = Failure(
    "SecurityTokenExpired",
    401,
    "The security token you provided has expired.",
    trigger="The session that the security token stands for is over.",
)
DENIED = Failure(
    "Unauthorized",
    401,
    "denied by sts or ram, action: {}, resource: {}",
    trigger="The policies of the caller do not allow the action on the resource.",
)
UNAUTHORIZED = Failure(
    "Unauthorized",
    401,
    "The AccessKeyId is unauthorized.",
    trigger="The key is valid, but its owner may not do this.",
)

# --- Bodies and parameters ---

POST_BODY_INVALID = Failure(
    "PostBodyInvalid", 400, "Protobuffer content cannot be parsed.", trigger="Not a LogGroup, not an Arrow stream."
)
POST_BODY_TOO_LARGE = Failure(
    "PostBodyTooLarge",
    400,
    "Logs must be less than or equal to {} MB and {} entries.",
    trigger="More bytes or rows than one PutLogs may carry.",
)
POST_BODY_UNCOMPRESS_ERROR = Failure(
    "PostBodyUncompressError", 400, "Failed to decompress logs.", trigger="A damaged or truncated compressed body."
)
INVALID_TIMESTAMP = Failure(
    "InvalidTimestamp",
    400,
    "Invalid timestamps are in logs.",
    trigger="A row's time is not within 168 hours back and 15 minutes ahead.",
)
INVALID_ENCODING = Failure(
    "InvalidEncoding", 400, "Non-UTF8 characters are in logs.", trigger="A key, value, topic or tag is not UTF-8."
)
INVALID_KEY = Failure("InvalidKey", 400, "Invalid keys are in logs.", trigger="An empty, oversized or reserved key.")
INVALID_TIME_RANGE = Failure(
    "InvalidTimeRange", 400, "request time range is invalid.", trigger="from is not before to."
)
INVALID_QUERY_STRING = Failure(
    "InvalidQueryString", 400, "query string is invalid. {}", trigger="The search half cannot be parsed."
)
INVALID_OFFSET = Failure("InvalidOffset", 400, "Offset is invalid.", trigger="offset is not a number from 0.")
INVALID_LINE = Failure("InvalidLine", 400, "Line is invalid.", trigger="line is not 0 to 100.")
INVALID_REVERSE = Failure("InvalidReverse", 400, "Reverse value is invalid.", trigger="reverse is not true or false.")
PARAMETER_INVALID = Failure(
    "ParameterInvalid", 400, "{}", trigger="Any other parameter that is absent or cannot be read; SQL that fails."
)
INVALID_CURSOR = Failure(
    "InvalidCursor", 400, "cursor is invalid: {}", trigger="Not a cursor, or one outside the shard."
)
JSON_INFO_INVALID = Failure(
    "ParameterInvalid", 400, "The body is not valid json string.", trigger="A JSON body that is none."
)

# --- State ---

PROJECT_NOT_EXIST = Failure(
    "ProjectNotExist", 404, "The Project does not exist : {}", trigger="No project of that name."
)
PROJECT_ALREADY_EXIST = Failure(
    "ProjectAlreadyExist", 400, "Project {} already exist.", trigger="The name is taken, whoever owns it."
)
LOG_STORE_NOT_EXIST = Failure(
    "LogStoreNotExist", 404, "logstore {} does not exist.", trigger="No logstore of that name in the project."
)
LOG_STORE_ALREADY_EXIST = Failure(
    "LogStoreAlreadyExist", 400, "logstore {} already exists.", trigger="The name is taken in the project."
)
LOG_STORE_INFO_INVALID = Failure(
    "LogStoreInfoInvalid", 400, "{}", trigger="A property of the logstore is out of its range."
)
INDEX_CONFIG_NOT_EXIST = Failure(
    "IndexConfigNotExist", 400, "logstore without index config.", trigger="The logstore has no index."
)
INDEX_ALREADY_EXIST = Failure(
    "IndexAlreadyExist", 400, "log store index is already created.", trigger="CreateIndex for the second time."
)
INDEX_INFO_INVALID = Failure("IndexInfoInvalid", 400, "{}", trigger="An index that cannot be read.")
SHARD_NOT_EXIST = Failure("ShardNotExist", 400, "Shard {} does not exist.", trigger="No such shard.")
INVALID_METHOD = Failure("InvalidMethod", 405, "Method {} is unsupported.", trigger="Path known, method not.")
NOT_FOUND = Failure("NotFound", 404, "The resource {} does not exist.", trigger="No operation has this path.")

CONSUMER_GROUP_ALREADY_EXIST = Failure(
    "ConsumerGroupAlreadyExist", 400, "consumer group already exist", trigger="The name is taken in the logstore."
)
CONSUMER_GROUP_QUOTA_EXCEED = Failure(
    "ConsumerGroupQuotaExceed",
    400,
    "consumer group count exceeds the quota {}.",
    trigger="CreateConsumerGroup beyond 30 groups of a logstore.",
)
CONSUMER_GROUP_INFO_INVALID = Failure(
    "JsonInfoInvalid",
    400,
    "consumerGroup or timeout is of error format",
    trigger="A property of the consumer group is out of its range.",
)
CONSUMER_GROUP_NOT_EXIST = Failure(
    "ConsumerGroupNotExist", 404, "consumer group not exist", trigger="No consumer group of that name in the logstore."
)
CONSUMER_NOT_EXIST = Failure(
    "ConsumerNotExist",
    404,
    "consumer not exist in the consumer group",
    trigger="UpdateCheckPoint without forceSuccess from a consumer that sends no heartbeats or lost the shard.",
)
NOT_EXIST_CONSUMER_WITH_BODY = Failure(
    "NotExistConsumerWithBody",
    400,
    "non-exist consumer with non-empty body of heartbeat message",
    trigger="A consumer that was given up for its silence still claims shards; its next heartbeat must claim none.",
)
INVALID_SHARD_CHECK_POINT = Failure(
    "InvalidShardCheckPoint",
    400,
    "shard checkpoint not encoded by base64",
    trigger="A checkpoint that is not a cursor.",
)

WRITE_QUOTA_EXCEED = Failure(
    "WriteQuotaExceed",
    403,
    "Write quota is exceeded.",
    trigger="What is left of the server's disk is its reserve (setting disk_reserve_mb); reading goes on.",
)

# --- Ours ---

INTERNAL_SERVER_ERROR = Failure(
    "InternalServerError", 500, "Internal server error.", trigger="A bug; the log has it under the request id."
)
SERVER_BUSY = Failure(
    "ServerBusy",
    503,
    "The server is busy, please try again later.",
    trigger="The store cannot write just now; the same request may succeed later.",
)
