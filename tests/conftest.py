"""What every test shares: the ``root`` marker's loud skip and a poll that waits for a condition instead of a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.waiting import until


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked ``root`` (and ``lab``, which implies it) are skipped with their reason where we are not root."""
    if os.geteuid() == 0:
        return
    reason = pytest.mark.skip(reason="needs root: makes network namespaces and loads eBPF programs")
    for item in items:
        if item.get_closest_marker("root") or item.get_closest_marker("lab"):
            item.add_marker(reason)


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    """``wait_until(condition, seconds=10)``: returns once ``condition()`` is true, fails at the deadline."""

    def wait(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
        return until(condition, seconds)

    return wait
