"""What can be wrong with a query text.

What enters: a message and a place in the text. What leaves: ``QueryError``, the one exception of this room that is
the caller's fault; the door turns it into the documented error code. Lines and columns count from 1.
"""

from __future__ import annotations


class QueryError(Exception):
    """The text of a query is wrong: ``message`` says what, ``line`` and ``column`` where (both from 1)."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        self.message = message
        self.line = line
        self.column = column
        super().__init__(f"line {line}, column {column}: {message}")

    @classmethod
    def at(cls, text: str, offset: int, message: str) -> QueryError:
        """The error at a character offset of ``text``."""
        before = text[:offset]
        return cls(message, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)
