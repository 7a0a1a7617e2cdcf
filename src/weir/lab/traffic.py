"""One round of everything the lab can send, and a slow steady stream for whoever looks on.

What enters: a lab that is up and how much to send. What leaves: ``Traffic``, also added to the lab's state file, so
that another process can print it beside the kernel's counters. Rule: bounded in time and amount, and one round at a
time per lab - a second one waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from weir.lab.facts import Traffic, exclusive, record
from weir.lab.forbidden import forbidden
from weir.lab.iperf import iperf_tcp, iperf_udp
from weir.lab.netns import LabTrouble
from weir.lab.rules import RULES, Rule
from weir.lab.senders import Pair, icmp, tcp, udp
from weir.lab.topology import Lab

IPERF_TCP_PORT = 5201
IPERF_UDP_PORT = 5202
UDP_PORT = 6001
TCP_PORT = 6002

STEADY_PAUSE_SECONDS = 1.0
"""Between two rounds of the steady stream."""
STEADY_RULES = 3
"""Rules hit in one round of the steady stream."""

PAIRS: tuple[Pair, ...] = tuple(Pair("a", dst, version) for dst in ("b", "c") for version in (4, 6))
"""Bridged and routed, over both IP versions."""
BACK_PAIRS: tuple[Pair, ...] = (Pair("c", "b", 4), Pair("c", "b", 6))
"""From the routed VSwitch into the bridged one."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much one round sends, per pair of guests (``forbidden``: per rule). Counts in packets, sizes in bytes."""

    udp_count: int = 200
    udp_size: int = 400
    tcp_size: int = 4 << 20
    icmp_count: int = 5
    icmp_size: int = 56
    iperf_udp_count: int = 2000
    iperf_udp_size: int = 400
    iperf_tcp_size: int = 8 << 20
    forbidden_count: int = 20
    forbidden_size: int = 100
    connect_count: int = 2


STEADY = Scale(
    udp_count=20, udp_size=200, tcp_size=64 << 10, icmp_count=1, forbidden_count=2, forbidden_size=64, connect_count=1
)
"""One round of the steady stream, without iperf3 and without connects that only time out."""


def run(lab: Lab, scale: Scale = Scale()) -> Traffic:
    """Everything once: iperf3 and own senders on every pair, every rule hit. About 3 s; returns and records it."""
    with _turn(lab):
        sent = _sum(_iperf(lab, pair, scale) for pair in PAIRS)
        sent += _sum(_own(lab, pair, scale) for pair in (*PAIRS, *BACK_PAIRS))
        sent += _forbidden(lab, tuple(RULES.values()), scale)
        record(lab.state_path, sent)
    return sent


def steady(lab: Lab, seconds: float, stop: threading.Event | None = None) -> Traffic:
    """One pair and a few rules each second, in turn, for ``seconds`` or until ``stop`` is set; recorded round by round.

    Raises ``LabTrouble`` if the lab goes down meanwhile. Each round adds about 12 facts to the state file.
    """
    stop = stop or threading.Event()
    quick = [rule for rule in RULES.values() if (rule.protocol, rule.verdict) != ("tcp", "drop")]
    sent = Traffic()
    for number in range(max(1, int(seconds / STEADY_PAUSE_SECONDS))):
        first = number * STEADY_RULES % len(quick)
        with _turn(lab):
            small = _own(lab, PAIRS[number % len(PAIRS)], STEADY)
            small += _forbidden(lab, quick[first : first + STEADY_RULES], STEADY)
            record(lab.state_path, small)
        sent += small
        if stop.wait(STEADY_PAUSE_SECONDS):
            break
    return sent


def usual_ends(rule: Rule) -> Sequence[tuple[str, str]]:
    """Sender and receiver whose path crosses the rule, one or two of them."""
    if rule.hook == "input":
        return (("a", "a"), ("c", "c"))
    if rule.table_family == "bridge":
        return (("a", "b"), ("b", "a"))
    return (("a", "c"), ("c", "b"))


def _iperf(lab: Lab, pair: Pair, scale: Scale) -> Traffic:
    stream = iperf_tcp(lab, pair, IPERF_TCP_PORT, scale.iperf_tcp_size)
    return stream + iperf_udp(lab, pair, IPERF_UDP_PORT, scale.iperf_udp_count, scale.iperf_udp_size)


def _own(lab: Lab, pair: Pair, scale: Scale) -> Traffic:
    sent = udp(lab, pair, UDP_PORT, scale.udp_count, scale.udp_size)
    sent += tcp(lab, pair, TCP_PORT, scale.tcp_size)
    return sent + icmp(lab, pair, scale.icmp_count, scale.icmp_size)


def _forbidden(lab: Lab, rules: Sequence[Rule], scale: Scale) -> Traffic:
    """All rules at once: a dropped connect takes a second, and they are to wait together."""

    def task(rule: Rule, ends: tuple[str, str]) -> Callable[[], Traffic]:
        count = scale.connect_count if rule.protocol == "tcp" else scale.forbidden_count
        return lambda: forbidden(lab, rule.name, ends, count, scale.forbidden_size)

    tasks = [task(rule, ends) for rule in rules for ends in usual_ends(rule)]
    with ThreadPoolExecutor(max_workers=len(tasks)) as pool:
        return _sum([future.result() for future in [pool.submit(one) for one in tasks]])


def _sum(parts: Iterable[Traffic]) -> Traffic:
    total = Traffic()
    for part in parts:
        total += part
    return total


@contextmanager
def _turn(lab: Lab) -> Iterator[None]:
    """This process's turn to send; the lab is asked again after waiting for it. Going down meanwhile is trouble."""
    _require_up(lab)
    with exclusive(lab.state_path):
        _require_up(lab)
        try:
            yield
        except OSError as error:
            raise LabTrouble(f"lab {lab.name!r} went down while it was used: {error}") from error


def _require_up(lab: Lab) -> None:
    if not lab.is_up():
        raise LabTrouble(f"lab {lab.name!r} is not up")
