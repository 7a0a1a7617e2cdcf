"""What the lab's host forbids: nftables rules in the bridge and inet families, each with a counter and a name.

What enters: nothing but the host's namespace. What leaves: ``RULES``, the table the rule set is written from, and
``counters``, nftables' own count per rule. Rule: a rule matches by protocol and port (or ICMP type) alone and nothing
that is allowed uses these, so a flow is either wholly forbidden or wholly allowed. Which ENI a drop is charged to
follows from the hook: where the receiver is known (forward) it is the receiver, before that or at the host itself it is
the sender.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from weir.lab.netns import LabTrouble, inside

TABLE = "weir_lab"
_NFT_PLACES = "/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/bin"  # not every PATH has the sbin directories
NFT_SECONDS = 10.0
"""An nft that takes longer is stuck; it raises."""

ICMP_ECHO: Mapping[int, int] = {4: 8, 6: 128}
ICMP_ECHO_REPLY: Mapping[int, int] = {4: 0, 6: 129}
ICMP_QUERY: Mapping[int, int] = {4: 13, 6: 139}
"""What scanners ask and firewalls drop: timestamp request (RFC 792), node information query (RFC 4620)."""

PROTOCOL: Mapping[tuple[str, int], int] = {
    ("udp", 4): 17,
    ("udp", 6): 17,
    ("tcp", 4): 6,
    ("tcp", 6): 6,
    ("icmp", 4): 1,
    ("icmp", 6): 58,
}
"""IANA number by name and IP version."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``port`` is a record's dstport (ICMP: type * 256), ``verdict`` drop or reset, ``charged`` who pays."""

    name: str
    table_family: str
    hook: str
    protocol: str
    version: int
    port: int
    verdict: str
    charged: str

    def statement(self) -> str:
        """The rule as nftables reads it."""
        family = "meta protocol ip" if self.version == 4 else "meta protocol ip6"
        icmp = "icmp" if self.version == 4 else "icmpv6"
        match = f"{icmp} type {self.port >> 8}" if self.protocol == "icmp" else f"{self.protocol} dport {self.port}"
        verdict = "drop" if self.verdict == "drop" else "reject with tcp reset"
        return f'{family} {match} counter {verdict} comment "{self.name}"'


_CHAINS = (
    # table family, hook, priority, who is charged
    ("bridge", "prerouting", -300, "sender"),
    ("bridge", "forward", 0, "receiver"),
    ("inet", "forward", 0, "receiver"),
    ("inet", "input", 0, "sender"),
)
_FORBIDDEN = (
    # table family, hook, protocol, port or table of ICMP types, verdict
    ("bridge", "prerouting", "udp", 7100, "drop"),
    ("bridge", "forward", "udp", 7110, "drop"),
    ("bridge", "forward", "tcp", 7111, "drop"),
    ("bridge", "forward", "icmp", ICMP_QUERY, "drop"),
    ("inet", "forward", "udp", 7210, "drop"),
    ("inet", "forward", "tcp", 7211, "drop"),
    ("inet", "forward", "tcp", 7212, "reset"),
    ("inet", "forward", "icmp", ICMP_QUERY, "drop"),
    ("inet", "input", "udp", 7310, "drop"),
    ("inet", "input", "tcp", 7311, "drop"),
    ("inet", "input", "icmp", ICMP_ECHO, "drop"),
)


def _rules() -> tuple[Rule, ...]:
    charged = {(family, hook): who for family, hook, _, who in _CHAINS}
    made = []
    for family, hook, protocol, port, verdict in _FORBIDDEN:
        for version in (4, 6):
            number = port if isinstance(port, int) else port[version] << 8
            name = f"{family}-{hook}-{protocol}{version}-{verdict}"
            who = charged[family, hook]
            made.append(Rule(name, family, hook, protocol, version, number, verdict, who))
    return tuple(made)


RULES: Mapping[str, Rule] = {rule.name: rule for rule in _rules()}
"""Every rule by its name, which is also its comment in nftables."""


def ruleset() -> str:
    """The whole rule set as ``nft -f`` reads it. Everything not named is accepted."""
    lines = []
    for family, hook, priority, _ in _CHAINS:
        rules = [rule.statement() for rule in RULES.values() if (rule.table_family, rule.hook) == (family, hook)]
        lines += [
            f"table {family} {TABLE} {{",
            f"  chain {hook} {{",
            f"    type filter hook {hook} priority {priority}; policy accept;",
            *(f"    {rule}" for rule in rules),
            "  }",
            "}",
        ]
    return "\n".join(lines) + "\n"


def load(host_netns: str) -> None:
    """Install the rules. Raises ``LabTrouble`` with nft's own words if they are refused or nft is missing."""
    _nft(host_netns, ["-f", "-"], ruleset())


@dataclass(frozen=True, slots=True)
class Counted:
    """What nftables counted for one rule: packets as it saw them, bytes from the IP header on."""

    table: str
    chain: str
    hook: str
    handle: int
    comment: str
    packets: int
    bytes: int


def counters(host_netns: str) -> list[Counted]:
    """Every rule with a counter, as nftables has it now, in the order of the rule set."""
    listed = json.loads(_nft(host_netns, ["-j", "list", "ruleset"]))["nftables"]
    chains = [entry["chain"] for entry in listed if "chain" in entry]
    hooks = {(chain["family"], chain["table"], chain["name"]): chain.get("hook", "") for chain in chains}
    counted = []
    for rule in (entry["rule"] for entry in listed if "rule" in entry):
        counter = next((part["counter"] for part in rule["expr"] if "counter" in part), None)
        if counter is not None:
            counted.append(
                Counted(
                    table=f"{rule['family']} {rule['table']}",
                    chain=rule["chain"],
                    hook=hooks[rule["family"], rule["table"], rule["chain"]],
                    handle=rule["handle"],
                    comment=rule.get("comment", ""),
                    packets=counter["packets"],
                    bytes=counter["bytes"],
                )
            )
    return counted


def _nft(host_netns: str, arguments: Sequence[str], text: str = "") -> str:
    program = shutil.which("nft", path=_NFT_PLACES)
    if program is None:
        raise LabTrouble("nft is not installed (package nftables)")
    with inside(host_netns):
        done = subprocess.run(
            [program, *arguments], input=text, capture_output=True, text=True, timeout=NFT_SECONDS, check=False
        )
    if done.returncode != 0:
        raise LabTrouble(f"nft {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
