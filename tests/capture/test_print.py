"""Lines of print: where they stand, and what their probabilities say."""

from pathlib import Path

import numpy as np
import pytest

from kiosk.capture.portrait import enlarged, find_portrait, portrait_of
from kiosk.capture.print_decode import PRINT_ALPHABET, decode_print
from kiosk.capture.print_lines import cut, find_lines_of, headings
from kiosk.devices.specimens import load_specimens
from kiosk.documents.data import Box
from kiosk.documents.printed_layouts import load_printed
from kiosk.domain.evidence import DocumentKind, Side

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
SPECIMENS = load_specimens(RESOURCES / "specimens")
LAYOUTS = load_printed((RESOURCES / "documents" / "printed.toml").read_bytes())
OTHER = len(PRINT_ALPHABET) + 1


def scores_of(*steps):
    """(T, n) from one dict of probabilities by symbol a step; the rest is blank."""
    rows = np.zeros((len(steps), OTHER + 1), np.float32)
    for row, step in zip(rows, steps, strict=True):
        for symbol, probability in step.items():
            row[PRINT_ALPHABET.index(symbol) + 1 if symbol else OTHER] = probability
        row[0] = 1 - row.sum()
    return rows


def test_steps_are_collapsed_to_letters():
    text = decode_print(scores_of({"É": 0.99}, {"É": 0.98}, {}, {"l": 0.97}, {}, {"l": 0.97}))
    assert text.text == "Éll"
    assert text.clear


@pytest.mark.parametrize(
    "steps",
    [
        [{"E": 0.70}],  # not clear
        [{"8": 0.86, "3": 0.13}],  # a rival too near
        [{"E": 0.98, "È": 0.004}],  # the accent was thought of
        [{"E": 0.99}, {"È": 0.01}],  # beside it, too
        [{"E": 0.60, "": 0.40}],  # something beyond this alphabet
        [{"": 0.99}],
        [{}, {}],
        [],
    ],
)
def test_what_is_not_clear(steps):
    scores = scores_of(*steps) if steps else np.zeros((0, OTHER + 1), np.float32)
    assert not decode_print(scores).clear


def test_a_sign_may_be_weaker_than_a_letter():
    assert decode_print(scores_of({"l": 0.99}, {",": 0.60}, {"R": 0.99})).clear


def test_a_gap_is_sure_only_where_no_sign_was_thought_of():
    bare = decode_print(scores_of({"E": 0.99}, {" ": 0.3}, {"G": 0.99}))
    hyphen = decode_print(scores_of({"E": 0.99}, {"-": 0.3}, {"G": 0.99}))
    touching = decode_print(scores_of({"E": 0.99}, {"G": 0.99}))
    assert bare.gaps == (True,)
    assert hyphen.gaps == touching.gaps == (False,)


def straight(name, side):
    import cv2

    picture = SPECIMENS[name].picture(side)
    height = round(picture.shape[0] * 1012 / picture.shape[1])
    return cv2.resize(picture, (1012, height), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("shift", [(0, 0), (18, -12), (-15, 14)])
def test_lines_are_found_where_the_side_is_a_little_off(shift):
    card = straight("fr-id-lefevre", Side.FRONT)
    layout = LAYOUTS.of(DocumentKind.FR_ID_CARD_2021, Side.FRONT)
    moved = np.roll(card, shift, axis=(1, 0))
    lines = find_lines_of(moved, [field.box for field in layout.fields])
    for field, line in zip(layout.fields, lines, strict=True):
        assert line is not None
        assert abs(line.top - shift[1] - field.box.y * card.shape[0]) < 8


@pytest.mark.parametrize("fill", [0, 128, 255])
def test_a_blank_side_has_no_lines(fill):
    blank = np.full((638, 1012, 3), fill, np.uint8)
    boxes = [Box(0.1, 0.2, 0.3, 0.04), Box(0.1, 0.5, 0.3, 0.04)]
    assert find_lines_of(blank, boxes) == (None, None)
    assert find_lines_of(blank, []) == ()
    assert headings(blank) == ()


def test_a_cut_stays_inside_the_side():
    card = straight("fr-id-lefevre", Side.FRONT)
    for line in headings(card):
        strip = cut(card, line, 5.0, 5.0)
        assert 0 < strip.shape[0] <= card.shape[0]
        assert strip.shape[1] == card.shape[1]


def test_headings_are_at_the_top():
    lines = headings(straight("fr-permit-el-amrani", Side.FRONT))
    assert 1 <= len(lines) <= 3
    assert all(line.bottom < 130 for line in lines)


# --- portrait -------------------------------------------------------------------------------------


FRONTS = sorted(SPECIMENS)


@pytest.mark.parametrize("name", FRONTS)
def test_every_front_gives_its_portrait_enlarged(name):
    specimen = SPECIMENS[name]
    layout = LAYOUTS.of(specimen.kind, Side.FRONT)
    portrait = portrait_of(straight(name, Side.FRONT), layout.portrait)
    assert portrait is not None
    assert portrait.shape[0] >= 600
    assert 0.6 < portrait.shape[1] / portrait.shape[0] < 1.0


def test_without_a_face_the_place_itself_is_shown():
    blank = np.full((638, 1012, 3), 200, np.uint8)
    place = Box(0.03, 0.18, 0.30, 0.60)
    assert find_portrait(blank) is None
    assert portrait_of(blank, None) is None
    assert portrait_of(blank, place).shape[0] == 600


def test_a_large_portrait_is_left_as_it_is():
    large = np.zeros((700, 500, 3), np.uint8)
    assert enlarged(large) is large
