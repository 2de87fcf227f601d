"""Places of a zone: which field, which check digit, and what cannot stand there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.documents.check_digits import ALPHABET, FILLER
from kiosk.documents.layouts import FR_ID, LAYOUTS, MRV_A, TD1, TD3
from kiosk.documents.zone_places import DigitState, Misplaced, digits_of, misplaced, place_of

TD3_LINES = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
"""Specimen of ICAO Doc 9303-4."""


def states(layout, lines):
    return {digit.name: digit.state for digit in digits_of(layout, lines)}


def test_the_position_of_a_check_digit_is_named():
    place = place_of(TD1, 0, 14)
    assert (place.field, place.index, place.digit_of) == ("number_check", 0, "document_number")
    assert place_of(TD1, 0, 8).index == 3
    assert place_of(TD1, 1, 29).digit_of == "composite"


def test_right_digits_of_the_specimen():
    assert set(states(TD3, TD3_LINES).values()) == {DigitState.RIGHT}


def test_a_wrong_digit_is_told_at_its_field_only():
    wrong = (TD3_LINES[0], TD3_LINES[1].replace("740812", "740813"))
    found = states(TD3, wrong)
    assert found["birth_date"] is DigitState.WRONG
    assert found["composite"] is DigitState.WRONG
    assert found["document_number"] is found["expiry_date"] is DigitState.RIGHT


def test_a_digit_is_open_until_all_that_it_covers_is_typed():
    found = states(TD3, (TD3_LINES[0], TD3_LINES[1][:10]))
    assert found["document_number"] is DigitState.RIGHT
    assert found["birth_date"] is found["composite"] is DigitState.OPEN
    assert states(TD3, ())["document_number"] is DigitState.OPEN


def test_a_number_that_runs_on_is_open_until_the_optional_field_is_typed():
    # A long document number as in ICAO Doc 9303-5, 4.2.2: filler in place of the digit.
    line = "I<UTOD23145890<7349<<<<<<<<<<<"
    assert states(TD1, (line[:15],))["document_number"] is DigitState.OPEN
    assert states(TD1, (line,))["document_number"] is not DigitState.OPEN


def test_visas_have_no_composite_digit():
    assert "composite" not in states(MRV_A, ())
    assert "expiry_date" not in states(FR_ID, ())


@pytest.mark.parametrize(
    ("line", "position", "character", "instead"),
    [(1, 0, "O", "0"), (1, 3, "I", "1"), (2, 2, "0", "O"), (2, 4, "1", "I"), (1, 7, "9", "")],
)
def test_what_a_place_cannot_hold_is_told_with_its_look_alike(line, position, character, instead):
    lines = ["<" * 30, "0" * 7 + "<" + "0" * 7 + "<" * 14 + "0", "<" * 30]
    row = lines[line]
    lines[line] = row[:position] + character + row[position + 1 :]
    assert misplaced(TD1, lines) == (Misplaced(line, position, character, instead),)


@given(
    st.sampled_from(sorted(LAYOUTS)),
    st.lists(st.text(ALPHABET + FILLER, max_size=44), max_size=3),
)
def test_any_beginning_of_any_lines_has_an_answer(name, lines):
    layout = LAYOUTS[name]
    lines = [line[: layout.width] for line in lines]
    for digit in digits_of(layout, lines):
        assert digit.place.width == 1
    for item in misplaced(layout, lines):
        assert item.character == lines[item.line][item.position]
