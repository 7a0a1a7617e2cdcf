"""``kill -9`` at every step of a compaction: each row is there once and in its place, and the next start goes on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from weir.logstore.store import Store

COMPACTOR = Path(__file__).parent / "compactor.py"
STEPS_MIN = 12
"""Fewer would mean that the test no longer sees the steps."""


def test_kill_at_every_step(place: Any, flows: Callable[..., pa.Table], tmp_path: Path) -> None:
    store: Store = place.open()
    store.create(1, 1)
    for number in range(8):
        store.put(1, flows(number * 150, 150), batch_id=str(number))
        store.seal(1)
    store.stop()
    root, copy = tmp_path / "killed", tmp_path / "copy"
    copy.mkdir()
    shutil.copytree(place.root / "lake", copy / "lake")
    shutil.copy(place.root / "manifest.db", copy)
    process = subprocess.Popen(
        [sys.executable, COMPACTOR, root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    step, finished = 0, None
    try:
        while finished is None:
            step += 1
            shutil.rmtree(root, ignore_errors=True)
            shutil.copytree(copy, root)
            finished = ask(process, f"kill {step}")
            damage, serials, segments, _ = ask(process, "show")
            assert (damage, serials) == ([], list(range(1200)))
            assert segments in (2, 8)
            assert ask(process, "kill 1000000") == [[], list(range(1200)), 2, 2]
    finally:
        process.kill()
        process.wait()
    assert step > STEPS_MIN


def ask(process: subprocess.Popen[str], line: str) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())
