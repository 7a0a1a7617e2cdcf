"""The reference page of the log service, written from its declared operations.

What enters: the table of operations, their commands and failures. What leaves: one Markdown page. Rule: as in
``export``, nothing is written twice.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from weir.contract.declare import params_of
from weir.contract.export import GENERATED, cells, parameter_rows
from weir.contract.sls import OPERATIONS, Operation
from weir.model import sls_failures
from weir.model.failures import Failure

CONVENTIONS = """\
The project stands before the host name (`my-project.HOST`), the logstore in the path. Parameters stand in the query; of
POST and PUT with a JSON body, in the body. Calls are signed with signature v1 (`LOG key:signature`) or v4
(`SLS4-HMAC-SHA256`). A refusal is `{"errorCode": ..., "errorMessage": ...}` with the status of its code; a 5xx is worth
repeating, nothing else is. Every operation can answer `ParameterInvalid` for a parameter that is absent or unreadable.
"""


def page() -> str:
    """The text of ``sls.md``."""
    lines = [GENERATED, "# Log service", "", CONVENTIONS]
    lines += ["| Operation | Route | Action in policies |", "|---|---|---|"]
    lines += [cells(f"[{one.name}](#{one.name.lower()})", f"`{_route(one)}`", f"`{one.ram}`") for one in OPERATIONS]
    for command in dict.fromkeys(operation.command for operation in OPERATIONS):
        lines += ["", *_operation(command)]
    lines += ["", "## Failures", "", "| Code | HTTP | Message | When |", "|---|---|---|---|"]
    for failure in vars(sls_failures).values():
        if isinstance(failure, Failure):
            lines.append(cells(failure.code, str(failure.status), failure.message, failure.trigger))
    return "\n".join([*lines, ""])


def _operation(command: type) -> Iterator[str]:
    yield from (f"## {command.__name__}", "", inspect.cleandoc(command.__doc__ or ""), "")
    yield from (f"* `{_route(one)}`" for one in OPERATIONS if one.command is command)
    yield from ("", "| Parameter | Required | Value | Default | Meaning |", "|---|---|---|---|---|")
    for one in params_of(command):
        yield from parameter_rows(one)


def _route(operation: Operation) -> str:
    kinds = "|".join(sorted(operation.kinds - {""}))
    return f"{operation.method} {operation.template}" + (f"?type={kinds}" if kinds else "")
