"""libbpf.so.1 through ctypes: as much of it as the capture needs.

What enters: a compiled object and plain Python values. What leaves: file descriptors, numpy arrays, and ``BpfTrouble``
naming what the kernel refused. Rule: nothing here knows what the programs count. Calls release Python's lock.

The library is looked up at the first use, so importing this module on a host without it is harmless; there, all but
``BpfObject`` works without it. Functions and structures are those of libbpf's headers bpf/libbpf.h and bpf/bpf.h and
the kernel's linux/bpf.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable, Mapping
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from weir.capture.syscalls import Syscalls

LIBRARY = "libbpf.so.1"
BTF = Path("/sys/kernel/btf/vmlinux")
"""The running kernel's types."""
TCX_INGRESS, TCX_EGRESS = 46, 47
F_BEFORE = 1 << 3
"""tcx: before every program that is there. A program behind one that ends the chain would not see the packet."""
ITERATION_BYTES = 64
"""Room for the kernel's place in a batched walk; it writes 4 bytes for hash maps."""
PRINT_INFO = 1
"""libbpf's levels: 0 warning, 1 note, 2 debug."""
LOG_BYTES_MAX = 1 << 20
"""A longer message of libbpf is cut; only a verifier log can be."""

Array = NDArray[np.void]
_PRINT = ctypes.CFUNCTYPE(c_int, c_int, c_char_p, c_void_p)


class BpfTrouble(OSError):
    """The kernel or libbpf refused. ``log`` is libbpf's and the verifier's whole output, often thousands of lines."""

    def __init__(self, code: int, doing: str, log: str = "") -> None:
        super().__init__(code, f"{doing}: {os.strerror(code)}")
        self.log = log


class ProgInfo(ctypes.Structure):
    """struct bpf_prog_info up to ``recursion_misses``."""

    _fields_ = (
        ("type", c_uint32),
        ("id", c_uint32),
        ("tag", ctypes.c_uint8 * 8),
        ("_code", c_uint32 * 2),
        ("_code_pointers", c_uint64 * 2),
        ("load_time", c_uint64),
        ("created_by_uid", c_uint32),
        ("nr_map_ids", c_uint32),
        ("map_ids", c_uint64),
        ("name", ctypes.c_char * 16),
        ("ifindex", c_uint32),
        ("gpl_compatible", c_uint32),
        ("netns_dev", c_uint64),
        ("netns_ino", c_uint64),
        ("_symbols", c_uint32 * 2),
        ("_symbol_pointers", c_uint64 * 2),
        ("btf_id", c_uint32),
        ("func_info_rec_size", c_uint32),
        ("func_info", c_uint64),
        ("nr_func_info", c_uint32),
        ("nr_line_info", c_uint32),
        ("line_info", c_uint64),
        ("jited_line_info", c_uint64),
        ("nr_jited_line_info", c_uint32),
        ("line_info_rec_size", c_uint32),
        ("jited_line_info_rec_size", c_uint32),
        ("nr_prog_tags", c_uint32),
        ("prog_tags", c_uint64),
        ("run_time_ns", c_uint64),
        ("run_cnt", c_uint64),
        ("recursion_misses", c_uint64),
    )


class LinkInfo(ctypes.Structure):
    """struct bpf_link_info of a tcx link; ``ifindex`` is 0 once the device is gone."""

    _fields_ = (
        ("type", c_uint32),
        ("id", c_uint32),
        ("prog_id", c_uint32),
        ("_pad", c_uint32),
        ("ifindex", c_uint32),
        ("attach_type", c_uint32),
        ("_rest", c_uint64 * 4),
    )


class LinkOptions(ctypes.Structure):
    """struct bpf_link_create_opts up to ``flags``; libbpf takes what is behind ``sz`` as zero."""

    _fields_ = (("sz", c_size_t), ("flags", c_uint32), ("_pad", c_uint32))


