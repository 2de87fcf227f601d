"""Several frames agree before a reading counts.

Rules, in order:

1. Only readings that fit a layout vote; two readings are the same only when every character is.
2. A whole reading (every check digit right, nothing doubtful) is accepted at the second frame that
   agrees, unless another whole reading was seen too: then it needs three frames more than that.
3. Characters that one frame finds doubtful may be settled by the mean of the frames that agree on
   the text: then three are needed.
4. A reading whose check digits are wrong although every frame agrees and nothing is doubtful is
   handed over after five frames, as what it is: the document, not the reader, is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kiosk.capture.decode import ALPHABET, ZoneReading
from kiosk.capture.picture import Scores
from kiosk.documents.check_digits import blind_twins
from kiosk.documents.layouts import LAYOUTS, allowed

_AGREE, _AGREE_DOUBTFUL, _AGREE_FAILING = 2, 3, 5
_LEAD = 3
_CLEAR, _TWIN_LIMIT = 0.80, 0.12
_MAX_KEPT = 24


@dataclass(frozen=True, slots=True)
class Ballot:
    """One frame's reading and whether its check digits hold."""

    reading: ZoneReading
    digits_hold: bool
    sharpness: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the frames agree on.

    Attributes:
        lines: the text.
        frames: how many frames gave it.
        digits_hold: every check digit is right.
        sharpness: best of those frames.
    """

    lines: tuple[str, ...]
    frames: int
    digits_hold: bool
    sharpness: float


class Vote:
    """Collects ballots until they agree."""

    def __init__(self) -> None:
        self._ballots: list[Ballot] = []

    def clear(self) -> None:
        """Forget everything: another document, another side."""
        self._ballots.clear()

    def add(self, ballot: Ballot) -> Verdict | None:
        """Take one frame's reading; the agreed one, or None as long as there is none."""
        self._ballots.append(ballot)
        del self._ballots[:-_MAX_KEPT]
        same = [b for b in self._ballots if b.reading.lines == ballot.reading.lines]
        rivals: dict[tuple[str, ...], int] = {}
        for other in self._ballots:
            if other.reading.lines != ballot.reading.lines and other.digits_hold:
                rivals[other.reading.lines] = rivals.get(other.reading.lines, 0) + 1
        needed = self._needed(same, ballot)
        if needed is None or len(same) < needed:
            return None
        if rivals and len(same) < max(rivals.values()) + _LEAD:
            return None
        best = max(b.sharpness for b in same)
        return Verdict(ballot.reading.lines, len(same), ballot.digits_hold, best)

    def _needed(self, same: Sequence[Ballot], ballot: Ballot) -> int | None:
        clear = any(not b.reading.doubts for b in same)
        if not ballot.digits_hold:
            whole = [b for b in same if not b.reading.doubts]
            return _AGREE_FAILING if len(whole) >= _AGREE_FAILING else None
        if clear and sum(not b.reading.doubts for b in same) >= _AGREE:
            return _AGREE
        return _AGREE_DOUBTFUL if _settled(same) else None


def _settled(same: Sequence[Ballot]) -> bool:
    """Whether the mean over the frames leaves no character doubtful."""
    first = same[0].reading
    for number, line in enumerate(first.lines):
        mean = np.mean([b.reading.scores[number] for b in same], axis=0)
        classes = LAYOUTS[first.layout].classes[number]
        if not all(_clear(mean[i], c, classes[i]) for i, c in enumerate(line)):
            return False
    return True


def _clear(scores: Scores, symbol: str, character_class: str) -> bool:
    permitted = allowed(character_class)
    total = sum(float(scores[ALPHABET.index(c)]) for c in permitted)
    if symbol not in permitted or total <= 0.05:
        return False
    chance = float(scores[ALPHABET.index(symbol)]) / total
    twins = blind_twins(symbol) & permitted
    twin = max((float(scores[ALPHABET.index(c)]) / total for c in twins if c != symbol), default=0)
    return chance >= _CLEAR and twin <= _TWIN_LIMIT
