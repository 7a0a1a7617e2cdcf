"""What was really counted: by the senders, by TCP, by nftables, by the devices and by the guests' own stacks.

What enters: a lab that is up. What leaves: one JSON-able value, read fresh but for the senders' facts, which come from
the lab's state file. Rule: nothing here is computed by Weir; each figure has its witness's name.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pyroute2 import IPRoute

from weir.lab.facts import recorded
from weir.lab.iperf import stack_counters
from weir.lab.netns import inside
from weir.lab.rules import counters
from weir.lab.topology import Lab


def truth(lab: Lab) -> dict[str, Any]:
    """Everything counted in this lab since it came up.

    ``senders``: one fact per direction of a flow, with its L3 bytes, its verdict and the rows it must make; ``tcp``:
    TCP_INFO of both ends; ``iperf``: iperf3's reports; ``rules``: nftables' counters; ``links``: what ``ip -s link``
    shows of each ENI's device on the host (``rx`` is out of the guest; bytes with the Ethernet header; a GSO packet
    counts once); ``stacks``: /proc/net/snmp of each guest. Raises ``LabTrouble`` if the lab is not up.
    """
    return {
        "lab": lab.name,
        **recorded(lab.state_path).to_json(),
        "rules": [asdict(rule) for rule in counters(lab.host_netns)],
        "links": links(lab),
        "stacks": {guest.name: stack_counters(guest) for guest in lab.guests.values()},
    }


def links(lab: Lab) -> list[dict[str, Any]]:
    """The host's device counters per guest."""
    found = []
    with inside(lab.host_netns), IPRoute() as route:
        for guest in lab.guests.values():
            (link,) = route.get_links(ifname=guest.device)
            stats = link.get("stats64")
            found.append(
                {
                    "guest": guest.name,
                    "device": guest.device,
                    "ifindex": link["index"],
                    **{
                        f"{side}_{unit}": stats[f"{side}_{unit}"]
                        for side in ("rx", "tx")
                        for unit in ("packets", "bytes", "dropped", "errors")
                    },
                }
            )
    return found
