"""How long a server's log store takes to open over a large lake: every row of the manifest, and a write-ahead log.

What enters: ``--gb`` of lake, ``--files-mb`` per segment file, ``--log-rows`` that wait in the write-ahead log. What
leaves: milliseconds from opening the store to its first answers (a count of rows, the last group of each shard). The
segment files are one real file under many names (hard links): opening looks at names and the manifest and reads
none of them. Rows of the manifest and of the log are real.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from ingest import flows
from sqlalchemy import create_engine

from weir.logstore.limits import Limits
from weir.logstore.manifest import METADATA, Manifest, Seal
from weir.logstore.store import Store

BATCH_ROWS = 10_000
LINKS_MAX = 30_000
"""Names of one file; most file systems stop at 32,000 or above."""

NEVER_SEALED = Limits(
    seal_rows=10**9, seal_memory_bytes=10**12, seal_bytes=10**12, tail_rows_max=10**9, tail_bytes_max=10**12
)


def fill(root: Path, manifest: Manifest, options: argparse.Namespace) -> int:
    """Builds the lake and the log; returns the rows of the lake."""
    store = Store(root, manifest, time.time, NEVER_SEALED)
    store.create(1, 2)
    file_rows = int(options.files_mb * 2**20 / options.row_bytes) // BATCH_ROWS * BATCH_ROWS
    for number in range(max(1, file_rows // BATCH_ROWS)):
        store.put(1, flows(BATCH_ROWS, number % 24), shard=0, batch_id=f"first/{number}")
    store.seal(1)
    (first,) = store.snapshot(1).segments[:1]
    count = int(options.gb * 2**30 / first.size_bytes)
    assert count <= LINKS_MAX, "choose larger files"
    one = next(sealed for sealed in manifest.segments(1, root) if sealed.segment.path == first.path)
    linked = []
    for number in range(count):
        path = first.path.with_name(f"{number:032x}.parquet")
        os.link(first.path, path)
        linked.append(replace(one, segment=replace(one.segment, path=path)))
    manifest.seal(Seal(1, 0, one.segment.group_max + 1, tuple(linked), {}), root)
    for number in range(options.log_rows // BATCH_ROWS):
        store.put(1, flows(BATCH_ROWS, number % 24), batch_id=f"log/{number}")
    store.stop()
    return first.rows * (count + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gb", type=float, default=10.0)
    parser.add_argument("--files-mb", type=float, default=8.0, help="what a seal of half a million rows makes")
    parser.add_argument("--row-bytes", type=float, default=18.0)
    parser.add_argument("--log-rows", type=int, default=500_000)
    parser.add_argument("--directory", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        engine = create_engine(f"sqlite:///{Path(directory) / 'manifest.db'}")
        METADATA.create_all(engine)
        manifest = Manifest(engine)
        rows = fill(Path(directory) / "store", manifest, options)
        for _ in range(3):
            before = time.perf_counter()
            store = Store(Path(directory) / "store", manifest, time.time)
            found = sum(one.rows for one in store.snapshot(1).segments)
            tail = sum(table.num_rows for table in store.snapshot(1).tail)
            ends = [store.cursor_end(1, shard.id) for shard in store.shards(1)]
            taken = (time.perf_counter() - before) * 1e3
            segments = len(store.snapshot(1).segments)
            assert (found, tail, store.damage) == (rows, options.log_rows // BATCH_ROWS * BATCH_ROWS, ()), ends
            store.stop()
            print(f"{options.gb:g} GB of lake, {segments} files, {found:,} rows, {tail:,} in the log: {taken:,.0f} ms")


if __name__ == "__main__":
    main()
