"""What lies on a removable medium between a device and the central side.

Rules, in order: names are eight hexadecimal digits, for FAT and for nobody's eyes; the device's
list is signed by its key and names every file by its SHA-256; each call in it is signed as over the
network, so the central side judges it by the same code; the answers are under one signed note of
the collector's log, which names the device: the medium itself is trusted with nothing. Bytes travel
as base64url. Source: records-and-sync 2.8, carried by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.jws import sign_compact, verify_compact
from kiosk.crypto.notes import sign_note, signature_line, verify_note
from kiosk.crypto.signing import SigningKey, key_id_of
from kiosk.domain.errors import CourierDamagedError, SignatureInvalidError
from kiosk.domain.ids import DeviceId
from kiosk.sync.messages import Message

TOP: Final = "VISAVIS"
OUT: Final = "OUT.VV"
IN: Final = "IN.VV"
ENDING: Final = ".VV"
TYP: Final = "vv-courier+jws"
PROFILE: Final = "visavis-courier/1"
MAX_CALLS: Final = 8192
MAX_PARTS: Final = 8
"""As many as a device's folder has names."""
KEPT_CALLS: Final = 32
"""Calls of a list that nothing but questions may fill."""
MAX_LIST_BYTES: Final = 16 * 1024 * 1024
MAX_ANSWERS_BYTES: Final = 64 * 1024 * 1024
_NAME_DIGITS = 8

_Word = Annotated[str, Meta(max_length=512)]
_Path = Annotated[str, Meta(max_length=512, pattern=r"^/v1/[A-Za-z0-9_./?=&-]*$")]
_Hash = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
_Name = Annotated[str, Meta(pattern=r"^([0-9A-F]{8}\.VV)?$")]
_Bytes = Annotated[str, Meta(max_length=MAX_ANSWERS_BYTES)]


class CarriedCall(Message, frozen=True, forbid_unknown_fields=True):
    """One signed call; its body is a file beside the list.

    Attributes:
        file: name of that file, ``""`` where the body is empty.
        sha256: of the body.
        etag: of what the device holds.
        headers: the fields that sign it, and the type of the body.
    """

    method: _Word
    path: _Path
    sha256: _Hash
    file: _Name = ""
    etag: _Word = ""
    headers: dict[_Word, _Word] = {}  # noqa: RUF012 - msgspec copies an empty default


class Manifest(Message, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one device wrote, in the order in which it is to be done.

    Attributes:
        device: its id; its key signed this list.
        url: base address that the calls were signed for.
        part: which list of this device it is, in order; a full one is followed by another, in a
            folder of its own.
    """

    v: _Word
    device: _Word
    url: _Word
    calls: Annotated[tuple[CarriedCall, ...], Meta(max_length=MAX_CALLS)]
    part: Annotated[int, Meta(ge=0, lt=MAX_PARTS)] = 0


class CarriedAnswer(Message, frozen=True, forbid_unknown_fields=True):
    """What the central side answered to one call that asked for something.

    A call that brought an envelope for which no receipt speaks is answered too; its ``etag`` is
    then the SHA-256 of what it brought.
    """

    path: _Path
    etag: _Word
    status: int
    body: _Bytes
    version: _Word = ""


class Answers(Message, frozen=True, forbid_unknown_fields=True):
    """Every answer to one device."""

    v: _Word
    device: _Word
    answers: Annotated[tuple[CarriedAnswer, ...], Meta(max_length=MAX_CALLS)]


class _Signed(Message, frozen=True, forbid_unknown_fields=True):
    note: Annotated[str, Meta(max_length=16_384)]
    answers: _Bytes


@dataclass(frozen=True, slots=True)
class Collector:
    """The collector whose word counts: name of its log, raw key of it."""

    origin: str
    log_public: bytes


def folder_names(device_id: DeviceId) -> tuple[str, ...]:
    """Names that a device's folder may have; the next one where another device has the first."""
    return _names(sha256(device_id.encode()))


def file_names(digest: bytes) -> tuple[str, ...]:
    """Names that a body of this SHA-256 may have."""
    return tuple(name + ENDING for name in _names(digest))


def _names(digest: bytes) -> tuple[str, ...]:
    text = digest.hex().upper()
    return tuple(text[i : i + _NAME_DIGITS] for i in range(0, len(text), _NAME_DIGITS))


def sign_manifest(manifest: Manifest, key: SigningKey) -> bytes:
    """The list as it lies on the medium."""
    return sign_compact(canonical_json(msgspec.to_builtins(manifest)), key, TYP).encode("ascii")


def claimed_device(token: bytes) -> DeviceId:
    """Whose list this says it is; nothing of it is verified. Raises CourierDamagedError."""
    return DeviceId(_claimed(token).device)


def claimed_part(token: bytes) -> tuple[str, int]:
    """Whose list, and which, this says it is; unverified. Raises CourierDamagedError."""
    claimed = _claimed(token)
    return claimed.device, claimed.part


def _claimed(token: bytes) -> Manifest:
    try:
        payload = unb64u(token.decode("ascii").split(".")[1])
        return msgspec.convert(parse_json(payload, MAX_LIST_BYTES), Manifest)
    except (ValueError, IndexError, msgspec.ValidationError) as exc:
        raise CourierDamagedError("list") from exc


def open_manifest(token: bytes, device_id: DeviceId, public: bytes) -> Manifest:
    """The list of a device whose key is known.

    Raises:
        CourierDamagedError: torn, altered, of another device, or of a form that this is not.
    """
    try:
        keys = {key_id_of(public): public}
        payload, _ = verify_compact(token.decode("ascii"), keys, TYP, MAX_LIST_BYTES * 2)
        manifest = msgspec.convert(parse_json(payload, MAX_LIST_BYTES), Manifest)
    except (SignatureInvalidError, ValueError, msgspec.ValidationError) as exc:
        raise CourierDamagedError("list") from exc
    if manifest.v != PROFILE or manifest.device != device_id:
        raise CourierDamagedError("list")
    return manifest


def _answers_text(device: str, answers: bytes, origin: str) -> str:
    return f"{origin}/courier\n{device}\n{b64u(sha256(answers))}\n"


def sign_answers(
    answers: Answers, origin: str, key: SigningKey, former: Sequence[SigningKey] = ()
) -> bytes:
    """Answers as they lie on the medium, under a note of the collector's log.

    Former: keys before, which alone a device knows that hears by sticks only: the policy that names
    the key of now is among the answers.
    """
    data = canonical_json(msgspec.to_builtins(answers))
    text = _answers_text(answers.device, data, origin)
    note = sign_note(text, origin, key)
    note += "".join(signature_line(text, origin, one) for one in former)
    return canonical_json({"note": note, "answers": data.decode("utf-8")})


def open_answers(data: bytes, device_id: DeviceId, collector: Collector) -> Answers:
    """Answers to this device.

    Raises:
        CourierDamagedError: torn, altered, to another device, or by nobody that counts.
    """
    try:
        signed = msgspec.convert(parse_json(data, MAX_ANSWERS_BYTES), _Signed)
        text = verify_note(signed.note, collector.origin, collector.log_public)
        inner = signed.answers.encode("utf-8")
        if text != _answers_text(device_id, inner, collector.origin):
            raise CourierDamagedError("answers to another")
        answers = msgspec.convert(parse_json(inner, MAX_ANSWERS_BYTES), Answers)
    except (SignatureInvalidError, ValueError, msgspec.ValidationError) as exc:
        raise CourierDamagedError("answers") from exc
    if answers.v != PROFILE or answers.device != device_id:
        raise CourierDamagedError("answers")
    return answers
