"""Opinions between the counters of an office: asked from a case here, or given here for another.

Rules, in order: the way to the other counters has a thread of its own, so that neither the vault
nor a delivery waits for it; an answer is asked for every few seconds while its page is on the
screen, and never from anywhere else; one that comes while something covers that page waits until it
is back, so that no key meant for another page meets it; what comes back after the page was left is
dropped.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from kiosk.domain.agent import Agent
from kiosk.domain.errors import QuestionGoneError
from kiosk.domain.evidence import Verdict
from kiosk.domain.ids import AgentId
from kiosk.services.colleagues import OpinionDesk
from kiosk.services.proofing import Case
from kiosk.sync.questions import AnswerPost, Question
from ui.viewmodels.journey import JourneyModel
from ui.workers.desk import Desk, Failure

EVERY_MS = 3000
"""Between two looks for an answer, or for questions."""
_ANSWERED = ("SIGNIN-", "SYNC-", "VAULT-006")
"""Failures that the page answers to; any other ends on the fault page."""


class AskModel(QObject):
    """Asks the other counters about the case that is open.

    Signals:
        asked(object): the :class:`Question`, once it lies with the office.
        refused(object): a :class:`Failure`; nobody was asked, or what came is no answer.
        failed(object): a :class:`Failure` that the page does not answer to.
    """

    asked = Signal(object)
    refused = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        journey: JourneyModel,
        line: Desk,
        on_screen: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        """Ask about the open case.

        Args:
            journey: the case.
            line: a thread for the way to the other counters.
            on_screen: whether the page of the question is what the agent looks at.
            parent: as Qt means it.
        """
        super().__init__(parent)
        self._journey = journey
        self._line = line
        self._on_screen = on_screen
        self._case: Case | None = None
        self._question: Question | None = None
        self._post: AnswerPost | None = None
        self._waiting = False
        self._judging = False
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)

    @property
    def question(self) -> Question | None:
        """What was asked and is not answered yet."""
        return self._question

    def ask(self) -> None:
        """Put the question of the open case; a second press asks nothing twice."""
        case = self._journey.case
        if case is None or self._waiting or self._question is not None:
            return
        self._case, self._waiting = case, True
        task = self._line.submit(case.ask_elsewhere)
        task.done.connect(partial(self._was_asked, case))
        task.failed.connect(partial(self._not_asked, case))

    def look(self) -> None:
        """Look for the answer now; take in one that waits."""
        case, question = self._case, self._question
        if case is None or question is None or self._waiting or not self._on_screen():
            return
        if self._post is not None:
            self._take_in()
            return
        self._waiting = True
        task = self._line.submit(partial(case.heard_elsewhere, question))
        task.done.connect(partial(self._heard, case))
        task.failed.connect(partial(self._not_heard, case))

    def forget(self) -> None:
        """The page was left; whatever is on its way is dropped."""
        self._timer.stop()
        self._case = self._question = self._post = None
        self._waiting = False

    def judged(self) -> bool:
        """Whether what the case said last was about an answer that came; asked once."""
        was, self._judging = self._judging, False
        return was

    def _was_asked(self, case: Case, question: Question) -> None:
        if case is not self._case:
            return
        self._waiting = False
        self._question = question
        self._timer.start()
        self.asked.emit(question)

    def _not_asked(self, case: Case, failure: Failure) -> None:
        if case is self._case:
            self.forget()
            self._tell(failure)

    def _heard(self, case: Case, post: AnswerPost | None) -> None:
        if case is not self._case:
            return
        self._waiting = False
        self._post = post
        if post is not None and self._on_screen():
            self._take_in()

    def _take_in(self) -> None:
        """Hand the answer to the case; where that is busy, the next look does."""
        if self._post is not None and self._journey.second_agent_said(self._post):
            self._judging = True
            self.forget()

    def _not_heard(self, case: Case, failure: Failure) -> None:
        """Without a network the question stays where it lies: the next look may hear."""
        if case is not self._case:
            return
        self._waiting = False
        if failure.code == QuestionGoneError.code or not failure.code.startswith("SYNC-"):
            self.forget()
            self._tell(failure)

    def _tell(self, failure: Failure) -> None:
        answered = failure.code.startswith(_ANSWERED)
        (self.refused if answered else self.failed).emit(failure)


class OpinionModel(QObject):
    """Lists what other counters ask, and sends the opinion of a colleague who stands here.

    Signals:
        listed(tuple): :class:`Question` each, oldest first.
        people_known(object, tuple): a question, and who may answer it here, :class:`Agent` each.
        given(): the opinion is on its way to the other counter.
        refused(object): a :class:`Failure`; nothing was given.
        failed(object): a :class:`Failure` that the page does not answer to.
    """

    listed = Signal(tuple)
    people_known = Signal(object, tuple)
    given = Signal()
    refused = Signal(object)
    failed = Signal(object)

    def __init__(self, opinions: OpinionDesk, line: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._opinions = opinions
        self._line = line
        self._round = 0
        self._busy = False
        self._giving = False
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)

    @property
    def busy(self) -> bool:
        """Whether an order is on its way."""
        return self._busy

    def begin(self) -> None:
        """The page is open."""
        self._timer.start()
        self.look()

    def look(self) -> None:
        """Ask what the office asks."""
        if self._busy:
            return
        self._submit(self._opinions.questions, self._listed)

    def people(self, question: Question) -> None:
        """Ask who may answer it here."""
        task = self._line.submit(partial(self._opinions.colleagues, question))
        task.done.connect(partial(self._people, question))
        task.failed.connect(partial(self._refused, self._round))

    def give(self, question: Question, agent_id: str, pin: str, verdict: Verdict) -> bool:
        """Send an opinion; a look that is under way is dropped. False while one is being sent."""
        if self._giving:
            return False
        self._giving = True
        self._round += 1
        call = partial(self._opinions.give, question, AgentId(agent_id), pin, verdict)
        self._submit(call, self._given)
        return True

    def forget(self) -> None:
        """The page was left."""
        self._timer.stop()
        self._round += 1
        self._busy = self._giving = False

    def _submit(self, call: Callable[[], object], answer: Callable[[int, Any], None]) -> None:
        self._busy = True
        task = self._line.submit(call)
        task.done.connect(partial(answer, self._round))
        task.failed.connect(partial(self._refused, self._round))

    def _listed(self, turn: int, questions: tuple[Question, ...]) -> None:
        if turn == self._round:
            self._busy = False
            self.listed.emit(questions)

    def _people(self, question: Question, people: tuple[Agent, ...]) -> None:
        self.people_known.emit(question, people)

    def _given(self, turn: int, _nothing: object) -> None:
        if turn == self._round:
            self._busy = self._giving = False
            self.given.emit()

    def _refused(self, turn: int, failure: Failure) -> None:
        if turn != self._round:
            return
        self._busy = self._giving = False
        answered = failure.code.startswith(_ANSWERED)
        (self.refused if answered else self.failed).emit(failure)
