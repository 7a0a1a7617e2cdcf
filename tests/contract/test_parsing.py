"""Requests in and out: any command survives its own pairs, any garbage is a command or a declared refusal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weir.contract import examples
from weir.contract.action import Regions, pairs, parse
from weir.contract.declare import Param, Spec, params_of, spec_of
from weir.contract.nis_shapes import AnyCase, Filters, JsonList
from weir.contract.products import ACTIONS
from weir.contract.render import Unreadable, read, render
from weir.contract.shapes import Address, BadText, Commas, Flag, Integer, Network, OneOf, Repeat, Shape, Text
from weir.contract.vpc import CreateFlowLog, DescribeFlowLogs, FlowLogPage, GetFlowLogServiceStatus, ServiceStatus
from weir.model.failures import PAGE, Failure, Refusal

REGIONS = Regions(known=frozenset({"cn-hangzhou", "cn-beijing"}), without_flow_logs=frozenset({"cn-beijing"}))
SPECS = list(ACTIONS.values())


def takes(shape: Shape, text: str) -> bool:
    try:
        shape.parse(text)
    except BadText:
        return False
    return True


def values(shape: Shape) -> st.SearchStrategy[Any]:
    """Values a shape can hold."""
    match shape:
        case Text(pattern=None, length=(low, high)):
            letters = st.characters(codec="utf-8", exclude_characters="\0")
            return st.text(letters, min_size=low, max_size=min(high or 60, 60)).filter(lambda text: takes(shape, text))
        case OneOf():
            return st.sampled_from(list(shape.choices.values()))
        case Integer(low=low, high=high):
            return st.integers(low, high)
        case Flag():
            return st.booleans()
        case Address(version=version):
            return st.ip_addresses(v=version).map(str)
        case Commas(of=of, at_most=at_most):
            element = values(of).filter(lambda text: "," not in text)
            return st.lists(element, min_size=1, max_size=at_most).map(tuple)
        case AnyCase(of=of):
            return st.sampled_from(list(of))
        case JsonList(of=of, at_most=at_most):
            return st.lists(values(of), min_size=1, max_size=at_most).map(tuple)
        case Text() | Network() | Filters():
            return st.sampled_from([shape.parse(text) for text in shape.good()])
        case _:
            raise AssertionError(shape)


def parameter(one: Param, *, writes: bool) -> st.SearchStrategy[Any]:
    if not isinstance(one.shape, Repeat):
        said = values(one.shape)
        # Nothing is the same as an empty text where a call changes nothing, so it cannot be told apart.
        said = said if writes else said.filter(lambda value: value != "")
    elif isinstance(one.shape.of, type):
        said = st.lists(structure(one.shape.of, writes=writes), min_size=1, max_size=3).map(tuple)
    else:
        said = st.lists(values(one.shape.of), min_size=1, max_size=3).map(tuple)
    return said if one.required else st.just(one.default) | said


def structure(cls: type, *, writes: bool) -> st.SearchStrategy[Any]:
    return st.builds(cls, **{one.name: parameter(one, writes=writes) for one in params_of(cls)})


def outcome(spec: Spec, said: dict[str, str]) -> tuple[Any, Failure | None]:
    """The command, or the failure."""
    try:
        return parse(spec, said, REGIONS), None
    except Refusal as refusal:
        return None, refusal.failure


COMMANDS = st.one_of(*(structure(spec.command, writes=spec.writes) for spec in SPECS))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(COMMANDS)
def test_a_command_survives_its_own_pairs(command: Any) -> None:
    spec = spec_of(type(command))
    parsed, refused = outcome(spec, pairs(command))
    assert parsed == command or refused in {rule.failure for rule in spec.rules}, "only a rule over several objects"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SPECS), st.data())
def test_any_request_is_a_command_or_a_declared_refusal(spec: Spec, data: st.DataObject) -> None:
    known = list(examples.call(spec)) or ["Nope"]
    odd = st.sampled_from(["Tag.1", "Tag.2.Key", "Tag.0.Value", "TrafficPath", "TrafficPath.1.x", "..", "", "A." * 50])
    names = st.sampled_from(known) | odd | st.text(max_size=12)
    texts = st.text(max_size=300) | st.sampled_from(["", "1", "all", "cn-hangzhou", "true", "9" * 5000, "vpc-1"])
    said = {**examples.call(spec), **data.draw(st.dictionaries(names, texts, max_size=6))}
    command, refused = outcome(spec, said)
    assert isinstance(command, spec.command) or refused in spec.fails


GOOD = {
    "RegionId": "cn-hangzhou",
    "ResourceType": "VPC",
    "ResourceId": "vpc-1",
    "TrafficType": "All",
    "ProjectName": "flow-logs",
    "LogStoreName": "store",
}

# What breaks CreateFlowLog, in the order of the checks; every pair of lines is tried together.
BROKEN: list[tuple[str, dict[str, str]]] = [
    ("MissingParameter", {"TrafficType": ""}),
    ("InvalidRegionId.NotFound", {"RegionId": "cn-nowhere"}),
    ("OperationUnsupported.action", {"RegionId": "cn-beijing"}),
    ("INVALID_PARAMETER", {"Tag.2.Key": "gap"}),
    ("ParameterInvalid", {"FlowLogName": "http://name"}),
    ("OperationUnsupported.ResourceType", {"ResourceType": "Vpc"}),
    ("InvalidResourceType.NotFound", {"ResourceId": "eni-1"}),
    ("IllegalParam.AggregationInterval", {"AggregationInterval": "2"}),
    ("IllegalParam.TrafficPath", {"TrafficPath.1": "all", "TrafficPath.2": "vbr"}),
    ("DuplicatedParam.TrafficPath", {"TrafficPath.1": "vbr", "TrafficPath.2": "vbr"}),
    ("IllegalParam.IpVersion", {"IpVersion": "IPv6"}),
    ("MissingParam.TrafficAnalyzerIdOrLogProjectOrLogStore", {"LogStoreName": "\0absent"}),
]


def answered(changes: dict[str, str]) -> str:
    said = {name: text for name, text in {**GOOD, **changes}.items() if text != "\0absent"}
    with pytest.raises(Refusal) as caught:
        parse(spec_of(CreateFlowLog), said, REGIONS)
    assert caught.value.message == caught.value.failure.message
    return caught.value.failure.code


def test_the_broken_lines_stand_in_the_order_of_the_page() -> None:
    order = [failure.code for failure in PAGE]
    assert [code for code, _ in BROKEN] == [code for code in order if code in dict(BROKEN)]


@pytest.mark.parametrize("first", range(len(BROKEN)), ids=lambda place: BROKEN[place][0])
def test_the_first_failure_of_two_is_answered(first: int) -> None:
    code, changes = BROKEN[first]
    assert answered(changes) == code
    for later_code, later in BROKEN[first + 1 :]:
        if set(later) & set(changes):
            continue
        assert answered({**later, **changes}) == code, f"{code} before {later_code}"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"AggregationInterval": "ten"}, "INVALID_PARAMETER"),
        ({"AggregationInterval": "10.0"}, "INVALID_PARAMETER"),
        ({"AggregationInterval": ""}, "INVALID_PARAMETER"),
        ({"AggregationInterval": "60"}, "IllegalParam.AggregationInterval"),
        ({"AggregationInterval": "9" * 5000}, "IllegalParam.AggregationInterval"),
        ({"Tag.0.Key": "a"}, "INVALID_PARAMETER"),
        ({"Tag.1.Name": "a"}, "INVALID_PARAMETER"),
        ({"Tag.1.Value": "a"}, "ParameterInvalid"),
        ({"Tag.1.Key": ""}, "ParameterInvalid"),
        ({"Tag.1.Key": "a", "Tag.2.Key": "a"}, "ParameterInvalid"),
        ({"Tag.1.Key": "aliyun"}, "ParameterInvalid"),
        ({"Tag.1.Key": "a", "Tag.1.Value": "acs:x"}, "ParameterInvalid"),
        ({"Tag.1.Key": "see http://x"}, "ParameterInvalid"),
        ({f"Tag.{number}.Key": f"k{number}" for number in range(1, 22)}, "ParameterInvalid"),
        ({"FlowLogName": "n" * 129}, "ParameterInvalid"),
        ({"FlowLogName": ""}, "ParameterInvalid"),
        ({"Description": "d" * 257}, "ParameterInvalid"),
        ({"Description": "https://x"}, "ParameterInvalid"),
        ({"ProjectName": "Flow"}, "ParameterInvalid"),
        ({"LogStoreName": "st"}, "ParameterInvalid"),
        ({"TrafficType": "Accept"}, "ParameterInvalid"),
        ({"ResourceType": "Instance"}, "OperationUnsupported.ResourceType"),
        ({"ResourceType": "NetworkInterface", "ResourceId": "vsw-1"}, "InvalidResourceType.NotFound"),
        ({"TrafficPath": "all"}, "INVALID_PARAMETER"),
        ({"TrafficPath.1": "everything"}, "IllegalParam.TrafficPath"),
        ({"TrafficPath.1": "all", "TrafficPath.2": "all"}, "DuplicatedParam.TrafficPath"),
        ({"IpVersion": "ipv4"}, "IllegalParam.IpVersion"),
        ({"ProjectName": "\0absent"}, "MissingParam.TrafficAnalyzerIdOrLogProjectOrLogStore"),
    ],
)
def test_triggers_of_create_flow_log(changes: dict[str, str], code: str) -> None:
    assert answered(changes) == code


def test_limits_themselves_are_taken() -> None:
    said = {
        **GOOD,
        "FlowLogName": "ü" * 128,
        "Description": "d" * 256,
        **{f"Tag.{number}.Key": f"{number}".rjust(128, "k") for number in range(1, 21)},
        "Tag.1.Value": "v" * 128,
    }
    command = parse(spec_of(CreateFlowLog), said, REGIONS)
    assert len(command.tag) == 20
    assert (command.aggregation_interval, command.traffic_path, command.ip_version) == (10, ("all",), "IPv4")
    analyzed = {**GOOD, "TrafficAnalyzerId": "nta-1"}
    del analyzed["ProjectName"]
    assert parse(spec_of(CreateFlowLog), analyzed, REGIONS).traffic_analyzer_id == "nta-1"


def test_an_empty_filter_is_no_filter() -> None:
    said = {"RegionId": "cn-hangzhou", "FlowLogName": "", "Status": "", "PageSize": "", "Tags.1.Key": "a"}
    command = parse(spec_of(DescribeFlowLogs), {**said, "Tags.1.Value": ""}, REGIONS)
    assert (command.flow_log_name, command.status, command.page_size) == (None, None, 20)
    assert [(tag.key, tag.value) for tag in command.tags] == [("a", None)]


@pytest.mark.parametrize(
    ("result", "document"),
    [
        (ServiceStatus, {"Enabled": "yes"}),
        (ServiceStatus, {}),
        (FlowLogPage, {**examples.document(FlowLogPage), "FlowLogs": []}),
        (FlowLogPage, {**examples.document(FlowLogPage), "FlowLogs": {"FlowLog": ["x"]}}),
        (FlowLogPage, {**examples.document(FlowLogPage), "PageSize": "many"}),
    ],
)
def test_an_answer_that_is_not_one_is_unreadable(result: type, document: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read(result, document)


def test_numbers_are_strings_only_where_the_api_has_strings() -> None:
    page = render(FlowLogPage(page_number=2, page_size=50, total_count=51, flow_logs=()), "id")
    assert page == {
        "RequestId": "id",
        "Success": "true",
        "PageNumber": "2",
        "PageSize": "50",
        "TotalCount": "51",
        "FlowLogs": {"FlowLog": []},
    }
    assert render(ServiceStatus(enabled=True), "id") == {"RequestId": "id", "Enabled": True}
    assert spec_of(GetFlowLogServiceStatus).result is ServiceStatus


def test_a_refusal_names_the_parameter_in_its_detail() -> None:
    with pytest.raises(Refusal) as caught:
        parse(spec_of(CreateFlowLog), {**GOOD, "Tag.1.Key": "a", "Tag.2.Key": "acs:b"}, REGIONS)
    assert caught.value.detail == {"param": "Tag.2.Key", "why": "must not start with aliyun or acs:"}
    assert isinstance(caught.value.failure, Failure)
