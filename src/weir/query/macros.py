"""Functions of SLS that DuckDB has not, or means otherwise, as SQL macros.

What enters: the names a statement uses. What leaves: the CREATE MACRO texts it needs, in order. Addresses become one
128-bit number; IPv4 takes the mapped block ::ffff:0:0/96, so both families share every comparison. The rule: a macro's
argument is pasted wherever it stands, so an argument that costs something is given a name first, by a list of one
element and a lambda over it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_network

PREFIX = "weir_"
PRIVATE = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
)
"""What ``ip_to_domain`` calls intranet: RFC 1918, RFC 6598, RFC 4193, loopback and link-local."""
MAPPED = 0xFFFF_0000_0000
"""First address of ::ffff:0:0/96 as a number."""

TEXT_MAX = 65_536
"""Characters of a text that padding, replacing or escaping makes; a longer one fails the query. The engine does not
count such texts towards the query's memory."""
SEQUENCE_MAX = 10_000
"""Entries of a sequence (source: Presto, "Array functions"); a longer one fails the query."""

_V4 = "((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.]){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_MAX = "CAST('340282366920938463463374607431768211455' AS UHUGEINT)"


def _let(name: str, value: str, body: str) -> str:
    """``body`` with ``name`` standing for ``value``, which is computed once."""
    return f"list_transform([{value}], lambda {name}: {body})[1]"


def _private() -> str:
    """The condition that the number ``n`` lies in one of ``PRIVATE``."""
    tests = []
    for network in map(ip_network, PRIVATE):
        offset = MAPPED if network.version == 4 else 0
        low, high = int(network.network_address) + offset, int(network.broadcast_address) + offset
        tests.append(f"n BETWEEN CAST('{low}' AS UHUGEINT) AND CAST('{high}' AS UHUGEINT)")
    return " OR ".join(tests)


def _shorten() -> str:
    """RFC 5952 over ``:a:b:...:``: the first of the longest runs of at least two zero groups becomes ``::``."""
    cases = []
    for length in range(8, 1, -1):
        run = "':" + "0:" * length + "'"
        cut = f"substr(g, 1, strpos(g, {run}) - 1) || '::' || substr(g, strpos(g, {run}) + {2 * length + 1})"
        cases.append(f"WHEN contains(g, {run}) THEN {cut}")
    return f"CASE {' '.join(cases)} ELSE g END"


def _checked(names: str, size: str, most: int, what: str, body: str) -> str:
    """``body`` over the arguments, each computed once, or an error where ``size`` is above ``most``."""
    given = "{" + ", ".join(f"'{name}': {name}" for name in names) + "}"
    let = f"CASE WHEN {size} > {most} THEN error('{what}') ELSE {body} END"
    return f"({', '.join(names)}) AS list_transform([{given}], lambda a: {let})[1]"


def _checked_text(names: str, size: str, body: str) -> str:
    return _checked(names, size, TEXT_MAX, f"a text made by a function has at most {TEXT_MAX} characters", body)


