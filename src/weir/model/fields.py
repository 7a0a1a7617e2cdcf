"""Every column of a flow record, once.

What enters: nothing. What leaves: ``FIELDS``, the one table from which the store's columns, the SLS index, the agent's
Arrow schema, the manual's table and the query's types are derived, and ``EXTENDED``, the fields that a record has only
when its flow log's LogFormat names them (the store keeps them as it keeps any other key). Names of ``FIELDS`` are
Alibaba's own (source: the "VPC flow log fields" page of SLS); all values are strings on the SLS wire, whatever their
kind here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a column is stored and indexed: ``TEXT`` as UTF-8, ``LONG`` as signed 64-bit integer."""

    TEXT = "text"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Field:
    """One column. ``name`` is the key on the wire, ``doc`` one English sentence with its unit."""

    name: str
    kind: Kind
    doc: str


FIELDS: tuple[Field, ...] = (
    Field("version", Kind.TEXT, "Version of the record's format: 1."),
    Field("account-id", Kind.TEXT, "Account that owns the ENI."),
    Field("eni-id", Kind.TEXT, "The elastic network interface."),
    Field("vm-id", Kind.TEXT, "Instance the ENI is attached to; '-' when it is attached to none."),
    Field("vswitch-id", Kind.TEXT, "VSwitch of the ENI."),
    Field("vpc-id", Kind.TEXT, "VPC of the ENI."),
    Field("type", Kind.TEXT, "Family of the addresses: IPv4 or IPv6."),
    Field("protocol", Kind.LONG, "IANA protocol number: 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6."),
    Field("srcaddr", Kind.TEXT, "Source address."),
    Field("srcport", Kind.LONG, "Source port; 0 where the protocol has none."),
    Field("dstaddr", Kind.TEXT, "Destination address."),
    Field("dstport", Kind.LONG, "Destination port; for ICMP type * 256 + code."),
    Field("direction", Kind.TEXT, "in: into the ENI, out: out of the ENI."),
    Field("action", Kind.TEXT, "ACCEPT or REJECT: the verdict of the ENI's access control."),
    Field("packets", Kind.LONG, "Packets on the wire in the window."),
    Field("bytes", Kind.LONG, "IP bytes on the wire in the window (L3 header included)."),
    Field("start", Kind.LONG, "Unix time in seconds of the first packet of the window."),
    Field("end", Kind.LONG, "Unix time in seconds: end of the window, or last packet of a closed connection."),
    Field("tcp-flags", Kind.LONG, "Bitwise OR of the TCP flags of all packets; 0 for other protocols."),
    Field("traffic_path", Kind.LONG, "Code of the path the traffic took (0: none of those listed)."),
    Field("log-status", Kind.TEXT, "OK, NODATA (no traffic in the window) or SKIPDATA (several flows in one row)."),
)

EXTENDED: tuple[Field, ...] = (
    Field("reject-reason", Kind.TEXT, "Of a REJECT: the kernel's drop reason, in its own name."),
    Field(
        "hook", Kind.TEXT, "Of a REJECT: the hook that dropped (forward, input, netdev ...); unknown where not known."
    ),
    Field("rule", Kind.TEXT, "Of a REJECT: table, chain, handle and comment of the rule; unknown where not known."),
    Field("ruleset", Kind.TEXT, "Of a REJECT: revision of the rule set that was in force."),
    Field("folded-flows", Kind.LONG, "Of the first SKIPDATA row of a window: flows that share its SKIPDATA rows."),
    Field("pkt-srcaddr", Kind.TEXT, "Address of the end that sent: the source before any NAT on this host."),
    Field("pkt-dstaddr", Kind.TEXT, "Address of the end that received: the destination after any NAT on this host."),
    Field("initiator", Kind.TEXT, "Who opened the TCP connection: source, destination, or unknown; absent otherwise."),
    Field("icmp-type", Kind.LONG, "Type of an ICMP or ICMPv6 message."),
    Field("icmp-code", Kind.LONG, "Code of an ICMP or ICMPv6 message."),
    Field("vlan", Kind.LONG, "VLAN of the ENI's device; absent where the device is in none."),
    Field("pid", Kind.LONG, "Process that opened the flow's local socket."),
    Field("comm", Kind.TEXT, "Name of that process, as in /proc/PID/comm."),
    Field("cgroup", Kind.TEXT, "Control group of the flow's local socket, as a path below the cgroup mount."),
    Field("container-id", Kind.TEXT, "Container that the control group belongs to: 64 hexadecimal digits."),
    Field("rtt-us", Kind.LONG, "Smoothed round trip time of the local TCP socket in microseconds, last seen value."),
    Field("retransmits", Kind.LONG, "Segments that the local TCP socket has sent again since it was opened."),
)
"""Fields beyond the published ones. Absent (no key) wherever a value is not known; never a guess."""

TOPIC = "flow_log"
"""``__topic__`` of every flow record (source: SLS, VPC flow log page)."""
SOURCE = "log_service"
"""``__source__`` of every flow record (source: the same page's sample record)."""

NAMES: tuple[str, ...] = tuple(field.name for field in FIELDS)
LONG_NAMES: frozenset[str] = frozenset(field.name for field in FIELDS if field.kind is Kind.LONG)
EXTENDED_NAMES: tuple[str, ...] = tuple(field.name for field in EXTENDED)
ALL_FIELDS: dict[str, Field] = {field.name: field for field in (*FIELDS, *EXTENDED)}
"""Every field that LogFormat may name."""
