"""What a reader sees: one immutable view of a logstore, taken in one assignment.

Segments are sealed Parquet files, ``tail`` is what is acknowledged but not yet sealed. A row is in exactly one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Segment:
    """One sealed Parquet file of ``STORED_SCHEMA``. Times are Unix seconds of ``__time__``, both ends inclusive.

    ``compacted``: its rows are sorted (see ``merge``), and a further column holds their places.
    """

    path: Path
    rows: int
    size_bytes: int
    time_min: int
    time_max: int
    shard: int
    group_min: int
    group_max: int
    compacted: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``segments`` in seal order, ``tail`` as tables of ``STORED_SCHEMA`` in arrival order.

    ``directory``: where all segments of the logstore lie, and nothing else; None: they lie anywhere.
    """

    segments: tuple[Segment, ...]
    tail: tuple[pa.Table, ...]
    directory: Path | None = None
