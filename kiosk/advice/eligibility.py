"""Who may have the digital identity: questions, one at a time, and the nearest way for the others.

Rules, in order:

1. Questions come in the order that fails soonest: adult, document, telephone and its system, mobile
   number, La Poste account. The first answer that fails ends them.
2. Of a residence permit it is asked besides whether it is valid long enough, where permits are
   accepted at all (a switch: public pages differ).
3. An account that is missing fails nobody: it is opened on the customer's own telephone.
4. Where a figure is doubtful, or the customer does not know, the answer is not a refusal: the
   result carries a caution, and the application itself will tell.
5. Whoever is not eligible hears the reason and the nearest alternative. The paper procedure is one
   only while it is open, and only for training and elected members' accounts.
6. Nothing here tells who the customer is: no name, no date, no number is asked or kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from kiosk.advice.eligibility_rules import EligibilityRules, Paper, System
from kiosk.advice.phones import MobileVerdict
from kiosk.domain.errors import AnswerRefusedError


class Purpose(StrEnum):
    """Why somebody comes."""

    TRAINING = "training"
    ELECTED = "elected"
    OTHER_SERVICE = "other-service"
    LETTER = "letter"
    QUESTION = "question"


class Question(StrEnum):
    """A question to the customer; key of the text ``eligibility.question.<value>``."""

    ADULT = "adult"
    DOCUMENT = "document"
    PERMIT_LENGTH = "permit-length"
    SYSTEM = "system"
    VERSION = "version"
    MOBILE = "mobile"
    ACCOUNT = "account"


class Barrier(StrEnum):
    """Why somebody is not eligible; key of the text ``eligibility.barrier.<value>``."""

    NOT_ADULT = "not-adult"
    NO_DOCUMENT = "no-document"
    DOCUMENT_EXPIRED = "document-expired"
    DOCUMENT_NOT_ACCEPTED = "document-not-accepted"
    PERMIT_TOO_SHORT = "permit-too-short"
    NO_SMARTPHONE = "no-smartphone"
    SYSTEM_TOO_OLD = "system-too-old"
    NOT_MOBILE = "not-mobile"
    NUMBER_NOT_ELIGIBLE = "number-not-eligible"


class Alternative(StrEnum):
    """The nearest other way; key of the text ``eligibility.alternative.<value>``."""

    COME_OF_AGE = "come-of-age"
    RENEW_DOCUMENT = "renew-document"
    PAPER_PROCEDURE = "paper-procedure"
    OTHER_TELEPHONE = "other-telephone"
    OTHER_NUMBER = "other-number"
    HELP_LINE = "help-line"


class Caution(StrEnum):
    """What is not sure; key of the text ``eligibility.caution.<value>``."""

    VERSION_UNKNOWN = "version-unknown"
    VERSION_DOUBTFUL = "version-doubtful"
    OPEN_ACCOUNT = "open-account"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the customer said; None: not asked yet.

    Attributes:
        adult: 18 or older today.
        document: which one is at hand.
        permit_long_enough: of a residence permit only.
        system: of the telephone.
        version: whole number of the system's version; 0: not known.
        mobile: verdict on the number; the number itself is not kept.
        account: a La Poste account exists.
    """

    adult: bool | None = None
    document: Paper | None = None
    permit_long_enough: bool | None = None
    system: System | None = None
    version: int | None = None
    mobile: MobileVerdict | None = None
    account: bool | None = None


Answer = bool | int | Paper | System | MobileVerdict


@dataclass(frozen=True, slots=True)
class Finding:
    """Where the questions stand.

    Attributes:
        ask: next question; None where there is a result.
        barrier: why not; None while none was met.
        alternative: nearest other way; None where there is no barrier.
        cautions: what is not sure.
    """

    ask: Question | None = None
    barrier: Barrier | None = None
    alternative: Alternative | None = None
    cautions: tuple[Caution, ...] = ()

    @property
    def eligible(self) -> bool:
        """Every question was answered, and none failed."""
        return self.ask is None and self.barrier is None


def find(
    rules: EligibilityRules, answers: Answers, purpose: Purpose, day: date, *, paper_open: bool
) -> Finding:
    """The next question, or the result.

    Args:
        rules: of the service.
        answers: so far.
        purpose: why the customer comes.
        day: of the act.
        paper_open: whether the paper procedure is open on that day.

    Raises:
        NoFactError: no rule is known for that day.
    """
    cautions: list[Caution] = []
    for question in Question:
        if not _is_asked(question, answers, rules, day):
            continue
        if given(question, answers) is None:
            return Finding(ask=question, cautions=tuple(cautions))
        barrier = _barrier(question, answers, rules, day)
        if barrier is not None:
            way = _alternative(barrier, purpose, paper_open=paper_open)
            return Finding(barrier=barrier, alternative=way, cautions=tuple(cautions))
        caution = _caution(question, answers, rules, day)
        if caution is not None:
            cautions.append(caution)
    return Finding(cautions=tuple(cautions))


