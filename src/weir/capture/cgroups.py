"""Control groups by number, and the containers they belong to.

What enters: numbers of control groups (cgroup2), as the kernel gives them to sockets. What leaves: paths below the
mount, and container ids. Rule: a number belongs to one group for ever, so what was read once stays true after the
group is gone.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
KNOWN_MAX = 1 << 16
"""Paths remembered. Above it all are forgotten and read again; groups that are gone by then have none."""
CONTAINER = re.compile(r"[0-9a-f]{64}")
"""How docker, containerd, CRI-O and podman name a container in the path of its group."""


class Cgroups:
    """Reads the tree only when a number is asked for that it does not know."""

    def __init__(self, root: Path | None = None) -> None:
        """``root``: the mount; None: the first one of the host, if there is any."""
        self._root = root or mount_of(MOUNTS.read_text(encoding="utf-8"))
        self._paths: dict[int, str | None] = {}

    def learn(self, numbers: Iterable[int]) -> None:
        """Reads the tree if one of ``numbers`` is new; one that is gone already, or hidden, is not asked for again."""
        wanted = set(numbers)
        if self._root is None or self._paths.keys() >= wanted:
            return
        if len(self._paths) > KNOWN_MAX:
            self._paths.clear()
        self._paths |= dict.fromkeys(wanted - self._paths.keys())
        for path, _, _ in os.walk(self._root):
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                self._paths[os.stat(path).st_ino] = "/" + os.path.relpath(path, self._root).removeprefix(".")

    def path_of(self, number: int) -> str | None:
        """The path below the mount, ``/`` for the root; None if it is not known."""
        return self._paths.get(number)


def mount_of(mountinfo: str) -> Path | None:
    """Where cgroup2 is mounted, by the text of /proc/self/mountinfo."""
    for line in mountinfo.splitlines():
        place, _, kind = line.partition(" - ")
        if kind.startswith("cgroup2 "):
            return Path(place.split()[4])
    return None


def container_of(path: str) -> str | None:
    """The container id in the path of a group: the last word of 64 hexadecimal digits."""
    found = CONTAINER.findall(path)
    return found[-1] if found else None
