"""``weir query``, ``weir tail``, ``weir top``: reading records from the command line."""

from __future__ import annotations

import csv
import json
import re
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.live import Live
from rich.table import Table

from weir.cli.context import CLIENT_OPTIONS, Trouble, client_of, options, settings_of
from weir.client import Client, Rows

PAGE_ROWS = 100
"""Rows of one GetLogs call (its own limit); a longer answer takes several calls."""
TAIL_SECONDS = 1.0
PLAIN_WIDTH = 250
TOP_SECONDS = 2.0
TOP_TALKERS = (
    "log-status: OK | SELECT srcaddr, dstaddr, protocol, direction, action, sum(packets) AS packets,"
    " sum(bytes) AS bytes GROUP BY srcaddr, dstaddr, protocol, direction, action ORDER BY bytes DESC LIMIT {rows}"
)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def moment(text: str, now: float) -> int:
    """Unix seconds of ``now``, ``-15m``, a Unix time or an ISO date (UTC unless it says otherwise)."""
    if text == "now":
        return int(now)
    if found := re.fullmatch(r"-(\d+)([smhd])", text):
        return int(now) - int(found[1]) * _UNITS[found[2]]
    if text.isdigit():
        return int(text)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise Trouble(f"{text!r} is no time: write now, -15m, a Unix time or 2026-01-31T12:00:00") from error
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())


def store_of(text: str) -> tuple[str, str]:
    project, slash, logstore = text.partition("/")
    if not slash or not project or not logstore:
        raise Trouble(f"{text!r}: write PROJECT/LOGSTORE")
    return project, logstore


def rows_of(client: Client, store: tuple[str, str], query: Mapping[str, Any], limit: int) -> Rows:
    """All rows up to ``limit``: one call for SQL, pages of 100 for a search."""
    if "|" in query["query"]:
        return client.get_logs(*store, query)
    found: list[dict[str, str]] = []
    while True:
        line = min(PAGE_ROWS, limit - len(found))
        page = client.get_logs(*store, {**query, "line": line, "offset": len(found)})
        found += page.rows
        if len(page.rows) < line or len(found) >= limit:
            return Rows(found, page.meta)


@click.command()
@click.argument("store")
@click.argument("text", metavar="'search | SQL'")
@click.option("--from", "from_", default="-1h", show_default=True, help="Start: now, -15m, Unix time or ISO date.")
@click.option("--to", default="now", show_default=True, help="End, exclusive.")
@click.option("--limit", default=1000, show_default=True, help="Rows of a search; SQL has its own LIMIT.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv", "parquet"]), default="table")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File; needed for parquet.")
@click.option("--coverage", is_flag=True, help="Say last, as JSON, how much of the traffic the rows stand for.")
@options(*CLIENT_OPTIONS)
def query(
    store: str,
    text: str,
    from_: str,
    to: str,
    limit: int,
    form: str,
    output: Path | None,
    coverage: bool,
    **given: str | None,
) -> None:
    """Searches PROJECT/LOGSTORE and prints the rows."""
    settings, now = settings_of(**given), time.time()
    asked = {"from": moment(from_, now), "to": moment(to, now) + (to == "now"), "query": text}
    with client_of(settings) as client:
        found = rows_of(client, store_of(store), asked, limit)
    write_rows(found, form, output)
    covered = found.meta.get("coverage")
    if coverage:
        click.echo(json.dumps({"coverage": covered}))
    elif form == "table" and output is None and covered is not None:
        console().print(coverage_line(covered), style="dim")


