"""``weir account``: accounts, keys and limits, written straight into the catalog of this host's data directory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click
from sqlalchemy import select

from weir.cli.context import Trouble, options, settings_of
from weir.cli.queries import console, table_of
from weir.control import accounts as control
from weir.control.access import Principal
from weir.control.catalog import Catalog
from weir.control.keys import AccessKey, KeyFileError, KeyRing
from weir.control.schema import access_keys
from weir.control.schema import accounts as accounts_table


@click.group()
def account() -> None:
    """Accounts, keys and limits of the server whose data lies on this host."""


@dataclass(frozen=True, slots=True)
class _Books:
    catalog: Catalog
    keys: KeyRing

    def account(self, named: str | None) -> str:
        """The account named, or the only one there is."""
        with self.catalog.reading() as connection:
            found = list(connection.execute(select(accounts_table.c.account_id)).scalars())
        if named is not None and named not in found:
            raise Trouble(f"no account {named}")
        if named is None and len(found) != 1:
            raise Trouble("several accounts: name one with --account" if found else "no account yet: start the server")
        return named or str(found[0])


@contextmanager
def _books(given: dict[str, str | None]) -> Iterator[_Books]:
    settings = settings_of(**given)
    if not settings.catalog and not (settings.data / "catalog.db").exists():
        raise Trouble(f"no catalog in {settings.data}: start the server once, or name its --data")
    catalog = Catalog(settings.catalog_url)
    try:
        yield _Books(catalog, KeyRing(catalog, settings.key_path, time.monotonic))
    except KeyFileError as error:
        raise Trouble(str(error)) from error
    finally:
        catalog.close()


def _of_account(function: Callable[..., Any]) -> Callable[..., Any]:
    """The option that names an account."""
    return click.option("--account", "named", default=None, help="The account's id; needed where there are several.")(
        function
    )


def _print(key: AccessKey) -> None:
    click.echo(f"export WEIR_ACCESS_KEY_ID={key.access_key_id}\nexport WEIR_ACCESS_KEY_SECRET={key.secret}")


@account.command()
@options("data", "catalog")
def show(**given: str | None) -> None:
    """Shows the accounts, their limits and their keys (never a secret)."""
    with _books(given) as books, books.catalog.reading() as connection:
        for table, hidden in ((accounts_table, set()), (access_keys, {"sealed_secret"})):
            columns = [column.name for column in table.columns if column.name not in hidden]
            rows = [{c: str(row._mapping[c]) for c in columns} for row in connection.execute(select(table))]
            console().print(table_of(columns, rows))


@account.command()
@click.argument("name")
@options("data", "catalog")
def create(name: str, **given: str | None) -> None:
    """Makes another account and prints its first AccessKey; the secret is shown this once."""
    with _books(given) as books, books.catalog.writing() as connection:
        made = control.create_account(connection, name=name, now=time.time())
        key = books.keys.issue(connection, made, Principal.ACCOUNT, name="account", now=time.time())
    click.echo(f"# account {made}")
    _print(key)


@account.command("create-key")
@click.option("--agent", is_flag=True, help="A key that may only synchronise and deliver.")
@_of_account
@options("data", "catalog")
def create_key(agent: bool, named: str | None, **given: str | None) -> None:
    """Makes an AccessKey and prints it; its secret is shown this once."""
    principal = Principal.AGENT if agent else Principal.ACCOUNT
    with _books(given) as books:
        owner = books.account(named)
        with books.catalog.writing() as connection:
            key = books.keys.issue(connection, owner, principal, name=principal.value, now=time.time())
    _print(key)


@account.command("rotate-key")
@click.argument("access_key_id")
@options("data", "catalog")
def rotate_key(access_key_id: str, **given: str | None) -> None:
    """Makes a second AccessKey for the owner of one and prints it. The old one works until it is disabled."""
    with _books(given) as books, books.catalog.writing() as connection:
        key = books.keys.second(connection, access_key_id, time.time())
    if key is None:
        raise Trouble(f"no AccessKey {access_key_id}")
    _print(key)
    click.echo(f"# once it is in use: weir account disable-key {access_key_id}")


def _set_active(access_key_id: str, active: bool, given: dict[str, str | None]) -> None:
    with _books(given) as books, books.catalog.writing() as connection:
        found = books.keys.set_active(connection, access_key_id, active)
    if not found:
        raise Trouble(f"no AccessKey {access_key_id}")
    click.echo(f"{access_key_id} is {'enabled' if active else 'disabled'}")


@account.command("disable-key")
@click.argument("access_key_id")
@options("data", "catalog")
def disable_key(access_key_id: str, **given: str | None) -> None:
    """Disables an AccessKey; running servers follow within seconds."""
    _set_active(access_key_id, False, given)


@account.command("enable-key")
@click.argument("access_key_id")
@options("data", "catalog")
def enable_key(access_key_id: str, **given: str | None) -> None:
    """Enables a disabled AccessKey; running servers follow within seconds."""
    _set_active(access_key_id, True, given)


@account.command()
@click.argument("feature", type=click.Choice(["traffic-path"]))
@click.option("--off", is_flag=True, help="Take it back.")
@_of_account
@options("data", "catalog")
def allow(feature: str, off: bool, named: str | None, **given: str | None) -> None:
    """Puts an account on the white list of a feature."""
    with _books(given) as books:
        owner = books.account(named)
        with books.catalog.writing() as connection:
            control.allow_traffic_paths(connection, owner, not off)
    click.echo(f"{feature}: {'off' if off else 'on'}")


@account.command()
@click.argument("flow_logs", type=click.IntRange(0, 100_000))
@_of_account
@options("data", "catalog")
def quota(flow_logs: int, named: str | None, **given: str | None) -> None:
    """Sets how many flow logs an account may have in a region."""
    with _books(given) as books:
        owner = books.account(named)
        with books.catalog.writing() as connection:
            control.set_flow_log_quota(connection, owner, flow_logs)
    click.echo(f"flow logs per region: {flow_logs}")


@account.command("business-status")
@click.argument("status", type=click.Choice([control.NORMAL, control.FINANCIAL_LOCKED]))
@_of_account
@options("data", "catalog")
def business_status(status: str, named: str | None, **given: str | None) -> None:
    """Locks the account, so that it can neither create nor change a flow log, or unlocks it."""
    with _books(given) as books:
        owner = books.account(named)
        with books.catalog.writing() as connection:
            control.set_business_status(connection, owner, status)
    click.echo(f"business status: {status}")


COMMANDS = (account,)
