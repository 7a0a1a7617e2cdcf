"""iperf3 between two guests: TCP and UDP, one-off server, bounded amount, its JSON report kept.

What enters: a lab, two guests, a port, an amount. What leaves: ``Traffic``. iperf3 speaks TCP to its server's port
beside the stream it measures (the control connection), so TCP is counted for the port as a whole, by the guests' own
stacks (segments out, /proc/net/snmp): no other TCP may run in these two guests meanwhile. UDP is counted by iperf3,
plus the one datagram each way with which it opens a UDP stream. Rule: what it starts carries the lab's mark and ends
here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from weir.lab.facts import IP_HEADER_BYTES, Sent, Traffic, accepted_rows
from weir.lab.netns import LAB_MARK, LabTrouble, inside
from weir.lab.rules import PROTOCOL
from weir.lab.senders import Pair
from weir.lab.sockets import UDP_HEADER_BYTES, until
from weir.lab.topology import Guest, Lab

IPERF_SECONDS = 60.0
"""A client still running then is killed and raises; it sends a few MB."""
UDP_BITS_PER_SECOND = 40_000_000
"""Slow enough for two shared cores: iperf3 sends a burst each millisecond and nothing paces it."""
HELLO_BYTES = 4
"""iperf3 opens a UDP stream with one datagram each way (source: iperf_udp_connect and iperf_udp_accept)."""

_LISTEN, _TIME_WAIT = "0A", "06"  # states in /proc/net/tcp, include/net/tcp_states.h


def iperf_tcp(lab: Lab, pair: Pair, port: int, size: int) -> Traffic:
    """At least ``size`` bytes over TCP (iperf3 sends whole blocks); packets as the stacks count them."""
    source, target = lab.guests[pair.src], lab.guests[pair.dst]
    before = (segments_out(source), segments_out(target))
    report = _run(lab, pair, port, ["-n", str(size)])
    return Traffic(_tcp_of_port(lab, pair, port, before), (), (_kept(pair, port, report),))


def iperf_udp(lab: Lab, pair: Pair, port: int, count: int, size: int) -> Traffic:
    """``count`` datagrams of ``size`` payload bytes, as iperf3 reports them in ``end``; and its control connection."""
    source, target = lab.guests[pair.src], lab.guests[pair.dst]
    before = (segments_out(source), segments_out(target))
    options = ["-u", "-b", str(UDP_BITS_PER_SECOND), "-l", str(size), "-n", str(count * size)]
    report = _run(lab, pair, port, options)
    total = report["end"].get("sum_sent", report["end"]["sum"])
    if total["bytes"] != total["packets"] * size:
        raise LabTrouble(f"iperf3 {pair}: {total['packets']} packets of {size} bytes, but {total['bytes']} bytes")
    sport = report["start"]["connected"][0]["local_port"]
    header = UDP_HEADER_BYTES + IP_HEADER_BYTES[pair.version]
    stream = Sent(
        guest=pair.src,
        protocol=PROTOCOL["udp", pair.version],
        src=source.address(pair.version),
        sport=sport,
        dst=target.address(pair.version),
        dport=port,
        packets=total["packets"] + 1,
        bytes=total["bytes"] + total["packets"] * header + HELLO_BYTES + header,
        rows=accepted_rows(pair.src, pair.dst),
        counted_by="iperf3",
    )
    answer = Sent(
        guest=pair.dst,
        protocol=PROTOCOL["udp", pair.version],
        src=target.address(pair.version),
        sport=port,
        dst=source.address(pair.version),
        dport=sport,
        packets=1,
        bytes=HELLO_BYTES + header,
        rows=accepted_rows(pair.dst, pair.src),
        counted_by="iperf3",
    )
    control = _tcp_of_port(lab, pair, port, before)
    return Traffic((stream, answer, *control), (), (_kept(pair, port, report),))


def stack_counters(guest: Guest) -> dict[str, int]:
    """What the guest's own kernel sent: TCP segments, of these retransmitted, UDP datagrams over IPv4 and IPv6."""
    with inside(guest.netns):
        snmp = Path("/proc/thread-self/net/snmp").read_text()
        snmp6 = Path("/proc/thread-self/net/snmp6").read_text()
    tables = _snmp_tables(snmp)
    six = dict(line.split() for line in snmp6.splitlines())
    return {
        "tcp_out_segs": tables["Tcp"]["OutSegs"],
        "tcp_retrans_segs": tables["Tcp"]["RetransSegs"],
        "udp_out_datagrams": tables["Udp"]["OutDatagrams"],
        "udp6_out_datagrams": int(six["Udp6OutDatagrams"]),
    }


