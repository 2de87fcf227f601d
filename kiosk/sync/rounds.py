"""Visits of a round and appointments of an office: signed by who plans them, sealed to one device.

Rules, in order:

1. A visit is signed by an issuer of requests that the policy names: the collector, which carries
   it, can neither read it nor make one up.
2. It says no more than the door asks for: the request as its holder would show it, a line of
   address, a window of time.
3. A device says which key its rounds are to be sealed to, signed by its own key: its name is a
   digest of that key, so nobody else can answer for it.
4. An activation code is seven symbols and a check symbol, without those that look alike; only a
   digest bound to its visit is kept.

Source: ``domain.md`` 1.3, 1.7 C and D; records-and-sync 2.4; RFC 7515; Crockford's base 32.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from kiosk.crypto import age
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.jws import sign_compact, verify_compact
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import RoundInvalidError, SealedRecordError, SignatureInvalidError
from kiosk.domain.ids import DeviceId, KeyId
from kiosk.sync.enrolment import device_id_of

VISIT_TYP: Final = "vv-visit+jwt"
RECIPIENT_TYP: Final = "vv-round-key+jwt"
MAX_VISIT_BYTES: Final = 8192
_IDENTITY_LABEL: Final = b"visavis/round-identity/1\0"

SYMBOLS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_SYMBOLS: Final = 8
# Odd weights: one wrong symbol always shows, as does nearly every pair that changed places.
_WEIGHTS: Final = (1, 3, 5, 7, 9, 11, 13)
_LOOK_ALIKE: Final = str.maketrans("OIL", "011")
_CODE: Final = re.compile(rf"[{SYMBOLS}]{{{_CODE_SYMBOLS}}}", re.ASCII)
_SEPARATORS: Final = re.compile(r"[\s\-.]+")

_Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_Line = Annotated[str, Meta(max_length=120)]
_Minute = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
_Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class VisitPlace(StrEnum):
    """Where the person is met."""

    HOME = "home"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of a round, or one appointment at an office.

    Attributes:
        visit_id: random, given by the authority; names nobody.
        place: at the customer's door, or at the counter.
        day: of the round, local date.
        position: number in the round, from 1.
        begins / ends: window of time, local.
        display_name: how the person is greeted.
        line: line of address that finds the door; ``""`` at an office.
        locality: postcode and town; ``""`` at an office.
        request: token of the verification request.
        code_sha256: digest of the activation code (:func:`code_digest`), or ``""``.
    """

    visit_id: str
    place: VisitPlace
    day: date
    position: int
    begins: time
    ends: time
    display_name: str
    line: str
    locality: str
    request: str
    code_sha256: str = ""


class _Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A visit as it is signed; texts are printable (checked after)."""

    visit_id: _Id
    place: VisitPlace
    day: _Day
    position: Annotated[int, Meta(ge=1, le=9999)]
    begins: _Minute
    ends: _Minute
    display_name: Annotated[str, Meta(min_length=1, max_length=120)]
    line: _Line
    locality: _Line
    request: Annotated[str, Meta(max_length=1024)]
    code_sha256: Annotated[str, Meta(pattern=r"^([A-Za-z0-9_-]{43})?$")]


class _RecipientClaims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    device: _Id
    recipient: Annotated[str, Meta(max_length=4096)]


# --- visits ---------------------------------------------------------------------------------------


def sign_visit(visit: Visit, key: SigningKey) -> str:
    """The visit as a signed token.

    Raises:
        ValueError: a field is out of bounds: it could not be read again.
    """
    claims = asdict(visit) | {
        "place": visit.place.value,
        "day": visit.day.isoformat(),
        "begins": f"{visit.begins:%H:%M}",
        "ends": f"{visit.ends:%H:%M}",
    }
    payload = canonical_json(claims)
    try:
        _visit_of(payload)
    except RoundInvalidError as exc:
        raise ValueError(exc.detail) from exc
    return sign_compact(payload, key, VISIT_TYP)


def open_visit(token: str, keys: Mapping[KeyId, bytes]) -> Visit:
    """The visit of a token, its signature verified.

    Args:
        token: compact JWS.
        keys: raw Ed25519 public keys of the issuers in force.

    Raises:
        RoundInvalidError: not signed by one of them, or not a visit.
    """
    try:
        payload, _ = verify_compact(token, keys, VISIT_TYP, MAX_VISIT_BYTES)
    except SignatureInvalidError as exc:
        raise RoundInvalidError("signature") from exc
    return _visit_of(payload)


def _visit_of(payload: bytes) -> Visit:
    try:
        claims = msgspec.convert(parse_json(payload, MAX_VISIT_BYTES), _Claims)
        day = date.fromisoformat(claims.day)
    except (ValueError, msgspec.ValidationError) as exc:
        raise RoundInvalidError("visit") from exc
    texts = (claims.display_name, claims.line, claims.locality)
    if not all(text.isprintable() for text in texts):
        raise RoundInvalidError("visit text")
    begins, ends = time.fromisoformat(claims.begins), time.fromisoformat(claims.ends)
    if ends <= begins:
        raise RoundInvalidError("visit window")
    return Visit(
        visit_id=claims.visit_id,
        place=claims.place,
        day=day,
        position=claims.position,
        begins=begins,
        ends=ends,
        display_name=claims.display_name,
        line=claims.line,
        locality=claims.locality,
        request=claims.request,
        code_sha256=claims.code_sha256,
    )


# --- to whom a round is sealed --------------------------------------------------------------------


def round_identity(device_seed: bytes) -> age.Identity:
    """The key of a device that opens its rounds, made from the seed of its signing key."""
    return age.Identity.from_seed(sha256(_IDENTITY_LABEL + device_seed))


def announce_recipient(device_key: SigningKey) -> str:
    """The device's signed word about the key that its rounds are to be sealed to."""
    claims = {
        "device": device_id_of(device_key.public),
        "recipient": round_identity(device_key.seed).recipient,
    }
    return sign_compact(canonical_json(claims), device_key, RECIPIENT_TYP)


