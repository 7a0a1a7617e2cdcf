"""A lab of this test run's own, with a name no other run has; gone at the end, also after a failure."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pyroute2 import IPRoute

from weir.lab.netns import inside
from weir.lab.topology import GUEST_DEVICE, Lab
from weir.lab.truth import links

STILL_READS = 10
"""The group reports of fresh addresses are over once this many readings in a row are the same."""


@pytest.fixture
def lab_name() -> Iterator[str]:
    name = f"weirtest-{os.getpid()}"
    yield name
    Lab(name).down()


@pytest.fixture
def lab(lab_name: str, wait_until: Callable[..., None]) -> Iterator[Lab]:
    """A lab that is up and still."""
    with Lab(lab_name) as lab:
        readings: list[Any] = []

        def still() -> bool:
            readings.append(links(lab))
            last = readings[-STILL_READS:]
            return len(last) == STILL_READS and all(reading == last[0] for reading in last)

        wait_until(still)
        yield lab


@pytest.fixture
def plain_lab(lab: Lab) -> Lab:
    """Guests without segmentation offload: a device then counts every segment by itself."""
    for guest in lab.guests.values():
        with inside(guest.netns), IPRoute() as route:
            (index,) = route.link_lookup(ifname=GUEST_DEVICE)
            route.link("set", index=index, gso_max_segs=1)
    return lab