def coverage_line(coverage: Mapping[str, Any]) -> str:
    """What the rows stand for, in one sentence."""
    said = {"exact": "sums are exact", "lower-bound": "sums are lower bounds", "unknown": "coverage is not known"}
    whole = sum(coverage["seconds"].values())
    shares = [f"{100 * amount / whole:.3g} % {status}" for status, amount in coverage["seconds"].items()]
    if not shares:
        return said[coverage["sums"]]
    until = datetime.fromtimestamp(coverage["until"], UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{said[coverage['sums']]}; {coverage['eniCount']} ENIs until {until}: {', '.join(shares)}"


def write_rows(found: Rows, form: str, output: Path | None) -> None:
    """Prints rows, or writes them to a file, in one of the forms of ``--format``."""
    columns = list(found.meta.get("keys") or dict.fromkeys(key for row in found.rows for key in row))
    if form == "parquet":
        if output is None:
            raise Trouble("parquet is binary: name a file with --output")
        pq.write_table(pa.table({c: [row.get(c) for row in found.rows] for c in columns}), output)
        return
    with output.open("w", newline="") if output else _Stdout() as file:
        if form == "json":
            for row in found.rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        elif form == "csv":
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(found.rows)
        else:
            console(file).print(table_of(columns, found.rows))


class _Stdout:
    """Standard output that survives its ``with``."""

    def __enter__(self) -> Any:
        return sys.stdout

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()


def console(file: TextIO = sys.stdout) -> Console:
    """A terminal as wide as it is, or wide enough for a record where the output is no terminal."""
    return Console(file=file, width=None if file.isatty() else PLAIN_WIDTH)


def table_of(columns: list[str], rows: list[dict[str, str]]) -> Table:
    """A terminal table; numbers to the right."""
    table = Table(box=None, pad_edge=False)
    for column in columns:
        numeric = all(re.fullmatch(r"-?\d+(\.\d+)?|null", row.get(column) or "0") for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(row.get(column) or "" for column in columns))
    return table


def follow(client: Client, store: tuple[str, str], position: str) -> Iterator[list[dict[str, str]]]:
    """Rows as they arrive, in lists; an empty list when all shards are read to their end."""
    cursors = {shard: client.cursor(*store, shard, position) for shard in client.shards(*store)}
    while True:
        quiet = True
        for shard, cursor in cursors.items():
            pulled = client.pull(*store, shard, cursor)
            cursors[shard] = pulled.cursor
            for group in pulled.groups:
                quiet = False
                yield [
                    {"__time__": str(log.time)}
                    | {key.decode(): value.decode(errors="replace") for key, value in log.pairs}
                    for log in group.logs
                ]
        if quiet:
            yield []


@click.command()
@click.argument("store")
@click.option("--from", "position", default="end", show_default=True, help="begin, end or a Unix time of arrival.")
@options(*CLIENT_OPTIONS)
def tail(store: str, position: str, **given: str | None) -> None:
    """Follows PROJECT/LOGSTORE, one JSON object a line."""
    with client_of(settings_of(**given)) as client:
        for rows in follow(client, store_of(store), position):
            for row in rows:
                click.echo(json.dumps(row, ensure_ascii=False))
            if not rows:
                time.sleep(TAIL_SECONDS)


@click.command()
@click.argument("store", default="weir/flowlog")
@click.option("--minutes", default=10, show_default=True, help="How far back the sums go.")
@click.option("--rows", default=20, show_default=True, help="Lines shown.")
@click.option("--once", is_flag=True, help="Print once and end.")
@options(*CLIENT_OPTIONS)
def top(store: str, minutes: int, rows: int, once: bool, **given: str | None) -> None:
    """Live top talkers of PROJECT/LOGSTORE."""

    def look() -> Table:
        now = int(time.time())
        asked = {"from": now - minutes * 60, "to": now + 1, "query": TOP_TALKERS.format(rows=rows)}
        found = client.get_logs(*store_of(store), asked)
        return table_of(list(found.meta.get("keys") or ()), found.rows)

    with client_of(settings_of(**given)) as client:
        if once:
            console().print(look())
            return
        with Live(look(), screen=True, auto_refresh=False) as live:
            while True:
                time.sleep(TOP_SECONDS)
                live.update(look(), refresh=True)


COMMANDS = (query, tail, top)
