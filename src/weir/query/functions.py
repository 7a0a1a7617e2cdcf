"""The allow-list of functions: every function a query may call, by its lower-case name.

What enters: the tables of the kinds of functions. What leaves: ``FUNCTIONS``, in which the grammar looks a name up, the
translator finds what it becomes, and the manual its description. The rule: a function that is not here does not exist,
so no file, setting or environment function is reachable. Sources: Presto, "Functions and operators"; SLS, the function
pages.
"""

from __future__ import annotations

from weir.query.calls import Function
from weir.query.functions_address import ADDRESSES
from weir.query.functions_aggregate import AGGREGATES, WINDOWS
from weir.query.functions_scalar import ARRAYS, CONDITIONS, NUMBERS, TEXTS
from weir.query.functions_time import TIMES, UNTIMED

GROUPS: dict[str, dict[str, Function]] = {
    "Aggregates": AGGREGATES,
    "Windows": WINDOWS,
    "Time": {name: function for name, (function, _) in TIMES.items()} | UNTIMED,
    "Addresses": ADDRESSES,
    "Numbers": NUMBERS,
    "Texts": TEXTS,
    "Conditions": CONDITIONS,
    "Arrays and maps": ARRAYS,
}
"""Heading of the manual -> its functions."""

FUNCTIONS: dict[str, Function] = {name: function for group in GROUPS.values() for name, function in group.items()}
GROWING_MAX = 16
"""Calls of functions whose value may be much longer than their arguments, in one query. More are refused: each makes at
most 64 KiB a row, which the engine does not count towards the query's memory."""
