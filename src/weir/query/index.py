"""What a logstore declares about its keys: which are numbers, how text splits into words.

What enters: the index document of SLS, or the field table of a flow record. What leaves: an ``Index``, read by the
search half (tokens, case, type) and by the SQL half (columns and types of ``log``). The rule: a key without an entry
is text, split as the line index says (source: SLS, "Create indexes").
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from weir.model.fields import EXTENDED, FIELDS, Kind

DELIMITERS = ", '\";=()[]{}?@&<>/:\n\t\r"
"""The delimiters the console proposes for text (source: SLS, "Create indexes")."""
ADDRESS_DELIMITERS = DELIMITERS.replace(":", "")
"""For addresses: an IPv6 address is one word. Split at ``:`` it would also match other addresses."""
RESERVED_KEYS = ("__topic__", "__source__")
TAG_PREFIX = "__tag__:"


class IndexType(Enum):
    """Type of a key. ``JSON`` is matched and analysed as text."""

    TEXT = "text"
    LONG = "long"
    DOUBLE = "double"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class IndexKey:
    """One key. ``tokens`` are the delimiters (empty: the value is one word), ``alias`` a second name in SQL."""

    type: IndexType = IndexType.TEXT
    tokens: str = DELIMITERS
    case_sensitive: bool = False
    alias: str = ""
    doc_value: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """The line index: how text without an entry of its own is split, and what full-text search covers."""

    tokens: str = DELIMITERS
    case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """``keys`` by name; ``line`` is None where the logstore has no line index (full text then covers only keys)."""

    keys: Mapping[str, IndexKey] = field(default_factory=dict)
    line: Line | None = field(default_factory=Line)

    @classmethod
    def for_flow_logs(cls, extended: Collection[str] = ()) -> Index:
        """The index that comes with a logstore of flow records: numbers are ``long``, everything analysable.

        ``extended``: names of the extended fields that its flow logs ask for.
        """
        keys = {}
        for column in (*FIELDS, *(one for one in EXTENDED if one.name in extended)):
            kind = IndexType.LONG if column.kind is Kind.LONG else IndexType.TEXT
            tokens = ADDRESS_DELIMITERS if column.name.endswith("addr") else DELIMITERS
            keys[column.name] = IndexKey(kind, tokens)
        return cls(keys)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Index:
        """From the JSON document of CreateIndex: ``{"line": {...}, "keys": {name: {...}}}``.

        Raises ``ValueError`` with a sentence for a document that is not of this shape.
        """
        keys = {} if document.get("keys") is None else document["keys"]
        line = document.get("line")
        if not isinstance(keys, Mapping) or not (line is None or isinstance(line, Mapping)):
            raise ValueError("line and keys must be objects")
        return cls(
            {name: _key_of(name, entry) for name, entry in keys.items()},
            None if line is None else Line(_tokens_of(line), bool(line.get("caseSensitive", False))),
        )

    def to_document(self) -> dict[str, Any]:
        """The JSON document of GetIndex."""
        document: dict[str, Any] = {"keys": {name: _entry_of(key) for name, key in self.keys.items()}}
        if self.line is not None:
            document["line"] = {"token": list(self.line.tokens), "caseSensitive": self.line.case_sensitive}
        return document

    def key(self, name: str) -> IndexKey:
        """The entry that governs ``name``.

        ``__topic__`` and ``__source__`` have no delimiters, ``__time__`` is a number (source: SLS, "Reserved fields").
        """
        if name in self.keys:
            return self.keys[name]
        if name in RESERVED_KEYS:
            return IndexKey(tokens="")
        if name == "__time__":
            return IndexKey(IndexType.LONG, tokens="")
        line = self.line or Line()
        return IndexKey(tokens=line.tokens, case_sensitive=line.case_sensitive)


def _tokens_of(entry: Mapping[str, Any]) -> str:
    tokens = entry.get("token", list(DELIMITERS))
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise ValueError("token must be a list of strings")
    return "".join(tokens)


def _key_of(name: str, entry: object) -> IndexKey:
    if not isinstance(entry, Mapping):
        raise ValueError(f"index of {name} must be an object")
    kind = entry.get("type", "text")
    if kind not in {member.value for member in IndexType}:
        raise ValueError(f"index of {name}: type must be text, long, double or json, not {kind!r}")
    return IndexKey(
        IndexType(kind),
        _tokens_of(entry) if kind in ("text", "json") else "",
        bool(entry.get("caseSensitive", False)),
        str(entry.get("alias", "") or ""),
        bool(entry.get("doc_value", False)),
    )


def _entry_of(key: IndexKey) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": key.type.value, "alias": key.alias, "doc_value": key.doc_value}
    if key.type in (IndexType.TEXT, IndexType.JSON):
        entry |= {"token": list(key.tokens), "caseSensitive": key.case_sensitive}
    return entry
