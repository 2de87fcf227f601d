"""Signatures: Ed25519 for everything of ours, ECDSA (P-256, P-384) for 2D-Doc seals.

Sources: RFC 8032 (Ed25519); FIPS 186-5 (ECDSA), raw ``r || s`` as in 2D-Doc and JOSE.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

from kiosk.crypto.digests import sha256
from kiosk.domain.ids import KeyId

SEED_BYTES = 32
P256_BYTES = 32


def key_id_of(public: bytes) -> KeyId:
    """Short name of a raw public key: first 16 hexadecimal digits of its SHA-256."""
    return KeyId(sha256(public).hex()[:16])


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 private key, kept as its 32-byte seed; never shown by ``repr``."""

    seed: bytes

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise ValueError("an Ed25519 seed has 32 bytes")

    def __repr__(self) -> str:
        return f"SigningKey({self.key_id})"

    @classmethod
    def generate(cls) -> SigningKey:
        """A fresh key from the operating system's random source."""
        return cls(os.urandom(SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """The key of a stored seed. Raises ValueError unless it has 32 bytes."""
        return cls(seed)

    @cached_property
    def _private(self) -> ed25519.Ed25519PrivateKey:
        return ed25519.Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def public(self) -> bytes:
        """Raw public key, 32 bytes."""
        return self._private.public_key().public_bytes_raw()

    @cached_property
    def key_id(self) -> KeyId:
        """See :func:`key_id_of`."""
        return key_id_of(self.public)

    def sign(self, message: bytes) -> bytes:
        """Signature of ``message``, 64 bytes."""
        return self._private.sign(message)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (64 bytes) over ``message`` is by the raw Ed25519 key ``public``."""
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True)
class EcKey:
    """An ECDSA P-256 private key; used by the test authority that seals specimen 2D-Docs."""

    private: bytes

    def __repr__(self) -> str:
        return "EcKey(…)"

    @classmethod
    def generate(cls) -> EcKey:
        """A fresh key."""
        number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        return cls(number.to_bytes(P256_BYTES, "big"))

    @classmethod
    def from_private(cls, private: bytes) -> EcKey:
        """The key of a stored private number, 32 bytes big-endian."""
        return cls(private)

    @cached_property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(self.private, "big"), ec.SECP256R1())

    @property
    def public_xy(self) -> tuple[bytes, bytes]:
        """Affine coordinates, 32 bytes each, big-endian."""
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return point[1 : 1 + P256_BYTES], point[1 + P256_BYTES :]

    def sign_raw(self, message: bytes) -> bytes:
        """ECDSA with SHA-256, as ``r || s``, 64 bytes."""
        r, s = utils.decode_dss_signature(self._key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(P256_BYTES, "big") + s.to_bytes(P256_BYTES, "big")


_CURVES: Final[Mapping[int, tuple[ec.EllipticCurve, hashes.HashAlgorithm]]] = MappingProxyType(
    {32: (ec.SECP256R1(), hashes.SHA256()), 48: (ec.SECP384R1(), hashes.SHA384())}
)


def verify_ecdsa(x: bytes, y: bytes, message: bytes, signature_rs: bytes) -> bool:
    """Whether ``r || s`` over ``message`` is by the point (x, y).

    The size of the coordinates says the curve, and the curve the digest: 32 bytes are P-256 with
    SHA-256, 48 bytes P-384 with SHA-384. A signature of the other size is not one.
    """
    size = len(x)
    if size not in _CURVES or len(y) != size or len(signature_rs) != 2 * size:
        return False
    curve, digest = _CURVES[size]
    r = int.from_bytes(signature_rs[:size], "big")
    s = int.from_bytes(signature_rs[size:], "big")
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + x + y)
        key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(digest))
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_ecdsa_p256(x: bytes, y: bytes, message: bytes, signature_rs: bytes) -> bool:
    """Whether ``r || s`` (64 bytes) over SHA-256 of ``message`` is by the P-256 point (x, y)."""
    return len(x) == P256_BYTES and verify_ecdsa(x, y, message, signature_rs)
