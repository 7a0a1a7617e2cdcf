"""The manifest: which sealed segments there are, which batches they hold, and how far each shard is sealed.

What enters: an SQLAlchemy engine on which the tables of ``METADATA`` exist (the migrations make them). What leaves:
rows, each change in one transaction. Rules: a segment counts from the commit of its ``seal``; ``sealed_to`` of a
shard says which groups of its write-ahead log are done with; a removed segment keeps its row until its file is
gone. Every method raises StoreUnavailable where the database fails. Writing transactions write first, so SQLite
never has to upgrade a lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    Row,
    SmallInteger,
    String,
    Table,
    and_,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from weir.logstore.snapshot import Segment
from weir.logstore.troubles import StoreUnavailable

BATCH_MEMORY_DAYS = 7
"""Days a batch id is remembered after its arrival. The log service takes rows of at most 168 hours of age, so an older
batch cannot come again: its rows would be refused for their time."""

METADATA = MetaData()

shards_table = Table(
    "shards",
    METADATA,
    Column("store_id", Integer, primary_key=True, autoincrement=False),
    Column("shard", SmallInteger, primary_key=True, autoincrement=False),
    Column("created_ns", BigInteger, nullable=False),  # Unix time; the cursor of the shard's first group
    Column("begin_key", String(32), nullable=False),
    Column("end_key", String(32), nullable=False),
    Column("sealed_to", BigInteger, nullable=False),  # groups below are in segments (or expired)
    Column("dropped", Integer, nullable=False, default=0),  # 1: its files are being deleted
    Column("closed_ns", BigInteger),  # Unix time of the split or merge since which it takes no rows
)
segments_table = Table(
    "segments",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),  # in seal order
    Column("store_id", Integer, nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Column("path", String(200), nullable=False, unique=True),  # relative to the store's root
    Column("rows", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("time_min", BigInteger, nullable=False),
    Column("time_max", BigInteger, nullable=False),
    Column("group_min", BigInteger, nullable=False),
    Column("group_max", BigInteger, nullable=False),
    Column("arrival_min_ns", BigInteger, nullable=False),
    Column("arrival_max_ns", BigInteger, nullable=False),
    Column("compacted", Integer, nullable=False, default=0),  # 1: sorted, no longer in order of arrival
    Column("removed_s", BigInteger),  # Unix time of removal from every new snapshot; the file follows later
    Index("segments_by_store", "store_id", "removed_s"),
)
batches_table = Table(
    "batches",
    METADATA,
    Column("store_id", Integer, primary_key=True, autoincrement=False),
    Column("batch_id", String(512), primary_key=True),
    Column("shard", SmallInteger, nullable=False),
    Column("arrival_s", BigInteger, nullable=False, index=True),
    sqlite_with_rowid=False,
)

BATCH_SHARD = select(batches_table.c.shard).where(
    batches_table.c.store_id == bindparam("store"), batches_table.c.batch_id == bindparam("batch")
)


@dataclass(frozen=True, slots=True)
class ShardRow:
    """One shard as the manifest knows it. Keys are 32 hex digits; ``created_ns`` Unix nanoseconds.

    ``closed_ns``: since then it is read only and its keys belong to the shards created in that very moment.
    """

    store_id: int
    shard: int
    created_ns: int
    begin_key: str
    end_key: str
    sealed_to: int
    dropped: bool = False
    closed_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A segment with what only the store needs: its arrival times, Unix nanoseconds."""

    segment: Segment
    arrival_min_ns: int
    arrival_max_ns: int


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal of one shard: groups below ``sealed_to`` move from the log into ``segments``.

    ``batches``: batch id -> arrival, Unix seconds.
    """

    store_id: int
    shard: int
    sealed_to: int
    segments: tuple[Sealed, ...]
    batches: Mapping[str, int]


class Manifest:
    """The tables above. Thread-safe as the engine is. ``root`` arguments are the store's directory of files."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._batch_shard = BATCH_SHARD.compile(engine)

    def create(self, rows: Iterable[ShardRow]) -> None:
        """Adds the shards of one logstore."""
        with self._writing() as connection:
            for row in rows:
                connection.execute(insert(shards_table).values(_shard_values(row)))

    def replace_shards(self, closed: Iterable[int], made: Sequence[ShardRow]) -> None:
        """Shards ``closed`` of a logstore take no rows from the moment on in which ``made`` were created; or nothing
        changes."""
        store_id, closed_ns = made[0].store_id, made[0].created_ns
        with self._writing() as connection:
            for number in closed:
                this = _shard_is(store_id, number)
                connection.execute(update(shards_table).where(this).values(closed_ns=closed_ns))
            connection.execute(insert(shards_table), [_shard_values(row) for row in made])

    def shards(self) -> list[ShardRow]:
        """Every shard of every logstore, in order."""
        order = (shards_table.c.store_id, shards_table.c.shard)
        with self._reading() as connection:
            rows = connection.execute(select(shards_table).order_by(*order)).all()
        return [ShardRow(**{**row._mapping, "dropped": bool(row.dropped)}) for row in rows]

    def sealed_to(self, store_id: int, shard: int) -> int:
        """How far the shard is sealed."""
        query = select(shards_table.c.sealed_to).where(_shard_is(store_id, shard))
        with self._reading() as connection:
            return int(connection.execute(query).scalar_one())

    def seal(self, seal: Seal, root: Path) -> None:
        """All of a seal or nothing of it."""
        with self._writing() as connection:
            connection.execute(
                update(shards_table).where(_shard_is(seal.store_id, seal.shard)).values(sealed_to=seal.sealed_to)
            )
            connection.execute(
                insert(segments_table), [_segment_values(seal.store_id, sealed, root) for sealed in seal.segments]
            )
            if seal.batches:
                connection.execute(
                    insert(batches_table),
                    [
                        {"store_id": seal.store_id, "batch_id": name, "shard": seal.shard, "arrival_s": arrival_s}
                        for name, arrival_s in seal.batches.items()
                    ],
                )

    def segments(self, store_id: int, root: Path) -> tuple[Sealed, ...]:
        """The live segments of a logstore, in seal order."""
        live = and_(segments_table.c.store_id == store_id, segments_table.c.removed_s.is_(None))
        with self._reading() as connection:
            rows = connection.execute(select(segments_table).where(live).order_by(segments_table.c.id)).all()
        return tuple(_sealed(row, root) for row in rows)

    def batch_shard(self, store_id: int, batch_id: str) -> int | None:
        """The shard that holds the sealed batch; None for a batch that is not remembered.

        By the driver itself: it runs with every put, and SQLAlchemy takes several times as long as SQLite.
        """
        asked = {"store": store_id, "batch": batch_id}
        names = self._batch_shard.positiontup
        values = asked if names is None else tuple(asked[name] for name in names)
        driver: Any = self._engine.dialect.loaded_dbapi
        try:
            with closing(self._engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
                cursor.execute(str(self._batch_shard), values)
                found = cursor.fetchone()
        except (SQLAlchemyError, driver.Error) as error:
            raise StoreUnavailable(f"the manifest cannot be read: {error}") from error
        return None if found is None else int(found[0])

    def forget_batches(self, before_s: int) -> int:
        """Forgets batches that arrived before Unix time ``before_s``; returns how many."""
        with self._writing() as connection:
            return connection.execute(delete(batches_table).where(batches_table.c.arrival_s < before_s)).rowcount

    def remove_segments(self, removed: Iterable[Sealed], now_s: int, root: Path) -> None:
        """The segments leave every new snapshot; their files stay until ``forget_segments``."""
        with self._writing() as connection:
            for sealed in removed:
                one = segments_table.c.path == _relative(sealed, root)
                connection.execute(update(segments_table).where(one).values(removed_s=now_s))

    def replace_segments(self, sources: Sequence[Sealed], made: Sealed, store_id: int, now_s: int, root: Path) -> bool:
        """``made`` takes the place of ``sources``, or (False) nothing changes, because one of them was removed."""
        paths = [_relative(one, root) for one in sources]
        live = and_(segments_table.c.path.in_(paths), segments_table.c.removed_s.is_(None))
        with self._writing() as connection:
            gone = connection.execute(update(segments_table).where(live).values(removed_s=now_s)).rowcount
            if gone != len(paths):
                connection.rollback()
                return False
            connection.execute(insert(segments_table), [_segment_values(store_id, made, root)])
        return True

    def removed_segments(self, before_s: int, root: Path) -> tuple[Sealed, ...]:
        """Segments removed before Unix time ``before_s`` whose files are to be deleted."""
        query = select(segments_table).where(segments_table.c.removed_s < before_s)
        with self._reading() as connection:
            return tuple(_sealed(row, root) for row in connection.execute(query).all())

    def forget_segments(self, gone: Iterable[Sealed], root: Path) -> None:
        """Their files are gone: so are their rows."""
        with self._writing() as connection:
            for sealed in gone:
                connection.execute(delete(segments_table).where(segments_table.c.path == _relative(sealed, root)))

    def paths(self) -> set[str]:
        """Path (relative to the root) of every segment whose row is there, removed ones included."""
        with self._reading() as connection:
            return set(connection.execute(select(segments_table.c.path)).scalars())

    def begin_drop(self, store_id: int) -> None:
        """The logstore is gone for readers and writers; a crash from here on ends with its files deleted."""
        with self._writing() as connection:
            mine = shards_table.c.store_id == store_id
            connection.execute(update(shards_table).where(mine).values(dropped=1))

    def finish_drop(self, store_id: int) -> None:
        """Its files are deleted: nothing of it is remembered."""
        with self._writing() as connection:
            for table in (segments_table, batches_table, shards_table):
                connection.execute(delete(table).where(table.c.store_id == store_id))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreUnavailable(f"the manifest cannot be read: {error}") from error

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreUnavailable(f"the manifest cannot be written: {error}") from error


def _relative(sealed: Sealed, root: Path) -> str:
    return sealed.segment.path.relative_to(root).as_posix()


def _shard_is(store_id: int, shard: int) -> ColumnElement[bool]:
    return and_(shards_table.c.store_id == store_id, shards_table.c.shard == shard)


def _shard_values(row: ShardRow) -> dict[str, int | str | None]:
    return {name: getattr(row, name) for name in ShardRow.__slots__} | {"dropped": int(row.dropped)}


def _segment_values(store_id: int, sealed: Sealed, root: Path) -> dict[str, int | str]:
    segment = sealed.segment
    return {
        "store_id": store_id,
        "shard": segment.shard,
        "path": _relative(sealed, root),
        "rows": segment.rows,
        "size_bytes": segment.size_bytes,
        "time_min": segment.time_min,
        "time_max": segment.time_max,
        "group_min": segment.group_min,
        "group_max": segment.group_max,
        "compacted": int(segment.compacted),
        "arrival_min_ns": sealed.arrival_min_ns,
        "arrival_max_ns": sealed.arrival_max_ns,
    }


def _sealed(row: Row[tuple[object, ...]], root: Path) -> Sealed:
    names = ("rows", "size_bytes", "time_min", "time_max", "shard", "group_min", "group_max")
    values = {name: row._mapping[name] for name in names}
    segment = Segment(path=root / row.path, compacted=bool(row.compacted), **values)
    return Sealed(segment, row.arrival_min_ns, row.arrival_max_ns)
