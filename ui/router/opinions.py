"""Opinions between the counters of an office: the page that gives one, and the case that asks.

Rules, in order: a device that belongs to no fleet asks nobody and answers nobody; the page that
gives opinions is forgotten as soon as another page takes its place, and leads nowhere then; the
question of a case is forgotten when its step is left, when the desk locks, and when a case ends; an
answer that is none is said on the page that waits for it.
"""

from datetime import datetime

from PySide6.QtCore import QObject, Signal

from kiosk.domain.agent import Agent
from kiosk.domain.errors import QuestionGoneError
from kiosk.domain.evidence import Verdict
from kiosk.journeys.model import StepKind
from kiosk.services.colleagues import OpinionDesk
from kiosk.sync.questions import Question
from ui.router.services import Services
from ui.screens.opinion import AskedItem, Colleague, OpinionScreen
from ui.shell import Section, Shell
from ui.steps.second_agent import SecondAgentPanel
from ui.theme import Tone
from ui.viewmodels.journey import CaseView, JourneyModel
from ui.viewmodels.opinions import AskModel, OpinionModel
from ui.widgets.look import Look
from ui.workers.desk import Desk, Failure


class OpinionRouter(QObject):
    """Questions to the other counters, and from them.

    Signals:
        returned(): back to home.
        failed(object): a :class:`Failure` that no page here answers to.
    """

    returned = Signal()
    failed = Signal(object)

    def __init__(
        self,
        look: Look,
        shell: Shell,
        services: Services,
        opinions: OpinionDesk,
        journey: JourneyModel,
        panel: SecondAgentPanel,
        parent: QObject | None = None,
    ) -> None:
        """Panel: the step of a case at which a colleague is asked."""
        super().__init__(parent)
        self._look = look
        self._shell = shell
        self._services = services
        self._panel = panel
        self._questions: dict[str, Question] = {}
        self._cut = False
        self.line = Desk("office-line")
        self.ask = AskModel(journey, self.line, panel.isVisible, self)
        self.model = OpinionModel(opinions, self.line, self)
        self.page = OpinionScreen(look)
        panel.elsewhere_requested.connect(self._ask_or_not)
        self.ask.asked.connect(self._was_asked)
        self.ask.refused.connect(self._not_asked)
        self.ask.failed.connect(self.failed)
        journey.changed.connect(self._moved)
        journey.left.connect(self._end_question)
        self.model.listed.connect(self._list)
        self.model.people_known.connect(self._show_people)
        self.model.given.connect(self._given)
        self.model.refused.connect(self._refused)
        self.model.failed.connect(self.failed)
        self.page.chosen.connect(self._choose)
        self.page.given.connect(self._give)
        self.page.returned.connect(self._return)
        self.page.covered.connect(self.forget)
        journey.second_refused.connect(self._answer_refused)
        panel.set_office(reachable=True)

    def show(self) -> None:
        """Open the page."""
        self.page.forget()
        self._shell.set_page(self.page)
        self._shell.show_navigation(Section.HOME)
        self._shell.set_title(self._look.language.tr("opinion.top"))
        self.page.setFocus()
        self.model.begin()

    def forget(self) -> None:
        """The page is left, or the desk locks: nothing of it stays."""
        self.model.forget()
        self.page.forget()
        self._questions = {}

    def leave(self) -> None:
        """The desk locks, or is somebody else's: no question of a case waits for an answer."""
        self.forget()
        self._end_question()

    def close(self) -> None:
        """Stop. Safe to call twice."""
        self.leave()
        self.line.close()

    # --- asking -----------------------------------------------------------------------------------

    def _ask_or_not(self) -> None:
        """One key: ask, or take the question back and let somebody answer here."""
        if self.ask.question is None:
            self.ask.ask()
        else:
            self._end_question()

    def _was_asked(self, question: Question) -> None:
        self._panel.show_question(question.code)

    def _not_asked(self, failure: Failure) -> None:
        self._panel.show_question("")
        self._panel.show_problem(self._words(failure))

    def _answer_refused(self, failure: Failure) -> None:
        """What came is no answer to this case; a wrong PIN typed here is no matter of this page."""
        if self.ask.judged():
            self._panel.person.reset()
            self._not_asked(failure)

    def _moved(self, view: CaseView) -> None:
        """The case went on, or back: what was asked before is no question any more."""
        self.ask.judged()
        question, state = self.ask.question, view.state
        another = question is not None and state.case_id != question.case
        if another or state.step is not StepKind.SECOND_AGENT:
            self._end_question()

    def _end_question(self) -> None:
        self.ask.forget()
        self._panel.show_question("")

    # --- answering --------------------------------------------------------------------------------

    def _list(self, questions: tuple[Question, ...]) -> None:
        self._questions = {question.question: question for question in questions}
        if self._cut:
            self._cut = False
            self.page.banner.dismiss()
        now = self._services.now()
        self.page.show_asked(
            tuple(
                AskedItem(q.question, q.agent, q.about, q.code, _minutes(q.asked_at, now))
                for q in questions
            )
        )

    def _choose(self, name: str) -> None:
        question = self._questions.get(name)
        if question is not None:
            self.model.people(question)

    def _show_people(self, question: Question, people: tuple[Agent, ...]) -> None:
        if question.question == self.page.selected:
            self.page.show_people(
                tuple(Colleague(a.agent_id, a.display_name, a.role.value) for a in people)
            )

    def _give(self, name: str, agent_id: str, pin: str, verdict: Verdict) -> None:
        question = self._questions.get(name)
        if question is None or not self.model.give(question, agent_id, pin, verdict):
            self.page.show_problem(self._look.language.tr("opinion.wait"), Tone.INFO)

    def _given(self) -> None:
        """Only while the page is there: who left it hears nothing of it any more."""
        self.forget()
        self._shell.toast(self._look.language.tr("opinion.given"), Tone.OK)
        if self._shell.page is self.page:
            self.returned.emit()

    def _refused(self, failure: Failure) -> None:
        if failure.code.startswith("SIGNIN-") and failure.code != QuestionGoneError.code:
            self.page.show_refusal(self._look.language.tr(f"errors.{failure.code}.what"))
        else:
            self._cut = failure.code.startswith("SYNC-")
            self.page.show_problem(self._words(failure))

    def _return(self) -> None:
        self.forget()
        self.returned.emit()

    def _words(self, failure: Failure) -> str:
        tr = self._look.language.tr
        return f"{tr(f'errors.{failure.code}.what')} {tr(f'errors.{failure.code}.do')}"


def _minutes(asked_at: str, now: datetime) -> int:
    """Whole minutes since; 0 where the clocks disagree."""
    try:
        seconds = (now - datetime.fromisoformat(asked_at)).total_seconds()
    except (ValueError, TypeError):
        return 0
    return max(0, int(seconds // 60))
