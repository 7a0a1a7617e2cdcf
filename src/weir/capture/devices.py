"""The network devices of one namespace, by every way a binding may call them.

What enters: a namespace's name (empty: the process's own). What leaves: devices as the kernel has them now, and a call
whenever one of them comes, goes or changes. Rule: a binding calls a device by its name, ``mac:ADDRESS`` or
``ifindex:NUMBER``, the kernel knows it by its index; whoever holds an index asks here whether it still is that device.
"""

from __future__ import annotations

import os
import select
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from weir.capture.netns import inside

RTMGRP_LINK = 1
MAC = "mac:"
EVENT_BYTES_MAX = 1 << 16


@dataclass(frozen=True, slots=True)
class Device:
    """One device as it is now."""

    name: str
    ifindex: int


class Devices:
    """Holds two netlink sockets in the namespace: one is asked, the other is told."""

    def __init__(self, netns: str = "") -> None:
        self._netns = netns or None
        self._route = IPRoute(netns=netns, flags=0) if netns else IPRoute()
        self._events = inside(self._netns, _subscribed)
        self._ending, self._end = os.pipe()
        self._thread: threading.Thread | None = None

    def found(self, calls: Iterable[str]) -> Mapping[str, Device]:
        """Every device by name, by index, and by MAC address where no other device has the same.

        ``calls``: what is looked for; reading addresses takes many times as long as names. Raises ``OSError`` when
        netlink fails.
        """
        if not any(call.startswith(MAC) for call in calls):
            pairs = inside(self._netns, socket.if_nameindex)
            return named([(name, index, None) for index, name in pairs])
        try:
            links = [(link.get("ifname"), link["index"], link.get("address")) for link in self._route.get_links()]
        except NetlinkError as error:
            raise OSError(error.code, "cannot list network devices") from error
        return named(links)

    def watch(self, changed: Callable[[], None]) -> None:
        """From now on ``changed`` is called, by a thread of its own, after devices came, went or changed."""
        self._thread = threading.Thread(target=self._listen, args=(changed,), name="weir-devices", daemon=True)
        self._thread.start()

    def _listen(self, changed: Callable[[], None]) -> None:
        while True:
            ready, _, _ = select.select([self._events.fileno(), self._ending], [], [])
            if self._ending in ready:
                return
            with suppress(OSError):  # a buffer that ran over says that something changed, too
                self._events.recv(EVENT_BYTES_MAX)
            changed()

    def close(self) -> None:
        """Ends the thread."""
        os.close(self._end)
        if self._thread is not None:
            self._thread.join()
        os.close(self._ending)
        self._events.close()
        self._route.close()


def named(links: list[tuple[str, int, str | None]]) -> dict[str, Device]:
    """Devices by everything they may be called. ``links``: name, index and MAC address of each.

    A bridge often has the address of one of its ports: an address of two devices names neither.
    """
    holders = Counter(address for _, _, address in links)
    calls: dict[str, Device] = {}
    for name, index, address in links:
        device = Device(name, index)
        calls[name] = calls[f"ifindex:{index}"] = device
        if address and holders[address] == 1:
            calls[MAC + address.lower()] = device
    return calls


def _subscribed() -> socket.socket:
    events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    events.bind((0, RTMGRP_LINK))
    return events
