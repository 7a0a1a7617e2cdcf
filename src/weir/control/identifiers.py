"""Ids in the forms that clients know from Alibaba Cloud, drawn at random.

What enters: a kind's prefix. What leaves: an id that nobody can guess from another. Rule: 21 lowercase letters
and digits after the prefix (about 108 bits), so two draws never meet; if they did, the catalog's primary key refuses.
"""

from __future__ import annotations

import secrets
import string

LOWER_ALPHANUMERIC = string.ascii_lowercase + string.digits


def draw(prefix: str, length: int = 21) -> str:
    """``prefix``, a hyphen, ``length`` lowercase letters and digits; for example ``fl-m5e8vhz2t21sel1nqabcd``."""
    return f"{prefix}-" + "".join(secrets.choice(LOWER_ALPHANUMERIC) for _ in range(length))


def draw_account_id() -> str:
    """16 decimal digits, the first one not 0."""
    return str(secrets.randbelow(9 * 10**15) + 10**15)


def draw_digits(length: int) -> str:
    """Decimal digits, the first one not 0, as ids of RAM users and roles are."""
    return str(secrets.randbelow(9 * 10 ** (length - 1)) + 10 ** (length - 1))


def draw_mac() -> str:
    """A MAC address with the OUI 00:16:3e, which Alibaba Cloud's ENIs carry."""
    return "00:16:3e:" + ":".join(f"{octet:02x}" for octet in secrets.token_bytes(3))
