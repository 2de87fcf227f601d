import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.capture.decode import ALPHABET, letters_of, read_zone
from kiosk.capture.settle import settle
from kiosk.documents.layouts import LAYOUTS
from tests.capture.lines import FR_ID, MARGIN, TD1, TD3, scores_of, step_of


def read(lines, hesitations=None):
    return read_zone([scores_of(line, (hesitations or {}).get(i)) for i, line in enumerate(lines)])


@pytest.mark.parametrize(("lines", "layout"), [(TD3, "TD3"), (TD1, "TD1"), (FR_ID, "FR-ID")])
def test_clear_lines_are_read_as_they_stand(lines, layout):
    reading = read(lines)
    assert (reading.layout, reading.lines, reading.doubts) == (layout, lines, ())


@pytest.mark.parametrize("lines", [TD3, TD1, FR_ID])
def test_each_character_says_where_it_stands_on_the_strip(lines):
    reading = read(lines)
    for line, places in zip(lines, reading.places, strict=True):
        expected = [(step_of(i) + 0.5) / (4 * len(line) + 2 * MARGIN) for i in range(len(line))]
        assert places == pytest.approx(expected)


def test_a_filler_filled_in_stands_between_its_neighbours():
    scores = scores_of(TD3[0])
    scores[step_of(35)] = scores[0]
    places = read_zone([scores, scores_of(TD3[1])]).places[0]
    assert places[35] == pytest.approx((places[34] + places[36]) / 2)


def test_a_card_of_three_lines_is_no_td2():
    for pair in ((TD1[0], TD1[1]), (TD1[1], TD1[2]), (TD1[0], TD1[2])):
        assert read(pair) is None


def test_a_twin_that_no_check_digit_sees_raises_a_doubt():
    # G is worth 16 and 6 is worth 6: no weight tells them apart.
    number = TD3[1].replace("L898902C3", "L89890GC3")
    reading = read((TD3[0], number), {1: {6: {"G": 0.82, "6": 0.18}}})
    assert (1, 6) in reading.doubts
    assert (1, 6) in settle(reading).doubts


def test_the_likelier_twin_is_not_taken_for_the_truth():
    reading = read((TD3[0], TD3[1]), {1: {0: {"1": 0.55, "L": 0.45}}})
    assert (1, 0) in settle(reading).doubts


def test_a_digit_field_takes_a_lookalike_only():
    reading = read(TD3, {1: {13: {"T": 0.9, "7": 0.1}}})
    assert reading is not None
    assert reading.lines == TD3
    assert read(TD3, {1: {13: {"W": 0.95, "7": 0.05}}}) is None


def test_a_lookalike_that_other_digits_rival_is_doubtful():
    # A letter where a digit must be: 7 is its look-alike, but 0 and 1 are nearly as likely.
    reading = read(TD3, {1: {13: {"T": 0.40, "7": 0.25, "1": 0.15, "0": 0.20}}})
    assert reading.lines == TD3
    assert (1, 13) in reading.doubts


def test_a_letter_after_three_fillers_spoils_a_name():
    assert read((TD3[0][:-3] + "A<<", TD3[1])) is None


@pytest.mark.parametrize("position", [6, 20])
def test_a_lost_letter_of_a_name_spoils_the_reading(position):
    scores = scores_of(TD3[0])
    scores[step_of(position)] = scores[0]
    assert read_zone([scores, scores_of(TD3[1])]) is None


@pytest.mark.parametrize("end", ["first", "last"])
def test_a_letter_that_the_end_of_the_strip_cuts_spoils_the_reading(end):
    # What is left of a letter looks like another: a part of K like a filler.
    scores = scores_of(TD3[0])
    cut = scores[step_of(0) :] if end == "first" else scores[: step_of(43) + 1]
    assert read_zone([cut, scores_of(TD3[1])]) is None


@pytest.mark.parametrize(("end", "doubt"), [("first", (0, 0)), ("last", (0, 43))])
def test_a_letter_that_touches_the_end_of_the_strip_is_doubtful(end, doubt):
    scores = scores_of(TD3[0])
    cut = scores[step_of(0) - 1 :] if end == "first" else scores[: step_of(43) + 2]
    reading = read_zone([cut, scores_of(TD3[1])])
    assert reading.lines == TD3
    assert reading.doubts == (doubt,)


def test_letters_closer_than_the_pitch_are_not_silently_one():
    # A doubled letter: the same symbol twice within one pitch, nobody knows which line is right.
    scores = scores_of(TD3[0])
    doubled = np.insert(scores, step_of(8) + 2, scores[step_of(8)], axis=0)
    assert read_zone([doubled, scores_of(TD3[1])]) is None


def test_lost_fillers_at_the_end_of_a_name_are_filled_in():
    scores = scores_of(TD3[0])
    scores[step_of(35)] = scores[0]
    assert read_zone([scores, scores_of(TD3[1])]).lines == TD3


def test_too_many_lost_fillers_are_not():
    scores = scores_of(TD3[0])
    for position in (30, 32, 34, 36, 38):
        scores[step_of(position)] = scores[0]
    assert read_zone([scores, scores_of(TD3[1])]) is None


def test_check_digits_settle_what_they_can_see():
    # 5 and S in the number of a card: the check digit tells them apart.
    reading = read(TD1, {0: {8: {"1": 0.6, "I": 0.4}}})
    assert (0, 8) in reading.doubts
    settled = settle(reading)
    assert settled.lines == TD1
    assert settled.doubts == ()


def test_a_replaced_character_remains_doubtful():
    reading = read(TD1, {0: {8: {"I": 0.6, "1": 0.4}}})
    assert reading.lines != TD1
    settled = settle(reading)
    assert settled.lines == TD1
    assert settled.doubts == ((0, 8),)


def test_check_digits_do_not_settle_a_name():
    reading = read(TD1, {2: {0: {"E": 0.7, "F": 0.3}}})
    assert settle(reading).doubts == ((2, 0),)


def test_a_replacement_that_nobody_saw_is_not_invented():
    wrong = (TD1[0].replace("D231458907", "D281458907"), *TD1[1:])
    reading = settle(read(wrong))
    assert reading.lines == wrong


def test_collapse_tells_twin_letters_apart_by_the_blank_between():
    assert "".join(letter.best for letter in letters_of(scores_of("AABB<<"))) == "AABB<<"


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(list(LAYOUTS)),
    st.data(),
)
def test_whatever_is_read_fits_its_layout(name, data):
    layout = LAYOUTS[name]
    lines = [
        data.draw(st.text(ALPHABET, min_size=layout.width - 5, max_size=layout.width + 5))
        for _ in range(layout.lines)
    ]
    reading = read_zone([scores_of(line) for line in lines])
    if reading is not None:
        fitted = LAYOUTS[reading.layout]
        assert [len(line) for line in reading.lines] == [fitted.width] * fitted.lines
        assert all(len(s) == fitted.width for s in reading.scores)
        assert all(len(p) == fitted.width for p in reading.places)
        assert all(0 <= a <= b <= 1 for p in reading.places for a, b in itertools.pairwise(p))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 3), st.integers(1, 130))
def test_noise_neither_crashes_nor_reads_as_certain(seed, lines, steps):
    rng = np.random.default_rng(seed)
    noise = [rng.dirichlet(np.ones(38), steps).astype(np.float32) for _ in range(lines)]
    reading = read_zone(noise)
    assert reading is None or reading.doubts
