"""The second reader's opinion, one line a frame: it is slow, and the picture must stay alive.

Rules, in order:

1. An opinion is on one text: another text begins anew.
2. Each call looks at one line of the strips given, which must be strips of that text.
3. When every line was looked at, the opinion is given once; the next call begins anew.
4. A dispute names characters only where both texts have as many letters; else a letter was lost or
   doubled, and nobody knows where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.capture.opinion import Dispute, confirms, disputes
from kiosk.ports import TextReader

if TYPE_CHECKING:
    from kiosk.capture.picture import Picture


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the second reader says of a text.

    Attributes:
        agrees: it sees the same.
        disputes: characters that it sees otherwise; None where the texts cannot be laid side by
            side.
    """

    agrees: bool
    disputes: tuple[Dispute, ...] | None = ()


class Confirmation:
    """Collects the opinion on one text over several frames."""

    def __init__(self, second: TextReader | None) -> None:
        """``second``: made differently than the first; without one everything is confirmed."""
        self._second = second
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._lines: tuple[str, ...] = ()
        self._seen = 0
        self._agrees = True
        self._disputes: list[Dispute] | None = []

    def step(
        self, lines: tuple[str, ...], strips: Sequence[Picture], *, digits_hold: bool
    ) -> Opinion | None:
        """Look at one more line; the opinion once every line was looked at, else None.

        Args:
            lines: the text, top to bottom.
            strips: per line (48, 960) grey uint8, upright.
            digits_hold: every check digit of the text is right.
        """
        if self._second is None:
            return Opinion(agrees=True)
        if lines != self._lines:
            self.reset()
            self._lines = lines
        number = self._seen
        scores = self._second.recognise([strips[number]])[0]
        self._agrees &= confirms([lines[number]], [scores], digits_hold=digits_hold)
        found = disputes(number, lines[number], scores, digits_hold=digits_hold)
        if found is None or self._disputes is None:
            self._disputes = None
        else:
            self._disputes.extend(found)
        self._seen += 1
        if self._seen < len(lines):
            return None
        opinion = Opinion(self._agrees, None if self._disputes is None else tuple(self._disputes))
        self.reset()
        return opinion
