"""Frames of two documents of nearly the same text, one laid where the other one lay."""

from dataclasses import dataclass

import numpy as np
import pytest

from kiosk.capture.decode import read_zone
from kiosk.capture.location import Place
from kiosk.capture.quality import Quality
from kiosk.ports import Frame
from kiosk.services.look import Look
from kiosk.services.readers import Readers
from kiosk.services.seal_watch import SealWatch
from kiosk.services.zone_agreement import ZoneAgreement
from kiosk.services.zone_reading import ReadZone, ZoneFinding
from tests.capture.lines import TD3, scores_of
from tests.fakes.clock import FakeClock

ANNA = TD3
ANNE = (TD3[0].replace("ANNA", "ANNE"), TD3[1])
PICTURE = np.zeros((8, 8), np.uint8)


@dataclass
class Card:
    """What lies there: ``printed`` for who looks well, ``read`` for the first reader.

    ``hesitates``: that one, at places of the first line.
    """

    printed: tuple[str, ...]
    read: tuple[str, ...]
    hesitates: dict[int, dict[str, float]] | None = None


class FirstReads:
    """Zones as the first reader reads them."""

    tried = None  # no frame is restored here

    def __init__(self):
        self.card = Card(ANNA, ANNA)

    def read(self, _finding):
        card = self.card
        places = (card.hesitates, None)
        reading = read_zone([scores_of(*line) for line in zip(card.read, places, strict=True)])
        strips = tuple(np.full((48, 960), number, np.uint8) for number in range(2))
        return ReadZone(reading, strips, np.zeros((4, 2)))


class SecondSees:
    """A second reader that sees what is printed."""

    def __init__(self, zones):
        self.zones = zones
        self.looks = 0

    def warm_up(self):
        pass

    def recognise(self, strips):
        self.looks += len(strips)
        return [scores_of(self.zones.card.printed[int(strip[0, 0])]) for strip in strips]


def found(place):
    """A zone of 400 px whose middle lies there."""
    if place is None:
        return ZoneFinding(PICTURE)
    corners = np.array([(-200, -10), (200, -10), (200, 10), (-200, 10)], np.float64) + place
    return ZoneFinding(PICTURE, Place(corners, 0.9, directed=True))


class Desk:
    """Shows cards, frame by frame."""

    def __init__(self):
        self.zones = FirstReads()
        self.second = SecondSees(self.zones)
        readers = Readers(None, None, None, self.second)
        self.agreement = ZoneAgreement(readers, self.zones, FakeClock(), SealWatch())
        self.frames = 0

    def show(self, card, *, frames, still, place=None):
        """The zone that is taken, or None. ``place``: px of its middle, or None."""
        self.zones.card = card
        for _ in range(frames):
            self.frames += 1
            frame = Frame(PICTURE, self.frames, 33 * self.frames)
            look = Look(frame, found(place), None, Quality(1, 0, None, 0.5), still)
            agreed = self.agreement.add(look)
            if agreed is not None:
                return agreed
        return None


@pytest.fixture
def desk():
    return Desk()


def test_a_card_that_moved_is_taken_when_it_lies_still_without_another_look(desk):
    assert desk.show(Card(ANNA, ANNA), frames=8, still=False) is None
    looks = desk.second.looks
    assert desk.show(Card(ANNA, ANNA), frames=1, still=True).zone.document.mrz == ANNA
    assert desk.second.looks == looks == 2


def test_another_card_is_not_taken_for_the_one_that_was_confirmed_before(desk):
    desk.show(Card(ANNA, ANNA), frames=8, still=False)
    assert desk.show(Card(ANNE, ANNE), frames=2, still=True) is None
    # The first reader errs; the second one, asked again, does not.
    assert desk.show(Card(ANNE, ANNA), frames=5, still=True) is None


def test_a_card_laid_where_nothing_was_in_sight_is_looked_at_anew(desk):
    desk.show(Card(ANNA, ANNA), frames=8, still=False)
    desk.agreement.lose()
    assert desk.show(Card(ANNE, ANNA), frames=5, still=True) is None
    assert desk.show(Card(ANNA, ANNA), frames=5, still=True).zone.document.mrz == ANNA


@pytest.mark.parametrize("exchanged", ["jumps", "out of sight"])
def test_another_card_that_is_misread_at_first_is_not_taken_on_looks_at_the_former(desk, exchanged):
    desk.show(Card(ANNA, ANNA), frames=8, still=False, place=(640, 500))
    if exchanged == "out of sight":
        desk.frames += 9
    place = (640, 500) if exchanged == "out of sight" else (670, 510)
    assert desk.show(Card(ANNE, ANNA), frames=5, still=True, place=place) is None
    agreed = desk.show(Card(ANNA, ANNA), frames=9, still=True, place=place)
    assert agreed.zone.document.mrz == ANNA


def test_a_card_that_shakes_or_is_missed_for_a_moment_is_not_looked_at_again(desk):
    desk.show(Card(ANNA, ANNA), frames=8, still=False, place=(640, 500))
    desk.frames += 4
    agreed = desk.show(Card(ANNA, ANNA), frames=1, still=True, place=(648, 494))
    assert agreed.zone.document.mrz == ANNA
    assert desk.second.looks == 2


def test_a_frame_of_the_next_card_is_not_offered_with_the_text_of_the_former():
    unsure = Card(ANNA, ANNA, {18: {"A": 0.55, "E": 0.45}})
    other = ("P<UTOGARNIER<<ELODIE<ROSE<<<<<<<<<<<<<<<<<<<", TD3[1])
    desk, frames = Desk(), 0
    while desk.agreement.open is None:
        assert desk.show(unsure, frames=1, still=True) is None
        frames += 1
    desk = Desk()
    desk.show(unsure, frames=frames - 1, still=True)
    desk.show(Card(other, other), frames=1, still=True)
    assert desk.agreement.open is None
    desk.show(unsure, frames=4, still=True)
    assert desk.agreement.open.lines == ANNA


def test_another_card_is_taken_as_what_it_is(desk):
    desk.show(Card(ANNA, ANNA), frames=4, still=False)
    agreed = desk.show(Card(ANNE, ANNE), frames=12, still=True)
    assert agreed.zone.document.mrz == ANNE
