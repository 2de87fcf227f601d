"""Answers of the eligibility as codes: what a case keeps, and what comes back after a crash.

Rules, in order: one pair of codes for each answered question, in the order of the questions; no
code tells who the customer is: of a telephone number only the verdict is kept.
"""

from collections.abc import Iterable

from kiosk.advice.eligibility import Answer, Answers, Question, answered, given
from kiosk.advice.eligibility_rules import Paper, System
from kiosk.advice.phones import MobileVerdict
from kiosk.domain.errors import AnswerRefusedError

YES, NO = "yes", "no"


def coded(answers: Answers) -> tuple[tuple[str, str], ...]:
    """Pairs of question and answer, without questions that are not answered."""
    held = ((question, given(question, answers)) for question in Question)
    return tuple((question.value, _code_of(value)) for question, value in held if value is not None)


def decoded(pairs: Iterable[tuple[str, str]]) -> Answers:
    """Answers of pairs.

    Raises:
        AnswerRefusedError: a question or an answer that this program does not know.
    """
    answers = Answers()
    try:
        codes = {Question(question): code for question, code in pairs}
        for question in Question:
            if question in codes:
                answers = answered(answers, question, _answer_of(question, codes[question]))
    except ValueError as exc:
        raise AnswerRefusedError("unknown code") from exc
    return answers


def _code_of(value: Answer) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    return str(value) if isinstance(value, int) else value.value


def _answer_of(question: Question, code: str) -> Answer:
    """Raises ValueError for a code that is none."""
    match question:
        case Question.DOCUMENT:
            return Paper(code)
        case Question.SYSTEM:
            return System(code)
        case Question.MOBILE:
            return MobileVerdict(code)
        case Question.VERSION:
            return int(code)
        case _ if code in (YES, NO):
            return code == YES
        case _:
            raise ValueError(code)
