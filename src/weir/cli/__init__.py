"""The ``weir`` command. One file per family of verbs; names are fixed, scripts depend on them.

A family's file is imported when one of its verbs is called: ``weir vpc ...`` needs no database and no kernel.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from weir import __version__
from weir.cli.context import Trouble

FAMILIES: dict[str, tuple[str, ...]] = {
    "services": ("up", "server", "settings", "check"),
    "agents": ("agent",),
    "labs": ("lab",),
    "calls": ("vpc", "ecs", "resourcemanager", "ram", "sts", "nis", "weir", "sls"),
    "nets": ("eni",),
    "firewall": ("firewall",),
    "why": ("why",),
    "queries": ("query", "tail", "top"),
    "ledgers": ("ledger",),
    "accounts": ("account",),
    "replays": ("replay",),
}
"""File -> the verbs it holds."""


class _Families(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in FAMILIES.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for family, names in FAMILIES.items():
            if cmd_name in names:
                commands: tuple[click.Command, ...] = import_module(f"weir.cli.{family}").COMMANDS
                return next(command for command in commands if command.name == cmd_name)
        return None


@click.group(cls=_Families, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="weir")
def cli() -> None:
    """VPC flow logs for any Linux network."""


def main() -> None:
    """Runs the command; what the world or the server did wrong is one sentence on stderr and exit status 1."""
    try:
        cli()
    except Trouble as trouble:
        click.echo(f"weir: {trouble}", err=True)
        sys.exit(1)
