"""All failures of all tables, by code.

What enters: the tables. What leaves: ``BY_CODE``, for the pages and the TypeScript types. Rule: a module with failures
is listed here; a test looks for modules that are not.
"""

from __future__ import annotations

from collections.abc import Mapping

from weir.model import failures, ram_failures, sls_failures
from weir.model.failures import Failure

TABLES = (failures, ram_failures, sls_failures)


def _by_code() -> dict[str, tuple[Failure, ...]]:
    found: dict[str, tuple[Failure, ...]] = {}
    for table in TABLES:
        for failure in vars(table).values():
            if isinstance(failure, Failure) and failure not in found.get(failure.code, ()):
                found[failure.code] = (*found.get(failure.code, ()), failure)
    return {code: found[code] for code in sorted(found)}


BY_CODE: Mapping[str, tuple[Failure, ...]] = _by_code()
"""Code -> its failures: a code that the gateway and the log service share has more than one."""
