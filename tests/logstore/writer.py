"""The process that the crash test kills: four threads that put batches as fast as they can and note every answer.

``writer.py ROOT FIRST``: batches of ``BATCH_ROWS`` rows; batch b of thread t of the round is ``FIRST/t/b``, its
rows have the serials from ``serial(FIRST, t, b)`` on. Each acknowledgement is one line, written whole, in
ROOT/acked.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
from sqlalchemy import create_engine

from weir.logstore.limits import Limits
from weir.logstore.manifest import METADATA, Manifest
from weir.logstore.rows import from_logs
from weir.logstore.store import Store

BATCH_ROWS = 25
THREADS = 4
THREAD_SERIALS = 10_000_000
LIMITS = Limits(seal_rows=1_000)


def serial(first: int, thread: int, batch: int) -> int:
    return first + thread * THREAD_SERIALS + batch * BATCH_ROWS


def batch_id(first: int, thread: int, batch: int) -> str:
    return f"{first}/{thread}/{batch}"


def rows(start: int) -> pa.Table:
    numbers = [str(start + i) for i in range(BATCH_ROWS)]
    logs = [(int(time.time()), None, [("packets", number), ("twin", number)]) for number in numbers]
    return from_logs(logs, "topic", "source", [])


def main(root: Path, first: int) -> None:
    engine = create_engine(f"sqlite:///{root / 'manifest.db'}", connect_args={"timeout": 30})
    METADATA.create_all(engine)
    store = Store(root / "lake", Manifest(engine), time.time, LIMITS)
    store.create(1, 2)
    store.start()
    acked = os.open(root / "acked", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def send(thread: int) -> None:
        for batch in range(100_000):
            table = rows(serial(first, thread, batch))
            store.put(1, table, batch_id=batch_id(first, thread, batch))
            os.write(acked, f"{thread} {batch}\n".encode())

    for thread in range(THREADS):
        threading.Thread(target=send, args=(thread,)).start()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
