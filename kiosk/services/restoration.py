"""Reads a zone from frames whose blur was taken back by guess, where it cannot be read as they are.

Rules, in order:

1. After some frames that were read as they are, each is restored in a few ways, so that it stays
   alive; which ones, the reader's own certainty tells (:mod:`kiosk.capture.deblur`).
2. Large letters are left as they are: what spoils them is no blur of few pixels.
3. What a restoration says counts only with right check digits, and the frames must agree on it more
   strictly (:mod:`kiosk.capture.restored_vote`).
4. The second reader is shown the strips of a frame as they are, and by turns restored: a restored
   strip on which the agreement stands says nothing, because what the filter drew, both see; only
   those of later frames are shown. How much such a look is worth is ruled there
   (:mod:`kiosk.services.confirmation`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kiosk.capture.deblur import REACH, Blur, BlurSearch, taken_back
from kiosk.capture.decode import read_zone
from kiosk.capture.restored_vote import RestoredFrame, RestoredVote, Say
from kiosk.capture.settle import settle
from kiosk.capture.vote import Verdict
from kiosk.capture.zone_lines import Line, Zone
from kiosk.ports import TextReader
from kiosk.services.confirmation import Confirmation
from kiosk.services.zone_reading import ReadZone, Tried, certainty_of, strips_of

if TYPE_CHECKING:
    from kiosk.capture.picture import Picture

_PATIENCE = 6
"""Frames that are read as they are before blur is taken back."""
_WAYS, _WAYS_CLEAR = 3, 2
"""Restorations a frame; fewer where it is read, and the second reader wants a clearer one."""
_LARGE_PX = 30.0
_FITS, _HOLDS = 0.01, 0.01
"""What a reading that fits a layout, and one with right check digits, count beside the gain."""

Holds = Callable[[tuple[str, ...]], bool]
"""Whether every check digit of a text is right and the text makes sense."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A frame as it was read.

    Attributes:
        grey: the frame (H, W) uint8.
        tried: how its zone was looked at; None where there are no lines.
        plain: its zone as read, or None.
        sharpness: of the zone, 0 to 1.
    """

    grey: Picture
    tried: Tried | None
    plain: ReadZone | None
    sharpness: float


@dataclass(frozen=True, slots=True)
class Shown:
    """What the second reader is shown of a text.

    Attributes:
        strips: per line (48, 960) grey uint8.
        places: per line the middle of each character along its strip; empty: none is shown by
            itself.
        blur: that was taken back in the strips; None: they are as they are.
    """

    strips: tuple[Picture, ...]
    places: tuple[tuple[float, ...], ...] = ()
    blur: Blur | None = None


class Restoration:
    """Restores frames of one document; learns how."""

    def __init__(self, reader: TextReader, holds: Holds) -> None:
        """``reader``: the one that reads every frame."""
        self._reader = reader
        self._holds = holds
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._vote = RestoredVote()
        self._frames = 0
        self._restored: tuple[ReadZone, ...] = ()
        self._said: ReadZone | None = None
        self._tried: Tried | None = None
        self._stood: tuple[str, ...] | None = None
        self.lose()

    def lose(self) -> None:
        """Another document may lie there: nothing is known of its blur, and nothing stands."""
        self._search = BlurSearch()
        self.interrupt()

    def interrupt(self) -> None:
        """The zone jumped: what frames agreed on before may be of the card before."""
        self._stood = None

    @property
    def said(self) -> ReadZone | None:
        """What the last frame says with its blur taken back, if that is more than without."""
        return self._said

    def add(self, attempt: Attempt, *, wanted: bool) -> Verdict | None:
        """What frames agree on once their blur is taken back.

        Args:
            attempt: the frame as it was read.
            wanted: not already confirmed; else this frame is not restored.
        """
        self._frames += 1
        self._said, self._restored, self._tried = None, (), attempt.tried
        plain = attempt.plain
        if wanted and self._frames > _PATIENCE and attempt.tried is not None:
            clear = plain is not None and not plain.reading.doubts
            self._restored = self._read(
                attempt.grey, attempt.tried, _WAYS_CLEAR if clear else _WAYS
            )
        frame = RestoredFrame(
            None if plain is None else plain.reading,
            plain is not None and self._holds(plain.reading.lines),
            tuple(Say(read.reading, read.restored) for read in self._restored),
            attempt.sharpness,
        )
        say = frame.say
        if say is not None and say.blur is not None:
            self._said = next(r for r in self._restored if r.reading is say.reading)
        return self._vote.add(frame)

    def shown(
        self, lines: tuple[str, ...], plain: ReadZone | None, confirmation: Confirmation
    ) -> Shown | None:
        """Rule 4: what of the last frame the second reader is shown of a text, or None.

        Args:
            lines: what the frames agree on now.
            plain: the frame as it was read, or None.
            confirmation: of that text.
        """
        stood, self._stood = self._stood, lines
        restored = None
        if stood == lines:
            same = (read for read in self._restored if read.reading.lines == lines)
            news = (r for r in same if r.restored and confirmation.is_news(lines, r.restored))
            restored = next((Shown(r.strips, r.reading.places, r.restored) for r in news), None)
        as_it_is = self._as_it_is(lines, plain)
        if confirmation.looks(lines) % 2 == 0:
            return as_it_is or restored
        return restored or as_it_is

    def _as_it_is(self, lines: tuple[str, ...], plain: ReadZone | None) -> Shown | None:
        """The strips as they are, also where only a restoration of them was read as this text.

        There blur leaves no single character to be shown by itself.
        """
        if plain is not None and plain.reading.lines == lines:
            return Shown(plain.strips, plain.reading.places)
        if self._said is None or self._tried is None or self._said.reading.lines != lines:
            return None
        return Shown(self._tried.strips)

    def _read(self, grey: Picture, tried: Tried, ways: int) -> tuple[ReadZone, ...]:
        """What has right check digits, of so many restorations of a frame."""
        zone = tried.zone
        if zone.letter_px > _LARGE_PX:
            return ()
        part, inside = _part(grey, zone)
        blurs = self._search.guesses(ways)
        cuts = [strips_of(taken_back(part, blur), inside) for blur in blurs]
        scores = self._reader.recognise([strip for strips in cuts for strip in strips])
        out = []
        for number, (blur, strips) in enumerate(zip(blurs, cuts, strict=True)):
            count = len(strips)
            lines = scores[number * count : (number + 1) * count]
            gain = certainty_of(lines) - tried.certainty
            reading = read_zone(lines)
            if reading is not None:
                reading = settle(reading)
                holds = self._holds(reading.lines)
                gain += _FITS + (_HOLDS if holds else 0.0)
                if holds:
                    out.append(ReadZone(reading, strips, zone.corners, restored=blur))
            self._search.learn(blur, gain)
        return tuple(out)


def _part(grey: Picture, zone: Zone) -> tuple[Picture, Zone]:
    """The zone with all that its restored strips depend on, and the zone's place in that part."""
    corners = np.concatenate([line.corners for line in zone.lines])
    margin = REACH + round(1.2 * max(line.height for line in zone.lines)) + round(zone.letter_px)
    low = np.maximum(0, np.floor(corners.min(0)).astype(int) - margin)
    high = np.minimum(grey.shape[::-1], np.ceil(corners.max(0)).astype(int) + margin)
    part = np.ascontiguousarray(grey[low[1] : high[1], low[0] : high[0]])
    lines = tuple(Line(line.corners - low) for line in zone.lines)
    return part, Zone(lines, zone.contrast, zone.seen)
