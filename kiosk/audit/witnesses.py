"""Witnesses: second parties without whose word a state of the collector's log does not count.

Rules, in order: which witnesses count, and how many of them, is the policy's word; a witness counts
once; a quorum of none is met by every checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.crypto.cosignatures import Cosignature, Cosigner, cosignatures_of
from kiosk.domain.errors import SignatureInvalidError


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many of which witnesses must have cosigned.

    Attributes:
        cosigners: those that count.
        needed: how many of them; 0 none.
    """

    cosigners: tuple[Cosigner, ...] = ()
    needed: int = 0

    def cosigned(self, note: str) -> tuple[Cosignature, ...]:
        """Cosignatures of these witnesses on a note.

        Raises:
            SignatureInvalidError: not a note, or one of them does not hold.
        """
        return cosignatures_of(note, self.cosigners)

    def met_by(self, note: str) -> bool:
        """Whether enough of these witnesses cosigned this note."""
        if self.needed == 0:
            return True
        try:
            return len(self.cosigned(note)) >= self.needed
        except SignatureInvalidError:
            return False


NO_QUORUM = Quorum()
