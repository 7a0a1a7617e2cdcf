"""The coverage page: what Weir does with every published action and parameter.

What enters: every declaration. What leaves: one Markdown page. Rule: a parameter is implemented, accepted and ignored
with the reason, or implemented with values that are always refused; nothing is said here that a declaration or the
list of unread parameters does not say.
"""

from __future__ import annotations

from collections.abc import Iterator

from weir.contract.declare import Param, params_of
from weir.contract.export import GENERATED, cells, specs_of, wire_name
from weir.contract.products import PRODUCTS
from weir.contract.published import OWNER_FIELDS, UNREAD
from weir.contract.shapes import Repeat
from weir.contract.sls import OPERATIONS

IMPLEMENTED, IGNORED, REFUSED = "implemented", "accepted and ignored", "implemented, some values refused"
INTRODUCTION = f"""\
What becomes of every action and parameter. *{IMPLEMENTED[0].upper()}{IMPLEMENTED[1:]}*: it does what its page says.
*Accepted and ignored*: a call may give it, its value is checked if it is declared, and it changes nothing. *Refused*:
the values named are always refused, and the rest is implemented. An action that is not listed is refused with
`InvalidApi.NotFound`, or in the log service with `NotFound`; a parameter that is not listed is accepted and ignored,
as are {", ".join(f"`{name}`" for name in OWNER_FIELDS)} of every action.
"""


def page() -> str:
    """The text of ``coverage.md``."""
    lines = [GENERATED, "# Coverage", "", INTRODUCTION, *_summary()]
    for product in PRODUCTS:
        lines += [f"## {product.title} ({product.name} {product.version})", "", *HEAD]
        for spec in specs_of(product):
            unread = UNREAD.get((product.name, spec.name), ())
            lines += _rows(spec.name, spec.params, unread)
        lines.append("")
    lines += ["## Log service", "", *HEAD]
    for name, command in _operations():
        lines += _rows(name, params_of(command), ())
    return "\n".join([*lines, ""])


HEAD = ("| Action | Parameter | Status | Note |", "|---|---|---|---|")


def _summary() -> Iterator[str]:
    yield "| Product | Actions | Parameters | Implemented | Ignored | With refused values |"
    yield "|---|---|---|---|---|---|"
    for product in PRODUCTS:
        specs = specs_of(product)
        rows = [row for spec in specs for row in _statuses(spec.params, UNREAD.get((product.name, spec.name), ()))]
        yield _counts(product.name, len(specs), [status for _, status, _ in rows])
    operations = list(_operations())
    statuses = [status for _, command in operations for _, status, _ in _statuses(params_of(command), ())]
    yield _counts("Log service", len(operations), statuses)
    yield ""


def _counts(name: str, actions: int, statuses: list[str]) -> str:
    found = [statuses.count(status) for status in (IMPLEMENTED, IGNORED, REFUSED)]
    return cells(name, *map(str, (actions, len(statuses), *found)))


def _operations() -> Iterator[tuple[str, type]]:
    """Every operation of the log service once, though some have several routes."""
    yield from dict.fromkeys((operation.name, operation.command) for operation in OPERATIONS)


def _rows(action: str, params: tuple[Param, ...], unread: tuple[str, ...]) -> Iterator[str]:
    statuses = _statuses(params, unread)
    if not statuses:
        yield cells(action, "", IMPLEMENTED, "has no parameters")
    for at, (name, status, note) in enumerate(statuses):
        yield cells("" if at else action, f"`{name}`", status, note)


def _statuses(params: tuple[Param, ...], unread: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """(name, status, note) of every parameter, those of list elements included."""
    listed = [row for one in params for row in _of(one, "")]
    return listed + [(name, IGNORED, "published, and not read") for name in unread]


def _of(one: Param, path: str) -> Iterator[tuple[str, str, str]]:
    name = wire_name(one, path)
    if one.ignored:
        yield name, IGNORED, one.ignored
    elif one.refused:
        yield name, REFUSED, one.refused
    else:
        yield name, IMPLEMENTED, ""
    if isinstance(one.shape, Repeat) and isinstance(one.shape.of, type):
        for sub in params_of(one.shape.of):
            yield from _of(sub, name + ".")
