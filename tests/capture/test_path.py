"""Paths: every row against a naive search through the routes; filters keep exactly the matching rows."""

from __future__ import annotations

import ipaddress
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.capture.conftest import Vpc
from tests.capture.test_window import LABELS, NOON, flow, packed, rows
from weir.capture.agent import eni_of
from weir.capture.flows import DIRECTION_IN, DIRECTION_OUT, empty
from weir.capture.label import records
from weir.capture.next_hops import NextHops
from weir.capture.path import KINDS, PathTable, Route, blocks_of
from weir.capture.share import Bounds, Keep, Share
from weir.capture.window import Uncounted
from weir.contract.vpc_flow_logs import TrafficPath
from weir.contract.weir import Target, TargetFlowLog, TargetRoute
from weir.model.paths import EVERYWHERE, NOT_PUBLIC, PATH_CODES, PathKind
from weir.model.resources import TrafficType

ROUTES = (
    ("10.0.0.0/16", PathKind.INSTANCE),
    ("fd00:10::/56", PathKind.INSTANCE),
    ("10.0.9.0/24", PathKind.VPC_RESOURCE),
    ("10.0.9.7/32", PathKind.HA_VIP),
    ("10.1.0.0/16", PathKind.TRANSIT_ROUTER),
    ("192.168.0.0/16", PathKind.VPN_GATEWAY),
    ("0.0.0.0/0", PathKind.NAT_GATEWAY),
    ("100.100.0.0/16", PathKind.CLOUD_SERVICE),
    ("2001:db8::/32", PathKind.GATEWAY_ENDPOINT),
)
TABLE = PathTable(ROUTES)


def naive(routes: tuple[tuple[str, PathKind], ...], far: str) -> PathKind:
    """The longest block that holds the address; declared ones before the usual ones."""
    usual = [(block, PathKind.UNLISTED) for block in NOT_PUBLIC]
    usual += [(block, PathKind.INTERNET_GATEWAY) for block in EVERYWHERE]
    address = ipaddress.ip_address(far)
    best, found = -1, PathKind.UNLISTED
    for block, kind in (*routes, *usual):
        network = ipaddress.ip_network(block)
        if network.version == address.version and address in network and network.prefixlen > best:
            best, found = network.prefixlen, kind
    return found


NEAR = {4: "10.0.0.1", 6: "fd00:10::1"}
FAR = st.one_of(
    st.ip_addresses().map(str),
    st.sampled_from([block for block, _ in ROUTES] + list(NOT_PUBLIC)).flatmap(
        lambda block: st.ip_addresses(network=block).map(str)
    ),
)


def to(far: str, direction: int) -> Any:
    version = ipaddress.ip_address(far).version
    ends = (NEAR[version], far) if direction == DIRECTION_OUT else (far, NEAR[version])
    return flow(80, family=version, direction=direction, src=packed(ends[0]), dst=packed(ends[1]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(FAR, st.sampled_from([DIRECTION_IN, DIRECTION_OUT])), max_size=40))
def test_every_row_is_what_a_naive_search_finds(drawn: list[tuple[str, int]]) -> None:
    found = rows(empty(), *(to(far, direction) for far, direction in drawn))
    assert [KINDS[number] for number in TABLE.kinds(found)] == [naive(ROUTES, far) for far, _ in drawn]


ALL_FAR = ["10.0.3.4", "10.0.9.9", "10.0.9.7", "10.1.1.1", "192.168.4.4", "8.8.8.8", "100.100.2.136", "172.16.0.9"]


def paths_of(keep: Keep) -> list[tuple[str, int]]:
    """(far end, code) of the records that a flow log keeps of one flow to each."""
    found = rows(*(to(far, DIRECTION_OUT) for far in ALL_FAR))
    table = records(found, Uncounted(), Share(LABELS, keep, Bounds(NOON, NOON + 60), TABLE))
    return list(zip(table["dstaddr"].to_pylist(), table["traffic_path"].to_pylist(), strict=True))


def test_records_carry_the_codes() -> None:
    assert paths_of(Keep(TrafficType.ALL, dual_stack=True)) == list(zip(ALL_FAR, [2, 1, 4, 8, 9, 7, 5, 0], strict=True))


@pytest.mark.parametrize("kind", PathKind)
def test_a_filter_keeps_exactly_the_matching_rows(kind: PathKind) -> None:
    wanted = [(far, PATH_CODES[kind]) for far in ALL_FAR if naive(ROUTES, far) is kind]
    assert paths_of(Keep(TrafficType.ALL, dual_stack=True, paths=frozenset({kind}))) == wanted


