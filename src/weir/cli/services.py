"""``weir up``, ``server``, ``settings``, ``check``: what runs a server, and what the processes would run with."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from weir import compose
from weir.capture.source import Wanted, missing
from weir.cli.agents import AGENT_OPTIONS, on_signal, require_capture
from weir.cli.context import Trouble, log_to_stderr, options, settings_of
from weir.cli.queries import console, table_of
from weir.cli.running import Up, UpPlan
from weir.control.keys import KeyFileError
from weir.logstore.troubles import StoreUnavailable
from weir.query.lookups import LookupFileError
from weir.settings import SETTINGS, Settings

QUERY_OPTIONS = ("time_zone", "query_memory_mb", "query_seconds", "query_rows_max", "geo_file", "threat_file")
SERVER_OPTIONS = ("data", "listen", "catalog", "region", "regions", "sls_bases", "disk_reserve_mb", *QUERY_OPTIONS)


def made_server(settings: Settings) -> compose.Server:
    """A constructed server; what prevents it becomes one sentence."""
    try:
        return compose.server(settings)
    except (StoreUnavailable, KeyFileError, SQLAlchemyError, OSError) as error:
        raise Trouble(f"cannot open {settings.data}: {error}") from error
    except LookupFileError as error:
        raise Trouble(str(error)) from error


@contextmanager
def running_server(settings: Settings) -> Iterator[compose.Running]:
    """A server that answers; a port that is taken becomes one sentence."""
    try:
        listener, settings = compose.listen(settings)
    except OSError as error:
        raise Trouble(f"cannot listen on {settings.listen}: {error.strerror}") from error
    with listener, compose.running(made_server(settings), listener) as running:
        yield running


def write_env(made: compose.Server, endpoint: str) -> Path:
    """DIR/env for ``source``, readable by its owner only."""
    path = made.settings.data / "env"
    key = made.started.account_key
    lines = [f"export WEIR_ENDPOINT={endpoint}", f"export WEIR_REGION={made.settings.region}"]
    if key is not None:
        lines += [f"export WEIR_ACCESS_KEY_ID={key.access_key_id}", f"export WEIR_ACCESS_KEY_SECRET={key.secret}"]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")
    return path


def announce(made: compose.Server, endpoint: str) -> None:
    """Says where the server is; at the very first start also the keys, this once."""
    path = write_env(made, endpoint)
    started = made.started
    click.echo(f"weir: listening on {endpoint}, region {made.settings.region}, account {started.account_id}")
    click.echo(f"weir: source {path} to use the commands")
    if started.first and started.account_key and started.agent_key:
        click.echo(f"weir: AccessKey {started.account_key.access_key_id} {started.account_key.secret}")
        click.echo(f"weir: agents' AccessKey {started.agent_key.access_key_id} {started.agent_key.secret}")
        click.echo("weir: shown this once; DIR/env keeps the first")
    sys.stdout.flush()


@click.command()
@options(*SERVER_OPTIONS)
def server(**given: str | None) -> None:
    """The server alone: both APIs, catalog and log store."""
    log_to_stderr()
    with running_server(settings_of(**given)) as running:
        announce(running.server, running.endpoint)
        wait_for_signal()


def wait_for_signal() -> None:
    ended = threading.Event()
    on_signal(ended.set)
    ended.wait()


@click.command()
@options(*SERVER_OPTIONS, *AGENT_OPTIONS)
@click.option("--device", help="Adopt this device as an ENI of a default VPC and create a flow log for it.")
@click.option("--lab", is_flag=True, help="Make the lab, capture it, and declare its VPC through the API.")
def up(device: str | None, lab: bool, **given: str | None) -> None:
    """Server and agent on this machine."""
    log_to_stderr()
    if lab and device:
        raise Trouble("--lab captures the lab's namespace, --device a device of this one: choose one")
    settings = settings_of(**given)
    require_capture(settings)
    with running_server(settings) as running:
        announce(running.server, running.endpoint)
        whole = Up(running, UpPlan(device, lab))
        on_signal(whole.stop)
        whole.run()


@click.command()
@options(*(setting.name for setting in SETTINGS))
def settings(**given: str | None) -> None:
    """Prints every setting as it is in force, with its source."""
    effective = settings_of(**given)
    rows = []
    for setting in SETTINGS:
        value = getattr(effective, setting.name)
        text = ",".join(value) if isinstance(value, tuple) else str(value)
        if setting.name.endswith(("secret", "token")) and text:
            text = "(set)"
        source = effective.sources[setting.name]
        rows.append({"setting": setting.variable, "value": text, "source": source, "meaning": setting.doc})
    console().print(table_of(["setting", "value", "source", "meaning"], rows))


@click.command()
@options(*SERVER_OPTIONS, "capture_source")
def check(**given: str | None) -> None:
    """Constructs the server and looks at what capture needs, then exits: 0 if all is there."""
    settings = settings_of(**given)
    made = made_server(settings)
    made.stop()
    for sentence in made.store.damage:
        click.echo(f"log store: {sentence}")
    lacking = missing(Wanted(settings.capture_source))
    for sentence in lacking:
        click.echo(f"capture: {sentence}")
    if lacking or made.store.damage:
        raise Trouble("not everything is there")
    click.echo("all is there")


COMMANDS = (up, server, settings, check)
