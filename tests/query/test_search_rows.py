"""Which rows a search finds, against an evaluator that works on Python dicts and shares nothing with the product."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.query.corpus import START, WINDOW, Row, build, index_with
from weir.model.fields import LONG_NAMES, NAMES
from weir.query.answer import Page, Range
from weir.query.index import Index, IndexKey
from weir.query.run import Querier

DELIMITERS = set(", '\";=()[]{}?@&<>/:\n\t\r")
INDEX = index_with(host="text", n="long", d="double")
INDEX = Index({**INDEX.keys, "Case": IndexKey(case_sensitive=True), "whole": IndexKey(tokens="")}, INDEX.line)

ROWS = [
    Row(START + 1, {"srcaddr": "10.0.0.1", "dstport": "443", "action": "ACCEPT", "direction": "in", "bytes": "60"}),
    Row(START + 2, {"srcaddr": "10.0.0.12", "dstport": "-", "action": "REJECT", "direction": "out", "bytes": "007"}),
    Row(START + 3, {"srcaddr": "2001:db8::1", "dstport": "4430", "action": "accept", "bytes": "-5"}),
    Row(START + 3, {"srcaddr": "2001:db8:1::", "host": "www.Example.com", "n": "12", "d": "1.5"}, {"pod": "a-1"}),
    Row(START + 4, {"host": "/request/path-2?x=1", "n": "x12", "note": "http error", "d": "-2e3"}, source="10.1.2.3"),
    Row(START + 5, {"note": "error: HTTP 443", "Case": "Get Post", "whole": "Get Post"}, {"pod": "b"}, topic="nginx"),
    Row(START + 6, {"note": "", "host": "", "n": "", "strange key": "10.0.0.1", "Case": "get"}),
    Row(START + 7, {"type": "IPv4", "host": "cn*shanghai", "n": str(2**63 - 1), "dstport": str(2**63)}),
    Row(START + 8, {"note": "a\"b (c) it's; 100% c:\\d", "d": ".5", "bytes": "9223372036854775807"}),
    Row(START + 9, {"host": "ÄPFEL straße 北京", "note": "in or and not", "action": "REJECT"}, {"pod": "10.0.0.1"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return build(ROWS, tmp_path_factory.mktemp("search"))


def found(snapshot, text, index=INDEX, window=WINDOW):
    answer = Querier().run(snapshot, text, window, Page(), index)
    assert not answer.has_sql
    return [int(row["__time__"]) - START for row in answer.rows]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("*", [1, 2, 3, 3, 4, 5, 6, 7, 8, 9]),
        ("action:accept", [1, 3]),
        ("action:ACC", []),
        ("action:acc*", [1, 3]),
        ("action:?CCEPT or x", None),
        ("not action:accept", [2, 3, 4, 5, 6, 7, 8, 9]),
        ("direction: in", [1]),
        ("srcaddr:10.0.0.1", [1]),
        ("srcaddr:10.0.0.1*", [1, 2]),
        ("srcaddr:10.0.0.1?", [2]),
        ("srcaddr:2001:db8::1", [3]),
        ('srcaddr:"2001:db8::1"', [3]),
        ('"2001:db8::1"', [3]),
        ("10.0.0.1", [1, 6]),
        ("443", [1, 5]),
        ("443*", [1, 3, 5]),
        ("dstport:443", [1]),
        ("dstport=443", [1]),
        ("dstport > 443", [3]),
        ("dstport >= 4.43e2", [1, 3]),
        ("dstport > 442.5", [1, 3]),
        ("dstport = 442.5", []),
        ("dstport in [443 4430)", [1]),
        ("dstport in (443 4430]", [3]),
        ("dstport:-", [2]),
        ('dstport:"-"', [2]),
        ("dstport:*", [1, 2, 3, 7]),
        ("dstport >= 0", [1, 3]),
        ("dstport < 1e30", [1, 3]),
        ("bytes = 7", [2]),
        ("bytes:007", [2]),
        ("bytes < 0", [3]),
        ("bytes >= 9223372036854775807", [8]),
        ("n = 12", [3]),
        ("n > 11.5", [3, 7]),
        ("n:x12", [4]),
        ("d > 0", [3, 8]),
        ("d = -2000", [4]),
        ("d in [-2e3 0.5]", [4, 8]),
        ("host:example", []),
        ("host:www.example.com", [3]),
        ("host:WWW.ex*", [3]),
        ("host:/request/path-2", [4]),
        ('host:"path-2 request"', [4]),
        ('host:#"path-2 request"', []),
        ('host:#"request/path-2"', [4]),
        ("host:cn*", [7]),
        (r"host:cn\*shanghai", [7]),
        ('host:"cn*shanghai"', [7]),
        ("host:äpfel", [9]),
        ("host:北京", [9]),
        ('host:""', [6]),
        ('note:""', [6]),
        ("host:*", [3, 4, 6, 7, 9]),
        ("not host:*", [1, 2, 3, 5, 8]),
        ("http error", [4, 5]),
        ('"http error"', [4, 5]),
        ('#"http error"', [4]),
        ("note:error", [4, 5]),
        ('"and"', [9]),
        ("note:c:\\\\d", [8]),
        ("note:\"it's\"", [8]),
        ("Case:Get", [5]),
        ("Case:get", [6]),
        ("whole:Get", []),
        ('whole:"get post"', [5]),
        ('"strange key":10.0.0.1', [6]),
        ("__topic__:nginx", [5]),
        ("__topic__:ngin", []),
        ("__source__:10.1.2.3", [4]),
        ("source:10.1.2.3", [4]),
        ('__source__:"10.1.*"', [4]),
        ("__tag__:pod:a-1", [3]),
        ("__tag__:pod:*", [3, 5, 9]),
        ("nginx", []),
        ("host > 5", []),
        ("note > 443", [5]),
        ("missing:x", []),
        ("not missing:x", [1, 2, 3, 3, 4, 5, 6, 7, 8, 9]),
        ("action:REJECT or host:*", [2, 3, 4, 6, 7, 9]),
        ("%' OR 1=1 --", []),
    ],
)  # fmt: skip
def test_rows_found(snapshot, text, times):
    if times is None:
        with pytest.raises(Exception, match="wildcard"):
            found(snapshot, text)
    else:
        assert found(snapshot, text) == times


def test_window_is_half_open_and_topic_filters(snapshot):
    assert found(snapshot, "*", window=Range(START + 2, START + 5)) == [2, 3, 3, 4]
    assert found(snapshot, "*", window=Range(START, START + 60, topic="nginx")) == [5]


def test_source_of_ones_own(snapshot, tmp_path):
    mine = build([Row(START, {"source": "x"}), Row(START + 1, {}, source="x")], tmp_path)
    assert found(mine, "source:x", index_with(source="text")) == [0]
    assert found(mine, "source:x") == [1]


# ---- generated searches -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Says:
    """``key:word`` or a bare word; ``wild`` where the word ends with ``*``."""

    key: str | None
    word: str
    wild: bool

    def text(self):
        quoted = "".join(f"\\{c}" if c in '"\\*?' else c for c in self.word)
        safe = not set(self.word) & set(' ()"<>=:\t') and self.word.lower() not in {"and", "or", "not", "in"}
        word = f"{quoted}*" if self.wild else f'"{quoted}"' if not safe or not self.word else quoted
        return word if self.key is None else f'"{self.key}":{word}'

    def holds(self, row):
        if self.key is None:
            return full_text(row, self.word, self.wild)
        value = value_of(row, self.key)
        if value is None:
            return False
        if self.word == "" and not self.wild:
            return value == ""
        if self.key in LONG_NAMES and re.fullmatch(r"-?\d+", self.word) and not self.wild:
            return is_int(value) and int(value) == int(self.word)
        return has_word(value, self.word, self.wild, self.key)


@dataclass(frozen=True)
class Compares:
    key: str
    operator: str
    number: int

    def text(self):
        return f"{self.key} {self.operator} {self.number}"

    def holds(self, row):
        value = value_of(row, self.key)
        if value is None or not is_int(value):
            return False
        left = int(value)
        return {
            ">": left > self.number,
            ">=": left >= self.number,
            "<": left < self.number,
            "<=": left <= self.number,
            "=": left == self.number,
        }[self.operator]


@dataclass(frozen=True)
class Joined:
    operator: str
    left: object
    right: object

    def text(self):
        glue = {"and": " AND ", "or": " or ", "not": " and not ", " ": " "}[self.operator]
        return f"({self.left.text()}{glue}({self.right.text()}))"

    def holds(self, row):
        left, right = self.left.holds(row), self.right.holds(row)
        return left or right if self.operator == "or" else left and right != (self.operator == "not")


def value_of(row, key):
    return row.topic if key == "__topic__" else row.content.get(key)


def is_int(value):
    return bool(re.fullmatch(r"[+-]?\d+", value)) and -(2**63) <= int(value) < 2**63


def split_words(value, delimiters=DELIMITERS):
    words = [""]
    for character in value:
        if character in delimiters:
            words.append("")
        else:
            words[-1] += character
    return [word.lower() for word in words if word]


def has_word(value, word, wild, key):
    if key in LONG_NAMES or key == "__topic__":
        whole = value.lower()
        return whole.startswith(word.lower()) if wild else whole == word.lower()
    delimiters = DELIMITERS - {":"} if key.endswith("addr") else DELIMITERS
    wanted = split_words(word, delimiters)
    there = split_words(value, delimiters)
    if not wanted:
        return True
    # The wildcard stands behind the last word, or behind a delimiter and then asks nothing.
    starts = wild and word[-1] not in delimiters
    exact = wanted[:-1] if starts else wanted
    return all(w in there for w in exact) and (not starts or any(t.startswith(wanted[-1]) for t in there))


def full_text(row, word, wild):
    wanted = split_words(word)
    ends_open = wild and bool(word) and word[-1] not in DELIMITERS
    plain = [(piece, ends_open and at == len(wanted) - 1) for at, piece in enumerate(wanted)]
    in_parts = all(
        any(piece_in(key, value, piece, is_open) for key, value in row.content.items()) for piece, is_open in plain
    )
    in_one = bool(plain) and any(
        key.endswith("addr") and has_word(value, word, wild, key) for key, value in row.content.items()
    )
    return in_parts or in_one


def piece_in(key, value, piece, is_open):
    names = split_words(key)
    by_name = any(name.startswith(piece) if is_open else name == piece for name in names)
    return by_name or has_word(value, piece, is_open, key)


VALUES = ["a", "A b", "a/b:c", "in", "and", "x=1", "10.0.0.1", "10.0.0.12", "2001:db8::1", "443", "-", "", "it's",
          'q"t', "back\\slash", "per%cent", "a*b", "müll", "bytes", "z_", "007"]  # fmt: skip
WORDS = st.sampled_from(VALUES) | st.text("ab1.:/-* '\"\\", max_size=4)
TEXT_KEYS = ["srcaddr", "action", "note", "odd key", "__topic__", "__tag"]
LONG_KEYS = ["dstport", "bytes"]
contents = st.dictionaries(
    st.sampled_from([*TEXT_KEYS[:4], *LONG_KEYS]), WORDS | st.sampled_from(["5", "443", "-3", "0"]), max_size=5
)
rows = st.lists(
    st.builds(lambda content, topic: Row(START, content, topic=topic), contents, st.sampled_from(["t", "T u"])),
    min_size=1,
    max_size=6,
)
words = WORDS.filter(lambda word: not word.startswith(("*", "?")) and "|" not in word)
says = st.builds(
    lambda key, word, wild: Says(key, word, wild and word != ""),
    st.none() | st.sampled_from(TEXT_KEYS[:5] + LONG_KEYS),
    words,
    st.booleans(),
).filter(lambda s: s.key is not None or s.word != "")
# A wildcard makes sense on one unquoted word only.
says = says.filter(lambda s: not s.wild or not set(s.word) & set(" ()\"<>=:\t'"))
terms = says | st.builds(
    Compares, st.sampled_from(LONG_KEYS), st.sampled_from([">", ">=", "<", "<=", "="]), st.integers(-10, 500)
)
trees = st.recursive(
    terms, lambda inner: st.builds(Joined, st.sampled_from(["and", "or", "not", " "]), inner, inner), max_leaves=8
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows, st.lists(trees, min_size=1, max_size=4))
def test_generated_searches_find_what_the_evaluator_finds(generated, asked):
    numbered = [Row(START + at, row.content, topic=row.topic) for at, row in enumerate(generated)]
    with tempfile.TemporaryDirectory() as directory:
        snapshot = build(numbered, Path(directory))
        for tree in asked:
            expected = [at for at, row in enumerate(numbered) if tree.holds(row)]
            assert found(snapshot, tree.text()) == expected, tree.text()


def test_the_evaluator_knows_the_fields():
    assert set(LONG_KEYS) <= set(LONG_NAMES)
    assert {"srcaddr", "action"} <= set(NAMES)
