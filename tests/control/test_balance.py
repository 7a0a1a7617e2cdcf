"""Shards over consumers: even, stable, and never with two of them."""

from __future__ import annotations

import random
from collections import Counter
from itertools import product

from weir.control.balance import Beat, Claim, Group, after, spread

TIMEOUT = 10


def test_shards_are_spread_evenly_and_by_nothing_but_the_arguments() -> None:
    for shards, consumers in product(range(9), range(1, 6)):
        names = [f"c{number}" for number in range(consumers)]
        owners = spread(range(shards), names, {})
        assert sorted(owners) == list(range(shards))
        counts = Counter(dict.fromkeys(names, 0) | Counter(owners.values()))
        assert max(counts.values()) - min(counts.values()) <= 1
        assert spread(list(reversed(range(shards))), names[::-1], {}) == owners
        assert spread(range(shards), names, owners) == owners


def fewest_moves(shards: int, consumers: list[str], before: dict[int, str]) -> int:
    """By trying every even spread."""
    least = shards // len(consumers)
    best = shards
    for chosen in product(consumers, repeat=shards):
        counts = Counter(chosen)
        if all(least <= counts[name] <= least + (shards % len(consumers) > 0) for name in consumers):
            best = min(best, sum(before.get(shard) != name for shard, name in enumerate(chosen)))
    return best


def test_no_shard_moves_that_need_not() -> None:
    chance = random.Random(5)
    for _ in range(300):
        shards, consumers = chance.randint(1, 6), [f"c{number}" for number in range(chance.randint(1, 4))]
        before = {shard: chance.choice([*consumers, "gone"]) for shard in range(shards)}
        owners = spread(range(shards), consumers, before)
        moves = sum(owners[shard] != before[shard] for shard in range(shards))
        assert moves == fewest_moves(shards, consumers, before)


def beat(group: Group, consumer: str, held: tuple[int, ...], now: float, shards: int = 2) -> tuple[Group, tuple]:
    return after(group, range(shards), Beat(consumer, held, now))


def test_a_shard_that_moves_waits_until_its_reader_lets_go() -> None:
    group, first = beat(Group(TIMEOUT, {}, {}), "a", (), 100)
    assert first == (0, 1)
    group, waiting = beat(group, "b", (), 101)
    assert waiting == ()
    group, left = beat(group, "a", (0, 1), 102)
    assert left == (0,)
    group, still_waiting = beat(group, "b", (), 103)
    assert still_waiting == ()
    group, _ = beat(group, "a", (0,), 104)
    group, got = beat(group, "b", (), 105)
    assert got == (1,)
    assert group.claims == {0: Claim("a", 100, "a"), 1: Claim("b", 101, "b")}


def test_one_that_never_lets_go_keeps_nobody_waiting_for_longer_than_the_timeout() -> None:
    group, _ = beat(Group(TIMEOUT, {}, {}), "a", (), 100)
    group, _ = beat(group, "b", (), 101)
    for now in range(102, 112):
        group, _ = beat(group, "a", (0, 1), now)
        group, got = beat(group, "b", (), now)
        assert got == ()
    _, got = beat(group, "b", (), 112)
    assert got == (1,)


def test_a_silent_consumer_loses_its_shards_after_the_timeout_and_not_before() -> None:
    group, _ = beat(Group(TIMEOUT, {}, {}), "a", (), 100)
    group, _ = beat(group, "b", (), 101)
    group, got = beat(group, "b", (), 110)
    assert got == ()
    group, got = beat(group, "b", (), 110.5)
    assert got == (0, 1)
    assert set(group.seen) == {"b"}


def test_nobody_is_given_up_for_a_silence_in_which_the_server_was_down() -> None:
    group, _ = beat(Group(TIMEOUT, {}, {}), "a", (), 100)
    group, _ = beat(group, "b", (), 100)
    again = Group(TIMEOUT, group.seen, group.claims, started=500)
    again, _ = beat(again, "b", (), 505)
    assert set(again.seen) == {"a", "b"}
    again, _ = beat(again, "b", (), 511)
    assert set(again.seen) == {"b"}


def test_no_shard_is_ever_read_by_two_live_consumers_that_follow_the_answers() -> None:
    chance = random.Random(7)
    for _ in range(50):
        group, now, reading = Group(TIMEOUT, {}, {}), 100.0, dict[str, set[int]]()
        for _ in range(200):
            now += chance.random()
            name = f"c{chance.randint(0, 3)}"
            held = reading.setdefault(name, set())
            group, given = beat(group, name, tuple(held), now, shards=5)
            # Between two heartbeats it lets go of what it was not given and begins what it was.
            reading[name] = set(given)
            reading = {each: shards for each, shards in reading.items() if each in group.seen}
            assert max(Counter(shard for shards in reading.values() for shard in shards).values(), default=0) <= 1
            assert {group.claims[shard].owner for shard in range(5)} <= set(group.seen)
