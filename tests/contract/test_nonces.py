"""The memory of nonces under a clock of the test's own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from weir.contract.nonces import NONCE_SECONDS, NonceMemoryFull, Nonces

NOW = 1_795_316_930.0


def test_a_nonce_is_new_once_within_31_minutes() -> None:
    memory = Nonces()
    assert NONCE_SECONDS == 1860
    assert memory.is_new("key", "nonce", NOW)
    for later in (0.0, 1.0, 900.0, 1859.0, 1860.0):
        assert not memory.is_new("key", "nonce", NOW + later)
    assert memory.is_new("key", "nonce", NOW + NONCE_SECONDS + 61)


def test_nonces_of_two_keys_do_not_meet() -> None:
    memory = Nonces()
    assert memory.is_new("key", "nonce", NOW)
    assert memory.is_new("other", "nonce", NOW)
    assert memory.is_new("key", "other", NOW)


def test_a_full_memory_refuses_until_the_oldest_have_gone() -> None:
    memory = Nonces(at_most=2)
    assert memory.is_new("key", "a", NOW)
    assert memory.is_new("key", "b", NOW + 600)
    with pytest.raises(NonceMemoryFull):
        memory.is_new("key", "c", NOW + 600)
    assert not memory.is_new("key", "b", NOW + 600), "what is known is still known"
    assert memory.is_new("key", "c", NOW + NONCE_SECONDS + 61)


def test_of_many_threads_one_wins() -> None:
    memory = Nonces()
    with ThreadPoolExecutor(16) as threads:
        wins = list(threads.map(lambda number: memory.is_new("key", f"nonce-{number % 10}", NOW), range(1000)))
    assert sum(wins) == 10
