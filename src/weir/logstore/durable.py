"""The four ways in which this room makes bytes lasting. The only users of ``fsync`` beside the write-ahead log.

What enters: paths. What leaves: nothing, but the named thing survives a power cut on return. Rule (POSIX ``rename``,
``fsync``): a new name lasts only when the directory that holds it was synced too. All raise ``OSError``.
"""

from __future__ import annotations

import os
from pathlib import Path


def sync_file(path: Path) -> None:
    """Contents of ``path`` are on disk."""
    _sync(path, os.O_RDONLY)


def sync_directory(path: Path) -> None:
    """Names in ``path`` are on disk."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def make_directory(path: Path) -> None:
    """``path`` and its missing parents exist, and their names are on disk."""
    missing = [parent for parent in (path, *path.parents) if not parent.is_dir()]
    path.mkdir(parents=True, exist_ok=True)
    for made in missing:
        sync_directory(made.parent)


def publish(finished: Path, name: Path) -> None:
    """``finished`` becomes ``name`` (same directory) with all its bytes, or, on a crash, stays what it was."""
    sync_file(finished)
    finished.rename(name)
    sync_directory(name.parent)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
