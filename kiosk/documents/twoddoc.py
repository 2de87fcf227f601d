"""2D-Doc, the visible seal of French documents: text form of versions 02, 03 and 04.

Rules, in order:

1. A seal is header, message, US, signature; version 04 may add an annex that nothing signs.
2. What is signed is everything before US, a trailing GS included.
3. Fields are taken apart by the table of :mod:`kiosk.documents.twoddoc_fields`; for other types of
   document the signature can be verified and the message is left whole.
4. The binary form and version 01 are recognised and named, not decoded.
5. A verdict needs a trust list. A test certificate never makes a seal valid; a good signature under
   a list that is too old is not valid either: a revocation may have been missed.

Source: ANTS, *Spécifications techniques des codes à barres 2D-Doc* 3.1.3; AFNOR XP Z42-101.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from kiosk.crypto.signing import EcKey, verify_ecdsa
from kiosk.documents.twoddoc_fields import FIELDS, INTERPRETED_TYPES, UNBOUNDED, FieldForm
from kiosk.domain.errors import SealFormatError

GS: Final = "\x1d"
RS: Final = "\x1e"
US: Final = "\x1f"
MAX_CHARACTERS: Final = 4096
TEST_AUTHORITY: Final = "FR00"
_EPOCH: Final = date(2000, 1, 1)
_NO_DATE: Final = "FFFF"
_CLOCK_OFF: Final = timedelta(days=1)
"""A clock may be that wrong; a seal of a later day is none."""
_HEADER: Final = re.compile(
    r"DC(?P<version>0[234])(?P<ca>[A-Z0-9]{4})(?P<certificate>[A-Z0-9]{4})"
    r"(?P<issued>[0-9A-F]{4})(?P<signed>[0-9A-F]{4})(?P<type>[A-Z0-9]{2})"
)
_PERIMETER: Final = re.compile(r"[A-Z0-9]{2}")
_HEADER_WIDTHS: Final = {"02": 22, "03": 24, "04": 26}
# r and s of ECDSA in Base32 without padding: P-256, P-384.
_SIGNATURE: Final = re.compile(r"[A-Z2-7]{154}|[A-Z2-7]{103}")


class SealVerdict(StrEnum):
    """What the signature of a seal is worth here and today."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN_CERTIFICATE = "unknown-certificate"
    LIST_TOO_OLD = "list-too-old"
    TEST_CERTIFICATE = "test-certificate"


