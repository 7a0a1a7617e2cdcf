"""The memory of nonces: each may be used once per AccessKey within 31 minutes.

What enters: a nonce whose signature was verified. What leaves: whether it is new. Rule: only verified requests come
here, so a forger can neither fill the memory nor use up another's nonces; per AccessKey, so that no caller can guess
away a nonce of another. 31 minutes outlast the clock window on both sides of now (source: the gateway's behaviour as
told by its support), so a nonce that was forgotten belongs to a request that is too old by then.
"""

from __future__ import annotations

import hashlib
import threading
from typing import Protocol

NONCE_SECONDS = 31 * 60
"""How long a nonce is remembered; it is forgotten up to a minute later, since whole minutes are dropped."""
NONCES_MAX = 1_000_000
"""Nonces remembered at once, about 100 MB; above it calls are refused with Throttling, for to forget one early would
let its request be replayed. It is 540 calls a second for 31 minutes on end."""
SLOT_SECONDS = 60


class NonceMemoryFull(Exception):
    """No room for another nonce before the oldest minute is over."""


class NonceMemory(Protocol):
    """Where the gateway remembers nonces; one that several servers share keeps to the same words."""

    def is_new(self, access_key_id: str, nonce: str, now: float) -> bool:
        """Remembers the nonce; False if it was remembered already. Raises ``NonceMemoryFull``. ``now``: Unix s."""
        ...


class Nonces:
    """Nonces of one process, thread-safe. A restart forgets them."""

    def __init__(self, at_most: int = NONCES_MAX) -> None:
        self._at_most = at_most
        self._slots: dict[int, set[bytes]] = {}
        self._lock = threading.Lock()

    def is_new(self, access_key_id: str, nonce: str, now: float) -> bool:
        """As ``NonceMemory`` says."""
        digest = hashlib.blake2b(f"{access_key_id}\n{nonce}".encode(), digest_size=16).digest()
        slot = int(now // SLOT_SECONDS)
        with self._lock:
            oldest = slot - NONCE_SECONDS // SLOT_SECONDS
            for old in [number for number in self._slots if number < oldest]:
                del self._slots[old]
            if any(digest in seen for seen in self._slots.values()):
                return False
            if sum(map(len, self._slots.values())) >= self._at_most:
                raise NonceMemoryFull
            self._slots.setdefault(slot, set()).add(digest)
        return True
