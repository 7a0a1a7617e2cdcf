"""Places and threats of addresses: the published queries by value, over files that the test writes itself."""

from __future__ import annotations

import ipaddress
from collections import Counter, defaultdict

import pytest

from tests.query import mmdb
from tests.query.asking import FLOWS
from tests.query.corpus import START, WINDOW, Row, build, flow_rows, index_with
from weir.query.answer import Page
from weir.query.failures import QueryError
from weir.query.lookups import LookupFileError, open_places, open_threats
from weir.query.render import double
from weir.query.run import Querier


def city(country, code, province, place, at):
    return {
        "country": {"iso_code": code, "names": {"en": country[0], "zh-CN": country[1]}},
        "subdivisions": [{"names": {"en": province[0], "zh-CN": province[1]}}],
        "city": {"names": {"en": place}},
        "location": {"latitude": at[0], "longitude": at[1]},
    }


CITIES = {
    "8.8.4.0/30": city(("United States", "美国"), "US", ("California", "加州"), "Mountain View", (37.386, -122.0838)),
    "8.8.4.4/30": city(("China", "中国"), "CN", ("Zhejiang", "浙江省"), "Hangzhou", (30.25, 120.5)),
    "2001:db8::/126": city(("Japan", "日本"), "JP", ("Tokyo", "东京都"), "Tokyo", (35.5, 139.75)),
}  # fmt: skip
NETWORKS = {
    "8.8.0.0/16": {"autonomous_system_number": 15169, "autonomous_system_organization": "GOOGLE"},
    "2001:db8::/32": {"isp": "WIDE"},
}
THREATS = "# remark\n8.8.4.1\n8.8.4.6/31   # a pair\n2001:db8::2\nevil.example\nHTTP://Bad.Example/path\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("files")
    (directory / "threats").write_text(THREATS)
    cities = mmdb.write(directory / "city.mmdb", CITIES)
    return cities, mmdb.write(directory / "asn.mmdb", NETWORKS), directory / "threats"


@pytest.fixture(scope="module")
def querier(files):
    return Querier(clock=lambda: START, lookups=open_places(files[:2]) | open_threats(files[2]))


def find(address, table):
    """The record of the network that holds the address, found by walking the table."""
    number = ipaddress.ip_address(address)
    return next((record for text, record in table.items() if number in ipaddress.ip_network(text)), {})


def country(address):
    return find(address, CITIES).get("country", {}).get("names", {}).get("zh-CN", "null")


def province(address):
    found = find(address, CITIES)
    return found["subdivisions"][0]["names"]["zh-CN"] if found else "null"


def provider(address):
    found = find(address, NETWORKS)
    return found.get("isp") or found.get("autonomous_system_organization") or "null"


def is_threat(address):
    return address in ("8.8.4.1", "8.8.4.6", "8.8.4.7", "2001:db8::2")


def is_private(address):
    return address.startswith(("192.168.", "10."))


ADDRESSES = ["8.8.4.1", "8.8.4.3", "8.8.4.5", "8.8.4.6", "2001:db8::2", "192.168.0.77", "9.9.9.9"]
WEB_INDEX = index_with(client_ip="text", ClientIP="text", latency="long", requestId="text")
WEB = [
    Row(START + n, {"client_ip": a, "ClientIP": a, "latency": str(n * 37 % 101), "requestId": f"r{n}"})
    for n in range(90)
    for a in [ADDRESSES[n * n % 7]]
]


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    return build(WEB, tmp_path_factory.mktemp("web"))


def rows(querier, snapshot, text, index=WEB_INDEX):
    return [tuple(row.values()) for row in querier.run(snapshot, text, WINDOW, Page(), index).rows]


def test_d3_provinces(querier, web):
    text = (
        "* | SELECT count(*) AS PV, ip_to_province(client_ip) AS province WHERE ip_to_domain(client_ip) != 'intranet'"
        "  GROUP BY province ORDER BY PV DESC LIMIT 10"
    )
    counts = Counter(province(r.content["client_ip"]) for r in WEB if not is_private(r.content["client_ip"]))
    found = rows(querier, web, text)
    assert sorted(found) == sorted((str(n), p) for p, n in counts.items())
    assert [int(n) for n, _ in found] == sorted(counts.values(), reverse=True)


