"""The second reader's opinion, one line a frame: it is slow, and the picture must stay alive.

Rules, in order:

1. An opinion is on one text: another text begins anew.
2. Each call looks at one line of the strips given, which must be strips of that text.
3. A line that was seen the same once is confirmed; the others are looked at again in later frames,
   because a second reader needs a good frame more than the first.
4. An opinion is given when every line is confirmed, and after each round over those that are not.
5. A dispute names characters only where both texts have as many letters; else a letter was lost or
   doubled, and nobody knows where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.capture.opinion import Dispute, confirms_line, disputes
from kiosk.capture.zone_lines import unstretched
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
        self._open: list[int] = []
        self._at = 0
        self._disputes: list[Dispute] | None = []

    def step(
        self, lines: tuple[str, ...], strips: Sequence[Picture], *, digits_hold: bool
    ) -> Opinion | None:
        """Look at one more line; the opinion once every open line was looked at, else None.

        Args:
            lines: the text, top to bottom.
            strips: per line (48, 960) grey uint8, upright.
            digits_hold: every check digit of the text is right.
        """
        if self._second is None:
            return Opinion(agrees=True)
        if lines != self._lines:
            self.reset()
            self._lines, self._open = lines, list(range(len(lines)))
        number = self._open[self._at]
        strip = unstretched(strips[number], len(lines))
        scores = self._second.recognise([strip])[0]
        if confirms_line(lines, number, scores, digits_hold=digits_hold):
            del self._open[self._at]
        else:
            self._at += 1
            found = disputes(lines, number, scores, digits_hold=digits_hold)
            if found is None or self._disputes is None:
                self._disputes = None
            else:
                self._disputes.extend(found)
        if not self._open:
            self.reset()
            return Opinion(agrees=True)
        if self._at < len(self._open):
            return None
        seen = self._disputes
        self._at, self._disputes = 0, []
        return Opinion(agrees=False, disputes=None if seen is None else tuple(seen))
