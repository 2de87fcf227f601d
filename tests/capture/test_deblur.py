"""Blur taken back: the right guess brings edges back, and the search comes near it."""

import cv2
import numpy as np
import pytest

from kiosk.capture.deblur import DIRECTIONS, Blur, BlurSearch, taken_back
from kiosk.devices.specimen_optics import streak

SHAKE = Blur(0.8, 7.5, 4)


def sharp():
    picture = np.full((80, 400), 220, np.uint8)
    for number in range(14):
        place = (14 + 27 * number, 52)
        cv2.putText(picture, chr(65 + number), place, cv2.FONT_HERSHEY_SIMPLEX, 0.9, 30, 2)
    return cv2.GaussianBlur(picture, (0, 0), 0.6)


def shaken(picture, blur):
    soft = cv2.GaussianBlur(picture, (0, 0), blur.sigma)
    angle = blur.direction * np.pi / DIRECTIONS
    return cv2.filter2D(soft, -1, streak(blur.length, angle), borderType=cv2.BORDER_REPLICATE)


def apart(one, other):
    return float(np.abs(one.astype(float) - other).mean())


def likeness(one, other):
    """Correlation of what stands out against the surroundings."""
    fine = [p.astype(float) - cv2.GaussianBlur(p.astype(float), (0, 0), 4) for p in (one, other)]
    return float(np.corrcoef(fine[0].ravel(), fine[1].ravel())[0, 1])


def test_a_shake_is_taken_back_by_the_right_guess_alone():
    picture = sharp()
    seen = shaken(picture, SHAKE)
    plain = likeness(seen, picture)
    assert likeness(taken_back(seen, SHAKE), picture) > plain + 0.02
    assert likeness(taken_back(seen, Blur(0.8, 7.5, 12)), picture) < plain


def test_a_plain_paper_stays_as_it_is():
    paper = np.full((60, 90), 181, np.uint8)
    assert apart(taken_back(paper, SHAKE), paper) <= 1


@pytest.mark.parametrize("true", [Blur(0.8, 9.0, 3), Blur(0.8, 4.5, 13), Blur(2.0)])
def test_the_search_comes_near_the_blur_that_helps(true):
    def gain(blur):
        turn = abs(blur.direction - true.direction) % DIRECTIONS
        turn = min(turn, DIRECTIONS - turn) if true.length and blur.length else 0
        far = abs(blur.length - true.length) / 6 + turn / 4 + abs(blur.sigma - true.sigma)
        return 0.08 - 0.05 * far

    search = BlurSearch()
    for _ in range(25):
        for blur in search.guesses(3):
            search.learn(blur, gain(blur))
    best = search.guesses(1)[0]
    assert gain(best) > 0.05


def test_no_guess_is_tried_twice_in_a_frame():
    search = BlurSearch()
    for _ in range(30):
        guesses = search.guesses(3)
        assert len(set(guesses)) == 3
        for blur in guesses:
            search.learn(blur, -0.05)
