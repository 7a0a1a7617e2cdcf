"""``weir replay``: a capture file in place of live packets.

What enters: a pcap or pcapng file and whose packets they are. What leaves: the records that a live capture of the same
packets would have given, printed, written to a file, or delivered into a logstore. Rule: what was read before a damage
is not thrown away; the damage is one sentence and exit status 1.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq

from weir.capture.label import EXTRA, RECORD_SCHEMA
from weir.capture.packet_fields import Icmp, Initiator
from weir.capture.pcap import DamagedCapture, UnreadableCapture, batches
from weir.capture.replay import DirectionUnknown, Replay, Told
from weir.capture.roster import Eni, FlowLog
from weir.capture.share import Keep, Labels
from weir.capture.spool import stream_of
from weir.capture.window import INTERVALS_MINUTES
from weir.cli.context import CLIENT_OPTIONS, Trouble, client_of, options, settings_of
from weir.cli.queries import store_of, write_rows
from weir.client import Client, Rows
from weir.contract.vpc_flow_logs import log_fields
from weir.model.fields import EXTENDED_NAMES, NAMES
from weir.model.resources import Side, TrafficType


def mac_of(text: str) -> int:
    """The number of a MAC address, ``02:00:00:00:00:0a`` or with dashes."""
    if not re.fullmatch(r"(?i)[0-9a-f]{2}([:-][0-9a-f]{2}){5}", text):
        raise Trouble(f"{text!r} is no MAC address: write 02:00:00:00:00:0a")
    return int(re.sub("[:-]", "", text), 16)


def packed(text: str) -> bytes:
    """The 16 bytes of an IP address, IPv4 as ::ffff:a.b.c.d."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise Trouble(f"{text!r} is no IP address") from error
    return address.packed if address.version == 6 else bytes(10) + b"\xff\xff" + address.packed


def told_of(side: str, macs: tuple[str, ...], addresses: tuple[str, ...]) -> Told:
    if macs and addresses:
        raise Trouble("--mac and --address both tell the direction: give one of them")
    return Told(Side(side), frozenset(map(mac_of, macs)), frozenset(map(packed, addresses)))


def fields_of(log_format: str) -> frozenset[str]:
    """The fields that a LogFormat names; none: all, as in CreateFlowLog."""
    named = frozenset(log_fields(log_format))
    unknown = named.difference(NAMES, EXTENDED_NAMES)
    if unknown or (log_format and not named):
        raise Trouble(f"--log-format: no such field: {', '.join(sorted(unknown)) or log_format}")
    return named


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--mac", "macs", multiple=True, help="The ENI's MAC address: frames from it are out. Repeatable.")
@click.option("--address", "addresses", multiple=True, help="The ENI's IP address, where no MAC is known. Repeatable.")
@click.option(
    "--side",
    type=click.Choice([side.value for side in Side]),
    default=Side.SELF.value,
    show_default=True,
    help="Where the capture's device stands; used where the file itself says which way each packet went.",
)
@click.option("--interval", type=click.Choice([str(m) for m in INTERVALS_MINUTES]), default="1", show_default=True)
@click.option("--account-id", default="-", help="This and the next four: the records' constant fields.")
@click.option("--eni-id", default="-")
@click.option("--vm-id", default="-")
@click.option("--vswitch-id", default="-")
@click.option("--vpc-id", default="-")
@click.option("--log-format", default="", help="The records' fields, as in CreateFlowLog: '${srcaddr} ${icmp-type}'.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv", "parquet"]), default="table")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File; needed for parquet.")
@click.option("--to", "store", help="PROJECT/LOGSTORE: deliver there instead of printing.")
@options(*CLIENT_OPTIONS)
def replay(file: BufferedReader, **given: Any) -> None:
    """Makes flow records of FILE, a pcap or pcapng (- is standard input; gzip is read too)."""
    labels = Labels(*(given.pop(name) for name in ("account_id", "eni_id", "vm_id", "vswitch_id", "vpc_id")))
    told = told_of(given.pop("side"), given.pop("macs"), given.pop("addresses"))
    form, output, store, interval = (given.pop(name) for name in ("form", "output", "store", "interval"))
    if form == "parquet" and output is None and store is None:
        raise Trouble("parquet is binary: name a file with --output")
    project, logstore = store_of(store) if store else ("", "")
    keep = Keep(TrafficType.ALL, dual_stack=True, fields=fields_of(given.pop("log_format")))
    flow_log = FlowLog("replay", int(interval), keep, project, logstore)
    made = Replay(Eni(labels, "", "", told.side, (), (flow_log,)), told, (Icmp(), Initiator()))
    failed: list[str] = []
    tables = intact(made, file, failed)
    if store:
        with client_of(settings_of(**given)) as client:
            deliver(client, (project, logstore), tables)
    else:
        write(tables, form, output)
    counted = made.counted
    click.echo(
        f"weir: {counted.frames} packets, {counted.not_ip} not IP, {counted.malformed} malformed, {counted.foreign} of"
        f" others; {counted.windows} windows of {interval} min; direction {told}",
        err=True,
    )
    if failed:
        raise Trouble(f"{file.name}: {failed[0]}")


def intact(made: Replay, file: BufferedReader, failed: list[str]) -> Iterator[pa.Table]:
    """The tables up to where the file cannot be read any more; why goes to ``failed``."""
    try:
        yield from made.tables(batches(file))
    except (DamagedCapture, UnreadableCapture, DirectionUnknown, OSError) as error:
        failed.append(str(error))


def deliver(client: Client, store: tuple[str, str], tables: Iterator[pa.Table]) -> None:
    """Stores every table once, however often the same file is replayed into the same logstore."""
    for table in tables:
        payload = stream_of(table)
        client.put_arrow(*store, payload, f"replay-{hashlib.sha256(payload).hexdigest()}")


def write(tables: Iterator[pa.Table], form: str, output: Path | None) -> None:
    whole = pa.concat_tables([RECORD_SCHEMA.empty_table(), *tables], promote_options="default")
    if form == "parquet":
        pq.write_table(whole, output)
        return
    rows = []
    for row in whole.to_pylist():
        pairs = row.pop(EXTRA.name, None) or ()
        rows.append({name: str(value) for name, value in row.items() if value is not None} | dict(pairs))
    keys = dict.fromkeys([*RECORD_SCHEMA.names, *(name for row in rows for name in row)])
    write_rows(Rows(rows, {"keys": [name for name in keys if any(name in row for row in rows)]}), form, output)


COMMANDS = (replay,)
