"""The tree of a search text, and the place of every fault."""

from __future__ import annotations

from typing import Any

import pytest

from weir.query import search
from weir.query.failures import QueryError
from weir.query.search import And, Between, Compare, Everything, Exists, Match, Node, Not, Or, parse, split


def shape(node: Node) -> Any:
    """The tree without positions, short enough to write down."""
    match node:
        case Everything():
            return "*"
        case And(items):
            return ("and", *map(shape, items))
        case Or(items):
            return ("or", *map(shape, items))
        case Not(item):
            return ("not", shape(item))
        case Exists(key):
            return f"{key}:exists"
        case Compare(key, operator, word):
            return f"{key} {operator} {word.text}"
        case Between(key, low, high, low_open, high_open, _):
            return f"{key} {'(' if low_open else '['}{low} {high}{')' if high_open else ']'}"
        case Match(key, word):
            text = "".join(f"<{c}>" if at in word.wild else c for at, c in enumerate(word.text))
            text = f"#{text}" if word.phrase else text
            return text if key is None else f"{key}={text}"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", "*"),
        ("  ", "*"),
        ("*", "*"),
        ("PUT and cn-shanghai", ("and", "PUT", "cn-shanghai")),
        ("GET 200 cn-shanghai", ("and", "GET", "200", "cn-shanghai")),
        ("a AND b Or c", ("or", ("and", "a", "b"), "c")),
        ("a or b and c", ("or", "a", ("and", "b", "c"))),
        ("(a or b) and c", ("and", ("or", "a", "b"), "c")),
        ("not request_method:GET", ("not", "request_method=GET")),
        ("request_method:GET not region:cn", ("and", "request_method=GET", ("not", "region=cn"))),
        ("a and not b", ("and", "a", ("not", "b"))),
        ("a and not b and c", ("and", "a", ("not", "b"), "c")),
        ("a not b c", ("and", "a", ("not", ("and", "b", "c")))),
        ("not a and b", ("not", ("and", "a", "b"))),
        ("not a and not b", ("and", ("not", "a"), ("not", "b"))),
        ("a or not b", ("or", "a", ("not", "b"))),
        ("Latency>5000 and Method:Get* and not Status:200",
         ("and", ("and", "Latency > 5000", "Method=Get<*>"), ("not", "Status=200"))),
        ("(m:GET or m:POST) not status in [200 299]",
         ("and", ("or", "m=GET", "m=POST"), ("not", "status [200 299]"))),
        ("status in (60 200]", "status (60 200]"),
        ("status in [60 200)", "status [60 200)"),
        ("status in[60  200)", "status [60 200)"),
        ("direction: in", "direction=in"),
        ("direction: in (a or b)", ("and", "direction=in", ("or", "a", "b"))),
        ("status IN [60 200]", ("and", "status", "IN", "[60", "200]")),
        ("in", "in"),
        ("request_time>=60", "request_time >= 60"),
        ("request_time = 60", "request_time = 60"),
        ('"and"', "and"),
        ('"file info":apsara', "file info=apsara"),
        ('msg:"http error"', "msg=http error"),
        ('msg:#"http error"', "msg=#http error"),
        ('#"abc def"', "#abc def"),
        ('region:"cn*"', "region=cn*"),
        ("region:cn*", "region=cn<*>"),
        (r"region:cn\*", "region=cn*"),
        ("host:www.yl.mo?k.c*m", "host=www.yl.mo<?>k.c<*>m"),
        ('remote_user:""', "remote_user="),
        ("remote_user:*", "remote_user:exists"),
        ("not remote_user:*", ("not", "remote_user:exists")),
        (r"instance_id:nginx\"01\"", 'instance_id=nginx"01"'),
        (r'"say \"hi\""', 'say "hi"'),
        ("__tag__:__client_ip__:192.0.2.1", "__tag__:__client_ip__=192.0.2.1"),
        ("__topic__:https or __topic__:http", ("or", "__topic__=https", "__topic__=http")),
        ("srcaddr:2001:db8::1", "srcaddr=2001:db8::1"),
        ("request_uri:/request/path-2?x=1", "request_uri=/request/path-2<?>x=1"),
        ("action : REJECT", "action=REJECT"),
        ('"limit"', "limit"),
        ("action:limit", "action=limit"),
        ("notable android order", ("and", "notable", "android", "order")),
    ],
)  # fmt: skip
def test_tree(text: str, tree: Any) -> None:
    assert shape(parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("(a or b", 1, 1, "never closed"),
        ("a)", 1, 2, "unexpected ')'"),
        ("a and", 1, 6, "expected a term"),
        ("and a", 1, 1, "before 'and'"),
        ("a or", 1, 5, "expected a term"),
        ("a\nor or b", 2, 4, "expected a term"),
        ("not", 1, 4, "expected a term"),
        ("()", 1, 2, "expected a term"),
        ("key:", 1, 5, "expected a value"),
        ("key: and x", 1, 6, "quote 'and'"),
        (":x", 1, 1, "expected a key"),
        ('"never', 1, 1, "quotation mark"),
        ("a b:*c", 1, 5, "start with a wildcard"),
        ("?x", 1, 1, "start with a wildcard"),
        ("x" * 64 + "*", 1, 1, "at most 64"),
        ("a\n  limit 5", 2, 3, "'limit' is reserved"),
        ("group  by", 1, 1, "reserved"),
        ("sort:x", 1, 1, "reserved"),
        ("status >", 1, 9, "expected a value"),
        ("__tag__:x", 1, 10, "__tag__:name:value"),
        (" ".join(["a"] * 31), 1, 61, "more than 30 terms"),
        ("(" * 101 + "a" + ")" * 101, 1, 101, "nested"),
    ],
)
def test_fault_and_place(text: str, line: int, column: int, part: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert part in caught.value.message
    assert (caught.value.line, caught.value.column) == (line, column)


def test_the_bar_separates_unless_quoted() -> None:
    assert split("* | select 1 || 'a'") == ("* ", " select 1 || 'a'")
    assert split('"a|b" | x') == ('"a|b" ', " x")
    assert split(r'"a\"|" c') == (r'"a\"|" c', None)


def test_terms_are_what_was_looked_for() -> None:
    node = parse("action:REJECT and (tcp or dstport:80) not srcaddr:10.0.0.1")
    assert [(term.key, term.term) for term in search.terms(node)] == [
        ("action", "REJECT"),
        ("", "tcp"),
        ("dstport", "80"),
    ]
