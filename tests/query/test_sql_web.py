"""The queries of the SLS documentation over general logs, their values computed again in Python over the same rows."""

from __future__ import annotations

import ipaddress
import statistics
from collections import Counter, defaultdict

import pytest

from tests.query.asking import ask, rows, stamp
from tests.query.corpus import START, Row, build, index_with
from weir.query.render import double

WEB_INDEX = index_with(
    status="long", request_time="double", client_ip="text", method="text", url="text", body_bytes_sent="long",
    latency="long", Project="text", request_method="text", requestId="text", message="text",
)  # fmt: skip
WEB = [
    Row(
        START + n * 40,
        {
            "status": str([200, 404, 500][n % 3]),
            "request_time": str([1.5, 22.25, 150.0, 9.75][n % 4]),
            "client_ip": ["10.0.0.9", "8.8.8.8", "192.168.0.77", "2001:db8::7"][n % 4],
            "method": ["GET", "PostLogstoreLogs"][n % 2],
            "url": f"/a/{n % 7}abc",
            "body_bytes_sent": str(n * 100),
            "latency": str(n * 50),
            "Project": f"p{n % 2}",
            "request_method": f"M{n}",
            "requestId": f"r{n}",
        },
    )
    for n in range(80)
]


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    return build(WEB, tmp_path_factory.mktemp("web"))


def counted(key):
    return Counter(row.content[key] for row in WEB)


def web_rows(web, text):
    return rows(web, text, WEB_INDEX)


def test_d1_count_by_status(web):
    found = web_rows(web, "* | SELECT status, count(*) AS PV GROUP BY status")
    assert sorted(found) == sorted((s, str(n)) for s, n in counted("status").items())


def test_d2_domain(web):
    found = web_rows(web, "* | SELECT count(*) AS PV where ip_to_domain(client_ip)!='intranet'")
    assert found == [(str(sum(row.content["client_ip"] in ("8.8.8.8", "2001:db8::7") for row in WEB)),)]


def test_d5_d6_networks_and_names_of_unnamed_columns(web):
    answer = ask(web, "* | SELECT is_subnet_of('192.168.0.1/24',client_ip)", WEB_INDEX)
    net = ipaddress.ip_network("192.168.0.0/24")
    inside = Counter(str(ipaddress.ip_address(row.content["client_ip"]) in net).lower() for row in WEB)
    assert answer.keys == ["_col0"]
    assert Counter(row["_col0"] for row in answer.rows) == inside
    prefixes = Counter(str(ipaddress.ip_network(f"{row.content['client_ip']}/24", strict=False)) for row in WEB)
    found = web_rows(web, "* | SELECT ip_prefix(client_ip,24)")
    assert Counter(prefix for (prefix,) in found) == prefixes


