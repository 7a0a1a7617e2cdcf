"""Texts with ``*`` (any run of characters, also none) and ``?`` (exactly one character).

What enters: a pattern and a text. What leaves: whether the pattern is the whole text. Rule: the time is at most the
product of both lengths, whatever the pattern: policies come from callers, and a regular expression made of many stars
could be made to run for ever.
"""

from __future__ import annotations


def matches(pattern: str, text: str) -> bool:
    """Whether ``pattern`` stands for the whole of ``text``. After a mismatch only the last star is tried again."""
    at, place = 0, 0
    star, held = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, held, at = at, place, at + 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            held += 1
            at, place = star + 1, held
        else:
            return False
    return not pattern[at:].strip("*")
