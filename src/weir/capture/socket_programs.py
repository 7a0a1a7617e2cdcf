"""The socket programs from the agent's side: load, and take what they have seen.

What enters: nothing. What leaves: arrays of ``RECORD``. Rule: the layouts here are those of ``bpf/sock.h``; a test
compares both through the compiled object's type information. A closed socket is taken once, an open one each time.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from weir.capture import libbpf
from weir.capture.libbpf import BpfObject, BpfTrouble, Map, Place
from weir.capture.probe import OBJECT

SOCKET_OBJECT = OBJECT.with_name("sock.bpf.o")
RECORD = np.dtype(
    [
        ("id", "<u8"),
        ("begun_ns", "<u8"),  # CLOCK_MONOTONIC; 0: before the programs ran
        ("ended_ns", "<u8"),
        ("cgroup", "<u8"),
        ("netns", "<u4"),
        ("pid", "<u4"),
        ("local", "V16"),
        ("remote", "V16"),
        ("local_port", "<u2"),
        ("remote_port", "<u2"),
        ("proto", "u1"),
        ("opener", "u1"),  # OPENED_HERE, OPENED_THERE
        ("pad", "V2"),
        ("srtt_us", "<u4"),
        ("retransmits", "<u4"),
        ("comm", "V16"),
    ]
)
DEATH = np.dtype([("id", "<u8"), ("ended_ns", "<u8")])
USER = np.dtype([("id", "<u8"), ("pid", "<u4"), ("local_port", "<u2"), ("remote_port", "<u2")])
MISSED = np.dtype([("opened", "<u8"), ("closed", "<u8")])
STRUCTS = {"sock_record": RECORD, "death": DEATH, "user": USER, "sock_missed": MISSED}
"""C name -> layout, for every structure that both sides know."""
OPENED_HERE, OPENED_THERE = 1, 2

TRACES = ("tcp_state", "udp_sent", "udp_received")
TRACE_ITER = 28
"""BPF_TRACE_ITER of linux/bpf.h."""
BATCH_ROWS = 1 << 12
READ_BYTES = 1 << 16

Records = NDArray[np.void]


class SocketPrograms:
    """Loaded and attached; ``close`` detaches. One thread may use it at a time."""

    def __init__(self, path: Path = SOCKET_OBJECT) -> None:
        """Raises ``BpfTrouble`` when the kernel refuses, ``OSError`` when libbpf or the object is not there."""
        self._object = BpfObject(path, {}, {})
        self._traces: list[int] = []
        self._walk = -1
        try:
            self._closed, self._datagrams = self._object.map("closed"), self._object.map("datagrams")
            self._missed = self._object.map("missed")
            self._walk = _iterator_link(self._object.program_fd("open_sockets"))
            for name in TRACES:
                self._traces.append(self._object.attach_trace(name))
        except BpfTrouble:
            self.close()
            raise

    def close(self) -> None:
        for trace in self._traces:
            libbpf.destroy_link(trace)
        self._traces = []
        if self._walk >= 0:
            os.close(self._walk)
        self._object.close()

    def open_sockets(self) -> Records:
        """The sockets that processes hold now, once per process and descriptor; no listening ones."""
        descriptor = _checked(_library().bpf_iter_create(self._walk), "walk sockets")
        parts = []
        try:
            while part := os.read(descriptor, READ_BYTES):
                parts.append(part)
        finally:
            os.close(descriptor)
        return np.frombuffer(b"".join(parts), RECORD)

    def closed(self) -> Records:
        """TCP sockets that were closed since the last call."""
        return _take(self._closed, DEATH)

    def datagrams(self) -> Records:
        """UDP sockets, one row per process, that sent or received since the last call."""
        return _take(self._datagrams, USER)

    def missed(self) -> tuple[int, int]:
        """Sockets whose begin, and whose end, found no place, since loading."""
        per_cpu = np.zeros(libbpf.possible_cpus(), MISSED)
        self._missed.get(np.zeros(1, "<u4"), per_cpu)
        return int(per_cpu["opened"].sum()), int(per_cpu["closed"].sum())


def _take(source: Map, key: np.dtype[np.void]) -> Records:
    """Moves everything out of a map; exact while it is written, since no element is changed after it was put."""
    place = Place()
    keys, values = np.empty(BATCH_ROWS, key), np.empty(BATCH_ROWS, RECORD)
    parts = [np.zeros(0, RECORD)]
    while not place.ended:
        count = source.take_batch(place, keys, values)
        parts.append(values[:count].copy())
    return np.concatenate([part.view(np.uint8) for part in parts]).view(RECORD)


def _library() -> ctypes.CDLL:
    library = libbpf.library()
    library.bpf_iter_create.restype, library.bpf_iter_create.argtypes = ctypes.c_int, (ctypes.c_int,)
    return library


def _iterator_link(program_fd: int) -> int:
    return _checked(_library().bpf_link_create(program_fd, 0, TRACE_ITER, None), "attach the walk over sockets")


def _checked(result: int, doing: str) -> int:
    if result < 0:
        raise BpfTrouble(ctypes.get_errno() or -result, doing)
    return result
