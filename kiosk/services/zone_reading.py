"""Reads the machine-readable zone at a place that the finder named, whichever way up it lies.

Rules, in order:

1. The lines inside the place are looked for as two and as three; the likelier number is read first,
   and the other one where nothing fits.
2. The finder says which way up the print is. Where it was not sure, or where reading failed again
   and again, the other way is tried too; the way that read is remembered for the next frame.
3. A slow reader reads a line a frame, all of them from one frame; a line with too many or too few
   letters for any layout ends that try.
4. The strips that were read are kept with the reading: what confirms it, and what an agent is
   shown, is the very picture that was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.capture.decode import MAX_EDGES, MAX_FILLED, ZoneReading, letters_of, read_zone
from kiosk.capture.outline import card_around
from kiosk.capture.settle import settle
from kiosk.capture.zone_lines import LETTERS, Zone, cut_line, for_general, zones_in
from kiosk.documents.layouts import LAYOUTS
from kiosk.documents.mrz import MrzReading
from kiosk.domain.evidence import Verdict
from kiosk.ports import TextReader
from kiosk.services.gradual import Gradual, Steps

if TYPE_CHECKING:
    from kiosk.capture.deblur import Blur
    from kiosk.capture.location import Place
    from kiosk.capture.picture import Picture, Points, Scores

_TURN_AFTER = 2


@dataclass(frozen=True, slots=True)
class ReadZone:
    """A reading with what was read.

    Attributes:
        reading: lines, doubts and probabilities.
        strips: per line (48, 960) grey uint8, upright, in reading order.
        corners: (4, 2) of the zone in px of the frame, from its first letter.
        restored: the strips are not the picture itself: this blur was taken back by guess.
    """

    reading: ZoneReading
    strips: tuple[Picture, ...]
    corners: Points
    restored: Blur | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """How a zone was looked at, whether or not it was read.

    Attributes:
        zone: its lines, upright.
        strips: per line (48, 960) grey uint8, cut from it.
        certainty: how sure the reader was of its letters, 0 to 1.
    """

    zone: Zone
    strips: tuple[Picture, ...]
    certainty: float


@dataclass(frozen=True, slots=True)
class ZoneFinding:
    """A zone in a frame.

    Attributes:
        grey: the frame (H, W) uint8.
        place: where the finder sees it; None where it sees none.
        zones: its lines, likelier number first; empty where no lines stand out.
    """

    grey: Picture
    place: Place | None = None
    zones: tuple[Zone, ...] = ()

    @property
    def found(self) -> bool:
        """Whether a zone is in sight."""
        return self.place is not None

    @property
    def corners(self) -> Points | None:
        """(4, 2) of the zone in px of the frame, or None."""
        if self.zones:
            return self.zones[0].corners
        return None if self.place is None else self.place.corners

    @property
    def letter_px(self) -> float | None:
        """Px that a letter takes, or None where no lines stand out."""
        return self.zones[0].letter_px if self.zones else None

    @property
    def seen(self) -> float:
        """Share of the zone that nothing hides, 0 to 1; 1 where no lines stand out."""
        return self.zones[0].seen if self.zones else 1.0

    @property
    def card(self) -> Points | None:
        """(4, 2) of the document as the zone tells it, or None."""
        if not self.zones:
            return None
        return card_around(self.zones[0].corners, len(self.zones[0].lines))


class ZoneReader:
    """Reads zones frame after frame; remembers which way up the last one was."""

    def __init__(self, text_reader: TextReader) -> None:
        """``text_reader``: reads every frame."""
        self._text_reader = text_reader
        self._turned_over = False
        self._failures = 0
        self.tried: Tried | None = None
        """How the last zone was looked at: as it was read, or as it comes nearest to a zone."""

    def reset(self) -> None:
        """Another document: nothing is known of its orientation."""
        self._turned_over = False
        self._failures = 0
        self.tried = None

    def find(self, grey: Picture, place: Place | None) -> ZoneFinding:
        """The lines at a place of a grey frame (H, W)."""
        if place is None:
            return ZoneFinding(grey)
        zones = tuple(zones_in(grey, place.corners))
        if not zones and not place.directed:
            return ZoneFinding(grey)  # neither lines nor a way up: other print
        return ZoneFinding(grey, place, zones)

    def read(self, finding: ZoneFinding) -> ReadZone | None:
        """The zone as read, or None where nothing fits a layout."""
        nearest, self.tried = -1.0, None
        for turned_over, upright in self._tries(finding):
            strips = strips_of(finding.grey, upright)
            scores = self._text_reader.recognise(strips)
            sure = certainty_of(scores)
            near = sure + all(_may_be_line(line, len(strips)) for line in scores)
            if near > nearest:
                nearest, self.tried = near, Tried(upright, strips, sure)
            reading = read_zone(scores)
            if reading is not None:
                self.tried = Tried(upright, strips, sure)
                self._succeeded(turned_over=turned_over)
                return ReadZone(settle(reading), strips, upright.corners)
        if finding.zones:
            self._failures += 1
        return None

    def slowly(self, finding: ZoneFinding, reader: TextReader) -> Gradual[ReadZone | None]:
        """The zone as another reader reads it, a line a step; None where nothing fits a layout."""
        return Gradual(self._line_by_line(finding, reader))

    def _line_by_line(self, finding: ZoneFinding, reader: TextReader) -> Steps[ReadZone | None]:
        for turned_over, upright in self._tries(finding):
            strips = strips_of(finding.grey, upright)
            scores: list[Scores] = []
            for strip in strips:
                scores += reader.recognise([for_general(strip, len(strips))])
                yield
                if not _may_be_line(scores[-1], len(strips)):
                    break
            reading = read_zone(scores) if len(scores) == len(strips) else None
            if reading is not None:
                self._succeeded(turned_over=turned_over)
                return ReadZone(settle(reading), strips, upright.corners)
        return None

    def _tries(self, finding: ZoneFinding) -> list[tuple[bool, Zone]]:
        """Whether the zone is turned over for it, and the zone, in the order in which to try."""
        ways = [self._turned_over]
        unsure = finding.place is not None and not finding.place.directed
        if unsure or self._failures >= _TURN_AFTER:
            ways.append(not self._turned_over)
        return [
            (turned_over, zone.turned_over() if turned_over else zone)
            for turned_over in ways
            for zone in finding.zones
        ]

    def _succeeded(self, *, turned_over: bool) -> None:
        self._turned_over = turned_over
        self._failures = 0


def read_lines(
    reader: TextReader, grey: Picture, zone: Zone, *, looser: float = 0.0
) -> ReadZone | None:
    """Cut the lines of a zone, recognise them, decode them; None where they fit no layout."""
    strips = strips_of(grey, zone, looser=looser)
    reading = read_zone(reader.recognise(strips))
    return None if reading is None else ReadZone(settle(reading), strips, zone.corners)


def certainty_of(scores: Sequence[Scores]) -> float:
    """How sure a reader was of the letters of some lines, 0 to 1; 0 where a line has none.

    Args:
        scores: per line (T, 38) float32.
    """
    sure = []
    for line in scores:
        top = line.max(1)[line.argmax(1) > 0]
        sure.append(float(top.mean()) if len(top) else 0.0)
    return sum(sure) / len(sure) if sure else 0.0


def _may_be_line(scores: Scores, lines: int) -> bool:
    """Whether so many letters were seen that they may be a line of a layout with so many lines."""
    widths = [layout.width for layout in LAYOUTS.values() if layout.lines == lines]
    seen = len(letters_of(scores))
    return min(widths) - MAX_FILLED <= seen <= max(widths) + MAX_FILLED + MAX_EDGES


def strips_of(grey: Picture, zone: Zone, *, looser: float = 0.0) -> tuple[Picture, ...]:
    """The lines of a zone cut out upright, in reading order."""
    letters = LETTERS[len(zone.lines)]
    return tuple(cut_line(grey, line, letters, looser=looser) for line in zone.lines)


_IMPOSSIBLE = frozenset({"mrz.calendar", "mrz.names", "mrz.sex"})


def makes_sense(parsed: MrzReading) -> bool:
    """Whether nothing but the check digits could be at fault: dates exist, names are names."""
    return not any(c.verdict is Verdict.FAIL and c.code in _IMPOSSIBLE for c in parsed.checks)


def differing(one: Sequence[str], other: Sequence[str]) -> int | None:
    """How many characters differ between two readings of one shape; None for other shapes."""
    if [len(line) for line in one] != [len(line) for line in other]:
        return None
    return sum(a != b for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True))
