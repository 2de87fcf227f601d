"""SHA-256 and the base64url of JOSE (RFC 7515, section 2: no padding)."""

import base64
import binascii
import hashlib


def sha256(data: bytes) -> bytes:
    """SHA-256 of ``data``, 32 bytes."""
    return hashlib.sha256(data).digest()


def b64u(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64u(text: str) -> bytes:
    """Inverse of :func:`b64u`; refuses padding, foreign characters and non-canonical endings.

    Raises:
        ValueError: the text is not the one canonical encoding of any bytes.
    """
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as exc:
        raise ValueError("not base64url") from exc
    if b64u(raw) != text:
        raise ValueError("not canonical base64url")
    return raw
