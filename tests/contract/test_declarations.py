"""Every declaration keeps its word: samples on both sides of every shape, every required parameter, every example."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from weir.contract import examples, export
from weir.contract.action import Regions, pairs, parse, violations
from weir.contract.declare import MISSING, Param, Spec, answers_of, params_of
from weir.contract.products import ACTIONS, COMMANDS, PRODUCTS, find
from weir.contract.render import read, render
from weir.contract.shapes import Malformed, Repeat, Shape
from weir.model.failures import GATEWAY, INVALID_PARAMETER, Failure, Refusal

REGIONS = Regions(known=frozenset({"cn-hangzhou", "cn-beijing"}), without_flow_logs=frozenset({"cn-beijing"}))
SPECS = [pytest.param(spec, id=spec.name) for spec in ACTIONS.values()]


def refusal(spec: Spec, said: dict[str, str]) -> Failure:
    with pytest.raises(Refusal) as caught:
        parse(spec, said, REGIONS)
    return caught.value.failure


def failures_at(spec: Spec, said: dict[str, str], path: str) -> set[Failure]:
    return {wrong.failure for wrong in violations(spec, said, REGIONS)[1] if wrong.path == path}


def leaves(params: tuple[Param, ...], path: str = "") -> Iterator[tuple[Param, Shape, str]]:
    """Every parameter that is one text, with its path on the wire in the first element of every list."""
    for one in params:
        at = path + one.wire
        if not isinstance(one.shape, Repeat):
            yield one, one.shape, at
        elif isinstance(one.shape.of, type):
            yield from leaves(params_of(one.shape.of), f"{at}.1.")
        else:
            yield one, one.shape.of, f"{at}.1"


@pytest.mark.parametrize("spec", SPECS)
def test_the_example_is_a_valid_call(spec: Spec) -> None:
    said = examples.call(spec)
    command = parse(spec, said, REGIONS)
    assert isinstance(command, spec.command)
    assert parse(spec, pairs(command), REGIONS) == command
    assert all(text for text in said.values()), "every parameter has an example"


@pytest.mark.parametrize("spec", SPECS)
def test_good_samples_are_taken_and_written_back(spec: Spec) -> None:
    for _, shape, path in leaves(spec.params):
        for text in shape.good():
            assert failures_at(spec, {**examples.call(spec), path: text}, path) == set(), (path, text)
            value = shape.parse(text)
            assert shape.parse(shape.text(value)) == value


@pytest.mark.parametrize("spec", SPECS)
def test_bad_samples_give_the_declared_failure(spec: Spec) -> None:
    for one, shape, path in leaves(spec.params):
        assert shape.bad()
        for text, kind in shape.bad():
            expected = INVALID_PARAMETER if kind is Malformed else one.invalid
            assert expected in spec.fails
            said = {**examples.call(spec), path: text}
            assert failures_at(spec, said, path) == {expected}, (path, text)
            assert refusal(spec, said) in spec.fails


@pytest.mark.parametrize("spec", SPECS)
def test_every_required_parameter_is_missed(spec: Spec) -> None:
    for one, _, path in leaves(spec.params):
        if not one.required:
            continue
        whole = examples.call(spec)
        without = {name: text for name, text in whole.items() if name != path}
        if isinstance(one.shape, Repeat):
            assert refusal(spec, {**whole, path: ""}) is one.invalid
            assert refusal(spec, without) is one.missing
            continue
        assert refusal(spec, {**whole, path: ""}) is one.missing
        if path.count(".") == 0:
            assert refusal(spec, without) is one.missing
        else:
            assert failures_at(spec, without, path) == {one.missing}


@pytest.mark.parametrize("spec", SPECS)
def test_an_optional_parameter_has_its_default(spec: Spec) -> None:
    required = {one.wire for one in spec.params if one.required}
    kept = {name: text for name, text in examples.call(spec).items() if name.partition(".")[0] in required}
    values, _ = violations(spec, kept, REGIONS)
    for one in spec.params:
        if not one.required:
            assert values[one.name] == one.default


@pytest.mark.parametrize("spec", SPECS)
def test_lists_are_numbered_from_one_without_gaps(spec: Spec) -> None:
    for one in spec.params:
        if not isinstance(one.shape, Repeat):
            continue
        one_element = {name: text for name, text in examples.call(spec).items() if name.startswith(one.wire + ".1")}
        others = {name: text for name, text in examples.call(spec).items() if name not in one_element}
        for number in ("0", "2", "01", "-1", "x", "1x", "", "9999999999"):
            moved = {name.replace(".1", f".{number}", 1): text for name, text in one_element.items()}
            assert refusal(spec, {**others, **moved}) is INVALID_PARAMETER, (one.wire, number)
        gap = {name.replace(".1", ".3", 1): text for name, text in one_element.items()}
        assert refusal(spec, {**others, **one_element, **gap}) is INVALID_PARAMETER
        assert refusal(spec, {**others, **one_element, f"{one.wire}.1.NoSuchField": "x"}) is INVALID_PARAMETER
        assert refusal(spec, {**others, one.wire: "bare"}) is INVALID_PARAMETER
        if one.required:
            assert refusal(spec, {**others, one.wire: ""}) is refusal(spec, others) is one.missing
        else:
            assert parse(spec, {**others, one.wire: ""}, REGIONS) == parse(spec, others, REGIONS)
        too_many = {
            name.replace(".1", f".{number}", 1): text
            for number in range(1, one.shape.at_most + 2)
            for name, text in one_element.items()
        }
        assert one.invalid in failures_at(spec, {**others, **too_many}, one.wire)


@pytest.mark.parametrize("spec", SPECS)
def test_unknown_parameters_are_ignored(spec: Spec) -> None:
    said = examples.call(spec)
    legacy = {"OwnerId": "1", "OwnerAccount": "a", "ResourceOwnerId": "x", "ResourceOwnerAccount": ""}
    odd = {"": "x", ".": "x", "A..B.C.D.E.F.G": "x", "Nope.1.Key": "x", "RegionId.1": "x", "RegionId.": "x"}
    assert parse(spec, {**odd, **said, **legacy}, REGIONS) == parse(spec, said, REGIONS)


@pytest.mark.parametrize("spec", SPECS)
def test_the_example_answer_reads_back(spec: Spec) -> None:
    document = examples.document(spec.result)
    result = read(spec.result, document)
    assert render(result, examples.REQUEST_ID) == document


@pytest.mark.parametrize("spec", SPECS)
def test_everything_is_documented(spec: Spec) -> None:
    assert spec.summary.endswith(".")
    assert spec.doc
    for one in spec.params:
        assert one.doc.endswith(".")
        assert one.shape.rule()
    for answer in answers_of(spec.result):
        assert answer.doc.endswith((".", "empty"))
    assert not set(spec.fails) & set(GATEWAY), "the gateway's failures belong to every action"
    assert len(set(spec.fails)) == len(spec.fails)


def test_a_call_is_found_by_version_and_name() -> None:
    assert len({product.version for product in PRODUCTS}) == len(PRODUCTS)
    assert [find(spec.product.version, spec.name).command for spec in ACTIONS.values()] == list(COMMANDS)
    for version, name, code in [
        ("2016-04-28", "CreateNetworkInterface", "InvalidApi.NotFound"),
        ("2016-04-28", "createflowlog", "InvalidApi.NotFound"),
        ("1999-01-01", "CreateFlowLog", "InvalidVersion"),
    ]:
        with pytest.raises(Refusal) as caught:
            find(version, name)
        assert caught.value.failure.code == code


def test_commands_are_frozen_values() -> None:
    for spec in ACTIONS.values():
        command = parse(spec, examples.call(spec), REGIONS)
        assert hash(command) == hash(parse(spec, examples.call(spec), REGIONS))
        for field in dataclasses.fields(command):
            assert field.default is dataclasses.MISSING or field.default is not MISSING
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(command, field.name, None)


def test_the_reference_is_what_the_declarations_say(pytestconfig: pytest.Config) -> None:
    directory = pytestconfig.rootpath / "docs" / "reference"
    there = {name: (directory / name).read_text() for name in export.reference()}
    assert there == export.reference(), "run: python -m weir.contract.export docs/reference"
