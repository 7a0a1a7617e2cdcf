"""Forbidden traffic: what the lab's rules drop or reset, counted by the socket or by TCP_INFO of the failed connect.

What enters: a rule's name, two guests, an amount. What leaves: ``Traffic`` whose facts name the rule and the ENI that
the drop is charged to. Rule: nobody answers, so nothing is awaited but TCP's own second attempt.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack

from weir.lab.facts import ACCEPT, IP_HEADER_BYTES, Row, Sent, TcpFlow, Traffic, rejected_rows
from weir.lab.rules import PROTOCOL, RULES, Rule
from weir.lab.sockets import (
    RST_HEADER_BYTES,
    SYN_EXTRA_BYTES,
    TCP_CLOSE,
    TCP_HEADER_BYTES,
    UDP_HEADER_BYTES,
    icmp_packet,
    open_raw,
    open_socket,
    tcp_end,
    tcp_state,
    until,
)
from weir.lab.topology import Guest, Lab

SYN_COUNT = 2
"""SYNs of a connection attempt that a rule drops: the first and one retransmission, a second later."""


def forbidden(lab: Lab, rule_name: str, ends: tuple[str, str], count: int, size: int) -> Traffic:
    """Send what a rule drops: ``count`` datagrams or ICMP packets of ``size`` data bytes, or ``count`` TCP connects.

    ``ends`` are sender and receiver; a rule at the input hook stands for the host, so there the receiver is ignored. A
    dropped connect sends ``SYN_COUNT`` SYNs and takes a second. Raises ``ValueError`` if the rule is not on their path.
    """
    rule = RULES[rule_name]
    source, target = lab.guests[ends[0]], lab.guests[ends[1]]
    if rule.hook != "input" and (rule.table_family == "bridge") != (source.vswitch == target.vswitch):
        raise ValueError(f"rule {rule.name} is not on the path from {ends[0]} to {ends[1]}")
    address = source.gateway(rule.version) if rule.hook == "input" else target.address(rule.version)
    if rule.protocol == "tcp":
        return _forbidden_connects(rule, (source, target), address, count)
    if rule.protocol == "udp":
        with open_socket(source, rule.version, socket.SOCK_DGRAM) as sender:
            sender.bind((source.address(rule.version), 0))
            for _ in range(count):
                sender.sendto(bytes(size), (address, rule.port))
            sport = sender.getsockname()[1]
    else:
        sport = 0
        with open_raw(source, rule.version) as sender:
            for sequence in range(count):
                packet = icmp_packet(rule.version, rule.port >> 8, (1, sequence), size)
                sender.sendto(packet, (address, 0))
    sent = Sent(
        guest=source.name,
        protocol=PROTOCOL[rule.protocol, rule.version],
        src=source.address(rule.version),
        sport=sport,
        dst=address,
        dport=rule.port,
        packets=count,
        bytes=count * (size + UDP_HEADER_BYTES + IP_HEADER_BYTES[rule.version]),  # ICMP's header is 8 bytes, too
        rows=rejected_rows(source.name, target.name, rule.charged),
        counted_by="sender",
        rule=rule.name,
    )
    return Traffic((sent,))


def _forbidden_connects(rule: Rule, ends: tuple[Guest, Guest], address: str, count: int) -> Traffic:
    """Connects that fail: their TCP_INFO is read while the socket is still as the kernel left it."""
    source, target = ends
    syn_bytes = IP_HEADER_BYTES[rule.version] + TCP_HEADER_BYTES + SYN_EXTRA_BYTES
    flows = []
    with ExitStack() as stack:
        clients = [stack.enter_context(open_socket(source, rule.version, socket.SOCK_STREAM)) for _ in range(count)]
        for client in clients:
            client.setblocking(False)
            client.bind((source.address(rule.version), 0))
            client.connect_ex((address, rule.port))
        for client in clients:
            _await_refusal(client, rule)
            flows.append(
                TcpFlow(
                    client=source.name,
                    server="host" if rule.hook == "input" else target.name,
                    src=source.address(rule.version),
                    sport=client.getsockname()[1],
                    dst=address,
                    dport=rule.port,
                    client_end=tcp_end(client),
                    server_end=None,
                    rule=rule.name,
                )
            )
    senders = []
    for flow in flows:
        senders.append(
            Sent(
                guest=source.name,
                protocol=PROTOCOL["tcp", rule.version],
                src=flow.src,
                sport=flow.sport,
                dst=flow.dst,
                dport=flow.dport,
                packets=flow.client_end.segs_out,
                bytes=flow.client_end.segs_out * syn_bytes,
                rows=rejected_rows(source.name, target.name, rule.charged),
                counted_by="TCP_INFO",
                rule=rule.name,
            )
        )
        if rule.verdict == "reset":
            senders.append(_reset_of(flow, rule))
    return Traffic(tuple(senders), tuple(flows))


def _await_refusal(client: socket.socket, rule: Rule) -> None:
    """Until the reset has arrived, or until the unanswered SYN has been sent once more."""
    if rule.verdict == "reset":
        until(lambda: tcp_state(client) == TCP_CLOSE, f"{rule.name}: refused")
    else:
        until(lambda: tcp_end(client).segs_out >= SYN_COUNT, f"{rule.name}: second SYN")


def _reset_of(flow: TcpFlow, rule: Rule) -> Sent:
    """The answer a reject rule makes in the receiver's name: it never left the receiver's ENI."""
    return Sent(
        guest="host",
        protocol=PROTOCOL["tcp", rule.version],
        src=flow.dst,
        sport=flow.dport,
        dst=flow.src,
        dport=flow.sport,
        packets=flow.client_end.segs_out,
        bytes=flow.client_end.segs_out * (IP_HEADER_BYTES[rule.version] + RST_HEADER_BYTES),
        rows=(Row(flow.client, "in", ACCEPT),),
        counted_by="TCP_INFO",
    )
