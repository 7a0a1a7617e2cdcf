"""The log file: what is appended is replayed; torn tails are cut, damage in the middle is reported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from weir.logstore import wal
from weir.logstore.schema import PUT_SCHEMA

Flows = Callable[..., pa.Table]
Serials = Callable[..., list[int]]


def frame(table: pa.Table, group: int, batch_id: str = "") -> wal.Frame:
    raw_bytes, payload = wal.pack(table)
    return wal.Frame(batch_id, group, 10**18 + group, table.num_rows, raw_bytes, payload)


def written(path: Path, *commits: list[wal.Frame]) -> list[int]:
    """Writes the commits; returns the file's size after each."""
    file = wal.WalFile(path, PUT_SCHEMA)
    sizes = [file.end]
    for frames in commits:
        file.append(frames)
        sizes.append(file.end)
    file.close()
    assert path.stat().st_size == sizes[-1]
    return sizes


def test_replay_gives_back_what_was_appended(tmp_path: Path, flows: Flows) -> None:
    frames = [frame(flows(0, 3), 5, "agent-1/7"), frame(flows(3, 1), 6), frame(flows(4, 500), 7, "ü")]
    written(tmp_path / "a.wal", frames[:1], frames[1:])
    found = wal.replay(tmp_path / "a.wal", PUT_SCHEMA)
    assert [(f.batch_id, f.first_group, f.arrival_ns, f.rows) for f in found.frames] == [
        (f.batch_id, f.first_group, f.arrival_ns, f.rows) for f in frames
    ]
    tables = [wal.unpack(f, found.schema) for f in found.frames]
    assert pa.concat_tables(tables).equals(flows(0, 504))
    assert (found.torn_bytes, found.damage) == (0, [])


def test_a_file_cut_anywhere_loses_only_the_commit_that_was_under_way(tmp_path: Path, flows: Flows) -> None:
    path = tmp_path / "a.wal"
    sizes = written(path, [frame(flows(0, 2), 0)], [frame(flows(2, 2), 1), frame(flows(4, 2), 2)])
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        found = wal.replay(path, PUT_SCHEMA)
        complete = [first for first in (1, 2) if length >= sizes[first]]
        assert found.damage == []
        assert len(found.frames) >= len(complete)
        assert len(found.frames) < 3
        wal.cut(found)
        assert path.stat().st_size == found.end == length - found.torn_bytes
        assert wal.replay(path, PUT_SCHEMA).torn_bytes == 0


def test_a_flipped_byte_in_the_last_commit_is_a_torn_tail(tmp_path: Path, flows: Flows) -> None:
    path = tmp_path / "a.wal"
    sizes = written(path, [frame(flows(0, 2), 0)], [frame(flows(2, 2), 1), frame(flows(4, 2), 2)])
    data = bytearray(path.read_bytes())
    data[sizes[1] + 20] ^= 1  # first frame of the last commit; the second one is intact
    path.write_bytes(data)
    found = wal.replay(path, PUT_SCHEMA)
    assert [f.first_group for f in found.frames] == [0]
    assert (found.end, found.damage) == (sizes[1], [])


@pytest.mark.parametrize("offset", [0, 7, 30, 60, 100])
def test_a_flipped_byte_before_an_acknowledged_commit_is_reported(tmp_path: Path, flows: Flows, offset: int) -> None:
    path = tmp_path / "a.wal"
    sizes = written(path, [frame(flows(0, 2), 0)], [frame(flows(2, 2), 1)], [frame(flows(4, 2), 2)])
    data = bytearray(path.read_bytes())
    data[sizes[1] + offset] ^= 0x40
    path.write_bytes(data)
    found = wal.replay(path, PUT_SCHEMA)
    assert [f.first_group for f in found.frames] == [0, 2]
    assert found.damage == [f"a.wal: bytes {sizes[1]} to {sizes[2]} are unreadable"]
    assert found.torn_bytes == 0


def test_the_limits_of_a_frame(flows: Flows) -> None:
    longest = frame(flows(0, 1), 0, "b" * wal.BATCH_ID_BYTES_MAX)
    assert len(wal.frame_head(longest, 0)) == wal.FRAME_HEAD_BYTES + wal.BATCH_ID_BYTES_MAX
    with pytest.raises(ValueError, match="batch id"):
        wal.frame_head(frame(flows(0, 1), 0, "b" * (wal.BATCH_ID_BYTES_MAX + 1)), 0)


def test_a_compressed_stream_is_kept_as_it_came_and_recovered(place: Any, flows: Flows, serials: Serials) -> None:
    """Its columns may be fewer than the store's and in another order."""
    store = place.open()
    store.create(1, 1)
    table = flows(0, 1000)
    names = [name for name in reversed(table.column_names) if table[name].null_count < table.num_rows]
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.select(names).schema, options=options) as writer:
        writer.write_table(table.select(names))
    stream = bytes(sink.getvalue())
    store.put(1, table, batch_id="a", stream=stream)
    store.put(1, flows(1000, 5), batch_id="b")
    (path,) = place.wal_files()
    kept, packed = wal.replay(path, PUT_SCHEMA).frames
    assert (kept.raw_bytes, bytes(kept.payload), packed.raw_bytes > 0) == (0, stream, True)
    store = place.reopen(store)
    assert (serials(store.snapshot(1)), store.damage) == (list(range(1005)), ())
    store.seal(1)
    assert serials(place.reopen(store).snapshot(1)) == list(range(1005))


def test_a_stream_that_is_hardly_compressed_is_packed(flows: Flows) -> None:
    table = flows(0, 10)
    assert wal.pack(table, bytes(table.nbytes // 2 + 1))[0] > 0
