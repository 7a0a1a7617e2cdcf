"""AccessKeys: made, kept sealed, looked up.

What enters: the catalog and the path of the key file. What leaves: ``Key`` for a signature check, and new AccessKeys.
Rule: a secret rests in the catalog only sealed (Fernet: AES-128-CBC with HMAC-SHA256) under a key that lies in a file
of its own, mode 0600, so neither a copy of the catalog nor the key file alone gives a secret away.
"""

from __future__ import annotations

import os
import secrets
import string
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from weir.control.access import Caller, Key, Principal
from weir.control.catalog import Catalog
from weir.control.ram_schema import ram_user_keys, ram_users
from weir.control.schema import access_keys

CACHE_SECONDS = 5.0
"""How long a looked-up key is reused; a key disabled by another process works this much longer at most."""
CACHE_KEYS_MAX = 10_000
"""Keys held in memory; above it the cache starts empty again."""

ALPHANUMERIC = string.ascii_letters + string.digits

_KEYS: Select[tuple[object, ...]] = select(access_keys, ram_users.c.user_id, ram_users.c.user_name).select_from(
    access_keys.outerjoin(ram_user_keys, ram_user_keys.c.access_key_id == access_keys.c.access_key_id).outerjoin(
        ram_users
    )
)
"""Every AccessKey with the RAM user it belongs to, if any."""


def draw_text(length: int) -> str:
    """Random letters and digits."""
    return "".join(secrets.choice(ALPHANUMERIC) for _ in range(length))


class KeyFileError(Exception):
    """The key file is missing, unreadable or not the one that sealed the secrets."""


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An AccessKey as its owner holds it."""

    access_key_id: str
    secret: str = field(repr=False)


class KeyRing:
    """Seals, stores and finds AccessKeys. Thread-safe.

    ``key_file`` is made (0600) when it does not exist and the catalog holds no key yet. Raises ``KeyFileError`` when it
    is missing for a catalog that holds keys, or is no Fernet key. ``clock``: monotonic seconds.
    """

    def __init__(self, catalog: Catalog, key_file: Path, clock: Callable[[], float]) -> None:
        self._catalog = catalog
        self._clock = clock
        self._fernet = Fernet(self._read_or_make(key_file))
        self._cache: dict[str, tuple[float, Key]] = {}
        self._lock = threading.Lock()

    def secret_of(self, access_key_id: str) -> Key | None:
        """The key of that id, active or not; None if there is none. Raises ``KeyFileError``."""
        now = self._clock()
        with self._lock:
            known = self._cache.get(access_key_id)
        if known and now < known[0]:
            return known[1]
        with self._catalog.reading() as connection:
            row = connection.execute(_KEYS.where(access_keys.c.access_key_id == access_key_id)).one_or_none()
        if row is None:
            return None
        key = self._open(row)
        with self._lock:
            if len(self._cache) >= CACHE_KEYS_MAX:
                self._cache.clear()
            self._cache[access_key_id] = (now + CACHE_SECONDS, key)
        return key

    def issue(
        self, connection: Connection, account_id: str, principal: Principal, *, name: str, now: float
    ) -> AccessKey:
        """Makes an active AccessKey within the caller's transaction; ``give`` makes it a RAM user's."""
        key = AccessKey(
            access_key_id="LTAI5t" + draw_text(18),
            secret=draw_text(30),
        )
        connection.execute(
            insert(access_keys).values(
                access_key_id=key.access_key_id,
                account_id=account_id,
                principal=principal.value,
                name=name,
                sealed_secret=self._fernet.encrypt(key.secret.encode()),
                active=True,
                created=int(now),
            )
        )
        return key

    def give(self, connection: Connection, key: AccessKey, user_id: str) -> None:
        """Makes an AccessKey that was just issued the RAM user's."""
        connection.execute(insert(ram_user_keys).values(access_key_id=key.access_key_id, user_id=user_id))

    def second(self, connection: Connection, access_key_id: str, now: float) -> AccessKey | None:
        """Another AccessKey of the same owner, for rotating; None if there is no such key."""
        row = connection.execute(_KEYS.where(access_keys.c.access_key_id == access_key_id)).one_or_none()
        if row is None:
            return None
        key = self.issue(connection, row.account_id, Principal(row.principal), name=row.name, now=now)
        if row.user_id:
            self.give(connection, key, row.user_id)
        return key

    def delete(self, connection: Connection, access_key_id: str) -> None:
        """Deletes an AccessKey; call ``forget`` once the write is committed."""
        for table in (ram_user_keys, access_keys):
            connection.execute(delete(table).where(table.c.access_key_id == access_key_id))

    def forget(self, access_key_id: str) -> None:
        """Drops the key from this process's memory, so that a committed change of it works here at once."""
        with self._lock:
            self._cache.pop(access_key_id, None)

    def seal(self, text: str) -> str:
        """A text that only ``unseal`` reads: letters, digits, ``-``, ``_`` and ``=``."""
        return self._fernet.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str | None:
        """What was sealed, here or by a server with the same key file; None if this was not."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def newest(self, connection: Connection, account_id: str, principal: Principal) -> AccessKey | None:
        """The account's youngest active AccessKey of that kind, for the process that runs server and agent in one."""
        row = connection.execute(
            _KEYS.where(access_keys.c.account_id == account_id)
            .where(access_keys.c.principal == principal.value, access_keys.c.active)
            .order_by(access_keys.c.created.desc(), access_keys.c.access_key_id)
            .limit(1)
        ).one_or_none()
        return None if row is None else AccessKey(row.access_key_id, self._open(row).secret)

    def set_active(self, connection: Connection, access_key_id: str, active: bool) -> bool:
        """Enables or disables an AccessKey; False if there is none. Takes effect here once the write is committed
        and the cached entry has run out (``CACHE_SECONDS``)."""
        written = connection.execute(
            update(access_keys).where(access_keys.c.access_key_id == access_key_id).values(active=active)
        )
        return written.rowcount == 1

    def _open(self, row: Row[tuple[object, ...]]) -> Key:
        try:
            secret = self._fernet.decrypt(row.sealed_secret).decode()
        except InvalidToken as error:
            raise KeyFileError("the key file is not the one that sealed this catalog's secrets") from error
        caller = Caller(
            row.account_id,
            Principal(row.principal),
            row.access_key_id,
            name=row.user_name or row.name,
            principal_id=row.user_id or "",
        )
        return Key(secret, caller, row.active)

    def _read_or_make(self, path: Path) -> bytes:
        with self._catalog.reading() as connection:
            sealed = connection.execute(select(access_keys.c.access_key_id).limit(1)).first() is not None
        if not sealed:
            _make(path)
        try:
            key = path.read_bytes().strip()
            Fernet(key)
        except (OSError, ValueError) as error:
            raise KeyFileError(f"no usable key file at {path}: {error}") from error
        return key


def _make(path: Path) -> None:
    """Writes a fresh key that only its owner may read, unless the file is there already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
        file.flush()
        os.fsync(file.fileno())
