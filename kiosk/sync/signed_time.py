"""Time as the central side signs it: a note over the time and the asker's nonce.

The nonce makes a replayed answer worthless. Source: records-and-sync 2.8 (``GET /v1/time``).
"""

from datetime import UTC, datetime

from kiosk.crypto.notes import sign_note, verify_note
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import ProtocolError, SignatureInvalidError

_LINES = 4


def sign_time(at: datetime, nonce: str, origin: str, key: SigningKey) -> str:
    """A signed note stating ``at`` (aware) to the asker of ``nonce`` (printable, no space)."""
    if not nonce.isascii() or not nonce.isprintable() or " " in nonce:
        raise ValueError("nonce")
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return sign_note(f"{origin}/time\n{stamp}\n{nonce}\n", origin, key)


def open_time(note: str, nonce: str, origin: str, public: bytes) -> datetime:
    """The time stated by a note, aware UTC.

    Raises:
        SignatureInvalidError: not signed by the collector's log key.
        ProtocolError: signed, but not an answer to this nonce.
    """
    lines = verify_note(note, origin, public).split("\n")
    if len(lines) != _LINES or lines[0] != f"{origin}/time" or lines[2] != nonce:
        raise ProtocolError("time note")
    try:
        at = datetime.fromisoformat(lines[1])
    except ValueError as exc:
        raise ProtocolError("time note") from exc
    if at.tzinfo is None:
        raise SignatureInvalidError("time without zone")
    return at.astimezone(UTC)
