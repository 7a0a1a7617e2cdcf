"""The tables that Weir itself adds to a namespace's rules, for sampled trace, and how its records leave them out.

What enters: packets a second; listings of nft. What leaves: commands for nft; the listings as if our tables were not
there. Rule: a table of ours decides nothing, and the user's rule set is the same revision with and without it.
"""

from __future__ import annotations

import json
import re

TABLE = "weir_trace"
FAMILIES = ("inet", "bridge")
"""Where one is added; a kernel without the second goes without it."""
PRIORITY = -1000
"""Before the kernel's own (-400 for fragments) and whatever rules usually have."""
_BLOCK = re.compile(rf"^table \w+ {TABLE} \{{.*?^\}}\n?", re.MULTILINE | re.DOTALL)


def adding(family: str, per_second: int) -> str:
    """Replaces the table, or adds it, in one transaction."""
    rule = f"limit rate {per_second}/second burst {per_second} packets meta nftrace set 1"
    chains = "\n".join(
        f"chain {hook} {{\ntype filter hook {hook} priority {PRIORITY}; policy accept;\n{rule}\n}}"
        for hook in ("prerouting", "output")
    )
    return f"{removing(family)}table {family} {TABLE} {{\n{chains}\n}}\n"


def removing(family: str) -> str:
    """Also where there is none."""
    return f"add table {family} {TABLE}\ndelete table {family} {TABLE}\n"


def without(document: str) -> str:
    """``nft -j list ruleset`` without our tables."""
    if f'"{TABLE}"' not in document:
        return document
    said = json.loads(document)
    kept = [one for one in said["nftables"] if not any(_is_ours(kind, value) for kind, value in one.items())]
    return json.dumps({**said, "nftables": kept})


def _is_ours(kind: str, said: dict[str, object]) -> bool:
    return said.get("name" if kind == "table" else "table") == TABLE


def text_without(text: str) -> str:
    """``nft -a list ruleset`` without our tables."""
    return _BLOCK.sub("", text) if TABLE in text else text
