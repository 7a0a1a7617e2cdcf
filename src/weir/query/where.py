"""From the tree of the search half to the text of a WHERE clause.

What enters: a tree, and the layout of the rows. What leaves: SQL over the stored columns in which every value and every
name that came from outside is a bound parameter. The rule: a condition is true, false or NULL as SQL has it, and
``not`` means "is not true", so that a row without the key is found by ``not key:value``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal

from weir.model.fields import NAMES
from weir.query import words
from weir.query.columns import FLOW_NAMES, Layout
from weir.query.index import TAG_PREFIX, IndexKey, IndexType, Line
from weir.query.search import (
    NUMBER,
    And,
    Between,
    Compare,
    Everything,
    Exists,
    Match,
    Node,
    Not,
    Or,
    Word,
)

INTEGER_MAX = 2**126
"""Beyond any value of a column: a larger number of a query is cut to it, which no comparison can tell."""
WHOLE = IndexKey(tokens="")


def where(node: Node, layout: Layout) -> str:
    """The condition for ``node``; its values are in ``layout.parameters`` afterwards."""
    match node:
        case Everything():
            return "TRUE"
        case Not(item):
            return f"(({where(item, layout)}) IS NOT TRUE)"
        case And(items):
            return "(" + " AND ".join(where(item, layout) for item in items) + ")"
        case Or(items):
            return "(" + " OR ".join(where(item, layout) for item in items) + ")"
        case Exists(key):
            return f"({layout.text(_resolve(key, layout))} IS NOT NULL)"
        case Match(None, word):
            return _full_text(word, layout)
        case Match(key, word):
            return _match(_resolve(str(key), layout), word, layout)
        case Compare(key, operator, word):
            return _compare(key, operator, word, layout)
        case Between():
            return _between(node, layout)


def _resolve(key: str, layout: Layout) -> str:
    """``source`` is short for ``__source__`` unless the logstore has a key of that name."""
    return "__source__" if key == "source" and key not in layout.index.keys else key


def _is_number(key: str, layout: Layout) -> bool:
    return layout.index.key(key).type in (IndexType.LONG, IndexType.DOUBLE)


def _match(key: str, word: Word, layout: Layout) -> str:
    """``key:word``"""
    if word.text and _is_number(key, layout) and not word.wild and NUMBER.fullmatch(word.text):
        return _relation(key, "=", word.text, layout)
    text = layout.text(key)  # binds a parameter, so it is asked for only where it is used
    if word.text == "":
        return f"({text} = '')"
    if _is_number(key, layout):
        return _tokens(text, word, WHOLE, layout)
    if key == "__source__" and not word.phrase:
        # Source: SLS, "Search syntax": wildcards work for __source__ in quotes too.
        word = replace(word, wild=frozenset(at for at, c in enumerate(word.text) if at and c in "*?"))
    return _tokens(text, word, layout.index.key(key), layout)


def _tokens(text: str, word: Word, key: IndexKey, layout: Layout) -> str:
    """All words of ``word`` occur in the text; a word of delimiters only asks no more than that the key is there."""
    found = [_token(text, token, key, layout) for token in words.tokens(word, key)]
    return "(" + " AND ".join(found or [f"{text} IS NOT NULL"]) + ")"


def _token(text: str, token: words.Token, key: IndexKey, layout: Layout) -> str:
    folded = text if key.case_sensitive else f"lower({text})"
    if token.exact and not key.tokens:
        return f"{folded} = {layout.parameters.bind(token.literal)}"
    condition = f"regexp_matches({folded}, {layout.parameters.bind(token.pattern)})"
    if token.literal:
        # The substring test costs a tenth of the expression and rules out most rows.
        condition = f"contains({folded}, {layout.parameters.bind(token.literal)}) AND {condition}"
    return condition


def _full_text(word: Word, layout: Layout) -> str:
    """Every word occurs in some value (or is the name of a key) of the row, or all of them in one value."""
    line = layout.index.line or Line()
    split = IndexKey(tokens=line.tokens, case_sensitive=line.case_sensitive)
    keys = [key for key in NAMES if layout.index.line or key in layout.index.keys]
    if layout.has_extra:
        keys += [key for key in layout.index.keys if key not in FLOW_NAMES and _is_content(key)]
    if word.phrase:
        return "(" + " OR ".join(_anywhere(word, split, keys, layout)) + ")"
    pieces = words.pieces(word, split)
    if not pieces:
        return "TRUE"
    each = " AND ".join(f"({' OR '.join(_anywhere(piece, split, keys, layout))})" for piece in pieces)
    if len(pieces) == 1:
        return each
    others = [key for key in keys if not _is_number(key, layout) and layout.index.key(key).tokens != line.tokens]
    whole = [_match(key, word, layout) for key in others]
    return "(" + " OR ".join([f"({each})", *whole]) + ")"


def _is_content(key: str) -> bool:
    """Reserved fields take no part in full text (source: SLS, "Create indexes")."""
    return not key.startswith((TAG_PREFIX, "__topic__", "__source__"))


def _anywhere(word: Word, split: IndexKey, keys: list[str], layout: Layout) -> list[str]:
    """The alternatives under which a row holds ``word``: one per key, and one for all keys without an index."""
    names = words.tokens(word, replace(split, case_sensitive=False))
    found = ["FALSE"]
    for key in keys:
        if all(token.found_in(key.lower()) for token in names):
            found.append(f"{layout.text(key)} IS NOT NULL")
        elif _is_number(key, layout):
            found.append(_digits(key, word, layout))
        else:
            found.append(_match(key, word, layout))
    if layout.has_extra and layout.index.line:
        known = layout.parameters.bind(sorted(FLOW_NAMES | set(layout.index.keys)))
        by_name = _tokens("entry.key", word, replace(split, case_sensitive=False), layout)
        by_value = _tokens("entry.value", word, split, layout)
        condition = f"NOT list_contains({known}, entry.key) AND ({by_name} OR {by_value})"
        found.append(f"len(list_filter(map_entries(__extra__), lambda entry: {condition})) > 0")
    return found


def _digits(key: str, word: Word, layout: Layout) -> str:
    """Full text over a number: its digits as one word, as they would be printed."""
    if not layout.may_have(key) and key in FLOW_NAMES and layout.index.key(key).type is IndexType.LONG:
        if re.fullmatch(r"0|-?[1-9][0-9]{0,17}", word.text):
            return f"{layout.long(key)} = {layout.parameters.bind(int(word.text))}"
        if not word.wild:
            return "FALSE"
    return _tokens(layout.text(key), word, WHOLE, layout)


def _compare(key: str, operator: str, word: Word, layout: Layout) -> str:
    """A comparison of a number. On a text key ``=`` is ``:``, the others fall back to full text (source: SLS)."""
    key = _resolve(key, layout)
    if _is_number(key, layout) and not word.wild and NUMBER.fullmatch(word.text):
        return _relation(key, operator, word.text, layout)
    if operator == "=":
        return _match(key, word, layout)
    return _full_text(Word(f"{key} {operator} {word.text}", word.position), layout)


def _between(node: Between, layout: Layout) -> str:
    key = _resolve(node.key, layout)
    if not _is_number(key, layout):
        return _full_text(node.word, layout)
    low = _relation(key, ">" if node.low_open else ">=", node.low, layout)
    high = _relation(key, "<" if node.high_open else "<=", node.high, layout)
    return f"({low} AND {high})"


def _relation(key: str, operator: str, number: str, layout: Layout) -> str:
    """``key operator number``, exact: a bound with a fraction is moved to the whole number below it."""
    bind = layout.parameters.bind
    if layout.index.key(key).type is IndexType.DOUBLE:
        return f"({layout.double(key)} {operator} {bind(float(number))})"
    bound = Decimal(number)
    whole = int(bound.to_integral_value(ROUND_FLOOR))
    if whole != bound:
        if operator == "=":
            return "FALSE"
        operator = ">" if operator in (">", ">=") else "<="
    return f"({layout.long(key)} {operator} {bind(max(-INTEGER_MAX, min(INTEGER_MAX, whole)))})"
