"""What the panels around a verification ask of the room of advice, at this moment and place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from kiosk.advice import eligibility
from kiosk.advice.answer_codes import coded, decoded
from kiosk.advice.channels import ChannelId, Proposal
from kiosk.advice.eligibility import Answers, Finding
from kiosk.advice.service import ServiceFacts
from kiosk.domain.decision import Outcome
from kiosk.journeys.model import CaseState
from kiosk.journeys.procedures import (
    COUNTER_CREATION,
    ONLINE_REQUEST,
    PAPER_FILE,
    REGISTERED_LETTER,
)
from kiosk.journeys.service_steps import Answer, EligibilityFacts, Purpose, Situation

PURPOSES: Final = {
    Purpose.TRAINING_ACCOUNT: eligibility.Purpose.TRAINING,
    Purpose.ELECTED_ACCOUNT: eligibility.Purpose.ELECTED,
    Purpose.OTHER_SERVICE: eligibility.Purpose.OTHER_SERVICE,
    Purpose.REGISTERED_LETTER: eligibility.Purpose.LETTER,
    Purpose.QUESTION: eligibility.Purpose.QUESTION,
}
SITUATION_PROCEDURES: Final = {
    Situation.STARTED_ONLINE: ONLINE_REQUEST,
    Situation.HAS_LETTER: REGISTERED_LETTER,
    Situation.PAPER_FILE: PAPER_FILE,
}
# Who is sent to the way by post has no file yet: the sheet says what to gather.
CHANNEL_PROCEDURES: Final = {ChannelId.COUNTER: COUNTER_CREATION}


@dataclass(frozen=True, slots=True)
class AdviceDesk:
    """The service's facts, now and here.

    Attributes:
        service: the facts.
        now: the moment, aware.
        offered: procedures that are carried out here today.
        office: code of the office, for the sheets.
    """

    service: ServiceFacts
    now: Callable[[], datetime]
    offered: Callable[[], tuple[str, ...]]
    office: str

    @property
    def today(self) -> date:
        """The day in the service's own time."""
        return self.service.today(self.now())

    def answers(self, state: CaseState) -> Answers:
        """What was answered so far. Raises AnswerRefusedError."""
        held = state.eligibility.answers if state.eligibility else ()
        return decoded((item.question, item.answer) for item in held)

    def find(self, answers: Answers, state: CaseState) -> Finding:
        """Next question or result. Raises NoFactError."""
        purpose = state.purpose.purpose if state.purpose else Purpose.QUESTION
        today = self.today
        return eligibility.find(
            self.service.eligibility,
            answers,
            PURPOSES[purpose],
            today,
            paper_open=self.service.paper_open(today),
        )

    def judged(self, answers: Answers, state: CaseState) -> EligibilityFacts:
        """The answers and what they come to, as a case keeps them. Raises NoFactError."""
        finding = self.find(answers, state)
        return EligibilityFacts(
            tuple(Answer(question, answer) for question, answer in coded(answers)),
            eligible=None if finding.ask else finding.eligible,
            obstacle=finding.barrier.value if finding.barrier else "",
        )

    def proposals(self, finding: Finding) -> tuple[Proposal, ...]:
        """Ways that are open. Raises NoFactError, DayRangeError."""
        service = self.service
        return service.channels.propose(finding, self.now(), service.calendar, service.delays)

    def next_of_channel(self, channel: ChannelId | None) -> str:
        """Procedure that carries a way on here and now, or ``""``."""
        procedure = CHANNEL_PROCEDURES.get(channel, "") if channel else ""
        return procedure if procedure in self.offered() else ""

    def next_of(self, state: CaseState) -> str:
        """Procedure to open once a welcome is sealed, or ``""``."""
        if state.decision is None or state.decision.outcome is not Outcome.ADVISED:
            return ""
        if state.advice is not None:
            return state.advice.next_procedure
        wanted = SITUATION_PROCEDURES.get(state.purpose.situation, "") if state.purpose else ""
        return wanted if wanted in self.offered() else ""

    @staticmethod
    def wants_help(state: CaseState) -> bool:
        """The customer only has a question."""
        chosen = state.purpose
        return chosen is not None and chosen.situation is Situation.ONLY_A_QUESTION
