"""``weir eni``: which device of which host is which ENI."""

from __future__ import annotations

import click

from weir.cli.context import CLIENT_OPTIONS, client_of, options, settings_of
from weir.cli.queries import console, table_of
from weir.contract.weir import BindNetworkInterface, DescribeNetworkInterfaceBindings, UnbindNetworkInterface
from weir.model.resources import Side


@click.group()
def eni() -> None:
    """ENIs and the devices they are bound to."""


@eni.command()
@click.argument("eni_id")
@click.option("--node", default=None, help="Host name of the agent; default: this host's.")
@click.option("--device", required=True, help="Name of the network device there.")
@click.option("--side", type=click.Choice([side.value for side in Side]), default=Side.BEHIND.value, show_default=True)
@options(*CLIENT_OPTIONS)
def bind(eni_id: str, node: str | None, device: str, side: str, **given: str | None) -> None:
    """Binds ENI_ID to a device of a host; its agent attaches within seconds."""
    settings = settings_of(node=node, **given)
    with client_of(settings) as client:
        client.call(
            BindNetworkInterface(
                network_interface_id=eni_id,
                node_name=settings.node,
                device=device,
                side=Side(side),
            )
        )
    click.echo(f"{eni_id} is bound to {device} on {settings.node} ({side})")


@eni.command()
@click.argument("eni_id")
@options(*CLIENT_OPTIONS)
def unbind(eni_id: str, **given: str | None) -> None:
    """Ends the binding of ENI_ID."""
    settings = settings_of(**given)
    with client_of(settings) as client:
        client.call(UnbindNetworkInterface(network_interface_id=eni_id))
    click.echo(f"{eni_id} is bound to no device")


@eni.command("list")
@options(*CLIENT_OPTIONS)
def list_(**given: str | None) -> None:
    """Shows all bindings."""
    settings = settings_of(**given)
    with client_of(settings) as client:
        answer = client.call(DescribeNetworkInterfaceBindings())
    rows = [{k: str(v) for k, v in row.items()} for row in answer["Bindings"]["Binding"]]
    console().print(table_of(list(dict.fromkeys(key for row in rows for key in row)), rows))


COMMANDS = (eni,)
