"""Body compression of the log service: lz4 (a raw block), zstd, deflate and gzip (both a zlib stream).

What enters: a body and the name from ``x-log-compresstype`` or ``Accept-Encoding``. What leaves: the other form. Rule:
no body unfolds to more than its announced size, and none to more than the caller allows; the size is checked before
memory is taken for it, so a small body cannot ask for a large buffer. Source: the log service's "Common request
headers" and the published SDKs (an lz4 block carries neither frame nor size).
"""

from __future__ import annotations

import zlib

import lz4.block
import zstandard

from weir.model import sls_failures as failures

ZLIB = frozenset({"deflate", "gzip"})
KNOWN = ZLIB | {"lz4", "zstd"}

_ZSTD_LEVEL = 1
"""Compression of answers: the fastest level, because the client is usually one hop away."""


def decompress(body: bytes, kind: str, size: int) -> bytes:
    """The ``size`` bytes that ``body`` unfolds to.

    Refuses with InvalidCompressType, PostBodyUncompressError (damaged or cut off) or InvalidBodyRawSize (the size is
    not what came out).
    """
    kind = kind.lower()
    if kind not in KNOWN:
        raise failures.refuse(failures.INVALID_COMPRESS_TYPE, kind)
    try:
        raw = _unfold(body, kind, size)
    except (zlib.error, lz4.block.LZ4BlockError, zstandard.ZstdError, ValueError) as error:
        raise failures.refuse(failures.POST_BODY_UNCOMPRESS_ERROR, why=str(error)) from error
    if len(raw) != size:
        raise failures.refuse(failures.INVALID_BODY_RAW_SIZE, announced=str(size), found=str(len(raw)))
    return raw


def _unfold(body: bytes, kind: str, size: int) -> bytes:
    if kind == "lz4":
        raw: bytes = lz4.block.decompress(body, uncompressed_size=size)
        return raw
    if kind == "zstd":
        # One byte more than announced, so that a body that is too large shows as a wrong size.
        with zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(body) as reader:
            unfolded: bytes = reader.read(size + 1)
        return unfolded
    stream = zlib.decompressobj()
    raw = stream.decompress(body, size + 1)
    if not stream.eof and len(raw) <= size:
        raise ValueError("the stream is cut off")
    return raw


def compress(body: bytes, kind: str) -> bytes:
    """``body`` in the form of ``kind``, which is one of ``KNOWN``."""
    if kind == "lz4":
        block: bytes = lz4.block.compress(body, store_size=False)
        return block
    if kind == "zstd":
        frame: bytes = zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)
        return frame
    assert kind in ZLIB, kind
    return zlib.compress(body)


def accepted(header: str) -> str:
    """The kind to answer with: what ``Accept-Encoding`` names, if it is one kind that we know; else '' for none.

    SDKs of the log service name one. A list is what plain HTTP clients send of themselves, and those could not undo a
    compression that Content-Encoding does not announce.
    """
    name = header.strip().lower()
    return name if name in KNOWN else ""
