"""What a query reads and makes of it, in no engine's words.

What enters: the halves of a query already parsed, the window, the page, the index. What leaves: a ``Plan``, which
``dialects`` turns into one statement of the engine at hand. The rule: the window, the topic and the search half filter
the stored rows before anything else sees them, and the SQL half sees only the relation ``log`` made of what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from weir.logstore.engine import Lookup
from weir.query.answer import Page, Range
from weir.query.index import Index, IndexType
from weir.query.search import Node
from weir.query.sql import Resolved

KINDS = {IndexType.TEXT: "text", IndexType.JSON: "text", IndexType.LONG: "long", IndexType.DOUBLE: "double"}


@dataclass(frozen=True, slots=True)
class Scan:
    """The stored rows of a window that match ``node``. ``extra``: keys of their entries in ``__extra__``, None: any."""

    node: Node
    window: Range
    index: Index
    extra: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Pick:
    """One page of the rows, every stored column, oldest first; within one time in order of arrival."""

    scan: Scan
    page: Page


@dataclass(frozen=True, slots=True)
class Count:
    """Rows per multiple of ``interval_s``: columns ``start`` and ``count``, empty buckets left out."""

    scan: Scan
    interval_s: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """The SQL half over the rows; ``lookups`` are the functions outside the engine there are."""

    scan: Scan
    resolved: Resolved
    time_zone: str
    lookups: Mapping[str, Lookup]


Plan = Pick | Count | Analysis


def columns(index: Index) -> dict[str, tuple[str, str]]:
    """The columns of ``log``: name -> (key, kind). Names that differ only in case are one; the first stays."""
    found = {"__time__": ("__time__", "long"), "__source__": ("__source__", "text"), "__topic__": ("__topic__", "text")}
    seen = set(found)
    for key, entry in index.keys.items():
        for name in (key, entry.alias):
            if entry.doc_value and name and name.lower() not in seen:
                seen.add(name.lower())
                found[name] = (key, KINDS[entry.type])
    return found


def spans(window: Range, shifts: Iterable[int]) -> list[tuple[int, int]]:
    """The stretches [from, to) of ``__time__`` that a query over the window reads."""
    return [(window.from_s - shift, window.to_s - shift) for shift in (0, *shifts)]
