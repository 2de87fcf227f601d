"""A side without a zone: what is taken of it is of one picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.capture.quality import Quality
from kiosk.devices.specimens import load_specimens
from kiosk.documents.identification import Identification
from kiosk.domain.evidence import Side
from kiosk.ports import Frame
from kiosk.services.gradual import Gradual
from kiosk.services.look import Look
from kiosk.services.plain_side import PlainSides
from kiosk.services.zone_reading import ZoneFinding

SPECIMENS = load_specimens(Path(__file__).resolve().parents[2] / "resources" / "specimens")
LINES = 14
SHARP = {"fr-id-martin": 0.5, "fr-id-garnier": 0.9}


class SlowTaker:
    """Reads headings of many lines, and takes whatever it is given."""

    def __init__(self):
        self.named = []

    def identify(self, card, side):
        self.named.append(card)
        return Gradual(self._lines(side))

    def _lines(self, side):
        for _ in range(LINES):
            yield
        return Identification(side=side)

    def plain(self, seen, sharpness):
        return seen, sharpness


def look(name, side):
    """A side that fills its frame."""
    picture = cv2.resize(SPECIMENS[name].picture(side), (1000, 630))
    corners = np.array([(0, 0), (999, 0), (999, 629), (0, 629)], np.float64)
    quality = Quality(sharpness=SHARP[name], glare=0.0, glare_at=None, exposure=0.6)
    frame = Frame(picture, 0, 0)
    return Look(frame, ZoneFinding(picture[..., 0]), corners, quality, still=True)


@pytest.mark.parametrize("side", list(Side))
def test_a_card_exchanged_while_its_heading_is_read_gives_nothing_to_what_is_taken(side):
    taker = SlowTaker()
    sides = PlainSides(taker)
    back = side is Side.BACK
    taken = None
    for index in range(40):
        name = "fr-id-martin" if index < 8 else "fr-id-garnier"
        shown = look(name, Side.BACK if back else Side.FRONT)
        taken = sides.add(shown, side, zone_expected=False)
        if taken is not None:
            break
    seen, sharpness = taken
    assert index > 8
    assert [card is seen.card for card in taker.named] == [True]
    assert sharpness == SHARP["fr-id-martin"]
    assert (seen.portrait is None) is back
    drawn = {n: cv2.resize(SPECIMENS[n].picture(side), seen.card.shape[1::-1]) for n in SHARP}
    off = {n: np.abs(seen.card.astype(int) - d.astype(int)).mean() for n, d in drawn.items()}
    assert off["fr-id-martin"] < off["fr-id-garnier"]
