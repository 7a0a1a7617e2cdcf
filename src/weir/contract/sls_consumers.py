"""Consumer groups: what may be said about them and what is answered.

What enters: nothing. What leaves: the commands, read as those of ``sls_commands``, their results, and ``FORMS``, the
JSON value of each result. Rule: lists are bare arrays, as the published consumer libraries send and read them; the API
pages of 2021 show them inside objects, which gives those libraries nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from weir.contract.declare import structure
from weir.contract.shapes import Flag, Integer, Text
from weir.contract.sls_shapes import Cursor, IntegerList, parameter
from weir.model import sls_failures as failures

TIMEOUT_SECONDS_MAX = 86_400
"""Longest silence a group may allow its consumers; a longer one is refused with JsonInfoInvalid. Ours."""
SHARD_MAX = 2**15 - 1

_ANY = Text((0, None))
_NAME = Text((1, 128), barred=("/",))
_TIMEOUT = Integer(1, TIMEOUT_SECONDS_MAX)


@structure
class InLogStore:
    """Where a consumer group is."""

    project: str = parameter("project", _ANY, "The project, from the host name.")
    log_store: str = parameter("logstore", _ANY, "The logstore, from the path.")


@structure
class OfGroup(InLogStore):
    """Which consumer group."""

    group: str = parameter("consumerGroup", _ANY, "The consumer group, from the path.")


@structure
class CreateConsumerGroup(InLogStore):
    """Creates a consumer group; a logstore has at most 30."""

    group: str = parameter(
        "consumerGroup", _NAME, "Unique name in the logstore.", failure=failures.CONSUMER_GROUP_INFO_INVALID
    )
    timeout_seconds: int = parameter(
        "timeout",
        _TIMEOUT,
        "Seconds without a heartbeat after which a consumer loses its shards.",
        failure=failures.CONSUMER_GROUP_INFO_INVALID,
    )
    in_order: bool = parameter(
        "order",
        Flag(),
        "Whether a shard that was split is read to its end before its children.",
        default=False,
        failure=failures.CONSUMER_GROUP_INFO_INVALID,
        ignored="kept and given back",
    )


@structure
class UpdateConsumerGroup(OfGroup):
    """Changes what is given; the rest stays."""

    timeout_seconds: int | None = parameter(
        "timeout",
        _TIMEOUT,
        "As in CreateConsumerGroup.",
        default=None,
        failure=failures.CONSUMER_GROUP_INFO_INVALID,
    )
    in_order: bool | None = parameter(
        "order",
        Flag(),
        "As in CreateConsumerGroup.",
        default=None,
        failure=failures.CONSUMER_GROUP_INFO_INVALID,
        ignored="kept and given back",
    )


@structure
class DeleteConsumerGroup(OfGroup):
    """Deletes a consumer group with its checkpoints."""


@structure
class ListConsumerGroup(InLogStore):
    """The consumer groups of a logstore, in the order of their names."""


@structure
class ConsumerGroupHeartBeat(OfGroup):
    """Says that a consumer lives and which shards it still reads; answered with the shards it shall read."""

    consumer: str = parameter("consumer", _NAME, "The consumer's name, unique in the group.")
    shards: tuple[int, ...] = parameter(
        "shards", IntegerList(0, SHARD_MAX), "The body: the shards it reads, as a bare array.", default=()
    )


@structure
class ConsumerGroupUpdateCheckPoint(OfGroup):
    """Keeps how far a shard was read."""

    shard: int = parameter("shard", Integer(0, SHARD_MAX), "The shard.", failure=failures.SHARD_NOT_EXIST)
    checkpoint: int = parameter(
        "checkpoint", Cursor(), "The cursor to go on from.", failure=failures.INVALID_SHARD_CHECK_POINT
    )
    consumer: str = parameter("consumer", _ANY, "Who read it.", default="")
    force: bool = parameter("forceSuccess", Flag(), "Also for a consumer that does not hold the shard.", default=False)


@structure
class GetConsumerGroupCheckPoint(OfGroup):
    """How far each shard was read, or one of them. A shard that never was has an empty checkpoint."""

    shard: int | None = parameter(
        "shard", Integer(0, SHARD_MAX), "Only this shard.", default=None, failure=failures.SHARD_NOT_EXIST
    )


@dataclass(frozen=True, slots=True)
class ConsumerGroup:
    """A consumer group."""

    name: str
    timeout_seconds: int
    in_order: bool


@dataclass(frozen=True, slots=True)
class ConsumerGroups:
    """The consumer groups of a logstore."""

    groups: tuple[ConsumerGroup, ...]


@dataclass(frozen=True, slots=True)
class Assigned:
    """The shards that a consumer shall read."""

    shards: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CheckPoint:
    """How far a shard was read: ``cursor`` None is not at all; ``updated`` in microseconds, 0 if never."""

    shard: int
    cursor: int | None = None
    updated: int = 0
    consumer: str = ""


@dataclass(frozen=True, slots=True)
class CheckPoints:
    """One per shard asked for, also where there is none: a library that gets no entry for a shard waits for ever."""

    checkpoints: tuple[CheckPoint, ...]


def _groups(answer: ConsumerGroups) -> object:
    return [{"name": one.name, "timeout": one.timeout_seconds, "order": one.in_order} for one in answer.groups]


def _assigned(answer: Assigned) -> object:
    return answer.shards


def _checkpoints(answer: CheckPoints) -> object:
    return [
        {
            "shard": one.shard,
            "checkpoint": "" if one.cursor is None else Cursor().text(one.cursor),
            "updateTime": one.updated,
            "consumer": one.consumer,
        }
        for one in answer.checkpoints
    ]


FORMS: dict[type, Callable[[Any], object]] = {
    ConsumerGroups: _groups,
    Assigned: _assigned,
    CheckPoints: _checkpoints,
}
"""Result -> its JSON value."""
