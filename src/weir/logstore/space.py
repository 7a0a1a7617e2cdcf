"""The disk guard: a part of the disk that rows may not fill.

What enters: a directory and how many bytes stay free on its disk. What leaves: whether so many bytes more may be
written. Rule: what takes new rows or rewrites old ones asks here first, so that sealing, the manifest, the catalog and
a recovery always find room; reading, sealing and deleting never ask.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from weir.logstore.troubles import DiskReserved, StoreUnavailable


@dataclass(frozen=True, slots=True)
class Space:
    """``reserve_bytes`` of the disk that holds ``directory`` stay free."""

    directory: Path
    reserve_bytes: int

    def free(self) -> int:
        """Bytes that may still be written above the reserve, at least 0. Raises StoreUnavailable."""
        try:
            disk = os.statvfs(self.directory)
        except OSError as error:
            raise StoreUnavailable(f"cannot ask how full {self.directory} is: {error.strerror}") from error
        return max(0, disk.f_bavail * disk.f_frsize - self.reserve_bytes)

    def claim(self, size_bytes: int) -> None:
        """Raises DiskReserved unless ``size_bytes`` more leave the reserve untouched; holds nothing back by itself."""
        free = self.free()
        if size_bytes > free:
            raise DiskReserved(f"{size_bytes} bytes are more than the {free} that the disk has above its reserve")
