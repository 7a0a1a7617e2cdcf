"""The table of handlers is complete."""

from __future__ import annotations

import inspect
import typing

from weir.contract.declare import spec_of
from weir.contract.products import COMMANDS
from weir.control.handlers import ADMISSIONS, HANDLERS


def test_every_declared_action_has_its_handler_and_nothing_else_has() -> None:
    assert set(HANDLERS) == set(COMMANDS)
    assert set(ADMISSIONS) <= set(COMMANDS)


def test_every_handler_takes_its_command_and_gives_its_answer() -> None:
    for command, handler in HANDLERS.items():
        hints = typing.get_type_hints(handler)
        assert list(inspect.signature(handler).parameters) == ["desk", "caller", "command"]
        assert hints["command"] is command
        assert hints["return"] is spec_of(command).result
