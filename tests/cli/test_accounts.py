"""``weir account``: further accounts with keys of their own, and what an operator sets for one of several."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from weir.cli.accounts import account
from weir.cli.context import Trouble
from weir.control.accounts import first_start
from weir.control.catalog import Catalog
from weir.control.keys import KeyRing
from weir.control.schema import accounts


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data directory of a server that was started once."""
    catalog = Catalog(f"sqlite:///{tmp_path / 'catalog.db'}")
    first_start(catalog, KeyRing(catalog, tmp_path / "secret.key", lambda: 0.0), 1.0)
    catalog.close()
    return tmp_path


def run(data: Path, *words: str) -> str:
    result = CliRunner().invoke(account, [*words, "--data", str(data)])
    if isinstance(result.exception, Trouble):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def rows(data: Path) -> dict[str, tuple[str, int, bool, str]]:
    """Account -> its name and what can be set for it."""
    catalog = Catalog(f"sqlite:///{data / 'catalog.db'}")
    with catalog.reading() as connection:
        found = connection.execute(select(accounts).order_by(accounts.c.created)).all()
    catalog.close()
    return {
        row.account_id: (row.name, row.flow_log_quota, row.traffic_paths_allowed, row.business_status) for row in found
    }


def test_a_further_account_has_its_own_key(data: Path) -> None:
    (first,) = rows(data)
    printed = run(data, "create", "blue")
    (second,) = set(rows(data)) - {first}
    assert printed.splitlines()[0] == f"# account {second}"
    access_key_id = printed.splitlines()[1].partition("=")[2]
    catalog = Catalog(f"sqlite:///{data / 'catalog.db'}")
    keys = KeyRing(catalog, data / "secret.key", lambda: 0.0)
    key = keys.secret_of(access_key_id)
    assert key is not None
    assert key.caller.account_id == second
    started = first_start(catalog, keys, 2.0)
    assert (started.account_id, started.first) == (first, False)
    assert started.account_key is not None
    assert started.account_key.access_key_id != access_key_id, "the server's own key stays the first account's"
    catalog.close()


def test_an_operator_sets_the_only_account_or_the_one_named(data: Path) -> None:
    run(data, "quota", "3")
    run(data, "create", "blue")
    first, second = rows(data)
    with pytest.raises(Trouble, match="several accounts"):
        run(data, "quota", "4")
    run(data, "quota", "7", "--account", second)
    run(data, "allow", "traffic-path", "--account", second)
    run(data, "business-status", "FinancialLocked", "--account", second)
    assert rows(data) == {
        first: ("default", 3, False, "Normal"),
        second: ("blue", 7, True, "FinancialLocked"),
    }
    run(data, "business-status", "Normal", "--account", second)
    assert rows(data)[second][3] == "Normal"


def test_an_account_that_does_not_exist(data: Path) -> None:
    with pytest.raises(Trouble, match="no account 1"):
        run(data, "quota", "3", "--account", "1")
