"""Signed HTTP requests (RFC 9421) with the device key, body covered by its digest (RFC 9530)."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

from kiosk.crypto.digests import sha256
from kiosk.crypto.plain_signatures import CLOCK_SKEW_S, verify_plain
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SignatureInvalidError
from kiosk.domain.ids import KeyId

TAG = "visavis"
_COVERED = ("@method", "@authority", "@path", "@query", "content-digest")
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")


@dataclass
class _Message:
    """What the library reads: method, absolute URL, headers."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, private: SigningKey | None, key_of: Callable[[KeyId], bytes | None]) -> None:
        self._private = private
        self._key_of = key_of

    def resolve_private_key(self, key_id: str) -> Any:
        if self._private is None or key_id != self._private.key_id:
            raise KeyError(key_id)
        return ed25519.Ed25519PrivateKey.from_private_bytes(self._private.seed)

    def resolve_public_key(self, key_id: str) -> Any:
        raw = self._key_of(KeyId(key_id))
        return None if raw is None else ed25519.Ed25519PublicKey.from_public_bytes(raw)


class _Verifier(HTTPMessageVerifier):
    """Judges ``created`` by the time it is given, not by the system clock."""

    now: datetime = datetime.fromtimestamp(0, UTC)

    def validate_created_and_expires(
        self, sig_input: Any, max_age: timedelta | None = None
    ) -> None:
        created = sig_input.params.get("created")
        if type(created) is not int or max_age is None:
            raise InvalidSignature("created")
        age_s = self.now.timestamp() - created
        if not -max_age.total_seconds() <= age_s <= max_age.total_seconds() + CLOCK_SKEW_S:
            raise StaleSignatureError


class StaleSignatureError(InvalidSignature, SignatureInvalidError):
    """The signature's time is too far from the server's: the caller may retry with signed time."""

    code = "AUDIT-005"


def content_digest(body: bytes) -> str:
    """Value of the ``Content-Digest`` field (RFC 9530), SHA-256."""
    return f"sha-256=:{base64.b64encode(sha256(body)).decode()}:"


def sign_request(
    method: str,
    url: str,
    body: bytes,
    key: SigningKey,
    created: datetime,
    *,
    also: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Headers to add: Content-Digest, Signature-Input, Signature, and those of ``also``.

    Args:
        method: upper case.
        url: absolute, as it will be requested.
        body: complete body, maybe empty.
        key: the device key.
        created: time of signing as the device believes it (corrected by signed server time).
        also: further fields that the signature covers, by name.
    """
    more = dict(also or {})
    message = _Message(method, url, {"Content-Digest": content_digest(body), **more})
    signer = HTTPMessageSigner(
        signature_algorithm=algorithms.ED25519, key_resolver=_Keys(key, lambda _: None)
    )
    signer.sign(
        message,
        key_id=key.key_id,
        created=created,
        nonce=secrets.token_hex(12),
        label="visavis",
        tag=TAG,
        covered_component_ids=(*_COVERED, *(name.lower() for name in more)),
        use_existing_digest=True,
    )
    return dict(message.headers)


@dataclass(frozen=True, slots=True)
class VerifiedRequest:
    """A request whose signature holds.

    Attributes:
        key_id: who signed it.
        body_sha256: what its body must have.
        created_s: when, as the signer claims; seconds since 1970 UTC.
    """

    key_id: KeyId
    body_sha256: bytes
    created_s: int


def verify_request(
    method: str,
    url: str,
    headers: Mapping[str, str],
    key_of: Callable[[KeyId], bytes | None],
    now: datetime,
    max_age_s: int = 300,
    *,
    also: Sequence[str] = (),
) -> VerifiedRequest:
    """Check a request's signature; the caller then compares the body with ``body_sha256``.

    Args:
        method: upper case.
        url: absolute, as it was requested.
        headers: of the request as it came.
        key_of: raw public key by its name, None for one that is unknown.
        now: the verifier's time.
        max_age_s: how old a signature may be.
        also: further fields that it must cover.

    Raises:
        StaleSignatureError: signed too long ago or in the future.
        SignatureInvalidError: missing, altered, or by an unknown key.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    plain = None if also else verify_plain(method, url, lowered, key_of, now, max_age_s)
    if plain is not None:
        return VerifiedRequest(plain.key_id, plain.body_sha256, plain.created_s)
    message = _Message(method, url, lowered)
    verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=_Keys(None, key_of))
    verifier.now = now
    try:
        results = verifier.verify(
            message,
            max_age=timedelta(seconds=max_age_s),
            expect_tag=TAG,
            require_components=(*_COVERED, *also),
        )
    except StaleSignatureError:
        raise
    except HTTPMessageSignaturesException as exc:
        raise SignatureInvalidError("request signature") from exc
    digest = _DIGEST.fullmatch(lowered.get("content-digest", ""))
    if digest is None or len(results) != 1:
        raise SignatureInvalidError("content digest")
    signed = results[0].parameters
    return VerifiedRequest(
        KeyId(str(signed["keyid"])), base64.b64decode(digest.group(1)), int(signed["created"])
    )
