"""The search half: text in, a small tree of frozen values out.

Written as recursive descent straight over the characters, because the language has no fixed words: ``in`` is a value
in ``direction: in`` and an operator in ``status in [200 299]``. The binding is the published one (source: SLS, "Search
syntax"), strongest first: ``:``, quotes, parentheses, ``and``, ``not``, ``or``. So ``a not b c`` is a and not (b and
c), and ``not a b`` is not (a and b); an explicit ``and not`` takes the single term behind it. Faults raise
``QueryError`` at their place in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from weir.query.answer import Term
from weir.query.failures import QueryError

TERMS_MAX = 30
"""Terms of one search (source: SLS, "Search syntax and functions"). One more is refused."""
DEPTH_MAX = 100
"""Nested parentheses of one search. One more is refused, so that no text exhausts the stack."""
FUZZY_LENGTH_MAX = 64
"""Characters of a word with wildcards (source: SLS, "Search syntax"). A longer one is refused."""
OPERATORS = frozenset({"and", "or", "not"})
RESERVED = frozenset({"sort", "asc", "desc", "avg", "sum", "min", "max", "limit"})
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_RANGE = re.compile(rf"\s+in\s*([\[(])\s*({NUMBER.pattern})\s+({NUMBER.pattern})\s*([\])])")
_COMPARISON = re.compile(r"\s*(>=|<=|>|<|=)\s*")
_GROUP_BY = re.compile(r"group\s+by\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Word:
    """What one term looks for. ``wild`` are the places in ``text`` where ``*`` or ``?`` is a wildcard; ``phrase`` asks
    for the words next to each other and in this order (``#"..."``).
    """

    text: str
    position: int
    wild: frozenset[int] = frozenset()
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class Everything:
    """``*`` or an empty text."""


@dataclass(frozen=True, slots=True)
class Match:
    """``key:word``; ``key`` None is full text. An empty word asks for the empty value."""

    key: str | None
    word: Word


@dataclass(frozen=True, slots=True)
class Exists:
    """``key:*``"""

    key: str


@dataclass(frozen=True, slots=True)
class Compare:
    """``key >= word``. Whether the key is a number is the index's knowledge, not the parser's."""

    key: str
    operator: str
    word: Word


@dataclass(frozen=True, slots=True)
class Between:
    """``key in [low high)``; ``text`` is the condition as written, for the fall-back to full text."""

    key: str
    low: str
    high: str
    low_open: bool
    high_open: bool
    word: Word


@dataclass(frozen=True, slots=True)
class Not:
    item: Node


@dataclass(frozen=True, slots=True)
class And:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    items: tuple[Node, ...]


Node = Everything | Match | Exists | Compare | Between | Not | And | Or


def split(text: str) -> tuple[str, str | None]:
    """The two halves of ``search | SQL``; the second is None without a bar. A bar inside quotes is text."""
    quoted = False
    escaped = False
    for offset, character in enumerate(text):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == "|" and not quoted:
            return text[:offset], text[offset + 1 :]
    return text, None


def parse(text: str) -> Node:
    """The tree of a search text. Raises ``QueryError``."""
    parser = _Parser(text)
    parser.space()
    if parser.at_end():
        return Everything()
    node = parser.alternatives()
    if not parser.at_end():
        raise parser.error("unexpected ')'")
    return node


def terms(node: Node) -> list[Term]:
    """The words that were looked for, in the order of the text, without those under ``not``."""
    match node:
        case Match(key, word):
            return [Term(key or "", word.text)] if word.text else []
        case And(items) | Or(items):
            return [term for item in items for term in terms(item)]
        case _:
            return []


def keys(node: Node) -> frozenset[str]:
    """The keys that the search looks at; "" for full text."""
    match node:
        case Match(key, _) | Exists(key) | Compare(key, _, _):
            return frozenset({(key or "").lower()})
        case Between(key):
            return frozenset({key.lower()})
        case And(items) | Or(items):
            return frozenset().union(*map(keys, items))
        case Not(item):
            return keys(item)
        case _:
            return frozenset()


def is_phrase(node: Node) -> bool:
    """Whether a ``#"..."`` is in the tree (mode 1 of GetLogsV2)."""
    match node:
        case Match(_, word):
            return word.phrase
        case And(items) | Or(items):
            return any(is_phrase(item) for item in items)
        case Not(item):
            return is_phrase(item)
        case _:
            return False


@dataclass(slots=True)
class _Parser:
    """A place in a text, and one method per rule of the grammar."""

    text: str
    offset: int = 0
    depth: int = 0
    found: int = field(default=0)

    def error(self, message: str, offset: int | None = None) -> QueryError:
        return QueryError.at(self.text, self.offset if offset is None else offset, message)

    def space(self) -> None:
        while self.offset < len(self.text) and self.text[self.offset].isspace():
            self.offset += 1

    def at_end(self) -> bool:
        return self.offset >= len(self.text)

    def peek(self, length: int = 1) -> str:
        return self.text[self.offset : self.offset + length]

    def keyword(self) -> str:
        """The operator that stands here, in lower case, or ""."""
        found = re.compile(r"(and|or|not)(?=[\s()\"#]|$)", re.IGNORECASE).match(self.text, self.offset)
        return found[1].lower() if found else ""

    def closes(self) -> bool:
        return self.at_end() or self.peek() == ")" or self.keyword() == "or"

    def take(self, keyword: str) -> None:
        self.offset += len(keyword)
        self.space()

    def alternatives(self) -> Node:
        """exceptions ('or' exceptions)*"""
        items = [self.exceptions()]
        while self.keyword() == "or":
            self.take("or")
            items.append(self.exceptions())
        return items[0] if len(items) == 1 else Or(tuple(items))

    def exceptions(self) -> Node:
        """(conjunction | 'not' conjunction | 'and not' atom)+"""
        items: list[Node] = []
        while not self.closes():
            keyword = self.keyword()
            if keyword == "and":
                if not items:
                    raise self.error("expected a term before 'and'")
                self.take("and")
                if self.keyword() == "not":
                    self.take("not")
                    items.append(Not(self.atom()))
                    continue
            elif keyword == "not":
                self.take("not")
                items.append(Not(self.conjunction()))
                continue
            items.append(self.conjunction())
        if not items:
            raise self.error("expected a term")
        return items[0] if len(items) == 1 else And(tuple(items))

    def conjunction(self) -> Node:
        """atom (['and'] atom)*, up to an 'and not'"""
        items = [self.atom()]
        while not self.closes() and self.keyword() != "not":
            if self.keyword() == "and":
                before = self.offset
                self.take("and")
                if self.keyword() == "not":
                    self.offset = before
                    break
            items.append(self.atom())
        return items[0] if len(items) == 1 else And(tuple(items))

    def atom(self) -> Node:
        """'(' alternatives ')' or one term"""
        if self.at_end() or self.peek() == ")" or self.keyword():
            raise self.error("expected a term")
        if self.peek() == "(":
            start = self.offset
            self.depth += 1
            if self.depth > DEPTH_MAX:
                raise self.error(f"more than {DEPTH_MAX} nested parentheses")
            self.take("(")
            node = self.alternatives()
            if self.peek() != ")":
                raise self.error("this '(' is never closed", start)
            self.depth -= 1
            self.take(")")
            return node
        self.found += 1
        if self.found > TERMS_MAX:
            raise self.error(f"more than {TERMS_MAX} terms")
        node = self.term()
        self.space()
        return node

    def term(self) -> Node:
        """A word, a phrase, or a condition on a key."""
        if self.peek(2) == '#"':
            return Match(None, self.phrase())
        start = self.offset
        quoted = self.peek() == '"'
        head = self.quoted() if quoted else self.bare(':()"<>=')
        if not quoted and self.is_reserved(start):
            raise self.error(f"'{head.text}' is reserved; quote it to search for it", start)
        condition = self.condition(head, start)
        if condition is not None:
            return condition
        if not head.text and not quoted:
            raise self.error(f"unexpected {self.peek()!r}")
        if head.text == "*" and head.wild:
            return Everything()
        return Match(None, self.fuzzy(head))

    def is_reserved(self, start: int) -> bool:
        word = self.text[start : self.offset].lower()
        return word in RESERVED or bool(_GROUP_BY.match(self.text, start))

    def condition(self, head: Word, start: int) -> Node | None:
        """What follows a key, or None where the head was a word of its own."""
        interval = _RANGE.match(self.text, self.offset)
        if interval and head.text:
            self.offset = interval.end()
            written = Word(self.text[start : self.offset], start)
            opened, low, high, closed = interval.groups()
            return Between(head.text, low, high, opened == "(", closed == ")", written)
        comparison = _COMPARISON.match(self.text, self.offset)
        if comparison:
            if not head.text:
                raise self.error("expected a key", start)
            self.offset = comparison.end()
            return Compare(head.text, comparison[1], self.value(comparison[1]))
        self_before = self.offset
        self.space()
        if self.peek() != ":":
            self.offset = self_before
            return None
        if not head.text:
            raise self.error("expected a key", start)
        self.take(":")
        key = head.text
        if key == "__tag__":
            tag = self.quoted() if self.peek() == '"' else self.bare(':()"<>=')
            self.space()
            if not tag.text or self.peek() != ":":
                raise self.error("expected __tag__:name:value")
            self.take(":")
            key = f"__tag__:{tag.text}"
        return self.match(key)

    def match(self, key: str) -> Node:
        """The value behind ``key:``."""
        if self.peek(2) == '#"':
            return Match(key, self.phrase())
        word = self.value(":")
        if word.text == "*" and word.wild:
            return Exists(key)
        return Match(key, self.fuzzy(word))

    def value(self, behind: str) -> Word:
        """A quoted text, or everything up to white space or a parenthesis: an IPv6 address needs no quotes."""
        if self.peek() == '"':
            return self.quoted()
        if self.keyword() and not self.peek() == "":
            raise self.error(f"expected a value after '{behind}'; quote '{self.keyword()}' to search for it")
        word = self.bare('()"')
        if not word.text:
            raise self.error(f"expected a value after '{behind}'")
        return word

    def phrase(self) -> Word:
        self.offset += 1
        word = self.quoted()
        return Word(word.text, word.position, phrase=True)

    def quoted(self) -> Word:
        """``"..."``: everything is literal, a backslash makes the next character part of the text."""
        start = self.offset
        self.offset += 1
        pieces: list[str] = []
        while not self.at_end():
            character = self.peek()
            self.offset += 1
            if character == '"':
                return Word("".join(pieces), start)
            if character == "\\" and not self.at_end():
                character = self.peek()
                self.offset += 1
            pieces.append(character)
        raise self.error("this quotation mark is never closed", start)

    def bare(self, stops: str) -> Word:
        """A word without quotes; ``*`` and ``?`` are wildcards unless a backslash stands before them."""
        start = self.offset
        pieces: list[str] = []
        wild: set[int] = set()
        while not self.at_end():
            character = self.peek()
            if character.isspace() or character in stops:
                break
            self.offset += 1
            if character == "\\" and not self.at_end():
                character = self.peek()
                self.offset += 1
            elif character in "*?":
                wild.add(len(pieces))
            pieces.append(character)
        return Word("".join(pieces), start, frozenset(wild))

    def fuzzy(self, word: Word) -> Word:
        """The word, if its wildcards are where they may be."""
        if word.wild and 0 in word.wild:
            raise self.error("a word cannot start with a wildcard", word.position)
        if word.wild and len(word.text) > FUZZY_LENGTH_MAX:
            raise self.error(f"a word with wildcards has at most {FUZZY_LENGTH_MAX} characters", word.position)
        return word
