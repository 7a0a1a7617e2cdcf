"""The catalog: migrations and tables agree, writers take turns, a failed write leaves nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from tests.waiting import until
from weir.control import consumer_rows, nonces, ram_schema
from weir.control.catalog import Catalog
from weir.control.schema import METADATA, accounts, logstores, projects
from weir.control.writers import TransactionLost
from weir.logstore.manifest import METADATA as MANIFEST

ACCOUNT = {
    "account_id": "1",
    "name": "",
    "business_status": "Normal",
    "flow_log_quota": 0,
    "traffic_paths_allowed": False,
    "resource_group_id": "rg-1",
    "created": 0,
}
PROJECT = {"name": "p", "account_id": "1", "region_id": "", "description": "", "created": 0, "modified": 0}


def quota(catalog: Catalog) -> int:
    with catalog.reading() as connection:
        return connection.execute(select(accounts.c.flow_log_quota)).scalar_one()


def test_migrations_make_exactly_the_declared_tables(catalog: Catalog) -> None:
    with catalog.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert nonces.METADATA is ram_schema.METADATA is consumer_rows.METADATA is METADATA, (
            "imported, so that their tables count"
        )
        assert compare_metadata(context, [METADATA, MANIFEST]) == []


def test_opening_again_keeps_what_is_there(catalog: Catalog, catalog_url: str) -> None:
    with catalog.writing() as connection:
        connection.execute(insert(accounts).values(ACCOUNT))
    again = Catalog(catalog_url)
    assert quota(again) == 0
    again.close()


def test_many_servers_starting_at_once_migrate_once(catalog_url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        for opened in pool.map(lambda _: Catalog(catalog_url), range(8)):
            opened.close()


def test_a_failed_write_leaves_nothing(catalog: Catalog) -> None:
    with pytest.raises(IntegrityError), catalog.writing() as connection:
        connection.execute(insert(accounts), [ACCOUNT, ACCOUNT])
    with catalog.reading() as connection:
        assert connection.execute(select(func.count()).select_from(accounts)).scalar_one() == 0


def test_read_then_write_never_interleaves_with_another_writer(catalog: Catalog, catalog_url: str) -> None:
    """50 threads on two catalogs (two servers) add one to a number that they read first."""
    other = Catalog(catalog_url)
    with catalog.writing() as connection:
        connection.execute(insert(accounts).values(ACCOUNT))

    def add_one(each: Catalog) -> None:
        with each.writing() as connection:
            before = connection.execute(select(accounts.c.flow_log_quota)).scalar_one()
            connection.execute(accounts.update().values(flow_log_quota=before + 1))

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(add_one, [catalog, other] * 50))
    assert quota(catalog) == 100
    other.close()


def test_a_reader_sees_one_moment_and_never_waits(catalog: Catalog) -> None:
    with catalog.writing() as connection:
        connection.execute(insert(accounts).values(ACCOUNT))
    with catalog.reading() as reader:
        assert reader.execute(select(accounts.c.flow_log_quota)).scalar_one() == 0
        with catalog.writing() as writer:
            writer.execute(accounts.update().values(flow_log_quota=7))
        assert reader.execute(select(accounts.c.flow_log_quota)).scalar_one() == 0
    assert quota(catalog) == 7


def test_a_writer_does_not_hold_up_readers(catalog: Catalog) -> None:
    with catalog.writing() as connection:
        connection.execute(insert(accounts).values(ACCOUNT))
    read = threading.Event()
    with catalog.writing() as writer:
        writer.execute(accounts.update().values(flow_log_quota=7))
        thread = threading.Thread(target=lambda: (quota(catalog), read.set()))
        thread.start()
        assert read.wait(10)
    thread.join()


def test_sqlite_is_durable_and_checks_references(tmp_path: object) -> None:
    catalog = Catalog(f"sqlite:///{tmp_path}/c.db")
    with catalog.reading() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    catalog.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_an_id_of_a_logstore_is_never_given_out_again(catalog: Catalog) -> None:
    store = {"project": "p", "ttl_days": 1, "shard_count": 1, "extra": {}, "created": 0, "modified": 0}
    with catalog.writing() as connection:
        connection.execute(insert(accounts).values(ACCOUNT))
        connection.execute(insert(projects).values(PROJECT))
    ids = []
    for name in ("a", "b"):
        with catalog.writing() as connection:
            connection.execute(insert(logstores).values(store | {"name": name}))
            ids.append(connection.scalar(select(logstores.c.id)))
            connection.execute(delete(logstores))
    assert ids[1] > ids[0]


def test_writers_that_waited_are_put_on_disk_together_and_fail_alone(catalog: Catalog, catalog_url: str) -> None:
    """40 threads insert; every fourth one fails after its insert, and only its own row is gone."""

    def write(number: int) -> bool:
        try:
            with catalog.writing() as connection:
                connection.execute(insert(accounts).values(ACCOUNT | {"account_id": str(number)}))
                if number % 4 == 0:
                    connection.execute(insert(accounts).values(ACCOUNT | {"account_id": str(number)}))
        except IntegrityError:
            return False
        other = Catalog(catalog_url)
        try:
            with other.reading() as connection:
                mine = accounts.c.account_id == str(number)
                return connection.execute(select(accounts).where(mine)).first() is not None
        finally:
            other.close()

    with ThreadPoolExecutor(40) as pool:
        assert list(pool.map(write, range(40))) == [number % 4 != 0 for number in range(40)]


DEFERRED = ("PRAGMA defer_foreign_keys = ON", "INSERT INTO service_status VALUES ('nobody', 0)")
"""SQLite checks a deferred reference only at the commit, which fails then."""
UNDONE = ("ROLLBACK",)
"""What SQLite does by itself where its disk is full."""


@pytest.mark.parametrize(
    ("fatal", "errors"), [(DEFERRED, [IntegrityError] * 2), (UNDONE, [OperationalError, TransactionLost])]
)
def test_a_commit_that_fails_is_told_to_every_writer_of_it(
    tmp_path: object, fatal: tuple[str, ...], errors: list[type[Exception]]
) -> None:
    catalog = Catalog(f"sqlite:///{tmp_path}/c.db")
    inside, go = threading.Event(), threading.Event()

    def innocent() -> None:
        with catalog.writing() as connection:
            inside.set()
            assert go.wait(10)
            connection.execute(insert(accounts).values(ACCOUNT))

    def culprit() -> None:
        with catalog.writing() as connection:
            for statement in fatal:
                connection.exec_driver_sql(statement)

    with ThreadPoolExecutor(2) as pool:
        waits = pool.submit(innocent)
        assert inside.wait(10)
        fails = pool.submit(culprit)
        until(lambda: catalog.writers_waiting == 1, 10)
        go.set()
        for future, error in zip((fails, waits), errors, strict=True):
            with pytest.raises(error):
                future.result()
    with catalog.reading() as connection:
        assert connection.execute(select(accounts)).first() is None
    with catalog.writing() as connection:
        connection.execute(insert(accounts).values(ACCOUNT))
    catalog.close()
