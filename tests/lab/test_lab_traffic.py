"""What the senders say they sent is what devices, nftables and the guests' own stacks counted."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from weir.lab.facts import ACCEPT, Row, Traffic
from weir.lab.forbidden import forbidden
from weir.lab.iperf import iperf_tcp, iperf_udp, stack_counters
from weir.lab.netns import LabTrouble
from weir.lab.rules import RULES, counters
from weir.lab.senders import Pair, icmp, tcp, udp
from weir.lab.topology import Lab
from weir.lab.traffic import PAIRS, Scale, run, steady
from weir.lab.truth import links, truth

pytestmark = pytest.mark.root

ETHERNET_HEADER_BYTES = 14
SMALL = Scale(
    udp_count=50, tcp_size=256 << 10, icmp_count=2, iperf_udp_count=300, iperf_tcp_size=1 << 20, forbidden_count=7
)

Counts = dict[tuple[str, str], tuple[int, int]]
"""Packets and L3 bytes by guest and direction."""


def device_counts(lab: Lab, before: list[dict[str, Any]]) -> Counts:
    """What the ENIs' devices counted since ``before``: rx is out of the guest; Ethernet headers taken off."""
    counts = {}
    for old, new in zip(before, links(lab), strict=True):
        for side, direction in (("rx", "out"), ("tx", "in")):
            packets = new[f"{side}_packets"] - old[f"{side}_packets"]
            nbytes = new[f"{side}_bytes"] - old[f"{side}_bytes"]
            counts[new["guest"], direction] = (packets, nbytes - ETHERNET_HEADER_BYTES * packets)
    return counts


def fact_counts(lab: Lab, traffic: Traffic) -> Counts:
    """The same from the facts: a guest's device receives all it sends, and transmits what is let in."""
    packets: Counter[tuple[str, str]] = Counter()
    nbytes: Counter[tuple[str, str]] = Counter()
    for sent in traffic.senders:
        ends = [(sent.guest, "out")] if sent.guest != "host" else []
        ends += [(row.guest, "in") for row in sent.rows if (row.direction, row.action) == ("in", ACCEPT)]
        for end in ends:
            packets[end] += sent.packets
            nbytes[end] += sent.bytes or 0
    return {
        (guest, direction): (packets[guest, direction], nbytes[guest, direction])
        for guest in lab.guests
        for direction in ("out", "in")
    }


def only_packets(counts: Counts) -> dict[tuple[str, str], int]:
    return {end: packets for end, (packets, _) in counts.items()}


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_udp_and_icmp_equal_the_devices(lab: Lab, pair: Pair) -> None:
    before = links(lab)
    sent = udp(lab, pair, 6001, 333, 700) + icmp(lab, pair, 9, 100)
    assert [fact.packets for fact in sent.senders] == [333, 9, 9]
    assert device_counts(lab, before) == fact_counts(lab, sent)


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_tcp_equals_the_devices_without_offload(plain_lab: Lab, pair: Pair) -> None:
    before = links(plain_lab)
    sent = tcp(plain_lab, pair, 6002, 300_000)
    assert device_counts(plain_lab, before) == fact_counts(plain_lab, sent)
    assert {fact.rows[0].guest for fact in sent.senders} == {pair.src, pair.dst}


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_tcp_with_offload_is_final_and_both_ends_agree(lab: Lab, pair: Pair) -> None:
    before = links(lab)
    stacks = {guest: stack_counters(lab.guests[guest]) for guest in (pair.src, pair.dst)}
    sent = tcp(lab, pair, 6002, 4 << 20)
    (flow,) = sent.tcp
    client, server = flow.client_end, flow.server_end
    assert server is not None
    assert client.retransmitted_segs == server.retransmitted_segs == 0
    assert client.bytes_sent == 4 << 20
    assert server.segs_in == client.segs_out
    assert server.segs_out + 1 == client.segs_in, "all but the SYN's answer, which no socket sent"
    for guest, segments in ((pair.src, client.segs_out), (pair.dst, client.segs_in)):
        after = stack_counters(lab.guests[guest])
        assert after["tcp_out_segs"] - stacks[guest]["tcp_out_segs"] == segments
    devices = device_counts(lab, before)
    assert devices[pair.src, "out"][0] * 5 < client.segs_out, "segmentation offload was at work"


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_iperf_equals_the_devices_and_the_stack(plain_lab: Lab, pair: Pair) -> None:
    before = links(plain_lab)
    stack = stack_counters(plain_lab.guests[pair.src])
    sent = iperf_udp(plain_lab, pair, 5202, 500, 300) + iperf_tcp(plain_lab, pair, 5201, 1 << 20)
    assert only_packets(device_counts(plain_lab, before)) == only_packets(fact_counts(plain_lab, sent))
    datagrams = "udp_out_datagrams" if pair.version == 4 else "udp6_out_datagrams"
    after = stack_counters(plain_lab.guests[pair.src])
    assert after[datagrams] - stack[datagrams] == sent.senders[0].packets == 501
    assert sent.iperf[0]["end"]["sum"]["packets"] == 500


