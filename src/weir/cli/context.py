"""What every command needs: the effective settings and a signed client.

What enters: the environment and a command's own options. What leaves: ``Settings``, a ``Client``. Rule: a command that
cannot go on raises ``Trouble`` with one sentence that says what to do.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from weir.client import Client, ServerRefused, ServerUnreachable
from weir.contract.sign import Credentials
from weir.settings import SETTINGS, SettingError, Settings, load

CLIENT_OPTIONS = ("endpoint", "access_key_id", "access_key_secret", "security_token", "region")


class Trouble(Exception):
    """One sentence for the operator."""


def options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that adds the command-line options of these settings; they reach the function by their names."""
    by_name = {setting.name: setting for setting in SETTINGS}

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            setting = by_name[name]
            text = f"{setting.doc}  [env {setting.variable}; default {setting.default or 'empty'}]"
            function = click.option("--" + name.replace("_", "-"), name, default=None, help=text)(function)
        return function

    return decorate


def settings_of(**given: str | None) -> Settings:
    """The effective settings under these options."""
    try:
        return load(os.environ, given)
    except SettingError as error:
        raise Trouble(str(error)) from error


@contextmanager
def client_of(settings: Settings) -> Iterator[Client]:
    """A client; what the server refuses or the network prevents becomes one sentence."""
    if not settings.access_key_id or not settings.access_key_secret:
        raise Trouble(
            "no AccessKey: source DIR/env of the server, or set WEIR_ACCESS_KEY_ID and WEIR_ACCESS_KEY_SECRET"
        )
    credentials = Credentials(
        settings.access_key_id, settings.access_key_secret, settings.region, settings.security_token
    )
    client = Client(settings.endpoint, credentials)
    try:
        yield client
    except ServerRefused as refused:
        raise Trouble(f"{refused}" + (f" [request {refused.request_id}]" if refused.request_id else "")) from refused
    except ServerUnreachable as error:
        raise Trouble(f"cannot reach the server: {error}") from error
    finally:
        client.close()


def log_to_stderr() -> None:
    """One line per event on standard error, for every room."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
