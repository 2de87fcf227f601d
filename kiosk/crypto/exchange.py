"""Hands a key from one agent to another: HPKE in base mode, X25519.

What is wrapped lives for hours (the key of an open case), so that the classical curve is enough
here, unlike for records. The private half comes from the seed of the agent's signing key by HKDF:
nothing more has to be kept or wrapped. Source: RFC 9180; RFC 5869.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import x25519

from kiosk.crypto.aead import derive_key
from kiosk.crypto.signing import SigningKey, verify
from kiosk.domain.errors import DraftError

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
_PURPOSE = "visavis/agent-exchange/1"
_ANNOUNCED = b"visavis/agent-exchange/1\0"
_PUBLIC_BYTES = 32


def _private(key: SigningKey) -> x25519.X25519PrivateKey:
    return x25519.X25519PrivateKey.from_private_bytes(derive_key(key.seed, _PURPOSE))


def announced(key: SigningKey) -> bytes:
    """The public half and the agent's signature over it, 96 bytes; no secret."""
    public = _private(key).public_key().public_bytes_raw()
    return public + key.sign(_ANNOUNCED + public)


def accepted(announcement: bytes, signing_public: bytes) -> bytes | None:
    """The public half, 32 bytes, where the agent with this signing key announced it; else None."""
    public, signature = announcement[:_PUBLIC_BYTES], announcement[_PUBLIC_BYTES:]
    return public if verify(signing_public, _ANNOUNCED + public, signature) else None


def wrap_for(public: bytes, secret: bytes, context: bytes) -> bytes:
    """``secret`` for the holder of ``public`` (32 bytes), bound to ``context``."""
    return _SUITE.encrypt(secret, x25519.X25519PublicKey.from_public_bytes(public), info=context)


def unwrap(key: SigningKey, wrapped: bytes, context: bytes) -> bytes:
    """Inverse of :func:`wrap_for`. Raises DraftError: for somebody else, or altered."""
    try:
        return _SUITE.decrypt(wrapped, _private(key), info=context)
    except (InvalidTag, ValueError) as exc:
        raise DraftError("not for this agent") from exc
