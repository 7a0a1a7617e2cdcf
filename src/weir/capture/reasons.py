"""The kernel's drop reasons by name.

What enters: the running kernel's type information. What leaves: number -> name as in ``enum skb_drop_reason``
(include/net/dropreason-core.h), without its prefix. Rule: a number the kernel does not name stays a number.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from ctypes import c_int32, c_uint32, c_void_p
from functools import cache

from weir.capture.libbpf import LIBRARY

KIND_ENUM = 6
ENUM, PREFIX = b"skb_drop_reason", "SKB_DROP_REASON_"
_TYPE_BYTES, _ENTRY_BYTES = 12, 8
"""struct btf_type, and struct btf_enum: the name's offset and the value (Documentation/bpf/btf.rst)."""
_COUNT_MASK = 0xFFFF


@cache
def names() -> Mapping[int, str]:
    """Number -> name; empty where the kernel has no type information or libbpf is missing."""
    try:
        lib = _library()
    except OSError:
        return {}
    btf = lib.btf__load_vmlinux_btf()
    if not btf:
        return {}
    try:
        return dict(_entries(lib, btf))
    finally:
        lib.btf__free(btf)


def _library() -> ctypes.CDLL:
    """libbpf with the four functions of bpf/btf.h that are used here, declared."""
    lib = ctypes.CDLL(LIBRARY)
    lib.btf__load_vmlinux_btf.restype, lib.btf__load_vmlinux_btf.argtypes = c_void_p, []
    lib.btf__free.restype, lib.btf__free.argtypes = None, [c_void_p]
    lib.btf__find_by_name_kind.restype = c_int32
    lib.btf__find_by_name_kind.argtypes = [c_void_p, ctypes.c_char_p, c_uint32]
    lib.btf__type_by_id.restype, lib.btf__type_by_id.argtypes = c_void_p, [c_void_p, c_uint32]
    lib.btf__name_by_offset.restype, lib.btf__name_by_offset.argtypes = ctypes.c_char_p, [c_void_p, c_uint32]
    return lib


def _entries(lib: ctypes.CDLL, btf: int) -> Iterator[tuple[int, str]]:
    number = lib.btf__find_by_name_kind(btf, ENUM, KIND_ENUM)
    if number <= 0:
        return
    at = lib.btf__type_by_id(btf, number)
    count = c_uint32.from_address(at + 4).value & _COUNT_MASK
    for entry in range(at + _TYPE_BYTES, at + _TYPE_BYTES + count * _ENTRY_BYTES, _ENTRY_BYTES):
        name = lib.btf__name_by_offset(btf, c_uint32.from_address(entry).value)
        yield c_int32.from_address(entry + 4).value, name.decode().removeprefix(PREFIX)


def name_of(number: int) -> str:
    """The reason's name, its number where the kernel gives none."""
    return names().get(number, str(number))
