"""Write-ahead log: one file holds acknowledged rows of one shard until they are sealed.

What enters: frames (one per put). What leaves: an append that returns only after ``fdatasync``; at recovery the frames
that were written. Rules: every byte is covered by a checksum; what follows the last intact commit is a torn tail and is
cut (nobody was told that it is stored); an unreadable frame *before* an acknowledged one is damage, and is reported.

File layout, little endian: ``FILE_HEAD`` and the Arrow schema as an IPC message, then frames: ``FRAME_HEAD``, batch id
(UTF-8), payload. The payload is one Arrow IPC record batch message, compressed as a whole with LZ4: on flow records a
quarter of the time of Arrow's own per-buffer compression at fewer bytes, and half the time of zstd level 1. Or, with
``raw_bytes`` 0, it is the compressed Arrow IPC stream that the writer sent, dictionaries and all, as it came: at no
cost of time.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from weir.logstore.durable import sync_directory
from weir.logstore.troubles import StoreUnavailable

FRAME_BYTES_MAX = 256 * 1024 * 1024
"""Bytes of one put as an uncompressed Arrow message; above it the put is refused with ValueError."""
BATCH_ID_BYTES_MAX = 512
"""Bytes of a batch id; above it the put is refused with ValueError."""
KEPT_SHARE = 2
"""A stream is kept as it came if it has at most one byte for so many of the table's; else it is compressed here."""
COMMIT_FRAMES_MAX = 256
"""Frames that share one fsync; later callers wait for the next one (two buffers a frame, IOV_MAX is 1024)."""

FILE_MAGIC = b"WEIRWAL1"
FILE_HEAD = struct.Struct("<8sII")  # magic, length of the schema message, crc32 of the schema message
FRAME_MAGIC = b"\xf7WF1"
# magic, payload bytes, payload bytes uncompressed, rows, bytes of batch id, first group, arrival ns,
# commit offset (where the commit that this frame belongs to starts in the file), crc32 of the payload;
# then a crc32 of all that and of the batch id.
FRAME_BODY = struct.Struct("<4sIIIIqqQI")
FRAME_SUM = struct.Struct("<I")
FRAME_HEAD_BYTES = FRAME_BODY.size + FRAME_SUM.size


@dataclass(frozen=True, slots=True)
class Frame:
    """One put. ``arrival_ns``: Unix time of receipt. ``payload``: see ``pack``; ``raw_bytes`` before compression, 0 for
    an Arrow stream as it came."""

    batch_id: str
    first_group: int
    arrival_ns: int
    rows: int
    raw_bytes: int
    payload: bytes | memoryview


@dataclass(slots=True)
class Replay:
    """What a file held. ``torn_bytes`` were cut off its end; ``damage`` has one sentence per unreadable stretch."""

    path: Path
    schema: pa.Schema
    frames: list[Frame] = field(default_factory=list)
    end: int = 0
    torn_bytes: int = 0
    damage: list[str] = field(default_factory=list)


def pack(table: pa.Table, stream: bytes = b"") -> tuple[int, bytes]:
    """``table`` (at least one row) as (bytes uncompressed, payload). Raises ValueError above ``FRAME_BYTES_MAX``.

    ``stream``: the Arrow IPC stream that the table was read from, if it was; kept as it is where it is compressed.
    """
    if stream and len(stream) * KEPT_SHARE <= table.nbytes:
        return 0, stream
    (batch,) = table.combine_chunks().to_batches()
    message = batch.serialize()
    if message.size > FRAME_BYTES_MAX:
        raise ValueError(f"one put holds {message.size} bytes, more than {FRAME_BYTES_MAX}")
    return message.size, pa.Codec("lz4_raw").compress(message, asbytes=True)


def unpack(frame: Frame, schema: pa.Schema) -> pa.Table:
    """The table that ``pack`` was given; of a stream only the columns that it had, in its order and encoding.

    Raises ``pa.ArrowInvalid`` or OSError where the payload is no such thing.
    """
    if not frame.raw_bytes:
        with pa.ipc.open_stream(pa.py_buffer(frame.payload)) as reader:
            return reader.read_all()
    message = pa.Codec("lz4_raw").decompress(pa.py_buffer(frame.payload), frame.raw_bytes)
    return pa.Table.from_batches([pa.ipc.read_record_batch(message, schema)])


