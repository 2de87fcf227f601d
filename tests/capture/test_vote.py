from dataclasses import replace

from kiosk.capture.decode import read_zone
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
