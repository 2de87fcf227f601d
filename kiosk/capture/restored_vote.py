"""Whether frames agree on a zone once blur was taken back: more strictly than frames as they are.

Rules, in order:

1. A restoration (:mod:`kiosk.capture.deblur`) shows strokes that are not there, and the same guess
   shows them in every frame. What it says counts only with right check digits.
2. A frame has one say: as it is read where that leaves no doubt; else the restoration with the
   fewest doubts. Where two restorations of it surely show different texts, it has none.
3. One frame more must agree than of frames as they are (:mod:`kiosk.capture.vote`): three without a
   doubt, or four whose mean leaves none. They must come about in two ways at least: by different
   guesses, or by a guess and a frame as it is.
4. A frame that, read as it is, surely shows another character anywhere speaks against the text, and
   so does one that says another text, or, read as it is, gives another one with right check digits
   however doubtful: three more must agree than speak against it.

The vote over frames as they are knows nothing of all this, and stays as strict as it was.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from kiosk.capture.deblur import Blur
from kiosk.capture.decode import ZoneReading
from kiosk.capture.vote import Verdict, settled

_AGREE, _AGREE_DOUBTFUL, _LEAD, _WAYS = 3, 4, 3, 2
_MAX_KEPT = 24


@dataclass(frozen=True, slots=True)
class Say:
    """What a frame says.

    Attributes:
        reading: with right check digits.
        blur: that was taken back before; None: read as it is.
    """

    reading: ZoneReading
    blur: Blur | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """The text."""
        return self.reading.lines


@dataclass(frozen=True, slots=True)
class RestoredFrame:
    """One frame, read as it is and restored.

    Attributes:
        plain: read as it is, whatever its check digits say; None where nothing fits a layout.
        plain_holds: its check digits are right and the text makes sense.
        restored: its restorations with right check digits and a text that makes sense.
        sharpness: of the zone, 0 to 1.
    """

    plain: ZoneReading | None
    plain_holds: bool
    restored: tuple[Say, ...]
    sharpness: float

    @property
    def say(self) -> Say | None:
        """Rule 2."""
        own = Say(self.plain) if self.plain is not None and self.plain_holds else None
        if self.plain is not None and not self.plain.doubts:
            return own
        best = min(self.restored, key=lambda say: len(say.reading.doubts), default=None)
        if best is None or any(_surely_other(say.reading, best.lines) for say in self.restored):
            return own
        if own is not None and len(own.reading.doubts) <= len(best.reading.doubts):
            return own
        return best


class RestoredVote:
    """Collects frames until they agree."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._frames: list[tuple[RestoredFrame, Say | None]] = []

    def add(self, frame: RestoredFrame) -> Verdict | None:
        """Take one frame; what is agreed on with it, or None as long as nothing is."""
        said = frame.say
        self._frames.append((frame, said))
        del self._frames[:-_MAX_KEPT]
        if said is None:
            return None
        same = [
            (each, say) for each, say in self._frames if say is not None and say.lines == said.lines
        ]
        if len({say.blur for _, say in same}) < _WAYS:
            return None
        needed = self._needed([say.reading for _, say in same])
        if needed is None or len(same) < needed:
            return None
        against = self._against(said.lines)
        if against and len(same) < against + _LEAD:
            return None
        sharpness = max(each.sharpness for each, _ in same)
        return Verdict(said.lines, len(same), digits_hold=True, sharpness=sharpness)

    def _needed(self, same: list[ZoneReading]) -> int | None:
        if sum(not reading.doubts for reading in same) >= _AGREE:
            return _AGREE
        return _AGREE_DOUBTFUL if settled(same) else None

    def _against(self, lines: tuple[str, ...]) -> int:
        """Rule 4: how many frames speak against a text."""
        rivals: Counter[tuple[str, ...]] = Counter()
        surely = 0
        for frame, say in self._frames:
            plain = frame.plain
            if (
                plain is not None
                and plain.lines != lines
                and (frame.plain_holds or _surely_other(plain, lines))
            ):
                surely += 1
            elif say is not None and say.lines != lines:
                rivals[say.lines] += 1
        return surely + max(rivals.values(), default=0)


def _surely_other(reading: ZoneReading, lines: tuple[str, ...]) -> bool:
    """Whether a reading shows another character than a text in a place that it does not doubt."""
    if [len(line) for line in reading.lines] != [len(line) for line in lines]:
        return not reading.doubts
    return any(
        seen != symbol and (number, position) not in reading.doubts
        for number, (line, text) in enumerate(zip(reading.lines, lines, strict=True))
        for position, (seen, symbol) in enumerate(zip(line, text, strict=True))
    )