@dataclass(frozen=True, slots=True)
class SealField:
    """One field of the message; ``truncated`` when the issuer marked the value as cut."""

    field_id: str
    value: str
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal as read. Nothing in it is verified until :func:`verify` says so.

    Attributes:
        version: ``02``, ``03`` or ``04``.
        ca_id: certification authority (``FR03``).
        certificate_id: certificate of the signer, unique with its authority.
        issued: day of issue of the document, None when absent.
        signed: day of signature, None when absent.
        document_type: two characters (``07`` proof of identity, ``08`` MRZ ...).
        perimeter: ``01`` for ANTS; ``""`` in version 02.
        country: ``FR``; ``""`` before version 04.
        fields: the message taken apart; empty for types that this program does not interpret.
        message: the whole text that is signed.
        signature: ``r || s``.
        annex: text after the signature that NOTHING signs; never to be shown as verified.
    """

    version: str
    ca_id: str
    certificate_id: str
    issued: date | None
    signed: date | None
    document_type: str
    perimeter: str
    country: str
    fields: tuple[SealField, ...]
    message: str
    signature: bytes
    annex: str = ""

    def get(self, field_id: str) -> str | None:
        """Value of the first field with this id, or None."""
        return next((f.value for f in self.fields if f.field_id == field_id), None)


# --- reading --------------------------------------------------------------------------------------


def is_binary(data: bytes) -> bool:
    """Whether ``data`` is the binary form of 2D-Doc, which this program does not decode."""
    return data[:2] == b"\xdc\x04"


def looks_like(text: str) -> bool:
    """Whether ``text`` presents itself as a 2D-Doc of any version (nothing else is checked)."""
    return re.match(r"DC0[1-4][A-Z0-9]{8}", text) is not None


def parse(data: str | bytes) -> Seal:
    """Take a seal apart.

    Raises:
        SealFormatError: not a 2D-Doc in text form of version 02, 03 or 04, or a broken one.
    """
    text = _text_of(data)
    header = _HEADER.match(text)
    message, separator, rest = text.partition(US)
    width = _HEADER_WIDTHS[header["version"]] if header else 0
    if header is None or not separator or len(message) < width:
        raise SealFormatError("header")
    signature = _SIGNATURE.match(rest)
    if signature is None:
        raise SealFormatError("signature")
    annex = rest[signature.end() :]
    if annex and (header["version"] != "04" or not annex.startswith(GS)):
        raise SealFormatError("annex")
    perimeter, country = message[22:24][: width - 22], message[24:26][: width - 24]
    if not all(_PERIMETER.fullmatch(part) for part in (perimeter, country) if part):
        raise SealFormatError("header")
    interpreted = header["type"] in INTERPRETED_TYPES and perimeter in ("", "01")
    return Seal(
        version=header["version"],
        ca_id=header["ca"],
        certificate_id=header["certificate"],
        issued=_day_of(header["issued"]),
        signed=_day_of(header["signed"]),
        document_type=header["type"],
        perimeter=perimeter,
        country=country,
        fields=_fields_of(message[width:]) if interpreted else (),
        message=message,
        signature=_unb32(signature.group()),
        annex=annex[1:],
    )


def _text_of(data: str | bytes) -> str:
    if len(data) > MAX_CHARACTERS:
        raise SealFormatError("too long")
    if isinstance(data, str):
        text = data
    elif is_binary(data):
        raise SealFormatError("binary form")
    else:
        text = data.decode("latin-1")
    if any(not " " <= c <= "~" and c not in (GS, RS, US) for c in text):
        raise SealFormatError("characters")
    if text.startswith("DC01"):
        raise SealFormatError("version 01")
    return text


def _day_of(days: str) -> date | None:
    return None if days == _NO_DATE else _EPOCH + timedelta(days=int(days, 16))


def _unb32(text: str) -> bytes:
    return base64.b32decode(text + "=" * (-len(text) % 8))


def _fields_of(message: str) -> tuple[SealField, ...]:
    fields = []
    rest = message
    while rest:
        field_id = rest[:2]
        form = FIELDS.get(field_id)
        if form is None:
            raise SealFormatError("unknown field")
        value, truncated, rest = _value_of(rest[2:], form)
        fields.append(SealField(field_id, value, truncated))
    return tuple(fields)


def _value_of(text: str, form: FieldForm) -> tuple[str, bool, str]:
    """Value of a field, whether it is marked as cut, and the text after it."""
    # A terminator within the greatest length ends the value; without one it fills that length.
    end = next((i for i, c in enumerate(text[: form.greatest]) if c in (GS, RS)), None)
    if end is None:
        end = min(len(text), form.greatest)
    if end < form.least:
        raise SealFormatError("field too short")
    mark = text[end : end + 1]
    return text[:end], mark == RS, text[end + len(mark) if mark in (GS, RS) else end :]


# --- trust ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SealCertificate:
    """Certificate of a signer of seals.

    Attributes:
        ca_id / certificate_id: as in the header of a seal.
        x / y: affine coordinates of the public key, big-endian: 32 bytes each for P-256, 48 for
            P-384.
        not_before / not_after: first and last day of validity.
        revoked: first day on which it is revoked, or None.
        test: made for tests: never makes a seal valid. Always so for authority ``FR00``.
        key_in_doubt: the key may have been in other hands before it was revoked: whoever has it
            can write any date, so no seal of this signer counts, whatever its date.
        checked_until: last day on which what is known of revocations is fresh; None: no limit
            (test certificates).
    """

    ca_id: str
    certificate_id: str
    x: bytes
    y: bytes
    not_before: date
    not_after: date
    revoked: date | None = None
    test: bool = False
    key_in_doubt: bool = False
    checked_until: date | None = None

    def __post_init__(self) -> None:
        if len(self.x) not in (32, 48) or len(self.y) != len(self.x):
            raise ValueError("a coordinate has 32 bytes (P-256) or 48 bytes (P-384)")

    @property
    def for_tests(self) -> bool:
        """Whether this certificate can only seal specimens."""
        return self.test or self.ca_id == TEST_AUTHORITY


@dataclass(frozen=True, slots=True)
class TrustList:
    """Certificates of signers of seals.

    Attributes:
        certificates: each pair of ids at most once.
        next_update: day after which the list is too old to rule out a revocation; None: no limit
            (a list of test certificates).
    """

    certificates: tuple[SealCertificate, ...] = ()
    next_update: date | None = None

    def find(self, ca_id: str, certificate_id: str) -> SealCertificate | None:
        """The certificate with these ids, or None."""
        for certificate in self.certificates:
            if (certificate.ca_id, certificate.certificate_id) == (ca_id, certificate_id):
                return certificate
        return None

    def with_tests(self, certificates: Sequence[SealCertificate]) -> "TrustList":
        """This list and the certificates that seal specimens, all marked as made for tests."""
        known = tuple(c for c in certificates if self.find(c.ca_id, c.certificate_id) is None)
        marked = tuple(replace(c, test=True) for c in known)
        return TrustList((*self.certificates, *marked), self.next_update)


def verify(seal: Seal, trust: TrustList, today: date) -> SealVerdict:
    """What the signature is worth. ``today``: date of the act, against the age of the list."""
    too_old = trust.next_update is not None and today > trust.next_update
    certificate = trust.find(seal.ca_id, seal.certificate_id)
    if certificate is None:
        return SealVerdict.LIST_TOO_OLD if too_old else SealVerdict.UNKNOWN_CERTIFICATE
    message = seal.message.encode("ascii")
    if not verify_ecdsa(certificate.x, certificate.y, message, seal.signature):
        return SealVerdict.INVALID
    if certificate.for_tests:
        return SealVerdict.TEST_CERTIFICATE
    signed = seal.signed or today
    if signed > today + _CLOCK_OFF:
        return SealVerdict.INVALID
    if not certificate.not_before <= signed <= certificate.not_after:
        return SealVerdict.INVALID
    if certificate.revoked is not None and (
        certificate.key_in_doubt or seal.signed is None or certificate.revoked <= signed
    ):
        return SealVerdict.INVALID
    until = certificate.checked_until
    if too_old or (until is not None and today > until):
        return SealVerdict.LIST_TOO_OLD
    return SealVerdict.VALID


# --- issuing (specimens) --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signer:
    """Who seals a specimen: the ids of a test certificate and its private key."""

    ca_id: str
    certificate_id: str
    key: EcKey


def issue(
    fields: Sequence[tuple[str, str]],
    signer: Signer,
    *,
    document_type: str,
    issued: date | None,
    signed: date | None,
) -> str:
    """The text of a seal in version 04, perimeter 01, country FR.

    Raises:
        ValueError: an unknown field, a value out of its bounds, or ids of a wrong form.
    """
    body = "".join(_written(field_id, value) for field_id, value in fields)
    days = _days_to(issued) + _days_to(signed)
    message = f"DC04{signer.ca_id}{signer.certificate_id}{days}{document_type}01FR{body}"
    signature = signer.key.sign_raw(message.encode("ascii"))
    text = message + US + base64.b32encode(signature).decode("ascii").rstrip("=")
    try:
        seal = parse(text)
    except SealFormatError as exc:
        raise ValueError(f"not a seal: {exc.detail}") from exc
    ids = (seal.ca_id, seal.certificate_id, seal.document_type)
    if ids != (signer.ca_id, signer.certificate_id, document_type):
        raise ValueError("ids of a wrong width")
    return text


def _written(field_id: str, value: str) -> str:
    form = FIELDS.get(field_id)
    if form is None or not form.least <= len(value) <= min(form.greatest, UNBOUNDED - 1):
        raise ValueError(f"field {field_id}")
    return field_id + value + ("" if len(value) == form.greatest else GS)


def _days_to(day: date | None) -> str:
    return _NO_DATE if day is None else f"{(day - _EPOCH).days:04X}"
