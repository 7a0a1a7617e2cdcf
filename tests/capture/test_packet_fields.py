"""Fields that lie in the row or in the device, and how named fields become pairs of a record."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from tests.capture.test_window import LABELS, NOON, flow, packed, rows
from weir.capture.flows import ACTION_REJECT, Flows
from weir.capture.label import records
from weir.capture.links import Link, links_of
from weir.capture.packet_fields import SOURCE, UNKNOWN, Icmp, Initiator
from weir.capture.share import Bounds, Keep, Labels, Share
from weir.capture.window import Uncounted
from weir.model.resources import TrafficType

BOUNDS = Bounds(NOON, NOON + 60)
SYN, SYN_ACK, RST_ACK = 2, 18, 20


def test_icmp_type_and_code() -> None:
    found = rows(flow(8 << 8, proto=1), flow(3 << 8 | 13, proto=1), flow(129 << 8, proto=58), flow(8 << 8, proto=17))
    columns = Icmp().attribute(found, LABELS, BOUNDS)
    assert columns["icmp-type"].to_pylist() == [8, 3, 129, None]
    assert columns["icmp-code"].to_pylist() == [0, 13, 0, None]


def test_a_syn_alone_is_the_openers_and_its_answer_the_others() -> None:
    back = {"src": packed("10.0.0.2"), "dst": packed("10.0.0.1"), "sport": 443, "proto": 6}
    found = rows(
        flow(443, proto=6, tcp_flags=SYN, action=ACTION_REJECT), flow(9, tcp_flags=RST_ACK, **back),
        flow(80, proto=6, tcp_flags=SYN_ACK), flow(443, proto=17), flow(8, tcp_flags=SYN | 0xC0, **back),
    )  # fmt: skip
    assert Initiator().attribute(found, LABELS, BOUNDS)["initiator"].to_pylist() == [
        "source", "destination", "unknown", None, "source",
    ]  # fmt: skip


def test_whoever_knows_first_says_who_opened() -> None:
    def knows_port_80(asked: Flows, labels: Labels) -> Any:
        return np.where(asked["dport"] == 80, SOURCE, UNKNOWN).astype("u1")

    found = rows(flow(80, proto=6, tcp_flags=SYN_ACK), flow(81, proto=6, tcp_flags=SYN_ACK))
    said = Initiator((knows_port_80,)).attribute(found, LABELS, BOUNDS)
    assert said["initiator"].to_pylist() == ["source", "unknown"]


def test_the_vlan_of_a_sub_interface() -> None:
    message = ifinfmsg()
    message["attrs"] = [
        ("IFLA_IFNAME", "eth0.30"),
        (
            "IFLA_LINKINFO",
            {"attrs": [("IFLA_INFO_KIND", "vlan"), ("IFLA_INFO_DATA", {"attrs": [("IFLA_VLAN_ID", 30)]})]},
        ),
    ]
    message.encode()
    heard = ifinfmsg(message.data)
    heard.decode()
    assert links_of([heard]) == {"eth0.30": Link("vlan", None, 30)}


class Knows:
    """Knows a process for every second row."""

    fields = ("pid", "comm")

    def attribute(self, asked: Flows, labels: Labels, bounds: Bounds) -> dict[str, pa.Array]:
        other = np.arange(len(asked)) % 2 == 1
        return {"pid": pa.array(asked["dport"].astype("i8"), mask=other), "comm": pa.array(["curl"] * len(asked))}


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"packets", "pid"}, [[("pid", "80")], None, [("pid", "82")]]),
        ({"pid", "comm"}, [[("pid", "80"), ("comm", "curl")], [("comm", "curl")], [("pid", "82"), ("comm", "curl")]]),
        ({"rule"}, [None, None, None]),
    ],
)
def test_named_fields_become_pairs(fields: set[str], wanted: list[Any]) -> None:
    keep = Keep(TrafficType.ALL, dual_stack=True, fields=frozenset(fields))
    share = Share(LABELS, keep, BOUNDS)
    table = records(rows(flow(80), flow(81), flow(82)), Uncounted(), share, (Knows(),))
    assert table["__extra__"].to_pylist() == wanted
    table.validate(full=True)
    assert table["srcaddr"].null_count == 3


def test_fields_that_are_not_named_are_not_asked_for() -> None:
    class Refuses:
        fields = ("pid",)

        def attribute(self, asked: Flows, labels: Labels, bounds: Bounds) -> dict[str, pa.Array]:
            raise AssertionError("asked")

    keep = Keep(TrafficType.ALL, dual_stack=True, fields=frozenset({"comm"}))
    table = records(flow(80), Uncounted(), Share(LABELS, keep, BOUNDS), (Refuses(), Knows()))
    assert table["__extra__"].to_pylist() == [[("comm", "curl")]]
    plain = Share(LABELS, Keep(TrafficType.ALL, dual_stack=True), BOUNDS)
    assert "__extra__" not in records(flow(80), Uncounted(), plain, (Refuses(),)).column_names
