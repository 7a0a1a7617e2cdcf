"""At which hook a packet was dropped: which kernel function asks which hook, and what a row's ``hook`` byte says.

What enters: the kernel's symbol table (``/proc/kallsyms``), and bytes of drained rows. What leaves: address ranges for
the drop program (``layout.HOOK_PLACES``), and names. Rule: a function that this kernel does not have, or an address it
hides, is left out; a drop below it then has no hook, never a wrong one. The functions are those in which the kernel's
sources call ``NF_HOOK`` or ``nf_hook`` (net/ipv4, net/ipv6, net/bridge, net/core).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from weir.capture.flows import HOOK_NUMBER, HOOK_STATE
from weir.capture.layout import HOOK_FUNCTIONS_MAX, HOOK_PLACES

KALLSYMS, MODULES = Path("/proc/kallsyms"), Path("/proc/modules")

HOOKS = (
    "unknown",
    "prerouting",
    "input",
    "forward",
    "output",
    "postrouting",
    "bridge-prerouting",
    "bridge-input",
    "bridge-forward",
    "bridge-output",
    "bridge-postrouting",
    "ingress",
    "egress",
)
"""Number -> name. The first five after ``unknown`` are those of IPv4 and IPv6 (nftables' families ip, ip6 and inet),
``ingress`` and ``egress`` those of a device (family netdev)."""
STATES = ("", "invalid", "established", "related", "new", "untracked", "other")
"""What conntrack had said of the dropped packet; ``other``: dropped by a part of netfilter that is not nftables."""
ASK_CALLER = 0xFF

STATE_SHIFT = 4

FUNCTIONS: Mapping[str, str] = {
    "prerouting": "ip_rcv ip_list_rcv ip_sublist_rcv ipv6_rcv ipv6_list_rcv ip6_sublist_rcv nf_hook_slow_list"
    " br_nf_pre_routing br_nf_pre_routing_ipv6",
    "input": "ip_local_deliver ip6_input",
    "forward": "ip_forward ip6_forward ipmr_queue_xmit ip6mr_forward2 br_nf_forward br_nf_forward_ip",
    "output": "__ip_local_out __ip6_local_out ip6_xmit raw_sendmsg raw_send_hdrinc rawv6_sendmsg rawv6_send_hdrinc",
    "postrouting": "ip_output ip_mc_output ip6_output br_nf_post_routing",
    "bridge-prerouting": "br_nf_pre_routing_finish br_nf_pre_routing_finish_ipv6",
    "bridge-input": "br_pass_frame_up br_handle_frame",
    "bridge-forward": "br_nf_forward_finish br_handle_frame_finish",
    "bridge-output": "br_dev_xmit",
    "bridge-postrouting": "br_forward_finish",
    "ingress": "__netif_receive_skb_core",
    "egress": "__dev_queue_xmit",
}
"""Hook -> the functions that ask it, or that call a function of ``ASKING_FOR_OTHERS``."""
ASKING_FOR_OTHERS = ("__br_forward", "br_nf_hook_thresh")
"""Functions that ask several hooks; which one is told by their callers."""
CORE = ("nf_hook_slow", "br_handle_frame", "nft_do_chain")
"""Fields of ``HOOK_PLACES`` of the same names."""
NFT_FREES_SINCE = (6, 7)
"""Linux version since which nftables frees what it drops itself, so that its drops are told from conntrack's."""


@dataclass(frozen=True, slots=True)
class Code:
    """A function's instructions: [start, end)."""

    name: str
    start: int
    end: int


def functions(symbols: Iterable[str]) -> Iterator[Code]:
    """Where the functions named here lie. ``symbols``: lines of ``/proc/kallsyms``, all 0 where addresses are hidden.

    A function may lie in several pieces, which the compiler names ``NAME.suffix``; each ends where the next begins.
    """
    wanted = {name for names in FUNCTIONS.values() for name in names.split()} | {*ASKING_FOR_OTHERS, *CORE}
    found: list[tuple[int, str]] = []
    starts = set()
    for line in symbols:
        address, kind, symbol = line.split(maxsplit=3)[:3]
        if kind in "tTwW":
            start = int(address, 16)
            starts.add(start)
            name = symbol.partition(".")[0]
            if name in wanted and start:
                found.append((start, name))
    ordered = np.sort(np.fromiter(starts, np.uint64, len(starts)))
    for start, name in found:
        at = int(np.searchsorted(ordered, np.uint64(start), "right"))
        if at < len(ordered):
            yield Code(name, start, int(ordered[at]))


def places(codes: Iterable[Code], release: str) -> NDArray[np.void]:
    """The drop program's table, shape (1,), dtype ``HOOK_PLACES``. ``release``: of the kernel."""
    hook_of = {name: HOOKS.index(hook) for hook, names in FUNCTIONS.items() for name in names.split()}
    hook_of |= dict.fromkeys(ASKING_FOR_OTHERS, ASK_CALLER)
    table = np.zeros(1, HOOK_PLACES)
    filled = 0
    for code in codes:
        told = code.name in CORE and (code.name != "nft_do_chain" or _version(release) >= NFT_FREES_SINCE)
        # The longest piece is the function, the others are its unlikely ends.
        if told and code.end - code.start > table[code.name]["end"][0] - table[code.name]["start"][0]:
            table[code.name] = (code.start, code.end)
        if code.name in hook_of and filled < HOOK_FUNCTIONS_MAX:
            table["function"][0, filled] = ((code.start, code.end), hook_of[code.name])
            filled += 1
    return table


def resolve(symbols: Path = KALLSYMS) -> NDArray[np.void]:
    """The table of the running kernel; all 0 where it hides its addresses from this process."""
    with symbols.open(encoding="ascii", errors="replace") as lines:
        return places(functions(lines), os.uname().release)


def modules() -> frozenset[str]:
    """Names of the modules that are loaded: with another one come other functions. Empty where it is not told."""
    try:
        return frozenset(line.split(maxsplit=1)[0] for line in MODULES.read_text(encoding="ascii").splitlines())
    except OSError:
        return frozenset()


def tells_conntrack() -> bool:
    """Whether this kernel tells a drop by nftables from one by another part of netfilter."""
    return _version(os.uname().release) >= NFT_FREES_SINCE


def _version(release: str) -> tuple[int, int]:
    numbers = release.split("-")[0].split(".")
    return int(numbers[0]), int(numbers[1])


def name_of(byte: int) -> str:
    """The hook's name, ``unknown`` where it is not known or several."""
    number = byte & HOOK_NUMBER
    return HOOKS[number] if number < len(HOOKS) else HOOKS[0]


def state_of(byte: int) -> str:
    """Conntrack's word, as of ``STATES``."""
    number = (byte & HOOK_STATE) >> STATE_SHIFT
    return STATES[number] if number < len(STATES) else STATES[0]
