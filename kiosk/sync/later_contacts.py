"""Addresses that are to be confirmed later: what the device leaves for the contact service.

Rules, in order:

1. Sealed on the device, in the moment of the record, to the contact service's key that the signed
   policy names: the device cannot read it again, and the collector's database holds it sealed.
2. Its digest and that key's name stand in the journal entry of the record, as for a result.
3. It names the record, so that the answer finds it, and nothing else of the customer.
4. One byte form: canonical JSON, then spaces up to 2 KiB.

What the customer answers is a statement of the central side about record, way and time; the address
itself stands in the sealed record, as deferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from kiosk.audit.entries import Fact, Header
from kiosk.crypto import age
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.jws import sign_compact
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SealedRecordError
from kiosk.domain.ids import CaseId, KeyId, RecordId

PROFILE: Final = "visavis-later-contacts/1"
TYP: Final = "vv-later-contact+jws"
LATER_FACT, LATER_TO_FACT = "later", "later_to"
"""Facts of the entry: SHA-256 of the envelope, base64url; name of the key it is sealed to."""

BUCKET_BYTES: Final = 2048
MAX_LATER_BYTES: Final = 16 * 1024
_PAD = b" "
_HASH_BYTES, _KID_CHARS = 32, 16


@dataclass(frozen=True, slots=True)
class LaterAddress:
    """One address; ``channel`` is ``email`` or ``mobile``."""

    channel: Annotated[str, Meta(pattern=r"^(email|mobile)$")]
    address: Annotated[str, Meta(min_length=3, max_length=254)]


@dataclass(frozen=True, slots=True)
class LaterContacts:
    """The addresses of one record.

    Attributes:
        record_id: the record that names them as deferred.
        case_id: its case.
        language: of the messages.
        addresses: at most one a channel.
    """

    record_id: RecordId
    case_id: CaseId
    language: Annotated[str, Meta(pattern=r"^(fr|en)$")]
    addresses: Annotated[tuple[LaterAddress, ...], Meta(min_length=1, max_length=2)]


@dataclass(frozen=True, slots=True)
class SealedLater:
    """An envelope, closed; ``kid`` names the key that opens it."""

    blob: bytes
    kid: KeyId

    def facts(self) -> dict[str, Fact]:
        """What the entry of the record says of it."""
        return {LATER_FACT: b64u(sha256(self.blob)), LATER_TO_FACT: self.kid}


def announced_later(header: Header) -> tuple[bytes, KeyId] | None:
    """Digest and key that an entry announces; None for an entry without such an envelope.

    Raises:
        ValueError: facts that are not what this profile writes.
    """
    digest, kid = header.facts.get(LATER_FACT), header.facts.get(LATER_TO_FACT)
    if digest is None and kid is None:
        return None
    if not isinstance(digest, str) or not isinstance(kid, str) or header.record_id is None:
        raise ValueError("later facts")
    raw = unb64u(digest)
    if len(raw) != _HASH_BYTES or len(kid) != _KID_CHARS:
        raise ValueError("later facts")
    return raw, KeyId(kid)


def _bytes(later: LaterContacts) -> bytes:
    data = canonical_json(msgspec.to_builtins(later) | {"v": PROFILE})
    return data + _PAD * (-len(data) % BUCKET_BYTES)


def seal_later(later: LaterContacts, recipient: str) -> SealedLater:
    """Pad, and seal to the contact service's key (``age1pq1…``). Raises ValueError."""
    return SealedLater(age.encrypt(_bytes(later), [recipient]), age.kid_of(recipient))


def open_later(blob: bytes, identity: age.Identity, record_id: RecordId) -> LaterContacts:
    """Open an envelope.

    Args:
        blob: the age file, of the announced digest.
        identity: the contact service's.
        record_id: of the entry that announced it.

    Raises:
        SealedRecordError: does not open, has another form, or is about another record.
    """
    if len(blob) > MAX_LATER_BYTES:
        raise SealedRecordError("too large")
    plaintext = age.decrypt(blob, identity)
    try:
        values = parse_json(plaintext.rstrip(_PAD), MAX_LATER_BYTES)
        if values.pop("v") != PROFILE:
            raise SealedRecordError("profile")
        later = msgspec.convert(values, LaterContacts)
    except (ValueError, KeyError, TypeError, AttributeError, msgspec.ValidationError) as exc:
        raise SealedRecordError("contents") from exc
    if _bytes(later) != plaintext or later.record_id != record_id:
        raise SealedRecordError("contents")
    return later


def sign_later(record_id: RecordId, channel: str, at: datetime, key: SigningKey) -> str:
    """The word of the central side that an address of a record was confirmed, compact JWS."""
    told = {
        "v": PROFILE,
        "record": record_id,
        "channel": channel,
        "at": at.isoformat(timespec="seconds"),
    }
    return sign_compact(canonical_json(told), key, TYP)
