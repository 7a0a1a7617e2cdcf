"""The coverage page leaves nothing out: every published parameter is declared or listed as unread."""

from __future__ import annotations

import inspect
import re

import pytest
from alibabacloud_vpc20160428 import models

from weir.contract import coverage, export_sls
from weir.contract.declare import Spec, params_of
from weir.contract.products import ACTIONS
from weir.contract.published import OWNER_FIELDS, UNREAD
from weir.contract.sls import OPERATIONS
from weir.model import sls_failures
from weir.model.failures import Failure

PUBLISHED = [
    pytest.param(spec, id=spec.name)
    for spec in ACTIONS.values()
    if hasattr(models, f"{spec.name}Request") and spec.product.name == "Vpc"
]


@pytest.mark.parametrize("spec", PUBLISHED)
def test_every_published_parameter_is_declared_or_listed(spec: Spec) -> None:
    """The SDK's request models are the published parameters."""
    source = inspect.getsource(getattr(models, f"{spec.name}Request").to_map)
    published = set(re.findall(r"result\['(\w+)'\]", source)) - set(OWNER_FIELDS)
    declared = {one.wire for one in spec.params}
    unread = UNREAD.get((spec.product.name, spec.name), ())
    assert published - declared == set(unread)


def test_every_vpc_action_is_published() -> None:
    assert len(PUBLISHED) == sum(spec.product.name == "Vpc" for spec in ACTIONS.values())


def test_nothing_is_listed_as_unread_that_is_declared() -> None:
    for (product, action), names in UNREAD.items():
        (spec,) = [spec for spec in ACTIONS.values() if (spec.product.name, spec.name) == (product, action)]
        assert not {one.wire for one in spec.params} & set(names)


def test_the_page_has_a_row_for_every_parameter() -> None:
    page = coverage.page()
    for spec in ACTIONS.values():
        part = page[page.index(f"| {spec.name} |") :]
        for one in spec.params:
            assert f"| `{one.wire}" in part, (spec.name, one.wire)
            if one.ignored:
                assert f"| accepted and ignored | {one.ignored} |" in part
    total = [line for line in page.splitlines() if line.startswith("| Vpc |")]
    assert len(total) == 1


def test_the_log_service_has_its_page() -> None:
    page = export_sls.page()
    for operation in OPERATIONS:
        assert f"## {operation.name}\n" in page
        assert f"`{operation.method} {operation.template}" in page
        assert (operation.command.__doc__ or "").endswith(".")
        for one in params_of(operation.command):
            assert one.doc.endswith(".")
            assert f"| `{one.wire}` |" in page
    for failure in vars(sls_failures).values():
        if isinstance(failure, Failure):
            assert f"| {failure.code} | {failure.status} |" in page
