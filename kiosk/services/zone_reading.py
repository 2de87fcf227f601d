"""Finds the machine-readable zone in a picture whatever its turn, and has it recognised.

Rules, in order: look upright first, then along the document's own angle, then (now and then) at a
quarter turn; a zone lies on the document where one is seen; remember the orientation that read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kiosk.capture.decode import ZoneReading, read_zone
from kiosk.capture.opinion import confirms
from kiosk.capture.outline import card_around
from kiosk.capture.picture import Picture, rotated, turned, turned_back
from kiosk.capture.settle import settle
from kiosk.capture.zone import Zone, cut_line, find_lines, find_zones
from kiosk.documents.mrz import MrzReading
from kiosk.domain.evidence import Verdict
from kiosk.ports import TextReader

if TYPE_CHECKING:
    from kiosk.capture.picture import Points
    from kiosk.capture.zone import TextLine

_LETTERS = {2: 40, 3: 30}
_TURN_FROM_DEG = 7.0
_MAX_ZONES = 2
_PART_SHARE = 0.55
_ZONE_SHARE = 0.55


@dataclass(frozen=True, slots=True)
class ZoneFinding:
    """A zone in a picture, ready to be read.

    Attributes:
        corners: (4, 2) of the zone in px of the frame, or None.
        card: (4, 2) of the document as the zone tells it, or None.
        letter_px: pixels a letter takes, or None.
        partial: a line of a zone is in sight, but no whole zone.
        flipped: the document lies upside down (known after reading).
        on_outline: the zone lies on the outline that was given.
        read: recognises and decodes with the reader given, else the first one; None when nothing
            fits.
    """

    corners: Points | None
    card: Points | None
    letter_px: float | None
    partial: bool
    flipped: bool
    on_outline: bool
    read: Callable[..., ZoneReading | None]

    @property
    def found(self) -> bool:
        """Whether two or three lines of a zone are in sight."""
        return self.corners is not None


@dataclass(frozen=True, slots=True)
class _View:
    """A picture to look at, and the way back from its pixels to the frame's."""

    grey: Picture
    back: Callable[[Points], Points]


class ZoneReader:
    """Looks for zones; remembers which way up the last one was."""

    def __init__(self, text_reader: TextReader) -> None:
        self._text_reader = text_reader
        self._flipped = False
        self._failures = 0
        self._last: tuple[Picture, Zone] | None = None

    def reset(self) -> None:
        """Another document: nothing is known of its orientation."""
        self._flipped = False
        self._failures = 0

    def confirmed(self, lines: Sequence[str], second: TextReader, *, digits_hold: bool) -> bool:
        """Whether a second reader sees the same in the zone that was read last."""
        if self._last is None:
            return False
        strips = strips_of(*self._last, flipped=self._flipped)
        return confirms(lines, second.recognise(strips), digits_hold=digits_hold)

    def find(self, grey: Picture, outline: Points | None, *, thorough: bool) -> ZoneFinding:
        """The likeliest zone of a grey picture (H, W).

        Args:
            grey: the frame.
            outline: corners of the document, or None.
            thorough: also look at a quarter turn.
        """
        partial = False
        for view in self._views(grey, outline, thorough=thorough):
            lines = find_lines(view.grey)
            zones = [z for z in find_zones(lines) if not _print(view.back(z.corners), outline)]
            inside = [z for z in zones if _inside(view.back(z.corners), outline)]
            if zones:
                # Where no zone lies on the outline, the outline is wrong more often than the zone.
                return self._finding(view, inside or zones, on_outline=bool(inside))
            partial = partial or _partial(lines, view, outline)
        return ZoneFinding(
            None,
            None,
            None,
            partial,
            self._flipped,
            on_outline=True,
            read=lambda _reader=None: None,
        )

    def _views(self, grey: Picture, outline: Points | None, *, thorough: bool) -> list[_View]:
        views = [_View(grey, lambda points: points)]
        angle = _angle_of(outline)
        if abs(angle) > _TURN_FROM_DEG:
            upright, back = rotated(grey, angle)
            views.insert(0, _View(upright, lambda points: points @ back[:, :2].T + back[:, 2]))
        if thorough:
            height, width = grey.shape
            views.append(_View(turned(grey, 1), lambda p: turned_back(p, 1, width, height)))
        return views

    def _finding(self, view: _View, zones: list[Zone], *, on_outline: bool) -> ZoneFinding:
        zone = zones[0]
        lines = len(zone.lines)
        corners = view.back(zone.corners)
        if self._flipped:
            corners = np.roll(corners, 2, axis=0)
        card = card_around(corners, lines)
        pitch = zone.length / _LETTERS[lines]

        def read(reader: TextReader | None = None) -> ZoneReading | None:
            return self._read(view.grey, zones, reader or self._text_reader)

        return ZoneFinding(
            corners,
            card,
            pitch,
            partial=False,
            flipped=self._flipped,
            on_outline=on_outline,
            read=read,
        )

    def _read(self, grey: Picture, zones: list[Zone], reader: TextReader) -> ZoneReading | None:
        for zone in zones[:_MAX_ZONES]:
            reading = read_strips(reader, grey, zone, flipped=self._flipped)
            if reading is not None:
                self._failures = 0
                self._last = (grey, zone)
                return reading
        self._failures += 1
        if self._failures % 2 == 0:
            self._flipped = not self._flipped
        return None


