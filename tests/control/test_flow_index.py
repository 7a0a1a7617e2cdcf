"""The index of a logstore follows the extended fields that its flow logs name, unless its owner made the index."""

from __future__ import annotations

from typing import Any

from weir.contract import sls_commands
from weir.control import projects
from weir.query.index import Index


def index_of(office: Any) -> dict[str, Any]:
    with office.desk.catalog.reading() as connection:
        store = projects.own_log_store(connection, office.caller, "flows", "vpc")
        return projects.index_of(connection, store.id).to_document()


def test_extended_fields_join_the_index(office: Any) -> None:
    first = office.flow_log("VPC", office.vpc())
    assert index_of(office) == Index.for_flow_logs().to_document()
    office.flow_log("VPC", office.vpc(), LogFormat="${srcaddr}${pid}${comm}")
    assert index_of(office) == Index.for_flow_logs(("pid", "comm")).to_document()
    office.call(
        "ModifyFlowLogAttribute", RegionId="cn-hangzhou", FlowLogId=first, LogFormat="${srcaddr} ${rtt-us}${comm}"
    )
    document = index_of(office)
    assert document == Index.for_flow_logs(("rtt-us", "comm", "pid")).to_document()
    assert document["keys"]["rtt-us"]["type"] == "long"


def test_the_owners_index_is_left_as_it_is(office: Any) -> None:
    office.flow_log("VPC", office.vpc())
    body = Index.for_flow_logs(("comm",)).to_document()
    body["keys"]["comm"]["caseSensitive"] = True
    projects.update_index(
        office.desk, office.caller, sls_commands.UpdateIndex(project="flows", log_store="vpc", **body)
    )
    office.flow_log("VPC", office.vpc(), LogFormat="${pid}")
    assert index_of(office) == body
