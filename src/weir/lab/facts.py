"""What the lab's senders counted, as values and as the file that carries them from one process to the next.

What enters: counts of sockets, of TCP and of iperf3. What leaves: ``Traffic``, which adds up, and its JSON. Rule: a
fact says beside its counts which rows it must make, per ENI, direction and action, so that comparing is looking up. A
count nobody knows for certain is ``None``, never an estimate.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

IP_HEADER_BYTES: Mapping[int, int] = {4: 20, 6: 40}
"""Length of the IP header without options or extensions, by IP version."""

ACCEPT = "ACCEPT"
REJECT = "REJECT"


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of row a flow makes: at whose ENI, in which direction (``in``, ``out``), with which action."""

    guest: str
    direction: str
    action: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One direction of one flow, as its sender counted it.

    ``guest`` is the sender ("host" for a reset made by a rule). ``sport`` and ``dport`` are those of a record (ICMP: 0
    and type * 256 + code); ``None`` means all ports, where one count covers several connections. ``bytes`` are IP bytes
    on the wire. ``rule`` names the rule that drops it. ``counted_by`` names the witness: ``sender`` (our socket),
    ``iperf3``, ``TCP_INFO`` or ``stack`` (/proc/net/snmp of the guest).
    """

    guest: str
    protocol: int
    src: str
    sport: int | None
    dst: str
    dport: int | None
    packets: int
    bytes: int | None
    rows: tuple[Row, ...]
    counted_by: str
    rule: str | None = None

    @property
    def verdict(self) -> str:
        """``REJECT`` if a rule drops it, else ``ACCEPT``."""
        return ACCEPT if self.rule is None else REJECT

    @property
    def charged(self) -> Row | None:
        """The ENI and direction that the drop is charged to; ``None`` for accepted traffic."""
        return next((row for row in self.rows if row.action == REJECT), None)


@dataclass(frozen=True, slots=True)
class TcpEnd:
    """One end's TCP_INFO after its connection has closed: nothing changes any more (source: linux/tcp.h)."""

    segs_out: int
    segs_in: int
    data_segs_out: int
    data_segs_in: int
    bytes_sent: int
    bytes_received: int
    retransmitted_segs: int
    out_of_order_segs: int


@dataclass(frozen=True, slots=True)
class TcpFlow:
    """One connection: its ends and their TCP_INFO; ``server_end`` is ``None`` where a rule forbade it."""

    client: str
    server: str
    src: str
    sport: int
    dst: str
    dport: int
    client_end: TcpEnd
    server_end: TcpEnd | None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was sent: flows by direction, connections with TCP_INFO, iperf3's own reports. ``+`` joins two."""

    senders: tuple[Sent, ...] = ()
    tcp: tuple[TcpFlow, ...] = ()
    iperf: tuple[Mapping[str, Any], ...] = field(default=())

    def __add__(self, other: Self) -> Traffic:
        return Traffic(self.senders + other.senders, self.tcp + other.tcp, self.iperf + other.iperf)

    def to_json(self) -> dict[str, list[dict[str, Any]]]:
        """The facts as JSON; verdict and charge are spelled out for the reader."""
        senders = []
        for sent in self.senders:
            charged = sent.charged
            senders.append(asdict(sent) | {"verdict": sent.verdict, "charged": charged and asdict(charged)})
        return {"senders": senders, "tcp": [asdict(flow) for flow in self.tcp], "iperf": list(map(dict, self.iperf))}

    @staticmethod
    def from_json(text: Mapping[str, Any]) -> Traffic:
        """The inverse of ``to_json``; what is derived there is derived again."""
        senders = tuple(
            Sent(
                **{name: value for name, value in sent.items() if name not in ("verdict", "charged", "rows")},
                rows=tuple(Row(**row) for row in sent["rows"]),
            )
            for sent in text["senders"]
        )
        flows = []
        for flow in text["tcp"]:
            server_end = flow["server_end"]
            ends = {
                "client_end": TcpEnd(**flow["client_end"]),
                "server_end": None if server_end is None else TcpEnd(**server_end),
            }
            flows.append(TcpFlow(**(dict(flow) | ends)))
        return Traffic(senders, tuple(flows), tuple(text["iperf"]))


def accepted_rows(src: str, dst: str) -> tuple[Row, ...]:
    """Accepted traffic between two guests: out of one ENI, into the other."""
    return Row(src, "out", ACCEPT), Row(dst, "in", ACCEPT)


def rejected_rows(src: str, dst: str, charged: str) -> tuple[Row, ...]:
    """Dropped traffic: charged to the receiver, the sender's ENI had let it pass; charged to the sender, it had not."""
    if charged == "sender":
        return (Row(src, "out", REJECT),)
    return Row(src, "out", ACCEPT), Row(dst, "in", REJECT)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lab of this state file: iperf3's segments are counted per guest, so two senders must not overlap."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(_lock_path(path), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def recorded(path: Path) -> Traffic:
    """Everything sent in this lab since it came up; empty if nothing was."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return Traffic()
    parts = [Traffic.from_json(json.loads(line)) for line in lines]
    return Traffic(
        tuple(sent for part in parts for sent in part.senders),
        tuple(flow for part in parts for flow in part.tcp),
        tuple(report for part in parts for report in part.iperf),
    )


def record(path: Path, traffic: Traffic) -> None:
    """Add one line to what was sent. The caller is ``exclusive``."""
    with open(path, "a") as state:
        state.write(json.dumps(traffic.to_json()) + "\n")


def forget(path: Path) -> None:
    """Remove the state file and its lock, after the last sender has given up: its namespaces are gone by then."""
    if _lock_path(path).exists():
        with exclusive(path):
            path.unlink(missing_ok=True)
            _lock_path(path).unlink(missing_ok=True)


def _lock_path(path: Path) -> Path:
    return path.with_suffix(".lock")
