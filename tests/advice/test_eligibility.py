"""Eligibility: the order that fails soonest, the reason, and the nearest alternative."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.advice.eligibility import (
    Alternative,
    Answers,
    Barrier,
    Caution,
    Finding,
    Purpose,
    Question,
    answered,
    find,
    without,
)
from kiosk.advice.eligibility_rules import Paper, System, load_eligibility
from kiosk.advice.phones import MobileVerdict
from kiosk.domain.errors import AnswerRefusedError, CatalogueError, NoFactError
from tests.advice.service_files import CONTENTS, SERVICE

DAY = date(2026, 11, 26)
RULES = SERVICE.eligibility
ALL = Answers(
    adult=True,
    document=Paper.FR_ID_CARD,
    system=System.ANDROID,
    version=14,
    mobile=MobileVerdict.ELIGIBLE,
    account=True,
)


def judge(answers, purpose=Purpose.TRAINING, *, rules=RULES, day=DAY, paper_open=True):
    return find(rules, answers, purpose, day, paper_open=paper_open)


def play(*given_answers, **options):
    """Answer each question as it comes; the questions asked, and the end."""
    answers, asked = Answers(), []
    for answer in given_answers:
        question = judge(answers, **options).ask
        assert question is not None
        asked.append(question)
        answers = answered(answers, question, answer)
    return asked, judge(answers, **options)


def test_the_questions_come_in_the_order_that_fails_soonest():
    asked, end = play(True, Paper.FR_PASSPORT, System.IOS, 17, MobileVerdict.ELIGIBLE, True)
    assert asked == [
        Question.ADULT,
        Question.DOCUMENT,
        Question.SYSTEM,
        Question.VERSION,
        Question.MOBILE,
        Question.ACCOUNT,
    ]
    assert end == Finding()
    assert end.eligible


@pytest.mark.parametrize(
    ("given_answers", "barrier", "alternative"),
    [
        ((False,), Barrier.NOT_ADULT, Alternative.COME_OF_AGE),
        ((True, Paper.NONE), Barrier.NO_DOCUMENT, Alternative.RENEW_DOCUMENT),
        ((True, Paper.EXPIRED), Barrier.DOCUMENT_EXPIRED, Alternative.RENEW_DOCUMENT),
        ((True, Paper.OTHER), Barrier.DOCUMENT_NOT_ACCEPTED, Alternative.PAPER_PROCEDURE),
        ((True, Paper.RESIDENCE_PERMIT, False), None, None),
        ((True, Paper.FR_ID_CARD, System.NONE), Barrier.NO_SMARTPHONE, Alternative.PAPER_PROCEDURE),
        (
            (True, Paper.FR_ID_CARD, System.ANDROID, 5),
            Barrier.SYSTEM_TOO_OLD,
            Alternative.PAPER_PROCEDURE,
        ),
        (
            (True, Paper.FR_ID_CARD, System.IOS, 12),
            Barrier.SYSTEM_TOO_OLD,
            Alternative.PAPER_PROCEDURE,
        ),
        (
            (True, Paper.FR_ID_CARD, System.IOS, 17, MobileVerdict.NOT_MOBILE),
            Barrier.NOT_MOBILE,
            Alternative.OTHER_NUMBER,
        ),
        (
            (True, Paper.FR_ID_CARD, System.IOS, 17, MobileVerdict.NOT_ELIGIBLE),
            Barrier.NUMBER_NOT_ELIGIBLE,
            Alternative.PAPER_PROCEDURE,
        ),
    ],
)
def test_the_first_answer_that_fails_ends_it(given_answers, barrier, alternative):
    if barrier is None:
        # Permits are switched off: the length is not even asked.
        _, end = play(*given_answers[:2])
        assert end.barrier is Barrier.DOCUMENT_NOT_ACCEPTED
        return
    _, end = play(*given_answers)
    assert (end.barrier, end.alternative, end.ask) == (barrier, alternative, None)
    assert not end.eligible


@pytest.mark.parametrize(
    ("answers", "alternative"),
    [
        ((True, Paper.OTHER), Alternative.HELP_LINE),
        ((True, Paper.FR_ID_CARD, System.NONE), Alternative.OTHER_TELEPHONE),
        (
            (True, Paper.FR_ID_CARD, System.IOS, 17, MobileVerdict.NOT_ELIGIBLE),
            Alternative.OTHER_NUMBER,
        ),
    ],
)
def test_paper_is_no_way_for_other_services_or_once_it_is_closed(answers, alternative):
    assert play(*answers, purpose=Purpose.OTHER_SERVICE)[1].alternative is alternative
    assert play(*answers, purpose=Purpose.ELECTED, paper_open=False)[1].alternative is alternative
    assert play(*answers, purpose=Purpose.ELECTED)[1].alternative is Alternative.PAPER_PROCEDURE


def test_the_switch_for_residence_permits():
    open_rules = RULES.with_permits(accepted=True)
    asked, end = play(True, Paper.RESIDENCE_PERMIT, False, rules=open_rules)
    assert asked[-1] is Question.PERMIT_LENGTH
    assert end.barrier is Barrier.PERMIT_TOO_SHORT
    rest = (System.IOS, 17, MobileVerdict.ELIGIBLE, True)
    assert play(True, Paper.RESIDENCE_PERMIT, True, *rest, rules=open_rules)[1].eligible
    # A card needs no such question.
    assert Question.PERMIT_LENGTH not in play(True, Paper.FR_ID_CARD, rules=open_rules)[0]


@pytest.mark.parametrize(
    ("system", "version", "cautions"),
    [
        (System.ANDROID, 6, (Caution.VERSION_DOUBTFUL,)),
        (System.ANDROID, 11, (Caution.VERSION_DOUBTFUL,)),
        (System.ANDROID, 12, ()),
        (System.IOS, 13, (Caution.VERSION_DOUBTFUL,)),
        (System.IOS, 15, ()),
        (System.IOS, 0, (Caution.VERSION_UNKNOWN,)),
    ],
)
def test_a_doubtful_version_is_a_caution_and_no_refusal(system, version, cautions):
    end = play(True, Paper.FR_ID_CARD, system, version, MobileVerdict.ELIGIBLE, True)[1]
    assert end.eligible
    assert end.cautions == cautions


def test_a_missing_account_is_opened_and_fails_nobody():
    end = play(True, Paper.FR_ID_CARD, System.IOS, 17, MobileVerdict.ELIGIBLE, False)[1]
    assert end.eligible
    assert end.cautions == (Caution.OPEN_ACCOUNT,)


@pytest.mark.parametrize(
    ("day", "version", "barrier"),
    [
        (date(2022, 7, 1), 11, None),
        (date(2022, 10, 24), 11, None),
        (date(2022, 6, 30), 10, None),
        (date(2022, 7, 1), 10, Barrier.SYSTEM_TOO_OLD),
    ],
)
def test_figures_change_with_the_day(day, version, barrier):
    assert RULES.system(System.IOS, day).minimum == (10 if day < date(2022, 7, 1) else 11)
    too_old = version < RULES.system(System.IOS, day).minimum
    assert too_old == (barrier is not None)


@pytest.mark.parametrize(
    ("day", "born"),
    [
        ("2026-11-27", "2008-11-27"),
        ("2026-02-28", "2008-02-28"),  # born on 29 February 2008: not today
        ("2026-03-01", "2008-03-01"),
        ("2028-02-29", "2010-02-28"),
        ("2024-02-29", "2006-02-28"),
    ],
)
def test_the_last_birth_date_of_an_adult(day, born):
    assert RULES.born_by(date.fromisoformat(day)) == date.fromisoformat(born)


def test_a_day_of_which_nothing_is_known_is_an_error():
    with pytest.raises(NoFactError):
        judge(Answers(adult=True, document=Paper.FR_ID_CARD), day=date(2001, 1, 1))


def test_changing_an_answer_asks_the_later_ones_anew():
    changed = answered(ALL, Question.SYSTEM, System.IOS)
    assert changed == Answers(adult=True, document=Paper.FR_ID_CARD, system=System.IOS)
    assert without(ALL, Question.ADULT) == Answers()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (Question.ADULT, 1),
        (Question.ADULT, Paper.NONE),
        (Question.VERSION, True),
        (Question.VERSION, -1),
        (Question.SYSTEM, "android"),
        (Question.MOBILE, MobileVerdict.MALFORMED),
    ],
)
def test_an_answer_of_another_kind_is_refused(question, answer):
    with pytest.raises(AnswerRefusedError):
        answered(Answers(), question, answer)


ANSWERS = st.builds(
    Answers,
    adult=st.none() | st.booleans(),
    document=st.none() | st.sampled_from(Paper),
    permit_long_enough=st.none() | st.booleans(),
    system=st.none() | st.sampled_from(System),
    version=st.none() | st.integers(0, 99),
    mobile=st.none() | st.sampled_from(list(MobileVerdict)[:3]),
    account=st.none() | st.booleans(),
)


@settings(deadline=None)
@given(ANSWERS, st.sampled_from(Purpose), st.booleans(), st.booleans())
def test_there_is_always_a_question_or_a_result(answers, purpose, paper_open, permits):
    rules = RULES.with_permits(accepted=permits)
    found = judge(answers, purpose, rules=rules, paper_open=paper_open)
    kinds = [found.ask is not None, found.barrier is not None, found.eligible]
    assert kinds.count(True) == 1
    assert (found.barrier is None) == (found.alternative is None)
    if found.alternative is Alternative.PAPER_PROCEDURE:
        assert paper_open
        assert purpose in (Purpose.TRAINING, Purpose.ELECTED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'id = "android"', b'id = "none"'),
        (b'id = "android"', b'id = "symbian"'),
        (b"minimum = 6", b"minimum = 600"),
        (b"minimum = 6", b'minimum = "6"'),
        (b'id = "fr-passport"', b'id = "fr-id-card"'),
        (b"until = 2022-06-30", b"until = 2022-07-30"),
        (b"accepted = true", b'accepted = "yes"'),
        (b"[[age]]", b"[[ages]]"),
    ],
)
def test_wrong_rules_are_a_catalogue_error(old, new):
    assert old in CONTENTS["eligibility"]
    with pytest.raises(CatalogueError):
        load_eligibility(CONTENTS["eligibility"].replace(old, new))
