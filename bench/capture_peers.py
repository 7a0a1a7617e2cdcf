"""What an agent takes away from the traffic it watches: Weir beside other flow exporters, in one run, on one interface.

    make -C bpf && scripts/peers && sudo .venv/bin/python bench/capture_peers.py --rounds 5

What enters: root, and the peers that are installed. What leaves: a table on standard output: throughput kept against no
agent (TCP; UDP as one flow and as 20,000; a path that ends in a drop), the agent's share of a core, packets it missed.
Every agent watches the host's end of a guest's veth; rounds are interleaved, so that a change of the machine's speed
meets all alike; each figure is the median. Peers count buffers, not packets on the wire, and know no verdicts.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from weir.capture.kernel import Kernel
from weir.capture.netns import inside
from weir.capture.probe import probe
from weir.capture.window import Drained, Windows
from weir.model.resources import Side

BENCH = Path(__file__).parent
PEERS_PYTHON = BENCH.parent / ".venv-peers" / "bin" / "python"
GUEST_B = "10.77.0.2"
DEVICE = "va"
FLOWS = 20_000
DROPPED_PORT = 9
COLLECTOR_PORT = 9995
DRAIN_SECONDS = 5.0
"""The agent's default."""
START_SECONDS = 15
STOP_SECONDS = 20
PEERS_START_SECONDS = 3.0
"""The peers do not say when they are ready."""
TICKS = os.sysconf("SC_CLK_TCK")
LOADS = ("tcp", "udp, 1 flow", f"udp, {FLOWS:,} flows", "dropped")
RULES = f"""table bridge t {{
chain c {{
type filter hook forward priority 0
udp dport {DROPPED_PORT} drop
}}
}}
"""


def shell(*command: str, stdin: str | None = None) -> str:
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=True).stdout


@dataclass(frozen=True)
class World:
    """A host with guests a and b on a bridge; everything in namespaces of its own."""

    host: str
    a: str
    b: str
    directory: Path

    def start(self, *command: str, netns: str = "", output: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["ip", "netns", "exec", netns or self.host, *command],
            stdout=output,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=self.directory,
            start_new_session=True,
        )

    def frames(self) -> int:
        """What the watched device has counted, both ways."""
        stats = json.loads(shell("ip", "-n", self.host, "-s", "-j", "link", "show", "dev", DEVICE))[0]["stats64"]
        return int(stats["rx"]["packets"]) + int(stats["tx"]["packets"])


