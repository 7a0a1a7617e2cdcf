"""LogGroups and compression, against the published SDKs' own encoders."""

from __future__ import annotations

import zlib

import lz4.block
import pytest
import zstandard
from aliyun.log import LogGroup as SdkLogGroup
from aliyun.log.log_logs_raw_pb2 import LogGroupListRaw, LogGroupRaw
from aliyun_log_fastpb import serialize_log_group
from hypothesis import given
from hypothesis import strategies as st

from weir.contract import compression, loggroup
from weir.contract.loggroup import Log, LogGroup
from weir.model.failures import Refusal

PAIRS = st.lists(st.tuples(st.binary(max_size=300), st.binary(max_size=300)), max_size=5)
LOGS = st.builds(
    Log,
    st.integers(0, 2**32 - 1),
    st.none() | st.integers(0, 2**32 - 1),
    st.lists(st.tuples(st.text(max_size=200).map(str.encode), st.binary(max_size=300)), max_size=5),
)
TEXTS = st.text(max_size=200).map(str.encode)
GROUPS = st.builds(
    LogGroup, st.lists(LOGS, max_size=4), TEXTS, TEXTS, st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple)
)


def by_sdk(group: LogGroup) -> LogGroupRaw:
    """The group as the SDK builds it."""
    message = LogGroupRaw(Topic=group.topic.decode(), Source=group.source.decode())
    for log in group.logs:
        item = message.Logs.add(Time=log.time)
        if log.time_ns is not None:
            item.Time_ns = log.time_ns
        for key, value in log.pairs:
            item.Contents.add(Key=key.decode(), Value=value)
    for key, value in group.tags:
        message.LogTags.add(Key=key.decode(), Value=value.decode())
    return message


@given(GROUPS)
def test_what_the_sdk_writes_is_read_and_what_we_write_the_sdk_reads(group: LogGroup) -> None:
    assert loggroup.decode(by_sdk(group).SerializeToString()) == group
    assert LogGroupRaw.FromString(loggroup.encode(group)) == by_sdk(group)


@given(st.lists(GROUPS, max_size=3))
def test_lists_of_groups_both_ways(groups: list[LogGroup]) -> None:
    message = LogGroupListRaw(LogGroups=[by_sdk(group) for group in groups])
    assert loggroup.decode_list(message.SerializeToString()) == groups
    body = loggroup.encode_list(loggroup.encode(group) for group in groups)
    assert LogGroupListRaw.FromString(body) == message


def test_the_fast_encoder_of_the_second_sdk_is_read() -> None:
    body = serialize_log_group(
        {
            "Topic": "t",
            "Source": "s",
            "LogTags": [{"Key": "k", "Value": "v"}],
            "LogItems": [{"Time": 7, "Contents": [{"Key": "bytes", "Value": "1"}]}],
        }
    )
    assert loggroup.decode(body) == LogGroup([Log(7, None, [(b"bytes", b"1")])], b"t", b"s", ((b"k", b"v"),))


@pytest.mark.parametrize(
    "body",
    [
        b"\x0a\x04\x12\x02\x0a\x00",  # a log without Time
        b"\x0a\x02\x08",  # cut off
        b"\xff\xff\xff",
        b"not a protobuf",
        SdkLogGroup(Topic="t").SerializeToString() + b"\x0a",
    ],
)
def test_malformed_protobuf_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        loggroup.decode(body)
    assert refused.value.failure.code == "PostBodyInvalid"


RAW = b"flow " * 1000
PACKED = {
    "lz4": lz4.block.compress(RAW, store_size=False),
    "zstd": zstandard.ZstdCompressor().compress(RAW),
    "deflate": zlib.compress(RAW),
    "gzip": zlib.compress(RAW),
}


@pytest.mark.parametrize("kind", sorted(PACKED))
def test_compression_both_ways(kind: str) -> None:
    assert compression.decompress(PACKED[kind], kind, len(RAW)) == RAW
    assert compression.decompress(compression.compress(RAW, kind), kind.upper(), len(RAW)) == RAW


def code(body: bytes, kind: str, size: int) -> str:
    with pytest.raises(Refusal) as refused:
        compression.decompress(body, kind, size)
    return refused.value.failure.code


@pytest.mark.parametrize("kind", sorted(PACKED))
def test_a_damaged_body_is_refused(kind: str) -> None:
    assert code(PACKED[kind][:-9], kind, len(RAW)) in ("PostBodyUncompressError", "InvalidBodyRawSize")
    assert code(b"\xff" * 50, kind, len(RAW)) == "PostBodyUncompressError"


@pytest.mark.parametrize("kind", ["lz4", "zstd", "deflate"])
def test_a_body_that_unfolds_to_another_size_is_refused(kind: str) -> None:
    bomb = compression.compress(bytes(50_000_000), kind)
    assert code(bomb, kind, 10_000) in ("PostBodyUncompressError", "InvalidBodyRawSize")
    assert code(PACKED[kind], kind, len(RAW) + 1) in ("PostBodyUncompressError", "InvalidBodyRawSize")


def test_an_unknown_kind_is_refused() -> None:
    assert code(RAW, "snappy", len(RAW)) == "InvalidCompressType"


@pytest.mark.parametrize(
    ("header", "kind"),
    [("", ""), ("lz4", "lz4"), ("ZSTD", "zstd"), ("gzip", "gzip"), ("gzip, deflate", ""), ("identity", "")],
)
def test_the_answer_is_packed_as_the_client_accepts(header: str, kind: str) -> None:
    assert compression.accepted(header) == kind
