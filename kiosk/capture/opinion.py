"""A second reader's opinion on a reading: two that were made differently seldom err alike.

Rules, in order:

1. Fillers do not count: the second reader may count them otherwise.
2. Look-alikes count as one where the layout settles them (a letter in a name, a digit in a date),
   because the second reader knows no layout.
3. Where the check digits are wrong, the reading accuses the document: then every character must be
   the same, look-alikes too.
4. Anything else is a contradiction. It is no verdict on who is right: the reading does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.capture.decode import ALPHABET
from kiosk.capture.picture import Scores

_SAME_LOOK = ("O0QD", "I1L", "S5", "B8", "Z2", "G6C", "T7", "A4")
_FOLDED = {c: group[0] for group in _SAME_LOOK for c in group}


def seen_text(scores: Scores) -> str:
    """Letters of (T, 38) probabilities, collapsed, without fillers."""
    best = scores.argmax(1)
    kept = [int(b) for i, b in enumerate(best) if b and (i == 0 or b != best[i - 1])]
    return "".join(ALPHABET[b - 1] for b in kept).replace("<", "")


def _fold(text: str) -> str:
    return "".join(_FOLDED.get(c, c) for c in text)


def confirms(lines: Sequence[str], second: Sequence[Scores], *, digits_hold: bool) -> bool:
    """Whether the second reader saw the same.

    Args:
        lines: the reading, top to bottom.
        second: the second reader's probabilities for the same strips.
        digits_hold: every check digit of the reading is right.
    """
    if len(lines) != len(second):
        return False
    for line, scores in zip(lines, second, strict=True):
        ours, theirs = line.replace("<", ""), seen_text(scores)
        if digits_hold:
            ours, theirs = _fold(ours), _fold(theirs)
        if ours != theirs:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Dispute:
    """A character that the second reader sees otherwise.

    Attributes:
        line: of the zone, from 0.
        position: in the line, from 0.
        seen: what the second reader sees there.
    """

    line: int
    position: int
    seen: str


def disputes(
    number: int, line: str, second: Scores, *, digits_hold: bool
) -> tuple[Dispute, ...] | None:
    """Where the second reader sees another letter; None where it counts other letters.

    Args:
        number: of the line in the zone, from 0.
        line: the reading.
        second: the second reader's probabilities for the same strip.
        digits_hold: every check digit of the reading is right: look-alikes count as one.
    """
    at = [position for position, c in enumerate(line) if c != "<"]
    theirs = seen_text(second)
    if len(at) != len(theirs):
        return None
    found = []
    for position, seen in zip(at, theirs, strict=True):
        ours = line[position]
        same = _fold(ours) == _fold(seen) if digits_hold else ours == seen
        if not same:
            found.append(Dispute(number, position, seen))
    return tuple(found)