def read_strips(
    reader: TextReader, grey: Picture, zone: Zone, *, flipped: bool, looser: float = 0.0
) -> ZoneReading | None:
    """Cut the lines of a zone, recognise them, decode them."""
    strips = strips_of(grey, zone, flipped=flipped, looser=looser)
    reading = read_zone(reader.recognise(strips))
    return None if reading is None else settle(reading)


def strips_of(grey: Picture, zone: Zone, *, flipped: bool, looser: float = 0.0) -> list[Picture]:
    """The lines of a zone cut out upright, top to bottom as printed."""
    lines: tuple[TextLine, ...] = zone.lines[::-1] if flipped else zone.lines
    letters = _LETTERS[len(lines)]
    return [cut_line(grey, line, letters, flipped=flipped, looser=looser) for line in lines]


_IMPOSSIBLE = frozenset({"mrz.calendar", "mrz.names", "mrz.sex"})


def makes_sense(parsed: MrzReading) -> bool:
    """Whether nothing but the check digits could be at fault: dates exist, names are names."""
    return not any(c.verdict is Verdict.FAIL and c.code in _IMPOSSIBLE for c in parsed.checks)


def _angle_of(outline: Points | None) -> float:
    """Angle of the document's long side in degrees, -45 to 45; 0 without an outline."""
    if outline is None:
        return 0.0
    sides = np.roll(outline, -1, axis=0) - outline
    longest = (
        sides[0] - sides[2]
        if np.linalg.norm(sides[0]) >= np.linalg.norm(sides[1])
        else (sides[1] - sides[3])
    )
    degrees = float(np.degrees(np.arctan2(longest[1], longest[0])))
    return (degrees + 90) % 180 - 90


def _inside(corners: Points, outline: Points | None) -> bool:
    """Whether a zone lies on the document (with some slack); always so without an outline."""
    if outline is None:
        return True
    slack = 0.08 * float(np.ptp(outline[:, 0]) + np.ptp(outline[:, 1]))
    centre = corners.mean(0)
    low, high = outline.min(0) - slack, outline.max(0) + slack
    return bool((corners > low).all() and (corners < high).all() and (centre > low).all())


def _print(corners: Points, outline: Points | None) -> bool:
    """Whether two lines are mere print on the document: a zone spans the document's long side."""
    if outline is None or not _inside(corners, outline):
        return False
    longest = float(np.linalg.norm(np.roll(outline, -1, axis=0) - outline, axis=1).max())
    return float(np.linalg.norm(corners[1] - corners[0])) < _ZONE_SHARE * longest


def _partial(lines: list[TextLine], view: _View, outline: Points | None) -> bool:
    """Whether a line that looks like part of a zone lies in the lower half of the document."""
    if outline is None:
        return False
    width = float(np.linalg.norm(outline[1] - outline[0]))
    middle = outline.mean(0)
    for line in lines:
        centre = view.back(np.array([[line.x, line.y]]))[0]
        below = (centre - middle) @ ((outline[3] - outline[0]) / max(1.0, width))
        if line.length > _PART_SHARE * width and below > 0:
            return True
    return False
