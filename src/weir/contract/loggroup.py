"""LogGroup and LogGroupList, the log service's own form of rows (proto2), in and out.

What enters: bytes of a PutLogs body, or rows to be pulled. What leaves: rows, or bytes of a PullLogs answer. The
messages are declared here and given to the protobuf library at import, so there is no generated file; every text is
read as bytes, because only the store's own check says what is UTF-8. Source: the log service's page "Data encoding".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from weir.model import sls_failures as failures

_PACKAGE = "weir.sls"
_BYTES, _UINT32, _FIXED32, _MESSAGE = (
    descriptor_pb2.FieldDescriptorProto.Type.Value(f"TYPE_{name}") for name in ("BYTES", "UINT32", "FIXED32", "MESSAGE")
)
_OPTIONAL, _REQUIRED, _REPEATED = (
    descriptor_pb2.FieldDescriptorProto.Label.Value(f"LABEL_{name}") for name in ("OPTIONAL", "REQUIRED", "REPEATED")
)

# message -> (number, name, type or name of a message, label)
_MESSAGES: dict[str, tuple[tuple[int, str, int | str, int], ...]] = {
    "Content": ((1, "Key", _BYTES, _REQUIRED), (2, "Value", _BYTES, _REQUIRED)),
    "Log": (
        (1, "Time", _UINT32, _REQUIRED),
        (2, "Contents", "Content", _REPEATED),
        (4, "Time_ns", _FIXED32, _OPTIONAL),
    ),
    "LogTag": ((1, "Key", _BYTES, _REQUIRED), (2, "Value", _BYTES, _REQUIRED)),
    "LogGroup": (
        (1, "Logs", "Log", _REPEATED),
        (2, "Category", _BYTES, _OPTIONAL),
        (3, "Topic", _BYTES, _OPTIONAL),
        (4, "Source", _BYTES, _OPTIONAL),
        (5, "MachineUUID", _BYTES, _OPTIONAL),
        (6, "LogTags", "LogTag", _REPEATED),
    ),
    "LogGroupList": ((1, "LogGroups", "LogGroup", _REPEATED),),
    # The same messages one level deep: their parts as the bytes they are.
    "SplitLogGroup": (
        (1, "Logs", _BYTES, _REPEATED),
        (3, "Topic", _BYTES, _OPTIONAL),
        (4, "Source", _BYTES, _OPTIONAL),
        (6, "LogTags", "LogTag", _REPEATED),
    ),
    "SplitLogGroupList": ((1, "LogGroups", _BYTES, _REPEATED),),
}


def _declare() -> dict[str, Any]:
    """The message classes by name, from a pool of their own: the default pool may hold an SDK's."""
    file = descriptor_pb2.FileDescriptorProto(name="weir/sls.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field, kind, label in fields:
            if isinstance(kind, str):
                message.field.add(
                    name=field, number=number, label=label, type=_MESSAGE, type_name=f".{_PACKAGE}.{kind}"
                )
            else:
                message.field.add(name=field, number=number, label=label, type=kind)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in _MESSAGES
    }


_CLASSES = _declare()
Pair = tuple[bytes, bytes]


class Log(NamedTuple):
    """One row: Unix time in seconds, nanoseconds within it if the writer sent them, keys and values in order."""

    time: int
    time_ns: int | None
    pairs: list[Pair]


@dataclass(frozen=True, slots=True)
class LogGroup:
    """Rows that share topic, source and tags (tag keys without the ``__tag__:`` prefix)."""

    logs: list[Log]
    topic: bytes = b""
    source: bytes = b""
    tags: tuple[Pair, ...] = ()


def decode(body: bytes) -> LogGroup:
    """The LogGroup in ``body``; PostBodyInvalid if it is none or a required field (Time, Key, Value) is missing."""
    return _read(_parse("LogGroup", body))


def split(body: bytes) -> tuple[LogGroup, list[bytes]]:
    """A LogGroup without its logs, and the logs in wire form, not looked at yet. Refuses as ``decode``."""
    group = _parse("SplitLogGroup", body)
    tags = tuple((tag.Key, tag.Value) for tag in group.LogTags)
    return LogGroup([], group.Topic, group.Source, tags), list(group.Logs)


def split_list(body: bytes) -> list[bytes]:
    """The LogGroups of a LogGroupList in wire form, not looked at yet. Refuses as ``decode``."""
    return list(_parse("SplitLogGroupList", body).LogGroups)


def decode_list(body: bytes) -> list[LogGroup]:
    """The LogGroups of a LogGroupList, under the same rule as ``decode``."""
    return [_read(group) for group in _parse("LogGroupList", body).LogGroups]


def _parse(name: str, body: bytes) -> Any:
    try:
        message = _CLASSES[name].FromString(body)
    except DecodeError as error:
        raise failures.refuse(failures.POST_BODY_INVALID, why=str(error)) from error
    # The library's fast implementation leaves the check of required fields to its caller.
    if not message.IsInitialized():
        raise failures.refuse(failures.POST_BODY_INVALID, why="a required field is missing")
    return message


def _read(group: Any) -> LogGroup:
    return LogGroup(
        [
            Log(
                log.Time,
                log.Time_ns if log.HasField("Time_ns") else None,
                [(content.Key, content.Value) for content in log.Contents],
            )
            for log in group.Logs
        ],
        group.Topic,
        group.Source,
        tuple((tag.Key, tag.Value) for tag in group.LogTags),
    )


def encode(group: LogGroup) -> bytes:
    """The wire form of one group."""
    logs = (
        encode_log(log.time, log.time_ns, b"".join(encode_content(*pair) for pair in log.pairs)) for log in group.logs
    )
    return encode_group(logs, group)


def encode_content(key: bytes, value: bytes) -> bytes:
    """One key and value, as part of a log. Writers of many rows keep it for pairs that repeat."""
    return b"\x12" + _sized(_pair(key, value))


def encode_log(time: int, time_ns: int | None, contents: bytes) -> bytes:
    """One row, as part of a group; ``contents`` is its ``encode_content`` parts in one."""
    body = b"\x08" + _varint(time) + contents
    if time_ns is not None:
        body += b"\x25" + time_ns.to_bytes(4, "little")
    return b"\x0a" + _sized(body)


def encode_group(logs: Iterable[bytes], group: LogGroup) -> bytes:
    """A group of rows that are in wire form already; topic, source and tags are those of ``group``."""
    parts = [*logs, b"\x1a", _sized(group.topic), b"\x22", _sized(group.source)]
    for key, value in group.tags:
        parts += (b"\x32", _sized(_pair(key, value)))
    return b"".join(parts)


def encode_list(groups: Iterable[bytes]) -> bytes:
    """A LogGroupList of groups that are already in wire form."""
    return b"".join(b"\x0a" + _sized(group) for group in groups)


def _pair(key: bytes, value: bytes) -> bytes:
    return b"\x0a" + _sized(key) + b"\x12" + _sized(value)


def _sized(data: bytes) -> bytes:
    return _varint(len(data)) + data


def _varint(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    digits = bytearray()
    while number >= 0x80:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)
