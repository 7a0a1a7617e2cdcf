"""Every SQL that an engine may want its statements in, and who writes it.

What enters: the name of a dialect, as an engine says it. What leaves: what turns a ``Plan`` into a statement. An
engine for many machines over the same lake needs one more row here, and passes ``tests/logstore/engine_suite.py``.
"""

from __future__ import annotations

from collections.abc import Callable

from weir.logstore.engine import Statement
from weir.query import duck_plan
from weir.query.plan import Plan

DIALECTS: dict[str, Callable[[Plan], Statement]] = {"duckdb": duck_plan.statement}
