"""The second reader's opinion, one line a call."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.capture.alone import ALONE_WIDTH, SHOWN
from kiosk.capture.deblur import Blur
from kiosk.services.confirmation import Confirmation, Opinion
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


PLACES = [tuple((k + 0.5) / 44 for k in range(44))] * 2
SEEN_OTHERWISE = TD3[1].replace("L898", "E898")


class Shown:
    """Sees lines, and otherwise than in them a character that is shown by itself."""

    def __init__(self, *lines, alone):
        self.lines, self.alone = list(lines), list(alone)
        self.shown = 0

    def warm_up(self):
        pass

    def recognise(self, strips):
        if strips[0].shape[1] == ALONE_WIDTH:
            self.shown += len(strips)
            return [scores_of(self.alone.pop(0) * SHOWN) for _ in strips]
        (_,) = strips
        return [scores_of(self.lines.pop(0))]


def opinions(reader, frames, *, holds=True):
    confirmation = Confirmation(reader)
    return [
        confirmation.step(TD3, [strip.copy() for strip in STRIPS], digits_hold=holds, places=PLACES)
        for _ in range(frames)
    ]


def test_a_character_that_is_seen_the_same_by_itself_twice_is_disputed_no_longer():
    reader = Shown(TD3[0], SEEN_OTHERWISE, alone="LL")
    assert opinions(reader, 4) == [None, None, None, Opinion(agrees=True)]


def test_once_is_not_enough():
    reader = Shown(TD3[0], SEEN_OTHERWISE, alone="LE" * 4)
    *before, opinion = opinions(reader, 10)
    assert before == [None] * 9
    assert not opinion.agrees
    assert [(d.line, d.position, d.seen) for d in opinion.disputes] == [(1, 0, "E")]


def test_what_is_seen_otherwise_by_itself_too_stays_disputed():
    reader = Shown(TD3[0], *[SEEN_OTHERWISE] * 9, alone="EE")
    told = [opinion for opinion in opinions(reader, 12) if opinion is not None]
    assert told
    assert not any(opinion.agrees for opinion in told)
    assert reader.shown == 2


def test_seen_the_same_in_its_line_counts_like_by_itself():
    other = TD3[1].replace("ZE184", "ZE784")
    lines = (TD3[0], SEEN_OTHERWISE, other, other, SEEN_OTHERWISE)
    # Eight times without a decision; then twice right in a line in which another one is wrong.
    reader = Shown(*lines, alone="LE" * 4 + "77")
    told = [opinion for opinion in opinions(reader, 15) if opinion is not None]
    assert [opinion.agrees for opinion in told] == [False, False, False, True]


@pytest.mark.parametrize(("alone", "agrees"), [("LL", True), ("11", False)])
def test_what_accuses_a_document_must_be_seen_as_it_is_by_itself(alone, agrees):
    seen = TD3[1].replace("L898", "1898")  # a look-alike: enough where the digits hold
    reader = Shown(TD3[0], seen, alone=alone)
    assert opinions(reader, 4, holds=False)[-1].agrees is agrees
    assert reader.shown == 2


def test_a_line_with_many_disputes_is_no_matter_of_single_characters():
    reader = Shown(TD3[0], SEEN_OTHERWISE.replace("ZE184226B", "ZF385227B"), alone="")
    assert not opinions(reader, 2)[-1].agrees
    assert reader.shown == 0


def test_what_was_confirmed_stays_so():
    reader = Shown(*TD3, alone="")
    assert opinions(reader, 4)[1:] == [Opinion(agrees=True)] * 3


def test_one_picture_says_it_once_however_often_it_is_looked_at():
    # What is offered to an agent is looked at in the best frame so far: often the same one.
    reader = Shown(TD3[0], *[SEEN_OTHERWISE] * 9, alone="L" * 8)
    confirmation = Confirmation(reader)
    told = [confirmation.step(TD3, STRIPS, digits_hold=True, places=PLACES) for _ in range(10)]
    opinions = [opinion for opinion in told if opinion is not None]
    assert opinions
    assert not any(opinion.agrees for opinion in opinions)
    assert [(d.line, d.position, d.seen) for d in opinions[-1].disputes] == [(1, 0, "E")]
    assert reader.shown == 1
    # The next picture decides.
    fresh = [strip.copy() for strip in STRIPS]
    steps = (confirmation.step(TD3, fresh, digits_hold=True, places=PLACES) for _ in range(2))
    assert any(opinion is not None and opinion.agrees for opinion in steps)


def test_what_was_confirmed_is_looked_at_anew_after_another_text():
    reader = Sees(*TD3)
    confirmation = Confirmation(reader)
    confirmation.step(TD3, STRIPS, digits_hold=True)
    assert confirmation.step(TD3, STRIPS, digits_hold=True).agrees
    confirmation.note(TD3)
    assert confirmation.step(TD3, STRIPS, digits_hold=True).agrees
    assert reader.calls == 2
    confirmation.note((TD3[0].replace("ANNA", "ANNE"), TD3[1]))
    assert confirmation.step(TD3, STRIPS, digits_hold=True) is None
    assert confirmation.step(TD3, STRIPS, digits_hold=True).agrees
    assert reader.calls == 4


ONE, TWO = Blur(0.8, 6.0, 0), Blur(0.8, 6.0, 8)


def looked_at(reader, *blurs, places=PLACES):
    """Opinions on strips that were restored so, one look each; None: as they are."""
    confirmation = Confirmation(reader)
    return [
        confirmation.step(
            TD3, [s.copy() for s in STRIPS], digits_hold=True, places=places, blur=blur
        )
        for blur in blurs
    ]


def test_a_line_of_restored_strips_is_confirmed_by_two_guesses():
    reader = Sees(*TD3)
    first, second, third, fourth = looked_at(reader, ONE, ONE, TWO, TWO)
    assert (first, third) == (None, None)
    assert not second.agrees
    assert fourth.agrees


def test_one_guess_confirms_nothing_however_often_it_is_shown():
    assert not any(opinion and opinion.agrees for opinion in looked_at(Sees(*TD3), *[ONE] * 20))


def test_a_strip_as_it_is_confirms_what_restored_ones_left_open():
    opinions_ = looked_at(Sees(*TD3), ONE, ONE, None, None)
    assert opinions_[-1].agrees


def test_a_character_shown_as_it_is_does_not_stand_for_its_restored_line():
    """The others of that line were seen by one guess alone."""
    reader = Shown(TD3[0], SEEN_OTHERWISE, TD3[1], alone="LL")
    *before, alone = looked_at(reader, None, ONE, None, None)
    assert before == [None] * 3
    assert reader.shown == 2
    assert not alone.agrees
    reader = Shown(TD3[0], SEEN_OTHERWISE, TD3[1], alone="LL")
    assert looked_at(reader, None, ONE, None, None, None)[-1].agrees  # the line as it is, at last


def by_line(reader, *blurs):
    """Opinions on the second line, after the first was confirmed as it is; no character by itself.

    One look for each blur that was taken back; None: as it is.
    """
    confirmation = Confirmation(reader)
    confirmation.step(TD3, STRIPS, digits_hold=True)
    return [
        confirmation.step(TD3, [s.copy() for s in STRIPS], digits_hold=True, blur=blur)
        for blur in blurs
    ]


def test_what_two_strips_as_they_are_show_otherwise_no_restoration_settles():
    other = SEEN_OTHERWISE
    reader = Sees(TD3[0], other, TD3[1], other, TD3[1], TD3[1], TD3[1])
    given = by_line(reader, None, ONE, None, TWO, Blur(1.6), Blur(1.2))
    assert not any(opinion.agrees for opinion in given)


def test_what_blur_shows_now_so_now_otherwise_restorations_settle():
    reader = Sees(TD3[0], SEEN_OTHERWISE, TD3[1], TD3[1].replace("L898", "L798"), TD3[1])
    given = by_line(reader, None, ONE, None, TWO)
    assert [opinion.agrees for opinion in given] == [False, False, False, True]


def test_without_a_second_reader_nothing_restored_is_confirmed():
    confirmation = Confirmation(None)
    assert not confirmation.step(TD3, STRIPS, digits_hold=True, blur=ONE).agrees


def test_a_guess_that_has_said_its_part_is_no_news():
    confirmation = Confirmation(Sees(TD3[0]))
    assert confirmation.is_news(TD3, ONE)
    for _ in range(2):
        confirmation.step(TD3, STRIPS, digits_hold=True, blur=ONE)
    assert not confirmation.is_news(TD3, ONE)
    assert confirmation.is_news(TD3, TWO)
    assert confirmation.looks(TD3) == 1


def test_strips_without_places_end_what_was_to_be_shown_by_itself():
    reader = Shown(SEEN_OTHERWISE, TD3[1], TD3[1], TD3[1], alone="")
    confirmation = Confirmation(reader)
    confirmation._lines, confirmation._open = TD3, [1]
    asked = confirmation.step(TD3, STRIPS, digits_hold=True, places=PLACES)
    assert asked is None  # a character is to be shown by itself next
    for blur, agrees in ((ONE, False), (TWO, True)):
        opinion = confirmation.step(TD3, STRIPS, digits_hold=True, blur=blur)
        assert opinion.agrees is agrees
        assert confirmation.looks(TD3) == (0 if agrees else 2)


class Whim:
    """A reader that sees what is drawn for each look."""

    def __init__(self):
        self.seen = TD3[0]

    def warm_up(self):
        pass

    def recognise(self, strips):
        if strips[0].shape[1] == ALONE_WIDTH:
            return [scores_of((self.seen or "X")[0] * SHOWN) for _ in strips]
        return [scores_of(self.seen)]


@settings(max_examples=40, deadline=None)
@given(
    looks=st.lists(
        st.tuples(
            st.sampled_from([*TD3, SEEN_OTHERWISE, "ANNA", "", "XLE"]),
            st.sampled_from([None, ONE, TWO]),
            st.booleans(),
            st.sampled_from([TD3, TD3, TD3, (TD3[0].replace("ANNA", "ANNE"), TD3[1])]),
        ),
        max_size=40,
    )
)
def test_looks_in_any_order_never_confirm_a_line_that_one_guess_alone_showed(looks):
    reader, told = Whim(), set()
    confirmation, text = Confirmation(reader), ()
    for seen, blur, by_itself, lines in looks:
        if lines != text:
            told, text = set(), lines
        reader.seen = seen
        confirmation.looks(lines)
        confirmation.is_news(lines, ONE)
        told.add(blur)
        confirmation.step(
            lines,
            [strip.copy() for strip in STRIPS],
            digits_hold=True,
            places=PLACES if by_itself else (),
            blur=blur,
        )
        if confirmation.confirmed(lines):
            assert None in told or len(told) > 1
