"""Where the tc programs are hung into a device: tcx, or clsact filters on kernels that have no tcx.

What enters: a pair of loaded programs and a device. What leaves: both attached, or neither. Rule: nobody else's hooks
are touched, and what was attached goes when it is closed. tcx goes with the process that holds it; clsact filters stay
behind a process that was killed, and the next one to attach to the device replaces them.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Protocol

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from weir.capture import libbpf, netns

ETHERNET_TYPES = (1, 772)
"""ARPHRD_ETHER and ARPHRD_LOOPBACK of linux/if_arp.h: devices whose frames start with an Ethernet header."""
SIOCGIFHWADDR = 0x8927

CLSACT_INGRESS, CLSACT_EGRESS = 0xFFFFFFF2, 0xFFFFFFF3
PREFERENCE = 1
"""Before every other filter: one that ends the chain would hide the packet from those behind it."""
HANDLE = 0x57454952
"""The name under which our filters are found again, among others of the same preference."""


class AttachError(Exception):
    """A device cannot be captured (trouble); the text says why, and other devices are not touched."""


class How(StrEnum):
    """Which hooks: ``AUTO`` takes tcx where the kernel has it."""

    AUTO = "auto"
    TCX = "tcx"
    CLSACT = "clsact"


class Attachment(Protocol):
    """Both programs of one device."""

    def is_gone(self) -> bool:
        """Whether the device has vanished."""
        ...

    def close(self) -> None:
        """Detaches; harmless when the device has vanished."""
        ...


class TcHooks(Protocol):
    """Attaches in one network namespace."""

    def attach(self, programs: tuple[int, ...], ifindex: int) -> Attachment:
        """``programs``: descriptors for ingress and egress. Raises ``OSError``; then nothing is attached."""
        ...

    def close(self) -> None:
        """Lets go of what attaching needs; attachments must be closed before."""
        ...


def tc_hooks(how: How, netns_name: str | None) -> TcHooks:
    """Raises ``OSError`` when netlink fails."""
    has_tcx = how is How.TCX or (how is How.AUTO and libbpf.kernel_has_struct("tcx_link"))
    return TcxHooks(netns_name) if has_tcx else ClsactHooks(netns_name)


def check_ethernet(ifindex: int) -> None:
    """Raises ``AttachError`` if the device's frames have no Ethernet header, ``OSError`` if there is no such device."""
    name = socket.if_indextoname(ifindex)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, SIOCGIFHWADDR, struct.pack("16s24x", name.encode()))
    kind = struct.unpack_from("H", answer, 16)[0]
    if kind not in ETHERNET_TYPES:
        raise AttachError(f"device {name} has no Ethernet frames (type {kind})")


class TcxHooks:
    """Links: the kernel detaches when the last descriptor is closed."""

    def __init__(self, netns_name: str | None) -> None:
        self._netns = netns_name

    def attach(self, programs: tuple[int, ...], ifindex: int) -> Attachment:
        return _TcxLinks(netns.inside(self._netns, lambda: _link_both(programs, ifindex)))

    def close(self) -> None:
        """Nothing is held."""


def _link_both(programs: tuple[int, ...], ifindex: int) -> tuple[int, ...]:
    links = [libbpf.attach_tcx(programs[0], ifindex, libbpf.TCX_INGRESS)]
    try:
        links.append(libbpf.attach_tcx(programs[1], ifindex, libbpf.TCX_EGRESS))
    except OSError:
        os.close(links[0])
        raise
    return tuple(links)


class _TcxLinks:
    def __init__(self, links: tuple[int, ...]) -> None:
        self._links = links

    def is_gone(self) -> bool:
        return not libbpf.link_ifindex(self._links[0])

    def close(self) -> None:
        for link in self._links:
            os.close(link)
        self._links = ()


class ClsactHooks:
    """Filters that run our program and let the next filter have the packet (TC_ACT_UNSPEC)."""

    def __init__(self, netns_name: str | None) -> None:
        self._netns = netns_name
        self._route = IPRoute(netns=netns_name, flags=0) if netns_name else IPRoute()

    def attach(self, programs: tuple[int, ...], ifindex: int) -> Attachment:
        try:
            made = self._make_place(ifindex)
            filters = _ClsactFilters(self, ifindex, made)
            try:
                for parent, program in zip((CLSACT_INGRESS, CLSACT_EGRESS), programs, strict=True):
                    self._filter("replace-filter", ifindex, parent, fd=program, name="weir", direct_action=True)
            except NetlinkError:
                filters.close()
                raise
        except NetlinkError as error:
            raise OSError(error.code, f"attach clsact: {os.strerror(error.code)}") from error
        return filters

    def _make_place(self, ifindex: int) -> bool:
        """Adds the clsact queueing discipline; False if there was one."""
        try:
            self._route.tc("add", "clsact", ifindex)
        except NetlinkError as error:
            if error.code != errno.EEXIST:
                raise
            return False
        return True

    def _filter(self, command: str, ifindex: int, parent: int, **program: object) -> None:
        self._route.tc(command, "bpf", ifindex, HANDLE, parent=parent, prio=PREFERENCE, **program)

    def is_gone(self, ifindex: int) -> bool:
        try:
            netns.inside(self._netns, lambda: socket.if_indextoname(ifindex))
        except OSError:
            return True
        return False

    def detach(self, ifindex: int, made: bool) -> None:
        """Removes our filters; ``made``: also their place, if nobody else has moved in."""
        for parent in (CLSACT_INGRESS, CLSACT_EGRESS):
            with _what_is_there():
                self._filter("del-filter", ifindex, parent)
        if made:
            with _what_is_there():
                self._remove_place(ifindex)

    def _remove_place(self, ifindex: int) -> None:
        if not any(self._route.get_filters(ifindex, 0, parent) for parent in (CLSACT_INGRESS, CLSACT_EGRESS)):
            self._route.tc("del", "clsact", ifindex)

    def close(self) -> None:
        self._route.close()


@contextmanager
def _what_is_there() -> Iterator[None]:
    """What is gone already, with its device or by another's hand, needs no removal."""
    try:
        yield
    except NetlinkError as error:
        if error.code not in (errno.ENOENT, errno.ENODEV, errno.EINVAL):
            raise


class _ClsactFilters:
    def __init__(self, hooks: ClsactHooks, ifindex: int, made: bool) -> None:
        self._hooks, self._ifindex, self._made = hooks, ifindex, made

    def is_gone(self) -> bool:
        return self._hooks.is_gone(self._ifindex)

    def close(self) -> None:
        self._hooks.detach(self._ifindex, self._made)
