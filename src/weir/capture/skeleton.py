"""The kernel programs without libbpf: a light skeleton, which the kernel itself relocates and loads.

What enters: the file that ``bpftool gen skeleton -L`` made of the object. What leaves: the same maps and programs that
``libbpf.BpfObject`` gives. Rule: nothing of the programs is interpreted here. The file holds a loader program and its
data; the loader, run once by the kernel, makes every map and program. Layouts: bpf/skel_internal.h of libbpf.
"""

from __future__ import annotations

import ctypes
import os
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from weir.capture import libbpf, syscalls
from weir.capture.libbpf import Array, BpfObject, BpfTrouble, Map

SUFFIX = ".lskel.h"
"""Of a light skeleton's file."""
LICENSE = b"Dual BSD/GPL"
ARRAY, SYSCALL_PROGRAM, SLEEPABLE = 2, 31, 1 << 4
FD_ARRAY_AT = 120
"""In the attribute of BPF_PROG_LOAD."""
LOG_BYTES = 1 << 20
"""A longer message of the verifier is cut."""
_CONTEXT = struct.Struct("=IIIIQ")
_MAP = struct.Struct("=iIQ")  # descriptor (out), entries (0: as compiled), initial value


class Loaded(Protocol):
    """What a loader gives; see ``BpfObject``."""

    def map(self, name: str) -> Map: ...

    def program_fd(self, name: str) -> int: ...

    def attach_trace(self, name: str) -> int: ...

    def detach_trace(self, link: int) -> None: ...

    def close(self) -> None: ...


def load(path: Path, sizes: Mapping[str, int], initial: Mapping[str, Array]) -> Loaded:
    """By libbpf where it is there, else by the light skeleton beside ``path``; see ``BpfObject`` for the rest.

    A ``path`` of a light skeleton is loaded as such in any case.
    """
    if path.name.endswith(SUFFIX):
        return LightObject(path, sizes, initial)
    if not libbpf.is_there() and (beside := skeleton_of(path)).exists():
        return LightObject(beside, sizes, initial)
    return BpfObject(path, sizes, initial)


def skeleton_of(path: Path) -> Path:
    """The light skeleton that ``make -C bpf`` puts beside an object where bpftool is there."""
    return path.with_name(path.name.removesuffix(".bpf.o") + SUFFIX)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A light skeleton's file. ``maps`` and ``programs``: names in the order of the loader's context."""

    data: bytes
    instructions: bytes
    maps: tuple[str, ...]
    programs: tuple[str, ...]


def parse(text: str) -> Skeleton:
    """Raises ``ValueError`` if this is no light skeleton."""
    return Skeleton(
        _blob(text, "data"),
        _blob(text, "insns"),
        tuple(re.findall(r"struct bpf_map_desc (\w+);", text)),
        tuple(re.findall(r"struct bpf_prog_desc (\w+);", text)),
    )


def _blob(text: str, name: str) -> bytes:
    found = re.search(rf'opts\.{name} = \(void \*\)"(.*?)";', text, re.DOTALL)
    if found is None:
        raise ValueError(f"no {name} in the light skeleton")
    return found[1].replace("\\\n", "").encode().decode("unicode_escape").encode("latin-1")


class LightObject:
    """The interface of ``libbpf.BpfObject``."""

    def __init__(self, path: Path, sizes: Mapping[str, int], initial: Mapping[str, Array]) -> None:
        """Raises ``BpfTrouble``, its ``log`` the verifier's; ``OSError`` when there is no such file."""
        skeleton = parse(path.read_text(encoding="ascii"))
        wanted = {name.removeprefix(".") for name in (*sizes, *initial)}
        assert wanted <= set(skeleton.maps), f"no such map: {wanted - set(skeleton.maps)}"
        try:
            context = _run(skeleton, _pointers(skeleton, sizes, initial), None)
        except BpfTrouble:
            _explain(path.name, skeleton, _pointers(skeleton, sizes, initial))
            raise
        self._fds: dict[str, int] = {}
        place = _CONTEXT.size
        for name in skeleton.maps:
            self._fds[name] = _MAP.unpack_from(context, place)[0]
            place += _MAP.size
        for name in skeleton.programs:
            (self._fds[name],) = struct.unpack_from("=i", context, place)
            place += 4

    def map(self, name: str) -> Map:
        """A section's map has the section's name, with its dot."""
        return Map(self._fds[name.removeprefix(".")], name)

    def program_fd(self, name: str) -> int:
        return self._fds[name]

    def attach_trace(self, name: str) -> int:
        """Attaches a tracing program to the event it was compiled for. Returns the link for ``detach_trace``."""
        return _checked(syscalls.RAW_TRACEPOINT_OPEN, struct.pack("=QI", 0, self._fds[name]), f"attach {name}")[0]

    def detach_trace(self, link: int) -> None:
        os.close(link)

    def close(self) -> None:
        for fd in self._fds.values():
            os.close(fd)
        self._fds.clear()