def open_recipient(token: str, device_id: DeviceId, public: bytes) -> str:
    """The recipient (``age1pq1…``) that a device announced.

    Raises:
        RoundInvalidError: not signed by this very device, or not a hybrid recipient.
    """
    try:
        key_id = KeyId(device_id.removeprefix("dev-"))
        payload, _ = verify_compact(token, {key_id: public}, RECIPIENT_TYP, MAX_VISIT_BYTES)
        claims = msgspec.convert(parse_json(payload, MAX_VISIT_BYTES), _RecipientClaims)
        age.kid_of(claims.recipient)
    except (SignatureInvalidError, ValueError, msgspec.ValidationError) as exc:
        raise RoundInvalidError("recipient") from exc
    if claims.device != device_id or device_id_of(public) != device_id:
        raise RoundInvalidError("recipient of another device")
    return claims.recipient


def seal_visit(token: str, recipient: str) -> bytes:
    """A signed visit, for the eyes of one device."""
    return age.encrypt(token.encode("ascii"), (recipient,))


def unseal_visit(sealed: bytes, identity: age.Identity) -> str:
    """Inverse of :func:`seal_visit`. Raises RoundInvalidError."""
    try:
        return age.decrypt(sealed, identity).decode("ascii")
    except (SealedRecordError, ValueError) as exc:
        raise RoundInvalidError("sealed to another device") from exc


# --- activation codes -----------------------------------------------------------------------------


class CodeForm(StrEnum):
    """What a typed text is, seen as an activation code."""

    CODE = "code"
    MISTYPED = "mistyped"
    OTHER = "other"


def new_code() -> str:
    """A fresh activation code, as it is written: ``7K3M-9QXB``."""
    return spell_code("".join(secrets.choice(SYMBOLS) for _ in _WEIGHTS))


def spell_code(symbols: str) -> str:
    """Seven symbols with their check symbol, in two groups of four."""
    code = symbols + _check_symbol(symbols)
    return f"{code[:4]}-{code[4:]}"


def read_code(text: str) -> tuple[CodeForm, str]:
    """The form of a typed text, and the eight symbols where it is a code.

    Upper and lower case, spaces, hyphens, and the letters O, I and L for 0 and 1 do not matter.
    """
    folded = _SEPARATORS.sub("", text).upper().translate(_LOOK_ALIKE)
    if not _CODE.fullmatch(folded):
        return CodeForm.OTHER, ""
    if _check_symbol(folded[:-1]) != folded[-1]:
        return CodeForm.MISTYPED, ""
    return CodeForm.CODE, folded


def code_digest(visit_id: str, code: str) -> str:
    """What is kept of the eight symbols of a code: base64url of a SHA-256 bound to the visit."""
    return b64u(sha256(f"visavis/activation/1\0{visit_id}\0{code}".encode()))


def _check_symbol(symbols: str) -> str:
    total = sum(
        weight * SYMBOLS.index(symbol) for weight, symbol in zip(_WEIGHTS, symbols, strict=True)
    )
    return SYMBOLS[total % len(SYMBOLS)]


def window_over(visit: Visit, now: datetime) -> bool:
    """Whether the window of a visit is past at ``now`` (aware, in the local zone)."""
    return (now.date(), now.time()) > (visit.day, visit.ends)
