"""The ``weir`` command. One file per family of verbs; names are fixed, scripts depend on them."""

from __future__ import annotations

import sys

import click

from weir import __version__
from weir.cli import accounts, calls, labs, nets, queries, services
from weir.cli.context import Trouble


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="weir")
def cli() -> None:
    """VPC flow logs for any Linux network."""


for family in (services.COMMANDS, labs.COMMANDS, calls.COMMANDS, nets.COMMANDS, queries.COMMANDS, accounts.COMMANDS):
    for command in family:
        cli.add_command(command)


def main() -> None:
    """Runs the command; what the world or the server did wrong is one sentence on stderr and exit status 1."""
    try:
        cli()
    except Trouble as trouble:
        click.echo(f"weir: {trouble}", err=True)
        sys.exit(1)