Buffer = ctypes.Array[ctypes.c_char]


Pointers = list[tuple[int, Buffer | None]]
"""Of every map: its entries (0: as compiled) and its initial value."""


def _pointers(skeleton: Skeleton, sizes: Mapping[str, int], initial: Mapping[str, Array]) -> Pointers:
    found: Pointers = []
    for name in skeleton.maps:
        # Sections are named with their dot by whoever loads, without it in the file.
        content = initial.get("." + name)
        value = None if content is None else np.ascontiguousarray(content).tobytes()
        found.append((sizes.get(name, 0), None if value is None else ctypes.create_string_buffer(value, len(value))))
    return found


def _run(skeleton: Skeleton, pointers: Pointers, log: Buffer | None) -> Buffer:
    """The loader's context after its run: descriptors of all maps, then of all programs. Raises ``BpfTrouble``."""
    size = _CONTEXT.size + _MAP.size * len(skeleton.maps) + 4 * len(skeleton.programs)
    logged = (1, LOG_BYTES, ctypes.addressof(log)) if log else (0, 0, 0)
    parts = [_CONTEXT.pack(size, 0, *logged)]
    parts += [_MAP.pack(0, entries, ctypes.addressof(value) if value else 0) for entries, value in pointers]
    whole = b"".join(parts).ljust(-(-size // 8) * 8, b"\0")
    context = ctypes.create_string_buffer(whole, len(whole))
    _run_loader(skeleton, context)
    return context


def _explain(name: str, skeleton: Skeleton, pointers: Pointers) -> None:
    """Runs the loader that failed once more with the verifier's log, which takes several times as long."""
    log = ctypes.create_string_buffer(LOG_BYTES)
    try:
        _run(skeleton, pointers, log)
    except BpfTrouble as trouble:
        text = log.raw.partition(b"\0")[0].decode(errors="replace")
        said = libbpf.summary([text]) or f" ({os.strerror(trouble.errno or 0)})"
        raise BpfTrouble(trouble.errno or 0, f"load {name}{said}", text) from None


def _run_loader(skeleton: Skeleton, context: Buffer) -> None:
    data, key = ctypes.create_string_buffer(skeleton.data, len(skeleton.data)), ctypes.c_uint32(0)
    create = struct.pack("=IIIIIII16s", ARRAY, 4, len(data), 1, 0, 0, 0, b"__loader.map")
    map_fd = _checked(syscalls.MAP_CREATE, create, "make the loader's map")[0]
    try:
        pair = struct.pack("=I4xQQQ", map_fd, ctypes.addressof(key), ctypes.addressof(data), 0)
        _checked(syscalls.UPDATE, pair, "fill the loader's map")
        program_fd = _load_loader(skeleton, map_fd)
        try:
            run = struct.pack("=II32xI4xQ", program_fd, 0, len(context), ctypes.addressof(context))
            attribute = _checked(syscalls.TEST_RUN, run, "run the loader")[1]
        finally:
            os.close(program_fd)
    finally:
        os.close(map_fd)
    (result,) = struct.unpack_from("=i", attribute, 4)
    if result < 0:
        raise BpfTrouble(-result, "load")


def _load_loader(skeleton: Skeleton, map_fd: int) -> int:
    instructions = ctypes.create_string_buffer(skeleton.instructions, len(skeleton.instructions))
    license_text, fds = ctypes.create_string_buffer(LICENSE), ctypes.c_int32(map_fd)
    head = struct.pack(
        "=IIQQIIQII16s",
        SYSCALL_PROGRAM,
        len(skeleton.instructions) // 8,
        ctypes.addressof(instructions),
        ctypes.addressof(license_text),
        0,
        0,
        0,
        0,
        SLEEPABLE,
        b"__loader.prog",
    )
    attribute = head.ljust(FD_ARRAY_AT, b"\0") + struct.pack("=Q", ctypes.addressof(fds))
    return _checked(syscalls.PROG_LOAD, attribute, "load the loader")[0]


def _checked(command: int, attribute: bytes, doing: str) -> tuple[int, bytes]:
    result, left = syscalls.bpf(command, attribute)
    if result < 0:
        raise BpfTrouble(ctypes.get_errno(), doing)
    return result, left
