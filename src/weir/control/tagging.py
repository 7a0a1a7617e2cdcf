"""Tags of resources, whatever their kind.

What enters: a resource type in the capital spelling of TagResources, and an id. What leaves: pairs of key and value.
Rule: tags are shown in the order of their keys, since the table keeps no other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select

from weir.contract.terms import Tag, TagFilter
from weir.control.prepared import PreparedFor
from weir.control.schema import tags

FLOW_LOG, VPC, VSWITCH, ENI = "FLOWLOG", "VPC", "VSWITCH", "ENI"

TAGS = PreparedFor(
    lambda ids: (
        select(tags)
        .where(tags.c.resource_type == bindparam("resource_type"), tags.c.resource_id.in_(ids))
        .order_by(tags.c.key)
    )
)


def write_tags(connection: Connection, resource_type: str, resource_id: str, given: Iterable[Tag]) -> None:
    """Tags a new resource."""
    rows = [
        {"resource_type": resource_type, "resource_id": resource_id, "key": tag.key, "value": tag.value}
        for tag in given
    ]
    if rows:
        connection.execute(insert(tags), rows)


def read_tags(connection: Connection, resource_type: str, ids: Iterable[str]) -> Mapping[str, tuple[Tag, ...]]:
    """Resource id -> its tags; ids without tags give an empty tuple."""
    found: dict[str, tuple[Tag, ...]] = defaultdict(tuple)
    for row in TAGS.all(connection, list(ids), {"resource_type": resource_type}):
        found[row.resource_id] += (Tag(key=row.key, value=row.value),)
    return found


def remove_tags(connection: Connection, resource_type: str, resource_id: str) -> None:
    """Forgets the tags of a resource that is gone."""
    connection.execute(delete(tags).where(tags.c.resource_type == resource_type, tags.c.resource_id == resource_id))


def has_tags(key: ColumnElement[str], resource_type: str, wanted: Iterable[TagFilter]) -> list[ColumnElement[bool]]:
    """Conditions on the id column ``key``: every wanted tag is there; an absent value matches any."""
    conditions: list[ColumnElement[bool]] = []
    for tag in wanted:
        tagged = (tags.c.resource_type == resource_type) & (tags.c.key == tag.key)
        if tag.value is not None:
            tagged &= tags.c.value == tag.value
        conditions.append(key.in_(select(tags.c.resource_id).where(tagged)))
    return conditions
