"""The second agent: what is asked, what was found out, and a colleague's own code under the answer.

The colleague reads, answers, chooses their name and types their code. The session of the first
agent stays as it is, and no answer is preselected. Or the question goes to the other counters of
the office (F6), and the page waits for the answer of whoever came and looked.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.agent import Agent
from kiosk.domain.evidence import Verdict
from kiosk.journeys.guards import all_checks
from kiosk.journeys.model import CaseState
from ui.i18n import spaced_code
from ui.steps.panel import StepPanel
from ui.steps.words import full_name, names_of
from ui.theme import Type
from ui.widgets.answers import answer_choices
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup, initials_of
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.person_pin import PersonPin
from ui.workers.desk import Failure

ELSEWHERE_KEY = "F6"


class SecondAgentPanel(StepPanel):
    """Question, facts and colleagues on the left, the code on the right.

    Signals:
        answered(str, str, object): the colleague's agent id, their PIN, and a ``Verdict``.
        elsewhere_requested(): the other counters of the office are to be asked, or no more.
    """

    answered = Signal(str, str, object)
    elsewhere_requested = Signal()
    name = "second-agent"
    keeps_hint = True

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self.elsewhere = Button(look, "", icon="users", key=ELSEWHERE_KEY)
        self.elsewhere.setObjectName("elsewhere")
        self.elsewhere.hide()
        super().__init__(look, catalogue)
        self.elsewhere.clicked.connect(self.elsewhere_requested)
        self.primary.hide()
        self._people: tuple[Agent, ...] = ()
        self._card = Card(look, " ")
        self._facts = Label(look, "", Type.STRONG, wrap=True)
        self._facts.setObjectName("second-facts")
        self._why = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self.answers = ChoiceGroup(look, keys=False, columns=2, low_columns=3)
        self.answers.setObjectName("second-answers")
        self.sent_code = Label(look, "", Type.FIGURE, "primary")
        self.sent_code.setObjectName("second-code")
        self._sent = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._code = ""
        parts = (self._facts, self._why, self.sent_code, self._sent, self.answers)
        for part in parts:
            self._card.body.addWidget(part)
        self.person = PersonPin(look, "journey.second-agent.primary", self._card)
        self.body.addWidget(self.person)
        self.body.addStretch(1)
        self.person.given.connect(self._given)
        look.theme.changed.connect(self.refresh)
        self.answers.changed.connect(self._chosen)

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.elsewhere,)

    @property
    def about(self) -> str:
        """``person`` or ``decision``."""
        decided = self.view is not None and self.view.state.decision is not None
        return "decision" if decided else "person"

    def show_colleagues(self, people: tuple[Agent, ...]) -> None:
        """Who may answer."""
        self._people = people
        self.refresh()

    def show_refusal(self, failure: Failure) -> None:
        """The code of the colleague was not accepted."""
        self.person.show_error(self.look.language.tr(f"errors.{failure.code}.what"))

    def set_office(self, *, reachable: bool) -> None:
        """Whether there are other counters to ask: a device without a fleet has none."""
        self.elsewhere.setVisible(reachable)

    def show_question(self, code: str) -> None:
        """The question lies with the office under this code; ``""`` takes it back.

        Meanwhile nobody answers here: one question, one answer.
        """
        self._code = code
        self.refresh()

    @override
    def forget(self) -> None:
        super().forget()
        self._code = ""
        self._people = ()
        self.answers.select()
        self.person.reset()

    @override
    def take_focus(self) -> None:
        """The code of the last colleague who was here is gone."""
        self.answers.select()
        self.person.reset()
        self.setFocus()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits, Backspace and Enter belong to the code, wherever the focus is."""
        if event.key() == Qt.Key.Key_Escape or self._code or not self.person.pad.take_key(event):
            super().keyPressEvent(event)

    @override
    def set_busy(self, busy: bool) -> None:
        """While it is checked; whatever came of it, the code does not stay in the field."""
        self.person.pad.set_busy(busy)
        if not busy:
            self.person.pad.field.clear()

    @override
    def refresh(self) -> None:
        if self.view is None:
            return
        about, tr = self.about, self.look.language.tr
        self._card.set_title(self.tr_(f"question.{about}"))
        word = "take_back" if self._code else "ask"
        self.elsewhere.set_texts(tr(f"opinion.{word}"), tr(f"opinion.{word}_short"))
        self.sent_code.setText(spaced_code(self._code))
        self._sent.setText(tr("opinion.sent"))
        for part in (self.sent_code, self._sent):
            part.setVisible(bool(self._code))
        self._why.setVisible(not self._code)
        self.answers.setVisible(not self._code)
        self.person.set_asking(not self._code)
        # In a low window the sentence under the title gives its line to the code; what it says is
        # told to the colleague, whom the other sentence addresses too.
        low, why = self.look.theme.low, self.tr_(f"why.{about}")
        self.hint.setVisible(not low)
        self._why.setText(f"{why} {self.tr_('own_code')}" if low else why)
        self._facts.setText("\n".join(self._lines(self.view.state)))
        kept = self.answers.selected
        self.answers.show_choices(answer_choices(self.look, about))
        self.answers.select(*kept)
        self.person.show_people(
            tuple(
                Choice(
                    agent.agent_id,
                    agent.display_name,
                    tr(f"common.role.{agent.role.value}"),
                    initials=initials_of(agent.display_name),
                )
                for agent in self._people
            ),
            self.tr_("who"),
            (self.tr_("nobody"), self.tr_("nobody_hint")),
        )

    def _lines(self, state: CaseState) -> tuple[str, ...]:
        """The few facts that the question is about; never the other's opinion of the person."""
        tr = self.look.language.tr
        lines = []
        if state.document is not None:
            name = " ".join(names_of(state.document, state.sides))
            lines.append(f"{name}, {state.document.document_number}")
        elif state.request is not None:
            lines.append(full_name(state.request.surname, state.request.given_names))
        checks = all_checks(state)
        failed = sum(check.verdict is Verdict.FAIL for check in checks)
        if checks:
            lines.append(self.tr_("checks_failed", n=failed) if failed else self.tr_("checks_good"))
        if state.decision is not None:
            reasons = [tr(f"reasons.{reason.value}") for reason in state.decision.reasons]
            words = ", ".join([tr(f"outcomes.{state.decision.outcome.value}"), *reasons])
            lines.append(self.tr_("decided", decision=words))
        return tuple(lines)

    def _chosen(self, _values: tuple[str, ...]) -> None:
        self.person.ask_first("")

    def _given(self, agent_id: str, pin: str) -> None:
        chosen = self.answers.selected
        if not chosen:
            self.person.ask_first(self.tr_("answer_first"))
            return
        self.answered.emit(agent_id, pin, Verdict(chosen[0]))