@contextmanager
def world() -> Iterator[World]:
    names = [f"weirbench{os.getpid()}-{letter}" for letter in "hab"]
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory:
        try:
            for name in names:
                shell("ip", "netns", "add", name)
                shell("ip", "-n", name, "link", "set", "lo", "up")
            host, a, b = names
            shell("ip", "-n", host, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
            shell("ip", "-n", host, "link", "set", "br0", "up")
            for guest, device, address in ((a, DEVICE, "10.77.0.1"), (b, "vb", GUEST_B)):
                shell("ip", "-n", host, "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", guest)
                shell("ip", "-n", host, "link", "set", device, "master", "br0", "up")
                shell("ip", "-n", guest, "addr", "add", f"{address}/24", "dev", "eth0")
                shell("ip", "-n", guest, "link", "set", "eth0", "up")
            shell("ip", "netns", "exec", host, "nft", "-f", "-", stdin=RULES)
            # Nobody listens, and nobody is told so: answers to every datagram are another load.
            shell("ip", "netns", "exec", b, "nft", "-f", "-", stdin=SILENCE)
            place = World(host, a, b, Path(directory))
            server = place.start("iperf3", "-s", netns=b)
            try:
                yield place
            finally:
                server.kill()
                server.wait()
        finally:
            for name in names:
                with suppress(subprocess.CalledProcessError):
                    shell("ip", "netns", "del", name)


SILENCE = """table inet t {
chain c {
type filter hook input priority 0
udp dport 10000-39999 drop
}
}
"""


class Collector:
    """Sums the packets of NetFlow 5 records sent to a port of the host (layout: Cisco, NetFlow export format)."""

    def __init__(self, netns: str) -> None:
        self.packets = 0
        self._socket = inside(netns, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self._socket.setsockopt(socket.SOL_SOCKET, 33, 1 << 26)  # SO_RCVBUFFORCE
        self._socket.bind(("127.0.0.1", COLLECTOR_PORT))
        self._socket.settimeout(0.2)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                if self._over.is_set():
                    return
                continue
            for at in range(24, len(data) - 47, 48):
                self.packets += struct.unpack_from("!I", data, at + 16)[0]

    def close(self) -> None:
        """Returns when nothing has come for a moment."""
        self._over.set()
        self._thread.join()
        self._socket.close()


def from_collector(place: World, said: str, collector: Collector) -> int:
    return collector.packets


def from_output(place: World, said: str, collector: Collector) -> int:
    return int(json.loads(said.strip().splitlines()[-1])["frames"])


def from_argus(place: World, said: str, collector: Collector) -> int:
    out = place.directory / "argus.out"
    counted = shell("racount", "-r", str(out))
    out.unlink()
    return int(next(line for line in counted.splitlines() if "sum" in line).split()[2])


def from_nfdump(place: World, said: str, collector: Collector) -> int:
    out = place.directory / "nf"
    said = shell("nfdump", "-R", str(out), "-I")
    for file in out.iterdir():
        file.unlink()
    return int(re.findall(r"^Packets: (\d+)", said, re.M)[0])


def from_softflowd(place: World, said: str, collector: Collector) -> int:
    """Of its statistics; asked while the daemon still runs."""
    counted = shell("softflowctl", "-c", str(place.directory / "sf.ctl"), "statistics")
    return int(re.findall(r"Packets processed: (\d+)", counted)[0])


def from_pmacct(place: World, said: str, collector: Collector) -> int:
    """Of the plugin's memory table; asked while the daemon still runs."""
    table = shell("pmacct", "-s", "-O", "json", "-p", str(place.directory / "pm.pipe"))
    return sum(int(json.loads(line)["packets"]) for line in table.splitlines() if line.startswith("{"))


@dataclass(frozen=True)
class Agent:
    """A watcher: how it is started, and how it says what it saw.

    ``early``: it is asked before it is stopped. ``says_ready``: by a line; the others get a moment.
    """

    command: tuple[str, ...]
    counted: Callable[[World, str, Collector], int] | None = None
    early: bool = False
    says_ready: bool = False


NETFLOW = f"127.0.0.1:{COLLECTOR_PORT}"
AGENTS: dict[str, Agent | None] = {
    "none": None,
    "weir": Agent((sys.executable, __file__, "--as-agent"), from_output, says_ready=True),
    "softflowd": Agent(
        ("softflowd", "-d", "-i", DEVICE, "-v", "5", "-n", NETFLOW, "-c", "sf.ctl", "-p", "sf.pid"),
        from_softflowd,
        early=True,
    ),
    "pmacctd": Agent(
        ("pmacctd", "-i", DEVICE, "-P", "memory", "-p", "pm.pipe", "-c", "src_host,dst_host,src_port,dst_port,proto"),
        from_pmacct,
        early=True,
    ),
    "argus": Agent(("argus", "-i", DEVICE, "-w", "argus.out", "-P", "0"), from_argus),
    "nfpcapd": Agent(("nfpcapd", "-i", DEVICE, "-w", "nf", "-t", "60"), from_nfdump),
    "fprobe": Agent(("fprobe", "-i", DEVICE, "-l", "2", "-e", "1", "-d", "5", "-s", "1", NETFLOW), from_collector),
    "nfstream": Agent((str(PEERS_PYTHON), str(BENCH / "nfstream_run.py"), DEVICE)),
}


@dataclass
class Figures:
    """Of one agent; one entry per round. ``missed`` is the share of the device's frames that it did not count."""

    rates: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    missed: list[float] = field(default_factory=list)


def measure(place: World, agent: Agent | None, figures: Figures, seconds: float) -> None:
    """One round of one agent."""
    collector = Collector(place.host)
    (place.directory / "nf").mkdir(exist_ok=True)
    running = place.start(*agent.command, output=subprocess.PIPE) if agent else None
    if running and running.stdout and agent and agent.says_ready:
        running.stdout.readline()
    elif running:
        time.sleep(PEERS_START_SECONDS)
    before = place.frames()
    for load in LOADS:
        cpu, begun = cpu_seconds(running), time.monotonic()
        figures.rates[load].append(rate_of(place, load, seconds))
        figures.cpu[load].append(100 * (cpu_seconds(running) - cpu) / (time.monotonic() - begun))
    if not running or not agent:
        collector.close()
        return
    seen = place.frames() - before
    said, counted = "", None
    if agent.early and agent.counted:
        time.sleep(1)
        counted = agent.counted(place, said, collector)
    running.send_signal(signal.SIGTERM)
    try:
        said, _ = running.communicate(timeout=STOP_SECONDS if agent.counted else 1)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)  # what it has left behind
    collector.close()
    if agent.counted and not agent.early:
        counted = agent.counted(place, said, collector)
    if counted is not None and seen:
        figures.missed.append(100 * (seen - counted) / seen)


def rate_of(place: World, load: str, seconds: float) -> float:
    """bits or datagrams per second, as the sender (TCP: the receiver) counts."""
    if load == "tcp":
        client = ("ip", "netns", "exec", place.a, "iperf3", "-c", GUEST_B, "-t", str(max(1, round(seconds))), "-J")
        deadline = time.monotonic() + START_SECONDS
        while True:
            done = subprocess.run(client, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                break
            if time.monotonic() > deadline:
                raise RuntimeError(f"iperf3: {done.stdout}")
            time.sleep(0.1)
        return float(json.loads(done.stdout)["end"]["sum_received"]["bits_per_second"])
    ports = FLOWS if load == LOADS[2] else 1
    first = DROPPED_PORT if load == "dropped" else 10_000
    blast = (sys.executable, str(BENCH / "blast.py"), GUEST_B, str(ports), str(seconds), str(first))
    sent, took = shell("ip", "netns", "exec", place.a, *blast).split()
    return float(sent) / float(took)


def cpu_seconds(running: subprocess.Popen[str] | None) -> float:
    """Of a process and its descendants, as far as they live."""
    if not running:
        return 0.0
    parents: dict[int, list[int]] = defaultdict(list)
    used: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            text = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            pid = int(stat.parent.name)
            parents[int(text[1])].append(pid)
            used[pid] = (int(text[11]) + int(text[12])) / TICKS
    pending, total = [running.pid], 0.0
    while pending:
        pid = pending.pop()
        total += used.get(pid, 0.0)
        pending += parents[pid]
    return total


def table(found: dict[str, Figures]) -> Iterator[str]:
    yield (
        f"{'kept of no agent':12}"
        + "".join(f"{load:>18}" for load in LOADS)
        + f"{'CPU % tcp':>11}{'udp':>6}{'missed %':>10}"
    )
    floor = {load: statistics.median(found["none"].rates[load]) for load in LOADS}
    for name, figures in found.items():
        kept = "".join(f"{statistics.median(figures.rates[load]) / floor[load]:18.3f}" for load in LOADS)
        cpu = f"{statistics.median(figures.cpu['tcp']):11.1f}{statistics.median(figures.cpu[LOADS[1]]):6.1f}"
        missed = f"{statistics.median(figures.missed):10.3f}" if figures.missed else f"{'-':>10}"
        yield f"{name:12}" + kept + cpu + missed
    rates = ", ".join(f"{load} {floor[load] / (1e9 if load == 'tcp' else 1e3):,.1f}" for load in LOADS)
    yield f"(no agent: {rates}; Gbit/s and thousand datagrams/s)"


def as_agent() -> int:
    """Weir on the device, in the namespace it is called in; says at its end what it saw."""
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    frames, windows = 0, Windows(time.time_ns())
    windows.want(())
    with Kernel() as kernel:
        ifindex = socket.if_nametoindex(DEVICE)
        kernel.attach(ifindex, Side.BEHIND, ("10.77.0.1",))
        kernel.drain()
        print("ready", flush=True)
        while True:
            stopping = over.wait(DRAIN_SECONDS)
            drained = kernel.drain()
            windows.add(Drained(drained.flows, drained.uncounted, drained.until_ns))
            if ifindex in drained.books:
                frames += drained.books[ifindex].rx.frames + drained.books[ifindex].tx.frames
            if stopping:
                break
    print(json.dumps({"frames": frames}))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each load")
    parser.add_argument("--agents", default=",".join(AGENTS), help="names, with commas; none is always there")
    parser.add_argument("--as-agent", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.as_agent:
        return as_agent()
    if missing := probe():
        print("\n".join(missing), file=sys.stderr)
        return 1
    chosen = ["none", *(name for name in options.agents.split(",") if name != "none")]
    found = {name: Figures() for name in chosen if not (agent := AGENTS[name]) or shutil.which(agent.command[0])}
    for name in chosen:
        if name not in found:
            print(f"{name} is not installed: run scripts/peers", file=sys.stderr)
    with world() as place:
        rate_of(place, LOADS[1], 0.2)
        for number in range(options.rounds):
            names = list(found)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                measure(place, AGENTS[name], found[name], options.seconds)
    for line in table(found):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
