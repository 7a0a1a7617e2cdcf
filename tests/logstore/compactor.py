"""The process that the compaction crash test kills: each line of its input is one child that compacts or looks.

``compactor.py ROOT``: opens the store below ROOT. ``kill N``: a child compacts, and deletes what is done with, and is
killed at the N-th of its steps; prints ``null`` then. ``show``, and a child that was not killed, prints the damage, the
serial numbers in the order of a pull, and how many segments and files there are, as JSON. A step is a call that
touches the disk, or the return from one that changes manifest or view.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from sqlalchemy import create_engine

from weir.logstore import lake
from weir.logstore.limits import Limits
from weir.logstore.manifest import Manifest
from weir.logstore.store import Store

CALLS = frozenset({"rename", "fsync", "unlink", "commit"})
FUNCTIONS = frozenset({"replace_segments", "_exchange", "forget_segments"})
LIMITS = Limits(compact_rows=1_000)


class Clock:
    now = 1_763_683_200.0 + 36_000

    def __call__(self) -> float:
        return self.now


def opened(root: Path, clock: Clock) -> Store:
    engine = create_engine(f"sqlite:///{root / 'manifest.db'}", connect_args={"timeout": 30})
    return Store(root / "lake", Manifest(engine), clock, LIMITS)


def compact(root: Path, kill_at: int) -> None:
    clock = Clock()
    store = opened(root, clock)
    steps = itertools.count(1)

    def watch(frame: FrameType, event: str, argument: object) -> None:
        is_call = event == "c_call" and getattr(argument, "__name__", "") in CALLS
        if (is_call or (event == "return" and frame.f_code.co_name in FUNCTIONS)) and next(steps) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)
    store.compact(1)
    clock.now += LIMITS.removal_grace_seconds + 1
    store.tend()


def show(root: Path) -> None:
    store = opened(root, Clock())
    cursor, found = store.cursor_begin(1, 0), []
    while (got := store.pull(1, 0, cursor, 4)).next_cursor != cursor:
        cursor = got.next_cursor
        found += [serial for group in got.groups for serial in group["packets"].to_pylist()]
    files = [str(path) for path in lake.files(root / "lake" / "1")]
    print(json.dumps([store.damage, found, len(store.snapshot(1).segments), len(files)]))


def main(root: Path) -> None:
    for line in sys.stdin:
        command, *numbers = line.split()
        child = os.fork()
        if not child:
            if command == "kill":
                compact(root, int(numbers[0]))
            show(root)
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            print("null", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
