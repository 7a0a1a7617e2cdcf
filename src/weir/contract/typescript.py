"""The contract for the console, in TypeScript.

What enters: every declared action, operation of the log service, failure and record field. What leaves: one module of
types (what may be said and what is answered) and tables (what a form needs to know). Rule: nothing here is written
twice; a test writes the module anew and compares.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from typing import Any

from weir.contract.declare import Param, Spec, answers_of, params_of
from weir.contract.products import ACTIONS
from weir.contract.shapes import AnyCase, Flag, Integer, OneOf, Repeat, Shape
from weir.contract.sls import OPERATIONS, Operation
from weir.contract.sls_shapes import IntegerList, JsonObject
from weir.model.failure_index import BY_CODE
from weir.model.fields import ALL_FIELDS

HEAD = "// Written by python -m weir.cli.manual; edit the declarations instead."
PLAIN = {bool: "boolean", int: "number", float: "number"}
LINE_LENGTH_MAX = 120
"""Above it a union of literals goes over several lines."""


def module() -> str:
    """The text of ``console/src/contract.ts``."""
    specs = list(ACTIONS.values())
    operations = list({one.command: one for one in OPERATIONS}.values())
    lines = [HEAD, "", *_union("FailureCode", list(BY_CODE)), ""]
    lines += [*_union("RecordField", list(ALL_FIELDS)), ""]
    for spec in specs:
        lines += [f"/** {spec.summary} */", *_interface(f"{spec.name}Request", _request(spec.params, 1))]
        lines += _interface(f"{spec.name}Answer", ["  RequestId: string;", *_answer(spec.result, 1)])
    lines += ["/** Every action by its name in policies. */", "export interface Actions {"]
    for spec in specs:
        lines.append(f'  "{spec.ram_action}": {{ request: {spec.name}Request; answer: {spec.name}Answer }};')
    lines += ["}", "", "/** The parameters of the log service's operations, by name. */"]
    said = [[f"  {one.name}: {{", *_request(params_of(one.command), 2), "  };"] for one in operations]
    lines += [*_interface("Operations", [line for part in said for line in part]), *_tables(specs)]
    return "\n".join(lines) + "\n"


def _interface(name: str, fields: Iterable[str]) -> list[str]:
    return [f"export interface {name} {{", *fields, "}", ""]


def _tables(specs: list[Spec]) -> Iterator[str]:
    yield from (PARAMETER, ACTION)
    yield "export const ACTIONS: Record<keyof Actions, Action> = {"
    for spec in specs:
        yield f'  "{spec.ram_action}": {{'
        yield f"    product: {_quoted(spec.product.name)},"
        yield f"    version: {_quoted(spec.product.version)},"
        yield f"    name: {_quoted(spec.name)},"
        yield f"    summary: {_quoted(spec.summary)},"
        yield f"    writes: {_quoted(spec.writes)},"
        yield "    parameters: ["
        for one in spec.params:
            yield from _parameter(one, "      ", "")
        yield "    ],"
        yield f"    failures: {_quoted([failure.code for failure in spec.fails])},"
        yield "  },"
    yield from ("};", "", "/** Method, path and `type` of every operation of the log service. */")
    yield "export const ROUTES: ReadonlyArray<readonly [keyof Operations, string, string, string]> = ["
    yield from (f"  {_quoted([one.name, one.method, one.template, _kind(one)])}," for one in OPERATIONS)
    yield "];"


PARAMETER = """\
/** One parameter as a form shows it; `N` in a name is an index from 1. */
export interface Parameter {
  name: string;
  required: boolean;
  rule: string;
  doc: string;
  example: string;
  choices: readonly string[];
  unit: string;
  ignored: string;
  refused: string;
}
"""
ACTION = """\
export interface Action {
  product: string;
  version: string;
  name: string;
  summary: string;
  writes: boolean;
  parameters: readonly Parameter[];
  failures: readonly FailureCode[];
}
"""


def _parameter(one: Param, indent: str, path: str) -> Iterator[str]:
    name = path + one.wire + (".N" if isinstance(one.shape, Repeat) else "")
    of = one.shape.of if isinstance(one.shape, Repeat) else one.shape
    if isinstance(of, type):
        for sub in params_of(of):
            yield from _parameter(sub, indent, name + ".")
        return
    facts = {
        "name": name,
        "required": one.required,
        "rule": one.shape.rule(),
        "doc": one.doc,
        "example": one.example,
        "choices": list(of.choices) if isinstance(of, OneOf) else [],
        "unit": one.unit,
        "ignored": one.ignored,
        "refused": one.refused,
    }
    yield indent + "{ " + ", ".join(f"{key}: {_quoted(value)}" for key, value in facts.items()) + " },"


def _request(params: tuple[Param, ...], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for one in params:
        yield f"{indent}/** {one.doc} */"
        name = one.wire if one.wire.isidentifier() else _quoted(one.wire)
        name += "" if one.required else "?"
        if not isinstance(one.shape, Repeat):
            yield f"{indent}{name}: {_said(one.shape)};"
        elif isinstance(one.shape.of, type):
            yield from (f"{indent}{name}: {{", *_request(params_of(one.shape.of), depth + 1), f"{indent}}}[];")
        else:
            yield f"{indent}{name}: ({_said(one.shape.of)})[];"


def _said(shape: Shape) -> str:
    if isinstance(shape, OneOf) and not isinstance(shape, AnyCase):
        return " | ".join(choice if shape.integers else _quoted(choice) for choice in shape.choices)
    if isinstance(shape, JsonObject):
        return "Record<string, unknown>"
    return {Integer: "number", IntegerList: "number[]", Flag: "boolean"}.get(type(shape), "string")


def _answer(cls: type, depth: int) -> Iterator[str]:
    indent, hints = "  " * depth, typing.get_type_hints(cls)
    for one in answers_of(cls):
        hint, optional = _required(hints[one.name])
        name = one.wire + ("?" if optional else "")
        is_list = typing.get_origin(hint) is tuple
        element = typing.get_args(hint)[0] if is_list else hint
        end = "[]" if is_list else ""
        begin, close = (f"{{ {one.item}: ", " }") if one.item else ("", "")
        if is_dataclass(element) and isinstance(element, type):
            yield f"{indent}{name}: {begin}{{"
            yield from _answer(element, depth + 1)
            yield f"{indent}}}{end}{close};"
        else:
            plain = "string" if one.as_text else PLAIN.get(element, "string")
            yield f"{indent}{name}: {begin}{plain}{end}{close};"


def _required(hint: Any) -> tuple[Any, bool]:
    """The type without ``None``, and whether it had it."""
    if typing.get_origin(hint) is types.UnionType:
        return typing.get_args(hint)[0], True
    return hint, False


def _union(name: str, words: list[str]) -> list[str]:
    line = f"export type {name} = {' | '.join(map(_quoted, words))};"
    if len(line) <= LINE_LENGTH_MAX:
        return [line]
    return [f"export type {name} =", *(f"  | {_quoted(word)}" for word in words[:-1]), f"  | {_quoted(words[-1])};"]


def _kind(operation: Operation) -> str:
    return sorted(operation.kinds)[0]


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
