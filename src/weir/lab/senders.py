"""Allowed traffic of the lab's own senders: UDP, TCP and ICMP, each counted where it was sent.

What enters: a lab that is up, two guests, an IP version, an amount. What leaves: ``Traffic`` with exact counts. Rule:
a sender is paced by its receiver - a few datagrams are under way at a time - so no queue overflows and what was sent is
what passed.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from weir.lab.facts import IP_HEADER_BYTES, Sent, TcpFlow, Traffic, accepted_rows
from weir.lab.netns import LabTrouble
from weir.lab.rules import ICMP_ECHO, ICMP_ECHO_REPLY, PROTOCOL
from weir.lab.sockets import (
    ICMP_HEADER_BYTES,
    PEER_SECONDS,
    RECEIVE_BYTES,
    SYN_EXTRA_BYTES,
    TCP_CLOSE,
    TCP_HEADER_BYTES,
    UDP_HEADER_BYTES,
    icmp_head,
    icmp_packet,
    open_raw,
    open_socket,
    receive,
    tcp_end,
    tcp_state,
    until,
)
from weir.lab.topology import Lab

UNDER_WAY_MAX = 16
"""Datagrams sent before the receiver has taken them; more could overflow its socket buffer."""

_CHUNK = b"w" * (256 << 10)


@dataclass(frozen=True, slots=True)
class Pair:
    """Who sends to whom ("a", "b", "c"), over which IP version (4 or 6)."""

    src: str
    dst: str
    version: int = 4


def udp(lab: Lab, pair: Pair, port: int, count: int, size: int) -> Traffic:
    """``count`` datagrams of ``size`` payload bytes; all arrive."""
    source, target = lab.guests[pair.src], lab.guests[pair.dst]
    with ExitStack() as stack:
        receiver = stack.enter_context(open_socket(target, pair.version, socket.SOCK_DGRAM))
        sender = stack.enter_context(open_socket(source, pair.version, socket.SOCK_DGRAM))
        receiver.bind((target.address(pair.version), port))
        sender.bind((source.address(pair.version), 0))
        sender.connect((target.address(pair.version), port))
        sport = sender.getsockname()[1]
        for first in range(0, count, UNDER_WAY_MAX):
            burst = min(UNDER_WAY_MAX, count - first)
            for _ in range(burst):
                sender.send(bytes(size))
            for _ in range(burst):
                receive(receiver, f"udp {pair}")
    sent = Sent(
        guest=pair.src,
        protocol=PROTOCOL["udp", pair.version],
        src=source.address(pair.version),
        sport=sport,
        dst=target.address(pair.version),
        dport=port,
        packets=count,
        bytes=count * (size + UDP_HEADER_BYTES + IP_HEADER_BYTES[pair.version]),
        rows=accepted_rows(pair.src, pair.dst),
        counted_by="sender",
    )
    return Traffic((sent,))


def tcp(lab: Lab, pair: Pair, port: int, size: int) -> Traffic:
    """One connection that carries ``size`` bytes and is closed in order by both ends; counted by TCP_INFO of both."""
    source, target = lab.guests[pair.src], lab.guests[pair.dst]
    with ExitStack() as stack:
        listener = stack.enter_context(open_socket(target, pair.version, socket.SOCK_STREAM))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((target.address(pair.version), port))
        listener.listen(1)
        client = stack.enter_context(open_socket(source, pair.version, socket.SOCK_STREAM))
        client.connect((target.address(pair.version), port))
        server = stack.enter_context(listener.accept()[0])
        sport = client.getsockname()[1]
        one_handshake = tcp_end(client).retransmitted_segs == tcp_end(server).retransmitted_segs == 0
        received = _pump(client, server, size)
        client.shutdown(socket.SHUT_WR)
        _expect_end(server, pair)
        server.shutdown(socket.SHUT_WR)
        _expect_end(client, pair)
        until(lambda: tcp_state(client) == tcp_state(server) == TCP_CLOSE, f"tcp {pair}: both ends closed")
        ends = (tcp_end(client), tcp_end(server))
    if received != size:
        raise LabTrouble(f"tcp {pair}: sent {size} bytes, received {received}")
    flow = TcpFlow(
        client=pair.src,
        server=pair.dst,
        src=source.address(pair.version),
        sport=sport,
        dst=target.address(pair.version),
        dport=port,
        client_end=ends[0],
        server_end=ends[1],
    )
    return Traffic(_tcp_directions(flow, pair, one_handshake), (flow,))


def icmp(lab: Lab, pair: Pair, count: int, size: int) -> Traffic:
    """``count`` echo requests with ``size`` data bytes, each answered by the guest's kernel before the next."""
    source, target = lab.guests[pair.src], lab.guests[pair.dst]
    reply_type = ICMP_ECHO_REPLY[pair.version]
    with open_raw(source, pair.version) as sender:
        ident = sender.fileno() & 0xFFFF
        for sequence in range(count):
            packet = icmp_packet(pair.version, ICMP_ECHO[pair.version], (ident, sequence), size)
            sender.sendto(packet, (target.address(pair.version), 0))
            wanted = (reply_type, ident, sequence)
            deadline = time.monotonic() + PEER_SECONDS
            while icmp_head(pair.version, receive(sender, f"icmp {pair}")) != wanted:
                if time.monotonic() > deadline:
                    raise LabTrouble(f"icmp {pair}: no reply to request {sequence}")
    nbytes = count * (size + ICMP_HEADER_BYTES + IP_HEADER_BYTES[pair.version])
    directions = (
        (pair.src, pair.dst, ICMP_ECHO[pair.version]),
        (pair.dst, pair.src, reply_type),
    )
    return Traffic(
        tuple(
            Sent(
                guest=src,
                protocol=PROTOCOL["icmp", pair.version],
                src=lab.guests[src].address(pair.version),
                sport=0,
                dst=lab.guests[dst].address(pair.version),
                dport=kind << 8,
                packets=count,
                bytes=nbytes,
                rows=accepted_rows(src, dst),
                counted_by="sender",
            )
            for src, dst, kind in directions
        )
    )


