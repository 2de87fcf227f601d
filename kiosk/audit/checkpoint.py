"""Checkpoints: a signed statement of a tree's size and root (C2SP ``tlog-checkpoint``)."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from kiosk.crypto.notes import sign_note, verify_note
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SignatureInvalidError

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SLIP_LENGTH = 8
_SIZE_DIGITS = 19
"""No log has more leaves than a number of 64 bits counts."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """State of one log.

    Attributes:
        origin: unique name of the log, also the name of its key.
        size: number of leaves.
        root: 32 bytes.
    """

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse(text: str) -> Checkpoint:
    """Inverse of :meth:`Checkpoint.text`. Raises SignatureInvalidError."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[1].isascii() or not lines[1].isdecimal():
        raise SignatureInvalidError("checkpoint form")
    if len(lines[1]) > _SIZE_DIGITS:
        raise SignatureInvalidError("checkpoint size")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except ValueError as exc:
        raise SignatureInvalidError("checkpoint root") from exc
    checkpoint = Checkpoint(lines[0], int(lines[1]), root)
    if len(root) != 32 or checkpoint.text() != text:
        raise SignatureInvalidError("checkpoint form")
    return checkpoint


def sign(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The checkpoint as a signed note under its origin."""
    return sign_note(checkpoint.text(), checkpoint.origin, key)


def open_note(note: str, origin: str, public: bytes) -> Checkpoint:
    """The checkpoint of a note signed by ``public`` for the log ``origin``.

    Raises:
        SignatureInvalidError: other log, other key, altered.
    """
    checkpoint = parse(verify_note(note, origin, public))
    if checkpoint.origin != origin:
        raise SignatureInvalidError("origin")
    return checkpoint


def slip_code(root: bytes) -> str:
    """Eight characters of a root for the client's slip: 40 bits in Crockford's base 32.

    A slip kept by the client anchors the journal outside the device: a rolled-back history cannot
    show the same code again.
    """
    number = int.from_bytes(root[:5], "big")
    return "".join(
        _CROCKFORD[number >> 5 * (_SLIP_LENGTH - 1 - i) & 31] for i in range(_SLIP_LENGTH)
    )