def test_a_filter_of_several_paths_keeps_all_of_them() -> None:
    keep = Keep(TrafficType.ALL, dual_stack=True, paths=frozenset({PathKind.NAT_GATEWAY, PathKind.VPN_GATEWAY}))
    assert paths_of(keep) == [("192.168.4.4", 9), ("8.8.8.8", 7)]


def test_a_row_of_many_far_ends_is_kept_by_every_filter_and_has_no_path() -> None:
    folded = to("10.1.1.0", DIRECTION_OUT)
    folded["fold"] = 2
    keep = Keep(TrafficType.ALL, dual_stack=True, paths=frozenset({PathKind.NAT_GATEWAY}))
    (record,) = records(folded, Uncounted(), Share(LABELS, keep, Bounds(NOON, NOON + 60), TABLE)).to_pylist()
    assert (record["log-status"], record["traffic_path"]) == ("SKIPDATA", None)


def test_without_routes_public_addresses_are_the_internets() -> None:
    far = ["8.8.8.8", "10.0.0.9", "2a00::1", "fe80::1", "203.0.114.1"]
    found = PathTable(()).kinds(rows(*(to(one, DIRECTION_OUT) for one in far)))
    assert [KINDS[number] for number in found] == [
        PathKind.INTERNET_GATEWAY, PathKind.UNLISTED, PathKind.INTERNET_GATEWAY, PathKind.UNLISTED,
        PathKind.INTERNET_GATEWAY,
    ]  # fmt: skip


def test_a_device_stands_for_what_is_behind_it_and_a_block_goes_first() -> None:
    routes = (
        Route(PathKind.VPN_GATEWAY, device="wg0"),
        Route(PathKind.VBR, block="10.7.0.0/16"),
        Route(PathKind.ECR, device="gone"),
    )
    behind = {"wg0": ("10.7.0.0/16", "10.8.0.0/16")}
    blocks = blocks_of(routes, lambda device: behind.get(device, ()))
    found = PathTable(blocks).kinds(rows(to("10.7.1.1", DIRECTION_OUT), to("10.8.1.1", DIRECTION_IN)))
    assert [KINDS[number] for number in found] == [PathKind.VBR, PathKind.VPN_GATEWAY]


def test_what_the_server_says_of_paths_reaches_the_flow_log() -> None:
    said = TargetFlowLog(
        flow_log_id="fl-1", aggregation_interval=1, traffic_type="All", project_name="p", log_store_name="l",
        ip_version="IPv4", traffic_path=("natGateway", "vbr"), since=0,
    )  # fmt: skip
    target = Target(
        network_interface_id="eni-1", generation="g", device="v", side="behind", addresses=(), account_id="1",
        instance_id="-", v_switch_id="vsw-1", vpc_id="vpc-1", flow_logs=(said, replace(said, traffic_path=("all",))),
        routes=(TargetRoute(cidr_block="10.0.0.0/8", path="vbr"), TargetRoute(device="wg0", path="vpnGateway")),
    )  # fmt: skip
    eni = eni_of(target)
    assert [one.keep.paths for one in eni.flow_logs] == [{PathKind.NAT_GATEWAY, PathKind.VBR}, frozenset()]
    assert eni.routes == (Route(PathKind.VBR, "10.0.0.0/8"), Route(PathKind.VPN_GATEWAY, device="wg0"))
    assert {path.value for path in TrafficPath} - {"all"} <= {kind.value for kind in PathKind}


@pytest.mark.root
def test_what_the_host_has_behind_a_device(vpc: Vpc) -> None:
    vpc.ip("route", "add", "10.77.0.0/16", "via", "10.9.1.3")
    vpc.ip("-6", "route", "add", "fd77::/48", "via", "fd0a::3")
    try:
        with closing(NextHops(vpc.host)) as hops:
            behind = set(hops.behind("eni-c"))
            assert {"10.9.1.0/24", "10.77.0.0/16", "fd0a::/64", "fd77::/48"} <= behind
            assert "10.9.0.0/24" in hops.behind("br0")
            assert hops.behind("none") == ()
            vpc.ip("route", "del", "10.77.0.0/16")
            hops.drained(0)
            assert behind - set(hops.behind("eni-c")) == {"10.77.0.0/16"}
    finally:
        vpc.ip("-6", "route", "del", "fd77::/48")
