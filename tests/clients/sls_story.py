"""The log service's story that clients of other languages tell, and what they must have seen.

A logstore of one shard; 20 rows, the shard is split, 20 more; search, SQL, histogram, pull from all shards, and, where
the client has a consumer library, an ordered consumer group from the beginning; a logstore that is not there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.clients.server import PROJECT, Server

ROWS = 20
NOTES = [f"row-{number:02d}" for number in range(2 * ROWS)]


@contextmanager
def stage(server: Server, log_store: str) -> Iterator[Mapping[str, str]]:
    """The environment of a program that tells the story in ``log_store``, which is gone at the end.

    Clients of the log service put the project before the host, so they are led here by a proxy variable.
    """
    try:
        yield {
            **{name: text for name, text in os.environ.items() if name.lower() != "no_proxy"},
            "http_proxy": f"http://{server.address}",
            "HTTP_PROXY": f"http://{server.address}",
            "WEIR_SLS_ENDPOINT": "sls.local",
            "WEIR_ADDRESS": server.address,
            "WEIR_ACCESS_KEY_ID": server.key[0],
            "WEIR_ACCESS_KEY_SECRET": server.key[1],
            "WEIR_PROJECT": PROJECT,
            "WEIR_LOG_STORE": log_store,
        }
    finally:
        server.client().sls("DELETE", f"/logstores/{log_store}", PROJECT)


def check(told: str, *, has_consumer: bool = False, without: Collection[str] = ()) -> None:
    """Compares what a program printed with what is true. ``without``: parts that its client cannot do."""
    report: dict[str, Any] = json.loads(told)
    consumed = report.pop("consumed", [])
    wanted = {
        "shards": ["readonly", "readwrite", "readwrite"],
        "found": NOTES[:10],
        "count": str(len(NOTES)),
        "histogram": len(NOTES),
        "pulled": NOTES,
        "missing": "LogStoreNotExist",
    }
    assert report == {part: value for part, value in wanted.items() if part not in without}
    if has_consumer:
        assert sorted(consumed) == NOTES
        assert sorted(consumed[:ROWS]) == NOTES[:ROWS], "an ordered group reads the split shard first"
