"""Zones that are read only with their blur taken back: what that is worth, and what stops it.

The readers are told by grey levels which line they see and whether it was restored, so that each
may see in a restoration what is not there.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from kiosk.capture.alone import ALONE_WIDTH, SHOWN
from kiosk.capture.decode import read_zone
from kiosk.capture.location import Place
from kiosk.capture.quality import Quality
from kiosk.capture.zone_lines import Line, Zone
from kiosk.ports import Frame
from kiosk.services.look import Look
from kiosk.services.readers import Readers
from kiosk.services.restoration import Attempt, Restoration
from kiosk.services.seal_watch import SealWatch
from kiosk.services.zone_agreement import ZoneAgreement
from kiosk.services.zone_reading import ReadZone, Tried, ZoneFinding
from tests.capture.lines import TD3, scores_of
from tests.fakes.clock import FakeClock

ANNA = TD3
ANNE = (TD3[0].replace("ANNA", "ANNE"), TD3[1])
NOTHING = ("", "")
AS_IT_IS, RESTORED = (10, 30), (200, 220)
"""Grey levels of the two lines."""
GREY = np.repeat(np.array(RESTORED, np.uint8), 60)[:, None].repeat(700, axis=1)


def line_at(y):
    return Line(np.array([(100, y), (600, y), (600, y + 12), (100, y + 12)], np.float64))


ZONE = Zone((line_at(24), line_at(84)), 0.5)
STRIPS = tuple(np.full((48, 960), level, np.uint8) for level in AS_IT_IS)


@dataclass
class Eyes:
    """A reader: the lines that it sees in strips as they are, and in restored ones."""

    as_it_is: tuple[str, str]
    restored: tuple[str, str]
    letter: tuple[str, str] = ("", "")
    restored_looks: int = 0
    looks: int = 0

    def warm_up(self):
        pass

    def recognise(self, strips):
        return [self.seen(strip) for strip in strips]

    def seen(self, strip):
        level = int(np.median(strip))
        restored = level > 100
        self.looks += 1
        self.restored_looks += restored
        if strip.shape[1] == ALONE_WIDTH:
            return scores_of(self.letter[restored] * SHOWN)
        levels, lines = (RESTORED, self.restored) if restored else (AS_IT_IS, self.as_it_is)
        return scores_of(lines[0 if abs(level - levels[0]) < 8 else 1])


class BlurredZones:
    """Frames that the first reader reads as these lines, or not at all."""

    def __init__(self, lines, hesitates=None):
        self.lines = lines
        self.hesitates = hesitates
        self.tried = Tried(ZONE, STRIPS, 0.5)

    def read(self, _finding):
        if self.lines is None:
            return None
        both = zip(self.lines, (self.hesitates, None), strict=True)
        return ReadZone(read_zone([scores_of(*each) for each in both]), STRIPS, ZONE.corners)

    def slowly(self, _finding, _reader):
        raise AssertionError("a zone that is read needs no reading by the second reader alone")


def taken(first, second, *, plain=None, hesitates=None, frames=60):
    """The zone that is taken within so many frames and in which of them, or (None, frames)."""
    zones = BlurredZones(plain, hesitates)
    readers = Readers(None, first, None, second)
    agreement = ZoneAgreement(readers, zones, FakeClock(), SealWatch())
    if plain is None:
        agreement._unread = -1000  # the second reader by itself is another matter
    finding = ZoneFinding(GREY, Place(ZONE.corners, 0.9, directed=True), (ZONE,))
    for number in range(frames):
        frame = Frame(GREY, number, 33 * number)
        agreed = agreement.add(Look(frame, finding, None, Quality(1, 0, None, 0.5), True))
        if agreed is not None:
            return agreed.zone.document.mrz, number
    return None, frames


def test_a_zone_that_only_restorations_show_is_taken_when_the_second_reader_sees_it_so_too():
    first, second = Eyes(NOTHING, ANNA), Eyes(NOTHING, ANNA)
    lines, frame = taken(first, second)
    assert lines == ANNA
    # Six frames as they are, three that agree, then two lines: each twice as it is, by two guesses.
    assert frame == 6 + 3 - 1 + 2 * 4 - 1
    assert second.restored_looks >= 4


def test_a_strip_as_it_is_that_shows_the_same_needs_no_restored_one():
    second = Eyes(ANNA, NOTHING)
    assert taken(Eyes(NOTHING, ANNA), second)[0] == ANNA
    assert (second.looks, second.restored_looks) == (2, 0)


def test_a_stroke_that_the_filter_draws_for_both_readers_stays_unsure():
    # Both see the filter's E, in every guess and frame; the picture itself shows A to the second.
    second = Eyes(ANNA, ANNE, ("A", "E"))
    assert taken(Eyes(NOTHING, ANNE), second)[0] is None
    assert second.restored_looks >= 2


@pytest.mark.parametrize("surely", [True, False])
def test_a_stroke_that_frames_as_they_are_do_not_show_stays_unsure(surely):
    """The first reader sees A in the picture itself, if not surely, and E in every restoration."""
    name = {18: {"A": 0.55, "E": 0.45}} if not surely else {5: {"E": 0.6, "F": 0.4}}
    second = Eyes(ANNE, ANNE, ("E", "E"))
    lines, _ = taken(Eyes(NOTHING, ANNE), second, plain=ANNA, hesitates=name)
    assert lines is None


def test_check_digits_that_accuse_a_document_are_not_put_right_by_a_restoration():
    altered = (ANNA[0], ANNA[1].replace("740812", "740813"))
    first, second = Eyes(NOTHING, ANNA), Eyes(altered, ANNA)
    agreed, _ = taken(first, second, plain=altered)
    assert agreed == altered


def test_without_a_second_reader_nothing_is_restored():
    first = Eyes(NOTHING, ANNA)
    assert taken(first, None)[0] is None
    assert first.looks == 0


def test_what_restorations_show_with_wrong_check_digits_is_no_reading():
    altered = (ANNA[0], ANNA[1].replace("740812", "740813"))
    assert taken(Eyes(NOTHING, altered), Eyes(NOTHING, altered))[0] is None


class NextLook:
    """A confirmation that would like to see a restored strip."""

    def looks(self, _lines):
        return 1

    def is_news(self, _lines, _blur):
        return True


def restored_three_times():
    restoration = Restoration(Eyes(NOTHING, ANNA), lambda lines: lines == ANNA)
    verdicts = [restoration.add(attempt(), wanted=True) for _ in range(9)]
    assert [v is None for v in verdicts] == [True] * 8 + [False]
    return restoration


def attempt():
    return Attempt(GREY, Tried(ZONE, STRIPS, 0.5), None, 0.5)


def test_the_strip_on_which_an_agreement_stands_is_not_shown_to_the_second_reader():
    restoration = restored_three_times()
    assert restoration.shown(ANNA, None, NextLook()).blur is None
    restoration.add(attempt(), wanted=True)
    assert restoration.shown(ANNA, None, NextLook()).blur is not None


def test_nor_one_of_the_first_frame_after_the_zone_jumped():
    restoration = restored_three_times()
    restoration.shown(ANNA, None, NextLook())
    restoration.interrupt()
    restoration.add(attempt(), wanted=True)
    assert restoration.shown(ANNA, None, NextLook()).blur is None
