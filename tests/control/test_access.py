"""AccessKeys at rest and in use, the first start, and what the agent's key may do."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from weir.contract.declare import spec_of
from weir.contract.products import COMMANDS
from weir.control.access import Caller, Denied, Principal, allowed
from weir.control.accounts import Started, first_start
from weir.control.catalog import Catalog
from weir.control.keys import CACHE_SECONDS, KeyFileError, KeyRing
from weir.control.permits import Request, check_fixed
from weir.control.schema import access_keys, accounts
from weir.model.failures import FORBIDDEN_RAM


class Ticks:
    """Monotonic seconds, moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def keys(catalog: Catalog, tmp_path: Path, ticks: Ticks) -> KeyRing:
    return KeyRing(catalog, tmp_path / "secret.key", ticks)


@pytest.fixture
def started(catalog: Catalog, keys: KeyRing) -> Started:
    return first_start(catalog, keys, 1.0)


def test_the_first_start_makes_an_account_and_two_keys(keys: KeyRing, started: Started) -> None:
    assert started.first
    assert len(started.account_id) == 16
    assert started.account_id.isdecimal()
    assert started.account_key is not None
    assert started.agent_key is not None
    for issued, principal in ((started.account_key, Principal.ACCOUNT), (started.agent_key, Principal.AGENT)):
        assert issued.access_key_id.startswith("LTAI")
        key = keys.secret_of(issued.access_key_id)
        assert key is not None
        assert (key.secret, key.active) == (issued.secret, True)
        assert (key.caller.account_id, key.caller.principal) == (started.account_id, principal)


def test_a_later_start_makes_nothing_and_finds_the_same_keys(
    catalog: Catalog, tmp_path: Path, started: Started, ticks: Ticks
) -> None:
    again = first_start(catalog, KeyRing(catalog, tmp_path / "secret.key", ticks), 2.0)
    assert not again.first
    assert (again.account_key, again.agent_key) == (started.account_key, started.agent_key)


def test_servers_starting_at_once_make_one_account(catalog: Catalog, keys: KeyRing) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: first_start(catalog, keys, 1.0), range(8)))
    assert [each.first for each in made].count(True) == 1
    assert len({each.account_id for each in made}) == 1
    with catalog.reading() as connection:
        assert len(connection.execute(select(accounts)).all()) == 1
        assert len(connection.execute(select(access_keys)).all()) == 2


def test_secrets_rest_sealed_and_the_key_file_is_its_owners(
    catalog: Catalog, tmp_path: Path, started: Started, ticks: Ticks
) -> None:
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert started.account_key is not None
    with catalog.reading() as connection:
        sealed = list(connection.scalars(select(access_keys.c.sealed_secret)))
    assert not any(started.account_key.secret.encode() in secret for secret in sealed)
    assert started.account_key.secret not in repr(started)


def test_without_the_key_file_nothing_is_opened_and_no_new_one_is_made(
    catalog: Catalog, tmp_path: Path, started: Started, ticks: Ticks
) -> None:
    (tmp_path / "secret.key").unlink()
    with pytest.raises(KeyFileError, match="no usable key file"):
        KeyRing(catalog, tmp_path / "secret.key", ticks)
    assert not (tmp_path / "secret.key").exists()


def test_another_key_file_is_noticed(catalog: Catalog, tmp_path: Path, started: Started, ticks: Ticks) -> None:
    empty = Catalog(f"sqlite:///{tmp_path / 'other.db'}")
    KeyRing(empty, tmp_path / "other.key", ticks)
    empty.close()
    stranger = KeyRing(catalog, tmp_path / "other.key", ticks)
    assert started.account_key is not None
    with pytest.raises(KeyFileError, match="not the one"):
        stranger.secret_of(started.account_key.access_key_id)


def test_a_disabled_key_stops_working_within_the_cache_time(
    catalog: Catalog, keys: KeyRing, started: Started, ticks: Ticks
) -> None:
    assert started.account_key is not None
    key_id = started.account_key.access_key_id
    assert keys.secret_of(key_id)
    with catalog.writing() as connection:
        assert keys.set_active(connection, key_id, False)
        assert not keys.set_active(connection, "LTAI-nobody", False)
    ticks.now += CACHE_SECONDS
    found = keys.secret_of(key_id)
    assert found is not None
    assert not found.active
    assert first_start(catalog, keys, 2.0).account_key is None


def test_a_key_made_by_another_server_works_at_once(
    catalog: Catalog, keys: KeyRing, tmp_path: Path, started: Started, ticks: Ticks
) -> None:
    other = KeyRing(catalog, tmp_path / "secret.key", ticks)
    assert keys.secret_of("LTAI-nobody") is None
    with catalog.writing() as connection:
        made = other.issue(connection, started.account_id, Principal.ACCOUNT, name="second", now=2.0)
    found = keys.secret_of(made.access_key_id)
    assert found is not None
    assert found.secret == made.secret


def test_the_agent_may_sync_and_put_logs_and_nothing_else() -> None:
    agent = Caller("1", Principal.AGENT, "LTAI", "agent")
    account = Caller("1", Principal.ACCOUNT, "LTAI", "account")
    actions = [spec_of(command).ram_action for command in COMMANDS]
    assert [action for action in actions if allowed(agent, action)] == ["weir:SyncAgent"]
    assert all(allowed(account, action) for action in actions)
    check_fixed(agent, Request("log:PostLogStoreLogs", ("acs:log:cn-hangzhou:1:project/p/logstore/l",)))
    for action in ("log:GetLogStoreLogs", "log:CreateProject", "vpc:CreateFlowLog"):
        with pytest.raises(Denied) as refused:
            check_fixed(agent, Request(action, ("acs:log:cn-hangzhou:1:project/p",)))
        assert refused.value.failure is FORBIDDEN_RAM
        assert refused.value.shown["AuthAction"] == action
