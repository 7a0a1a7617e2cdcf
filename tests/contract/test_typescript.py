"""The console's module is what the declarations say, and TypeScript takes it where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from weir.contract.products import ACTIONS
from weir.contract.typescript import module
from weir.model.failure_index import BY_CODE


@pytest.fixture
def written(pytestconfig: pytest.Config) -> str:
    return (pytestconfig.rootpath / "console" / "src" / "contract.ts").read_text()


def test_the_module_is_current(written: str) -> None:
    assert written == module(), "run make reference"


def test_names_are_unique(written: str) -> None:
    names = re.findall(r"^export (?:interface|type|const) (\w+)", written, re.MULTILINE)
    assert len(names) == len(set(names))


def test_every_action_has_its_types_and_its_row(written: str) -> None:
    for spec in ACTIONS.values():
        row = f'  "{spec.ram_action}": {{ request: {spec.name}Request; answer: {spec.name}Answer }};'
        assert row in written
        assert f'  "{spec.ram_action}": {{\n    product: "{spec.product.name}",' in written
        for failure in spec.fails:
            assert failure.code in BY_CODE


def test_wire_types_are_the_published_ones(written: str) -> None:
    page = written[written.index("export interface DescribeFlowLogsAnswer") :]
    page = page[: page.index("\n}\n")]
    assert "  TotalCount: string;" in page
    assert "    AggregationInterval: number;" in page
    assert "    TrafficPath: { TrafficPathList: string[] };" in page


def test_typescript_takes_it(pytestconfig: pytest.Config) -> None:
    compiler = shutil.which("tsc")
    if compiler is None:
        pytest.skip("tsc is not installed: the console's types are not compiled")
    source = pytestconfig.rootpath / "console" / "src" / "contract.ts"
    told = subprocess.run([compiler, "--noEmit", "--strict", source], capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stdout