_FIELDS: Mapping[Question, tuple[str, type]] = {
    Question.ADULT: ("adult", bool),
    Question.DOCUMENT: ("document", Paper),
    Question.PERMIT_LENGTH: ("permit_long_enough", bool),
    Question.SYSTEM: ("system", System),
    Question.VERSION: ("version", int),
    Question.MOBILE: ("mobile", MobileVerdict),
    Question.ACCOUNT: ("account", bool),
}


def answered(answers: Answers, question: Question, answer: Answer) -> Answers:
    """The answers with one more; what was said to later questions is asked anew.

    Raises:
        AnswerRefusedError: the answer does not fit the question.
    """
    name, kind = _FIELDS[question]
    if type(answer) is not kind or (question is Question.VERSION and int(answer) < 0):
        raise AnswerRefusedError("kind of answer")
    if answer is MobileVerdict.MALFORMED:
        raise AnswerRefusedError("no number")
    changed: dict[str, Any] = {name: answer}
    return replace(without(answers, question), **changed)


def without(answers: Answers, question: Question) -> Answers:
    """The answers as they were before a question."""
    order = list(Question)
    later = order[order.index(question) :]
    dropped: dict[str, Any] = {_FIELDS[each][0]: None for each in later}
    return replace(answers, **dropped)


def given(question: Question, answers: Answers) -> Answer | None:
    """The answer to a question; None where there is none yet."""
    answer: Answer | None = getattr(answers, _FIELDS[question][0])
    return answer


def last_answered(answers: Answers) -> Question | None:
    """The question that was answered last; None where none was."""
    held = [question for question in Question if given(question, answers) is not None]
    return held[-1] if held else None


def _is_asked(question: Question, answers: Answers, rules: EligibilityRules, day: date) -> bool:
    if question is Question.PERMIT_LENGTH:
        permit = answers.document is Paper.RESIDENCE_PERMIT
        return permit and rules.document(Paper.RESIDENCE_PERMIT, day).min_years > 0
    return True


def _barrier(  # noqa: PLR0911 - one line for each barrier, in the order of the questions
    question: Question, answers: Answers, rules: EligibilityRules, day: date
) -> Barrier | None:
    match question, given(question, answers):
        case Question.ADULT, False:
            return Barrier.NOT_ADULT
        case Question.DOCUMENT, Paper.NONE:
            return Barrier.NO_DOCUMENT
        case Question.DOCUMENT, Paper.EXPIRED:
            return Barrier.DOCUMENT_EXPIRED
        case Question.DOCUMENT, Paper() as paper if not rules.document(paper, day).accepted:
            return Barrier.DOCUMENT_NOT_ACCEPTED
        case Question.PERMIT_LENGTH, False:
            return Barrier.PERMIT_TOO_SHORT
        case Question.SYSTEM, System.NONE:
            return Barrier.NO_SMARTPHONE
        case Question.VERSION, int(version) if version and answers.system is not None:
            too_old = version < rules.system(answers.system, day).minimum
            return Barrier.SYSTEM_TOO_OLD if too_old else None
        case Question.MOBILE, MobileVerdict.NOT_MOBILE:
            return Barrier.NOT_MOBILE
        case Question.MOBILE, MobileVerdict.NOT_ELIGIBLE:
            return Barrier.NUMBER_NOT_ELIGIBLE
        case _:
            return None


def _caution(
    question: Question, answers: Answers, rules: EligibilityRules, day: date
) -> Caution | None:
    if question is Question.VERSION and answers.system is not None:
        if not answers.version:
            return Caution.VERSION_UNKNOWN
        doubtful = answers.version < rules.system(answers.system, day).doubtful_below
        return Caution.VERSION_DOUBTFUL if doubtful else None
    if question is Question.ACCOUNT and answers.account is False:
        return Caution.OPEN_ACCOUNT
    return None


_OWN_WAY = {
    Barrier.NOT_ADULT: Alternative.COME_OF_AGE,
    Barrier.NO_DOCUMENT: Alternative.RENEW_DOCUMENT,
    Barrier.DOCUMENT_EXPIRED: Alternative.RENEW_DOCUMENT,
    Barrier.NOT_MOBILE: Alternative.OTHER_NUMBER,
}
_WITHOUT_PAPER = {
    Barrier.NO_SMARTPHONE: Alternative.OTHER_TELEPHONE,
    Barrier.SYSTEM_TOO_OLD: Alternative.OTHER_TELEPHONE,
    Barrier.NUMBER_NOT_ELIGIBLE: Alternative.OTHER_NUMBER,
}


def _alternative(barrier: Barrier, purpose: Purpose, *, paper_open: bool) -> Alternative:
    """Rule 5. Without an adult's age or a valid document the paper procedure is no way either."""
    if barrier in _OWN_WAY:
        return _OWN_WAY[barrier]
    if paper_open and purpose in (Purpose.TRAINING, Purpose.ELECTED):
        return Alternative.PAPER_PROCEDURE
    return _WITHOUT_PAPER.get(barrier, Alternative.HELP_LINE)
