"""JSON Web Signatures with Ed25519 only (RFC 7515, RFC 8037).

Rules, in order: size first; exact header (``alg`` EdDSA, the expected ``typ``, a ``kid``, nothing
else); known key; signature; only then is the payload looked at. ``alg`` is never taken from the
message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, unb64u
from kiosk.crypto.signing import SigningKey, verify
from kiosk.domain.errors import SignatureInvalidError
from kiosk.domain.ids import KeyId

MAX_BYTES = 64 * 1024


class UnknownKeyError(SignatureInvalidError):
    """The signer's key is not among the known ones: no verdict on the signature itself."""

    code = "AUDIT-004"


def _header(key: SigningKey, typ: str) -> str:
    return b64u(canonical_json({"alg": "EdDSA", "kid": key.key_id, "typ": typ}))


def sign_compact(payload: bytes, key: SigningKey, typ: str) -> str:
    """Compact serialisation ``header.payload.signature``."""
    signing_input = f"{_header(key, typ)}.{b64u(payload)}"
    return f"{signing_input}.{b64u(key.sign(signing_input.encode('ascii')))}"


def _checked_header(encoded: str, typ: str) -> KeyId:
    try:
        header = parse_json(unb64u(encoded), 512)
    except ValueError as exc:
        raise SignatureInvalidError("header") from exc
    if not isinstance(header, dict) or set(header) != {"alg", "kid", "typ"}:
        raise SignatureInvalidError("header fields")
    if header["alg"] != "EdDSA" or header["typ"] != typ or not isinstance(header["kid"], str):
        raise SignatureInvalidError("alg or typ")
    return KeyId(header["kid"])


def _verify_parts(
    protected: str, payload: str, signature: str, keys: Mapping[KeyId, bytes], typ: str
) -> KeyId:
    kid = _checked_header(protected, typ)
    public = keys.get(kid)
    if public is None:
        raise UnknownKeyError("kid")
    try:
        raw_signature = unb64u(signature)
        message = f"{protected}.{payload}".encode("ascii")
    except ValueError as exc:
        raise SignatureInvalidError("encoding") from exc
    if not verify(public, message, raw_signature):
        raise SignatureInvalidError("signature")
    return kid


def verify_compact(
    token: str, keys: Mapping[KeyId, bytes], typ: str, max_bytes: int = MAX_BYTES
) -> tuple[bytes, KeyId]:
    """Payload and signer of a compact token.

    Raises:
        UnknownKeyError: the key is not in ``keys``.
        SignatureInvalidError: anything else that is not as it must be.
    """
    parts = token.split(".")
    if len(token) > max_bytes or len(parts) != 3:
        raise SignatureInvalidError("form")
    kid = _verify_parts(parts[0], parts[1], parts[2], keys, typ)
    try:
        return unb64u(parts[1]), kid
    except ValueError as exc:
        raise SignatureInvalidError("payload") from exc


def sign_general(payload: bytes, keys: Sequence[SigningKey], typ: str) -> bytes:
    """General JSON serialisation with one signature per key, canonical bytes."""
    encoded = b64u(payload)
    signatures = []
    for key in keys:
        protected = _header(key, typ)
        signature = key.sign(f"{protected}.{encoded}".encode("ascii"))
        signatures.append({"protected": protected, "signature": b64u(signature)})
    return canonical_json({"payload": encoded, "signatures": signatures})


def verify_general(
    data: bytes, keys: Mapping[KeyId, bytes], typ: str, max_bytes: int = 1 << 20
) -> tuple[bytes, tuple[KeyId, ...]]:
    """Payload and signers. EVERY signature must hold and every key be known.

    Raises:
        UnknownKeyError: a key is not in ``keys``.
        SignatureInvalidError: anything else that is not as it must be.
    """
    try:
        document: Any = parse_json(data, max_bytes)
        payload, signatures = document["payload"], document["signatures"]
        pairs = [(item["protected"], item["signature"]) for item in signatures]
        raw = unb64u(payload)
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise SignatureInvalidError("form") from exc
    if not pairs:
        raise SignatureInvalidError("no signature")
    signers = tuple(_verify_parts(p, payload, s, keys, typ) for p, s in pairs)
    return raw, signers