class TestRunOptions(ctypes.Structure):
    """struct bpf_test_run_opts."""

    _fields_ = (
        ("sz", c_size_t),
        ("data_in", c_void_p),
        ("data_out", c_void_p),
        ("data_size_in", c_uint32),
        ("data_size_out", c_uint32),
        ("ctx_in", c_void_p),
        ("ctx_out", c_void_p),
        ("ctx_size_in", c_uint32),
        ("ctx_size_out", c_uint32),
        ("retval", c_uint32),
        ("repeat", c_int),
        ("duration", c_uint32),
        ("flags", c_uint32),
        ("cpu", c_uint32),
        ("batch_size", c_uint32),
    )


_BATCH = (c_int, c_void_p, c_void_p, c_void_p, c_void_p, POINTER(c_uint32), c_void_p)
_SIGNATURES: dict[str, tuple[object, tuple[object, ...]]] = {
    "libbpf_set_print": (c_void_p, (c_void_p,)),
    "libbpf_num_possible_cpus": (c_int, ()),
    "bpf_object__open_file": (c_void_p, (c_char_p, c_void_p)),
    "bpf_object__load": (c_int, (c_void_p,)),
    "bpf_object__close": (None, (c_void_p,)),
    "bpf_object__find_program_by_name": (c_void_p, (c_void_p, c_char_p)),
    "bpf_object__find_map_by_name": (c_void_p, (c_void_p, c_char_p)),
    "bpf_program__fd": (c_int, (c_void_p,)),
    "bpf_program__attach_trace": (c_void_p, (c_void_p,)),
    "bpf_link__destroy": (c_int, (c_void_p,)),
    "bpf_map__fd": (c_int, (c_void_p,)),
    "bpf_map__set_max_entries": (c_int, (c_void_p, c_uint32)),
    "bpf_map__set_initial_value": (c_int, (c_void_p, c_void_p, c_size_t)),
    "bpf_map_update_elem": (c_int, (c_int, c_void_p, c_void_p, c_uint64)),
    "bpf_map_lookup_elem": (c_int, (c_int, c_void_p, c_void_p)),
    "bpf_map_delete_elem": (c_int, (c_int, c_void_p)),
    "bpf_map_lookup_and_delete_batch": (c_int, _BATCH),
    "bpf_map_lookup_batch": (c_int, _BATCH),
    "bpf_link_create": (c_int, (c_int, c_int, c_int, c_void_p)),
    "bpf_obj_get_info_by_fd": (c_int, (c_int, c_void_p, POINTER(c_uint32))),
    "bpf_prog_test_run_opts": (c_int, (c_int, c_void_p)),
}


@cache
def library() -> ctypes.CDLL:
    """The loaded library, its functions declared. Raises ``OSError`` when it is not installed or too old."""
    lib = ctypes.CDLL(LIBRARY, use_errno=True)
    for name, (result, arguments) in _SIGNATURES.items():
        try:
            function = getattr(lib, name)
        except AttributeError as error:
            raise OSError(errno.ENOSYS, f"{LIBRARY} lacks {name}") from error
        function.restype, function.argtypes = result, arguments
    lib.libbpf_set_print(None)
    return lib


def is_there() -> bool:
    """Whether the library can be used here."""
    try:
        library()
    except OSError:
        return False
    return True


@cache
def calls() -> ctypes.CDLL | Syscalls:
    """Whoever makes the plain calls: the library, or where it is missing, we ourselves."""
    return library() if is_there() else Syscalls()


def possible_cpus() -> int:
    """Number of slots in a per-CPU value."""
    return _checked(calls().libbpf_num_possible_cpus(), "count CPUs")


def kernel_has_struct(name: str) -> bool:
    """Whether the running kernel's type information knows the name."""
    return BTF.exists() and b"\0" + name.encode() + b"\0" in BTF.read_bytes()


def _checked(result: int, doing: str) -> int:
    """libbpf's low-level calls answer -1 or -errno and set errno."""
    if result < 0:
        raise BpfTrouble(ctypes.get_errno() or -result, doing)
    return result


