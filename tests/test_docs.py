"""The generated manual is what the declarations say, and every public word of it is documented."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from weir.cli import cli
from weir.cli.manual import pages

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_reference_is_current(name: str) -> None:
    assert (REFERENCE / name).read_text() == pages()[name], "run make reference"


def test_the_reference_holds_nothing_else() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(pages())


def test_every_command_the_readme_names_exists() -> None:
    named = set(re.findall(r"\bweir ([a-z]+)\b", re.sub(r"/lib/weir", "", (ROOT / "README.md").read_text())))
    assert named <= set(cli.list_commands(click.Context(cli)))


def test_every_verb_is_where_the_table_says() -> None:
    for name in cli.list_commands(click.Context(cli)):
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        assert command.name == name
        assert command.help


def test_links_between_the_documents_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
