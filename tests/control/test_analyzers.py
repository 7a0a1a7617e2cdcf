"""Traffic analyzers: their life, the flow logs that deliver to them, and what their agents hear."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.control.conftest import Office
from tests.control.test_lifecycle import Host
from tests.control.traffic_rows import BEGIN, put, records
from weir.contract import sls_commands
from weir.contract.render import render
from weir.control import projects
from weir.control.analyzers import ANALYZER_QUOTA
from weir.control.catalog import Catalog
from weir.control.targets import AGENT_SILENCE_SECONDS
from weir.logstore.manifest import Manifest
from weir.logstore.store import Store
from weir.logstore.troubles import StoreUnknown
from weir.model.failures import Refusal

HERE = {"RegionId": "cn-hangzhou"}
ACCEPTED = '[{"Key":"FlowAction","Value":["ACCEPT"]}]'


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.failure.code


def made(office: Office, **pairs: str) -> str:
    found: str = office.call("CreateTrafficAnalyzer", **HERE | pairs).traffic_analyzer_id
    return found


def listed(office: Office, **pairs: str) -> list[str]:
    page = office.call("DescribeTrafficAnalyzers", **HERE | pairs)
    return [one.traffic_analyzer_id for one in page.traffic_analyzers]


def vpc_flow_log(office: Office, **pairs: str) -> str:
    """A flow log of a VPC of its own with only the targets that are given."""
    found: str = office.call(
        "CreateFlowLog", **HERE, ResourceType="VPC", ResourceId=office.vpc(), TrafficType="All", **pairs
    ).flow_log_id
    return found


def test_an_analyzer_is_shown_as_it_was_made(office: Office) -> None:
    said = {
        "TrafficAnalyzerName": "edge",
        "Description": "of the edge",
        "AggregationInterval": "60",
        "TupleDimension": "Tuple2",
        "StorageDays": "7",
    }
    analyzer_id = made(office, **said)
    flow_log_id = vpc_flow_log(office, TrafficAnalyzerId=analyzer_id)
    document = render(office.call("DescribeTrafficAnalyzers", **HERE), "id")
    assert document == {
        "RequestId": "id",
        "PageNumber": 1,
        "PageSize": 20,
        "TotalCount": 1,
        "TrafficAnalyzers": {
            "TrafficAnalyzer": [
                {
                    "TrafficAnalyzerId": analyzer_id,
                    "TrafficAnalyzerName": "edge",
                    "Description": "of the edge",
                    "RegionId": "cn-hangzhou",
                    "Status": "Active",
                    "AggregationInterval": 60,
                    "TupleDimension": "Tuple2",
                    "StorageDays": 7,
                    "ProjectName": analyzer_id,
                    "LogStoreName": "flow_log",
                    "CreationTime": "2027-01-15T08:00:00Z",
                    "FlowLogIds": {"FlowLogId": [flow_log_id]},
                }
            ]
        },
    }


def test_analyzers_are_found_by_every_filter(office: Office) -> None:
    first = made(office, TrafficAnalyzerName="a")
    office.clock.now += 1
    second = made(office, TrafficAnalyzerName="b")
    elsewhere = made(office, RegionId="cn-beijing")
    office.call("DeactiveTrafficAnalyzer", **HERE, TrafficAnalyzerId=second)
    assert listed(office) == [first, second]
    assert listed(office, TrafficAnalyzerName="b") == [second]
    assert listed(office, TrafficAnalyzerId=first) == [first]
    assert listed(office, TrafficAnalyzerId=elsewhere) == []
    assert listed(office, Status="Inactive") == [second]
    assert listed(office, PageSize="1", PageNumber="2") == [second]
    assert listed(office.other_account()) == []


def test_a_region_has_a_quota_of_analyzers(office: Office) -> None:
    for _ in range(ANALYZER_QUOTA):
        made(office)
    assert refused(lambda: made(office)) == "QuotaExceeded.TrafficAnalyzer"
    assert made(office, RegionId="cn-beijing")


def test_an_analyzer_takes_its_records_along(office: Office) -> None:
    analyzer_id = made(office)
    store = projects.own_log_store
    with office.desk.catalog.reading() as connection:
        store_id = store(connection, office.caller, analyzer_id, "flow_log").id
        assert projects.index_of(connection, store_id).keys["srcaddr"]
    assert office.desk.store.snapshot(store_id).tail == ()
    office.call("DeleteTrafficAnalyzer", **HERE, TrafficAnalyzerId=analyzer_id)
    with office.desk.catalog.reading() as connection:
        assert refused(lambda: store(connection, office.caller, analyzer_id, "flow_log")) == "ProjectNotExist"
    with pytest.raises(StoreUnknown):
        office.desk.store.snapshot(store_id)
    assert listed(office) == []


def test_the_log_service_does_not_delete_an_analyzers_project(office: Office) -> None:
    analyzer_id = made(office)
    whole = sls_commands.DeleteProject(project=analyzer_id)
    store = sls_commands.DeleteLogStore(project=analyzer_id, log_store="flow_log")
    assert refused(lambda: projects.delete_project(office.desk, office.caller, whole)) == "Unauthorized"
    assert refused(lambda: projects.delete_log_store(office.desk, office.caller, store)) == "Unauthorized"


@pytest.mark.parametrize("action", ["ActiveTrafficAnalyzer", "DeactiveTrafficAnalyzer", "DeleteTrafficAnalyzer"])
def test_only_an_own_analyzer_of_the_region_is_found(office: Office, action: str) -> None:
    analyzer_id = made(office)
    other = office.other_account()
    missing = "InvalidTrafficAnalyzerId.NotFound"
    assert refused(lambda: other.call(action, **HERE, TrafficAnalyzerId=analyzer_id)) == missing
    assert refused(lambda: office.call(action, RegionId="cn-beijing", TrafficAnalyzerId=analyzer_id)) == missing
    assert refused(lambda: office.call(action, **HERE, TrafficAnalyzerId="nta-0")) == missing
    assert listed(office, Status="Active") == [analyzer_id]


def test_a_flow_log_delivers_to_an_analyzer_or_a_logstore_or_both(office: Office) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    host = Host(office)
    host.bind(eni)
    analyzer_id = made(office, AggregationInterval="10")
    in_store, in_analyzer = ("flows", "vpc"), (analyzer_id, "flow_log")
    for targets, places in (
        ({"ProjectName": "flows", "LogStoreName": "vpc"}, [in_store]),
        ({"TrafficAnalyzerId": analyzer_id}, [in_analyzer]),
        ({"ProjectName": "flows", "LogStoreName": "vpc", "TrafficAnalyzerId": analyzer_id}, [in_store, in_analyzer]),
    ):
        said = {
            "ResourceType": "NetworkInterface",
            "ResourceId": eni,
            "TrafficType": "Drop",
            "AggregationInterval": "5",
        }
        flow_log_id = office.call("CreateFlowLog", **HERE | said | targets).flow_log_id
        (target,) = host.sync().targets
        assert [(log.project_name, log.log_store_name) for log in target.flow_logs] == places
        assert {
            (log.flow_log_id, log.aggregation_interval, log.traffic_type, log.since) for log in target.flow_logs
        } == {(flow_log_id, 5, "Drop", int(office.clock()))}
        host.sync()
        shown = render(office.call("DescribeFlowLogs", **HERE, FlowLogId=flow_log_id), "id")["FlowLogs"]["FlowLog"][0]
        assert (shown["Status"], shown["FlowLogDeliverStatus"]) == ("Active", "SUCCESS")
        assert shown.get("TrafficAnalyzerId") == targets.get("TrafficAnalyzerId")
        assert shown["ProjectName"] == targets.get("ProjectName", "")
        office.call("DeleteFlowLog", **HERE, FlowLogId=flow_log_id)
        host.sync()
        host.sync()


def test_an_inactive_analyzer_gets_nothing_until_it_is_active_again(office: Office) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    host = Host(office)
    host.bind(eni)
    analyzer_id = made(office)
    flow_log_id = office.flow_log("NetworkInterface", eni, TrafficAnalyzerId=analyzer_id)
    this = {**HERE, "TrafficAnalyzerId": analyzer_id}

    def places() -> list[str]:
        (target,) = host.sync().targets
        return [log.project_name for log in target.flow_logs]

    assert places() == ["flows", analyzer_id]
    host.sync()
    for _ in range(2):
        office.call("DeactiveTrafficAnalyzer", **this)
        assert places() == ["flows"]
    for _ in range(2):
        office.call("ActiveTrafficAnalyzer", **this)
        assert places() == ["flows", analyzer_id]
    assert office.status(flow_log_id) == "Active"


def test_an_analyzer_alone_and_inactive_leaves_the_hooks_where_they_are(office: Office) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    host = Host(office)
    host.bind(eni)
    analyzer_id = made(office)
    said = {"ResourceType": "NetworkInterface", "ResourceId": eni, "TrafficType": "All"}
    flow_log_id = office.call("CreateFlowLog", **HERE | said, TrafficAnalyzerId=analyzer_id).flow_log_id
    host.sync()
    office.call("DeactiveTrafficAnalyzer", **HERE, TrafficAnalyzerId=analyzer_id)
    (target,) = host.sync().targets
    assert (target.network_interface_id, target.flow_logs) == (eni, ())
    host.sync()
    assert office.status(flow_log_id) == "Active"


def test_creation_checks_the_analyzer_in_the_published_order(office: Office) -> None:
    denied = "OperationDenied.NisTrafficAnalyzer"
    minute = made(office, AggregationInterval="1")
    elsewhere = made(office, RegionId="cn-beijing")
    others = made(office.other_account())
    for missing in ("nta-0", elsewhere, others):
        assert refused(lambda m=missing: vpc_flow_log(office, TrafficAnalyzerId=m)) == denied + "NotFound"
    both = {"TrafficAnalyzerId": minute, "AggregationInterval": "5"}
    assert refused(lambda: vpc_flow_log(office, **both)) == denied + "AggregationIntervalMismatch"
    office.call("DeactiveTrafficAnalyzer", **HERE, TrafficAnalyzerId=minute)
    assert refused(lambda: vpc_flow_log(office, **both)) == denied + "NotActive"
    office.call("ActiveTrafficAnalyzer", **HERE, TrafficAnalyzerId=minute)
    assert vpc_flow_log(office, TrafficAnalyzerId=minute, AggregationInterval="1")


@pytest.mark.parametrize("part", [{"ProjectName": "flows"}, {"LogStoreName": "vpc"}])
def test_half_a_logstore_beside_an_analyzer_is_refused(office: Office, part: dict[str, str]) -> None:
    analyzer_id = made(office)
    call = {"TrafficAnalyzerId": analyzer_id, **part}
    assert refused(lambda: vpc_flow_log(office, **call)) == "ProjectOrLogstoreNotExist"
    assert refused(lambda: vpc_flow_log(office, **part)) == "MissingParam.TrafficAnalyzerIdOrLogProjectOrLogStore"


def test_a_window_cannot_grow_beyond_the_analyzers(office: Office) -> None:
    analyzer_id = made(office, AggregationInterval="1")
    flow_log_id = vpc_flow_log(office, TrafficAnalyzerId=analyzer_id, AggregationInterval="1")
    this = {**HERE, "FlowLogId": flow_log_id}
    code = "OperationDenied.NisTrafficAnalyzerAggregationIntervalMismatch"
    assert refused(lambda: office.call("ModifyFlowLogAttribute", **this, AggregationInterval="5")) == code
    office.call("ModifyFlowLogAttribute", **this, AggregationInterval="1")
    office.call("ModifyFlowLogAttribute", **this, FlowLogName="any")


def test_an_analyzer_in_use_stays(office: Office) -> None:
    analyzer_id = made(office)
    flow_log_id = vpc_flow_log(office, TrafficAnalyzerId=analyzer_id)
    this = {**HERE, "TrafficAnalyzerId": analyzer_id}
    office.call("DeactiveTrafficAnalyzer", **this)
    assert refused(lambda: office.call("DeleteTrafficAnalyzer", **this)) == "DependencyViolation.FlowLog"
    assert listed(office) == [analyzer_id]
    office.call("DeleteFlowLog", **HERE, FlowLogId=flow_log_id)
    office.call("DeleteTrafficAnalyzer", **this)


def test_an_analyzer_that_takes_no_records_is_told_of(office: Office) -> None:
    analyzer_id = made(office)
    vpc_flow_log(office, TrafficAnalyzerId=analyzer_id)
    said = {"ProjectName": analyzer_id, "LogStoreName": "flow_log", "Code": "Unauthorized"}
    report = {f"Undelivered_1_{name}": text for name, text in said.items()}
    for reported, status, word in ((report, "FAILED", "UnavaliableTarget"), ({}, "SUCCESS", "")):
        office.call("SyncAgent", **HERE, NodeName="host-a", **reported)
        (log,) = office.call("DescribeFlowLogs", **HERE).flow_logs
        assert (log.flow_log_deliver_status, log.flow_log_deliver_error_message) == (status, word)


def test_an_analyzer_gets_every_field(office: Office) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    host = Host(office)
    host.bind(eni)
    analyzer_id = made(office)
    office.flow_log("NetworkInterface", eni, TrafficAnalyzerId=analyzer_id, LogFormat="${srcaddr}")
    (target,) = host.sync().targets
    assert [(log.project_name, log.log_format) for log in target.flow_logs] == [
        ("flows", "${srcaddr}"),
        (analyzer_id, ""),
    ]


def test_every_server_of_a_catalog_shows_a_ranking(office: Office, tmp_path: Path) -> None:
    """Records rest with the server that took them, rankings in the catalog that all share."""
    analyzer_id = made(office, AggregationInterval="1")
    put(office, analyzer_id, records(50))
    asked = {
        "RegionNo": "cn-hangzhou",
        "TrafficAnalyzerId": analyzer_id,
        "TrafficScenario": "VpcFlowLogAll",
        "Direction": "In",
        "BeginTime": str(BEGIN * 1000),
        "EndTime": str((BEGIN + 3600) * 1000),
        "OrderBy": "Bytes",
        "Filter": ACCEPTED,
    }
    ranking_id = office.call("StartNisTrafficRanking", **asked).nis_traffic_ranking_id
    with closing(Catalog(f"sqlite:///{tmp_path / 'local.db'}")) as local:
        store = Store(tmp_path / "other", Manifest(local.engine), office.clock)
        other = replace(office, desk=replace(office.desk, store=store))
        page = office.call("DescribeNisTrafficRanking", NisTrafficRankingId=ranking_id)
        assert page.total_count > 0
        assert other.call("DescribeNisTrafficRanking", NisTrafficRankingId=ranking_id) == page
        if office.desk.catalog.is_shared:
            empty = other.call("StartNisTrafficRanking", **asked).nis_traffic_ranking_id
            assert office.call("DescribeNisTrafficRanking", NisTrafficRankingId=empty).total_count == 0
        store.stop()


def test_an_analyzer_goes_once_its_deleted_flow_log_is_gone(office: Office) -> None:
    eni = office.eni(office.vswitch(office.vpc()))
    host = Host(office)
    host.bind(eni)
    analyzer_id = made(office)
    flow_log_id = office.flow_log("NetworkInterface", eni, TrafficAnalyzerId=analyzer_id)
    host.sync()
    host.sync()
    this = {**HERE, "TrafficAnalyzerId": analyzer_id}
    office.call("DeleteFlowLog", **HERE, FlowLogId=flow_log_id)
    assert refused(lambda: office.call("DeleteTrafficAnalyzer", **this)) == "DependencyViolation.FlowLog"
    office.clock.now += AGENT_SILENCE_SECONDS + 1
    office.call("DeleteTrafficAnalyzer", **this)
    assert listed(office) == []