def test_a_round_equals_devices_and_rules(plain_lab: Lab, wait_until: Callable[..., None]) -> None:
    before = links(plain_lab)
    sent = run(plain_lab, SMALL)
    wait_until(lambda: only_packets(device_counts(plain_lab, before)) == only_packets(fact_counts(plain_lab, sent)))
    dropped: dict[str, list[int]] = {name: [0, 0] for name in RULES}
    for fact in sent.senders:
        if fact.rule is not None:
            assert fact.bytes is not None
            dropped[fact.rule][0] += fact.packets
            dropped[fact.rule][1] += fact.bytes
    assert {rule.comment: [rule.packets, rule.bytes] for rule in counters(plain_lab.host_netns)} == dropped
    assert all(packets > 0 for packets, _ in dropped.values())


def test_truth_is_the_same_in_another_process(lab: Lab) -> None:
    first = run(lab, SMALL)
    second = steady(lab, 1, _already_set())
    code = "import json, sys; from weir.lab import topology, truth; "
    code += "print(json.dumps(truth.truth(topology.Lab(sys.argv[1]))))"
    there = subprocess.run([sys.executable, "-c", code, lab.name], stdout=subprocess.PIPE, check=True)
    assert json.loads(there.stdout) == json.loads(json.dumps(truth(lab)))
    assert Traffic.from_json(json.loads(there.stdout)) == Traffic.from_json(json.loads(json.dumps(truth(lab))))
    assert len(json.loads(there.stdout)["senders"]) == len(first.senders) + len(second.senders)


def test_charges_follow_the_hook(lab: Lab) -> None:
    charged = {
        name: forbidden(lab, name, ends, 1, 10).senders[0].charged
        for name, ends in (
            ("bridge-prerouting-udp4-drop", ("a", "b")),
            ("bridge-forward-udp6-drop", ("a", "b")),
            ("inet-forward-tcp4-reset", ("a", "c")),
            ("inet-input-icmp6-drop", ("c", "c")),
        )
    }
    assert charged == {
        "bridge-prerouting-udp4-drop": Row("a", "out", "REJECT"),
        "bridge-forward-udp6-drop": Row("b", "in", "REJECT"),
        "inet-forward-tcp4-reset": Row("c", "in", "REJECT"),
        "inet-input-icmp6-drop": Row("c", "out", "REJECT"),
    }


def test_a_rule_off_the_path_is_refused(lab: Lab) -> None:
    with pytest.raises(ValueError, match="not on the path"):
        forbidden(lab, "bridge-forward-udp4-drop", ("a", "c"), 1, 10)


def test_sending_in_a_lab_that_is_not_up(lab_name: str) -> None:
    with pytest.raises(LabTrouble, match="is not up"):
        run(Lab(lab_name))
    with pytest.raises(LabTrouble, match="is not up"):
        steady(Lab(lab_name), 1)
    with pytest.raises(LabTrouble, match="is the lab up"):
        truth(Lab(lab_name))


def test_going_down_ends_the_steady_stream(lab: Lab, wait_until: Callable[..., None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(steady, lab, 600)
        wait_until(lab.state_path.exists)
        lab.down()
        with pytest.raises(LabTrouble):
            stream.result(timeout=30)
    assert not lab.state_path.exists()
    assert not lab.state_path.with_suffix(".lock").exists()


def _already_set() -> threading.Event:
    stop = threading.Event()
    stop.set()
    return stop
