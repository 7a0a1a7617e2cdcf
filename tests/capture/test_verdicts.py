"""Which rule dropped a packet: never wrong, against nftables' own counters."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.capture import rules200
from tests.capture.conftest import shell, with_refusal
from weir.capture import own_table
from weir.capture.attribution import Watched
from weir.capture.flows import ACTION_REJECT
from weir.capture.netns import inside
from weir.capture.nft import revision_of
from weir.capture.ruleset_rows import Recorder, listing, table
from weir.capture.rulesets import Revision, Rulesets
from weir.capture.share import Bounds, Labels
from weir.capture.tracing import Tracing
from weir.capture.verdicts import FIELDS, UNKNOWN, Sources, Verdicts
from weir.model.resources import Side

pytestmark = pytest.mark.root
POLICY = "inet last closed policy drop"


def send_all(vpc: Any, made: list[rules200.Case]) -> None:
    """One packet for each rule, from guest a or from the host itself."""
    for netns, by_host in ((vpc.host, True), (vpc.a.netns, False)):
        inside(netns, partial(send_each, [case for case in made if case.place.by_host is by_host]))


def send_each(made: list[rules200.Case]) -> None:
    for case in made:
        send(case)


def send(case: rules200.Case) -> None:
    kind = socket.SOCK_STREAM if case.protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET if case.version == 4 else socket.AF_INET6, kind) as sender:
        sender.setblocking(False)
        if case.protocol == "tcp":
            sender.connect_ex((case.to, case.port))
        else:
            with_refusal(lambda: sender.sendto(b"x", (case.to, case.port)))


def rules_of(vpc: Any) -> dict[str, tuple[str, int]]:
    """Comment -> (the rule as records name it, packets it counted), as nft has it."""
    said = json.loads(shell("ip", "netns", "exec", vpc.host, "nft", "-j", "list", "ruleset"))["nftables"]
    found = {}
    for rule in (one["rule"] for one in said if "rule" in one and one["rule"].get("comment")):
        name = f'{rule["family"]} {rule["table"]} {rule["chain"]} handle {rule["handle"]} "{rule["comment"]}"'
        counted = [part["counter"]["packets"] for part in rule["expr"] if "counter" in part]
        found[rule["comment"]] = (name, sum(counted))
    return found


@pytest.fixture
def verdicts(vpc: Any, captured: Any) -> Iterator[Callable[..., Verdicts]]:
    """Makes an attribution over the three guests that follows the rule sets from now on."""
    made: list[Verdicts] = []

    def keep(revision: Revision, at_ns: int) -> None:
        rows = [dict(extra) for extra in table(revision, Recorder("n", vpc.host), at_ns)["__extra__"].to_pylist()]
        assert listing(rows) == revision.listing
        assert rows[0]["ruleset"] == revision_of(revision.listing.document)

    def make(traced_per_second: int = 0) -> Verdicts:
        rulesets = Rulesets(vpc.host, time.time_ns)
        tracing = Tracing(vpc.host, traced_per_second, time.time_ns)
        sources = Sources(rulesets, captured.kernel.ask_hooks, vpc.host, True, keep, tracing)
        one = Verdicts(sources)
        made.append(one)
        guests = {"a": vpc.a, "b": vpc.b, "c": vpc.c}
        one.watch(
            tuple(
                Watched(name, guest.device, Side.BEHIND, (guest.ipv4, guest.ipv6), frozenset(FIELDS))
                for name, guest in guests.items()
            )
        )
        return one

    yield make
    for one in made:
        one.close()
    captured.kernel.ask_hooks(asked=True)


def answers(vpc: Any, books: Any, asked: Verdicts) -> dict[tuple[int, int], dict[str, str]]:
    """(family, port) -> the fields of the flow that was dropped."""
    asked.drained(time.time_ns())
    now = Bounds(int(time.time()) - 3600, int(time.time()) + 60)
    found = {}
    for name, guest in (("a", vpc.a), ("b", vpc.b), ("c", vpc.c)):
        rows = books.select(ifindex=guest.ifindex, action=ACTION_REJECT)
        columns = asked.attribute(rows, Labels("1", name, "-", "v", "w"), now)
        for row, *texts in zip(rows, *(columns[field].to_pylist() for field in FIELDS), strict=True):
            place = (int(row["family"]), int(row["dport"]))
            assert place not in found
            found[place] = dict(zip(FIELDS, texts, strict=True))
    return found


def one_rule(port: int) -> str:
    return f"table inet t {{\nchain c {{\ntype filter hook forward priority 0\nudp dport {port} drop\n}}\n}}"


def test_revisions_are_followed(vpc: Any, wait_until: Callable[..., Any]) -> None:
    """Every change is a new revision; a time around a change belongs to none."""
    vpc.nft(one_rule(1))
    rulesets = Rulesets(vpc.host, time.time_ns)
    rulesets.start()
    try:

        def now() -> Revision | None:
            at_ns = time.time_ns()
            rulesets.confirm()
            return rulesets.in_force(at_ns, at_ns)

        first, first_ns = wait_until(now), time.time_ns()
        rulesets.confirm()
        vpc.nft(one_rule(2))
        second = wait_until(lambda: (found := now()) is not None and found is not first and found)
        assert "udp dport 1 drop" in first.listing.text
        assert "udp dport 2 drop" in second.listing.text
        assert second.generation > first.generation
        assert rulesets.in_force(first_ns, first_ns) is first
        assert rulesets.in_force(first_ns, second.since_ns) is None
        assert rulesets.in_force(second.since_ns - 1, second.since_ns - 1) is None
        assert rulesets.to_publish(1, 10) == [first, second]
        assert rulesets.to_publish(5, 10) == []
        assert rulesets.to_publish(11, 10) == [second]
    finally:
        rulesets.stop()


IPTABLES = (
    f"-A FORWARD -d {rules200.C4}/32 -p udp -m udp --dport 7001 -j DROP",
    "-A FORWARD -p udp -m multiport --dports 7002,7010:7012 -j REJECT --reject-with icmp-port-unreachable",
    "-A FORWARD -p udp -m conntrack --ctstate NEW -m udp --dport 7003 -j DROP",
)


@pytest.mark.skipif(not shutil.which("iptables-nft"), reason="needs iptables-nft (package iptables)")
def test_rules_of_iptables(
    vpc: Any, books: Any, verdicts: Callable[[], Verdicts], wait_until: Callable[..., Any]
) -> None:
    """A rule that iptables-nft has made is named as iptables has it."""
    for rule in IPTABLES:
        shell("ip", "netns", "exec", vpc.host, "iptables-nft", *rule.split())
    asked = verdicts()
    books.clear()
    for port in (7001, 7002, 7003, 7012):
        vpc.a.send((rules200.C4, port), 1, 10)

    def all_came() -> bool:
        books.drain()
        return len(books.select(action=ACTION_REJECT)) == 4

    wait_until(all_came)
    found = {port: answer["rule"] for (_, port), answer in answers(vpc, books, asked).items()}
    assert set(found) == {7001, 7002, 7003, 7012}
    for port, words in ((7001, IPTABLES[0]), (7002, IPTABLES[1]), (7012, IPTABLES[1]), (7003, IPTABLES[2])):
        assert found[port].startswith("ip filter FORWARD handle ")
        assert found[port].endswith(f"({words})")


TRACED_RULES = """
table inet t {
  chain f {
    type filter hook forward priority 0; policy drop;
    ip ttl 2-200 udp dport 7001 drop comment "near"
    ip length 0-100 udp dport 7002 drop comment "short"
    udp dport 7003 drop comment "plain"
  }
}
"""


def test_trace_confirms_and_names_rules(
    vpc: Any, books: Any, verdicts: Callable[..., Verdicts], wait_until: Callable[..., Any]
) -> None:
    """What evaluation cannot know, the trace of all packets of a row does; different rules in a row stay unknown."""
    vpc.nft(TRACED_RULES)
    asked = verdicts(traced_per_second=1000)
    books.clear()
    begun_ns = time.time_ns()
    wait_until(lambda: asked.tracing.read_ns > begun_ns, 60)
    with vpc.a.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for port, size in ((7001, 10), (7002, 10), (7002, 500), (7003, 10), (7004, 10)):
            sender.sendto(b"x" * size, (rules200.C4, port))

    def packets() -> int:
        books.drain()
        return sum(books.total(action=ACTION_REJECT, dport=port)[0] for port in range(7001, 7005))

    wait_until(lambda: packets() == 5, 60)
    dropped_ns = time.time_ns()
    wait_until(lambda: asked.tracing.read_ns > dropped_ns, 60)
    found = {port: answer["rule"] for (_, port), answer in answers(vpc, books, asked).items()}
    assert {port: rule for port, rule in found.items() if 7001 <= port <= 7004} == {
        7001: 'inet t f handle 2 "near"',
        7002: UNKNOWN,
        7003: 'inet t f handle 4 "plain"',
        7004: "inet t f policy drop",
    }
    assert (asked.counted.traced, asked.counted.contradicted, asked.tracing.counted.lost) == (1, 0, 0)
    assert asked.counted.confirmed >= 2


def test_our_table_is_no_part_of_the_rules(vpc: Any, wait_until: Callable[..., Any]) -> None:
    """The user's rule set is one revision with and without it; it comes back after a flush and goes with the agent."""

    def tables() -> list[str]:
        return shell("ip", "netns", "exec", vpc.host, "nft", "list", "tables").splitlines()

    vpc.nft(own_table.adding("inet", 5))
    tracing = Tracing(vpc.host, 5, time.time_ns)
    tracing.clean()
    assert tables() == []

    vpc.nft(one_rule(1))
    rulesets = Rulesets(vpc.host, time.time_ns)
    rulesets.start()
    try:

        def now() -> Revision | None:
            at_ns = time.time_ns()
            rulesets.confirm()
            return rulesets.in_force(at_ns, at_ns)

        first = wait_until(now)
        generation = first.generation
        tracing.start()
        ours = ["table inet weir_trace", "table bridge weir_trace"]
        assert sorted(tables()) == sorted(["table inet t", *ours])
        wait_until(lambda: (found := now()) is not None and found.generation > generation, 60)
        assert now() is first
        assert rulesets.counted.revisions == 1

        vpc.nft(one_rule(2))
        wait_until(lambda: sorted(tables()) == sorted(["table inet t", *ours]), 60)
        wait_until(lambda: (found := now()) is not None and "udp dport 2 drop" in found.listing.text, 60)
        assert "weir_trace" not in "".join(str(one.listing) for one in rulesets.to_publish(1, 10))
    finally:
        rulesets.stop()
        tracing.stop()
    assert tables() == ["table inet t"]


