"""The memory of nonces that several servers share: one table of the catalog.

What enters: a nonce whose signature was verified by one of the servers. What leaves: whether it is new to all of them.
Rule: one statement decides, under the table's primary key, so that of any number of servers asked at once exactly one
says yes. It waits for nobody's turn to write and not for the disk: should the database server itself crash, nonces of
its last second may be lost, as a single server loses all of them when it restarts.
"""

from __future__ import annotations

import hashlib
import threading

from sqlalchemy import BigInteger, Column, LargeBinary, Table, bindparam, create_engine, delete
from sqlalchemy.dialects.postgresql import insert

from weir.contract.nonces import NONCE_SECONDS
from weir.control.catalog import POOL_SIZE, Catalog
from weir.control.schema import METADATA

PRUNE_SECONDS = 60
"""Each server deletes what need not be remembered this often."""

nonces = Table(
    "nonces",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("used", BigInteger, nullable=False, index=True),
)
"""``digest``: 16 bytes of BLAKE2b over AccessKey and nonce; ``used``: Unix seconds."""

_NEW = insert(nonces).values(digest=bindparam("digest"), used=bindparam("now"))
TAKE = _NEW.on_conflict_do_update(
    index_elements=[nonces.c.digest],
    set_={"used": _NEW.excluded.used},
    where=nonces.c.used < bindparam("oldest"),
).returning(nonces.c.used)
"""Gives a row where the nonce was not there, or only from before ``oldest``."""
PRUNE = delete(nonces).where(nonces.c.used < bindparam("oldest"))


class SharedNonces:
    """As ``contract.nonces.NonceMemory`` says, over a catalog on PostgreSQL; it is never full, since it is on disk."""

    def __init__(self, catalog: Catalog) -> None:
        self._engine = create_engine(
            catalog.engine.url,
            isolation_level="AUTOCOMMIT",
            pool_size=POOL_SIZE,
            max_overflow=POOL_SIZE,
            pool_pre_ping=True,
            connect_args={"options": "-c synchronous_commit=off"},
        )
        self._pruned = 0.0
        self._lock = threading.Lock()

    def is_new(self, access_key_id: str, nonce: str, now: float) -> bool:
        """As ``NonceMemory`` says."""
        digest = hashlib.blake2b(f"{access_key_id}\n{nonce}".encode(), digest_size=16).digest()
        oldest = int(now) - NONCE_SECONDS
        with self._engine.connect() as connection:
            if self._is_time_to_prune(now):
                connection.execute(PRUNE, {"oldest": oldest})
            taken = connection.execute(TAKE, {"digest": digest, "now": int(now), "oldest": oldest})
            return taken.first() is not None

    def close(self) -> None:
        """Closes every connection."""
        self._engine.dispose()

    def _is_time_to_prune(self, now: float) -> bool:
        with self._lock:
            due = now - self._pruned >= PRUNE_SECONDS
            if due:
                self._pruned = now
            return due
