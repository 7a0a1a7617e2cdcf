"""The evaluation of a rule set: every cause that is possible, none that is not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from weir.capture import hooks, reasons, verdict
from weir.capture.flows import RULE_MIXED
from weir.capture.nft import Ruleset, Unreadable, parse, revision_of
from weir.capture.nft_match import Facts
from weir.capture.rulesets import HISTORY_RULES_MAX, NOT_KEPT, History, Listing, Revision
from weir.capture.uplinks import Uplinks
from weir.capture.verdict import Hook, TooDeep, possible
from weir.capture.verdicts import UNKNOWN, Drop, named

ADDRESS, OTHER = 0x0A000001, 0x0A000002
KNOWN: dict[str, Any] = {"family": 4, "protocol": 17, "source": ADDRESS, "destination": OTHER, "source_port": 1000,
                         "destination_port": 53}  # fmt: skip
LINKS = Uplinks({"eni-a": "br0", "br0": "", "eni-c": ""}, is_plain=True)


def match(left: Any, right: Any, operator: str = "==") -> dict[str, Any]:
    return {"match": {"op": operator, "left": left, "right": right}}


def payload(protocol: str, field: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": field}}


DPORT, SADDR = payload("udp", "dport"), payload("ip", "saddr")
STATE, LENGTH, MARK = {"ct": {"key": "state"}}, {"meta": {"key": "length"}}, {"meta": {"key": "mark"}}
DROP, ACCEPT, RETURN = {"drop": None}, {"accept": None}, {"return": None}


def chain(name: str, *rules: list[Any], **base: Any) -> list[dict[str, Any]]:
    """A chain and its rules, whose comments are NAME-1, NAME-2 and so on."""
    place = {"family": base.pop("family", "inet"), "table": "t"}
    about = {"type": "filter", "prio": 0, "policy": "accept", **base} if base else {}
    return [
        {"chain": place | {"name": name, "handle": 1} | about},
        *(
            {"rule": place | {"chain": name, "handle": at, "comment": f"{name}-{at}", "expr": parts}}
            for at, parts in enumerate(rules, 1)
        ),
    ]


def ruleset(*chains: list[dict[str, Any]], also: tuple[Any, ...] = (), text: str = "") -> Ruleset:
    return parse(json.dumps({"nftables": [*also, *(one for several in chains for one in several)]}), text)


def causes(rules: Ruleset, hook: str = "forward", **known: Any) -> set[str]:
    facts = Facts(**{**KNOWN, **known})
    return {cause.rule.comment if cause.rule else "policy" for cause in possible(rules, Hook(hook), facts).causes}


def test_a_drop_ends_everything_and_an_accept_only_its_own_chain() -> None:
    first = chain("a", [match(DPORT, 53), ACCEPT], [DROP], hook="forward", prio=-10)
    second = chain("b", [match(DPORT, 53), DROP], hook="forward", prio=10)
    assert causes(ruleset(second, first)) == {"b-1"}
    assert causes(ruleset(second, first), destination_port=54) == {"a-2"}


def test_chains_of_one_priority_may_come_in_any_order() -> None:
    one = chain("a", [DROP], hook="forward")
    other = chain("b", [DROP], hook="forward")
    last = chain("c", [DROP], hook="forward", prio=1)
    assert causes(ruleset(one, other, last)) == {"a-1", "b-1"}


def test_what_is_not_known_leaves_both_ways_open() -> None:
    rules = ruleset(chain("a", [match(LENGTH, 100, "<"), DROP], [match(DPORT, 53), DROP], [DROP], hook="forward"))
    assert causes(rules) == {"a-1", "a-2"}
    assert causes(rules, destination_port=None) == {"a-1", "a-2", "a-3"}


def test_policies_returns_jumps_and_gotos() -> None:
    sub = chain("sub", [match(SADDR, {"prefix": {"addr": "10.0.0.0", "len": 31}}), RETURN], [DROP])
    jumps = chain("a", [{"jump": {"target": "sub"}}], [match(DPORT, 54), DROP], hook="forward", policy="drop")
    assert causes(ruleset(sub, jumps)) == {"policy"}
    assert causes(ruleset(sub, jumps), destination_port=54) == {"a-2"}
    assert causes(ruleset(sub, jumps), source=ADDRESS + 7) == {"sub-2"}
    goes = chain("a", [{"goto": {"target": "sub"}}], [DROP], hook="forward")
    assert causes(ruleset(sub, goes)) == set()


def test_fields_that_are_not_in_the_packet_never_match() -> None:
    tcp = match(payload("tcp", "dport"), 22, "!=")
    six = match(payload("ip6", "saddr"), "::1", "!=")
    assert causes(ruleset(chain("a", [tcp, DROP], [six, DROP], hook="forward", policy="drop"))) == {"policy"}


@pytest.mark.parametrize(("state", "found"), [("new", "a-2"), ("established", "a-1"), ("invalid", "policy")])
def test_conntrack_states(state: str, found: str) -> None:
    rules = ruleset(
        chain("a", [match(STATE, [2, 4], "in"), DROP], [match(STATE, 8, "in"), DROP], hook="forward", policy="drop")
    )
    assert causes(rules, state=state) == {found}
    assert causes(rules) == {"a-1", "a-2", "policy"}


def test_a_chain_before_conntrack_has_not_seen_the_state() -> None:
    rules = ruleset(chain("a", [match(STATE, 8, "in"), DROP], hook="prerouting", prio=-300, policy="drop"))
    assert causes(rules, "prerouting", state="new") == {"a-1", "policy"}


def test_sets_that_packets_fill_hold_anything() -> None:
    here = {"family": "inet", "table": "t", "handle": 1, "type": "ipv4_addr"}
    fixed = {"set": here | {"name": "s", "flags": ["interval"], "elem": [{"range": ["10.0.0.1", "10.0.0.9"]}]}}
    timed = {"set": here | {"name": "s", "flags": ["timeout"], "elem": []}}
    filled = {"set": here | {"name": "s", "elem": []}}
    drops = chain("a", [match(SADDR, "@s"), DROP], hook="forward", policy="drop")
    fills = chain("b", [{"set": {"op": "add", "elem": SADDR, "set": "@s"}}])
    assert causes(ruleset(drops, also=(fixed,))) == {"a-1"}
    assert causes(ruleset(drops, also=(timed,))) == {"a-1", "policy"}
    assert causes(ruleset(drops, also=(filled,))) == {"policy"}
    assert causes(ruleset(drops, fills, also=(filled,))) == {"a-1", "policy"}


def test_what_weir_does_not_know_can_be_anything() -> None:
    strange = chain("a", [{"xt": {"type": "match", "name": "geoip"}}, DROP], [DROP], hook="forward")
    assert causes(ruleset(strange)) == {"a-1", "a-2"}
    later = chain("a", [match({"later": {"key": "field"}}, 1), ACCEPT], [match(DPORT, {"odd": 1}), DROP], [DROP],
                  hook="forward")  # fmt: skip
    assert causes(ruleset(later)) == {"a-2", "a-3"}


def test_rewritten_packets_are_not_what_the_record_says() -> None:
    rewrites = chain("b", [{"mangle": {"key": DPORT, "value": 5}}], hook="output")
    drops = chain("a", [match(DPORT, 53), DROP], [match(DPORT, 54), DROP], hook="forward")
    assert causes(ruleset(drops)) == {"a-1"}
    assert causes(ruleset(drops, rewrites)) == {"a-1", "a-2"}


def test_flags_of_several_packets_are_only_known_where_none_has_them() -> None:
    flags = payload("tcp", "flags")
    rules = ruleset(chain("a", [match(flags, 2, "in"), DROP], [match(flags, 1, "in"), DROP], [DROP], hook="forward"))
    one = {"protocol": 6, "flags": 2}
    facts = Facts(4, source=ADDRESS, destination=OTHER, source_port=1, destination_port=2, flags_unknown=0, **one)
    assert {cause.rule.comment for cause in possible(rules, Hook("forward"), facts).causes if cause.rule} == {"a-1"}
    many = Facts(4, source=ADDRESS, destination=OTHER, source_port=1, destination_port=2, flags_unknown=2, **one)
    found = possible(rules, Hook("forward"), many)
    assert {cause.rule.comment for cause in found.causes if cause.rule} == {"a-1", "a-3"}


def test_a_dormant_table_drops_nothing_and_a_device_chain_only_at_its_device() -> None:
    text = "table inet t { # handle 1\n\tflags dormant\n}\n"
    assert causes(ruleset(chain("a", [DROP], hook="forward"), text=text)) == set()
    text = (
        'table netdev t { # handle 1\n\tchain a { # handle 1\n\t\ttype filter hook ingress device "eth7" priority 0;\n'
    )
    rules = ruleset(chain("a", [DROP], hook="ingress", family="netdev"), text=text)
    facts = Facts(4, 17)
    assert not possible(rules, Hook("ingress", ("eni-a", "br0")), facts).causes
    assert possible(rules, Hook("ingress", ("eth7",)), facts).certain
    assert not possible(rules, Hook("ingress"), facts).certain


def test_a_rule_set_without_end_is_given_up() -> None:
    levels = [chain(f"c{at}", *[[{"jump": {"target": f"c{at + 1}"}}]] * 8) for at in range(1, 9)]
    with pytest.raises(TooDeep):
        causes(ruleset(chain("a", [{"jump": {"target": "c1"}}], hook="forward"), *levels, chain("c9", [RETURN])))
    assert verdict.VISITS_MAX < 8**8


def dropped(**more: Any) -> Drop:
    mapped = bytes(10) + b"\xff\xff"
    about = {"family": 4, "protocol": 17, "source": mapped + ADDRESS.to_bytes(4), "destination": mapped + bytes(4),
             "source_port": 1, "destination_port": 53, "flags": 0, "is_one": True, "hook": 0x43, "rule_id": 0,
             "fold": 0, "device": "eni-a", "entered": True}  # fmt: skip
    return Drop(**(about | more))


def test_marks_name_their_rule_only_where_nothing_else_can_have_dropped() -> None:
    marked = [{"mangle": {"key": MARK, "value": 0x5F000007}}]
    sure = chain("a", [match(LENGTH, 5), *marked, {"counter": None}, DROP], [DROP], hook="forward")
    assert named(dropped(rule_id=7), ruleset(sure), LINKS).rule == 'inet t a handle 1 "a-1"'
    assert named(dropped(rule_id=8), ruleset(sure), LINKS).rule == UNKNOWN
    assert named(dropped(rule_id=RULE_MIXED), ruleset(sure), LINKS).rule == UNKNOWN
    twice = chain("b", [*marked, DROP], hook="input")
    assert named(dropped(rule_id=7), ruleset(sure, twice), LINKS).rule == UNKNOWN
    passing = chain("a", [*marked, {"limit": {"rate": 1, "per": "second"}}, DROP], [DROP], hook="forward")
    assert named(dropped(rule_id=7), ruleset(passing), LINKS).rule == UNKNOWN


def test_a_rule_is_unknown_where_the_row_says_too_little() -> None:
    rules = ruleset(chain("a", [match({"meta": {"key": "iifname"}}, "br0"), DROP], [DROP], hook="forward"))
    assert named(dropped(), rules, LINKS).rule == 'inet t a handle 1 "a-1"'
    assert named(dropped(), rules, Uplinks(LINKS.masters)).rule == UNKNOWN
    assert named(dropped(), None, LINKS).rule == UNKNOWN
    for hook in (0x00, 0x63, 0xC3):  # not known; by conntrack itself; other headers than the row's
        assert named(dropped(hook=hook), rules, LINKS).rule == UNKNOWN
    assert named(dropped(fold=1), rules, LINKS).rule == UNKNOWN
    unsure = ruleset(chain("a", [match(LENGTH, 5), DROP], hook="forward"))
    assert named(dropped(), unsure, LINKS).rule == 'inet t a handle 1 "a-1"'
    assert named(dropped(), unsure, LINKS, tells_conntrack=False).rule == UNKNOWN


def test_revisions_are_equal_whatever_they_counted() -> None:
    counted = [[{"counter": {"packets": number, "bytes": 5 * number}}, DROP] for number in (1, 2)]
    one, other = (json.dumps({"nftables": chain("a", parts, hook="input")}) for parts in counted)
    assert revision_of(one) == revision_of(other) != revision_of(json.dumps({"nftables": chain("a", [DROP])}))
    with pytest.raises(Unreadable):
        revision_of("nothing")


def test_a_time_belongs_to_one_revision_or_to_none() -> None:
    history, rules = History(), ruleset(chain("a", [DROP], hook="input"))
    history.add(Revision(5, 100, 100, rules, Listing("", "")))
    assert history.confirm(5, 200)
    assert not history.confirm(6, 210)
    history.add(Revision(8, 300, 400, rules, Listing("", "")))
    assert history.counted.missed == 2
    found = [
        history.in_force(*span) for span in ((100, 200), (300, 400), (150, 250), (250, 260), (50, 150), (350, 401))
    ]
    assert [revision and revision.generation for revision in found] == [5, 8, None, None, None, None]


def test_the_kernel_names_its_drop_reasons() -> None:
    if not reasons.names():
        pytest.skip("this kernel has no type information, or libbpf is missing")
    assert reasons.names()[2] == "NOT_SPECIFIED"
    assert "NETFILTER_DROP" in reasons.names().values()
    assert reasons.name_of(-1) == "-1"


SAVED = """# Generated by iptables-nft-save v1.8.9 (nf_tables) on Sun Nov 22 12:13:38 2026
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
-A FORWARD -m conntrack ! --ctstate NEW,RELATED -m comment --comment "not -m new" -j DROP
-A FORWARD -p udp -m multiport --dports 5,50:60 -j REJECT --reject-with icmp-port-unreachable
-A FORWARD -m geoip --source-country AA -j DROP
-A FORWARD -i eth0 -j ACCEPT
COMMIT
"""


def extension(name: str, kind: str = "match") -> dict[str, Any]:
    return {"xt": {"type": kind, "name": name}}


def test_rules_of_iptables_bear_their_own_names() -> None:
    made = chain("FORWARD", [extension("conntrack"), extension("comment"), {"counter": None}, DROP],
                 [match({"meta": {"key": "l4proto"}}, 17), extension("multiport"), extension("REJECT", "target")],
                 [extension("geoip"), DROP], [match({"meta": {"key": "iifname"}}, "eth0"), ACCEPT],
                 hook="forward", family="ip")  # fmt: skip
    text = json.dumps({"nftables": made}).replace('"table": "t"', '"table": "filter"')
    rules = parse(text, "", SAVED)

    def found(**known: Any) -> list[str]:
        return sorted(str(cause) for cause in possible(rules, Hook("forward"), Facts(**{**KNOWN, **known})).causes)

    names = [f"ip filter FORWARD handle {at} ({words})" for at, words in enumerate(SAVED.splitlines()[4:8], 1)]
    assert found(state="established") == [names[0]]
    assert found(state="new") == [names[1]]
    assert found(state="related", destination_port=70) == [names[2]]
    assert found(destination_port=70) == [names[0], names[2]]
    fewer = parse(text, "", SAVED.replace("-A FORWARD -i eth0 -j ACCEPT\n", ""))
    assert str(next(fewer.rules)) == 'ip filter FORWARD handle 1 "FORWARD-1"'


def test_functions_end_where_the_next_symbol_begins() -> None:
    symbols = """ffffffff81000000 T nf_hook_slow
