"""Declared failures that no scene produces, each with the reason. The ledger prints this list; it should be empty."""

from __future__ import annotations

PENDING: dict[tuple[str, str], str] = {}
"""(action, code) -> why; the action ``*`` stands for the gateway."""
