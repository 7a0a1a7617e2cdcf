"""The reference part of the manual, written from the declarations: ``python -m weir.contract.export DIRECTORY``.

What enters: every declared action and failure. What leaves: Markdown files for ``docs/reference``: an index, one file
per product, one of failures. Rule: nothing here is written twice; a test writes the files anew and compares.
"""

from __future__ import annotations

import json
import sys
import typing
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from weir.contract import examples
from weir.contract.declare import Param, Product, Spec, answers_of, params_of
from weir.contract.products import ACTIONS, PRODUCTS
from weir.contract.shapes import Repeat, Shape
from weir.model.failures import GATEWAY, PAGE, Failure
from weir.model.remedies import advice

GENERATED = "<!-- Written by python -m weir.contract.export; edit the declarations instead. -->"
CONVENTIONS = """\
Every action is called with GET or POST on `/`; parameters may stand in the query, in a form body, or in both. A list
parameter `Name.N` is numbered from 1 without gaps. Parameters that are not listed are ignored, among them the
published `OwnerId`, `OwnerAccount`, `ResourceOwnerId` and `ResourceOwnerAccount`; an unknown field of a list element is
refused. In calls that change nothing, an empty optional parameter counts as absent. Calls are signed, either with
version 1 (HMAC-SHA1) or with ACS3-HMAC-SHA256. Answers begin with `RequestId`; they are JSON or XML, as `Format` says
in version 1 (XML if it is absent) and `accept` in ACS3 (JSON unless it names XML alone). Failures are checked in the
order in which they are listed; the first that applies is the answer, and a refused call changes nothing. Every action
can also answer the [failures of the gateway](failures.md#gateway). `Recommend` of a refusal is the address of a page
that explains its code.
"""


def reference() -> dict[str, str]:
    """File name -> text of the whole reference."""
    files = {f"{product.name.lower()}.md": _product(product) for product in PRODUCTS}
    return {"README.md": _index(), **files, "failures.md": _failures()}


def main(directory: Path) -> None:
    """Writes the reference into ``directory``."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in reference().items():
        (directory / name).write_text(text)


def specs_of(product: Product) -> list[Spec]:
    """The product's actions in declared order."""
    return [spec for spec in ACTIONS.values() if spec.product is product]


def _index() -> str:
    lines = [GENERATED, "# API reference", "", CONVENTIONS]
    lines += ["The log service has a page of its own: [operations of the log service](sls.md). What becomes of every"]
    lines += ["action and parameter stands in [coverage](coverage.md).", ""]
    for product in PRODUCTS:
        lines += [f"## {product.title} ({product.name} {product.version})", "", "| Action | Does |", "|---|---|"]
        for spec in specs_of(product):
            lines.append(f"| [{spec.name}]({product.name.lower()}.md#{spec.name.lower()}) | {spec.summary} |")
        lines.append("")
    return "\n".join(lines)


def _product(product: Product) -> str:
    lines = [GENERATED, f"# {product.title} ({product.name} {product.version})", ""]
    for spec in specs_of(product):
        lines += _action(spec)
    return "\n".join(lines)


def _action(spec: Spec) -> Iterator[str]:
    yield from (f"## {spec.name}", "", spec.summary, "", spec.doc, "", _authorisation(spec), "")
    if spec.params:
        yield from ("| Parameter | Required | Value | Default | Meaning |", "|---|---|---|---|---|")
        for one in spec.params:
            yield from parameter_rows(one)
        yield ""
    if spec.rules:
        yield from ("Checks over several parameters:", "")
        for rule in spec.rules:
            yield f"* {rule.doc} Else `{rule.failure.code}`."
        yield ""
    if spec.fails:
        yield from ("Failures, in the order of the checks:", "", "| Code | HTTP | When |", "|---|---|---|")
        for failure in spec.fails:
            yield f"| [{failure.code}](failures.md#{_anchor(failure)}) | {failure.status} | {failure.trigger} |"
        yield ""
    if answers_of(spec.result):
        yield from ("| Answer | Meaning |", "|---|---|")
        yield from _answer_rows(spec.result, "")
        yield ""
    yield from ("Example of a call and its answer:", "", "```")
    yield from (f"{name}={value}" for name, value in {"Action": spec.name, **examples.call(spec)}.items())
    yield from ("```", "", "```json")
    yield json.dumps(examples.document(spec.result), indent=2, ensure_ascii=False)
    yield from ("```", "")


