"""What a function of the query language is, and the ways to declare one.

What enters: a name of the engine, a macro of ``macros`` or a rewriting. What leaves: ``Function``, one row of the
tables in ``functions``. The rule: a declaration carries its own line of the manual, so a function that exists is a
function that is described.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from weir.query.macros import PREFIX

Arguments = Sequence[exp.Expr]
Build = Callable[[Arguments], exp.Expr]


class Unsuitable(Exception):
    """An argument this function cannot take; the translator adds the place in the text."""


@dataclass(frozen=True, slots=True)
class Function:
    """``least`` and ``most`` arguments; ``result`` is the kind of value where it is always the same, else "".

    ``doc``: arguments in parentheses, then one sentence. ``growing``: its value may be much longer than its arguments,
    so it is counted by ``grammar``.
    """

    least: int
    most: int
    build: Build
    result: str = ""
    aggregate: bool = False
    doc: str = ""
    growing: bool = False


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """``name(arguments)`` exactly as written."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def plain(name: str, counts: int | tuple[int, int], doc: str, result: str = "") -> Function:
    """The engine's function ``name``, which means the same."""
    least, most = (counts, counts) if isinstance(counts, int) else counts
    return Function(least, most, lambda args: call(name, *args), result, doc=doc)


def aggregate(name: str, counts: int | tuple[int, int], doc: str, result: str = "") -> Function:
    """The same for an aggregate."""
    least, most = (counts, counts) if isinstance(counts, int) else counts
    return Function(least, most, lambda args: call(name, *args), result, aggregate=True, doc=doc)


def macro(name: str, count: int, doc: str, result: str = "", growing: bool = False) -> Function:
    """The macro ``name`` of ``macros``."""
    return Function(count, count, lambda args: call(PREFIX + name, *args), result, doc=doc, growing=growing)


def literal(node: exp.Expr, what: str) -> str:
    """The text of an argument that must be written out. Raises ``Unsuitable``."""
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise Unsuitable(f"{what} must be a text in single quotes")
    return str(node.this)


def number(value: int) -> exp.Expr:
    """A whole number of the engine."""
    return exp.Literal.number(value)


def text(value: str) -> exp.Expr:
    """A text of the engine."""
    return exp.Literal.string(value)
