"""A character shown by itself: cut where it was read, and seen the same only when it is clear."""

import cv2
import numpy as np
import pytest

from kiosk.capture.alone import ALONE_WIDTH, SHOWN, alone, seen_alone
from tests.capture.lines import FR_ID, TD3, scores_of

LETTERS = 30
PLACES = tuple((k + 0.5 + 0.9) / (LETTERS + 1.8) for k in range(LETTERS))


def ruled() -> np.ndarray:
    """A strip on which letter k is a dark stroke in the middle of its place, the fifth one wide."""
    strip = np.full((48, 960), 220, np.uint8)
    for k, place in enumerate(PLACES):
        wide = 8 if k == 5 else 2
        middle = round(place * 960)
        cv2.rectangle(strip, (middle - wide, 14), (middle + wide, 34), 20, -1)
    return strip


def test_a_character_is_repeated_without_its_neighbours():
    shown = alone(ruled(), PLACES, 5)
    assert (shown.shape, shown.dtype) == ((48, ALONE_WIDTH), np.uint8)
    dark = shown[24] < 120
    strokes = np.flatnonzero(np.diff(dark.astype(int)) == 1)
    assert len(strokes) == SHOWN
    assert len(set(np.diff(strokes))) == 1
    thin = alone(ruled(), PLACES, 6)[24] < 120
    assert thin.sum() < dark.sum() / 2


def test_around_it_there_is_paper():
    shown = alone(ruled(), PLACES, 5)
    assert shown[:, 0].min() > 200
    assert shown[:, -1].min() > 200


def test_a_letter_fills_its_strip_more_than_it_did_its_line():
    rows = np.flatnonzero((alone(ruled(), PLACES, 5) < 120).any(1))
    assert rows[-1] - rows[0] > 1.3 * 20


@pytest.mark.parametrize("seen", ["LLLL", "LLL", "LLLI", "1LLL"])
def test_what_is_seen_nearly_always_is_seen_the_same(seen):
    assert seen_alone(TD3, 1, 0, scores_of(seen), digits_hold=True)


@pytest.mark.parametrize("seen", ["", "L", "LL", "LLLLL", "LL11", "1111", "LLI", "6666"])
def test_anything_else_is_not(seen):
    assert not seen_alone(TD3, 1, 0, scores_of(seen), digits_hold=True)


def test_a_digit_in_a_place_for_letters_stands_for_its_letter():
    assert seen_alone(FR_ID, 1, 14, scores_of("0000"), digits_hold=True)  # CORINNE
    assert not seen_alone(FR_ID, 1, 13, scores_of("0000"), digits_hold=True)
    assert not seen_alone(FR_ID, 1, 14, scores_of("0000"), digits_hold=False)


def test_what_has_no_layout_is_never_seen():
    assert not seen_alone(("ABC", "DEF"), 0, 0, scores_of("AAAA"), digits_hold=True)
