"""The one place in the tests that lets time pass: polling a condition until a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

PAUSE_SECONDS = 0.05


def until(condition: Callable[[], Any], seconds: float, what: str = "") -> Any:
    """The first true value of ``condition()``; fails with its name (or ``what``) after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what or getattr(condition, '__name__', condition)}")
        time.sleep(PAUSE_SECONDS)
    return value
