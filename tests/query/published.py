"""Published and derived queries, as texts to mutate. Their values are tested where they are asked."""

from __future__ import annotations

QUERIES = tuple(
    line.strip()
    for line in r"""
* | select from_unixtime(start - start % 60) as dt, sum(bytes) as total_bytes group by dt order by dt asc limit 1000
srcaddr:"192.168.1.22" and dstaddr: "14.2.2.40" | SELECT DATE_FORMAT(t, '%H:%i:%S') AS time, dstaddr, SUM((bytes * 8) / (`end` - start)) AS bandwidth FROM (SELECT `end`, start, dstaddr, bytes, (__time__ - (__time__ % 3600)) AS t limit 1000) GROUP BY time, dstaddr ORDER BY time ASC limit 1000
dstport:80 | SELECT COUNT(*) as PV,dstaddr WHERE dstaddr LIKE '192.168.%' GROUP BY dstaddr
* | SELECT count(*) AS PV where ip_to_domain(srcaddr)!='intranet'
* | SELECT count(*) AS PV, ip_to_province(srcaddr) AS province WHERE ip_to_domain(srcaddr) != 'intranet'  GROUP BY province ORDER BY PV DESC LIMIT 10
* | SELECT is_subnet_of('192.168.0.1/24',srcaddr), ip_prefix(srcaddr,24)
* | select date_trunc('minute', __time__) as time, truncate(avg(bytes)) as avg_time, current_date as date group by time order by time desc limit 100
* | select count(1) as pv,  __time__ - __time__ %300 as time group by time limit 100
* | select time_series(__time__, '2h', '%Y-%m-%d %H:%i:%s', '0')  as time, count(*) as num from log group by time order by time
* | SELECT diff[1] AS today, diff[2] AS yesterday, diff[3] AS ratio FROM (SELECT compare(PV,86400) AS diff FROM (SELECT count(*) AS PV FROM log))
* | SELECT time, ts_compare(PV, 3600) AS data FROM(SELECT date_trunc('hour',__time__ ) AS time, count(*) AS PV from log GROUP BY time ORDER BY time ) GROUP BY time
*| select approx_percentile(bytes,array[0.1,0.2,0.7])
* | select  key , value  from( select histogram(action) as his from log) , unnest(his ) as t(key,value)
* | SELECT max_by(srcaddr,bytes,3)
* | SELECT CASE WHEN bytes < 10 then 't10' WHEN bytes < 100 then 't100' ELSE 'large' END AS bytes, count(*) AS pv GROUP BY bytes
* | SELECT action, arbitrary(bytes), count(*) AS PV GROUP BY action
direction: out | SELECT srcaddr, srcport, dstaddr, dstport, protocol, sum(bytes) AS bytes_sum FROM log GROUP BY srcaddr, srcport, dstaddr, dstport, protocol ORDER BY bytes_sum DESC LIMIT 100
* | SELECT sum(if(action='REJECT',bytes,0)) AS rejected_bytes, sum(if(action='ACCEPT',bytes,0)) AS accepted_bytes, round(100.0*count_if(action='REJECT')/count(*),2) AS reject_pct
* | SELECT a."vm-id" AS src_vm, b."vm-id" AS dst_vm, sum(a.bytes) AS b FROM log a JOIN (SELECT DISTINCT "vm-id", srcaddr AS ip FROM log WHERE direction = 'out') b ON a.dstaddr = b.ip WHERE a.direction = 'out' GROUP BY a."vm-id", b."vm-id" ORDER BY b DESC
* | SELECT cast(ta - ta % 60 AS bigint) AS minute, sum(bytes_per_s) AS b FROM (SELECT ta, bytes * 1.0 / ("end" - start + 1) AS bytes_per_s FROM (SELECT start, "end", bytes, sequence(start, "end", 1) AS tas FROM log), unnest(tas) AS t(ta)) GROUP BY minute ORDER BY minute LIMIT 10000
action: REJECT | SELECT srcaddr, approx_distinct(dstport) AS ports, count(*) AS c GROUP BY srcaddr HAVING ports > 3 ORDER BY ports DESC
* | SELECT count_if(bitwise_and(cast("tcp-flags" AS bigint), 2) > 0 AND bitwise_and(cast("tcp-flags" AS bigint), 16) = 0) AS syn_only
* | SELECT * FROM (SELECT "eni-id", srcaddr, sum(bytes) AS b, row_number() OVER (PARTITION BY "eni-id" ORDER BY sum(bytes) DESC) AS rn FROM log GROUP BY "eni-id", srcaddr) WHERE rn <= 3
* | WITH x AS (SELECT srcaddr, sum(bytes) AS b FROM log GROUP BY srcaddr) SELECT * FROM x ORDER BY b DESC LIMIT 5
* | SELECT regexp_extract(srcaddr, '^(\d+\.\d+)', 1) AS net16, count(*) AS c WHERE regexp_like(dstaddr, '^192\.168\.') GROUP BY net16
* | SELECT 7/2 AS x, sum(bytes)/1024 AS kb
action: REJECT and not (dstport: 443 or bytes in [10 2000)) and srcaddr: 192.168.*
""".splitlines()  # noqa: E501
    if line.strip()
)
"""One line each; those that differ only in names are left out."""
