"""The lab comes up as it describes itself, goes down without a trace, and cleans up after a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pyroute2 import IPRoute, netns

from weir.lab.netns import NETNS_DIR, LabTrouble, inside
from weir.lab.topology import BRIDGE, GUEST_DEVICE, Lab

pytestmark = pytest.mark.root

CRASH = """
import os, signal, sys
from weir.lab.iperf import server
from weir.lab.topology import Lab
lab = Lab(sys.argv[1])
lab.up()
with server(lab, lab.guests["b"], 5999):
    print("ready", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def namespaces(name: str) -> list[str]:
    return sorted(entry.name for entry in NETNS_DIR.glob(f"{name}-*"))


def traces(name: str) -> list[Path]:
    return [*NETNS_DIR.glob(f"{name}-*"), *Path("/run/weir-lab").glob(f"{name}.*")]


def marked(name: str) -> list[int]:
    """Processes that carry the lab's mark."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"WEIR_LAB={name}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def test_up_and_down_leave_nothing(lab_name: str) -> None:
    lab = Lab(lab_name)
    home = os.stat("/proc/thread-self/ns/net").st_ino
    lab.up()
    assert lab.is_up()
    assert namespaces(lab_name) == sorted(lab.namespaces)
    lab.down()
    assert not lab.is_up()
    assert traces(lab_name) == []
    assert os.stat("/proc/thread-self/ns/net").st_ino == home
    lab.down()


def test_description_is_what_the_kernel_has(lab: Lab) -> None:
    world = lab.description()
    for guest in world["guests"]:
        with inside(guest["netns"]), IPRoute() as route:
            (device,) = route.get_links(ifname=GUEST_DEVICE)
            addresses = {address.get("address") for address in route.get_addr(index=device["index"])}
        assert device.get("address") == guest["mac"]
        assert addresses == {guest["ipv4"], guest["ipv6"]}
    with inside(world["host_netns"]), IPRoute() as route:
        (bridge,) = route.get_links(ifname=BRIDGE)
        masters = {
            guest["name"]: link.get("master")
            for guest in world["guests"]
            for link in route.get_links(ifname=guest["device"])
        }
    assert masters == {"a": bridge["index"], "b": bridge["index"], "c": None}
    assert {guest["name"]: guest["vswitch"] for guest in world["guests"]} == {
        "a": "bridged",
        "b": "bridged",
        "c": "routed",
    }


def test_up_refuses_what_is_there_and_leaves_it(lab: Lab) -> None:
    with pytest.raises(LabTrouble, match="is there already"):
        Lab(lab.name).up()
    assert lab.is_up()


def test_another_process_finds_and_removes_the_lab(lab: Lab) -> None:
    code = "import sys; from weir.lab.topology import Lab; lab = Lab(sys.argv[1]); assert lab.is_up(); lab.down()"
    subprocess.run([sys.executable, "-c", code, lab.name], check=True)
    assert traces(lab.name) == []


def test_down_removes_what_a_killed_run_left(lab_name: str, wait_until: Callable[..., None]) -> None:
    crashed = subprocess.run([sys.executable, "-c", CRASH, lab_name], stdout=subprocess.PIPE, text=True, check=False)
    assert (crashed.stdout, crashed.returncode) == ("ready\n", -signal.SIGKILL)
    (left,) = marked(lab_name)
    assert Path(f"/proc/{left}/comm").read_text() == "iperf3\n"
    lab = Lab(lab_name)
    with inside(lab.guests["b"].netns):
        stranger = subprocess.Popen(["sleep", "60"])
    try:
        lab.down()
        wait_until(lambda: marked(lab_name) == [])
        assert traces(lab_name) == []
        assert stranger.poll() is None, "down ended a process that the lab had not started"
    finally:
        stranger.kill()
        stranger.wait()


def test_a_half_made_lab_is_refused_and_removed(lab_name: str) -> None:
    lab = Lab(lab_name)
    netns.create(lab.guests["a"].netns)
    (NETNS_DIR / lab.host_netns).touch()
    with pytest.raises(LabTrouble, match=lab.guests["a"].netns):
        lab.up()
    lab.down()
    assert traces(lab_name) == []
    lab.up()
    assert lab.is_up()


def test_a_failed_up_leaves_nothing(lab_name: str) -> None:
    """Without the capability for networks the namespaces can be made, and their devices cannot."""
    unable = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"]
    code = "import sys; from weir.lab.topology import Lab; Lab(sys.argv[1]).up()"
    failed = subprocess.run(
        [*unable, sys.executable, "-c", code, lab_name], stderr=subprocess.PIPE, text=True, check=False
    )
    assert failed.returncode == 1
    assert "Operation not permitted" in failed.stderr
    assert traces(lab_name) == []


@pytest.mark.parametrize("name", ["", "Weir", "a b", "../x", "a" * 33])
def test_names_that_are_no_namespace_names(name: str) -> None:
    with pytest.raises(ValueError, match="lab name"):
        Lab(name)
