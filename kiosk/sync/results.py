"""The result of a verification for the provider that asked for it: a small sealed envelope.

Rules, in order:

1. Sealed on the device, in the moment of the record, to the one key that the signed policy names
   for the issuer of the request: what carries it (the collector, its disk) opens nothing.
2. Its digest and that key's name stand in the journal entry of the record, which the device signs:
   an envelope that is swapped does not fit, one that is dropped is missed.
3. It says how the verification ended, and the claims only where it was accepted. Why something was
   refused, or what was suspected, is not the provider's to know.
4. Signed by agent and device, as the record is. The device vouches for the agent's key by its own
   signature, the fleet's certificate inside for the device: the provider pins the enrolment keys.
5. One byte form: the general JWS in canonical JSON, then spaces (which JSON allows) up to 16 KiB,
   so that the length tells nothing.

An accepted or a refused result is the last word about a request; a suspended one is not, in
whatever order they arrive.

Source: domain.md 6 (``verified_claims``); records-and-sync 2.2, 2.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from kiosk.audit.entries import Fact, Header
from kiosk.crypto import age
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.jws import sign_general, verify_general
from kiosk.crypto.signing import SigningKey, key_id_of
from kiosk.domain.decision import Outcome
from kiosk.domain.errors import EnrolmentError, SealedRecordError, SignatureInvalidError
from kiosk.domain.ids import DeviceId, KeyId, RecordId, RequestId
from kiosk.sync.enrolment import open_certificate

PROFILE: Final = "visavis-result/1"
TYP: Final = "vv-result+jws"
RESULT_FACT, RESULT_TO_FACT = "result", "result_to"
"""Facts of the entry: SHA-256 of the envelope, base64url; name of the key it is sealed to."""

TOLD: Final = frozenset({Outcome.ACCEPTED, Outcome.REFUSED, Outcome.SUSPENDED})
"""Outcomes that a provider hears of; the others leave its request as it was."""

BUCKET_BYTES: Final = 16 * 1024
MAX_RESULT_BYTES: Final = 128 * 1024
"""Of an envelope; a real one has one bucket and the age header."""

_PAD = b" "
_HASH_BYTES = 32
_KID_CHARS = 16
_Word = Annotated[str, Meta(max_length=200)]


@dataclass(frozen=True, slots=True)
class Result:
    """What a provider is told.

    Attributes:
        provider: issuer of the request.
        request_id: of that issuer.
        record_id: the sealed record that this is the result of; its idempotency key.
        outcome: one of :data:`TOLD`.
        at: device time of the sealing, aware UTC, whole seconds.
        device_id: where it happened.
        certificate: the fleet's word for the device, compact JWS.
        agent_key: raw Ed25519 key of the agent, base64url.
        policy_version: of the policy that it was sealed under.
        rules_day: day of the rules that the checks were made by, None where none were made.
        catalogues: versions of the data that the checks were made by.
        verified_claims: OpenID ``verified_claims``; only with an accepted outcome.
    """

    provider: _Word
    request_id: RequestId
    record_id: RecordId
    outcome: Outcome
    at: datetime
    device_id: DeviceId
    certificate: Annotated[str, Meta(max_length=8192)]
    agent_key: Annotated[str, Meta(max_length=64)]
    policy_version: Annotated[int, Meta(ge=0, le=2**31)]
    rules_day: date | None
    catalogues: Annotated[dict[_Word, _Word], Meta(max_length=64)]
    verified_claims: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for an outcome that is not told, or claims that do not belong."""
        if self.outcome not in TOLD:
            raise ValueError("no provider is told of that outcome")
        if (self.verified_claims is not None) != (self.outcome is Outcome.ACCEPTED):
            raise ValueError("claims go with an acceptance, and only with it")
        if self.at.tzinfo is None:
            raise ValueError("time without zone")


@dataclass(frozen=True, slots=True)
class SealedResult:
    """An envelope, closed.

    Attributes:
        blob: age file.
        kid: name of the key that opens it.
    """

    blob: bytes
    kid: KeyId

    def facts(self) -> dict[str, Fact]:
        """What the entry of the record says of it."""
        return {RESULT_FACT: b64u(sha256(self.blob)), RESULT_TO_FACT: self.kid}


@dataclass(frozen=True, slots=True)
class AnnouncedResult:
    """What an entry says of an envelope.

    Attributes:
        sha256: of all its bytes, 32 bytes.
        kid: name of the key that opens it.
    """

    sha256: bytes
    kid: KeyId

    def fits(self, blob: bytes | None) -> bool:
        """Whether these are the announced bytes."""
        return blob is not None and sha256(blob) == self.sha256