def segments_out(guest: Guest) -> int:
    """TCP segments the guest put on the wire since it came up; OutSegs leaves retransmissions out (RFC 4022)."""
    counted = stack_counters(guest)
    return counted["tcp_out_segs"] + counted["tcp_retrans_segs"]


def _snmp_tables(text: str) -> dict[str, dict[str, int]]:
    """Pairs of lines, names above values, each beginning with the protocol's name."""
    tables: dict[str, dict[str, int]] = {}
    lines = text.splitlines()
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        protocol = names.split(":")[0]
        tables[protocol] = dict(zip(names.split()[1:], map(int, values.split()[1:]), strict=True))
    return tables


def _tcp_of_port(lab: Lab, pair: Pair, port: int, before: Sequence[int]) -> tuple[Sent, Sent]:
    """All TCP between the two for this port, once its last connection has closed."""
    source, target = lab.guests[pair.src], lab.guests[pair.dst]
    until(lambda: not _tcp_states(source, port) - {_TIME_WAIT}, f"iperf3 {pair}: client's connections closed")
    until(lambda: not _tcp_states(target, port) - {_TIME_WAIT}, f"iperf3 {pair}: server's connections closed")
    there = Sent(
        guest=pair.src,
        protocol=PROTOCOL["tcp", pair.version],
        src=source.address(pair.version),
        sport=None,
        dst=target.address(pair.version),
        dport=port,
        packets=segments_out(source) - before[0],
        bytes=None,
        rows=accepted_rows(pair.src, pair.dst),
        counted_by="stack",
    )
    back = Sent(
        guest=pair.dst,
        protocol=PROTOCOL["tcp", pair.version],
        src=target.address(pair.version),
        sport=port,
        dst=source.address(pair.version),
        dport=None,
        packets=segments_out(target) - before[1],
        bytes=None,
        rows=accepted_rows(pair.dst, pair.src),
        counted_by="stack",
    )
    return there, back


def _tcp_states(guest: Guest, port: int) -> set[str]:
    """States of the guest's TCP sockets with this port at either end."""
    suffix = f":{port:04X}"
    states = set()
    with inside(guest.netns):
        for table in ("tcp", "tcp6"):
            for line in Path("/proc/thread-self/net", table).read_text().splitlines()[1:]:
                local, remote, state = line.split()[1:4]
                if local.endswith(suffix) or remote.endswith(suffix):
                    states.add(state)
    return states


@contextmanager
def server(lab: Lab, guest: Guest, port: int) -> Iterator[None]:
    """A server for one test; ready when the block begins, gone when it ends."""
    with inside(guest.netns):
        process = subprocess.Popen(
            [_program(), "-s", "-1", "-p", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, LAB_MARK: lab.name},
        )
    try:
        until(lambda: _LISTEN in _tcp_states(guest, port), f"iperf3 server listens on {port}")
        yield
        process.wait(IPERF_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _run(lab: Lab, pair: Pair, port: int, options: Sequence[str]) -> dict[str, Any]:
    """One client run against a server of its own; its report."""
    source, target = lab.guests[pair.src], lab.guests[pair.dst]
    argv = [_program(), f"-{pair.version}", "-J", "-c", target.address(pair.version), "-p", str(port), *options]
    with server(lab, target, port):
        with inside(source.netns):
            client = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, LAB_MARK: lab.name},
            )
        try:
            output, errors = client.communicate(timeout=IPERF_SECONDS)
        finally:
            if client.poll() is None:
                client.kill()
                client.wait()
        report: dict[str, Any] = json.loads(output) if output.startswith("{") else {"error": errors.strip()}
        if "error" in report:
            raise LabTrouble(f"iperf3 {pair}: {report['error']}")
    return report


def _kept(pair: Pair, port: int, report: Mapping[str, Any]) -> dict[str, Any]:
    """The report without its intervals: who, which connection, the final figures."""
    return {
        "src": pair.src,
        "dst": pair.dst,
        "version": pair.version,
        "port": port,
        "iperf3": report["start"]["version"],
        "connected": report["start"]["connected"],
        "end": report["end"],
    }


def _program() -> str:
    program = shutil.which("iperf3")
    if program is None:
        raise LabTrouble("iperf3 is not installed (package iperf3)")
    return program
