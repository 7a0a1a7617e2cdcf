"""``weir vpc ACTION --Param value``: any declared action, and ``weir sls METHOD PATH``: any SLS route.

The actions and their parameters come from the contract, so a new action is a new verb without a line here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

import click

from weir.cli.context import CLIENT_OPTIONS, Trouble, client_of, options, settings_of
from weir.contract.declare import Param, Spec
from weir.contract.products import ACTIONS
from weir.contract.shapes import Repeat


def _kebab(name: str) -> str:
    return name.replace("_", "-")


def _wire_name(spec: Spec, word: str) -> str:
    """``--ResourceId`` and ``--resource-id`` both name the parameter; ``Tag.1.Key`` keeps its path."""
    first, dot, rest = word.partition(".")
    for param in spec.params:
        if first in (param.wire, _kebab(param.name)):
            return param.wire + dot + rest
    known = ", ".join(param.wire for param in spec.params)
    raise Trouble(f"{spec.name} has no parameter {first}; it has {known}")


def pairs_of(spec: Spec, words: Iterable[str]) -> dict[str, str]:
    """``--Name value`` and ``--Name=value`` as pairs with their names on the wire."""
    pairs: dict[str, str] = {}
    left = list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("--"):
            raise Trouble(f"expected --Parameter value, found {word!r}")
        name, equals, value = word[2:].partition("=")
        if not equals:
            if not left:
                raise Trouble(f"--{name} has no value")
            value = left.pop(0)
        pairs[_wire_name(spec, name)] = value
    return pairs


def _usage(param: Param) -> str:
    name = param.wire + (".N" if isinstance(param.shape, Repeat) else "")
    return f"  --{name:24} {'(required) ' if param.required else ''}{param.doc}"


def _action(spec: Spec) -> click.Command:
    @click.command(
        spec.name,
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
        help="\n\n".join([spec.summary, spec.doc, "\b\n" + "\n".join(_usage(param) for param in spec.params)]),
        short_help=spec.summary,
    )
    @options(*CLIENT_OPTIONS)
    @click.pass_context
    def run(context: click.Context, /, **given: str | None) -> None:
        settings = settings_of(**given)
        pairs = pairs_of(spec, context.args)
        for param in spec.params:
            if param.wire in ("RegionId", "RegionNo"):
                pairs.setdefault(param.wire, settings.region)
        with client_of(settings) as client:
            click.echo(json.dumps(client.say(spec.product.version, spec.name, pairs), indent=2, ensure_ascii=False))

    return run


def _products() -> list[click.Group]:
    groups: dict[str, click.Group] = {}
    for spec in ACTIONS.values():
        name = spec.product.name.lower()
        group = groups.setdefault(name, click.Group(name, help=f"{spec.product.title}, {spec.product.version}."))
        group.add_command(_action(spec))
    return list(groups.values())


@click.command()
@click.argument("method", type=click.Choice(["GET", "POST", "PUT", "DELETE"], case_sensitive=False))
@click.argument("path")
@click.option("--project", default="", help="The project whose host the route belongs to.")
@click.option("--query", multiple=True, metavar="KEY=VALUE", help="A query parameter; may be repeated.")
@click.option("--body", help="JSON body; - reads it from standard input.")
@options(*CLIENT_OPTIONS)
def sls(method: str, path: str, project: str, query: tuple[str, ...], body: str | None, **given: str | None) -> None:
    """Any route of the log service, signed: weir sls GET /logstores --project my-project."""
    text = sys.stdin.read() if body == "-" else body or ""
    pairs = {name: value for name, _, value in (word.partition("=") for word in query)}
    with client_of(settings_of(**given)) as client:
        answer = client.sls(method.upper(), path, project, query=pairs, body=text.encode())
    if answer:
        click.echo(json.dumps(json.loads(answer), indent=2, ensure_ascii=False))


COMMANDS = (*_products(), sls)