ffffffff81000100 t ip_forward.cold
ffffffff81000110 T something_else
ffffffff81000200 T ip_forward
ffffffff81000900 d not_code
ffffffff81001000 T nft_do_chain	[nf_tables]
ffffffff81001800 t last_one"""
    codes = list(hooks.functions(symbols.splitlines()))
    table = hooks.places(codes, "6.18.44-cloud")
    assert [int(value) - 0xFFFFFFFF81000000 for value in table["nf_hook_slow"][0]] == [0, 0x100]
    assert [int(value) - 0xFFFFFFFF81000000 for value in table["nft_do_chain"][0]] == [0x1000, 0x1800]
    forward = [
        (int(one["code"]["start"]) & 0xFFF, int(one["code"]["end"]) & 0xFFFF) for one in table["function"][0][:2]
    ]
    assert forward == [(0x100, 0x110), (0x200, 0x1000)]
    assert [hooks.HOOKS[int(one["hook"])] for one in table["function"][0][:3]] == ["forward", "forward", "unknown"]
    assert not hooks.places(codes, "6.6.1")["nft_do_chain"]["end"][0]
    assert list(hooks.functions(["0000000000000000 T nf_hook_slow"])) == []


def test_large_rule_sets_are_forgotten_sooner() -> None:
    history, rules = History(), ruleset(chain("a", *[[DROP]] * (HISTORY_RULES_MAX // 3), hook="input"))
    for generation in range(1, 6):
        history.add(Revision(generation, generation, generation, replace(rules, revision=str(generation)), NOT_KEPT))
    assert [one.generation for one in history.revisions] == [3, 4, 5]