@pytest.mark.parametrize("traced_per_second", [0, 1000])
def test_every_rule_of_two_hundred(
    vpc: Any, books: Any, verdicts: Callable[..., Verdicts], wait_until: Callable[..., Any], traced_per_second: int
) -> None:
    """Each is hit once: right where it is marked, right or unknown where it is not, never wrong."""
    made = rules200.cases()
    vpc.nft(rules200.ruleset(made))
    asked = verdicts(traced_per_second)
    books.clear()
    send_all(vpc, made)
    vpc.a.send((rules200.C4, rules200.POLICY_PORT), 1, 10)
    wait_until(lambda: {counted for _, counted in rules_of(vpc).values()} == {1})
    books.drain()
    truth, found = rules_of(vpc), answers(vpc, books, asked)
    assert set(truth) == {case.name for case in made}

    unknown: Counter[str] = Counter()
    for case in made:
        answer = found[case.version, case.port]
        right = truth[case.name][0]
        assert answer["rule"] in ({right} if case.is_marked else {right, UNKNOWN}), case
        assert answer["hook"] == case.place.seen_as, case
        assert answer["reject-reason"] == "NETFILTER_DROP"
        unknown[case.shape] += answer["rule"] == UNKNOWN
    assert found[4, rules200.POLICY_PORT]["rule"] == POLICY
    assert len({answer["ruleset"] for answer in found.values()}) == 1
    unmarked = sum(not case.is_marked for case in made)
    print(f"\nunknown: {sum(unknown.values())} of {unmarked} unmarked rules: {dict(+unknown)}; {asked.counted}")
    assert asked.counted.contradicted == 0
    assert set(+unknown) <= {"undecidable", "device name"}
    assert len({(case.place, case.shape) for case in made}) == len(made)
    assert {case.place for case in made} == set(rules200.PLACES)
