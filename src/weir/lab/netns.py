"""Network namespaces as the lab uses them: enter one for a moment, find and end what the lab started in it.

What enters: namespace names as in ``ip netns``. A socket belongs for good to the namespace it was made in, and a
process to the one it was started in, so a thread need only be ``inside`` while it makes them. Rule: a process is ended
only if it carries the lab's own mark and sits in that very namespace.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyroute2 import netns

NETNS_DIR = Path("/run/netns")
"""Where ``ip netns`` keeps the names of namespaces."""

LAB_MARK = "WEIR_LAB"
"""Environment variable that marks a process as started by the lab of that name."""


class LabTrouble(Exception):
    """The lab could not do what was asked: it is up already, not up, or a peer did not answer in time."""


def present(name: str) -> bool:
    """Whether a namespace of that name is there."""
    return (NETNS_DIR / name).exists()


def mounted(name: str) -> bool:
    """Whether the name stands for a namespace; a crash while it was made can leave a mere file."""
    return present(name) and (NETNS_DIR / name).stat().st_dev != NETNS_DIR.stat().st_dev


@contextmanager
def inside(name: str) -> Iterator[None]:
    """Put the calling thread into the namespace until the block ends. Start no thread in the block: it would stay."""
    if not present(name):
        raise LabTrouble(f"no network namespace {name!r}: is the lab up?")
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        netns.setns(name, flags=0, fork=False)
        try:
            yield
        finally:
            netns.setns(home)
    finally:
        os.close(home)


def end_processes(name: str, mark: str) -> list[int]:
    """Kill what the lab ``mark`` started in this namespace, e.g. the iperf3 of a crashed run; the ids of the killed."""
    wanted = (NETNS_DIR / name).stat().st_ino
    tag = f"{LAB_MARK}={mark}".encode()
    ended = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            here = (entry / "ns" / "net").stat().st_ino == wanted
            if here and tag in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)
                ended.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended while we looked, or is not ours to look at
    return ended
