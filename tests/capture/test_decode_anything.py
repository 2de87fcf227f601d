"""Whatever a recogniser answers, and whatever stands in lines: a reading or none, never a crash."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from kiosk.capture.decode import ALPHABET, read_zone
from kiosk.documents import mrz, names
from kiosk.documents.layouts import LAYOUTS, allowed, character_classes
from kiosk.domain.errors import MrzFormatError
from tests.capture.lines import TD3, scores_of

ANYTHING = arrays.arrays(
    np.float32,
    st.tuples(st.integers(0, 200), st.just(len(ALPHABET) + 1)),
    elements=st.floats(width=32),
)


def kept_promises(reading):
    if reading is None:
        return
    layout = LAYOUTS[reading.layout]
    assert [len(line) for line in reading.lines] == [layout.width] * layout.lines
    for line, classes in zip(reading.lines, character_classes(reading.layout), strict=True):
        assert all(c in allowed(kind) for c, kind in zip(line, classes, strict=True))
    assert all(0 <= n < layout.lines and 0 <= p < layout.width for n, p in reading.doubts)


@pytest.mark.parametrize("count", [0, 1, 4, 9])
def test_a_zone_of_no_line_or_of_too_many_is_none(count):
    assert read_zone([scores_of(TD3[0])] * count) is None


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(deadline=None)  # the first call loads decoders; machines differ
@given(st.lists(ANYTHING, max_size=4))
def test_any_numbers_give_a_reading_or_none(scores):
    kept_promises(read_zone(scores))


@settings(deadline=None)  # the first call loads decoders; machines differ
@given(st.data())
def test_a_drawn_zone_with_lost_doubled_and_changed_steps_keeps_its_promises(data):
    scores = [scores_of(line).copy() for line in TD3]
    for _ in range(data.draw(st.integers(0, 8))):
        index = data.draw(st.integers(0, 1))
        step = data.draw(st.integers(0, len(scores[index]) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                scores[index] = np.delete(scores[index], step, axis=0)
            case 1:
                scores[index] = np.insert(scores[index], step, scores[index][step], axis=0)
            case _:
                scores[index][step] = np.roll(scores[index][step], data.draw(st.integers(0, 37)))
    kept_promises(read_zone(scores))


@given(st.lists(st.text(max_size=60), max_size=5))
def test_any_lines_are_a_document_or_an_error_of_ours(lines):
    try:
        reading = mrz.parse(lines, date(2026, 11, 25))
    except MrzFormatError:
        return
    assert reading.document.layout in LAYOUTS


@given(st.text(max_size=60), st.text(max_size=60), st.booleans())
def test_any_two_names_have_a_class_of_match(announced, read, truncated):
    assert names.compare_surname(announced, read, truncated=truncated) in names.Match
    given_names = names.compare_given_names(announced.split(), read.split(), truncated=truncated)
    assert given_names in names.Match
