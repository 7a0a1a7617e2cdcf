"""Refusals of parameters alone, drawn from the declarations: for every failure that parsing can answer, one request.

A request has every parameter with its example, but for one fault; the fault's failure is the answer because nothing
else is wrong that is looked at before.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.ledger.door import BARE, HERE
from weir.contract import examples
from weir.contract.declare import Param, Spec, params_of
from weir.contract.shapes import Malformed, Repeat, Shape
from weir.model.failures import INVALID_PARAMETER, INVALID_REGION_ID_NOT_FOUND, OPERATION_UNSUPPORTED_ACTION

Pairs = dict[str, str]


def faults(spec: Spec) -> Iterator[tuple[str, Pairs]]:
    """(code, pairs) of one request for each failure of the parameters and of the rules about regions."""
    seen: set[str] = set()
    for code, pairs in _all_faults(spec):
        if code not in seen:
            seen.add(code)
            yield code, pairs


def _all_faults(spec: Spec) -> Iterator[tuple[str, Pairs]]:
    whole = examples.call(spec)
    if "RegionId" in whole:
        whole["RegionId"] = HERE
        for failure, region in ((INVALID_REGION_ID_NOT_FOUND, "mars"), (OPERATION_UNSUPPORTED_ACTION, BARE)):
            if failure in {rule.failure for rule in spec.rules}:
                yield failure.code, {**whole, "RegionId": region}
    for one in spec.params:
        without = {name: text for name, text in whole.items() if name.partition(".")[0] != one.wire}
        if one.required:
            yield one.missing.code, without
        if isinstance(one.shape, Repeat):
            yield INVALID_PARAMETER.code, {**without, f"{one.wire}.0": "x"}
    for one, shape, path in _texts(spec.params, ""):
        for text, kind in shape.bad():
            code = INVALID_PARAMETER.code if kind is Malformed else one.invalid.code
            yield code, {**whole, path: text}


def _texts(params: tuple[Param, ...], path: str) -> Iterator[tuple[Param, Shape, str]]:
    for one in params:
        if not isinstance(one.shape, Repeat):
            yield one, one.shape, path + one.wire
        elif isinstance(one.shape.of, type):
            yield from _texts(params_of(one.shape.of), f"{path}{one.wire}.1.")
        else:
            yield one, one.shape.of, f"{path}{one.wire}.1"