BODIES: dict[str, str] = {
    # For a value whose type the translator does not know: seconds as a number, or a time stamp as text.
    "time": "(x) AS "
    + _let(
        "t",
        "CAST(x AS VARCHAR)",
        "CASE WHEN TRY_CAST(t AS DOUBLE) IS NOT NULL THEN to_timestamp(TRY_CAST(t AS DOUBLE)) "
        "ELSE CAST(t AS TIMESTAMPTZ) END",
    ),
    # Presto rounds a half away from zero, DuckDB to the even neighbour.
    "bigint": "(x) AS CASE WHEN typeof(x) = 'DOUBLE' "
    "THEN CAST(round(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE)) AS BIGINT) "
    "ELSE CAST(x AS BIGINT) END",
    "varchar": "(x) AS CASE WHEN typeof(x) = 'TIMESTAMP WITH TIME ZONE' "
    "THEN strftime(TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMPTZ), '%Y-%m-%d %H:%M:%S.%g') ELSE CAST(x AS VARCHAR) END",
    # A structure around the value, so that a NULL among the n values is not left out.
    "arg_max_n": "(x, y, n) AS list_transform(arg_max({'v': x}, y, n), lambda e: e.v)",
    "arg_min_n": "(x, y, n) AS list_transform(arg_min({'v': x}, y, n), lambda e: e.v)",
    "single": "(l) AS CAST(CASE WHEN len(l) > 1 "
    "THEN error('compare: the sub-query has more than one row of a group') ELSE l[1] END AS DOUBLE)",
    "ratio": "(a, b) AS a / nullif(b, 0)",
    # In Presto place 0 is in no text, and one before its begin neither.
    "substr": "(s, f) AS CASE WHEN f = 0 OR -f > length(s) THEN substr(s, 1, 0) ELSE substr(s, f) END",
    "substr_of": "(s, f, n) AS CASE WHEN f = 0 OR -f > length(s) OR n <= 0 THEN substr(s, 1, 0) "
    "ELSE substr(s, f, n) END",
    "greatest": "(l) AS " + _let("v", "l", "CASE WHEN len(v) = list_count(v) THEN list_max(v) END"),
    "least": "(l) AS " + _let("v", "l", "CASE WHEN len(v) = list_count(v) THEN list_min(v) END"),
    "lpad": _checked_text("snp", "a.n", "lpad(a.s, a.n::INTEGER, a.p)"),
    "rpad": _checked_text("snp", "a.n", "rpad(a.s, a.n::INTEGER, a.p)"),
    "replace": _checked_text(
        "sop",
        "length(a.s) + (length(a.s) // greatest(length(a.o), 1)) * length(a.p)",
        "CASE WHEN a.o = '' THEN error('replace needs a text to look for') ELSE replace(a.s, a.o, a.p) END",
    ),
    "regexp_replace": _checked_text(
        "sop", "length(a.s) + len(regexp_extract_all(a.s, a.o)) * length(a.p)", "regexp_replace(a.s, a.o, a.p, 'g')"
    ),
    "url_encode": _checked_text("s", "length(a.s) * 12", "url_encode(a.s)"),
    "sequence": _checked(
        "ftn",
        "CASE WHEN a.n = 0 THEN 0 ELSE (a.t::HUGEINT - a.f) // a.n END",
        SEQUENCE_MAX - 1,
        f"a sequence has at most {SEQUENCE_MAX} entries",
        "CASE WHEN a.n = 0 THEN error('the step must not be zero') ELSE generate_series(a.f, a.t, a.n) END",
    ),
    # The order of the rows does not count, how often a value occurs does.
    "checksum": "(x) AS lower(lpad(to_hex(CAST(sum(CAST(md5_number_lower(CAST(x AS VARCHAR)) AS HUGEINT)) "
    "% 18446744073709551616 AS UBIGINT)), 16, '0'))",
    "numeric_histogram": "(n, x) AS weir_bins(n, list(CAST(x AS DOUBLE)) FILTER (WHERE x IS NOT NULL))",
    "bins": """(n, l) AS CASE WHEN len(list_distinct(l)) <= n
        THEN weir_bin_map(list_transform(list_sort(list_distinct(l)), lambda v: list_filter(l, lambda e: e = v)))
        ELSE weir_bin_map(list_transform(range(n), lambda i: list_filter(l, lambda e:
            least(floor((e - list_min(l)) / (list_max(l) - list_min(l)) * n), n - 1) = i))) END""",
    "bin_map": """(b) AS map_from_entries(list_transform(list_filter(b, lambda g: len(g) > 0),
        lambda g: {'k': list_avg(g), 'v': CAST(len(g) AS DOUBLE)}))""",
    "split_part": "(s, d, n) AS CASE WHEN len(string_split(s, d)) >= n THEN split_part(s, d, n) END",
    "regexp_extract": "(s, p, g) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END",
    "json_scalar": "(j, p) AS CASE WHEN json_valid(j) THEN json_extract_string(j, p) END",
    "json_value": "(j, p) AS CASE WHEN json_valid(j) THEN CAST(json_extract(j, p) AS VARCHAR) END",
    "ip4": f"""(x) AS CASE WHEN regexp_full_match(x, '{_V4}') THEN
        CAST(split_part(x, '.', 1) AS UBIGINT) * 16777216 + CAST(split_part(x, '.', 2) AS UBIGINT) * 65536
        + CAST(split_part(x, '.', 3) AS UBIGINT) * 256 + CAST(split_part(x, '.', 4) AS UBIGINT) END""",
    # An IPv4 tail becomes its two hexadecimal groups.
    "ip6_plain": "(x) AS CASE WHEN contains(x, '.') THEN "
    + _let(
        "n",
        "weir_ip4(regexp_extract(x, '[^:]*$'))",
        "regexp_replace(x, '[^:]*$', '') || printf('%x:%x', n // 65536, n % 65536)",
    )
    + " ELSE x END",
    "ip6_groups": """(x) AS CASE
        WHEN NOT regexp_full_match(x, '[0-9a-fA-F:]+') OR contains(x, ':::') OR len(string_split(x, '::')) > 2
          OR len(string_split(x, ':')) > 9 THEN NULL
        WHEN NOT contains(x, '::') THEN string_split(x, ':')
        ELSE list_filter(string_split(split_part(x, '::', 1), ':'), lambda g: g <> '')
          || list_transform(generate_series(1, 8 - len(list_filter(string_split(x, ':'), lambda g: g <> ''))),
                            lambda g: '0')
          || list_filter(string_split(split_part(x, '::', 2), ':'), lambda g: g <> '') END""",
    "ip6_sum": """(g) AS CASE WHEN len(g) = 8 AND len(list_filter(g, lambda e: length(e) BETWEEN 1 AND 4)) = 8
        THEN list_reduce(list_transform(g, lambda e: TRY_CAST('0x' || e AS UHUGEINT)), lambda a, b: a * 65536 + b)
        END""",
    "ip6": "(x) AS " + _let("p", "weir_ip6_plain(x)", _let("q", "weir_ip6_groups(p)", "weir_ip6_sum(q)")),
    "ip": f"(x) AS CASE WHEN contains(x, ':') THEN weir_ip6(x) ELSE CAST(weir_ip4(x) AS UHUGEINT) + {MAPPED} END",
    "hextets": """(n) AS regexp_replace(
        regexp_replace(lpad(lower(to_hex(n)), 32, '0'), '(....)', ':\\1', 'g') || ':',
        ':0{1,3}([0-9a-f])', ':\\1', 'g')""",
    "ip6_text": "(n) AS "
    + _let(
        "g",
        "weir_hextets(n)",
        _let("h", _shorten(), "regexp_replace(regexp_replace(h, '^:([^:])', '\\1'), '([^:]):$', '\\1')"),
    ),
    "ip4_text": "(n) AS "
    + _let(
        "u",
        f"CAST(n - {MAPPED} AS UINTEGER)",
        "(u // 16777216)::VARCHAR || '.' || (u // 65536 % 256)::VARCHAR || '.' || (u // 256 % 256)::VARCHAR || '.' "
        "|| (u % 256)::VARCHAR",
    ),
    "ip_text": "(n, v4) AS CASE WHEN v4 THEN weir_ip4_text(n) ELSE weir_ip6_text(n) END",
    # The ends of the network of ``bits`` bits around n; an IPv4 prefix begins behind the 96 fixed bits.
    "low": """(n, bits) AS CASE WHEN bits >= 128 THEN n WHEN bits <= 0 THEN CAST(0 AS UHUGEINT)
        ELSE ((n >> CAST(128 - bits AS UHUGEINT)) << CAST(128 - bits AS UHUGEINT)) END""",
    "high": f"""(n, bits) AS CASE WHEN bits >= 128 THEN n WHEN bits <= 0 THEN {_MAX}
        ELSE (n | ((CAST(1 AS UHUGEINT) << CAST(128 - bits AS UHUGEINT)) - 1)) END""",
    "bits": """(c) AS (TRY_CAST(split_part(c, '/', 2) AS INTEGER)
        + CASE WHEN contains(c, ':') THEN 0 ELSE 96 END)""",
    "net": "(c) AS weir_ip(split_part(c, '/', 1))",
    "cidr_low": "(c) AS weir_low(weir_net(c), weir_bits(c))",
    "cidr_high": "(c) AS weir_high(weir_net(c), weir_bits(c))",
    "is_subnet_of": "(c, x) AS weir_ip(x) BETWEEN weir_cidr_low(c) AND weir_cidr_high(c)",
    "is_prefix_subnet_of": """(c, d) AS (weir_net(d) BETWEEN weir_cidr_low(c) AND weir_cidr_high(c)
        AND weir_bits(d) >= weir_bits(c))""",
    "ip_low": "(c) AS " + _let("m", "weir_cidr_low(c)", "weir_ip_text(m, NOT contains(c, ':'))"),
    "ip_high": "(c) AS " + _let("m", "weir_cidr_high(c)", "weir_ip_text(m, NOT contains(c, ':'))"),
    "ip_prefix": "(x, k) AS "
    + _let("c", "(x || '/' || CAST(k AS VARCHAR))", "weir_ip_low(c) || '/' || CAST(k AS VARCHAR)"),
    "is_private": f"(n) AS ({_private()})",
    "ip_to_domain": "(x) AS "
    + _let(
        "n",
        "weir_ip(x)",
        "CASE WHEN n IS NULL THEN NULL WHEN weir_is_private(n) THEN 'intranet' ELSE 'internet' END",
    ),
}
"""Name without prefix -> parameters and body."""


def definitions(names: Iterable[str]) -> tuple[str, ...]:
    """The macros behind ``names`` and those they call, each once, callees first."""
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in ordered:
            for called in re.findall(rf"\b{PREFIX}(\w+)\(", BODIES[name]):
                visit(called)
            ordered[name] = None

    for name in sorted({name.removeprefix(PREFIX) for name in names}):
        visit(name)
    return tuple(f"CREATE TEMP MACRO {PREFIX}{name}{BODIES[name]}" for name in ordered)
