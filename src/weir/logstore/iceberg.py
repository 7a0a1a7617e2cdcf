"""The lake as Iceberg tables: one per logstore, over the same files.

What enters: the segments of logstores, and their names. What leaves: ``<project>.<logstore>`` in a catalog that
pyiceberg, Spark or Trino read (a SQLite file, pyiceberg's own format), metadata below ``<logstore>/iceberg``. Rules:
the manifest is the truth: a round compares and commits the difference, files that came and files that went in one
Iceberg snapshot, so no reader sees a row twice or not at all; what a crash left undone the next round does.

Tables are partitioned by UTC day: ``truncate(86400)`` of ``__time__``, which holds Unix seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    CommitStateUnknownException,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.io.pyarrow import parquet_files_to_data_files
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.transforms import TruncateTransform
from sqlalchemy.exc import SQLAlchemyError

from weir.logstore.lake import SECONDS_PER_DAY
from weir.logstore.merge import SCHEMA
from weir.logstore.publishing import CATALOG_NAME, Live
from weir.logstore.snapshot import Segment
from weir.logstore.troubles import StoreUnavailable

SNAPSHOTS_KEPT = 60
"""Snapshots of a table that can be read; with as many again the older ones are forgotten and their metadata deleted.
Data files of an older snapshot may be gone sooner, ``Limits.removal_grace_seconds`` after they were replaced."""
STORE_ID = "weir.store-id"
PROPERTIES = {
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "10",
    "commit.manifest-merge.enabled": "true",
}
TROUBLES = (
    CommitFailedException,
    CommitStateUnknownException,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
    OSError,
    SQLAlchemyError,
    ValueError,
)

Names = Mapping[int, tuple[str, str]]
"""(project, logstore) by id."""


@dataclass(slots=True)
class _Published:
    """One table and the data files of its current snapshot, by path."""

    table: Table
    files: dict[str, DataFile] = field(default_factory=dict)
    commits: int = 0  # since the last sweep


class IcebergTables:
    """``root``: the log store's directory; the catalog is ``CATALOG_NAME`` beside it. ``names_of``: asked every round.

    Raises StoreUnavailable where the catalog cannot be opened. After a trouble it is to be made anew.
    """

    def __init__(self, root: Path, names_of: Callable[[], Names], snapshots_kept: int = SNAPSHOTS_KEPT) -> None:
        self._root = root.absolute()
        self._snapshots_kept = snapshots_kept
        self._names_of = names_of
        self._published: dict[int, _Published] = {}
        with _troubles("the Iceberg catalog cannot be opened"):
            uri = f"sqlite:///{self._root.parent / CATALOG_NAME}"
            self._catalog = SqlCatalog("weir", uri=uri, warehouse=str(self._root))
            for namespace in self._catalog.list_namespaces():
                for name in self._catalog.list_tables(namespace):
                    self._load(name)

    def publish(self, live: Live) -> int:
        """See ``Publication``."""
        names = self._names_of()
        changed = 0
        for store_id in self._published.keys() - live.keys():
            with _troubles(f"the Iceberg table of logstore {store_id} cannot be dropped"):
                self._catalog.drop_table(self._published[store_id].table.name())
            del self._published[store_id]
        for store_id, segments in live.items():
            if store_id in names and (segments or store_id in self._published):
                changed += self._publish_one(store_id, names[store_id], segments)
        return changed

    def names(self, path: Path) -> bool:
        """See ``Publication``."""
        text = str(path.absolute())
        return any(text in one.files for one in self._published.values())

    def _publish_one(self, store_id: int, name: tuple[str, str], segments: tuple[Segment, ...]) -> bool:
        wanted = {str(segment.path.absolute()) for segment in segments}
        with _troubles(f"the Iceberg table of logstore {store_id} cannot be written"):
            one = self._published.get(store_id) or self._create(store_id, name)
            has_changed = wanted != one.files.keys()
            if has_changed:
                _commit(one, wanted)
                one.commits += 1
            if one.commits >= self._snapshots_kept:
                _sweep(one.table, self._snapshots_kept)
                one.commits = 0
        return has_changed

    def _create(self, store_id: int, name: tuple[str, str]) -> _Published:
        self._catalog.create_namespace_if_not_exists(name[0])
        location = str(self._root / str(store_id) / "iceberg")
        table = self._catalog.create_table(
            name, schema=SCHEMA, location=location, properties=PROPERTIES | {STORE_ID: str(store_id)}
        )
        with table.transaction() as change:
            # The files do not carry Iceberg's field ids: columns are found by their names.
            change.set_properties({"schema.name-mapping.default": table.schema().name_mapping.model_dump_json()})
            with change.update_spec() as spec:
                spec.add_field("__time__", TruncateTransform(SECONDS_PER_DAY), "day")
        made = self._published[store_id] = _Published(table)
        return made

    def _load(self, name: tuple[str, ...]) -> None:
        """The table as the catalog has it. One that is not finished, or went with its logstore's files, is dropped."""
        try:
            table = self._catalog.load_table(name)
        except FileNotFoundError:
            self._catalog.drop_table(name)
            return
        if table.spec().is_unpartitioned():
            self._catalog.drop_table(name)
        else:
            self._published[int(table.properties[STORE_ID])] = _Published(table, _files(table))


def _commit(one: _Published, wanted: set[str]) -> None:
    came, went = sorted(wanted - one.files.keys()), one.files.keys() - wanted
    new = list(parquet_files_to_data_files(one.table.io, one.table.metadata, iter(came)))
    for file in new:
        file.spec_id = one.table.spec().spec_id  # asked for when the file goes
    with one.table.transaction() as change:
        update = change.update_snapshot()
        with update.overwrite() if went else update.merge_append() as snapshot:
            for path in went:
                snapshot.delete_data_file(one.files[path])
            for file in new:
                snapshot.append_data_file(file)
    one.files = {path: file for path, file in one.files.items() if path in wanted}
    one.files |= {file.file_path: file for file in new}


def _files(table: Table) -> dict[str, DataFile]:
    return {task.file.file_path: task.file for task in table.scan().plan_files()}


def _sweep(table: Table, kept: int) -> None:
    """Forgets old snapshots, and deletes the metadata files that no snapshot left needs."""
    by_age = sorted(table.metadata.snapshots, key=lambda one: one.sequence_number or 0)
    table.maintenance.expire_snapshots().by_ids([one.snapshot_id for one in by_age[:-kept]]).commit()
    table.refresh()
    needed = {table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)}
    for snapshot in table.metadata.snapshots:
        needed |= {snapshot.manifest_list, *(one.manifest_path for one in snapshot.manifests(table.io))}
    known = {Path(name).name for name in needed}
    for path in (Path(table.location()) / "metadata").iterdir():
        if path.name not in known:
            path.unlink()


@contextmanager
def _troubles(what: str) -> Iterator[None]:
    try:
        yield
    except TROUBLES as error:
        raise StoreUnavailable(f"{what}: {error}") from error
