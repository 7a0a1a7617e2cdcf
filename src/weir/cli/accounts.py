"""``weir account``: accounts, keys and limits, written straight into the catalog of this host's data directory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click
from sqlalchemy import select

from weir.cli.context import Trouble, options, settings_of
from weir.cli.queries import console, table_of
from weir.control import accounts as control
from weir.control.access import Principal
from weir.control.catalog import Catalog
from weir.control.keys import KeyFileError, KeyRing
from weir.control.schema import access_keys
from weir.control.schema import accounts as accounts_table


@click.group()
def account() -> None:
    """Accounts, keys and limits of the server whose data lies on this host."""


@dataclass(frozen=True, slots=True)
class _Books:
    catalog: Catalog
    keys: KeyRing

    def only_account(self) -> str:
        with self.catalog.reading() as connection:
            found = list(connection.execute(select(accounts_table.c.account_id)).scalars())
        if len(found) != 1:
            raise Trouble("no account yet: start the server once")
        return str(found[0])


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


@account.command()
@options("data", "catalog")
def show(**given: str | None) -> None:
    """Shows the account, its limits and its keys (never a secret)."""
    with _books(given) as books, books.catalog.reading() as connection:
        for table, hidden in ((accounts_table, set()), (access_keys, {"sealed_secret"})):
            columns = [column.name for column in table.columns if column.name not in hidden]
            rows = [{c: str(row._mapping[c]) for c in columns} for row in connection.execute(select(table))]
            console().print(table_of(columns, rows))


@account.command("create-key")
@click.option("--agent", is_flag=True, help="A key that may only synchronise and deliver.")
@options("data", "catalog")
def create_key(agent: bool, **given: str | None) -> None:
    """Makes an AccessKey and prints it; its secret is shown this once."""
    principal = Principal.AGENT if agent else Principal.ACCOUNT
    with _books(given) as books:
        owner = books.only_account()
        with books.catalog.writing() as connection:
            key = books.keys.issue(connection, owner, principal, name=principal.value, now=time.time())
    click.echo(f"export WEIR_ACCESS_KEY_ID={key.access_key_id}\nexport WEIR_ACCESS_KEY_SECRET={key.secret}")


@account.command("disable-key")
@click.argument("access_key_id")
@options("data", "catalog")
def disable_key(access_key_id: str, **given: str | None) -> None:
    """Disables an AccessKey; running servers follow within seconds."""
    with _books(given) as books, books.catalog.writing() as connection:
        found = books.keys.set_active(connection, access_key_id, False)
    if not found:
        raise Trouble(f"no AccessKey {access_key_id}")
    click.echo(f"{access_key_id} is disabled")


@account.command()
@click.argument("feature", type=click.Choice(["traffic-path"]))
@click.option("--off", is_flag=True, help="Take it back.")
@options("data", "catalog")
def allow(feature: str, off: bool, **given: str | None) -> None:
    """Puts the account on the white list of a feature."""
    with _books(given) as books:
        owner = books.only_account()
        with books.catalog.writing() as connection:
            control.allow_traffic_paths(connection, owner, not off)
    click.echo(f"{feature}: {'off' if off else 'on'}")


@account.command()
@click.argument("flow_logs", type=click.IntRange(0, 100_000))
@options("data", "catalog")
def quota(flow_logs: int, **given: str | None) -> None:
    """Sets how many flow logs the account may have in a region."""
    with _books(given) as books:
        owner = books.only_account()
        with books.catalog.writing() as connection:
            control.set_flow_log_quota(connection, owner, flow_logs)
    click.echo(f"flow logs per region: {flow_logs}")


COMMANDS = (account,)
