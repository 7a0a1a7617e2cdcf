"""Engines outside Weir: reads an Iceberg table with pyiceberg, and its file list with DuckDB, knowing nothing of Weir.

``outside.py CATALOG.db TABLE``: prints [rows, packets, serials] as each of the two sees them, as JSON.
"""

from __future__ import annotations

import json
import sys

import duckdb
import pyarrow.compute as pc
from pyiceberg.catalog.sql import SqlCatalog

table = SqlCatalog("weir", uri=f"sqlite:///{sys.argv[1]}").load_table(sys.argv[2])
rows = table.scan().to_arrow()
serials = [dict(extra)["serial"] for extra in rows["__extra__"].to_pylist()]
arrow = [rows.num_rows, pc.sum(rows["packets"]).as_py() or 0, sorted(serials)]
files = [task.file.file_path for task in table.scan().plan_files()]
found = duckdb.sql(
    "SELECT count(*), coalesce(sum(packets), 0)::BIGINT, coalesce(list_sort(list(__extra__['serial'])), [])"
    " FROM read_parquet($1, union_by_name = true)",
    params=[files],
).fetchall()
print(json.dumps([arrow, list(found[0])]))