class Map:
    """One map by its descriptor. Keys and values are numpy arrays of the layouts the map was made with."""

    def __init__(self, fd: int, name: str) -> None:
        self.fd = fd
        self._name = name

    def put(self, key: Array | NDArray[np.generic], value: Array | NDArray[np.generic]) -> None:
        """Sets an element. Raises ``BpfTrouble`` (E2BIG: the map is full)."""
        result = calls().bpf_map_update_elem(self.fd, key.ctypes.data, value.ctypes.data, 0)
        _checked(result, f"write map {self._name}")

    def get(self, key: Array | NDArray[np.generic], value: Array | NDArray[np.generic]) -> None:
        """Reads an element into ``value``; a per-CPU map wants room for ``possible_cpus()`` elements."""
        result = calls().bpf_map_lookup_elem(self.fd, key.ctypes.data, value.ctypes.data)
        _checked(result, f"read map {self._name}")

    def remove(self, key: Array | NDArray[np.generic]) -> None:
        """Removes an element; one that is not there is no trouble."""
        result = calls().bpf_map_delete_elem(self.fd, key.ctypes.data)
        if result < 0 and ctypes.get_errno() != errno.ENOENT:
            _checked(result, f"delete from map {self._name}")

    def take_batch(self, place: Place, keys: Array, values: Array) -> int:
        """Moves up to ``len(keys)`` elements out of the map; returns how many. ``place.ended`` says it is empty.

        Exact only while nobody writes the map. Raises ``BpfTrouble`` (ENOSPC: one hash bucket holds more than that).
        """
        return self._walk(calls().bpf_map_lookup_and_delete_batch, place, keys, values)

    def read_batch(self, place: Place, keys: Array, values: Array) -> int:
        """Reads up to ``len(keys)`` elements; as ``take_batch``, but they stay.

        Of a per-CPU map ``values`` has the shape (len(keys), possible_cpus()).
        """
        return self._walk(calls().bpf_map_lookup_batch, place, keys, values)

    def _walk(self, step: Callable[..., int], place: Place, keys: Array, values: Array) -> int:
        count = c_uint32(len(keys))
        result = step(
            self.fd,
            byref(place.token) if place.begun else None,
            byref(place.token),
            keys.ctypes.data,
            values.ctypes.data,
            byref(count),
            None,
        )
        place.begun = True
        place.ended = result < 0 and ctypes.get_errno() == errno.ENOENT
        if not place.ended:
            _checked(result, f"drain map {self._name}")
        return count.value


class Place:
    """Where a batched walk through a map stands."""

    def __init__(self) -> None:
        self.token = (ctypes.c_uint8 * ITERATION_BYTES)()
        self.begun = False
        self.ended = False


class BpfObject:
    """A loaded object; ``close`` unloads what nothing else holds."""

    def __init__(self, path: Path, sizes: Mapping[str, int], initial: Mapping[str, Array]) -> None:
        """Opens and loads. ``sizes``: map name -> entries; ``initial``: section of constants -> its whole content.

        Raises ``BpfTrouble``; its text is one line, its ``log`` everything.
        """
        lines: list[str] = []
        printer = _PRINT(_collector(lines))
        library().libbpf_set_print(printer)
        try:
            self._open(path, sizes, initial)
        except BpfTrouble as trouble:
            raise BpfTrouble(trouble.errno or 0, f"load {path.name}{summary(lines)}", "".join(lines)) from None
        finally:
            library().libbpf_set_print(None)

    def _open(self, path: Path, sizes: Mapping[str, int], initial: Mapping[str, Array]) -> None:
        lib = library()
        self._object = lib.bpf_object__open_file(os.fsencode(path), None)
        if not self._object:
            raise BpfTrouble(ctypes.get_errno(), "open")
        try:
            for name, entries in sizes.items():
                _checked(lib.bpf_map__set_max_entries(self._find_map(name), entries), f"size map {name}")
            for name, content in initial.items():
                result = lib.bpf_map__set_initial_value(self._find_map(name), content.ctypes.data, content.nbytes)
                _checked(result, f"set {name}")
            _checked(lib.bpf_object__load(self._object), "load")
        except BpfTrouble:
            self.close()
            raise

    def _find_map(self, name: str) -> int:
        found = library().bpf_object__find_map_by_name(self._object, name.encode())
        if not found:
            raise BpfTrouble(errno.ENOENT, f"find map {name}")
        return int(found)

    def _find_program(self, name: str) -> int:
        found = library().bpf_object__find_program_by_name(self._object, name.encode())
        if not found:
            raise BpfTrouble(errno.ENOENT, f"find program {name}")
        return int(found)

    def map(self, name: str) -> Map:
        return Map(_checked(library().bpf_map__fd(self._find_map(name)), f"find map {name}"), name)

    def program_fd(self, name: str) -> int:
        return _checked(library().bpf_program__fd(self._find_program(name)), f"find program {name}")

    def attach_trace(self, name: str) -> int:
        """Attaches a tracing program to the event its section names. Returns the link for ``destroy_link``."""
        link = library().bpf_program__attach_trace(self._find_program(name))
        if not link:
            raise BpfTrouble(ctypes.get_errno(), f"attach {name}")
        return int(link)

    def detach_trace(self, link: int) -> None:
        destroy_link(link)

    def close(self) -> None:
        library().bpf_object__close(self._object)


