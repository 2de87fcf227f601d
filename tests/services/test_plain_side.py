"""A side without a zone: what is taken of it is of one picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.capture.quality import Quality
from kiosk.devices.specimens import load_specimens
from kiosk.documents.identification import Identification
from kiosk.documents.series import Family
from kiosk.domain.evidence import Side
from kiosk.ports import Frame
from kiosk.services.gradual import Gradual
from kiosk.services.look import Look
from kiosk.services.plain_side import PlainSides
from kiosk.services.zone_reading import ZoneFinding

SPECIMENS = load_specimens(Path(__file__).resolve().parents[2] / "resources" / "specimens")
LINES = 14


class SlowTaker:
    """Reads headings of many lines, and takes whatever it is given.

    ``says``: what each heading says, in the order in which they are read; unknown after the last.
    """

    def __init__(self, *says):
        self.named = []
        self._says = list(says)

    def identify(self, card, side):
        self.named.append(card)
        family = self._says.pop(0) if self._says else Family.UNKNOWN
        return Gradual(self._lines(side, family))

    def _lines(self, side, family):
        for _ in range(LINES):
            yield
        forbidden = family is Family.SOCIAL_SECURITY
        return Identification(family=family, side=side, forbidden=forbidden)

    def plain(self, seen, sharpness):
        return seen, sharpness


def look(name, side, sharpness):
    """A side that fills its frame."""
    picture = cv2.resize(SPECIMENS[name].picture(side), (1000, 630))
    corners = np.array([(0, 0), (999, 0), (999, 629), (0, 629)], np.float64)
    quality = Quality(sharpness=sharpness, glare=0.0, glare_at=None, exposure=0.6)
    frame = Frame(picture, 0, 0)
    return Look(frame, ZoneFinding(picture[..., 0]), corners, quality, still=True)


def taken_of(taker, side, frames):
    """What is taken of (specimen, sharpness) frame by frame, and of how many."""
    sides = PlainSides(taker)
    for count, (name, sharpness) in enumerate(frames, 1):
        taken = sides.add(look(name, side, sharpness), side, zone_expected=False)
        if taken is not None:
            return taken, count
    raise AssertionError("nothing was taken")


def shows(card, side):
    """Which of the two specimens a straightened side is nearer to."""
    names = ("fr-id-martin", "fr-id-garnier")
    drawn = {n: cv2.resize(SPECIMENS[n].picture(side), card.shape[1::-1]) for n in names}
    return min(names, key=lambda n: np.abs(card.astype(int) - drawn[n].astype(int)).mean())


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(("sharpness", "expected"), [(0.5, "fr-id-martin"), (0.9, "fr-id-garnier")])
def test_a_card_exchanged_while_its_heading_is_read_mixes_nothing(side, sharpness, expected):
    taker = SlowTaker()
    frames = [("fr-id-martin", 0.5)] * 8 + [("fr-id-garnier", sharpness)] * 40
    (seen, told), count = taken_of(taker, side, frames)
    assert count > 8
    assert seen.card is taker.named[-1]
    assert shows(seen.card, side) == expected
    assert told == sharpness
    assert (seen.portrait is None) is (side is Side.BACK)


@pytest.mark.parametrize("side", list(Side))
def test_the_sharpest_of_the_pictures_is_taken_once_the_side_is_named(side):
    # A lens that finds its focus: the first picture that shows enough is not the one to keep.
    taker = SlowTaker(Family.ID_CARD, Family.ID_CARD)
    ramp = [0.06, 0.08, 0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.5, 0.6] + [0.55] * 40
    (seen, told), _ = taken_of(taker, side, [("fr-id-martin", sharpness) for sharpness in ramp])
    assert told == 0.6
    assert [card is seen.card for card in taker.named] == [False, True]
    assert seen.known.family is Family.ID_CARD
    assert (seen.portrait is None) is (side is Side.BACK)


def test_nobody_waits_where_no_picture_is_clearly_sharper():
    steady, trembling = SlowTaker(), SlowTaker()
    _, one = taken_of(steady, Side.FRONT, [("fr-id-martin", 0.5)] * 40)
    slightly = [("fr-id-martin", 0.5 + 0.09 * (i % 3 == 0)) for i in range(40)]
    _, other = taken_of(trembling, Side.FRONT, slightly)
    assert one == other
    assert len(trembling.named) == 1


def test_a_picture_whose_heading_says_something_goes_before_a_sharper_one_that_does_not():
    taker = SlowTaker(Family.ID_CARD, Family.UNKNOWN)
    frames = [("fr-id-martin", 0.3)] * 6 + [("fr-id-martin", 0.8)] * 40
    (seen, told), _ = taken_of(taker, Side.FRONT, frames)
    assert (told, seen.known.family) == (0.3, Family.ID_CARD)
    assert seen.card is taker.named[0]


def test_a_sharper_picture_that_shows_a_forbidden_card_is_not_taken():
    taker = SlowTaker(Family.UNKNOWN, Family.SOCIAL_SECURITY)
    sides = PlainSides(taker)
    for sharpness in [0.3] * 6 + [0.8] * 22:
        shown = look("fr-id-martin", Side.FRONT, sharpness)
        assert sides.add(shown, Side.FRONT, zone_expected=False) is None
        if sides.warned:
            break
    assert sides.warned
