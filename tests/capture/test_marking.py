"""``weir firewall mark`` on a real rule set: only what was asked, and back again word for word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.capture.conftest import namespace, shell
from weir.capture.nft import parse
from weir.capture.rulesets import listing
from weir.cli import cli

pytestmark = pytest.mark.root

RULES = """
table inet t {
  set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1-192.0.2.9 }
  }
  chain other {
    ip saddr @s udp dport 5 counter packets 7 bytes 700 drop comment "in another chain"
  }
  chain f {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    ip saddr @s tcp dport { 22, 80-90 } limit rate 5/second burst 3 packets log prefix "x " drop comment "limited"
    tcp dport 25 reject with tcp reset
    udp dport vmap { 53 : accept, 54 : drop }
    meta mark 5 drop comment "asks for a mark"
    udp dport 7 meta mark set 0x5f000001 drop comment "by hand"
    ip protocol icmp jump other
  }
}
table bridge b {
  chain p { type filter hook prerouting priority -300; policy accept;
    ether type ip6 ip6 saddr fe80::/10 drop
  }
}
"""


@pytest.fixture(scope="module")
def netns() -> Iterator[str]:
    with namespace() as name:
        yield name


def weir(netns: str, data: Path, *arguments: str) -> Result:
    done = CliRunner().invoke(cli, ["firewall", *arguments, "--netns", netns, "--data", str(data)])
    assert done.exit_code == 0, done.output
    return done


def text_of(netns: str) -> str:
    return shell("ip", "netns", "exec", netns, "nft", "-s", "list", "ruleset")


def test_marks_are_set_where_they_can_be_and_taken_out_again(netns: str, tmp_path: Path) -> None:
    shell("ip", "netns", "exec", netns, "nft", "-f", "-", stdin=RULES)
    before = text_of(netns)

    said = weir(netns, tmp_path, "mark", "--dry-run").output
    assert "would be marked: 4, skipped: 3" in said
    assert text_of(netns) == before

    said = weir(netns, tmp_path, "mark").output
    for reason in ("verdict lies in a map", "uses a mark already", "a policy has no place"):
        assert reason in said
    found = listing(netns)
    marked = parse(found.document, found.text).marked
    assert sorted(marked) == [1, 2, 3, 4, 5]
    assert [rule.comment for rule in marked[1]] == ["by hand"]
    assert re.sub(r" ?meta mark set 0x5f00000[2-5]", "", text_of(netns)) == before
    assert "packets 7 bytes 700" in found.text

    weir(netns, tmp_path, "mark")
    assert text_of(netns).count("meta mark set") == 5

    said = weir(netns, tmp_path, "mark", "--policies").output
    assert "marked: 1, skipped: 2" in said
    with_end = text_of(netns)
    assert with_end.count('meta mark set 0x5f000006 drop comment "weir"\n\t}') == 1
    assert sorted(parse((now := listing(netns)).document, now.text).marked) == [1, 2, 3, 4, 5, 6]
    weir(netns, tmp_path, "mark", "--policies")
    assert text_of(netns) == with_end

    assert "was not set by weir firewall mark" in weir(netns, tmp_path, "unmark").output
    assert text_of(netns) == before
    assert list(tmp_path.iterdir()) == []
