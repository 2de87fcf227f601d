"""age files for a passphrase: how a signing key of the authority is kept on paper or on a stick.

Any tool that implements age opens them (``age -d``). Rules, in order: exactly one ``scrypt`` stanza
and no other; the work factor is bounded before anything is computed; header MAC and payload as in
every age file. Source: C2SP ``age``, section "scrypt recipient stanza"; RFC 7914.
"""

from __future__ import annotations

import base64
import os
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from kiosk.crypto.age import open_file, seal_file, split
from kiosk.domain.errors import SealedRecordError

WORK_FACTOR = 18
"""2^18 blocks of 1 KiB: 256 MiB and about a second, as the age command does it."""
_MOST_WORK = 20
_LABEL = b"age-encryption.org/v1/scrypt"
_SALT_BYTES = 16
_FILE_KEY_BYTES = 16
_NONCE = bytes(12)
_STANZA = re.compile(
    rb"age-encryption\.org/v1\n-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n"
    rb"([A-Za-z0-9+/]{43})\n--- "
)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode("ascii")


def _wrap_key(passphrase: str, salt: bytes, work_factor: int) -> bytes:
    kdf = Scrypt(salt=_LABEL + salt, length=32, n=1 << work_factor, r=8, p=1)
    return kdf.derive(passphrase.encode())


def encrypt(plaintext: bytes, passphrase: str, work_factor: int = WORK_FACTOR) -> bytes:
    """An age file that this passphrase opens. Raises ValueError for an empty one."""
    if not passphrase:
        raise ValueError("an empty passphrase protects nothing")
    file_key, salt = os.urandom(_FILE_KEY_BYTES), os.urandom(_SALT_BYTES)
    cipher = ChaCha20Poly1305(_wrap_key(passphrase, salt, work_factor))
    wrapped = cipher.encrypt(_NONCE, file_key, None)
    return seal_file(
        file_key, f"-> scrypt {_b64(salt)} {work_factor}\n{_b64(wrapped)}\n", plaintext
    )


def is_protected(blob: bytes) -> bool:
    """Whether this is an age file for a passphrase."""
    return _STANZA.match(blob) is not None


def decrypt(blob: bytes, passphrase: str) -> bytes:
    """Open one.

    Raises:
        SealedRecordError: another passphrase, altered, or not such a file.
    """
    found = _STANZA.match(blob)
    if found is None or int(found[2]) > _MOST_WORK:
        raise SealedRecordError("not for a passphrase")
    split(blob)
    salt, wrapped = base64.b64decode(found[1] + b"=="), base64.b64decode(found[3] + b"=")
    if _b64(salt).encode() != found[1] or _b64(wrapped).encode() != found[3]:
        raise SealedRecordError("base64")
    try:
        cipher = ChaCha20Poly1305(_wrap_key(passphrase, salt, int(found[2])))
        file_key = cipher.decrypt(_NONCE, wrapped, None)
    except (InvalidTag, UnicodeEncodeError) as exc:
        raise SealedRecordError("passphrase") from exc
    return open_file(blob, file_key)
