"""Several frames agree before a reading counts.

Rules, in order:

1. Only readings that fit a layout vote; two readings are the same only when every character is.
2. A whole reading (every check digit right, nothing doubtful) is accepted at the second frame that
   agrees, unless another whole reading was seen too: then it needs three frames more than that.
3. Characters that one frame finds doubtful may be settled by the mean of the frames that agree on
   the text: then three are needed.
4. A reading whose check digits are wrong although every frame agrees and nothing is doubtful is
   handed over after five frames, as what it is: the document, not the reader, is wrong.
5. What the frames leave open at few characters is handed to the agent, who looks: never more than
   six characters, and only where some choice makes every check digit right.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kiosk.capture.decode import ALPHABET, ZoneReading
from kiosk.capture.doubt import OpenCharacter, OpenReading
from kiosk.capture.opinion import Dispute
from kiosk.capture.picture import Picture, Scores
from kiosk.documents.check_digits import blind_twins
from kiosk.documents.layouts import LAYOUTS, allowed
from kiosk.documents.mrz import digits_hold

_AGREE, _AGREE_DOUBTFUL, _AGREE_FAILING = 2, 3, 5
_LEAD = 3
_CLEAR, _TWIN_LIMIT = 0.90, 0.03
_MAX_KEPT = 24
_OPEN_FRAMES, _OPEN_AGREEMENT = 5, 0.8
_MAX_OPEN, _MAX_CANDIDATES, _MAX_CHOICES = 6, 4, 1024
_OFFERED = 0.04


@dataclass(frozen=True, slots=True)
class Ballot:
    """One frame's reading and whether its check digits hold.

    Attributes:
        reading: the lines as read in this frame.
        digits_hold: every check digit is right and the text makes sense.
        sharpness: of the zone in this frame, 0 to 1.
        strips: per line (48, 960) grey uint8, as read; may be left out where nobody is shown them.
    """

    reading: ZoneReading
    digits_hold: bool
    sharpness: float
    strips: tuple[Picture, ...] = ()


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

    def open_reading(self, disputes: Sequence[Dispute] = ()) -> OpenReading | None:
        """What the frames agree on but for a few characters; None where there is no such thing.

        ``disputes``: characters that another reader sees otherwise; they are open too.
        """
        layouts = Counter(b.reading.layout for b in self._ballots if b.strips)
        if not layouts:
            return None
        layout, frames = layouts.most_common(1)[0]
        if frames < _OPEN_FRAMES:
            return None
        ballots = [b for b in self._ballots if b.strips and b.reading.layout == layout]
        lines, unsettled = _consensus(ballots, disputes)
        if not unsettled or len(unsettled) > _MAX_OPEN:
            return None
        if not _some_choice_holds(lines, unsettled):
            return None
        shown = max(ballots, key=lambda b: (_agreeing(b, lines), b.sharpness))
        return OpenReading(layout, lines, unsettled, shown.strips, shown.reading.places)

    def _needed(self, same: Sequence[Ballot], ballot: Ballot) -> int | None:
        clear = any(not b.reading.doubts for b in same)
        if not ballot.digits_hold:
            whole = [b for b in same if not b.reading.doubts]
            return _AGREE_FAILING if len(whole) >= _AGREE_FAILING else None
        if clear and sum(not b.reading.doubts for b in same) >= _AGREE:
            return _AGREE
        return _AGREE_DOUBTFUL if settled([b.reading for b in same]) else None


def settled(same: Sequence[ZoneReading]) -> bool:
    """Whether the mean over frames that were read as one text leaves no character doubtful."""
    first = same[0]
    for number, line in enumerate(first.lines):
        mean = np.mean([reading.scores[number] for reading in same], axis=0)
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


def _consensus(
    ballots: Sequence[Ballot], disputes: Sequence[Dispute]
) -> tuple[tuple[str, ...], tuple[OpenCharacter, ...]]:
    """The text of most frames, and its characters on which they are not at one."""
    first = ballots[0].reading
    disputed = {(d.line, d.position): d.seen for d in disputes}
    rows, unsettled = [], []
    for number, line in enumerate(first.lines):
        mean = np.mean([b.reading.scores[number] for b in ballots], axis=0)
        classes = LAYOUTS[first.layout].classes[number]
        row = []
        for position in range(len(line)):
            votes = Counter(b.reading.lines[number][position] for b in ballots)
            symbol, count = votes.most_common(1)[0]
            row.append(symbol)
            other = disputed.get((number, position), "")
            agreed = count >= _OPEN_AGREEMENT * len(ballots)
            if agreed and not other and _clear(mean[position], symbol, classes[position]):
                continue
            # One candidate alone is open too: nobody but the agent may call it clear.
            offered = _candidates(votes, mean[position], classes[position], other)
            unsettled.append(OpenCharacter(number, position, offered))
        rows.append("".join(row))
    return tuple(rows), tuple(unsettled)


def _candidates(votes: Counter[str], mean: Scores, character_class: str, other: str) -> str:
    """What may stand in a place, likeliest first: what frames read, what they nearly read."""
    permitted = allowed(character_class)
    nearly = {c for i, c in enumerate(ALPHABET) if mean[i] > _OFFERED}
    seen = (set(votes) | nearly | ({other} if other else set())) & set(permitted)
    # The symbol of most frames stands first, because it stands in the text.
    ranked = sorted(seen, key=lambda c: (-votes[c], c != other, -float(mean[ALPHABET.index(c)])))
    return "".join(ranked[:_MAX_CANDIDATES])


def _some_choice_holds(lines: tuple[str, ...], unsettled: Sequence[OpenCharacter]) -> bool:
    choices = itertools.product(*(character.candidates for character in unsettled))
    for choice in itertools.islice(choices, _MAX_CHOICES):
        rows = [list(line) for line in lines]
        for character, symbol in zip(unsettled, choice, strict=True):
            rows[character.line][character.position] = symbol
        if digits_hold(tuple("".join(row) for row in rows)):
            return True
    return False


def _agreeing(ballot: Ballot, lines: tuple[str, ...]) -> int:
    """How many characters of the text this frame read alike."""
    pairs = zip(ballot.reading.lines, lines, strict=True)
    return sum(a == b for x, y in pairs for a, b in zip(x, y, strict=True))
