"""Whether this host can capture, and what is missing if not.

What enters: nothing. What leaves: one clear sentence per missing thing, none when all is there. Rule: every sentence
names the thing and how to get it, so that a refusal to start needs no manual.
"""

from __future__ import annotations

import socket
from importlib.resources import files
from pathlib import Path

from weir.capture import libbpf
from weir.capture.libbpf import BTF
from weir.capture.skeleton import skeleton_of

OBJECT = Path(str(files("weir"))) / "_bpf" / "flow.bpf.o"
"""The compiled kernel programs; made by ``make -C bpf``, part of a built wheel."""

CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_PERFMON, CAP_BPF = 12, 21, 38, 39
"""Numbers of linux/capability.h. CAP_SYS_ADMIN includes CAP_PERFMON and CAP_BPF."""


def probe() -> list[str]:
    """What is missing for ``kernel.Kernel`` on this host; empty when it can be loaded and attached."""
    missing = []
    if not BTF.exists():
        missing.append(f"The kernel has no BTF ({BTF}): it must be built with CONFIG_DEBUG_INFO_BTF=y.")
    missing += _library_missing()
    missing += capabilities_missing(_effective_capabilities())
    if not OBJECT.exists():
        missing.append(f"The kernel programs are not compiled ({OBJECT}): run 'make -C bpf' or install a built wheel.")
    return missing


def _library_missing() -> list[str]:
    try:
        libbpf.library()
    except OSError as error:
        if skeleton_of(OBJECT).exists():
            return []
        return [
            f"{libbpf.LIBRARY} cannot be used ({error}), and no light skeleton was built: install the package libbpf1 "
            "(Debian, Ubuntu) or libbpf (Fedora, RHEL), or build with bpftool."
        ]
    return []


def packets_missing() -> list[str]:
    """What is missing for ``packets.Packets``, the last resort."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        return ["The process lacks CAP_NET_RAW: run it as root or grant the capability."]
    except OSError as error:
        return [f"The kernel has no packet sockets ({error.strerror})."]
    return []


def capabilities_missing(effective: int) -> list[str]:
    """``effective``: the bit set of the kernel's capabilities that the process has."""
    needed: dict[str, tuple[int, ...]] = {
        "CAP_NET_ADMIN": (CAP_NET_ADMIN,),
        "CAP_BPF": (CAP_BPF, CAP_SYS_ADMIN),
        "CAP_PERFMON": (CAP_PERFMON, CAP_SYS_ADMIN),
    }
    lacking = [name for name, any_of in needed.items() if not any(effective >> bit & 1 for bit in any_of)]
    if not lacking:
        return []
    return [f"The process lacks {', '.join(lacking)}: run it as root or grant the capabilities."]


def _effective_capabilities() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0