def announced_result(header: Header) -> AnnouncedResult | None:
    """What an entry announces; None for an entry without a result.

    Raises:
        ValueError: facts that are not what this profile writes.
    """
    digest, kid = header.facts.get(RESULT_FACT), header.facts.get(RESULT_TO_FACT)
    if digest is None and kid is None:
        return None
    if not isinstance(digest, str) or not isinstance(kid, str) or header.record_id is None:
        raise ValueError("result facts")
    raw = unb64u(digest)
    if len(raw) != _HASH_BYTES or len(kid) != _KID_CHARS:
        raise ValueError("result facts")
    return AnnouncedResult(raw, KeyId(kid))


def _result_bytes(result: Result) -> bytes:
    values = msgspec.to_builtins(result) | {"v": PROFILE}
    if result.verified_claims is None:
        del values["verified_claims"]
    return canonical_json(values)


def _padded(jws: bytes) -> bytes:
    return jws + _PAD * (-len(jws) % BUCKET_BYTES)


def seal_result(
    result: Result, recipient: str, agent_key: SigningKey, device_key: SigningKey
) -> SealedResult:
    """Sign by agent and device, pad, and seal to the provider's key (``age1pq1…``).

    Raises:
        ValueError: contents that have no canonical form, or no such key.
    """
    jws = sign_general(_result_bytes(result), [agent_key, device_key], TYP)
    return SealedResult(age.encrypt(_padded(jws), [recipient]), age.kid_of(recipient))


def require_one_recipient(blob: bytes) -> None:
    """Raises SealedRecordError unless this is an age file of the profile, sealed to one key."""
    header, _ = age.split(blob)
    if age.recipients_count(header) != 1:
        raise SealedRecordError("recipients")


def open_result(
    blob: bytes, identity: age.Identity, provider: str, enrolment_keys: Mapping[KeyId, bytes]
) -> Result:
    """Open an envelope and verify everything inside.

    Args:
        blob: the age file.
        identity: the provider's.
        provider: the issuer that opens it: a result for another one is refused.
        enrolment_keys: pinned keys that sign certificates of devices.

    Raises:
        SealedRecordError: does not open, or is not in the one permitted form.
        SignatureInvalidError: a signature, or the certificate of the device, does not hold.
    """
    if len(blob) > MAX_RESULT_BYTES:
        raise SealedRecordError("too large")
    plaintext = age.decrypt(blob, identity)
    jws = plaintext.rstrip(_PAD)
    if _padded(jws) != plaintext:
        raise SealedRecordError("padding")
    result = _parsed(jws)
    if result.provider != provider:
        raise SealedRecordError("for another provider")
    device_key = _device_key(result)
    try:
        open_certificate(result.certificate, dict(enrolment_keys), device_key)
        agent_key = unb64u(result.agent_key)
    except (EnrolmentError, ValueError) as exc:
        raise SignatureInvalidError("certificate") from exc
    keys = {key_id_of(key): key for key in (agent_key, device_key)}
    signed, by = verify_general(jws, keys, TYP, MAX_RESULT_BYTES)
    if set(by) != set(keys) or len(keys) != 2 or len(by) != 2:
        raise SignatureInvalidError("result signatures")
    if signed != _result_bytes(result):
        raise SealedRecordError("not the canonical form")
    return result


def _parsed(jws: bytes) -> Result:
    """The result in a JWS, nothing of it believed yet."""
    try:
        document = parse_json(jws, MAX_RESULT_BYTES)
        if canonical_json(document) != jws:
            raise SealedRecordError("not the canonical form")
        values = parse_json(unb64u(document["payload"]), MAX_RESULT_BYTES)
        if values.pop("v") != PROFILE:
            raise SealedRecordError("profile")
        return msgspec.convert(values, Result)
    except (ValueError, KeyError, TypeError, AttributeError, msgspec.ValidationError) as exc:
        raise SealedRecordError("contents") from exc


def _device_key(result: Result) -> bytes:
    """The key in the certificate, which is verified with it. Raises SignatureInvalidError."""
    try:
        claimed = parse_json(unb64u(result.certificate.split(".")[1]), 4096)
        key = unb64u(claimed["public_key"])
    except (ValueError, KeyError, TypeError, IndexError) as exc:
        raise SignatureInvalidError("certificate") from exc
    if result.device_id != f"dev-{key_id_of(key)}":
        raise SignatureInvalidError("certificate of another device")
    return key
