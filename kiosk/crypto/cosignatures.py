"""Cosignatures of witnesses: "this is the largest consistent tree that I have seen of this log".

Rules, in order, for a note that bears some: valid UTF-8 without control characters; a line of an
unknown name or key is ignored; a line of a known name and key must hold, or the whole note is
refused; a witness counts once, however many lines it wrote.
Source: C2SP ``tlog-cosignature`` (Ed25519, ``cosignature/v1``) and ``signed-note``.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from kiosk.crypto.digests import sha256
from kiosk.crypto.signing import SigningKey, verify
from kiosk.domain.errors import SignatureInvalidError

MAX_BYTES = 64 * 1024
MAX_TIMESTAMP = 2**63 - 1
_TYPE = b"\x04"
_NAME = re.compile(r"[^\s+]{1,128}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_STAMP = struct.Struct(">Q")
_KEY_BYTES = 32
_KEY_ID_BYTES = 4
_SIGNATURE_BYTES = _KEY_ID_BYTES + _STAMP.size + 64
_KEY_PARTS = 3


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness as others know it.

    Attributes:
        name: of its key, often an address without a scheme.
        public: raw Ed25519 key, 32 bytes.
    """

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that stand before each of its signatures."""
        return sha256(self.name.encode() + b"\n" + _TYPE + self.public)[:_KEY_ID_BYTES]

    def text(self) -> str:
        """Its verifier key: ``name+id+base64(0x04 || key)``."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_TYPE + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A cosignature that holds.

    Attributes:
        cosigner: whose.
        timestamp: when it was made as the witness says, seconds since the epoch (POSIX).
        line: the signature line, newline included.
    """

    cosigner: Cosigner
    timestamp: int
    line: str


def is_cosigner_name(name: str) -> bool:
    """Whether a witness may bear this name: no space, no plus sign, 128 characters at most."""
    return _NAME.fullmatch(name) is not None and not _CONTROL.search(name)


def parse_cosigner(text: str) -> Cosigner:
    """A witness from its verifier key. Raises ValueError."""
    parts = text.split("+", 2)
    if len(parts) != _KEY_PARTS or not is_cosigner_name(parts[0]):
        raise ValueError("not a verifier key")
    raw = base64.b64decode(parts[2], validate=True)
    if raw[:1] != _TYPE or len(raw) != 1 + _KEY_BYTES:
        raise ValueError("not the key of a witness")
    cosigner = Cosigner(parts[0], raw[1:])
    # The one spelling: key id in small letters, base64 without spare bits.
    if cosigner.text() != text:
        raise ValueError("not the key of a witness")
    return cosigner


def _message(text: str, timestamp: int) -> bytes:
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def cosign(text: str, name: str, key: SigningKey, timestamp: int) -> str:
    """A cosignature line over the body of a checkpoint.

    Args:
        text: body of the note, its final newline included.
        name: of the witness.
        key: its key, used for nothing else.
        timestamp: now, seconds since the epoch.
    """
    if not text.endswith("\n") or not is_cosigner_name(name) or not 0 <= timestamp <= MAX_TIMESTAMP:
        raise ValueError("body, name or time")
    signature = key.sign(_message(text, timestamp))
    blob = Cosigner(name, key.public).key_id + _STAMP.pack(timestamp) + signature
    return f"— {name} {base64.b64encode(blob).decode()}\n"


def split_note(note: str) -> tuple[str, tuple[tuple[str, bytes], ...]]:
    """Body of a note, and its signatures as (name, key id and signature), none of them verified.

    Raises:
        SignatureInvalidError: not a note.
    """
    text, separator, signatures = note.rpartition("\n\n")
    if len(note) > MAX_BYTES or not separator or not text or not signatures.endswith("\n"):
        raise SignatureInvalidError("not a note")
    try:
        note.encode()
    except UnicodeEncodeError as exc:
        raise SignatureInvalidError("not a note") from exc
    if _CONTROL.search(note):
        raise SignatureInvalidError("not a note")
    return f"{text}\n", tuple(_parts_of(line) for line in signatures[:-1].split("\n"))


def _parts_of(line: str) -> tuple[str, bytes]:
    """Name and blob of a signature line. Raises SignatureInvalidError."""
    mark, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if mark != "—" or not name or "+" in name:
        raise SignatureInvalidError("signature line")
    try:
        blob = base64.b64decode(encoded, validate=True)
    except ValueError as exc:
        raise SignatureInvalidError("signature line") from exc
    if len(blob) <= _KEY_ID_BYTES or base64.b64encode(blob).decode() != encoded:
        raise SignatureInvalidError("signature line")
    return name, blob


def cosignatures_of(note: str, known: Iterable[Cosigner]) -> tuple[Cosignature, ...]:
    """The cosignatures of known witnesses on a note, one a witness (its newest).

    Raises:
        SignatureInvalidError: not a note, or a line of a known witness does not hold.
    """
    text, signatures = split_note(note)
    by_key = {(cosigner.name, cosigner.key_id): cosigner for cosigner in known}
    found: dict[Cosigner, Cosignature] = {}
    for name, blob in signatures:
        cosigner = by_key.get((name, blob[:_KEY_ID_BYTES]))
        if cosigner is None:
            continue
        one = _verified(text, cosigner, blob)
        held = found.get(cosigner)
        if held is None or held.timestamp < one.timestamp:
            found[cosigner] = one
    return tuple(found.values())


def _verified(text: str, cosigner: Cosigner, blob: bytes) -> Cosignature:
    if len(blob) != _SIGNATURE_BYTES:
        raise SignatureInvalidError("cosignature")
    (timestamp,) = _STAMP.unpack_from(blob, _KEY_ID_BYTES)
    signature = blob[_KEY_ID_BYTES + _STAMP.size :]
    message = _message(text, timestamp)
    if timestamp > MAX_TIMESTAMP or not verify(cosigner.public, message, signature):
        raise SignatureInvalidError("cosignature")
    line = f"— {cosigner.name} {base64.b64encode(blob).decode()}\n"
    return Cosignature(cosigner, timestamp, line)
