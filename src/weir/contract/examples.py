"""Examples drawn from the declarations: one valid call of every action, and one answer.

What enters: a ``Spec`` or an answer class. What leaves: request pairs and answer documents made of the declared
examples. The manual shows them and the tests send them, so an example that no longer holds fails.
"""

from __future__ import annotations

import typing
from dataclasses import is_dataclass
from typing import Any

from weir.contract.declare import Param, Spec, answers_of, params_of
from weir.contract.shapes import Repeat

REQUEST_ID = "54B48E3D-DF70-471B-AA93-08E683A1B457"


def call(spec: Spec) -> dict[str, str]:
    """A call with every parameter, each with its example."""
    return _pairs(spec.params, "")


def least_call(spec: Spec) -> dict[str, str]:
    """A call with the required parameters alone. A rule over several parameters may want more."""
    return _pairs(tuple(one for one in spec.params if one.required), "")


def document(result: type) -> dict[str, Any]:
    """An answer with every field."""
    return {"RequestId": REQUEST_ID, **_document(result)}


def _pairs(params: tuple[Param, ...], path: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for one in params:
        at = path + one.wire
        if not isinstance(one.shape, Repeat):
            pairs[at] = one.example
        elif isinstance(one.shape.of, type):
            pairs |= _pairs(params_of(one.shape.of), f"{at}.1.")
        else:
            pairs[f"{at}.1"] = one.example
    return pairs


def _document(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {one.wire: _wrapped(one.item, _value(hints[one.name], one.example)) for one in answers_of(cls)}


def _wrapped(item: str, value: Any) -> Any:
    return {item: value} if item else value


def _value(hint: Any, example: Any) -> Any:
    if typing.get_origin(hint) is tuple:
        element = typing.get_args(hint)[0]
        return [_value(element, example)] if example or is_dataclass(element) else []
    return _document(hint) if isinstance(hint, type) and is_dataclass(hint) else example
