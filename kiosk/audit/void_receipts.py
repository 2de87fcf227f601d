"""How a receipt that became void is told in a journal entry of at most 2 KiB.

The proof is one run of hashes; of the note, the three lines stand in the facts of the loss already,
and the signature of the log alone is added. What witnesses said beside it is left out, and so is
what is longer than a sound central side ever says: an entry that does not fit would keep the device
from going on.
"""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.audit.checkpoint import Checkpoint
from kiosk.crypto.digests import b64u, unb64u

HASH_BYTES = 32
MOST_STEPS = 28
"""More leaves than this proof spans (2^28) do not fit an entry: it is left out then."""

_LONGEST_WORD = 64
_SIGNATURE_CHARS = 92
"""Of a key's four bytes and an Ed25519 signature, in base64."""


def fitting(word: str) -> str:
    """A word of the receipt; ``""`` where it is too long."""
    return word if len(word) <= _LONGEST_WORD else ""


def packed(proof: Sequence[str]) -> str:
    """An inclusion proof as one word; ``""`` where it is too long.

    Args:
        proof: hashes in base64url, as a receipt holds them.
    """
    return b64u(b"".join(map(unb64u, proof))) if len(proof) <= MOST_STEPS else ""


def proof_of(word: str) -> tuple[bytes, ...]:
    """Inverse of :func:`packed`: hashes of 32 bytes. Raises ValueError."""
    run = unb64u(word)
    if len(run) % HASH_BYTES:
        raise ValueError("proof")
    return tuple(run[at : at + HASH_BYTES] for at in range(0, len(run), HASH_BYTES))


def signature_in(note: str, origin: str) -> str:
    """The log's own signature in a note, standard base64; ``""`` where there is none."""
    mine = f"\u2014 {origin} "
    lines = note.rpartition("\n\n")[2].splitlines()
    signed = (line.removeprefix(mine) for line in lines if line.startswith(mine))
    return next((one for one in signed if len(one) == _SIGNATURE_CHARS), "")


def note_of(state: Checkpoint, signature: str) -> str:
    """The note again. Whether the signature holds is for the reader to verify."""
    return f"{state.text()}\n\u2014 {state.origin} {signature}\n"
