"""A Weir server in a process of its own, for the figures that are measured through its doors.

What enters: its data directory, and settings other than the usual ones. What leaves: where it answers, while the
context lasts.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from weir import compose, settings
from weir.contract.sign import Credentials


@dataclass(frozen=True)
class Served:
    """``key``: the account's; ``process_id``: whose processor time and memory can be read from /proc."""

    endpoint: str
    account_id: str
    key: Credentials
    process_id: int


@contextmanager
def served(directory: Path, **chosen: str) -> Iterator[Served]:
    """Yields once the server answers; stops it at the end."""
    here, there = multiprocessing.Pipe()
    wanted = {"data": str(directory), "listen": "127.0.0.1:0", **chosen}
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(wanted, there))
    process.start()
    assert process.pid is not None
    try:
        yield Served(*here.recv(), process.pid)
    finally:
        here.send("stop")
        process.join()


def _serve(wanted: dict[str, str], pipe: Connection) -> None:
    listener, loaded = compose.listen(settings.load({}, wanted))
    made = compose.server(loaded)
    key = made.started.account_key
    assert key is not None
    with listener, compose.running(made, listener) as server:
        credentials = Credentials(key.access_key_id, key.secret, loaded.region)
        pipe.send((server.endpoint, made.started.account_id, credentials))
        pipe.recv()
