"""What a log submits: the old size, a consistency proof, and a checkpoint that it signed.

Rules, in order: bounded; ``old <size>`` in decimal without leading zeroes; at most 63 proof lines,
one hash each in the one base64 that it has; an empty line; a checkpoint of at least three lines.
The lines after the third are the log's own: they are cosigned as they stand, and mean nothing here.
Source: C2SP ``tlog-witness`` (``add-checkpoint``), ``tlog-checkpoint``.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from kiosk.crypto.cosignatures import split_note
from kiosk.domain.errors import SignatureInvalidError

MAX_BYTES = 72 * 1024
MAX_PROOF_LINES = 63
MAX_SIZE = 2**63 - 1
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_HASH_BYTES = 32
_HASH_CHARS = 44
_FIRST_LINES = 3


class SubmissionError(Exception):
    """What was submitted is not of the form (400)."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One ``add-checkpoint``, its signatures not verified yet.

    Attributes:
        old_size: size of the tree that the proof begins at.
        proof: hashes of 32 bytes.
        origin: name of the log.
        size: leaves of the new tree.
        root: its root, 32 bytes.
        body: text of the note: what the log signed, and what a witness cosigns.
        note: body and signatures.
    """

    old_size: int
    proof: tuple[bytes, ...]
    origin: str
    size: int
    root: bytes
    body: str
    note: str


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > MAX_SIZE:
        raise SubmissionError("number")
    return int(text)


def _hash(text: str) -> bytes:
    if len(text) != _HASH_CHARS:
        raise SubmissionError("hash")
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as exc:
        raise SubmissionError("hash") from exc
    if len(raw) != _HASH_BYTES or base64.b64encode(raw).decode() != text:
        raise SubmissionError("hash")
    return raw


def parse_submission(data: bytes) -> Submission:
    """A submission from untrusted bytes. Raises SubmissionError."""
    if len(data) > MAX_BYTES:
        raise SubmissionError("too long")
    try:
        text = data.decode()
    except UnicodeDecodeError as exc:
        raise SubmissionError("not UTF-8") from exc
    head, separator, note = text.partition("\n\n")
    first, *proof_lines = head.split("\n")
    word, _, number = first.partition(" ")
    if not separator or word != "old" or len(proof_lines) > MAX_PROOF_LINES:
        raise SubmissionError("form")
    old_size, proof = _number(number), tuple(_hash(line) for line in proof_lines)
    try:
        body, _ = split_note(note)
    except SignatureInvalidError as exc:
        raise SubmissionError("not a note") from exc
    lines = body[:-1].split("\n")
    if len(lines) < _FIRST_LINES or not all(lines):
        raise SubmissionError("not a checkpoint")
    size, root = _number(lines[1]), _hash(lines[2])
    return Submission(old_size, proof, lines[0], size, root, body, note)


def submission_of(old_size: int, proof: tuple[bytes, ...], note: str) -> bytes:
    """The bytes of a submission."""
    lines = [f"old {old_size}", *(base64.b64encode(step).decode() for step in proof), "", note]
    return "\n".join(lines).encode()