class WalFile:
    """One open log file. Not thread-safe: the shard lets one caller at a time append.

    Creation makes the file and its name lasting. Raises StoreUnavailable where the disk refuses.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        message = schema.serialize().to_pybytes()
        head = FILE_HEAD.pack(FILE_MAGIC, len(message), zlib.crc32(message)) + message
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise StoreUnavailable(f"cannot make {path.name}: {error.strerror}") from error
        try:
            _write_all(self._descriptor, [head])
            os.fsync(self._descriptor)
            sync_directory(path.parent)
        except OSError as error:
            os.close(self._descriptor)
            path.unlink(missing_ok=True)
            raise StoreUnavailable(f"cannot make {path.name}: {error.strerror}") from error
        self.end = len(head)
        self.broken = False

    def append(self, frames: Sequence[Frame]) -> int:
        """Writes all frames and syncs once; returns the bytes written. All or none: raises StoreUnavailable after
        cutting the file back. Where even the cut fails, ``broken`` is set and the file takes no more frames."""
        assert not self.broken
        buffers: list[bytes | memoryview] = []
        for frame in frames:
            buffers += (frame_head(frame, self.end), frame.payload)
        try:
            _write_all(self._descriptor, buffers)
            os.fdatasync(self._descriptor)
        except OSError as error:
            self._cut()
            raise StoreUnavailable(f"cannot write {self.path.name}: {error.strerror}") from error
        written = sum(len(buffer) for buffer in buffers)
        self.end += written
        return written

    def close(self) -> None:
        """No more appends; what was appended stays."""
        os.close(self._descriptor)

    def _cut(self) -> None:
        # After a failed fsync the kernel may have dropped the dirty pages, so the tail is never trusted again.
        try:
            os.ftruncate(self._descriptor, self.end)
            os.lseek(self._descriptor, self.end, os.SEEK_SET)
            os.fsync(self._descriptor)
        except OSError:
            self.broken = True


def frame_head(frame: Frame, commit_offset: int) -> bytes:
    """The bytes before the payload. Raises ValueError for a batch id above ``BATCH_ID_BYTES_MAX``."""
    name = frame.batch_id.encode()
    if len(name) > BATCH_ID_BYTES_MAX:
        raise ValueError(f"the batch id has more than {BATCH_ID_BYTES_MAX} bytes")
    body = FRAME_BODY.pack(
        FRAME_MAGIC,
        len(frame.payload),
        frame.raw_bytes,
        frame.rows,
        len(name),
        frame.first_group,
        frame.arrival_ns,
        commit_offset,
        zlib.crc32(frame.payload),
    )
    return body + FRAME_SUM.pack(zlib.crc32(name, zlib.crc32(body))) + name


def replay(path: Path, schema: pa.Schema) -> Replay:
    """Reads one file; ``schema`` is assumed where the file's own is unreadable. Raises OSError."""
    data = memoryview(path.read_bytes())
    result = Replay(path, schema)
    result.end = _read_file_head(data, result)
    while result.end < len(data):
        found = _frame_at(data, result.end)
        if found is None:
            # Either nothing behind this point was acknowledged, or the disk lost what was.
            rest = list(_frames_behind(data, result.end))
            if all(commit_offset <= result.end for _, commit_offset, _ in rest):
                break
            result.damage.append(f"{path.name}: bytes {result.end} to {rest[0][0]} are unreadable")
            result.end = rest[0][0]
            continue
        frame, _, end = found
        result.frames.append(frame)
        result.end = end
    result.torn_bytes = len(data) - result.end
    return result


def cut(torn: Replay) -> None:
    """Takes the torn tail off the file, for good. Raises OSError."""
    descriptor = os.open(torn.path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.ftruncate(descriptor, torn.end)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_file_head(data: memoryview, result: Replay) -> int:
    """Sets the schema; returns where the frames start. A torn head means that the file never took a frame."""
    with contextlib.suppress(struct.error, pa.ArrowInvalid):
        magic, length, checksum = FILE_HEAD.unpack_from(data)
        message = data[FILE_HEAD.size : FILE_HEAD.size + length]
        if magic == FILE_MAGIC and len(message) == length and zlib.crc32(message) == checksum:
            result.schema = pa.ipc.read_schema(pa.py_buffer(message))
            return FILE_HEAD.size + int(length)
    return 0


def _frame_at(data: memoryview, offset: int) -> tuple[Frame, int, int] | None:
    """(frame, commit offset, end) of the intact frame that starts at ``offset``."""
    if len(data) - offset < FRAME_HEAD_BYTES:
        return None
    body = data[offset : offset + FRAME_BODY.size]
    magic, size, raw, rows, name_bytes, group, arrival, commit, payload_sum = FRAME_BODY.unpack(body)
    name_at = offset + FRAME_HEAD_BYTES
    payload_at = name_at + name_bytes
    if magic != FRAME_MAGIC or name_bytes > BATCH_ID_BYTES_MAX or payload_at + size > len(data):
        return None
    name, payload = data[name_at:payload_at], data[payload_at : payload_at + size]
    (head_sum,) = FRAME_SUM.unpack_from(data, offset + FRAME_BODY.size)
    if zlib.crc32(name, zlib.crc32(body)) != head_sum or zlib.crc32(payload) != payload_sum:
        return None
    return Frame(bytes(name).decode(), group, arrival, rows, raw, payload), commit, payload_at + size


def _frames_behind(data: memoryview, offset: int) -> Iterator[tuple[int, int, int]]:
    """(start, commit offset, end) of every intact frame that starts behind ``offset``."""
    text = bytes(data[offset:])
    start = text.find(FRAME_MAGIC, 1)
    while start >= 0:
        found = _frame_at(data, offset + start)
        if found is not None:
            _, commit_offset, end = found
            yield offset + start, commit_offset, end
            start = text.find(FRAME_MAGIC, end - offset)
        else:
            start = text.find(FRAME_MAGIC, start + 1)


def _write_all(descriptor: int, buffers: list[bytes | memoryview]) -> None:
    waiting = [memoryview(buffer) for buffer in buffers]
    while waiting:
        written = os.writev(descriptor, waiting[: 2 * COMMIT_FRAMES_MAX])
        while waiting and written >= len(waiting[0]):
            written -= len(waiting.pop(0))
        if written:
            waiting[0] = waiting[0][written:]
