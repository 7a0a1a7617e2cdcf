"""Consumer groups: readers of a logstore that share its shards and remember how far they are.

What enters: commands of ``contract.sls_consumers`` and who calls. What leaves: their results, or a Refusal with nothing
changed. Rules: who reads which shard is decided by ``balance`` and by heartbeats alone; an answered UpdateCheckPoint is
on disk; every shard of the logstore has an entry in GetCheckPoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from weir.contract import sls_consumers as say
from weir.contract.sls_answers import Done
from weir.control import balance, consumer_rows, projects
from weir.control.access import Caller
from weir.control.consumer_rows import consumer_groups
from weir.control.desk import Desk
from weir.logstore.shards import Shard
from weir.logstore.troubles import StoreUnknown
from weir.model import sls_failures as failures

GROUPS_MAX = 30
"""Consumer groups of a logstore; above it CreateConsumerGroup answers ConsumerGroupQuotaExceed (source: the page
"Limits" of the log service)."""

SILENT_SECONDS = 180
"""Seconds that a consumer of an ordered group holds a read-only shard without saving a checkpoint; above it the shards
in its place are not held back any longer. The published consumers save one every 60 s while they read."""

_Row = Row[tuple[Any, ...]]


def create_group(desk: Desk, caller: Caller, command: say.CreateConsumerGroup) -> Done:
    """A new group without consumers and checkpoints."""
    now = int(desk.now())
    with desk.catalog.writing() as connection:
        store = projects.own_log_store(connection, caller, command.project, command.log_store)
        if _find(connection, store.id, command.group) is not None:
            raise failures.refuse(failures.CONSUMER_GROUP_ALREADY_EXIST)
        inside = consumer_groups.c.logstore_id == store.id
        count = connection.scalar(select(func.count()).select_from(consumer_groups).where(inside))
        if int(count or 0) >= GROUPS_MAX:
            raise failures.refuse(failures.CONSUMER_GROUP_QUOTA_EXCEED, GROUPS_MAX)
        connection.execute(
            insert(consumer_groups).values(
                logstore_id=store.id,
                name=command.group,
                timeout_seconds=command.timeout_seconds,
                in_order=command.in_order,
                created=now,
            )
        )
    return Done()


def update_group(desk: Desk, caller: Caller, command: say.UpdateConsumerGroup) -> Done:
    """Changes what is given."""
    given = {"timeout_seconds": command.timeout_seconds, "in_order": command.in_order}
    changes = {name: value for name, value in given.items() if value is not None}
    with desk.catalog.writing() as connection:
        _, row = _own(connection, caller, command)
        if changes:
            connection.execute(update(consumer_groups).where(consumer_groups.c.id == row.id).values(**changes))
    return Done()


def delete_group(desk: Desk, caller: Caller, command: say.DeleteConsumerGroup) -> Done:
    """Deletes the group; its consumers, claims and checkpoints go with it."""
    with desk.catalog.writing() as connection:
        _, row = _own(connection, caller, command)
        connection.execute(delete(consumer_groups).where(consumer_groups.c.id == row.id))
    return Done()


def list_groups(desk: Desk, caller: Caller, command: say.ListConsumerGroup) -> say.ConsumerGroups:
    """All groups of the logstore."""
    with desk.catalog.reading() as connection:
        store = projects.own_log_store(connection, caller, command.project, command.log_store)
        inside = select(consumer_groups).where(consumer_groups.c.logstore_id == store.id)
        found = connection.execute(inside.order_by(consumer_groups.c.name)).all()
    return say.ConsumerGroups(tuple(say.ConsumerGroup(row.name, row.timeout_seconds, row.in_order) for row in found))


def heart_beat(desk: Desk, caller: Caller, command: say.ConsumerGroupHeartBeat) -> say.Assigned:
    """The shards that the consumer shall read now. One that was given up must begin without shards."""
    beat = balance.Beat(command.consumer, command.shards, desk.now())
    with desk.catalog.writing() as connection:
        store, row = _own(connection, caller, command)
        before = consumer_rows.load(connection, row, desk.started)
        if command.shards and command.consumer not in before.seen:
            raise failures.refuse(failures.NOT_EXIST_CONSUMER_WITH_BODY)
        wanted = _to_read(desk, store, row, consumer_rows.load_checkpoints(connection, row.id), before)
        after, given = balance.after(before, wanted, beat)
        consumer_rows.save(connection, row.id, before, after)
    return say.Assigned(given)


def update_checkpoint(desk: Desk, caller: Caller, command: say.ConsumerGroupUpdateCheckPoint) -> Done:
    """Keeps the checkpoint. Unless forced, only of a known consumer, and not where another one holds the shard."""
    checkpoint = say.CheckPoint(command.shard, command.checkpoint, int(desk.now() * 1_000_000), command.consumer)
    with desk.catalog.writing() as connection:
        store, row = _own(connection, caller, command)
        _check_shard(desk, store, command.shard)
        if not command.force:
            group = consumer_rows.load(connection, row, desk.started)
            claim = group.claims.get(command.shard)
            if command.consumer not in group.seen or (claim and claim.holder not in ("", command.consumer)):
                raise failures.refuse(failures.CONSUMER_NOT_EXIST)
        consumer_rows.save_checkpoint(connection, row.id, checkpoint)
    return Done()


def get_checkpoint(desk: Desk, caller: Caller, command: say.GetConsumerGroupCheckPoint) -> say.CheckPoints:
    """The checkpoints of all shards, or of one, empty where there is none."""
    with desk.catalog.reading() as connection:
        store, row = _own(connection, caller, command)
        found = consumer_rows.load_checkpoints(connection, row.id)
    if command.shard is not None:
        _check_shard(desk, store, command.shard)
    shards = _shards(desk, store) if command.shard is None else [command.shard]
    return say.CheckPoints(tuple(found.get(shard, say.CheckPoint(shard)) for shard in shards))


def _own(connection: Connection, caller: Caller, command: say.OfGroup) -> tuple[_Row, _Row]:
    """The rows of the logstore and of the group. Refuses as ``own_log_store``, or with ConsumerGroupNotExist."""
    store = projects.own_log_store(connection, caller, command.project, command.log_store)
    row = _find(connection, store.id, command.group)
    if row is None:
        raise failures.refuse(failures.CONSUMER_GROUP_NOT_EXIST)
    return store, row


def _find(connection: Connection, store_id: int, name: str) -> _Row | None:
    return connection.execute(consumer_rows.GROUP, {"logstore_id": store_id, "name": name}).one_or_none()


def _shards(desk: Desk, store: _Row) -> list[int]:
    """Every shard, also one that is only read any more: what is in it has to be read too."""
    return [one.id for one in _all_shards(desk, store)]


def _all_shards(desk: Desk, store: _Row) -> list[Shard]:
    if desk.catalog.is_shared:
        desk.store.create(store.id, store.shard_count)
    try:
        return desk.store.shards(store.id)
    except StoreUnknown as error:
        raise failures.refuse(failures.LOG_STORE_NOT_EXIST, store.name) from error


def _to_read(
    desk: Desk, store: _Row, row: _Row, saved: Mapping[int, say.CheckPoint], group: balance.Group
) -> list[int]:
    """The shards that the group reads: those that take rows, and read-only ones until it has read them to their end.

    In a group that reads in order, a shard's turn comes after those in whose place it came (source: the page
    "CreateConsumerGroup", parameter order).
    """
    shards = _all_shards(desk, store)
    unread = {one.id for one in shards if one.status == "readwrite" or not _is_read(desk, store, saved, one.id)}
    if not row.in_order:
        return sorted(unread)
    waited_for = {one.id for one in shards if one.status == "readonly"} & unread
    waited_for -= {shard for shard in waited_for if shard not in saved and _is_silent(desk, group, shard)}
    return [one.id for one in shards if one.id in unread and not waited_for.intersection(one.parents)]


def _is_read(desk: Desk, store: _Row, saved: Mapping[int, say.CheckPoint], shard: int) -> bool:
    reached = saved[shard].cursor if shard in saved else None
    if reached is None:
        reached = desk.store.cursor_begin(store.id, shard)
    return reached >= desk.store.cursor_end(store.id, shard)


def _is_silent(desk: Desk, group: balance.Group, shard: int) -> bool:
    """Whether a consumer has held the shard for long. One that starts at the end of a shard saves no checkpoint."""
    claim = group.claims.get(shard)
    return claim is not None and claim.holder != "" and desk.now() - claim.moved > SILENT_SECONDS


def _check_shard(desk: Desk, store: _Row, shard: int) -> None:
    if shard not in _shards(desk, store):
        raise failures.refuse(failures.SHARD_NOT_EXIST, shard)


HANDLERS: dict[type, Callable[[Desk, Caller, Any], object]] = {
    say.CreateConsumerGroup: create_group,
    say.ListConsumerGroup: list_groups,
    say.UpdateConsumerGroup: update_group,
    say.DeleteConsumerGroup: delete_group,
    say.ConsumerGroupHeartBeat: heart_beat,
    say.ConsumerGroupUpdateCheckPoint: update_checkpoint,
    say.GetConsumerGroupCheckPoint: get_checkpoint,
}
"""Command -> what answers it."""
