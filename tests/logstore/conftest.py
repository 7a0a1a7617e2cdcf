"""A store on real files with a real SQLite manifest, rows that can be told apart, and the truth read past the store.

Every generated row follows from its serial number, so a row that is lost, doubled or mixed up with another shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, create_engine

from weir.logstore.limits import Limits
from weir.logstore.manifest import METADATA, Manifest
from weir.logstore.rows import from_logs
from weir.logstore.schema import PUT_SCHEMA, STORED_SCHEMA
from weir.logstore.snapshot import Snapshot
from weir.logstore.store import Store

MIDNIGHT = 1_763_683_200  # 2025-11-21 00:00 UTC


@dataclass
class Clock:
    """Unix seconds that only the test moves."""

    now: float = MIDNIGHT + 36_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Place:
    """A directory with lake and manifest in which stores are opened one after the other."""

    root: Path
    clock: Clock = field(default_factory=Clock)
    limits: Limits = field(default_factory=Limits)
    opened: list[Store] = field(default_factory=list)

    def __post_init__(self) -> None:
        METADATA.create_all(self.engine())

    def engine(self) -> Engine:
        return create_engine(f"sqlite:///{self.root / 'manifest.db'}", connect_args={"timeout": 30})

    def manifest(self) -> Manifest:
        return Manifest(self.engine())

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    def open(self, limits: Limits | None = None) -> Store:
        store = Store(self.lake, self.manifest(), self.clock, limits or self.limits)
        self.opened.append(store)
        return store

    def reopen(self, store: Store) -> Store:
        store.stop()
        return self.open()

    def wal_files(self, store_id: int = 1) -> list[Path]:
        return sorted(self.lake.glob(f"{store_id}/wal/*/*.wal"))

    def lake_files(self, store_id: int = 1) -> list[Path]:
        return sorted(self.lake.glob(f"{store_id}/lake/*/*"))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    for store in made.opened:
        store.stop()


def log_of(serial: int, time_s: int = MIDNIGHT) -> tuple[int, int | None, list[tuple[str, str]]]:
    pairs = [
        ("eni-id", f"eni-{serial % 7}"),
        ("srcaddr", f"10.0.{serial // 250 % 250}.{serial % 250}"),
        ("srcport", str(serial % 65_536)),
        ("dstport", "-" if serial % 5 == 0 else "443"),
        ("packets", str(serial)),
        ("serial", f"s{serial}"),
    ]
    return time_s, serial if serial % 3 == 0 else None, pairs


@pytest.fixture
def flows() -> Callable[..., pa.Table]:
    """``flows(first, count, time_s=MIDNIGHT)``: rows with the serial numbers from ``first`` on."""

    def make(first: int, count: int, time_s: int = MIDNIGHT) -> pa.Table:
        return from_logs([log_of(first + i, time_s) for i in range(count)], "topic", "source", [("host", "a")])

    return make


def rows_of(snapshot: Snapshot) -> pa.Table:
    """All rows of a snapshot, read from its files and its tail with nothing of ours in between."""
    names = STORED_SCHEMA.names
    parts = [pq.read_table(segment.path, columns=names, partitioning=None) for segment in snapshot.segments]
    return pa.concat_tables([*parts, *snapshot.tail]) if parts or snapshot.tail else PUT_SCHEMA.empty_table()


@pytest.fixture
def serials() -> Callable[[Snapshot], list[int]]:
    """The serial numbers of a snapshot's rows, sorted; asserts on the way that each row is whole."""

    def read(snapshot: Snapshot) -> list[int]:
        rows = rows_of(snapshot)
        found: list[int] = rows["packets"].to_pylist()
        wanted = from_logs([log_of(serial) for serial in found], "topic", "source", [("host", "a")])
        names = [name for name in PUT_SCHEMA.names if name != "__time__"]
        assert rows.select(names).equals(wanted.select(names))
        return sorted(found)

    return read
