"""The second reader on one picture: lines at once, disputed characters by themselves."""

import numpy as np
import pytest

from kiosk.capture.alone import ALONE_WIDTH, SHOWN
from kiosk.capture.decode import read_zone
from kiosk.services.still_opinion import sees_the_same
from kiosk.services.zone_reading import ReadZone
from tests.capture.lines import TD3, scores_of

SEEN_OTHERWISE = TD3[1].replace("L898", "E898")


def cuts(lines, count=3):
    """The same text, read from so many cuts; each has a grey of its own."""
    reading = read_zone([scores_of(line) for line in lines])
    for grey in range(count):
        strips = tuple(np.full((48, 960), 10 * grey, np.uint8) for _ in lines)
        yield ReadZone(reading, strips, np.zeros((4, 2)))


class Sees:
    """Sees lines as told; a character by itself as told for the cut that it is shown from."""

    def __init__(self, lines, alone=("", "", "")):
        self.lines, self.alone = lines, alone
        self.shown = 0

    def warm_up(self):
        pass

    def recognise(self, strips):
        if strips[0].shape[1] != ALONE_WIDTH:
            return [scores_of(line) for line in self.lines]
        self.shown += len(strips)
        return [scores_of(SHOWN * self.alone[int(strip[24, 96]) // 10]) for strip in strips]


def test_what_is_seen_the_same_in_its_line_is_shown_no_more():
    second = Sees(TD3)
    assert sees_the_same(second, list(cuts(TD3)))
    assert second.shown == 0


@pytest.mark.parametrize(
    ("alone", "same"), [("LLL", True), ("LLE", False), ("ELL", False), ("EEE", False)]
)
def test_a_disputed_character_must_be_seen_the_same_by_itself_in_every_cut(alone, same):
    second = Sees((TD3[0], SEEN_OTHERWISE), alone)
    assert sees_the_same(second, list(cuts(TD3))) is same
    assert second.shown == 3


@pytest.mark.parametrize(
    "seen",
    [
        TD3[0].replace("ANNA", "ANA"),
        TD3[0].replace("ERIKSSON", "BRUNNERS"),
    ],
)
def test_another_line_is_a_contradiction_whatever_its_characters_say(seen):
    second = Sees((seen, TD3[1]), "NNN")
    assert not sees_the_same(second, list(cuts(TD3)))
    assert second.shown == 0
