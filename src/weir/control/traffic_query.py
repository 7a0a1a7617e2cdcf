"""The query behind a ranking or a metric, as text of the query language.

What enters: what to look at (``Selection``) and how. What leaves: ``* | SELECT ...`` over the fields of a flow record.
Rule: every value of the caller's stands in it as a quoted text or a plain number, so none can change the statement; the
query language refuses what slips through. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weir.contract.nis_shapes import BOUNDS, Dimension, Filter, FilterKey, Key, Operator
from weir.contract.nis_traffic import Direction, OrderBy, Scenario

COLUMNS: Mapping[Key, str] = {
    Key.VPC_ID: "vpc-id",
    Key.V_SWITCH_ID: "vswitch-id",
    Key.NETWORK_INTERFACE_ID: "eni-id",
    Key.ECS_ID: "vm-id",
    Key.SOURCE_IP: "srcaddr",
    Key.DESTINATION_IP: "dstaddr",
    Key.TRAFFIC_PATH: "traffic_path",
    Key.SOURCE_PORT: "srcport",
    Key.DESTINATION_PORT: "dstport",
    Key.PROTOCOL: "protocol",
}
"""Where a key lies in a record; ``CloudIp`` is the interface's own side, which depends on the direction."""
NUMBERS = frozenset({Key.TRAFFIC_PATH, Key.SOURCE_PORT, Key.DESTINATION_PORT, Key.PROTOCOL})
TUPLES: Mapping[Dimension, tuple[Key, ...]] = {
    Dimension.TUPLE1: (Key.CLOUD_IP,),
    Dimension.TUPLE2: (Key.SOURCE_IP, Key.DESTINATION_IP),
    Dimension.TUPLE5: (Key.SOURCE_IP, Key.SOURCE_PORT, Key.DESTINATION_IP, Key.DESTINATION_PORT, Key.PROTOCOL),
}
"""What an entry stands for where GroupBy is absent."""
BOUND_TEXTS: Mapping[Key | FilterKey, str] = {
    FilterKey.MIN_BYTES: 'sum("bytes") >= {}',
    FilterKey.MAX_BYTES: 'sum("bytes") <= {}',
    FilterKey.MIN_PACKAGES: 'sum("packets") >= {}',
    FilterKey.MAX_PACKAGES: 'sum("packets") <= {}',
}
SUMS = 'coalesce(sum("bytes"), 0) AS "Bytes", coalesce(sum("packets"), 0) AS "Packets"'


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records count."""

    direction: Direction
    scenario: Scenario
    filters: tuple[Filter, ...]


def ranking(
    selection: Selection, group_by: tuple[Key, ...], order_by: OrderBy, *, ascending: bool, at_most: int
) -> str:
    """Columns: every key of ``group_by`` under its name, Bytes, Packets."""
    columns = [_column(key, selection.direction) for key in group_by]
    shown = ", ".join(f'{column} AS "{key}"' for column, key in zip(columns, group_by, strict=True))
    bounds = [BOUND_TEXTS[one.key].format(one.values[0]) for one in selection.filters if one.key in BOUND_TEXTS]
    having = f" HAVING {' AND '.join(bounds)}" if bounds else ""
    keys = ", ".join(columns)
    direction = "ASC" if ascending else "DESC"
    return (
        f"* | SELECT {shown}, {SUMS} FROM log WHERE {_conditions(selection)}"
        f' GROUP BY {keys}{having} ORDER BY "{order_by}" {direction}, {keys} LIMIT {at_most}'
    )


def total(selection: Selection) -> str:
    """One row: Bytes and Packets of the whole selection."""
    return f"* | SELECT {SUMS} FROM log WHERE {_conditions(selection)}"


def steps(selection: Selection, from_s: int, step_s: int, at_most: int) -> str:
    """Columns: Step (Unix seconds, beginnings of steps counted from ``from_s``), Bytes, Packets."""
    step = f"__time__ - (__time__ - {from_s}) % {step_s}"
    return (
        f'* | SELECT {step} AS "Step", {SUMS} FROM log WHERE {_conditions(selection)} GROUP BY {step} LIMIT {at_most}'
    )


def _conditions(selection: Selection) -> str:
    conditions = [
        "\"log-status\" = 'OK'",
        f'"direction" = {_quoted(selection.direction.value.lower())}',
        *(_condition(one, selection.direction) for one in selection.filters if one.key not in BOUNDS),
    ]
    if selection.scenario is Scenario.VPC_INTERNET:
        peer = "srcaddr" if selection.direction is Direction.IN else "dstaddr"
        conditions.append(f"ip_to_domain(\"{peer}\") = 'internet'")
    return " AND ".join(conditions)


def _condition(one: Filter, direction: Direction) -> str:
    if one.key is FilterKey.FLOW_ACTION:
        return f'"action" = {_quoted(one.values[0])}'
    assert isinstance(one.key, Key), "what no record holds was refused"
    column = _column(one.key, direction)
    if one.operator is Operator.LIKE:
        return "(" + " OR ".join(f"strpos({column}, {_quoted(value)}) > 0" for value in one.values) + ")"
    values = one.values if one.key in NUMBERS else map(_quoted, one.values)
    negated = "NOT " if one.operator is Operator.NOT_IN else ""
    return f"{column} {negated}IN ({', '.join(values)})"


def _column(key: Key, direction: Direction) -> str:
    if key is Key.CLOUD_IP:
        return '"dstaddr"' if direction is Direction.IN else '"srcaddr"'
    return f'"{COLUMNS[key]}"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
