"""Doing something inside another network namespace while the process stays where it is.

What enters: a namespace's name (as of ``ip netns``), or the path of one, or nothing, and a function. What leaves: the
function's result. Rule: a namespace belongs to a thread, so only a thread of its own, which ends afterwards, ever
changes it.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

NAMED = Path("/run/netns")
"""Where ``ip netns`` keeps its namespaces."""
OWN = Path("/proc/thread-self/ns/net")
CLONE_NEWNET = 0x40000000


class NoSuchNamespace(OSError):
    """The network namespace does not exist (trouble)."""


def path_of(netns: str | None) -> Path:
    """The file that stands for the namespace: ``netns`` is a name, an absolute path, or None for the caller's own."""
    return OWN if netns is None else NAMED / netns


def inode_of(netns: str | None) -> int:
    """The number by which the kernel knows the namespace. Raises ``NoSuchNamespace``."""
    try:
        return path_of(netns).stat().st_ino
    except FileNotFoundError as error:
        raise NoSuchNamespace(error.errno, f"no network namespace {netns}") from error


def inside(netns: str | None, work: Callable[[], T]) -> T:
    """Calls ``work`` in the namespace and returns its result, or raises what it raised, or ``NoSuchNamespace``."""
    if netns is None:
        return work()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="weir-netns") as thread:
        return thread.submit(_enter_and_call, netns, work).result()


def _enter_and_call(netns: str, work: Callable[[], T]) -> T:
    try:
        fd = os.open(path_of(netns), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NoSuchNamespace(error.errno, f"no network namespace {netns}") from error
    try:
        libc = ctypes.CDLL(None, use_errno=True)  # os.setns came with Python 3.12
        if libc.setns(fd, CLONE_NEWNET) != 0:
            code = ctypes.get_errno()
            raise OSError(code, f"cannot enter network namespace {netns}: {os.strerror(code)}")
    finally:
        os.close(fd)
    return work()
