"""Confirmation of an address by a code: what device and central side say to each other.

Rules, in order:

1. The code goes from the central side to the customer and comes back from the customer; it is in no
   answer, no draft, no record and no log.
2. The device names the challenge, so that asking twice sends once; a new challenge for the same
   case and channel ends the one before.
3. The device says with every call which address it means: the central side keeps only keyed hashes.
4. The word of the central side is a statement signed by the key of its log, over device, case,
   channel, address, challenge and time. A statement about anything else proves nothing here.

Source: domain.md 1.3; records-and-sync 2.8 for the calls.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.jws import sign_compact, verify_compact
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import ContactStatementError, SignatureInvalidError
from kiosk.domain.ids import CaseId, DeviceId, KeyId
from kiosk.sync.messages import Message

TYP: Final = "vv-contact+jws"
PROFILE: Final = "visavis-contact/1"
EMAIL: Final = "email"
MOBILE: Final = "mobile"
LANGUAGES: Final = ("fr", "en")
"""Languages that messages to customers are written in; the first one where none was chosen."""
MAX_TRIES: Final = 5
CODE_SIGNS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Of a code by text message; without I, O, 0 and 1: 32 signs, so that four of them have 20 bits."""
_MAX_STATEMENT = 4096

_Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
_Channel = Annotated[str, Meta(pattern=r"^(email|mobile)$")]
_Address = Annotated[str, Meta(min_length=3, max_length=254)]
_Language = Annotated[str, Meta(pattern=r"^(fr|en)$")]
_Code = Annotated[str, Meta(max_length=40)]
_Time = Annotated[str, Meta(max_length=40)]
_Statement = Annotated[str, Meta(max_length=_MAX_STATEMENT)]

_FORMS: Final = {EMAIL: re.compile(r"[0-9]{6}"), MOBILE: re.compile(r"[0-9A-Za-z]{4}")}


class ChallengeStatus(StrEnum):
    """How a challenge stands."""

    SENT = "sent"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    REPLACED = "replaced"


class ContactOrder(Message, frozen=True, forbid_unknown_fields=True):
    """Which address of which case is meant; the body of every call.

    Attributes:
        case: the case that the address belongs to.
        channel: ``email`` or ``mobile``.
        address: e-mail address, or mobile number in E.164.
        language: of the message to the customer.
        code: as typed; only where a code is checked.
    """

    case: _Hex
    channel: _Channel
    address: _Address
    language: _Language = "fr"
    code: _Code = ""


class SheetOrder(Message, frozen=True, forbid_unknown_fields=True):
    """The customer's sheet, to be mailed: asked for by the customer, about a record of the device.

    Attributes:
        address: e-mail address, known to the central side while it hands the message over.
        language: of subject and closing word.
        variant: how the sheet is written, which is how large its letters are.
        text: the sheet in words, one line a paragraph.
    """

    address: _Address
    language: _Language
    variant: Annotated[str, Meta(pattern=r"^(normal|large|easy|english)$")]
    text: Annotated[str, Meta(min_length=1, max_length=8000)]


class ContactState(Message, frozen=True, forbid_unknown_fields=True):
    """How the challenge stands.

    Attributes:
        status: value of :class:`ChallengeStatus`.
        sent_at: server time, ISO 8601 UTC.
        expires_at: until when the code counts.
        tries_left: wrong codes that may still be typed.
        statement: signed word, once confirmed.
    """

    status: Annotated[str, Meta(max_length=20)]
    sent_at: _Time
    expires_at: _Time
    tries_left: Annotated[int, Meta(ge=0, le=MAX_TRIES)]
    statement: _Statement = ""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a statement says.

    Attributes:
        device_id: device that asked.
        case_id: case that the address belongs to.
        channel: ``email`` or ``mobile``.
        address: the address whose code was typed.
        challenge_id: the challenge that was answered.
        confirmed_at: server time, aware UTC.
    """

    device_id: DeviceId
    case_id: CaseId
    channel: str
    address: str
    challenge_id: str
    confirmed_at: datetime


class _Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    v: str
    device: str
    case: str
    channel: str
    address: str
    challenge: str
    at: str


def message_language(chosen: str) -> str:
    """The language to write to a customer in, who chose ``chosen`` (``""``: none)."""
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def stripped_code(channel: str, typed: str) -> str | None:
    """The code without its spaces, in capitals; None where it has not the form of one.

    The codes that are sent have no small letters (:data:`CODE_SIGNS`), so that one typed in small
    letters is the same code. One of another form was not sent by anybody: it costs no try.
    """
    code = "".join(typed.split())
    form = _FORMS.get(channel)
    return code.upper() if form is not None and form.fullmatch(code) else None


def sign_confirmation(said: Confirmation, key: SigningKey) -> str:
    """The statement as a compact JWS."""
    payload = _Payload(
        v=PROFILE,
        device=said.device_id,
        case=said.case_id,
        channel=said.channel,
        address=said.address,
        challenge=said.challenge_id,
        at=said.confirmed_at.isoformat(timespec="seconds"),
    )
    return sign_compact(canonical_json(msgspec.to_builtins(payload)), key, TYP)


def open_confirmation(statement: str, keys: Mapping[KeyId, bytes]) -> Confirmation:
    """What a statement says, once its signature holds.

    Args:
        statement: compact JWS.
        keys: pinned keys of the central side's log.

    Raises:
        ContactStatementError: signed by nobody we know, or altered.
    """
    try:
        payload, _ = verify_compact(statement, keys, TYP, _MAX_STATEMENT)
        said = msgspec.convert(parse_json(payload, _MAX_STATEMENT), _Payload)
        at = datetime.fromisoformat(said.at)
    except (SignatureInvalidError, ValueError, msgspec.ValidationError) as exc:
        raise ContactStatementError("signature") from exc
    if said.v != PROFILE or at.tzinfo is None:
        raise ContactStatementError("profile")
    return Confirmation(
        DeviceId(said.device), CaseId(said.case), said.channel, said.address, said.challenge, at
    )
