"""Every column of a ledger row, once.

What enters: nothing. What leaves: ``LEDGER``, from which the agent's rows, the logstore's index, ``weir ledger``, the
metrics and the manual's table are derived. A row is one ENI in one window. Rule, for packets and for bytes alike::

    device-rx + device-tx = recorded + uncounted - refused - unsent + segments (bytes: framing) + not-ip + malformed
                            + in-flight + unexplained

with every term a column, so that whoever reads a row can add it up.
"""

from __future__ import annotations

from enum import StrEnum

from weir.model.fields import Field, Kind

PROJECT, LOGSTORE = "weir", "ledger"
"""Where the rows are kept; the server makes both at its start, for the account of its first start."""
TTL_DAYS = 30
"""Days that the server keeps them, unless the logstore's owner says otherwise."""
TOPIC = "ledger"
"""``__topic__`` of every row; ``__source__`` is the node."""


class Status(StrEnum):
    """How far the records of an ENI and window can be trusted. The first that applies stands."""

    UNCOVERED = "uncovered"  # nobody counted: no agent, no device, or it could not be attached
    PARTIAL = "partial"  # counted for some of the window only, or some of its records were lost
    SKIPDATA = "skipdata"  # all counted, but flows were folded together: amounts exact, columns not all there
    NODATA = "nodata"  # all counted, and there was nothing
    FULL = "full"  # all counted, every flow in a row of its own


LEDGER: tuple[Field, ...] = (
    Field("account-id", Kind.TEXT, "Account that owns the ENI."),
    Field("eni-id", Kind.TEXT, "The elastic network interface."),
    Field("vswitch-id", Kind.TEXT, "VSwitch of the ENI."),
    Field("vpc-id", Kind.TEXT, "VPC of the ENI."),
    Field("node", Kind.TEXT, "Node whose agent captures the ENI."),
    Field("device", Kind.TEXT, "Linux device of the ENI on that node."),
    Field("side", Kind.TEXT, "behind: the device is the host's end of a veth or tap; self: it is the ENI."),
    Field("source", Kind.TEXT, "Who counted: kernel (its programs), packets (packet sockets); empty: nobody."),
    Field("start", Kind.LONG, "Unix time in seconds at which the window begins."),
    Field("end", Kind.LONG, "Unix time in seconds at which it ends."),
    Field("interval", Kind.LONG, "Length of the window in minutes: 1; in a gap without an agent up to 10."),
    Field("status", Kind.TEXT, "full, nodata, skipdata, partial or uncovered."),
    Field("covered-seconds", Kind.LONG, "Seconds of the window in which the ENI's packets were counted."),
    Field("reason", Kind.TEXT, "Why it is uncovered or partial; else empty."),
    Field("device-rx-packets", Kind.LONG, "Frames the device received, by its own counter."),
    Field("device-rx-bytes", Kind.LONG, "Their bytes, link-layer headers included, by the device's own counter."),
    Field("device-tx-packets", Kind.LONG, "Frames the device sent, by its own counter."),
    Field("device-tx-bytes", Kind.LONG, "Their bytes, as above."),
    Field("recorded-packets", Kind.LONG, "Packets on the wire in all rows of the window, SKIPDATA included."),
    Field("recorded-bytes", Kind.LONG, "Their IP bytes on the wire."),
    Field("refused-packets", Kind.LONG, "Of these, rejected before they reached the device, which never saw them."),
    Field("refused-bytes", Kind.LONG, "Their IP bytes."),
    Field("folded-packets", Kind.LONG, "Of the recorded packets, those in SKIPDATA rows."),
    Field("folded-bytes", Kind.LONG, "Their IP bytes."),
    Field("folded-flows", Kind.LONG, "How many flows were folded into them, as well as they could be counted."),
    Field("uncounted-packets", Kind.LONG, "Packets seen that no row holds (also in a SKIPDATA row)."),
    Field("uncounted-bytes", Kind.LONG, "Their IP bytes."),
    Field("segments-packets", Kind.LONG, "Device frames minus wire packets: below 0, one frame was several segments."),
    Field("framing-bytes", Kind.LONG, "Device bytes minus IP bytes on the wire: link layer, less segments' headers."),
    Field("not-ip-packets", Kind.LONG, "Frames that carry no IP, ARP for example."),
    Field("not-ip-bytes", Kind.LONG, "Their bytes, link-layer headers included."),
    Field("malformed-packets", Kind.LONG, "Frames whose IP header cannot be right."),
    Field("malformed-bytes", Kind.LONG, "Their bytes, link-layer headers included."),
    Field("unsent-packets", Kind.LONG, "Frames counted on their way to the device that it, or its queue, threw away."),
    Field("unsent-bytes", Kind.LONG, "Their bytes, link-layer headers included."),
    Field(
        "in-flight-packets", Kind.LONG, "Counted by the device in this window and by the hooks in the next, or back."
    ),
    Field(
        "in-flight-bytes", Kind.LONG, "Their bytes. Over consecutive windows these sum up to what is on its way now."
    ),
    Field("unexplained-rx-packets", Kind.LONG, "What the device received beyond all of the above."),
    Field("unexplained-rx-bytes", Kind.LONG, "Its bytes."),
    Field("unexplained-tx-packets", Kind.LONG, "What the device sent beyond all of the above; below 0: never sent."),
    Field("unexplained-tx-bytes", Kind.LONG, "Its bytes."),
    Field("dropped", Kind.TEXT, "Drops that are no verdict, as JSON: direction and reason -> [packets, bytes]."),
    Field("lost-rows", Kind.LONG, "Records that found no place on the agent's disk and are gone."),
)

NAMES: tuple[str, ...] = tuple(field.name for field in LEDGER)
LONG_NAMES: frozenset[str] = frozenset(field.name for field in LEDGER if field.kind is Kind.LONG)

Terms = tuple[tuple[int, str], ...]
SEEN_BY_DEVICE = {unit: (f"device-rx-{unit}", f"device-tx-{unit}") for unit in ("packets", "bytes")}
"""Left side of the equation."""
EXPLAINED: dict[str, Terms] = {
    "packets": (
        (1, "recorded-packets"),
        (1, "uncounted-packets"),
        (-1, "refused-packets"),
        (-1, "unsent-packets"),
        (1, "segments-packets"),
        (1, "not-ip-packets"),
        (1, "malformed-packets"),
        (1, "in-flight-packets"),
    ),
    "bytes": (
        (1, "recorded-bytes"),
        (1, "uncounted-bytes"),
        (-1, "refused-bytes"),
        (-1, "unsent-bytes"),
        (1, "framing-bytes"),
        (1, "not-ip-bytes"),
        (1, "malformed-bytes"),
        (1, "in-flight-bytes"),
    ),
}
"""Right side, with signs; what is missing to the left side is unexplained."""
UNEXPLAINED = {unit: (f"unexplained-rx-{unit}", f"unexplained-tx-{unit}") for unit in ("packets", "bytes")}
