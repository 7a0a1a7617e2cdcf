"""The benchmarks still run; their figures are nobody's test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from weir.capture.probe import probe

BENCH = Path(__file__).parent.parent / "bench"


def test_ingest_runs(tmp_path: Path) -> None:
    small = ["--http", "--seconds", "0.2", "--batch", "100", "--threads", "1", "--directory", str(tmp_path)]
    done = subprocess.run([sys.executable, BENCH / "ingest.py", *small], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "PutLogs, HTTP" in done.stdout


def test_kills_lose_nothing(tmp_path: Path) -> None:
    few = ["--kills", "2", "--directory", str(tmp_path)]
    done = subprocess.run([sys.executable, BENCH / "kills.py", *few], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 lost, 0 doubled, 0 half written" in done.stdout


def test_query_runs(tmp_path: Path) -> None:
    small = ["--rows", "100000", "--times", "1", "--settled", "0", "--peers", "duckdb", "--directory", str(tmp_path)]
    done = subprocess.run([sys.executable, BENCH / "query.py", *small], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "answers differ: []" in done.stdout


def test_recovery_runs(tmp_path: Path) -> None:
    small = ["--gb", "0.01", "--files-mb", "0.2", "--log-rows", "10000", "--directory", str(tmp_path)]
    done = subprocess.run([sys.executable, BENCH / "recovery.py", *small], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "0.01 GB of lake" in done.stdout


def test_putlogs_runs(tmp_path: Path) -> None:
    small = ["--seconds", "0.5", "--forms", "4", "--connections", "1", "--speed-only", "--directory", str(tmp_path)]
    done = subprocess.run([sys.executable, BENCH / "putlogs.py", *small], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "protobuf lz4 4096" in done.stdout


@pytest.mark.root
def test_capture_beside_peers_runs() -> None:
    if missing := probe():
        pytest.skip(" ".join(missing))
    small = ["--rounds", "1", "--seconds", "0.2", "--agents", "weir"]
    done = subprocess.run(
        [sys.executable, BENCH / "capture_peers.py", *small], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    (weir,) = [line for line in done.stdout.splitlines() if line.startswith("weir")]
    assert weir.split()[-1] == "0.000"