def test_d7_truncate_and_current_date(web):
    text = (
        "* | select  date_trunc('minute' ,  __time__)  as time,\n truncate (avg(request_time) ) as avg_time ,\n"
        " current_date as date\n group by  time\n order by time  desc \n limit 100"
    )
    times = defaultdict(list)
    for row in WEB:
        times[stamp(row.time // 60 * 60)].append(float(row.content["request_time"]))
    today = stamp(START, "%Y-%m-%d")
    expected = [(t, double(float(int(statistics.fmean(v)))), today) for t, v in sorted(times.items(), reverse=True)]
    assert web_rows(web, text) == expected


def test_d8_buckets(web):
    found = web_rows(web, "* | select count(1) as pv,  __time__ - __time__ %300 as time group by time limit 100")
    assert sorted(found) == sorted((str(n), str(t)) for t, n in Counter(r.time // 300 * 300 for r in WEB).items())


def test_d14_d15_approximations_are_exact(web):
    values = sorted(float(row.content["request_time"]) for row in WEB)
    expected = [values[-(-len(values) * p // 10) - 1] for p in (1, 2, 7)]
    found = web_rows(web, "*| select approx_percentile(request_time,array[0.1,0.2,0.7])")
    assert found == [("[" + ",".join(map(double, expected)) + "]",)]
    assert web_rows(web, "* |select count(*) as pv, approx_distinct(client_ip) as uv") == [("80", "4")]


def test_d16_unnest_of_a_map(web):
    text = "* | select  key , value  from( select histogram(method) as his from log) , unnest(his ) as t(key,value)"
    assert sorted(web_rows(web, text)) == sorted((m, str(n)) for m, n in counted("method").items())


def test_d17_count_if(web):
    assert web_rows(web, "* | SELECT count_if(url like '%abc')") == [("80",)]


def test_d18_per_day(web):
    text = (
        "* | select date_trunc('day',__time__) AS time, sum(body_bytes_sent) AS body_bytes_sent"
        " GROUP BY time ORDER BY time"
    )
    days = Counter()
    for row in WEB:
        days[stamp(row.time, "%Y-%m-%d 00:00:00.000")] += row.long("body_bytes_sent")
    assert web_rows(web, text) == [(d, str(n)) for d, n in sorted(days.items())]


def test_d19_paging(web):
    text = "* | select count(1) , url  group by url order by url limit"
    pages = [web_rows(web, f"{text} {at}, 3") for at in (0, 3, 6, 9)]
    assert [row for page in pages for row in page] == [(str(n), u) for u, n in sorted(counted("url").items())]


def test_d20_having_an_alias(web):
    text = (
        "method: PostLogstoreLogs | SELECT avg(latency) AS avg_latency, Project GROUP BY Project"
        " HAVING avg_latency > 1000"
    )
    groups = defaultdict(list)
    for row in WEB:
        if row.content["method"] == "PostLogstoreLogs":
            groups[row.content["Project"]].append(row.long("latency"))
    means = {p: statistics.fmean(v) for p, v in groups.items()}
    assert sorted(web_rows(web, text)) == sorted((double(m), p) for p, m in means.items() if m > 1000)


def test_d21_max_by_keeps_n(web):
    index = index_with(request_time="double", request_method="text", body_bytes_sent="long")
    text = "* | SELECT max_by(request_method,body_bytes_sent,3), max_by(request_method, body_bytes_sent)"
    assert rows(web, text, index) == [('["M79","M78","M77"]', "M79")]


def test_d23_alias_wins_over_the_column(web):
    text = (
        "* | SELECT \n CASE\n WHEN request_time < 10 then 't10'\n WHEN request_time < 100 then 't100'\n"
        " ELSE 'large' END\n AS request_time,\n count(*) AS pv\n GROUP BY request_time"
    )
    assert sorted(web_rows(web, text)) == [("large", "20"), ("t10", "40"), ("t100", "20")]


def test_d25_d26_columns(web):
    found = web_rows(web, "* | SELECT status, arbitrary(request_time), count(*) AS PV GROUP BY status")
    there = defaultdict(set)
    for row in WEB:
        there[row.content["status"]].add(double(float(row.content["request_time"])))
    assert all(time in there[status] for status, time, _ in found)
    assert sorted((s, n) for s, _, n in found) == sorted((s, str(n)) for s, n in counted("status").items())
    index = index_with(**{"object-namespace": "text", "object-name": "text", "message": "text", "reason": "text"})
    text = '* and x | SELECT "object-namespace", "object-name", "reason", "message"'
    assert ask(web, text, index).keys == ["object-namespace", "object-name", "reason", "message"]


def test_d27_dotted_names(tmp_path):
    index = index_with(**{"info.usedTime": "long", "methodName": "text"})
    mine = build([Row(START, {"info.usedTime": "7", "methodName": "getProjectInfo"}), Row(START, {})], tmp_path)
    assert rows(mine, 'methodName = getProjectInfo | SELECT avg("info.usedTime") AS avg_time', index) == [("7.0",)]