def _authorisation(spec: Spec) -> str:
    """What a policy must allow. Placeholders are parameters; one that is absent is ``*``."""
    if not spec.resources:
        return "Needs no permission."
    places = (
        f"`{one.template}`" + (f" (`{one.when[0]}` is `{one.when[1]}`)" if one.when else "") for one in spec.resources
    )
    return f"RAM users and roles need `{spec.ram_action}` on {', '.join(places)}."


def parameter_rows(one: Param, path: str = "") -> Iterator[str]:
    """The table rows of a parameter and of its elements' fields. ``path`` ends with a dot, or is empty."""
    name = wire_name(one, path)
    required = ("in each element" if path else "yes") if one.required else ""
    yield cells(f"`{name}`", required, _value(one), _default(one), _meaning(one))
    if isinstance(one.shape, Repeat) and isinstance(one.shape.of, type):
        for sub in params_of(one.shape.of):
            yield from parameter_rows(sub, name + ".")


def wire_name(one: Param, path: str) -> str:
    """``Tag.N`` for a list."""
    return path + one.wire + (".N" if isinstance(one.shape, Repeat) else "")


def cells(*texts: str) -> str:
    """One row of a Markdown table."""
    return "| " + " | ".join(text.replace("|", "\\|").replace("\n", " ") for text in texts) + " |"


def _answer_rows(cls: type, path: str) -> Iterator[str]:
    hints = typing.get_type_hints(cls)
    for one in answers_of(cls):
        name = f"{path}{one.wire}" + (f".{one.item}[]" if one.item else "")
        kind = _kind(hints[one.name], as_text=one.as_text)
        yield f"| `{name}` | {one.doc} ({kind}) |"
        inner = typing.get_args(hints[one.name])[0] if one.item else hints[one.name]
        if is_dataclass(inner) and isinstance(inner, type):
            yield from _answer_rows(inner, name + ".")


def _kind(hint: Any, *, as_text: bool) -> str:
    if typing.get_origin(hint) is tuple:
        return "list"
    if is_dataclass(hint):
        return "object"
    return "string" if as_text else {bool: "boolean", int: "number", float: "number"}.get(hint, "string")


def _value(one: Param) -> str:
    return one.shape.rule() + (f" ({one.unit})" if one.unit else "")


def _default(one: Param) -> str:
    if one.required or one.default in (None, (), ""):
        return ""
    if isinstance(one.shape, Repeat):
        assert not isinstance(one.shape.of, type), "a list of structures has no default but the empty one"
        of: Shape = one.shape.of
        return ", ".join(f"`{of.text(value)}`" for value in one.default)
    return f"`{one.shape.text(one.default)}`"


def _meaning(one: Param) -> str:
    text = one.doc
    if one.required and one.missing.code != "MissingParameter":
        text += f" Absent or empty: `{one.missing.code}`."
    if one.invalid.code != "ParameterInvalid":
        text += f" Else `{one.invalid.code}`."
    text += f" Refused: {one.refused}." if one.refused else ""
    return text + (f" Accepted and ignored: {one.ignored}." if one.ignored else "")


def _failures() -> str:
    listed_somewhere = {failure for spec in ACTIONS.values() for failure in spec.fails}
    rest = sorted(listed_somewhere - set(PAGE) - set(GATEWAY), key=lambda failure: failure.code)
    lines = [GENERATED, "# Failures", ""]
    sections = (
        ("Gateway", "What any action can answer, before or around its own checks.", GATEWAY),
        ("CreateFlowLog", "The 35 failures of the published page, in the order of the checks.", PAGE),
        ("Other actions", "By code.", rest),
    )
    for title, text, listed in sections:
        lines += [f"## {title}", "", text, ""]
        for failure in listed:
            lines += [f"### {failure.code}", "", f"HTTP {failure.status}: {failure.message}", "", failure.trigger, ""]
            lines += [advice(failure).remedy, ""]
            lines += [failure.zh, ""] if failure.zh else []
    return "\n".join(lines)


def _anchor(failure: Failure) -> str:
    return failure.code.lower().replace(".", "")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
