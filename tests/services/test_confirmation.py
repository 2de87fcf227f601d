"""The second reader's opinion, one line a call."""

import numpy as np
import pytest

from kiosk.services.confirmation import Confirmation
from tests.capture.lines import TD3, scores_of

STRIPS = [np.zeros((48, 960), np.uint8)] * 2


class Sees:
    """A reader that sees these lines one after the other, again and again."""

    def __init__(self, *lines):
        self.lines = lines
        self.calls = 0

    def warm_up(self):
        pass

    def recognise(self, strips):
        assert len(strips) == 1
        line = self.lines[self.calls % len(self.lines)]
        self.calls += 1
        return [scores_of(line)]


def test_without_a_second_reader_everything_is_confirmed():
    assert Confirmation(None).step(TD3, STRIPS, digits_hold=True).agrees


def test_the_opinion_comes_with_the_last_line():
    confirmation = Confirmation(Sees(*TD3))
    assert confirmation.step(TD3, STRIPS, digits_hold=True) is None
    opinion = confirmation.step(TD3, STRIPS, digits_hold=True)
    assert opinion.agrees
    assert opinion.disputes == ()


def test_another_letter_is_a_dispute_with_its_place():
    confirmation = Confirmation(Sees(TD3[0].replace("ANNA", "ANNE"), TD3[1]))
    confirmation.step(TD3, STRIPS, digits_hold=True)
    opinion = confirmation.step(TD3, STRIPS, digits_hold=True)
    assert not opinion.agrees
    assert [(d.line, d.position, d.seen) for d in opinion.disputes] == [(0, 18, "E")]


@pytest.mark.parametrize("holds", [True, False])
def test_look_alikes_are_disputed_only_where_the_digits_accuse_the_document(holds):
    confirmation = Confirmation(Sees(TD3[0].replace("MARIA", "MAR1A"), TD3[1]))
    confirmation.step(TD3, STRIPS, digits_hold=holds)
    opinion = confirmation.step(TD3, STRIPS, digits_hold=holds)
    assert opinion.agrees is holds
    assert len(opinion.disputes) == (0 if holds else 1)


def test_a_lost_letter_cannot_be_laid_beside():
    confirmation = Confirmation(Sees(TD3[0].replace("ANNA", "ANA"), TD3[1]))
    confirmation.step(TD3, STRIPS, digits_hold=True)
    opinion = confirmation.step(TD3, STRIPS, digits_hold=True)
    assert not opinion.agrees
    assert opinion.disputes is None


def test_a_line_that_was_confirmed_is_not_looked_at_again():
    reader = Sees(TD3[0], TD3[1].replace("L898", "L698"), TD3[1])
    confirmation = Confirmation(reader)
    assert confirmation.step(TD3, STRIPS, digits_hold=True) is None
    assert not confirmation.step(TD3, STRIPS, digits_hold=True).agrees
    assert confirmation.step(TD3, STRIPS, digits_hold=True).agrees
    assert reader.calls == 3


def test_another_text_begins_anew():
    reader = Sees(*TD3)
    confirmation = Confirmation(reader)
    other = (TD3[0].replace("ANNA", "ANNE"), TD3[1])
    confirmation.step(other, STRIPS, digits_hold=True)
    reader.calls = 0
    assert confirmation.step(TD3, STRIPS, digits_hold=True) is None
    assert confirmation.step(TD3, STRIPS, digits_hold=True).agrees
