"""Where engines disagree, Presto's meaning holds: each case below is silently wrong somewhere without its own rule."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.query.asking import ask
from tests.query.corpus import START, Row, build, index_with
from weir.query.failures import QueryError
from weir.query.macros import PRIVATE

INDEX = index_with(name="text", amount="long", price="double", half="double", t="text")
ROWS = [
    Row(START, {"name": "a", "amount": "7", "price": "1.5", "half": "2.5", "t": "2018-08-09 00:00:00"}),
    Row(START + 1, {"name": "b", "amount": "-7", "price": "10", "half": "-2.5"}),
    Row(START + 61, {"name": "a", "amount": "2", "half": "3.5", "bytes": "0"}),
    Row(START + 3599, {"amount": "9007199254740993"}),
]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return build(ROWS, tmp_path_factory.mktemp("meaning"))


def value(snapshot, expression, search="name:a and amount:7"):
    [row] = ask(snapshot, f"{search} | select {expression} as x", INDEX).rows
    return row["x"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # numbers
        ("7/2", "3"),
        ("-7/2", "-3"),
        ("7/2.0", "3.5"),
        ("amount/2", "3"),
        ("(amount + 1) / 3", "2"),
        ("amount / price", "4.666666666666667"),
        ("1.0/0", "Infinity"),
        ("price / 0", "Infinity"),
        ("0.0/0", "NaN"),
        ("-7 % 3", "-1"),
        ("2147483647 + 1", "2147483648"),
        ("1024*1024*1024*4", "4294967296"),
        ("1.5", "1.5"),
        ("1e3", "1000.0"),
        ("12345678.0", "1.2345678E7"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("true and false", "false"),
        ("null", "null"),
        ("cast(half as bigint)", "3"),
        ("cast(-2.5 as bigint)", "-3"),
        ("cast(amount as varchar)", "7"),
        ("cast('12' as bigint) + 1", "13"),
        ("try_cast('x' as bigint)", "null"),
        ("try(1/0)", "null"),
        ("round(2.675, 2)", "2.68"),
        ("truncate(-1.9)", "-1.0"),
        ("mod(7, 4)", "3"),
        ("power(2, 10)", "1024.0"),
        ("greatest(1, 2.5)", "2.5"),
        ("greatest(1, null)", "null"),
        ("least('b', 'a', name)", "a"),
        ("e()", "2.718281828459045"),
        ("is_nan(nan()) and is_infinite(infinity())", "true"),
        ("bitwise_and(12, 10) + bitwise_or(12, 10)", "22"),
        ("bitwise_xor(12, 10)", "6"),
        # texts
        ("concat('a', null)", "null"),
        ("concat('a', 'b', 'c')", "abc"),
        ("'a' || name", "aa"),
        ("substr('hello', 2, 3)", "ell"),
        ("substr('hello', -3)", "llo"),
        ("substr('hello', 0)", ""),
        ("substr('hello', -9, 3)", ""),
        ("lpad('7', 3, '0')", "007"),
        ("rpad('hello', 2, '-')", "he"),
        ("url_encode('a b')", "a%20b"),
        ("length('straße')", "6"),
        ("split_part('a-b', '-', 3)", "null"),
        ("split('a-b', '-')", '["a","b"]'),
        ("replace('aXb', 'X')", "ab"),
        ("strpos('hello', 'll')", "3"),
        ("regexp_extract('abc', 'z')", "null"),
        ("regexp_extract('a12', '([a-z])([0-9]+)', 2)", "12"),
        ("regexp_replace('a1b2', '[0-9]')", "ab"),
        (r"regexp_replace('a1b2', '([0-9])', '<$1>')", "a<1>b<2>"),
        ("regexp_like('abc', 'b')", "true"),
        ("json_extract_scalar('{\"a\":{\"b\":1}}', '$.a.b')", "1"),
        ("json_extract_scalar('not json', '$.a')", "null"),
        ("if(amount > 5, 'big', 'small')", "big"),
        ("if(amount > 50, 'big')", "null"),
        ("case name when 'a' then 1 else 2 end", "1"),
        ("coalesce(null, 'x')", "x"),
        ("name like 'A'", "false"),
        ("name in ('a', 'b')", "true"),
        ("amount between 5 and 8", "true"),
        # arrays and maps
        ("array[1,2][1]", "1"),
        ("element_at(array[1,2], 5)", "null"),
        ("cardinality(array[1,2])", "2"),
        ("cardinality(map(array['a'], array[1]))", "1"),
        ("map(array['a','b'], array[1,2])['b']", "2"),
        ("array_join(array[1,2], '-')", "1-2"),
        ("sequence(1, 4)", "[1,2,3,4]"),
        ("sequence(4, 1, -2)", "[4,2]"),
        ("array[1.5, null, 2]", "[1.5,null,2.0]"),
        # times; START is 2023-11-14 22:13:20 UTC
        ("from_unixtime(__time__)", "2023-11-14 22:13:20.000"),
        ("from_unixtime(0.25)", "1970-01-01 00:00:00.250"),
        ("to_unixtime(from_unixtime(1795320065))", "1.795320065E9"),
        ("date_trunc('minute', __time__)", "2023-11-14 22:13:00.000"),
        ("date_trunc('minute', 0 - 61)", "1969-12-31 23:58:00.000"),
        ("date_trunc('week', __time__)", "2023-11-13 00:00:00.000"),
        ("date_trunc('hour', t)", "2018-08-09 00:00:00.000"),
        ("date_format(1795320065, '%H:%i:%S')", "04:01:05"),
        ("date_format(from_unixtime(1795320065), '%Y-%m-%d %H:%i:%s')", "2026-11-22 04:01:05"),
        ("date_format(from_unixtime(1795320065), '%c/%e %k %l %p %T %r')", "11/22 4 4 AM 04:01:05 04:01:05 AM"),
        ("date_format(__time__, '%M %b %a %W %y %j 100%%')", "November Nov Tue Tuesday 23 318 100%"),
        ("date_parse('2018-08-09 01', '%Y-%m-%d %H')", "2018-08-09 01:00:00.000"),
        ("date_diff('hour', timestamp '2020-01-01 00:59:00', timestamp '2020-01-01 02:00:00')", "1"),
        ("date_diff('day', from_unixtime(0), from_unixtime(172799))", "1"),
        ("date_add('day', -7, timestamp '2018-08-09 00:00:00')", "2018-08-02 00:00:00.000"),
        ("date_add('month', 1, timestamp '2018-01-31 00:00:00')", "2018-02-28 00:00:00.000"),
        ("timestamp '2018-08-09 00:00:00' - interval '1' day", "2018-08-08 00:00:00.000"),
        ("cast(from_unixtime(0) as varchar)", "1970-01-01 00:00:00.000"),
        ("date(__time__)", "2023-11-14"),
        ("date '2018-08-09' < current_date", "true"),
        ("current_date", "2023-11-14"),
        ("current_timestamp", "2023-11-14 22:13:20.500"),
        ("now()", "2023-11-14 22:13:20.500"),
        ("date_diff('second', from_unixtime(__time__), now())", "0"),
        ("day_of_week(__time__)", "2"),
        ("hour(__time__)", "22"),
        ("extract(minute from __time__)", "13"),
        # addresses
        ("is_subnet_of('192.168.0.1/24', '192.168.0.77')", "true"),
        ("is_subnet_of('2001:db8::/32', '2001:db8:1::5')", "true"),
        ("is_subnet_of('10.0.0.0/8', 'no address')", "null"),
        ("is_prefix_subnet_of('192.168.0.1/24', '192.168.0.1/26')", "true"),
        ("is_prefix_subnet_of('192.168.0.1/26', '192.168.0.1/24')", "false"),
        ("ip_prefix('192.168.77.3', 16)", "192.168.0.0/16"),
        ("ip_subnet_min('192.168.1.9/24')", "192.168.1.0"),
        ("ip_subnet_max('192.168.1.9/24')", "192.168.1.255"),
        ("ip_subnet_range('2001:db8::/126')", '["2001:db8::","2001:db8::3"]'),
        ("ip_to_domain('100.64.0.1')", "intranet"),
        ("ip_to_domain('-')", "null"),
    ],
)
def test_expression(snapshot, expression, expected):
    assert value(snapshot, expression) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        # An alias wins over a column of its name, but not inside an aggregate.
        ("select upper(name) as name, count(*) as c where name is not null group by name order by name",
         [("A", "2"), ("B", "1")]),
        ("select name, sum(amount) as amount where name = 'a' group by name having amount > 8", [("a", "9")]),
        ("select name, sum(amount) as amount where name is not null group by name having sum(amount) > 0",
         [("a", "9")]),
        ("select name, sum(amount) as amount where name is not null group by name order by amount + 0 desc",
         [("a", "9"), ("b", "-7")]),
        ("select name, sum(amount) as amount where name is not null group by name order by -amount",
         [("a", "9"), ("b", "-7")]),
        ("select 5 as k, count(*) as c group by k", [("5", "4")]),
        ("select 'x' as k, count(*) as c group by k", [("x", "4")]),
        ("select lower(name) as n, max(amount) as m where name = 'a' group by 1", [("a", "7")]),
        ("select length(n) as l, count(*) as c from (select name as n where name is not null) group by l",
         [("1", "3")]),
        # Aggregates over nothing, over NULL, and beyond doubles.
        ("select count_if(amount > 100), count(*), sum(amount), avg(amount) where name = 'zzz'",
         [("0", "0", "null", "null")]),
        ("select max_by(name, amount), max_by(name, amount, 2), min_by(name, amount)",
         [("null", "[null,\"a\"]", "b")]),
        ("select sum(amount), max(amount)", [("9007199254740995", "9007199254740993")]),
        ("select sum(amount) / 2 where name = 'a'", [("4",)]),
        ("select sum(price) / 2 where name = 'a'", [("0.75",)]),
        ("select avg(amount) / 2 where name = 'a'", [("2.25",)]),
        ("select max(amount, 2)", [("[9007199254740993,7]",)]),
        ("select round(geometric_mean(amount), 9) where name = 'a'", [("3.741657387",)]),
        ("select count(distinct name), approx_distinct(name)", [("2", "2")]),
        ("select count(name) filter (where amount > 0)", [("2",)]),
        ("select histogram(name)", [('{"a":2,"b":1}',)]),
        ("select numeric_histogram(5, half)", [('{"-2.5":1.0,"2.5":1.0,"3.5":1.0}',)]),
        ("select numeric_histogram(2, half)", [('{"-2.5":1.0,"3.0":2.0}',)]),
        ("select a.c = b.c, a.c = d.c from (select checksum(name) as c from log) a, (select checksum(name) as c from"
         " (select name from log order by amount desc)) b, (select checksum(upper(name)) as c from log) d",
         [("true", "false")]),
        ("select map_agg(name, amount) where name = 'b'", [('{"b":-7}',)]),
        ("select cast(max(half) as bigint)", [("4",)]),
        ("select date_trunc('minute', max(__time__)) where name = 'a'", [("2023-11-14 22:14:00.000",)]),
        # NULL sorts last in both directions.
        ("select name order by name desc limit 3", [("b",), ("a",), ("a",)]),
        ("select name order by name limit 3", [("a",), ("a",), ("b",)]),
        # Tables of arrays and maps.
        ("select v from (select array[3,1] as a limit 1), unnest(a) as t(v) order by v", [("1",), ("3",)]),
        ("select a, b from unnest(array[1,2], array['x']) as t(a, b) order by a", [("1", "x"), ("2", "null")]),
        ("select k, v from unnest(map(array['p'], array[5])) as t(k, v)", [("p", "5")]),
        # Windows, sets, nested queries.
        ("select amount, sum(amount) over (order by amount) as s where name = 'a' order by amount",
         [("2", "2"), ("7", "9")]),
        ("select amount, lag(amount) over (order by amount) as p where name = 'a' order by amount",
         [("2", "null"), ("7", "2")]),
        ("select name where name = 'a' union select name where name = 'b' order by name", [("a",), ("b",)]),
        ("select count(*) where amount > (select avg(price) from log)", [("2",)]),
        ("select x.name from log x where exists (select 1 from log y where y.amount = -7 and y.name = x.name)",
         [("b",)]),
        ("WITH a AS (select 1 as one limit 1), b AS (select one + 1 as two from a) SELECT two FROM b", [("2",)]),
    ],
)  # fmt: skip
def test_statement(snapshot, sql, expected):
    assert [tuple(row.values()) for row in ask(snapshot, f"* | {sql}", INDEX).rows] == expected


@pytest.mark.parametrize("expression", ["1/0", "amount / (amount - amount)", "5 % 0", "sum(amount)/0"])
def test_whole_numbers_do_not_divide_by_zero(snapshot, expression):
    with pytest.raises(QueryError, match="division by zero"):
        value(snapshot, expression)


def test_division_of_columns_of_a_subquery(snapshot):
    text = "name:a | select sum(q) as q, sum(r) as r from (select amount / 2 as q, price / 2 as r)"
    [row] = ask(snapshot, text, INDEX).rows
    assert row == {"q": "4", "r": "0.75"}


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/St_Johns"])
def test_zone_of_literals_and_cuts(snapshot, zone):
    text = "name:a and amount:7 | select to_unixtime(timestamp '1970-01-02 00:00:00') as a,"
    text += " date_trunc('day', 1700000000) as b, date_trunc('minute', 1700000000) as c, date(1700000000) as d"
    [row] = ask(snapshot, text, INDEX, zone).rows
    expected = {
        "Asia/Shanghai": ("57600.0", "2023-11-15 00:00:00.000", "2023-11-15 06:13:00.000", "2023-11-15"),
        "America/St_Johns": ("99000.0", "2023-11-14 00:00:00.000", "2023-11-14 18:43:00.000", "2023-11-14"),
    }
    assert tuple(row.values()) == expected[zone]


# Mapped addresses are IPv4 here, whatever their spelling; the standard library keeps them apart.
addresses = (st.ip_addresses() | st.integers(0, 2**16).map(lambda n: ipaddress.IPv6Address(n << 64 | n))).filter(
    lambda address: getattr(address, "ipv4_mapped", None) is None
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(addresses, st.integers(0, 128), st.booleans()), min_size=1, max_size=20))
def test_address_functions_agree_with_the_standard_library(tmp_path_factory, drawn):
    rows, expected = [], []
    for place, (address, bits, long_form) in enumerate(drawn):
        network = ipaddress.ip_network(f"{address}/{bits % (address.max_prefixlen + 1)}", strict=False)
        text = address.exploded.upper() if long_form else str(address)
        rows.append(Row(START + place, {"name": text, "amount": str(network.prefixlen), "t": str(network)}))
        private = any(address in ipaddress.ip_network(net) for net in PRIVATE)
        expected.append(
            {
                "p": str(network),
                "lo": str(network[0]),
                "hi": str(network[-1]),
                "i": "true",
                "d": "intranet" if private else "internet",
            }
        )
    text = (
        "* | select ip_prefix(name, amount) as p, ip_subnet_min(t) as lo, ip_subnet_max(t) as hi,"
        " is_subnet_of(t, name) as i, ip_to_domain(name) as d order by __time__"
    )
    snapshot = build(rows, tmp_path_factory.mktemp("addresses"))
    assert ask(snapshot, text, INDEX).rows == expected
