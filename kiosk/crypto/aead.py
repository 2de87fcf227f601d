"""Authenticated encryption of drafts, work lists and wrapped keys: AES-256-GCM-SIV.

GCM-SIV forgives a repeated nonce (RFC 8452): a restored disk image cannot turn one into a break.
Blob: 1 byte version, 12 bytes nonce, ciphertext and tag.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kiosk.domain.errors import DraftError

KEY_BYTES = 32
_VERSION = b"\x01"
_NONCE_BYTES = 12


def random_key() -> bytes:
    """32 fresh random bytes."""
    return os.urandom(KEY_BYTES)


def derive_key(secret: bytes, purpose: str, salt: bytes = b"") -> bytes:
    """A 32-byte key for one purpose, HKDF-SHA256 (RFC 5869)."""
    return HKDF(hashes.SHA256(), KEY_BYTES, salt or None, purpose.encode()).derive(secret)


def seal(key: bytes, plaintext: bytes, associated_data: bytes) -> bytes:
    """Encrypt and bind to ``associated_data``."""
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + AESGCMSIV(key).encrypt(nonce, plaintext, associated_data)


def open_sealed(key: bytes, blob: bytes, associated_data: bytes) -> bytes:
    """Inverse of :func:`seal`.

    Raises:
        DraftError: other key, other associated data, altered or truncated bytes.
    """
    if blob[:1] != _VERSION:
        raise DraftError("unknown version")
    nonce, ciphertext = blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :]
    try:
        return AESGCMSIV(key).decrypt(nonce, ciphertext, associated_data)
    except (InvalidTag, ValueError) as exc:
        raise DraftError("does not open") from exc
