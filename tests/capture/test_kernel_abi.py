"""The compiled object's own type information against the agent's layouts, and what a host that cannot capture is told.

Needs the compiled programs, but no root: nothing is loaded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from weir.capture import layout
from weir.capture.kernel import PROGRAMS, Kernel
from weir.capture.libbpf import BpfTrouble
from weir.capture.probe import OBJECT, capabilities_missing, probe

compiled = pytest.mark.skipif(not OBJECT.exists(), reason=f"kernel programs not compiled: {OBJECT}")

INT, ARRAY, STRUCT, ENUM, FUNCTION = 1, 3, 4, 6, 12
EXTRA_BYTES = {1: 4, 3: 12, 13: 8, 14: 4, 15: 12, 17: 4, 19: 12}
"""Kind -> bytes behind a type's fixed part (of each member for 13, 15 and 19; 4, 5 and 6 are in ``Btf``)."""


@dataclass(frozen=True)
class Type:
    name: str
    kind: int
    count: int
    size_or_type: int
    body: bytes


class Btf:
    """A reader of the .BTF section, of as much of it as is needed (source: the kernel's Documentation/bpf/btf.rst)."""

    def __init__(self, data: bytes) -> None:
        header, type_at, type_bytes, text_at, _ = struct.unpack_from("<IIIII", data, 4)
        self._text = data[header + text_at :]
        self.types = [Type("void", 0, 0, 0, b""), *self._read(data[header + type_at :][:type_bytes])]

    def _name(self, at: int) -> str:
        return self._text[at : self._text.index(b"\0", at)].decode()

    def _read(self, data: bytes) -> Iterator[Type]:
        at = 0
        while at < len(data):
            name, info, size_or_type = struct.unpack_from("<III", data, at)
            kind, count = info >> 24 & 0x1F, info & 0xFFFF
            extra = {4: 12 * count, 5: 12 * count, 6: 8 * count}.get(kind, EXTRA_BYTES.get(kind, 0))
            if kind in (13, 15, 19):
                extra = EXTRA_BYTES[kind] * count
            yield Type(self._name(name), kind, count, size_or_type, data[at + 12 : at + 12 + extra])
            at += 12 + extra

    def named(self, name: str, kind: int) -> Type:
        (found,) = [one for one in self.types if one.name == name and one.kind == kind]
        return found

    def members(self, name: str) -> dict[str, tuple[int, int]]:
        """Member -> (offset, size) in bytes."""
        owner = self.named(name, STRUCT)
        fields = [struct.unpack_from("<III", owner.body, 12 * i) for i in range(owner.count)]
        return {self._name(text): (bits // 8, self.size(kind)) for text, kind, bits in fields}

    def size(self, number: int) -> int:
        one = self.types[number]
        if one.kind in (INT, STRUCT, 5, ENUM):
            return one.size_or_type
        if one.kind == ARRAY:
            element, _, length = struct.unpack("<III", one.body)
            return self.size(element) * length
        return self.size(one.size_or_type)


def section(path: Path, name: bytes) -> bytes:
    """One section of a 64-bit little-endian ELF file."""
    data = path.read_bytes()
    (at,) = struct.unpack_from("<Q", data, 40)
    entry, count, names = struct.unpack_from("<HHH", data, 58)
    rows = [struct.unpack_from("<IIQQQQ", data, at + entry * i) for i in range(count)]
    text = rows[names][4]
    for row in rows:
        if data[text + row[0] :].startswith(name + b"\0"):
            return data[row[4] : row[4] + row[5]]
    raise AssertionError(f"{path} has no section {name!r}")


@pytest.fixture(scope="module")
def btf() -> Btf:
    return Btf(section(OBJECT, b".BTF"))


@compiled
@pytest.mark.parametrize("name", layout.STRUCTS)
def test_both_sides_agree_on_every_byte(name: str, btf: Btf) -> None:
    ours = layout.STRUCTS[name]
    assert ours.fields is not None
    assert {field: (at[1], at[0].itemsize) for field, at in ours.fields.items()} == btf.members(name)
    assert ours.itemsize == btf.named(name, STRUCT).size_or_type


@compiled
def test_the_abi_has_its_sizes() -> None:
    sizes = {name: one.itemsize for name, one in layout.STRUCTS.items()}
    assert (sizes["key4"], sizes["key6"], sizes["val"]) == (20, 44, 32)


@compiled
def test_every_program_is_in_the_object(btf: Btf) -> None:
    functions = {one.name for one in btf.types if one.kind == FUNCTION}
    assert functions >= {"netfilter_drop", *(name for pair in PROGRAMS.values() for name in pair)}


def test_ticks_become_unix_time_also_over_their_wrap() -> None:
    """The tick counter wraps every 52 days; a row from just before the wrap is just before now."""
    wrap_ns = 1 << (32 + layout.TICK_SHIFT)
    now = layout.Clock(monotonic_ns=wrap_ns + (5 << layout.TICK_SHIFT), realtime_ns=1_800_000_000_000_000_000)
    values = np.zeros(3, layout.VAL)
    values["first"] = [0xFFFFFFFE, 5, 6]
    rows = layout.rows4(np.zeros(3, layout.KEY4), values, now)
    ages = [now.realtime_ns - first for first in rows["first_ns"].tolist()]
    assert ages == [7 << layout.TICK_SHIFT, 0, -(1 << layout.TICK_SHIFT)]


def bits(*numbers: int) -> int:
    return sum(1 << number for number in numbers)


@pytest.mark.parametrize(
    ("effective", "lacking"),
    [
        (bits(12, 38, 39), []),
        (bits(12, 21), []),
        (bits(12), ["CAP_BPF", "CAP_PERFMON"]),
        (bits(21), ["CAP_NET_ADMIN"]),
        (0, ["CAP_NET_ADMIN", "CAP_BPF", "CAP_PERFMON"]),
    ],
)
def test_the_missing_capabilities_are_named(effective: int, lacking: list[str]) -> None:
    said = " ".join(capabilities_missing(effective))
    assert [name for name in ("CAP_NET_ADMIN", "CAP_BPF", "CAP_PERFMON") if name in said] == lacking


@pytest.mark.root
@compiled
def test_a_host_that_can_capture_misses_nothing() -> None:
    assert [sentence for sentence in probe() if "tcx" not in sentence and "BTF" not in sentence] == []


@pytest.mark.root
def test_an_object_that_is_none_is_one_short_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.bpf.o"
    broken.write_bytes(b"no object")
    with pytest.raises(BpfTrouble) as refused:
        Kernel(1000, path=broken)
    assert "broken.bpf.o" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "libbpf" in refused.value.log
