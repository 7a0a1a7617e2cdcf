"""The kernel's bpf(2) without libbpf: the few calls of that library which the capture makes, under their names.

What enters: the same arguments as libbpf's functions take. What leaves: the same answers, -1 with errno set where the
kernel refuses. Rule: whoever calls cannot tell the two apart. Numbers and layouts are those of linux/bpf.h.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from pathlib import Path
from typing import Any

SYSCALL_NUMBERS = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "loongarch64": 280, "s390x": 351, "ppc64le": 361}
"""Of bpf(2), by what ``uname -m`` says."""
MAP_CREATE, LOOKUP, UPDATE, DELETE, PROG_LOAD = 0, 1, 2, 3, 5
TEST_RUN, OBJECT_INFO, RAW_TRACEPOINT_OPEN = 10, 15, 17
LOOKUP_BATCH, LOOKUP_AND_DELETE_BATCH, LINK_CREATE = 24, 25, 28
ATTRIBUTE_BYTES = 152
"""Of union bpf_attr in Linux 6; older kernels take it as long as what they do not know is zero."""
POSSIBLE_CPUS = Path("/sys/devices/system/cpu/possible")

_BATCH = struct.Struct("=QQQQIIQQ")
_BATCH_COUNT_AT = 32
_TEST_RUN = struct.Struct("=IIIIQQII")
_DURATION_AT = 36
_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.syscall.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_ulong)


def bpf(command: int, attribute: bytes) -> tuple[int, bytes]:
    """(what the call answers, the attribute as the kernel has left it)."""
    number = SYSCALL_NUMBERS.get(platform.machine())
    if number is None:
        ctypes.set_errno(errno.ENOSYS)
        return -1, attribute
    buffer = ctypes.create_string_buffer(attribute, max(len(attribute), ATTRIBUTE_BYTES))
    return int(_libc.syscall(number, command, ctypes.addressof(buffer), len(buffer))), buffer.raw


def _address(pointer: Any) -> int:
    """Of what ctypes takes for a pointer: a number, None, or ``byref`` of something."""
    if pointer is None:
        return 0
    return pointer if isinstance(pointer, int) else ctypes.addressof(pointer._obj)


class Syscalls:
    """Stands where ``ctypes.CDLL`` of libbpf would."""

    def libbpf_num_possible_cpus(self) -> int:
        last = POSSIBLE_CPUS.read_text(encoding="ascii").strip().rpartition(",")[2].rpartition("-")[2]
        return int(last) + 1

    def bpf_map_update_elem(self, fd: int, key: int, value: int, flags: int) -> int:
        return bpf(UPDATE, struct.pack("=I4xQQQ", fd, key, value, flags))[0]

    def bpf_map_lookup_elem(self, fd: int, key: int, value: int) -> int:
        return bpf(LOOKUP, struct.pack("=I4xQQQ", fd, key, value, 0))[0]

    def bpf_map_delete_elem(self, fd: int, key: int) -> int:
        return bpf(DELETE, struct.pack("=I4xQQQ", fd, key, 0, 0))[0]

    def bpf_map_lookup_batch(self, fd: int, *pointers: Any) -> int:
        return self._batch(LOOKUP_BATCH, fd, pointers)

    def bpf_map_lookup_and_delete_batch(self, fd: int, *pointers: Any) -> int:
        return self._batch(LOOKUP_AND_DELETE_BATCH, fd, pointers)

    def _batch(self, command: int, fd: int, pointers: tuple[Any, ...]) -> int:
        """``pointers``: place before, place after, keys, values, count, options (none)."""
        before, after, keys, values, count, _options = pointers
        places = (_address(before), _address(after), _address(keys), _address(values))
        result, attribute = bpf(command, _BATCH.pack(*places, count._obj.value, fd, 0, 0))
        (count._obj.value,) = struct.unpack_from("=I", attribute, _BATCH_COUNT_AT)
        return result

    def bpf_link_create(self, program_fd: int, target: int, attach_type: int, options: Any) -> int:
        flags = options._obj.flags if options is not None else 0
        return bpf(LINK_CREATE, struct.pack("=IIII", program_fd, target, attach_type, flags))[0]

    def bpf_obj_get_info_by_fd(self, fd: int, info: Any, size: Any) -> int:
        return bpf(OBJECT_INFO, struct.pack("=IIQ", fd, size._obj.value, _address(info)))[0]

    def bpf_prog_test_run_opts(self, fd: int, options: Any) -> int:
        asked = options._obj
        head = _TEST_RUN.pack(fd, 0, asked.data_size_in, 0, asked.data_in or 0, 0, asked.repeat, 0)
        result, attribute = bpf(TEST_RUN, head)
        (asked.duration,) = struct.unpack_from("=I", attribute, _DURATION_AT)
        return result
