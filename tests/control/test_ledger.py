"""The ledger's logstore is there from the start, and the metrics are what its rows add up to."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from prometheus_client import CollectorRegistry

from weir.contract import sls_commands as say
from weir.control import ledger, logs, projects
from weir.doors.metrics import LedgerMetrics
from weir.logstore.schema import PUT_SCHEMA
from weir.logstore.tail import conform
from weir.model.ledger import LEDGER, LOGSTORE, PROJECT


def started(office: Any) -> int:
    """As a server starts: logstore in the catalog, then the store's files."""
    ledger.ensure(office.desk.catalog, office.caller.account_id, "cn-hangzhou", office.clock())
    with office.desk.catalog.reading() as connection:
        row = projects.own_log_store(connection, office.caller, PROJECT, LOGSTORE)
    office.desk.store.create(row.id, row.shard_count)
    return int(row.id)


def put(office: Any, store_id: int, *rows: dict[str, Any], batch_id: str | None = None) -> None:
    lines = [
        {
            "__time__": int(office.clock()),
            "__source__": "node",
            "__topic__": "ledger",
            "eni-id": row.pop("eni"),
            "end": row.pop("end", 60),
            "__extra__": [(name.replace("_", "-"), str(value)) for name, value in row.items()],
        }
        for row in rows
    ]
    columns = {name: [line[name] for line in lines] for name in lines[0]}
    arrays = {name: pa.array(values, PUT_SCHEMA.field(name).type) for name, values in columns.items()}
    office.desk.store.put(store_id, conform(pa.table(arrays), PUT_SCHEMA), batch_id=batch_id)


def test_it_is_made_once_and_can_be_queried(office: Any) -> None:
    first = started(office)
    assert started(office) == first
    put(office, first, {"eni": "eni-1", "status": "full", "recorded_packets": 7})
    put(office, first, {"eni": "eni-2", "status": "skipdata", "recorded_packets": 5})
    now = int(office.clock())
    text = 'status: full or status: skipdata | SELECT sum("recorded-packets") AS packets FROM log'
    asked = say.GetLogs(project=PROJECT, log_store=LOGSTORE, from_=now - 10, to=now + 10, query=text)
    assert logs.get_logs(office.desk, office.caller, asked).rows == [{"packets": "12"}]


def test_every_column_has_its_place_in_the_index() -> None:
    keys = ledger.index().keys
    assert list(keys) == [column.name for column in LEDGER]
    assert {column.name: column.kind.value for column in LEDGER} == {name: key.type.value for name, key in keys.items()}


def test_another_accounts_project_of_that_name_is_used(office: Any) -> None:
    other = office.other_account()
    projects.create_project(office.desk, other.caller, say.CreateProject(project=PROJECT))
    ledger.ensure(office.desk.catalog, office.caller.account_id, "cn-hangzhou", office.clock())
    with office.desk.catalog.reading() as connection:
        assert projects.own_log_store(connection, other.caller, PROJECT, LOGSTORE).ttl_days == 30


def samples(board: ledger.Board) -> dict[tuple[str, ...], float]:
    registry = CollectorRegistry()
    registry.register(LedgerMetrics(board.read))
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in registry.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_metrics_are_the_sums_since_the_start(office: Any) -> None:
    store_id = started(office)
    put(office, store_id, {"eni": "eni-1", "status": "full", "recorded_packets": 1000})
    board = ledger.Board(office.desk.catalog, office.desk.store)
    board.start()
    assert samples(board) == {}
    for _ in range(2):  # a batch that is delivered twice counts once
        put(office, store_id, {"eni": "eni-1", "status": "full", "recorded_packets": 7}, batch_id="b-1")
    put(
        office,
        store_id,
        {"eni": "eni-1", "status": "partial", "recorded_packets": 3, "unexplained_rx_packets": -2, "end": 120},
        {"eni": "eni-1", "status": "full", "unexplained_rx_packets": 2},
    )
    found = samples(board)
    assert found["weir_ledger_windows_total", "eni-1", "full"] == 2
    assert found["weir_ledger_windows_total", "eni-1", "partial"] == 1
    assert found["weir_ledger_packets_total", "eni-1", "recorded"] == 10
    assert found["weir_ledger_packets_total", "eni-1", "unexplained_rx"] == 4
    assert found["weir_ledger_newest_window_end_timestamp_seconds", "eni-1"] == 120
    assert samples(board) == found


def test_enis_beyond_the_limit_share_a_label(office: Any) -> None:
    store_id = started(office)
    board = ledger.Board(office.desk.catalog, office.desk.store, enis_max=2)
    board.start()
    put(office, store_id, *({"eni": f"eni-{n}", "status": "full", "recorded_packets": 1} for n in range(5)))
    found = samples(board)
    assert {labels[1] for labels in found} == {"eni-0", "eni-1", "other"}
    assert found["weir_ledger_packets_total", "other", "recorded"] == 3


def test_a_logstore_that_was_deleted_has_no_sums(office: Any) -> None:
    store_id = started(office)
    board = ledger.Board(office.desk.catalog, office.desk.store)
    board.start()
    put(office, store_id, {"eni": "eni-1", "status": "full"})
    gone = say.DeleteLogStore(project=PROJECT, log_store=LOGSTORE)
    projects.delete_log_store(office.desk, office.caller, gone)
    assert samples(board) == {}
