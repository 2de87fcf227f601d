"""Any scanned code, named: one of our requests, a 2D-Doc, a postal item, or somebody else's code.

Rules, in order: size first; then bytes that are no text; then our own forms; all the rest is
foreign. A foreign code is named where its form is well known and is NEVER opened, called, joined or
interpreted. Seals that this program cannot verify are named by what is public of their form, so
that the agent can be told where to have them checked; none of them stands for a document.

Sources: UPU S10 (item identifiers); ICAO Doc 9303-13 (visible digital seals) and VDS-NC; ISO 22376;
ISO/IEC 18013-5 and OpenID for Verifiable Presentations (documents on a telephone).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kiosk.crypto.canonical import parse_json
from kiosk.documents import requests, twoddoc
from kiosk.domain.evidence import Check, Verdict

MAX_BYTES: Final = 8192
_PREVIEW: Final = 80
_S10: Final = re.compile(r"[A-Z]{2}(\d{8})(\d)[A-Z]{2}", re.ASCII)
_S10_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)
# Item numbers of La Poste that have no public check digit: one digit, one letter (1A, 2C, 3C, 6A,
# 8J ...) and eleven digits; some products add up to two. [GK]: not from a published standard.
_FRENCH_ITEM: Final = re.compile(r"\d[A-Z]\d{11,13}", re.ASCII)
_FOREIGN: Final = (
    # An address says nothing of who wrote it: the name tells where the proof is to be checked.
    (
        "france-identite",
        re.compile(r"https://([a-z0-9-]+\.)*france-identite\.gouv\.fr([/?#]|$)", re.IGNORECASE),
    ),
    (
        "wallet",
        re.compile(r"mdoc:|(eudi-|mdoc-)?openid4vp://|haip(-vp)?://", re.IGNORECASE),
    ),
    ("licence-abroad", re.compile(r"@\s*(ANSI|AAMVA) ?\d")),
    ("web-address", re.compile(r"(https?|ftp)://|www\.", re.IGNORECASE)),
    ("health-certificate", re.compile(r"HC1:")),
    ("wifi", re.compile(r"WIFI:", re.IGNORECASE)),
    ("one-time-password", re.compile(r"otpauth(-migration)?:", re.IGNORECASE)),
    ("contact", re.compile(r"BEGIN:VCARD|MECARD:", re.IGNORECASE)),
    ("calendar", re.compile(r"BEGIN:(VEVENT|VCALENDAR)", re.IGNORECASE)),
    ("message", re.compile(r"(mailto|matmsg|sms|smsto|tel|geo):", re.IGNORECASE)),
    ("payment", re.compile(r"BCD\n|SPC\n|bitcoin:|ethereum:", re.IGNORECASE)),
    ("token", re.compile(r"eyJ[\w-]+\.[\w-]+\.")),
)


SEAL_DETAILS: Final = frozenset(
    {"visible-seal", "vds-nc", "france-identite", "health-certificate", "wallet", "licence-abroad"}
)
"""Details of foreign codes that bear witness to something, but not here."""


class PayloadKind(StrEnum):
    """What a scanned code is."""

    REQUEST = "request"
    SEAL = "2d-doc"
    ITEM_NUMBER = "item-number"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Payload:
    """A scanned code, classified.

    Attributes:
        kind: what it is.
        detail: nearer name: ``text`` or ``binary`` for a 2D-Doc, ``s10`` or ``french`` for an item
            number; for a foreign code one of ``too-long``, ``binary``, ``control-characters``,
            ``empty``, ``other``, a seal (``SEAL_DETAILS``), or the well-known form.
        text: the text for the parser of this kind, white space trimmed; ``""`` for foreign codes.
        preview: at most 80 printable characters for the screen, for foreign codes only.
        checks: what could be checked from the code alone.
    """

    kind: PayloadKind
    detail: str
    text: str = ""
    preview: str = ""
    checks: tuple[Check, ...] = ()


def classify(payload: bytes) -> Payload:
    """Name a scanned code. Never raises: every input has an answer."""
    if len(payload) > MAX_BYTES:
        return _foreign("too-long", "")
    if twoddoc.is_binary(payload):
        return Payload(PayloadKind.SEAL, "binary")
    if payload[:1] == b"\xdc":
        # The magic byte of other visible digital seals (ICAO Doc 9303-13, ISO 22376).
        return _foreign("visible-seal", "")
    try:
        text = payload.decode("utf-8").strip()
    except UnicodeDecodeError:
        return _foreign("binary", "")
    if not text:
        return _foreign("empty", "")
    if twoddoc.looks_like(text):
        # A trailing GS belongs to what is signed: spaces only were trimmed, not separators.
        return Payload(PayloadKind.SEAL, "text", text=payload.decode("utf-8").strip(" \r\n\t"))
    if requests.peek(text):
        return Payload(PayloadKind.REQUEST, "", text=text)
    return _item_number(text) or _foreign(_foreign_form(text), text)


def _is_vds_nc(text: str) -> bool:
    """Whether ``text`` is a seal of the unconstrained kind: ``data`` with a header, and ``sig``."""
    if not text.startswith("{") or '"sig"' not in text:
        return False
    try:
        value = parse_json(text.encode("utf-8"), MAX_BYTES)
    except ValueError:
        return False
    data, signature = (value.get("data"), value.get("sig")) if isinstance(value, dict) else (0, 0)
    return (
        isinstance(data, dict) and isinstance(data.get("hdr"), dict) and isinstance(signature, dict)
    )


def _item_number(text: str) -> Payload | None:
    number = re.sub(r"[ \u00a0]", "", text).upper()
    match = _S10.fullmatch(number)
    if match is not None:
        right = s10_check_digit(match[1]) == match[2]
        check = Check("item.check_digit", Verdict.PASS if right else Verdict.FAIL)
        return Payload(PayloadKind.ITEM_NUMBER, "s10", text=number, checks=(check,))
    if _FRENCH_ITEM.fullmatch(number):
        check = Check("item.check_digit", Verdict.NOT_DONE, "none-public")
        return Payload(PayloadKind.ITEM_NUMBER, "french", text=number, checks=(check,))
    return None


def s10_check_digit(serial: str) -> str:
    """Check digit of the eight digits of a UPU S10 identifier.

    Raises:
        ValueError: not eight digits.
    """
    if not re.fullmatch(r"\d{8}", serial, re.ASCII):
        raise ValueError("a serial number has eight digits")
    total = sum(int(d) * w for d, w in zip(serial, _S10_WEIGHTS, strict=True))
    digit = 11 - total % 11
    return str({10: 0, 11: 5}.get(digit, digit))


def _foreign_form(text: str) -> str:
    if _is_vds_nc(text):
        return "vds-nc"
    if any(not c.isprintable() and c not in "\r\n\t" for c in text):
        return "control-characters"
    return next((name for name, form in _FOREIGN if form.match(text)), "other")


def _foreign(detail: str, text: str) -> Payload:
    preview = "".join(c if c.isprintable() else "\ufffd" for c in text[:_PREVIEW])
    return Payload(PayloadKind.FOREIGN, detail, preview=preview)
