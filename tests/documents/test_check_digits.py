"""Check digits: the official sample, and what they cannot see (ICAO Doc 9303-3, 4.9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.documents.check_digits import ALPHABET, blind_twins, check_digit, value_of

CHARACTERS = ALPHABET + "<"
zone_text = st.text(alphabet=CHARACTERS, min_size=1, max_size=44)


@pytest.mark.parametrize(
    ("text", "digit"),
    [("L898902C3", "6"), ("740812", "2"), ("120415", "9"), ("ZE184226B<<<<<", "1"), ("", "0")],
)
def test_official_samples(text, digit):
    assert check_digit(text) == digit


def test_a_long_number_is_computed_without_the_filler_in_its_middle():
    assert check_digit("600001795015") == "2"
    assert check_digit("600001795<015") == "0"


@pytest.mark.parametrize("group", ["6GQ", "0AKU<", "1BLV", "2CMW", "4EOY", "5FPZ", "8IS", "3DNX"])
def test_blind_groups(group):
    for character in group:
        assert blind_twins(character) == frozenset(group) - {character}


@pytest.mark.parametrize(("one", "other"), ["0O", "1I", "5S", "8B", "2Z"])
def test_the_other_usual_confusions_are_seen(one, other):
    assert other not in blind_twins(one)


@given(zone_text, st.data())
def test_only_blind_twins_escape_the_check_digit(text, data):
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(CHARACTERS).filter(lambda c: c != text[place]))
    changed = text[:place] + other + text[place + 1 :]
    unseen = check_digit(changed) == check_digit(text)
    assert unseen == (other in blind_twins(text[place]))


@given(zone_text.filter(lambda t: len(t) > 1), st.data())
def test_a_swap_of_neighbours_is_unseen_exactly_when_their_values_differ_by_a_multiple_of_five(
    text, data
):
    place = data.draw(st.integers(0, len(text) - 2))
    one, other = text[place], text[place + 1]
    swapped = text[:place] + other + one + text[place + 2 :]
    unseen = check_digit(swapped) == check_digit(text)
    assert unseen == ((value_of(one) - value_of(other)) % 5 == 0)


@pytest.mark.parametrize("character", ["a", "É", " ", "-", "", "\u0661"])
def test_foreign_characters_are_refused(character):
    with pytest.raises(ValueError):
        value_of(character)
