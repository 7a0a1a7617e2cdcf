"""What capturing costs: ns per packet, and the share of a core that draining takes.

    make -C bpf all bench && sudo .venv/bin/python bench/capture.py

What enters: nothing (root, compiled programs). What leaves: a table and two lines on standard output. A packet's cost
is measured by the kernel's own test bench (BPF_PROG_TEST_RUN), net of an empty program in the same run; the named floor
is a program that only reads the headers. Caches are warm there, as they are not between packets of a real host.
"""

from __future__ import annotations

import argparse
import os
import resource
import socket
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pyarrow as pa

from weir.capture.kernel import Kernel
from weir.capture.probe import probe
from weir.capture.roster import Eni, FlowLog, Roster
from weir.capture.share import Keep, Labels
from weir.capture.spool import Spool, Target
from weir.capture.window import Drained, Windows, next_boundary_s
from weir.model.resources import Side, TrafficType

BENCH_OBJECT = Path(__file__).parent.parent / "bpf" / "build" / "bench.bpf.o"
RUNS = 2_000_000
ROUNDS = 5
"""The smallest of so many rounds counts: everything else on the machine only adds."""
DRAINED_FLOWS = 1 << 20
WINDOW_SECONDS = 60

LO = 1
UDP, TCP = 17, 6
ETHERNET4 = b"\2" * 12 + b"\x08\x00"
ETHERNET6 = b"\2" * 12 + b"\x86\xdd"


def ip4(proto: int, payload: bytes) -> bytes:
    fixed = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, proto, 0)
    return ETHERNET4 + fixed + socket.inet_aton("10.0.0.1") + socket.inet_aton("10.0.0.2") + payload


def ip6(proto: int, payload: bytes) -> bytes:
    fixed = struct.pack(">IHBB", 6 << 28, len(payload), proto, 64)
    ends = socket.inet_pton(socket.AF_INET6, "fd00::1") + socket.inet_pton(socket.AF_INET6, "fd00::2")
    return ETHERNET6 + fixed + ends + payload


UDP_PAYLOAD = struct.pack(">HHHH", 1, 2, 40, 0) + bytes(32)
TCP_PAYLOAD = struct.pack(">HHIIBBHHH", 1, 2, 3, 4, 0x50, 0x18, 9, 0, 0) + bytes(20)
FRAMES = {
    "UDP/IPv4": ip4(UDP, UDP_PAYLOAD),
    "TCP/IPv4": ip4(TCP, TCP_PAYLOAD),
    "TCP/IPv6": ip6(TCP, TCP_PAYLOAD),
}
CASES = (
    # what, program, frame
    ("parse only (floor)", "parse_only", "UDP/IPv4"),
    ("parse only (floor)", "parse_only", "TCP/IPv6"),
    ("count, 1 flow", "behind_ingress", "UDP/IPv4"),
    ("count, 1 flow", "behind_ingress", "TCP/IPv4"),
    ("count, 1 flow", "behind_ingress", "TCP/IPv6"),
    ("count, 4,096 flows", "flows_4k", "UDP/IPv4"),
    ("count, 65,536 flows", "flows_64k", "UDP/IPv4"),
    ("count, 524,288 flows", "flows_512k", "UDP/IPv4"),
    ("count, 1,048,576 flows", "flows_1m", "UDP/IPv4"),
)


def packet_costs(kernel: Kernel) -> Iterator[str]:
    """One line per case; the empty program is measured anew beside each, so a change of clock speed falls out."""
    yield f"{'ns per packet':26} {'frame':9} {'whole':>6} {'net':>6} {'of empty':>9} {'of floor':>9}"
    floor = 0.0
    for what, program, frame in CASES:
        kernel.try_frame(program, FRAMES[frame], RUNS)  # fills the table
        rounds = [
            (kernel.try_frame(program, FRAMES[frame], RUNS), kernel.try_frame("empty", FRAMES[frame], RUNS))
            for _ in range(ROUNDS)
        ]
        whole, empty = min(one for one, _ in rounds), min(one for _, one in rounds)
        net = whole - empty
        if program == "parse_only" and not floor:
            floor = max(net, 1)
        yield f"{what:26} {frame:9} {whole:6} {net:6} {whole / empty:8.1f}x {net / floor:8.1f}x"
    yield f"(empty program: {empty} ns)"


