"""Addresses of a customer: the form that one must have before a code is sent to it.

Rules for e-mail, in order: spaces around are stripped and the domain is put in lower case; the part
before the ``@`` keeps its case; only what every mail server carries is taken (dot-atom and host
name in ASCII, at least two labels, a last label that is no number). Whether the address exists is
shown by the code alone.
Source: RFC 5321, 4.1.2 and 4.5.3.1 (lengths); RFC 5322, 3.2.3 (dot-atom); RFC 1123, 2.1 (labels).
"""

import re
from typing import Final

from kiosk.domain.errors import ContactAddressError

_MAX_LOCAL: Final = 64
_MAX_ADDRESS: Final = 254
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z]){_LABEL}")
_E164: Final = re.compile(r"\+[1-9][0-9]{7,14}")
_NOISE: Final = re.compile(r"[\s.\-/()]+")
_NATIONAL_LENGTH: Final = 10
# Longest prefixes first. 0639 98 is kept for fiction, outside Mayotte's 0639 (Arcep decision
# 2018-0881); 0700 and 0708 to 0709 are cut out of 07.
_PLAN: Final = (
    (("063998",), 33),
    (("0690", "0691", "07090"), 590),
    (("0694", "070930", "070931", "070932", "070933"), 594),
    (("0696", "0697", "07091"), 596),
    (("0692", "0693", "07092", "0639", "070935", "070936", "070937"), 262),
    (("07084", "07085"), 508),
    (("06", "073", "074", "075", "076", "077", "078", "079"), 33),
)


def email_address(typed: str) -> str:
    """The address to send to.

    Raises:
        ContactAddressError: no mail server would take it as it is.
    """
    local, at, domain = typed.strip().rpartition("@")
    domain = domain.lower()
    if not at or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise ContactAddressError("email")
    if len(local) > _MAX_LOCAL or len(local) + 1 + len(domain) > _MAX_ADDRESS:
        raise ContactAddressError("email length")
    return f"{local}@{domain}"


def is_e164(number: str) -> bool:
    """Whether a number is written as ITU-T E.164 does: ``+`` and 8 to 15 digits."""
    return _E164.fullmatch(number) is not None


def mobile_number(typed: str) -> str:
    """The number in E.164, by the prefixes of the French plan.

    Overseas prefixes are mapped to their own country code first: read as a number of +33, an
    overseas mobile does not exist.

    Source: domain.md 7.1.

    Raises:
        ContactAddressError: no mobile number of the French plan, and not written with ``+``.
    """
    digits = _NOISE.sub("", typed.strip())
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if digits.startswith("+330"):  # +33 (0)6: the 0 is no part of the number
        digits = f"+33{digits[4:]}"
    national = f"0{digits[3:]}" if digits.startswith("+33") else digits
    if national.startswith("0"):
        digits = _international(national)
    if not is_e164(digits):
        raise ContactAddressError("mobile")
    return digits


def spaced(number: str) -> str:
    """An E.164 number in groups, as it is read aloud: ``+33 6 39 98 00 00``."""
    for code in sorted({str(code) for _, code in _PLAN}, key=len, reverse=True):
        rest = number.removeprefix(f"+{code}")
        if rest != number:
            head = len(rest) % 2 or (3 if len(rest) > _NATIONAL_LENGTH - 1 else 2)
            groups = [rest[:head], *(rest[i : i + 2] for i in range(head, len(rest), 2))]
            return " ".join([f"+{code}", *groups])
    return number


def _international(national: str) -> str:
    if not (national.isascii() and national.isdecimal() and len(national) == _NATIONAL_LENGTH):
        raise ContactAddressError("mobile")
    for prefixes, code in _PLAN:
        if national.startswith(prefixes):
            return f"+{code}{national[1:]}"
    raise ContactAddressError("mobile prefix")
