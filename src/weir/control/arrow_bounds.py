"""How large an Arrow IPC stream becomes, before anything of it is decompressed.

What enters: the bytes of a stream from a caller. What leaves: rows and bytes that it announces. Rule: Arrow
decompresses each buffer into exactly the size announced in its first eight bytes, so the sum of these bounds the memory
that reading can take. The record batch's own table of buffers is read from its flatbuffer, since the library does not
show it (source: Arrow columnar format, "IPC message format" and "Compression"; FlatBuffers, "Internals").
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

_MESSAGE_HEADER = 2
_BATCH_LENGTH, _BATCH_BUFFERS, _BATCH_COMPRESSION = 0, 2, 3
_DICTIONARY_ID, _DICTIONARY_BATCH, _DICTIONARY_DELTA = 0, 1, 2
_SIZE = struct.Struct("<q")
_END = b"\xff\xff\xff\xff\0\0\0\0"
"""End of a stream. The format lets it out; here it tells a whole stream from one cut off between two batches."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a stream announces: ``rows`` in all its batches, ``size_bytes`` of all their buffers when decompressed."""

    rows: int
    size_bytes: int


def announced(body: bytes) -> Size:
    """The size of a stream. Raises ValueError (``pa.ArrowInvalid`` included) for bytes that are no stream of record
    batches, whose dictionaries come once each: none replaces or extends another."""
    rows = size_bytes = 0
    dictionaries: set[int] = set()
    if not body.endswith(_END):
        raise ValueError("the stream has no end")
    try:
        for message in pa.ipc.MessageReader.open_stream(body):
            if message.type == "schema":
                continue
            header = _Table.root(message.metadata.to_pybytes()).child(_MESSAGE_HEADER)
            if message.type == "record batch":
                rows += header.integer(_BATCH_LENGTH)
                size_bytes += _batch_bytes(header, message.body)
            elif message.type == "dictionary":
                dictionary = header.integer(_DICTIONARY_ID)
                if dictionary in dictionaries or header.flag(_DICTIONARY_DELTA):
                    raise ValueError("a dictionary is sent more than once")
                dictionaries.add(dictionary)
                size_bytes += _batch_bytes(header.child(_DICTIONARY_BATCH), message.body)
            else:
                raise ValueError(f"a {message.type} is not taken")
    except (struct.error, OSError) as error:
        raise ValueError(f"not an Arrow stream: {error}") from error
    return Size(rows, size_bytes)


def _batch_bytes(batch: _Table, body: pa.Buffer) -> int:
    if not batch.has(_BATCH_COMPRESSION):
        return len(body)
    data = memoryview(body)
    total = 0
    for offset, length in batch.buffers(_BATCH_BUFFERS):
        if length:
            (size,) = _SIZE.unpack_from(data, offset)
            total += length if size == -1 else size  # -1: this buffer is stored as it is
            if size < -1:
                raise ValueError("a buffer announces a negative size")
    return total


@dataclass(frozen=True, slots=True)
class _Table:
    """A FlatBuffers table at ``at`` in ``data``, which the Arrow library has verified."""

    data: bytes
    at: int

    @classmethod
    def root(cls, data: bytes) -> _Table:
        return cls(data, *struct.unpack_from("<I", data))

    def place(self, field: int) -> int:
        """Where the field stands; 0 where it is absent."""
        (back,) = struct.unpack_from("<i", self.data, self.at)
        vtable = self.at - back
        (size,) = struct.unpack_from("<H", self.data, vtable)
        slot = 4 + 2 * field
        if slot >= size:
            return 0
        (offset,) = struct.unpack_from("<H", self.data, vtable + slot)
        return self.at + offset if offset else 0

    def has(self, field: int) -> bool:
        return self.place(field) != 0

    def integer(self, field: int) -> int:
        place = self.place(field)
        return int(struct.unpack_from("<q", self.data, place)[0]) if place else 0

    def flag(self, field: int) -> bool:
        place = self.place(field)
        return place != 0 and self.data[place] != 0

    def child(self, field: int) -> _Table:
        place = self.place(field)
        if not place:
            raise ValueError("a message without its header")
        return _Table(self.data, place + struct.unpack_from("<I", self.data, place)[0])

    def buffers(self, field: int) -> Iterable[tuple[int, int]]:
        """The (offset, length) pairs of a vector of buffers."""
        place = self.place(field)
        if not place:
            return []
        start = place + struct.unpack_from("<I", self.data, place)[0]
        (count,) = struct.unpack_from("<I", self.data, start)
        numbers = struct.unpack_from(f"<{2 * count}q", self.data, start + 4)
        return zip(numbers[::2], numbers[1::2], strict=True)