def test_d4_points(querier, web):
    text = "* | SELECT count(*) AS PV , ip_to_geo(client_ip) AS geo GROUP BY geo ORDER BY PV DESC"
    places = Counter()
    for row in WEB:
        at = find(row.content["client_ip"], CITIES).get("location")
        places[f"{at['latitude']},{at['longitude']}" if at else "null"] += 1
    assert sorted(rows(querier, web, text)) == sorted((str(n), geo) for geo, n in places.items())


def test_d22_countries(querier, web):
    text = (
        "* | SELECT AVG(latency) AS avg_latency, MAX(latency) AS max_latency, MAX_BY(requestId, latency) AS requestId,"
        " ip_to_country(client_ip) AS country GROUP BY country"
    )
    groups = defaultdict(list)
    for row in WEB:
        groups[country(row.content["client_ip"])].append((row.long("latency"), row.content["requestId"]))
    expected = [
        (double(sum(n for n, _ in group) / len(group)), str(max(group)[0]), max(group)[1], name)
        for name, group in groups.items()
    ]
    assert all(len({n for n, _ in group}) == len(group) for group in groups.values())
    assert sorted(rows(querier, web, text)) == sorted(expected)


def test_d24_threats(querier, web):
    text = (
        "* | select ClientIP, ip_to_country(ClientIP) as country, ip_to_provider(ClientIP) as provider, count(1) as PV"
        " where security_check_ip(ClientIP) = 1 group by ClientIP order by PV desc"
    )
    counts = Counter(row.content["ClientIP"] for row in WEB if is_threat(row.content["ClientIP"]))
    assert len(counts) > 1
    expected = sorted((a, country(a), provider(a), str(n)) for a, n in counts.items())
    assert sorted(rows(querier, web, text)) == expected


def test_n10_internet_by_province_and_provider(querier, tmp_path):
    text = (
        "* | SELECT ip_to_province(dstaddr) AS province, ip_to_provider(dstaddr) AS isp, sum(bytes) AS b"
        " WHERE ip_to_domain(dstaddr) = 'internet' GROUP BY province, isp ORDER BY b DESC LIMIT 20"
    )
    flows = flow_rows(400, seed=5)
    sums = Counter()
    for row in flows:
        address = row.content["dstaddr"]
        if not is_private(address):
            sums[province(address), provider(address)] += row.long("bytes")
    assert len(sums) > 3
    assert rows(querier, build(flows, tmp_path), text, FLOWS) == [(*key, str(n)) for key, n in sums.most_common()]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("ip_to_country('8.8.4.5', 'en')", "China"),
        ("ip_to_country_code('2001:db8::1')", "JP"),
        ("ip_to_province('8.8.4.1', 'en')", "California"),
        ("ip_to_city('8.8.4.5')", "Hangzhou"),
        ("ip_to_city('8.8.4.5', 'en')", "Hangzhou"),
        ("ip_to_city_geo('8.8.4.5')", "30.25,120.5"),
        ("ip_to_city('no address')", "null"),
        ("ip_to_city(null)", "null"),
        ("security_check_ip('8.8.4.2') + security_check_ip('x')", "0"),
        ("security_check_domain('www.Evil.example.')", "1"),
        ("security_check_domain('notevil.example')", "0"),
        ("security_check_url('http://bad.example/path')", "1"),
        ("security_check_url('https://bad.example/other')", "0"),
        ("security_check_url('http://a.evil.example:8080/?q')", "1"),
        ("security_check_url('http://8.8.4.7/')", "1"),
        ("security_check_url('http://[::1')", "0"),
    ],
)
def test_expression(querier, web, expression, expected):
    assert rows(querier, web, f"* | select {expression} limit 1") == [(expected,)]


def test_a_look_up_that_is_not_configured_names_its_setting(querier, files, web):
    with pytest.raises(QueryError, match="setting geo_file") as caught:
        rows(Querier(), web, "* | select ip_to_city(client_ip)")
    assert (caught.value.line, caught.value.column) == (1, 12)
    with pytest.raises(QueryError, match="setting threat_file"):
        rows(Querier(lookups=open_places(files[:1])), web, "* | select security_check_ip(client_ip)")
    with pytest.raises(QueryError, match="the language is 'en'"):
        rows(querier, web, "* | select ip_to_city(client_ip, 'fr')")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "bad").write_bytes(b"\xff\xfe no such format")
    for open_it in (lambda path: open_places([path]), open_threats):
        for name in ("bad", "absent"):
            with pytest.raises(LookupFileError, match=name):
                open_it(tmp_path / name)
