"""Frames whose blur was taken back agree later, and never against what they show as they are."""

from dataclasses import replace

from kiosk.capture.deblur import Blur
from kiosk.capture.decode import read_zone
from kiosk.capture.restored_vote import RestoredFrame, RestoredVote, Say
from tests.capture.lines import TD3, scores_of

ANNE = (TD3[0].replace("ANNA", "ANNE"), TD3[1])
ONE, TWO, THREE = Blur(0.8, 6.0, 0), Blur(0.8, 6.0, 8), Blur(1.6)


def reading(lines, *, hesitations=None):
    return read_zone([scores_of(line, (hesitations or {}).get(i)) for i, line in enumerate(lines)])


def frame(*restored, plain=None, holds=True, hesitations=None):
    """Restorations as pairs of a text and a guess, and what is read without."""
    says = tuple(Say(reading(lines, hesitations=hesitations), blur) for lines, blur in restored)
    return RestoredFrame(plain, plain is not None and holds, says, 0.5)


def answers(*frames):
    vote = RestoredVote()
    return [vote.add(each) for each in frames]


def test_one_frame_more_than_of_frames_as_they_are_must_agree():
    given = answers(*(frame((TD3, blur)) for blur in (ONE, TWO, ONE)))
    assert given[:2] == [None, None]
    assert (given[2].lines, given[2].frames, given[2].digits_hold) == (TD3, 3, True)


def test_what_one_guess_alone_shows_is_never_agreed_on():
    assert answers(*(frame((TD3, ONE)) for _ in range(20))) == [None] * 20


def test_a_frame_as_it_is_counts_among_them():
    plain = frame(plain=reading(TD3))
    assert answers(plain, frame((TD3, ONE)), plain)[2].lines == TD3


def test_frames_as_they_are_alone_are_none_of_its_business():
    assert answers(*(frame(plain=reading(TD3)) for _ in range(6))) == [None] * 6


def test_doubts_need_a_fourth_frame_and_a_mean_without_any():
    doubts = [{1: {place: {TD3[1][place]: 0.72, "5": 0.28}}} for place in (1, 2, 3, 4)]
    blurs = (ONE, TWO, THREE, ONE)
    elsewhere = [
        frame((TD3, blur), hesitations=doubt) for blur, doubt in zip(blurs, doubts, strict=True)
    ]
    given = answers(*elsewhere)
    assert given[:3] == [None] * 3
    assert (given[3].lines, given[3].frames) == (TD3, 4)
    at_one_place = [frame((TD3, blur), hesitations=doubts[0]) for blur in blurs * 3]
    assert answers(*at_one_place) == [None] * 12


def test_restorations_of_one_frame_that_differ_say_nothing():
    both = [frame((TD3, ONE), (ANNE, TWO)) for _ in range(12)]
    assert answers(*both) == [None] * 12


def test_another_text_needs_three_more():
    given = answers(
        frame((ANNE, THREE)), *(frame((TD3, blur)) for blur in (ONE, TWO, ONE, TWO, ONE))
    )
    assert given[:4] == [None] * 4
    assert given[4].lines == TD3


def test_a_frame_that_surely_shows_another_letter_as_it_is_speaks_against_it():
    # Doubtful elsewhere, and check digits wrong: its A is sure all the same.
    shows = reading(TD3, hesitations={1: {4: {"9": 0.6, "8": 0.4}}})
    against = [frame((ANNE, b), plain=shows, holds=False) for b in (ONE, TWO, THREE) * 5]
    assert answers(*against) == [None] * 15


def test_a_doubtful_frame_with_right_check_digits_speaks_against_it_too():
    shows = reading(TD3, hesitations={0: {18: {"A": 0.55, "E": 0.45}}})
    assert shows.doubts
    against = [frame((ANNE, b), plain=shows) for b in (ONE, TWO, THREE) * 5]
    assert answers(*against) == [None] * 15


def test_what_check_digits_say_against_a_document_is_not_answered():
    wrong = (TD3[0], TD3[1].replace("740812", "740813"))
    accuses = [frame((TD3, b), plain=reading(wrong), holds=False) for b in (ONE, TWO, THREE) * 5]
    assert answers(*accuses) == [None] * 15
    then = answers(*accuses[:3], *(frame((TD3, b)) for b in (ONE, TWO, THREE, ONE, TWO)))
    assert then == [None] * 8


def test_the_sharpest_frame_is_told():
    sharp = replace(frame((TD3, ONE)), sharpness=0.9)
    assert answers(sharp, frame((TD3, TWO)), frame((TD3, ONE)))[2].sharpness == 0.9
