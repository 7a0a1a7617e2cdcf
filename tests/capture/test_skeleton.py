"""The second loader: a light skeleton and bare system calls do what libbpf does."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.capture.conftest import Books, namespace, shell
from tests.capture.test_headers import SEEDS, comparable
from tests.capture.test_kernel_frames import LO, MACS
from weir.capture.kernel import Kernel
from weir.capture.layout import CONFIG
from weir.capture.libbpf import BpfTrouble, library
from weir.capture.probe import OBJECT
from weir.capture.skeleton import LightObject, parse, skeleton_of
from weir.capture.syscalls import Syscalls
from weir.model.resources import Side

SKELETON = skeleton_of(OBJECT)
FLOWS_MAX = 1 << 12

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not SKELETON.exists(), reason="no light skeleton: bpftool was not there when bpf/ was built"),
]


def run_all(books: Books) -> None:
    """Every kind of frame into the books."""
    for frame in SEEDS:
        try:
            books.kernel.try_frame("behind_ingress", MACS + frame)
        except BpfTrouble:
            continue  # some kernels' test benches refuse frames that are too short
    books.drain()


def test_both_loaders_make_programs_that_count_the_same(opened: Callable[..., Any], quiet: str) -> None:
    by_libbpf = opened(netns=quiet, flows_max=FLOWS_MAX)
    by_libbpf.kernel.attach(LO, Side.SELF)
    run_all(by_libbpf)
    by_libbpf.kernel.detach(LO)
    with Kernel(FLOWS_MAX, quiet, SKELETON) as kernel:
        kernel.attach(LO, Side.SELF)
        books = Books(kernel)
        run_all(books)
        assert len(books.rows) > 10
        assert comparable(books.rows) == comparable(by_libbpf.rows)
        assert books.uncounted == by_libbpf.uncounted


def test_sizes_and_constants_are_set_before_loading() -> None:
    config = np.zeros(1, CONFIG)
    config["netns"] = 77
    loaded = LightObject(SKELETON, {"flows4_0": 1234}, {".rodata": config})
    try:
        about = Path(f"/proc/self/fdinfo/{loaded.map('flows4_0').fd}").read_text().split()
        assert about[about.index("max_entries:") + 1] == "1234"
        constants = np.zeros(1, CONFIG)
        loaded.map(".rodata").get(np.zeros(1, "<u4"), constants)
        assert constants["netns"][0] == 77
    finally:
        loaded.close()


def test_what_the_kernel_refuses_is_one_line() -> None:
    """A hash map of 2^31 entries cannot be."""
    with pytest.raises(BpfTrouble, match="load flow") as refused:
        LightObject(SKELETON, {"flows4_0": 1 << 31}, {})
    assert "\n" not in str(refused.value)


def test_no_skeleton_is_refused() -> None:
    with pytest.raises(ValueError, match="light skeleton"):
        parse("#include <stdio.h>")


def test_bare_calls_count_processors_as_libbpf_does() -> None:
    assert Syscalls().libbpf_num_possible_cpus() == library().libbpf_num_possible_cpus()


ALONE = """
import json, sys
from tests.capture.conftest import Books
from tests.capture.test_headers import comparable
from tests.capture.test_skeleton import run_all
from weir.capture import libbpf
from weir.capture.kernel import Kernel
from weir.capture.probe import probe
from weir.model.resources import Side
answers = {"libbpf": libbpf.is_there(), "missing": probe()}
with Kernel(4096, sys.argv[1]) as kernel:
    kernel.attach(1, Side.SELF)
    books = Books(kernel)
    run_all(books)
    answers["vanished"] = sorted(kernel.vanished())
    answers["rows"] = len(books.rows)
    answers["packets"] = books.total()[0]
print(json.dumps(answers))
"""


def test_a_host_without_libbpf_captures(opened: Callable[..., Any]) -> None:
    """In a mount namespace in which an empty file lies over the library."""
    found = Path(json.loads(shell(sys.executable, "-c", WHERE)))
    with namespace() as netns:
        books = opened(netns=netns, flows_max=FLOWS_MAX)
        books.kernel.attach(LO, Side.SELF)
        run_all(books)
        books.kernel.detach(LO)
        hidden = f'mount --bind /dev/null {found} && exec "$0" -c "$1" {netns}'
        said = json.loads(shell("unshare", "--mount", "sh", "-c", hidden, sys.executable, ALONE))
    assert said["libbpf"] is False
    assert (said["missing"], said["vanished"]) == ([], [])
    assert (said["rows"], said["packets"]) == (len(books.rows), books.total()[0])


WHERE = """
import ctypes, json
ctypes.CDLL("libbpf.so.1")
print(json.dumps(next(line.split()[-1] for line in open("/proc/self/maps") if "libbpf.so" in line)))
"""