def drain_costs(kernel: Kernel) -> Iterator[str]:
    """CPU time to take a full table out, as rows with wall-clock times."""
    seconds = []
    for _ in range(ROUNDS):
        fill(kernel)
        begun = time.process_time()
        drained = kernel.drain()
        seconds.append(time.process_time() - begun)
        assert int(drained.flows["packets"].sum()) == DRAINED_FLOWS
    best, middle = min(seconds), statistics.median(seconds)
    rows = DRAINED_FLOWS / best / 1e6
    yield f"drain of {DRAINED_FLOWS:,} flows: {best:.3f} s of CPU (median {middle:.3f} s), {rows:.1f} M rows/s"
    yield f"share of a core, once per {WINDOW_SECONDS} s: {100 * best / WINDOW_SECONDS:.2f} %"


def fill(kernel: Kernel) -> None:
    """Empty tables, then one packet of each of ``DRAINED_FLOWS`` flows."""
    kernel.drain()
    kernel.drain()
    kernel.try_frame("flows_1m", FRAMES["UDP/IPv4"], DRAINED_FLOWS)


def spool_costs(kernel: Kernel) -> Iterator[str]:
    """CPU time from a full table to one window's records on disk (fsync), and the resident memory at its highest.

    The way is the agent's own: drain, window, labels, spool; one ENI, one flow log of one minute.
    """
    seconds = []
    for _ in range(ROUNDS):
        fill(kernel)
        with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory:
            seconds.append(to_spool(kernel, Path(directory)))
    best, middle = min(seconds), statistics.median(seconds)
    yield f"from kernel to durable spool, {DRAINED_FLOWS:,} flows: {best:.3f} s of CPU (median {middle:.3f} s)"
    yield f"resident memory at its highest: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB"


def to_spool(kernel: Kernel, directory: Path) -> float:
    """Seconds of CPU for one window of one ENI."""
    boundary_s = next_boundary_s(time.time_ns())
    flow_log = FlowLog("fl-bench", 1, Keep(TrafficType.ALL, dual_stack=True), "bench", "flowlog")
    labels = Labels("100", "eni-bench", "i-bench", "vsw-bench", "vpc-bench")
    roster, spool = Roster(), Spool(directory)
    windows = Windows(boundary_s * 1_000_000_000 - 1)
    windows.want([1])
    roster.attached("eni-bench", LO)
    roster.subscribe((Eni(labels, "", "lo", Side.SELF, (), (flow_log,)),), 0)
    begun = time.process_time()
    drained = kernel.drain()
    rows, stray = roster.book(drained.flows)
    windows.add(Drained(rows, {}, boundary_s * 1_000_000_000))
    windows.end(boundary_s)
    del drained, rows
    closed = windows.add(Drained(roster.book(kernel.drain().flows)[0], {}, boundary_s * 1_000_000_000 + 1))
    kept = 0
    for window in closed:
        for number, delivery in enumerate(roster.deliveries(window)):
            spool.keep(delivery.table, Target(delivery.project, delivery.logstore, str(number)))
            kept += delivery.table.num_rows
    seconds = time.process_time() - begun
    assert (kept, stray) == (DRAINED_FLOWS, 0)
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--slots", type=int, default=1 << 20, help="flows in each processor's own table")
    options = parser.parse_args()
    missing = probe()
    if not BENCH_OBJECT.exists():
        missing.append(f"{BENCH_OBJECT} is not there: run 'make -C bpf bench'.")
    if missing:
        print("\n".join(missing), file=sys.stderr)
        return 1
    pa.set_memory_pool(pa.system_memory_pool())  # as the agent does
    print(f"Linux {os.uname().release}, {os.cpu_count()} CPUs, {options.slots:,} slots each, {DRAINED_FLOWS:,} shared")
    with Kernel(DRAINED_FLOWS, path=BENCH_OBJECT, slots=options.slots) as kernel:
        for line in chain(packet_costs(kernel), drain_costs(kernel), spool_costs(kernel)):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
