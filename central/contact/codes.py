"""Codes: made at random, kept as a salted hash, compared in constant time.

Rules, in order: six digits by e-mail, four signs by text message, as the service does (domain.md
1.3); the signs are capitals and digits that no font confuses, so that small letters count as
capitals (:func:`kiosk.sync.contact.stripped_code`); the hash is a slow one, because a code is short
and the table might leak within the minutes that it counts.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from kiosk.sync.contact import CODE_SIGNS, EMAIL

DIGITS: Final = "0123456789"
_LENGTHS: Final = {True: 6, False: 4}
SALT_BYTES: Final = 16
# About 16 MiB and a few hundredths of a second: RFC 7914 with the parameters for interactive use.
_COST: Final = 2**14


def new_code(channel: str) -> str:
    """A code for a channel."""
    by_mail = channel == EMAIL
    return "".join(
        secrets.choice(DIGITS if by_mail else CODE_SIGNS) for _ in range(_LENGTHS[by_mail])
    )


def new_salt() -> bytes:
    """Salt of one code."""
    return secrets.token_bytes(SALT_BYTES)


def code_hash(code: str, salt: bytes) -> bytes:
    """Slow hash of a code, 32 bytes."""
    return hashlib.scrypt(code.encode(), salt=salt, n=_COST, r=8, p=1, dklen=32)


def same_code(code: str, salt: bytes, kept: bytes) -> bool:
    """Whether ``code`` is the one kept as ``kept``."""
    return hmac.compare_digest(code_hash(code, salt), kept)
