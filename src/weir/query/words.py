"""How a text splits into words, and the pattern that finds a word in a text.

What enters: a ``Word`` of the search half and the delimiters and case setting of an index key. What leaves: ``Token``
values, each a literal and a regular expression over the (lower-cased) value. The rule: a word matches whole words only,
never a part of one, unless it has wildcards; wildcards never reach over a delimiter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from weir.query.index import IndexKey
from weir.query.search import Word


@dataclass(frozen=True, slots=True)
class Token:
    """``literal`` is the longest text without wildcards that every match contains (a cheap first test); ``pattern`` the
    expression over the whole value; ``exact`` whether the token has no wildcard.
    """

    literal: str
    pattern: str
    exact: bool

    def found_in(self, text: str) -> bool:
        """Whether the words of ``text`` match: the same test that the engine makes, for names known beforehand."""
        return re.search(self.pattern, text) is not None


def tokens(word: Word, key: IndexKey) -> list[Token]:
    """The tokens of ``word`` under ``key``: all of them must be found; a phrase is a single token. Order as written."""
    runs = [run for run in _split(word, key.tokens) if any(piece != ("*", True) for piece in run)]
    fold = not key.case_sensitive
    if word.phrase and runs:
        return [_token(runs, key.tokens, fold)]
    return [_token([run], key.tokens, fold) for run in runs]


def pieces(word: Word, key: IndexKey) -> list[Word]:
    """``word`` taken apart at the delimiters of ``key``, for keys that split it differently."""
    runs = [run for run in _split(word, key.tokens) if any(piece != ("*", True) for piece in run)]
    return [
        Word(
            "".join(character for character, _ in run),
            word.position,
            frozenset(place for place, (_, is_wild) in enumerate(run) if is_wild),
        )
        for run in runs
    ]


def _split(word: Word, delimiters: str) -> list[list[tuple[str, bool]]]:
    """Runs of (character, is a wildcard) between delimiters. A ``?`` that is a wildcard is no delimiter."""
    runs: list[list[tuple[str, bool]]] = [[]]
    for position, character in enumerate(word.text):
        if position not in word.wild and character in delimiters:
            runs.append([])
        else:
            runs[-1].append((character, position in word.wild))
    return runs


def _token(runs: list[list[tuple[str, bool]]], delimiters: str, fold: bool) -> Token:
    """One token of one run, or of several that must follow each other with delimiters between them."""
    inside = f"[^{_escape(delimiters)}]" if delimiters else r"[\s\S]"
    outside = f"[{_escape(delimiters)}]"
    parts = []
    literals = [""]
    for run in runs:
        part = ""
        literals.append("")
        for character, is_wild in run:
            if is_wild:
                part += inside + ("*" if character == "*" else "")
                literals.append("")
            else:
                folded = character.lower() if fold else character
                part += _escape(folded)
                literals[-1] += folded
        parts.append(part)
    if delimiters:
        pattern = f"(?:^|{outside})" + f"{outside}+".join(parts) + f"(?:$|{outside})"
    else:
        pattern = f"^{''.join(parts)}$"
    exact = len(runs) == 1 and not any(is_wild for _, is_wild in runs[0])
    return Token(max(literals, key=len), rf"(?s){pattern}", exact)


def _escape(text: str) -> str:
    """``text`` as a literal of RE2 and of Python's ``re`` alike, inside and outside of a class."""
    return "".join(c if c.isalnum() or ord(c) > 127 else f"\\x{ord(c):02x}" for c in text)
