"""In which network namespace the sockets of an ENI live.

What enters: the captured ENIs and their devices. What leaves: the inode number of one namespace per ENI, where there
is one on this host. Rule: the captured namespace for a device that is the ENI itself, the other end's for a veth; a tap
has a machine behind it, no namespace. What was known of an ENI stays true after its device has gone, for the rows that
are still to be labelled.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from weir.capture import netns
from weir.capture.attribution import Watched
from weir.capture.links import VETH, Links
from weir.model.resources import Side


class Homes:
    """Namespaces have no names here, only numbers that each gives the others; they are found by who lives in them."""

    def __init__(self, netns_name: str | None, links: Links) -> None:
        self._netns, self._links = netns_name, links
        self._places: dict[int, tuple[int, Path]] = {}  # the captured namespace's number for it -> inode number, file
        self._of_eni: dict[str, int] = {}

    def look(self, enis: tuple[Watched, ...]) -> None:
        """Reads devices, and where a namespace is not known, who lives where. Raises ``OSError``."""
        links = self._links.read()
        own = netns.inode_of(self._netns)
        wanted: dict[str, int] = {}
        for eni in enis:
            link = links.get(eni.device)
            if link is None:
                continue
            if eni.side is Side.SELF or (link.kind == VETH and link.peer_nsid is None):
                self._of_eni[eni.eni_id] = own
            elif link.kind == VETH and link.peer_nsid is not None:
                wanted[eni.eni_id] = link.peer_nsid
            else:
                self._of_eni.pop(eni.eni_id, None)
        self._resolve(set(wanted.values()))
        self._of_eni |= {eni_id: self._places[nsid][0] for eni_id, nsid in wanted.items() if nsid in self._places}
        self._of_eni = {eni.eni_id: self._of_eni[eni.eni_id] for eni in enis if eni.eni_id in self._of_eni}

    def of(self, eni_id: str) -> int | None:
        """The inode number of the ENI's namespace; None: there is none on this host, or nobody was seen in it."""
        return self._of_eni.get(eni_id)

    def _resolve(self, nsids: set[int]) -> None:
        self._places = {nsid: place for nsid, place in self._places.items() if _inode(place[1]) == place[0]}
        if nsids <= self._places.keys():
            return
        met: set[int] = set()
        for path in _namespaces():
            inode = _inode(path)
            if inode not in met and inode:
                met.add(inode)
                nsid = self._links.nsid_of(path)
                if nsid is not None:
                    self._places[nsid] = (inode, path)


def _namespaces() -> Iterator[Path]:
    """A file for every network namespace that has a name or a process, some more than once."""
    if netns.NAMED.exists():
        yield from sorted(netns.NAMED.iterdir())
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            yield Path(entry.path, "ns/net")


def _inode(path: Path) -> int:
    """0 where there is nothing any more."""
    with contextlib.suppress(OSError):
        return path.stat().st_ino
    return 0
