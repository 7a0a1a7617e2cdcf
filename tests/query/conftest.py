"""One set of flow records for the tests that only read."""

from __future__ import annotations

import pytest

from tests.query.corpus import Row, build, flow_rows
from weir.logstore.snapshot import Snapshot


@pytest.fixture(scope="session")
def flows() -> list[Row]:
    return flow_rows(900)


@pytest.fixture(scope="session")
def flow_snapshot(flows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return build(flows, tmp_path_factory.mktemp("flows"))
