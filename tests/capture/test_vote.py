from dataclasses import replace

import numpy as np

from kiosk.capture.decode import read_zone
from kiosk.capture.opinion import Dispute
from kiosk.capture.vote import Ballot, Vote
from tests.capture.lines import TD1, TD3, scores_of


def ballot(lines, *, holds=True, hesitations=None):
    scores = [scores_of(line, (hesitations or {}).get(i)) for i, line in enumerate(lines)]
    return Ballot(read_zone(scores), holds, 0.5)


OTHER = (TD3[0].replace("ANNA", "ANNE"), TD3[1])


def test_one_frame_is_never_enough():
    assert Vote().add(ballot(TD3)) is None


def test_two_frames_that_agree_are():
    vote = Vote()
    vote.add(ballot(TD3))
    verdict = vote.add(ballot(TD3))
    assert (verdict.lines, verdict.frames, verdict.digits_hold) == (TD3, 2, True)


def test_a_name_that_differs_in_one_letter_stops_the_vote():
    vote = Vote()
    assert [vote.add(ballot(lines)) for lines in (TD3, OTHER, TD3)] == [None, None, None]


def test_a_contradiction_is_overcome_by_more_frames():
    vote = Vote()
    vote.add(ballot(OTHER))
    answers = [vote.add(ballot(TD3)) for _ in range(4)]
    assert answers[:3] == [None, None, None]
    assert answers[3].lines == TD3


def test_a_blind_twin_that_stays_likely_is_never_accepted():
    vote = Vote()
    doubtful = ballot(TD3, hesitations={1: {0: {"L": 0.7, "1": 0.3}}})
    assert [vote.add(doubtful) for _ in range(12)] == [None] * 12


def test_a_reading_with_wrong_digits_is_handed_over_late_and_as_such():
    vote = Vote()
    wrong = ballot(TD1, holds=False)
    answers = [vote.add(wrong) for _ in range(5)]
    assert answers[:4] == [None] * 4
    assert answers[4].digits_hold is False


def test_nothing_is_remembered_of_another_document():
    vote = Vote()
    vote.add(ballot(TD3))
    vote.clear()
    assert vote.add(ballot(TD3)) is None


def test_the_sharpest_frame_is_told():
    vote = Vote()
    vote.add(replace(ballot(TD3), sharpness=0.9))
    assert vote.add(ballot(TD3)).sharpness == 0.9


STRIPS = (np.zeros((48, 960), np.uint8),) * 2


def seen(lines, *, hesitations=None, holds=True):
    return replace(ballot(lines, holds=holds, hesitations=hesitations), strips=STRIPS)


def test_what_frames_leave_open_is_offered_with_what_they_saw():
    vote = Vote()
    doubtful = seen(TD3, hesitations={1: {0: {"L": 0.7, "1": 0.3}}})
    for _ in range(5):
        assert vote.add(doubtful) is None
    offered = vote.open_reading()
    assert offered.lines == TD3
    assert [(c.line, c.position, c.candidates) for c in offered.open] == [(1, 0, "L1")]
    assert offered.strips == STRIPS
    assert offered.with_choice(("1",)) == (TD3[0], "1" + TD3[1][1:])
    assert offered.places[1][0] < offered.places[1][43] < 1


def test_few_frames_offer_nothing():
    vote = Vote()
    for _ in range(4):
        vote.add(seen(TD3, hesitations={1: {0: {"L": 0.7, "1": 0.3}}}))
    assert vote.open_reading() is None


def test_a_clear_reading_has_nothing_open_but_what_the_second_reader_disputes():
    vote = Vote()
    for _ in range(5):
        vote.add(seen(TD3))
    assert vote.open_reading() is None
    disputed = vote.open_reading([Dispute(0, 5, "F")])
    assert [(c.line, c.position, c.candidates) for c in disputed.open] == [(0, 5, "EF")]


def test_too_many_open_characters_are_no_offer():
    vote = Vote()
    many = {i: {"O": 0.6, "Q": 0.4} for i in range(5, 12)}
    for _ in range(8):
        vote.add(seen(("P<UTOOOOOOOO<<ANNA<MARIA".ljust(44, "<"), TD3[1]), hesitations={0: many}))
    assert vote.open_reading() is None


def test_nothing_is_offered_where_no_choice_makes_the_check_digits_right():
    vote = Vote()
    wrong = (TD3[0], TD3[1].replace("740812", "740813"))
    for _ in range(4):
        vote.add(seen(wrong, holds=False, hesitations={0: {5: {"E": 0.7, "F": 0.3}}}))
    vote.add(seen(wrong, holds=False, hesitations={0: {5: {"E": 0.7, "F": 0.3}}}))
    assert vote.open_reading() is None


def test_a_symbol_seen_alone_but_never_clearly_is_open_too():
    vote = Vote()
    faint = {0: {"L": 0.6, **dict.fromkeys("ABCDEFGHJKMNP", 0.03)}}
    for _ in range(6):
        vote.add(seen(TD3, hesitations={1: faint}))
    (character,) = vote.open_reading().open
    assert character.candidates[0] == "L"