def _tcp_directions(flow: TcpFlow, pair: Pair, one_handshake: bool) -> tuple[Sent, Sent]:
    """Both directions as the opening end counted them: its socket also saw the SYN and the SYN's answer.

    The bytes follow from the payload and the headers. They are unknown after out-of-order arrival, which adds SACK
    options, and after a repeated SYN or answer, whose header is longer than the others.
    """
    assert flow.server_end is not None
    header = TCP_HEADER_BYTES + IP_HEADER_BYTES[pair.version]
    plain = one_handshake and not (flow.client_end.out_of_order_segs or flow.server_end.out_of_order_segs)

    def nbytes(packets: int, payload: int) -> int | None:
        return payload + packets * header + SYN_EXTRA_BYTES if plain else None

    there = Sent(
        guest=pair.src,
        protocol=PROTOCOL["tcp", pair.version],
        src=flow.src,
        sport=flow.sport,
        dst=flow.dst,
        dport=flow.dport,
        packets=flow.client_end.segs_out,
        bytes=nbytes(flow.client_end.segs_out, flow.client_end.bytes_sent),
        rows=accepted_rows(pair.src, pair.dst),
        counted_by="TCP_INFO",
    )
    back = Sent(
        guest=pair.dst,
        protocol=PROTOCOL["tcp", pair.version],
        src=flow.dst,
        sport=flow.dport,
        dst=flow.src,
        dport=flow.sport,
        packets=flow.client_end.segs_in,
        bytes=nbytes(flow.client_end.segs_in, flow.server_end.bytes_sent),
        rows=accepted_rows(pair.dst, pair.src),
        counted_by="TCP_INFO",
    )
    return there, back


def _pump(client: socket.socket, server: socket.socket, size: int) -> int:
    """Write ``size`` bytes at one end and read them at the other, in one thread; the bytes read."""
    client.setblocking(False)
    written = received = 0
    while received < size:
        writers: Sequence[socket.socket] = [client] if written < size else []
        readable, writable, _ = select.select([server], writers, [], PEER_SECONDS)
        if not readable and not writable:
            raise LabTrouble(f"tcp: stopped after {received} of {size} bytes")
        if writable:
            written += client.send(_CHUNK[: size - written])
        if readable:
            received += len(server.recv(RECEIVE_BYTES))
    client.settimeout(PEER_SECONDS)
    return received


def _expect_end(reader: socket.socket, pair: Pair) -> None:
    if receive(reader, f"tcp {pair}: end of stream"):
        raise LabTrouble(f"tcp {pair}: bytes nobody sent")
