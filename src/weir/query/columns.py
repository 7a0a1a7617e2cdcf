"""Where the value of a key lies in a stored row.

What enters: the name of a key and what the rows may hold. What leaves: SQL expressions over the stored columns. The
rule: a flow field is its typed column, or, for a value the column cannot give back character by character, the entry of
the same name in ``__extra__``; every other key is an entry of ``__extra__``, a tag an entry of ``__tags__``. Names are
never spliced: they are bound parameters, except our own column names.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from weir.model.fields import LONG_NAMES, NAMES
from weir.query.index import TAG_PREFIX, Index, IndexType

FLOW_NAMES = frozenset(NAMES)
_LONG_TEXT = "'[+-]?[0-9]{1,19}'"
_DOUBLE_TEXT = r"'[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?'"


@dataclass(slots=True)
class Parameters:
    """The bound values of one statement; ``bind`` gives the placeholder of a value."""

    values: dict[str, object] = field(default_factory=dict)

    def bind(self, value: object) -> str:
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"${name}"


@dataclass(frozen=True, slots=True)
class Layout:
    """What is known of the rows: ``extra`` holds the keys that entries in ``__extra__`` may have, None: any. Reading
    entries costs more than all typed columns, so it is done only for those keys.
    """

    index: Index
    parameters: Parameters
    extra: frozenset[str] | None

    @property
    def has_extra(self) -> bool:
        """Whether there may be any entry."""
        return self.extra is None or bool(self.extra)

    def may_have(self, key: str) -> bool:
        """Whether there may be an entry of that key."""
        return self.extra is None or key in self.extra

    def text(self, key: str) -> str:
        """The value of ``key`` as its writer wrote it; NULL where a row has none."""
        if key in ("__topic__", "__source__"):
            return key
        if key == "__time__":
            return "CAST(__time__ AS VARCHAR)"
        if key.startswith(TAG_PREFIX):
            return f"__tags__[{self.parameters.bind(key.removeprefix(TAG_PREFIX))}]"
        if key not in FLOW_NAMES:
            return self._entry(key)
        column = quote(key)
        if key in LONG_NAMES:
            column = f"CAST({column} AS VARCHAR)"
        return f"COALESCE({column}, {self._entry(key)})" if self.may_have(key) else column

    def long(self, key: str) -> str:
        """The value as BIGINT; NULL where it is none."""
        if key == "__time__":
            return key
        if key in LONG_NAMES and not self.may_have(key):
            return quote(key)
        text = self.text(key)
        parsed = f"CASE WHEN regexp_full_match({text}, {_LONG_TEXT}) THEN TRY_CAST({text} AS BIGINT) END"
        return f"COALESCE({quote(key)}, {parsed})" if key in LONG_NAMES else parsed

    def double(self, key: str) -> str:
        """The value as DOUBLE; NULL where it is none."""
        text = self.text(key)
        return f"CASE WHEN regexp_full_match({text}, {_DOUBLE_TEXT}) THEN TRY_CAST({text} AS DOUBLE) END"

    def typed(self, key: str) -> str:
        """The value as the index declares it, the form in which SQL sees it."""
        match self.index.key(key).type:
            case _ if key == "__time__":
                return key
            case IndexType.LONG:
                return self.long(key)
            case IndexType.DOUBLE:
                return self.double(key)
            case _:
                return self.text(key)

    def _entry(self, key: str) -> str:
        return f"__extra__[{self.parameters.bind(key)}]" if self.may_have(key) else "CAST(NULL AS VARCHAR)"


def quote(name: str) -> str:
    """A name as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'
