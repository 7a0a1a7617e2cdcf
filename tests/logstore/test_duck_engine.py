"""DuckDB passes the suite of the engine seam."""

from __future__ import annotations

from tests.logstore.engine_suite import EngineSuite
from weir.logstore.duck import DuckEngine


class TestDuckEngine(EngineSuite):
    def make(self, limits):
        return DuckEngine(limits)
