"""The shared memory of nonces: what ``NonceMemory`` says, over two servers on one PostgreSQL catalog."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from weir.contract.nonces import NONCE_SECONDS
from weir.control.catalog import Catalog
from weir.control.nonces import PRUNE_SECONDS, SharedNonces, nonces

NOW = 1_795_316_930.0


@pytest.fixture
def shared(postgresql_catalog: Catalog) -> Iterator[tuple[SharedNonces, SharedNonces]]:
    pair = SharedNonces(postgresql_catalog), SharedNonces(postgresql_catalog)
    yield pair
    for one in pair:
        one.close()


def test_a_nonce_used_on_one_server_is_used_on_the_other(shared: tuple[SharedNonces, SharedNonces]) -> None:
    one, other = shared
    assert one.is_new("key", "nonce", NOW)
    for later in (0.0, 1.0, 900.0, NONCE_SECONDS):
        assert not other.is_new("key", "nonce", NOW + later)
    assert other.is_new("key", "nonce", NOW + NONCE_SECONDS + 1)
    assert not one.is_new("key", "nonce", NOW + NONCE_SECONDS + 1)


def test_nonces_of_two_keys_do_not_meet(shared: tuple[SharedNonces, SharedNonces]) -> None:
    one, other = shared
    assert one.is_new("key", "nonce", NOW)
    assert other.is_new("other", "nonce", NOW)


def test_of_many_callers_on_two_servers_one_wins(shared: tuple[SharedNonces, SharedNonces]) -> None:
    with ThreadPoolExecutor(16) as threads:
        wins = list(threads.map(lambda n: shared[n % 2].is_new("key", f"nonce-{n // 2 % 10}", NOW), range(1000)))
    assert sum(wins) == 10


def test_what_need_not_be_remembered_is_deleted(
    shared: tuple[SharedNonces, SharedNonces], postgresql_catalog: Catalog
) -> None:
    one, _ = shared
    for number in range(5):
        one.is_new("key", f"nonce-{number}", NOW)
    one.is_new("key", "later", NOW + NONCE_SECONDS + PRUNE_SECONDS)
    with postgresql_catalog.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(nonces)) == 1