def _collector(lines: list[str]) -> Callable[[int, bytes, int], int]:
    """A libbpf print function that keeps warnings and notes. ``arguments`` is a C va_list."""
    format_c = ctypes.CDLL(None).vsnprintf
    format_c.argtypes = (c_void_p, c_size_t, c_char_p, c_void_p)

    def keep(level: int, text: bytes, arguments: int) -> int:
        if level <= PRINT_INFO:
            buffer = ctypes.create_string_buffer(LOG_BYTES_MAX)
            format_c(buffer, LOG_BYTES_MAX, text, arguments)
            lines.append(buffer.value.decode(errors="replace"))
        return 0

    return keep


def summary(lines: list[str]) -> str:
    """The one line that says most: the verifier's verdict stands before its statistics, libbpf's own comes last."""
    text = "".join(lines).splitlines()
    for before, line in pairwise(text):
        if line.startswith(("processed ", "verification time ")):
            return f" ({before.strip()})"
    return f" ({text[-1].removeprefix('libbpf: ').strip()})" if text else ""


def destroy_link(link: int) -> None:
    """Detaches what ``attach_trace`` attached."""
    library().bpf_link__destroy(link)


def attach_tcx(program_fd: int, ifindex: int, attach_type: int) -> int:
    """Attaches at a device of the calling thread's network namespace. Returns a descriptor; closing it detaches.

    The call goes through libbpf's generic link creation, which also works with releases older than tcx.
    """
    options = LinkOptions(sz=ctypes.sizeof(LinkOptions), flags=F_BEFORE)
    return _checked(calls().bpf_link_create(program_fd, ifindex, attach_type, byref(options)), "attach tcx")


def link_ifindex(link_fd: int) -> int:
    """The device a tcx link is at; 0 when the device is gone."""
    info = LinkInfo()
    size = c_uint32(ctypes.sizeof(info))
    _checked(calls().bpf_obj_get_info_by_fd(link_fd, byref(info), byref(size)), "read link")
    return int(info.ifindex)


def missed_runs(program_fd: int) -> int:
    """How often the kernel left a tracing program out because it was already running on that CPU."""
    info = ProgInfo()
    size = c_uint32(ctypes.sizeof(info))
    _checked(calls().bpf_obj_get_info_by_fd(program_fd, byref(info), byref(size)), "read program")
    return int(info.recursion_misses)


def run_on_frame(program_fd: int, frame: bytes, repeat: int) -> int:
    """Runs a tc program on an Ethernet frame ``repeat`` times. Returns ns per run."""
    data = ctypes.create_string_buffer(frame, len(frame))
    options = TestRunOptions(
        sz=ctypes.sizeof(TestRunOptions), data_in=ctypes.addressof(data), data_size_in=len(frame), repeat=repeat
    )
    _checked(calls().bpf_prog_test_run_opts(program_fd, byref(options)), "test-run")
    return int(options.duration)
