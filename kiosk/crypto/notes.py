"""C2SP signed notes, the form of checkpoints and of signed time.

Source: C2SP ``signed-note``: text ending in a newline, an empty line, then lines
``— <name> base64(key hash (4 bytes) || signature)``. Key hash: first four bytes of
SHA-256(name || 0x0A || 0x01 || public key) for Ed25519.
"""

import base64
import re

from kiosk.crypto.digests import sha256
from kiosk.crypto.signing import SigningKey, verify
from kiosk.domain.errors import SignatureInvalidError

_ED25519 = b"\x01"
_NAME = re.compile(r"[^\s+]{1,255}")
MAX_BYTES = 64 * 1024


def _key_hash(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public)[:4]


def verifier_key(name: str, public: bytes) -> str:
    """The public half as people exchange it: ``name+hash+base64(0x01 || key)``."""
    if not _NAME.fullmatch(name):
        raise ValueError("a note name has no space and no plus sign")
    encoded = base64.b64encode(_ED25519 + public).decode()
    return f"{name}+{_key_hash(name, public).hex()}+{encoded}"


def parse_verifier_key(text: str) -> tuple[str, bytes]:
    """Name and raw public key. Raises ValueError."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise ValueError("three parts")
    raw = base64.b64decode(parts[2], validate=True)
    public = raw[1:]
    if raw[:1] != _ED25519 or len(public) != 32 or _key_hash(parts[0], public).hex() != parts[1]:
        raise ValueError("not an Ed25519 verifier key")
    return parts[0], public


def signature_line(text: str, name: str, key: SigningKey) -> str:
    """One signature line over ``text`` (which ends in a newline)."""
    blob = _key_hash(name, key.public) + key.sign(text.encode())
    return f"— {name} {base64.b64encode(blob).decode()}\n"


def sign_note(text: str, name: str, key: SigningKey) -> str:
    """The note: text, empty line, one signature. ``text`` must end in a newline."""
    if not text.endswith("\n") or not _NAME.fullmatch(name):
        raise ValueError("text ends in a newline, names have no space")
    return f"{text}\n{signature_line(text, name, key)}"


def verify_note(note: str, name: str, public: bytes) -> str:
    """The text of a note that ``public`` signed under ``name``; other signatures are ignored.

    Raises:
        SignatureInvalidError: no valid signature of that name and key.
    """
    text, separator, signatures = note.rpartition("\n\n")
    if len(note) > MAX_BYTES or not separator or not signatures.endswith("\n"):
        raise SignatureInvalidError("not a note")
    text += "\n"
    for line in signatures.splitlines():
        mark, _, rest = line.partition(" ")
        signer, _, encoded = rest.partition(" ")
        if mark != "—":
            raise SignatureInvalidError("signature line")
        if signer != name:
            continue
        try:
            # ValueError: not base64, not even ASCII, or a text with a lone surrogate.
            blob, message = base64.b64decode(encoded, validate=True), text.encode()
        except ValueError as exc:
            raise SignatureInvalidError("signature line") from exc
        if blob[:4] == _key_hash(name, public) and verify(public, message, blob[4:]):
            return text
    raise SignatureInvalidError("no valid signature")
