"""A second reader confirms what it sees too, and nothing else."""

import numpy as np
import pytest

from kiosk.capture.decode import ALPHABET
from kiosk.capture.opinion import confirms, seen_text

LINES = ("IDFRAX4RTBPFW46<<<<<<<<<<<<<<<", "9007138F3002119FRA<<<<<<<<<<<6")


def scores_of(text: str) -> np.ndarray:
    """Probabilities of a reader that is sure of ``text``: a blank between letters."""
    steps = np.full((2 * len(text) + 1, 38), 0.0005, np.float32)
    steps[0::2, 0] = 1
    for i, character in enumerate(text):
        steps[2 * i + 1, ALPHABET.index(character) + 1] = 1
    return steps / steps.sum(1, keepdims=True)


def test_text_is_seen_without_fillers():
    assert seen_text(scores_of("AB<<C<")) == "ABC"
    assert seen_text(scores_of("")) == ""


def test_the_same_text_confirms_whatever_the_number_of_fillers():
    second = [scores_of(LINES[0][:-3]), scores_of(LINES[1])]
    assert confirms(LINES, second, digits_hold=True)


@pytest.mark.parametrize("change", ["IDFRAX4RTBPFW46", "1DFRAX4RTBPFW46", "IOFRAX4RT8PFW4G"])
def test_lookalikes_confirm_where_the_digits_hold(change):
    second = [scores_of(change), scores_of(LINES[1])]
    assert confirms(LINES, second, digits_hold=True)


def test_lookalikes_do_not_accuse_a_document():
    second = [scores_of("1DFRAX4RTBPFW46"), scores_of(LINES[1])]
    assert not confirms(LINES, second, digits_hold=False)


@pytest.mark.parametrize(
    "change", ["IDFRAX4RTTBPFW46", "IDFRAX4TBPFW46", "IDFRAX4RTBPFW47", "IDFRAX4RTBPHW46", ""]
)
def test_a_lost_doubled_or_other_letter_contradicts(change):
    second = [scores_of(change), scores_of(LINES[1])]
    assert not confirms(LINES, second, digits_hold=True)


def test_another_number_of_lines_contradicts():
    assert not confirms(LINES, [scores_of(LINES[0])], digits_hold=True)
