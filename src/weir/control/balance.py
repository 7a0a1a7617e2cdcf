"""Who reads which shard of a consumer group.

What enters: the shards, the consumers with their last heartbeats, who has which shard, the clock. What leaves: the same
after one heartbeat, and the shards that its sender shall read. Rules: shards are spread evenly over the live consumers
and move only where they must; a shard that moves is given to its new consumer once the old one has let go of it, so
that no two read it at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Claim:
    """One shard. ``owner`` shall read it, since ``moved`` (Unix seconds); ``holder`` was told to and has not let go."""

    owner: str
    moved: float
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """``seen``: consumer -> last heartbeat, Unix seconds. A consumer silent for longer than ``timeout_seconds`` is
    given up; its silence is counted from ``started`` at the earliest, since nobody could be heard before."""

    timeout_seconds: int
    seen: Mapping[str, float]
    claims: Mapping[int, Claim]
    started: float = 0.0


@dataclass(frozen=True, slots=True)
class Beat:
    """One heartbeat: who sent it, which shards it still reads, when."""

    consumer: str
    held: Collection[int]
    now: float


def after(group: Group, shards: Collection[int], beat: Beat) -> tuple[Group, tuple[int, ...]]:
    """The group after the heartbeat, and the shards that its sender shall read now, in order."""
    oldest = beat.now - group.timeout_seconds
    alive = {name: seen for name, seen in group.seen.items() if max(seen, group.started) >= oldest}
    alive[beat.consumer] = beat.now
    owners = spread(shards, alive, {shard: claim.owner for shard, claim in group.claims.items()})
    claims = {}
    for shard, owner in owners.items():
        claim = group.claims.get(shard, Claim("", beat.now))
        has_let_go = claim.holder not in alive or (claim.holder == beat.consumer and shard not in beat.held)
        moved = claim.moved if claim.owner == owner else beat.now
        claims[shard] = Claim(owner, moved, "" if has_let_go else claim.holder)
    # One that never lets go of a shard it does not read must not keep it from the others.
    given = sorted(
        shard
        for shard, claim in claims.items()
        if claim.owner == beat.consumer and (claim.holder in ("", beat.consumer) or claim.moved < oldest)
    )
    claims |= {shard: replace(claims[shard], holder=beat.consumer) for shard in given}
    return replace(group, seen=alive, claims=claims), tuple(given)


def spread(shards: Collection[int], consumers: Collection[str], before: Mapping[int, str]) -> dict[int, str]:
    """The consumer of each shard: the numbers of shards differ by one at most, and as few shards as can be have another
    consumer than ``before``. The same arguments give the same answer, whatever their order."""
    kept: dict[str, list[int]] = {name: [] for name in sorted(consumers)}
    for shard in sorted(shards):
        if before.get(shard, "") in kept:
            kept[before[shard]].append(shard)
    least, over = divmod(len(shards), len(kept))
    # Who has most already keeps one more than the others where the shards cannot be divided evenly.
    by_load = sorted(kept, key=lambda name: (-len(kept[name]), name))
    room = {name: least + (place < over) for place, name in enumerate(by_load)}
    owners = {shard: name for name in kept for shard in kept[name][: room[name]]}
    free = iter(sorted(set(shards) - set(owners)))
    for name in by_load:
        taken = sum(owner == name for owner in owners.values())
        owners |= {next(free): name for _ in range(room[name] - taken)}
    return owners
