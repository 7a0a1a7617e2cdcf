"""The keys that ``weir account`` makes, rotates, disables and enables, on a catalog of its own."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from weir.cli import cli
from weir.cli.context import Trouble
from weir.control.access import Caller, Key, Principal
from weir.control.accounts import Started, first_start
from weir.control.catalog import Catalog
from weir.control.keys import KeyRing


class Host:
    """A data directory after the server's first start."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.catalog = Catalog(f"sqlite:///{data / 'catalog.db'}")
        self.keys = KeyRing(self.catalog, data / "secret.key", time.monotonic)
        self.started: Started = first_start(self.catalog, self.keys, 1.0)

    def run(self, *words: str) -> str:
        result = CliRunner().invoke(cli, ["account", *words, "--data", str(self.data)])
        if isinstance(result.exception, Trouble):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    def key(self, output: str) -> Key:
        """The key that the command printed; its secret is the right one."""
        printed = dict(re.findall(r"export (\w+)=(\S+)", output))
        found = self.keys.secret_of(printed["WEIR_ACCESS_KEY_ID"])
        assert found is not None
        assert found.secret == printed["WEIR_ACCESS_KEY_SECRET"]
        return found

    def is_active(self, access_key_id: str) -> bool:
        self.keys.forget(access_key_id)
        found = self.keys.secret_of(access_key_id)
        assert found is not None
        return found.active


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_keys_are_made_for_the_account_and_for_agents(host: Host) -> None:
    account = host.key(host.run("create-key")).caller
    agent = host.key(host.run("create-key", "--agent")).caller
    assert [account.principal, agent.principal] == [Principal.ACCOUNT, Principal.AGENT]
    assert account.account_id == agent.account_id == host.started.account_id


def test_a_key_is_disabled_and_enabled(host: Host) -> None:
    key_id = host.key(host.run("create-key")).caller.access_key_id
    host.run("disable-key", key_id)
    assert not host.is_active(key_id)
    host.run("enable-key", key_id)
    assert host.is_active(key_id)
    for verb in ("disable-key", "enable-key", "rotate-key"):
        with pytest.raises(Trouble, match="no AccessKey LTAI-none"):
            host.run(verb, "LTAI-none")


def test_rotating_gives_the_owner_a_second_key(host: Host) -> None:
    old = host.key(host.run("create-key", "--agent")).caller
    new = host.key(host.run("rotate-key", old.access_key_id)).caller
    assert new == Caller(old.account_id, Principal.AGENT, new.access_key_id, old.name)
    assert new.access_key_id != old.access_key_id
    assert host.is_active(old.access_key_id)


def test_a_second_account_must_be_named(host: Host) -> None:
    other = host.key(host.run("create", "other")).caller.account_id
    assert other != host.started.account_id
    with pytest.raises(Trouble, match="several accounts"):
        host.run("create-key")
    assert host.key(host.run("create-key", "--account", other)).caller.account_id == other


def test_secrets_are_not_shown(host: Host) -> None:
    output = host.run("create-key")
    secret = re.findall(r"SECRET=(\S+)", output)[0]
    shown = host.run("show")
    assert secret not in shown
    assert "sealed" not in shown


def test_a_key_file_of_its_own_is_used(host: Host) -> None:
    apart = host.data / "apart.key"
    (host.data / "secret.key").rename(apart)
    given = {"WEIR_KEY_FILE": str(apart)}
    result = CliRunner().invoke(cli, ["account", "create-key", "--data", str(host.data)], env=given)
    assert result.exit_code == 0, result.output
    assert host.key(result.output).active
