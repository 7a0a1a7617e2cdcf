"""What is asked and what is answered, as values.

What enters and leaves: nothing but these types. ``Range`` is [from, to) in Unix seconds; ``Page`` applies to a pure
search only; every value of ``Answer.rows`` is a string, because the SLS clients decode rows into maps of strings.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LINE_MAX = 100
"""Rows of one page of a search (source: GetLogs). A larger ``line`` is refused."""


@dataclass(frozen=True, slots=True)
class Range:
    """Half-open window of ``__time__``, Unix seconds. ``topic`` keeps only rows of that ``__topic__`` ("": all)."""

    from_s: int
    to_s: int
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a search: at most ``line`` after ``offset``, oldest first unless ``reverse``."""

    line: int = LINE_MAX
    offset: int = 0
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One word of the search half; ``key`` is "" for full text."""

    key: str
    term: str


@dataclass(frozen=True, slots=True)
class Answer:
    """``where`` and ``agg`` are the two halves of the text; ``keys`` and ``column_types`` name the columns of a SQL
    answer (Presto's type names), empty for a search. ``processed_rows`` counts the rows of the segments read, ``reads``
    are the names that the text mentions, in lower case ("" for words that may be in any column).
    """

    rows: list[dict[str, str]]
    count: int
    has_sql: bool
    where: str
    agg: str
    keys: list[str] = field(default_factory=list)
    column_types: list[str] = field(default_factory=list)
    processed_rows: int = 0
    elapsed_ms: int = 0
    terms: list[Term] = field(default_factory=list)
    reads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bar of a histogram: ``count`` matching rows in [from_s, to_s)."""

    from_s: int
    to_s: int
    count: int
