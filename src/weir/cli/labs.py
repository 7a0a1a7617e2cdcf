"""``weir lab``: the VPC of network namespaces, its traffic and its truth."""

from __future__ import annotations

import json
from typing import Any

import click

from weir.cli.context import Trouble
from weir.lab.netns import LabTrouble
from weir.lab.topology import Lab
from weir.lab.traffic import run
from weir.lab.truth import truth as lab_truth

NAME = click.option(
    "--name", default="weir", show_default=True, help="Name of the lab; several can stand side by side."
)


@click.group()
def lab() -> None:
    """A VPC of network namespaces with firewall rules and real traffic (needs root)."""


def _lab(name: str) -> Lab:
    try:
        return Lab(name)
    except ValueError as error:
        raise Trouble(str(error)) from error


def _print(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


@lab.command()
@NAME
def up(name: str) -> None:
    """Makes the lab and prints its description."""
    made = _lab(name)
    try:
        made.up()
    except LabTrouble as trouble:
        raise Trouble(str(trouble)) from trouble
    _print(made.description())


@lab.command()
@NAME
def traffic(name: str) -> None:
    """Sends the whole set of allowed and forbidden traffic once."""
    try:
        run(_lab(name))
    except LabTrouble as trouble:
        raise Trouble(str(trouble)) from trouble


@lab.command()
@NAME
def truth(name: str) -> None:
    """Prints what senders, sockets, firewall rules and devices counted, as JSON."""
    try:
        _print(lab_truth(_lab(name)))
    except LabTrouble as trouble:
        raise Trouble(str(trouble)) from trouble


@lab.command()
@NAME
def down(name: str) -> None:
    """Removes the lab and everything it started."""
    _lab(name).down()


COMMANDS = (lab,)
