"""TagResources, UnTagResources, ListTagResources.

What enters: a caller and a parsed command. What leaves: the answer, or a ``Refusal`` and an unchanged catalog. Rules: a
call tags every resource it names or none; a resource has at most ``TAGS_MAX`` tags; a page ends where the next one
begins, since its token is the last tag shown.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable

from sqlalchemy import Connection, Table, delete, select, tuple_

from weir.contract.terms import TAGS_MAX, Done
from weir.contract.vpc_tags import Kind, ListTagResources, TagResource, TagResourceList, TagResources, UnTagResources
from weir.control.access import Caller
from weir.control.desk import Desk
from weir.control.schema import flow_logs, tags, vpcs, vswitches
from weir.control.tagging import has_tags, read_tags, write_tags
from weir.model.failures import (
    INVALID_RESOURCE_ID_NOT_FOUND,
    PARAMETER_INVALID,
    QUOTA_EXCEED_TAGS_PER_RESOURCE,
    Refusal,
)

TABLES: dict[Kind, Table] = {Kind.FLOW_LOG: flow_logs, Kind.VPC: vpcs, Kind.VSWITCH: vswitches}
"""The table of each kind of resource; its only key is the resource's id."""


def tag_resources(desk: Desk, caller: Caller, command: TagResources) -> Done:
    """Adds the tags, or gives those that are there their new value."""
    kind = command.resource_type
    ids = tuple(dict.fromkeys(command.resource_id))
    with desk.catalog.writing() as connection:
        check_own(connection, caller, kind, command.region_id, ids)
        keys = {tag.key for tag in command.tag}
        for present in read_tags(connection, kind, ids).values():
            if len(keys | {tag.key for tag in present}) > TAGS_MAX:
                raise Refusal(QUOTA_EXCEED_TAGS_PER_RESOURCE)
        _remove(connection, kind, ids, keys)
        for resource_id in ids:
            write_tags(connection, kind, resource_id, command.tag)
    return Done()


def untag_resources(desk: Desk, caller: Caller, command: UnTagResources) -> Done:
    """Takes the keys named, or every one."""
    with desk.catalog.writing() as connection:
        check_own(connection, caller, command.resource_type, command.region_id, command.resource_id)
        _remove(connection, command.resource_type, command.resource_id, command.tag_key or None)
    return Done()


def list_tag_resources(desk: Desk, caller: Caller, command: ListTagResources) -> TagResourceList:
    """One page of tags, by resource and key."""
    kind = command.resource_type
    table = TABLES[kind]
    (key,) = table.primary_key.columns
    here = (table.c.account_id == caller.account_id) & (table.c.region_id == command.region_id)
    conditions = [tags.c.resource_type == kind.value, tags.c.resource_id.in_(select(key).where(here))]
    if command.resource_id:
        conditions.append(tags.c.resource_id.in_(command.resource_id))
    conditions += has_tags(tags.c.resource_id, kind, command.tag)
    if command.next_token is not None:
        conditions.append(tuple_(tags.c.resource_id, tags.c.key) > tuple_(*_place_of(command.next_token)))
    ordered = select(tags).where(*conditions).order_by(tags.c.resource_id, tags.c.key)
    with desk.catalog.reading() as connection:
        rows = connection.execute(ordered.limit(command.max_results + 1)).all()
    shown = rows[: command.max_results]
    return TagResourceList(
        next_token=_token_of(shown[-1].resource_id, shown[-1].key) if len(rows) > len(shown) else "",
        tag_resources=tuple(
            TagResource(resource_id=row.resource_id, resource_type=kind.value, tag_key=row.key, tag_value=row.value)
            for row in shown
        ),
    )


def check_own(connection: Connection, caller: Caller, kind: Kind, region_id: str, ids: Iterable[str]) -> None:
    """Raises InvalidResourceId.NotFound unless every id is a resource of the caller's account in the region."""
    table = TABLES[kind]
    (key,) = table.primary_key.columns
    wanted = set(ids)
    own = (table.c.account_id == caller.account_id) & (table.c.region_id == region_id) & key.in_(wanted)
    if missing := wanted - set(connection.scalars(select(key).where(own))):
        raise Refusal(
            INVALID_RESOURCE_ID_NOT_FOUND,
            "The specified ResourceIds are not found in our records.",
            missing=", ".join(sorted(missing)),
        )


def _remove(connection: Connection, kind: Kind, ids: Iterable[str], keys: Iterable[str] | None) -> None:
    conditions = [tags.c.resource_type == kind.value, tags.c.resource_id.in_(list(ids))]
    if keys is not None:
        conditions.append(tags.c.key.in_(list(keys)))
    connection.execute(delete(tags).where(*conditions))


def _token_of(resource_id: str, key: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([resource_id, key]).encode()).decode()


def _place_of(token: str) -> tuple[str, str]:
    try:
        place = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise Refusal(PARAMETER_INVALID, param="NextToken", why=str(error)) from error
    match place:
        case [str(resource_id), str(key)]:
            return resource_id, key
    raise Refusal(PARAMETER_INVALID, param="NextToken", why="not a token of ours")
