"""E-mail addresses: the form that an address must have before a code is sent to it.

Rules, in order: spaces around are stripped and the domain is put in lower case; the part before the
``@`` keeps its case; only what every mail server carries is taken (dot-atom and host name in
ASCII, at least two labels, a last label that is no number). Whether the address exists is shown by
the code alone.
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
